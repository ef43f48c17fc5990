#!/bin/sh
# Fuzzes one target under AddressSanitizer and UBSan: fuzz.sh TARGET SECONDS
# Inputs that libFuzzer finds go to build-fuzz/found/TARGET; the tracked corpus is only read.
set -eu
target=$1
seconds=$2
cd "$(dirname "$0")/.."
[ -f build-fuzz/CMakeCache.txt ] || cmake --preset fuzz >/dev/null
cmake --build build-fuzz -j "$(nproc)" --target "fuzz_$target" >/dev/null
mkdir -p "build-fuzz/found/$target"
exec "build-fuzz/tests/fuzz_$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
	-artifact_prefix="build-fuzz/found/$target-" -print_final_stats=1 \
	"build-fuzz/found/$target" "fuzz/corpus/$target"
