package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// The help lists the verbs in the order in which they are added.
func init() { cobra.EnableCommandSorting = false }

// suggestionDistance is how many letters a typing error may get wrong.
const suggestionDistance = 2

// noArgs refuses arguments with the exit code for wrong usage.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if !cmd.HasAvailableSubCommands() {
		return usageError{fmt.Errorf("unknown argument %q for %q; see `%s --help`", args[0], cmd.CommandPath(), cmd.CommandPath())}
	}
	return unknownCommand(cmd, args[0])
}

func unknownCommand(cmd *cobra.Command, name string) error {
	cmd.SuggestionsMinimumDistance = suggestionDistance
	meant := ""
	if near := cmd.SuggestionsFor(name); len(near) > 0 {
		meant = fmt.Sprintf(" (did you mean %s?)", strings.Join(near, " or "))
	}
	return usageError{fmt.Errorf("unknown command %q for %q%s; see `%s --help`", name, cmd.CommandPath(), meant, cmd.CommandPath())}
}

// flagError says in the user's words what is wrong with a flag.
func flagError(cmd *cobra.Command, err error) error {
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		err = fmt.Errorf("--%s: %s", invalid.GetFlag().Name, invalidValue(invalid))
	}
	return usageError{fmt.Errorf("%w; see `%s --help`", err, cmd.CommandPath())}
}

func invalidValue(err *pflag.InvalidValueError) string {
	value := err.GetValue()
	switch err.GetFlag().Value.Type() {
	case "int":
		return fmt.Sprintf("must be a whole number, got %q", value)
	case "bool":
		return fmt.Sprintf("must be true or false, got %q", value)
	case "duration":
		return fmt.Sprintf("must be a duration like 90s or 5m, got %q", value)
	}
	return errors.Unwrap(err).Error()
}

// newHelpCommand is cobra's, except that it knows what it does not know.
func newHelpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Show what a command does",
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil {
				return usageError{err}
			}
			if len(rest) > 0 {
				return unknownCommand(about, rest[0])
			}
			about.InitDefaultHelpFlag() // which cobra adds to the command that runs
			return about.Help()
		},
	}
}

// refuseUnknownShells makes cobra's completion command fail where a start-up
// file sources its output.
func refuseUnknownShells(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() != "completion" {
			continue
		}
		cmd.Args = noArgs
		cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		for _, shell := range cmd.Commands() {
			shell.Args = noArgs
		}
	}
}
