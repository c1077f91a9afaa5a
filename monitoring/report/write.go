package report

import (
	"embed"
	"encoding/csv"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"time"

	"github.com/ycesproject/yces/monitoring"
	"github.com/ycesproject/yces/monitoring/chart"
)

//go:embed report.html
var page embed.FS

var htmlTemplate = template.Must(template.New("report.html").Funcs(template.FuncMap{
	"line":    chart.Line,
	"lasts":   lasts,
	"percent": percent,
	"clock":   func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") },
	"ms":      func(s float64) string { return strconv.FormatFloat(1000*s, 'f', 1, 64) + " ms" },
	"ceiling": func(unit string) float64 {
		if unit == "%" {
			return 100
		}
		return 0
	},
}).ParseFS(page, "report.html"))

func lasts(seconds float64) string {
	return monitoring.Duration(time.Duration(seconds * float64(time.Second)).Round(time.Second)).Words()
}

// percent is rounded down: 99.999 is not 100.
func percent(v float64) string {
	if v < 0 {
		return "–"
	}
	return strconv.FormatFloat(float64(int(v*1000))/1000, 'f', 3, 64) + " %"
}

// WriteHTML writes one page that loads nothing.
func (r Report) WriteHTML(w io.Writer) error { return htmlTemplate.Execute(w, r) }

// WriteCSV writes a line an object and a line an outage, told apart by the first
// column.
func (r Report) WriteCSV(w io.Writer) error {
	c := csv.NewWriter(w)
	rows := [][]string{{"kind", "host", "service", "availability_percent", "from", "to", "seconds", "ongoing", "output"}}
	for _, o := range r.Objects {
		share := ""
		if o.Availability() >= 0 {
			share = strconv.FormatFloat(o.Availability(), 'f', 4, 64)
		}
		rows = append(rows, []string{"object", o.Host, o.Service, share, stamp(r.From), stamp(r.To), seconds(o.Bad), "", ""})
	}
	for _, o := range r.Outages {
		rows = append(rows, []string{"outage", o.Host, o.Service, "", stamp(o.From), stamp(o.To), seconds(o.Seconds), strconv.FormatBool(o.Ongoing), plainCell(o.Output)})
	}
	if err := c.WriteAll(rows); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

// plainCell keeps spreadsheets from taking a check's output for a formula.
func plainCell(text string) string {
	if text != "" && (text[0] == '=' || text[0] == '+' || text[0] == '-' || text[0] == '@') {
		return "'" + text
	}
	return text
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
func seconds(v float64) string { return strconv.FormatFloat(v, 'f', 0, 64) }
func number(text string) float64 {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0
	}
	return v
}
