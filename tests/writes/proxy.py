"""A recording proxy: a few lines of plain http.server that forward what comes and keep it. It knows of no catalog."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

#: Of one connection, not of the message (RFC 9110, 7.6.1).
_HOP = ("connection", "keep-alive", "transfer-encoding", "content-length")


@dataclass
class Seen:
    """A request as it came: `status` is what was answered."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    status: int = 0

    def __str__(self) -> str:
        body = f"\n{self.body.decode('utf-8', 'replace')}" if self.body else ""
        return f"{self.method} {self.target} -> {self.status}{body}"


@dataclass
class Proxy:
    """Where it listens, and what it has seen."""

    url: str = ""
    seen: list[Seen] = field(default_factory=list)

    def taken(self) -> list[Seen]:
        """What came since the last call."""
        found, self.seen[:] = list(self.seen), []
        return found


@contextmanager
def recording(upstream: str) -> Iterator[Proxy]:
    """A proxy in front of an address, such as `http://127.0.0.1:8080/okta`."""
    to = urlsplit(upstream)

    def answer(request: Seen) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(to.hostname or "", to.port, timeout=30)
        try:
            connection.request(request.method, to.path + request.target, request.body or None, request.headers)
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()

    with serving(answer) as proxy:
        yield proxy


@contextmanager
def saying(status: int, headers: dict[str, str], body: bytes) -> Iterator[Proxy]:
    """A server that answers everything with the same."""
    with serving(lambda request: (status, headers, body)) as proxy:
        yield proxy


@contextmanager
def serving(answer: Callable[[Seen], tuple[int, dict[str, str], bytes]]) -> Iterator[Proxy]:
    """A server that answers by a function."""
    proxy = Proxy()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            sent = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
            seen = Seen(self.command, self.path, sent, body)
            proxy.seen.append(seen)
            status, headers, content = answer(seen)
            seen.status = status
            self.send_response_only(status)
            for name, value in headers.items():
                if name.lower() not in _HOP:
                    self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            try:
                self.wfile.write(content)
                self.wfile.flush()
            except OSError:  # who asked has gone
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is printed."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
