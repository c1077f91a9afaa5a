package render

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"strings"
	"testing"
)

// a4 has 24 labels of 70 × 36 mm.
var a4 = Sheet{PageWidth: 210, PageHeight: 297, Columns: 3, Rows: 8, Top: 4.5, Width: 70, Height: 36, Padding: 3}

func TestSheetsThatDoNotFit(t *testing.T) {
	tests := map[string]func(*Sheet){
		"1 to 500 labels":     func(s *Sheet) { s.Columns = 0 },
		"2000 mm at the most": func(s *Sheet) { s.PageWidth = 3000 },
		"no negative margins": func(s *Sheet) { s.GapX = -1 },
		"2 mm at the least":   func(s *Sheet) { s.Padding = 20 },
		"of a width of 210":   func(s *Sheet) { s.GapX = 2 },
		"of a height of 297":  func(s *Sheet) { s.Rows = 9 },
	}
	for says, alter := range tests {
		sheet := a4
		alter(&sheet)
		if detail := faultOf(t, sheet.Check(), "sheet"); !strings.Contains(detail, says) {
			t.Errorf("%q does not say %q", detail, says)
		}
	}
	if err := a4.Check(); err != nil {
		t.Error(err)
	}
}

func TestLabelsThatDoNotFit(t *testing.T) {
	labels := NewLabels(&bytes.Buffer{}, a4)
	faultOf(t, labels.Add(encode(t, "qr", strings.Repeat("x", 1500)), plain, ""), "data")
	wide := plain
	wide.Millimetres = 40
	if detail := faultOf(t, labels.Add(encode(t, "qr", "x"), wide, ""), "mm"); !strings.Contains(detail, "30.0 at the most") {
		t.Errorf("%q names no size that fits", detail)
	}
}

func TestSheetsAreTheSameBytes(t *testing.T) {
	file := func() []byte {
		var b bytes.Buffer
		labels := NewLabels(&b, a4)
		for i := range 25 {
			if err := labels.Add(encode(t, "ean13", fmt.Sprintf("40063813%04d", i)), plain, "A caption"); err != nil {
				t.Fatal(err)
			}
		}
		if err := labels.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	first := file()
	if !bytes.Equal(first, file()) || !bytes.Contains(first, []byte("/Count 2>>")) {
		t.Error("two runs differ, or there are not two pages")
	}
}

func TestASheetHoldsEachLogoOnce(t *testing.T) {
	var b bytes.Buffer
	labels := NewLabels(&b, a4)
	img := image.NewNRGBA(image.Rect(0, 0, 40, 40))
	one, other := plain, plain
	one.Logo, other.Logo = logoOf(t, img), logoOf(t, img)
	for i := range 25 {
		st := one
		if i%2 == 1 {
			st = other
		}
		if err := labels.Add(encode(t, "qr", "x"), st, ""); err != nil {
			t.Fatal(err)
		}
	}
	before := labels.Size()
	if err := labels.Close(); err != nil {
		t.Fatal(err)
	}
	if images := bytes.Count(b.Bytes(), []byte("/Subtype/Image")); images != 4 || labels.Size() != b.Len() || before == 0 {
		t.Errorf("%d images, %d bytes of %d", images, labels.Size(), b.Len())
	}
}

type brokenPipe struct{}

var errPipe = errors.New("broken pipe")

func (brokenPipe) Write([]byte) (int, error) { return 0, errPipe }

func TestASheetThatCannotBeWritten(t *testing.T) {
	labels := NewLabels(brokenPipe{}, a4)
	if err := labels.Add(encode(t, "qr", "x"), plain, "x"); !errors.Is(err, errPipe) {
		t.Errorf("add: %v", err)
	}
	if err := labels.Close(); !errors.Is(err, errPipe) {
		t.Errorf("close: %v", err)
	}
}
