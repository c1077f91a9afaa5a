package monitoring

import (
	"encoding/json"
	"fmt"
	"time"
)

// Settings are what people decide: who is told, when, and from which value on.
// The inventory says the rest.
type Settings struct {
	// Endpoint is the URL that users open, as the monitor reaches it; the
	// inventory's where empty.
	Endpoint string `json:"endpoint,omitempty"`
	// Content must be in the page behind Endpoint.
	Content string `json:"content,omitempty"`
	// QR checks the QR round trip of the service behind Endpoint.
	QR bool `json:"qr,omitempty"`
	// Services are the swarm services to watch, besides those that run.
	Services []string `json:"services,omitempty"`

	// Transport is how the monitor asks the machines: nrpe where empty, or ssh.
	Transport string `json:"transport,omitempty"`

	Schedule Schedule `json:"schedule,omitempty"`
	// Thresholds by check: cpu, load, memory, swap, disk, inodes, network,
	// clock, certificate, response. Those that are missing have defaults.
	Thresholds map[string]Threshold `json:"thresholds,omitempty"`
	// Owners are the roles that problems of a part go to: node, swarm, service,
	// endpoint, pipeline, monitor. The first contact's first role has the rest.
	Owners      map[string]string    `json:"owners,omitempty"`
	Contacts    []Contact            `json:"contacts"`
	Escalations []Escalation         `json:"escalations,omitempty"`
	Periods     map[string]DayRanges `json:"periods,omitempty"`

	SMTP    SMTP     `json:"smtp"`
	Web     Web      `json:"web"`
	Runbook string   `json:"runbook,omitempty"`
	SLO     SLO      `json:"slo,omitempty"`
	Jenkins *Jenkins `json:"jenkins,omitempty"`
	Datadog *Datadog `json:"datadog,omitempty"`
}

// Schedule says how often checks run.
type Schedule struct {
	// Interval is the time between two checks (1m), Retry that while a problem
	// is not certain yet (20s); Attempts bad results in a row make it certain (3).
	Interval Duration `json:"interval,omitempty"`
	Retry    Duration `json:"retry,omitempty"`
	Attempts int      `json:"attempts,omitempty"`
	// Renotify is the time between two mails about one problem (30m).
	Renotify Duration `json:"renotify,omitempty"`
}

// Threshold is a value from which on a check warns, and one from which on it is critical.
type Threshold struct {
	Warning  float64 `json:"warning"`
	Critical float64 `json:"critical"`
}

// Contact is a person or a channel.
type Contact struct {
	Name  string   `json:"name"`
	Roles []string `json:"roles"`
	// Period says when; `always` where empty.
	Period string `json:"period,omitempty"`
	Email  string `json:"email,omitempty"`
	// WebhookFile is a file on the operator's machine whose only line is a URL
	// that takes Slack's messages. Such a URL is a secret.
	WebhookFile string `json:"webhookFile,omitempty"`
}

// Escalation sends a role's problems on to another one that nobody took up.
type Escalation struct {
	From string `json:"from"`
	To   string `json:"to"`
	// After is the number of notifications that went to From alone.
	After int `json:"after"`
	// Every is the time between two notifications from then on (Renotify).
	Every Duration `json:"every,omitempty"`
}

// DayRanges are times of day by day: monday … sunday → "09:00-17:00,18:00-20:00".
type DayRanges map[string]string

// SMTP is the server that takes the mails.
type SMTP struct {
	Host string `json:"host"`
	Port int    `json:"port,omitempty"`
	From string `json:"from"`
	// TLS is starttls (default), tls, or none for a server on a trusted network.
	TLS  string `json:"tls,omitempty"`
	User string `json:"user,omitempty"`
	// PasswordFile is a file on the operator's machine.
	PasswordFile string `json:"passwordFile,omitempty"`
}

// Web is the dashboard.
type Web struct {
	// Host is the name or address by which people open it; the monitor's address where empty.
	Host  string    `json:"host,omitempty"`
	Users []WebUser `json:"users"`
}

// WebUser may log in to the dashboard.
type WebUser struct {
	Name string `json:"name"`
	// Role is operator, who may acknowledge and schedule, or viewer.
	Role string `json:"role"`
	// PasswordHash is bcrypt's; `swarmctl monitoring passwd` makes one.
	PasswordHash string `json:"passwordHash"`
}

// SLO is what was promised.
type SLO struct {
	// Availability in percent (99.9) over Window (720h).
	Availability float64  `json:"availability,omitempty"`
	Window       Duration `json:"window,omitempty"`
}

// Jenkins is the pipeline's server.
type Jenkins struct {
	URL string `json:"url"`
	// Job is the path of the job: folder/name.
	Job string `json:"job"`
	// TokenFile is a file on the operator's machine that holds user:token.
	TokenFile string `json:"tokenFile,omitempty"`
}

// Duration is written like 90s, 5m or 720h.
type Duration time.Duration

// Seconds is the whole number of seconds.
func (d Duration) Seconds() int { return int(time.Duration(d) / time.Second) }

// MarshalJSON writes it as it is read.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// UnmarshalJSON reads a duration of whole seconds.
func (d *Duration) UnmarshalJSON(text []byte) error {
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return fmt.Errorf("must be a duration like 90s or 5m, got %s", text)
	}
	v, err := time.ParseDuration(s)
	if err != nil || v < 0 || v%time.Second != 0 {
		return fmt.Errorf("must be a duration of whole seconds like 90s or 5m, got %q", s)
	}
	*d = Duration(v)
	return nil
}
