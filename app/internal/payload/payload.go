// Package payload turns what a person enters into the text that a symbol
// carries. Each kind of content is one file: a table of fields, from which the
// form, the API's description and the checks are made, and a function that
// writes the format.
//
// The formats and where their rules of escaping come from:
//
//   - url: RFC 3986, http and https only; text: UTF-8, to the byte
//   - wifi: ZXing's "Barcode Contents", whose backslash escapes phones read; the
//     lengths are those of IEEE 802.11. Its quotes around names that look like
//     hexadecimal digits are left out: iPhones take them for part of the name
//   - vcard: RFC 6350 (vCard 4.0), folding by clause 3.2, escaping by 3.4
//   - mecard: NTT DOCOMO's "Contact information" (MECARD)
//   - email: RFC 6068; sms: NTT DOCOMO's SMSTO, which phones read more widely
//     than RFC 5724; tel: RFC 3966; geo: RFC 5870
//   - event: RFC 5545 (iCalendar), folding by clause 3.1, escaping by 3.3.11
//   - epc: EPC069-12 version 2.1, data version 002; IBAN by ISO 13616, creditor
//     reference by ISO 11649
//   - otp: Google's "Key URI Format" with the lengths of RFC 4226 and RFC 6238
//   - crypto: BIP-21 with the checksums of base58check, BIP-173 and BIP-350;
//     EIP-681 with that of EIP-55
package payload

import (
	"slices"
	"strings"

	"github.com/ycesproject/yces/app/internal/fault"
)

// Get returns the value that was entered for a field; empty when there is none.
type Get func(field string) string

// Kind is one sort of content.
type Kind struct {
	// Name is what the request's parameter "type" says.
	Name string
	// Title is what people read, Hint says in a sentence what it is for.
	Title, Hint string
	// Warning is what people should know before they share the symbol.
	Warning string
	// Fields are the request's parameters that Encode reads.
	Fields []Field
	// Symbologies are those that the format allows; empty for any.
	Symbologies []string
	// Level is the error correction level that the format asks for; empty for any.
	Level string
	// write makes the text from values that passed the table's checks, and adds
	// what the table cannot know to the faults.
	write func(e *entry) string
}

// Kinds lists the sorts of content, the default first.
var Kinds = []Kind{text, url, wifi, vcard, mecard, email, sms, tel, geo, event, epc, otp, crypto}

// ByName returns the kind of that name; the empty name is the default's.
func ByName(name string) (Kind, error) {
	names := make([]string, len(Kinds))
	for i, k := range Kinds {
		if k.Name == name || name == "" {
			return k, nil
		}
		names[i] = k.Name
	}
	return Kind{}, fault.Of("type", "must be one of %s, got %.20q", strings.Join(names, ", "), name)
}

// Encode returns the text that the symbol carries. Its error is a fault.List
// that holds every fault.
func (k Kind) Encode(get Get) (string, error) {
	e := newEntry(k.Fields, get)
	text := k.write(e)
	if err := e.faults.Err(); err != nil {
		return "", err
	}
	return text, nil
}

// Fit returns the error correction level to use, given the one that was asked
// for (empty for none), or what is wrong with the choice of symbol. The error
// is a fault.List.
func (k Kind) Fit(symbology, level string) (string, error) {
	var faults fault.List
	if len(k.Symbologies) > 0 && !slices.Contains(k.Symbologies, symbology) {
		faults.Add("type", "goes with symbology %s only", strings.Join(k.Symbologies, ", "))
	}
	if k.Level != "" && level != "" && level != k.Level {
		faults.Add("level", "must be %s for this content, got %.20q", k.Level, level)
	}
	if k.Level != "" {
		level = k.Level
	}
	return level, faults.Err()
}

// HasSecrets tells whether the kind has a field that must not stand in an address.
func (k Kind) HasSecrets() bool {
	return slices.ContainsFunc(k.Fields, func(f Field) bool { return f.Secret })
}

// RefuseSecrets finds the values that must not stand in an address, because
// addresses are logged and kept. The error is a fault.List.
func RefuseSecrets(get Get) error {
	var faults fault.List
	for _, k := range Kinds {
		for _, f := range k.Fields {
			if f.Secret && get(f.Name) != "" && !faults.Has(f.Name) {
				faults.Add(f.Name, "is a secret and must not stand in an address: send it in the body of a POST")
			}
		}
	}
	return faults.Err()
}
