package datadog

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/ycesproject/yces/monitoring"
	"github.com/ycesproject/yces/monitoring/datadog/datadogtest"
	"github.com/ycesproject/yces/monitoring/internal/example"
)

var keys = Keys{API: "api-key", Application: "application-key"}

func newAccount(t *testing.T) (*datadogtest.Account, *Account) {
	t.Helper()
	server := datadogtest.New(t, "127.0.0.1", keys.API, keys.Application)
	return server, NewAccount("datadoghq.eu", server.URL, keys)
}

func apply(t *testing.T, client *Account, m monitoring.Model) error {
	t.Helper()
	state, err := client.Observe(context.Background(), m.Name)
	if err != nil {
		return err
	}
	return NewPlan(m, state).Apply(context.Background(), client)
}

func TestTheSecondApplyWritesNothingAndAThresholdOneObject(t *testing.T) {
	server, client := newAccount(t)
	m := example.Model(3)
	if err := apply(t, client, m); err != nil {
		t.Fatal(err)
	}
	if n := len(server.Written()); n != len(watches(m))+1 {
		t.Errorf("the first apply wrote %d objects, want %d", n, len(watches(m))+1)
	}
	if err := apply(t, client, m); err != nil {
		t.Fatal(err)
	}
	if writes := server.Written(); len(writes) > 0 {
		t.Errorf("the second apply wrote %v", writes)
	}
	m.Thresholds["memory"] = monitoring.Threshold{Warning: 70, Critical: 85}
	if err := apply(t, client, m); err != nil {
		t.Fatal(err)
	}
	if writes := server.Written(); len(writes) != 1 || !strings.HasPrefix(writes[0], "PUT /api/v1/monitor/") {
		t.Errorf("a changed threshold wrote %v, want one monitor", writes)
	}
}

func TestWhatDatadogAnswersNowAndThenIsTriedAgain(t *testing.T) {
	server, client := newAccount(t)
	server.Fail(http.StatusTooManyRequests, http.StatusInternalServerError)
	if err := apply(t, client, example.Model(1)); err != nil {
		t.Error(err)
	}
}

func TestAWrongKeyIsSaidPlainlyAndNotShown(t *testing.T) {
	_, client := newAccount(t)
	client.keys.Application = "wrong-key"
	err := apply(t, client, example.Model(1))
	if !errors.Is(err, ErrRefused) || strings.Contains(err.Error(), "wrong-key") {
		t.Errorf("got %v", err)
	}
}

func TestARemovalLeavesNothingOfOursAndAllElse(t *testing.T) {
	server, client := newAccount(t)
	ours, other := example.Model(3), example.Model(3)
	other.Name = "bakery"
	for _, m := range []monitoring.Model{ours, other} {
		if err := apply(t, client, m); err != nil {
			t.Fatal(err)
		}
	}
	remove := func() int {
		server.Written()
		state, err := client.Observe(context.Background(), ours.Name)
		if err != nil {
			t.Fatal(err)
		}
		if err := NewRemoval(ours, state).Apply(context.Background(), client); err != nil {
			t.Fatal(err)
		}
		return len(server.Written())
	}
	if first, second := remove(), remove(); first != len(watches(ours))+1 || second != 0 {
		t.Errorf("%d objects were removed, and then %d", first, second)
	}
	if err := apply(t, client, other); err != nil {
		t.Fatal(err)
	}
	if writes := server.Written(); len(writes) > 0 {
		t.Errorf("the other cluster lost something: %q", writes)
	}
}
