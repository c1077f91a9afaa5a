package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/crypto/bcrypt"

	"github.com/ycesproject/yces/monitoring/apply"
)

func (a *app) newMonitoringDestroyCommand() *cobra.Command {
	var o monitoringOptions
	var yes bool
	cmd := &cobra.Command{
		Use:   "destroy",
		Short: "Take the monitoring off the machines, with all that it collected",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.confirm(cmd.Context(), yes, "Remove the monitoring and all that it collected?"); err != nil {
				return err
			}
			return a.monitoringDestroy(cmd.Context(), o)
		},
	}
	o.register(cmd)
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

func (a *app) monitoringDestroy(ctx context.Context, o monitoringOptions) (err error) {
	f, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	m, err := o.model(f.Inventory, nil)
	if err != nil {
		return err
	}
	// The account is looked at before any machine is touched: with keys that are
	// refused, what is ours there would be left behind unseen.
	account, removal, err := a.planDatadogRemoval(ctx, m)
	if err != nil {
		return err
	}
	if err := apply.Destroy(ctx, m, monitoringFleet{f}, a.sink()); err != nil {
		return err
	}
	return a.applyDatadog(ctx, account, removal)
}

// minPassword is the shortest password that is taken.
const minPassword = 12

func (a *app) newMonitoringPasswordCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "passwd",
		Short: "Read a password from standard input and print its hash for the settings",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			line, err := bufio.NewReader(a.In).ReadString('\n')
			password := strings.TrimRight(line, "\r\n")
			if err != nil && password == "" {
				return usageError{errors.New("standard input holds no password")}
			}
			if len(password) < minPassword {
				return usageError{fmt.Errorf("a password must have at least %d characters", minPassword)}
			}
			hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost)
			if err != nil {
				return usageError{fmt.Errorf("hash password: %w", err)}
			}
			_, err = fmt.Fprintln(a.Out, string(hash))
			return err
		},
	}
}
