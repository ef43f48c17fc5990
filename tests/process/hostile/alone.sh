#!/bin/bash
# alone.sh PPROF LIBPPROF_PRELOAD HOST TSAN_HOST SOURCE: processes in which the runtime cannot work, or
# where what it does would be reported as the program's error, are left alone: same output and status
# as without, no profile, and `pprof run` says why. TSAN_HOST is HOST for ThreadSanitizer, SOURCE of both.
set -u
pprof=$1
preload=$2
host=$3
tsan_host=$4
source=$5
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
for name in $(env | sed -n 's/^\(PPROF_[A-Z_]*\)=.*/\1/p'); do unset "$name"; done
export PPROF_PRELOAD=$preload

fail() { echo "FAIL: $*"; failed=1; }

# alone NAME WHY COMMAND...: everything asked for, nothing done; the sentence of `pprof run` has WHY.
alone() {
	local name=$1 why=$2 said status want
	shift 2
	"$@" >"$work/want" 2>"$work/want.err"
	want=$?
	PPROF_HEAP_RATE=1 PPROF_ADDR=unix:$work/files/s PPROF_OUT=$work/files/out \
		PPROF_STATE=$work/files/state PPROF_STATE_KEEP=1 PPROF_DUMP_SIGNAL=USR2 PPROF_FD=1 \
		PPROF_MMAP=1 PPROF_BLOCK_RATE=1 PPROF_MUTEX_FRACTION=1 LD_PRELOAD=$preload \
		"$@" >"$work/got" 2>"$work/got.err"
	status=$?
	[ $status = $want ] && [ $want = 3 ] || fail "$name: status $status, wanted $want"
	cmp -s "$work/want" "$work/got" || fail "$name: other output"
	cmp -s "$work/want.err" "$work/got.err" || fail "$name: says $(head -3 "$work/got.err")"
	[ -e "$work/files/out" ] && fail "$name: a profile"
	rm -rf "$work/files"/*
	said=$("$pprof" run -rate=1 -- "$@" 2>&1 >/dev/null)
	status=$?
	[ $status = 3 ] || fail "$name: pprof run: status $status"
	[[ $said == *"$why"* ]] || fail "$name: pprof run says: $said"
	echo "alone: $name"
}
mkdir "$work/files"

alone "ThreadSanitizer" "not profiled: ThreadSanitizer" "$tsan_host"
if command -v valgrind >/dev/null 2>&1; then
	# What pprof run hears of is Valgrind's launcher, which is a program like others.
	alone "valgrind" "" valgrind -q --error-exitcode=99 "$host"
else
	echo "skip: valgrind is not installed"
fi

# musl ends a program when a library in it, also a preloaded one, needs what is not there.
strong=$(nm -D --undefined-only "$preload" | awk '$1 == "U" { sub(/@.*/, "", $2); print $2 }' |
	grep -Ex '__register_atfork|strerrordesc_np|sigabbrev_np|dladdr1|dlvsym|gnu_get_libc_version')
[ -z "$strong" ] || fail "needs what only glibc has: $strong"
if command -v musl-gcc >/dev/null 2>&1; then
	musl-gcc -O1 "$source" -o "$work/musl_host" -pthread || fail "musl-gcc"
	alone "musl" "not profiled: the program's C library" "$work/musl_host"
else
	echo "skip: musl-gcc is not installed"
fi

# Limits of memory that the program counts on. Arenas and large stacks might take it all without us.
export MALLOC_ARENA_MAX=1
for limit in "-v 100000" "-d 40000"; do
	(ulimit -s 1024 && ulimit $limit &&
		alone "ulimit $limit" "not profiled: the limit" "$host" && exit $failed) || failed=1
done
exit $failed
