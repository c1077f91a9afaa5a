#!/bin/sh
# Fetches Jenkins's secrets from the vault, as the machine itself: its identity's
# token comes from Azure's metadata service. Each becomes a file in memory that
# Jenkins alone reads, and a Jenkins that runs is told of new ones. Tokens and
# values stay out of every command line.
set -eu
umask 077

# VAULT, https://NAME.vault.azure.net
# shellcheck source=/dev/null
. /etc/jenkins/machine.conf
list=/etc/jenkins/secrets.list
secrets=/run/jenkins-secrets
tls=/etc/jenkins/tls
# Jenkins's environment; what holds it may make Jenkins read its configuration again.
reload=/run/yces-jenkins-reload.env
# There while Jenkins has not yet read what was fetched.
unread=/run/yces-jenkins-unread
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

# kept brings one of the vault's secrets into a file of its name there.
kept() {
	curl -sS --fail-with-body --proto =https --max-time 20 --config "$work/authorization" -o "$work/answer" \
		"$VAULT/secrets/$1?api-version=7.4" || return 1
	jq -e -j .value "$work/answer" >"$work/$1"
}

# one takes a secret out of the object that lies in the vault.
one() { jq -e -j --arg name "$2" '.[$name]' "$work/$1" 2>/dev/null >"$3"; }

fetch() {
	rm -rf "$work/new"
	mkdir "$work/new"
	token || { echo "no token from the metadata service: $(reason)" >&2 && return 1; }
	for name in JENKINS-SECRETS JENKINS-TLS SWARM-INVENTORY; do
		kept "$name" || { echo "no $name from $VAULT: $(reason)" >&2 && return 1; }
	done
	while read -r name; do
		case $name in
		SWARM_INVENTORY) cp "$work/SWARM-INVENTORY" "$work/new/$name" || return 1 ;;
		*) one JENKINS-SECRETS "$name" "$work/new/$name" || { echo "no $name among the JENKINS-SECRETS of $VAULT" >&2 && return 1; } ;;
		esac
	done <"$list"
}

# all_there tells whether an earlier run has brought everything.
all_there() {
	while read -r name; do
		[ -s "$secrets/$name" ] || return 1
	done <"$list"
}

# certificate puts the vault's pair, where it has one, in place of the machine's
# own, unless nginx would not start with it.
certificate() {
	one JENKINS-TLS JENKINS_TLS_CERTIFICATE "$work/cert.pem" || return 0
	one JENKINS-TLS JENKINS_TLS_KEY "$work/key.pem" || return 0
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
	diff -rq "$work/new" "$secrets" >/dev/null || touch "$unread"
	chown jenkins:jenkins "$work"/new/*
	chmod 400 "$work"/new/*
	mv "$work"/new/* "$secrets"
	for file in "$secrets"/*; do
		grep -qx "${file##*/}" "$list" || rm -f "$file"
	done
	[ -s "$reload" ] || echo "CASC_RELOAD_TOKEN=$(openssl rand -hex 32)" >"$reload"
}

# tell makes a Jenkins that runs read what it has not, while builds go on. One
# that is about to start reads it anyway; of one that is starting nobody knows,
# so the next run tells it.
tell() {
	[ -e "$unread" ] || return 0
	case $(systemctl show -P ActiveState jenkins) in
	active)
		sed 's/^CASC_RELOAD_TOKEN/casc-reload-token/' "$reload" |
			curl -sS --fail --noproxy '*' --max-time 120 -o /dev/null --data @- http://127.0.0.1:8080/reload-configuration-as-code/ ||
			{ echo "error: Jenkins did not read its new secrets; \`systemctl restart jenkins\` makes it" >&2 && return 1; }
		;;
	activating) return 0 ;;
	esac
	rm -f "$unread"
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
tell
