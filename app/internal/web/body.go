package web

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"

	"github.com/ycesproject/yces/app/internal/fault"
)

// maxBody bounds a request's body: the most that any symbol holds, escaped, several times over.
const maxBody = 64 << 10

// readBody reads parameters from a form or from a JSON object.
func readBody(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || (mediaType != "application/json" && mediaType != "application/x-www-form-urlencoded") {
		return nil, statusError{http.StatusUnsupportedMediaType, "The body must be application/json or application/x-www-form-urlencoded."}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, statusError{http.StatusRequestEntityTooLarge, "The body must be 64 KiB at the most."}
	}
	if err != nil {
		return nil, statusError{http.StatusBadRequest, "The body did not arrive whole."}
	}
	if mediaType == "application/json" {
		return parseJSON(body)
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, statusError{http.StatusBadRequest, "The form is not well-formed: " + queryFault(err) + "."}
	}
	return values, nil
}

// parseJSON reads an object whose members are strings, whole numbers or booleans.
func parseJSON(body []byte) (url.Values, error) {
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
	return values, faults.Err()
}
