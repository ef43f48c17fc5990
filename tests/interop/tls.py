"""Profiles over TLS: whom the tool trusts, whom a server does, and what it says when they do not.
usage: tls.py BUILD_FOLDER

The certificates in tls/ were made once, for a hundred years: an authority, a server and a client
that it has signed, and a stranger who is his own authority. Their keys are no secrets."""
import http.server
import os
import socket
import ssl
import threading

import harness
from harness import check, pprof, same

FILES = os.path.join(os.path.dirname(os.path.realpath(__file__)), "tls")
AUTHORITY, SERVER, CLIENT, STRANGER = (
    os.path.join(FILES, name + ".pem") for name in ("authority", "server", "client", "stranger"))
FOLDED = b"main;work 7\n"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(FOLDED)))
        self.end_headers()
        self.wfile.write(FOLDED)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def finish_request(self, connection, address):
        """Who is refused is told so, and hangs up himself: else his request may break the
        connection before he has read why."""
        try:
            connection.do_handshake()
        except ssl.SSLError:
            with socket.socket(fileno=os.dup(connection.fileno())) as plain:
                while plain.recv(4096):
                    pass
            return
        super().finish_request(connection, address)

    def handle_error(self, *_):
        pass  # clients that hang up are what is tested


def serve(wants_client=False):
    """The address of a server with TLS; with wants_client one that asks who its client is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(SERVER)
    if wants_client:
        context.load_verify_locations(AUTHORITY)
        context.verify_mode = ssl.CERT_REQUIRED
    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True,
                                        do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return "https://127.0.0.1:%d/cpu" % server.server_address[1]


def served(what, *arguments, **env):
    result = pprof("-symbolize=none", "-folded", *arguments, env=env)
    same((result.status, result.out), (0, FOLDED), what + ": " + result.messages)


def refused(what, sentence, *arguments, **env):
    result = pprof("-symbolize=none", "-folded", *arguments, env=env)
    check(result.status == 2 and result.out == b"" and
          any(line.endswith(sentence) for line in result.messages.splitlines()), what,
          result.messages)


open_to_all = serve()
NOBODY = ("tls: failed to verify certificate: x509: certificate signed by unknown authority")
insecure = open_to_all.replace("https:", "https+insecure:")

refused("an authority that nobody trusts", NOBODY, open_to_all)
served("one that is named", "-tls_ca=" + AUTHORITY, open_to_all)
served("one of the environment", open_to_all, SSL_CERT_FILE=AUTHORITY)
refused("an environment without it", NOBODY, open_to_all, SSL_CERT_FILE=STRANGER)
refused("a file that is not there", NOBODY, open_to_all, SSL_CERT_FILE="/no/such/file")
refused("the option counts, not the environment", NOBODY, "-tls_ca=" + STRANGER, open_to_all,
        SSL_CERT_FILE=AUTHORITY)
served("nobody is asked", insecure)

members_only = serve(wants_client=True)
served("a client that is known", "-tls_ca=" + AUTHORITY, "-tls_cert=" + CLIENT,
       "-tls_key=" + CLIENT, members_only)
refused("a client without a certificate", "remote error: tls: certificate required",
        "-tls_ca=" + AUTHORITY, members_only)
refused("a stranger", "remote error: tls: unknown certificate authority",
        "-tls_ca=" + AUTHORITY, "-tls_cert=" + STRANGER, "-tls_key=" + STRANGER, members_only)

harness.finish()
