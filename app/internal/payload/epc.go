package payload

import (
	"regexp"
	"strings"
)

var epc = Kind{
	Name: "epc", Title: "SEPA payment", Hint: "Fills in a transfer in euro in banking apps (GiroCode, EPC QR).",
	Fields: []Field{
		{Name: "payee", Title: "Payee", Input: Line, Required: true, Most: 70, Example: "Häuser & Söhne GmbH", Autocomplete: "name"},
		{Name: "iban", Title: "IBAN", Input: Line, Required: true, Example: "DE89 3704 0044 0532 0130 00"},
		{Name: "bic", Title: "BIC", Hint: "Needed outside of the European Economic Area only.", Input: Line, Example: "COBADEFFXXX"},
		{Name: "amount", Title: "Amount in euro", Hint: "0.01 to 999999999.99; empty lets the payer choose.", Input: Number, Example: "1234.5"},
		{Name: "reference", Title: "Creditor reference", Hint: "ISO 11649, begins with RF.", Input: Line},
		{Name: "remittance", Title: "Message to the payee", Hint: "Where there is no creditor reference.", Input: Line, Most: 140, Example: "Invoice 2026/117, thank you"},
		{Name: "purpose", Title: "Purpose code", Hint: "Four letters of the ISO 20022 list, such as GDDS.", Input: Line, Example: "GDDS"},
	},
	Symbologies: []string{"qr"},
	Level:       "M",
	write:       writeEPC,
}

// maxEPC is what version 13 with level M holds in byte mode, and what it holds
// where an ECI designator says that the bytes are UTF-8.
const maxEPC, maxEPCWithECI = 331, 329

func writeEPC(e *entry) string {
	bic, reference, purpose := compact(e.text("bic")), compact(e.text("reference")), compact(e.text("purpose"))
	if bic != "" && !bicForm.MatchString(bic) {
		e.wrong("bic", "must be 8 or 11 letters and digits such as COBADEFFXXX")
	}
	if purpose != "" && !purposeForm.MatchString(purpose) {
		e.wrong("purpose", "must be 1 to 4 letters or digits, got %.20q", purpose)
	}
	iban := e.iban("iban")
	if reference != "" {
		e.checkReference(reference)
	}
	lines := []string{
		"BCD", "002", "1", "SCT", bic, e.text("payee"), iban, e.euro("amount"),
		purpose, reference, e.text("remittance"),
	}
	text := strings.TrimRight(strings.Join(lines, "\n"), "\n")
	most := maxEPC
	if strings.ContainsFunc(text, func(r rune) bool { return r > '~' }) {
		most = maxEPCWithECI
	}
	if len(text) > most {
		e.wrong("remittance", "makes %d bytes in all, %d are allowed: shorten this or the payee", len(text), most)
	}
	return text
}

var (
	bicForm       = regexp.MustCompile(`^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$`)
	purposeForm   = regexp.MustCompile(`^[A-Z0-9]{1,4}$`)
	ibanForm      = regexp.MustCompile(`^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$`)
	referenceForm = regexp.MustCompile(`^RF[0-9]{2}[A-Z0-9]{1,21}$`)
	amountForm    = regexp.MustCompile(`^(\d{1,9})(?:[.,](\d{1,2}))?$`)
)

// compact writes codes without their spaces, in capitals.
func compact(code string) string { return strings.ToUpper(strings.ReplaceAll(code, " ", "")) }

// ibanLengths are the lengths by country of SEPA.
var ibanLengths = map[string]int{
	"AD": 24, "AL": 28, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20, "ES": 24,
	"FI": 18, "FR": 27, "GB": 22, "GI": 23, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IS": 26, "IT": 27, "LI": 21, "LT": 20,
	"LU": 20, "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24,
	"RS": 22, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "VA": 22,
}

func (e *entry) iban(field string) string {
	iban := compact(e.text(field))
	if iban == "" {
		return ""
	}
	if !ibanForm.MatchString(iban) {
		e.wrong(field, "must be a country's two letters, two digits and the account, such as DE89 3704 0044 0532 0130 00")
		return ""
	}
	length, known := ibanLengths[iban[:2]]
	switch {
	case !known:
		e.wrong(field, "must be of a SEPA country, which %s is not", iban[:2])
	case len(iban) != length:
		e.wrong(field, "must be %d characters for %s, got %d", length, iban[:2], len(iban))
	case mod97(iban) != 1:
		e.wrong(field, "has the wrong check digits: look for a mistyped or swapped digit")
	}
	return iban
}

func (e *entry) checkReference(reference string) {
	if !referenceForm.MatchString(reference) || mod97(reference) != 1 {
		e.wrong("reference", "must be RF, two check digits and up to 21 letters and digits, and the check digits must fit")
	}
	if e.text("remittance") != "" {
		e.wrong("remittance", "must be empty where there is a creditor reference: banks take one of the two")
	}
}

// mod97 is the check of ISO/IEC 7064 MOD 97-10, with the first four characters
// moved to the end and letters counted from 10.
func mod97(code string) int {
	rest := 0
	for _, c := range []byte(code[4:] + code[:4]) {
		if c >= 'A' {
			rest = (rest*100 + int(c-'A') + 10) % 97
		} else {
			rest = (rest*10 + int(c-'0')) % 97
		}
	}
	return rest
}

// euro reads an amount in either notation and writes it as EUR1.50.
func (e *entry) euro(field string) string {
	text := e.text(field)
	if text == "" {
		return ""
	}
	parts := amountForm.FindStringSubmatch(text)
	if parts == nil || strings.Trim(text, "0.,") == "" {
		e.wrong(field, "must be 0.01 to 999999999.99 such as 12.50, got %.20q", text)
		return ""
	}
	whole := strings.TrimLeft(parts[1], "0")
	if whole == "" {
		whole = "0"
	}
	return "EUR" + whole + "." + (parts[2] + "00")[:2]
}
