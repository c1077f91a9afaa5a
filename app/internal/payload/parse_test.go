package payload

import (
	"encoding/base32"
	"errors"
	"fmt"
	neturl "net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

// Strict readers of the formats, written from their specifications and apart
// from the writers: each returns the fields that it finds, by our names.

type fields map[string]string

var readers = map[string]func(text string) (fields, error){
	"text": func(text string) (fields, error) { return fields{"data": text}, nil },
	"url":  func(text string) (fields, error) { return fields{"data": text}, nil },
	"wifi": readWiFi, "vcard": readVCard, "mecard": readMeCard, "email": readEmail, "sms": readSMS, "tel": readTel,
	"geo": readGeo, "event": readEvent, "epc": readEPC, "otp": readOTP, "crypto": readCrypto,
}

var errForm = errors.New("not well-formed")

// unescape undoes backslashes and fails where one stands alone.
func unescape(text string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			b.WriteByte(text[i])
			continue
		}
		i++
		if i == len(text) {
			return "", errForm
		}
		if text[i] == 'n' {
			b.WriteByte('\n')
		} else {
			b.WriteByte(text[i])
		}
	}
	return b.String(), nil
}

// split cuts at separators that no backslash stands before.
func split(text string, separator byte) []string {
	var parts []string
	start := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case separator:
			parts = append(parts, text[start:i])
			start = i + 1
		}
	}
	return append(parts, text[start:])
}

// tagged reads TAG:value;TAG:value;; behind a prefix.
func tagged(text, prefix string) (fields, error) {
	body, ok := strings.CutPrefix(text, prefix)
	if !ok || !strings.HasSuffix(body, ";;") {
		return nil, errForm
	}
	found := fields{}
	for _, part := range split(strings.TrimSuffix(body, ";;"), ';') {
		tag, value, ok := strings.Cut(part, ":")
		if _, twice := found[tag]; !ok || twice {
			return nil, fmt.Errorf("part %q: %w", part, errForm)
		}
		found[tag] = value
	}
	return found, nil
}

// pick renames and unescapes.
func pick(found fields, names map[string]string) (fields, error) {
	result := fields{}
	for tag, raw := range found {
		name, known := names[tag]
		if !known {
			return nil, fmt.Errorf("tag %q: %w", tag, errForm)
		}
		value, err := unescape(raw)
		if err != nil {
			return nil, err
		}
		result[name] = value
	}
	return result, nil
}

func readWiFi(text string) (fields, error) {
	found, err := tagged(text, "WIFI:")
	if err != nil {
		return nil, err
	}
	if found["H"] == "true" {
		found["H"] = "1"
	}
	return pick(found, map[string]string{"T": "security", "S": "ssid", "P": "password", "H": "hidden"})
}

func unescapeAll(parts []string, into fields, names ...string) error {
	if len(parts) != len(names) {
		return fmt.Errorf("%d components, want %d: %w", len(parts), len(names), errForm)
	}
	for i, part := range parts {
		value, err := unescape(part)
		if err != nil || names[i] == "" && value != "" {
			return errForm
		}
		if value != "" {
			into[names[i]] = value
		}
	}
	return nil
}

func readMeCard(text string) (fields, error) {
	found, err := tagged(text, "MECARD:")
	if err != nil {
		return nil, err
	}
	names, place := split(found["N"], ','), found["ADR"]
	delete(found, "N")
	delete(found, "ADR")
	result, err := pick(found, map[string]string{"TEL": "phone", "EMAIL": "email", "URL": "website", "BDAY": "birthday", "NOTE": "note"})
	if err != nil {
		return nil, err
	}
	if place != "" {
		err = unescapeAll(split(place, ','), result, "", "", "street", "city", "region", "postcode", "country")
	}
	if len(names) == 1 {
		names = append(names, "")
	}
	return result, errors.Join(err, unescapeAll(names, result, "lastname", "firstname"))
}

// contents reads the lines of vCard and iCalendar and checks their folding.
func contents(text string) ([][2]string, error) {
	if !strings.HasSuffix(text, "\r\n") || strings.Contains(strings.ReplaceAll(text, "\r\n", ""), "\n") {
		return nil, errForm
	}
	for _, line := range strings.Split(text, "\r\n") {
		if len(line) > 75 || !utf8.ValidString(line) {
			return nil, fmt.Errorf("line %q: %w", line, errForm)
		}
	}
	var lines [][2]string
	for _, line := range strings.Split(strings.TrimSuffix(strings.ReplaceAll(text, "\r\n ", ""), "\r\n"), "\r\n") {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, errForm
		}
		lines = append(lines, [2]string{name, value})
	}
	return lines, nil
}

func readVCard(text string) (fields, error) {
	lines, err := contents(text)
	if err != nil {
		return nil, err
	}
	if len(lines) < 4 || lines[0] != [2]string{"BEGIN", "VCARD"} || lines[1] != [2]string{"VERSION", "4.0"} || lines[len(lines)-1] != [2]string{"END", "VCARD"} || lines[2][0] != "FN" || lines[2][1] == "" {
		return nil, errForm
	}
	result, found := fields{}, fields{}
	for _, line := range lines[3 : len(lines)-1] {
		switch line[0] {
		case "N":
			err = unescapeAll(split(line[1], ';'), result, "lastname", "firstname", "", "", "")
		case "ADR":
			err = unescapeAll(split(line[1], ';'), result, "", "", "street", "city", "region", "postcode", "country")
		case "URL":
			result["website"] = line[1]
		default:
			found[line[0]] = line[1]
		}
		if err != nil {
			return nil, err
		}
	}
	rest, err := pick(found, map[string]string{
		"ORG": "organization", "TITLE": "jobtitle", "TEL;TYPE=cell": "mobile", "TEL;TYPE=voice": "phone",
		"EMAIL": "email", "BDAY": "birthday", "NOTE": "note",
	})
	for name, value := range rest {
		result[name] = value
	}
	return result, err
}

