# Installs the engine, or finishes an installation that was interrupted.
retry_while_locked() {
	# Right after the first boot, the machine's own updates hold the package lists.
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

add_repository() {
	install -d -m 755 /etc/apt/keyrings
	printf '%s\n' "$KEY" >/etc/apt/keyrings/swarmctl-docker.asc
	chmod 644 /etc/apt/keyrings/swarmctl-docker.asc
	echo "deb [arch=$(dpkg --print-architecture) signed-by=/etc/apt/keyrings/swarmctl-docker.asc] $REPOSITORY $CODENAME stable" \
		>/etc/apt/sources.list.d/swarmctl-docker.list
}

configure() {
	# A configuration that is there is its owner's matter.
	[ -e /etc/docker/daemon.json ] && return
	install -d -m 755 /etc/docker
	printf '%s\n' '{' '  "log-driver": "json-file",' '  "log-opts": {"max-size": "10m", "max-file": "3"}' '}' \
		>/etc/docker/daemon.json.new
	mv /etc/docker/daemon.json.new /etc/docker/daemon.json
}

# packages prints those of the engine that are installed.
packages() {
	dpkg-query -W -f '${db:Status-Status} ${Package}\n' docker-ce docker-ce-cli containerd.io docker.io docker-cli 2>/dev/null |
		sed -n 's/^installed //p'
}

install_docker() {
	set -eu
	export DEBIAN_FRONTEND=noninteractive LC_ALL=C
	# A run that was killed may still be at work here: wait for it.
	exec 9>/run/lock/swarmctl-install.lock
	flock -w 600 9
	# The next run finds this file where this one does not come to its end.
	install -d -m 755 /var/lib/swarmctl
	: >/var/lib/swarmctl/installing
	retry_while_locked dpkg --force-confdef --force-confold --configure -a
	if [ -n "$(dpkg --audit)" ]; then
		echo "mending an installation that was interrupted"
		get install --fix-broken
	fi
	configure
	if [ -z "$(packages)" ] || ! command -v dockerd >/dev/null; then
		if [ -n "$KEY" ]; then
			add_repository
			retry_while_locked apt-get -q update
			if [ -z "$(apt-cache show "docker-ce=$VERSION" 2>/dev/null)" ]; then
				echo "$REPOSITORY has no docker-ce $VERSION; it has: $(apt-cache madison docker-ce | awk '{ print $3 }' | head -n 3 | paste -sd ' ')" >&2
				exit 65
			fi
			get install --no-install-recommends "docker-ce=$VERSION" "docker-ce-cli=$VERSION" containerd.io
		else
			# An earlier run may have reached the repository; this one would only wait for it.
			rm -f /etc/apt/sources.list.d/swarmctl-docker.list
			retry_while_locked apt-get -q update
			names=docker.io
			# Newer releases ship the client, which opens the engine's socket for us, apart.
			if [ -n "$(apt-cache show docker-cli 2>/dev/null)" ]; then
				names="docker.io docker-cli"
			fi
			get install --no-install-recommends $names
		fi
	fi
	# The engine changes when its node is upgraded on purpose, drained before, and never by itself.
	apt-mark hold $(packages)
	systemctl enable --now docker.service
	rm -f /var/lib/swarmctl/installing
}
install_docker
