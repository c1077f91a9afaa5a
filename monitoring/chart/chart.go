// Package chart draws small line charts as SVG, for pages that load nothing.
package chart

import (
	"fmt"
	"html/template"
	"math"
	"strings"
	"time"
)

// Buckets gathers values over a time into so many means.
type Buckets struct {
	From, To time.Time
	sum      []float64
	count    []int
	// Max is the highest single value.
	Max float64
}

// NewBuckets makes n buckets.
func NewBuckets(from, to time.Time, n int) *Buckets {
	return &Buckets{From: from, To: to, sum: make([]float64, n), count: make([]int, n)}
}

// Add takes a value up.
func (b *Buckets) Add(at time.Time, value float64) {
	span := b.To.Sub(b.From)
	if span <= 0 || at.Before(b.From) || at.After(b.To) {
		return
	}
	i := min(int(float64(len(b.sum))*float64(at.Sub(b.From))/float64(span)), len(b.sum)-1)
	b.sum[i] += value
	b.count[i]++
	b.Max = max(b.Max, value)
}

// Means are the buckets' means; nil where there was no value.
func (b *Buckets) Means() []*float64 {
	means := make([]*float64, len(b.sum))
	for i, n := range b.count {
		if n > 0 {
			mean := math.Round(b.sum[i]/float64(n)*1000) / 1000
			means[i] = &mean
		}
	}
	return means
}

// The drawing's size in its own units.
const (
	width  = 300.0
	height = 60.0
)

// gap is over how many buckets a line is not drawn: a check that runs less often
// than there are buckets leaves some empty.
const gap = 6

// Line draws means as a line, broken where there are none for long, and a mark
// across where limit is, unless it is 0 or above the drawing. The top is the
// highest of the means, or ceiling where that is higher.
func Line(means []*float64, ceiling, limit float64, label string) template.HTML {
	top := ceiling
	for _, v := range means {
		if v != nil {
			top = max(top, *v)
		}
	}
	if top == 0 {
		top = 1
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %.0f %.0f" role="img" aria-label="%s" preserveAspectRatio="none">`, width, height, template.HTMLEscapeString(label))
	if limit > 0 && limit <= top {
		fmt.Fprintf(&b, `<path class="limit" d="M0 %.1fH%.0f"/>`, level(limit, top), width)
	}
	fmt.Fprintf(&b, `<path d="%s"/></svg>`, course(means, top))
	return template.HTML(b.String()) //nolint:gosec // numbers, and a label that is escaped
}

// level is a value's place, from above.
func level(v, top float64) float64 { return height - 2 - (height-4)*v/top }

func course(means []*float64, top float64) string {
	var path strings.Builder
	last := -gap
	for i, v := range means {
		if v == nil {
			continue
		}
		pen := "L"
		if i-last >= gap {
			pen = "M"
		}
		x := width * (float64(i) + 0.5) / float64(len(means))
		fmt.Fprintf(&path, "%s%.1f %.1f", pen, x, level(*v, top))
		if pen == "M" {
			path.WriteString("h.1") // a lone value would not be seen
		}
		last = i
	}
	return path.String()
}
