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

// sharedLogo is opened once for all rows, and refused once.
type sharedLogo struct {
	opened bool
	logo   *render.Logo
	err    error
}

func (s *sharedLogo) open(ctx context.Context, file []byte) (*render.Logo, error) {
	if !s.opened {
		s.logo, s.err = render.ParseLogo(ctx, file)
		s.opened = ctx.Err() == nil
	}
	return s.logo, s.err
}

// pictures makes a file for each row.
type pictures struct {
	app     *App
	logo    *sharedLogo
	archive *zip.Writer
	names   fileNames
	bytes   int
}

func (a *App) newPictures(b batch, archive *zip.Writer) *pictures {
	return &pictures{app: a, logo: b.logo, archive: archive, names: fileNames{}}
}

func (p *pictures) size() int { return p.bytes }

func (p *pictures) add(ctx context.Context, number int, o order) (string, error) {
	encoder, format, err := resource(o.file)
	if err != nil {
		return "", fault.Of(columnSymbology, "%s", err)
	}
	body, _, err := p.app.produce(ctx, encoder, format, o.values, p.logo.open)
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
	logo  *sharedLogo
	pages *render.Labels
}

func (a *App) newLabels(b batch, w io.Writer) *labels {
	return &labels{a, b.logo, render.NewLabels(w, b.grid.sheet)}
}

const labelsFile = "labels.pdf"

func (l *labels) size() int { return l.pages.Size() }

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
	j, err := newJob(ctx, encoder, o.values, l.logo.open)
	if err == nil {
		err = l.pages.Add(j.symbol, j.style, o.caption)
	}
	l.app.metrics.asked(encoder.Name, "pdf", outcome(err))
	return labelsFile, err
}

// discard returns a maker whose files nobody gets.
func (a *App) discard(b batch) maker {
	if b.grid != nil {
		return a.newLabels(b, io.Discard)
	}
	return a.newPictures(b, zip.NewWriter(io.Discard))
}

// tryRows makes every row and returns the faults of all; it calls going before
// each.
func (a *App) tryRows(ctx context.Context, b batch, made maker, going func()) error {
	ctx, cancel := context.WithTimeout(ctx, maxBatchTime)
	defer cancel()
	var faults fault.List
	for i, row := range b.table.rows {
		going()
		_, err := b.make(ctx, made, i)
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
	}
	return faults.Err()
}

// make makes the row at a place of the table and returns the file that it is in.
func (b batch) make(ctx context.Context, made maker, i int) (string, error) {
	if err := exceeded(ctx, made); err != nil {
		return "", err
	}
	o, err := b.orderOf(b.table.rows[i])
	if err != nil {
		return "", err
	}
	file, err := made.add(ctx, i+1, o)
	if err != nil && ctx.Err() != nil {
		return "", exceeded(ctx, made)
	}
	return file, err
}

// exceeded returns a statusError where a batch has cost all that it may.
func exceeded(ctx context.Context, made maker) error {
	switch {
	case ctx.Err() != nil:
		return statusError{http.StatusServiceUnavailable, "The batch takes too long; send fewer rows."}
	case made.size() > maxBatchBytes:
		return statusError{http.StatusRequestEntityTooLarge, fmt.Sprintf("The batch makes more than %d MiB; send fewer rows.", maxBatchBytes>>20)}
	}
	return nil
}

// makeRows makes all rows and says in the report what became of each. Where no
// row may be missing, one that is not made is an error.
func (a *App) makeRows(ctx context.Context, b batch, made maker, r *report, flush func() error) error {
	flushed := time.Now()
	for i, row := range b.table.rows {
		file, err := b.make(ctx, made, i)
		if err != nil && b.refuse {
			return fmt.Errorf("make row %d, of which all were tried: %w", row.line, err)
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
		r.add(row, "", rowFailed, "row: not made. "+status.detail)
	default:
		a.cfg.Log.ErrorContext(ctx, "make row of a batch", "error", err)
		r.add(row, "", rowFailed, "row: the fault is ours")
	}
	return nil
}
