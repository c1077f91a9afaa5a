// Package symbol turns text into symbols: rows of modules with their quiet zone
// and human-readable text. It knows nothing of pixels, files or HTTP. Each
// symbology is one file and one entry of the list in encoder.go.
package symbol

// Symbol is a symbol before it has a size or colours. All measures are in
// modules (the X dimension).
type Symbol struct {
	// Symbology is the name of the encoder that made it.
	Symbology string
	// Level is its error correction level; empty where the standard leaves no choice.
	Level string
	// Text is what a reader must return.
	Text string
	// Width is the number of modules of each row, quiet zone excluded.
	Width int
	// Rows run from top to bottom. A matrix symbol has Width rows of height 1, a
	// stacked one rows of a few modules; a linear one has few rows that are tall.
	Rows []Row
	// Quiet is the free space that the standard asks for around the rows.
	Quiet Quiet
	// Labels are the human-readable text; none for matrix symbols.
	Labels []Label
	// Linear is set for symbols that a single scan line reads.
	Linear bool
}

// Row is a line of modules; true is dark.
type Row struct {
	Modules []bool
	Height  int
}

// Quiet is a margin.
type Quiet struct{ Top, Right, Bottom, Left int }

// Label is text below the bars. Its characters stand at equal distances.
type Label struct {
	Text string
	// X is where the first character's cell starts, counted from the first
	// module; negative within the left quiet zone.
	X float64
	// Y is where the cells' top is, counted from the first row's top.
	Y int
	// Advance is the width of a character's cell.
	Advance float64
}

// LabelHeight is the height of a label's cells.
const LabelHeight = 10

// Size returns the width and height, quiet zone and labels included.
func (s *Symbol) Size() (width, height int) {
	bottom := s.rowsHeight() + s.Quiet.Bottom
	for _, l := range s.Labels {
		bottom = max(bottom, l.Y+LabelHeight+s.Quiet.Bottom)
	}
	return s.Quiet.Left + s.Width + s.Quiet.Right, s.Quiet.Top + bottom
}

func (s *Symbol) rowsHeight() int {
	h := 0
	for _, r := range s.Rows {
		h += r.Height
	}
	return h
}
