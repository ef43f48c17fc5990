#!/bin/bash
# cpu.sh BUILD-DIR [ROUNDS]: what CPU profilers add to the CPU time of a fixed amount of work, and how
# much of the time that was used their profiles account for. Every round runs every configuration
# once, so that all see the same machine; medians over rounds. perf's time outside of the program
# (its own process) is in "whole". Then what is added once more, finely, by cpu_added; and how many of
# 10,000 samples are in the wrong one of three functions. What a sample takes by itself is measured by
# bench_capture.
set -eu
build=${1:?usage: cpu.sh BUILD-DIR [ROUNDS]}
rounds=${2:-11}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
${CC:-cc} -O2 -fno-optimize-sibling-calls -o "$work/cpu" "$here/cpu.c" -lpthread -ldl
preload=$build/lib/libpprof_preload.so
gperftools=$(ldconfig -p | awk '$1 == "libprofiler.so.0" { print $NF; exit }')
threads=2 passes=6000

configs=("none||0" "libpprof, idle|LD_PRELOAD=$preload|0")
for hz in 100 1000 4000; do
	configs+=("libpprof $hz Hz|LD_PRELOAD=$preload|$hz")
done
configs+=("libpprof 1000 Hz, timers|LD_PRELOAD=$preload PPROF_CPU_PERF=0|1000")
if [ -n "$gperftools" ]; then
	for hz in 100 1000; do
		configs+=("gperftools $hz Hz|LD_PRELOAD=$gperftools CPUPROFILE=$work/gperf CPUPROFILE_FREQUENCY=$hz|0")
	done
fi
if command -v perf >/dev/null && perf record -o "$work/try" true >/dev/null 2>&1; then
	configs+=("perf -F 99 -g|perf 99|0" "perf -F 999 -g|perf 999|0")
fi

# Seconds that a gzip-compressed CPU profile, or gperftools', has in all.
profile_seconds() {
	"$build/bin/pprof" -top -symbolize=none -unit=s "$work/cpu" "$1" 2>/dev/null |
		sed -n 's/.*Total samples = \([0-9.]*\)s.*/\1/p; s/.*% of \([0-9.]*\)s total.*/\1/p' | head -n 1
}

TIMEFORMAT='%U %S'
for ((round = 0; round < rounds; round++)); do
	for config in "${configs[@]}"; do
		IFS='|' read -r name how hz <<<"$config"
		rm -f "$work"/p.pb.gz "$work"/gperf*
		case $how in
		perf*)
			{ time perf record -q -F "${how#perf }" -g -o "$work/perf" \
				"$work/cpu" $threads $passes 0 >"$work/used" 2>/dev/null; } 2>"$work/whole"
			;;
		*)
			# shellcheck disable=SC2086
			{ time env $how "$work/cpu" $threads $passes "$hz" "$work/p.pb.gz" \
				>"$work/used" 2>/dev/null; } 2>"$work/whole"
			;;
		esac
		counted=
		for file in "$work"/p.pb.gz "$work"/gperf*; do
			[ -s "$file" ] && counted=$(profile_seconds "$file")
		done
		echo "$name|$(tail -n 1 "$work/used")|$(tail -n 1 "$work/whole")|$counted"
	done
done >"$work/results"

awk -F'|' '
function median(list,   i, j, n, t, v) {
	n = split(list, v, " ")
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && v[j-1] + 0 > v[j] + 0; j--) { t = v[j]; v[j] = v[j-1]; v[j-1] = t }
	return n ? v[int((n + 1) / 2)] : ""
}
{
	if (!($1 in used)) order[++count] = $1
	# Each round is compared with its own run without a profiler.
	if ($1 == "none") base = $2
	split($3, t, " ")
	used[$1] = used[$1] " " $2
	ratio[$1] = ratio[$1] " " $2 / base
	whole[$1] = whole[$1] " " (t[1] + t[2]) / base
	if ($4 != "") counted[$1] = counted[$1] " " $4 / $2
}
END {
	printf "%-26s %9s %9s %9s %10s\n", "", "CPU s", "ratio", "whole", "accounted"
	for (k = 1; k <= count; k++) {
		c = median(counted[order[k]])
		printf "%-26s %9.3f %9.4f %9.4f %10s\n", order[k], median(used[order[k]]),
			median(ratio[order[k]]), median(whole[order[k]]), c == "" ? "" : sprintf("%.1f %%", 100 * c)
	}
}' "$work/results"

# The same, finely: parts of a thousand, with an interval.
${CC:-cc} -O2 -fno-optimize-sibling-calls -o "$work/cpu_added" "$here/cpu_added.c" -ldl -lm
echo "by perf events above 250 Hz:"
LD_PRELOAD=$preload "$work/cpu_added" $((rounds * 6)) 0 100 1000
echo "by timers:"
LD_PRELOAD=$preload PPROF_CPU_PERF=0 "$work/cpu_added" $((rounds * 6)) 0 100 1000

# Whom the profile blames, beside the time that each function took by the thread's clock.
${CC:-cc} -O2 -o "$work/split" "$here/split.c" -ldl
for hz in 1000 4000; do
	LD_PRELOAD=$preload "$work/split" 10000 $hz "$work/split.pb.gz" >"$work/shares"
	"$build/bin/pprof" -top -unit=ms "$work/split" "$work/split.pb.gz" 2>/dev/null |
		awk -v hz=$hz 'NR == FNR { want[$1] = $2; next }
		$NF in want { got[$NF] = $1 + 0; sum += $1 }
		END {
			for (f in want) { d = got[f] / sum - want[f]; wrong += d < 0 ? -d : d
				line = line sprintf("  %s %.2f %% (%.2f)", f, 100 * got[f] / sum, 100 * want[f]) }
			printf "10,000 samples at %d Hz: in the wrong function %.2f points;%s\n", hz, 50 * wrong, line
		}' "$work/shares" -
done
