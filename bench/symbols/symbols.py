#!/usr/bin/env python3
"""Times naming random addresses of a program, with inlined calls, ours and the peers interleaved.

usage: symbols.py PPROF BINARY [-n RUNS] [--counts 465,10000,100000]

CPU seconds (user + system, children too) and peak memory as medians. Ours is the whole program:
reading the profile, naming, demangling, writing the profile; `naming` is what bench_names (built
beside the tests) needs for naming and demangling alone, by its own clock. Cold means an empty cache of names; the
files themselves are in memory for all. The peers get the bare addresses (addr2line,
llvm-symbolizer) or the same profile (go tool pprof, only with few addresses: it needs minutes).
"""
import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import pcs  # noqa: E402

BASE = 0x555500000000
GO_LIMIT = 120  # seconds


def measure(argv, stdin=None, env=None, timeout=None):
    """CPU seconds and peak MB of a process and its children; None when it took too long."""
    wrapper = ("import resource,subprocess,sys\n"
               "t = float(sys.argv[1])\n"
               "try:\n"
               "    r = subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL,"
               " stderr=subprocess.DEVNULL, timeout=t or None)\n"
               "except subprocess.TimeoutExpired:\n"
               "    sys.exit(3)\n"
               "u = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
               "print(u.ru_utime + u.ru_stime, u.ru_maxrss / 1024)\n"
               "sys.exit(r.returncode)\n")
    p = subprocess.run([sys.executable, "-c", wrapper, str(timeout or 0)] + argv, stdin=stdin,
                       env=env, stdout=subprocess.PIPE, text=True)
    if p.returncode == 3:
        return None
    if p.returncode:
        sys.exit("%s: exit status %d" % (" ".join(argv), p.returncode))
    return tuple(float(x) for x in p.stdout.split())


def go_pprof():
    go = shutil.which("go")
    tool = os.popen("go tool -n pprof").read().strip() if go else ""
    return tool if tool and os.path.exists(tool) else None


def naming(program, profile, env):
    p = subprocess.run([program, profile], env=env, stdout=subprocess.PIPE, check=True)
    return float(p.stdout)


def medians(rows):
    return tuple(statistics.median(x) for x in zip(*rows))


def one_count(a, n, folder):
    addresses = pcs.pick(a.binary, n, 1)
    profile = os.path.join(folder, "p%d.pb.gz" % n)
    plain = os.path.join(folder, "p%d.txt" % n)
    pcs.write_profile(profile, a.binary, addresses, BASE)
    with open(plain, "w") as f:
        f.writelines("0x%x\n" % x for x in addresses)
    cache = os.path.join(folder, "cache")
    env = dict(os.environ, XDG_CACHE_HOME=cache, PPROF_TMPDIR=folder)
    ours = [a.pprof, "-proto", "-output", os.path.join(folder, "out.pb.gz")]
    rows = {}
    alone = {}
    names = os.path.join(os.path.dirname(a.pprof), "../tests/bench_names")

    def add(name, value):
        rows.setdefault(name, []).append(value)

    for _ in range(a.n):
        for name in ("pprof, cold", "pprof, from cache"):
            if name == "pprof, cold":
                shutil.rmtree(cache, ignore_errors=True)
            add(name, measure(ours + ["-symbolize=local", profile], env=env))
            if name == "pprof, cold":
                shutil.rmtree(cache, ignore_errors=True)
            alone.setdefault(name, []).append(naming(names, profile, env))
        for name, argv in (("llvm-symbolizer", ["llvm-symbolizer", "--obj=" + a.binary]),
                           ("addr2line -afi", ["addr2line", "-afiC", "-e", a.binary])):
            if shutil.which(argv[0]):
                with open(plain) as f:
                    add(name, measure(argv, stdin=f))
    peer = go_pprof()
    if peer and n <= 1000:
        got = measure([peer, "-proto", "-output", os.path.join(folder, "go.pb.gz"),
                       "-symbolize=local", profile], env=env, timeout=GO_LIMIT)
        if got:
            add("go tool pprof", got)
        else:
            print("%8d  go tool pprof: not done after %d s" % (n, GO_LIMIT))
    for name, values in rows.items():
        cpu, rss = medians(values)
        own = "%8.3f" % statistics.median(alone[name]) if name in alone else "       -"
        print("%8d  %-20s %8.3f %s %8.1f" % (len(addresses), name, cpu, own, rss), flush=True)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("pprof")
    p.add_argument("binary")
    p.add_argument("-n", type=int, default=3)
    p.add_argument("--counts", default="465,10000,100000")
    a = p.parse_args()
    print("%s, %.1f MB" % (a.binary, os.path.getsize(a.binary) / 1e6))
    print("%8s  %-20s %8s %8s %8s" % ("pcs", "", "CPU s", "naming", "MB"))
    with tempfile.TemporaryDirectory() as folder:
        for n in a.counts.split(","):
            one_count(a, int(n), folder)


if __name__ == "__main__":
    main()
