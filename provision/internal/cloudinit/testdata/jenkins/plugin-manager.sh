#!/bin/sh
# Stands in for the program that installs plug-ins: an empty file for each that
# the list names, in its version.
set -eu

latest='' war='' list='' folder=''
while [ $# -gt 0 ]; do
	case $1 in
	--war) war=$2 ;;
	--latest) latest=$2 ;;
	--plugin-file) list=$2 ;;
	--plugin-download-directory) folder=$2 ;;
	*) echo "unknown option $1" >&2 && exit 1 ;;
	esac
	shift 2
done
[ -s "$war" ] && [ "$latest" = false ] && [ "$(id -un)" = jenkins ]
grep -v '^#' "$list" | while IFS=: read -r name version; do
	echo "$version" >"$folder/$name.jpi"
done
