#!/usr/bin/env bash
# Runs every command line of cases.txt and compares the transcript (exit status, standard output,
# standard error) with expect/NAME, or writes that with --update.
#
# usage: run.sh [--update] PPROF FIXTURES
#
# FIXTURES is the folder that gen_fixtures filled, or the build folder it lies in.
#
# cases.txt: one command line per line, optionally a tab and what is typed into the shell ("\n" ends
# a line). NAME is made from the line. Commands run in FIXTURES, with TZ=UTC and an empty home.
set -euo pipefail

update=false
if [ "${1:-}" = --update ]; then
	update=true
	shift
fi
if [ $# != 2 ]; then
	sed -n '2,11s/^# \{0,1\}//p' "$0" >&2
	exit 2
fi
pprof=$(realpath "$1")
fixtures=$(realpath "$2")
if [ -d "$fixtures/tests/golden/fixtures" ]; then
	fixtures=$fixtures/tests/golden/fixtures
fi
here=$(dirname "$(realpath "$0")")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Flags without their dashes, everything odd as one '_'.
name_of() {
	printf '%s' "$1" | tr '\t' '_' | sed -E 's/(^|[ \t])--?/\1/g; s/[^A-Za-z0-9.]+/_/g; s/^_|_$//g' |
		cut -c1-120
}

transcript() {
	local home=$scratch/home typed=$2 status=0
	rm -rf "$home"
	mkdir "$home"
	# shellcheck disable=SC2086 # words of the case are arguments
	(cd "$fixtures" && eval "set -- ${1//\{tmp\}/$home}" &&
		printf '%b' "$typed" |
		env -i PATH="$PATH" TZ=UTC LC_ALL=C HOME="$home" PPROF_TMPDIR="$home" \
			PPROF_BINARY_PATH="$home" "$pprof" "$@" \
			>"$scratch/stdout" 2>"$scratch/stderr") || status=$?
	echo "status $status"
	echo "--- stdout"
	cat "$scratch/stdout"
	echo "--- stderr"
	cat "$scratch/stderr"
}

mkdir -p "$here/expect"
failed=0
passed=0
declare -A seen=()
while IFS=$'\t' read -r line typed || [ -n "$line" ]; do
	case $line in '' | '#'*) continue ;; esac
	name=$(name_of "$line${typed:+	$typed}")
	if [ -n "${seen[$name]:-}" ]; then
		echo "two cases are called $name" >&2
		exit 2
	fi
	seen[$name]=1
	transcript "$line" "${typed:-}" |
		sed -e "s|$scratch/home|{tmp}|g" -e "s|$fixtures|{fixtures}|g" >"$scratch/got"
	if $update; then
		cp "$scratch/got" "$here/expect/$name"
		passed=$((passed + 1))
	elif cmp -s "$scratch/got" "$here/expect/$name"; then
		passed=$((passed + 1))
	else
		echo "FAIL $name: pprof $line"
		diff -u "$here/expect/$name" "$scratch/got" | head -40 || true
		failed=$((failed + 1))
	fi
done <"$here/cases.txt"

for file in "$here"/expect/*; do
	[ -n "${seen[$(basename "$file")]:-}" ] && continue
	if $update; then
		rm "$file"
	else
		echo "FAIL $(basename "$file"): no case has this name"
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
