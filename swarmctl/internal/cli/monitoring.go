package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/docker/docker/api/types/swarm"
	"github.com/spf13/cobra"

	"github.com/ycesproject/yces/monitoring"
	"github.com/ycesproject/yces/monitoring/notify"
	"github.com/ycesproject/yces/provision/inventory"
)

// monitoringOptions are the flags that the monitoring commands share.
type monitoringOptions struct{ settings string }

// defaultSettings is the settings file that is looked for.
const defaultSettings = "monitoring.yaml"

func (a *app) newMonitoringCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "monitoring",
		Short: "Watch the machines, the swarm and the service",
		Long: `Nagios on the inventory's monitor machine, which asks all machines by NRPE or by
SSH, and Datadog's agents, dashboard and monitors where an account is named: made
from the inventory, the services that run and one settings file, which says who is
told, when, and from which values on.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.newMonitoringRenderCommand(), a.newMonitoringApplyCommand(), a.newMonitoringReportCommand(),
		a.newMonitoringDestroyCommand(), a.newMonitoringPasswordCommand())
	return cmd
}

func (o *monitoringOptions) register(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&o.settings, "settings", "s", defaultSettings, "the settings `FILE`")
}

// load reads the settings.
func (o monitoringOptions) load() (monitoring.Settings, error) {
	text, err := os.ReadFile(filepath.Clean(o.settings))
	if err != nil {
		return monitoring.Settings{}, usageError{hinted{fmt.Errorf("read settings: %w", err), "docs/monitoring.md has one to begin with; --settings names another file"}}
	}
	s, err := monitoring.ParseSettings(text)
	if err != nil {
		return monitoring.Settings{}, usageError{fmt.Errorf("%s: %w", o.settings, err)}
	}
	return s, nil
}

// model builds the model; a fault in it is one of the files that it is made of.
func (o monitoringOptions) model(inv inventory.Inventory, services []string) (monitoring.Model, error) {
	s, err := o.load()
	if err != nil {
		return monitoring.Model{}, err
	}
	m, err := monitoring.Build(inv, s, services)
	if err != nil {
		return monitoring.Model{}, usageError{fmt.Errorf("%s: %w", o.settings, err)}
	}
	return m, nil
}

// secrets reads what the settings name files for, by where it goes. Paths are
// relative to the settings file.
func (o monitoringOptions) secrets(m monitoring.Model) (map[string][]byte, error) {
	files := map[string]string{}
	if m.SMTP.PasswordFile != "" {
		files[notify.SMTPPassword] = m.SMTP.PasswordFile
	}
	for _, c := range m.Contacts {
		if c.WebhookFile != "" {
			files[notify.Webhook(c.Name)] = c.WebhookFile
		}
	}
	if m.Jenkins != nil && m.Jenkins.TokenFile != "" {
		files[monitoring.JenkinsToken] = m.Jenkins.TokenFile
	}
	secrets := map[string][]byte{}
	for to, from := range files {
		if !filepath.IsAbs(from) {
			from = filepath.Join(filepath.Dir(o.settings), from)
		}
		text, err := os.ReadFile(filepath.Clean(from))
		if err != nil {
			return nil, usageError{fmt.Errorf("read secret: %w", err)}
		}
		secrets[to] = text
	}
	return secrets, nil
}

// runningServices are the names of the swarm's services.
func (f *fleet) runningServices(ctx context.Context) ([]string, error) {
	manager, err := f.manager(ctx)
	if err != nil {
		return nil, err
	}
	list, err := manager.ServiceList(ctx, swarm.ServiceListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list services: %w", err)
	}
	var names []string
	for _, s := range list {
		names = append(names, s.Spec.Name)
	}
	slices.Sort(names)
	return names, nil
}

// hinted is an error with what to do about it.
type hinted struct {
	error
	hint string
}

func (e hinted) Unwrap() error { return e.error }

// Hint says what to do next.
func (e hinted) Hint() string { return e.hint }
