#!/bin/bash
# mutex.sh BUILD-DIR [ROUNDS]: what the contention profiles add to a lock and unlock that nobody
# else wants, off (as always) and on (every unlock that others waited for, every wait). Every round
# runs every configuration once, so that all see the same machine; medians over rounds.
set -eu
build=${1:?usage: mutex.sh BUILD-DIR [ROUNDS]}
rounds=${2:-15}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
${CC:-cc} -O2 -o "$work/mutex" "$here/mutex.c" -pthread

preload=$build/lib/libpprof_preload.so
configs=("none|A=" "off|LD_PRELOAD=$preload" "mutex|LD_PRELOAD=$preload PPROF_MUTEX_FRACTION=1"
	"mutex and block|LD_PRELOAD=$preload PPROF_MUTEX_FRACTION=1 PPROF_BLOCK_RATE=1")
for ((round = 0; round < rounds; round++)); do
	for config in "${configs[@]}"; do
		IFS='|' read -r name environment <<<"$config"
		# shellcheck disable=SC2086
		echo "$name|$(env $environment "$work/mutex")"
	done
done >"$work/results"

awk -F'|' '
function median(list,   i, j, n, t, v) {
	n = split(list, v, " ")
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && v[j-1] + 0 > v[j] + 0; j--) { t = v[j]; v[j] = v[j-1]; v[j-1] = t }
	return v[int((n + 1) / 2)]
}
{
	if (!($1 in seen)) { seen[$1] = 1; order[++count] = $1 }
	split($2, x, " ")
	for (i = 1; i <= 3; i++) all[$1, i] = all[$1, i] " " x[i]
}
END {
	printf "%-16s %32s   %25s\n", "contention", "ns a pair: mutex, rwlock, spin", "added"
	for (k = 1; k <= count; k++) {
		printf "%-16s   ", order[k]
		for (i = 1; i <= 3; i++) { m[k, i] = median(all[order[k], i]); printf " %9.2f", m[k, i] }
		printf "  "
		if (k > 1)
			for (i = 1; i <= 3; i++) printf " %+8.2f", m[k, i] - m[1, i]
		printf "\n"
	}
}' "$work/results"
