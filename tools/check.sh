#!/bin/sh
# The checks beyond `make test`: warnings as errors under gcc and clang, tests under ASan and UBSan,
# and formatting. Called by `make check` and by CI.
set -eu
cd "$(dirname "$0")/.."
jobs=$(nproc)

say() { printf '== %s\n' "$*"; }

say "formatting"
git ls-files '*.c' '*.h' | xargs clang-format-14 --dry-run --Werror

say "clang, warnings are errors"
cmake --preset clang >build-clang.log 2>&1 || { cat build-clang.log; exit 1; }
cmake --build build-clang -j "$jobs" >build-clang.log 2>&1 || { tail -50 build-clang.log; exit 1; }

say "gcc with AddressSanitizer and UBSan, warnings are errors"
cmake --preset asan >build-asan.log 2>&1 || { cat build-asan.log; exit 1; }
cmake --build build-asan -j "$jobs" >build-asan.log 2>&1 || { tail -50 build-asan.log; exit 1; }
rm -f build-clang.log build-asan.log
# The runtime replaces malloc, which the sanitizer does too: its process tests run plain.
ctest --test-dir build-asan --output-on-failure -j "$jobs" -L 'unit|golden|property|fault|fuzz|interop'

say "a minute of fuzzing"
for target in decode legacy foreign symbols cfi http1 state verdicts retained; do
	tools/fuzz.sh "$target" 10 >fuzz.log 2>&1 || { tail -40 fuzz.log; exit 1; }
	rm -f fuzz.log
done
say "all checks passed"
