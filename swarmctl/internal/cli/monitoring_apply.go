package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ycesproject/yces/monitoring"
	"github.com/ycesproject/yces/monitoring/apply"
	"github.com/ycesproject/yces/monitoring/datadog"
	"github.com/ycesproject/yces/provision/inventory"
)

// applyOptions are the flags of `monitoring apply`.
type applyOptions struct {
	monitoringOptions
	checks string
	dryRun bool
	rotate bool
	wait   time.Duration
	output outputFlag
}

func (a *app) newMonitoringApplyCommand() *cobra.Command {
	var o applyOptions
	cmd := &cobra.Command{
		Use:   "apply",
		Short: "Make the machines watch and be watched as the settings say",
		Long: `apply installs what is missing, issues certificates, and puts a new release of
the configuration in use once Nagios itself accepted it on the monitor. Where the
daemon does not come up with it, the former release is in use again. Run again,
it prints "no change".`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.monitoringApply(cmd.Context(), o) },
	}
	o.register(cmd)
	f := cmd.Flags()
	f.StringVar(&o.checks, "checks", "", "the checks' program, built for the machines; built from source where empty")
	f.BoolVar(&o.dryRun, "dry-run", false, "print what would be done, and do nothing")
	f.BoolVar(&o.rotate, "rotate", false, "replace the certificate authority, every certificate, and the key that the monitor logs in with")
	f.DurationVar(&o.wait, "wait", 2*time.Minute, "how long to wait for the first results of all checks; 0 does not wait")
	o.output.register(cmd)
	return cmd
}

// applyReport is what `monitoring apply -o json` prints.
type applyReport struct {
	Changed    bool              `json:"changed"`
	Operations []apply.Operation `json:"operations"`
	Dashboard  string            `json:"dashboard"`
	// Services by state, once all were checked.
	Services map[string]int `json:"services,omitempty"`
}

func newApplyReport(m monitoring.Model, plan apply.Plan, written datadog.Plan) applyReport {
	r := applyReport{Operations: append([]apply.Operation{}, plan.Operations()...), Dashboard: dashboard(m)}
	for _, op := range written {
		r.Operations = append(r.Operations, apply.Operation{Subject: "Datadog", Text: op.Text, Cause: op.Cause})
	}
	r.Changed = len(r.Operations) > 0
	return r
}

// plan is what would be done, by subject.
func (r applyReport) plan() string {
	if !r.Changed {
		return "no change\n"
	}
	var b strings.Builder
	subject := ""
	for _, op := range r.Operations {
		if op.Subject != subject {
			subject = op.Subject
			fmt.Fprintln(&b, subject)
		}
		fmt.Fprintf(&b, "  %s (%s)\n", op.Text, op.Cause)
	}
	return b.String()
}

func (a *app) monitoringApply(ctx context.Context, o applyOptions) (err error) {
	f, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	// What is wrong with the settings or the keys is said before any machine is asked.
	m, err := o.model(f.Inventory, nil)
	if err != nil {
		return err
	}
	account, err := a.datadogAccount(m)
	if err != nil {
		return err
	}
	services, err := f.runningServices(ctx)
	if err != nil {
		return err
	}
	if m, err = o.model(f.Inventory, services); err != nil {
		return err
	}
	return a.applyModel(ctx, f, m, account, o)
}

func (a *app) applyModel(ctx context.Context, f *fleet, m monitoring.Model, account *datadogAccount, o applyOptions) error {
	var err error
	in := apply.Input{Model: m, Rotate: o.rotate}
	if in.Secrets, err = o.secrets(m); err != nil {
		return err
	}
	if account != nil {
		in.AgentKey = account.agentKey
	}
	objects, err := a.planDatadog(ctx, account, m)
	if err != nil {
		return err
	}
	plan, err := a.planMonitoring(ctx, &in, o, monitoringFleet{f})
	if err != nil {
		return err
	}
	report := newApplyReport(m, plan, objects)
	if o.dryRun {
		return o.output.print(a.Out, report, report.plan)
	}
	a.tellPlan(plan)
	if err := plan.Apply(ctx, monitoringFleet{f}, time.Now(), a.sink()); err != nil {
		return err
	}
	if err := a.applyDatadog(ctx, account, objects); err != nil {
		return err
	}
	if o.wait > 0 {
		if report.Services, err = a.awaitResults(ctx, f, m, o.wait); err != nil {
			return err
		}
	}
	return o.output.print(a.Out, report, report.text)
}

