#!/bin/bash
# soak.sh BUILD [MINUTES]: what is too long for the tests, one after the other: profiles of a busy
# program by the thousand, hostile programs again and again, real programs under much load, and every
# parser fuzzed. MINUTES is for each fuzz target (5). Says how each ended and goes on; ends non-zero
# when one failed. Loopback and Unix sockets only.
set -u
build=$1
minutes=${2:-5}
cd "$(dirname "$0")/.." || exit 1
preload=$PWD/$build/lib/libpprof_preload.so
case $build in /*) preload=$build/lib/libpprof_preload.so ;; esac
log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=

# soak NAME COMMAND...: runs it; its output is shown when it fails.
soak() {
	local name=$1 start=$SECONDS
	shift
	if "$@" >"$log" 2>&1; then
		echo "passed: $name ($((SECONDS - start)) s)"
	else
		echo "FAILED: $name ($((SECONDS - start)) s)"
		tail -40 "$log"
		failed="$failed $name,"
	fi
}

# again N COMMAND...: until it fails, at most N times.
again() {
	local n=$1
	shift
	for _ in $(seq "$n"); do "$@" || return 1; done
}

soak "10,000 profiles of a busy program" "$build/tests/snapshots" 10000
soak "10,000 times who holds the memory of a busy program" "$build/tests/retained_snapshots" 10000
for mode in preload quiet files bump linked; do
	program=hostile
	[ $mode = linked ] && program=hostile_linked
	soak "hostile programs, $mode" again 5 bash tests/process/hostile/scenario.sh $mode \
		"$preload" "$build/tests/$program" "$build/tests/process/hostile/libhostile_bump.so"
done
soak "200,000 malformed requests" "$build/tests/malformed" fuzz/corpus/http1 200000
soak "answers that nobody reads" "$build/tests/malformed" fuzz/corpus/http1 unread
soak "all profiles every second" env PPROF_FD=1 PPROF_MMAP=1 PPROF_BLOCK_RATE=1 \
	PPROF_MUTEX_FRACTION=1 "$build/tests/scraped" 300 1000
soak "real programs" again 3 bash tests/process/hosts.sh "$build/bin/pprof" "$preload" 20
[ ! -x /usr/bin/chromium ] || PAGE_TEST="many samples" PAGE_SAMPLES=1000000 \
	soak "the page over a million samples" node tests/web/page_test.mjs "$build"
soak "process tests" ctest --test-dir "$build" -L process --repeat until-fail:5 --output-on-failure
for source in fuzz/fuzz_*.c; do
	target=$(basename "$source" .c)
	soak "fuzzing ${target#fuzz_}" tools/fuzz.sh "${target#fuzz_}" $((minutes * 60))
done
[ -z "$failed" ] || { echo "soak: failed:${failed%,}"; exit 1; }
echo "soak: all passed"
