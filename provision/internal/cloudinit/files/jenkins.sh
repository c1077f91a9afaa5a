#!/bin/sh
# Installs Jenkins at the end of the first boot: home on the data disk, Jenkins
# on loopback only, nginx with TLS in front. It starts where there is a site,
# as code, for it. Run again it mends what is missing and changes nothing else.
set -eu

# FINGERPRINT VERSION PLUGIN_MANAGER_URL PLUGIN_MANAGER_SHA256
# shellcheck source=/dev/null
. /etc/jenkins/machine.conf
site=/etc/jenkins/jenkins.yaml
ready=/etc/jenkins/ready
home=/var/lib/jenkins
export DEBIAN_FRONTEND=noninteractive

# The first data disk, as SCSI and as NVMe machines name it.
data_disk() {
	for _ in $(seq 60); do
		for path in /dev/disk/azure/scsi1/lun0 /dev/disk/azure/data/by-lun/0; do
			[ ! -b "$path" ] || { readlink -f "$path" && return; }
		done
		sleep 1
	done
	echo "error: the data disk is not there" >&2
	return 1
}

# A disk that holds anything keeps it: the machine is new, the home is not.
# blkid says 2 of a disk that holds nothing, and other numbers of its troubles.
make_file_system() {
	status=0
	blkid -p "$1" >/dev/null || status=$?
	case $status in
	0) ;;
	2) mkfs.ext4 -q -L jenkins-home "$1" ;;
	*) echo "error: what $1 holds can't be told" >&2 && return 1 ;;
	esac
}

# use_all of a disk that has grown; e2fsck says 1 of what it has mended.
use_all() {
	e2fsck -fp "$1" || [ $? -eq 1 ]
	resize2fs "$1"
}

mount_home() {
	mkdir -p "$home"
	grep -q LABEL=jenkins-home /etc/fstab || echo "LABEL=jenkins-home $home ext4 defaults,nofail 0 2" >>/etc/fstab
	if mountpoint -q "$home"; then return; fi
	disk=$(data_disk)
	make_file_system "$disk"
	use_all "$disk"
	mount "$home"
}

download() { curl -fsSL --proto =https --retry 5 --retry-connrefused -o "$1" "$2"; }

add_repository() {
	key=$(mktemp)
	download "$key" https://pkg.jenkins.io/debian-stable/jenkins.io-2026.key
	found=$(gpg --show-keys --with-colons "$key" | awk -F: '$1 == "pub" { want = 1 } $1 == "fpr" && want { print $10; want = 0 }')
	if [ "$found" != "$FINGERPRINT" ]; then
		echo "error: the repository's key is $found, not $FINGERPRINT" >&2
		return 1
	fi
	install -D -m 644 "$key" /etc/apt/keyrings/jenkins.asc
	rm -f "$key"
	echo "deb [signed-by=/etc/apt/keyrings/jenkins.asc] https://pkg.jenkins.io/debian-stable binary/" >/etc/apt/sources.list.d/jenkins.list
}

# At a first boot, and each night, somebody else may be installing.
apt() { apt-get -o DPkg::Lock::Timeout=600 -o Acquire::Retries=5 "$@"; }

# update waits for others too, which the option above does not make apt do.
update() {
	for _ in $(seq 120); do
		if apt update -qq; then return; fi
		sleep 5
	done
	return 1
}

install_packages() { apt install -y -qq --no-install-recommends "$@"; }

# A certificate of its own, until the vault or somebody brings a better one.
certificate() {
	[ ! -s /etc/jenkins/tls/key.pem ] || return 0
	mkdir -p /etc/jenkins/tls
	(umask 077 && openssl req -x509 -newkey rsa:3072 -nodes -days 825 -subj "/CN=$(hostname)" \
		-keyout /etc/jenkins/tls/key.pem -out /etc/jenkins/tls/cert.pem 2>/dev/null)
}

proxy() {
	certificate
	rm -f /etc/nginx/sites-enabled/default
	ln -sf /etc/nginx/sites-available/jenkins /etc/nginx/sites-enabled/jenkins
	nginx -t -q
	systemctl enable --quiet nginx
	systemctl reload-or-restart nginx
}

# install_jenkins gives a home that another machine made to this machine's user,
# whose number may be another. The package itself changes the topmost folder only.
install_jenkins() {
	before=$(stat -c %u:%g "$home")
	install_packages --allow-change-held-packages "jenkins=$VERSION"
	apt-mark hold jenkins >/dev/null
	[ "$before" = "$(id -u jenkins):$(id -g jenkins)" ] || chown -R jenkins:jenkins "$home"
}

plugin_manager() {
	jar=/usr/local/lib/jenkins-plugin-manager.jar
	echo "$PLUGIN_MANAGER_SHA256  $jar" | sha256sum -c --status 2>/dev/null && return
	download "$jar.new" "$PLUGIN_MANAGER_URL"
	if ! echo "$PLUGIN_MANAGER_SHA256  $jar.new" | sha256sum -c --status; then
		echo "error: $PLUGIN_MANAGER_URL is not what its checksum says" >&2
		return 1
	fi
	chmod 644 "$jar.new"
	mv "$jar.new" "$jar"
}

# What the plug-ins are made of; the file that says that they are there says of what.
made_of() { cat /etc/jenkins/plugins.txt /etc/jenkins/machine.conf | sha256sum; }

# The folder holds what the list names and needs, in those versions and no
# others: what an earlier list left goes. Jenkins reads from it while it runs.
plugins() {
	[ ! -d "$home/plugins" ] || [ "$(made_of)" != "$(cat "$ready" 2>/dev/null)" ] || return 0
	plugin_manager
	rm -rf "$home/plugins.new"
	install -d -o jenkins -g jenkins "$home/plugins.new"
	runuser -u jenkins -- java -jar "$jar" --war /usr/share/java/jenkins.war --latest false \
		--plugin-file /etc/jenkins/plugins.txt --plugin-download-directory "$home/plugins.new"
	systemctl stop jenkins
	rm -f "$ready"
	rm -rf "$home/plugins"
	mv "$home/plugins.new" "$home/plugins"
	made_of >"$ready"
}

mount_home
add_repository
update
install_packages openjdk-21-jre-headless fontconfig git jq nginx
proxy
install_jenkins
systemctl daemon-reload
systemctl enable --now jenkins-backup.timer
if [ ! -s "$site" ]; then
	echo "Jenkins is installed and not started: there is no site for it"
	exit 0
fi
plugins
systemctl enable --now yces-jenkins-secrets.timer
# The package has put it into the boot, which would then wait for the vault.
systemctl disable --quiet jenkins
systemctl enable jenkins.timer
# The secrets come when the vault lets this machine in, which may be after the
# stack has asked for its host keys, which waits for the end of this.
systemctl start --no-block jenkins
