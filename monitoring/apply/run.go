package apply

import (
	"context"
	_ "embed" // the scripts
	"errors"
	"fmt"
	"io/fs"
	"path"
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

var (
	//go:embed install.sh
	installScript string
	//go:embed place.sh
	placeScript string
	//go:embed activate.sh
	activateScript string
	//go:embed destroy.sh
	destroyScript string
)

// Apply does what the plan says: all machines at the same time, then the
// monitor's release.
func (p Plan) Apply(ctx context.Context, fleet Fleet, now time.Time, report Report) error {
	authority := p.authority
	if p.Authority != "" {
		var err error
		if authority, err = p.makeAuthority(ctx, fleet, now, report); err != nil {
			return err
		}
	}
	faults := make([]error, len(p.Machines))
	var work sync.WaitGroup
	for i, m := range p.Machines {
		work.Go(func() { faults[i] = p.applyMachine(ctx, fleet, m, authority, now, report) })
	}
	work.Wait()
	if err := errors.Join(faults...); err != nil {
		return err
	}
	if p.Release.Cause == "" {
		return nil
	}
	return p.activate(ctx, fleet, report)
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

func (p Plan) applyMachine(ctx context.Context, fleet Fleet, m MachinePlan, authority *pki.Authority, now time.Time, report Report) error {
	subject := "machine " + m.Host.Name
	err := p.changeMachine(ctx, fleet, m, authority, now, report)
	if err != nil {
		report.Fail(subject, "not ready")
		return fmt.Errorf("%s: %w", subject, err)
	}
	report.Done(subject, "ready")
	return nil
}

func (p Plan) changeMachine(ctx context.Context, fleet Fleet, m MachinePlan, authority *pki.Authority, now time.Time, report Report) error {
	subject := "machine " + m.Host.Name
	host, err := fleet.Host(ctx, *m.Host.Node)
	if err != nil {
		return err
	}
	if len(m.Packages) > 0 {
		report.Start(subject, "installing "+strings.Join(m.Packages, ", "))
		script := preamble(map[string]string{"PACKAGES": strings.Join(m.Packages, " ")}) + installScript
		if _, err := host.RunScript(ctx, "install packages", script, func(line string) { report.Output(subject, line) }); err != nil {
			return err
		}
	}
	files := make([]File, 0, len(m.Files))
	for _, c := range m.Files {
		files = append(files, c.File)
	}
	issued, err := issue(m.Certs, authority, now)
	if err != nil {
		return err
	}
	if p.Authority != "" {
		issued = append(issued, File{monitoring.CAFile, 0o644, "root", authority.Cert})
	}
	report.Start(subject, "writing files")
	return place(ctx, host, m, append(files, issued...))
}

// issue makes certificates as files.
func issue(certs []Cert, authority *pki.Authority, now time.Time) ([]File, error) {
	var files []File
	for _, c := range certs {
		pair, err := authority.Issue(c.Use, c.Name, c.Addresses, now)
		if err != nil {
			return nil, err
		}
		base := monitoring.PKIDir + "/" + c.File
		// The certificate last: a key without it is noticed and made anew.
		files = append(files, File{base + ".key", 0o640, "nagios", pair.Key}, File{base + ".crt", 0o644, "root", pair.Cert})
	}
	return files, nil
}

// staging is where files wait until all of them are there.
const staging = monitoring.ConfigDir + "/staging"

// place puts all files in their places in one go, once they are on the machine
// and found good.
func place(ctx context.Context, host Host, m MachinePlan, files []File) error {
	if _, err := host.RunScript(ctx, "make folders", "rm -rf "+staging+" && install -d -m 755 "+monitoring.ConfigDir+" && install -d -m 700 "+staging+"\n", nil); err != nil {
		return err
	}
	var list strings.Builder
	for i, f := range files {
		name := fmt.Sprintf("%s/%d", staging, i)
		if err := host.Upload(ctx, f.Data, name, 0o600); err != nil {
			return err
		}
		fmt.Fprintf(&list, "%s %o %s %s\n", name, f.Mode, f.Group, f.Path)
	}
	_, err := host.RunScript(ctx, "place files", preamble(map[string]string{
		"LIST": list.String(), "RESTART": m.RestartNRPE, "SUDOERS": sudoersFile, "STAGING": staging, "PKI": monitoring.PKIDir,
		"STATE": monitoring.StateDir, "MONITOR": monitorMark(m.Host),
	})+placeScript, nil)
	return err
}

func monitorMark(h monitoring.Host) string {
	if h.Group == monitoring.Monitors {
		return "yes"
	}
	return ""
}

// The exit codes of activate.sh.
const (
	exitRejected   = "rejected\n"
	exitRolledBack = "rolled back\n"
)

const releases = monitoring.ConfigDir + "/releases"

func (p Plan) activate(ctx context.Context, fleet Fleet, report Report) error {
	h := p.in.Model.Monitor()
	subject := "machine " + h.Name
	report.Start(subject, "putting release "+p.Release.Digest+" in use")
	host, err := fleet.Host(ctx, *h.Node)
	if err != nil {
		return err
	}
	if err := uploadRelease(ctx, host, p.Release); err != nil {
		return err
	}
	out, err := host.RunScript(ctx, "put release in use", preamble(map[string]string{
		"RELEASES": releases, "DIGEST": p.Release.Digest, "CURRENT": monitoring.Current,
	})+activateScript, func(line string) { report.Output(subject, line) })
	switch {
	case err == nil:
		report.Done(subject, "release "+p.Release.Digest+" is in use")
		return nil
	case strings.HasSuffix(out, exitRejected):
		err = fmt.Errorf("%w:\n%s", ErrRejected, strings.TrimSuffix(out, exitRejected))
	case strings.HasSuffix(out, exitRolledBack):
		err = fmt.Errorf("%w:\n%s", ErrRolledBack, strings.TrimSuffix(out, exitRolledBack))
	}
	report.Fail(subject, "release "+p.Release.Digest+" is not in use")
	return err
}

func uploadRelease(ctx context.Context, host Host, r Release) error {
	dir := releases + "/" + r.Digest
	folders := map[string]bool{dir: true}
	for _, f := range r.Files {
		folders[path.Dir(dir+"/"+f.Path)] = true
	}
	script := "rm -rf " + dir + ".half\ninstall -d -m 755 " + releases + " " + strings.ReplaceAll(strings.Join(sorted(folders), " "), dir, dir+".half") + "\n"
	if _, err := host.RunScript(ctx, "make folders", script, nil); err != nil {
		return err
	}
	for _, f := range r.Files {
		mode := fs.FileMode(0o644)
		if f.Path == "htpasswd" {
			mode = 0o600 // activate.sh gives it to Apache
		}
		if err := host.Upload(ctx, f.Data, dir+".half/"+f.Path, mode); err != nil {
			return err
		}
	}
	return nil
}

// Destroy takes everything of ours off the machines; the distribution's
// packages stay, stopped, where we installed them.
func Destroy(ctx context.Context, m monitoring.Model, fleet Fleet, report Report) error {
	hosts := m.Machines()
	faults := make([]error, len(hosts))
	var work sync.WaitGroup
	for i, h := range hosts {
		work.Go(func() {
			host, err := fleet.Host(ctx, *h.Node)
			if err == nil {
				_, err = host.RunScript(ctx, "remove monitoring", preamble(map[string]string{
					"FILES": strings.Join([]string{nrpeUnit, sudoersFile, nagiosUnit, apacheSite, path.Dir(overviewFile), path.Dir(monitoring.Checks), monitoring.ConfigDir, monitoring.StateDir}, " "),
				})+destroyScript, nil)
			}
			if err != nil {
				faults[i] = fmt.Errorf("machine %s: %w", h.Name, err)
				return
			}
			report.Done("machine "+h.Name, "removed")
		})
	}
	work.Wait()
	return errors.Join(faults...)
}
