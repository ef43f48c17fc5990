#!/bin/bash
# micro.sh BUILD-DIR [ROUNDS [LIVE-BLOCKS]]: a program that only allocates and frees (micro.c: 20
# frames deep, mean block about 940 bytes), compiled with and without frame pointers, under each
# allocator and profiler. Every round runs every configuration once, so that all see the same
# machine; percentiles are over the quiet segments of all rounds. Beside them the ratio to the same
# allocator without profiling, and what that makes for one sample, its free included.
set -eu
build=${1:?usage: micro.sh BUILD-DIR [ROUNDS [LIVE-BLOCKS]]}
rounds=${2:-15}
live=${3:-2000}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=bench/overhead/configs.sh
. "$here/configs.sh"
# shellcheck source=bench/overhead/percentiles.sh
. "$here/percentiles.sh"
[ -n "$heaptrack" ] && configs+=("$heaptrack")

kinds="frame-pointers eh_frame"
for kind in $kinds; do
	flag=-fno-omit-frame-pointer
	[ "$kind" = eh_frame ] && flag=-fomit-frame-pointer
	# shellcheck disable=SC2086
	${CC:-cc} -O2 -fno-builtin $flag -o "$work/micro-$kind" "$here/micro.c" -lm
done

for ((round = 0; round < rounds; round++)); do
	for kind in $kinds; do
		for config in "${configs[@]}"; do
			IFS='|' read -r name _ environment <<<"$config"
			segments=300
			[ "$name" = heaptrack ] && segments=40
			# shellcheck disable=SC2086
			env $environment "$work/micro-$kind" "$live" $segments |
				awk -v name="$kind, $name" '/^#/ { next } { print name "|" $1 "|" $2 }'
		done
	done
done >"$work/results"
share=$("$work/micro-eh_frame" 1 1 | awk '/^#/ { print $3 }')
percentiles "$work/results" >"$work/percentiles"

for kind in $kinds; do
	echo "micro, $kind, $live live blocks: ns for a free and a malloc"
	for config in "${configs[@]}"; do
		IFS='|' read -r name base _ <<<"$config"
		awk -F'|' -v key="$kind, $name" -v name="$name|$base" '
		$1 == key { print name "|" $2 "|" $3 "|" $4 "|" $5 "|" $6 }' "$work/percentiles"
	done | awk -F'|' -v share="$share" '
	BEGIN { printf "%-20s %6s %7s %7s %7s %7s  %-31s %s\n", "", "quiet", "5th", "10th", "25th", "median", "ratio to its base", "us a sample (10th, 25th)" }
	{
		printf "%-20s %6d", $1, $7
		for (i = 3; i <= 6; i++) { x[$1, i] = $i; printf " %7.2f", $i }
		printf " "
		if ($2 != "") {
			for (i = 3; i <= 6; i++) printf " %7.3f", $i / x[$2, i]
			off = $1 " off"
			if ((off, 4) in x)
				printf "  %6.2f %6.2f", ($4 - x[off, 4]) / share / 1e3, ($5 - x[off, 5]) / share / 1e3
		}
		printf "\n"
	}'
done
