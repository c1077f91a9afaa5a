# Puts files that were uploaded in their places; see place in run.go.
place_files() {
	set -eu
	exec 9>/run/lock/swarmctl-monitoring.lock
	flock -w 600 9
	install -d -m 755 "$PKI"
	install -d -m 750 -g nagios "$(dirname "$PKI")/secrets"
	printf '%s' "$LIST" | while read -r from mode group to; do
		if [ "$to" = "$SUDOERS" ]; then
			visudo -cqf "$from"
		fi
		install -d -m 755 "$(dirname "$to")"
		chown "root:$group" "$from"
		chmod "$mode" "$from"
		# Beside its place first: only a rename in one folder can't be seen half done.
		cp -p "$from" "$to.new"
		mv -f "$to.new" "$to"
		touch "$to"
	done
	rm -rf "$STAGING"
	if [ -n "$MONITOR" ]; then
		# What is filed there is the web server's to read.
		install -d -m 2750 -o nagios -g www-data "$STATE" "$STATE/perfdata"
	fi
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
