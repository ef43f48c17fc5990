"""The story of the README on the example servers: what they answer, that the heap profile holds
what they hold, and how they end.    usage: storyline.py BUILD_FOLDER"""
import re
import signal
import socket
import threading

import harness
from harness import EXAMPLES, Server, check, get, pprof, same
from proto_reader import Profile

COUNT = 20000
TEXT = "text/plain; charset=utf-8"


def stats(server):
    status, _, body = get(server.url + "/stats")
    found = re.fullmatch(rb"entries=(\d+) bytes=(\d+)\n", body)
    if not check(status == 200 and found, "/stats", body):
        return 0, 0
    return int(found.group(1)), int(found.group(2))


def answers(server):
    status, headers, body = get(server.url + "/")
    same((status, headers["Content-Type"]), (200, TEXT), "GET /")
    check(b"/debug/pprof/" in body, "GET / says where the profiles are", body)
    status, _, body = get(server.url + "/nothing/here")
    same(status, 404, "a page that does not exist")
    check(b"/nothing/here" in body, "and which it was", body)
    status, headers, body = get(server.url + "/debug/pprof/")
    same((status, headers.get_content_type()), (200, "text/html"), "GET /debug/pprof/")
    check(b"heap" in body and b"allocs" in body, "the index names the profiles", body)
    same(stats(server), (0, 0), "nothing is held before the first request")


def unique_ids(server, threads=8, each=50):
    """Every answer has an id of its own, also when many ask at once."""
    ids = []

    def ask():
        for _ in range(each):
            status, _, body = get(server.url + "/process")
            found = re.fullmatch(rb"Processed request: (\d+)\n", body)
            ids.append(int(found.group(1)) if status == 200 and found else body)

    running = [threading.Thread(target=ask) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    same(len(set(ids)), threads * each, "ids are unique")
    same(sorted(ids, key=str), sorted(range(1, threads * each + 1), key=str), "ids count from 1")
    same(stats(server)[0], threads * each, "each is kept")


def near(got, want, part, what):
    check(abs(got - want) <= part * want, "%s: %d for %d held" % (what, got, want))


def profile_holds_what_the_server_holds(server):
    entries, held = stats(server)
    check(held >= entries * 1000, "about 1 KB an entry: %d in %d" % (held, entries))
    top = pprof("-top", "-unit=B", "-focus=^leaky_handler$", server.heap)
    rows = harness.top_rows(top.text)
    if check("leaky_handler" in rows, "-top names the handler", top.text + top.messages):
        near(rows["leaky_handler"][0], held, .05, "in use according to -top")
        same(next(iter(rows)), "leaky_handler", "the handler comes first")
    objects = pprof("-top", "-unit=B", "-sample_index=inuse_objects", "-focus=^leaky_handler$",
                    server.heap)
    near(harness.top_rows(objects.text).get("leaky_handler", (0,))[0], entries, .05,
         "objects in use")
    marked = pprof("-list", "^leaky_handler$", "-unit=B", server.heap)
    rows = [row for row in marked.text.splitlines() if "calloc(1, sizeof *entry)" in row]
    if check(len(rows) == 1, "-list shows the line that stores", marked.text + marked.messages):
        near(float(rows[0].split()[0].rstrip("B")), held, .05, "in use at that line")


def nothing_is_lost_when_freed():
    """The mended server under the same load: entries go, and so do they in the profile."""
    server = Server(EXAMPLES + "/ttl_server", "0", "1")
    answers(server)
    server.load(COUNT)
    for _ in range(100):
        if stats(server)[0] == 0:
            break
        threading.Event().wait(.1)
    same(stats(server)[0], 0, "the janitor frees what has expired")
    profile = Profile(get(server.heap)[2])
    total, in_use = profile.total("alloc_space"), profile.total("inuse_space")
    check(total > COUNT * 1000 * .9, "what was allocated: %d" % total)
    check(in_use < total * .1, "in use %d of %d" % (in_use, total))
    return server


def ends(server, how):
    """Cleanly, also with connections open: status 0, nothing said but where it listened."""
    host, port = server.url.rsplit("/", 1)[1].split(":")
    with socket.create_connection((host, int(port))) as idle:
        same(server.stop(how), 0, "%s ends %s" % (signal.Signals(how).name, server.process.args[0]))
        idle.settimeout(harness.TIMEOUT)
        try:
            same(idle.recv(1), b"", "an open connection is closed")
        except ConnectionResetError:
            pass  # closed as well
    same(server.said(), "listening on %s/\n" % server.url, "all it printed")


leaky = Server(EXAMPLES + "/leaky_server")
answers(leaky)
unique_ids(leaky)
leaky.load(COUNT)
profile_holds_what_the_server_holds(leaky)
ends(leaky, signal.SIGTERM)
ends(nothing_is_lost_when_freed(), signal.SIGINT)
harness.finish()
