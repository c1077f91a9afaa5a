package web

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ycesproject/yces/app/internal/fault"
)

// What a batch may cost.
const (
	maxBatchBody  = 4 << 20
	maxBatchBytes = 256 << 20
	// maxBatchTime is for trying all rows, and as much again for making them.
	maxBatchTime = time.Minute
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
	// grid is the sheet of labels to print; nil for a picture each.
	grid *grid
	// logo is that of all rows: a column for it is refused.
	logo *sharedLogo
}

// maxListed bounds how many bad rows one answer names.
const maxListed = 100

// flushEvery is how often a client hears of what was made.
const flushEvery = 100 * time.Millisecond

// postBatch answers POST /api/v1/batch.
func (a *App) postBatch(w http.ResponseWriter, r *http.Request) {
	if err := a.runBatch(w, r); err != nil {
		a.fail(w, r, err)
	}
}

// runBatch returns an error as long as nothing was sent.
func (a *App) runBatch(w http.ResponseWriter, r *http.Request) error {
	control := http.NewResponseController(w)
	// Writers that know no deadlines, those of tests, need none.
	_ = control.SetReadDeadline(time.Now().Add(batchUpload))
	file, defaults, err := readBatch(w, r)
	if err != nil {
		return err
	}
	release, err := a.slots.forBatch(r.Context(), clientNetwork(a.addressOf(r)))
	if err != nil {
		return err
	}
	defer release()
	b, err := newBatch(file, defaults)
	if err != nil {
		return err
	}
	if b.refuse {
		going := func() { _ = control.SetWriteDeadline(time.Now().Add(batchWrite)) }
		if err := a.tryRows(r.Context(), b, a.discard(b), going); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(r.Context(), maxBatchTime)
	defer cancel()
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Batch-Rows", strconv.Itoa(len(b.table.rows)))
	flush := func() error {
		_ = control.SetWriteDeadline(time.Now().Add(batchWrite))
		return control.Flush()
	}
	if err := a.sendBatch(ctx, w, b, flush); err != nil {
		a.cfg.Log.WarnContext(r.Context(), "send batch", "error", err, "request_id", requestID(r))
		// Half an answer is out: only breaking the connection tells the client.
		panic(http.ErrAbortHandler)
	}
	return nil
}

// sendBatch sends a sheet of labels where all rows are known to be right, and
// otherwise an archive with a report. It ends with an error where the connection
// is gone, or a row that was tried is not made.
func (a *App) sendBatch(ctx context.Context, w http.ResponseWriter, b batch, flush func() error) error {
	h := w.Header()
	said := newReport()
	if b.grid != nil && b.refuse {
		h.Set("Content-Type", "application/pdf")
		h.Set("Content-Disposition", `attachment; filename="`+labelsFile+`"`)
		return a.sendLabels(ctx, w, b, said, flush)
	}
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", `attachment; filename="codes.zip"`)
	archive := zip.NewWriter(w)
	if b.grid != nil {
		sheet, err := archiveFile(archive, labelsFile, false)
		if err == nil {
			err = a.sendLabels(ctx, sheet, b, said, flush)
		}
		return errors.Join(err, endArchive(archive, said))
	}
	made := a.newPictures(b, archive)
	if err := a.makeRows(ctx, b, made, said, func() error { return errors.Join(archive.Flush(), flush()) }); err != nil {
		return err
	}
	return endArchive(archive, said)
}

func (a *App) sendLabels(ctx context.Context, w io.Writer, b batch, said *report, flush func() error) error {
	made := a.newLabels(b, w)
	if err := a.makeRows(ctx, b, made, said, flush); err != nil {
		return err
	}
	return made.pages.Close()
}

// readBatch reads the table from a CSV body or from the file of a form, and the
// parameters of all rows.
func readBatch(w http.ResponseWriter, r *http.Request) (file []byte, defaults url.Values, err error) {
	defaults, err = url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, nil, statusError{http.StatusBadRequest, "The query is not well-formed: " + queryFault(err) + "."}
	}
	if err := refuseInAddress(defaults); err != nil {
		return nil, nil, err
	}
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	r.Body = http.MaxBytesReader(w, r.Body, maxBatchBody)
	switch mediaType {
	case "text/csv":
		file, err = io.ReadAll(r.Body)
	case "multipart/form-data":
		file, err = readForm(r, defaults)
	default:
		return nil, nil, statusError{http.StatusUnsupportedMediaType, "The body must be text/csv, or multipart/form-data with a file."}
	}
	if err != nil {
		return nil, nil, uploadError(err)
	}
	return file, defaults, nil
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
	b := batch{defaults: defaults, logo: &sharedLogo{}}
	var faults fault.List
	switch bad := defaults.Get("bad"); bad {
	case "", "skip":
	case "refuse":
		b.refuse = true
	default:
		faults.Add("bad", "must be skip or refuse, got %.20q", bad)
	}
	defaults.Del("bad")
	if name := defaults.Get("sheet"); name != "" {
		i := slices.IndexFunc(grids, func(g grid) bool { return g.Name == name })
		if i < 0 {
			faults.Add("sheet", "must be one of %s, got %.20q", strings.Join(gridNames(), ", "), name)
		} else {
			b.grid = &grids[i]
		}
	}
	defaults.Del("sheet")
	for name, otherwise := range map[string]string{columnSymbology: "qr", columnFormat: "png"} {
		if defaults.Get(name) == "" {
			defaults.Set(name, otherwise)
		}
	}
	plain := maps.Clone(defaults)
	for _, name := range ownColumns {
		plain.Del(name)
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
