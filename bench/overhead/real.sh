#!/bin/bash
# real.sh BUILD-DIR [ROUNDS]: real programs with and without the runtime at 512 KiB. In each round
# a program runs without it, with it, and without it again: CPU seconds, user and system. Printed
# are the median of the ratios with/without and its quartiles, and beside them the same of
# without/without, which is what this machine's noise alone makes.
set -eu
build=$(cd "${1:?usage: real.sh BUILD-DIR [ROUNDS]}" && pwd)
rounds=${2:-15}
work=$(mktemp -d)
server=
trap '[ -n "$server" ] && kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
preload=$build/lib/libpprof_preload.so

cat >"$work/work.sql" <<'SQL'
CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT, c REAL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120000)
INSERT INTO t SELECT i, hex(i * 7919), i / 3.0 FROM n;
CREATE INDEX tb ON t(b);
SELECT count(*), sum(length(x.b)) FROM t x JOIN t y ON y.b = x.b WHERE x.c > 1000;
SQL
cat >"$work/work.py" <<'PYTHON'
import json
for _ in range(25):
    t = json.dumps([{"k%d" % i: [i, i / 3, str(i)] for i in range(300)} for _ in range(5)])
    json.loads(t)
PYTHON
python=$(command -v /usr/bin/python3 || command -v python3 || true)

run_sqlite3() { sqlite3 :memory: ".read $work/work.sql" >/dev/null; }
run_python3() { PYTHONMALLOC=malloc "$python" "$work/work.py"; }

# seconds NAME ENVIRONMENT: CPU time of the program with its children.
seconds() {
	local TIMEFORMAT='%U %S'
	{ time (export ${2:-A=}; "run_$1" 2>/dev/null); } 2>&1 | awk 'END { print $1 + $2 }'
}

# The server's own CPU time for a fixed load; socket and data are this script's.
seconds_redis() {
	local socket=$work/redis.sock
	rm -f "$socket"
	env ${2:-A=} redis-server --port 0 --unixsocket "$socket" --save '' --dir "$work" >/dev/null &
	server=$!
	for ((i = 0; i < 100; i++)); do [ -S "$socket" ] && break; sleep 0.05; done
	redis-benchmark -s "$socket" -q -n 60000 -P 8 -r 10000 -t set,get,lpush,hset >/dev/null 2>&1
	awk -v hz="$(getconf CLK_TCK)" '{ print ($14 + $15) / hz }' "/proc/$server/stat" >"$work/cpu"
	redis-cli -s "$socket" shutdown nosave >/dev/null 2>&1 || true
	wait "$server" || true
	server=
	cat "$work/cpu"
}

compare() {
	local name=$1 measure=seconds
	[ "$name" = redis ] && measure=seconds_redis
	for ((round = 0; round < rounds; round++)); do
		$measure "$name" "" >"$work/a"
		$measure "$name" "LD_PRELOAD=$preload" >"$work/b"
		$measure "$name" "" >"$work/c"
		echo "$(cat "$work/a") $(cat "$work/b") $(cat "$work/c")"
	done >"$work/times"
	for column in 'b * 2 / (a + c)' 'c / a'; do
		awk "{ a = \$1; b = \$2; c = \$3; if (a > 0 && c > 0) print $column }" "$work/times" | sort -n |
			awk '{ v[NR] = $1 } END { printf "%.3f (%.3f to %.3f)  ", v[int((NR + 1) / 2)], v[int((NR + 3) / 4)], v[int((3 * NR + 1) / 4)] }'
	done | awk -v name="$name" '{ printf "%-9s with/without %s %s %s %s  without/without %s %s %s %s\n", name, $1, $2, $3, $4, $5, $6, $7, $8 }'
}

for name in sqlite3 python3; do
	command -v $name >/dev/null || { echo "$name is left out: not installed"; continue; }
	compare $name
done
if command -v redis-server >/dev/null && command -v redis-benchmark >/dev/null; then
	compare redis
else
	echo "redis is left out: packages redis-server and redis-tools are not installed"
fi
