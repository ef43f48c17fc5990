"""What users and networks do wrong, and what damage does to a profile: each time the tool (and the
example servers) say in one clear sentence what is wrong, end with status 2, and leave nothing half
written.    usage: badinput.py BUILD_FOLDER FIXTURES

FIXTURES holds profiles made by tests/gen. A profile of a real process is used as well, except in a
build with sanitizers, whose processes sample nothing."""
import concurrent.futures
import functools
import gzip
import http.server
import os
import random
import re
import shutil
import signal
import socket
import sys
import tempfile
import threading

import harness
from harness import EXAMPLES, SANITIZER, Server, check, pprof, read, run, same, write

FIXTURES = sys.argv[2]
VARIANTS = 200
heap = os.path.join(FIXTURES, "heap.pb.gz")


# ---- refusals ----

def refused(what, result, sentence, status=2, who="pprof: "):
    """One line "pprof: …" that says it, no report, no crash, that status."""
    lines = [l for l in result.messages.splitlines() if l.startswith(who)]
    good = (result.status == status and not result.out and len(lines) == 1 and
            result.messages.endswith("\n") and re.search(sentence, result.messages) and
            not SANITIZER.search(result.err))
    check(good, what, "status %s, wanted %s and /%s/ after \"%s\"\n%s%s" % (
        result.status, status, sentence, who, result.messages, result.text[:300]))


@functools.lru_cache(None)
def empty_folder():
    path = harness.work + "/cwd"
    os.makedirs(path)
    return path


def refuse(sentence, *arguments, **more):
    """The tool refuses these arguments, and makes no file."""
    refused("pprof " + " ".join(arguments), pprof(*arguments, cwd=empty_folder(), **more), sentence)
    same(os.listdir(empty_folder()), [], "files made by pprof " + " ".join(arguments))
    for name in os.listdir(empty_folder()):
        os.unlink(os.path.join(empty_folder(), name))


# ---- a server that answers wrongly ----

def truncated(data):
    return data[:len(data) // 2]


class Wrong(http.server.BaseHTTPRequestHandler):
    """Answers by path: (status, content type, body, announced length)."""
    answers = {}

    def do_GET(self):
        status, kind, body, length = self.answers[self.path]
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length or len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


def wrong_answers():
    profile, binary = read(heap), "application/octet-stream"
    Wrong.answers = {
        "/404": (404, "text/plain", b"404 page not found\n", 0),
        "/500": (500, "text/html", b"<html>" + b"trouble " * 10000, 0),
        "/page": (200, "text/html", b"<!DOCTYPE html><html><body>Hello</body></html>", 0),
        "/json": (200, "application/json", b'{"error": "none"}', 0),
        "/empty": (200, binary, b"", 0),
        "/gzip": (200, binary, truncated(profile), 0),
        "/short": (200, binary, truncated(profile), len(profile)),
    }
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Wrong)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = "http://127.0.0.1:%d" % server.server_address[1]
    for path, sentence in (
            ("/404", "server response: 404 Not Found"),
            ("/500", "server response: 500 Internal Server Error"),
            ("/page", "parsing profile: unrecognized profile format"),
            ("/json", "parsing profile: unrecognized profile format"),
            ("/empty", "parsing profile: empty input file"),
            ("/gzip", "decompressing profile: unexpected EOF"),
            ("/short", "unexpected EOF")):
        refuse(re.escape(url + path) + ": .*" + sentence, "-top", url + path)
    server.shutdown()
    server.server_close()
    # Nothing that was fetched from there was kept.
    same(os.listdir(harness.environment["PPROF_TMPDIR"]), [], "saved copies")


def unreachable():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = "http://127.0.0.1:%d/debug/pprof/heap" % closed.getsockname()[1]
        refuse("connection refused", "-top", url)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = "http://127.0.0.1:%d/debug/pprof/heap" % silent.getsockname()[1]
        refuse("(?i)timeout|deadline exceeded", "-top", "-timeout=1", url)
    # No name server is asked about a label of more than 63 letters.
    refuse("no such host", "-top", "http://%s/debug/pprof/heap" % ("x" * 70))


