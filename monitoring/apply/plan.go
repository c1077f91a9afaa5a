package apply

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ycesproject/yces/monitoring"
	"github.com/ycesproject/yces/monitoring/pki"
)

// Plan is what has to be done.
type Plan struct {
	// Authority is to be made anew: why, or "".
	Authority string
	Machines  []MachinePlan
	// Release is what the monitor's daemons are to read.
	Release Release

	in        Input
	authority *pki.Authority // as it is; nil where it is to be made
}

// MachinePlan is what has to be done on one machine.
type MachinePlan struct {
	Host     monitoring.Host
	Packages []string
	Files    []Change
	Certs    []Cert
	// RestartNRPE says why; "" where it isn't needed.
	RestartNRPE string
}

// Change is a file to write and why.
type Change struct {
	File  File
	Cause string
}

// Cert is a certificate to issue.
type Cert struct {
	File      string // in the PKI directory, without its ending
	Use       pki.Use
	Name      string
	Addresses []string
	Cause     string
}

// Release is a set of files that take effect together.
type Release struct {
	Digest string
	Files  []monitoring.File
	// Cause says why it has to be put in use; "" where it is already.
	Cause string
}

// NewPlan compares what should be with what is. It does nothing.
func NewPlan(in Input, state State, now time.Time) (Plan, error) {
	p := Plan{in: in}
	monitor := state[in.Model.Monitor().Name]
	if err := p.planAuthority(monitor, now); err != nil {
		return Plan{}, err
	}
	for _, h := range in.Model.Machines() {
		arch := state[h.Name].Arch
		if len(in.Checks[arch]) == 0 {
			return Plan{}, fmt.Errorf("machine %q has architecture %q, for which there are no checks", h.Name, arch)
		}
		if m := p.planMachine(h, state[h.Name], now); !m.empty() {
			p.Machines = append(p.Machines, m)
		}
	}
	p.Release = planRelease(in.release(), monitor)
	return p, nil
}

func (p *Plan) planAuthority(monitor Machine, now time.Time) error {
	switch {
	case len(monitor.Authority.Cert) == 0 && len(monitor.Authority.Key) == 0:
		p.Authority = "there is none"
		return nil
	case p.in.Rotate:
		p.Authority = "it was asked for"
		return nil
	}
	var err error
	p.authority, err = pki.Load(monitor.Authority)
	if err != nil {
		return hintError{err, "with --rotate a new authority replaces it"}
	}
	p.Authority = p.authority.Due(now)
	return nil
}

type hintError struct {
	error
	hint string
}

func (e hintError) Unwrap() error { return e.error }

// Hint says what to do next.
func (e hintError) Hint() string { return e.hint }

func (p *Plan) planMachine(h monitoring.Host, is Machine, now time.Time) MachinePlan {
	m := MachinePlan{Host: h}
	for _, name := range packages(h) {
		if !is.Packages[name] {
			m.Packages = append(m.Packages, name)
		}
	}
	files := p.in.files(h, is.Arch)
	if p.Authority == "" {
		files = append(files, File{monitoring.CAFile, 0o644, "root", p.authority.Cert})
	}
	for _, f := range files {
		if cause := differs(f, is); cause != "" {
			m.Files = append(m.Files, Change{f, cause})
		}
	}
	for _, c := range certs(p.in.Model, h) {
		if c.Cause = p.stale(c, is, now); c.Cause != "" {
			m.Certs = append(m.Certs, c)
		}
	}
	m.RestartNRPE = m.restartCause(is)
	return m
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
	addresses := []string{h.Address}
	list := []Cert{{File: "node", Use: pki.Serve, Name: h.Name, Addresses: addresses}}
	if h.Group != monitoring.Monitors {
		return list
	}
	if m.Web.Host != "" {
		addresses = append(slices.Clone(addresses), m.Web.Host)
	}
	return append(list,
		Cert{File: "client", Use: pki.Ask, Name: h.Name, Addresses: []string{h.Address}},
		Cert{File: "web", Use: pki.Serve, Name: h.Name, Addresses: addresses},
	)
}

func (p *Plan) stale(c Cert, is Machine, now time.Time) string {
	if p.Authority != "" {
		return "the authority is new"
	}
	return p.authority.Stale(is.Certs[c.File], c.Use, c.Name, c.Addresses, now)
}

func (m MachinePlan) restartCause(is Machine) string {
	switch {
	case len(m.Certs) > 0:
		return "its certificate is new"
	case slices.ContainsFunc(m.Files, func(c Change) bool { return c.File.Path != monitoring.Checks && c.File.Path != sudoersFile }):
		return "its configuration is new"
	case !is.Fresh["nrpe"]:
		return "it does not run with what is on the disk"
	}
	return ""
}

func (m MachinePlan) empty() bool {
	return len(m.Packages) == 0 && len(m.Files) == 0 && len(m.Certs) == 0 && m.RestartNRPE == ""
}

func planRelease(files []monitoring.File, is Machine) Release {
	sum := sha256.New()
	for _, f := range files {
		fmt.Fprintf(sum, "%s\n%d\n", f.Path, len(f.Data))
		sum.Write(f.Data)
	}
	r := Release{Digest: hex.EncodeToString(sum.Sum(nil)[:6]), Files: files}
	switch {
	case is.Release == "":
		r.Cause = "there is none"
	case is.Release != r.Digest:
		r.Cause = "release " + is.Release + " differs"
	case !is.Fresh["nagios"]:
		r.Cause = "Nagios does not run with it"
	case !is.Fresh["apache"]:
		r.Cause = "Apache does not serve it"
	}
	return r
}

// Empty tells whether all is as it should be.
func (p Plan) Empty() bool {
	return p.Authority == "" && len(p.Machines) == 0 && p.Release.Cause == ""
}

// Operation is one line of a plan.
type Operation struct {
	Subject string `json:"subject"`
	Text    string `json:"operation"`
	Cause   string `json:"cause"`
}

// Operations are what will be done, in words.
func (p Plan) Operations() []Operation {
	var list []Operation
	if p.Authority != "" {
		list = append(list, Operation{"cluster " + p.in.Model.Name, "make the certificate authority", p.Authority})
	}
	for _, m := range p.Machines {
		list = append(list, m.operations()...)
	}
	if p.Release.Cause != "" {
		list = append(list, Operation{"machine " + p.in.Model.Monitor().Name, "put release " + p.Release.Digest + " in use", p.Release.Cause})
	}
	return list
}

func (m MachinePlan) operations() []Operation {
	subject := "machine " + m.Host.Name
	var list []Operation
	if len(m.Packages) > 0 {
		list = append(list, Operation{subject, "install " + strings.Join(m.Packages, ", "), "not installed"})
	}
	for _, c := range m.Files {
		list = append(list, Operation{subject, "write " + c.File.Path, c.Cause})
	}
	for _, c := range m.Certs {
		list = append(list, Operation{subject, "issue the certificate " + c.File, c.Cause})
	}
	if m.RestartNRPE != "" {
		list = append(list, Operation{subject, "restart NRPE", m.RestartNRPE})
	}
	return list
}

// ErrRejected is a release that the daemon did not accept; nothing was changed.
var ErrRejected = errors.New("the configuration was rejected; what ran goes on")

// ErrRolledBack is a release that the daemon did not come up with.
var ErrRolledBack = errors.New("the daemon did not come up with it; the former release is in use again")
