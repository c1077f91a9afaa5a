package apply

import (
	"context"
	_ "embed" // the scripts
	"errors"
	"fmt"
	"path"
	"strings"
	"sync"

	"github.com/ycesproject/yces/monitoring"
)

var (
	//go:embed sweep.sh
	sweepScript string
	//go:embed destroy.sh
	destroyScript string
)

// Destroy takes everything of ours off the machines; the distribution's
// packages stay, stopped, where we installed them. The monitor is the first, or it
// would tell people that the others no longer answer.
func Destroy(ctx context.Context, m monitoring.Model, fleet Fleet, report Report) error {
	var monitors, others []monitoring.Host
	for _, h := range m.Machines() {
		if h.Group == monitoring.Monitors {
			monitors = append(monitors, h)
		} else {
			others = append(others, h)
		}
	}
	return errors.Join(destroyAll(ctx, monitors, fleet, report), destroyAll(ctx, others, fleet, report))
}

func destroyAll(ctx context.Context, hosts []monitoring.Host, fleet Fleet, report Report) error {
	faults := make([]error, len(hosts))
	var work sync.WaitGroup
	for i, h := range hosts {
		work.Go(func() {
			if err := destroy(ctx, fleet, h); err != nil {
				faults[i] = fmt.Errorf("machine %s: %w", h.Name, err)
				return
			}
			report.Done("machine "+h.Name, "removed")
		})
	}
	work.Wait()
	return errors.Join(faults...)
}

func destroy(ctx context.Context, fleet Fleet, h monitoring.Host) error {
	host, err := fleet.Host(ctx, *h.Node)
	if err != nil {
		return err
	}
	if err := sweep(ctx, host, h, []string{"nrpe", "account", "agent"}); err != nil {
		return err
	}
	_, err = host.RunScript(ctx, "remove monitoring", preamble(map[string]string{
		"FILES": strings.Join([]string{nagiosUnit, apacheSite, path.Dir(overviewFile), path.Dir(monitoring.Checks), monitoring.ConfigDir, monitoring.StateDir}, " "),
	})+destroyScript, nil)
	return err
}

// sweepMachine takes off what nothing needs any more.
func sweepMachine(ctx context.Context, fleet Fleet, m MachinePlan, report Report) error {
	if len(m.Sweep) == 0 {
		return nil
	}
	subject := "machine " + m.Host.Name
	var parts []string
	for _, l := range m.Sweep {
		parts = append(parts, l.Part)
		report.Start(subject, "removing "+partNames[l.Part])
	}
	host, err := fleet.Host(ctx, *m.Host.Node)
	if err == nil {
		err = sweep(ctx, host, m.Host, parts)
	}
	if err != nil {
		report.Fail(subject, "not swept")
		return fmt.Errorf("%s: %w", subject, err)
	}
	report.Done(subject, "ready")
	return nil
}

func sweep(ctx context.Context, host Host, h monitoring.Host, parts []string) error {
	_, err := host.RunScript(ctx, "remove "+strings.Join(parts, ", "), preamble(map[string]string{
		"PARTS": strings.Join(parts, " "), "MONITOR": monitorMark(h),
		"NRPE_FILE": nrpeFile, "NRPE_UNIT": nrpeUnit, "NRPE_SUDOERS": sudoers[monitoring.NRPE], "PKI": monitoring.PKIDir,
		"ACCOUNT": monitoring.Account, "ACCOUNT_HOME": monitoring.AccountHome, "ALLOW_LIST": monitoring.AllowList,
		"SSH_SUDOERS": sudoers[monitoring.SSH], "KEY": monitoring.SSHKey, "MASTERS": monitoring.SSHMasters,
		"AGENT_LIST": agentList, "AGENT_KEYRING": agentKeyring, "AGENT_DIR": agentDir,
	})+sessionsScript+sweepScript, nil)
	return err
}
