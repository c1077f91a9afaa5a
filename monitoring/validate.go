package monitoring

import (
	"errors"
	"fmt"
	"maps"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// Names stand in configuration files, on command lines and in mails: letters
// and digits, and three signs that mean nothing to any of them.
var (
	name     = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$`)
	hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$`)
	ranges   = regexp.MustCompile(`^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)(,([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00))*$`)
	// plain is text that goes into a check's command line.
	plain   = regexp.MustCompile(`^[A-Za-z0-9 .,:_/@=+-]*$`)
	jobPath = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._ /-]*$`)
	version = regexp.MustCompile(`^\d+\.\d+\.\d+$`)
	hash    = regexp.MustCompile(`^\$2[aby]\$\d\d\$[A-Za-z0-9./]{53}$`)
	handle  = regexp.MustCompile(`^@[A-Za-z0-9._@+-]+$`)
)

// minCost is what a bcrypt hash must have cost at least.
const minCost = 10

type faults []error

func (f *faults) add(field, format string, args ...any) {
	*f = append(*f, errors.New(field+": "+fmt.Sprintf(format, args...)))
}

func (f *faults) name(field, value string) {
	if !name.MatchString(value) {
		f.add(field, "must be 1 to 63 letters, digits, '.', '_' and '-', got %q", value)
	}
}

func (f faults) join() error {
	if len(f) == 0 {
		return nil
	}
	noun := "faults"
	if len(f) == 1 {
		noun = "fault"
	}
	return fmt.Errorf("monitoring settings have %d %s:\n%w", len(f), noun, errors.Join(f...))
}

func (s Settings) check() faults {
	var f faults
	s.checkEndpoint(&f)
	for i, service := range s.Services {
		f.name(fmt.Sprintf("services[%d]", i), service)
	}
	if s.Transport != NRPE && s.Transport != SSH {
		f.add("transport", "must be nrpe or ssh, got %q", s.Transport)
	}
	s.Schedule.check(&f)
	s.checkThresholds(&f)
	s.checkContacts(&f)
	s.checkRoles(&f)
	s.checkPeriods(&f)
	s.SMTP.check(&f)
	s.Web.check(&f)
	s.checkRest(&f)
	return f
}

func (s Settings) checkEndpoint(f *faults) {
	if s.Endpoint != "" {
		checkURL(f, "endpoint", s.Endpoint)
	}
	if !plain.MatchString(s.Content) {
		f.add("content", "must be letters, digits, spaces and . , : _ / @ = + -, got %q", s.Content)
	}
}

func checkURL(f *faults, field, text string) {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || !validHost(u.Hostname()) || !plain.MatchString(text) || strings.Contains(text, " ") {
		f.add(field, "must be an http or https URL with a host and no quotes, got %q", text)
		return
	}
	if u.User != nil {
		f.add(field, "must not hold a password")
	}
}

// checkPrivate is about a URL that keys are sent to.
func checkPrivate(f *faults, field, text string) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" {
		return
	}
	if addr, err := netip.ParseAddr(u.Hostname()); err == nil && addr.IsLoopback() || u.Hostname() == "localhost" {
		return
	}
	f.add(field, "must be an https URL, as keys must not go over the network in the clear, got %q", text)
}

func validHost(text string) bool {
	_, err := netip.ParseAddr(text)
	return err == nil || hostName.MatchString(text)
}

func (s Schedule) check(f *faults) {
	for _, field := range []struct {
		name  string
		value Duration
	}{{"interval", s.Interval}, {"retry", s.Retry}, {"renotify", s.Renotify}} {
		if seconds := field.value.Seconds(); seconds < 1 || seconds > 86400 {
			f.add("schedule."+field.name, "must be between 1s and 24h, got %ds", seconds)
		}
	}
	// Between the first result and the second the cause is looked for, which may be
	// another check's problem; with one alone every consequence would be told.
	if s.Attempts < 2 || s.Attempts > 20 {
		f.add("schedule.attempts", "must be between 2 and 20, got %d", s.Attempts)
	}
}

func (s Settings) checkThresholds(f *faults) {
	for _, key := range slices.Sorted(maps.Keys(s.Thresholds)) {
		t, field := s.Thresholds[key], "thresholds."+key
		_, known := defaultThresholds[key]
		switch {
		case !known:
			f.add(field, "there is no such check; known: %s", strings.Join(slices.Sorted(maps.Keys(defaultThresholds)), ", "))
		case t.Warning < 0 || t.Critical < 0:
			f.add(field, "must not be negative")
		case falling[key] && t.Critical >= t.Warning:
			f.add(field, "less is worse here: critical must be below warning, got %g and %g", t.Critical, t.Warning)
		case !falling[key] && t.Critical <= t.Warning:
			f.add(field, "critical must be above warning, got %g and %g", t.Critical, t.Warning)
		}
	}
	// An outage's length is known to one interval only if no check takes longer.
	if limit := s.Thresholds["response"].Critical; limit >= float64(s.Schedule.Interval.Seconds()) {
		f.add("thresholds.response", "critical is how long a check waits, and must be below schedule.interval, got %gs and %ds", limit, s.Schedule.Interval.Seconds())
	}
}

func (s Settings) checkContacts(f *faults) {
	if len(s.Contacts) == 0 {
		f.add("contacts", "must name at least one, or nobody hears of a problem")
	}
	seen := map[string]bool{}
	for i, c := range s.Contacts {
		field := fmt.Sprintf("contacts[%d]", i)
		f.name(field+".name", c.Name)
		if seen[c.Name] {
			f.add(field+".name", "%q is there twice", c.Name)
		}
		seen[c.Name] = true
		c.check(f, field)
		if _, ok := s.Periods[c.Period]; !ok {
			f.add(field+".period", "there is no period %q", c.Period)
		}
	}
}

func (c Contact) check(f *faults, field string) {
	if c.Email == "" && c.WebhookFile == "" {
		f.add(field, "must have an email or a webhookFile")
	}
	if c.Email != "" {
		checkMail(f, field+".email", c.Email)
	}
	if len(c.Roles) == 0 {
		f.add(field+".roles", "must name at least one")
	}
	for i, role := range c.Roles {
		f.name(fmt.Sprintf("%s.roles[%d]", field, i), role)
	}
}

func checkMail(f *faults, field, text string) {
	a, err := mail.ParseAddress(text)
	if err != nil || a.Address != text || strings.ContainsAny(text, "\"'`;!$\\ ") {
		f.add(field, "must be an address like ana@example.org, got %q", text)
	}
}

