#!/usr/bin/env python3
"""The shell at a terminal, as somebody at a keyboard sees it: completion, history, ^C, pagers.

    shell.py PPROF GEN_PROFILE
"""
import os
import pty
import re
import select
import shutil
import sys
import tempfile
import time

PATIENCE_S = 60
PROMPT = "(pprof) "


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, argv, home):
        self.seen = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(HOME=home, TERM="vt100", LC_ALL="C.UTF-8", TZ="UTC")
            os.environ.pop("XDG_STATE_HOME", None)
            os.execv(argv[0], argv)

    def expect(self, pattern):
        """Reads until the pattern appears; what came before it is left behind."""
        end = time.monotonic() + PATIENCE_S
        while True:
            found = re.search(pattern, self.seen)
            if found:
                self.seen = self.seen[found.end():]
                return found
            if time.monotonic() > end or not select.select([self.fd], [], [], PATIENCE_S)[0]:
                raise AssertionError(f"no {pattern!r} in {self.seen[-2000:]!r}")
            try:
                self.seen += os.read(self.fd, 1 << 16).decode(errors="replace")
            except OSError:
                raise AssertionError(f"ended before {pattern!r}: {self.seen[-2000:]!r}") from None

    def prompt(self):
        self.expect(re.escape(PROMPT))

    def type(self, text):
        os.write(self.fd, text.encode())

    def line(self, text):
        self.type(text + "\r")

    def hang_up(self):
        """As a window that is closed."""
        os.close(self.fd)
        os.waitpid(self.pid, 0)

    def end(self, leave="quit\r"):
        self.type(leave)
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        assert status == 0, status


def completion(t, name):
    t.line("granularity=l\t")
    t.prompt()
    t.line("o")
    t.expect(r"granularity +\S* *= lines")
    t.prompt()
    t.line("granul\t=functions")
    t.prompt()
    t.type("to\t\t")  # top and topproto: both are shown
    t.expect(r"top  topproto")
    t.line("3")
    t.expect(r"flat%.*\r\n(.*%.*\r\n){3}")
    t.prompt()
    part = name[1:]  # any part of a function's name; what is special in a pattern is escaped
    t.line(f"peek {part}\t")
    t.expect(re.escape(f"| {name}"))
    t.prompt()
    t.line("drop_negative=t\t")
    t.prompt()
    t.line("o")
    t.expect(r"drop_negative += true")
    t.prompt()


def values(t, name, types):
    part = name[1:]
    pattern = re.sub(r"([()\[\]{}*+?|^$\\])", r"\\\1", name)  # that matches the name
    t.line(f"sample_index={types[0][:-1]}\t")
    t.prompt()
    t.line(f"focus={part}\t")
    t.prompt()
    t.line("tagroot=thr\t")  # a label's key
    t.prompt()
    t.line("o")
    t.expect(r"focus += " + re.escape(pattern))
    t.expect(r"sample_index += " + types[0])
    t.expect(r"tagroot += thread")
    t.prompt()
    t.line("focus=")
    t.prompt()
    t.line("tagroot=")
    t.prompt()
    t.line(f"top3 -{part}\t")
    t.expect(r"ignore=" + re.escape(pattern))
    t.prompt()
    t.line("help granul\t")
    t.expect(r"What one entry stands for")
    t.prompt()


def bare_choices(t):
    t.line("cum")
    t.prompt()
    t.line("o")
    t.expect(r"sort += cum")
    t.prompt()
    t.line("flat")
    t.prompt()


def interrupts(t, home):
    t.type("half a line")
    t.expect("half a line")
    t.type("\x03")
    t.prompt()
    t.line("traces")
    t.expect(r"-----------\+-----")
    before = t.seen
    t.type("\x03")
    t.prompt()
    assert len(before) < 5 << 20, "the report was not interrupted"
    t.line("top1")
    t.expect(r"flat%.*\r\n.*%.*\r\n")
    t.prompt()
    # The pager, too. Not a command of sh: dash may lose a ^C while it starts one.
    with open(os.path.join(home, "pager.py"), "w", encoding="utf-8") as pager:
        pager.write("import signal, time\n"
                    "signal.signal(signal.SIGINT, signal.SIG_DFL)\n"
                    "print('be' + 'gun', flush=True)\n"
                    "time.sleep(1000)\n")
    t.line(f"traces | exec {sys.executable} {pager.name}")
    t.expect("begun")
    t.type("\x03")
    t.prompt()


def pagers(t):
    t.line("top7 | grep -c %$ | sed s/^/lines:/")
    t.expect(r"\r\nlines:\d+\r\n")
    t.prompt()
    t.line("traces | head -1")  # a pager that leaves early is no error
    t.expect(r"File: |Type: |-----")
    t.prompt()
    t.line("nosuch | cat")
    t.expect(r'unrecognized command: "nosuch"')
    t.prompt()


def redirections(t, home):
    for line, name in (("top3 > %s", "spaced"), ("top3 -cum >%s", "close")):
        path = os.path.join(home, name)
        t.line(line % path)
        t.prompt()
        with open(path, encoding="utf-8") as written:
            text = written.read()
        assert "flat%" in text and text.count("%") > 6, text
    t.line("top >")
    t.expect("unexpected end of line after >")
    t.prompt()


def history(t):
    t.type("\x1b[A\x1b[A")  # up: the line before the last
    t.expect(r"traces \| head -1")
    t.type("\x03")
    t.prompt()


def side_by_side(argv, home):
    """Lines are kept as they are typed: of two shells, and of one that is closed with its window."""
    one, other = Terminal(argv, home), Terminal(argv, home)
    one.prompt()
    other.prompt()
    one.line("top4 with\\\\back")
    one.prompt()
    other.line("top5")
    other.prompt()
    other.hang_up()
    one.end("\x04")  # ^D
    kept = os.path.join(home, ".local/state/pprof/history")
    assert os.stat(kept).st_mode & 0o77 == 0
    t = Terminal(argv, home)
    t.prompt()
    t.type("\x1b[A")
    t.expect("top5")
    t.type("\x1b[A")
    t.expect(r"with\\\\back")
    t.type("\x03")
    t.prompt()
    t.end()


def main():
    pprof, generator = sys.argv[1:3]
    home = tempfile.mkdtemp(prefix="pprof-shell.")
    try:
        profile = os.path.join(home, "profile.pb.gz")
        os.spawnv(os.P_WAIT, generator, [generator, "20000", "labels", "1", profile])
        with os.popen(f"'{pprof}' -top -nodecount=1 -symbolize=none '{profile}' 2>&1") as top:
            name = top.read().split()[-1]
        with os.popen(f"'{pprof}' -raw -symbolize=none '{profile}' 2>&1") as raw:
            types = re.search(r"Samples:\n(\S+)/\S+ (\S+)/", raw.read(1 << 16)).groups()
        argv = [pprof, "-symbolize=none", profile]
        t = Terminal(argv, home)
        t.expect(r"Entering interactive mode")
        t.prompt()
        bare_choices(t)
        interrupts(t, home)
        pagers(t)
        history(t)
        redirections(t, home)
        completion(t, name)
        values(t, name, types)
        t.line("top2")
        t.prompt()
        t.end()
        t = Terminal(argv, home)
        t.prompt()
        t.type("\x1b[A\x1b[A")  # behind "quit"
        t.expect("top2")
        t.line("")
        t.expect(r"flat%")
        t.prompt()
        t.end()
        side_by_side(argv, home)
    finally:
        shutil.rmtree(home)


main()
