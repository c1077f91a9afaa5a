package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"slices"
	"time"

	"github.com/ycesproject/yces/monitoring"
	"github.com/ycesproject/yces/monitoring/overview"
	"github.com/ycesproject/yces/monitoring/perf"
	"github.com/ycesproject/yces/monitoring/report"
)

// printReport prints a report as JSON; swarmctl makes the other forms of it.
func printReport(ctx context.Context, args []string, s streams) int {
	f := flag.NewFlagSet("report", flag.ContinueOnError)
	from := f.Int64("from", 0, "seconds since 1970")
	to := f.Int64("to", 0, "seconds since 1970")
	user := f.String("user", "", "a login of the dashboard")
	if parse(f, args, s) != nil {
		return 2
	}
	r, err := makeReport(ctx, *user, time.Unix(*from, 0).UTC(), time.Unix(*to, 0).UTC())
	if err == nil {
		err = json.NewEncoder(s.out).Encode(r)
	}
	return ended(s, "report", err)
}

// pending are the files that Nagios writes results to between two filings.
var pending = []string{monitoring.Perfdata, monitoring.HostPerfdata}

func makeReport(ctx context.Context, user string, from, to time.Time) (report.Report, error) {
	summary, err := monitoring.LoadSummary()
	if err != nil {
		return report.Report{}, err
	}
	archive, err := report.ReadArchive(ctx, user, from, to)
	if err != nil {
		return report.Report{}, err
	}
	measured, dates := report.NewMeasurements(from, to), archive.Dates()
	if err := perf.Each(monitoring.PerfdataDir, pending, from, to, func(r perf.Result) {
		measured.Add(r)
		dates.Add(r)
	}); err != nil {
		return report.Report{}, err
	}
	return report.Build(summary, from, to, archive, measured), nil
}

// printOverview answers as a CGI.
func printOverview(_ context.Context, _ []string, s streams) int {
	page, err := overview.Load(time.Now())
	if err != nil {
		fmt.Fprint(s.out, "Status: 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nThe monitoring has no status yet.\n")
		return ended(s, "overview", err)
	}
	page.Still = slices.Contains(s.env, "QUERY_STRING=still")
	fmt.Fprint(s.out, "Content-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\n"+
		"Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n\r\n")
	return ended(s, "overview", page.WriteHTML(s.out))
}
