#!/bin/sh
# merge-archive.sh OUT LD OBJCOPY AR MAP INPUT...: links the inputs into one object in which only
# the names of the version script and the interposed functions stay global, and archives it.
set -eu
out=$1 ld=$2 objcopy=$3 ar=$4 map=$5
shift 5
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$ld" -r -o "$dir/all.o" "$@"
# Global names: those in the map, and what the first inputs (the hooks) define for everybody.
sed -n 's/^\t\(pprof_[a-z_]*\);$/\1/p' "$map" >"$dir/keep"
cat >>"$dir/keep" <<'END'
malloc
calloc
realloc
reallocarray
free
cfree
free_sized
free_aligned_sized
memalign
aligned_alloc
posix_memalign
valloc
pvalloc
malloc_usable_size
dlclose
END
"$objcopy" --keep-global-symbols="$dir/keep" "$dir/all.o" "$dir/libpprof.o"
rm -f "$out"
"$ar" rcs "$out" "$dir/libpprof.o"
