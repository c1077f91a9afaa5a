package target

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"
)

// deployKey is where a stack's configuration keeps deploy secrets: a mapping
// of variables to encrypted values.
const deployKey = "yces:deploySecrets"

// asksAtOnce is how many questions are put to Pulumi at the same time; each is
// a process of its own and takes about a second.
const asksAtOnce = 4

// Secrets are the deploy secrets in a Pulumi stack's configuration. They are
// decrypted by the pulumi command, one by one as they are needed, and pass
// through a pipe only.
type Secrets struct{ stack string }

// SecretsOf returns the secrets that come with what --target names; false
// where that is no stack.
func SecretsOf(spec string) (Secrets, bool) {
	name, ok := strings.CutPrefix(spec, stackPrefix)
	return Secrets{name}, ok
}

// String names the stack.
func (s Secrets) String() string { return stackPrefix + s.stack }

// Missing says where a variable was looked for, and how it gets there.
func (s Secrets) Missing(variable string) string {
	return fmt.Sprintf("stack %q has no %s.%s either; %s asks for it", s.stack, deployKey, variable, s.setCommand(variable))
}

func (s Secrets) setCommand(variable string) string {
	return fmt.Sprintf("`pulumi config set --secret --path '%s.%s' --stack %s`", deployKey, variable, s.stack)
}

// Find returns the values of those variables that the configuration has. Its
// error names every one that can't be used.
func (s Secrets) Find(ctx context.Context, variables []string) (map[string]string, error) {
	values, faults := make([]string, len(variables)), make([]error, len(variables))
	var asks errgroup.Group
	asks.SetLimit(asksAtOnce)
	for i, variable := range variables {
		asks.Go(func() error {
			values[i], faults[i] = s.find(ctx, variable)
			return nil
		})
	}
	_ = asks.Wait() // each keeps its own error
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("read secrets of stack %q: %w", s.stack, err)
	}
	found := map[string]string{}
	for i, variable := range variables {
		if values[i] != "" {
			found[variable] = values[i]
		}
	}
	return found, distinct(faults)
}

// find returns one value, which is empty where there is none.
func (s Secrets) find(ctx context.Context, variable string) (string, error) {
	purpose := fmt.Sprintf("read %s.%s of stack %q", deployKey, variable, s.stack)
	out, err := askPulumi(ctx, purpose, s.stack, "config", "get", "--path", deployKey+"."+variable, "--json")
	var refused *refusedError
	if errors.As(err, &refused) && strings.Contains(refused.said, "not found for stack") {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	var answer struct {
		Value  string `json:"value"`
		Object any    `json:"objectValue"`
		Secret bool   `json:"secret"`
	}
	// Only the first document counts: diagnostics of an environment may follow.
	if err := json.NewDecoder(bytes.NewReader(out)).Decode(&answer); err != nil {
		return "", fmt.Errorf("%s: pulumi's answer is not what `pulumi config get --json` prints", purpose)
	}
	switch {
	case answer.Object != nil:
		return "", invalidError{fmt.Errorf("%s: it is a list or a mapping, not a text", purpose), s.setCommand(variable) + " asks for a text"}
	case !answer.Secret:
		return "", invalidError{fmt.Errorf("%s: it is not encrypted", purpose), s.setCommand(variable) + " encrypts it; what was in a file unencrypted should be changed, too"}
	}
	return answer.Value, nil
}

// distinct joins the faults, each text once: one cause may stop every question.
func distinct(faults []error) error {
	var kept []error
	seen := map[string]bool{}
	for _, err := range faults {
		if err == nil {
			continue
		}
		text := err.Error()
		var refused *refusedError
		if errors.As(err, &refused) {
			text = refused.said
		}
		if !seen[text] {
			kept = append(kept, err)
		}
		seen[text] = true
	}
	return errors.Join(kept...)
}
