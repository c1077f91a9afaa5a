//go:build browser

package web

import (
	"bytes"
	"context"
	"net/http/httptest"
	neturl "net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browse opens a real browser at the app and fails the test on any console
// message of a fault, on exceptions and on requests to anybody else.
func browse(t *testing.T, prepare ...chromedp.Action) (context.Context, string) {
	t.Helper()
	server := httptest.NewServer(newApp(t, &bytes.Buffer{}).Handler())
	t.Cleanup(server.Close)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU)
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	ctx, stop = context.WithTimeout(ctx, time.Minute)
	t.Cleanup(stop)
	var seen sync.Mutex
	chromedp.ListenTarget(ctx, func(event any) {
		seen.Lock()
		defer seen.Unlock()
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			t.Errorf("exception: %s", e.ExceptionDetails.Text)
		case *runtime.EventConsoleAPICalled:
			t.Errorf("console: %s", e.Type)
		case *network.EventRequestWillBeSent:
			if !strings.HasPrefix(e.Request.URL, server.URL+"/") {
				t.Errorf("request to %s", e.Request.URL)
			}
		}
	})
	if err := chromedp.Run(ctx, append(prepare, chromedp.Navigate(server.URL))...); err != nil {
		t.Fatalf("open page: %v", err)
	}
	return ctx, server.URL
}

const (
	imageShown  = `(() => { const i = document.getElementById("image"); return !i.hidden && i.complete && i.naturalWidth > 0 })()`
	sidewayRoom = `document.documentElement.scrollWidth - document.documentElement.clientWidth`
)

func TestPreviewFollowsTyping(t *testing.T) {
	ctx, _ := browse(t)
	var fault, download, hint, hidden string
	var marked bool
	err := chromedp.Run(ctx,
		chromedp.SendKeys("#data", "4006381333930"),
		chromedp.Poll(imageShown, nil),
		chromedp.SendKeys("#symbology", "EAN-13"),
		chromedp.Text("#data-hint", &hint),
		chromedp.Evaluate(`getComputedStyle(document.querySelector(".levels-only")).display + getComputedStyle(document.querySelector(".matrix-only")).display`, &hidden),
		chromedp.Poll(`document.getElementById("data-error").textContent !== ""`, nil),
		chromedp.Text("#data-error", &fault),
		chromedp.Evaluate(`document.getElementById("data").getAttribute("aria-invalid") === "true"`, &marked),
		chromedp.SendKeys("#data", "\b1"),
		chromedp.Poll(imageShown, nil),
		chromedp.AttributeValue("#png", "href", &download, nil),
	)
	if err != nil {
		t.Fatal(err)
	}
	if hint != "EAN-13: 12 digits, or 13 with the check digit." || hidden != "nonenone" {
		t.Errorf("hint %q, fields of matrix codes: %s", hint, hidden)
	}
	if !strings.Contains(fault, "must be 1") || !marked || !strings.HasPrefix(download, "/api/v1/ean13.png?data=4006381333931&") {
		t.Errorf("fault %q, field marked: %v, download %s", fault, marked, download)
	}
}

func TestFormWorksWithoutScript(t *testing.T) {
	ctx, _ := browse(t, emulation.SetScriptExecutionDisabled(true))
	var kept, image string
	err := chromedp.Run(ctx,
		chromedp.SendKeys("#data", "Grüße"),
		chromedp.Click(`button[type=submit]`),
		chromedp.WaitVisible("#png"),
		chromedp.AttributeValue("#image", "src", &image, nil),
		chromedp.Value("#data", &kept),
	)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(image, "/api/v1/qr.svg?") || kept != "Grüße" {
		t.Errorf("image %s, content kept as %q", image, kept)
	}
}

func TestEverySymbologyWorksWithoutScript(t *testing.T) {
	ctx, url := browse(t, emulation.SetScriptExecutionDisabled(true))
	for name, text := range examples {
		// The level and the kind are sent for all; the page keeps what fits.
		query := "/?type=text&level=Q&symbology=" + name + "&data=" + neturl.QueryEscape(text)
		var image, chosen string
		err := chromedp.Run(ctx, chromedp.Navigate(url+query), chromedp.WaitVisible("#png"),
			chromedp.AttributeValue("#image", "src", &image, nil), chromedp.Value("#symbology", &chosen))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !strings.HasPrefix(image, "/api/v1/"+name+".svg?") || chosen != name {
			t.Errorf("%s: image %s, chosen %s", name, image, chosen)
		}
	}
}

func TestPhoneNeedsNoSidewaysScrollingAndDarkIsDark(t *testing.T) {
	ctx, url := browse(t, chromedp.EmulateViewport(360, 740, chromedp.EmulateMobile),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}))
	for _, query := range []string{"", "/?symbology=code128&data=" + strings.Repeat("W", 60), "/?symbology=ean13&fg=%23ffff00&data=" + strings.Repeat("9", 90), "/?symbology=itf14&data=1540014128876"} {
		var room int
		var background string
		err := chromedp.Run(ctx, chromedp.Navigate(url+query),
			chromedp.Evaluate(`document.querySelectorAll("details").forEach((d) => d.open = true)`, nil),
			chromedp.Evaluate(sidewayRoom, &room),
			chromedp.Evaluate(`getComputedStyle(document.body).backgroundColor`, &background))
		if err != nil {
			t.Fatal(err)
		}
		if room != 0 || background != "rgb(18, 22, 21)" {
			t.Errorf("%.40s: %d px too wide, background %s", query, room, background)
		}
	}
}
