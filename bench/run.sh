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

echo "== contention profiles: ns added to a lock+unlock pair"
bench/overhead/mutex.sh "$build"

echo "== CPU profiles: time added, and time accounted for"
bench/overhead/cpu.sh "$build"

echo "== a sample of CPU time: ns after the kernel's part"
"$build/tests/bench_capture"

echo "== unwinding: ns a frame"
"$build/tests/bench_unwind" 30 60

echo "== unwinding: our stacks beside libunwind's"
bench/unwind/agree.sh "$build"

echo "== verdicts on simulated programs: how many leaks are found, what else is called one"
"$build/tests/leaks_table" 40 1
if [ -n "${BENCH_LEAKS:-}" ]; then
	echo "== verdicts on real programs"
	bench/leaks/real.sh "$build"
else
	echo "(BENCH_LEAKS=1 adds real programs: ten minutes)"
fi

data=$build/bench-data
mkdir -p "$data"
profile() { # samples, labels|plain, seed; prints the file's name
	file=$data/$1-$2-$3.pb.gz
	[ -f "$file" ] || "$build/tests/gen_profile" "$1" "$2" "$3" "$file"
	echo "$file"
}
compare() {
	bench/tool/compare.py "$build/bin/pprof" "$@"
}

echo "== names: a large C++ program, and the C library (building the program takes minutes, once)"
bench/symbols/big_cpp.sh "$data/big_cpp"
libc=$(ldd "$build/bin/pprof" | awk '$1 == "libc.so.6" { print $3 }')
for binary in "$data/big_cpp/big_cpp" "$libc"; do
	bench/symbols/symbols.py "$build/bin/pprof" "$binary"
	bench/symbols/agree.py "$build/bin/pprof" "$binary"
done

echo "== the tool: 1e5 samples with labels, 10 x 1e5 merged, small files"
compare -n 1 --report=-top,-dot "$(profile 100000 labels 1)"
merged=
for seed in 1 2 3 4 5 6 7 8 9 10; do
	merged="$merged $(profile 100000 plain $seed)"
done
# shellcheck disable=SC2086 # a list of names without spaces
compare -n 1 --report=-proto --merge $merged
compare -n 10 "$build/tests/golden/fixtures/heap.pb.gz"
for file in ../shared/corpus/large/*; do
	[ -f "$file" ] || continue
	runs=1
	[ "$(stat -c %s "$file")" -gt 5000000 ] || runs=10
	compare -n $runs "$file"
done

echo "== the tool: cost grows with the samples (ours alone)"
for samples in 10000 30000 100000 300000 1000000 3000000; do
	compare -n 1 --alone "$(profile $samples plain 1)" | tail -n 1
done

echo "== the tool: 1e6 samples"
if [ -n "${BENCH_LARGE:-}" ]; then
	compare -n 1 --report=-top,-tree,-dot,-raw,-proto "$(profile 1000000 plain 1)"
else
	compare -n 3 --alone --report=-top,-tree,-dot,-raw,-proto "$(profile 1000000 plain 1)"
	echo "(BENCH_LARGE=1 adds the peer, which needs minutes)"
fi
