package cli

import (
	"context"
	"strings"

	"github.com/ycesproject/yces/swarmctl/internal/event"
	"github.com/ycesproject/yces/swarmctl/internal/stackfile"
	"github.com/ycesproject/yces/swarmctl/internal/target"
)

// vault is where secrets come from that the environment lacks: the target's
// configuration, where it is a Pulumi stack; else nil.
func (a *app) vault() stackfile.Vault {
	secrets, ok := target.SecretsOf(a.targetSpec())
	if !ok {
		return nil
	}
	return stackVault{secrets, a.sink()}
}

// stackVault shows what is under way: a question to Pulumi takes a second.
type stackVault struct {
	target.Secrets

	sink event.Sink
}

// Find names the variables that it looks for, and never a value.
func (v stackVault) Find(ctx context.Context, variables []string) (map[string]string, error) {
	subject := "secrets of " + v.String()
	v.sink.Start(subject, "reading "+strings.Join(variables, ", "))
	values, err := v.Secrets.Find(ctx, variables)
	if err != nil {
		v.sink.Fail(subject, "not read")
		return nil, err
	}
	v.sink.Done(subject, plural(len(values), "value")+" read")
	return values, nil
}
