# end_sessions ends the account's processes: whoever is logged in is so no more.
end_sessions() {
	for dir in /proc/[0-9]*; do
		[ "$(stat -c %U "$dir" 2>/dev/null)" != "$ACCOUNT" ] || kill -KILL "${dir#/proc/}" 2>/dev/null || :
	done
}

