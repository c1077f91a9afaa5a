package web

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"html"
	"image"
	"image/png"
	"math/rand/v2"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/ycesproject/yces/app/internal/payload"
	"github.com/ycesproject/yces/app/internal/render"
)

const formType = "application/x-www-form-urlencoded"

// preview answers a form as the page's script gets it.
func preview(t *testing.T, a *App, mediaType, body string) previewAnswer {
	t.Helper()
	w := do(a, "POST", "/preview", mediaType, body)
	var answer previewAnswer
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != 200 {
		t.Fatalf("%d, %v: %s", w.Code, err, w.Body)
	}
	return answer
}

var (
	embedded = regexp.MustCompile(`src="(data:image/[^"]+)"`)
	download = regexp.MustCompile(`id="download-svg" href="([^"]+)"`)
	toShare  = regexp.MustCompile(`id="link" href="([^"]+)"`)
)

func pictureIn(t *testing.T, page string) string {
	t.Helper()
	found := embedded.FindStringSubmatch(page)
	if found == nil {
		t.Fatalf("no picture in %.2000s", page)
	}
	svg, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(html.UnescapeString(found[1]), "data:image/svg+xml;base64,"))
	if err != nil {
		t.Fatal(err)
	}
	return string(svg)
}

func TestPageLinkDownloadAndPreviewShowTheSamePicture(t *testing.T) {
	a := newApp(t, &bytes.Buffer{})
	for _, k := range payload.Kinds {
		values := url.Values{"type": {k.Name}, "fg": {"#112233"}, "bg": {"#ffffff"}, "fg2": {"#000000"}, "gradient": {"none"}, "transparent": {"1"}, "owneyes": {"1"}, "eyecolor": {"#000044"}, "lang": {"de"}}
		for _, f := range k.Fields {
			values.Set(f.Name, f.Example)
		}
		if k.HasSecrets() {
			continue
		}
		if k.Name == "text" {
			values.Set("module", "dot")
		}
		page := do(a, "GET", "/?"+values.Encode(), "", "").Body.String()
		picture := pictureIn(t, page)
		if got := pictureIn(t, preview(t, a, formType, values.Encode()).Result); got != picture {
			t.Errorf("%s: the preview shows another picture", k.Name)
		}
		if got := pictureIn(t, do(a, "POST", "/", formType, values.Encode()).Body.String()); got != picture {
			t.Errorf("%s: the posted page shows another picture", k.Name)
		}
		if got := do(a, "GET", html.UnescapeString(download.FindStringSubmatch(page)[1]), "", "").Body.String(); got != picture {
			t.Errorf("%s: the download is another picture: %.200s", k.Name, got)
		}
		if got := pictureIn(t, do(a, "GET", html.UnescapeString(toShare.FindStringSubmatch(page)[1]), "", "").Body.String()); got != picture {
			t.Errorf("%s: the link shows another picture", k.Name)
		}
	}
}

func TestSecretsAreInNoLinkAndRefusedInAddresses(t *testing.T) {
	var log bytes.Buffer
	a := newApp(t, &log)
	for _, query := range []string{"type=wifi&ssid=x&password=topsecret", "type=otp&account=x&secret=topsecret", "type=url&data=https://example.org&password=topsecret"} {
		w := do(a, "GET", "/?"+query, "", "")
		if w.Code != 400 || strings.Contains(w.Body.String(), "topsecret") {
			t.Errorf("page %s: %d %s", query, w.Code, w.Body)
		}
		if w := do(a, "GET", "/api/v1/qr.svg?"+query, "", ""); w.Code != 400 || strings.Contains(w.Body.String(), "topsecret") || !strings.Contains(w.Body.String(), "body of a POST") {
			t.Errorf("API %s: %d %s", query, w.Code, w.Body)
		}
	}
	const body = "type=wifi&ssid=x&password=topsecret"
	w := do(a, "POST", "/", formType, body)
	page := w.Body.String()
	if w.Code != 200 || w.Header().Get("Cache-Control") != "no-store" || strings.Contains(page, "/api/v1/") || toShare.MatchString(page) {
		t.Errorf("posted page: %d, %s: %s", w.Code, w.Header().Get("Cache-Control"), page)
	}
	if strings.Count(page, "topsecret") != 1 {
		t.Errorf("the secret stands in the page %d times, expected in its own input only", strings.Count(page, "topsecret"))
	}
	file := do(a, "POST", "/download/svg", formType, body)
	if file.Body.String() != pictureIn(t, page) || file.Header().Get("Cache-Control") != "no-store" || !strings.Contains(file.Header().Get("Content-Disposition"), `"qr.svg"`) {
		t.Errorf("download: %v %.100s", file.Header(), file.Body)
	}
	if strings.Contains(log.String(), "topsecret") {
		t.Error("the secret is in the log")
	}
}

