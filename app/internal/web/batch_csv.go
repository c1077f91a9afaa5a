package web

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"net/url"
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
	reader := csv.NewReader(bytes.NewReader(bytes.ReplaceAll(file, []byte("\r\n"), []byte("\n"))))
	reader.Comma = separatorOf(file)
	reader.FieldsPerRecord = -1
	header, err := reader.Read()
	if err != nil {
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

// separatorOf returns what separates the columns' names.
func separatorOf(file []byte) rune {
	line, _, _ := bytes.Cut(file, []byte("\n"))
	best := ','
	for _, candidate := range ";\t" {
		if bytes.Count(line, []byte(string(candidate))) > bytes.Count(line, []byte(string(best))) {
			best = candidate
		}
	}
	return best
}

func checkColumns(columns []string) error {
	var faults fault.List
	for i, name := range columns {
		own := slices.Contains(ownColumns, name)
		switch {
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
	if len(row.cells) > len(t.columns) {
		return nil, fault.Of("row", "has %d cells for %d columns; put quotes around a cell that holds the separator", len(row.cells), len(t.columns))
	}
	values := url.Values{}
	for name, value := range defaults {
		values[name] = value
	}
	for i, cell := range row.cells {
		if cell != "" {
			values.Set(t.columns[i], cell)
		}
	}
	return values, nil
}
