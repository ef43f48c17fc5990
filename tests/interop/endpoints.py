"""Every profile that the runtime's own endpoint has, as others' clients take it: the requests of
Parca and Grafana Alloy with what the two insist on, and Go's pprof and ours with top, list and the
graph as dot and SVG.    usage: endpoints.py BUILD_FOLDER CONTEND_SERVER"""
import os
import shutil
import sys
import threading
import time

import harness
from harness import BUILD, PPROF, Program, check, get, run, same, write
from proto_reader import Profile

HEAP = [("alloc_objects", "count"), ("alloc_space", "bytes"), ("inuse_objects", "count"),
        ("inuse_space", "bytes")]
RETAINED = [("inuse_objects", "count"), ("inuse_samples", "count"), ("inuse_space", "bytes")]
CONTENTION = [("contentions", "count"), ("delay", "nanoseconds")]
CPU = [("samples", "count"), ("cpu", "nanoseconds")]


def count_of(name):
    return [(name, "count")]


# Path, sample types, period type, a function that it must name, whether it has a duration.
PROFILES = [
    ("heap", HEAP, ("space", "bytes"), "keeps_memory", False),
    ("allocs", HEAP, ("space", "bytes"), "keeps_memory", False),
    ("mmap", HEAP, ("space", "bytes"), "maps_memory", False),
    ("retained", RETAINED, ("space", "bytes"), "keeps_memory", False),
    ("block", CONTENTION, ("contentions", "count"), "wants_it", False),
    ("mutex", CONTENTION, ("contentions", "count"), "keeps_it", False),
    ("goroutine", count_of("goroutine"), ("goroutine", "count"), "waits_for_work", False),
    ("threads", count_of("threads"), ("threads", "count"), "waits_for_work", False),
    ("threadcreate", count_of("threadcreate"), ("threadcreate", "count"), "main", False),
    ("fd", count_of("fd"), ("fd", "count"), "opens_a_file", False),
    ("contend/jobs", count_of("contend/jobs"), ("contend/jobs", "count"), "adds_a_job", False),
    ("profile?seconds=1", CPU, ("cpu", "nanoseconds"), "spend_2_ms", True),
    ("block?seconds=1", CONTENTION, ("contentions", "count"), "wants_it", True),
    ("mutex?seconds=1", CONTENTION, ("contentions", "count"), "keeps_it", True),
    ("goroutine?seconds=1", count_of("goroutine"), ("goroutine", "count"), None, True),
]
# What each asks for by default; both give the CPU profile a second or more less than the interval.
ALLOY = {"User-Agent": "Alloy/v1.12.0 (linux; docker)", "Accept-Encoding": "gzip"}
PARCA = {"User-Agent": "conprof/0.24.2", "Accept-Encoding": "gzip"}
DEFAULT = ["allocs", "block", "goroutine", "mutex", "profile?seconds=1"]
# The two change a shared map of parameters, so that those of the CPU profile may go along.
LEAKED = ["allocs?seconds=1", "goroutine?seconds=1"]


def well_formed(url, path, headers):
    """The profile, after what both scrapers check; None when it is none."""
    what = "%s: %s" % (headers["User-Agent"].split("/")[0], path)
    status, got, body = get(url + path, **{k.replace("-", "_"): v for k, v in headers.items()})
    same(status, 200, what)
    check(got.get("Content-Type", "").startswith("application/octet-stream"),
          what + ": content type", got.get("Content-Type"))
    same(got.get("Content-Encoding"), None, what + ": the gzip is the profile's own")
    name, _, query = path.partition("?")
    delta = "-delta" if query and name != "profile" else ""
    same(got.get("Content-Disposition"), 'attachment; filename="%s%s"' % (name, delta), what)
    if not check(body[:2] == b"\x1f\x8b", what + ": gzip", body[:200]):
        return None, body
    profile = Profile(body)
    wrong = profile.check()
    check(not wrong, what + ": well-formed", "\n".join(wrong))
    check(abs(profile.time_nanos / 1e9 - time.time()) < 60, what + ": time", profile.time_nanos)
    seconds = profile.duration_nanos / 1e9
    check(.9 < seconds < 60 if query else seconds == 0, what + ": duration", seconds)
    return profile, body


def scraped(url, agent):
    for path in DEFAULT + LEAKED:
        well_formed(url, path, agent)


def shaped(url, path, types, period, has_samples):
    """Saved under the name that is returned."""
    profile, body = well_formed(url, path, PARCA)
    if profile:
        same(profile.types(), types, path + ": sample types")
        same([profile.pair(t) for t in profile.period_type], [period], path + ": period type")
        check(profile.sample or not has_samples, path + ": has samples")
    return write(path.translate(str.maketrans("/?=", "___")) + ".pb.gz", body)


def tools():
    """Ours and, where there is one, Go's."""
    found = [PPROF]
    if shutil.which("go"):
        go = run("go", "tool", "-n", "pprof").text.strip()
        if os.access(go, os.X_OK):
            return found + [go]
    print("skip: `go tool pprof` is not installed; only ours reads the profiles")
    return found


def reports(tool, source, function):
    who = os.path.basename(os.path.dirname(tool)) + "/pprof "
    whole = ["-nodecount=1000", "-nodefraction=0", "-edgefraction=0"]

    def report(*arguments):
        result = run(tool, *arguments, *whole, source)
        same(result.status, 0, who + " ".join(arguments) + " " + source + result.messages)
        return result.text

    check(" " + function + "\n" in report("-top"), "%s-top names %s" % (who, function), source)
    text = report("-list=^%s$" % function)
    check("ROUTINE ======================== %s in" % function in text and "contend_server.c" in text,
          "%s-list shows %s" % (who, function), text)
    text = report("-dot")
    check(text.startswith("digraph") and function in text, who + "-dot", text[:300])
    if shutil.which("dot"):
        text = report("-svg")
        check("<svg" in text and function in text, who + "-svg", text[:300])


def read_all(tool, saved):
    for source, function in saved:
        if function:
            reports(tool, source, function)


def main():
    server = Program(sys.argv[2], env={
        "LD_PRELOAD": BUILD + "/lib/libpprof_preload.so", "PPROF_FD": "1", "PPROF_MMAP": "1",
        "PPROF_HEAP_RATE": "1", "PPROF_MUTEX_FRACTION": "1", "PPROF_BLOCK_RATE": "1"})
    url = server.wait_for(r"listening on (http://\S+)/\n") + "/debug/pprof/"
    time.sleep(1)
    scrapers = [threading.Thread(target=scraped, args=(url, PARCA))]
    for thread in scrapers:
        thread.start()
    saved = [(shaped(url, path, types, period, function is not None), function)
             for path, types, period, function, _ in PROFILES if path != "profile?seconds=1"]
    for thread in scrapers:
        thread.join()
    scraped(url, ALLOY)
    path, types, period, function, _ = [p for p in PROFILES if p[1] is CPU][0]
    saved.append((shaped(url, path, types, period, True), function))
    readers = [threading.Thread(target=read_all, args=(tool, saved)) for tool in tools()]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    for tool in tools():
        # Go's tool asks for the CPU profile itself, too.
        for path in ("heap", "mutex", "profile?seconds=1"):
            result = run(tool, "-top", url + path)
            check(result.status == 0 and "flat%" in result.text, "%s -top %s" % (tool, url + path),
                  result.text + result.messages)
    same(server.process.poll(), None, "the server goes on")
    server.process.stdin.close()
    same(server.process.wait(harness.TIMEOUT), 0, "the server's end")
    harness.finish()


main()
