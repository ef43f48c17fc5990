#!/usr/bin/env python3
"""How often pprof and llvm-symbolizer say the same of random addresses, and where they differ.

usage: agree.py PPROF BINARY [-n ADDRESSES] [-v]

Compares the leaf's file:line, and the whole chain of functions (mangled names) leaf first.
Differences are sorted into classes; -v prints the first few of each.
"""
import argparse
import collections
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import pcs  # noqa: E402

BASE = 0x555500000000


def ours(pprof, binary, addresses, folder):
    """address -> [(mangled function, file, line)] from the -raw report."""
    profile = os.path.join(folder, "pcs.pb.gz")
    pcs.write_profile(profile, binary, addresses, BASE)
    text = subprocess.run([pprof, "-raw", "-symbolize=local:demangle=none", profile],
                          capture_output=True, text=True, check=True).stdout
    chains, now, on = {}, None, False
    for line in text.splitlines():
        on = line == "Locations" or on and line != "Mappings"
        if not on or line == "Locations":
            continue
        m = re.match(r" *\d+: 0x([0-9a-f]+) M=\d+ (.*)$", line)
        if m:
            now = chains.setdefault(int(m[1], 16) - BASE, [])
            line = m[2]
        m = re.match(r"(.*) (\S*):(\d+):(\d+) s=\d+", line.strip())
        if m:
            now.append((m[1], m[2], int(m[3])))
    return chains


def theirs(binary, addresses):
    text = subprocess.run(["llvm-symbolizer", "--no-demangle", "--inlines", "--obj=" + binary],
                          input="".join("0x%x\n" % a for a in addresses), capture_output=True,
                          text=True, check=True).stdout
    chains = {}
    for address, block in zip(addresses, text.split("\n\n")):
        lines = block.strip("\n").split("\n")
        chains[address] = []
        for name, place in zip(lines[::2], lines[1::2]):
            file, line, _ = place.rsplit(":", 2)
            chains[address].append((name, file, int(line)))
    return chains


def clean(path):
    return os.path.normpath(path) if path not in ("", "??") else ""


def classify(a, b):
    """One word for what differs between two chains."""
    if not a or not b:
        return "only one knows it"
    if len(a) != len(b):
        return "depth of inlining"
    if [x[0] for x in a[:-1]] == [x[0] for x in b[:-1]]:
        return "name of the outermost function"
    return "name of an inlined function"


def main():
    p = argparse.ArgumentParser()
    p.add_argument("pprof")
    p.add_argument("binary")
    p.add_argument("-n", type=int, default=10000)
    p.add_argument("-v", action="store_true")
    a = p.parse_args()
    addresses = pcs.pick(a.binary, a.n, 7)
    with tempfile.TemporaryDirectory() as folder:
        mine = ours(a.pprof, a.binary, addresses, folder)
    peer = theirs(a.binary, addresses)
    lines = chains = 0
    classes = collections.defaultdict(list)
    for x in addresses:
        m = [(n, clean(f), l) for n, f, l in mine.get(x, [])]
        o = [(n, clean(f), l) for n, f, l in peer[x] if n != "??" or l]
        same_line = (m[0][1:] if m else ("", 0)) == (o[0][1:] if o else ("", 0))
        same_chain = [f[0] for f in m] == [f[0] for f in o]
        lines += same_line
        chains += same_chain
        if not same_line:
            classes["line of the leaf"].append((x, m, o))
        if not same_chain:
            classes["chain: " + classify(m, o)].append((x, m, o))
    n = len(addresses)
    print("%-24s %6d addresses: lines equal %.3f %%, function chains equal %.3f %%" % (
        os.path.basename(a.binary), n, 100 * lines / n, 100 * chains / n))
    for name, found in sorted(classes.items()):
        print("    %-44s %d" % (name, len(found)))
        for x, m, o in found[:5 if a.v else 0]:
            print("      0x%x\n        ours   %s\n        theirs %s" % (x, m, o))


if __name__ == "__main__":
    main()
