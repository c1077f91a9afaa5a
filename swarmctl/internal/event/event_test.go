package event

import (
	"testing"
	"time"
)

func TestASinkGetsTheTimeAndWhatIsSaid(t *testing.T) {
	var got []Event
	sink := Sink(func(e Event) { got = append(got, e) })
	before := time.Now()
	sink.Start("node n1", "joining")
	sink.Progress("image web", "sending", 3, 7, Bytes)
	sink.Output("image web", "a line")
	sink.Warn("service web", "slow")
	sink.Unchanged("node n2", "as it was")
	sink.Fail("image web", "not built")
	sink.Done("node n1", "joined")
	want := []Event{
		{Kind: Started, Subject: "node n1", Text: "joining"},
		{Kind: Progress, Subject: "image web", Text: "sending", Current: 3, Total: 7, Unit: Bytes},
		{Kind: Output, Subject: "image web", Text: "a line"},
		{Kind: Warning, Subject: "service web", Text: "slow"},
		{Kind: Unchanged, Subject: "node n2", Text: "as it was"},
		{Kind: Failed, Subject: "image web", Text: "not built"},
		{Kind: Done, Subject: "node n1", Text: "joined"},
	}
	if len(got) != len(want) {
		t.Fatalf("got %d events, want %d", len(got), len(want))
	}
	for i, e := range got {
		if e.Time.Before(before) || e.Time.After(time.Now()) {
			t.Errorf("%s happened at %s", e.Kind, e.Time)
		}
		if e.Time = (time.Time{}); e != want[i] {
			t.Errorf("got %+v, want %+v", e, want[i])
		}
	}
}

func TestATimeThatIsKnownStays(t *testing.T) {
	then := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var got Event
	Sink(func(e Event) { got = e }).Emit(Event{Time: then, Kind: Done})
	if !got.Time.Equal(then) {
		t.Errorf("got %s, want %s", got.Time, then)
	}
}

func TestANilSinkDropsWhatItIsGiven(_ *testing.T) {
	var none Sink
	none.Start("node n1", "joining")
	none.Progress("node n1", "joining", 1, 2, Steps)
}