func readEvent(text string) (fields, error) {
	lines, err := contents(text)
	if err != nil {
		return nil, err
	}
	found := fields{}
	for _, line := range lines {
		if line[0] != "BEGIN" && line[0] != "END" {
			found[line[0]] = line[1]
		}
	}
	for _, needed := range []string{"VERSION", "PRODID", "UID", "DTSTAMP"} {
		if found[needed] == "" {
			return nil, fmt.Errorf("no %s: %w", needed, errForm)
		}
		delete(found, needed)
	}
	return pick(found, map[string]string{
		"DTSTART": "start", "DTEND": "end", "DTSTART;VALUE=DATE": "start day", "DTEND;VALUE=DATE": "end day",
		"SUMMARY": "summary", "LOCATION": "location", "DESCRIPTION": "description",
	})
}

// readURI reads SCHEME:path?name=value with percent escapes only: a plus is a plus.
func readURI(text, scheme, path string, names map[string]string) (fields, error) {
	rest, ok := strings.CutPrefix(text, scheme+":")
	if !ok || strings.ContainsAny(rest, " #<>\"\n") {
		return nil, errForm
	}
	raw, query, _ := strings.Cut(rest, "?")
	result := fields{}
	value, err := neturl.PathUnescape(raw)
	result[path] = value
	for _, pair := range strings.FieldsFunc(query, func(r rune) bool { return r == '&' }) {
		key, escaped, _ := strings.Cut(pair, "=")
		value, errValue := neturl.PathUnescape(escaped)
		if names[key] == "" || strings.Contains(escaped, "+") {
			errValue = errForm
		}
		err = errors.Join(err, errValue)
		result[names[key]] = value
	}
	return result, err
}

func readEmail(text string) (fields, error) {
	found, err := readURI(text, "mailto", "email", map[string]string{"cc": "cc", "subject": "subject", "body": "message"})
	if body := found["message"]; strings.Count(body, "\n") != strings.Count(body, "\r\n") {
		return nil, errForm
	}
	if found["message"] != "" {
		found["message"] = strings.ReplaceAll(found["message"], "\r\n", "\n")
	}
	return found, err
}

func readSMS(text string) (fields, error) {
	parts := strings.SplitN(text, ":", 3)
	if len(parts) < 2 || parts[0] != "SMSTO" {
		return nil, errForm
	}
	found := fields{"phone": parts[1]}
	if len(parts) == 3 {
		found["message"] = parts[2]
	}
	return found, nil
}

func readTel(text string) (fields, error) { return readURI(text, "tel", "phone", nil) }

func readGeo(text string) (fields, error) {
	parts := strings.Split(strings.TrimPrefix(text, "geo:"), ",")
	if len(parts) < 2 || len(parts) > 3 {
		return nil, errForm
	}
	found := fields{}
	for i, part := range parts {
		found[[]string{"latitude", "longitude", "altitude"}[i]] = part
	}
	return found, nil
}

func readEPC(text string) (fields, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 7 || len(lines) > 11 || strings.Join(lines[:4], ",") != "BCD,002,1,SCT" || len(text) > 331 {
		return nil, errForm
	}
	found := fields{}
	for i, line := range lines[4:] {
		if line != "" {
			found[[]string{"bic", "payee", "iban", "amount", "purpose", "reference", "remittance"}[i]] = line
		}
	}
	return found, nil
}

func readOTP(text string) (fields, error) {
	for _, kind := range []string{"totp", "hotp"} {
		if found, err := readURI(text, "otpauth", "label", map[string]string{
			"secret": "secret", "issuer": "issuer", "algorithm": "algorithm", "digits": "digits", "period": "period", "counter": "counter",
		}); err == nil && strings.HasPrefix(found["label"], "//"+kind+"/") {
			found["otptype"] = kind
			label := strings.TrimPrefix(found["label"], "//"+kind+"/")
			delete(found, "label")
			if issuer, account, ok := strings.Cut(label, ":"); ok && issuer == found["issuer"] {
				label = account
			}
			found["account"] = label
			_, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(found["secret"])
			return found, err
		}
	}
	return nil, errForm
}

func readCrypto(text string) (fields, error) {
	currency, _, _ := strings.Cut(text, ":")
	found, err := readURI(text, currency, "address", map[string]string{"amount": "coins", "value": "wei", "label": "label", "message": "message"})
	if err == nil {
		found["currency"] = currency
	}
	return found, err
}

func TestReadersRefuseWhatIsNotTheirFormat(t *testing.T) {
	for kind, text := range map[string]string{
		"wifi": "WIFI:S:x;", "vcard": "BEGIN:VCARD\nEND:VCARD\n", "mecard": `MECARD:N:a\;;`, "event": "SUMMARY:x\r\n",
		"email": "mailto:a b", "epc": "BCD\n001", "otp": "otpauth://totp/x?nope=1", "geo": "geo:1",
	} {
		if found, err := readers[kind](text); err == nil {
			t.Errorf("%s reads %q as %v", kind, text, found)
		}
	}
}
