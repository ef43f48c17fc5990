#!/bin/bash
# forks.sh LIBPPROF_PRELOAD FORK_HOST: the workers and daemons that a program forks are served, and
# write profiles, as it is itself.
set -u
preload=$1
host=$2
command -v curl >/dev/null 2>&1 || { echo "skip: curl is not installed"; exit 77; }
work=$(mktemp -d)
trap 'exec 8>&-; rm -rf "$work"' EXIT
failed=0
for name in $(env | sed -n 's/^\(PPROF_[A-Z_]*\)=.*/\1/p'); do unset "$name"; done

fail() { echo "FAIL: $*"; failed=1; }

# await COMMAND...: until it succeeds; false after a minute.
await() {
	for _ in $(seq 600); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.1
	done
	return 1
}

# served SOCKET: a heap profile comes from there.
served() {
	curl -sf --unix-socket "$1" -o "$work/got" http://localhost/debug/pprof/heap && gzip -t "$work/got"
}

# start HOW [VARIABLE]...: the host, until descriptor 8 is closed; its server's process id in $pid.
start() {
	local how=$1
	shift
	rm -f "$work/hold" "$work/pid"
	mkfifo "$work/hold" "$work/pid"
	env "$@" PPROF_HEAP_RATE=1 LD_PRELOAD="$preload" "$host" "$how" <"$work/hold" >"$work/pid" &
	exec 8>"$work/hold"
	read -r pid <"$work/pid"
}

start workers PPROF_ADDR="unix:$work/s.%p" PPROF_DUMP_SIGNAL=USR2 PPROF_DUMP="$work/dump.%p.pb.gz"
await served "$work/s.$!" || fail "the first process does not serve"
await served "$work/s.$pid" || fail "a worker does not serve"
kill -USR2 "$pid"
await test -s "$work/dump.$pid.pb.gz" || fail "a worker writes no profile on a signal"
exec 8>&-
wait $! || fail "workers: ended with $?"
[ -z "$(find "$work" -type s)" ] || fail "sockets are left: $(ls "$work")"

for how in setsid twice daemon; do
	start $how PPROF_ADDR="unix:$work/d" PPROF_OUT="$work/out.pb.gz"
	wait $! || fail "$how: ended with $?"
	await served "$work/d" || fail "$how: the daemon does not serve"
	rm -f "$work/out.pb.gz"
	exec 8>&-
	await test -s "$work/out.pb.gz" || fail "$how: the daemon writes no profile when it ends"
	await test ! -e "$work/d" || fail "$how: the socket is left"
done
exit $failed
