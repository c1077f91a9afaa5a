# Takes parts off the machine that nothing needs any more: $PARTS.
drop_nrpe() {
	! systemctl cat nagios-nrpe-server >/dev/null 2>&1 || systemctl disable -q --now nagios-nrpe-server
	rm -rf "$NRPE_UNIT"
	rm -f "$NRPE_FILE" "$NRPE_SUDOERS" "$PKI"/node.* "$PKI"/client.*
	[ -n "$MONITOR" ] || rm -rf "$PKI"
	systemctl daemon-reload
}

drop_account() {
	rm -rf "$ACCOUNT_HOME"
	rm -f "$ALLOW_LIST" "$SSH_SUDOERS"
	if getent passwd "$ACCOUNT" >/dev/null; then
		for _ in $(seq 10); do
			end_sessions
			! userdel "$ACCOUNT" 2>/dev/null || break
			sleep 0.5
		done
		! getent passwd "$ACCOUNT" >/dev/null || userdel "$ACCOUNT"
	fi
	[ -z "$MONITOR" ] || rm -rf "$(dirname "$KEY")" "$MASTERS"
}

# An agent that somebody else installed stays.
drop_agent() {
	[ -e "$AGENT_LIST" ] || [ -e "$AGENT_KEYRING" ] || return 0
	! systemctl cat datadog-agent >/dev/null 2>&1 || systemctl disable -q --now datadog-agent
	if [ -n "$(dpkg-query -W -f '${Status}' datadog-agent 2>/dev/null)" ]; then
		apt-get -y -q -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 purge --allow-change-held-packages datadog-agent </dev/null
	fi
	rm -rf "$AGENT_DIR"
	rm -f "$AGENT_LIST" "$AGENT_KEYRING"
}

sweep() {
	set -eu
	export DEBIAN_FRONTEND=noninteractive LC_ALL=C
	exec 9>/run/lock/swarmctl-monitoring.lock
	flock -w 600 9
	for part in $PARTS; do
		"drop_$part"
	done
}
sweep
