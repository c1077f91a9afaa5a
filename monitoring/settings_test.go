package monitoring_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ycesproject/yces/monitoring"
	"github.com/ycesproject/yces/monitoring/internal/example"
	"github.com/ycesproject/yces/provision/inventory"
)

func TestEveryFaultOfTheSettingsIsListedAtOnce(t *testing.T) {
	_, err := monitoring.ParseSettings([]byte(`
endpoint: ftp://x
contnt: x
schedule: {interval: 1.5s, attempts: three}
`))
	wants(t, err, "contnt: there is no such key", "schedule.interval: must be a duration of whole seconds", "schedule.attempts: must be a whole number")
	_, err = monitoring.ParseSettings([]byte(`
endpoint: ftp://x
content: a"b
services: ["x;rm -rf /"]
transport: telnet
schedule: {attempts: 50, interval: 4s}
thresholds:
  cpu: {warning: 90, critical: 80}
  disk: {warning: 10, critical: 20}
  moon: {warning: 1, critical: 2}
contacts:
  - {name: "a b", email: ana@example.org, roles: [operations]}
  - {name: ben, email: "x$(id)@example.org", roles: [operations], period: never}
  - {name: ben, roles: []}
owners: {node: nobody}
escalations: [{from: operations, to: chief, after: 0}]
periods: {work: {monday: "9-17", someday: "09:00-17:00"}}
smtp: {host: "", from: x, port: 99999, tls: maybe, user: u}
web: {users: [{name: "x|y", role: king, passwordHash: secret}]}
slo: {availability: 101}
jenkins: {url: "http://ci'", job: "a;b"}
datadog: {site: "a b", agentVersion: latest, notify: [ana], api: "x", proxy: "http://u:p@proxy", appMetrics: "ftp://x", repository: "https://apt.datadoghq.com/ $(id)", keys: ["file:///etc/passwd"], keyFingerprints: [5f1e]}
`))
	wants(t, err,
		"endpoint: must be an http or https URL", "content: must be letters", `services[0]: must be 1 to 63`, "schedule.attempts: must be between",
		"thresholds.cpu: critical must be above", "thresholds.disk: less is worse here", "thresholds.moon: there is no such check",
		"thresholds.response: critical is how long a check waits",
		"contacts[0].name", "contacts[1].email", `contacts[1].period: there is no period "never"`, `contacts[2].name: "ben" is there twice`,
		"contacts[2]: must have an email", "contacts[2].roles: must name", `owners.node: no contact has the role "nobody"`,
		`escalations[0].to: no contact has the role "chief"`, "escalations[0].after: must be at least 1",
		"periods.work.monday: must look like", "periods.work.someday: must be a day's name",
		"smtp.host", "smtp.from", "smtp.port", "smtp.tls", "smtp: user and passwordFile go together",
		"web.users[0].name", "web.users[0].role", "web.users[0].passwordHash", "slo.availability",
		"jenkins.url", "jenkins.job", "datadog.site", "datadog.agentVersion", "datadog.notify[0]",
		"transport: must be nrpe or ssh", "datadog.api", "datadog.proxy: must not hold a password", "datadog.appMetrics", "datadog.repository", "datadog.keys[0]", "datadog.keyFingerprints[0]",
	)
	if strings.Contains(err.Error(), "secret") {
		t.Error("the error shows what may be a password")
	}
}

func wants(t *testing.T, err error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no fault was found")
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("no %q in:\n%v", text, err)
		}
	}
}

func TestAModelNeedsAMonitorAndAnEndpointThatItReaches(t *testing.T) {
	s, err := monitoring.ParseSettings(example.Settings)
	if err != nil {
		t.Fatal(err)
	}
	inv := example.Inventory(3)
	inv.Nodes = inv.Nodes[:3]
	inv.Nodes[2].Name = "SHOP-endpoint"
	s.Endpoint = "http://127.0.0.1:8080"
	_, err = monitoring.Build(inv, s, []string{"a`id`"})
	wants(t, err, `exactly one node must have the role "monitor", got 0`, "127.0.0.1:8080 is this machine's own", "would be one host", "the name of service")
}

func TestWhatRunsIsWatchedBesidesWhatTheSettingsName(t *testing.T) {
	s, err := monitoring.ParseSettings(example.Settings)
	if err != nil {
		t.Fatal(err)
	}
	s.Services = []string{"shop_web"}
	m, err := monitoring.Build(example.Inventory(1), s, []string{"shop_db", "shop_web"})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, h := range m.Hosts {
		for _, c := range h.Checks {
			if strings.HasPrefix(c.Name, "Service ") {
				names = append(names, c.Name)
			}
		}
	}
	if got := strings.Join(names, ", "); got != "Service shop_db, Service shop_web" {
		t.Errorf("watched: %s", got)
	}
}

func TestWhoIsToldDependsOnTheTime(t *testing.T) {
	summary := example.Model(1).Summary()
	for at, want := range map[string]string{
		"2026-03-02T10:00:00Z": "ben,chat", // a Monday
		"2026-03-02T17:00:00Z": "chat",
		"2026-03-06T12:30:00Z": "chat",
		"2026-03-06T13:00:00Z": "ben,chat",
		"2026-03-07T10:00:00Z": "chat",
	} {
		when, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(summary.OnCall(when)["application"], ","); got != want {
			t.Errorf("%s: %s, want %s", at, got, want)
		}
	}
}

