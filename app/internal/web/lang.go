package web

import (
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// The page's English stands in the templates and in the tables of payload,
// symbol and render; a catalogue turns it into another language.

//go:embed lang
var catalogueFiles embed.FS

// language is one that the page speaks.
type language struct {
	// Code is the tag of BCP 47, Title the language's own name.
	Code, Title string
	texts       map[string]string
}

// languages lists them, the default first.
type languages []*language

func loadLanguages() (languages, error) {
	german := &language{Code: "de", Title: "Deutsch"}
	file, err := catalogueFiles.ReadFile("lang/de.json")
	if err != nil {
		return nil, fmt.Errorf("read catalogue: %w", err)
	}
	if err := json.Unmarshal(file, &german.texts); err != nil {
		return nil, fmt.Errorf("parse catalogue: %w", err)
	}
	return languages{{Code: "en", Title: "English"}, german}, nil
}

// text says an English text in the language; what has no translation stays.
func (l *language) text(english string) string {
	if own, ok := l.texts[english]; ok {
		return own
	}
	return english
}

// textf is text for formats.
func (l *language) textf(format string, args ...any) string {
	return fmt.Sprintf(l.text(format), args...)
}

const langCookie = "lang"

// choose finds the language of a request: the parameter, else the cookie that
// an earlier parameter set, else what the browser prefers.
func (all languages) choose(w http.ResponseWriter, r *http.Request) *language {
	h := w.Header()
	h.Set("Vary", "Accept-Language, Cookie")
	chosen := all.byCode(r.URL.Query().Get("lang"))
	if chosen != nil {
		http.SetCookie(w, &http.Cookie{
			Name: langCookie, Value: chosen.Code, Path: "/", MaxAge: 365 * 24 * 3600,
			HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil,
		})
	}
	if cookie, err := r.Cookie(langCookie); chosen == nil && err == nil {
		chosen = all.byCode(cookie.Value)
	}
	if chosen == nil {
		chosen = all.preferred(r.Header.Get("Accept-Language"))
	}
	h.Set("Content-Language", chosen.Code)
	return chosen
}

func (all languages) byCode(code string) *language {
	for _, l := range all {
		if l.Code == code {
			return l
		}
	}
	return nil
}

// preferred reads Accept-Language (RFC 9110 clause 12.5.4).
func (all languages) preferred(header string) *language {
	best, highest := all[0], 0.0
	for _, part := range strings.Split(header, ",") {
		tag, weight, weighted := strings.Cut(part, ";")
		code, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		quality := 1.0
		if weighted {
			quality, _ = strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(weight), "q="), 64)
		}
		if l := all.byCode(code); l != nil && quality > highest {
			best, highest = l, quality
		}
	}
	return best
}
