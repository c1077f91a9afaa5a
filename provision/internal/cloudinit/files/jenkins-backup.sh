#!/bin/sh
# Keeps a week of Jenkins's home, without what builds make again, on the other
# disk. Against the loss of the machine, take snapshots of the data disk.
set -eu
umask 077

home=/var/lib/jenkins
to=/var/backups/jenkins
new=$to/new.tar.gz
install -d -m 700 "$to"
trap 'rm -f "$new"' EXIT
trap 'exit 1' INT TERM

# without calls a command with what a backup leaves out. Patterns hold below
# folders too: branches keep their builds deep inside.
without() {
	command=$1
	shift
	"$command" --exclude=./lost+found --exclude=./workspace --exclude=./caches --exclude=./war --exclude=./plugins --exclude=./plugins.new \
		--exclude=./home.before-restore --exclude=./home.restored --exclude='./jobs/*/builds/*/archive' "$@"
}

# kilobytes that this backup may need: as many as the largest of the week, or as
# the home has where there is none.
needed() {
	largest=$(du -k "$to"/*.tar.gz 2>/dev/null | sort -n | tail -n 1 | cut -f 1)
	[ -n "$largest" ] || largest=$(cd "$home" && without du -sk . | cut -f 1)
	echo "$largest"
}

# room refuses what would leave the system less than a tenth of its disk.
room() {
	df -k --output=size,avail "$to" | tail -n 1 | {
		read -r size free
		[ $((free - $1)) -ge $((size / 10)) ] || {
			echo "error: $to has $free kB free, and a backup needs $1 kB and a tenth of the disk beside; there is no backup of today" >&2
			return 1
		}
	}
}

rm -f "$new"
room "$(needed)"
# Jenkins goes on meanwhile: tar says 1 of files that changed as it read them.
without tar -czf "$new" -C "$home" --warning=no-file-changed --warning=no-file-removed . || [ $? -eq 1 ]
gzip -t "$new"
mv "$new" "$to/$(date +%u).tar.gz"
