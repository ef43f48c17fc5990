"""A profile, and an answer of a server, whose every text is hostile: terminal escapes, quotes, markup,
percent signs, backslashes, bytes that are no UTF-8. Whatever the command, nothing of it reaches a
terminal that the terminal would obey; what is not for terminals (HTML, SVG, DOT, JSON) is well-formed
and has the names as text; pipes and files get the bytes.    usage: hostile_names.py BUILD_FOLDER"""
import gzip
import http.server
import json
import os
import pty
import re
import select
import threading
import time
import xml.dom.minidom

import harness
from harness import PPROF, check, end_with_parent, pprof, read, same, write

# Colours and cursor, a window's title, the clipboard, C1 as UTF-8 and as one byte, backspaces.
ESCAPES = b"\x1b[31;1m\x1b]0;title\x07\x1b]52;c;cHducw==\x07\xc2\x9b2J\x9b3J\x08\x08\x7f\x0d\x00"
MARKUP = b"</script><img src=x onerror=alert(1)>\"'&amp;%s%n\\N\\\"${x}`id`\xff\xe2\x80"
OURS = re.compile(rb"\x1b\[0(;31)?m|\r?\x1b\[K")  # red, and back; a progress line is wiped


def hostile(name):
    return name.encode() + ESCAPES + MARKUP


# ---- the profile ----

def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out) + bytes([n])


def number(field, value):
    return varint(field << 3) + varint(value)


def text(field, data):
    return varint(field << 3 | 2) + varint(len(data)) + data


def profile():
    """Two stacks over four functions; every string of the format is hostile."""
    strings = [b""]

    def intern(name):
        strings.append(hostile(name))
        return len(strings) - 1

    out = b"".join(text(1, number(1, intern(kind)) + number(2, intern("unit"))) for kind in ("count", "size"))
    out += text(3, number(1, 1) + number(2, 0x1000) + number(3, 0x9000) + number(5, intern("/bin/file")) +
                number(6, intern("build")))
    for i in range(1, 5):
        out += text(4, number(1, i) + number(2, 1) + number(3, 0x1000 + 16 * i) +
                    text(4, number(1, i) + number(2, 10 * i)))
        out += text(5, number(1, i) + number(2, intern("fn%d" % i)) + number(3, intern("sys%d" % i)) +
                    number(4, intern("/src/file%d.c" % i)) + number(5, i))
    label = text(3, number(1, intern("key")) + number(2, intern("value")))
    label += text(3, number(1, intern("bytes")) + number(3, 4096) + number(4, intern("numunit")))
    for stack, values in ((b"\1\2\3", b"\1\x64"), (b"\4\2\3", b"\2\x32")):
        out += text(2, text(1, stack) + text(2, values) + label)
    out += text(11, number(1, intern("period")) + number(2, intern("periodunit"))) + number(12, 7)
    out += number(13, intern("comment")) + number(13, intern("comment2")) + number(14, 2)
    out += number(15, intern("https://doc/"))
    out += b"".join(text(6, s) for s in strings)
    return gzip.compress(out)


# ---- terminals ----

def on_terminal(*command, prompt=b"", typed=b""):
    """What a terminal is sent while a command runs on it; typed when it shows the prompt."""
    pid, fd = pty.fork()
    if pid == 0:
        end_with_parent()
        env = dict(harness.environment, TERM="vt100", LC_ALL="C.UTF-8", BROWSER="true")
        os.chdir(harness.work + "/home/tmp")
        os.execve(os.fsencode(command[0]), [os.fsencode(c) for c in command], env)
    sent, end = b"", time.monotonic() + harness.TIMEOUT
    while time.monotonic() < end and select.select([fd], [], [], harness.TIMEOUT)[0]:
        try:
            data = os.read(fd, 1 << 16)
        except OSError:
            break
        if not data:
            break
        sent += data
        if typed and prompt in sent:
            os.write(fd, typed)
            typed = b""
    os.close(fd)
    os.waitpid(pid, 0)
    return sent


def obeyed(sent):
    """The first bytes of what was sent that a terminal would obey; None when there are none."""
    sent = OURS.sub(b"", sent).replace(b"\r\n", b"\n")
    valid = re.sub(rb"[\xc3-\xdf][\x80-\xbf]|\xc2[\xa0-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}", b"", sent)
    bad = re.search(rb"[\x00-\x08\x0b-\x1f\x7f\x80-\x9f]", valid)
    return bad and valid[max(0, bad.start() - 60):bad.end() + 20]


def quiet(what, *command, shows=b""):
    sent = on_terminal(*command)
    bad = obeyed(sent)
    check(bad is None, "a terminal would obey: " + what, repr(bad))
    check(shows in sent, "shown: " + what, "no %r in %r" % (shows, sent[-400:]))


SHOWN = rb"\x1b]52;c;"  # the text, with a backslash
REPORTS = ["-top", "-text", "-tree", "-peek=.", "-list=.", "-traces", "-raw", "-tags", "-comments", "-folded", "-dot",
           "-disasm=.", "-callgrind", "-proto", "-topproto", "-svg", "-flamegraph"]
TO_FILES = {"-callgrind", "-proto", "-topproto", "-svg", "-flamegraph", "-disasm=.", "-dot"}  # or refused


