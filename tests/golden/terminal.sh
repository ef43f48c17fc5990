#!/usr/bin/env bash
# What differs when a person looks on: colours, prompt, progress, control characters. Standard
# output and error are a terminal that script(1) makes.
#
# usage: terminal.sh PPROF FIXTURES
set -euo pipefail
pprof=$(realpath "$1")
fixtures=$(realpath "$2")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export HOME=$scratch PPROF_TMPDIR=$scratch TZ=UTC TERM=xterm
unset NO_COLOR
red=$'\033[0;31m'
failed=0

# Output of a command line on a terminal, where "q" is typed.
on_terminal() {
	(cd "$fixtures" && echo q | timeout 20 script -qefc "$1" /dev/null) | tr -d '\r' || true
}

expect() { # what, text, pattern
	grep -qF -- "$3" <<<"$2" || {
		echo "FAIL $1: no '$3' in: $2"
		failed=1
	}
}

refuse() {
	grep -qF -- "$3" <<<"$2" && {
		echo "FAIL $1: '$3' in: $2"
		failed=1
	}
	return 0
}

out=$(on_terminal "$pprof -top -focus=nobody -output=$scratch/f cpu.pb.gz")
expect "warnings are red" "$out" "${red}Focus expression matched no samples"
expect "what was done is said" "$out" "Generating report in $scratch/f"
refuse "what was done is not red" "$out" "${red}Generating"
out=$(NO_COLOR=1 on_terminal "$pprof -top -focus=nobody cpu.pb.gz")
expect "NO_COLOR" "$out" "Focus expression matched no samples"
refuse "NO_COLOR" "$out" $'\033'
expect "the prompt" "$(on_terminal "$pprof cpu.pb.gz")" "(pprof) "

# Names of functions are not obeyed by the terminal, but go into files as they are.
printf 'main;\302\233evil 3\nmain;good 1\n' >"$scratch/evil"
out=$(on_terminal "$pprof -symbolize=none -top $scratch/evil")
expect "control characters are shown" "$out" '\xc2\x9bevil'
refuse "control characters do not pass" "$out" $'\302\233'
expect "files have them" "$("$pprof" -symbolize=none -top "$scratch/evil")" $'\302\233evil'

# A source that takes its time: what is waited for is said, and wiped when it is over.
slow="(sleep 2; cat cpu.pb.gz) | $pprof -symbolize=none -top /dev/stdin"
out=$(on_terminal "$slow")
expect "progress" "$out" "Decoding ... 1 s"
expect "progress is wiped" "$out" $'\033[KFile: '
refuse "no progress without a terminal" "$(on_terminal "($slow) 2>&1 | cat")" "Decoding"

[ $failed = 0 ] && echo "terminal as expected"
exit $failed