# ---- files ----

def unreadable(path):
    """As somebody without rights, which root never is."""
    os.chmod(path, 0)
    who = {} if os.geteuid() else {"user": 65534, "group": 65534, "extra_groups": []}
    if who and run(harness.PPROF, "-help", **who).status != 0:
        print("skip: others may not run the tool in this folder")
        return
    refuse("open .*: permission denied", "-top", path, **who)


def files():
    profile = read(heap)
    refuse("nosuch: no such file or directory", "-top", "/nosuch")
    refuse("read .*: is a directory", "-top", harness.work)
    refuse("empty input file", "-top", write("empty", b""))
    refuse("unrecognized profile format", "-top", write("text", b"Hello, world\n" * 100))
    refuse("unrecognized profile format", "-top", "/bin/true")
    refuse("unexpected EOF", "-top", write("truncated.gz", truncated(profile)))
    refuse("unexpected EOF", "-top", write("tail.gz", profile[:-3]))
    refuse("unexpected EOF|truncated", "-top",
           write("truncated.pb", truncated(gzip.decompress(profile))))
    refuse("invalid checksum", "-top",
           write("checksum.gz", profile[:-8] + bytes([profile[-8] ^ 1]) + profile[-7:]))
    unreadable(write("unreadable.pb.gz", profile))


def gone():
    """The program was removed since: addresses and [binary] are shown, and one warning why."""
    path = os.path.join(harness.work, "gone")
    os.makedirs(path)
    binary = shutil.copy(EXAMPLES + "/leaky_server", path + "/gone_server")
    server = Server(binary, env={"LD_LIBRARY_PATH": harness.BUILD + "/lib"})
    server.load(2000)
    profile = harness.save(server.heap, "gone.pb.gz")
    server.stop()
    shutil.rmtree(path)
    for report, shown in (("-top", r"\[gone_server\]"),
                          ("-addresses", r"[0-9a-f]{8,} \[gone_server\]")):
        result = pprof("-top", report, profile)
        same(result.status, 0, report + " without the program")
        check(re.search(shown, result.text), report + " without the program", result.text)
        same(len(re.findall(r"(?m)^Local symbolization failed for gone_server .*: "
                            r".*no such file or directory$", result.messages)), 1,
             "one warning that it is gone")
        same(len(re.findall(r"gone_server", result.messages)), 2, "and no other about it")
    refused("-list without the program", pprof("-list=leaky_handler", profile),
            "no matches found for regexp: leaky_handler")


# ---- the command line ----

def misspelt(sentence, *arguments):
    """Here the sentence comes first and the usage follows, as with Go's flag package."""
    result = pprof(*arguments)
    same((result.status, result.out), (2, b""), "pprof " + " ".join(arguments))
    check(re.match(sentence + r"\nusage:\n", result.messages), "pprof " + " ".join(arguments),
          result.messages)


def command_line():
    misspelt("flag provided but not defined: -nonsense", "-nonsense", heap)
    misspelt('invalid value "x" for flag -nodecount: parse error', "-top", "-nodecount=x", heap)
    misspelt('invalid boolean value "maybe" for -trim: parse error', "-trim=maybe", heap)
    refuse("must set at most one output format", "-top", "-tree", heap)
    refuse("no profile source specified", "-top")
    refuse("no matches found for regexp: no_such_function", "-list=no_such_function", heap)
    refuse("no matches found for regexp: no_such_function", "-peek=no_such_function", heap)
    refuse("no matches found for regexp:? no_such_function", "-disasm=no_such_function", heap)
    refuse("no matches found for regexp:? no_such_function", "-weblist=no_such_function",
           "-output=list.html", heap)
    refuse(r"error parsing regexp: missing closing \)", "-list=(", heap)
    refuse("sample_index \"nonsense\" must be one of", "-top", "-sample_index=nonsense", heap)
    refuse("-no_browser only makes sense with -http", "-top", "-no_browser", heap)
    refuse("invalid port number", "-http=127.0.0.1:99999", "-no_browser", heap)


