package web

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/ycesproject/yces/app/internal/fault"
	"github.com/ycesproject/yces/app/internal/payload"
	"github.com/ycesproject/yces/app/internal/render"
	"github.com/ycesproject/yces/app/internal/symbol"
)

// job is a request for a symbol that was found to be without fault.
type job struct {
	symbol   *symbol.Symbol
	style    render.Style
	download bool
}

// parameters lists what a request for a symbol may say.
func parameters() []string {
	known := map[string]bool{"type": true, "level": true, "download": true}
	for _, name := range styleParameters {
		known[name] = true
	}
	for _, kind := range payload.Kinds {
		for _, field := range kind.Fields {
			known[field.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(known))
}

var knownParameters = parameters()

// newJob reads parameters and makes the symbol. Its error is a fault.List that
// holds every fault, unless the fault is ours.
func newJob(ctx context.Context, encoder symbol.Encoder, values url.Values, open openLogo) (job, error) {
	var j job
	var faults fault.List
	checkNames(&faults, values)
	j.download = parseFlag(&faults, "download", values.Get("download"))
	j.style = parseStyle(ctx, &faults, values, open)
	if err := faults.Join(checkStyle(j.style, encoder, faults)); err != nil {
		return job{}, err
	}
	s, err := encode(encoder, values)
	if err := faults.Join(err); err != nil {
		return job{}, err
	}
	if s != nil {
		j.symbol = s
		j.style, err = j.style.Fit(s)
		if err := faults.Join(err); err != nil {
			return job{}, err
		}
	}
	return j, faults.Err()
}

func encode(encoder symbol.Encoder, values url.Values) (*symbol.Symbol, error) {
	kind, err := payload.ByName(values.Get("type"))
	if err != nil {
		return nil, err
	}
	text, err := kind.Encode(values.Get)
	if err != nil {
		return nil, err
	}
	level, err := kind.Fit(encoder.Name, values.Get("level"))
	if err != nil {
		return nil, err
	}
	if level == "" && values.Get("logo") != "" {
		return encodeForLogo(encoder, text)
	}
	return encoder.Encode(text, symbol.Options{Level: level})
}

// encodeForLogo takes the highest level that the text fits into: a logo covers
// what error correction must mend.
func encodeForLogo(encoder symbol.Encoder, text string) (*symbol.Symbol, error) {
	levels := slices.Clone(encoder.Levels)
	slices.SortFunc(levels, func(a, b string) int { return strings.Index("HQML", a) - strings.Index("HQML", b) })
	if len(levels) == 0 {
		levels = []string{""}
	}
	var err error
	for _, level := range levels {
		var s *symbol.Symbol
		if s, err = encoder.Encode(text, symbol.Options{Level: level}); err == nil {
			return s, nil
		}
	}
	return nil, err
}

func checkNames(faults *fault.List, values url.Values) {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		switch {
		case !slices.Contains(knownParameters, name):
			faults.Add(shorten(name), "is not a parameter; there are %s", strings.Join(knownParameters, ", "))
		case len(values[name]) > 1:
			faults.Add(name, "must be given once, got %d times", len(values[name]))
		}
	}
}

func shorten(name string) string {
	const most = 40
	if runes := []rune(name); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return name
}

func parseFlag(faults *fault.List, field, text string) bool {
	switch text {
	case "", "0", "false":
		return false
	case "1", "true":
		return true
	}
	faults.Add(field, "must be 0 or 1, got %.20q", text)
	return false
}

// resource splits the address's last part, qr.png for instance.
func resource(file string) (symbol.Encoder, render.Format, error) {
	name, extension, _ := strings.Cut(file, ".")
	encoder, known := symbol.ByName(name)
	format, written := render.ByName(extension)
	if known && written {
		return encoder, format, nil
	}
	return symbol.Encoder{}, render.Format{}, statusError{404, fmt.Sprintf("There is no %.40q. Symbologies: %s. Formats: %s.", file, symbologies(), formats())}
}

func symbologies() string {
	names := make([]string, len(symbol.Encoders))
	for i, e := range symbol.Encoders {
		names[i] = e.Name
	}
	return strings.Join(names, ", ")
}

func formats() string {
	names := make([]string, len(render.Formats))
	for i, f := range render.Formats {
		names[i] = f.Name
	}
	return strings.Join(names, ", ")
}
