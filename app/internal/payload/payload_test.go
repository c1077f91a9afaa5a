package payload

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ycesproject/yces/app/internal/fault"
)

func encode(t testing.TB, kind string, values fields) (string, error) {
	t.Helper()
	k, err := ByName(kind)
	if err != nil {
		t.Fatal(err)
	}
	return k.Encode(func(field string) string {
		if !slices.ContainsFunc(k.Fields, func(f Field) bool { return f.Name == field }) {
			t.Errorf("%s asks for %s, which is not in its table", kind, field)
		}
		return values[field]
	})
}

// normal is what a reader should find for the examples that are not kept as entered.
var normal = map[string]fields{
	"vcard":  {"mobile": "+447700900123", "birthday": "18151210"},
	"mecard": {"birthday": "18151210"},
	"sms":    {"phone": "+49170123456"},
	"tel":    {"phone": "+4930123456"},
	"event":  {"start": "20261122T173000Z", "end": "20261123T000000Z", "startdate": "", "starttime": "", "enddate": "", "endtime": "", "timezone": ""},
	"epc":    {"iban": "DE89370400440532013000", "amount": "EUR1234.50"},
	"wifi":   {"security": "WPA"},
	"otp":    {"secret": "JBSWY3DPEHPK3PXP", "otptype": "totp", "account": "ada@example.org"},
	"crypto": {"coins": "0.015", "currency": "bitcoin"},
}

func TestWhatIsWrittenIsReadBackByTheFormatsRules(t *testing.T) {
	for _, k := range Kinds {
		entered, want := fields{}, fields{}
		for _, f := range k.Fields {
			if f.Example != "" {
				entered[f.Name], want[f.Name] = f.Example, f.Example
			}
		}
		maps.Copy(want, normal[k.Name])
		maps.DeleteFunc(want, func(_, value string) bool { return value == "" })
		text, err := encode(t, k.Name, entered)
		if err != nil {
			t.Errorf("%s: %v", k.Name, err)
			continue
		}
		if got, err := readers[k.Name](text); err != nil || !maps.Equal(got, want) {
			t.Errorf("%s: %q\n got %v, %v\nwant %v", k.Name, text, got, err, want)
		}
	}
}

func TestTextIsKeptToTheByte(t *testing.T) {
	for _, data := range []string{" a b ", "Zeile 1\nZeile 2", "日本", "\x00"} {
		if got, err := encode(t, "", fields{"data": data}); err != nil || got != data {
			t.Errorf("text %q = %q, %v", data, got, err)
		}
	}
}

func TestURLIsTrimmedAndOtherwiseKept(t *testing.T) {
	if got, err := encode(t, "url", fields{"data": " https://example.org/ä?q=1#f \n"}); err != nil || got != "https://example.org/ä?q=1#f" {
		t.Errorf("url = %q, %v", got, err)
	}
}

