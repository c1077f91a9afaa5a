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
	out, err := askPulumi(ctx, fmt.Sprintf("read stack %q", name), name, "stack", "output", output, "--json")
	if err != nil {
		return Target{}, err
	}
	inv, err := inventory.Parse(out)
	if err != nil {
		return Target{}, invalidError{fmt.Errorf("output %q of stack %q: %w", output, name, err), fmt.Sprintf("`pulumi up --stack %s` writes it anew", name)}
	}
	return Target{Inventory: inv}, nil
}

// askPulumi runs a pulumi command for a stack and returns what it prints. The
// purpose begins every error. Where pulumi itself refuses, the error is a
// *refusedError. What it printed is in no error: it may be a secret.
func askPulumi(ctx context.Context, purpose, stack string, args ...string) ([]byte, error) {
	if !stackName.MatchString(stack) || strings.HasPrefix(stack, "-") {
		return nil, invalidError{fmt.Errorf("target %q: not a stack's name", stackPrefix+stack), "write pulumi:STACK, as pulumi:dev"}
	}
	command := exec.CommandContext(ctx, "pulumi", append(args, "--stack", stack, "--non-interactive", "--color", "never")...)
	var out, failure bytes.Buffer
	command.Stdout, command.Stderr = &out, &failure
	switch err := command.Run(); {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s: %w", purpose, ctx.Err())
	case errors.Is(err, exec.ErrNotFound):
		return nil, invalidError{fmt.Errorf("%s: the pulumi command is not installed", purpose), "install it: https://www.pulumi.com/docs/install/, or name an inventory file"}
	case err != nil:
		return nil, explain(purpose, stack, failure.String())
	}
	return out.Bytes(), nil
}

// refusedError is a pulumi command that failed, and what it said.
type refusedError struct {
	invalidError

	said string
}

// causes are what the pulumi command says, and what helps.
var causes = []struct{ text, hint string }{
	{"does not have output property", "the stack is not up, or is not one of ours: `pulumi up --stack %s`"},
	{"no stack named", "`pulumi stack ls` lists those of this project; run it where Pulumi.yaml is"},
	{"pass the fully qualified name", inProject},
	{"no Pulumi.yaml project file found", inProject},
	{"PULUMI_ACCESS_TOKEN must be set", "`pulumi login`, or set PULUMI_ACCESS_TOKEN"},
	{"passphrase", "set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE"},
}

const inProject = "run it in the folder that holds Pulumi.yaml"

func explain(purpose, stack, said string) *refusedError {
	said = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(said), "error: "))
	refused := &refusedError{invalidError{fmt.Errorf("%s: %s", purpose, said), "`pulumi stack output --stack " + stack + "` says the same"}, said}
	for _, cause := range causes {
		if strings.Contains(said, cause.text) {
			refused.hint = strings.ReplaceAll(cause.hint, "%s", stack)
			break
		}
	}
	return refused
}
