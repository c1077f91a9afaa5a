package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/ycesproject/yces/monitoring"
	"github.com/ycesproject/yces/monitoring/datadog"
	"github.com/ycesproject/yces/monitoring/nagios"
	"github.com/ycesproject/yces/monitoring/notify"
	"github.com/ycesproject/yces/monitoring/prometheus"
)

// renderers by the value of --format.
var renderers = map[string]func(monitoring.Model) []monitoring.File{
	"nagios":     renderNagios,
	"prometheus": prometheus.Render,
	"datadog":    datadog.Render,
}

func (a *app) newMonitoringRenderCommand() *cobra.Command {
	var o monitoringOptions
	var out, format string
	var live bool
	cmd := &cobra.Command{
		Use:   "render",
		Short: "Write the configuration to a folder, and touch no machine",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out == "" {
				return usageError{errors.New("--out: name the folder to write to")}
			}
			render := renderers[format]
			if render == nil {
				return usageError{fmt.Errorf("--format: must be nagios, prometheus or datadog, got %q", format)}
			}
			m, err := a.offlineModel(cmd.Context(), o, live)
			if err != nil {
				return err
			}
			files := render(m)
			if err := writeAll(out, files); err != nil {
				return err
			}
			fmt.Fprintf(a.Out, "%s in %s\n", plural(len(files), "file"), out)
			return nil
		},
	}
	o.register(cmd)
	cmd.Flags().StringVar(&out, "out", "", "the `FOLDER` to write to")
	cmd.Flags().StringVar(&format, "format", "nagios", "nagios, prometheus or datadog")
	cmd.Flags().BoolVar(&live, "live", false, "ask the swarm which services run")
	complete(cmd, "format", "nagios", "prometheus", "datadog")
	return cmd
}

// offlineModel needs no machine, unless the services that run are asked for.
func (a *app) offlineModel(ctx context.Context, o monitoringOptions, live bool) (m monitoring.Model, err error) {
	f, err := a.connect(ctx)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var services []string
	if live {
		if services, err = f.runningServices(ctx); err != nil {
			return m, err
		}
	}
	return o.model(f.Inventory, services)
}

func renderNagios(m monitoring.Model) []monitoring.File {
	files := append(nagios.Render(m), notify.NewConfig(m).File(), m.Summary().File())
	for _, h := range m.Machines() {
		list := monitoring.File{Path: "nrpe.cfg", Data: []byte(nagios.NRPE(m, h))}
		if m.Transport == monitoring.SSH {
			list = monitoring.File{Path: "commands.json", Data: nagios.AllowList(m, h)}
		}
		list.Path = "machines/" + h.Name + "/" + list.Path
		files = append(files, list, monitoring.File{Path: "machines/" + h.Name + "/sudoers", Data: []byte(nagios.Sudoers(m, h))})
	}
	return files
}

func writeAll(dir string, files []monitoring.File) error {
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			return fmt.Errorf("write %s: %w", f.Path, err)
		}
		if err := os.WriteFile(path, f.Data, 0o600); err != nil {
			return fmt.Errorf("write %s: %w", f.Path, err)
		}
	}
	return nil
}
