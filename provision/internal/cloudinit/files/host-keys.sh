#!/bin/sh
# Prints the machine's public host keys, once cloud-init has made them. Azure
# hands back no more than the last 4 kB, so nothing else may be printed.
set -eu

# The keys are good even where a later step went wrong, which is said apart.
cloud-init status --wait >/dev/null 2>&1 || echo "cloud-init did not end well: $?" >&2
found=
for key in /etc/ssh/ssh_host_ed25519_key.pub /etc/ssh/ssh_host_ecdsa_key.pub; do
	[ -s "$key" ] || continue
	cut -d ' ' -f 1,2 "$key"
	found=yes
done
[ -n "$found" ] || { echo "there are no host keys" >&2; exit 1; }