func TestADurationIsSaidInItsTwoLargestUnits(t *testing.T) {
	for text, want := range map[string]string{
		"0s": "0 s", "1.9s": "1 s", "60s": "1 min", "2m5s": "2 min 5 s", "1h0m59s": "1 h", "1h1m": "1 h 1 min", "720h": "30 d", "50h59m": "2 d 2 h",
	} {
		d, err := time.ParseDuration(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := monitoring.Duration(d).Words(); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestOneSourceOfEveryDefault(t *testing.T) {
	s, err := monitoring.ParseSettings([]byte(`
contacts: [{name: ana, email: ana@example.org, roles: [operations]}]
smtp: {host: mail, from: m@example.org}
web: {users: [{name: ana, role: operator, passwordHash: "$2a$10$Bw3XaohxJ81jHW6YEex2Je8cCsdWz047S2w6RPoMFZ0M6h6ejeT2m"}]}
`))
	if err != nil {
		t.Fatal(err)
	}
	if s.SMTP.TLS != "starttls" || s.SLO.Availability != 99.9 || s.Contacts[0].Period != monitoring.Always || s.Owners["swarm"] != "operations" {
		t.Errorf("defaults: %+v", s)
	}
	if _, err := monitoring.Build(inventory.Inventory{}, s, nil); err == nil {
		t.Error("a model of nothing was built")
	}
}

func TestAMirrorsKeysComeWithTheirFingerprints(t *testing.T) {
	for _, more := range []string{`keys: ["https://mirror.example.org/key.asc"]`, "keyFingerprints: [5F1E256061D813B125E156E8E6266D4AC0962C7D]"} {
		_, err := monitoring.ParseSettings(append([]byte("transport: ssh\n"), strings.Replace(string(example.Settings), "datadog: {", "datadog: {"+more+", ", 1)...))
		wants(t, err, "datadog: keys and keyFingerprints go together")
	}
}

func TestKeysGoOverTheNetworkEncrypted(t *testing.T) {
	for api, want := range map[string]bool{
		"https://gateway.example.org": true, "http://127.0.0.1:8080": true, "http://localhost:8080": true,
		"http://gateway.example.org": false, "http://10.0.0.1": false, "http://localhost.example.org": false,
	} {
		_, err := monitoring.ParseSettings([]byte(strings.Replace(string(example.Settings), "datadog: {", `datadog: {api: "`+api+`", `, 1)))
		if want && err != nil {
			t.Errorf("%s: %v", api, err)
		} else if !want {
			wants(t, err, "datadog.api: must be an https URL")
		}
	}
}

func TestEveryMachineHasTheAgentUnlessNobodyWantsIt(t *testing.T) {
	for more, want := range map[string]bool{"": true, "agent: true, ": true, "agent: false, ": false} {
		s, err := monitoring.ParseSettings([]byte(strings.Replace(string(example.Settings), "datadog: {", "datadog: {"+more, 1)))
		if err != nil {
			t.Fatal(err)
		}
		if s.HasAgent() != want || len(s.Datadog.KeyFingerprints) != 3 || len(s.Datadog.Keys) != 3 {
			t.Errorf("%q: agent %v, keys %v", more, s.HasAgent(), s.Datadog.Keys)
		}
	}
}

func TestAMonitorElsewhereAsksAtTheAddressesThatOthersKnow(t *testing.T) {
	s, err := monitoring.ParseSettings(append([]byte("transport: ssh\n"), example.Settings...))
	if err != nil {
		t.Fatal(err)
	}
	inv := example.Inventory(1)
	for i := range inv.Nodes {
		inv.Nodes[i].Address = "203.0.113." + strings.TrimPrefix(inv.Nodes[i].Address, "10.7.0.")
		if inv.Nodes[i].Role == inventory.Monitor {
			inv.Nodes[i].PrivateAddress = ""
		}
	}
	m, err := monitoring.Build(inv, s, nil)
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]string{}
	for _, h := range m.Hosts {
		at[h.Name] = h.Address
	}
	if at["shop-1"] != "203.0.113.11" || at["shop-swarm"] != "203.0.113.11" || at["watch"] != "127.0.0.1" || m.MonitorAddress() != "203.0.113.3" {
		t.Errorf("asked at %v, from %s", at, m.MonitorAddress())
	}
	for _, h := range m.Machines() {
		if h.Alive.ID != monitoring.AliveCommand || slices.ContainsFunc(h.Checks, func(c monitoring.Check) bool { return c.Name == "SSH" }) {
			t.Errorf("%s is asked for what is not let through: %+v", h.Name, h.Alive)
		}
		want := "203.0.113.3"
		if h.Name == "watch" {
			want += ",127.0.0.1"
		}
		if got := strings.Join(m.Askers(h), ","); got != want {
			t.Errorf("%s may be asked from %s, want %s", h.Name, got, want)
		}
	}
}
