#!/bin/bash
# pairs.sh BUILD-DIR [ROUNDS]: what a profiler adds to a malloc+free pair, at one sample in
# 512 KiB. Every round runs every configuration once, so that all see the same machine; medians
# over rounds. Each profiler is compared with its own allocator without profiling.
set -eu
build=${1:?usage: pairs.sh BUILD-DIR [ROUNDS]}
rounds=${2:-41}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
${CC:-cc} -O2 -fno-builtin -o "$work/pairs" "$here/pairs.c"

# shellcheck source=bench/overhead/configs.sh
. "$here/configs.sh"

for ((round = 0; round < rounds; round++)); do
	for config in "${configs[@]}"; do
		IFS='|' read -r name base environment <<<"$config"
		# shellcheck disable=SC2086
		echo "$name|$base|$(env $environment "$work/pairs")"
	done
done >"$work/results"

awk -F'|' '
# The q quantile of a blank-separated list.
function quantile(list, q,   i, j, n, t, v) {
	n = split(list, v, " ")
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && v[j-1] + 0 > v[j] + 0; j--) { t = v[j]; v[j] = v[j-1]; v[j-1] = t }
	return v[1 + int(q * (n - 1))]
}
function table(title, q,   k, i, name) {
	printf "%-22s %29s   %25s\n", title, "ns a pair: same, fifo, mixed", "added to its base"
	for (k = 1; k <= count; k++) {
		name = order[k]
		printf "%-22s", name
		for (i = 1; i <= 3; i++) { m[name, i] = quantile(all[name, i], q); printf " %9.2f", m[name, i] }
		printf "  "
		if (base[name] != "")
			for (i = 1; i <= 3; i++) printf " %+8.2f", m[name, i] - m[base[name], i]
		printf "\n"
	}
}
{
	if (!($1 in base)) order[++count] = $1
	base[$1] = $2
	split($3, x, " ")
	for (i = 1; i <= 3; i++) all[$1, i] = all[$1, i] " " x[i]
}
END {
	table("median of rounds", 0.5)
	print ""
	table("5th percentile", 0.05) # what the same code does while the machine is quiet
}' "$work/results"
