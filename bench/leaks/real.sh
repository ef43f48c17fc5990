#!/bin/bash
# What pprof leaks says of real programs whose nature is known: the table in docs/leaks.md. Takes
# ten minutes: run by bench/run.sh with BENCH_LEAKS=1, and by hand. Each program is watched for SECONDS, at one sample each
# 16 KiB, after it has run for a while. Exits non-zero when a verdict is not the expected one.
#
#   usage: real.sh BUILD_FOLDER [NAME…]      NAMEs as in the table at the end
set -euo pipefail

build=$(cd "$1" && pwd)
shift
only=$*
pprof=$build/bin/pprof
seconds=${SECONDS_WATCHED:-40}
work=$(mktemp -d)
pids=()
failed=0
export PPROF_TMPDIR=$work no_proxy=127.0.0.1 PPROF_HEAP_RATE=${PPROF_HEAP_RATE:-16384}

stop_all() {
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
	wait 2>/dev/null || true
	pids=()
}
trap 'stop_all; rm -rf "$work"' EXIT

# profiled COMMAND…: runs it under the profiler in the background; its URL in $url
profiled() {
	"$pprof" run "$@" >"$work/log" 2>&1 <"${input:-/dev/null}" &
	pids+=($!)
	for _ in $(seq 200); do
		url=$(sed -n 's/^pprof: serving //p' "$work/log")
		[ -n "$url" ] && return
		sleep 0.05
	done
	cat "$work/log"
	return 1
}

# expect NAME STATUS PATTERN: watches $url
expect() {
	local status=0
	"$pprof" leaks -for "${seconds}s" "$url" >"$work/out" 2>"$work/err" || status=$?
	printf '\n== %s: exit status %d\n' "$1" "$status"
	cat "$work/out"
	if [ "$status" != "$2" ] || ! grep -qE "$3" "$work/out"; then
		printf 'FAIL %s: expected status %s and %s\n' "$1" "$2" "$3"
		cat "$work/err"
		failed=1
	fi
	stop_all
}

wanted() { [ -z "$only" ] || [[ " $only " == *" $1 "* ]]; }

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# redis_load PORT SETEX-SECONDS PER_SECOND: new keys for as long as the server answers
redis_load() {
	python3 - "$@" <<'PY' &
import socket, sys, time
port, ttl, rate = map(int, sys.argv[1:])
s = socket.create_connection(("127.0.0.1", port))
n = 0
try:
    while True:
        lines = []
        for _ in range(rate // 20):
            n += 1
            lines.append("SET key:%d %s%s\r\n" % (n, "v" * 500, " EX %d" % ttl if ttl else ""))
        s.sendall("".join(lines).encode())
        got = 0
        while got < len(lines):
            got += s.recv(65536).count(b"\r\n")
        time.sleep(0.05)
except OSError:
    pass
PY
	pids+=($!)
}

redis() { # NAME TTL STATUS PATTERN [OPTION…]
	local name=$1 ttl=$2 status=$3 pattern=$4 port
	shift 4
	wanted "$name" || return 0
	port=$(free_port)
	profiled redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no "$@"
	sleep 1
	redis_load "$port" "$ttl" 2000
	sleep 10
	expect "$name" "$status" "$pattern"
}

lru() { # NAME ENTRIES STATUS PATTERN
	wanted "$1" || return 0
	profiled "$build/tests/lru_cache" "$2" 2000 $((seconds + 30))
	sleep 10
	expect "$1" "$3" "$4"
}

server() { # NAME PROGRAM TTL EVERY STATUS PATTERN
	local pid
	wanted "$1" || return 0
	"$build/examples/$2" 0 $3 $4 >"$work/log" 2>&1 &
	pids+=($!)
	sleep 1
	url=$(sed -n 's/^listening on \(.*\)\/$/\1/p' "$work/log")
	"$build/examples/load_client" "$url/process" $(((seconds + 20) * 500)) 2 500 >/dev/null 2>&1 &
	pid=$!
	pids+=("$pid")
	sleep 10
	expect "$1" "$5" "$6"
}

server leaky_server leaky_server '' '' 1 '^#1  leaky_handler leaky_server.c:23 +LEAK'
server ttl_server ttl_server 5 5 0 'ttl_handler .*(SAWTOOTH|BOUNDED)'
# Filling when it is first seen, full at the end.
lru lru-fills $((2000 * (10 + seconds / 2))) 0 'put lru_cache.c:.*(PLATEAU|STABLE)'
lru lru-full 10000 0 'put lru_cache.c:.*(BOUNDED|CHURN|STABLE)'
redis redis-no-expiry 0 1 '^#1 .*LEAK'
# Its allocator is jemalloc: who holds the blocks is known when each is noted.
PPROF_HEAP_RATE=1 redis redis-holders 0 1 '^    held by +(global|thread|->)'
redis redis-expiry 8 0 '^NO LEAK'
redis redis-maxmemory 0 0 '^NO LEAK' --maxmemory 16mb --maxmemory-policy allkeys-lru
if wanted sqlite-page-cache; then
	# The page cache fills up to its limit and stays there while rows are read and written.
	(
		echo 'pragma cache_size = 100; create table t(a integer primary key, b);'
		for ((i = 0; i < seconds * 40; i++)); do
			echo "insert into t(b) select randomblob(200) from (select 1 union select 2 union select 3 union select 4), (select 1 union select 2 union select 3); select sum(length(b)) from t where a % 50 = $i % 50;"
			sleep 0.03
		done
	) >"$work/sql" 2>/dev/null &
	sql=$!
	pids+=("$sql")
	mkfifo "$work/pipe"
	tail -f -n +1 "$work/sql" >"$work/pipe" 2>/dev/null &
	pids+=($!)
	input=$work/pipe profiled sqlite3 "$work/data.db"
	sleep 12
	expect sqlite-page-cache 0 '^NO LEAK'
fi
if wanted python-dict; then
	profiled python3 -c '
import time
keep, n = {}, 0
while True:
    for _ in range(20):
        n += 1
        keep[n] = bytes(1000)
    [bytes(500) for _ in range(100)]
    time.sleep(0.01)'
	sleep 10
	expect python-dict 1 '^LEAK'
fi
exit $failed
