package payload

import (
	"encoding/base32"
	"regexp"
	"strconv"
	"strings"
)

var otp = Kind{
	Name: "otp", Title: "One-time password", Hint: "Sets up an authenticator app (TOTP, HOTP).",
	Warning: "Whoever sees this code has the secret and can make the same passwords for ever. Show it to its owner only, and keep no copy.",
	Fields: []Field{
		{Name: "issuer", Title: "Service", Hint: "Who asks for the password.", Input: Line, Most: 64, Example: "Example & Co"},
		{Name: "account", Title: "Account", Input: Line, Required: true, Most: 64, Example: "ada@example.org"},
		{Name: "secret", Title: "Secret", Hint: "Base32: letters A to Z and digits 2 to 7.", Input: Password, Required: true, Secret: true, Example: "JBSW Y3DP EHPK 3PXP"},
		{Name: "otptype", Title: "Type", Input: Select, Choices: []Choice{{"totp", "By time (TOTP)"}, {"hotp", "By counter (HOTP)"}}},
		{Name: "algorithm", Title: "Algorithm", Input: Select, Choices: []Choice{{"SHA1", "SHA-1 (usual)"}, {"SHA256", "SHA-256"}, {"SHA512", "SHA-512"}}},
		{Name: "digits", Title: "Digits", Input: Select, Choices: []Choice{{"6", "6"}, {"8", "8"}}},
		{Name: "period", Title: "Seconds a password holds", Hint: "Usually 30; with TOTP only.", Input: Number, Example: "60"},
		{Name: "counter", Title: "Counter", Hint: "Where to start, usually 0; with HOTP only.", Input: Number},
	},
	write: writeOTP,
}

func writeOTP(e *entry) string {
	label := escapeURI(e.name("account"), "@")
	issuer := escapeURI(e.name("issuer"), "")
	if issuer != "" {
		label = issuer + ":" + label
	}
	text := "otpauth://" + e.text("otptype") + "/" + label + "?secret=" + e.base32("secret")
	if issuer != "" {
		text += "&issuer=" + issuer
	}
	if algorithm := e.text("algorithm"); algorithm != "SHA1" {
		text += "&algorithm=" + algorithm
	}
	if digits := e.text("digits"); digits != "6" {
		text += "&digits=" + digits
	}
	return text + e.moving()
}

// name reads a name, in which a colon would end the service's.
func (e *entry) name(field string) string {
	name := e.text(field)
	if strings.Contains(name, ":") {
		e.wrong(field, "must not hold a colon")
	}
	return name
}

var secretForm = regexp.MustCompile(`^[A-Z2-7]+$`)

// minSecret is what services hand out at the least, in bytes; RFC 4226 asks for
// 16 and recommends 20.
const minSecret = 10

// base32 reads a secret as people write it and never repeats it.
func (e *entry) base32(field string) string {
	secret := strings.TrimRight(strings.NewReplacer(" ", "", "-", "").Replace(strings.ToUpper(e.text(field))), "=")
	if secret == "" {
		if e.text(field) != "" {
			e.wrong(field, "must not be empty")
		}
		return ""
	}
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	switch {
	case !secretForm.MatchString(secret):
		e.wrong(field, "must be Base32: letters A to Z and digits 2 to 7 only")
	case err != nil:
		e.wrong(field, "must be whole Base32: a character is missing or too many")
	case len(raw) < minSecret:
		e.wrong(field, "must be %d Base32 characters at the least, got %d", minSecret*8/5, len(secret))
	}
	return secret
}

// moving writes what makes each password another: the time or a counter.
func (e *entry) moving() string {
	byCounter := e.text("otptype") == "hotp"
	period, counter := e.text("period"), e.text("counter")
	if byCounter && period != "" {
		e.wrong("period", "must be empty for HOTP, which counts")
	}
	if !byCounter && counter != "" {
		e.wrong("counter", "must be empty for TOTP, which looks at the clock")
	}
	switch {
	case byCounter && counter == "":
		return "&counter=0"
	case byCounter:
		return "&counter=" + e.whole("counter", 0, 1<<53)
	case period == "" || period == "30":
		return ""
	}
	return "&period=" + e.whole("period", 1, 3600)
}

func (e *entry) whole(field string, least, most int64) string {
	text := e.text(field)
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < least || n > most {
		e.wrong(field, "must be a whole number between %d and %d, got %.20q", least, most, text)
	}
	return strconv.FormatInt(n, 10)
}
