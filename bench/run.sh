#!/bin/sh
# Everything that is measured, ours and the peers interleaved in one run; called by `make bench`.
# usage: run.sh BUILD_FOLDER     Figures vary with the machine: compare ratios, not seconds.
set -eu
cd "$(dirname "$0")/.."
build=$1
tools/setup.sh --peers

echo "== machine"
grep -m1 'model name' /proc/cpuinfo || true
uname -sr
nproc

echo "== heap sampling: ns added to a malloc+free pair"
bench/overhead/pairs.sh "$build"

echo "== heap sampling: a program that only allocates"
bench/overhead/micro.sh "$build"

echo "== heap sampling: start-up and memory"
bench/overhead/fixed.sh "$build"

echo "== heap sampling: real programs, CPU time"
bench/overhead/real.sh "$build"

echo "== unwinding: ns a frame"
"$build/tests/bench_unwind" 30 60

echo "== unwinding: our stacks beside libunwind's"
bench/unwind/agree.sh "$build"

echo "== the tool: -top"
data=$build/bench-data
mkdir -p "$data"
[ -f "$data/1e5.pb.gz" ] || "$build/tests/gen_profile" 100000 plain 1 "$data/1e5.pb.gz"
[ -f "$data/1e5-labels.pb.gz" ] || "$build/tests/gen_profile" 100000 labels 1 "$data/1e5-labels.pb.gz"
bench/tool/compare.py "$build/bin/pprof" "$data/1e5.pb.gz" "$data/1e5-labels.pb.gz"
for profile in ../shared/corpus/large/*; do
	[ -f "$profile" ] && bench/tool/compare.py "$build/bin/pprof" "$profile"
done
if [ -n "${BENCH_LARGE:-}" ]; then
	[ -f "$data/1e6.pb.gz" ] || "$build/tests/gen_profile" 1000000 plain 1 "$data/1e6.pb.gz"
	bench/tool/compare.py -n 1 "$build/bin/pprof" "$data/1e6.pb.gz"
else
	echo "(BENCH_LARGE=1 adds 1e6 samples: the peer needs minutes)"
fi
