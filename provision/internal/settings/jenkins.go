package settings

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"

	"github.com/ycesproject/yces/provision/internal/jenkins"
)

// What is installed where the settings name nothing else.
const (
	jenkinsVersion = "2.580.2"
	// jenkinsKey signs Jenkins's package repository from 2026 on.
	jenkinsKey = "5E386EADB55F01504CAE8BCF7198F4B714ABFC68"
	// pluginManager is the version that Jenkins's own images came with.
	pluginManager = "https://github.com/jenkinsci/plugin-installation-manager-tool/releases/download/2.15.0/jenkins-plugin-manager-2.15.0.jar"
)

var (
	fingerprint    = regexp.MustCompile(`^[0-9A-F]{40}$`)
	packageVersion = regexp.MustCompile(`^[0-9]+(\.[0-9]+){1,3}$`)
	downloadURL    = regexp.MustCompile(`^https://[A-Za-z0-9.-]+(:[0-9]+)?/[A-Za-z0-9._/%+-]+$`)
	sha256Sum      = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// Jenkins is the build machine.
type Jenkins struct {
	Enabled bool
	Size    string
	DiskGB  int
	// CIDRs may open its page: people, and whoever sends webhooks.
	CIDRs []netip.Prefix
	// DNSLabel makes LABEL.LOCATION.cloudapp.azure.com.
	DNSLabel string

	// Version is that of Jenkins's package.
	Version string
	// KeyFingerprint is that of the key of Jenkins's package repository.
	KeyFingerprint string
	// PluginManagerURL and -SHA256 are those of the program that installs the plug-ins.
	PluginManagerURL, PluginManagerSHA256 string

	// Site is what Jenkins is to know; nil leaves it installed and not started.
	// Its URL may be empty: see JenkinsURL.
	Site *jenkins.Settings
	// Secrets are those that Site needs and an operator gives. Nothing may print them.
	Secrets map[string]string
}

func (r *reader) jenkins(s *Settings) Jenkins {
	j := Jenkins{
		Enabled:  r.flag("jenkins", true),
		Size:     r.text("jenkinsSize", "Standard_B2s"),
		DiskGB:   r.number("jenkinsDiskGb", 32),
		CIDRs:    r.prefixes("jenkinsCidrs"),
		DNSLabel: r.text("jenkinsDnsLabel", ""),

		Version:             r.text("jenkinsVersion", jenkinsVersion),
		KeyFingerprint:      r.text("jenkinsKeyFingerprint", jenkinsKey),
		PluginManagerURL:    r.text("jenkinsPluginManagerUrl", pluginManager),
		PluginManagerSHA256: r.text("jenkinsPluginManagerSha256", ""),
		Secrets:             r.secrets("jenkinsSecrets"),
	}
	j.Site = r.site("jenkinsSite")
	if j.Site != nil && j.Site.SwarmUser == "" {
		j.Site.SwarmUser = s.AdminUser
	}
	return j
}

// secrets reads a mapping whose values no fault may show.
func (r *reader) secrets(key string) map[string]string {
	var m map[string]string
	if err := json.Unmarshal([]byte(r.text(key, "{}")), &m); err != nil {
		r.faults.add(key, "must be a mapping of strings")
	}
	return m
}

// site reads what Jenkins is to know; nil where there is none.
func (r *reader) site(key string) *jenkins.Settings {
	text := r.text(key, "")
	if text == "" {
		return nil
	}
	var site jenkins.Settings
	if err := json.Unmarshal([]byte(text), &site); err != nil {
		r.faults.add(key, "must be an object as docs/provision.md shows it: %v", err)
		return nil
	}
	r.unknownIn(key, text)
	return &site
}

// unknownIn refuses keys that a site does not have, all of them at once.
func (r *reader) unknownIn(key, text string) {
	var given map[string]any
	var agents struct {
		Agents []map[string]any `json:"agents"`
	}
	_ = json.Unmarshal([]byte(text), &given) // both fit: a site has been read from it
	_ = json.Unmarshal([]byte(text), &agents)
	r.unlike(key, given, jenkins.Settings{})
	for i, agent := range agents.Agents {
		r.unlike(fmt.Sprintf("%s.agents[%d]", key, i), agent, jenkins.Agent{})
	}
}

// unlike adds a fault for every key that a value's form does not have.
func (r *reader) unlike(field string, given map[string]any, form any) {
	var known map[string]any
	text, _ := json.Marshal(form) // strings and numbers
	_ = json.Unmarshal(text, &known)
	for _, key := range slices.Sorted(maps.Keys(given)) {
		if _, ok := known[key]; !ok {
			r.faults.add(field+"."+key, "there is no such setting")
		}
	}
}

// JenkinsURL is where Jenkins is reached, best name first; its machine's
// address where it has none.
func (s Settings) JenkinsURL(address string) string {
	switch j := s.Jenkins; {
	case j.Site != nil && j.Site.URL != "":
		return j.Site.URL
	case j.DNSLabel != "":
		return fmt.Sprintf("https://%s.%s.cloudapp.azure.com/", j.DNSLabel, s.Location)
	default:
		return fmt.Sprintf("https://%s/", address)
	}
}

func (s Settings) checkJenkins(f *faults) {
	j := s.Jenkins
	checkSize(f, "jenkinsSize", j.Size)
	if j.DiskGB < 16 || j.DiskGB > 4095 {
		f.add("jenkinsDiskGb", "must be between 16 and 4095, got %d", j.DiskGB)
	}
	if !fingerprint.MatchString(j.KeyFingerprint) {
		f.add("jenkinsKeyFingerprint", "must be 40 hexadecimal digits in capitals, got %q", j.KeyFingerprint)
	}
	if !packageVersion.MatchString(j.Version) {
		f.add("jenkinsVersion", "must be a version as %s, got %q", jenkinsVersion, j.Version)
	}
	if j.DNSLabel != "" && !dnsLabel.MatchString(j.DNSLabel) {
		f.add("jenkinsDnsLabel", "must be 3 to 63 lower-case letters, digits and hyphens, got %q", j.DNSLabel)
	}
	for _, p := range j.CIDRs {
		if wide(p) {
			f.add("jenkinsCidrs", "%s opens Jenkins to the world; name the addresses of people and of whoever sends webhooks", p)
		}
	}
	s.checkSite(f)
}

// checkSite looks at what only a Jenkins that starts needs.
func (s Settings) checkSite(f *faults) {
	j := s.Jenkins
	if j.Site == nil {
		if len(j.Secrets) > 0 {
			f.add("jenkinsSecrets", "is there without the jenkinsSite that it is for")
		}
		return
	}
	if !downloadURL.MatchString(j.PluginManagerURL) {
		f.add("jenkinsPluginManagerUrl", "must be https://HOST/PATH, got %q", j.PluginManagerURL)
	}
	if !sha256Sum.MatchString(j.PluginManagerSHA256) {
		f.add("jenkinsPluginManagerSha256", "must be the 64 hexadecimal digits that %s.sha256 says, got %q", j.PluginManagerURL, j.PluginManagerSHA256)
	}
	site := *j.Site
	site.URL = s.JenkinsURL("address-known-later.invalid")
	f.within("jenkinsSite", site.Validate())
	f.within("jenkinsSecrets", site.ValidateSecrets(j.Secrets))
}

// within adds the faults of a part that validates itself, by its key.
func (f *faults) within(key string, err error) {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return
	}
	for _, one := range joined.Unwrap() {
		*f = append(*f, fmt.Errorf("%s:%s.%w", Namespace, key, one))
	}
}
