package web

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
)

// report says of each row what became of it.
type report struct {
	text bytes.Buffer
	rows *csv.Writer
}

// The outcomes of a row.
const (
	rowMade    = "made"
	rowLeftOut = "left out"
	rowFailed  = "failed"
)

func newReport() *report {
	r := &report{}
	// Spreadsheets take a file for UTF-8 only with a byte order mark.
	r.text.WriteString("\ufeff")
	r.rows = csv.NewWriter(&r.text)
	_ = r.rows.Write([]string{"row", "file", "outcome", "faults"}) // into memory
	return r
}

func (r *report) add(row tableRow, file, outcome, faults string) {
	_ = r.rows.Write([]string{strconv.Itoa(row.line), file, outcome, faults}) // into memory
}

func (r *report) bytes() []byte {
	r.rows.Flush()
	return r.text.Bytes()
}

// archiveFile begins a file of an archive. Text is packed; pictures are as small
// as they get, and the report stays as it is, so that a page can read it.
func archiveFile(archive *zip.Writer, name string, packed bool) (io.Writer, error) {
	header := &zip.FileHeader{Name: name, Method: zip.Store}
	if packed {
		header.Method = zip.Deflate
	}
	file, err := archive.CreateHeader(header)
	if err != nil {
		return nil, fmt.Errorf("add to archive: %w", err)
	}
	return file, nil
}

func writeFile(archive *zip.Writer, name string, body []byte, packed bool) error {
	file, err := archiveFile(archive, name, packed)
	if err != nil {
		return err
	}
	if _, err := file.Write(body); err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	return nil
}

// endArchive adds the report and ends the archive.
func endArchive(archive *zip.Writer, r *report) error {
	if err := writeFile(archive, "report.csv", r.bytes(), false); err != nil {
		return err
	}
	if err := archive.Close(); err != nil {
		return fmt.Errorf("end archive: %w", err)
	}
	return nil
}
