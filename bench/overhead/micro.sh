#!/bin/bash
# micro.sh BUILD-DIR [ROUNDS [LIVE-BLOCKS]]: a program that only allocates and frees (micro.c: 20
# frames deep, mean block about 940 bytes), compiled with and without frame pointers, under each
# allocator and profiler. Every round runs every configuration once, so that all see the same
# machine; percentiles are over all segments of all rounds. Beside them the ratio to the same
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
[ -n "$heaptrack" ] && configs+=("$heaptrack")

kinds="frame-pointers eh_frame"
for kind in $kinds; do
	flag=-fno-omit-frame-pointer
	[ "$kind" = eh_frame ] && flag=-fomit-frame-pointer
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
				awk -v name="$kind|$name" '/^#/ { next } { print name "|" $1 }'
		done
	done
done >"$work/results"
share=$("$work/micro-eh_frame" 1 1 | awk '/^#/ { print $3 }')

# Sorted by kind, name and time, the percentiles of each are at known places.
sort -t'|' -k1,1 -k2,2 -k3,3n "$work/results" | awk -F'|' '
function flush() {
	if (n) print key "|" v[1 + int(n * 0.05)] "|" v[1 + int(n * 0.1)] "|" v[1 + int(n * 0.25)] "|" v[1 + int(n * 0.5)]
	n = 0
}
$1 "|" $2 != key { flush(); key = $1 "|" $2 }
{ v[++n] = $3 }
END { flush() }' >"$work/percentiles"

for kind in $kinds; do
	echo "micro, $kind, $live live blocks: ns for a free and a malloc"
	for config in "${configs[@]}"; do
		IFS='|' read -r name base _ <<<"$config"
		grep "^$kind|$name|" "$work/percentiles" | sed "s/^$kind|[^|]*/$name|$base/"
	done | awk -F'|' -v share="$share" '
	BEGIN { printf "%-20s %7s %7s %7s %7s   %-31s %s\n", "", "5th", "10th", "25th", "median", "ratio to its base", "us a sample (10th, 25th)" }
	{
		printf "%-20s", $1
		for (i = 3; i <= 6; i++) { x[$1, i] = $i; printf " %7.2f", $i }
		printf "  "
		if ($2 != "") {
			for (i = 3; i <= 6; i++) printf " %7.3f", $i / x[$2, i]
			off = $1 " off"
			if (($1 " off", 4) in x)
				printf "  %6.2f %6.2f", ($4 - x[off, 4]) / share / 1e3, ($5 - x[off, 5]) / share / 1e3
		}
		printf "\n"
	}'
done
