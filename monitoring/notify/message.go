package notify

import (
	"bytes"
	"embed"
	"fmt"
	html "html/template"
	"strings"
	text "text/template"
)

//go:embed templates
var templates embed.FS

var (
	plainTemplate = text.Must(text.ParseFS(templates, "templates/mail.txt"))
	htmlTemplate  = html.Must(html.ParseFS(templates, "templates/mail.html"))
)

// message is an event in words.
type message struct {
	Event
	Cluster string
	// Link leads to the thing on the dashboard.
	Link string
	head string
	// plain and html are the bodies.
	plain, html string
}

func (c Config) message(e Event) (message, error) {
	m := message{Event: e, Cluster: c.Cluster, Link: c.link(e)}
	m.head = fmt.Sprintf("[%s] %s: %s", c.Cluster, e.Subject(), e.Word())
	if e.Type == "RECOVERY" {
		m.head += " (" + e.State + ")"
	}
	if e.Type == "PROBLEM" && e.Number > 1 {
		m.head += fmt.Sprintf(" (notification %d)", e.Number)
	}
	var plain, rich bytes.Buffer
	if err := plainTemplate.Execute(&plain, m); err != nil {
		return message{}, fmt.Errorf("write mail: %w", err)
	}
	if err := htmlTemplate.Execute(&rich, m); err != nil {
		return message{}, fmt.Errorf("write mail: %w", err)
	}
	m.plain, m.html = plain.String(), rich.String()
	return m, nil
}

func (c Config) link(e Event) string {
	link := c.Dashboard + "/nagios4/cgi-bin/extinfo.cgi?type=1&host=" + escape(e.Host)
	if e.Service != "" {
		link = c.Dashboard + "/nagios4/cgi-bin/extinfo.cgi?type=2&host=" + escape(e.Host) + "&service=" + escape(e.Service)
	}
	return link
}

// escape is for names of a model: letters, digits, spaces, '.', '_' and '-'.
func escape(name string) string { return strings.ReplaceAll(name, " ", "+") }
