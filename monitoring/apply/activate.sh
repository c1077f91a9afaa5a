# Puts a release in use: checked where it lies, switched in one step, taken back
# where the daemon does not come up with it. Its last word says how it ended.
web_ready() {
	for name in autoindex status; do
		[ ! -L "/etc/apache2/mods-enabled/$name.load" ] || a2dismod -q -f "$name" >/dev/null
	done
	a2enmod -q ssl headers cgi auth_basic authn_file authz_user >/dev/null
	[ ! -L /etc/apache2/conf-enabled/nagios4-cgi.conf ] || a2disconf -q nagios4-cgi >/dev/null
	for name in 000-default default-ssl; do
		[ ! -L "/etc/apache2/sites-enabled/$name.conf" ] || a2dissite -q "$name" >/dev/null
	done
}

# came_up: does Nagios run, and has it read the objects since the second $1?
came_up() {
	for _ in $(seq 40); do
		sleep 0.5
		systemctl -q is-active nagios4 || return 1
		[ "$(stat -c %Y /var/lib/nagios4/objects.cache 2>/dev/null || echo 0)" -lt "$1" ] || break
	done
	sleep 1
	systemctl -q is-active nagios4 && [ "$(stat -c %Y /var/lib/nagios4/objects.cache 2>/dev/null || echo 0)" -ge "$1" ]
}

switch_to() {
	ln -sfn "releases/$1" "$CURRENT.new"
	mv -T "$CURRENT.new" "$CURRENT"
}

reject() {
	cat "$log"
	rm -rf "$RELEASES/$DIGEST.half" "$log"
	echo rejected
	exit 3
}

activate() {
	set -eu
	exec 9>/run/lock/swarmctl-monitoring.lock
	flock -w 600 9
	half=$RELEASES/$DIGEST.half
	log=$(mktemp)
	chgrp www-data "$half/htpasswd"
	chmod 640 "$half/htpasswd"
	nagios4 -v "$half/nagios.cfg" >"$log" 2>&1 || reject
	web_ready
	sed "s#$CURRENT#$half#g" "$half/apache.conf" >"$log.conf"
	# The site in use would be a second one of the same name, which is allowed.
	apache2ctl -t -c "Include $log.conf" >"$log" 2>&1 || reject
	rm -f "$log" "$log.conf"

	former=
	[ ! -L "$CURRENT" ] || former=$(readlink "$CURRENT")
	if [ "$former" != "releases/$DIGEST" ]; then
		rm -rf "${RELEASES:?}/$DIGEST"
		mv "$half" "$RELEASES/$DIGEST"
	else
		rm -rf "$half"
	fi
	switch_to "$DIGEST"
	now=$(date +%s)
	systemctl enable -q nagios4 apache2
	if systemctl -q is-active nagios4; then
		systemctl reload nagios4
	else
		! systemctl -q is-failed nagios4 || systemctl reset-failed nagios4
		systemctl start nagios4
	fi
	if ! came_up "$now"; then
		tail -n 5 /var/log/nagios4/nagios.log
		if [ -n "$former" ]; then
			switch_to "${former#releases/}"
			! systemctl -q is-failed nagios4 || systemctl reset-failed nagios4
			systemctl restart nagios4
		fi
		echo rolled back
		exit 4
	fi
	a2ensite -q swarmctl-monitoring >/dev/null
	systemctl reload-or-restart apache2
	# The last three releases are kept.
	ls -1t "$RELEASES" | tail -n +4 | while read -r old; do
		[ "$old" = "$DIGEST" ] || rm -rf "${RELEASES:?}/$old"
	done
}
activate
