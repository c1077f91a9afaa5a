package web

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/ycesproject/yces/app/internal/fault"
	"github.com/ycesproject/yces/app/internal/render"
)

// maker makes what a row asks for.
type maker interface {
	// add returns the name of the file that the row went into. Its error is a
	// fault.List, a sendError or our fault.
	add(ctx context.Context, number int, o order) (string, error)
	// size returns how many bytes were made.
	size() int
}

// order is what a row says.
type order struct {
	// file is symbology and format, as in the API's addresses.
	file, name, caption string
	values              url.Values
}

// sendError says that the client is gone.
type sendError struct{ error }

// orderOf reads a row.
func (b batch) orderOf(row tableRow) (order, error) {
	values, err := b.table.values(row, b.defaults)
	if err != nil {
		return order{}, err
	}
	o := order{
		file: values.Get(columnSymbology) + "." + values.Get(columnFormat),
		name: values.Get(columnName), caption: values.Get(columnCaption), values: values,
	}
	for _, own := range ownColumns {
		values.Del(own)
	}
	return o, nil
}

// pictures makes a file for each row.
type pictures struct {
	app     *App
	archive *zip.Writer
	names   fileNames
	bytes   int
}

func (p *pictures) size() int { return p.bytes }

func (p *pictures) add(ctx context.Context, number int, o order) (string, error) {
	encoder, format, err := resource(o.file)
	if err != nil {
		return "", fault.Of(columnSymbology, "%s", err)
	}
	body, _, err := p.app.produce(ctx, encoder, format, o.values)
	if err != nil {
		return "", err
	}
	p.bytes += len(body)
	name := p.names.next(o.name, number, format.Name)
	packed := slices.Contains([]string{"svg", "eps"}, format.Name)
	if err := writeFile(p.archive, name, body, packed); err != nil {
		return "", sendError{err}
	}
	return name, nil
}

// labels puts all rows on one sheet.
type labels struct {
	app   *App
	pages *render.Labels
}

const labelsFile = "labels.pdf"

func (l *labels) size() int { return 0 } // pages are small, and their number is bounded

func (l *labels) add(ctx context.Context, _ int, o order) (string, error) {
	encoder, format, err := resource(o.file)
	if err != nil {
		return "", fault.Of(columnSymbology, "%s", err)
	}
	release, err := take(ctx, l.app.slots.forPicture(format, o.values))
	if err != nil {
		return "", err
	}
	defer release()
	j, err := newJob(ctx, encoder, o.values)
	if err == nil {
		err = l.pages.Add(j.symbol, j.style, o.caption)
	}
	l.app.metrics.asked(encoder.Name, "pdf", outcome(err))
	return labelsFile, err
}

// tryRows makes every row, throws it away and returns the faults of all.
func (a *App) tryRows(ctx context.Context, control *http.ResponseController, b batch) error {
	var made maker = &pictures{app: a, archive: zip.NewWriter(io.Discard), names: fileNames{}}
	if b.grid != nil {
		made = &labels{a, render.NewLabels(io.Discard, b.grid.sheet)}
	}
	var faults fault.List
	for i, row := range b.table.rows {
		_ = control.SetWriteDeadline(time.Now().Add(batchWrite))
		o, err := b.orderOf(row)
		if err == nil {
			_, err = made.add(ctx, i+1, o)
		}
		var own fault.List
		if err != nil && !errors.As(err, &own) {
			return err
		}
		for _, f := range own {
			faults.Add(fmt.Sprintf("row %d, %s", row.line, f.Field), "%s", f.Detail)
		}
		if len(faults) >= maxListed {
			faults.Add("file", "has more bad rows than these")
			break
		}
		if ctx.Err() != nil {
			return statusError{http.StatusServiceUnavailable, "It takes too long; send fewer rows."}
		}
	}
	return faults.Err()
}

// makeRows makes all rows and says in the report what became of each.
func (a *App) makeRows(ctx context.Context, b batch, made maker, r *report, flush func() error) error {
	flushed := time.Now()
	for i, row := range b.table.rows {
		if ctx.Err() != nil || made.size() > maxBatchBytes {
			r.add(row, "", rowLeftOut, "row: not made, as the batch took too long or grew too large; send fewer rows")
			continue
		}
		o, err := b.orderOf(row)
		file := ""
		if err == nil {
			file, err = made.add(ctx, i+1, o)
		}
		if err := a.reportRow(ctx, r, row, file, err); err != nil {
			return err
		}
		if time.Since(flushed) > flushEvery {
			flushed = time.Now()
			if err := flush(); err != nil {
				return fmt.Errorf("send what was made: %w", err)
			}
		}
	}
	return nil
}

// reportRow returns an error where there is nobody left to make rows for.
func (a *App) reportRow(ctx context.Context, r *report, row tableRow, file string, err error) error {
	var faults fault.List
	var gone sendError
	var status statusError
	switch {
	case err == nil:
		r.add(row, file, rowMade, "")
	case errors.As(err, &gone):
		return err
	case errors.As(err, &faults):
		r.add(row, "", rowLeftOut, strings.ReplaceAll(faults.Error(), "\n", "; "))
	case errors.As(err, &status):
		r.add(row, "", rowFailed, "row: not made, as too much is being made at this moment; try again")
	default:
		a.cfg.Log.ErrorContext(ctx, "make row of a batch", "error", err)
		r.add(row, "", rowFailed, "row: the fault is ours")
	}
	return nil
}
