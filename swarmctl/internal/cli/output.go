package cli

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// outputFlag is `-o text|json`, which every read has.
type outputFlag string

func (o *outputFlag) register(cmd *cobra.Command) {
	*o = "text"
	cmd.Flags().VarP(o, "output", "o", "text or json")
	complete(cmd, "output", "text", "json")
}

// complete lets the shell offer a flag's values.
func complete(cmd *cobra.Command, flag string, values ...string) {
	if err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // the flag was registered a line above
	}
}

// String, Set and Type make it a flag that refuses anything else.
func (o *outputFlag) String() string { return string(*o) }

// Type names the flag's value in help texts.
func (o *outputFlag) Type() string { return "FORMAT" }

// Set takes the flag's value.
func (o *outputFlag) Set(v string) error {
	if v != "text" && v != "json" {
		return fmt.Errorf("must be text or json, got %q", v)
	}
	*o = outputFlag(v)
	return nil
}

// print writes the value as JSON, or the text that describes it.
func (o *outputFlag) print(w io.Writer, value any, text func() string) error {
	if *o == "json" {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(value)
	}
	_, err := io.WriteString(w, text())
	return err
}
