package payload

import (
	"strings"
	"testing"
)

const bitcoinAddress = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"

func TestWhatIsRefused(t *testing.T) {
	tests := []struct {
		kind    string
		entered fields
		says    string
	}{
		{"text", fields{}, "data: must not be empty"},
		{"text", fields{"data": "\xff"}, "UTF-8"},
		{"url", fields{"data": " "}, "empty"},
		{"url", fields{"data": "example.org"}, "https://"},
		{"url", fields{"data": "javascript:alert(1)"}, "https://"},
		{"url", fields{"data": "https://"}, "https://"},
		{"url", fields{"data": "https://example.org/a b"}, "spaces"},
		{"url", fields{"data": "http://[::1"}, "https://"},
		{"wifi", fields{"password": "12345678"}, "ssid: must not be empty"},
		{"wifi", fields{"ssid": strings.Repeat("ü", 17)}, "ssid: must be 32 bytes at the most, got 34"},
		{"wifi", fields{"ssid": "x"}, "password: must not be empty"},
		{"wifi", fields{"ssid": "x", "password": "1234567"}, "got 7 characters"},
		{"wifi", fields{"ssid": "x", "password": strings.Repeat("x", 64)}, "64 hexadecimal"},
		{"wifi", fields{"ssid": "x", "password": "passwört"}, "ASCII"},
		{"wifi", fields{"ssid": "x", "password": "123456", "security": "WEP"}, "5 or 13"},
		{"wifi", fields{"ssid": "x", "password": "12345", "security": "nopass"}, "must be empty for an open"},
		{"wifi", fields{"ssid": "x", "password": "12345678", "security": "WPA4"}, `one of WPA, WEP, nopass, got "WPA4"`},
		{"wifi", fields{"ssid": "x\ny", "password": "12345678", "hidden": "maybe"}, "hidden: must be 0 or 1"},
		{"vcard", fields{"note": "x"}, "lastname: must not be empty"},
		{"vcard", fields{"lastname": "x", "birthday": "10.12.1815"}, "birthday: must be a date"},
		{"mecard", fields{"firstname": "x", "website": "ada"}, "website: must be a web address"},
		{"email", fields{"email": "Ada <ada@example.org>"}, "email: must be an e-mail address"},
		{"email", fields{"email": "ada"}, "email: must be an e-mail address"},
		{"sms", fields{"phone": "0800-PIZZA"}, `got "P"`},
		{"tel", fields{"phone": "1234567890123456"}, "3 to 15 digits, got 16"},
		{"tel", fields{"phone": "49+30"}, "plus sign in front"},
		{"geo", fields{"latitude": "91", "longitude": "181"}, "longitude: must be between -180 and 180"},
		{"geo", fields{"latitude": "1e1", "longitude": "0"}, "latitude: must be a number"},
		{"event", fields{"summary": "x", "startdate": "2026-01-02", "endtime": "09:00"}, "endtime: must be empty for whole days"},
		{"event", fields{"summary": "x", "startdate": "2026-01-02", "starttime": "9 h"}, "starttime: must be a time"},
		{"event", fields{"summary": "x", "startdate": "2026-01-02", "starttime": "09:00", "enddate": "2026-01-03"}, "endtime: must not be empty"},
		{"event", fields{"summary": "x", "startdate": "tomorrow"}, "startdate: must be a date"},
		{"event", fields{"summary": "x", "startdate": "2026-01-02", "starttime": "10:00", "endtime": "09:00"}, "enddate: must not be before"},
		{"event", fields{"summary": "x", "startdate": "2026-01-02", "starttime": "10:00", "endtime": "10:00"}, "endtime: must be after the start"},
		{"event", fields{"summary": "x", "startdate": "2026-10-25", "starttime": "02:30", "endtime": "02:30", "timezone": "Europe/Berlin"}, "endtime: must be after the start"},
		{"event", fields{"summary": "x", "startdate": "2026-01-02", "starttime": "10:00", "timezone": "Berlin"}, "timezone: must be a name"},
		{"event", fields{"summary": "x", "startdate": "2026-01-02", "starttime": "10:00", "timezone": "../etc/passwd"}, "timezone: must be a name"},
		{"epc", fields{"payee": "x", "iban": "DE88370400440532013000"}, "iban: has the wrong check digits"},
		{"epc", fields{"payee": "x", "iban": "DE8937040044053201300"}, "must be 22 characters for DE, got 21"},
		{"epc", fields{"payee": "x", "iban": "BR1800360305000010009795493C1"}, "which BR is not"},
		{"epc", fields{"payee": strings.Repeat("x", 71), "iban": "no"}, "payee: must be 70 characters"},
		{"epc", fields{"payee": "x", "amount": "0.00"}, "amount: must be 0.01"},
		{"epc", fields{"payee": "x", "amount": "1.234,50"}, "amount: must be 0.01"},
		{"epc", fields{"payee": "x", "reference": "RF19539007547034", "remittance": "y"}, "remittance: must be empty"},
		{"epc", fields{"payee": "x", "reference": "RF19539007547034"}, "reference: must be RF"},
		{"epc", fields{"payee": strings.Repeat("€", 70), "iban": "DE89370400440532013000", "remittance": strings.Repeat("ü", 140)}, "329 are allowed"},
		{"otp", fields{"account": "a:b", "secret": "JBSWY3DPEHPK3PXP"}, "account: must not hold a colon"},
		{"otp", fields{"account": "a", "secret": "JBSWY3DPEHPK3PX1"}, "secret: must be Base32"},
		{"otp", fields{"account": "a", "secret": "JBSWY3DPEHPK3"}, "secret: must be 16 Base32"},
		{"otp", fields{"account": "a", "secret": "JBSWY3DPEHPK3PXP", "counter": "1"}, "counter: must be empty for TOTP"},
		{"otp", fields{"account": "a", "secret": "JBSWY3DPEHPK3PXP", "otptype": "hotp", "period": "30", "counter": "-1"}, "counter: must be a whole number"},
		{"crypto", fields{"address": bitcoinAddress[:20]}, "address: has a wrong checksum"},
		{"crypto", fields{"address": bitcoinAddress, "coins": "0.000000001"}, "coins: must have 8 digits"},
		{"crypto", fields{"address": bitcoinAddress, "coins": "1e3"}, "coins: must be a number"},
		{"crypto", fields{"address": bitcoinAddress, "currency": "litecoin"}, "address: must be an address of this currency"},
		{"crypto", fields{"address": "0xFB6916095ca1df60bB79Ce92cE3Ea74c37c5d359", "currency": "ethereum", "label": "x"}, "EIP-55"},
	}
	for _, tt := range tests {
		if _, err := encode(t, tt.kind, tt.entered); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s %v:\n got %v\nwant %q", tt.kind, tt.entered, err, tt.says)
		}
	}
}

