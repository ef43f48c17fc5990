#!/bin/bash
# The leak story, end to end, on real programs: run by `make demo`. Ends by itself in about a minute
# and leaves nothing running.   usage: demo.sh BUILD_FOLDER
set -euo pipefail

build=$(cd "$1" && pwd)
source=$(cd "$(dirname "$0")/.." && pwd)
pprof=$build/bin/pprof
requests=${DEMO_REQUESTS:-30000}
seconds=${DEMO_SECONDS:-16}
work=$(mktemp -d)
pids=()
export PPROF_TMPDIR=$work no_proxy=127.0.0.1

finish() {
	exec 3>&-
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
	wait 2>/dev/null || true
	rm -rf "$work"
}
trap finish EXIT

title() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
run() { printf '$ pprof %s\n' "$*"; "$pprof" "$@" 2>>"$work/messages"; }

# start LOG COMMAND…: a server in the background; its URL is printed on its first line
start() {
	local log=$work/$1
	shift
	"$@" >"$log" 2>&1 &
	pids+=($!)
	for _ in $(seq 100); do
		grep -q 'listening on' "$log" && return
		kill -0 $! 2>/dev/null || { cat "$log"; exit 1; }
		sleep 0.05
	done
	echo "no answer from $*" >&2
	exit 1
}
url_of() { sed -n 's/^listening on \(.*\)\/$/\1/p' "$work/$1"; }

# The burst is small for the default of one sample each 512 KiB, so the demo samples more often.
export PPROF_HEAP_RATE=1024

title "A server that leaks about 1 KB a request, under $requests requests"
start leaky "$build/examples/leaky_server" 0
leaky=$(url_of leaky)
heap=$leaky/debug/pprof/heap
"$build/examples/load_client" "$leaky/process" "$requests" 4
stats=$(curl -fsS "$leaky/stats")
echo "the server's own count: $stats"

title "Who holds the memory?"
run -top -nodecount=5 "$heap"

title "Which line?"
run -list '^leaky_handler$' "$heap"

