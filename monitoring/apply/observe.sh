# Prints what there is, one thing a line. It changes nothing.
started() {
	# When the daemon's process began, in seconds since 1970; nothing where none runs.
	pid=$(systemctl show -p MainPID --value "$1" 2>/dev/null) || return 0
	[ "${pid:-0}" -gt 0 ] && stat -c %Y "/proc/$pid" 2>/dev/null
	return 0
}

older() {
	# Is each of the files that are there older than the second $1?
	since=$1
	shift
	for f in "$@"; do
		[ ! -e "$f" ] || [ "$(stat -c %Y "$f")" -le "$since" ] || return 1
	done
}

look() {
	set -u
	export LC_ALL=C
	command -v dpkg >/dev/null || return 0
	echo "arch $(dpkg --print-architecture)"
	for p in $PACKAGES; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" != installed ] || echo "package $p"
	done
	for f in $FILES; do
		[ -f "$f" ] || continue
		sum=$(sha256sum "$f")
		echo "file $f ${sum%% *} $(stat -c '%a %G' "$f")"
	done
	for c in node client web; do
		[ ! -s "$PKI/$c.key" ] || [ ! -s "$PKI/$c.crt" ] || echo "cert $c $(base64 -w 0 "$PKI/$c.crt")"
	done
	for f in ca.crt ca.key; do
		[ ! -s "$CA/$f" ] || echo "$f $(base64 -w 0 "$CA/$f")"
	done
	[ ! -L "$CURRENT" ] || echo "release $(basename "$(readlink "$CURRENT")")"
	began=$(started nagios-nrpe-server)
	if [ -n "$began" ] && older "$began" "$CONFIG/nrpe.cfg" /etc/systemd/system/nagios-nrpe-server.service.d/swarmctl.conf "$PKI"/*; then
		echo "fresh nrpe"
	fi
	# A reload keeps the process; the object cache is written by it.
	if [ -L "$CURRENT" ] && systemctl -q is-active nagios4 2>/dev/null && [ -e /var/lib/nagios4/objects.cache ] &&
		[ "$(stat -c %Y "$CURRENT")" -le "$(stat -c %Y /var/lib/nagios4/objects.cache)" ]; then
		echo "fresh nagios"
	fi
	if systemctl -q is-active apache2 2>/dev/null && [ -e /etc/apache2/sites-enabled/swarmctl-monitoring.conf ]; then
		echo "fresh apache"
	fi
}
look
