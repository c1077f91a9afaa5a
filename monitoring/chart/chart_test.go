package chart

import (
	"strings"
	"testing"
	"time"
)

func TestALineIsBrokenOnlyWhereThereIsNothingForLong(t *testing.T) {
	from := time.Unix(0, 0)
	b := NewBuckets(from, from.Add(20*time.Second), 20)
	for _, second := range []int{0, 3, 3, 15, 30} {
		b.Add(from.Add(time.Duration(second)*time.Second), float64(second))
	}
	means := b.Means()
	if *means[0] != 0 || *means[3] != 3 || *means[15] != 15 || means[1] != nil || b.Max != 15 {
		t.Errorf("means %v, max %g", means, b.Max)
	}
	svg := string(Line(means, 0, 0, `a "label" <b>`))
	if got := strings.Count(svg, "M"); got != 2 {
		t.Errorf("%d lines, want 2: %s", got, svg)
	}
	if strings.Contains(svg, "<b>") || !strings.Contains(svg, "&lt;b&gt;") {
		t.Errorf("the label is not escaped: %s", svg)
	}
}

func TestALimitIsMarkedWhereItIsInSight(t *testing.T) {
	half := 50.0
	means := []*float64{&half}
	for _, c := range []struct {
		ceiling, limit float64
		want           string
	}{
		{100, 80, `<path class="limit" d="M0 13.2H300"/>`},
		{0, 50, `<path class="limit" d="M0 2.0H300"/>`},
	} {
		if svg := string(Line(means, c.ceiling, c.limit, "x")); !strings.Contains(svg, c.want) {
			t.Errorf("limit %g of %g: no %s in %s", c.limit, c.ceiling, c.want, svg)
		}
	}
	for _, limit := range []float64{0, 60} {
		if svg := string(Line(means, 0, limit, "x")); strings.Contains(svg, "limit") {
			t.Errorf("limit %g is drawn: %s", limit, svg)
		}
	}
}
