#!/bin/bash
# coverage.sh LIBPPROF_PRELOAD HOST OWN_MALLOC PLUGIN_HOST PLUGIN: over every allocator that is
# installed, each allocation is counted once; programs that go past the hooks are told so.
set -u
preload=$1
host=$2
own=$3
plugin_host=$4
plugin=$5
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
unset PPROF_ADDR PPROF_OUT PPROF_HEAP_RATE PPROF_NOTIFY_FD PPROF_PID

fail() { echo "FAIL: $*"; failed=1; }

# The library's path when the dynamic linker finds it.
find_library() { ldconfig -p 2>/dev/null | awk -v n="$1" '$1 == n { print $NF; exit }'; }

for name in "" libjemalloc.so.2 libtcmalloc.so.4 libtcmalloc_minimal.so.4 libmimalloc.so.2; do
	library=
	if [ -n "$name" ]; then
		library=$(find_library "$name")
		[ -n "$library" ] || { echo "skip: no $name"; continue; }
	fi
	for program in "$host" "$plugin_host $plugin"; do
		# shellcheck disable=SC2086 # the program and its argument
		out=$(PPROF_HEAP_RATE=1 LD_PRELOAD="$preload $library" $program 2>&1) ||
			fail "over ${name:-libc}: $out"
		[[ $out == *covered* ]] || fail "over ${name:-libc}: $out"
	done
	[ $failed = 0 ] && echo "covered: ${name:-libc}"
done

# A malloc of the program's own, or one preloaded before us: its notice says so.
told() {
	{ PPROF_ADDR=127.0.0.1:0 PPROF_NOTIFY_FD=9 LD_PRELOAD=$1 "$2" 9>&1 >&3 3>&-; } \
		3>"$work/out" | timeout 120 cat
}
line=$(told "$preload" "$own")
[[ $line == http:*$'\n'"warning: "*"$(basename "$own")"*"malloc of its own"* ]] ||
	fail "the program's own malloc: told '$line'"
[[ $(cat "$work/out") == *"not seen"* ]] || fail "self page: $(cat "$work/out")"
line=$(told "$preload" "$plugin_host")
[[ $line == *warning* ]] && fail "warned without a reason: $line"
library=$(find_library libjemalloc.so.2)
if [ -n "$library" ]; then
	line=$(told "$library $preload" "$plugin_host")
	[[ $line == *"warning: "*jemalloc* ]] || fail "jemalloc first: told '$line'"
fi
exit $failed
