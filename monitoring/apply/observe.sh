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

look_at_agent() {
	version=$(dpkg-query -W -f '${db:Status-Status} ${Version}' datadog-agent 2>/dev/null) || version=
	case $version in "installed "*) echo "agent version ${version#installed }" ;; esac
	[ "$(apt-mark showhold datadog-agent 2>/dev/null)" != datadog-agent ] || echo "agent held"
	[ ! -e "$AGENT_LIST" ] && [ ! -e "$AGENT_KEYRING" ] || echo "part agent"
	if [ -s "$AGENT_KEYRING" ] && command -v gpg >/dev/null; then
		home=$(mktemp -d)
		GNUPGHOME=$home gpg --batch --with-colons --show-keys "$AGENT_KEYRING" 2>/dev/null |
			awk -F: '$1 == "pub" { primary = 1 } $1 == "fpr" && primary { print "agent key " $10; primary = 0 }'
		rm -rf "$home"
	fi
	began=$(started datadog-agent)
	if [ -n "$began" ] && older "$began" "$AGENT_DIR/environment" "$AGENT_DIR/datadog.yaml" "$AGENT_DIR"/conf.d/*.d/conf.yaml; then
		echo "fresh agent"
	fi
	[ -z "$began" ] || ! timeout 20 datadog-agent health >/dev/null 2>&1 </dev/null || echo "agent well"
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
	# A key that others can read is no key.
	[ "$(stat -c '%a %U' "$KEY" 2>/dev/null)" != "400 nagios" ] || [ ! -s "$KEY.pub" ] || echo "login $(base64 -w 0 "$KEY.pub")"
	[ ! -e "$CONFIG/nrpe.cfg" ] && [ ! -e /etc/systemd/system/nagios-nrpe-server.service.d/swarmctl.conf ] || echo "part nrpe"
	! getent passwd "$ACCOUNT" >/dev/null || echo "part account"
	look_at_agent
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
