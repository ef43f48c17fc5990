"""Names from servers (/symbol): ours, as Go's tool asks it, and one that speaks as programs with
gperftools do.    usage: symbolz.py BUILD_FOLDER

The gperftools server is a few lines of Python: the library itself has no HTTP server, only the text
forms, which are what is tested. With google-pprof installed its own client is asked the same."""
import http.server
import re
import shutil
import threading
import urllib.request

import harness
from harness import EXAMPLES, Server, check, pprof, run, same

FUNCTIONS = {0x401000: "main", 0x401100: "_ZN4shop5orderEi", 0x401200: "allocate_page"}
# gperftools' text form of a heap profile: objects and bytes in use, those allocated, the stack.
HEAP = """heap profile:      3:     3072 [     5:     5120] @ heap_v2/1
     2:     2048 [     4:     4096] @ 0x401208 0x401110 0x401020
     1:     1024 [     1:     1024] @ 0x401210 0x401024

MAPPED_LIBRARIES:
00400000-00500000 r-xp 00000000 08:01 42 /srv/no/such/shop
"""


def name_of(address):
    starts = [a for a in FUNCTIONS if a <= address < a + 0x100]
    return FUNCTIONS[starts[0]] if starts else None


class Handler(http.server.BaseHTTPRequestHandler):
    asked = []

    def answer(self, text, status=200):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        path = self.path.split("?")[0]
        if path in ("/pprof/heap", "/debug/pprof/heap"):
            self.answer(HEAP)
        elif path.endswith("/symbol"):
            self.answer("num_symbols: %d\n" % len(FUNCTIONS))
        elif path.endswith("/cmdline"):
            self.answer("/srv/no/such/shop\n")
        else:
            self.answer("no such page\n", 404)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.asked.append((self.path, body))
        if not self.path.endswith("/symbol"):
            self.answer("no such page\n", 404)
            return
        words = [int(w, 16) for w in body.split("+")]
        self.answer("".join("0x%x\t%s\n" % (w, name_of(w)) for w in words if name_of(w)))

    def log_message(self, *_):
        pass


def ours():
    """The runtime answers a GET and a POST alike, and the tool's names are its."""
    server = Server(EXAMPLES + "/leaky_server")
    base = server.url + "/debug/pprof/"
    for _ in range(200):
        urllib.request.urlopen(server.url + "/", timeout=10).read()
    raw = pprof("-raw", "-symbolize=none", base + "heap")
    addresses = re.findall(r"^ *\d+: (0x[0-9a-f]+) M=", raw.text, re.M)
    check(addresses, "addresses of an unsymbolized profile", raw.text + raw.messages)
    same(re.findall(r"^ *\d+: 0x[0-9a-f]+ M=\d+ (\w.*) \S+:\d+:\d+ s=", raw.text, re.M), [],
         "no names with -symbolize=none")
    query = "+".join(addresses)
    get = urllib.request.urlopen(base + "symbol?" + query, timeout=10).read().decode()
    post = urllib.request.urlopen(base + "symbol", query.encode(), timeout=10).read().decode()
    same(get, post, "a GET and a POST of the same addresses")
    check(get.startswith("num_symbols: 1\n0x"), "the answer's form", get[:200])
    far = pprof("-raw", "-symbolize=remote", base + "heap")
    for line in post.splitlines()[1:6]:
        name = line.split(" ", 1)[1]
        check(name.split("(")[0] in far.text, "%s is named by -symbolize=remote" % name, far.text)
    server.stop()


def gperftools():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = "http://127.0.0.1:%d/pprof/" % server.server_port
    top = pprof("-top", "-symbolize=remote", base + "heap")
    same(top.status, 0, "-top of a gperftools server")
    names = re.findall(r"% +(\S+)$", top.text, re.M)
    same(sorted(names), ["allocate_page", "main", "shop::order"], "names, demangled")
    same({path for path, _ in Handler.asked}, {"/pprof/symbol"}, "where names were asked for")
    # The leaf of a heap stack is a return address too: one less is inside the call.
    same(sorted(Handler.asked[0][1].split("+")),
         ["0x40101f", "0x401023", "0x40110f", "0x401207", "0x40120f"], "addresses asked for")
    kept = pprof("-raw", "-symbolize=remote:demangle=none", base + "heap")
    check("_ZN4shop5orderEi" in kept.text, "demangle=none keeps names", kept.text)
    n = len(Handler.asked)
    none = pprof("-top", "-symbolize=none", base + "heap")
    same((none.status, len(Handler.asked)), (0, n), "nothing is asked with none")
    both = pprof("-top", "-symbolize=local:remote:force", base + "heap")
    same(both.status, 0, "remote:force")
    failed = pprof("-top", "-symbolize=remote", base + "../other/heap")
    check(failed.status != 0, "a server without that page is an error", failed.text)
    if shutil.which("google-pprof"):
        perl = run("google-pprof", "--text", base + "heap")
        for name in ("allocate_page", "main"):
            check(name in perl.text, "google-pprof reads the same server: " + name,
                  perl.text + perl.messages)
    server.shutdown()


gperftools()
ours()
harness.finish()
