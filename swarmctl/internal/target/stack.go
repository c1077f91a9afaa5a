package target

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strings"

	"github.com/ycesproject/yces/provision/inventory"
)

// stackName is STACK, PROJECT/STACK or ORGANIZATION/PROJECT/STACK.
var stackName = regexp.MustCompile(`^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+){0,2}$`)

// output is the stack's output that holds the inventory.
const output = "inventory"

// loadStack asks the pulumi command for a stack's inventory: it knows where
// state is kept and how to get at it.
func loadStack(ctx context.Context, name string) (Target, error) {
	if !stackName.MatchString(name) || strings.HasPrefix(name, "-") {
		return Target{}, invalidError{fmt.Errorf("target %q: not a stack's name", "pulumi:"+name), "write pulumi:STACK, as pulumi:dev"}
	}
	command := exec.CommandContext(ctx, "pulumi", "stack", "output", output, "--json", "--stack", name, "--non-interactive", "--color", "never")
	var out, failure bytes.Buffer
	command.Stdout, command.Stderr = &out, &failure
	switch err := command.Run(); {
	case ctx.Err() != nil:
		return Target{}, fmt.Errorf("read stack %q: %w", name, ctx.Err())
	case errors.Is(err, exec.ErrNotFound):
		return Target{}, invalidError{fmt.Errorf("read stack %q: the pulumi command is not installed", name), "install it: https://www.pulumi.com/docs/install/, or name an inventory file"}
	case err != nil:
		return Target{}, explainStack(name, failure.String())
	}
	inv, err := inventory.Parse(out.Bytes())
	if err != nil {
		return Target{}, invalidError{fmt.Errorf("output %q of stack %q: %w", output, name, err), fmt.Sprintf("`pulumi up --stack %s` writes it anew", name)}
	}
	return Target{Inventory: inv}, nil
}

// causes are what the pulumi command says, and what helps.
var causes = []struct{ text, hint string }{
	{"does not have output property", "the stack is not up, or is not one of ours: `pulumi up --stack %s`"},
	{"no stack named", "`pulumi stack ls` lists those of this project; run it where Pulumi.yaml is"},
	{"pass the fully qualified name", "run it in the folder that holds Pulumi.yaml"},
	{"PULUMI_ACCESS_TOKEN must be set", "`pulumi login`, or set PULUMI_ACCESS_TOKEN"},
	{"passphrase", "set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE"},
}

func explainStack(name, said string) error {
	said = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(said), "error: "))
	failure := fmt.Errorf("read stack %q: %s", name, said)
	for _, cause := range causes {
		if strings.Contains(said, cause.text) {
			hint := cause.hint
			if strings.Contains(hint, "%s") {
				hint = fmt.Sprintf(hint, name)
			}
			return invalidError{failure, hint}
		}
	}
	return invalidError{failure, "`pulumi stack output --stack " + name + "` says the same"}
}
