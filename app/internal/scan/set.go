package scan

import (
	"maps"
	"slices"
	"strings"

	"github.com/ycesproject/yces/app/internal/fault"
)

// Set is what to look for: symbologies by their names in package symbol.
type Set map[string]bool

var (
	// Strong are looked for unless somebody asks for others: what they carry is
	// secured by error correction or check digits.
	Strong = setOf("qr", "datamatrix", "aztec", "pdf417", "ean13", "ean8", "upca", "upce", "code128", "gs1-128", "code39", "code93", "itf14")
	// Weak are found in stripes that are no barcodes, so that one must ask for them.
	Weak = setOf("itf", "codabar")
)

func setOf(names ...string) Set {
	s := Set{}
	for _, n := range names {
		s[n] = true
	}
	return s
}

// ParseSet reads names with commas between them, or "all"; nothing means Strong.
// The error is a fault.List.
func ParseSet(list string) (Set, error) {
	all := maps.Clone(Strong)
	maps.Copy(all, Weak)
	switch list {
	case "":
		return Strong, nil
	case "all":
		return all, nil
	}
	s := Set{}
	var faults fault.List
	for name := range strings.SplitSeq(list, ",") {
		if !all[name] {
			faults.Add("symbologies", "must be all, or names with commas between them out of %s; got %.40q", strings.Join(slices.Sorted(maps.Keys(all)), ", "), name)
		}
		s[name] = true
	}
	return s, faults.Err()
}
