#!/usr/bin/env python3
"""Every format with -json is one JSON document that names its report.

usage: json_reports.py PPROF FIXTURES
"""
import json
import os
import subprocess
import sys

FORMATS = {
    "top": "text", "tree": "tree", "peek=.": "tree", "tags": "tags", "traces": "profile",
    "raw": "profile", "proto": "profile", "folded": "profile", "comments": "comments",
    "dot": "graph", "svg": "graph", "callgrind": "graph", "topproto": "text",
    "flamegraph": "flamegraph", "list=.": "list", "weblist=.": "list",
}


def main():
    pprof, fixtures = sys.argv[1:]
    for profile in "cpu.pb.gz", "heap.pb.gz", "odd.pb.gz":
        for flag, name in FORMATS.items():
            done = subprocess.run(
                [pprof, "-symbolize=none", "-json", "-" + flag, os.path.join(fixtures, profile)],
                capture_output=True, check=True)
            report = json.loads(done.stdout.decode("utf-8"))
            assert report["report"] == name, (flag, report["report"])
            if name == "profile":
                known = {location["id"] for location in report["locations"]}
                used = {i for sample in report["samples"] for i in sample["locations"]}
                assert used <= known, flag
            if name == "graph":
                for edge in report["edges"]:
                    assert max(edge["from"], edge["to"]) < len(report["nodes"]), flag
            if name == "flamegraph":
                assert [n["parent"] for n in report["nodes"]].count(-1) == 1, flag


main()
