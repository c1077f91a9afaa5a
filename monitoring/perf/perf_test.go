package perf

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// 23:59:58, 00:00:02 and 00:01:00 UTC.
const lines = "1772323198\tshop-1\tDisk\tOK\t/=10MB;80;90;0;100 '/srv/my data'=5MB;;;0;10\n" +
	"1772323202\tshop-1\tHTTP\tOK\ttime=0.125s;1;5 size=512B\n" +
	"broken line\n" +
	"1772323260\tshop-2\tCPU\tWARNING\tcpu=91.5%;80;95 bad=x\t1772323259\n"

func TestLinesAreFiledByDayAndReadAgain(t *testing.T) {
	dir := t.TempDir()
	from := filepath.Join(dir, "new.log")
	write(t, from, lines)
	write(t, filepath.Join(dir, "2024-01-01.tsv"), "1704067200\ta\tCPU\tOK\tcpu=1%\n")
	if err := File(from, dir, time.Unix(1772323300, 0)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(from); err == nil {
		t.Error("what was filed is still there")
	}
	if _, err := os.Stat(filepath.Join(dir, "2024-01-01.tsv")); err == nil {
		t.Error("a file that is too old is still there")
	}
	for _, day := range []string{"2026-02-28", "2026-03-01"} {
		if _, err := os.Stat(filepath.Join(dir, day+".tsv")); err != nil {
			t.Error(err)
		}
	}
	write(t, from, "1772323300\tshop-2\tCPU\tOK\tcpu=2%\n") // since the last filing
	var got []Sample
	err := Each(dir, []string{from}, time.Unix(1772323199, 0), time.Unix(1772323300, 0), func(r Result) { got = append(got, r.Samples()...) })
	if err != nil {
		t.Fatal(err)
	}
	want := []Sample{
		{time.Unix(1772323202, 0), "shop-1", "HTTP", "time", 0.125, "s", "1", "5", ""},
		{time.Unix(1772323202, 0), "shop-1", "HTTP", "size", 512, "B", "", "", ""},
		{time.Unix(1772323260, 0), "shop-2", "CPU", "cpu", 91.5, "%", "80", "95", ""},
		{time.Unix(1772323300, 0), "shop-2", "CPU", "cpu", 2, "%", "", "", ""},
	}
	if len(got) != len(want) {
		t.Fatalf("got %+v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got %+v, want %+v", got[i], want[i])
		}
	}
}

func TestLimitsAreThoseThatMustNotBeExceeded(t *testing.T) {
	for text, want := range map[string]float64{"80": 80, "0:80": 80, "0:0.5": 0.5, "20:": 0, "@10:20": 0, "": 0} {
		if got, _ := (Sample{Warning: text}).Limits(); got != want {
			t.Errorf("%q: %g, want %g", text, got, want)
		}
	}
}

func TestALabelMayHoldSpaces(t *testing.T) {
	var labels []string
	at := time.Unix(1772323198, 0)
	err := Each(t.TempDir(), []string{fileOf(t, lines)}, at, at, func(r Result) {
		for _, s := range r.Samples() {
			labels = append(labels, s.Metric+s.Max)
		}
	})
	if err != nil || len(labels) != 2 || labels[0] != "/100" || labels[1] != "/srv/my data10" {
		t.Errorf("got %q, %v", labels, err)
	}
}

func TestAResultKnowsWhenItsCheckBegan(t *testing.T) {
	var got []Result
	text := lines + "1772323300\tshop-2\t\tDOWN\t\t1772323290\n" // a host, without a measurement
	if err := Each(t.TempDir(), []string{fileOf(t, text)}, time.Unix(0, 0), time.Unix(1772323300, 0), func(r Result) { got = append(got, r) }); err != nil {
		t.Fatal(err)
	}
	if len(got) != 4 || !got[0].Began.IsZero() || got[2].Began.Unix() != 1772323259 {
		t.Fatalf("got %+v", got)
	}
	if down := got[3]; down.Service != "" || down.State != "DOWN" || down.Time.Sub(down.Began) != 10*time.Second || len(down.Samples()) > 0 {
		t.Errorf("got %+v", down)
	}
}

func TestWhatAFilingThatFailedLeftIsFiledNextTime(t *testing.T) {
	dir := t.TempDir()
	from := filepath.Join(dir, "new.log")
	write(t, from+".filing", "1772323200\tshop-1\tCPU\tOK\tcpu=1%\t1772323200\n")
	write(t, from, "1772323260\tshop-1\tCPU\tOK\tcpu=2%\t1772323260\n")
	if err := File(from, dir, time.Unix(1772323300, 0)); err != nil {
		t.Fatal(err)
	}
	n := 0
	if err := Each(dir, nil, time.Unix(1772323200, 0), time.Unix(1772323300, 0), func(Result) { n++ }); err != nil || n != 2 {
		t.Errorf("%d results, want 2: %v", n, err)
	}
}

func TestFilingNothingIsNoFault(t *testing.T) {
	if err := File(filepath.Join(t.TempDir(), "none"), t.TempDir(), time.Now()); err != nil {
		t.Error(err)
	}
}

func fileOf(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "lines")
	write(t, path, text)
	return path
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
