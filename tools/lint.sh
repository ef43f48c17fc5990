#!/bin/sh
# clang-tidy with .clang-tidy over every C file: the flags are those of the clang build.
set -eu
cd "$(dirname "$0")/.."
[ -f build-clang/compile_commands.json ] || cmake --preset clang >/dev/null
git ls-files 'src/*.c' | xargs -P "$(nproc)" -n 4 clang-tidy-14 --quiet -p build-clang --warnings-as-errors='*'
