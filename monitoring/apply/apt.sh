# What the scripts that install packages share.
retry_while_locked() {
	for _ in $(seq 60); do
		out=$("$@" 2>&1 </dev/null) && return 0
		case $out in
		*"Could not get lock"* | *"lock was locked"* | *"Unable to lock"*) sleep 2 ;;
		*) break ;;
		esac
	done
	printf '%s\n' "$out" >&2
	return 1
}

get() {
	apt-get -y -q -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 \
		-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@" </dev/null
}

