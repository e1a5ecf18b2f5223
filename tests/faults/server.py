"""A server that misbehaves on purpose: raw sockets, a script per request, and a byte-exact log of what arrived.

A script is a function from the request seen to steps; a list of replies answers the requests in turn, the last one
for ever. Steps are bytes to send as they are, or one of `Wait`, `Drip`, `Cut`, `Reset`, `Hang`. Loopback only.

    with FaultServer([answer(b'{"a": 1}'), [answer_head(length=9), b"half", Reset()]]) as server:
        ...
        assert [seen.target for seen in server.log] == ["/a", "/b"]
"""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias


class Wait(NamedTuple):
    """Send nothing for a while."""

    seconds: float


class Drip(NamedTuple):
    """Send byte by byte."""

    data: bytes
    interval_s: float


class Cut(NamedTuple):
    """Close the connection in order (FIN)."""


class Reset(NamedTuple):
    """Break the connection off (RST)."""


class Hang(NamedTuple):
    """Keep the connection, answer nothing, until the client leaves or the server is closed."""


class Seen(NamedTuple):
    """A request as it arrived. Header names are in lower case; `raw` is every byte of it."""

    at: float
    connection: int
    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    raw: bytes


Step: TypeAlias = bytes | Wait | Drip | Cut | Reset | Hang
Reply: TypeAlias = Sequence[Step] | bytes
Script: TypeAlias = Callable[[Seen], Reply] | Sequence[Reply]


def answer_head(
    status: int = 200, headers: Sequence[tuple[str, str]] = (), *, length: int | None = None, reason: str = "X"
) -> bytes:
    """The status line and headers; a Content-Length of whatever is claimed."""
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers)]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def answer(
    body: bytes = b"", status: int = 200, headers: Sequence[tuple[str, str]] = (), *, media: str = "application/json"
) -> bytes:
    """A whole answer with its right length."""
    return answer_head(status, [("Content-Type", media), *headers], length=len(body)) + body