def ports():
    with socket.socket() as used:
        used.bind(("127.0.0.1", 0))
        used.listen()
        port = str(used.getsockname()[1])
        refuse("listen tcp 127.0.0.1:%s: bind: address already in use" % port,
               "-http=127.0.0.1:" + port, "-no_browser", heap)
        for server in ("leaky_server", "ttl_server"):
            refused(server + " on a used port", run(EXAMPLES + "/" + server, port),
                    "cannot listen on 127.0.0.1:%s: Address already in use" % port,
                    who=server + ": ")
    for argument in ("abc", "-1", "65536", "80x", ""):
        refused("leaky_server %r" % argument, run(EXAMPLES + "/leaky_server", argument),
                "argument 1 must be a number from 0 to 65535", who="leaky_server: ")


def runs():
    refuse("no command specified", "run")
    refuse("no command specified", "run", "--")
    refuse("flag provided but not defined: -nonsense", "run", "-nonsense", "true")
    refuse('exec: "no-such-command": executable file not found in \\$PATH', "run",
           "no-such-command")
    refuse('exec: "/no/such/command": no such program', "run", "/no/such/command")
    refuse('exec: "/etc/passwd": not an executable file', "run", "--", "/etc/passwd")
    refuse('exec: "/": not an executable file', "run", "/")
    refuse("fork/exec .*: exec format error", "run", executable("nonsense", b"\x7fnonsense"))
    static = os.path.join(harness.BUILD, "tests", "fetch", "static_program")
    if os.path.exists(static):
        refuse("static_program is statically linked", "run", static)
    else:
        refuse("statically linked", "run", "/sbin/ldconfig", "--version")
    refuse("open /no/such/x.pb.gz: no such file or directory", "run", "-o", "/no/such/x.pb.gz",
           "true")
    refuse("open /: is a directory", "run", "-o", "/", "true")
    refuse("open /etc/passwd/x: not a directory", "run", "-o", "/etc/passwd/x", "true")


def executable(name, data):
    path = write(name, data)
    os.chmod(path, 0o755)
    return path


def run_endings():
    """The command's status is ours; a profile that could not be written at its end is missed."""
    out = os.path.join(harness.work, "last.pb.gz")
    same(pprof("run", "-quiet", "sh", "-c", "exit 7").status, 7, "pprof run: the command's status")
    same(pprof("run", "-quiet", "sh", "-c", "kill -9 $$").status, 128 + signal.SIGKILL,
         "pprof run: 128 and the signal")
    killed = pprof("run", "-quiet", "-o", out, "sh", "-c", "kill -9 $$")
    refused("pprof run -o of a killed command", killed, "no heap profile was written to " + out,
            status=128 + signal.SIGKILL)
    check(not os.path.exists(out), "no file of a killed command")


# ---- failing output ----

def full_disk(*arguments):
    """The tool where no file grows beyond 100 bytes, which is as near as one gets without rights
    to a disk that fills up while it writes."""
    limited = ("import os, resource, signal, sys\n"
               "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
               "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
               "os.execv(sys.argv[1], sys.argv[1:])")
    return run(sys.executable, "-c", limited, harness.PPROF, *arguments)


