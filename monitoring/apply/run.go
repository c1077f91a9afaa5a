package apply

import (
	"context"
	_ "embed" // the scripts
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/ycesproject/yces/monitoring"
	"github.com/ycesproject/yces/monitoring/pki"
)

// Report is told what goes on.
type Report interface {
	Start(subject, text string)
	Done(subject, text string)
	Fail(subject, text string)
	Output(subject, line string)
}

//go:embed login.sh
var loginScript string

// keys are what files are made from: as they are, or as they were made just now.
type keys struct {
	authority *pki.Authority
	// login is the public half of the monitor's.
	login string
}

// Apply does what the plan says: all machines at the same time, then the
// monitor's release, then Datadog's agents, and what is not needed any more goes.
func (p Plan) Apply(ctx context.Context, fleet Fleet, now time.Time, report Report) error {
	keys, err := p.makeKeys(ctx, fleet, now, report)
	if err != nil {
		return err
	}
	if err := p.each(func(m MachinePlan) error { return p.applyMachine(ctx, fleet, m, keys, now, report) }); err != nil {
		return err
	}
	if p.Release.Cause != "" {
		if err := p.activate(ctx, fleet, report); err != nil {
			return err
		}
	}
	return errors.Join(
		p.each(func(m MachinePlan) error { return p.applyAgent(ctx, fleet, m, report) }),
		p.each(func(m MachinePlan) error { return sweepMachine(ctx, fleet, m, report) }))
}

// each does it for all machines at the same time, and tells all faults.
func (p Plan) each(do func(MachinePlan) error) error {
	faults := make([]error, len(p.Machines))
	var work sync.WaitGroup
	for i, m := range p.Machines {
		work.Go(func() { faults[i] = do(m) })
	}
	work.Wait()
	return errors.Join(faults...)
}

func (p Plan) makeKeys(ctx context.Context, fleet Fleet, now time.Time, report Report) (keys, error) {
	k := keys{p.authority, p.login}
	var err error
	if p.Authority != "" {
		if k.authority, err = p.makeAuthority(ctx, fleet, now, report); err != nil {
			return k, err
		}
	}
	if p.Login != "" {
		k.login, err = p.makeLogin(ctx, fleet, report)
	}
	return k, err
}

// makeLogin has the monitor make the key that it logs in with: its private half
// is never anywhere else.
func (p Plan) makeLogin(ctx context.Context, fleet Fleet, report Report) (string, error) {
	h := p.in.Model.Monitor()
	subject := "machine " + h.Name
	report.Start(subject, "making the key that it logs in with")
	host, err := fleet.Host(ctx, *h.Node)
	if err != nil {
		return "", err
	}
	out, err := host.RunScript(ctx, "make key", preamble(map[string]string{
		"KEY": monitoring.SSHKey, "COMMENT": "monitoring of " + p.in.Model.Name,
	})+loginScript, nil)
	if err != nil {
		return "", fmt.Errorf("%s: %w", subject, err)
	}
	key := strings.TrimSpace(out)
	if !publicKey.MatchString(key) {
		return "", fmt.Errorf("%s: make key: it printed something else", subject)
	}
	return key, nil
}

// makeAuthority keeps it on the monitor, so that whoever applies next finds it.
func (p Plan) makeAuthority(ctx context.Context, fleet Fleet, now time.Time, report Report) (*pki.Authority, error) {
	subject := "cluster " + p.in.Model.Name
	report.Start(subject, "making the certificate authority")
	authority, err := pki.NewAuthority(p.in.Model.Name, now)
	if err != nil {
		return nil, err
	}
	host, err := fleet.Host(ctx, *p.in.Model.Monitor().Node)
	if err != nil {
		return nil, err
	}
	if _, err := host.RunScript(ctx, "make folder", "install -d -m 755 "+monitoring.ConfigDir+" && install -d -m 700 "+authorityDir+"\n", nil); err != nil {
		return nil, err
	}
	// The certificate last: half an authority is none.
	if err := host.Upload(ctx, authority.Key, authorityKey, 0o600); err != nil {
		return nil, err
	}
	if err := host.Upload(ctx, authority.Cert, authorityCert, 0o600); err != nil {
		return nil, err
	}
	report.Done(subject, "the certificate authority is made")
	return authority, nil
}
