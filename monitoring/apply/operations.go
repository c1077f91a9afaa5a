package apply

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ycesproject/yces/monitoring"
)

// Empty tells whether all is as it should be.
func (p Plan) Empty() bool {
	return len(p.Operations()) == 0
}

// Operation is one line of a plan.
type Operation struct {
	Subject string `json:"subject"`
	Text    string `json:"operation"`
	Cause   string `json:"cause"`
}

// Operations are what will be done, in words.
func (p Plan) Operations() []Operation {
	var list []Operation
	if p.Authority != "" {
		list = append(list, Operation{"cluster " + p.in.Model.Name, "make the certificate authority", p.Authority})
	}
	if p.Login != "" {
		list = append(list, Operation{"machine " + p.in.Model.Monitor().Name, "make the key that it logs in with", p.Login})
	}
	for _, m := range p.Machines {
		list = append(list, m.operations()...)
	}
	if p.Release.Cause != "" {
		list = append(list, Operation{"machine " + p.in.Model.Monitor().Name, "put release " + p.Release.Digest + " in use", p.Release.Cause})
	}
	return list
}

func (m MachinePlan) operations() []Operation {
	var list []Operation
	add := func(cause, format string, args ...any) {
		if cause != "" {
			list = append(list, Operation{"machine " + m.Host.Name, fmt.Sprintf(format, args...), cause})
		}
	}
	if len(m.Packages) > 0 {
		add("not installed", "install %s", strings.Join(m.Packages, ", "))
	}
	add(m.Account, "make the account %s", monitoring.Account)
	for _, c := range m.Files {
		add(c.Cause, "write %s", c.File.Path)
	}
	add(m.Login, "write %s", loginFile)
	for _, c := range m.Certs {
		add(c.Cause, "issue the certificate %s", c.File)
	}
	add(m.RestartNRPE, "restart NRPE")
	add(m.Agent.Install, "install %s", m.Agent.Package)
	for _, c := range m.Agent.Files {
		add(c.Cause, "write %s", c.File.Path)
	}
	add(m.Agent.Restart, "start Datadog's agent")
	for _, l := range m.Sweep {
		add(l.Cause, "remove %s", partNames[l.Part])
	}
	return list
}

// partNames are the parts in words.
var partNames = map[string]string{
	"nrpe":    "NRPE's configuration and certificates, and stop it",
	"account": "the account " + monitoring.Account,
	"agent":   "Datadog's agent",
}

// ErrRejected is a release that the daemon did not accept; nothing was changed.
var ErrRejected = errors.New("the configuration was rejected; what ran goes on")

// ErrRolledBack is a release that the daemon did not come up with.
var ErrRolledBack = errors.New("the daemon did not come up with it; the former release is in use again")
