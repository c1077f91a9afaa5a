package payload

import (
	"regexp"
	"strings"
)

var crypto = Kind{
	Name: "crypto", Title: "Cryptocurrency", Hint: "Fills in a payment in a wallet.",
	Fields: []Field{
		{Name: "currency", Title: "Currency", Input: Select, Choices: []Choice{{"bitcoin", "Bitcoin"}, {"ethereum", "Ethereum"}, {"litecoin", "Litecoin"}, {"dogecoin", "Dogecoin"}}},
		{Name: "address", Title: "Address", Hint: "Its checksum is verified.", Input: Line, Required: true, Wide: true, Example: "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"},
		{Name: "coins", Title: "Amount", Hint: "In whole coins, such as 0.015; empty lets the payer choose.", Input: Number, Example: "0.01500000"},
		{Name: "label", Title: "Payee", Hint: "Shown by wallets; not with Ethereum.", Input: Line, Most: 100, Example: "Luke & Jr"},
		{Name: "message", Title: "Message", Hint: "Shown by wallets; not with Ethereum.", Input: Line, Most: 200, Wide: true, Example: "Donation for 50 % of it?"},
	},
	write: writeCrypto,
}

// coin is how a currency writes addresses and amounts.
type coin struct {
	// versions are the first bytes of base58check addresses, prefix the human-
	// readable part of bech32 ones; empty where there are none.
	versions []byte
	prefix   string
	// decimals are the digits behind the point.
	decimals int
}

var coins = map[string]coin{
	"bitcoin":  {[]byte{0x00, 0x05}, "bc", 8},
	"litecoin": {[]byte{0x30, 0x32, 0x05}, "ltc", 8},
	"dogecoin": {[]byte{0x1e, 0x16}, "", 8},
	"ethereum": {nil, "", 18},
}

func writeCrypto(e *entry) string {
	currency := e.text("currency")
	if currency == "ethereum" {
		return writeEthereum(e)
	}
	c := coins[currency]
	address := e.text("address")
	if address != "" && currency != "" {
		c.check(e, address)
	}
	var query []string
	if amount := e.coins(c.decimals); amount != "" {
		query = append(query, "amount="+amount)
	}
	for _, name := range []string{"label", "message"} {
		if value := e.text(name); value != "" {
			query = append(query, name+"="+escapeURI(value, ""))
		}
	}
	return strings.TrimSuffix(currency+":"+address+"?"+strings.Join(query, "&"), "?")
}

// check verifies an address of the main network.
func (c coin) check(e *entry, address string) {
	if c.prefix != "" && strings.HasPrefix(strings.ToLower(address), c.prefix+"1") {
		if !isSegwit(c.prefix, address) {
			e.wrong("address", "has a wrong checksum or form: copy it again, whole")
		}
		return
	}
	if !isBase58Check(address, c.versions) {
		e.wrong("address", "must be an address of this currency's main network with the right checksum: copy it again, whole")
	}
}

var coinForm = regexp.MustCompile(`^(\d{1,12})(?:[.,](\d{1,18}))?$`)

// coins reads an amount and writes it without needless zeros.
func (e *entry) coins(decimals int) string {
	text := e.text("coins")
	if text == "" {
		return ""
	}
	parts := coinForm.FindStringSubmatch(text)
	if parts == nil || strings.Trim(text, "0.,") == "" {
		e.wrong("coins", "must be a number above 0 such as 0.015, got %.30q", text)
		return ""
	}
	fraction := strings.TrimRight(parts[2], "0")
	if len(fraction) > decimals {
		e.wrong("coins", "must have %d digits behind the point at the most, got %d", decimals, len(fraction))
	}
	whole := strings.TrimLeft(parts[1], "0")
	if whole == "" {
		whole = "0"
	}
	return strings.TrimSuffix(whole+"."+fraction, ".")
}

// writeEthereum writes EIP-681; the value is in wei.
func writeEthereum(e *entry) string {
	address := e.text("address")
	if address != "" && !isEthereum(address) {
		e.wrong("address", "must be 0x and 40 hexadecimal digits, with capitals as the checksum of EIP-55 wants them")
	}
	for _, name := range []string{"label", "message"} {
		if e.text(name) != "" {
			e.wrong(name, "must be empty for Ethereum, whose addresses have no room for it")
		}
	}
	text := "ethereum:" + address
	if amount := e.coins(coins["ethereum"].decimals); amount != "" {
		whole, fraction, _ := strings.Cut(amount, ".")
		wei := whole + fraction + strings.Repeat("0", max(0, 18-len(fraction)))
		text += "?value=" + strings.TrimLeft(wei, "0")
	}
	return text
}
