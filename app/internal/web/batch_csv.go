package web

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ycesproject/yces/app/internal/fault"
)

// maxRows bounds a batch.
const maxRows = 5000

// Columns that are no parameters of a picture.
const (
	columnName      = "name"
	columnSymbology = "symbology"
	columnFormat    = "format"
	columnCaption   = "caption" // below a symbol on a sheet of labels
)

var ownColumns = []string{columnName, columnSymbology, columnFormat, columnCaption}

// table is a CSV file (RFC 4180) whose first line names parameters.
type table struct {
	columns []string
	rows    []tableRow
}

type tableRow struct {
	// line is where the row begins in the file, counted from 1.
	line  int
	cells []string
	// broken says why the row could not be read; empty if it could.
	broken string
}

// parseTable reads what spreadsheets write: with a byte order mark or without,
// commas, semicolons or tabs, ends of lines of any system. The error is a
// fault.List of the field "file".
func parseTable(file []byte) (table, error) {
	file = bytes.TrimPrefix(file, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(file) {
		return table{}, fault.Of("file", `must be UTF-8; spreadsheets call it "CSV UTF-8"`)
	}
	file = bytes.ReplaceAll(bytes.ReplaceAll(file, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
	file, separator := separatorOf(file)
	reader := csv.NewReader(bytes.NewReader(file))
	reader.Comma = separator
	reader.FieldsPerRecord = -1
	header, err := reader.Read()
	if err != nil || (tableRow{cells: header}).empty() {
		return table{}, fault.Of("file", "must begin with a line that names the columns, such as data or name,data")
	}
	t := table{}
	for _, name := range header {
		t.columns = append(t.columns, strings.ToLower(strings.TrimSpace(name)))
	}
	if err := checkColumns(t.columns); err != nil {
		return table{}, err
	}
	if err := t.read(reader); err != nil {
		return table{}, err
	}
	return t, nil
}

func (t *table) read(reader *csv.Reader) error {
	for {
		cells, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			t.rows = append(t.rows, tableRow{line: broken.StartLine, broken: "is not well-formed: " + broken.Err.Error()})
		} else if row := (tableRow{cells: cells}); !row.empty() {
			row.line, _ = reader.FieldPos(0)
			t.rows = append(t.rows, row)
		}
		if len(t.rows) > maxRows {
			return fault.Of("file", "must have at most %d rows", maxRows)
		}
	}
	if len(t.rows) == 0 {
		return fault.Of("file", "must have at least one row below the names of the columns")
	}
	return nil
}

func (r tableRow) empty() bool {
	return !slices.ContainsFunc(r.cells, func(cell string) bool { return strings.TrimSpace(cell) != "" })
}

// separatorLine is how a table tells Excel what separates its columns.
var separatorLine = regexp.MustCompile(`(?i)^"?sep=([,;\t])"?[,;\t]*(?:\n|$)`)

// separatorOf returns what separates the columns, as said in a line of its own or
// as used most between their names. That line is left empty, so that all others
// keep their numbers.
func separatorOf(file []byte) ([]byte, rune) {
	if said := separatorLine.FindSubmatch(file); said != nil {
		return file[len(bytes.TrimSuffix(said[0], []byte("\n"))):], rune(said[1][0])
	}
	line, _, _ := bytes.Cut(bytes.TrimLeft(file, "\n"), []byte("\n"))
	best := ','
	for _, candidate := range ";\t" {
		if bytes.Count(line, []byte(string(candidate))) > bytes.Count(line, []byte(string(best))) {
			best = candidate
		}
	}
	return file, best
}

func checkColumns(columns []string) error {
	var faults fault.List
	for i, name := range columns {
		own := slices.Contains(ownColumns, name)
		switch {
		case name == "":
			// Spreadsheets write columns that were emptied.
		case name == "logo":
			faults.Add("file", "has a column logo; a logo goes into the form, for all rows")
		case !own && !slices.Contains(knownParameters, name):
			faults.Add("file", "has a column %.40q, which is no parameter; there are %s, %s", name, strings.Join(ownColumns, ", "), strings.Join(knownParameters, ", "))
		case slices.Contains(columns[:i], name):
			faults.Add("file", "has two columns %q", name)
		}
	}
	return faults.Err()
}

// values returns the parameters of a row: its cells, and what holds for all rows
// where they are empty.
func (t table) values(row tableRow, defaults url.Values) (url.Values, error) {
	if row.broken != "" {
		return nil, fault.Of("row", "%s", row.broken)
	}
	if err := t.misplaced(row); err != nil {
		return nil, err
	}
	values := url.Values{}
	for name, value := range defaults {
		values[name] = value
	}
	for i, name := range t.columns[:min(len(t.columns), len(row.cells))] {
		cell := row.cells[i]
		if name == columnSymbology || name == columnFormat {
			cell = strings.ToLower(strings.TrimSpace(cell))
		}
		if name != "" && cell != "" {
			values.Set(name, cell)
		}
	}
	return values, nil
}

// misplaced refuses cells that belong to no column; spreadsheets write empty ones.
func (t table) misplaced(row tableRow) error {
	for i, cell := range row.cells {
		switch {
		case strings.TrimSpace(cell) == "":
		case i >= len(t.columns):
			return fault.Of("row", "has %d cells for %d columns; put quotes around a cell that holds the separator", len(row.cells), len(t.columns))
		case t.columns[i] == "":
			return fault.Of("row", "has a cell in column %d, which has no name", i+1)
		}
	}
	return nil
}
