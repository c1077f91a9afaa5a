package web

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/ycesproject/yces/app/internal/fault"
)

// flushEvery is how often a client hears of what was made.
const flushEvery = 100 * time.Millisecond

// archive writes pictures into a ZIP archive as they are made, and keeps what
// is said of each row for the report.
type archive struct {
	zip    *zip.Writer
	names  fileNames
	report bytes.Buffer
	rows   *csv.Writer
	bytes  int
}

func newArchive(w io.Writer) *archive {
	a := &archive{zip: zip.NewWriter(w), names: fileNames{}}
	// Spreadsheets take a file for UTF-8 only with a byte order mark.
	a.report.WriteString("\ufeff")
	a.rows = csv.NewWriter(&a.report)
	_ = a.rows.Write([]string{"row", "file", "outcome", "faults"}) // into memory
	return a
}

// writeArchive sends all rows and then the report. Its errors are those of the
// connection.
func (a *App) writeArchive(ctx context.Context, w io.Writer, control *http.ResponseController, b batch) error {
	out := newArchive(w)
	flushed := time.Now()
	for i, row := range b.table.rows {
		if err := a.addRow(ctx, out, b, i, row); err != nil {
			return err
		}
		if now := time.Now(); now.Sub(flushed) > flushEvery {
			flushed = now
			_ = control.SetWriteDeadline(now.Add(batchWrite))
			if err := errors.Join(out.zip.Flush(), control.Flush()); err != nil {
				return fmt.Errorf("send pictures: %w", err)
			}
		}
	}
	return out.close()
}

func (a *App) addRow(ctx context.Context, out *archive, b batch, i int, row tableRow) error {
	if ctx.Err() != nil || out.bytes > maxBatchBytes {
		out.leftOut(row, "left out", "row: not made, as the batch took too long or grew too large; send fewer rows")
		return nil
	}
	picture, err := a.makeRow(b, row)
	var faults fault.List
	switch {
	case errors.As(err, &faults):
		out.leftOut(row, "left out", lines(faults))
		return nil
	case err != nil:
		a.cfg.Log.ErrorContext(ctx, "make row of a batch", "error", err)
		out.leftOut(row, "failed", "row: the fault is ours")
		return nil
	}
	name := out.names.next(picture.wanted, i+1, picture.extension)
	out.bytes += len(picture.body)
	if err := out.add(name, picture.body); err != nil {
		return err
	}
	_ = out.rows.Write([]string{strconv.Itoa(row.line), name, "made", ""}) // into memory
	return nil
}

func (a *archive) leftOut(row tableRow, outcome, faults string) {
	_ = a.rows.Write([]string{strconv.Itoa(row.line), "", outcome, faults}) // into memory
}

// add stores a file. Text is packed; pictures are as small as they get, and the
// report stays as it is, so that a page can read it without unpacking.
func (a *archive) add(name string, body []byte) error {
	header := &zip.FileHeader{Name: name, Method: zip.Store}
	if bytes.HasPrefix(body, []byte("<svg")) || bytes.HasPrefix(body, []byte("%!PS")) {
		header.Method = zip.Deflate
	}
	file, err := a.zip.CreateHeader(header)
	if err != nil {
		return fmt.Errorf("add to archive: %w", err)
	}
	if _, err := file.Write(body); err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	return nil
}

func (a *archive) close() error {
	a.rows.Flush()
	if err := a.add("report.csv", a.report.Bytes()); err != nil {
		return err
	}
	if err := a.zip.Close(); err != nil {
		return fmt.Errorf("end archive: %w", err)
	}
	return nil
}
