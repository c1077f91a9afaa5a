#!/bin/sh
# Runs a first boot's stages with the user-data on standard input.
set -eu

mkdir -p /var/lib/cloud/seed/nocloud
cat >/var/lib/cloud/seed/nocloud/user-data
printf 'instance-id: i-1\nlocal-hostname: n1\n' >/var/lib/cloud/seed/nocloud/meta-data
{
	cloud-init init --local
	cloud-init init
	cloud-init modules --mode=config
	cloud-init modules --mode=final
} >/var/log/boot 2>&1 || { tail -n 40 /var/log/boot >&2; exit 1; }