def output():
    """Whatever fails, an existing file stays as it was and no new one appears."""
    folder = tempfile.mkdtemp(dir=harness.work)
    old = os.path.join(folder, "old")
    new = os.path.join(folder, "new")
    for target in (old, new):
        for arguments in (["-list=no_such_function"], ["-top", "-sample_index=nonsense"],
                          ["-top", write("damaged.gz", truncated(read(heap)))]):
            write(old, b"kept")
            result = pprof(arguments[0], "-output=" + target, *arguments[1:],
                           *([heap] if len(arguments) == 1 or arguments[1][0] == "-" else []))
            refused("-output with %s" % arguments, result, ".")
            same((read(old), os.listdir(folder)), (b"kept", ["old"]), "files after %s" % arguments)
        for kind in ("-proto", "-traces", "-svg", "-callgrind"):
            if kind == "-svg" and not shutil.which("dot"):
                continue
            result = full_disk(kind, "-output=" + target, heap)
            refused("%s to a full disk" % kind, result, "write.*: file too large")
            same((read(old), os.listdir(folder)), (b"kept", ["old"]), "files after " + kind)
    refused("-svg without dot", pprof("-svg", "-output=" + new, heap, env={"PATH": "/nonexistent"}),
            "Is Graphviz installed")
    same(os.listdir(folder), ["old"], "files after -svg without dot")
    refuse("open /no/such/file: no such file or directory", "-top", "-output=/no/such/file", heap)
    refuse("open /: is a directory", "-top", "-output=/", heap)
    refuse("write /dev/full: no space left on device", "-top", "-output=/dev/full", heap)
    with open("/dev/full", "wb") as full:
        refused("a full standard output", pprof("-top", heap, stdout=full),
                "no space left on device")
    # What goes out in pieces: more than fits into one.
    many = write("many.folded", b"".join(b"f%d;g%d %d\n" % (i % 100, i, i) for i in range(1, 60000)))
    for kind in ("-raw", "-proto"):
        with open("/dev/full", "wb") as full:
            refused("pieces of %s to a full standard output" % kind,
                    pprof(kind, many, stdout=full), "no space left on device")
        check(pprof(kind, "-output=" + new, many).status == 0, kind + " to a file")
        same(pprof(kind, many).out, read(new), "pieces of " + kind)
        os.unlink(new)


# ---- damaged profiles ----

REPORTS = (["-top"], ["-traces"], ["-raw"], ["-tree"], ["-list=."], ["-peek=."], ["-dot"],
           ["-tags"], ["-proto"], ["-callgrind"], ["-top", "-addresses"], ["-top", "-lines"])


def damage(data, rng):
    """A few bits flipped; now and then a piece cut out or doubled."""
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 16))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    if rng.random() < .2:
        at, size = rng.randrange(len(data)), rng.randrange(64)
        data[at:at + size] = data[at:at + size] * rng.choice((0, 2))
    return bytes(data)


def survives(number, data):
    """Reads a damaged profile, or refuses it: nothing else."""
    path = write("variant-%d" % number, data)
    report = REPORTS[number % len(REPORTS)]
    result = pprof(*report, path)
    good = (result.status in (0, 2) and not SANITIZER.search(result.err) and
            (result.status == 0 or re.search(r"(?m)^pprof: .", result.messages)))
    if not check(good, "variant %d" % number, "pprof %s variant-%d: status %s\n%s" % (
            " ".join(report), number, result.status, result.messages[:2000])):
        kept = os.path.join(harness.BUILD, "badinput-variant-%d" % number)
        shutil.copy(path, kept)
        print("    kept as " + kept)
    os.unlink(path)
    return result.status


def damaged(sources):
    """Half of the variants compressed, where the checksum sees it; half not, where nothing does."""
    rng = random.Random(20231105)
    jobs = []
    for number in range(VARIANTS):
        data = read(sources[number % len(sources)])
        if number // len(sources) % 2:
            data = gzip.decompress(data)
        jobs.append((number, damage(data, rng)))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        statuses = list(pool.map(lambda job: survives(*job), jobs))
    read_well = statuses.count(0)
    check(0 < read_well < VARIANTS, "some are still read, some refused: %d" % read_well)


def real_profile():
    server = Server(EXAMPLES + "/leaky_server")
    server.load(2000)
    path = harness.save(server.heap, "real.pb.gz")
    server.stop()
    return path


def main():
    profiles = [heap, os.path.join(FIXTURES, "raw.pb.gz"), os.path.join(FIXTURES, "cpu.pb.gz")]
    sanitized = b"__asan_init" in read(harness.PPROF) or b"__ubsan" in read(harness.PPROF)
    if not sanitized:
        profiles.append(real_profile())
        gone()
    for part in (wrong_answers, unreachable, files, command_line, ports, runs, output):
        part()
    if not sanitized:
        run_endings()
    damaged(profiles)
    harness.finish()


main()