// tellPlan says what is about to be done.
func (a *app) tellPlan(plan apply.Plan) {
	for _, op := range plan.Operations() {
		a.sink().Output(op.Subject, op.Text+" ("+op.Cause+")")
	}
}

func (r applyReport) text() string {
	var b strings.Builder
	if r.Changed {
		fmt.Fprintf(&b, "%s made\n", plural(len(r.Operations), "change"))
	} else {
		b.WriteString("no change\n")
	}
	if r.Services != nil {
		fmt.Fprintf(&b, "services: %d OK, %d WARNING, %d CRITICAL, %d UNKNOWN, %d PENDING\n",
			r.Services["OK"], r.Services["WARNING"], r.Services["CRITICAL"], r.Services["UNKNOWN"], r.Services["PENDING"])
	}
	fmt.Fprintf(&b, "%s\n", r.Dashboard)
	return b.String()
}

func dashboard(m monitoring.Model) string {
	if m.Web.Host != "" {
		return "https://" + m.Web.Host + "/"
	}
	return "https://" + m.MonitorAddress() + "/"
}

func (a *app) planMonitoring(ctx context.Context, in *apply.Input, o applyOptions, machines monitoringFleet) (apply.Plan, error) {
	subject := "cluster " + in.Model.Name
	a.sink().Start(subject, "looking at "+plural(len(in.Model.Machines()), "machine"))
	state, err := apply.Observe(ctx, *in, machines)
	if err != nil {
		return apply.Plan{}, err
	}
	in.Checks = map[string][]byte{}
	for _, m := range state {
		if _, built := in.Checks[m.Arch]; built {
			continue
		}
		if in.Checks[m.Arch], err = buildChecks(ctx, o.checks, m.Arch); err != nil {
			return apply.Plan{}, err
		}
	}
	plan, err := apply.NewPlan(*in, state, time.Now())
	switch {
	case errors.As(err, new(*apply.ForeignAgentError)):
		err = usageError{err}
	case err != nil:
	case plan.Empty():
		a.sink().Unchanged(subject, "as the settings say")
	default:
		a.sink().Done(subject, plural(len(plan.Operations()), "change")+" to make")
	}
	return plan, err
}

// checksPackage holds the program that runs on the machines.
const checksPackage = "github.com/ycesproject/yces/monitoring/plugins"

// buildChecks reads the program, or builds it: the same source gives the same
// bytes, whoever builds it and where.
func buildChecks(ctx context.Context, file, arch string) ([]byte, error) {
	if file != "" {
		program, err := os.ReadFile(filepath.Clean(file))
		if err != nil {
			return nil, usageError{fmt.Errorf("--checks: %w", err)}
		}
		return program, nil
	}
	dir, err := os.MkdirTemp("", "swarmctl-checks-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	out := filepath.Join(dir, "checks")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -buildid=", "-o", out, checksPackage)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, hinted{
			fmt.Errorf("build the checks for %s: %w\n%s", arch, err, bytes.TrimSpace(text)),
			"run it in the project's folder with Go installed, or name a program with --checks",
		}
	}
	return os.ReadFile(filepath.Clean(out))
}

// monitoringFleet is the fleet as the package apply sees it.
type monitoringFleet struct{ *fleet }

// Host returns the machine behind the node.
func (f monitoringFleet) Host(ctx context.Context, node inventory.Node) (apply.Host, error) {
	c, err := f.conn(ctx, node)
	if err != nil {
		return nil, err
	}
	return monitoredHost{scriptHost{c}}, nil
}

// monitoredHost also takes files.
type monitoredHost struct{ scriptHost }

// Upload replaces the file atomically.
func (h monitoredHost) Upload(ctx context.Context, data []byte, path string, mode fs.FileMode) error {
	return h.conn.Upload(ctx, bytes.NewReader(data), int64(len(data)), path, mode, true)
}
