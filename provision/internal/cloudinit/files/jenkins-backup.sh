#!/bin/sh
# Keeps a week of Jenkins's home, without what builds make again, on the other
# disk. Against the loss of the machine, take snapshots of the data disk.
set -eu

to=/var/backups/jenkins
mkdir -p "$to"
chmod 700 "$to"
(umask 077 && tar -czf "$to/new.tar.gz" -C /var/lib/jenkins --exclude=./workspace --exclude=./caches --exclude=./war .)
mv "$to/new.tar.gz" "$to/$(date +%u).tar.gz"
