# Installs the pinned version of Datadog's agent from its repository. What the
# machine has is touched once the keys are those that were asked for and the
# repository is signed by one of them.
fetch_keys() {
	n=0
	for url in $KEYS; do
		n=$((n + 1))
		# apt's own downloader is there on every Debian, and knows its proxies.
		timeout 60 /usr/lib/apt/apt-helper -o APT::Sandbox::User=root -o Acquire::Retries=3 \
			download-file "$url" "$tmp/key$n" >"$tmp/log" 2>&1 </dev/null || {
			echo "$url can't be fetched: $(tail -n 1 "$tmp/log")" >&2
			return 1
		}
		gpg --batch --quiet --import "$tmp/key$n" >"$tmp/log" 2>&1 || {
			echo "$url is no OpenPGP key" >&2
			return 1
		}
	done
	fetched=$(gpg --batch --with-colons --list-keys | awk -F: '$1 == "pub" { primary = 1 } $1 == "fpr" && primary { print $10; primary = 0 }' | paste -sd ' ')
	for key in $FINGERPRINTS; do
		case " $fetched " in
		*" $key "*) ;;
		*)
			echo "the key $key is not there; $KEYS have: $fetched" >&2
			return 1
			;;
		esac
	done
	# What else lay there is trusted with nothing.
	# shellcheck disable=SC2086 # a list
	gpg --batch --export $FINGERPRINTS >"$tmp/keyring"
}

# signed: has one of the keys signed the repository? apt looks, apart from
# everything that it knows already.
signed() {
	printf '%s' "$SOURCE" | sed "s#signed-by=[^]]*#signed-by=$tmp/keyring#" >"$tmp/list"
	mkdir -p "$tmp/lists/partial"
	retry_while_locked apt-get -q update -o APT::Sandbox::User=root -o APT::Update::Error-Mode=any \
		-o Dir::Etc::SourceList="$tmp/list" -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists="$tmp/lists" \
		-o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o Acquire::Retries=3
}

# named: which lists name the repository, and no other? Apt refuses them beside ours.
named() {
	for list in /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
		[ "$list" != "$LIST" ] && [ -e "$list" ] || continue
		! awk -v want="$URL" '
			/^[ \t]*#/ { next }
			{ for (i = 1; i <= NF; i++) if ($i ~ /^[a-z+]+:\/\//) { sub(/\/+$/, "", $i); if ($i == want) same = 1; else other = 1 } }
			END { exit !(same && !other) }' "$list" || echo "$list"
	done
}

# take_over keeps a copy of what somebody else's agent is set to, and has apt pass
# over where it came from.
take_over() {
	[ -n "$COPY" ] || return 0
	lists=$(named)
	# shellcheck disable=SC2086 # a list
	(umask 077 && tar -czf "$COPY.new" -C / "${AGENT_DIR#/}" $lists 2>"$tmp/log") || {
		cat "$tmp/log" >&2
		return 1
	}
	mv -f "$COPY.new" "$COPY"
	for list in $lists; do
		mv -f "$list" "$list.disabled"
	done
}

trust() {
	install -m 644 "$tmp/keyring" "$KEYRING.new"
	mv -f "$KEYRING.new" "$KEYRING"
	printf '%s' "$SOURCE" >"$LIST.new"
	chmod 644 "$LIST.new"
	mv -f "$LIST.new" "$LIST"
}

install_agent() {
	set -eu
	export DEBIAN_FRONTEND=noninteractive LC_ALL=C
	exec 9>/run/lock/swarmctl-monitoring.lock
	flock -w 600 9
	tmp=$(mktemp -d)
	export GNUPGHOME="$tmp/gpg"
	trap 'gpgconf --kill all 2>/dev/null; rm -rf "$tmp"' EXIT
	mkdir -m 700 "$GNUPGHOME"
	fetch_keys
	signed
	take_over
	trust
	retry_while_locked apt-get -q update -o Acquire::Retries=3
	if [ -z "$(apt-cache show "datadog-agent=$VERSION" 2>/dev/null)" ]; then
		echo "the repository has no datadog-agent $VERSION; it has: $(apt-cache madison datadog-agent | awk '{ print $3 }' | head -n 3 | paste -sd ' ')" >&2
		return 1
	fi
	get install --no-install-recommends --allow-change-held-packages --allow-downgrades "datadog-agent=$VERSION"
	apt-mark hold datadog-agent >/dev/null
	# The engine's socket is its group's.
	! getent group docker >/dev/null || usermod -a -G docker dd-agent
}
install_agent
