//go:build browser

package web

import (
	"bytes"
	"context"
	"image/png"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	cdpnetwork "github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/oned"
	"github.com/makiuchi-d/gozxing/qrcode"

	"github.com/ycesproject/yces/app/internal/payload"
)

// browse opens a real browser at the app and fails the test on any console
// message of a fault, on exceptions and on requests to anybody else.
func browse(t *testing.T, prepare ...chromedp.Action) (context.Context, string) {
	t.Helper()
	ctx, server := browseServer(t, "status of 400", prepare...)
	return ctx, server.URL
}

// browseServer takes a part of the messages that the browser's log may hold: a
// form with faults is answered with 400, which the log calls a fault.
func browseServer(t *testing.T, expected string, prepare ...chromedp.Action) (context.Context, *httptest.Server) {
	t.Helper()
	return browseHandler(t, newApp(t, &bytes.Buffer{}).Handler(), expected, prepare...)
}

func browseHandler(t *testing.T, handler http.Handler, expected string, prepare ...chromedp.Action) (context.Context, *httptest.Server) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("lang", "en-US"))
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	ctx, stop = context.WithTimeout(ctx, 10*time.Minute)
	t.Cleanup(stop)
	watch(ctx, t, server.URL, expected)
	prepare = append(prepare, log.Enable(), chromedp.EmulateViewport(1280, 1000), chromedp.Navigate(server.URL))
	if err := chromedp.Run(ctx, prepare...); err != nil {
		t.Fatalf("open page: %v", err)
	}
	return ctx, server
}

func watch(ctx context.Context, t *testing.T, origin, expected string) {
	var seen sync.Mutex
	chromedp.ListenTarget(ctx, func(event any) {
		seen.Lock()
		defer seen.Unlock()
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			t.Errorf("exception: %s", e.ExceptionDetails.Text)
		case *runtime.EventConsoleAPICalled:
			t.Errorf("console: %s", e.Type)
		case *log.EventEntryAdded:
			if e.Entry.Level == log.LevelError && !strings.Contains(e.Entry.Text, expected) {
				t.Errorf("log: %s", e.Entry.Text)
			}
		case *cdpnetwork.EventRequestWillBeSent:
			if url := e.Request.URL; !strings.HasPrefix(url, origin+"/") && !strings.HasPrefix(url, "data:image/") {
				t.Errorf("request to %.80s", url)
			}
		}
	})
}

const (
	shown       = `(() => { const i = document.getElementById("image"); return i && i.complete && i.naturalWidth > 0 && !document.querySelector(".stale, [aria-busy=true]") })()`
	sidewayRoom = `document.documentElement.scrollWidth - document.documentElement.clientWidth`
	openDetails = `document.querySelectorAll("details").forEach((d) => d.open = true)`
)

// read decodes what is to be seen where the picture is.
func read(ctx context.Context, t *testing.T, reader gozxing.Reader) string {
	t.Helper()
	var shot []byte
	if err := chromedp.Run(ctx, chromedp.Poll(shown, nil), chromedp.Screenshot("#image", &shot, chromedp.ByID)); err != nil {
		t.Fatalf("take picture: %v", err)
	}
	picture, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		t.Fatal(err)
	}
	bits, err := gozxing.NewBinaryBitmapFromImage(picture)
	if err != nil {
		t.Fatal(err)
	}
	result, err := reader.Decode(bits, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true})
	if err != nil {
		t.Fatalf("decode picture: %v", err)
	}
	return result.GetText()
}

// typed are the keys for a field's example, as a browser in English wants them.
func typed(f payload.Field) string {
	switch {
	case f.Input == payload.Date && f.Example != "":
		return f.Example[5:7] + f.Example[8:] + f.Example[:4]
	case f.Name == "starttime":
		return "0630PM"
	case f.Name == "endtime":
		return "0100AM"
	}
	return f.Example
}

