#!/bin/bash
# latency.sh BUILD-DIR [ROUNDS [SECONDS]]: how a server answers under full load (wrk, 8 connections)
# while all of its profiles are fetched every second, the CPU profile all the time, beside the same
# process left alone. Rounds of SECONDS each, alone and scraped in turns; each scraped round is compared
# with the one alone beside it. "alone again": the same between two neighbouring rounds alone, which is
# what the machine does by itself. Prints the median of the ratios and its quartiles. As a machine that
# is shared hides anything below several parts in a hundred, also the CPU time of the server for a
# request, and, of the server without load but with its tables full, what the scraping itself takes.
set -eu
build=${1:?usage: latency.sh BUILD-DIR [ROUNDS [SECONDS]]}
rounds=${2:-20}
seconds=${3:-3}
here=$(cd "$(dirname "$0")" && pwd)
if ! command -v wrk >/dev/null; then
	echo "latency is left out: package wrk is not installed" >&2
	exit 0
fi
work=$(mktemp -d)
server='' scraper=''
trap '[ -z "$scraper" ] || kill $scraper; [ -z "$server" ] || kill $server; rm -rf "$work"' EXIT
${CC:-cc} -O2 -D_GNU_SOURCE -I"$here/../../tests" -o "$work/scrape" "$here/scrape.c" \
	"$here/../../tests/process/http_client.c" -pthread

PPROF_MUTEX_FRACTION=10 PPROF_BLOCK_RATE=10000 "$build/examples/ttl_server" 0 2 1 >"$work/log" &
server=$!
until grep -q listening "$work/log"; do sleep 0.1; done
host=$(sed -n 's|.*http://\(.*\)/|\1|p' "$work/log")

# CPU seconds of the server so far, threads that have ended too.
used() { awk '{ sub(/.*[)] /, ""); print ($12 + $13) / 100 }' "/proc/$server/stat"; }

# round NAME: one line "NAME|p50 us|p99 us|requests a second|CPU us a request".
round() {
	local before
	before=$(used)
	wrk -t1 -c8 -d"${seconds}s" --latency "http://$host/process" | awk -v name="$1" '
	function us(t) { return t ~ /us$/ ? t + 0 : t ~ /ms$/ ? t * 1000 : t * 1000000 }
	$1 == "50%" { p50 = us($2) } $1 == "99%" { p99 = us($2) } $1 == "Requests/sec:" { rate = $2 }
	$2 == "requests" { n = $1 }
	END { print name "|" p50 "|" p99 "|" rate "|" n }' >"$work/round"
	awk -F'|' -v before="$before" -v now="$(used)" \
		'{ printf "%s|%s|%s|%s|%.4f\n", $1, $2, $3, $4, (now - before) * 1e6 / $5 }' "$work/round"
}

# scrape_for COMMAND...: runs it while the server is scraped.
scrape_for() {
	"$work/scrape" "$host" >&2 &
	scraper=$!
	"$@"
	kill -0 $scraper 2>/dev/null || { echo "the scraper has ended" >&2; exit 1; }
	kill $scraper
	wait $scraper 2>/dev/null || true
	scraper=
}

round warm >/dev/null
for ((i = 0; i < rounds; i++)); do
	round alone
	scrape_for round scraped
	round alone
done >"$work/results"

awk -F'|' '
function sort(v, n,   i, j, t) {
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && v[j-1] > v[j]; j--) { t = v[j]; v[j] = v[j-1]; v[j-1] = t }
}
function show(name, list, what,   n, v) {
	n = split(list, v, " ")
	for (i = 1; i <= n; i++) v[i] += 0
	sort(v, n)
	printf "%-14s %-15s %8.3f  (%.3f to %.3f, %d rounds)\n", name, what, v[int((n + 1) / 2)],
		v[int((n + 3) / 4)], v[int((3 * n + 3) / 4)], n
}
{
	for (k = 2; k <= 5; k++) {
		# Rounds come as alone, scraped, alone.
		if (NR % 3 == 1) {
			if (NR > 1) again[k] = again[k] " " $k / last[k]
			first[k] = $k
		} else if (NR % 3 == 2) mid[k] = $k
		else {
			ratio[k] = ratio[k] " " 2 * mid[k] / (first[k] + $k)
			last[k] = $k
		}
		if (NR % 3 != 2) alone[k] = alone[k] " " $k
	}
}
END {
	split("- p50 p99 requests/s CPU/request", what, " ")
	for (k = 2; k <= 5; k++) show("alone", alone[k], k == 4 ? what[k] : what[k] " us")
	for (k = 2; k <= 5; k++) show("scraped/alone", ratio[k], what[k])
	for (k = 2; k <= 5; k++) show("alone again", again[k], what[k])
}' "$work/results"

before=$(used)
scrape_for sleep 10
awk -v before="$before" -v now="$(used)" -v n="$(nproc)" 'BEGIN {
	ms = (now - before) * 100
	printf "scraping takes %.1f ms of CPU time each second: %.2f %% of %d processors\n", ms, ms / 10 / n, n
}'
