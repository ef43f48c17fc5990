#!/bin/bash
# pprof leaks on the two servers of the examples while they are under load: the verdicts, exit
# statuses, what was saved read again, compared with before, and errors.
#
# usage: leaks.sh PPROF LEAKY_SERVER TTL_SERVER LOAD_CLIENT LRU_CACHE
set -u
pprof=$1 leaky_server=$2 ttl_server=$3 load=$4 lru=$5
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
	[[ $status == $want ]] && cat "$out" "$out.err" | grep -qE "$pattern" && return
	printf 'FAIL %s: status %d, expected %s and %s\n' "$what" "$status" "$want" "$pattern"
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
(
	out=$work/out.kept
	check "kept without -save" 1 '^Saved profiles in .*/leaks.001' "$pprof" leaks -for 13s "$leaky"
	exit $failed
) &
kept=$!
check "leaky_server" 1 '^#1  leaky_handler leaky_server.c:[0-9]+ +LEAK' \
	"$pprof" leaks -for 13s -every 1s -save "$work/leaky" "$leaky/debug/pprof/heap"
grep -qE '^    held by +global cache \(table.c:[0-9]+\) \.bucket\[\*\]( ->next\*)?   [0-9]+ of [0-9]+ samples' "$out" || {
	echo "FAIL: who holds it"
	cat "$out"
	failed=1
}
wait $other || failed=1
wait $kept || failed=1

check "saved, a directory" 1 '^LEAK \((strong|likely)\) ' "$pprof" leaks "$work/leaky"
check "saved, files" 1 '^memory .*limit' "$pprof" leaks "$work"/leaky/heap.*.pb.gz
check "saved, bounded" 0 'ttl_handler ttl_server.c.*(SAWTOOTH|BOUNDED)' "$pprof" leaks "$work/ttl"
check "mended" 0 '^FIXED: leaky_handler was .* 100% less' "$pprof" leaks -since "$work/leaky" "$work/ttl"
check "not mended" 1 '^NOT FIXED: ' "$pprof" leaks -since "$work/leaky" "$work/leaky"
json() { # KEY=VALUE…: of the first suspect's report
	python3 - "$out" "$@" <<'PY' || failed=1
import json, sys
report = json.load(open(sys.argv[1]))
for want in sys.argv[2:]:
    key, value = want.split("=")
    found = report
    for part in key.split("."):
        found = found[int(part) if part.isdigit() else part]
    if str(found) != value and value != "*":
        sys.exit("FAIL json: %s is %s, expected %s" % (key, found, value))
PY
}
check "not mended, as kept" 1 '^NOT FIXED: leaky_handler' "$pprof" leaks -since "$work/leaks.001" "$work/leaky"
check "json" 1 '"outcome": "leak"' "$pprof" leaks -json "$work/leaky"
json suspects.0.function=leaky_handler suspects.0.level=line suspects.0.rate.lo='*' \
	suspects.0.share='*' suspects.0.caveat='*' seconds_to_limit.hi='*' births=True
check "json, mended" 0 '"outcome": "no leak"' "$pprof" leaks -json -since "$work/leaky" "$work/ttl"
json before.site=leaky_handler before.fixed=True before.decided=True before.less_percent=100
check "json, not mended" 1 '"outcome": "leak"' "$pprof" leaks -json -since "$work/leaky" "$work/leaky"
json before.fixed=False before.decided=True

# Both runs in one directory: what is older than a time is before.
mkdir "$work/both"
n=0
for one in "$work"/leaky/heap.*.pb.gz; do cp "$one" "$work/both/$((n += 1)).pb.gz"; done
then=$(date -u +%Y-%m-%dT%H:%M:%SZ)
sleep 1.1
"$ttl_server" 0 1 1 >"$work/log" 2>&1 &
pids+=($!)
until url=$(sed -n 's/^listening on \(.*\)\/$/\1/p' "$work/log") && [ -n "$url" ]; do sleep 0.05; done
"$load" "$url/process" 1000000 1 400 >/dev/null 2>&1 &
pids+=($!)
"$pprof" leaks -for 11s -every 1s -save "$work/later" "$url" >/dev/null 2>&1
for one in "$work"/later/heap.*.pb.gz; do cp "$one" "$work/both/$((n += 1)).pb.gz"; done
check "since a time" 0 '^FIXED: leaky_handler' "$pprof" leaks -since "$then" "$work/both"
check "since an age" 0 '^FIXED: leaky_handler' "$pprof" leaks -since 12s "$work/both"
check "since a time, nothing before" 2 'no profile before that time' "$pprof" leaks -since 2001-01-01 "$work/both"
check "since nonsense" 2 'neither a file nor a time nor an age' "$pprof" leaks -since yesterday "$work/both"
check "since a time, a URL" 2 'times are for saved profiles' "$pprof" leaks -since "$then" "$url"
check "one profile" 1 '^LEAK \(suspected\)' "$pprof" leaks "$(ls "$work"/leaky/*.gz | tail -1)"
"$pprof" -proto -output="$work/plain.pb.gz" "$leaky/debug/pprof/heap" 2>/dev/null
check "one without births" 3 '^UNDECIDED .*one profile without births' "$pprof" leaks "$work/plain.pb.gz"
grep -q '^in use:' "$out" && ! grep -q 'not leaks' "$out" || { echo "FAIL: what is in use"; failed=1; }
# What pprof run writes at the end, with births and without; and the state file of a killed program.
"$pprof" run -quiet -born -o "$work/born.pb.gz" "$lru" 1000000 2000 11 >/dev/null &
written=$!
"$pprof" run -quiet -o "$work/unborn.pb.gz" "$lru" 1000000 2000 11 >/dev/null &
plain=$!
PPROF_STATE=$work/state "$pprof" run -quiet "$lru" 1000000 2000 3600 >/dev/null &
killed=$!
pids+=($killed)
wait $written $plain
kill -9 "$(ls "$work/state" | sed 's/\.state$//')" && wait $killed 2>/dev/null
check "written at exit" 1 '^LEAK \(suspected\) ' "$pprof" leaks "$work/born.pb.gz"
grep -q '^#1  put lru_cache.c:' "$out" || { echo "FAIL: the line at exit"; failed=1; }
check "written at exit, no births" 3 '^UNDECIDED' "$pprof" leaks "$work/unborn.pb.gz"
check "state file" '[13]' '^(UNDECIDED|LEAK) .*put|put lru_cache.c' "$pprof" leaks "$work/state"
check "an option behind" 2 '^pprof: -for: options come before the sources' "$pprof" leaks "$leaky" -for 5s
check "no such file" 2 'neither a file nor a URL' "$pprof" leaks "$work/none"
check "no profile" 2 'unrecognized profile format' "$pprof" leaks "$0"
mkdir "$work/empty"
check "an empty directory" 2 'no profile in' "$pprof" leaks "$work/empty"
check "no server" 2 'connection refused' "$pprof" leaks http://127.0.0.1:9/
check "no source" 2 'no source specified' "$pprof" leaks
check "a bad age" 2 'is no age' "$pprof" leaks -for never "$leaky"

[ $failed = 0 ] && echo "verdicts are right"
exit $failed
