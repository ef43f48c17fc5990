"""What the tests of this folder share: programs started and ended, commands run within a time
limit, results counted. A test is `python3 NAME.py BUILD_FOLDER…`; it exits with 1 when a check
failed and with 77, after one line, when a program it compares with is missing."""
import atexit
import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

TIMEOUT = 90 * (10 if os.environ.get("PPROF_SLOW") else 1)  # seconds, one command
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)
SANITIZER = re.compile(rb"Sanitizer|runtime error:")

BUILD = os.path.realpath(sys.argv[1]) if len(sys.argv) > 1 else ""
SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
PPROF = os.path.join(BUILD, "bin", "pprof")
EXAMPLES = os.path.join(BUILD, "examples")

work = tempfile.mkdtemp(prefix="pprof-interop-")
atexit.register(shutil.rmtree, work, ignore_errors=True)
os.chmod(work, 0o755)
os.makedirs(work + "/home/tmp")

# Nothing of the user's own set-up, nothing written outside of `work`, nothing proxied.
environment = {k: v for k, v in os.environ.items()
               if not k.startswith("PPROF_") and k.lower() not in (
                   "http_proxy", "https_proxy", "all_proxy", "display", "browser")}
environment.update(HOME=work + "/home", PPROF_TMPDIR=work + "/home/tmp", NO_PROXY="*", TZ="UTC",
                   LC_ALL="C", GOTOOLCHAIN="local", GOFLAGS="", NO_COLOR="1")

failures = 0
checks = 0


def check(good, what, detail=""):
    """Counts one check; on failure says what and shows the detail."""
    global checks, failures
    checks += 1
    if good:
        return True
    failures += 1
    print("FAIL: %s" % what)
    if isinstance(detail, bytes):
        detail = detail.decode(errors="replace")
    for line in str(detail).splitlines()[:30]:
        print("    " + line)
    sys.stdout.flush()
    return False


def same(got, want, what):
    return check(got == want, what, "got    %r\nwanted %r" % (got, want))


def finish():
    print("%d checks, %d failed" % (checks, failures))
    sys.exit(1 if failures or not checks else 0)


def skip(why):
    print("skip: " + why)
    sys.exit(77)


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            skip("%s is not installed" % program)


def end_with_parent():
    """In a child: ended by the kernel when this test is killed."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Result:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err
        self.text = out.decode(errors="replace")
        self.messages = err.decode(errors="replace")


def run(*command, stdin=b"", env=None, cwd=work, timeout=TIMEOUT, **more):
    """Status, standard output and standard error; a status of "timeout" when time ran out."""
    more.setdefault("stdout", subprocess.PIPE)
    process = subprocess.Popen(
        [str(c) for c in command], stdin=subprocess.PIPE, stderr=subprocess.PIPE,
        cwd=cwd, env=dict(environment, **(env or {})), preexec_fn=end_with_parent, **more)
    try:
        out, err = process.communicate(stdin, timeout=timeout)
        status = process.returncode
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        status = "timeout"
    return Result(status, out or b"", err or b"")


def pprof(*arguments, **more):
    return run(PPROF, *arguments, **more)


class Program:
    """Something that runs beside the test: ended by stop(), at the latest with the test."""

    def __init__(self, *command, env=None, cwd=work):
        self.log_name = tempfile.mktemp(dir=work)
        self.log = open(self.log_name, "wb")
        self.process = subprocess.Popen(
            [str(c) for c in command], stdin=subprocess.PIPE, stdout=self.log, stderr=self.log,
            cwd=cwd, env=dict(environment, **(env or {})), preexec_fn=end_with_parent)
        atexit.register(self.stop)

    def said(self):
        with open(self.log_name, errors="replace") as log:
            return log.read()

    def wait_for(self, pattern, seconds=TIMEOUT):
        """First group of the pattern in what the program has written."""
        end = time.monotonic() + seconds
        while True:
            running = self.process.poll() is None
            found = re.search(pattern, self.said())
            if found:
                return found.group(1)
            if not running or time.monotonic() > end:
                print("FAIL: no /%s/ from %s:\n%s" % (pattern, self.process.args, self.said()))
                sys.exit(1)
            time.sleep(0.02)

    def stop(self, how=signal.SIGTERM):
        """Its exit status; "timeout" when it had to be killed."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            self.process.stdin.close()
        except OSError:
            pass
        try:
            status = self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            status = "timeout"
        self.log.close()
        return status


class Server(Program):
    """One of the examples' servers on a free port; .url has no slash at its end."""

    def __init__(self, path, *arguments, rate="1024", **more):
        env = dict(more.pop("env", {}), PPROF_HEAP_RATE=rate)
        super().__init__(path, "0", *arguments, env=env, **more)
        self.url = self.wait_for(r"listening on (http://\S+)/\n")
        self.heap = self.url + "/debug/pprof/heap"

    def load(self, count, *more):
        result = run(EXAMPLES + "/load_client", self.url + "/process", count, *more)
        same(result.status, 0, "load_client: %s%s" % (result.text, result.messages))


# No proxy, whatever the environment says.
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def get(url, **headers):
    """Status, headers and body; a status that is an error is an answer like any other."""
    request = urllib.request.Request(
        url, headers={k.replace("_", "-"): v for k, v in headers.items()})
    try:
        with opener.open(request, timeout=TIMEOUT) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def save(url, name):
    """The body of url in the file work/name; its path."""
    status, _, body = get(url)
    same(status, 200, "GET " + url)
    return write(name, body)


def write(name, data):
    path = os.path.join(work, name)
    with open(path, "wb") as file:
        file.write(data)
    return path


def read(path):
    with open(path, "rb") as file:
        return file.read()


TOP_LINE = re.compile(r"^\s*(-?[\d.]+)(\w*)\s+\S+%\s+\S+%\s+(-?[\d.]+)(\w*)\s+\S+%\s+(.+?)\s*$")


def top_rows(text):
    """Name -> (flat, cum) of a -top report printed with -unit=B."""
    rows = {}
    for line in text.splitlines():
        found = TOP_LINE.match(line)
        if found:
            flat, _, cum, _, name = found.groups()
            name = re.sub(r" \((partial-)?inline\)$", "", name)
            check(name not in rows, "%s has one row" % name, text)
            rows[name] = float(flat), float(cum)
    return rows
