// Package datadog keeps a Datadog account as a monitoring.Model says: one
// dashboard and the monitors of a cluster, created and updated by name. It also
// renders the agent's configuration.
package datadog

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/DataDog/datadog-api-client-go/v2/api/datadog"
	"github.com/DataDog/datadog-api-client-go/v2/api/datadogV1"
)

// Keys are the account's. They travel in headers, and stand in no error.
type Keys struct{ API, Application string }

// Account is a Datadog account.
type Account struct {
	monitors   *datadogV1.MonitorsApi
	dashboards *datadogV1.DashboardsApi
	keys       Keys
	site       string
}

// NewAccount returns the account at a site; nothing is asked yet. Server is
// another URL to ask, "" for Datadog's.
func NewAccount(site, server string, keys Keys) *Account {
	cfg := datadog.NewConfiguration()
	// Datadog answers 429 when it is asked too often, and 5xx now and then.
	cfg.RetryConfiguration.EnableRetry = true
	cfg.HTTPClient = &http.Client{}
	if server != "" {
		cfg.Servers = datadog.ServerConfigurations{{URL: server}}
	}
	client := datadog.NewAPIClient(cfg)
	return &Account{datadogV1.NewMonitorsApi(client), datadogV1.NewDashboardsApi(client), keys, site}
}

func (a *Account) context(ctx context.Context) context.Context {
	ctx = context.WithValue(ctx, datadog.ContextAPIKeys, map[string]datadog.APIKey{
		"apiKeyAuth": {Key: a.keys.API}, "appKeyAuth": {Key: a.keys.Application},
	})
	return context.WithValue(ctx, datadog.ContextServerVariables, map[string]string{"site": a.site})
}

// ErrRefused is an account that the keys don't open.
var ErrRefused = errors.New("the keys are refused by Datadog")

// explain says what an answer means.
func explain(what string, resp *http.Response, err error) error {
	switch {
	case err == nil:
		return nil
	case resp != nil && (resp.StatusCode == http.StatusForbidden || resp.StatusCode == http.StatusUnauthorized):
		return fmt.Errorf("%s: %w", what, ErrRefused)
	}
	var answer datadog.GenericOpenAPIError
	if errors.As(err, &answer) && len(answer.Body()) > 0 {
		return fmt.Errorf("%s: %w: %.300s", what, err, answer.Body())
	}
	return fmt.Errorf("%s: %w", what, err)
}

// State is what the account has of the cluster.
type State struct {
	monitors  map[string]datadogV1.Monitor
	dashboard *datadogV1.DashboardSummaryDefinition
}

// pageSize is how many monitors are asked for at once.
const pageSize = 100

// Observe asks what there is.
func (a *Account) Observe(ctx context.Context, cluster string) (State, error) {
	ctx = a.context(ctx)
	s := State{monitors: map[string]datadogV1.Monitor{}}
	for page := int64(0); ; page++ {
		list, resp, err := a.monitors.ListMonitors(ctx, *datadogV1.NewListMonitorsOptionalParameters().
			WithMonitorTags(clusterTag(cluster)).WithPage(page).WithPageSize(pageSize))
		if err != nil {
			return s, explain("list monitors", resp, err)
		}
		for _, m := range list {
			// The server's filter takes similar tags too.
			if slices.Contains(m.Tags, clusterTag(cluster)) && slices.Contains(m.Tags, ownerTag) {
				s.monitors[m.GetName()] = m
			}
		}
		if len(list) < pageSize {
			break
		}
	}
	found, resp, err := a.dashboards.ListDashboards(ctx)
	if err != nil {
		return s, explain("list dashboards", resp, err)
	}
	for _, d := range found.Dashboards {
		if d.GetTitle() == dashboardTitle(cluster) {
			s.dashboard = &d
		}
	}
	return s, nil
}

// ownerTag marks what is ours to change.
const ownerTag = "managed-by:swarmctl"

func clusterTag(cluster string) string     { return "cluster:" + cluster }
func dashboardTitle(cluster string) string { return "Swarm " + cluster }
