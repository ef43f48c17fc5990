#!/bin/bash
# agree.sh BUILD-DIR [SECONDS]: how often our stacks are libunwind's, on live samples: programs
# compiled here by gcc and clang, -O2 without and with frame pointers, and what the distribution ships. One
# row a program, with one line for each kind of difference; a sum at the end. Programs that are not
# installed are left out with a line.
set -eu
build=${1:?usage: agree.sh BUILD-DIR [SECONDS]}
seconds=${2:-3}
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$build" && pwd)
preload=$build/bench/unwind/libagree_preload.so
work=$(mktemp -d)
server=
trap '[ -n "$server" ] && kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
if [ ! -f "$preload" ]; then
	echo "left out: it was built without package libunwind-dev"
	exit 0
fi

row() { "$build/tests/agree" "$preload" 1 0 "$@" | tee -a "$work/rows"; }

for compiler in gcc clang-14 clang; do
	command -v "$compiler" >/dev/null || continue
	[ "$compiler" = clang ] && [ -x "$work/c-clang-14" ] && continue
	cxx=g++
	[ "$compiler" = gcc ] || cxx=clang++${compiler#clang}
	"$compiler" -O2 -fomit-frame-pointer -pthread "$here/agree_work.c" -o "$work/c-$compiler"
	row "C, $compiler" "$work/c-$compiler" "$seconds"
	"$compiler" -O2 -fno-omit-frame-pointer -pthread "$here/agree_work.c" -o "$work/cf-$compiler"
	row "C, $compiler, fp" "$work/cf-$compiler" "$seconds"
	for pointers in no- ""; do
		"$cxx" -O2 "-f${pointers}omit-frame-pointer" "$here/agree_work.cc" \
			-o "$work/cc-$compiler" 2>/dev/null || continue
		row "C++, $compiler${pointers:+, fp}" "$work/cc-$compiler" "$seconds"
	done
done

# real NAME PROGRAM ARGUMENT...: one of the distribution.
real() {
	local name=$1
	shift
	if command -v "$1" >/dev/null; then row "$name" "$@"; else echo "$name: not installed"; fi
}

head -c 6000000 "$build/tests/agree" "$preload" "$build"/bin/* >"$work/data" 2>/dev/null || true
cat >"$work/work.py" <<'PYTHON'
import json, re, sys, time
end = time.time() + float(sys.argv[1])
while time.time() < end:
    t = json.dumps([{"k%d" % i: [i, i / 3, str(i)] for i in range(300)} for _ in range(5)])
    json.loads(t)
    sorted(re.findall(r'"(\w+)":', t), key=lambda s: s[::-1])
PYTHON
cat >"$work/work.sql" <<'SQL'
CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT, c REAL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400000)
INSERT INTO t SELECT i, hex(i * 7919), i / 3.0 FROM n;
CREATE INDEX tb ON t(b);
SELECT count(*), sum(length(x.b)) FROM t x JOIN t y ON y.b = x.b WHERE x.c > 1000;
SELECT b, avg(c) FROM t GROUP BY substr(b, 1, 6) ORDER BY 2 DESC LIMIT 5;
SQL
python=$(command -v /usr/bin/python3 || command -v python3)
real python3 "$python" "$work/work.py" "$seconds"
real sqlite3 sqlite3 :memory: ".read $work/work.sql"
real xz xz -T2 -6 -k -c "$work/data"
real perl perl -e 'my ($end, %h) = (time + shift); while (time < $end) { $h{$_ % 5000} .= sprintf("%d-%s", $_, join ",", map { $_ * 3 } 1 .. 5) for 1 .. 3000; my @k = sort { $h{$a} cmp $h{$b} } keys %h; %h = () }' "$seconds"
real node node -e "const e = Date.now() + 1000 * $seconds; let s = 0; while (Date.now() < e) { const a = Array.from({length: 2000}, (_, i) => ({k: 'x' + i, v: (i * 7919) % 1000})); a.sort((p, q) => p.v - q.v); s += JSON.parse(JSON.stringify(a)).length }"
if git -C "$here" rev-parse HEAD >/dev/null 2>&1; then
	real git git -C "$here" log --stat -n 150
fi
# The compilers themselves: deep stacks in large libraries.
real cc1plus "$(g++ -print-prog-name=cc1plus 2>/dev/null)" -quiet -O2 -D_GNU_SOURCE "$here/agree_work.cc" -o /dev/null
real clang clang-14 -cc1 -O2 -emit-obj "$here/agree_work.c" -internal-isystem \
	"$(clang-14 -print-resource-dir 2>/dev/null)/include" -internal-isystem /usr/include \
	-internal-isystem /usr/include/x86_64-linux-gnu -o /dev/null
if command -v redis-server >/dev/null && command -v redis-benchmark >/dev/null; then
	socket=$work/redis.sock
	row redis-server redis-server --port 0 --unixsocket "$socket" --save '' --dir "$work" &
	server=$!
	for ((i = 0; i < 100; i++)); do [ -S "$socket" ] && break; sleep 0.1; done
	redis-benchmark -s "$socket" -q -n 150000 -P 4 -t set,get,lpush,lrange_100,hset,zadd \
		>/dev/null 2>&1 || true
	redis-cli -s "$socket" shutdown nosave >/dev/null 2>&1 || true
	wait "$server" || true
	server=
else
	echo "redis-server: not installed"
fi

awk '/ samples / {
	for (i = 2; i <= NF; i++) {
		if ($i == "samples") { n += $(i - 1); s = $(i - 1); programs++ }
		if ($i == "equal") equal += s * $(i - 2) / 100
	}
}
END { printf "%d programs, %d samples, %.3f %% equal\n", programs, n, 100 * equal / n }' "$work/rows"
