package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"time"

	"github.com/ycesproject/yces/app/internal/fault"
	"github.com/ycesproject/yces/app/internal/scan"
)

// postScan answers POST /api/v1/scan. Pictures are read and forgotten: nothing
// of them or of what they say is stored, logged or counted.
func (a *App) postScan(w http.ResponseWriter, r *http.Request) {
	symbols, err := a.scanPicture(w, r)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	if symbols == nil {
		symbols = []scan.Symbol{}
	}
	writeJSON(w, http.StatusOK, "application/json", struct {
		Symbols []scan.Symbol `json:"symbols"`
	}{symbols})
}

// scanPicture reads the picture that a request carries.
func (a *App) scanPicture(w http.ResponseWriter, r *http.Request) ([]scan.Symbol, error) {
	release, err := a.scans.room(r.Context(), clientNetwork(a.addressOf(r)), r.ContentLength)
	if err != nil {
		return nil, err
	}
	defer release()
	up, err := readPicture(w, r)
	if err != nil {
		return nil, err
	}
	memory, err := scan.Inspect(up.file)
	if err != nil {
		return nil, pictureError(err)
	}
	// The server's own limit counts from the request's first byte. Servers of
	// tests have none to move.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(answerTime))
	done, err := a.scans.turn(r.Context(), memory)
	if err != nil {
		return nil, err
	}
	defer done()
	ctx, cancel := context.WithTimeout(r.Context(), scanTime)
	defer cancel()
	picture, err := scan.Open(ctx, up.file)
	if err != nil {
		return nil, pictureError(err)
	}
	return scan.Read(ctx, picture, up.symbologies), nil
}

// pictureError gives the reasons to refuse a picture their statuses.
func pictureError(err error) error {
	status := http.StatusUnprocessableEntity
	switch {
	case errors.Is(err, scan.ErrNotImage):
		status = http.StatusUnsupportedMediaType
	case errors.Is(err, scan.ErrTooLarge):
		status = http.StatusRequestEntityTooLarge
	case errors.Is(err, context.DeadlineExceeded):
		return statusError{status, "Opening the picture takes too long; save it anew as a PNG or baseline JPEG."}
	}
	reason := err.Error()
	return statusError{status, strings.ToUpper(reason[:1]) + reason[1:] + "."}
}

// sentPicture is what a request to read a picture carries.
type sentPicture struct {
	file        []byte
	symbologies scan.Set
}

// readPicture takes the picture as the body itself or as the part "image" of a
// form, and what to look for from the form or the query.
func readPicture(w http.ResponseWriter, r *http.Request) (sentPicture, error) {
	query := r.URL.Query()
	var faults fault.List
	for name, values := range query {
		if name != "symbologies" && name != "lang" || len(values) > 1 {
			faults.Add(shorten(name), "is not known, or given more than once")
		}
	}
	mediaType, options, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		mediaType = ""
	}
	// A form is a little longer than the file in it.
	body := http.MaxBytesReader(w, r.Body, maxPicture+4096)
	list := query.Get("symbologies")
	var file []byte
	switch {
	case mediaType == "multipart/form-data":
		file, err = pictureOfForm(multipart.NewReader(body, options["boundary"]), &list)
	case strings.HasPrefix(mediaType, "image/"), mediaType == "application/octet-stream":
		file, err = io.ReadAll(body)
	default:
		return sentPicture{}, statusError{http.StatusUnsupportedMediaType, "The body must be a picture (image/png, image/jpeg, …), or multipart/form-data with the picture as the file “image”."}
	}
	if err != nil {
		return sentPicture{}, bodyError(err, maxPicture)
	}
	if len(file) == 0 {
		faults.Add("image", "is missing: choose a picture (%s)", scan.Formats)
	}
	set, err := scan.ParseSet(list)
	if err := faults.Join(err); err != nil {
		return sentPicture{}, err
	}
	return sentPicture{file, set}, faults.Err()
}

// pictureOfForm reads the parts of a form one after the other.
func pictureOfForm(parts *multipart.Reader, list *string) (file []byte, err error) {
	const maxParts, maxList = 8, 512
	for range maxParts {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return file, nil
		}
		if err != nil {
			return nil, err
		}
		switch part.FormName() {
		case "image":
			file, err = io.ReadAll(part)
		case "symbologies":
			var text []byte
			text, err = io.ReadAll(io.LimitReader(part, maxList))
			*list = string(text)
		default:
			return nil, fault.Of(shorten(part.FormName()), "is not known: a form has image and symbologies")
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, statusError{http.StatusBadRequest, fmt.Sprintf("The form must have %d parts at the most.", maxParts)}
}