class FaultServer:
    """Listens on a free port of 127.0.0.1 until it is closed.

    Attributes:
        log: what arrived, in order.
        refused: TLS handshakes that failed, as the server saw them.
        left: connections that the client closed while the server was sending or hanging.
    """

    def __init__(self, script: Script, *, tls: ssl.SSLContext | None = None) -> None:
        self.log: list[Seen] = []
        self.refused: list[str] = []
        self.left: list[float] = []
        self._script = script
        self._tls = tls
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`, or https on the name that test certificates are for."""
        return f"https://localhost:{self.port}" if self._tls else f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> FaultServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection and wait for the threads."""
        self._closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._acceptor.join(5)
        self._listener.close()
        with self._lock:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # the client was faster
        for thread in self._threads:
            thread.join(5)

    def wait_for(self, condition: Callable[[], bool], seconds: float = 5.0) -> bool:
        """Whether `condition` came true in time."""
        until = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > until:
                return False
            time.sleep(0.005)
        return True

    # --- connections --------------------------------------------------------------------------------------------

    def _accept(self) -> None:
        number = 0
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            number += 1
            thread = threading.Thread(target=self._serve, args=(connection, number), daemon=True)
            with self._lock:
                self._open.add(connection)
                self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        plain = connection
        try:
            if self._tls is not None:
                connection = self._tls.wrap_socket(plain, server_side=True)
                with self._lock:
                    self._open.discard(plain)
                    self._open.add(connection)
            self.converse(connection, number)
        except ssl.SSLError as error:
            self.refused.append(str(error))
        except OSError:
            self.left.append(time.monotonic())
        finally:
            with self._lock:
                self._open -= {plain, connection}
            connection.close()
            plain.close()

    def converse(self, connection: socket.socket, number: int) -> None:
        """Read requests and play their replies, until somebody ends it. Other protocols override this."""
        pending = b""
        while True:
            seen, pending = self._read(connection, number, pending)
            if seen is None:
                return
            if not self._play(connection, self.reply_to(seen)):
                return

    def reply_to(self, seen: Seen) -> Sequence[Step]:
        """Log the request and find its reply."""
        with self._lock:
            self.log.append(seen)
            count = len(self.log)
        if callable(self._script):
            reply = self._script(seen)
        else:
            reply = self._script[min(count, len(self._script)) - 1]
        return [reply] if isinstance(reply, bytes) else reply

    def _read(self, connection: socket.socket, number: int, pending: bytes) -> tuple[Seen | None, bytes]:
        data = pending
        while b"\r\n\r\n" not in data:
            more = connection.recv(65536)
            if not more:
                return None, b""
            data += more
        head, _, rest = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = [line.partition(":") for line in lines]
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        length = int(headers.get("content-length", "0"))
        while len(rest) < length:
            rest += connection.recv(65536)
        method, target, _ = first.split(" ")
        body, rest = rest[:length], rest[length:]
        return Seen(time.monotonic(), number, method, target, headers, body, head + b"\r\n\r\n" + body), rest

    def _play(self, connection: socket.socket, steps: Sequence[Step]) -> bool:
        """Whether the connection goes on after these steps."""
        for step in steps:
            match step:
                case bytes():
                    connection.sendall(step)
                case Wait(seconds):
                    self._closing.wait(seconds)
                case Drip(data, interval):
                    for byte in data:
                        connection.sendall(bytes((byte,)))
                        if self._closing.wait(interval):
                            return False
                case Cut():
                    return False
                case Reset():
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return False
                case Hang():
                    while connection.recv(65536):
                        pass
                    self.left.append(time.monotonic())
                    return False
        return True


def tunnel(client: socket.socket, port: int) -> None:
    """Carry bytes between a client and a local port until either ends: what a proxy does after CONNECT."""
    with socket.create_connection(("127.0.0.1", port)) as upstream:

        def carry(source: socket.socket, target: socket.socket) -> None:
            try:
                while data := source.recv(65536):
                    target.sendall(data)
                target.shutdown(socket.SHUT_WR)
            except OSError:
                return  # the other direction ended first

        back = threading.Thread(target=carry, args=(upstream, client), daemon=True)
        back.start()
        carry(client, upstream)
        back.join(5)


class ConnectProxy(FaultServer):
    """An HTTP proxy that tunnels every CONNECT to one local port, and logs it."""

    def __init__(self, port: int) -> None:
        super().__init__([answer(status=502)])
        self._upstream = port

    def converse(self, connection: socket.socket, number: int) -> None:
        """CONNECT, then bytes."""
        seen, _ = self._read(connection, number, b"")
        if seen is None:
            return
        self.reply_to(seen)
        connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
        tunnel(connection, self._upstream)


class Http2Server(FaultServer):
    """Enough of HTTP/2 (RFC 9113) for a GET: every stream is answered with 200, the headers and body given.

    Request headers are not decoded: `log` has a line for each stream, `target` being its number.
    """

    def __init__(self, body: bytes, headers: Sequence[tuple[str, str]], *, tls: ssl.SSLContext) -> None:
        tls.set_alpn_protocols(["h2"])
        super().__init__([b""], tls=tls)
        self._body = body
        self._headers = headers

    def converse(self, connection: socket.socket, number: int) -> None:
        """Frames: settings and pings are acknowledged, HEADERS answered."""
        data = _exactly(connection, 24)
        assert data.startswith(b"PRI * HTTP/2.0"), data
        connection.sendall(_frame(4, 0, 0, b""))
        while header := _exactly(connection, 9):
            length, kind, flags = int.from_bytes(header[:3], "big"), header[3], header[4]
            stream = int.from_bytes(header[5:], "big")
            payload = _exactly(connection, length)
            if kind == 4 and not flags & 1:
                connection.sendall(_frame(4, 1, 0, b""))
            elif kind == 6 and not flags & 1:
                connection.sendall(_frame(6, 1, 0, payload))
            elif kind == 1:
                self.reply_to(Seen(time.monotonic(), number, "h2", str(stream), {}, b"", header + payload))
                connection.sendall(self._answer(stream))

    def _answer(self, stream: int) -> bytes:
        block = b"\x88"  # RFC 7541, appendix A: index 8 is `:status: 200`
        for name, value in self._headers:
            block += b"\x00" + bytes((len(name),)) + name.encode() + bytes((len(value),)) + value.encode()
        frames = _frame(1, 4, stream, block)
        for at in range(0, len(self._body), 16384):
            piece = self._body[at : at + 16384]
            frames += _frame(0, int(at + 16384 >= len(self._body)), stream, piece)
        return frames


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            return b""
        data += more
    return data
