package web

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ycesproject/yces/app/internal/payload"
	"github.com/ycesproject/yces/app/internal/symbol"
)

// translated are the templates in the catalogue; the API's page is English.
var translated = []string{"templates/layout.html", "templates/page.html", "templates/batch.html", "templates/scan.html"}

// texts are all that the page can say, in English.
func texts(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	add := func(list ...string) {
		for _, text := range list {
			if regexp.MustCompile(`\p{L}{2}`).MatchString(text) {
				all[text] = true
			}
		}
	}
	for _, name := range translated {
		source, err := fs.ReadFile(templateFiles, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`{{tf? "([^"]+)"`).FindAllStringSubmatch(string(source), -1) {
			add(found[1])
		}
	}
	fields := append(slices.Clone(designFields), levelField(symbol.Encoders[0]))
	fields = append(fields, barcodeFields...)
	for _, k := range payload.Kinds {
		add(k.Title, k.Hint, k.Warning)
		fields = append(fields, k.Fields...)
	}
	for _, f := range fields {
		add(f.Title, f.Hint)
		for _, c := range f.Choices {
			add(c.Title)
		}
	}
	for _, g := range symbologyGroups {
		add(g.Title)
		for _, e := range g.Encoders {
			add(e.Title, e.Hint)
		}
	}
	add("Content", "Code")
	return all
}

// faultFormats are those that files hand to fault.List. Faults of the API alone,
// such as an unknown parameter, stay English.
func faultFormats(t *testing.T, patterns ...string) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(node ast.Node) bool {
				if call, ok := node.(*ast.CallExpr); ok && len(call.Args) > 1 {
					if text, ok := faultFormat(call); ok {
						all[text] = true
					}
				}
				return true
			})
		}
	}
	return all
}

func faultFormat(call *ast.CallExpr) (string, bool) {
	selected, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !slices.Contains([]string{"Add", "Of", "wrong"}, selected.Sel.Name) {
		return "", false
	}
	literal, ok := call.Args[1].(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(literal.Value)
	return text, err == nil && text != "%s"
}

var verb = regexp.MustCompile(`%[-+.0-9]*[a-z%]`)

func TestTheCatalogueSaysAllInGerman(t *testing.T) {
	all, err := loadLanguages()
	if err != nil {
		t.Fatal(err)
	}
	german := all.byCode("de").texts
	known := texts(t)
	maps.Copy(known, faultFormats(t, "page*.go", "../payload/*.go"))
	for _, english := range slices.Sorted(maps.Keys(known)) {
		own, there := german[english]
		if !there {
			t.Errorf("not in lang/de.json: %q", english)
		} else if !slices.Equal(verb.FindAllString(english, -1), verb.FindAllString(own, -1)) {
			t.Errorf("other verbs in %q and %q", english, own)
		}
	}
	// Symbols and pictures refuse what people rarely meet: some of it is English.
	maps.Copy(known, faultFormats(t, "style.go", "job.go", "../symbol/*.go", "../render/*.go"))
	for english := range german {
		if !known[english] {
			t.Errorf("nobody says %q", english)
		}
	}
}

func TestTemplatesHoldNoTextOfTheirOwn(t *testing.T) {
	for _, name := range translated {
		source, err := fs.ReadFile(templateFiles, name)
		if err != nil {
			t.Fatal(err)
		}
		bare := regexp.MustCompile(`{{define "described"}}.*|{{[^}]*}}`).ReplaceAllString(string(source), "")
		for _, named := range regexp.MustCompile(`(?:alt|title|aria-label|placeholder|data-[a-z]+)="([^"]*)"`).FindAllStringSubmatch(bare, -1) {
			if regexp.MustCompile(`\p{L}{2}`).MatchString(named[1]) && !slices.Contains([]string{"copy-image", "copy-link", "print"}, named[1]) {
				t.Errorf("%s: %q is in no catalogue", name, named[1])
			}
		}
		for _, text := range regexp.MustCompile(`\p{L}{2,}[^\n]*`).FindAllString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(bare, "\n"), -1) {
			if !slices.Contains([]string{"yces", "API", "– yces"}, text) {
				t.Errorf("%s: %q is in no catalogue", name, text)
			}
		}
	}
	script, err := os.ReadFile("static/app.js")
	if err != nil {
		t.Fatal(err)
	}
	if found := regexp.MustCompile(`textContent = "[^"]`).Find(script); found != nil {
		t.Errorf("the script says something of its own: %s", found)
	}
}

func TestTheLanguageIsThatOfParameterCookieOrBrowser(t *testing.T) {
	a := newApp(t, &bytes.Buffer{})
	tests := []struct{ address, cookie, accept, want string }{
		{"/", "", "", "en"},
		{"/", "", "fr, de-AT;q=0.8, en;q=0.5", "de"},
		{"/", "", "de;q=0, en", "en"},
		{"/", "", "de;q=x", "en"},
		{"/", "lang=en", "de", "en"},
		{"/", "lang=xx", "de", "de"},
		{"/?lang=de", "lang=en", "en", "de"},
	}
	for _, tt := range tests {
		r := httptest.NewRequest("GET", tt.address, nil)
		r.Header.Set("Accept-Language", tt.accept)
		r.Header.Set("Cookie", tt.cookie)
		w := httptest.NewRecorder()
		a.Handler().ServeHTTP(w, r)
		if got := w.Header().Get("Content-Language"); got != tt.want || !strings.Contains(w.Body.String(), `<html lang="`+tt.want+`">`) {
			t.Errorf("%+v: %s", tt, got)
		}
		if set := w.Header().Get("Set-Cookie"); (set != "") != strings.Contains(tt.address, "lang=") {
			t.Errorf("%+v: cookie %q", tt, set)
		}
	}
}

func TestFaultsAreSaidInTheLanguageOfThePage(t *testing.T) {
	a := newApp(t, &bytes.Buffer{})
	page := do(a, "GET", "/?lang=de&type=tel&phone=12", "", "").Body.String()
	if !strings.Contains(page, "muss 3 bis 15 Ziffern haben, nicht 2") || strings.Contains(page, "digits") {
		t.Errorf("page: %s", page)
	}
	problem := do(a, "GET", "/api/v1/qr.svg?type=tel&phone=12", "", "").Body.String()
	if !strings.Contains(problem, "must be 3 to 15 digits, got 2") {
		t.Errorf("API: %s", problem)
	}
}
