package stackfile

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/docker/cli/cli/compose/loader"
	composetypes "github.com/docker/cli/cli/compose/types"
)

// InvalidError lists every fault of the compose files.
type InvalidError struct {
	Files  []string
	Faults []string

	missing bool // a file is not there at all
}

func (e *InvalidError) Error() string {
	if e.missing && len(e.Faults) == 1 {
		return "read compose file: " + e.Faults[0]
	}
	noun := "faults"
	if len(e.Faults) == 1 {
		noun = "fault"
	}
	return fmt.Sprintf("%s has %d %s:\n%s", firstOf(strings.Join(e.Files, ", "), "the stack"), len(e.Faults), noun, strings.Join(e.Faults, "\n"))
}

// ExitCode is that of a configuration fault.
func (*InvalidError) ExitCode() int { return 2 }

// Hint says what to do next.
func (e *InvalidError) Hint() string {
	if e.missing || len(e.Files) == 0 {
		return "run it in the folder of the service's compose.yaml, or name the file with --file"
	}
	return ""
}

// everyFault finds them all. The loader stops at the first, so where it
// complains the document is taken apart and each piece is loaded by itself.
func everyFault(details composetypes.ConfigDetails, whole error) []string {
	var faults []string
	for _, file := range details.ConfigFiles {
		for _, piece := range pieces(file.Config) {
			faults = append(faults, loadPiece(details, piece)...)
		}
	}
	slices.Sort(faults)
	faults = slices.Compact(faults)
	if len(faults) == 0 {
		// Only the pieces' combination is wrong.
		return messages(whole)
	}
	return faults
}

func loadPiece(details composetypes.ConfigDetails, p piece) []string {
	details.ConfigFiles = []composetypes.ConfigFile{{Config: p.doc}}
	_, err := loader.Load(details)
	if err == nil {
		return nil
	}
	lines := messages(err)
	for i := range lines {
		lines[i] = p.locate(lines[i])
	}
	return lines
}

// piece is a document with one leaf, and where that leaf stood.
type piece struct {
	doc   map[string]any
	index int // of the leaf in its list, -1 outside a list
	leaf  any
}

// locate gives a message the index that the leaf had in its list, and the
// value where the message has none.
func (p piece) locate(line string) string {
	if p.index >= 0 {
		line = strings.Replace(line, ".0: ", fmt.Sprintf(".%d: ", p.index), 1)
	}
	if text := fmt.Sprint(p.leaf); !strings.Contains(line, text) && len(text) < 80 && strings.HasPrefix(line, "services.") {
		line += fmt.Sprintf(", got %q", text)
	}
	return line
}

// messages are an error's lines, one a property where it lists properties.
func messages(err error) []string {
	var forbidden *loader.ForbiddenPropertiesError
	if errors.As(err, &forbidden) {
		var lines []string
		for _, name := range sortedKeys(forbidden.Properties) {
			lines = append(lines, fmt.Sprintf("%s: %s", name, forbidden.Properties[name]))
		}
		return lines
	}
	return []string{rewrite(err.Error())}
}

// The schema's way of naming a place, "services.qr.deploy Additional property
// replica is not allowed", becomes "services.qr.deploy: …".
var place = regexp.MustCompile(`^((?:services|networks|volumes|secrets|configs)(?:\.[^\s:]+)*) `)

func rewrite(text string) string {
	text = strings.TrimPrefix(text, "(root) ")
	match := place.FindStringSubmatch(text)
	if match == nil {
		return text
	}
	rest := strings.TrimPrefix(strings.TrimPrefix(text, match[0]), match[1]+" ")
	return match[1] + ": " + strings.ToLower(rest[:1]) + strings.ReplaceAll(rest[1:], "a integer", "an integer")
}

// pieces takes a document apart into documents with one property each, deep
// enough that each can hold one fault of its own.
func pieces(doc map[string]any) []piece {
	var result []piece
	for _, section := range sortedKeys(doc) {
		entries, ok := doc[section].(map[string]any)
		if !ok {
			result = append(result, piece{doc: map[string]any{section: doc[section]}, index: -1, leaf: doc[section]})
			continue
		}
		for _, name := range sortedKeys(entries) {
			for _, part := range split(entries[name], depths[section]) {
				part.doc = map[string]any{section: map[string]any{name: part.value}}
				result = append(result, part.piece)
			}
		}
	}
	return result
}

// depths say how far a section is taken apart: services.NAME.deploy.resources.limits.
var depths = map[string]int{"services": 4, "networks": 2, "volumes": 1, "secrets": 1, "configs": 1}

// part is a value that keeps one leaf of another.
type part struct {
	piece
	value any
}

// split returns copies of value that keep one leaf each, down to the depth.
func split(value any, depth int) []part {
	var parts []part
	switch v := value.(type) {
	case map[string]any:
		for _, key := range sortedKeys(v) {
			if depth == 0 {
				break
			}
			for _, p := range split(v[key], depth-1) {
				p.value = map[string]any{key: p.value}
				parts = append(parts, p)
			}
		}
	case []any:
		for i, item := range v {
			parts = append(parts, part{piece: piece{index: i, leaf: item}, value: []any{item}})
		}
	}
	if len(parts) == 0 {
		return []part{{piece: piece{index: -1, leaf: value}, value: value}}
	}
	return parts
}

var stackName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$`)

func validStackName(name string) bool { return stackName.MatchString(name) }

var notInName = regexp.MustCompile(`[^a-z0-9_-]+`)

// defaultName is the folder's name, as docker compose spells it.
func defaultName(dir string) string {
	return strings.Trim(notInName.ReplaceAllString(strings.ToLower(filepath.Base(dir)), ""), "-_")
}