func TestPageStatuses(t *testing.T) {
	a := newApp(t, &bytes.Buffer{})
	tests := []struct {
		method, target, mediaType, body string
		status                          int
	}{
		{"GET", "/?type=wifi", "", "", 200},
		{"GET", "/?type=nope", "", "", 400},
		{"GET", "/?%zz", "", "", 400},
		{"GET", "/?data=" + url.QueryEscape("\xff"), "", "", 400},
		{"GET", "/?type=text&data=x&logo=logo.png", "", "", 400},
		{"POST", "/", formType, "type=wifi", 400},
		{"POST", "/", "text/plain", "x", 415},
		{"POST", "/preview", formType, "%zz", 400},
		{"POST", "/download/gif", formType, "type=text&data=x", 404},
		{"POST", "/download/png", formType, "type=text&data=", 400},
		{"GET", "/manifest.webmanifest?lang=de", "", "", 200},
		{"GET", "/sw.js", "", "", 200},
	}
	for _, tt := range tests {
		if w := do(a, tt.method, tt.target, tt.mediaType, tt.body); w.Code != tt.status {
			t.Errorf("%s %.60s: %d, want %d: %.300s", tt.method, tt.target, w.Code, tt.status, w.Body)
		}
	}
}

func TestFaultsNameFieldsOfTheForm(t *testing.T) {
	a := newApp(t, &bytes.Buffer{})
	long := strings.Repeat("x", 2000)
	tests := []struct{ body, field, title string }{
		{"type=wifi&ssid=&password=12345678", "ssid", "Network name"},
		{"type=vcard&lastname=x&note=" + long + long, "firstname", "Content"},
		{"symbology=ean13&data=x", "data", "Content"},
		{"type=text&data=x&scale=1000", "scale", "Pixels per module"},
		{"type=text&data=x&level=X", "level", "Error correction"},
	}
	for _, tt := range tests {
		answer := preview(t, a, formType, tt.body)
		if len(answer.Faults) != 1 || answer.Faults[0].Field != tt.field || answer.Faults[0].Title != tt.title || answer.Result != "" {
			t.Errorf("%.60s: %+v", tt.body, answer.Faults)
		}
	}
}

// keptLogo is what a browser without script sends again.
var keptLogo = regexp.MustCompile(`name="logokept" value="([^"]+)"`)

func TestALogoTravelsByPOSTOnly(t *testing.T) {
	a := newApp(t, &bytes.Buffer{})
	logo, err := iconPNG(64)
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]string{"type": "url", "data": "https://example.org"}
	page := upload(t, a, "/", "logo", logo, fields).Body.String()
	if !strings.Contains(pictureIn(t, page), "<image") || strings.Contains(page, "/api/v1/") || toShare.MatchString(page) {
		t.Errorf("page: %.3000s", page)
	}
	kept := keptLogo.FindStringSubmatch(page)
	if kept == nil {
		t.Fatal("a browser without script loses the logo")
	}
	again := url.Values{"type": {"url"}, "data": {"https://example.org"}, "logokept": {html.UnescapeString(kept[1])}}
	if got := do(a, "POST", "/download/svg", formType, again.Encode()).Body.String(); got != pictureIn(t, page) {
		t.Errorf("the download has another logo: %.300s", got)
	}
}

