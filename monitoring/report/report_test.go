package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ycesproject/yces/monitoring/internal/example"
	"github.com/ycesproject/yces/monitoring/perf"
)

var (
	from = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	to   = from.Add(time.Hour)
)

func at(seconds int, service string, state, kind int) Alert {
	return Alert{Time: from.Add(time.Duration(seconds) * time.Second).UnixMilli(), Host: "shop-endpoint", Service: service, State: state, Kind: kind, Output: "no answer"}
}

const ok, crit, unknown, soft = serviceOK, serviceCritical, 64, 2

func TestAnOutageLastsFromTheFirstBadResultToTheFirstGoodOne(t *testing.T) {
	for name, c := range map[string]struct {
		alerts  []Alert
		seconds []float64
		ongoing bool
	}{
		"certain":                      {[]Alert{at(100, "HTTP", crit, soft), at(120, "HTTP", crit, hard), at(160, "HTTP", ok, hard)}, []float64{60}, false},
		"gone before it was certain":   {[]Alert{at(100, "HTTP", crit, soft), at(120, "HTTP", ok, soft)}, nil, false},
		"began before the report":      {[]Alert{at(-500, "HTTP", crit, hard), at(30, "HTTP", ok, hard)}, []float64{30}, false},
		"was over before the report":   {[]Alert{at(-500, "HTTP", crit, hard), at(-300, "HTTP", ok, hard)}, nil, false},
		"nobody knew for a while":      {[]Alert{at(100, "HTTP", crit, hard), at(110, "HTTP", unknown, hard), at(160, "HTTP", ok, hard)}, []float64{60}, false},
		"lasts":                        {[]Alert{at(3000, "HTTP", crit, hard)}, []float64{600}, true},
		"two, out of order in the log": {[]Alert{at(200, "HTTP", crit, hard), at(210, "HTTP", ok, hard), at(100, "HTTP", crit, hard), at(105, "HTTP", ok, hard)}, []float64{5, 10}, false},
	} {
		got := outages(c.alerts, from, to)
		if len(got) != len(c.seconds) {
			t.Errorf("%s: got %+v", name, got)
			continue
		}
		for i, want := range c.seconds {
			if got[i].Seconds != want || got[i].Ongoing != c.ongoing {
				t.Errorf("%s: got %+v, want %g s", name, got[i], want)
			}
		}
	}
}

func TestAlertsOfHostsAndOfServicesNameTheirHosts(t *testing.T) {
	// As Nagios 4.4.6 answers, in so far as it is read.
	const answer = `{"alertlist": [
		{"timestamp": 1772323200000, "object_type": 1, "name": "shop-2", "state_type": 1, "state": 2, "plugin_output": "PING CRITICAL"},
		{"timestamp": 1772323205000, "object_type": 2, "host_name": "shop-1", "description": "Disk", "state_type": 1, "state": 32, "plugin_output": "DISK CRITICAL"},
		{"timestamp": 1772323260000, "object_type": 1, "name": "shop-2", "state_type": 1, "state": 1, "plugin_output": "PING OK"}]}`
	var l alertList
	if err := json.Unmarshal([]byte(answer), &l); err != nil {
		t.Fatal(err)
	}
	got := outages(l.alerts(), from, to)
	if len(got) != 2 || got[0].Host != "shop-2" || got[0].Service != "" || got[0].Seconds != 60 || got[1].Host != "shop-1" || !got[1].Ongoing {
		t.Errorf("got %+v", got)
	}
}

