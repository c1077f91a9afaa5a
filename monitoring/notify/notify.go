// Package notify tells people what Nagios found: by mail, in HTML and in plain
// text, and by webhooks that take Slack's messages.
//
// Nagios runs it once a contact and hands everything over in NAGIOS_ variables;
// no text of a check ever meets a shell.
package notify

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/ycesproject/yces/monitoring"
)

// Config is what the notifier knows besides the event.
type Config struct {
	Cluster   string               `json:"cluster"`
	Dashboard string               `json:"dashboard"`
	SMTP      Server               `json:"smtp"`
	Contacts  map[string]Recipient `json:"contacts"`
}

// Server takes the mails.
type Server struct {
	Host string `json:"host"`
	Port int    `json:"port"`
	From string `json:"from"`
	TLS  string `json:"tls"`
	User string `json:"user,omitempty"`
	// PasswordFile is a file on the monitor.
	PasswordFile string `json:"passwordFile,omitempty"`
}

// Recipient is where a contact is reached.
type Recipient struct {
	Email string `json:"email,omitempty"`
	// WebhookFile is a file on the monitor that holds the URL.
	WebhookFile string `json:"webhookFile,omitempty"`
	// Hours are when the contact is told things; always where there are none.
	Hours monitoring.DayRanges `json:"hours,omitempty"`
}

// Secrets are where the monitor keeps what must not be in the configuration.
const Secrets = monitoring.ConfigDir + "/secrets"

// SMTPPassword is the file of the mail server's password.
const SMTPPassword = Secrets + "/smtp"

// Webhook is the file of a contact's webhook.
func Webhook(contact string) string { return Secrets + "/webhook-" + contact }

// NewConfig takes from the model what the notifier needs.
func NewConfig(m monitoring.Model) Config {
	host := m.Web.Host
	if host == "" {
		host = m.MonitorAddress()
	}
	c := Config{
		Cluster: m.Name, Dashboard: "https://" + host,
		SMTP:     Server{Host: m.SMTP.Host, Port: m.SMTP.Port, From: m.SMTP.From, TLS: m.SMTP.TLS, User: m.SMTP.User},
		Contacts: map[string]Recipient{},
	}
	if m.SMTP.User != "" {
		c.SMTP.PasswordFile = SMTPPassword
	}
	for _, contact := range m.Contacts {
		r := Recipient{Email: contact.Email}
		if contact.WebhookFile != "" {
			r.WebhookFile = Webhook(contact.Name)
		}
		if contact.Period != monitoring.Always {
			r.Hours = m.Periods[contact.Period]
		}
		c.Contacts[contact.Name] = r
	}
	return c
}

// File renders the configuration.
func (c Config) File() monitoring.File {
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		panic(err) // strings and numbers always become JSON
	}
	return monitoring.File{Path: "notify.json", Data: append(text, '\n')}
}

// Load reads a configuration.
func Load(path string) (Config, error) {
	text, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return Config{}, err
	}
	var c Config
	if err := json.Unmarshal(text, &c); err != nil {
		return Config{}, fmt.Errorf("read %s: %w", path, err)
	}
	return c, nil
}

// secret is the only line of a file.
func secret(path string) (string, error) {
	text, err := os.ReadFile(filepath.Clean(path))
	return strings.TrimSpace(string(text)), err
}
