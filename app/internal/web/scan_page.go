package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/ycesproject/yces/app/internal/fault"
	"github.com/ycesproject/yces/app/internal/scan"
	"github.com/ycesproject/yces/app/internal/symbol"
)

// scanPolicy lets the page compile the reader, and nothing else that others' do not.
const scanPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; connect-src 'self'; media-src 'self'; " +
	"manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// scanData is what the template shows.
type scanData struct {
	shell
	// Reader is where the script finds ZXing; Titles, for it, are the names of
	// symbologies as JSON.
	Reader, Titles string
	Fault          string
	// Asked is set for an answer to a picture.
	Asked   bool
	Symbols []scannedData
	// Blank is what the script fills in.
	Blank scannedData
}

// scannedData is a symbol that was read.
type scannedData struct {
	Title, Text string
	// Link and Host are set where the text is the address of a web page.
	Link, Host string
	Fields     []scannedField
}

// scannedField is a part of a content with a form of its own.
type scannedField struct{ Name, Value string }

// serveScanPage answers GET /scan.
func (a *App) serveScanPage(w http.ResponseWriter, r *http.Request) {
	a.showScanPage(w, r, http.StatusOK, scanData{})
}

// postScanPage answers POST /scan, for browsers that cannot read pictures themselves.
func (a *App) postScanPage(w http.ResponseWriter, r *http.Request) {
	symbols, err := a.scanPicture(w, r)
	d := scanData{Asked: err == nil}
	code := http.StatusOK
	var status statusError
	var faults fault.List
	switch {
	case errors.As(err, &status):
		code, d.Fault = status.status, status.detail
		if code == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", comeBack)
		}
	case errors.As(err, &faults):
		code, d.Fault = http.StatusBadRequest, faults.Error()
	case err != nil:
		a.fail(w, r, err)
		return
	}
	for _, s := range symbols {
		d.Symbols = append(d.Symbols, describe(s))
	}
	a.showScanPage(w, r, code, d)
}

func (a *App) showScanPage(w http.ResponseWriter, r *http.Request, status int, d scanData) {
	l := a.page.languages.choose(w, r)
	d.shell = a.shell(l, "/scan?")
	d.Reader, d.Titles = readerBase, symbologyTitles
	w.Header().Set("Permissions-Policy", "camera=(self), microphone=(), geolocation=()")
	a.show(w, r, l, status, "scan", d)
}

// symbologyTitles are what people call symbologies, by their names without
// signs: browsers and libraries spell them in several ways.
var symbologyTitles = func() string {
	titles := map[string]string{}
	for _, e := range symbol.Encoders {
		titles[strings.ReplaceAll(e.Name, "-", "")] = e.Title
	}
	titles["qrcode"] = titles["qr"]
	text, err := json.Marshal(titles)
	if err != nil {
		panic(err) // strings only
	}
	return string(text)
}()

func describe(s scan.Symbol) scannedData {
	d := scannedData{Title: s.Symbology, Text: s.Text}
	if e, ok := symbol.ByName(s.Symbology); ok {
		d.Title = e.Title
	}
	d.Link, d.Host = webLink(s.Text)
	d.Fields = wifiFields(s.Text)
	return d
}

// webLink returns the address and the host of a text that is nothing but the
// address of a web page. The host is shown beside the link, and must be ASCII:
// letters of other alphabets make one look like another.
func webLink(text string) (link, host string) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return "", ""
	}
	foreign := func(r rune) bool { return r > unicode.MaxASCII }
	hidden := func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }
	if strings.ContainsFunc(u.Host, foreign) || strings.ContainsFunc(text, hidden) {
		return "", ""
	}
	return u.String(), u.Host
}

// wifiFields takes apart what a WiFi code says: ZXing's form, which phones read.
func wifiFields(text string) []scannedField {
	rest, ok := strings.CutPrefix(text, "WIFI:")
	if !ok {
		return nil
	}
	names := map[string]string{"S": "Network", "P": "Password", "T": "Security"}
	var fields []scannedField
	for rest != "" && rest != ";" {
		var part string
		part, rest = cutField(rest)
		key, value, _ := strings.Cut(part, ":")
		if names[key] != "" && value != "" {
			fields = append(fields, scannedField{names[key], unescape(value)})
		}
	}
	return fields
}

// cutField cuts at the first semicolon without a backslash before it.
func cutField(text string) (field, rest string) {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case ';':
			return text[:i], text[i+1:]
		}
	}
	return text, ""
}

func unescape(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			i++
		}
		b.WriteByte(text[i])
	}
	return b.String()
}
