#!/bin/sh
# Keeps a week of Jenkins's home, without what builds make again, on the other
# disk. Against the loss of the machine, take snapshots of the data disk.
set -eu
umask 077

to=/var/backups/jenkins
mkdir -p "$to"
# Jenkins goes on meanwhile: tar says 1 of files that changed as it read them.
tar -czf "$to/new.tar.gz" -C /var/lib/jenkins --warning=no-file-changed --warning=no-file-removed \
	--exclude=./lost+found --exclude=./workspace --exclude=./caches --exclude=./war --exclude=./plugins --exclude=./plugins.new \
	--exclude=./home.before-restore --exclude=./home.restored . || [ $? -eq 1 ]
gzip -t "$to/new.tar.gz"
mv "$to/new.tar.gz" "$to/$(date +%u).tar.gz"
