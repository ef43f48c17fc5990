# percentiles FILE: of lines "KEY|NS|PROBE", for each key in the order of first appearance
# "KEY|5th|10th|25th|median|segments" over the segments whose probes (quiet.h) ran at full speed,
# within 4 % of the fastest. A key with less than 20 of these gets all its segments, which is said
# on stderr. Sourced.
# shellcheck shell=bash
percentiles() {
	local best
	best=$(cut -d'|' -f3 "$1" | sort -n | awk '{ v[NR] = $1 } END { print v[1 + int(NR * 0.02)] }')
	awk -F'|' -v best="$best" '
	{ n[$1]++; if (!($1 in quiet)) quiet[$1] = 0; if ($3 <= best * 1.04) quiet[$1]++; line[NR] = $0 }
	END {
		for (k in n) if (quiet[k] < 20) print k ": no quiet machine, all segments taken" >"/dev/stderr"
		for (i = 1; i <= NR; i++) {
			split(line[i], f, "|")
			if (quiet[f[1]] < 20 || f[3] <= best * 1.04) print f[1] "|" f[2]
		}
	}' "$1" | sort -t'|' -k1,1 -k2,2n | awk -F'|' '
	function flush() {
		if (n) print key "|" v[1 + int(n * 0.05)] "|" v[1 + int(n * 0.1)] "|" v[1 + int(n * 0.25)] "|" v[1 + int(n * 0.5)] "|" n
		n = 0
	}
	$1 != key { flush(); key = $1 }
	{ v[++n] = $2 }
	END { flush() }'
}
