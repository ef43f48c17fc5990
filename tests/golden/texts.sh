#!/usr/bin/env bash
# Help, manual page and completions tell the same: every flag of -help is in all of them, the page
# is clean roff, and the completion for bash completes.
#
# usage: texts.sh PPROF FOLDER    (FOLDER holds pprof.1, pprof.bash, _pprof, pprof.fish)
set -euo pipefail
pprof=$1
texts=$2
failed=0

fail() {
	echo "FAIL $*"
	failed=1
}

flags=$("$pprof" -help 2>&1 | sed -n 's/^    -\([a-z_]*\).*/\1/p' | sort -u)
[ "$(wc -l <<<"$flags")" -gt 80 ] || fail "-help names few flags"
for flag in $flags; do
	grep -qF -- "\\-$flag" <(sed 's/\\_/_/g' "$texts/pprof.1") || fail "no $flag in the manual page"
	grep -qE -- " -$flag(=| |')" "$texts/pprof.bash" || fail "no $flag for bash"
	grep -qE -- "'-$flag(=-)?\[" "$texts/_pprof" || fail "no $flag for zsh"
	grep -qE -- " -o $flag " "$texts/pprof.fish" || fail "no $flag for fish"
done
"$pprof" -help 2>&1 | awk 'length > 100 { print; bad = 1 } END { exit bad }' || fail "-help is too wide"

if command -v groff >/dev/null; then
	complaints=$(groff -ww -man -Tutf8 "$texts/pprof.1" 2>&1 >/dev/null)
	[ -z "$complaints" ] || fail "the manual page: $complaints"
fi

# shellcheck disable=SC1091 # made by the build
source "$texts/pprof.bash"
complete_word() {
	COMP_WORDS=(pprof "$1")
	COMP_CWORD=1
	_pprof 2>/dev/null
	echo "${COMPREPLY[*]}"
}
[ "$(complete_word -topp)" = -topproto ] || fail "bash does not complete -topp"
[ "$(complete_word -sample_i)" = -sample_index= ] || fail "bash does not complete -sample_i"

[ $failed = 0 ] && echo "texts agree"
exit $failed