// Roles are those that a contact has, sorted.
func (s Settings) Roles() []string {
	roles := map[string]bool{}
	for _, c := range s.Contacts {
		for _, r := range c.Roles {
			roles[r] = true
		}
	}
	return slices.Sorted(maps.Keys(roles))
}

func (s Settings) checkRoles(f *faults) {
	held := s.Roles()
	if len(held) == 0 {
		return // that nobody has a role is said already
	}
	role := func(field, value string) {
		if !slices.Contains(held, value) {
			f.add(field, "no contact has the role %q; those that exist: %s", value, strings.Join(held, ", "))
		}
	}
	for _, part := range slices.Sorted(maps.Keys(s.Owners)) {
		if !slices.Contains(parts, part) {
			f.add("owners."+part, "there is no such part; known: %s", strings.Join(parts, ", "))
		}
		role("owners."+part, s.Owners[part])
	}
	for i, e := range s.Escalations {
		field := fmt.Sprintf("escalations[%d]", i)
		role(field+".from", e.From)
		role(field+".to", e.To)
		if e.After < 1 {
			f.add(field+".after", "must be at least 1, got %d", e.After)
		}
	}
}

func (s Settings) checkPeriods(f *faults) {
	for _, key := range slices.Sorted(maps.Keys(s.Periods)) {
		f.name("periods."+key, key)
		for _, day := range slices.Sorted(maps.Keys(s.Periods[key])) {
			field := "periods." + key + "." + day
			if !slices.Contains(Days, day) {
				f.add(field, "must be a day's name, monday to sunday")
			}
			if times := s.Periods[key][day]; !ranges.MatchString(times) {
				f.add(field, `must look like "09:00-17:00,18:00-20:00", got %q`, times)
			}
		}
	}
}

func (m SMTP) check(f *faults) {
	if !validHost(m.Host) {
		f.add("smtp.host", "must be an IP address or a host name, got %q", m.Host)
	}
	if m.Port < 1 || m.Port > 65535 {
		f.add("smtp.port", "must be between 1 and 65535, got %d", m.Port)
	}
	checkMail(f, "smtp.from", m.From)
	if m.TLS != "starttls" && m.TLS != "tls" && m.TLS != "none" {
		f.add("smtp.tls", "must be starttls, tls or none, got %q", m.TLS)
	}
	if (m.User == "") != (m.PasswordFile == "") {
		f.add("smtp", "user and passwordFile go together")
	}
	if m.User != "" && m.TLS == "none" {
		f.add("smtp.tls", "a password must not go over the network in the clear")
	}
}

func (w Web) check(f *faults) {
	if w.Host != "" && !validHost(w.Host) {
		f.add("web.host", "must be an IP address or a host name, got %q", w.Host)
	}
	seen := map[string]bool{}
	for i, u := range w.Users {
		field := fmt.Sprintf("web.users[%d]", i)
		f.name(field+".name", u.Name)
		if seen[u.Name] {
			f.add(field+".name", "%q is there twice", u.Name)
		}
		seen[u.Name] = true
		if u.Role != "operator" && u.Role != "viewer" {
			f.add(field+".role", "must be operator or viewer, got %q", u.Role)
		}
		if cost, err := bcrypt.Cost([]byte(u.PasswordHash)); err != nil || cost < minCost || !hash.MatchString(u.PasswordHash) {
			f.add(field+".passwordHash", "must be a bcrypt hash of cost %d or more, as `swarmctl monitoring passwd` makes", minCost)
		}
	}
	if len(w.Users) == 0 {
		f.add("web.users", "must name at least one, or nobody can open the dashboard")
	}
}

func (s Settings) checkRest(f *faults) {
	if s.Runbook != "" {
		checkURL(f, "runbook", s.Runbook)
	}
	if s.SLO.Availability <= 0 || s.SLO.Availability >= 100 {
		f.add("slo.availability", "must be above 0 and below 100 percent, got %g", s.SLO.Availability)
	}
	if s.Jenkins != nil {
		checkURL(f, "jenkins.url", s.Jenkins.URL)
		if !jobPath.MatchString(s.Jenkins.Job) {
			f.add("jenkins.job", "must be a path like folder/name, got %q", s.Jenkins.Job)
		}
	}
	if s.Datadog != nil {
		s.Datadog.check(f)
		s.Datadog.checkSource(f)
	}
}
