#!/bin/bash
# company.sh PPROF LIBPPROF_PRELOAD HOSTILE BUMP STATIC: the runtime in other company than the C
# library's own allocator, loader and rights: other preloads and profilers, twice, tunables, without
# /proc, and where nothing can be loaded. STATIC is a statically linked program. The programs behave
# as without us; what cannot be profiled is refused by `pprof run` with a sentence.
set -u
pprof=$1
preload=$2
hostile=$3
bump=$4
static=$5
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
failed=0
for name in $(env | sed -n 's/^\(PPROF_[A-Z_]*\)=.*/\1/p'); do unset "$name"; done
export PPROF_PRELOAD=$preload
scenarios="forks vforks thread_churn frees_from_other_threads thread_keys coroutines
	load_in_a_loop exceptions exit_handlers"

fail() { echo "FAIL: $*"; failed=1; }
find_library() { ldconfig -p 2>/dev/null | awk -v n="$1" '$1 == n { print $NF; exit }'; }

# same NAME PRELOAD-WITHOUT PRELOAD-WITH [VARIABLE=VALUE...]: the scenarios under both.
same() {
	local name=$1 without=$2 with=$3 scenario want got
	shift 3
	for scenario in $scenarios; do
		(cd "$work" && timeout -k 5 150 env "$@" LD_PRELOAD="$without" "$hostile" \
			"$scenario") >"$work/want" 2>"$work/want.err"
		want=$?
		(cd "$work" && timeout -k 5 150 env "$@" PPROF_HEAP_RATE=64 \
			PPROF_ADDR=127.0.0.1:0 PPROF_OUT="$work/out" LD_PRELOAD="$with" \
			"$hostile" "$scenario") >"$work/got" 2>"$work/got.err"
		got=$?
		if [ $got != $want ] || ! cmp -s "$work/want" "$work/got"; then
			fail "$name: $scenario: status $got, wanted $want"
			diff "$work/want.err" "$work/got.err" | head -5
		fi
	done
	echo "same: $name"
}

# Our library twice, by two names: the second is the first's next allocator.
cp "$preload" "$work/again.so"
same "twice" "" "$preload $work/again.so"
# Beside another preload: behind ours its malloc is the next, before ours we see nothing.
same "an allocator behind" "$bump" "$preload $bump"
same "an allocator before" "$bump" "$bump $preload"
for name in libjemalloc.so.2 libtcmalloc.so.4; do
	library=$(find_library $name)
	[ -n "$library" ] || { echo "skip: no $name"; continue; }
	same "$name behind" "$library" "$preload $library"
	same "$name before" "$library" "$library $preload"
done

# Two profilers at once.
library=$(find_library libjemalloc.so.2)
[ -n "$library" ] && same "jemalloc's profiler" "$library" "$preload $library" \
	MALLOC_CONF=prof:true,prof_active:true,lg_prof_sample:12
library=$(find_library libtcmalloc_and_profiler.so.4)
if [ -n "$library" ]; then
	scenarios="forks frees_from_other_threads coroutines" \
		same "gperftools' heap profiler" "$library" "$preload $library" \
		HEAPPROFILE="$work/heap" HEAP_PROFILE_ALLOCATION_INTERVAL=0
	# Its handler takes some 6 KB of whatever stack it interrupts: too much for small coroutines.
	scenarios="forks vforks thread_churn frees_from_other_threads thread_keys exceptions" \
		same "gperftools' CPU profiler" "$library" "$preload $library" \
		CPUPROFILE="$work/cpu" CPUPROFILE_FREQUENCY=1000
else
	echo "skip: gperftools is not installed"
fi
library=/usr/lib/heaptrack/libheaptrack_preload.so
if [ -e $library ]; then
	scenarios="frees_from_other_threads thread_keys exceptions exit_handlers" \
		same "heaptrack" "$library" "$preload $library" \
		DUMP_HEAPTRACK_OUTPUT="$work/heaptrack.%p"
else
	echo "skip: heaptrack is not installed"
