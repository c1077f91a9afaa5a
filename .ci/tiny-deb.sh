#!/usr/bin/env bash
# Makes a small .deb, for the repositories of .ci/apt-repository.sh: what lies
# in FOLDER is installed at the same place below /, and FOLDER/DEBIAN may hold
# postinst and the like. Prints the file's path.
#
#   .ci/tiny-deb.sh OUT NAME VERSION [FOLDER [FIELD...]]
#
# FIELDs are further lines of its control file, as "Depends: adduser".
set -euo pipefail

[ $# -ge 3 ] || {
	echo "error: usage: tiny-deb.sh OUT NAME VERSION [FOLDER [FIELD...]]" >&2
	exit 1
}
out=$1 name=$2 version=$3 folder=${4:-}
shift "$(($# < 4 ? $# : 4))"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
[ -z "$folder" ] || cp -a "$folder/." "$work"
chmod 755 "$work"
mkdir -p "$work/DEBIAN" "$out"
{
	printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: tests <tests@example.org>\nSection: misc\nPriority: optional\n' "$name" "$version"
	[ $# -eq 0 ] || printf '%s\n' "$@"
	printf 'Description: %s, as a stand-in for tests\n' "$name"
} >"$work/DEBIAN/control"
file=$out/${name}_${version#*:}_all.deb
dpkg-deb --root-owner-group -Znone --build "$work" "$file" >/dev/null
echo "$file"
