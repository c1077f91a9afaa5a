package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ycesproject/yces/monitoring"
	"github.com/ycesproject/yces/monitoring/status"
)

const statusPoll = 2 * time.Second

// awaitResults waits until every check has a certain result, and counts them.
// It gives up without an error: a check that never ends is the dashboard's matter.
func (a *app) awaitResults(ctx context.Context, f *fleet, m monitoring.Model, limit time.Duration) (map[string]int, error) {
	subject := "checks"
	total := 0
	for _, h := range m.Hosts {
		total += len(h.Checks)
	}
	a.sink().Start(subject, fmt.Sprintf("waiting for the results of %d", total))
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errLate)
	defer cancel()
	var counts map[string]int
	for {
		s, err := readStatus(ctx, f, m)
		if err == nil {
			counts = s.Counts()
			if done := settled(s); done == total {
				a.sink().Done(subject, fmt.Sprintf("%d of %d are OK", counts["OK"], total))
				return counts, nil
			}
		} else if ctx.Err() == nil {
			return nil, err
		}
		select {
		case <-ctx.Done():
			if context.Cause(ctx) != errLate { //nolint:errorlint // the cause itself, set above
				return nil, ctx.Err()
			}
			a.sink().Warn(subject, fmt.Sprintf("not all have a certain result after %s", limit))
			return counts, nil
		case <-time.After(statusPoll):
		}
	}
}

var errLate = fmt.Errorf("no result yet")

// settled counts the services that have a certain result.
func settled(s status.Status) int {
	n := 0
	for _, o := range s.Services {
		if o.State != "PENDING" && (o.Hard || o.Fine()) {
			n++
		}
	}
	return n
}

func readStatus(ctx context.Context, f *fleet, m monitoring.Model) (status.Status, error) {
	host, err := monitoringFleet{f}.Host(ctx, *m.Monitor().Node)
	if err != nil {
		return status.Status{}, err
	}
	text, err := host.RunScript(ctx, "read Nagios's status", "cat "+monitoring.StatusFile+"\n", nil)
	if err != nil {
		return status.Status{}, err
	}
	return status.Parse(strings.NewReader(text))
}
