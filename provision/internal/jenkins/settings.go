package jenkins

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/crypto/ssh"
)

// Settings say what the Jenkins of one site is to know. None is a secret.
type Settings struct {
	// URL is where people and GitHub's webhook reach it, ending in a slash.
	URL string `json:"url"`
	// Admin may do everything; Users may look and build.
	Admin string   `json:"admin"`
	Users []string `json:"users"`
	// Owner and Repository are those of GitHub.
	Owner      string  `json:"owner"`
	Repository string  `json:"repository"`
	GitHubUser string  `json:"gitHubUser"`
	Agents     []Agent `json:"agents"`
	// AgentUser is who Jenkins logs in as on its agents, SwarmUser who
	// swarmctl logs in as on the swarm's machines.
	AgentUser string `json:"agentUser"`
	SwarmUser string `json:"swarmUser"`
	// Registry is HOST[/PATH] that images are pushed to; without one, they are
	// handed to the nodes directly.
	Registry     string `json:"registry"`
	RegistryUser string `json:"registryUser"`
	// NotifyMail is told of failures and recoveries. With NotifyWebhook, a
	// webhook is as well; its address is a secret.
	NotifyMail    string `json:"notifyMail"`
	NotifyWebhook bool   `json:"notifyWebhook"`
	SMTPHost      string `json:"smtpHost"`
	SMTPPort      int    `json:"smtpPort"`
}

// Agent is a machine that builds.
type Agent struct {
	Name string `json:"name"`
	Host string `json:"host"`
	Port int    `json:"port"`
	// HostKey is in authorized-key format, `TYPE BASE64`; no other is accepted.
	HostKey string `json:"hostKey"`
	// Folder is where the agent works, absolute.
	Folder    string `json:"folder"`
	Executors int    `json:"executors"`
}

var (
	name     = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
	registry = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]+)?(/[a-z0-9._/-]+)?$`)
)

// faults gathers what is wrong, by field.
type faults []error

func (f *faults) add(field, format string, args ...any) {
	*f = append(*f, fmt.Errorf("%s: %s", field, fmt.Sprintf(format, args...)))
}

func (f faults) join() error { return errors.Join(f...) }

func (f *faults) name(field, value string) {
	if !name.MatchString(value) {
		f.add(field, "must consist of letters, digits and . _ -, got %q", value)
	}
}

func (f *faults) port(field string, value int) {
	if value < 1 || value > 65535 {
		f.add(field, "must be 1 to 65535, got %d", value)
	}
}

// Validate lists every fault, joined by errors.Join.
func (s Settings) Validate() error {
	var f faults
	s.validateURL(&f)
	for _, one := range [][2]string{
		{"admin", s.Admin},
		{"owner", s.Owner},
		{"repository", s.Repository},
		{"gitHubUser", s.GitHubUser},
		{"agentUser", s.AgentUser},
		{"swarmUser", s.SwarmUser},
		{"smtpHost", s.SMTPHost},
	} {
		f.name(one[0], one[1])
	}
	s.validateUsers(&f)
	s.validateMail(&f)
	if s.Registry != "" {
		if !registry.MatchString(s.Registry) {
			f.add("registry", "must be HOST[:PORT][/PATH], got %q", s.Registry)
		}
		f.name("registryUser", s.RegistryUser)
	}
	if len(s.Agents) == 0 {
		f.add("agents", "must name one at least: nothing is built on Jenkins itself")
	}
	for i, a := range s.Agents {
		a.validate(fmt.Sprintf("agents[%d]", i), &f)
	}
	return f.join()
}

// validateURL wants what nginx serves: one host, all of it, on TLS's own port.
func (s Settings) validateURL(f *faults) {
	u, err := url.Parse(s.URL)
	if err != nil || u.Host == "" || strings.Contains(s.URL, "$") || s.URL != "https://"+u.Host+"/" || u.Port() != "" && u.Port() != "443" {
		f.add("url", "must be https://HOST/, without a path or another port than 443, got %q", s.URL)
	}
}

func (s Settings) validateUsers(f *faults) {
	seen := map[string]bool{variable(s.Admin): true}
	for i, user := range s.Users {
		field := fmt.Sprintf("users[%d]", i)
		f.name(field, user)
		if seen[variable(user)] {
			f.add(field, "%q is there already, or reads the same password file", user)
		}
		seen[variable(user)] = true
	}
}

func (s Settings) validateMail(f *faults) {
	if a, err := mail.ParseAddress(s.NotifyMail); err != nil || a.Address != s.NotifyMail || strings.Contains(s.NotifyMail, "$") {
		f.add("notifyMail", "must be an address, got %q", s.NotifyMail)
	}
	f.port("smtpPort", s.SMTPPort)
}

func (a Agent) validate(field string, f *faults) {
	f.name(field+".name", a.Name)
	f.name(field+".host", a.Host)
	f.port(field+".port", a.Port)
	if a.Executors < 1 {
		f.add(field+".executors", "must be at least 1, got %d", a.Executors)
	}
	if !strings.HasPrefix(a.Folder, "/") || strings.ContainsAny(a.Folder, "$\"") {
		f.add(field+".folder", "must be an absolute path, got %q", a.Folder)
	}
	if _, _, _, rest, err := ssh.ParseAuthorizedKey([]byte(a.HostKey)); err != nil || len(rest) > 0 || strings.Count(a.HostKey, " ") != 1 {
		f.add(field+".hostKey", "must be `TYPE BASE64`, got %q", a.HostKey)
	}
}
