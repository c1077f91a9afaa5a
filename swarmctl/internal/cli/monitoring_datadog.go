package cli

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/ycesproject/yces/monitoring"
	"github.com/ycesproject/yces/monitoring/datadog"
)

const datadogSubject = "Datadog"

// The keys come from the environment, as in Datadog's own tools.
const (
	datadogVariable    = "DD_API_KEY"
	datadogAppVariable = "DD_APP_KEY"
)

// datadogAccount is nil where the settings name none.
func (a *app) datadogAccount(m monitoring.Model) (*datadogAccount, error) {
	if m.Datadog == nil {
		return nil, nil
	}
	keys := datadog.Keys{API: a.getenv(datadogVariable), Application: a.getenv(datadogAppVariable)}
	if keys.API == "" || keys.Application == "" {
		return nil, usageError{hinted{
			errors.New("the settings name a Datadog account, and its keys are missing"),
			"set " + datadogVariable + " and " + datadogAppVariable + ", or leave `datadog` out of the settings",
		}}
	}
	for name, key := range map[string]string{datadogVariable: keys.API, datadogAppVariable: keys.Application} {
		if !datadogKey.MatchString(key) {
			return nil, usageError{fmt.Errorf("%s: must be letters, digits, '-' and '_', and nothing else", name)}
		}
	}
	return &datadogAccount{datadog.NewAccount(m.Datadog.Site, strings.TrimSuffix(m.Datadog.API, "/"), keys), keys.API}, nil
}

// datadogKey is what goes into a header and into a file of settings.
var datadogKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// datadogAccount is the account, and the key that agents send with.
type datadogAccount struct {
	*datadog.Account
	agentKey string
}

// planDatadog says what has to be written to the account; no machine is touched
// before the keys are known to be good.
func (a *app) planDatadog(ctx context.Context, account *datadogAccount, m monitoring.Model) (datadog.Plan, error) {
	if account == nil {
		return nil, nil
	}
	a.sink().Start(datadogSubject, "looking at the account")
	state, err := account.Observe(ctx, m.Name)
	if err != nil {
		a.sink().Fail(datadogSubject, "the account can't be looked at")
		return nil, datadogError(err)
	}
	plan := datadog.NewPlan(m, state)
	if len(plan) == 0 {
		a.sink().Unchanged(datadogSubject, "as the settings say")
	} else {
		a.sink().Done(datadogSubject, plural(len(plan), "change")+" to make")
	}
	return plan, nil
}

// applyDatadog writes what the plan says.
func (a *app) applyDatadog(ctx context.Context, account *datadogAccount, plan datadog.Plan) error {
	if len(plan) == 0 {
		return nil
	}
	a.sink().Start(datadogSubject, "writing")
	if err := plan.Apply(ctx, account.Account); err != nil {
		a.sink().Fail(datadogSubject, "not all is written")
		return datadogError(err)
	}
	a.sink().Done(datadogSubject, plural(len(plan), "change")+" made")
	return nil
}

func datadogError(err error) error {
	if errors.Is(err, datadog.ErrRefused) {
		return hinted{err, "see that " + datadogVariable + " and " + datadogAppVariable + " are keys of the account at datadog.site"}
	}
	return err
}

// planDatadogRemoval is about what is ours in the account; it stays where the
// account's keys are not given.
func (a *app) planDatadogRemoval(ctx context.Context, m monitoring.Model) (*datadogAccount, datadog.Plan, error) {
	if m.Datadog == nil {
		return nil, nil, nil
	}
	if a.getenv(datadogVariable) == "" && a.getenv(datadogAppVariable) == "" {
		a.sink().Warn(datadogSubject, "dashboard and monitors stay: "+datadogVariable+" and "+datadogAppVariable+" are not set")
		return nil, nil, nil
	}
	account, err := a.datadogAccount(m)
	if err != nil {
		return nil, nil, err
	}
	state, err := account.Observe(ctx, m.Name)
	if err != nil {
		return nil, nil, datadogError(err)
	}
	return account, datadog.NewRemoval(m, state), nil
}
