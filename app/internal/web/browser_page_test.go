//go:build browser

package web

import (
	"encoding/json"
	neturl "net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	cdpnetwork "github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/makiuchi-d/gozxing/qrcode"

	"github.com/ycesproject/yces/app/internal/payload"
)

// axeFile is what .ci/setup.sh fetched.
const axeFile = "axe-core-4.10.3.min.js"

func loadAxe(t *testing.T) string {
	t.Helper()
	folder := os.Getenv("XDG_CACHE_HOME")
	if folder == "" {
		folder = filepath.Join(os.Getenv("HOME"), ".cache")
	}
	source, err := os.ReadFile(filepath.Join(folder, "yces", axeFile))
	if err != nil {
		t.Fatalf("%v; .ci/setup.sh fetches it", err)
	}
	return string(source)
}

func awaited(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }

func scheme(name string) chromedp.Action {
	return emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}})
}

// states are addresses of the page in all that it can look like.
func states() map[string]string {
	all := map[string]string{
		"start": "/", "barcode": "/?symbology=ean13", "german": "/?lang=de&type=vcard", "api": "/api", "batch": "/batch",
		"result":         "/?lang=en&type=url&data=" + neturl.QueryEscape("https://example.org"),
		"barcode result": "/?symbology=code128&data=" + strings.Repeat("W", 60),
		"fault":          "/?type=epc&payee=x&iban=DE00&amount=0&module=nope&scale=1000",
		"german fault":   "/?lang=de&type=event&summary=x&startdate=2026-13-01",
		"long fault":     "/?lang=en&symbology=ean13&fg=%23ffff00&data=" + strings.Repeat("9", 90),
		"scan":           "/scan", "german scan": "/scan?lang=de",
		"aztec": "/?symbology=aztec&type=text&data=TICKET",
	}
	for _, k := range payload.Kinds {
		all["form "+k.Name] = "/?type=" + k.Name
	}
	return all
}

