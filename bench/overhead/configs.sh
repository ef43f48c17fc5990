# The allocators and profilers that the scripts here compare; sourced by them. Sets the array
# `configs`: one "name|name of its base|environment" each, all at one sample in 512 KiB. A profiler's
# base is the same allocator without profiling. What is not installed is left out with a line on
# stderr.
# shellcheck shell=bash
preload=$build/lib/libpprof_preload.so

library() { ldconfig -p | awk -v name="$1" '$1 == name { print $NF; exit }'; }

# over NAME LIBRARY PACKAGE: the allocator, and libpprof on top of it.
over() {
	if [ -z "$2" ]; then
		echo "$1 is left out: package $3 is not installed" >&2
		return 1
	fi
	configs+=("$1||LD_PRELOAD=$2" "$1+libpprof|$1|LD_PRELOAD=$preload:$2")
}

configs=("glibc||A=" "glibc+libpprof off|glibc|LD_PRELOAD=$preload PPROF_HEAP_RATE=0"
	"glibc+libpprof|glibc|LD_PRELOAD=$preload")
over mimalloc "$(library libmimalloc.so.2)" libmimalloc2.0 || true
tcmalloc=$(library libtcmalloc.so.4)
if over tcmalloc "$tcmalloc" libgoogle-perftools4; then
	configs+=("tcmalloc sampling|tcmalloc|LD_PRELOAD=$tcmalloc TCMALLOC_SAMPLE_PARAMETER=524288")
fi
jemalloc=$(library libjemalloc.so.2)
if over jemalloc "$jemalloc" libjemalloc2; then
	profiling=prof:true,prof_active:true,lg_prof_sample:19
	configs+=("jemalloc profiling|jemalloc|LD_PRELOAD=$jemalloc MALLOC_CONF=$profiling")
fi

# Not in `configs`, as it is several times slower: scripts that have the time add it.
heaptrack=
for file in /usr/lib/heaptrack/libheaptrack_preload.so \
	/usr/lib/*/heaptrack/libheaptrack_preload.so; do
	[ -f "$file" ] && heaptrack="heaptrack|glibc|LD_PRELOAD=$file DUMP_HEAPTRACK_OUTPUT=/dev/null"
done
[ -n "$heaptrack" ] || echo "heaptrack is left out: package heaptrack is not installed" >&2