def terminals(path, evil_path):
    for flag in REPORTS:
        quiet(flag, PPROF, "-symbolize=none", flag, path, shows=b"" if flag in TO_FILES else SHOWN[:7])
    for more in (["-lines"], ["-files"], ["-addresses"], ["-showcolumns"], ["-tagroot=" + "key"], ["-mean"], ["-cum"],
                 ["-focus=\x1b]52;c;nobody"], ["-tagfocus=\x1b[2J:"], ["-sample_index=\x1b[2J"], ["-unit=\x1b[2J"],
                 ["-symbolize=\x1b[2J"], ["-focus=\x1b[2J("], ["-\x1b[2J"], ["-output=/nosuch\x1b[2J/x"], ["-json"],
                 ["-base=" + path], ["-source_path=\x1b[2J"]):
        quiet(" ".join(more), PPROF, "-symbolize=none", "-top", *more, path)
    quiet("a file's name", PPROF, "-top", evil_path, shows=b"fn1")
    quiet("no such file", PPROF, "-top", evil_path + "x", shows=rb"\x1b[2J")
    quiet("symbols", PPROF, "symbols", path)
    quiet("leaks", PPROF, "leaks", path, path)
    quiet("leaks, of a file", PPROF, "leaks", evil_path)
    quiet("run", PPROF, "run", "/nosuch/\x1b[2J")
    quiet("a program that is none", PPROF, "-top", evil_path + "/b\x1b[2J", path)


def shell(path):
    lines = ["o", "top", "tree", "peek .", "list .", "traces", "raw", "tags", "comments", "nosuch\x1b[2J",
             "sample_index=\x07x", "focus=\x9b(", "top \x1b[2J", "help \x07", "top > /nosuch\x07/x", "quit"]
    # Not a terminal's keys but a script's lines: the terminal is where it is printed.
    script = write("script", "\n".join(lines).encode("latin-1") + b"\n")
    quiet("the shell", "/bin/sh", "-c", '"$1" -symbolize=none "$2" <"$3"', "sh", PPROF, path, script, shows=SHOWN)
    # The line editor moves the cursor and rings the bell itself: only what is hostile is looked for.
    sent = on_terminal(PPROF, "-symbolize=none", path, prompt=b"(pprof) ", typed=b"peek fn\t\t\rquit\r")
    check(b"fn4" + SHOWN[:4] in sent, "completions are shown", sent)
    for bad in (b"\x1b]", b"\x1b[31;1m", b"\xc2\x9b", b"\x9b3J"):
        check(bad not in sent, "a terminal would obey: completion", repr(sent))


# ---- what a server says ----

class Evil(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = hostile("body")
        self.wfile.write(b"HTTP/1.1 503 Busy \x1b]52;c;x\x07\r\nX-Go-Pprof: 1\r\nContent-Type: text/plain\r\n"
                         b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def log_message(self, *_):
        pass


def server():
    evil = http.server.HTTPServer(("127.0.0.1", 0), Evil)
    threading.Thread(target=evil.serve_forever, daemon=True).start()
    url = "http://127.0.0.1:%d/debug/pprof/heap" % evil.server_port
    quiet("a server's answer", PPROF, "-top", url, shows=b"503")
    quiet("a server's answer to leaks", PPROF, "leaks", "-for", "1s", url)
    evil.shutdown()


# ---- formats ----

def formats(path):
    """Files parse, and hold the names as text."""
    def of(*flags):
        name = os.path.join(harness.work, "report")
        result = pprof("-symbolize=none", "-output=" + name, *flags, path)
        same(result.status, 0, " ".join(flags))
        return read(name)

    for flags in (["-flamegraph"], ["-weblist=."]):
        html = of(*flags)
        check(b"<img src=x" not in html, flags[0] + " escapes markup")
        check(not re.search(rb"</script><img", html), flags[0] + " stays in its script")
    for flag in ("-top", "-tree", "-peek=.", "-tags", "-traces", "-raw", "-dot", "-list=.", "-flamegraph", "-folded",
                 "-callgrind", "-topproto", "-proto"):
        document = of("-json", flag)
        check(json.loads(document.decode("utf-8")) is not None, flag + " as JSON")
        check(not re.search(rb"[\x00-\x08\x0b-\x1f]", document), flag + " as JSON has no control characters")
    # DOT: quoted strings without a quote of the names' own, one statement a line.
    dot = of("-dot")
    for line in dot.split(b"\n"):
        rest = re.sub(rb'"(?:[^"\\]|\\.)*"', b"", line)
        check(b'"' not in rest and b"<img" not in rest, "-dot is quoted", repr(line))
        check(not re.search(rb"[\x00-\x1f\x7f]", line.replace(b"\t", b"")), "-dot has no control characters", repr(line))
    if harness.shutil.which("dot"):
        svg = of("-svg")
        check(b"<img" not in svg, "-svg escapes markup")
        same(xml.dom.minidom.parseString(svg).documentElement.tagName, "svg", "-svg is well-formed")
    # Bytes on a pipe are the profile's.
    for flag in ("-raw", "-top", "-traces"):
        check(b"fn1" + ESCAPES[:-1] in pprof("-symbolize=none", flag, path).out, "a pipe gets the bytes of " + flag)


def main():
    path = write("hostile.pb.gz", profile())
    evil_path = os.path.join(harness.work, "evil\x1b[2J\x07.pb.gz")
    with open(evil_path, "wb") as f:
        f.write(profile())
    terminals(path, evil_path)
    shell(path)
    server()
    formats(path)
    harness.finish()


main()
