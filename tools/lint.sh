#!/bin/sh
# clang-tidy with .clang-tidy over every C file of the build: lint.sh BUILD_FOLDER
set -eu
cd "$(dirname "$0")/.."
git ls-files 'src/*.c' | xargs -P "$(nproc)" -n 4 clang-tidy-14 --quiet -p "$1" --warnings-as-errors='*'
