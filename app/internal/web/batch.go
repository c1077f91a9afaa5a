package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/ycesproject/yces/app/internal/fault"
)

// What a batch may cost.
const (
	maxBatchBody  = 4 << 20
	maxBatchBytes = 256 << 20
	maxBatchTime  = time.Minute
	// maxBatches run at a time; each works on one row after the other.
	maxBatches = 2
	// batchUpload is how long a file may take to arrive, batchWrite how long a
	// client may take to read what was made.
	batchUpload = 30 * time.Second
	batchWrite  = 15 * time.Second
)

// batch is a table of symbols to make, without fault as far as can be told
// before they are made.
type batch struct {
	table table
	// defaults hold for rows whose cells are empty.
	defaults url.Values
	// refuse is set where one bad row spoils all; else bad rows are left out.
	refuse bool
}

// postBatch answers POST /api/v1/batch.
func (a *App) postBatch(w http.ResponseWriter, r *http.Request) {
	if err := a.runBatch(w, r); err != nil {
		a.failBatch(w, r, err)
	}
}

func (a *App) failBatch(w http.ResponseWriter, r *http.Request, err error) {
	var status statusError
	if errors.As(err, &status) && status.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	a.fail(w, r, err)
}

// runBatch returns an error as long as nothing was sent.
func (a *App) runBatch(w http.ResponseWriter, r *http.Request) error {
	select {
	case a.batches <- struct{}{}:
		defer func() { <-a.batches }()
	default:
		return statusError{http.StatusServiceUnavailable, fmt.Sprintf("%d batches are being made at this moment; try again in a few seconds.", maxBatches)}
	}
	control := http.NewResponseController(w)
	// Writers that know no deadlines, those of tests, need none.
	_ = control.SetReadDeadline(time.Now().Add(batchUpload))
	b, err := readBatch(w, r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), maxBatchTime)
	defer cancel()
	if b.refuse {
		if err := a.tryRows(ctx, control, b); err != nil {
			return err
		}
	}
	h := w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", `attachment; filename="codes.zip"`)
	h.Set("Cache-Control", "no-store")
	h.Set("Batch-Rows", strconv.Itoa(len(b.table.rows)))
	if err := a.writeArchive(ctx, w, control, b); err != nil {
		a.cfg.Log.WarnContext(r.Context(), "send batch", "error", err, "request_id", requestID(r))
		// Half an archive is out: only breaking the connection tells the client.
		panic(http.ErrAbortHandler)
	}
	return nil
}

// readBatch reads the table from a CSV body or from the file of a form.
func readBatch(w http.ResponseWriter, r *http.Request) (batch, error) {
	defaults, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return batch{}, statusError{http.StatusBadRequest, "The query is not well-formed: " + queryFault(err) + "."}
	}
	if err := refuseInAddress(defaults); err != nil {
		return batch{}, err
	}
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	r.Body = http.MaxBytesReader(w, r.Body, maxBatchBody)
	var file []byte
	switch mediaType {
	case "text/csv":
		file, err = io.ReadAll(r.Body)
	case "multipart/form-data":
		file, err = readForm(r, defaults)
	default:
		return batch{}, statusError{http.StatusUnsupportedMediaType, "The body must be text/csv, or multipart/form-data with a file."}
	}
	if err != nil {
		return batch{}, uploadError(err)
	}
	return newBatch(file, defaults)
}

// readForm returns the part "file" and adds the other parts to the defaults.
func readForm(r *http.Request, defaults url.Values) ([]byte, error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, err
	}
	var file []byte
	for range 64 { // more parts than there are parameters are no form of ours
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return file, nil
		}
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(part)
		if err != nil {
			return nil, err
		}
		if part.FormName() == "file" {
			file = body
		} else if len(body) > 0 {
			defaults.Add(part.FormName(), string(body))
		}
	}
	return nil, errors.New("too many parts")
}

func uploadError(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return statusError{http.StatusRequestEntityTooLarge, fmt.Sprintf("The file must be %d MB at the most.", maxBatchBody>>20)}
	}
	return statusError{http.StatusBadRequest, "The body did not arrive whole, or is no well-formed form."}
}

func newBatch(file []byte, defaults url.Values) (batch, error) {
	b := batch{defaults: defaults}
	var faults fault.List
	switch bad := defaults.Get("bad"); bad {
	case "", "skip":
	case "refuse":
		b.refuse = true
	default:
		faults.Add("bad", "must be skip or refuse, got %.20q", bad)
	}
	defaults.Del("bad")
	for name, otherwise := range map[string]string{columnSymbology: "qr", columnFormat: "png"} {
		if defaults.Get(name) == "" {
			defaults.Set(name, otherwise)
		}
	}
	plain := url.Values{}
	for name, values := range defaults {
		if name != columnSymbology && name != columnFormat {
			plain[name] = values
		}
	}
	checkNames(&faults, plain)
	if _, _, err := resource(defaults.Get(columnSymbology) + "." + defaults.Get(columnFormat)); err != nil {
		faults.Add(columnSymbology, "%s", err)
	}
	var err error
	b.table, err = parseTable(file)
	if err := faults.Join(err); err != nil {
		return batch{}, err
	}
	return b, faults.Err()
}

// made is a row's picture.
type made struct {
	body              []byte
	wanted, extension string
}

// makeRow makes the picture of a row. Its error is a fault.List unless the
// fault is ours.
func (a *App) makeRow(b batch, row tableRow) (made, error) {
	values, err := b.table.values(row, b.defaults)
	if err != nil {
		return made{}, err
	}
	file := values.Get(columnSymbology) + "." + values.Get(columnFormat)
	wanted := values.Get(columnName)
	for _, own := range []string{columnName, columnSymbology, columnFormat} {
		values.Del(own)
	}
	encoder, format, err := resource(file)
	if err != nil {
		return made{}, fault.Of(columnSymbology, "%s", err)
	}
	body, _, err := draw(encoder, format, values)
	a.metrics.asked(encoder.Name, format.Name, outcome(err))
	return made{body, wanted, format.Name}, err
}

// maxListed bounds how many bad rows one answer names.
const maxListed = 100

// tryRows makes every row and returns the faults of all.
func (a *App) tryRows(ctx context.Context, control *http.ResponseController, b batch) error {
	var faults fault.List
	for _, row := range b.table.rows {
		_, err := a.makeRow(b, row)
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
		_ = control.SetWriteDeadline(time.Now().Add(batchWrite))
	}
	return faults.Err()
}

// lines says what is wrong with a row in one line.
func lines(faults fault.List) string {
	return strings.ReplaceAll(faults.Error(), "\n", "; ")
}
