"""The sandbox on a port of this machine, for clients of any language.

Loopback only: it takes any token and knows no TLS, so nobody else has business there.

Before: `core.Sandbox` answers. After: `quaestor sandbox` and tests serve it. uvicorn is imported when used.
"""

from __future__ import annotations

import socket
from contextlib import contextmanager

from quaestor.errors import UsageError
from quaestor.fetch.http import HttpRequest
from quaestor.sandbox.core import Sandbox

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from typing import Any

    import uvicorn

    Receive = Callable[[], Awaitable[dict[str, Any]]]
    Send = Callable[[dict[str, Any]], Awaitable[None]]

#: Bytes of a request's body that are read at most.
LARGEST_BODY = 10_000_000
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Application:
    """The ASGI application (https://asgi.readthedocs.io/en/latest/specs/www.html) of a sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

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
        response = self._sandbox.handle(HttpRequest(scope["method"], url, headers, body or None))
        raw = tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers)
        await _send(send, response.status, raw, response.body)


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
    sandbox: Sandbox,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve until interrupted (SIGINT, SIGTERM). `ready` gets the address, such as `http://127.0.0.1:8080`, once
    connections are taken; port 0 takes a free one.

    Raises UsageError for a host that isn't this machine, and for a port that can't be had.
    """
    listener = _listen(host, port)
    try:
        server = _server(sandbox)
        if ready is not None:
            ready(_address(listener))
        try:
            server.run(sockets=[listener])
        except KeyboardInterrupt:  # how uvicorn hands an interrupt on after its shutdown
            return
    finally:
        listener.close()


@contextmanager
def running(sandbox: Sandbox, *, port: int = 0) -> Iterator[str]:
    """Serves in a thread while the block runs; gives the address. Connections are closed when the block ends."""
    from threading import Thread
    from time import sleep

    listener = _listen("127.0.0.1", port)
    server = _server(sandbox)
    thread = Thread(target=server.run, kwargs={"sockets": [listener]}, name="quaestor-sandbox", daemon=True)
    thread.start()
    try:
        while not server.started:
            if not thread.is_alive():
                raise UsageError("the sandbox's server didn't start")
            sleep(0.002)
        yield _address(listener)
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def _server(sandbox: Sandbox) -> uvicorn.Server:
    import uvicorn

    config = uvicorn.Config(
        Application(sandbox),
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        loop="asyncio",
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens on this machine."""
    if host not in _LOOPBACK:
        raise UsageError(
            f"the sandbox serves this machine only, not {host!r}", hint=f"use one of {', '.join(_LOOPBACK)}"
        )
    family = socket.AF_INET6 if host == "::1" else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
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


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