func TestAnOutageBeginsWithTheCheckThatFoundIt(t *testing.T) {
	const result = `1772323305	shop-endpoint	HTTP	CRITICAL		1772323300
1772323306	shop-endpoint	HTTP	CRITICAL		1772323305
1772323311	shop-endpoint	HTTP	CRITICAL		1772323399
1772323305	shop-endpoint	HTTP	OK	time=1s	1772323304
1772323305	shop-endpoint	QR round trip	CRITICAL		1772323290
1772323304	other	HTTP	CRITICAL		1772323290
`
	for name, c := range map[string]struct {
		logged int // when Nagios wrote the first result down, in seconds
		want   float64
	}{
		"in the same second":      {105, 60},
		"a second apart":          {104, 60},
		"there is no such result": {103, 57},
		"it is no possible time":  {111, 49},
	} {
		a := Archive{Alerts: []Alert{at(c.logged, "HTTP", crit, soft), at(c.logged+1, "HTTP", crit, hard), at(160, "HTTP", ok, hard)}}
		dates := a.Dates()
		file := filepath.Join(t.TempDir(), "results")
		if err := os.WriteFile(file, []byte(result), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := perf.Each(t.TempDir(), []string{file}, from, to, dates.Add); err != nil {
			t.Fatal(err)
		}
		if got := outages(a.Alerts, from, to); len(got) != 1 || got[0].Seconds != c.want {
			t.Errorf("%s: got %+v, want %g s", name, got, c.want)
		}
	}
}

func TestASecondIsSpentOnceHoweverManyChecksSawIt(t *testing.T) {
	a := Archive{Alerts: []Alert{
		at(100, "HTTP", crit, hard), at(110, "QR round trip", crit, hard), at(130, "HTTP", ok, hard), at(140, "QR round trip", ok, hard),
		// Nobody outside notices that a replica is missing.
		at(1000, "Service yces_qr", crit, hard), at(1500, "Service yces_qr", ok, hard),
	}}
	p := Build(example.Model(3).Summary(), from, to, a, NewMeasurements(from, to)).Promise
	if p.Spent != 40 || math.Abs(p.Measured-100*(1-40.0/3600)) > 1e-9 {
		t.Errorf("spent %g s, measured %g %%", p.Spent, p.Measured)
	}
	if math.Abs(p.Budget-2592) > 1e-6 || !p.Kept() { // 0.1 % of 30 days
		t.Errorf("budget %g s", p.Budget)
	}
}

func TestResponseTimesAreRankedAndTrendsGathered(t *testing.T) {
	m := NewMeasurements(from, to)
	for i := 1; i <= 100; i++ {
		m.add(perf.Sample{Time: from.Add(time.Duration(i) * time.Second), Host: "shop-endpoint", Service: "HTTP", Metric: "time", Value: float64(i) / 1000, Unit: "s"})
	}
	m.add(perf.Sample{Time: from, Host: "shop-1", Service: "Disk", Metric: "/", Value: 30, Max: "120"})
	m.add(perf.Sample{Time: from, Host: "shop-1", Service: "CPU", Metric: "iowait", Value: 30})
	l := m.latencies()[0]
	if l.P50 != 0.05 || l.P95 != 0.095 || l.P99 != 0.099 || l.Count != 100 {
		t.Errorf("got %+v", l)
	}
	if trends := m.trends(); len(trends) != 1 || trends[0].Metric != "disk /" || trends[0].Last != 25 {
		t.Errorf("got %+v", trends)
	}
}

func TestTheReportIsReadableInEveryForm(t *testing.T) {
	a := Archive{
		Objects: []Object{{Host: "shop-endpoint", Service: "HTTP", Good: 3540, Bad: 60}, {Host: "new"}},
		Alerts:  []Alert{at(100, "HTTP", crit, hard), at(160, "HTTP", ok, hard)},
	}
	a.Alerts[0].Output = `=HYPERLINK("x") <b>`
	m := NewMeasurements(from, to)
	m.add(perf.Sample{Time: from.Add(time.Minute), Host: "shop-endpoint", Service: "HTTP", Metric: "time", Value: 0.2, Unit: "s"})
	r := Build(example.Model(3).Summary(), from, to, a, m)
	var html, table bytes.Buffer
	if err := r.WriteHTML(&html); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"98.333 %", "1 min", "of the 43 min 12 s that may be lost in 30 d", "HTTP on shop-endpoint", "<svg", "200.0 ms", "–"} {
		if !strings.Contains(html.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, never := range []string{"<b>", "http://", "https://", "<script"} {
		if strings.Contains(html.String(), never) {
			t.Errorf("the page holds %q", never)
		}
	}
	if err := r.WriteCSV(&table); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&table).ReadAll()
	if err != nil || len(rows) != 4 || rows[1][3] != "98.3333" || rows[2][3] != "" || rows[3][8][0] != '\'' {
		t.Errorf("rows %q, %v", rows, err)
	}
}
