#!/bin/bash
# pairs.sh BUILD-DIR [ROUNDS]: what a profiler adds to a malloc+free pair, at one sample in
# 512 KiB. Every round runs every configuration once, so that all see the same machine;
# percentiles are over the quiet segments of all rounds. Each profiler is compared with its own allocator without profiling.
set -eu
build=${1:?usage: pairs.sh BUILD-DIR [ROUNDS]}
rounds=${2:-41}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
${CC:-cc} -O2 -fno-builtin -o "$work/pairs" "$here/pairs.c"

# shellcheck source=bench/overhead/configs.sh
. "$here/configs.sh"

# shellcheck source=bench/overhead/percentiles.sh
. "$here/percentiles.sh"

for ((round = 0; round < rounds; round++)); do
	for config in "${configs[@]}"; do
		IFS='|' read -r name _ environment <<<"$config"
		# shellcheck disable=SC2086
		env $environment "$work/pairs" | awk -v name="$name" '{ print name "/" $1 "|" $2 "|" $3 }'
	done
done >"$work/results"
percentiles "$work/results" >"$work/percentiles"

for config in "${configs[@]}"; do
	IFS='|' read -r name base _ <<<"$config"
	echo "$name|$base"
done | awk -F'|' -v file="$work/percentiles" '
BEGIN {
	while ((getline <file) > 0) { low[$1] = $2; median[$1] = $5 }
	split("same fifo mixed", loops, " ")
	printf "%-20s %27s   %s\n", "", "ns a pair: same, fifo, mixed", "added to its base: 5th percentile | median"
}
{
	printf "%-20s", $1
	for (i = 1; i <= 3; i++) printf " %8.2f", low[$1 "/" loops[i]]
	if ($2 != "") {
		printf "  "
		for (i = 1; i <= 3; i++) printf " %+7.2f", low[$1 "/" loops[i]] - low[$2 "/" loops[i]]
		printf " |"
		for (i = 1; i <= 3; i++) printf " %+7.2f", median[$1 "/" loops[i]] - median[$2 "/" loops[i]]
	}
	printf "\n"
}'
