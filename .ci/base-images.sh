#!/usr/bin/env bash
# Makes the base images of our Dockerfiles available: those that are there stay,
# the rest is pulled, and where no registry can be reached it is made from
# Debian's packages and this machine's own Go toolchain.
set -euo pipefail
cd "$(dirname "$0")/.."

debian=debian:bookworm-slim
golang=golang:1.26-bookworm
# A pull that works ends in time; a registry that can't be reached may never answer.
pull_timeout=${PULL_TIMEOUT:-180}
answer_timeout=10

say() { printf 'base images: %s\n' "$*" >&2; }
die() {
	printf 'error: %s\n' "$1" >&2
	[ $# -lt 2 ] || printf 'hint: %s\n' "$2" >&2
	exit 1
}

# The classic builder reads a context from standard input without a plug-in.
export DOCKER_BUILDKIT=0
engine=(docker)
docker version >/dev/null 2>&1 || engine=(sudo env DOCKER_BUILDKIT=0 docker)

exists() { "${engine[@]}" image inspect "$1" >/dev/null 2>&1; }

# recipe_of prints the recipe that a made image was made by; a pulled one has none.
recipe_of() { "${engine[@]}" image inspect -f '{{ index .Config.Labels "yces.recipe" }}' "$1" 2>/dev/null || true; }

# registry_answers asks before pulling: the engine itself tries for minutes.
registry_answers() {
	local index mirrors
	index=$("${engine[@]}" info -f '{{ .IndexServerAddress }}' 2>/dev/null) || return 1
	mirrors=$("${engine[@]}" info -f '{{ len .RegistryConfig.Mirrors }}{{ .HTTPSProxy }}' 2>/dev/null) || return 1
	[ "$mirrors" = 0 ] || return 0
	index=${index#https://}
	timeout "$answer_timeout" bash -c ": </dev/tcp/${index%%/*}/443" 2>/dev/null
}

pull() {
	registry_answers || return 1
	say "pulling $1"
	timeout "$pull_timeout" "${engine[@]}" pull -q "$1" >/dev/null 2>&1
}

make_debian() {
	command -v mmdebstrap >/dev/null || die "$debian can't be pulled, and mmdebstrap to make it is not installed" "run .ci/setup.sh"
	say "making $debian from Debian packages"
	local log made=yces-base:unproven
	log=$(mktemp)
	# Tagged only when all of it is in: half a system must never count.
	if ! mmdebstrap --quiet --variant=minbase --include=ca-certificates bookworm - ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"} 2>"$log" |
		"${engine[@]}" import --change 'CMD ["bash"]' - "$made" >/dev/null; then
		tail -n 5 "$log" >&2
		"${engine[@]}" image rm "$made" >/dev/null 2>&1 || true
		die "$debian was not made" "look at the lines above; DEBIAN_MIRROR names another mirror"
	fi
	rm -f "$log"
	"${engine[@]}" tag "$made" "$debian"
	"${engine[@]}" image rm "$made" >/dev/null
}

golang_dockerfile() {
	cat <<DOCKERFILE
FROM $debian
RUN export DEBIAN_FRONTEND=noninteractive \\
 && apt-get update -qq \\
 && apt-get install -y -qq --no-install-recommends ca-certificates git \\
 && rm -rf /var/lib/apt/lists/*
# The machine's own trust: behind a proxy that intercepts TLS, modules don't download without it.
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY go /usr/local/go
ENV GOPATH=/go GOTOOLCHAIN=local PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
WORKDIR /go
DOCKERFILE
}

ca_bundle() {
	local path
	for path in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt; do
		[ ! -s "$path" ] || { echo "$path" && return; }
	done
	die "no bundle of CA certificates found" "install the package ca-certificates"
}

golang_recipe() {
	{
		golang_dockerfile
		go env GOVERSION
		"${engine[@]}" image inspect -f '{{ .Id }}' "$debian"
		cat "$(ca_bundle)"
	} | sha256sum | cut -c1-16
}

make_golang() {
	local goroot context version
	version=$(go env GOVERSION)
	case $version in
	go1.26*) ;;
	*) die "$golang can't be pulled, and this machine's $version can't stand in for it" "install Go 1.26" ;;
	esac
	say "making $golang from this machine's $version"
	goroot=$(go env GOROOT)
	context=$(mktemp -d)
	golang_dockerfile >"$context/Dockerfile"
	cp "$(ca_bundle)" "$context/ca-certificates.crt"
	tar -c -C "$context" Dockerfile ca-certificates.crt -C "$goroot" --exclude=./test --transform 's,^\./,go/,;s,^\.$,go,' . |
		"${engine[@]}" build -q --label "yces.recipe=$1" -t "$golang" - >/dev/null ||
		die "$golang was not made" "look at the lines above"
	rm -rf "$context"
}

ensure_golang() {
	local recipe
	if exists "$golang"; then
		recipe=$(recipe_of "$golang")
		# A pulled image has no recipe; a made one is made again when Go changes.
		if [ -z "$recipe" ] || [ "$recipe" = "$(golang_recipe)" ]; then
			return 0
		fi
	elif pull "$golang"; then
		return 0
	fi
	make_golang "$(golang_recipe)"
}

exists "$debian" || pull "$debian" || make_debian
ensure_golang
