#!/bin/sh
# merge-archive.sh OUT LD OBJCOPY AR MAP INTERPOSED INPUT...: links the inputs into one object in which only
# the names of the version script and the interposed functions stay global, and archives it.
set -eu
out=$1 ld=$2 objcopy=$3 ar=$4 map=$5 interposed=$6
shift 6
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$ld" -r -o "$dir/all.o" "$@"
# Global names: those in the map, and what the hooks define for everybody.
sed -n 's/^\t\(pprof_[a-z_]*\);$/\1/p' "$map" >"$dir/keep"
awk '$2 == "all" { print $1 }' "$interposed" >>"$dir/keep"
"$objcopy" --keep-global-symbols="$dir/keep" "$dir/all.o" "$dir/libpprof.o"
rm -f "$out"
"$ar" rcs "$out" "$dir/libpprof.o"
