package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ycesproject/yces/provision/inventory"
	"github.com/ycesproject/yces/swarmctl/internal/engine"
	"github.com/ycesproject/yces/swarmctl/internal/release"
	"github.com/ycesproject/yces/swarmctl/internal/rollout"
	"github.com/ycesproject/yces/swarmctl/internal/stackfile"
)

// deployOptions are the flags of deploy and plan.
type deployOptions struct {
	files []string
	stack string
	prune bool
	// skipDown leaves nodes out that the swarm has lost.
	skipDown bool
	timeout  time.Duration
	// lockTimeout is how long another deploy may take before this one begins.
	lockTimeout time.Duration
}

func (o *deployOptions) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringSliceVarP(&o.files, "file", "f", []string{"compose.yaml"}, "compose `FILE`; may be given several times")
	flags.StringVarP(&o.stack, "stack", "s", "", "stack `NAME` (default: x-swarmctl.stack, then the folder's name)")
	flags.BoolVar(&o.skipDown, "skip-down", false, "leave out nodes that the swarm has lost; they get the image with a later deploy")
	flags.BoolVar(&o.prune, "prune", false, "remove services that are not in the compose file any more")
}

func (a *app) newDeployCommand() *cobra.Command {
	var opts deployOptions
	cmd := &cobra.Command{
		Use:   "deploy",
		Short: "Build, hand the image over and roll the service out",
		Long: `Build the images, hand them to every node by digest, update the services and
wait until they run and stay healthy. A release that does not come up is
rolled back, all of the stack, and the exit code is 3.

Exit codes: 0 deployed or nothing to do, 1 failed, 2 a fault in a file or flag,
3 rolled back, 4 timed out, 5 locked by another deploy, 6 a machine can't be
reached, 130 interrupted.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if opts.timeout <= 0 {
				return usageError{fmt.Errorf("--timeout: must be more than 0, got %s", opts.timeout)}
			}
			return a.deploy(cmd.Context(), opts)
		},
	}
	opts.register(cmd)
	cmd.Flags().DurationVar(&opts.timeout, "timeout", 15*time.Minute, "how long the rollout may take before it is rolled back")
	lockTimeoutFlag(cmd, &opts.lockTimeout)
	return cmd
}

// deployment is one run of deploy, from the files to what the swarm should run.
type deployment struct {
	app     *app
	opts    deployOptions
	stack   stackfile.Stack
	fleet   *fleet
	manager *engine.Client
	nodes   []inventory.Node // that get the images
	images  []builtImage
	desired rollout.Desired
}

func (a *app) deploy(ctx context.Context, opts deployOptions) error {
	d, err := a.prepare(ctx, opts)
	if err != nil {
		return err
	}
	defer d.fleet.Close() //nolint:errcheck // the command has done its work
	if err := d.deliver(ctx); err != nil {
		return err
	}
	record := release.Record{Stack: d.stack.Name, By: whoAmI(), Commit: gitCommit(ctx, d.stack.Dir), Services: d.desired.Services, Networks: d.desired.Networks}
	r := &running{app: a, fleet: d.fleet, manager: d.manager, store: release.Store{API: d.manager, Stack: d.stack.Name}, record: record}
	return r.start(ctx, change{command: "deploy", plan: d.plan, timeout: opts.timeout, lockTimeout: opts.lockTimeout})
}

// prepare does all that changes nothing: every fault of the files, every
// machine that can't be reached and every image that can't be built shows here.
func (a *app) prepare(ctx context.Context, opts deployOptions) (*deployment, error) {
	stack, err := stackfile.Load(ctx, stackfile.Options{Files: opts.files, Name: opts.stack, Environment: environment()})
	if err != nil {
		return nil, err
	}
	for _, w := range stack.Warnings {
		a.sink().Warn("stack "+stack.Name, w)
	}
	f, err := a.connect(ctx)
	if err != nil {
		return nil, err
	}
	d := &deployment{app: a, opts: opts, stack: stack, fleet: f}
	if err := d.ready(ctx); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return d, nil
}

func (d *deployment) ready(ctx context.Context) (err error) {
	if d.manager, err = d.fleet.manager(ctx); err != nil {
		return err
	}
	if err := d.preflight(ctx); err != nil {
		return err
	}
	if err := d.buildImages(ctx); err != nil {
		return err
	}
	d.desired = rollout.Desired{
		Stack: d.stack.Name, Services: d.pinned(), Networks: d.stack.Networks, ExternalNetworks: d.stack.ExternalNetworks,
		Configs: d.stack.Configs, Secrets: d.stack.Secrets, Prune: d.opts.prune,
	}
	// What the swarm lacks shows before anything is handed over.
	_, err = d.plan(ctx)
	return err
}

func (d *deployment) plan(ctx context.Context) (rollout.Plan, error) {
	observed, err := rollout.Observe(ctx, d.manager, d.desired.Stack)
	if err != nil {
		return rollout.Plan{}, err
	}
	return rollout.NewPlan(d.desired, observed)
}

// environment is the process's, for ${VARIABLES} in compose files.
func environment() map[string]string {
	env := map[string]string{}
	for _, pair := range os.Environ() {
		if key, value, ok := strings.Cut(pair, "="); ok && key != "" {
			env[key] = value
		}
	}
	return env
}

// whoAmI is user@host, for the record.
func whoAmI() string {
	name, host := "unknown", "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if h, err := os.Hostname(); err == nil {
		host = h
	}
	return name + "@" + host
}

// gitCommit is what is checked out, with a mark where files differ from it;
// empty outside a repository or without git.
func gitCommit(ctx context.Context, dir string) string {
	out, err := exec.CommandContext(ctx, "git", "-C", dir, "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
