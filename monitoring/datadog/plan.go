package datadog

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/DataDog/datadog-api-client-go/v2/api/datadog"
	"github.com/DataDog/datadog-api-client-go/v2/api/datadogV1"

	"github.com/ycesproject/yces/monitoring"
)

// Operation is one thing to write.
type Operation struct {
	Text  string `json:"operation"`
	Cause string `json:"cause"`

	do func(context.Context, *Account) error
}

// Plan is what has to be written.
type Plan []Operation

// Apply writes; it ends at the first that fails.
func (p Plan) Apply(ctx context.Context, a *Account) error {
	for _, op := range p {
		if err := op.do(a.context(ctx), a); err != nil {
			return err
		}
	}
	return nil
}

// NewPlan compares what should be with what is. It asks nobody.
func NewPlan(m monitoring.Model, s State) Plan {
	var p Plan
	wanted := map[string]bool{}
	for _, want := range monitors(m) {
		wanted[want.GetName()] = true
		is, there := s.monitors[want.GetName()]
		switch cause := different(want, is); {
		case !there:
			p = append(p, createMonitor(want))
		case cause != "":
			p = append(p, updateMonitor(is.GetId(), want, cause))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.monitors)) {
		if is := s.monitors[name]; !wanted[name] {
			p = append(p, deleteMonitor(is.GetId(), name))
		}
	}
	return append(p, planDashboard(m, s)...)
}

// NewRemoval is what has to be written for nothing of ours to be left.
func NewRemoval(m monitoring.Model, s State) Plan {
	var p Plan
	for _, name := range slices.Sorted(maps.Keys(s.monitors)) {
		is := s.monitors[name]
		p = append(p, deleteMonitor(is.GetId(), name))
	}
	if s.dashboard != nil {
		id, title := s.dashboard.GetId(), dashboardTitle(m.Name)
		p = append(p, Operation{"delete dashboard " + title, "nothing needs it any more", func(ctx context.Context, a *Account) error {
			_, resp, err := a.dashboards.DeleteDashboard(ctx, id)
			return explain("delete dashboard "+title, resp, err)
		}})
	}
	return p
}

// different compares what we set. Datadog adds defaults of its own.
func different(want, is datadogV1.Monitor) string {
	tags := func(m datadogV1.Monitor) []string { return slices.Sorted(slices.Values(m.Tags)) }
	wantLimits, isLimits := limits(want), limits(is)
	switch {
	case want.Query != is.Query:
		return "its query differs"
	case want.GetMessage() != is.GetMessage():
		return "its message differs"
	case !slices.Equal(tags(want), tags(is)):
		return "its tags differ"
	case !reflect.DeepEqual(wantLimits, isLimits):
		return "its thresholds differ"
	}
	return ""
}

func limits(m datadogV1.Monitor) [2]float64 {
	if m.Options == nil || m.Options.Thresholds == nil {
		return [2]float64{}
	}
	t := m.Options.Thresholds
	return [2]float64{t.GetWarning(), t.GetCritical()}
}

func createMonitor(want datadogV1.Monitor) Operation {
	return Operation{"create monitor " + want.GetName(), "there is none", func(ctx context.Context, a *Account) error {
		_, resp, err := a.monitors.CreateMonitor(ctx, want)
		return explain("create monitor "+want.GetName(), resp, err)
	}}
}

func updateMonitor(id int64, want datadogV1.Monitor, cause string) Operation {
	return Operation{"update monitor " + want.GetName(), cause, func(ctx context.Context, a *Account) error {
		_, resp, err := a.monitors.UpdateMonitor(ctx, id, datadogV1.MonitorUpdateRequest{
			Name: want.Name, Query: &want.Query, Message: want.Message, Tags: want.Tags, Options: want.Options,
		})
		return explain("update monitor "+want.GetName(), resp, err)
	}}
}

func deleteMonitor(id int64, name string) Operation {
	return Operation{"delete monitor " + name, "nothing needs it any more", func(ctx context.Context, a *Account) error {
		_, resp, err := a.monitors.DeleteMonitor(ctx, id)
		return explain("delete monitor "+name, resp, err)
	}}
}

// planDashboard compares by a digest in the description: a dashboard is large,
// and Datadog adds to every part of it.
func planDashboard(m monitoring.Model, s State) Plan {
	want := dashboard(m)
	text, err := json.Marshal(want)
	if err != nil {
		panic(err) // generated types always become JSON
	}
	sum := sha256.Sum256(text)
	description := fmt.Sprintf("Made by swarmctl (%s); changes are lost.", hex.EncodeToString(sum[:6]))
	want.Description = *datadog.NewNullableString(&description)
	switch {
	case s.dashboard == nil:
		return Plan{{"create dashboard " + want.Title, "there is none", func(ctx context.Context, a *Account) error {
			_, resp, err := a.dashboards.CreateDashboard(ctx, want)
			return explain("create dashboard "+want.Title, resp, err)
		}}}
	case s.dashboard.GetDescription() != description:
		id := s.dashboard.GetId()
		return Plan{{"update dashboard " + want.Title, "it differs", func(ctx context.Context, a *Account) error {
			_, resp, err := a.dashboards.UpdateDashboard(ctx, id, want)
			return explain("update dashboard "+want.Title, resp, err)
		}}}
	}
	return nil
}