// expected is the text that a kind's examples come to.
func expected(t *testing.T, k payload.Kind) string {
	t.Helper()
	text, err := k.Encode(func(name string) string {
		for _, f := range k.Fields {
			if f.Name == name {
				return f.Example
			}
		}
		return ""
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// tabTo presses Tab until a condition on the focused element holds.
func tabTo(ctx context.Context, t *testing.T, condition string) {
	t.Helper()
	for range 60 {
		var there bool
		if err := chromedp.Run(ctx, chromedp.KeyEvent("\t"), chromedp.Evaluate(`(() => { const e = document.activeElement; return `+condition+` })()`, &there)); err != nil {
			t.Fatal(err)
		}
		if there {
			return
		}
	}
	t.Fatalf("no Tab leads to %s", condition)
}

func TestEveryFormIsFilledByKeyboard(t *testing.T) {
	ctx, _ := browse(t)
	for _, k := range payload.Kinds {
		tabTo(ctx, t, `e.matches(".kinds a[href='/?type=`+k.Name+`']")`)
		if err := chromedp.Run(ctx, chromedp.KeyEvent("\r"), chromedp.Poll(`document.querySelector("input[name=type]")?.value === "`+k.Name+`" && document.activeElement.matches(".kinds a")`, nil),
			chromedp.Evaluate(`document.querySelectorAll(".fields input:not([type=checkbox]), .fields textarea").forEach((e) => { e.value = "" })`, nil)); err != nil {
			t.Fatalf("%s: %v", k.Name, err)
		}
		for _, f := range k.Fields {
			tabTo(ctx, t, `e.name === "`+f.Name+`"`)
			if err := chromedp.Run(ctx, chromedp.KeyEvent(typed(f))); err != nil {
				t.Fatal(err)
			}
		}
		tabTo(ctx, t, `e.matches("button.primary")`)
		var path, focus string
		if err := chromedp.Run(ctx, chromedp.KeyEvent("\r"), chromedp.Poll(`document.activeElement.id === "result-title" || document.activeElement.id === "summary"`, nil),
			chromedp.Evaluate(`document.activeElement.id + " " + document.activeElement.textContent`, &focus), chromedp.Evaluate("location.href", &path)); err != nil {
			t.Fatalf("%s: %v", k.Name, err)
		}
		if !strings.HasPrefix(focus, "result-title") || !strings.HasSuffix(path, "/?type="+k.Name) {
			t.Errorf("%s: focus on %s at %s", k.Name, focus, path)
			continue
		}
		if got, want := read(ctx, t, qrcode.NewQRCodeReader()), expected(t, k); got != want {
			t.Errorf("%s: read %q, want %q", k.Name, got, want)
		}
	}
}

func TestEveryFormWorksWithoutScript(t *testing.T) {
	ctx, url := browse(t, emulation.SetScriptExecutionDisabled(true))
	for _, k := range payload.Kinds {
		steps := []chromedp.Action{chromedp.Navigate(url + "/?type=" + k.Name)}
		for _, f := range k.Fields {
			if keys := typed(f); keys != "" {
				steps = append(steps, chromedp.SendKeys("#f-"+f.Name, keys, chromedp.ByID))
			}
		}
		var address string
		steps = append(steps, chromedp.Click("button.primary"), chromedp.WaitVisible("#download-png"), chromedp.Location(&address))
		if err := chromedp.Run(ctx, steps...); err != nil {
			t.Fatalf("%s: %v", k.Name, err)
		}
		if shared := strings.Contains(address, "?"); shared == k.HasSecrets() {
			t.Errorf("%s: address %s", k.Name, address)
		}
		if got, want := read(ctx, t, qrcode.NewQRCodeReader()), expected(t, k); got != want {
			t.Errorf("%s: read %q, want %q", k.Name, got, want)
		}
	}
}

func TestTheFormFollowsTheSymbology(t *testing.T) {
	ctx, url := browse(t)
	const visible = `["f-level", "f-module", "f-fg"].filter((id) => document.getElementById(id).checkVisibility()).join()`
	var aztec, qr string
	err := chromedp.Run(ctx, chromedp.Navigate(url+"/?symbology=aztec&type=text&data=TICKET"), chromedp.Evaluate(openDetails, nil), chromedp.Evaluate(visible, &aztec),
		chromedp.SendKeys("#f-symbology", "QR", chromedp.ByID), chromedp.Evaluate(visible, &qr))
	if err != nil {
		t.Fatal(err)
	}
	if aztec != "f-fg" || qr != "f-level,f-module,f-fg" {
		t.Errorf("Aztec shows %s, QR %s", aztec, qr)
	}
	if err := chromedp.Run(ctx, chromedp.Poll(`document.getElementById("image").alt.startsWith("QR")`, nil)); err != nil {
		t.Fatal(err)
	}
	if got := read(ctx, t, qrcode.NewQRCodeReader()); got != "TICKET" {
		t.Errorf("read %q", got)
	}
}

func TestBarcodesFollowTyping(t *testing.T) {
	ctx, _ := browse(t)
	var fault, early, download, hint string
	var marked bool
	err := chromedp.Run(ctx,
		chromedp.Click(`.kinds a[href*=symbology]`),
		chromedp.WaitVisible("#f-data", chromedp.ByID),
		chromedp.Poll(`document.querySelector("select[name=symbology]")?.value === "ean13"`, nil),
		chromedp.Text("#f-data-hint", &hint),
		chromedp.SendKeys("#f-data", "4006381333930", chromedp.ByID),
		chromedp.Sleep(500*time.Millisecond),
		chromedp.Text("#f-data-error", &early),
		chromedp.KeyEvent("\t"),
		chromedp.Poll(`document.getElementById("f-data-error").textContent !== ""`, nil),
		chromedp.Text("#f-data-error", &fault),
		chromedp.Evaluate(`document.getElementById("f-data").getAttribute("aria-invalid") === "true"`, &marked),
		chromedp.SendKeys("#f-data", "\b1", chromedp.ByID),
		chromedp.Poll(shown, nil),
		chromedp.AttributeValue("#download-png", "href", &download, nil),
	)
	if err != nil {
		t.Fatal(err)
	}
	if hint != "12 digits, or 13 with the check digit." || early != "" {
		t.Errorf("hint %q, fault while typing %q", hint, early)
	}
	if !strings.Contains(fault, "must be 1") || !marked || download != "/api/v1/ean13.png?data=4006381333931&download=1" {
		t.Errorf("fault %q, field marked: %v, download %s", fault, marked, download)
	}
	if got := read(ctx, t, oned.NewEAN13Reader()); got != "4006381333931" {
		t.Errorf("read %q", got)
	}
}
