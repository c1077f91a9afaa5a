//go:build browser

package overview

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/ycesproject/yces/monitoring/internal/example"
	"github.com/ycesproject/yces/monitoring/perf"
	"github.com/ycesproject/yces/monitoring/report"
	"github.com/ycesproject/yces/monitoring/status"
)

// pages are what people look at, with problems and without.
func pages(t *testing.T) map[string]string {
	t.Helper()
	long := strings.Repeat("/var/lib/docker/overlay2/", 10)
	ill := []status.Object{
		{Host: "shop-1", Service: "Disk", State: "CRITICAL", Output: "DISK CRITICAL - " + long, Since: now.Add(-time.Hour), Notifications: 1},
		{Host: "shop-1", Service: "Inodes", State: "CRITICAL", Output: long},
		{Host: "shop-2", Service: "CPU", State: "WARNING", Acknowledged: true, Since: now.Add(-time.Minute)},
	}
	end := now.Add(24 * time.Hour)
	measured := report.NewMeasurements(now, end)
	measured.Add(perf.Result{Time: now, Host: "shop-1", Service: "CPU", State: "OK"})
	archive := report.Archive{
		Objects: []report.Object{{Host: "shop-endpoint", Service: "HTTP", Good: 3600}},
		Alerts:  []report.Alert{{Time: now.Add(time.Hour).UnixMilli(), Host: "shop-1", Service: "Disk", State: 32, Kind: 1, Output: long}},
	}
	summary := example.Model(7).Summary()
	var broken, quiet bytes.Buffer
	for buffer, a := range map[*bytes.Buffer]report.Archive{&broken: archive, &quiet: {}} {
		if err := report.Build(summary, now, end, a, measured).WriteHTML(buffer); err != nil {
			t.Fatal(err)
		}
	}
	return map[string]string{
		"/fine":   write(t, status.Status{Created: now, Services: []status.Object{{Host: "shop-1", Service: "CPU", State: "OK"}}}),
		"/ill":    write(t, status.Status{Created: now.Add(-time.Hour), Services: ill, Hosts: []status.Object{{Host: "shop-2", State: "DOWN"}}}),
		"/broken": broken.String(),
		"/quiet":  quiet.String(),
	}
}

// axe is the rules of accessibility, which .ci/setup.sh fetched.
func axe(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(filepath.Join(cache, "yces", "axe-core-4.10.3.min.js"))
	if err != nil {
		t.Fatalf("%v; .ci/setup.sh fetches it", err)
	}
	return string(source)
}

func TestPagesAreForEverybodyInLightAndDarkOnADeskAndOnAPhone(t *testing.T) {
	all := pages(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, all[r.URL.Path])
	}))
	defer server.Close()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU)
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	defer stop()
	ctx, stop = chromedp.NewContext(ctx)
	defer stop()
	ctx, stop = context.WithTimeout(ctx, 10*time.Minute)
	defer stop()
	rules := axe(t)
	for _, width := range []int64{1280, 390} {
		for _, mode := range []string{"light", "dark"} {
			media := emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: mode}})
			for path := range all {
				if err := chromedp.Run(ctx, chromedp.EmulateViewport(width, 900), media, chromedp.Navigate(server.URL+path)); err != nil {
					t.Fatal(err)
				}
				judgePage(ctx, t, fmt.Sprintf("%s, %s, %d wide", path, mode, width), rules)
			}
		}
	}
}

// judgePage applies the rules, and looks for what is wider than the window.
func judgePage(ctx context.Context, t *testing.T, name, rules string) {
	t.Helper()
	// That a page renews itself is said on it, with the way to stop it (WCAG 2.2, 2.2.1).
	const run = `axe.run(document, { rules: { "meta-refresh": { enabled: false } }, runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }).then((r) => JSON.stringify(r.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.html + " " + n.failureSummary).join("; "))))`
	const room = `document.documentElement.scrollWidth - document.documentElement.clientWidth`
	awaited := func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }
	var found string
	var wider int
	if err := chromedp.Run(ctx, chromedp.Evaluate(rules, nil), chromedp.Evaluate(run, &found, awaited), chromedp.Evaluate(room, &wider)); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var violations []string
	if err := json.Unmarshal([]byte(found), &violations); err != nil {
		t.Fatal(err)
	}
	for _, v := range violations {
		t.Errorf("%s: %s", name, v)
	}
	if wider > 0 {
		t.Errorf("%s: %d pixels wider than the window", name, wider)
	}
}
