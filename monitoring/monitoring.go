// Package monitoring turns an inventory and one settings file into a Model:
// the hosts to watch, what is checked on each, who owns it and who is told.
// The packages beside it render the model for Nagios, NRPE, Prometheus and
// Datadog. Everything here is pure: the same input gives the same bytes.
package monitoring

// Where things lie on the machines. None of it is shared with the
// distribution's packages, so that an upgrade of those never meets our files.
const (
	// ConfigDir holds what is generated; `current` in it names the release in use.
	ConfigDir = "/etc/swarmctl-monitoring"
	// Current is the release that the daemons read.
	Current = ConfigDir + "/current"
	// StateDir holds what the monitor collects.
	StateDir = "/var/lib/swarmctl-monitoring"
	// Perfdata and HostPerfdata take a line a result from Nagios, of services and of
	// hosts; PerfdataDir keeps them by day.
	Perfdata     = StateDir + "/perfdata.log"
	HostPerfdata = StateDir + "/perfdata-hosts.log"
	PerfdataDir  = StateDir + "/perfdata"
	// NotifyConfig is what the notifier reads.
	NotifyConfig = Current + "/notify.json"
	// ToldDir keeps what people were told and is not over.
	ToldDir = StateDir + "/told"
	// StatusFile is Nagios's own.
	StatusFile = "/var/lib/nagios4/status.dat"
	// Checks is the program that holds our checks and the notifier.
	Checks = "/usr/local/lib/swarmctl-monitoring/checks"
	// Plugins is where Debian keeps the Nagios project's own checks.
	Plugins = "/usr/lib/nagios/plugins"
)

// The certificates of both ends of NRPE, and of Apache.
const (
	PKIDir     = ConfigDir + "/pki"
	CAFile     = PKIDir + "/ca.crt"
	NodeCert   = PKIDir + "/node.crt"
	NodeKey    = PKIDir + "/node.key"
	ClientCert = PKIDir + "/client.crt"
	ClientKey  = PKIDir + "/client.key"
	WebCert    = PKIDir + "/web.crt"
	WebKey     = PKIDir + "/web.key"
)

// The SSH transport: the monitor's key, and what a machine has for it.
const (
	SSHKey     = ConfigDir + "/ssh/id_ed25519"
	SSHConfig  = Current + "/ssh_config"
	KnownHosts = Current + "/known_hosts"
	// SSHMasters is where connections wait for the next check.
	SSHMasters = StateDir + "/ssh"
	// Account is whom the monitor logs in as, and AllowList what it may run.
	Account     = "swarmctl-checks"
	AccountHome = "/var/lib/" + Account
	AllowList   = ConfigDir + "/commands.json"
)

// NRPEPort is where the nodes answer the monitor.
const NRPEPort = 5666

// File is one file of a rendering. Its path is relative to the rendering's root.
type File struct {
	Path string
	Data []byte
}
