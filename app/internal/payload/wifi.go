package payload

import (
	"encoding/hex"
	"strings"
)

var wifi = Kind{
	Name: "wifi", Title: "WiFi", Hint: "Joins a network.",
	Warning: "Whoever sees this code can join the network.",
	Fields: []Field{
		{Name: "ssid", Title: "Network name", Hint: "SSID, up to 32 bytes.", Input: Line, Exact: true, Required: true, Example: "Café; Lounge"},
		{Name: "password", Title: "Password", Hint: "Empty for an open network.", Input: Password, Exact: true, Secret: true, Example: `p;a,s:s"w\ord`},
		{Name: "security", Title: "Security", Input: Select, Choices: []Choice{{"WPA", "WPA, WPA2 or WPA3"}, {"WEP", "WEP (old)"}, {"nopass", "None: open network"}}},
		{Name: "hidden", Title: "The network is hidden", Input: Flag},
	},
	write: writeWiFi,
}

func writeWiFi(e *entry) string {
	ssid, password, security := e.text("ssid"), e.text("password"), e.text("security")
	if len(ssid) > 32 {
		e.wrong("ssid", "must be 32 bytes at the most, got %d", len(ssid))
	}
	checkPassword(e, security, password)
	text := "WIFI:T:" + security + ";S:" + escapeMecard(ssid, `\;,:"`) + ";"
	if password != "" {
		text += "P:" + escapeMecard(password, `\;,:"`) + ";"
	}
	if e.flag("hidden") {
		text += "H:true;"
	}
	return text + ";"
}

// checkPassword applies the lengths of IEEE 802.11 and never repeats the password.
func checkPassword(e *entry, security, password string) {
	if e.faults.Has("password") || e.faults.Has("security") {
		return
	}
	_, err := hex.DecodeString(password)
	switch n := len(password); {
	case security == "nopass":
		if n > 0 {
			e.wrong("password", "must be empty for an open network")
		}
	case n == 0:
		e.wrong("password", "must not be empty; for an open network choose so under security")
	case strings.ContainsFunc(password, func(r rune) bool { return r > '~' }):
		e.wrong("password", "must be letters, digits and signs of ASCII, as the standard says")
	case security == "WPA" && (n < 8 || n > 63) && (n != 64 || err != nil):
		e.wrong("password", "must be 8 to 63 characters, or a key of 64 hexadecimal digits, got %d characters", n)
	case security == "WEP" && n != 5 && n != 13 && ((n != 10 && n != 26) || err != nil):
		e.wrong("password", "must be 5 or 13 characters, or a key of 10 or 26 hexadecimal digits, got %d characters", n)
	}
}

// escapeMecard puts a backslash before each of the special characters.
func escapeMecard(text, special string) string {
	var b strings.Builder
	for _, r := range text {
		if strings.ContainsRune(special, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
