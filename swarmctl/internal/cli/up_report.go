package cli

import (
	"fmt"
	"strings"

	"github.com/ycesproject/yces/swarmctl/internal/cluster"
)

// upReport is what `up -o json` prints.
type upReport struct {
	Changed    bool              `json:"changed"`
	Operations []operationReport `json:"operations"`
	Warnings   []warningReport   `json:"warnings"`

	fresh  bool     // the swarm is new
	joined []string // subjects
}

type operationReport struct {
	Subject   string `json:"subject"`
	Operation string `json:"operation"`
	Cause     string `json:"cause"`
}

type warningReport struct {
	Subject string `json:"subject"`
	Text    string `json:"text"`
}

// add takes up a round's plan; the last one's warnings count.
func (r *upReport) add(p cluster.Plan) {
	for _, op := range p.Operations() {
		switch op.(type) {
		case cluster.InitSwarm:
			r.fresh = true
		case cluster.Join:
			r.joined = append(r.joined, op.Subject())
		}
		r.Operations = append(r.Operations, operationReport{op.Subject(), op.String(), op.Cause()})
	}
	r.Changed = len(r.Operations) > 0
	r.Warnings = []warningReport{}
	for _, w := range p.Warnings {
		r.Warnings = append(r.Warnings, warningReport{w.Subject, w.Text})
	}
	if r.fresh {
		return
	}
	for _, subject := range r.joined {
		r.Warnings = append(r.Warnings, warningReport{subject, "has no images yet: `swarmctl deploy` hands them over, but for those of a registry"})
	}
}

// summary says in one line what was done.
func (r *upReport) summary() string {
	var b strings.Builder
	for _, w := range r.Warnings {
		fmt.Fprintf(&b, "warning: %s: %s\n", w.Subject, w.Text)
	}
	if r.Changed {
		fmt.Fprintf(&b, "%s made\n", plural(len(r.Operations), "change"))
	} else {
		b.WriteString("no change\n")
	}
	return b.String()
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
