# Makes the account that the monitor logs in to. It has no password, and its home
# is not its own to write in.
make_account() {
	set -eu
	exec 9>/run/lock/swarmctl-monitoring.lock
	flock -w 600 9
	! getent passwd "$ACCOUNT" >/dev/null || return 0
	# sshd takes a locked account for one that nobody may use, where PAM does not ask.
	useradd --system --user-group --no-create-home --home-dir "$ACCOUNT_HOME" --shell /bin/sh --password '*' "$ACCOUNT"
}
make_account