func TestFormatsToTheByte(t *testing.T) {
	tests := []struct {
		kind    string
		entered fields
		want    string
	}{
		{"wifi", fields{"ssid": `"foo;bar\baz"`, "security": "nopass"}, `WIFI:T:nopass;S:\"foo\;bar\\baz\";;`},
		{"wifi", fields{"ssid": " cafe", "password": "12345678", "hidden": "1"}, "WIFI:T:WPA;S: cafe;P:12345678;H:true;;"},
		{"mecard", fields{"lastname": "Owen", "firstname": "Sean", "phone": "+1 (212) 555-0100"}, "MECARD:N:Owen,Sean;TEL:+12125550100;;"},
		{"email", fields{"email": "a@example.org", "subject": "current-issue"}, "mailto:a@example.org?subject=current-issue"},
		{"sms", fields{"phone": "+49 170 1", "message": ""}, "SMSTO:+491701"},
		{"tel", fields{"phone": "+49 (0) 30 123456"}, "tel:+4930123456"},
		{"tel", fields{"phone": "+44 (0)20 7946 0018"}, "tel:+442079460018"},
		{"tel", fields{"phone": "0049 ( 0 ) 30 123456"}, "tel:004930123456"},
		{"tel", fields{"phone": "+39 (0)6 1234567"}, "tel:+39061234567"},
		{"tel", fields{"phone": "(+49) (0)30 123456"}, "tel:+4930123456"},
		{"tel", fields{"phone": "(0) 30 123456"}, "tel:030123456"},
		{"tel", fields{"phone": "+1 (0800) 123456"}, "tel:+10800123456"},
		{"sms", fields{"phone": "+49 (0)170 123456"}, "SMSTO:+49170123456"},
		{"mecard", fields{"lastname": "Owen", "phone": "+49 (0)30 123456"}, "MECARD:N:Owen;TEL:+4930123456;;"},
		{"geo", fields{"latitude": "-0", "longitude": "16,3695"}, "geo:0,16.3695"},
		{"epc", fields{"payee": "Red Cross", "iban": "be72000000001616", "bic": "BPOTBEB1", "amount": "1", "remittance": "Urgency fund"}, "BCD\n002\n1\nSCT\nBPOTBEB1\nRed Cross\nBE72000000001616\nEUR1.00\n\n\nUrgency fund"},
		{"epc", fields{"payee": "A", "iban": "DE89370400440532013000", "reference": "RF18 5390 0754 7034"}, "BCD\n002\n1\nSCT\n\nA\nDE89370400440532013000\n\n\nRF18539007547034"},
		{"otp", fields{"account": "alice@google.com", "issuer": "ACME Co", "secret": "HXDMVJECJJWSRB3HWIZR4IFUGFTMXBOZ", "algorithm": "SHA512", "digits": "8"}, "otpauth://totp/ACME%20Co:alice@google.com?secret=HXDMVJECJJWSRB3HWIZR4IFUGFTMXBOZ&issuer=ACME%20Co&algorithm=SHA512&digits=8"},
		{"otp", fields{"account": "a", "secret": "jbswy3dpehpk3pxp", "otptype": "hotp"}, "otpauth://hotp/a?secret=JBSWY3DPEHPK3PXP&counter=0"},
		{"crypto", fields{"address": "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "coins": "20.30", "label": "Luke-Jr"}, "bitcoin:1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2?amount=20.3&label=Luke-Jr"},
		{"crypto", fields{"currency": "ethereum", "address": "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359", "coins": "2,014"}, "ethereum:0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359?value=2014000000000000000"},
	}
	for _, tt := range tests {
		if got, err := encode(t, tt.kind, tt.entered); err != nil || got != tt.want {
			t.Errorf("%s %v:\n got %q, %v\nwant %q", tt.kind, tt.entered, got, err, tt.want)
		}
	}
}

func TestLongLinesAreFoldedBetweenCharacters(t *testing.T) {
	note := strings.Repeat("ü€😀,", 40)
	text, err := encode(t, "vcard", fields{"lastname": "X", "note": note})
	if err != nil {
		t.Fatal(err)
	}
	if found, err := readVCard(text); err != nil || found["note"] != note {
		t.Errorf("%q: %v, %v", text, found, err)
	}
}

func TestTimesOfEvents(t *testing.T) {
	tests := []struct {
		name          string
		entered, want fields
	}{
		{"floating", fields{"startdate": "2026-07-01", "starttime": "09:00"}, fields{"start": "20260701T090000"}},
		{"summer time", fields{"startdate": "2026-07-01", "starttime": "09:00", "endtime": "10:30", "timezone": "Europe/Berlin"}, fields{"start": "20260701T070000Z", "end": "20260701T083000Z"}},
		{"all day, until the day after", fields{"startdate": "2026-07-01", "enddate": "2026-07-02"}, fields{"start day": "20260701", "end day": "20260703"}},
		{"one day", fields{"startdate": "2026-12-31", "enddate": "2026-12-31"}, fields{"start day": "20261231", "end day": "20270101"}},
	}
	for _, tt := range tests {
		tt.entered["summary"], tt.want["summary"] = "x", "x"
		text, err := encode(t, "event", tt.entered)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got, err := readEvent(text); err != nil || !maps.Equal(got, tt.want) {
			t.Errorf("%s: %v, %v, want %v", tt.name, got, err, tt.want)
		}
	}
}

func TestUnknownKindNamesTheKnown(t *testing.T) {
	if _, err := ByName("wifi2"); err == nil || !strings.Contains(err.Error(), `crypto, got "wifi2"`) {
		t.Errorf("unknown kind: %v", err)
	}
}

func TestAPaymentAsksForItsSymbol(t *testing.T) {
	if level, err := epc.Fit("qr", ""); err != nil || level != "M" {
		t.Errorf("level %q, %v", level, err)
	}
	if _, err := epc.Fit("aztec", "H"); err == nil || !strings.Contains(err.Error(), "level: must be M") || !strings.Contains(err.Error(), "type: goes with symbology qr") {
		t.Errorf("aztec: %v", err)
	}
	if level, err := text.Fit("aztec", ""); err != nil || level != "" {
		t.Errorf("text: level %q, %v", level, err)
	}
}

func TestSecretsAreRefusedInAddressesAndNotRepeated(t *testing.T) {
	for _, field := range []string{"password", "secret"} {
		err := RefuseSecrets(func(name string) string { return fields{field: "hunter2!"}[name] })
		if err == nil || !strings.HasPrefix(err.Error(), field) || strings.Contains(err.Error(), "hunter2!") {
			t.Errorf("%s: %v", field, err)
		}
	}
	for kind, entered := range map[string]fields{"wifi": {"ssid": "x", "password": "hunter"}, "otp": {"account": "a", "secret": "hunter1"}} {
		if _, err := encode(t, kind, entered); err == nil || strings.Contains(err.Error(), "hunter") {
			t.Errorf("%s: %v", kind, err)
		}
	}
	if err := RefuseSecrets(func(string) string { return "" }); err != nil {
		t.Error(err)
	}
}

// FuzzKinds writes any values in any kind: either there are faults of fields of
// the table, or a strict reader of the format accepts the text.
func FuzzKinds(f *testing.F) {
	for i, k := range Kinds {
		for _, field := range k.Fields {
			f.Add(i, field.Name+"="+field.Example+"\x00"+k.Fields[0].Name+"=x;y:z,\\\"\n")
		}
		var all []string
		for _, field := range k.Fields {
			all = append(all, field.Name+"="+field.Example)
		}
		f.Add(i, strings.Join(all, "\x00"))
	}
	f.Fuzz(func(t *testing.T, kind int, entered string) {
		k := Kinds[uint(kind)%uint(len(Kinds))]
		values := fields{}
		for _, pair := range strings.Split(entered, "\x00") {
			name, value, _ := strings.Cut(pair, "=")
			values[name] = value
		}
		text, err := k.Encode(func(field string) string { return values[field] })
		var faults fault.List
		if errors.As(err, &faults) {
			for _, found := range faults {
				if !slices.ContainsFunc(k.Fields, func(f Field) bool { return f.Name == found.Field }) || !utf8.ValidString(found.Detail) {
					t.Errorf("%s: fault of %s: %q", k.Name, found.Field, found.Detail)
				}
			}
			return
		}
		if err != nil || !utf8.ValidString(text) || text == "" {
			t.Fatalf("%s: %q, %v", k.Name, text, err)
		}
		got, err := readers[k.Name](text)
		if err != nil {
			t.Fatalf("%s: %q: %v", k.Name, text, err)
		}
		// What is a name or free text comes back as it went in.
		for _, name := range []string{"ssid", "password", "note", "subject", "message", "summary", "description", "location", "payee", "remittance", "label", "firstname", "lastname", "organization"} {
			field := slices.IndexFunc(k.Fields, func(f Field) bool { return f.Name == name })
			// A MeCard's only name stands where the last name does.
			if field < 0 || k.Name == "mecard" && got["firstname"] == "" {
				continue
			}
			if want := newEntry(k.Fields, func(field string) string { return values[field] }).texts[name]; got[name] != want {
				t.Errorf("%s: %s is %q, want %q in %q", k.Name, name, got[name], want, text)
			}
		}
	})
}
