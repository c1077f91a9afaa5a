#!/bin/sh
# Runs once, at the end of the first boot.
set -eu

role=$1
# The settings in sshd_config.d came after sshd had started.
sshd -t
systemctl reload ssh 2>/dev/null || systemctl restart ssh
systemctl restart systemd-journald
mkdir -p /var/lib/yces
echo "$role" >/var/lib/yces/role
