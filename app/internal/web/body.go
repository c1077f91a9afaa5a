package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"

	"github.com/ycesproject/yces/app/internal/fault"
	"github.com/ycesproject/yces/app/internal/render"
)

// maxBody bounds a request's body: the most that any symbol holds, escaped, several times over.
const maxBody = 64 << 10

// maxUpload bounds a multipart body: the parameters and a logo.
const maxUpload = maxBody + render.MaxLogoBytes

// maxPageUpload bounds that of the page's form, which carries the logo of the
// last request too, in Base64.
const maxPageUpload = maxUpload + (render.MaxLogoBytes+2)/3*4

// readBody reads parameters from a form or from a JSON object; mostParts bounds
// a multipart body.
func readBody(w http.ResponseWriter, r *http.Request, mostParts int64) (url.Values, error) {
	mediaType, options, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		mediaType = ""
	}
	most := int64(maxBody)
	if mediaType == "multipart/form-data" {
		most = mostParts
	}
	body := http.MaxBytesReader(w, r.Body, most)
	var values url.Values
	switch mediaType {
	case "multipart/form-data":
		values, err = parseParts(multipart.NewReader(body, options["boundary"]))
	case "application/json":
		values, err = parseJSON(body)
	case "application/x-www-form-urlencoded":
		values, err = parseForm(body)
	default:
		return nil, statusError{http.StatusUnsupportedMediaType, "The body must be application/json, application/x-www-form-urlencoded or, with a logo, multipart/form-data."}
	}
	return values, bodyError(err, most)
}

// bodyError makes an error of reading a body one that has a status.
func bodyError(err error, most int64) error {
	var tooLarge *http.MaxBytesError
	var status statusError
	var faults fault.List
	switch {
	case err == nil, errors.As(err, &status), errors.As(err, &faults):
		return err
	case errors.As(err, &tooLarge):
		return statusError{http.StatusRequestEntityTooLarge, fmt.Sprintf("The body must be %d KiB at the most.", most>>10)}
	}
	return statusError{http.StatusBadRequest, "The body did not arrive whole."}
}

func parseForm(r io.Reader) (url.Values, error) {
	body, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, statusError{http.StatusBadRequest, "The form is not well-formed: " + queryFault(err) + "."}
	}
	return values, refuseLogo(values)
}

// refuseLogo is for bodies that carry text only.
func refuseLogo(values url.Values) error {
	if values.Get("logo") != "" {
		return fault.Of("logo", "must be sent as a file, in multipart/form-data; addresses are never fetched")
	}
	return nil
}

// parseParts reads multipart/form-data (RFC 7578). A form sends an empty file
// where none was chosen.
func parseParts(parts *multipart.Reader) (url.Values, error) {
	values := url.Values{}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return values, nil
		}
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return nil, err
		}
		if part.FileName() != "" && part.FormName() != "logo" {
			return nil, fault.Of(shorten(part.FormName()), "must be text, not a file")
		}
		if part.FormName() != "logo" || len(content) > 0 {
			values.Add(part.FormName(), string(content))
		}
	}
}

// parseJSON reads an object whose members are strings, whole numbers or booleans.
func parseJSON(r io.Reader) (url.Values, error) {
	body, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil || members == nil {
		return nil, statusError{http.StatusBadRequest, "The body must be one JSON object."}
	}
	values := url.Values{}
	var faults fault.List
	for name, raw := range members {
		var text string
		var number json.Number
		var flag bool
		switch {
		case json.Unmarshal(raw, &text) == nil:
			values.Set(name, text)
		case json.Unmarshal(raw, &number) == nil:
			values.Set(name, number.String())
		case json.Unmarshal(raw, &flag) == nil:
			values.Set(name, string(raw))
		default:
			faults.Add(shorten(name), "must be a string, a number or a boolean")
		}
	}
	if err := faults.Join(refuseLogo(values)); err != nil {
		return nil, err
	}
	return values, faults.Err()
}
