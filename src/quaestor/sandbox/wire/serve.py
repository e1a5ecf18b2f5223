"""The sandbox on a port of this machine, for clients of any language.

Loopback only: it takes any token, so nobody else has business there. With an `Identity` it speaks TLS.

Before: `front.Front` says how an answer goes out. After: `quaestor sandbox` and tests serve it. uvicorn is imported
when used.
"""

from __future__ import annotations

import socket
import struct
from contextlib import contextmanager

from quaestor.errors import UsageError
from quaestor.fetch.http import HttpRequest
from quaestor.sandbox.wire.front import Front
from quaestor.sandbox.wire.mischief import Staged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from typing import Any

    import uvicorn

    from quaestor.sandbox.wire.front import Service
    from quaestor.sandbox.wire.tls import Identity

    Receive = Callable[[], Awaitable[dict[str, Any]]]
    Send = Callable[[dict[str, Any]], Awaitable[None]]

#: Bytes of a request's body that are read at most.
LARGEST_BODY = 10_000_000
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
#: How long after one piece of a slow body the next one follows.
_DRIP_S = 0.05
#: A connection that nobody uses is kept for so long, which is longer than clients keep theirs (Node: 5 s): the one
#: that closes first must be the client, or a request meets a connection that is just closing.
_IDLE_S = 75


class Application:
    """The ASGI application (https://asgi.readthedocs.io/en/latest/specs/www.html) of a sandbox."""

    def __init__(self, front: Front) -> None:
        self._front = front

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = await _body(receive)
        if body is None:
            await _send(send, 413, ((b"content-type", b"text/plain"),), b"the body is too large\n")
            return
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
        host = next((value for name, value in headers if name == "host"), "127.0.0.1")
        path = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        url = f"{scope['scheme']}://{host}{path}" + (f"?{query}" if query else "")
        request = HttpRequest(scope["method"], url, headers, body or None)
        if self._front.waits:
            import asyncio

            made = await asyncio.to_thread(self._front.begin, request)
        else:
            made = self._front.begin(request)
        try:
            await _act_out(made, scope, receive, send)
        finally:
            self._front.end(request)


async def _act_out(made: Staged, scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Send an answer the way that it is staged."""
    import asyncio

    response = made.response
    if made.delay_s:
        await asyncio.sleep(made.delay_s)
    raw = tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers)
    if made.cut < 0 and not made.reset and not made.rate:
        await _send(send, response.status, raw, response.body)
        return
    body = response.body if made.cut < 0 else response.body[: made.cut]
    if not made.silent:
        length = (b"content-length", str(len(response.body)).encode())
        await send({"type": "http.response.start", "status": response.status, "headers": [*raw, length]})
        step = max(1, int(made.rate * _DRIP_S)) if made.rate else max(1, len(body))
        for start in range(0, len(body), step):
            await send({"type": "http.response.body", "body": body[start : start + step], "more_body": True})
            if made.rate:
                await asyncio.sleep(min(step, len(body) - start) / made.rate)
        if len(body) == len(response.body) and not made.reset:
            await send({"type": "http.response.body", "body": b""})
            return
        await asyncio.sleep(_DRIP_S)  # so that what was sent arrives before the end does
    transport = scope["state"][_TRANSPORT]
    if made.reset:  # closing with nothing to linger for sends RST instead of FIN
        peer = transport.get_extra_info("socket")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    else:
        transport.close()
    while (await receive())["type"] != "http.disconnect":
        await asyncio.sleep(0)  # uvicorn calls an application that ends earlier unfinished


async def _body(receive: Receive) -> bytes | None:
    """The whole body, or None if it is too large."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b""
        part = message.get("body", b"")
        size += len(part)
        if size > LARGEST_BODY:
            return None
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


async def _send(send: Send, status: int, headers: tuple[tuple[bytes, bytes], ...], body: bytes) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})


def serve(
    service: Service | Front,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    identity: Identity | None = None,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve until interrupted (SIGINT, SIGTERM). `ready` gets the address, such as `http://127.0.0.1:8080`, once
    connections are taken; port 0 takes a free one; with an identity it is https.

    Raises UsageError for a host that isn't this machine, and for a port that can't be had.
    """
    listener = _listen(host, port)
    try:
        server = _server(service, identity)
        if ready is not None:
            ready(_address(listener, identity))
        try:
            server.run(sockets=[listener])
        except KeyboardInterrupt:  # how uvicorn hands an interrupt on after its shutdown
            return
    finally:
        listener.close()


@contextmanager
def running(service: Service | Front, *, port: int = 0, identity: Identity | None = None) -> Iterator[str]:
    """Serves in a thread while the block runs; gives the address. Connections are closed when the block ends."""
    from threading import Thread
    from time import sleep

    listener = _listen("127.0.0.1", port)
    try:
        server = _server(service, identity)
        thread = Thread(target=server.run, kwargs={"sockets": [listener]}, name="quaestor-sandbox", daemon=True)
        thread.start()
        try:
            while not server.started:
                if not thread.is_alive():
                    raise UsageError("the sandbox's server didn't start")
                sleep(0.002)
            yield _address(listener, identity)
        finally:
            server.should_exit = True
            thread.join()
    finally:
        listener.close()


#: Under which name an application finds its connection.
_TRANSPORT = "quaestor.transport"


def _server(service: Service | Front, identity: Identity | None) -> uvicorn.Server:
    import uvicorn
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class Protocol(H11Protocol):
        """Lets the application break a connection off."""

        def connection_made(self, transport: Any) -> None:
            self.app_state = {**self.app_state, _TRANSPORT: transport}
            super().connection_made(transport)

    config = uvicorn.Config(
        Application(service if isinstance(service, Front) else Front(service)),
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        loop="asyncio",
        http=Protocol,
        server_header=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=_IDLE_S,
        ssl_certfile=identity.certificate if identity else None,
        ssl_keyfile=identity.key if identity else None,
    )
    return uvicorn.Server(config)


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens on this machine."""
    if host not in _LOOPBACK:
        raise UsageError(
            f"the sandbox serves this machine only, not {host!r}", hint=f"use one of {', '.join(_LOOPBACK)}"
        )
    family = socket.AF_INET6 if host == "::1" else socket.AF_INET
    # with its protocol named, since asyncio turns Nagle's algorithm off for such sockets only: 40 ms an answer
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except (OSError, OverflowError) as error:
        listener.close()
        raise UsageError(
            f"port {port} of {host} can't be had: {error}", hint="choose another with --port, or 0 for a free one"
        ) from None
    return listener


def _address(listener: socket.socket, identity: Identity | None) -> str:
    host, port = listener.getsockname()[:2]
    scheme = "https" if identity else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
