//go:build browser

package web

import (
	"archive/zip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// batchFile writes a table for a browser to send.
func batchFile(t *testing.T, table string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "codes.csv")
	if err := os.WriteFile(path, []byte(table), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestABatchShowsWhatWasMadeAndWhatWasNot(t *testing.T) {
	ctx, url := browse(t)
	table := "name,data\n" + strings.Repeat(",https://example.org/\n", 60) + "bad,\n"
	var state, bad, name string
	var files []string
	saved := t.TempDir()
	err := chromedp.Run(ctx, browser.SetDownloadBehavior(browser.SetDownloadBehaviorBehaviorAllow).WithDownloadPath(saved), chromedp.Navigate(url+"/batch"),
		chromedp.SetUploadFiles("#file", []string{batchFile(t, table)}),
		chromedp.Click("#batch button[type=submit]"), chromedp.WaitVisible("#save"),
		chromedp.Text("#state", &state), chromedp.Text("#bad-rows", &bad),
		chromedp.Click("#save"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(state, "60 of 61") || !strings.Contains(bad, "62") || !strings.Contains(bad, "data: must not be empty") {
		t.Errorf("state %q, bad rows %q", state, bad)
	}
	for len(files) == 0 { // the browser moves the file here when it has it all
		if files, err = filepath.Glob(filepath.Join(saved, "codes.zip")); err != nil || ctx.Err() != nil {
			t.Fatalf("the archive is not saved: %v", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	archive, err := zip.OpenReader(files[0])
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = archive.Close() }()
	if len(archive.File) != 61 {
		t.Errorf("%d files in the archive, want 60 and the report", len(archive.File))
	}
	err = chromedp.Run(ctx, chromedp.SetValue("#sheet", "a4-3x8"), chromedp.Click(`#batch input[value=refuse] + span`),
		chromedp.Click("#batch button[type=submit]"), chromedp.WaitVisible("#summary li"), chromedp.Text("#summary", &bad))
	if err != nil || !strings.Contains(bad, "row 62, data") {
		t.Errorf("faults %q, %v", bad, err)
	}
	err = chromedp.Run(ctx, chromedp.SetUploadFiles("#file", []string{batchFile(t, "data,caption\nx,Shelf\n")}),
		chromedp.Click("#batch button[type=submit]"), chromedp.WaitVisible("#save"), chromedp.AttributeValue("#save", "download", &name, nil))
	if err != nil || name != "labels.pdf" {
		t.Errorf("a sheet is offered as %q, %v", name, err)
	}
}

func TestABatchWithFaultsSaysSoWithoutScript(t *testing.T) {
	ctx, url := browse(t, emulation.SetScriptExecutionDisabled(true))
	var faults string
	err := chromedp.Run(ctx, chromedp.Navigate(url+"/batch"), chromedp.SetUploadFiles("#file", []string{batchFile(t, "nope\n1\n")}),
		chromedp.Click("#batch button[type=submit]"), chromedp.WaitVisible("#summary li"), chromedp.Text("#summary", &faults))
	if err != nil || !strings.Contains(faults, "is no parameter") {
		t.Errorf("faults %q, %v", faults, err)
	}
}
