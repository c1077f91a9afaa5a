package cli

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/docker/docker/api/types/swarm"
	"github.com/spf13/cobra"

	"github.com/ycesproject/yces/swarmctl/internal/engine"
	"github.com/ycesproject/yces/swarmctl/internal/release"
	"github.com/ycesproject/yces/swarmctl/internal/stackfile"
)

// stackFlags name a stack: by flag, or as the compose file of this folder does.
type stackFlags struct {
	files []string
	stack string
}

func (o *stackFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringSliceVarP(&o.files, "file", "f", []string{"compose.yaml"}, "compose `FILE` that names the stack")
	cmd.Flags().StringVarP(&o.stack, "stack", "s", "", "stack `NAME` (default: the compose file's)")
}

func (o *stackFlags) name(ctx context.Context) (string, error) {
	if o.stack != "" {
		return o.stack, nil
	}
	stack, err := stackfile.Load(ctx, stackfile.Options{Files: o.files, Environment: environment(), NoContent: true})
	if err != nil {
		return "", unnamedStackError{err}
	}
	return stack.Name, nil
}

// unnamedStackError is a compose file that can't say which stack is meant.
type unnamedStackError struct{ error }

func (e unnamedStackError) Unwrap() error { return e.error }

// Hint says what to do next.
func (unnamedStackError) Hint() string {
	return "run it in the folder of the service's compose.yaml, name the file with --file, or the stack with --stack"
}

func (a *app) newReleasesCommand() *cobra.Command {
	var opts stackFlags
	var output outputFlag
	cmd := &cobra.Command{
		Use:   "releases",
		Short: "List what was deployed: who, when, which digest, with what outcome",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			records, err := a.listReleases(cmd.Context(), opts)
			if err != nil {
				return err
			}
			return output.print(a.Out, brief(records), func() string { return releasesTable(records) })
		},
	}
	opts.register(cmd)
	output.register(cmd)
	return cmd
}

func (a *app) listReleases(ctx context.Context, opts stackFlags) (records []release.Record, err error) {
	name, err := opts.name(ctx)
	if err != nil {
		return nil, err
	}
	err = a.withManager(ctx, func(_ *fleet, manager *engine.Client) error {
		records, err = release.Store{API: manager, Stack: name}.List(ctx)
		return err
	})
	return records, err
}

// brief leaves the complete specs out of what a list shows.
func brief(records []release.Record) []release.Record {
	result := make([]release.Record, len(records))
	for i, r := range records {
		r.Services, r.Networks = nil, nil
		result[i] = r
	}
	return result
}

func releasesTable(records []release.Record) string {
	if len(records) == 0 {
		return "no release yet\n"
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "RELEASE\tSTARTED\tTOOK\tOUTCOME\tBY\tCOMMIT\tIMAGES")
	for _, r := range records {
		took := "-"
		if !r.Ended.IsZero() {
			took = r.Ended.Sub(r.Started).Round(time.Second).String()
		}
		outcome := string(r.Outcome)
		if r.RollbackTo > 0 {
			outcome += fmt.Sprintf(" (back to %d)", r.RollbackTo)
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Number, localTime(r.Started), took, outcome, r.By, textOr(shortCommit(r.Commit), "-"), strings.Join(shortImages(r.Images), ", "))
	}
	if err := w.Flush(); err != nil {
		panic(err) // a strings.Builder takes everything
	}
	return b.String()
}

func shortCommit(commit string) string {
	hash, dirty, _ := strings.Cut(commit, "-")
	if len(hash) > 10 {
		hash = hash[:10]
	}
	return hash + prefixed("-", dirty)
}

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

func shortImages(images map[string]string) []string {
	var result []string
	for _, service := range sortedKeys(images) {
		result = append(result, service+" "+shortDigest(images[service]))
	}
	return result
}

// shortDigest is the part of an image reference that tells releases apart.
func shortDigest(ref string) string {
	if _, digest, ok := strings.Cut(ref, "@sha256:"); ok && len(digest) >= 12 {
		return digest[:12]
	}
	return ref
}

func imageOf(spec swarm.ServiceSpec) string {
	if spec.TaskTemplate.ContainerSpec == nil {
		return ""
	}
	return spec.TaskTemplate.ContainerSpec.Image
}
