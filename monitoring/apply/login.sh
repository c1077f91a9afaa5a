# Makes the key that the monitor logs in with, and prints its public half.
make_login() {
	set -eu
	exec 9>/run/lock/swarmctl-monitoring.lock
	flock -w 600 9
	install -d -m 755 "$(dirname "$(dirname "$KEY")")" "$(dirname "$KEY")"
	rm -f "$KEY.new" "$KEY.new.pub"
	ssh-keygen -q -t ed25519 -N '' -C "$COMMENT" -f "$KEY.new" </dev/null
	mv -f "$KEY.new.pub" "$KEY.pub"
	mv -f "$KEY.new" "$KEY"
	cat "$KEY.pub"
}
make_login
