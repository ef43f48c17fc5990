#!/bin/bash
# scenario.sh MODE LIBPPROF_PRELOAD HOSTILE [BUMP]: every scenario of HOSTILE with the runtime behaves
# as without: same output, same exit status. MODE is what "with" means:
#
#	preload    preloaded, every block sampled, serving, writing a profile at exit
#	quiet      preloaded with nothing asked for: what stays on in production
#	files      preloaded, with state file, dump signal and dump threshold
#	bump       preloaded before BUMP, an allocator that may be left anywhere
#	linked     not preloaded: HOSTILE is compared with itself as it is at rate 0
set -u
mode=$1
preload=$2
hostile=$3
bump=${4:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
failed=0
for name in $(env | sed -n 's/^\(PPROF_[A-Z_]*\)=.*/\1/p'); do unset "$name"; done
ulimit -c 0
# Scenarios that go on for ever are ended; none takes seconds on a machine that is not busy.
limit="timeout -k 5 150"
mkdir -m 777 "$work/files"

# The variables are for the program alone: what is started first serves and writes, not its children.
without() {
	case $mode in
	bump) $limit env HOSTILE_BUMP=1 LD_PRELOAD="$bump" "$hostile" "$1" ;;
	linked) $limit env PPROF_HEAP_RATE=0 "$hostile" "$1" ;;
	*) $limit "$hostile" "$1" ;;
	esac
}

with() {
	case $mode in
	preload) $limit env PPROF_HEAP_RATE=1 PPROF_ADDR=127.0.0.1:0 \
		PPROF_OUT="$work/files/out.pb.gz" LD_PRELOAD="$preload" "$hostile" "$1" ;;
	quiet) $limit env LD_PRELOAD="$preload" "$hostile" "$1" ;;
	files) $limit env PPROF_HEAP_RATE=64 PPROF_STATE="$work/files/state" PPROF_DUMP_SIGNAL=PROF \
		PPROF_DUMP_AT=90% PPROF_DUMP="$work/files/dump.%p.%n" PPROF_ADDR="unix:$work/files/s" \
		PPROF_OUT="$work/files/out.pb.gz" LD_PRELOAD="$preload" "$hostile" "$1" ;;
	bump) $limit env HOSTILE_BUMP=1 PPROF_HEAP_RATE=1 LD_PRELOAD="$preload $bump" \
		"$hostile" "$1" ;;
	linked) $limit env PPROF_HEAP_RATE=1 "$hostile" "$1" ;;
	esac
}

scenarios=$("$hostile" -l)
[ "$mode" = bump ] && scenarios="jumps_out_of_malloc allocates_inside_malloc"
for scenario in ${HOSTILE_ONLY:-$scenarios}; do
	without "$scenario" >"$work/want" 2>"$work/want.err" </dev/null
	want=$?
	[ $want = 77 ] && { echo "skip: $scenario cannot be done here"; continue; }
	[ $want = 0 ] || { echo "FAIL: $scenario fails by itself: $want"; cat "$work/want.err"; failed=1; }
	start=$SECONDS
	with "$scenario" >"$work/got" 2>"$work/got.err" </dev/null
	got=$?
	if [ $got != $want ] || ! cmp -s "$work/want" "$work/got" ||
		! cmp -s "$work/want.err" "$work/got.err"; then
		echo "FAIL: $scenario: status $got, wanted $want"
		diff "$work/want" "$work/got" | head -5
		diff "$work/want.err" "$work/got.err" | head -5
		failed=1
	else
		echo "same: $scenario ($((SECONDS - start)) s)"
	fi
done
exit $failed
