package apply

import (
	"slices"
	"time"

	"github.com/ycesproject/yces/monitoring"
	"github.com/ycesproject/yces/monitoring/nagios"
	"github.com/ycesproject/yces/monitoring/pki"
)

func (p *Plan) planMachine(h monitoring.Host, is Machine, now time.Time) MachinePlan {
	m := MachinePlan{Host: h}
	for _, name := range p.in.packages(h) {
		if !is.Packages[name] {
			m.Packages = append(m.Packages, name)
		}
	}
	if p.in.Model.Transport == monitoring.SSH && !is.Parts["account"] {
		m.Account = "there is none"
	}
	if p.Login != "" {
		m.Login = "the key is new"
	}
	m.Files = changes(p.filesNow(h, is.Arch), is)
	for _, c := range certs(p.in.Model, h) {
		if c.Cause = p.stale(c, is, now); c.Cause != "" {
			m.Certs = append(m.Certs, c)
		}
	}
	if p.in.Model.Transport == monitoring.NRPE {
		m.RestartNRPE = m.restartCause(is)
	}
	m.Agent = p.planAgent(h, is)
	m.Sweep = p.leftovers(is)
	return m
}

// changes are the files that differ.
func changes(files []File, is Machine) []Change {
	var list []Change
	for _, f := range files {
		if cause := differs(f, is); cause != "" {
			list = append(list, Change{f, cause})
		}
	}
	return list
}

// filesNow are the machine's, those that are made from keys that there are too.
func (p *Plan) filesNow(h monitoring.Host, arch string) []File {
	files := p.in.files(h, arch)
	if p.Authority == "" && p.in.trusts(h) {
		files = append(files, File{monitoring.CAFile, 0o644, "root", p.authority.Cert})
	}
	if p.login != "" {
		files = append(files, p.in.letIn(h, p.login))
	}
	return files
}

// letIn is the file that lets the monitor's key in.
func (in Input) letIn(h monitoring.Host, key string) File {
	return File{loginFile, 0o644, "root", []byte(nagios.AuthorizedKeys(in.Model, h, key))}
}

// trusts tells whether the machine needs the authority's certificate.
func (in Input) trusts(h monitoring.Host) bool {
	return in.Model.Transport == monitoring.NRPE || h.Group == monitoring.Monitors
}

// leftovers are parts of a transport that is not used any more, or an agent that
// the settings no longer name.
func (p *Plan) leftovers(is Machine) []Leftover {
	transport := p.in.Model.Transport
	var list []Leftover
	for _, part := range []struct {
		name   string
		needed bool
		cause  string
	}{
		{"nrpe", transport == monitoring.NRPE, "the transport is " + transport},
		{"account", transport == monitoring.SSH, "the transport is " + transport},
		{"agent", p.in.Model.HasAgent(), "the settings want none"},
	} {
		if is.Parts[part.name] && !part.needed {
			list = append(list, Leftover{part.name, part.cause})
		}
	}
	return list
}

func differs(f File, is Machine) string {
	there, ok := is.Files[f.Path]
	switch want := stateOf(f); {
	case !ok:
		return "it is missing"
	case there.digest != want.digest:
		return "it differs"
	case there != want:
		return "its mode or group differs"
	}
	return ""
}

// certs are those that a machine needs.
func certs(m monitoring.Model, h monitoring.Host) []Cert {
	addresses := []string{h.Node.SwarmAddress()}
	var list []Cert
	if m.Transport == monitoring.NRPE {
		list = append(list, Cert{File: "node", Use: pki.Serve, Name: h.Name, Addresses: addresses})
	}
	if h.Group != monitoring.Monitors {
		return list
	}
	if m.Transport == monitoring.NRPE {
		list = append(list, Cert{File: "client", Use: pki.Ask, Name: h.Name, Addresses: addresses})
	}
	if m.Web.Host != "" {
		addresses = append(slices.Clone(addresses), m.Web.Host)
	}
	return append(list, Cert{File: "web", Use: pki.Serve, Name: h.Name, Addresses: addresses})
}

func (p *Plan) stale(c Cert, is Machine, now time.Time) string {
	if p.Authority != "" {
		return "the authority is new"
	}
	return p.authority.Stale(is.Certs[c.File], c.Use, c.Name, c.Addresses, now)
}

// nrpeReads is what NRPE reads when it starts.
var nrpeReads = []string{nrpeFile, nrpeUnit, monitoring.CAFile}

func (m MachinePlan) restartCause(is Machine) string {
	switch {
	case len(m.Certs) > 0:
		return "its certificate is new"
	case slices.ContainsFunc(m.Files, func(c Change) bool { return slices.Contains(nrpeReads, c.File.Path) }):
		return "its configuration is new"
	case !is.Fresh["nrpe"]:
		return "it does not run with what is on the disk"
	}
	return ""
}

func (m MachinePlan) empty() bool {
	return len(m.operations()) == 0
}
