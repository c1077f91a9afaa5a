//go:build browser

package web

import (
	"bytes"
	"context"
	"fmt"
	"image"
	imagedraw "image/draw"
	"image/png"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	cdpnetwork "github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// scanBrowser is a browser at the scan page.
type scanBrowser struct {
	context.Context
	mu    sync.Mutex
	posts []string
	// wasm counts how often the reader was asked for.
	wasm int
}

// openScan fails the test on any fault that the browser tells of, and on
// requests to anybody else.
func openScan(t *testing.T, flags []chromedp.ExecAllocatorOption, prepare ...chromedp.Action) *scanBrowser {
	t.Helper()
	server := httptest.NewServer(newApp(t, &bytes.Buffer{}).Handler())
	t.Cleanup(server.Close)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU)
	ctx, stop := chromedp.NewExecAllocator(context.Background(), append(options, flags...)...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	ctx, stop = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(stop)
	b := &scanBrowser{Context: ctx}
	chromedp.ListenTarget(ctx, func(event any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			t.Errorf("exception: %s", e.ExceptionDetails.Text)
		case *runtime.EventConsoleAPICalled:
			t.Errorf("console: %s", e.Type)
		case *cdplog.EventEntryAdded:
			t.Errorf("log: %s %s", e.Entry.Text, e.Entry.URL)
		case *cdpnetwork.EventRequestWillBeSent:
			b.saw(t, e.Request, server.URL+"/")
		}
	})
	prepare = append([]chromedp.Action{cdplog.Enable()}, prepare...)
	if err := chromedp.Run(ctx, append(prepare, chromedp.Navigate(server.URL+"/scan"))...); err != nil {
		t.Fatalf("open page: %v", err)
	}
	return b
}

func (b *scanBrowser) saw(t *testing.T, r *cdpnetwork.Request, origin string) {
	if !strings.HasPrefix(r.URL, origin) {
		t.Errorf("request to %s", r.URL)
	}
	if r.Method == "POST" {
		b.posts = append(b.posts, r.URL)
	}
	if strings.HasSuffix(r.URL, ".wasm") {
		b.wasm++
	}
}

func codeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "code.png")
	if err := os.WriteFile(path, codePicture(t, text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// read waits for a symbol and returns what is shown of it.
func (b *scanBrowser) read(t *testing.T, do ...chromedp.Action) (title, text, host string) {
	t.Helper()
	err := chromedp.Run(b, append(do,
		chromedp.WaitVisible("#symbols .content"),
		chromedp.Text("#symbols h3", &title), chromedp.Text("#symbols .content", &text),
		chromedp.Evaluate(`document.querySelector("#symbols .link").hidden ? "" : document.querySelector("#symbols .host").textContent`, &host))...)
	if err != nil {
		var status, fault string
		_ = chromedp.Run(b, chromedp.Text("#status", &status), chromedp.Text("#fault", &fault))
		t.Fatalf("wait for a symbol: %v; page says %q %q", err, status, fault)
	}
	return title, text, host
}

func TestUploadIsReadInTheBrowser(t *testing.T) {
	b := openScan(t, nil)
	if b.wasm != 0 {
		t.Error("the reader is loaded before it is needed")
	}
	title, text, host := b.read(t, chromedp.SetUploadFiles("#image", []string{codeFile(t, "https://example.org/Grüße?<b>")}))
	if title != "QR code" || text != "https://example.org/Grüße?<b>" || host != "example.org" {
		t.Errorf("%s: %q, link to %q", title, text, host)
	}
	if len(b.posts) != 0 || b.wasm != 1 {
		t.Errorf("sent %v; reader loaded %d times", b.posts, b.wasm)
	}
}

func TestLinkShowsItsHostAndIsNotOpened(t *testing.T) {
	b := openScan(t, nil)
	_, _, host := b.read(t, chromedp.SetUploadFiles("#image", []string{codeFile(t, "https://example.org:8443/x")}))
	var path string
	var copied string
	err := chromedp.Run(b, chromedp.Evaluate(`location.pathname`, &path),
		chromedp.Evaluate(`navigator.clipboard.writeText = async (text) => { window.copied = text }`, nil),
		chromedp.Click("#symbols .copy"), chromedp.Poll(`window.copied`, &copied))
	if err != nil || host != "example.org:8443" || path != "/scan" || copied != "https://example.org:8443/x" {
		t.Errorf("host %q, at %s, copied %q, %v", host, path, copied, err)
	}
}

// given makes an event carry the code's picture, as pasting and dropping do.
func given(text, event string) chromedp.Action {
	return chromedp.Evaluate(fmt.Sprintf(`fetch("/api/v1/qr.png?data=%s").then((a) => a.blob()).then((blob) => {
		const data = new DataTransfer();
		data.items.add(new File([blob], "code.png", { type: "image/png" }));
		%s
	})`, text, event), nil)
}

func TestPastedAndDroppedPicturesAreRead(t *testing.T) {
	b := openScan(t, nil)
	_, text, _ := b.read(t, given("pasted", `document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));`))
	if text != "pasted" {
		t.Errorf("pasted: %q", text)
	}
	_, text, _ = b.read(t, chromedp.Evaluate(`document.getElementById("symbols").replaceChildren()`, nil),
		given("dropped", `document.getElementById("drop").dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));`))
	if text != "dropped" || len(b.posts) != 0 {
		t.Errorf("dropped: %q; sent %v", text, b.posts)
	}
}

// film is a video of one frame as the fake camera plays it: YUV4MPEG2, 4:2:0.
func film(t *testing.T, text string) string {
	t.Helper()
	code, err := png.Decode(bytes.NewReader(codePicture(t, text)))
	if err != nil {
		t.Fatal(err)
	}
	const w, h = 640, 480
	frame := image.NewGray(image.Rect(0, 0, w, h))
	imagedraw.Draw(frame, frame.Bounds(), image.White, image.Point{}, imagedraw.Src)
	imagedraw.Draw(frame, code.Bounds().Add(image.Pt(170, 90)), code, image.Point{}, imagedraw.Src)
	out := bytes.NewBufferString("YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\n")
	for range 5 {
		out.WriteString("FRAME\n")
		out.Write(frame.Pix)
		out.Write(bytes.Repeat([]byte{128}, w*h/2))
	}
	path := filepath.Join(t.TempDir(), "camera.y4m")
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func fakeCamera(file string) []chromedp.ExecAllocatorOption {
	return []chromedp.ExecAllocatorOption{
		chromedp.Flag("use-fake-ui-for-media-stream", true), chromedp.Flag("use-fake-device-for-media-stream", true),
		chromedp.Flag("use-file-for-fake-video-capture", file),
	}
}

func TestCameraIsRead(t *testing.T) {
	b := openScan(t, fakeCamera(film(t, "seen by the camera")))
	_, text, _ := b.read(t, chromedp.Click("#camera"))
	var off bool
	err := chromedp.Run(b, chromedp.Evaluate(`document.getElementById("video").srcObject === null && document.getElementById("viewer").hidden`, &off))
	if err != nil || text != "seen by the camera" || !off || len(b.posts) != 0 {
		t.Errorf("read %q; camera off: %v; sent %v; %v", text, off, b.posts, err)
	}
}

func TestCameraStopsWhenThePageIsHidden(t *testing.T) {
	b := openScan(t, fakeCamera(film(t, "x")), script(`HTMLVideoElement.prototype.play = async () => {};
		Object.defineProperty(HTMLVideoElement.prototype, "videoWidth", { get: () => 0 });`))
	var state string
	err := chromedp.Run(b, chromedp.Click("#camera"), chromedp.WaitVisible("#viewer"),
		chromedp.Evaluate(`window.track = document.getElementById("video").srcObject.getVideoTracks()[0];
			Object.defineProperty(document, "hidden", { get: () => true });
			document.dispatchEvent(new Event("visibilitychange")); track.readyState`, &state),
		chromedp.WaitVisible("#camera"))
	if err != nil || state != "ended" {
		t.Errorf("camera is %s; %v", state, err)
	}
}

func script(source string) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := cdppage.AddScriptToEvaluateOnNewDocument(source).Do(ctx)
		return err
	})
}