title "The profile against the server's own count"
held=${stats##*bytes=}
"$pprof" -top -unit=B -focus='^leaky_handler$' "$heap" 2>>"$work/messages" |
	awk -v held="$held" '/ leaky_handler( |$)/ { sub(/B$/, "", $1); found = $1 }
	END { printf "profile %d bytes, server %d bytes: %+.2f %%\n", found, held, 100 * (found - held) / held
	      exit !(found > held * .95 && found < held * 1.05) }'

title "The same in the interactive shell (here from a pipe)"
printf 'top3\ntop2 -cum\nsample_index=alloc_space\ntop1\npeek ^leaky_handler$\nquit\n' |
	"$pprof" "$heap" 2>>"$work/messages" | head -40

title "The same in a browser: pprof -http=127.0.0.1:8081 $heap"
"$pprof" -http=127.0.0.1:0 -no_browser "$heap" 2>"$work/web" &
web_pid=$!
pids+=($web_pid)
for _ in $(seq 100); do grep -q 'Serving web UI' "$work/web" && break; sleep 0.05; done
page=$(sed -n 's/^Serving web UI on //p' "$work/web")
for path in /ui/flamegraph /ui/graph /ui/top /ui/api/flame /ui/api/graph /ui/api/top; do
	printf '%-40s %s\n' "$page$path" "$(curl -fsS -o /dev/null -w '%{http_code}, %{size_download} bytes' "$page$path")"
done
kill $web_pid
run -svg -output="$work/heap.svg" "$heap" && head -c 60 "$work/heap.svg" | head -1

title "The mended server: entries live 2 s, a janitor frees the expired ones every 4 s"
start ttl "$build/examples/ttl_server" 0 2 4
ttl=$(url_of ttl)
start leaky2 "$build/examples/leaky_server" 0
leaky2=$(url_of leaky2)

# in-use memory of a server in kB, as the tool reads it from the heap profile
in_use() {
	"$pprof" -top -unit=kB -nodecount=1 -symbolize=none "$1/debug/pprof/heap" 2>>"$work/messages" |
		awk '/^Showing nodes/ { for (i = 1; i <= NF; i++) if ($i == "of") { sub(/kB/, "", $(i + 1)); print int($(i + 1)); exit } }'
}
save() { "$pprof" -proto -output="$2" "$1/debug/pprof/heap" 2>>"$work/messages"; }

save "$leaky2" "$work/leaky.first.pb.gz"
save "$ttl" "$work/ttl.first.pb.gz"
echo "both under 1000 requests a second for $seconds s, their heap profiles read every second:"
"$build/examples/load_client" "$leaky2/process" $((seconds * 1000)) 2 1000 >"$work/load1" &
load1=$!
"$build/examples/load_client" "$ttl/process" $((seconds * 1000)) 2 1000 >"$work/load2" &
load2=$!
pids+=($load1 $load2)
# pprof leaks watches both meanwhile; its exit status is 0 for no leak, 1 for a leak
watch() {
	local status=0
	"$pprof" leaks -for "$((seconds - 1))s" -every 1s "$1" >"$work/$2" 2>>"$work/messages" || status=$?
	echo "exit status $status" >>"$work/$2"
}
watch "$leaky2" verdict1 &
watch1=$!
watch "$ttl" verdict2 &
watch2=$!
begin=$(date +%s%N)
while sleep 1; do
	second=$((($(date +%s%N) - begin) / 1000000000))
	[ "$second" -gt "$seconds" ] && break
	printf '%d %s %s\n' "$second" "$(in_use "$leaky2")" "$(in_use "$ttl")" >>"$work/curve"
done
wait $load1 $load2 $watch1 $watch2
awk 'function bar(v,   s, i) { s = ""; for (i = 0; i < int(30 * v / most + .5); i++) s = s "#"; return s }
	{ t[NR] = $1; a[NR] = $2; b[NR] = $3; if ($2 > most) most = $2; if ($3 > most) most = $3 }
	END { printf "%4s  %-42s %s\n", "s", "leaky_server in use", "ttl_server in use"
	      for (i = 1; i <= NR; i++) printf "%4d  %-30s %8d kB  %-30s %8d kB\n", t[i], bar(a[i]), a[i], bar(b[i]), b[i] }' "$work/curve"

title "Growth from the first profile (before the load) to the last (6 s after it)"
sleep 6 # what the mended server still holds expires now
save "$leaky2" "$work/leaky.last.pb.gz"
save "$ttl" "$work/ttl.last.pb.gz"
run -top -nodecount=2 -diff_base="$work/leaky.first.pb.gz" "$work/leaky.last.pb.gz"
run -top -nodecount=2 -diff_base="$work/ttl.first.pb.gz" "$work/ttl.last.pb.gz"

title "Any program, unchanged and not recompiled: pprof run"
unset PPROF_HEAP_RATE
program='keep = [bytes(1000) for _ in range(40000)]; print(len(keep), "blocks kept", flush=True); input()'
echo "\$ pprof run -o python.pb.gz -- python3 -c '$program'"
mkfifo "$work/stdin"
"$pprof" run -o "$work/python.pb.gz" -- python3 -c "$program" <"$work/stdin" >"$work/run" 2>&1 &
run_pid=$!
pids+=($run_pid)
exec 3>"$work/stdin"
for _ in $(seq 100); do grep -q 'blocks kept' "$work/run" && break; sleep 0.05; done
cat "$work/run"
live=$(sed -n 's/^pprof: serving //p' "$work/run")
echo "while it runs:"
run -top -nodecount=5 "${live}heap"
echo >&3
exec 3>&-
wait $run_pid
echo "what it allocated in its life, from the profile written at its exit:"
run -top -nodecount=5 -sample_index=alloc_space "$work/python.pb.gz"
sql='create table t(a); with recursive n(i) as (select 1 union all select i + 1 from n where i < 200000) insert into t select i from n; select count(*) from t;'
echo "\$ pprof run -o sqlite.pb.gz -- sqlite3 :memory: '$sql'"
"$pprof" run -o "$work/sqlite.pb.gz" -- sqlite3 :memory: "$sql"
run -top -nodecount=5 -sample_index=alloc_space "$work/sqlite.pb.gz"
title "Who keeps it? A copy of the process looks"
run -tree -nodecount=6 -ignore='start_thread|clone' "$leaky2/debug/pprof/retained"
title "Is it a leak? What pprof leaks said while the two servers were under load"
printf '$ pprof leaks %s\n' "$leaky2"
cat "$work/verdict1"
grep -q '^LEAK .*' "$work/verdict1" && grep -q '^#1  leaky_handler leaky_server.c:23 ' "$work/verdict1"
grep -q 'held by *global cache (table.c:[0-9]*) .bucket' "$work/verdict1"
printf '\n$ pprof leaks %s\n' "$ttl"
cat "$work/verdict2"
grep -q '^NO LEAK' "$work/verdict2" && grep -q 'ttl_handler .*bounded by age' "$work/verdict2"
title "Done"