func TestTheLargestLogoIsKeptBesideAnother(t *testing.T) {
	noise := image.NewNRGBA(image.Rect(0, 0, 590, 590))
	_, _ = rand.NewChaCha8([32]byte{}).Read(noise.Pix) // never fails
	for i := 3; i < len(noise.Pix); i += 4 {
		noise.Pix[i] = 0xff
	}
	var logo bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.NoCompression}).Encode(&logo, noise); err != nil {
		t.Fatal(err)
	}
	if n := logo.Len(); n > render.MaxLogoBytes || n < render.MaxLogoBytes*99/100 {
		t.Fatalf("the logo has %d bytes", n)
	}
	a := newApp(t, &bytes.Buffer{})
	fields := map[string]string{"type": "url", "data": "https://example.org"}
	kept := keptLogo.FindStringSubmatch(upload(t, a, "/", "logo", logo.Bytes(), fields).Body.String())
	if kept == nil {
		t.Fatal("the logo is lost")
	}
	fields["logokept"] = html.UnescapeString(kept[1])
	for name, chosen := range map[string][]byte{"no other": nil, "another": logo.Bytes()} {
		if w := upload(t, a, "/download/png", "logo", chosen, fields); w.Code != 200 {
			t.Errorf("%s chosen: %d %.200s", name, w.Code, w.Body)
		}
	}
	if w := upload(t, a, "/download/png", "logo", make([]byte, maxPageUpload), fields); w.Code != 413 {
		t.Errorf("larger than a form can be: %d", w.Code)
	}
}

func TestThePageCanBeInstalled(t *testing.T) {
	a := newApp(t, &bytes.Buffer{})
	var manifest struct {
		Name  string
		Icons []struct{ Src, Sizes, Type string }
	}
	if err := json.Unmarshal(do(a, "GET", "/manifest.webmanifest?lang=de", "", "").Body.Bytes(), &manifest); err != nil || manifest.Name != "QR-Codes und Strichcodes" {
		t.Fatalf("manifest: %+v, %v", manifest, err)
	}
	for _, icon := range manifest.Icons {
		w := do(a, "GET", icon.Src, "", "")
		if w.Code != 200 || w.Header().Get("Content-Type") != icon.Type {
			t.Errorf("%s: %d %s", icon.Src, w.Code, w.Header().Get("Content-Type"))
		}
		if icon.Type != "image/png" {
			continue
		}
		config, err := png.DecodeConfig(w.Body)
		if err != nil || !strings.HasPrefix(icon.Src, "/icon-"+strings.Split(icon.Sizes, "x")[0]) || config.Width != config.Height || !strings.HasPrefix(icon.Sizes, strings.Split(icon.Src[len("/icon-"):], ".")[0]) {
			t.Errorf("%s: %dx%d, %v", icon.Src, config.Width, config.Height, err)
		}
	}
	worker := do(a, "GET", "/sw.js", "", "").Body.String()
	for _, name := range []string{"app.css", "app.js", "icon.svg"} {
		if !strings.Contains(worker, `"`+a.assets[name].address+`"`) {
			t.Errorf("the worker does not keep %s", name)
		}
	}
}

// FuzzPage sends any form to the page: it is answered, without a fault of ours,
// and whatever was made reads back.
func FuzzPage(f *testing.F) {
	f.Add("type=wifi&ssid=x&password=12345678&fg=%23ff0000")
	f.Add("symbology=ean13&data=4006381333931&module=dot&logokept=AAAA")
	f.Add("type=epc&payee=x&iban=DE89370400440532013000&symbology=aztec&level=H&gradient=radial&fg2=red&transparent=on")
	var log bytes.Buffer
	a := newApp(f, &log)
	f.Fuzz(func(t *testing.T, body string) {
		log.Reset()
		for _, w := range []int{do(a, "POST", "/", formType, body).Code, do(a, "GET", "/?"+url.PathEscape(body), "", "").Code, do(a, "POST", "/preview", formType, body).Code} {
			if w >= 500 {
				t.Errorf("%q: %d\n%s", body, w, log.String())
			}
		}
		if strings.Contains(log.String(), `"ERROR"`) {
			t.Errorf("%q: %s", body, log.String())
		}
	})
}