func TestBarcodeDetectorComesFirst(t *testing.T) {
	b := openScan(t, nil, script(`window.BarcodeDetector = class {
		static async getSupportedFormats() { return ["qr_code", "ean_13"]; }
		async detect(source) { return source.width > 0 ? [{ format: "ean_13", rawValue: "4006381333931" }] : []; }
	};`))
	title, text, _ := b.read(t, chromedp.SetUploadFiles("#image", []string{codeFile(t, "x")}))
	if title != "EAN-13" || text != "4006381333931" || b.wasm != 0 {
		t.Errorf("%s %s; reader loaded %d times", title, text, b.wasm)
	}
}

func TestServerReadsWhereTheBrowserCannot(t *testing.T) {
	b := openScan(t, nil, script(`WebAssembly.instantiate = WebAssembly.instantiateStreaming = () => Promise.reject(new Error("not here"));
		WebAssembly.Module = function () { throw new Error("not here"); };
		console.error = console.warn = console.log = () => {};`))
	_, text, _ := b.read(t, chromedp.SetUploadFiles("#image", []string{codeFile(t, "read by the server")}))
	if text != "read by the server" || len(b.posts) != 1 {
		t.Errorf("%q; sent %v", text, b.posts)
	}
}

func TestScanWorksWithoutScript(t *testing.T) {
	b := openScan(t, nil, emulation.SetScriptExecutionDisabled(true))
	title, text, host := b.read(t, chromedp.SetUploadFiles("#image", []string{codeFile(t, "https://example.org/x")}), chromedp.Click("button[type=submit]"))
	if title != "QR code" || text != "https://example.org/x" || host != "example.org" {
		t.Errorf("%s: %q, host %q", title, text, host)
	}
}

func TestFileThatIsNoPictureIsSaidSo(t *testing.T) {
	b := openScan(t, nil)
	path := filepath.Join(t.TempDir(), "x.png")
	if err := os.WriteFile(path, []byte("no picture"), 0o600); err != nil {
		t.Fatal(err)
	}
	var fault string
	err := chromedp.Run(b, chromedp.SetUploadFiles("#image", []string{path}), chromedp.WaitVisible("#fault"), chromedp.Text("#fault", &fault))
	if err != nil || !strings.Contains(fault, "not a picture") {
		t.Errorf("page says %q; %v", fault, err)
	}
}
