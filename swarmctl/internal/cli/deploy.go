package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/user"
	"strings"
	"time"

	"github.com/docker/docker/api/types/swarm"
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
	images      imageFlags
}

func (o *deployOptions) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	registerFiles(cmd, &o.files, &o.stack)
	flags.BoolVar(&o.skipDown, "skip-down", false, "leave out nodes that the swarm has lost; they get the image with a later deploy")
	flags.BoolVar(&o.prune, "prune", false, "remove services that are not in the compose file any more")
	o.images.registerBuild(cmd)
	o.images.registerChosen(cmd)
}

// registerFiles adds the flags that say which stack.
func registerFiles(cmd *cobra.Command, files *[]string, stack *string) {
	cmd.Flags().StringSliceVarP(files, "file", "f", []string{"compose.yaml"}, "compose `FILE`; may be given several times")
	cmd.Flags().StringVarP(stack, "stack", "s", "", "stack `NAME` (default: x-swarmctl.stack, then the folder's name)")
}

func (a *app) newDeployCommand() *cobra.Command {
	var opts deployOptions
	cmd := &cobra.Command{
		Use:   "deploy",
		Short: "Build, push or hand over the image, and roll the service out",
		Long: `Build the images, bring them to every node by digest, update the services and
wait until they run and stay healthy. A release that does not come up is
rolled back, all of the stack, and the exit code is 3.

A secret or config of the compose file may name a variable (environment: VAR).
With -t pulumi:STACK, those that the environment lacks come from the stack's
encrypted configuration, yces:deploySecrets.VAR.

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
	*supply
	opts    deployOptions
	manager *engine.Client
	nodes   []inventory.Node // that get the images
	images  []stackImage
	desired rollout.Desired
}

func (a *app) deploy(ctx context.Context, opts deployOptions) error {
	d, err := a.prepare(ctx, opts, true)
	if err != nil {
		return err
	}
	defer d.fleet.Close() //nolint:errcheck // the command has done its work
	if err := d.deliver(ctx, d.images, d.nodes); err != nil {
		return err
	}
	record := release.Record{Stack: d.stack.Name, By: whoAmI(), Commit: gitCommit(ctx, d.stack.Dir), Services: d.desired.Services, Networks: d.desired.Networks}
	r := &running{app: a, fleet: d.fleet, manager: d.manager, store: release.Store{API: d.manager, Stack: d.stack.Name}, record: record}
	return r.start(ctx, change{command: "deploy", plan: d.plan, timeout: opts.timeout, lockTimeout: opts.lockTimeout})
}

// prepare does all that changes nothing: every fault of the files, every
// machine that can't be reached and every image that can't be built shows here.
// What is built may be pushed to its registry, where pushes says so.
func (a *app) prepare(ctx context.Context, opts deployOptions, pushes bool) (*deployment, error) {
	s, err := a.loadSupply(ctx, stackfile.Options{Files: opts.files, Name: opts.stack, Vault: a.vault()}, opts.images)
	if err != nil {
		return nil, err
	}
	if s.fleet, err = a.connect(ctx); err != nil {
		return nil, err
	}
	s.pushes = pushes
	d := &deployment{supply: s, opts: opts}
	if err := d.ready(ctx); err != nil {
		return nil, errors.Join(s.fleet.withCause(err), s.fleet.Close())
	}
	return d, nil
}

// loadSupply reads the stack; who needs the target's machines connects to them.
func (a *app) loadSupply(ctx context.Context, opts stackfile.Options, flags imageFlags) (*supply, error) {
	if err := flags.check(); err != nil {
		return nil, err
	}
	opts.Environment = environment()
	stack, err := stackfile.Load(ctx, opts)
	if err != nil {
		return nil, err
	}
	for _, w := range stack.Warnings {
		a.sink().Warn("stack "+stack.Name, w)
	}
	return a.newSupply(flags, stack)
}

func (d *deployment) ready(ctx context.Context) (err error) {
	if d.manager, err = d.fleet.manager(ctx); err != nil {
		return err
	}
	if err := d.preflight(ctx); err != nil {
		return err
	}
	if d.images, err = d.find(ctx); err != nil {
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

// pinned are the services with every image by digest.
func (d *deployment) pinned() map[string]swarm.ServiceSpec {
	refs := map[string]string{}
	for _, img := range d.images {
		refs[img.name] = img.ref
	}
	services := maps.Clone(d.stack.Services)
	for name, spec := range services {
		services[name] = withImage(spec, refs[imageOf(spec)])
	}
	return services
}

// environment is the process's, for what compose files take from there.
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
