#!/usr/bin/env bash
# Makes a signed apt repository of .deb files, for tests that stand in for one
# that they can't reach. Needs dpkg-deb and gpg only.
#
#   .ci/apt-repository.sh [-f FOLDER/ | -s SUITE -c COMPONENT] [-k KEYRING] OUT DEB...
#
#   -f FOLDER/    flat, as in `deb URL FOLDER/`; without -f and -s it is ./
#   -s, -c        with dists/ and pool/, as in `deb URL SUITE COMPONENT`
#   -k KEYRING    a folder that keeps the signing key, made where it is missing;
#                 otherwise the key is thrown away once the index is signed
#
# What OUT holds already stays; the index is of all its packages. Prints the key
# and its fingerprint, for KEY and FINGERPRINT of whoever evaluates it:
#
#   key=OUT/key.asc
#   fingerprint=40 HEXADECIMAL DIGITS
set -euo pipefail

die() {
	printf 'error: %s\n' "$1" >&2
	exit 1
}

flat=./ suite='' component=main keyring=
while getopts f:s:c:k: option; do
	case $option in
	f) flat=${OPTARG%/}/ ;;
	s) suite=$OPTARG ;;
	c) component=$OPTARG ;;
	k) keyring=$OPTARG ;;
	*) die "usage: apt-repository.sh [-f FOLDER/ | -s SUITE -c COMPONENT] [-k KEYRING] OUT DEB..." ;;
	esac
done
shift $((OPTIND - 1))
[ $# -ge 1 ] || die "usage: apt-repository.sh [-f FOLDER/ | -s SUITE -c COMPONENT] [-k KEYRING] OUT DEB..."
out=$1
shift

# stanza prints a package's entry in the index; the file's path is relative to OUT.
stanza() {
	dpkg-deb -f "$1"
	printf 'Filename: %s\nSize: %s\nSHA256: %s\n\n' "$1" "$(stat -c %s "$1")" "$(sha256sum "$1" | cut -d ' ' -f 1)"
}

# release prints what is signed, for the folder that the index lies in.
release() {
	printf 'Origin: tests\nLabel: tests\n'
	[ "$flat" = ./ ] || printf 'Suite: %s\n' "$flat"
	[ -z "$suite" ] || printf 'Suite: %s\nCodename: %s\nComponents: %s\nArchitectures: amd64 arm64\n' "$suite" "$suite" "$component"
	printf 'Date: %s\nSHA256:\n' "$(LC_ALL=C date -u '+%a, %d %b %Y %H:%M:%S UTC')"
	(cd "$1" && find . -name 'Packages*' -type f | sort | while read -r file; do
		printf ' %s %s %s\n' "$(sha256sum "$file" | cut -d ' ' -f 1)" "$(stat -c %s "$file")" "${file#./}"
	done)
}

gpg_quiet() { GNUPGHOME=$keyring gpg --batch --quiet --no-tty --pinentry-mode loopback --passphrase '' "$@"; }

make_key() {
	install -d -m 700 "$keyring"
	gpg_quiet --quick-generate-key 'tests <tests@example.org>' rsa3072 sign never 2>/dev/null
}

fingerprint() { gpg_quiet --with-colons --list-keys | awk -F: '$1 == "fpr" { print $10; exit }'; }

# sign signs the index both ways: apt takes the first that it finds.
sign() {
	rm -f "$1/InRelease" "$1/Release.gpg"
	gpg_quiet --clearsign -o "$1/InRelease" "$1/Release"
	gpg_quiet --armor --detach-sign -o "$1/Release.gpg" "$1/Release"
}

if [ -z "$keyring" ]; then
	keyring=$(mktemp -d)
	# gpg leaves an agent behind that lives as long as its folder.
	trap 'GNUPGHOME=$keyring gpgconf --kill all; rm -rf "$keyring"' EXIT
else
	trap 'GNUPGHOME=$keyring gpgconf --kill all' EXIT
	mkdir -p "$keyring"
	keyring=$(realpath "$keyring")
fi
[ -n "$(fingerprint 2>/dev/null)" ] || make_key

pool=$flat indexes=$flat signed=$flat
if [ -n "$suite" ]; then
	pool=pool/ signed=dists/$suite indexes="dists/$suite/$component/binary-amd64 dists/$suite/$component/binary-arm64"
fi
mkdir -p "$out/$pool"
for deb in "$@"; do
	cp "$deb" "$out/$pool"
done
cd "$out"
for index in $indexes; do
	mkdir -p "$index"
	find "$pool" -name '*.deb' | sort | while read -r deb; do stanza "${deb#./}"; done >"$index/Packages"
	gzip -9nkf "$index/Packages"
done
release "$signed" >"$signed/Release.new"
mv "$signed/Release.new" "$signed/Release"
sign "$signed"
gpg_quiet --armor --export >key.asc
printf 'key=%s\nfingerprint=%s\n' "$PWD/key.asc" "$(fingerprint)"
