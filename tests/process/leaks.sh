#!/bin/bash
# pprof leaks on the two servers of the examples while they are under load: the verdicts, exit
# statuses, what was saved read again, compared with before, and errors.
#
# usage: leaks.sh PPROF LEAKY_SERVER TTL_SERVER LOAD_CLIENT
set -u
pprof=$1 leaky_server=$2 ttl_server=$3 load=$4
work=$(mktemp -d)
pids=()
failed=0
out=$work/out
export PPROF_HEAP_RATE=1024 PPROF_TMPDIR=$work no_proxy=127.0.0.1

finish() {
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done
	wait 2>/dev/null
	rm -rf "$work"
}
trap finish EXIT

# check WHAT STATUS PATTERN COMMAND…: the status and a line of the output
check() {
	local what=$1 want=$2 pattern=$3 status=0
	shift 3
	"$@" >"$out" 2>"$out.err" || status=$?
	[ "$status" = "$want" ] && cat "$out" "$out.err" | grep -qE "$pattern" && return
	printf 'FAIL %s: status %d, expected %d and %s\n' "$what" "$status" "$want" "$pattern"
	cat "$out" "$out.err"
	failed=1
}

serve() {
	"$@" >"$work/log" 2>&1 &
	pids+=($!)
	for _ in $(seq 200); do
		url=$(sed -n 's/^listening on \(.*\)\/$/\1/p' "$work/log")
		[ -n "$url" ] && return
		sleep 0.05
	done
	echo "no answer from $*"
	exit 1
}
serve "$leaky_server" 0
leaky=$url
serve "$ttl_server" 0 1 1
ttl=$url
for one in "$leaky" "$ttl"; do
	"$load" "$one/process" 1000000 1 400 >/dev/null 2>&1 &
	pids+=($!)
done

(
	out=$work/out.ttl
	check "ttl_server" 0 '^NO LEAK ' "$pprof" leaks -for 13s -every 1s -save "$work/ttl" "$ttl"
	exit $failed
) &
other=$!
check "leaky_server" 1 '^#1  leaky_handler leaky_server.c:[0-9]+ +LEAK' \
	"$pprof" leaks -for 13s -every 1s -save "$work/leaky" "$leaky/debug/pprof/heap"
grep -qE '^    held by +global cache \(table.c:[0-9]+\) \.bucket\[\*\]( ->next\*)?   [0-9]+ of [0-9]+ samples' "$out" || {
	echo "FAIL: who holds it"
	cat "$out"
	failed=1
}
wait $other || failed=1

check "saved, a directory" 1 '^LEAK \((strong|likely)\) ' "$pprof" leaks "$work/leaky"
check "saved, files" 1 '^memory .*limit' "$pprof" leaks "$work"/leaky/heap.*.pb.gz
check "saved, bounded" 0 'ttl_handler ttl_server.c.*(SAWTOOTH|BOUNDED)' "$pprof" leaks "$work/ttl"
check "mended" 0 '^FIXED: leaky_handler was .* 100% less' "$pprof" leaks -since "$work/leaky" "$work/ttl"
check "not mended" 1 '^NOT FIXED: ' "$pprof" leaks -since "$work/leaky" "$work/leaky"
check "json" 1 '"outcome": "leak"' "$pprof" leaks -json "$work/leaky"
python3 -m json.tool "$out" >/dev/null || failed=1
check "one profile" 1 '^LEAK \(suspected\)' "$pprof" leaks "$(ls "$work"/leaky/*.gz | tail -1)"
"$pprof" -proto -output="$work/plain.pb.gz" "$leaky/debug/pprof/heap" 2>/dev/null
check "one without births" 3 '^UNDECIDED .*one profile without births' "$pprof" leaks "$work/plain.pb.gz"
check "no such file" 2 'neither a file nor a URL' "$pprof" leaks "$work/none"
check "no profile" 2 'unrecognized profile format' "$pprof" leaks "$0"
mkdir "$work/empty"
check "an empty directory" 2 'no profile in' "$pprof" leaks "$work/empty"
check "no server" 2 'connection refused' "$pprof" leaks http://127.0.0.1:9/
check "no source" 2 'no source specified' "$pprof" leaks
check "a bad age" 2 'is no age' "$pprof" leaks -for never "$leaky"

[ $failed = 0 ] && echo "verdicts are right"
exit $failed
