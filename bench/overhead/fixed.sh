#!/bin/bash
# fixed.sh BUILD-DIR: what the runtime costs at start-up, and its memory: fixed and a live sample.
set -eu
build=$(cd "${1:?usage: fixed.sh BUILD-DIR}" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
preload=$build/lib/libpprof_preload.so
${CC:-cc} -O2 -fno-builtin -o "$work/fixed" "$here/fixed.c"

"$work/fixed" start "$preload"
read -r bare _ <<<"$("$work/fixed" memory 0)"
read -r idle _ <<<"$(LD_PRELOAD=$preload "$work/fixed" memory 0)"
echo "fixed: $((idle - bare)) KB of private memory before the first sample"
read -r _ one <<<"$(LD_PRELOAD=$preload PPROF_HEAP_RATE=1 "$work/fixed" memory 1)"
echo "fixed: $((one - bare)) KB after it"
read -r _ none <<<"$(LD_PRELOAD=$preload PPROF_HEAP_RATE=0 "$work/fixed" memory 1)"
for n in 5000 20000 100000; do
	read -r _ off <<<"$(LD_PRELOAD=$preload PPROF_HEAP_RATE=0 "$work/fixed" memory $n)"
	read -r _ on <<<"$(LD_PRELOAD=$preload PPROF_HEAP_RATE=1 "$work/fixed" memory $n)"
	more=$((on - one - (off - none)))
	echo "$n live samples: $more KB more, $((more * 1024 / n)) bytes each"
done
