//go:build browser

package web

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

const entered = `document.getElementById("f-data")?.value`

func TestABusyServerTakesNothingAwayThatWasEntered(t *testing.T) {
	app := newApp(t, &bytes.Buffer{}).Handler()
	busy := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("type") == "vcard" {
			writeProblem(w, http.StatusTooManyRequests, "Too many requests.", nil)
			return
		}
		app.ServeHTTP(w, r)
	})
	ctx, server := browseHandler(t, busy, "status of 429")
	var text, address, title string
	err := chromedp.Run(ctx, chromedp.SendKeys("#f-data", "https://example.org/typed", chromedp.ByID), chromedp.Poll(shown, nil),
		chromedp.Click(`.kinds a[href="/?type=vcard"]`),
		chromedp.Poll(`document.getElementById("status")?.textContent.startsWith("No answer")`, nil),
		chromedp.Evaluate(entered, &text), chromedp.Location(&address),
		chromedp.Click(`.kinds a[href="/?type=text"]`), chromedp.Poll(`document.querySelector("input[name=type]").value === "text"`, nil),
		chromedp.Title(&title))
	if err != nil {
		t.Fatal(err)
	}
	if text != "https://example.org/typed" || address != server.URL+"/" || !strings.HasPrefix(title, "Text") {
		t.Errorf("entered is %q at %s, and then the title is %q", text, address, title)
	}
}

// waitFor holds an answer back for as long as the page wants it.
func waitFor(r *http.Request, done <-chan struct{}) {
	select {
	case <-done:
	case <-r.Context().Done():
	}
}

func TestALateResultIsNotShownInAnotherForm(t *testing.T) {
	app := newApp(t, &bytes.Buffer{}).Handler()
	asked, opened := make(chan struct{}, 1), make(chan struct{})
	late := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/preview" {
			asked <- struct{}{}
			waitFor(r, opened)
		}
		app.ServeHTTP(w, r)
	})
	ctx, _ := browseHandler(t, late, "none")
	var image bool
	err := chromedp.Run(ctx, chromedp.SendKeys("#f-data", "https://example.org/typed", chromedp.ByID),
		chromedp.ActionFunc(func(context.Context) error { <-asked; return nil }),
		chromedp.Click(`.kinds a[href="/?type=vcard"]`), chromedp.Poll(`document.querySelector("input[name=type]").value === "vcard"`, nil),
		chromedp.ActionFunc(func(context.Context) error { close(opened); return nil }),
		chromedp.Sleep(300*time.Millisecond),
		chromedp.Evaluate(`document.getElementById("image") !== null || document.getElementById("result").ariaBusy === "true"`, &image))
	if err != nil {
		t.Fatal(err)
	}
	if image {
		t.Error("the form for a contact shows the code of the address, or waits for it")
	}
}

func TestOfTwoFormsTheLastOneChosenStays(t *testing.T) {
	app := newApp(t, &bytes.Buffer{}).Handler()
	asked, opened := make(chan struct{}, 1), make(chan struct{})
	slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("type") == "vcard" {
			asked <- struct{}{}
			waitFor(r, opened)
		}
		app.ServeHTTP(w, r)
	})
	ctx, _ := browseHandler(t, slow, "none")
	var kind, address string
	err := chromedp.Run(ctx, chromedp.Click(`.kinds a[href="/?type=vcard"]`),
		chromedp.ActionFunc(func(context.Context) error { <-asked; return nil }),
		chromedp.Click(`.kinds a[href="/?type=wifi"]`), chromedp.Poll(`document.querySelector("input[name=type]").value === "wifi"`, nil),
		chromedp.ActionFunc(func(context.Context) error { close(opened); return nil }),
		chromedp.Sleep(300*time.Millisecond),
		chromedp.Value("input[name=type]", &kind), chromedp.Location(&address))
	if err != nil {
		t.Fatal(err)
	}
	if kind != "wifi" || !strings.HasSuffix(address, "/?type=wifi") {
		t.Errorf("the form is for %s at %s", kind, address)
	}
}

func TestFilesOfAnotherReleaseAreNotKept(t *testing.T) {
	older, newer := newApp(t, &bytes.Buffer{}), newApp(t, &bytes.Buffer{})
	newer.assets.add("app.js", append([]byte("// new\n"), newer.assets["app.js"].body...))
	of, to := older.Handler(), newer.Handler()
	var rolledOut atomic.Bool
	rollout := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !rolledOut.Load() && strings.HasPrefix(r.URL.Path, "/static/") {
			of.ServeHTTP(w, r) // the balancer's other replica
			return
		}
		to.ServeHTTP(w, r)
	})
	ctx, server := browseHandler(t, rollout, "none")
	const install = `navigator.serviceWorker.register("/sw.js").then((r) => new Promise((done) => {
		const worker = r.installing ?? r.waiting ?? r.active;
		const settled = () => { if (["activated", "redundant"].includes(worker.state)) done(worker.state) };
		worker.addEventListener("statechange", settled);
		settled();
	}))`
	const running = `fetch(document.querySelector("script[src*=app]").src).then((a) => a.text()).then((text) => text.slice(0, 6))`
	var during, after, script string
	err := chromedp.Run(ctx, chromedp.Evaluate(install, &during, awaited),
		chromedp.ActionFunc(func(context.Context) error { rolledOut.Store(true); return nil }),
		chromedp.Navigate(server.URL), chromedp.Evaluate(install, &after, awaited),
		chromedp.Navigate(server.URL), chromedp.Evaluate(running, &script, awaited))
	if err != nil {
		t.Fatal(err)
	}
	if script != "// new" || after != "activated" {
		t.Errorf("after the rollout the script begins with %q; the worker was %s while it went on, %s after it", script, during, after)
	}
}

func TestPressingAButtonMovesNothing(t *testing.T) {
	ctx, url := browse(t)
	var at []float64
	var early, listed string
	const middle = `(() => { const b = document.querySelector("button.primary"); b.scrollIntoView({ block: "center" }); const r = b.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] })()`
	err := chromedp.Run(ctx, chromedp.Navigate(url+"/?type=epc"), chromedp.SendKeys("#f-iban", "DE00", chromedp.ByID), chromedp.Evaluate(middle, &at))
	if err != nil {
		t.Fatal(err)
	}
	err = chromedp.Run(ctx, chromedp.MouseEvent(input.MousePressed, at[0], at[1], chromedp.ButtonLeft, chromedp.ClickCount(1)),
		chromedp.Sleep(400*time.Millisecond), chromedp.Text("#f-iban-error", &early),
		chromedp.MouseEvent(input.MouseReleased, at[0], at[1], chromedp.ButtonLeft, chromedp.ClickCount(1)),
		chromedp.Poll(`document.activeElement.id === "summary"`, nil), chromedp.Text("#summary", &listed))
	if err != nil {
		t.Fatal(err)
	}
	if early != "" || !strings.Contains(listed, "IBAN must be") {
		t.Errorf("while the button is pressed it says %q, then %q", early, listed)
	}
}
