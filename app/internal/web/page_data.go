package web

import (
	"encoding/base64"
	"html/template"
	"net/url"
	"slices"

	"github.com/ycesproject/yces/app/internal/payload"
	"github.com/ycesproject/yces/app/internal/render"
	"github.com/ycesproject/yces/app/internal/symbol"
)

// symbologyGroup is a group of the list of symbologies.
type symbologyGroup struct {
	Title    string
	Encoders []symbol.Encoder
}

var symbologyGroups = groupSymbologies()

func groupSymbologies() []symbologyGroup {
	groups := make([]symbologyGroup, len(symbol.Groups))
	for i, g := range symbol.Groups {
		groups[i].Title = string(g)
		for _, e := range symbol.Encoders {
			if e.Group == g {
				groups[i].Encoders = append(groups[i].Encoders, e)
			}
		}
	}
	return groups
}

// pageData is what the template shows.
type pageData struct {
	shell
	// Kinds are links to the forms of all kinds of content.
	Kinds []linkData
	Kind  payload.Kind
	// Linear tells a barcode from a code that carries a kind of content.
	Linear  bool
	Encoder symbol.Encoder
	// Groups are the symbologies to choose from; a single one is no choice.
	Groups         []symbologyGroup
	Fields, Design []fieldData
	// Method is "get" where the result's address may be shared.
	Method string
	// KeptLogo is the logo of the last request, in Base64.
	KeptLogo string
	Faults   []faultData
	result
}

// fieldData is a field with what was entered.
type fieldData struct {
	payload.Field
	Value, Fault string
}

// ID is the element's, apart from those of the page's own.
func (f fieldData) ID() string { return "f-" + f.Name }

// OnlyQR tells whether other symbologies have no use for the field.
func (f fieldData) OnlyQR() bool { return f.Name == "level" || onlyQR[f.Name] }

// faultData is a fault in the page's language.
type faultData struct {
	Field  string `json:"field"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
}

// result is what the page shows of a symbol that was made.
type result struct {
	// Image is the picture in the page itself, so that nothing is fetched again.
	Image template.URL
	// Address is the page with this result; empty where it must not be shared.
	Address string
	Files   []fileData
}

// fileData is a download: a link, or a button that posts the form.
type fileData struct{ Name, Title, Address string }

func (a *App) pageData(l *language, f *form) pageData {
	d := pageData{
		shell: a.shell(l, "/?"+f.start().Encode()+"&"),
		Kinds: kindLinks(f), Kind: f.kind, Linear: f.encoder.Linear, Encoder: f.encoder, Groups: f.symbologyGroups(),
		Method: "get", Faults: f.faultData(l), KeptLogo: f.keptLogo(),
	}
	if f.kind.HasSecrets() && !d.Linear || d.KeptLogo != "" {
		d.Method = "post"
	}
	for _, field := range f.fields() {
		d.Fields = append(d.Fields, f.fieldData(field, d.Faults))
	}
	for _, field := range f.shownDesign() {
		d.Design = append(d.Design, f.fieldData(field, d.Faults))
	}
	if f.picture != nil {
		d.result = f.result()
	}
	return d
}

// DesignOpen tells whether a fault or a choice would be hidden in the folded section.
func (d pageData) DesignOpen() bool {
	return slices.ContainsFunc(d.Design, func(f fieldData) bool {
		return f.Fault != "" || f.Value != "" && f.Value != f.Choices[0].Name
	})
}

// start is the address of the form without what was entered.
func (f *form) start() url.Values {
	if f.encoder.Linear {
		return url.Values{"symbology": {f.encoder.Name}}
	}
	return url.Values{"type": {f.kind.Name}}
}

func kindLinks(f *form) []linkData {
	var links []linkData
	for _, k := range payload.Kinds {
		links = append(links, linkData{k.Name, k.Title, "/?type=" + k.Name, !f.encoder.Linear && k.Name == f.kind.Name})
	}
	i := slices.IndexFunc(links, func(l linkData) bool { return l.Name == startKind })
	links[0], links[i] = links[i], links[0]
	return append(links, linkData{"barcode", "Barcode", "/?symbology=" + barcodes()[0].Encoders[0].Name, f.encoder.Linear})
}

// symbologyGroups are those that the content can be carried by.
func (f *form) symbologyGroups() []symbologyGroup {
	if f.encoder.Linear {
		return barcodes()
	}
	var allowed []symbol.Encoder
	for _, e := range symbol.Encoders {
		if !e.Linear && (len(f.kind.Symbologies) == 0 || slices.Contains(f.kind.Symbologies, e.Name)) {
			allowed = append(allowed, e)
		}
	}
	return []symbologyGroup{{string(symbol.Matrix), allowed}}
}

func barcodes() []symbologyGroup {
	return slices.DeleteFunc(slices.Clone(symbologyGroups), func(g symbologyGroup) bool { return !g.Encoders[0].Linear })
}

func (f *form) fieldData(field payload.Field, faults []faultData) fieldData {
	d := fieldData{Field: field}
	if field.Input != fileInput {
		d.Value = f.values.Get(field.Name)
	}
	if d.Value == "" && len(field.Choices) > 0 {
		d.Value = field.Choices[0].Name
	}
	if f.encoder.Linear && field.Name == "data" {
		d.Hint = f.encoder.Hint
	}
	for _, fault := range faults {
		if fault.Field == field.Name {
			d.Fault = fault.Detail
		}
	}
	return d
}

// faultData says the faults in a language, each by a field that the form has:
// the symbol's own are about the content as a whole.
func (f *form) faultData(l *language) []faultData {
	own := append(slices.Clone(f.fields()), f.shownDesign()...)
	own = append(own, payload.Field{Name: "symbology", Title: "Code"})
	list := []faultData{}
	for _, found := range f.faults {
		i := slices.IndexFunc(own, func(field payload.Field) bool { return field.Name == found.Field })
		d := faultData{found.Field, "", found.In(l.text)}
		if i < 0 {
			d.Field, d.Title = own[0].Name, l.text("Content")
		} else {
			d.Title = l.text(own[i].Title)
		}
		list = append(list, d)
	}
	return list
}

func (f *form) result() result {
	query := f.query()
	r := result{
		//nolint:gosec // our own SVG: names, numbers and colours, and base64 has no quotes
		Image: template.URL("data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(f.picture)),
	}
	shared := f.isShared()
	if shared {
		page := url.Values{}
		for name, values := range query {
			page[name] = values
		}
		page.Set("symbology", f.encoder.Name)
		if f.values.Get("owneyes") != "" {
			page.Set("owneyes", "1")
		}
		r.Address = "/?" + page.Encode()
		query.Set("download", "1")
	}
	for _, format := range render.Formats {
		file := fileData{Name: format.Name, Title: format.Title}
		if shared {
			file.Address = "/api/v1/" + f.encoder.Name + "." + format.Name + "?" + query.Encode()
		}
		r.Files = append(r.Files, file)
	}
	return r
}
