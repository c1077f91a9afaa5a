package main

import (
	"encoding/json"
	"fmt"
	"time"

	check "github.com/NETWAYS/go-check"
	"github.com/NETWAYS/go-check/perfdata"
)

// judgeBuild reads Jenkins's description of a build.
func judgeBuild(body []byte) (outcome, error) {
	var build struct {
		Number   int
		Result   string
		Duration int64 // milliseconds
	}
	if err := json.Unmarshal(body, &build); err != nil {
		return outcome{}, fmt.Errorf("read Jenkins's answer: %w", err)
	}
	took := time.Duration(build.Duration) * time.Millisecond
	found := outcome{
		text: fmt.Sprintf("build %d: %s after %s", build.Number, build.Result, took.Round(time.Second)),
		perf: perfdata.PerfdataList{{Label: "duration", Value: took.Seconds(), Uom: "s"}},
	}
	switch build.Result {
	case "SUCCESS":
	case "UNSTABLE", "ABORTED", "NOT_BUILT":
		found.status = check.Warning
	case "FAILURE":
		found.status = check.Critical
	default:
		found.status = check.Unknown
	}
	return found, nil
}
