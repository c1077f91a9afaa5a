// Package apply makes machines what a monitoring.Model says: observe what is
// there, plan what differs (pure, and printed before anything is done), apply.
//
// What the daemons read changes in one step, once the daemon itself accepted
// it where it lies, and goes back to what it was where the daemon does not
// come up with it.
package apply

import (
	"context"
	"io/fs"

	"github.com/ycesproject/yces/monitoring"
	"github.com/ycesproject/yces/monitoring/datadog"
	"github.com/ycesproject/yces/monitoring/nagios"
	"github.com/ycesproject/yces/monitoring/notify"
	"github.com/ycesproject/yces/provision/inventory"
)

// Host is one machine, and root on it.
type Host interface {
	// RunScript feeds the script to a root shell and returns what it printed.
	RunScript(ctx context.Context, name, script string, line func(string)) (string, error)
	// Upload replaces the file atomically.
	Upload(ctx context.Context, data []byte, path string, mode fs.FileMode) error
}

// Fleet reaches machines.
type Fleet interface {
	Host(ctx context.Context, node inventory.Node) (Host, error)
}

// File is a file as it should lie on a machine.
type File struct {
	Path  string
	Mode  fs.FileMode
	Group string // its owner is root
	Data  []byte
}

// Input is what a plan is made for.
type Input struct {
	Model monitoring.Model
	// Secrets by their path on the monitor.
	Secrets map[string][]byte
	// Checks is the program of the checks by architecture (amd64, arm64).
	Checks map[string][]byte
	// AgentKey is what Datadog's agents send with; "" where there are none.
	AgentKey string
	// Rotate replaces the authority and every certificate, and the monitor's key.
	Rotate bool
}

// The files of ours outside a release.
const (
	nrpeFile      = monitoring.ConfigDir + "/nrpe.cfg"
	nrpeUnit      = "/etc/systemd/system/nagios-nrpe-server.service.d/swarmctl.conf"
	nagiosUnit    = "/etc/systemd/system/nagios4.service.d/swarmctl.conf"
	apacheSite    = "/etc/apache2/sites-available/swarmctl-monitoring.conf"
	overviewFile  = "/usr/lib/cgi-bin/swarmctl-monitoring/overview.cgi"
	authorityDir  = monitoring.ConfigDir + "/ca"
	authorityCert = authorityDir + "/ca.crt"
	authorityKey  = authorityDir + "/ca.key"
	loginFile     = monitoring.AccountHome + "/.ssh/authorized_keys"
	agentDir      = "/etc/datadog-agent"
	agentSecret   = agentDir + "/environment"
)

// sudoers are two files, so that the former transport works until the new one does.
var sudoers = map[string]string{
	monitoring.NRPE: "/etc/sudoers.d/swarmctl-monitoring",
	monitoring.SSH:  "/etc/sudoers.d/" + monitoring.Account,
}

const nrpeUnitText = `# Made by swarmctl; changes are lost.
[Service]
ExecStart=
ExecStart=/usr/sbin/nrpe -c ` + nrpeFile + ` -f
Restart=on-failure
RestartSec=2
`

const nagiosUnitText = `# Made by swarmctl; changes are lost.
[Service]
ExecStartPre=
ExecStartPre=/bin/rm -f /var/lib/nagios4/rw/nagios.cmd
ExecStart=
ExecStart=/usr/sbin/nagios4 ` + monitoring.Current + `/nagios.cfg
Restart=on-failure
RestartSec=5
`

const apacheSiteText = `# Made by swarmctl; changes are lost.
Include ` + monitoring.Current + `/apache.conf
`

// overviewText is a CGI: the program finds its part by its first argument.
const overviewText = `#!/bin/sh
exec ` + monitoring.Checks + ` overview
`

// The packages, by what a machine is for and how it is asked.
var (
	nodePackages    = map[string][]string{monitoring.NRPE: {"nagios-nrpe-server"}, monitoring.SSH: {"openssh-server"}}
	monitorPackages = map[string][]string{monitoring.NRPE: {"nagios-nrpe-plugin"}, monitoring.SSH: {"openssh-client"}}
)

func (in Input) packages(h monitoring.Host) []string {
	list := append([]string{"monitoring-plugins-basic", "sudo"}, nodePackages[in.Model.Transport]...)
	if in.Model.HasAgent() {
		list = append(list, "ca-certificates", "gpg")
	}
	if h.Group == monitoring.Monitors {
		list = append(append(list, "nagios4-core", "nagios4-cgi", "apache2"), monitorPackages[in.Model.Transport]...)
	}
	return list
}

// files are the machine's; certificates, logins, the agent's and the release apart.
func (in Input) files(h monitoring.Host, arch string) []File {
	list := []File{
		{monitoring.Checks, 0o755, "root", in.Checks[arch]},
		{sudoers[in.Model.Transport], 0o440, "root", []byte(nagios.Sudoers(in.Model, h))},
	}
	if in.Model.Transport == monitoring.SSH {
		list = append(list, File{monitoring.AllowList, 0o644, "root", nagios.AllowList(in.Model, h)})
	} else {
		list = append(list,
			File{nrpeFile, 0o640, "nagios", []byte(nagios.NRPE(in.Model, h))},
			File{nrpeUnit, 0o644, "root", []byte(nrpeUnitText)})
	}
	if h.Group != monitoring.Monitors {
		return list
	}
	list = append(list,
		File{nagiosUnit, 0o644, "root", []byte(nagiosUnitText)},
		File{apacheSite, 0o644, "root", []byte(apacheSiteText)},
		File{overviewFile, 0o755, "root", []byte(overviewText)},
	)
	for _, path := range sorted(in.Secrets) {
		list = append(list, File{path, 0o640, "nagios", in.Secrets[path]})
	}
	return list
}

// agentFiles are the agent's. Its package owns the folder and gives all in it to
// its own group.
func (in Input) agentFiles(h monitoring.Host) []File {
	if !in.Model.HasAgent() {
		return nil
	}
	list := []File{{agentSecret, 0o600, "dd-agent", []byte("DD_API_KEY=" + in.AgentKey + "\n")}}
	for _, f := range datadog.Agent(in.Model, h) {
		list = append(list, File{agentDir + "/" + f.Path, 0o640, "dd-agent", f.Data})
	}
	return list
}

// release is what the daemons of the monitor read.
func (in Input) release() []monitoring.File {
	return append(nagios.Render(in.Model), notify.NewConfig(in.Model).File(), in.Model.Summary().File())
}

// paths are all files that may be on a machine, to be looked at.
func (in Input) paths(h monitoring.Host) []string {
	var list []string
	for _, f := range append(in.files(h, ""), in.agentFiles(h)...) {
		list = append(list, f.Path)
	}
	return append(list, monitoring.CAFile, loginFile, agentList)
}
