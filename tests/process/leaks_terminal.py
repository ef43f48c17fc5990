"""leaks_terminal.py PPROF HOST: what `pprof leaks` shows at a terminal while it watches a program.

What is known so far is one line, not wider than the terminal, that is gone when something else is
said; ^C ends the watch with a report; who does not look at a terminal sees none of it.
"""
import os
import pty
import re
import select
import struct
import fcntl
import subprocess
import sys
import tempfile
import termios
import time

pprof, host = sys.argv[1:3]
PATIENCE_S = 120
COLUMNS = 64
WIPE = "\r\x1b[K"


class Watch:
    """pprof leaks on a terminal of its own."""

    def __init__(self, url, *options):
        self.seen = self.all = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(2, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
            os.execv(pprof, [pprof, "leaks", *options, url])

    def expect(self, pattern):
        end = time.monotonic() + PATIENCE_S
        while not (found := re.search(pattern, self.seen)):
            if time.monotonic() > end or not select.select([self.fd], [], [], PATIENCE_S)[0]:
                sys.exit("no %r in %r" % (pattern, self.all[-2000:]))
            try:
                more = os.read(self.fd, 1 << 16).decode()
            except OSError:
                sys.exit("ended before %r: %r" % (pattern, self.all[-2000:]))
            self.seen += more
            self.all += more
        self.seen = self.seen[found.end():]

    def status(self):
        try:
            while more := os.read(self.fd, 1 << 16).decode():
                self.all += more
        except OSError:
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def check_lines(self):
        """Each drawing is wiped before the next, and stays in its row."""
        drawn = [part for part in self.all.split(WIPE) if re.match(r"\d+ of \d+ s", part)]
        for line in drawn:
            if "\n" in line or len(line) >= COLUMNS:
                sys.exit("not one row: %r" % line)
        if len(drawn) < 3:
            sys.exit("the line does not go on: %r" % self.all)


with tempfile.TemporaryDirectory() as work:
    os.environ.update(PPROF_TMPDIR=work, PPROF_HEAP_RATE="1k", TERM="vt100", no_proxy="127.0.0.1")
    program = subprocess.Popen([pprof, "run", "-addr", "127.0.0.1:0", host, "400"],
                               stdin=subprocess.PIPE, stderr=subprocess.PIPE,
                               stdout=subprocess.DEVNULL)
    url = re.search(rb"serving (http://\S*?)/debug", program.stderr.readline()).group(1).decode()
    watch = Watch(url, "-for", "1h", "-every", "1s")
    left = Watch(url, "-for", "1h", "-every", "1s")
    plain = subprocess.run([pprof, "leaks", "-for", "1s", "-every", "1s", url],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if plain.stderr or plain.returncode not in (0, 3):
        sys.exit("not at a terminal: status %d, %r" % (plain.returncode, plain.stderr))
    watch.expect(re.escape(WIPE) + r"\d+ of 3600 s \(\^C: report now\): nothing known yet")
    watch.expect(re.escape(WIPE) + r"\d+ of 3600 s \(\^C: report now\): no(thing certain| leak)")
    os.write(watch.fd, b"\x03")
    watch.expect(re.escape(WIPE) + r"(UNDECIDED|NO LEAK) ")
    watch.expect(r"could hide: a leak slower")
    if (status := watch.status()) not in (0, 3):
        sys.exit("^C: status %d" % status)
    watch.check_lines()
    left.expect("3600 s")
    program.stdin.close()
    program.wait()
    left.expect(r"3600 s \(\^C: report now\): no answer")
    left.expect(re.escape(WIPE) + r"pprof: the program does not answer any more")
    left.expect(r"(UNDECIDED|NO LEAK) ")
    left.expect(r"\nthe program did not answer any more after \d+ s of 1h: it has ended, or hangs\r\n")
    left.status()
    left.check_lines()
print("the line is right")
