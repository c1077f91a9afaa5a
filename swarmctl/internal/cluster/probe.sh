# Prints what swarmctl has to know about the machine, one key=value a line.
probe() {
	. /etc/os-release
	echo "os=$ID"
	echo "version=${VERSION_ID:-}"
	echo "codename=${VERSION_CODENAME:-}"
	echo "arch=$(uname -m)"
	echo "hostname=$(uname -n)"
	[ -d /run/systemd/system ] && echo systemd=yes
	command -v dockerd >/dev/null 2>&1 && echo installed=yes
	if [ -d /run/systemd/system ]; then
		systemctl is-enabled --quiet docker.service 2>/dev/null && echo enabled=yes
		systemctl is-active --quiet docker.service 2>/dev/null && echo running=yes
	elif [ -S /var/run/docker.sock ]; then
		echo enabled=yes
		echo running=yes
	fi
	# An installation of ours that was killed, or anyone's that dpkg did not finish.
	if [ -e /var/lib/swarmctl/installing ]; then
		echo unfinished=yes
	elif ! systemctl is-active --quiet docker.service 2>/dev/null && [ -n "$(dpkg --audit 2>/dev/null)" ]; then
		echo unfinished=yes
	fi
	if [ -e /proc/net/ip_vs ] || modprobe -n -q ip_vs 2>/dev/null; then
		echo ipvs=yes
	fi
	echo "now=$(date +%s.%N)"
}
probe
