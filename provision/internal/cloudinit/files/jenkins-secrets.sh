#!/bin/sh
# Fetches Jenkins's secrets from the vault, as the machine itself: its identity's
# token comes from Azure's metadata service. Each becomes a file in memory that
# Jenkins alone reads. Tokens and values stay out of every command line.
set -eu
umask 077

# VAULT, https://NAME.vault.azure.net
# shellcheck source=/dev/null
. /etc/jenkins/machine.conf
list=/etc/jenkins/secrets.list
secrets=/run/jenkins-secrets
tls=/etc/jenkins/tls
metadata='http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fvault.azure.net'

work=$(mktemp -d /run/yces-secrets.XXXXXX)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

# What a refusal says of itself; the values are in other answers.
reason() { jq -r '.error.innererror.code // .error.code // .error // empty' "$work/answer" 2>/dev/null || true; }

token() {
	curl -sS --fail-with-body --noproxy '*' --max-time 20 -H 'Metadata: true' -o "$work/answer" "$metadata" || return 1
	jq -e -r '"header = \"Authorization: Bearer \(.access_token)\""' "$work/answer" >"$work/authorization"
}

secret() {
	curl -sS --fail-with-body --proto =https --max-time 20 --config "$work/authorization" -o "$work/answer" \
		"$VAULT/secrets/$(echo "$1" | tr _ -)?api-version=7.4" || return 1
	jq -e -j .value "$work/answer" >"$work/new/$1"
}

fetch() {
	rm -rf "$work/new"
	mkdir "$work/new"
	token || { echo "no token from the metadata service: $(reason)" >&2 && return 1; }
	while read -r name; do
		secret "$name" || { echo "no $name from $VAULT: $(reason)" >&2 && return 1; }
	done <"$list"
}

# all_there tells whether an earlier run has brought everything.
all_there() {
	while read -r name; do
		case $name in
		JENKINS_TLS_*) ;;
		*) [ -s "$secrets/$name" ] || return 1 ;;
		esac
	done <"$list"
}

# certificate puts the vault's pair in place of the machine's own, unless nginx
# would not start with it.
certificate() {
	[ -e "$work/new/JENKINS_TLS_KEY" ] || return 0
	mv "$work/new/JENKINS_TLS_CERTIFICATE" "$work/cert.pem"
	mv "$work/new/JENKINS_TLS_KEY" "$work/key.pem"
	cmp -s "$work/cert.pem" "$tls/cert.pem" && cmp -s "$work/key.pem" "$tls/key.pem" && return
	cp -a "$tls" "$work/tls"
	cp "$work/cert.pem" "$work/key.pem" "$tls"
	if nginx -t -q; then
		systemctl reload nginx
	else
		echo "warning: the vault's certificate is no good; the one before stays" >&2
		cp "$work"/tls/*.pem "$tls"
	fi
}

keep() {
	certificate
	install -d -m 500 -o jenkins -g jenkins "$secrets"
	chown jenkins:jenkins "$work"/new/*
	chmod 400 "$work"/new/*
	mv "$work"/new/* "$secrets"
	for file in "$secrets"/*; do
		grep -qx "${file##*/}" "$list" || rm -f "$file"
	done
}

# A new machine's permission takes minutes to reach the vault. A vault that is
# away later must not keep Jenkins from starting with what it had.
tries=0
until fetch; do
	tries=$((tries + 1))
	if [ "$tries" -ge "${TRIES:-8}" ] && all_there; then
		echo "warning: the secrets are those of an earlier fetch" >&2
		exit 0
	fi
	sleep "${PAUSE:-15}"
done
keep