func TestNoStateBreaksTheRulesOfAccessibility(t *testing.T) {
	ctx, url := browse(t)
	axe := loadAxe(t)
	const run = `axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }).then((r) => JSON.stringify(r.violations.map((v) => [v.id, v.help, ...v.nodes.map((n) => n.html + " " + n.failureSummary)])))`
	check := func(name string) {
		var found string
		if err := chromedp.Run(ctx, chromedp.Evaluate(openDetails, nil), chromedp.Evaluate(axe, nil), chromedp.Evaluate(run, &found, awaited)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var violations [][]string
		if err := json.Unmarshal([]byte(found), &violations); err != nil {
			t.Fatal(err)
		}
		for _, v := range violations {
			t.Errorf("%s: %s", name, strings.Join(v, "\n  "))
		}
	}
	for _, mode := range []string{"light", "dark"} {
		for name, address := range states() {
			if err := chromedp.Run(ctx, scheme(mode), chromedp.Navigate(url+address)); err != nil {
				t.Fatal(err)
			}
			check(mode + " " + name)
		}
		// The script's own faults, and a result that holds a secret.
		if err := chromedp.Run(ctx, chromedp.Navigate(url+"/?type=wifi"), chromedp.Click("button.primary"), chromedp.WaitVisible("#summary")); err != nil {
			t.Fatal(err)
		}
		check(mode + " faults of the script")
		if err := chromedp.Run(ctx, chromedp.SendKeys("#f-ssid", "net", chromedp.ByID), chromedp.SendKeys("#f-password", "12345678", chromedp.ByID), chromedp.Click("button.primary"), chromedp.WaitVisible("#download-png")); err != nil {
			t.Fatal(err)
		}
		check(mode + " secret result")
	}
}

func TestNoStateNeedsSidewaysScrollingOnAPhone(t *testing.T) {
	ctx, url := browse(t)
	if err := chromedp.Run(ctx, chromedp.EmulateViewport(360, 740, chromedp.EmulateMobile), scheme("dark")); err != nil {
		t.Fatal(err)
	}
	for name, address := range states() {
		var room int
		var background string
		err := chromedp.Run(ctx, chromedp.Navigate(url+address), chromedp.Evaluate(openDetails, nil), chromedp.Evaluate(sidewayRoom, &room),
			chromedp.Evaluate(`getComputedStyle(document.body).backgroundColor`, &background))
		if err != nil {
			t.Fatal(err)
		}
		if room != 0 || background != "rgb(18, 22, 21)" {
			t.Errorf("%s: %d px too wide, background %s", name, room, background)
		}
	}
}

func TestFaultsAreListedAndLeadToTheirFields(t *testing.T) {
	ctx, _ := browse(t)
	var summary, focus, described, later string
	err := chromedp.Run(ctx,
		chromedp.Click(`.kinds a[href="/?type=epc"]`), chromedp.WaitVisible("#f-iban", chromedp.ByID),
		chromedp.SendKeys("#f-iban", "DE00", chromedp.ByID),
		chromedp.Click("button.primary"),
		chromedp.Poll(`document.activeElement.id === "summary"`, nil),
		chromedp.Text("#summary", &summary),
		chromedp.Click(`#summary a[href="#f-iban"]`),
		chromedp.Evaluate(`document.activeElement.name`, &focus),
		chromedp.Evaluate(`document.activeElement.getAttribute("aria-describedby").split(" ").map((id) => document.getElementById(id).textContent).join(" ")`, &described),
		chromedp.SendKeys("#f-payee", "x", chromedp.ByID),
		chromedp.Poll(`document.querySelectorAll("#summary li").length === 1`, nil),
		chromedp.Text("#summary", &later),
	)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(summary, "IBAN must be") || !strings.Contains(summary, "Payee must not be empty") || focus != "iban" || !strings.Contains(described, "DE89") || strings.Contains(later, "Payee") {
		t.Errorf("summary %q, then %q, focus on %s, described by %q", summary, later, focus, described)
	}
}

func TestSecretsAreInNoAddressAndNoStore(t *testing.T) {
	var addresses []string
	ctx, url := browse(t)
	chromedp.ListenTarget(ctx, func(event any) {
		if e, ok := event.(*cdpnetwork.EventRequestWillBeSent); ok && !strings.HasPrefix(e.Request.URL, "data:") {
			addresses = append(addresses, e.Request.URL)
		}
	})
	var href, kept string
	err := chromedp.Run(ctx,
		chromedp.Navigate(url+"/?type=wifi"),
		chromedp.SendKeys("#f-ssid", "secretnet", chromedp.ByID), chromedp.SendKeys("#f-password", "topsecret99", chromedp.ByID), chromedp.KeyEvent("\t"),
		chromedp.Poll(shown, nil),
		chromedp.Evaluate(`location.href + document.getElementById("result").innerHTML.replace(/src="[^"]*"/, "")`, &href),
		chromedp.Evaluate(`JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])`, &kept),
	)
	if err != nil {
		t.Fatal(err)
	}
	if all := strings.Join(addresses, " ") + href + kept; strings.Contains(all, "topsecret") || len(addresses) == 0 {
		t.Errorf("secret in %s", all)
	}
	if got := read(ctx, t, qrcode.NewQRCodeReader()); got != "WIFI:T:WPA;S:secretnet;P:topsecret99;;" {
		t.Errorf("read %q", got)
	}
}

func TestCopyingPrintingAndTheLink(t *testing.T) {
	ctx, url := browse(t)
	if err := chromedp.Run(ctx, browser.GrantPermissions([]browser.PermissionType{browser.PermissionTypeClipboardReadWrite, browser.PermissionTypeClipboardSanitizedWrite}),
		chromedp.SendKeys("#f-data", "https://example.org/a?b=c&d", chromedp.ByID), chromedp.Poll(shown, nil)); err != nil {
		t.Fatal(err)
	}
	var link, types string
	err := chromedp.Run(ctx,
		chromedp.Click(`[data-action="copy-link"]`), chromedp.Poll(`document.getElementById("status").textContent === "Copied."`, nil),
		chromedp.Evaluate(`navigator.clipboard.readText()`, &link, awaited),
		chromedp.Evaluate(`document.getElementById("status").textContent = ""`, nil),
		chromedp.Click(`[data-action="copy-image"]`), chromedp.Poll(`document.getElementById("status").textContent === "Copied."`, nil),
		chromedp.Evaluate(`navigator.clipboard.read().then((items) => items.flatMap((i) => i.types).join())`, &types, awaited),
	)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(link, url+"/?") || types != "image/png" {
		t.Errorf("link %q, types %q", link, types)
	}
	var visible string
	err = chromedp.Run(ctx, chromedp.Navigate(link), emulation.SetEmulatedMedia().WithMedia("print"),
		chromedp.Evaluate(`[...document.querySelectorAll("body *")].filter((e) => e.children.length === 0 && e.checkVisibility()).map((e) => e.id || e.tagName).join()`, &visible))
	if err != nil {
		t.Fatal(err)
	}
	if visible != "image" {
		t.Errorf("print shows %s", visible)
	}
	if got := read(ctx, t, qrcode.NewQRCodeReader()); got != "https://example.org/a?b=c&d" {
		t.Errorf("the link shows %q", got)
	}
}

func TestTheShellIsThereWithoutConnection(t *testing.T) {
	ctx, server := browseServer(t, "Failed to load resource: net::ERR_") // refused, and then disconnected
	var title, says string
	if err := chromedp.Run(ctx, chromedp.Evaluate(`navigator.serviceWorker.ready.then(() => caches.match("/")).then((kept) => String(Boolean(kept)))`, &title, awaited)); err != nil {
		t.Fatal(err)
	}
	if title != "true" {
		t.Fatal("the shell is not kept")
	}
	server.CloseClientConnections()
	server.Config.SetKeepAlivesEnabled(false)
	_ = server.Listener.Close()
	err := chromedp.Run(ctx, chromedp.Navigate(server.URL+"/"), chromedp.Text("h1", &title),
		cdpnetwork.EmulateNetworkConditions(true, 0, 0, 0),
		chromedp.Poll(`document.getElementById("offline").textContent !== ""`, nil), chromedp.Text("#offline", &says))
	if err != nil {
		t.Fatal(err)
	}
	if title != "QR codes and barcodes" || !strings.Contains(says, "You are offline") {
		t.Errorf("title %q, says %q", title, says)
	}
}

func TestDesignIsDrawnAndALogoTravels(t *testing.T) {
	ctx, _ := browse(t)
	logo := filepath.Join(t.TempDir(), "logo.png")
	body, err := iconPNG(64)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(logo, body, 0o600); err != nil {
		t.Fatal(err)
	}
	var links int
	err = chromedp.Run(ctx,
		chromedp.Evaluate(openDetails, nil),
		chromedp.SendKeys("#f-data", "https://example.org", chromedp.ByID), chromedp.Poll(shown, nil),
		chromedp.SendKeys("#f-module", "Rounded", chromedp.ByID), chromedp.SendKeys("#f-eye", "Circle", chromedp.ByID),
		chromedp.SetUploadFiles("#f-logo", []string{logo}, chromedp.ByID),
		chromedp.Poll(`atob(document.getElementById("image").src.split(",")[1]).includes("<image")`, nil),
		chromedp.Evaluate(`document.querySelectorAll("#result a").length`, &links),
	)
	if err != nil {
		t.Fatal(err)
	}
	if links != 0 {
		t.Errorf("%d links though an address can't carry a logo", links)
	}
	if got := read(ctx, t, qrcode.NewQRCodeReader()); got != "https://example.org" {
		t.Errorf("read %q", got)
	}
}
