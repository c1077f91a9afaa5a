package cli

import (
	"context"
	"errors"

	"github.com/ycesproject/yces/monitoring"
	"github.com/ycesproject/yces/monitoring/datadog"
)

// The keys come from the environment, as in Datadog's own tools.
const (
	datadogVariable    = "DD_API_KEY"
	datadogAppVariable = "DD_APP_KEY"
)

// datadogAccount is nil where the settings name none.
func (a *app) datadogAccount(m monitoring.Model) (*datadog.Account, error) {
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
	return datadog.NewAccount(m.Datadog.Site, "", keys), nil
}

// applyDatadog makes the account as the model says and returns what it wrote,
// or would write.
func (a *app) applyDatadog(ctx context.Context, account *datadog.Account, m monitoring.Model, dryRun bool) (datadog.Plan, error) {
	if account == nil {
		return nil, nil
	}
	const subject = "Datadog"
	a.sink().Start(subject, "looking at the account")
	state, err := account.Observe(ctx, m.Name)
	if err != nil {
		return nil, datadogError(err)
	}
	plan := datadog.NewPlan(m, state)
	if len(plan) == 0 {
		a.sink().Unchanged(subject, "as the settings say")
	}
	if dryRun {
		return plan, nil
	}
	if err := plan.Apply(ctx, account); err != nil {
		return nil, datadogError(err)
	}
	a.sink().Done(subject, plural(len(plan), "change")+" made")
	return plan, nil
}

func datadogError(err error) error {
	if errors.Is(err, datadog.ErrRefused) {
		return hinted{err, "see that " + datadogVariable + " and " + datadogAppVariable + " are keys of the account at datadog.site"}
	}
	return err
}
