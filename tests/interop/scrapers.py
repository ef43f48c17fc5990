"""Requests as Parca and Grafana Alloy send them, and what the two insist on before they store an
answer. Both are Go programs: HTTP/1.1, `Accept-Encoding: gzip`, kept-alive connections. Parca takes
only status 200; Alloy takes 2xx, refuses pages, and subtracts one scrape of allocs from the next,
so that these values must never fall.    usage: scrapers.py BUILD_FOLDER"""
import http.client
import threading
import time

import harness
from harness import EXAMPLES, Server, check, same
from proto_reader import Profile

HEAP_TYPES = [("alloc_objects", "count"), ("alloc_space", "bytes"), ("inuse_objects", "count"),
              ("inuse_space", "bytes")]
SCRAPERS = {"Parca": "conprof/0.24.2", "Alloy": "Alloy/v1.12.0 (linux; docker)"}


class Scraper:
    """One of them, with its own kept-alive connection."""

    def __init__(self, name, server):
        self.name = name
        self.connection = http.client.HTTPConnection(server.url.split("//")[1],
                                                     timeout=harness.TIMEOUT)

    def scrape(self, path):
        """The profile, after the checks both make on every answer; None when it is none."""
        what = "%s: %s" % (self.name, path)
        self.connection.request("GET", path, headers={
            "User-Agent": SCRAPERS[self.name], "Accept-Encoding": "gzip"})
        answer = self.connection.getresponse()
        body = answer.read()
        kind = answer.getheader("Content-Type", "")
        same(answer.status, 200, what)
        check(kind.startswith("application/octet-stream"), what + ": content type", kind)
        same(answer.getheader("Content-Encoding"), None, what + ": the gzip is the profile's own")
        same(answer.getheader("Content-Length"), str(len(body)), what + ": length")
        check(answer.getheader("Connection", "") != "close", what + ": connection is kept")
        if not check(body[:2] == b"\x1f\x8b", what + ": gzip", body[:100]):
            return None
        profile = Profile(body)
        wrong = profile.check()
        check(not wrong, what + ": well-formed", "\n".join(wrong))
        return profile


def heap_kind(profile, what):
    same(profile.types(), HEAP_TYPES, what + ": sample types")
    same([profile.pair(t) for t in profile.period_type], [("space", "bytes")],
         what + ": period type")
    same(profile.period, 1024, what + ": period")
    check(abs(profile.time_nanos / 1e9 - time.time()) < 60, what + ": time", profile.time_nanos)
    check(profile.sample and profile.mapping, what + ": has samples and mappings")
    check(all(any(s.value) for s in profile.sample), what + ": no sample is all zero")
    check(profile.mapping and profile.text(profile.mapping[0].file).endswith("leaky_server") and
          len(profile.text(profile.mapping[0].build_id)) == 40,
          what + ": the program comes first, with its build id")


def snapshots(scraper):
    for path, default in (("heap", "inuse_space"), ("allocs", "alloc_space")):
        profile = scraper.scrape("/debug/pprof/" + path)
        heap_kind(profile, path)
        same(profile.text(profile.default_sample_type), default, path + ": default sample type")
        same(profile.duration_nanos, 0, path + ": a snapshot has no duration")


def deltas(scraper, server, path):
    """What was allocated during the second, and nothing from before it."""
    before = scraper.scrape("/debug/pprof/allocs").total("alloc_space")
    answered = threading.Event()

    def load():
        while not answered.is_set():
            server.load(100)

    # All the time, as nobody knows when the second begins.
    loading = threading.Thread(target=load)
    loading.start()
    profile = scraper.scrape(path)
    answered.set()
    loading.join()
    after = scraper.scrape("/debug/pprof/allocs").total("alloc_space")
    heap_kind(profile, path)
    check(.9e9 < profile.duration_nanos < 5e9, path + ": duration", profile.duration_nanos)
    total = profile.total("alloc_space")
    check(0 < total <= after - before, path + ": values",
          "%d, between two snapshots that differ by %d" % (total, after - before))


def values_never_fall(scraper, server):
    """Stack by stack, over scrapes with load between them: what Alloy subtracts stays positive."""
    last = {}
    for _ in range(3):
        profile = scraper.scrape("/debug/pprof/allocs")
        for name in ("alloc_objects", "alloc_space"):
            now = profile.by_stack(name)
            fallen = [k for k, v in last.get(name, {}).items() if now.get(k, 0) < v]
            check(not fallen, "%s never falls" % name, fallen[:3])
            last[name] = now
        server.load(1000)


def not_there(scraper):
    """A profile that does not exist is an error, not a page that would be stored."""
    status, headers, body = harness.get(server.url + "/debug/pprof/nothing",
                                        User_Agent=SCRAPERS[scraper.name])
    same(status, 404, "an unknown profile")
    check(headers.get_content_type() == "text/plain" and body.startswith(b"Unknown profile"),
          "and its text", body)


server = Server(EXAMPLES + "/leaky_server")
server.load(3000)
for name in SCRAPERS:
    scraper = Scraper(name, server)
    snapshots(scraper)
    not_there(scraper)
deltas(scraper, server, "/debug/pprof/heap?seconds=1")
deltas(scraper, server, "/debug/pprof/allocs?seconds=1")
values_never_fall(scraper, server)
same(server.stop(), 0, "the server's end")
harness.finish()