func TestEveryFaultIsListed(t *testing.T) {
	_, err := encode(t, "epc", fields{"iban": "x", "bic": "y", "amount": "z", "purpose": "?"})
	if err == nil || strings.Count(err.Error(), "\n") != 4 {
		t.Errorf("five faults expected:\n%v", err)
	}
}

// The addresses are the specifications' own vectors.
func TestAddressesOfCurrencies(t *testing.T) {
	tests := []struct {
		currency, address string
		good              bool
	}{
		{"bitcoin", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", true},
		{"bitcoin", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", true},
		{"bitcoin", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3", false},
		{"bitcoin", "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn", false}, // the test network's
		{"bitcoin", "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", true},
		{"bitcoin", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0", true},
		{"bitcoin", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd", false}, // bech32 in place of bech32m
		{"bitcoin", "BC1S0XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ54WELL", false},
		{"bitcoin", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdQ", false}, // mixed case
		{"bitcoin", "bc1gmk9yu", false},
		{"bitcoin", "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs", true},
		{"bitcoin", "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", false},
		{"litecoin", "LM2WMpR1Rp6j3Sa59cMXMs1SPzj9eXpGc1", true},
		{"dogecoin", "DH5yaieqoZN36fDVciNyRueRGvGLR3mr7L", true},
		{"ethereum", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", true},
		{"ethereum", "0x52908400098527886E0F7030069857D2E4169EE7", true},
		{"ethereum", "0xde709f2102306220921060314715629080e2fb77", true},
		{"ethereum", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD", false},
		{"ethereum", "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", false},
	}
	for _, tt := range tests {
		if _, err := encode(t, "crypto", fields{"currency": tt.currency, "address": tt.address}); (err == nil) != tt.good {
			t.Errorf("%s %s: %v", tt.currency, tt.address, err)
		}
	}
}
