package web

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// fileNames gives files names that every system takes, each only once.
type fileNames map[string]bool

// maxName is the greatest number of characters of a file's name without extension.
const maxName = 80

// next returns the wanted name, or the row's number where none is wanted, made
// safe and different from all before.
func (n fileNames) next(wanted string, number int, extension string) string {
	base := safeName(wanted)
	if base == "" {
		base = fmt.Sprintf("%04d", number)
	}
	name := base
	for i := 2; n[strings.ToLower(name)]; i++ {
		name = fmt.Sprintf("%s-%d", base, i)
	}
	n[strings.ToLower(name)] = true
	return name + "." + extension
}

// safeName keeps letters, digits, marks and single dots, hyphens and underscores;
// what begins or ends a name has no dot, and no name is a device of Windows.
func safeName(wanted string) string {
	var b strings.Builder
	length := 0
	last := '-'
	for _, r := range wanted {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && !strings.ContainsRune("._-", r) {
			r = '-'
		}
		if r == last && strings.ContainsRune("._-", r) {
			continue
		}
		if length++; length > maxName {
			break
		}
		b.WriteRune(r)
		last = r
	}
	name := strings.Trim(b.String(), "._-")
	stem, _, _ := strings.Cut(strings.ToLower(name), ".")
	if slices.Contains(devices, stem) {
		return "file-" + name
	}
	return name
}

var devices = []string{
	"con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
	"lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
}
