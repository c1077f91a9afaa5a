#!/bin/sh
# Installs Jenkins at the end of the first boot: home on the data disk, Jenkins
# on loopback only, nginx with TLS in front. $1 is the fingerprint that the
# repository's key must have; empty trusts what HTTPS brings.
set -eu

fingerprint=$1
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

# A disk that holds a file system keeps it: the machine is new, the home is not.
mount_home() {
	disk=$(data_disk)
	blkid "$disk" >/dev/null || mkfs.ext4 -q -L jenkins-home "$disk"
	mkdir -p "$home"
	grep -q LABEL=jenkins-home /etc/fstab || echo "LABEL=jenkins-home $home ext4 defaults,nofail 0 2" >>/etc/fstab
	mountpoint -q "$home" || mount "$home"
}

add_repository() {
	key=$(mktemp)
	curl -fsSL --retry 5 -o "$key" https://pkg.jenkins.io/debian-stable/jenkins.io-2026.key
	found=$(gpg --show-keys --with-colons "$key" | awk -F: '$1 == "pub" { want = 1 } $1 == "fpr" && want { print $10; want = 0 }')
	if [ -n "$fingerprint" ] && [ "$found" != "$fingerprint" ]; then
		echo "error: the repository's key is $found, not $fingerprint" >&2
		return 1
	fi
	install -D -m 644 "$key" /etc/apt/keyrings/jenkins.asc
	rm -f "$key"
	echo "deb [signed-by=/etc/apt/keyrings/jenkins.asc] https://pkg.jenkins.io/debian-stable binary/" >/etc/apt/sources.list.d/jenkins.list
}

# A certificate of its own, until somebody puts a better one in its place.
certificate() {
	[ ! -s /etc/jenkins/tls/key.pem ] || return 0
	mkdir -p /etc/jenkins/tls
	(umask 077 && openssl req -x509 -newkey rsa:3072 -nodes -days 825 -subj "/CN=$(hostname)" \
		-keyout /etc/jenkins/tls/key.pem -out /etc/jenkins/tls/cert.pem 2>/dev/null)
}

mount_home
add_repository
apt-get update -qq
apt-get install -y -qq --no-install-recommends openjdk-21-jre-headless fontconfig git nginx-light
certificate
rm -f /etc/nginx/sites-enabled/default
ln -sf /etc/nginx/sites-available/jenkins /etc/nginx/sites-enabled/jenkins
nginx -t -q
systemctl restart nginx
apt-get install -y -qq --no-install-recommends jenkins
systemctl enable --now jenkins
