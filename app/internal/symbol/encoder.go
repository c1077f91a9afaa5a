package symbol

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ycesproject/yces/app/internal/fault"
)

// Options are what an encoder may be told besides the text.
type Options struct {
	// Level is the error correction level; only encoders that have levels look at it.
	Level string
}

// Group is a kind of use, to find a symbology by.
type Group string

// The groups, in the order in which they are offered.
const (
	Matrix   Group = "2D codes"
	Retail   Group = "Retail"
	Industry Group = "Logistics and industry"
)

// Groups lists them.
var Groups = []Group{Matrix, Retail, Industry}

// Encoder makes the symbols of one symbology.
type Encoder struct {
	// Name is what the API calls it.
	Name string
	// Title is what people call it.
	Title string
	// Group is the kind of use that it belongs to.
	Group Group
	// Hint says in a sentence what it can carry.
	Hint string
	// Example is a text that it can carry.
	Example string
	// Linear is set for barcodes.
	Linear bool
	// Levels are the error correction levels to choose from, the default first;
	// none where the standard leaves no choice.
	Levels []string
	// encode returns the symbol and the text that a reader must return. Its
	// error is a fault.List where the text or an option is at fault.
	encode func(text string, o Options) (*Symbol, string, error)
	// decode reads a symbol back with an independent decoder.
	decode func(*Symbol) (string, error)
}

// ErrMisread says that a symbol did not read back as what it should carry: our
// fault, never the caller's.
var ErrMisread = errors.New("symbol does not read back as its text")

// Encoders lists the symbologies, the default first.
var Encoders = []Encoder{
	qr, dataMatrix, aztecEncoder, pdf417,
	ean13, ean8, upca, upce,
	code128Encoder, gs1128, code39Encoder, code93Encoder, itf, itf14, codabarEncoder,
}

// ByName returns the encoder of that name.
func ByName(name string) (Encoder, bool) {
	i := slices.IndexFunc(Encoders, func(e Encoder) bool { return e.Name == name })
	if i < 0 {
		return Encoder{}, false
	}
	return Encoders[i], true
}

// Encode makes the symbol that carries text and reads it back before returning
// it. The error is a fault.List where text or options are at fault.
func (e Encoder) Encode(text string, o Options) (*Symbol, error) {
	if err := e.checkLevel(&o); err != nil {
		return nil, err
	}
	s, want, err := e.encode(text, o)
	if err != nil {
		return nil, err
	}
	s.Symbology, s.Level, s.Text = e.Name, o.Level, want
	if err := e.Verify(s); err != nil {
		return nil, err
	}
	return s, nil
}

func (e Encoder) checkLevel(o *Options) error {
	switch {
	case o.Level == "" && len(e.Levels) > 0:
		o.Level = e.Levels[0]
	case o.Level == "" || slices.Contains(e.Levels, o.Level):
	case len(e.Levels) == 0:
		return fault.Of("level", "is for symbologies with a choice of error correction, which %s has not", e.Title)
	default:
		return fault.Of("level", "must be one of %s, got %q", strings.Join(e.Levels, ", "), o.Level)
	}
	return nil
}

// Verify reads the symbol with an independent decoder. Its error wraps
// ErrMisread where that does not return the symbol's text.
func (e Encoder) Verify(s *Symbol) error {
	got, err := e.decode(s)
	if err != nil {
		return fmt.Errorf("verify %s: %w: %w", e.Name, ErrMisread, err)
	}
	if got != s.Text {
		return fmt.Errorf("verify %s: %w", e.Name, ErrMisread)
	}
	return nil
}