fi

# The C library otherwise than by default.
for tunable in malloc.tcache_count=0 malloc.perturb=165 malloc.arena_max=1 \
	malloc.mmap_threshold=4096 malloc.hugetlb=1 pthread.rseq=0 rtld.optional_static_tls=0 \
	rtld.nns=1 malloc.trim_threshold=1; do
	scenarios="thread_churn load_in_a_loop exceptions" \
		same "$tunable" "" "$preload" GLIBC_TUNABLES=glibc.$tunable
done
scenarios="forks exceptions load_in_a_loop" same "bound at start" "" "$preload" LD_BIND_NOW=1
library=$(find_library libc_malloc_debug.so.0)
[ -n "$library" ] && scenarios="forks exceptions" same "malloc check" "$library" \
	"$preload $library" GLIBC_TUNABLES=glibc.malloc.check=3

# Closed standard streams, and no /proc.
"$hostile" containers >/dev/null <&- 2>&- || fail "the scenario needs its streams"
for closed in "0<&-" "1>&-" "2>&-" "0<&- 1>&- 2>&-"; do
	(eval "exec $closed" && PPROF_HEAP_RATE=1 PPROF_ADDR=unix:$work/s PPROF_OUT=$work/closed \
		LD_PRELOAD=$preload exec "$hostile" numbers_at_start)
	got=$?
	(eval "exec $closed" && exec "$hostile" numbers_at_start)
	[ $got = $? ] || fail "started with $closed: status $got"
	gzip -t "$work/closed" 2>/dev/null || fail "started with $closed: no profile"
	rm -f "$work/closed"
done
if unshare -m sh -c 'umount -l /proc && ! [ -e /proc/self ]' 2>/dev/null; then
	unshare -m sh -c 'umount -l /proc; PPROF_HEAP_RATE=1 PPROF_ADDR=127.0.0.1:0 PPROF_OUT=$1 \
		LD_PRELOAD=$2 exec "$3" thread_churn' - "$work/noproc" "$preload" "$hostile" \
		>/dev/null || fail "without /proc"
	gzip -t "$work/noproc" || fail "without /proc: no profile"
else
	echo "skip: /proc cannot be taken away here"
fi

# Nothing can be loaded into these: nothing happens, and `pprof run` says why.
LD_PRELOAD=$preload PPROF_OUT=$work/static "$static" >"$work/got" 2>&1
[ $? = 3 ] && [ "$(cat "$work/got")" = "static" ] || fail "a static program: $(cat "$work/got")"
[ -e "$work/static" ] && fail "a profile of a static program"
said=$("$pprof" run -- "$static" 2>&1)
status=$?
[ $status != 0 ] && [[ $said == *"$static is statically linked"* ]] ||
	fail "pprof run of a static program: $status, $said"
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null 2>&1; then
	cp "$(command -v id)" "$work/id"
	chmod 4755 "$work/id"
	chmod 777 "$work"
	as="setpriv --reuid=65534 --regid=65534 --clear-groups"
	want=$($as "$work/id" -u 2>&1)
	# Not in setpriv itself, which changes rights of its one thread only: see docs/signal-safety.md.
	got=$(PPROF_OUT=$work/setuid PPROF_ADDR=127.0.0.1:0 $as env LD_PRELOAD="$preload" \
		"$work/id" -u 2>/dev/null)
	[ "$got" = "$want" ] || fail "a setuid program: $got, wanted $want"
	[ -e "$work/setuid" ] && fail "a profile of a setuid program"
	mkdir "$work/bin"
	cp "$pprof" "$preload" "$work/bin/"
	said=$(PPROF_PRELOAD=$work/bin/libpprof_preload.so $as "$work/bin/pprof" run -- \
		"$work/id" 2>&1)
	status=$?
	[ $status != 0 ] && [[ $said == *"is set-user-id"* ]] ||
		fail "pprof run of a setuid program: $status, $said"
else
	echo "skip: no other user to be"
fi
exit $failed
