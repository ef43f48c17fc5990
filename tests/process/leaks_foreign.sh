#!/bin/bash
# pprof leaks on the heap dumps that other allocators write of a cache: one that grows, and one that
# is full. Skipped where neither jemalloc (with its profiler) nor gperftools is installed.
#
# usage: leaks_foreign.sh PPROF LRU_CACHE
set -u
pprof=$1 lru=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0 done=0
export PPROF_TMPDIR=$work

library() {
	local path

	for path in /usr/lib/*/"$1" /usr/local/lib/"$1"; do
		[ -e "$path" ] && echo "$path" && return
	done
	return 1
}

# check WHAT STATUS PATTERN DIRECTORY
check() {
	local status=0

	"$pprof" leaks "$4" >"$work/out" 2>&1 || status=$?
	[ "$status" = "$2" ] && grep -qE "$3" "$work/out" && return
	printf 'FAIL %s: status %d, expected %d and %s\n' "$1" "$status" "$2" "$3"
	cat "$work/out"
	ls "$4"
	failed=1
}

# Both programs, at once: grow NAME=VALUE…, with %s for the folder in a value
record() {
	local name setting

	mkdir "$work/$1.grows" "$work/$1.full"
	for name in grows full; do
		for setting in "${@:2}"; do export "${setting//%s/$work/$1.$name}"; done
		LD_PRELOAD=$path "$lru" $([ $name = full ] && echo 500 || echo 1000000) 2000 4 \
			>/dev/null 2>&1 &
	done
	wait
}

weaker='no births in these profiles'
jemalloc() {
	record jemalloc "MALLOC_CONF=prof:true,prof_accum:true,lg_prof_sample:12,lg_prof_interval:19,prof_prefix:%s/je"
	unset MALLOC_CONF
	[ -n "$(ls "$work/jemalloc.grows")" ] || return # built without its profiler
	done=1
	check "jemalloc, grows" 1 '^#1  put lru_cache.c:[0-9]+ +LEAK \(likely\)' "$work/jemalloc.grows"
	grep -q "$weaker" "$work/out" || failed=1
	check "jemalloc, full" 0 '^NO LEAK' "$work/jemalloc.full"
}

gperftools() {
	record gperftools HEAPPROFILE=%s/gp HEAP_PROFILE_ALLOCATION_INTERVAL=500000
	unset HEAPPROFILE HEAP_PROFILE_ALLOCATION_INTERVAL
	done=1
	check "gperftools, grows" 1 '^#1  put lru_cache.c:[0-9]+ +LEAK \(likely\)' "$work/gperftools.grows"
	grep -q "$weaker" "$work/out" || failed=1
	check "gperftools, full" 0 '^NO LEAK' "$work/gperftools.full"
}

path=$(library libjemalloc.so.2) && jemalloc
path=$(library libtcmalloc.so.4) && gperftools
[ $done = 1 ] || exit 77
[ $failed = 0 ] && echo "verdicts are right"
exit $failed
