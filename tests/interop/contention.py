"""The contention profiles of a running program, as served and as Go's pprof and ours read them.
usage: contention.py BUILD_FOLDER CONTEND_SERVER"""
import os
import re
import shutil
import sys
import time

import harness
from harness import Program, check, get, pprof, run, same, save

KINDS = {"mutex": "keeps_it", "block": "wants_it"}
WHOLE = ("-nodecount=100", "-nodefraction=0", "-edgefraction=0")


def rows(result, what):
    """Function -> flat value in nanoseconds (or a count) of a -top report."""
    same(result.status, 0, what + ": " + result.messages)
    return {name: flat for name, (flat, _) in harness.top_rows(result.text).items()}


def top(tool, path, kind):
    arguments = ["-top", *WHOLE, "-unit=ns" if kind == "delay" else "-unit=count",
                 "-sample_index=" + kind, path]
    return rows(run(*tool, *arguments), "%s %s" % (tool[0], " ".join(arguments)))


def blamed(tool, path, name):
    """The thread that unlocked or waited has the time, and more than anybody else but sleepers."""
    delays, counts = top(tool, path, "delay"), top(tool, path, "contentions")
    culprit = KINDS[name]
    check(delays.get(culprit, 0) > 1e6, "%s has milliseconds in %s" % (culprit, name), delays)
    check(counts.get(culprit, 0) >= 1, "%s has contentions in %s" % (culprit, name), counts)
    if name == "mutex":
        check(delays[culprit] > 10 * delays.get("wants_it", 0), "not those who waited", delays)
    else:
        check(delays.get("waits_for_work", 0) > 1e6, "conditions are waited for", delays)
        check(delays.get("keeps_it", 0) > 1e6, "sleeps are waits", delays)


def texts(server_url):
    for name, first in (("mutex", "--- mutex:"), ("block", "--- contention:")):
        status, headers, body = get(server_url + name + "?debug=1")
        lines = body.decode().splitlines()
        same((status, headers["Content-Type"]), (200, "text/plain; charset=utf-8"), name)
        same(lines[:2], [first, "cycles/second=1000000000"], "the text of " + name)
        check(any(re.match(r"\d+ \d+ @( 0x[0-9a-f]+)+$", line) for line in lines), "it has rows")


def delta(server_url):
    """A difference has its duration and only what was waited for in it."""
    path = save(server_url + "mutex?seconds=1", "mutex-delta.pb.gz")
    text = pprof("-raw", path).text
    seconds = re.search(r"Duration: ([\d.]+)", text)
    check(seconds and 0.9 < float(seconds.group(1)) < 20, "a duration of a second", text[:300])
    delays = top((harness.PPROF,), path, "delay")
    check(1e6 < delays.get("keeps_it", 0) < 20e9, "milliseconds in that second", delays)


def main():
    server = Program(sys.argv[2], env={"PPROF_MUTEX_FRACTION": "1", "PPROF_BLOCK_RATE": "1",
                                       "PPROF_HEAP_RATE": "0"})
    url = server.wait_for(r"listening on (http://\S+)/\n") + "/debug/pprof/"
    tools = [(harness.PPROF,)]
    if shutil.which("go"):
        found = run("go", "tool", "-n", "pprof").text.strip()
        if os.access(found, os.X_OK):
            tools.append((found,))
    time.sleep(1)
    for name in KINDS:
        path = save(url + name, name + ".pb.gz")
        for tool in tools:
            blamed(tool, path, name)
            blamed(tool, url + name, name)
        text = save(url + name + "?debug=1", name + ".txt")
        check(top((harness.PPROF,), text, "delay").get(KINDS[name], 0) > 1e6, "from the text")
    if len(tools) > 1:
        for kind in ("delay", "contentions"):
            # Go's tool does not name what has its symbols in a file of their own.
            theirs, ours = (
                {name: flat for name, flat in top(tool, harness.work + "/mutex.pb.gz", kind).items()
                 if flat} for tool in reversed(tools))
            same(theirs, ours, "both tools' " + kind)
    else:
        print("skip: `go tool pprof` is not installed")
    texts(url)
    delta(url)
    same(get(url + "trace?seconds=1")[0], 501, "trace")
    same(server.process.poll(), None, "the server goes on")
    server.process.stdin.close()
    same(server.process.wait(harness.TIMEOUT), 0, "the server's end")
    harness.finish()


main()
