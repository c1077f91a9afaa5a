package monitoring

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Datadog is the account that gets agents' data, the dashboard and the monitors.
type Datadog struct {
	// Site is the account's region: datadoghq.com, datadoghq.eu …
	Site string `json:"site,omitempty"`
	// Notify are the handles that a monitor's message ends with: @pagerduty …
	Notify []string `json:"notify,omitempty"`
	// API is the URL to ask in place of the site's own, such as a gateway's.
	API string `json:"api,omitempty"`
	// Proxy is what the agents send through, where they may not do so themselves.
	Proxy string `json:"proxy,omitempty"`
	// AppMetrics is where the agent finds the service's own metrics on a node that
	// runs a replica; they are not collected where it is empty.
	AppMetrics string `json:"appMetrics,omitempty"`
	// Agent installs the agent on every machine, which is so where nothing is said.
	Agent *bool `json:"agent,omitempty"`
	// TakeOver replaces an agent that somebody else installed.
	TakeOver bool `json:"takeOver,omitempty"`
	// AgentVersion is the package's, pinned.
	AgentVersion string `json:"agentVersion,omitempty"`
	// Repository is the agent's, as a sources.list names it: URL, suite, component.
	Repository string `json:"repository,omitempty"`
	// Keys are where the keys are that may sign the repository, and
	// KeyFingerprints which those are: all of them, and no other.
	Keys            []string `json:"keys,omitempty"`
	KeyFingerprints []string `json:"keyFingerprints,omitempty"`
}

// HasAgent tells whether machines get the agent.
func (s Settings) HasAgent() bool { return s.Datadog != nil && *s.Datadog.Agent }

// agentKeys are the keys of Datadog's apt repository by their fingerprints; see
// https://docs.datadoghq.com/agent/guide/linux-key-rotation-2024/ and Datadog's
// own recipes for Puppet and Chef, which name them with the year of their end.
var agentKeys = map[string]string{
	"5F1E256061D813B125E156E8E6266D4AC0962C7D": "https://keys.datadoghq.com/DATADOG_APT_KEY_C0962C7D.public", // 2028
	"D75CEA17048B9ACBF186794B32637D44F14F620E": "https://keys.datadoghq.com/DATADOG_APT_KEY_F14F620E.public", // 2032
	"D18886567EABAD8B2D2526900D826EB906462314": "https://keys.datadoghq.com/DATADOG_APT_KEY_06462314.public", // 2033
}

func (d *Datadog) applyDefaults() {
	fill(&d.Site, "datadoghq.com")
	fill(&d.AgentVersion, "7.71.2")
	fill(&d.Repository, "https://apt.datadoghq.com/ stable 7")
	if d.Agent == nil {
		yes := true
		d.Agent = &yes
	}
	// Keys of one's own go with their own fingerprints.
	if len(d.Keys) == 0 && len(d.KeyFingerprints) == 0 {
		for _, fingerprint := range slices.Sorted(maps.Keys(agentKeys)) {
			d.KeyFingerprints = append(d.KeyFingerprints, fingerprint)
			d.Keys = append(d.Keys, agentKeys[fingerprint])
		}
	}
}

// What a sources.list has after the URL, and an OpenPGP key's fingerprint.
var (
	suite       = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9./-]*$`)
	fingerprint = regexp.MustCompile(`^[0-9A-F]{40}$`)
)

// checkSource is about where the agent comes from.
func (d Datadog) checkSource(f *faults) {
	if !version.MatchString(d.AgentVersion) {
		f.add("datadog.agentVersion", "must look like 7.71.2, got %q", d.AgentVersion)
	}
	parts := strings.Fields(d.Repository)
	if len(parts) != 3 || !suite.MatchString(parts[1]) || !suite.MatchString(parts[2]) {
		f.add("datadog.repository", `must be a URL, a suite and a component like "https://apt.datadoghq.com/ stable 7", got %q`, d.Repository)
	} else {
		checkURL(f, "datadog.repository", parts[0])
	}
	for i, key := range d.Keys {
		checkURL(f, fmt.Sprintf("datadog.keys[%d]", i), key)
	}
	for i, text := range d.KeyFingerprints {
		if !fingerprint.MatchString(text) {
			f.add(fmt.Sprintf("datadog.keyFingerprints[%d]", i), "must be 40 digits of 0-9 and A-F, got %q", text)
		}
	}
	if len(d.Keys) == 0 || len(d.KeyFingerprints) == 0 {
		f.add("datadog", "keys and keyFingerprints go together")
	}
}

func (d Datadog) check(f *faults) {
	if !hostName.MatchString(d.Site) {
		f.add("datadog.site", "must be a host name, got %q", d.Site)
	}
	if d.API != "" {
		checkURL(f, "datadog.api", d.API)
		checkPrivate(f, "datadog.api", d.API)
	}
	if d.Proxy != "" {
		checkURL(f, "datadog.proxy", d.Proxy)
	}
	if d.AppMetrics != "" {
		checkURL(f, "datadog.appMetrics", d.AppMetrics)
	}
	for i, h := range d.Notify {
		if !handle.MatchString(h) {
			f.add(fmt.Sprintf("datadog.notify[%d]", i), "must be a handle like @team or @ana@example.org, got %q", h)
		}
	}
}
