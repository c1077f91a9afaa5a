package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/ycesproject/yces/monitoring"
	history "github.com/ycesproject/yces/monitoring/report"
	"github.com/ycesproject/yces/swarmctl/internal/sshconn"
)

// reportOptions are the flags of `monitoring report`.
type reportOptions struct {
	monitoringOptions
	from, to string
	out      string
}

func (a *app) newMonitoringReportCommand() *cobra.Command {
	var o reportOptions
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Availability, outages, response times and trends over a time",
		Long: `report asks the monitor how it was, and writes report.html, report.csv and
report.json to a folder, or JSON to standard output where no folder is named.`,
		Example: "  swarmctl monitoring report --from 2026-03-01 --to 2026-04-01 --out march\n  swarmctl monitoring report --from -24h",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.monitoringReport(cmd.Context(), o) },
	}
	o.register(cmd)
	f := cmd.Flags()
	f.StringVar(&o.from, "from", "-720h", "begin: 2026-03-01, 2026-03-01T08:00:00Z, or -24h before now")
	f.StringVar(&o.to, "to", "now", "end, in the same forms")
	f.StringVar(&o.out, "out", "", "the `FOLDER` to write to")
	return cmd
}

func (o reportOptions) span(now time.Time) (from, to time.Time, err error) {
	from, fromErr := parseMoment(o.from, now)
	to, toErr := parseMoment(o.to, now)
	if fromErr != nil {
		fromErr = fmt.Errorf("--from: %w", fromErr)
	}
	if toErr != nil {
		toErr = fmt.Errorf("--to: %w", toErr)
	}
	if err := errors.Join(fromErr, toErr); err != nil {
		return from, to, usageError{err}
	}
	if !from.Before(to) {
		return from, to, usageError{fmt.Errorf("--from: must be before --to, got %s and %s", from.UTC().Format(time.RFC3339), to.UTC().Format(time.RFC3339))}
	}
	return from, to, nil
}

// parseMoment reads a day, a time, or a time before now.
func parseMoment(text string, now time.Time) (time.Time, error) {
	if text == "now" {
		return now, nil
	}
	if ago, err := time.ParseDuration(text); err == nil && ago < 0 {
		return now.Add(ago), nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("must look like 2026-03-01, 2026-03-01T08:00:00Z or -24h, got %q", text)
}

func (a *app) monitoringReport(ctx context.Context, o reportOptions) (err error) {
	from, to, err := o.span(time.Now())
	if err != nil {
		return err
	}
	f, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	m, err := o.model(f.Inventory, nil)
	if err != nil {
		return err
	}
	r, text, err := f.fetchReport(ctx, m, from, to)
	if err != nil {
		return err
	}
	if o.out == "" {
		_, err := a.Out.Write(text)
		return err
	}
	return a.writeReport(r, text, o.out)
}

// fetchReport lets the monitor make the report.
func (f *fleet) fetchReport(ctx context.Context, m monitoring.Model, from, to time.Time) (history.Report, []byte, error) {
	var r history.Report
	c, err := f.conn(ctx, *m.Monitor().Node)
	if err != nil {
		return r, nil, err
	}
	res, err := c.Run(ctx, sshconn.Command{
		Name: "make report", Sudo: true,
		Args: []string{
			monitoring.Checks, "report", "--user", m.Web.Users[0].Name,
			"--from", fmt.Sprint(from.Unix()), "--to", fmt.Sprint(to.Unix()),
		},
	})
	if err != nil {
		return r, nil, err
	}
	if err := json.Unmarshal([]byte(res.Stdout), &r); err != nil {
		return r, nil, fmt.Errorf("read report: %w", err)
	}
	var text bytes.Buffer
	if err := json.Indent(&text, []byte(res.Stdout), "", "  "); err != nil {
		return r, nil, fmt.Errorf("read report: %w", err)
	}
	return r, text.Bytes(), nil
}

func (a *app) writeReport(r history.Report, text []byte, dir string) error {
	var html, csv bytes.Buffer
	if err := errors.Join(r.WriteHTML(&html), r.WriteCSV(&csv)); err != nil {
		return err
	}
	if err := writeAll(dir, []monitoring.File{
		{Path: "report.html", Data: html.Bytes()}, {Path: "report.csv", Data: csv.Bytes()}, {Path: "report.json", Data: text},
	}); err != nil {
		return err
	}
	path, err := filepath.Abs(filepath.Join(dir, "report.html"))
	if err != nil {
		return err
	}
	p := r.Promise
	fmt.Fprintf(a.Out, "available %.3f %% of %.3f %% promised, %d outages\n%s\n", p.Measured, p.Availability, len(r.Outages), path)
	return nil
}
