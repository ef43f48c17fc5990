#!/usr/bin/env python3
"""Times the same report by our pprof and by google/pprof (go tool pprof), interleaved in one run.

usage: compare.py PPROF [-n RUNS] [--report FLAG,FLAG...] [--merge] [--alone] PROFILE...

Prints CPU seconds (user + system of the whole process) and peak memory as the least of the runs,
which other work on the machine disturbs least, and their ratios. One row a report and profile; with
--merge all profiles are given to one command. Neither symbolizes. --alone leaves the peer out. The peer is left out, with a line saying so, where there is no
go command. There is no verdict: figures are for people.
"""
import argparse
import os
import shutil
import sys
import tempfile


def run(argv):
    """CPU seconds and peak KiB of one process, its output thrown away."""
    pid = os.fork()
    if pid == 0:
        null = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        os.environ["PPROF_TMPDIR"] = tempfile.gettempdir()
        os.execvp(argv[0], argv)
    _, status, usage = os.wait4(pid, 0)
    if status != 0:
        sys.exit("%s: exit status %d" % (" ".join(argv), status))
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def go_pprof():
    """Path of google/pprof as the go command ships it, so that the go command itself is not timed."""
    go = shutil.which("go")
    if not go:
        return None
    tool = os.popen("go tool -n pprof").read().strip()
    return tool if tool and os.path.exists(tool) else None


def main():
    p = argparse.ArgumentParser()
    p.add_argument("pprof")
    p.add_argument("profiles", nargs="+")
    p.add_argument("-n", type=int, default=3)
    p.add_argument("--report", default="-top")
    p.add_argument("--merge", action="store_true")
    p.add_argument("--alone", action="store_true")
    a = p.parse_args()
    peer = None if a.alone else go_pprof()
    if not peer and not a.alone:
        print("no go command here: google/pprof is not measured")
    print("%-36s %10s %10s %8s %10s %10s %8s" % (
        "", "ours CPU s", "peer CPU s", "peer/our", "ours MB", "peer MB", "peer/our"))
    for report in a.report.split(","):
        for sources in [a.profiles] if a.merge else [[profile] for profile in a.profiles]:
            name = os.path.basename(sources[0]) + (" x %d" % len(sources) if a.merge else "")
            print_row("%s %s" % (report, name), a, peer, [report, "-symbolize=none"] + sources)


def least(runs):
    return tuple(min(x) for x in zip(*runs))


def print_row(name, a, peer, arguments):
    ours, theirs = [], []
    for _ in range(a.n):
        ours.append(run([a.pprof] + arguments))
        if peer:
            theirs.append(run([peer] + arguments))
    cpu, rss = least(ours)
    row = "%-36s %10.3f" % (name, cpu)
    if peer:
        peer_cpu, peer_rss = least(theirs)
        row += " %10.3f %8.1f %10.1f %10.1f %8.1f" % (
            peer_cpu, peer_cpu / max(cpu, 0.001), rss / 1024, peer_rss / 1024, peer_rss / rss)
    else:
        row += " %10s %8s %10.1f" % ("-", "-", rss / 1024)
    print(row, flush=True)


if __name__ == "__main__":
    main()
