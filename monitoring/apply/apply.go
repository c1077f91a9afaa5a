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
	// Rotate replaces the authority and every certificate.
	Rotate bool
}

// The files of ours outside a release.
const (
	nrpeFile      = monitoring.ConfigDir + "/nrpe.cfg"
	nrpeUnit      = "/etc/systemd/system/nagios-nrpe-server.service.d/swarmctl.conf"
	sudoersFile   = "/etc/sudoers.d/swarmctl-monitoring"
	nagiosUnit    = "/etc/systemd/system/nagios4.service.d/swarmctl.conf"
	apacheSite    = "/etc/apache2/sites-available/swarmctl-monitoring.conf"
	overviewFile  = "/usr/lib/cgi-bin/swarmctl-monitoring/overview.cgi"
	authorityDir  = monitoring.ConfigDir + "/ca"
	authorityCert = authorityDir + "/ca.crt"
	authorityKey  = authorityDir + "/ca.key"
)

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

// The packages, by what a machine is for.
var (
	nodePackages    = []string{"nagios-nrpe-server", "monitoring-plugins-basic", "sudo"}
	monitorPackages = []string{"nagios4-core", "nagios4-cgi", "nagios-nrpe-plugin", "apache2"}
)

func packages(h monitoring.Host) []string {
	if h.Group == monitoring.Monitors {
		return append(append([]string{}, nodePackages...), monitorPackages...)
	}
	return nodePackages
}

// files are the machine's, certificates and the release apart.
func (in Input) files(h monitoring.Host, arch string) []File {
	list := []File{
		{monitoring.Checks, 0o755, "root", in.Checks[arch]},
		{nrpeFile, 0o640, "nagios", []byte(nagios.NRPE(in.Model, h))},
		{nrpeUnit, 0o644, "root", []byte(nrpeUnitText)},
		{sudoersFile, 0o440, "root", []byte(nagios.Sudoers(in.Model, h))},
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

// release is what the daemons of the monitor read.
func (in Input) release() []monitoring.File {
	return append(nagios.Render(in.Model), notify.NewConfig(in.Model).File(), in.Model.Summary().File())
}

// paths are all files that may be on a machine, to be looked at.
func (in Input) paths(h monitoring.Host) []string {
	var list []string
	for _, f := range in.files(h, "") {
		list = append(list, f.Path)
	}
	return append(list, monitoring.CAFile)
}
