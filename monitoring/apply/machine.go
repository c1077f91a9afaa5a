package apply

import (
	"context"
	_ "embed" // the scripts
	"fmt"
	"strings"
	"time"

	"github.com/ycesproject/yces/monitoring"
	"github.com/ycesproject/yces/monitoring/pki"
)

var (
	//go:embed apt.sh
	aptScript string
	//go:embed sessions.sh
	sessionsScript string
	//go:embed install.sh
	installScript string
	//go:embed account.sh
	accountScript string
	//go:embed move.sh
	moveScript string
	//go:embed place.sh
	placeScript string
)

func (p Plan) applyMachine(ctx context.Context, fleet Fleet, m MachinePlan, keys keys, now time.Time, report Report) error {
	subject := "machine " + m.Host.Name
	err := p.changeMachine(ctx, fleet, m, keys, now, report)
	if err != nil {
		report.Fail(subject, "not ready")
		return fmt.Errorf("%s: %w", subject, err)
	}
	report.Done(subject, "ready")
	return nil
}

func (p Plan) changeMachine(ctx context.Context, fleet Fleet, m MachinePlan, keys keys, now time.Time, report Report) error {
	subject := "machine " + m.Host.Name
	host, err := fleet.Host(ctx, *m.Host.Node)
	if err != nil {
		return err
	}
	if err := prepare(ctx, host, m, report); err != nil {
		return err
	}
	files, err := p.made(m, keys, now)
	if err != nil {
		return err
	}
	report.Start(subject, "writing files")
	return place(ctx, host, m, files)
}

// prepare installs packages and makes the account, which files may belong to.
func prepare(ctx context.Context, host Host, m MachinePlan, report Report) error {
	if len(m.Packages) > 0 {
		subject := "machine " + m.Host.Name
		report.Start(subject, "installing "+strings.Join(m.Packages, ", "))
		script := preamble(map[string]string{"PACKAGES": strings.Join(m.Packages, " ")}) + aptScript + installScript
		if _, err := host.RunScript(ctx, "install packages", script, func(line string) { report.Output(subject, line) }); err != nil {
			return err
		}
	}
	if m.Account != "" {
		script := preamble(map[string]string{"ACCOUNT": monitoring.Account, "ACCOUNT_HOME": monitoring.AccountHome}) + accountScript
		if _, err := host.RunScript(ctx, "make account", script, nil); err != nil {
			return err
		}
	}
	return nil
}

// made are the files to write, those that need the new keys too.
func (p Plan) made(m MachinePlan, keys keys, now time.Time) ([]File, error) {
	var files []File
	for _, c := range m.Files {
		files = append(files, c.File)
	}
	if m.Login != "" {
		files = append(files, p.in.letIn(m.Host, keys.login))
	}
	issued, err := issue(m.Certs, keys.authority, now)
	if err != nil {
		return nil, err
	}
	if p.Authority != "" && p.in.trusts(m.Host) {
		issued = append(issued, File{monitoring.CAFile, 0o644, "root", keys.authority.Cert})
	}
	return append(files, issued...), nil
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

// stage uploads files to where they wait, and returns the list of where they go.
func stage(ctx context.Context, host Host, files []File) (string, error) {
	if _, err := host.RunScript(ctx, "make folders", "rm -rf "+staging+" && install -d -m 755 "+monitoring.ConfigDir+" && install -d -m 700 "+staging+"\n", nil); err != nil {
		return "", err
	}
	var list strings.Builder
	for i, f := range files {
		name := fmt.Sprintf("%s/%d", staging, i)
		if err := host.Upload(ctx, f.Data, name, 0o600); err != nil {
			return "", err
		}
		fmt.Fprintf(&list, "%s %o %s %s\n", name, f.Mode, f.Group, f.Path)
	}
	return list.String(), nil
}

// place puts all files in their places in one go, once they are on the machine
// and found good.
func place(ctx context.Context, host Host, m MachinePlan, files []File) error {
	list, err := stage(ctx, host, files)
	if err != nil {
		return err
	}
	_, err = host.RunScript(ctx, "place files", preamble(map[string]string{
		"LIST": list, "RESTART": m.RestartNRPE, "STAGING": staging, "SECRETS": monitoring.ConfigDir + "/secrets",
		"STATE": monitoring.StateDir, "MONITOR": monitorMark(m.Host),
		"KEY": monitoring.SSHKey, "MASTERS": monitoring.SSHMasters, "LOGIN": m.Login, "ACCOUNT": monitoring.Account,
	})+moveScript+sessionsScript+placeScript, nil)
	return err
}

func monitorMark(h monitoring.Host) string {
	if h.Group == monitoring.Monitors {
		return "yes"
	}
	return ""
}
