# Takes everything of ours off the machine.
remove_all() {
	set -eu
	exec 9>/run/lock/swarmctl-monitoring.lock
	flock -w 600 9
	! systemctl cat nagios4 >/dev/null 2>&1 || systemctl disable -q --now nagios4
	if [ -e /etc/apache2/sites-enabled/swarmctl-monitoring.conf ]; then
		a2dissite -q swarmctl-monitoring >/dev/null
		systemctl disable -q --now apache2
	fi
	rm -rf $FILES
	systemctl daemon-reload
}
remove_all
