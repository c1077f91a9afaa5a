# Puts the machine's files in their places, and has what reads them read them.
place_files() {
	set -eu
	exec 9>/run/lock/swarmctl-monitoring.lock
	flock -w 600 9
	[ -z "$MONITOR" ] || install -d -m 750 -g nagios "$SECRETS"
	move_files
	if [ -n "$MONITOR" ]; then
		# What is filed there is the web server's to read.
		install -d -m 2750 -o nagios -g www-data "$STATE" "$STATE/perfdata"
		install -d -m 0700 -o nagios -g nagios "$STATE/told"
	fi
	if [ -n "$MONITOR" ] && [ -e "$KEY" ]; then
		chown nagios:nagios "$KEY"
		chmod 400 "$KEY"
		install -d -m 700 -o nagios -g nagios "$MASTERS"
	fi
	# Who came in with a key that is no longer good is out.
	[ -z "$LOGIN" ] || end_sessions
	systemctl daemon-reload
	[ -n "$RESTART" ] || return 0
	systemctl enable -q nagios-nrpe-server
	systemctl restart nagios-nrpe-server
	sleep 1
	systemctl -q is-active nagios-nrpe-server || {
		journalctl -u nagios-nrpe-server -n 5 --no-pager -o cat >&2
		return 1
	}
}
place_files
