package apply

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/ycesproject/yces/monitoring"
	"github.com/ycesproject/yces/monitoring/pki"
)

// Plan is what has to be done.
type Plan struct {
	// Authority is to be made anew: why, or "".
	Authority string
	// Login is the monitor's key, to be made anew: why, or "".
	Login    string
	Machines []MachinePlan
	// Release is what the monitor's daemons are to read.
	Release Release

	in        Input
	authority *pki.Authority // as it is; nil where it is to be made
	login     string         // the monitor's public key, as it is
}

// MachinePlan is what has to be done on one machine.
type MachinePlan struct {
	Host     monitoring.Host
	Packages []string
	// Account, that the monitor logs in to, is to be made: why, or "".
	Account string
	Files   []Change
	// Login lets the monitor's new key in: why, or "".
	Login string
	Certs []Cert
	// RestartNRPE says why; "" where it isn't needed.
	RestartNRPE string
	Agent       AgentPlan
	// Sweep is what was needed before, and goes once all else is done.
	Sweep []Leftover
}

// Leftover is a part that nothing needs any more, and why.
type Leftover struct{ Part, Cause string }

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
	if err := checkForeign(in, state); err != nil {
		return Plan{}, err
	}
	p := Plan{in: in}
	monitor := state[in.Model.Monitor().Name]
	if err := p.planAuthority(monitor, now); err != nil {
		return Plan{}, err
	}
	p.planLogin(monitor)
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

// planLogin is about the key that the monitor logs in with.
func (p *Plan) planLogin(monitor Machine) {
	switch {
	case p.in.Model.Transport != monitoring.SSH:
	case monitor.Key == "":
		p.Login = "there is none"
	case p.in.Rotate:
		p.Login = "it was asked for"
	default:
		p.login = monitor.Key
	}
}

type hintError struct {
	error
	hint string
}

func (e hintError) Unwrap() error { return e.error }

// Hint says what to do next.
func (e hintError) Hint() string { return e.hint }

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
