#!/usr/bin/env python3
"""Times the same report by our pprof and by google/pprof (go tool pprof), interleaved in one run.

usage: compare.py PPROF [-n RUNS] [--report FLAG] PROFILE...

Prints CPU seconds (user + system of the whole process) and peak memory as medians, and the ratio
of the medians. Neither symbolizes. The peer is left out, with a line saying so, where there is no
go command. There is no verdict: figures are for people.
"""
import argparse
import os
import shutil
import statistics
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
    a = p.parse_args()
    peer = go_pprof()
    if not peer:
        print("no go command here: google/pprof is not measured")
    print("%-28s %10s %10s %8s %10s %10s %8s" % (
        a.report, "ours CPU s", "peer CPU s", "peer/our", "ours MB", "peer MB", "peer/our"))
    for profile in a.profiles:
        ours, theirs = [], []
        for _ in range(a.n):
            ours.append(run([a.pprof, a.report, "-symbolize=none", profile]))
            if peer:
                theirs.append(run([peer, a.report, "-symbolize=none", profile]))
        cpu, rss = (statistics.median(x) for x in zip(*ours))
        row = "%-28s %10.3f" % (os.path.basename(profile), cpu)
        if peer:
            peer_cpu, peer_rss = (statistics.median(x) for x in zip(*theirs))
            row += " %10.3f %8.1f %10.1f %10.1f %8.1f" % (
                peer_cpu, peer_cpu / max(cpu, 0.001), rss / 1024, peer_rss / 1024, peer_rss / rss)
        else:
            row += " %10s %8s %10.1f" % ("-", "-", rss / 1024)
        print(row, flush=True)


if __name__ == "__main__":
    main()
