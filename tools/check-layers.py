#!/usr/bin/env python3
"""Holds the architecture: who may include whom, no cycles, no long files, unique names.

usage: check-layers.py ROOT

The include table is the one in docs/ARCHITECTURE.md (a table with the columns "room" and "may
use"), so that page and check cannot drift apart.
"""
import os
import re
import sys

MAX_LINES = 800
SOURCES = (".c", ".h", ".ts", ".tsx", ".py", ".sh")


def read_table(root):
    """room -> set of rooms it may include from, read from docs/ARCHITECTURE.md."""
    may = {}
    with open(os.path.join(root, "docs/ARCHITECTURE.md"), encoding="utf-8") as f:
        for line in f:
            m = re.match(r"\|\s*`?([a-z]+(?:,\s*[a-z]+)*)`?\s*\|\s*([a-z –-]*)\|\s*$", line)
            if m and m.group(1) != "room":
                used = {r for r in m.group(2).split() if r.isalpha()}
                for room in re.split(r",\s*", m.group(1)):
                    may[room] = used
    return may


def find_cycle(may):
    """A list of rooms that use each other in a ring, or None."""
    done, path = set(), []

    def visit(room):
        if room in path:
            return path[path.index(room):] + [room]
        if room in done:
            return None
        path.append(room)
        for used in sorted(may.get(room, ())):
            ring = visit(used)
            if ring:
                return ring
        path.pop()
        done.add(room)
        return None

    for room in sorted(may):
        ring = visit(room)
        if ring:
            return ring
    return None


def walk(top, suffixes):
    for folder, dirs, files in os.walk(top):
        dirs[:] = sorted(d for d in dirs if d not in ("node_modules", ".git") and not d.startswith("build"))
        for name in sorted(files):
            if name.endswith(suffixes):
                yield os.path.join(folder, name)


def check_includes(root, may):
    src = os.path.join(root, "src")
    for path in walk(src, (".c", ".h")):
        rel = os.path.relpath(path, root)
        room = rel.split(os.sep)[1]
        if room not in may:
            yield f"{rel}: {room}/ is not in the table of docs/ARCHITECTURE.md"
            continue
        with open(path, encoding="utf-8") as f:
            for number, line in enumerate(f, 1):
                m = re.match(r'\s*#\s*include\s+"([a-z_]+)/', line)
                if m and m.group(1) not in may[room] | {room, "pprof"}:
                    yield f"{rel}:{number}: {room}/ may not include {m.group(1)}/"
                elif re.match(r'\s*#\s*include\s+"[^/"]+"', line):
                    yield f"{rel}:{number}: includes are written with their folder"


def check_sizes(root):
    for path in walk(root, SOURCES):
        with open(path, encoding="utf-8", errors="replace") as f:
            n = sum(1 for _ in f)
        if n > MAX_LINES:
            yield f"{os.path.relpath(path, root)}: {n} lines, more than {MAX_LINES}: split by job"


def check_names(root):
    seen = {}
    for path in walk(os.path.join(root, "src"), (".c", ".h")):
        name = os.path.basename(path)
        if name in seen:
            yield f"{os.path.relpath(path, root)}: same name as {seen[name]}"
        seen[name] = os.path.relpath(path, root)


def main():
    root = sys.argv[1]
    may = read_table(root)
    faults = [] if may else ["docs/ARCHITECTURE.md: no include table found"]
    ring = find_cycle(may)
    if ring:
        faults.append("the include table has a cycle: " + " -> ".join(ring))
    for check in (check_includes(root, may), check_sizes(root), check_names(root)):
        faults += check
    for fault in faults:
        print(fault)
    print(f"{len(may)} rooms checked, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
