package web

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"mime/multipart"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ycesproject/yces/app/internal/render"
)

func faultsOf(t *testing.T, w *httptest.ResponseRecorder) map[string]string {
	t.Helper()
	var p problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("%d %.200s: %v", w.Code, w.Body, err)
	}
	found := map[string]string{}
	for _, f := range p.Errors {
		found[f.Field] += f.Detail
	}
	return found
}

func TestEveryFormatIsServed(t *testing.T) {
	a := newApp(t, &bytes.Buffer{})
	for _, f := range render.Formats {
		w := do(a, "GET", "/api/v1/qr."+f.Name+"?data=x&fg=navy&gradient=radial&fg2=800000&module=rounded&eye=circle&eyecolor=maroon&quiet=5&mm=30", "", "")
		if w.Code != 200 || w.Header().Get("Content-Type") != f.MediaType {
			t.Errorf("%s: %d %s %.200s", f.Name, w.Code, w.Header().Get("Content-Type"), w.Body)
		}
	}
}

func TestFaultsOfStyles(t *testing.T) {
	a := newApp(t, &bytes.Buffer{})
	tests := []struct {
		query  string
		fields string
	}{
		{"qr.png?data=x&module=star&eye=nose&gradient=up", "module eye gradient fg2"},
		{"qr.png?data=x&fg2=red", "gradient"},
		{"qr.png?data=x&quiet=1&mm=x&dpi=1&quality=5&logosize=20", "quiet mm dpi quality logosize"},
		{"qr.png?data=x&mm=NaN", "mm"},
		{"qr.png?data=x&eyecolor=yellow&fg=pinkish", "eyecolor fg"},
		{"qr.jpg?data=x&bg=transparent", "bg"},
		{"qr.svg?data=x&bg=pinkish&fg=yellow", "bg"},
		{"ean13.png?data=4006381333931&module=dot&eye=leaf&eyecolor=navy", "module eye eyecolor"},
		{"qr.png?data=x&logo=https://example.org/logo.png", "logo"},
	}
	for _, tt := range tests {
		found := faultsOf(t, do(a, "GET", "/api/v1/"+tt.query, "", ""))
		for _, field := range strings.Fields(tt.fields) {
			if found[field] == "" {
				t.Errorf("%s: no fault for %s in %v", tt.query, field, found)
			}
		}
		if len(found) != len(strings.Fields(tt.fields)) {
			t.Errorf("%s: %v, want %s", tt.query, found, tt.fields)
		}
	}
}

// upload posts fields and a file.
func upload(t *testing.T, a *App, target, field string, file []byte, fields map[string]string) *httptest.ResponseRecorder {
	t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for name, value := range fields {
		if err := form.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	part, err := form.CreateFormFile(field, "any.png")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = part.Write(file)
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	return do(a, "POST", target, form.FormDataContentType(), b.String())
}

func TestALogoIsUploaded(t *testing.T) {
	a := newApp(t, &bytes.Buffer{})
	var logo bytes.Buffer
	img := image.NewNRGBA(image.Rect(0, 0, 40, 20))
	for i := range img.Pix {
		img.Pix[i] = 0xff - byte(i%4/3)
	}
	if err := png.Encode(&logo, img); err != nil {
		t.Fatal(err)
	}
	fields := map[string]string{"data": "https://example.org", "logosize": "25"}
	without := do(a, "GET", "/api/v1/qr.svg?data=https://example.org&level=H", "", "").Body
	with := upload(t, a, "/api/v1/qr.svg", "logo", logo.Bytes(), fields)
	if with.Code != 200 || !strings.Contains(with.Body.String(), "<image ") || with.Body.Len() <= without.Len() {
		t.Errorf("%d: %.300s", with.Code, with.Body)
	}
	if with.Header().Get("Cache-Control") != "no-store" {
		t.Error("an uploaded logo may be cached")
	}
	for name, w := range map[string]*httptest.ResponseRecorder{
		"broken":     upload(t, a, "/api/v1/qr.svg", "logo", logo.Bytes()[:30], fields),
		"low level":  upload(t, a, "/api/v1/qr.svg", "logosize", nil, map[string]string{"data": "x"}),
		"other code": upload(t, a, "/api/v1/aztec.svg", "logo", logo.Bytes(), map[string]string{"data": "x"}),
	} {
		if w.Code != 400 || len(faultsOf(t, w)) != 1 {
			t.Errorf("%s: %d %.200s", name, w.Code, w.Body)
		}
	}
	if w := upload(t, a, "/api/v1/qr.svg", "logo", make([]byte, maxUpload), fields); w.Code != 413 {
		t.Errorf("a large file: %d", w.Code)
	}
	if w := upload(t, a, "/api/v1/qr.svg", "logo", nil, map[string]string{"data": "x"}); w.Code != 200 {
		t.Errorf("a form without a file chosen: %d %.200s", w.Code, w.Body)
	}
	if found := faultsOf(t, do(a, "POST", "/api/v1/qr.svg", "application/json", `{"data":"x","logo":"https://example.org/l.png"}`)); !strings.Contains(found["logo"], "never fetched") {
		t.Errorf("an address as a logo: %v", found)
	}
}

func FuzzParts(f *testing.F) {
	f.Add("--b\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\nx\r\n--b--\r\n")
	f.Add("--b\r\nContent-Disposition: form-data; name=\"logo\"; filename=\"l\"\r\n\r\nGIF89a\r\n--b--\r\n")
	f.Fuzz(func(t *testing.T, body string) {
		values, err := parseParts(multipart.NewReader(strings.NewReader(body), "b"))
		if err != nil {
			return
		}
		for name, list := range values {
			if len(list) == 0 {
				t.Errorf("%q has no value", name)
			}
		}
	})
}
