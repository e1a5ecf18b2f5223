"""The wire: the one place that speaks HTTP, through pyreqwest.

What a request may cost is bounded here: time, size, where plain http may go, whether a write may pass at all.
Whatever the library raises becomes one of our errors in `fetch.wire_errors`; `docs/decisions/0002-http-client.md`
says why this library, and what of it had to be worked round. Before: `fetch.client` signed the request. After: it
reads the response's status.
"""

from __future__ import annotations

import _thread
from _queue import SimpleQueue
from time import monotonic

from quaestor.errors import Cancelled, ForbiddenError, LimitError, TransportError, UsageError
from quaestor.fetch.http import HttpResponse
from quaestor.fetch.url import split
from quaestor.fetch.wire_errors import broken, innermost, wire_error
from quaestor.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    import threading
    from typing import Any, TypeAlias

    from pyreqwest.client import SyncClient, SyncClientBuilder
    from pyreqwest.response import SyncResponse

    from quaestor.config import Proxy
    from quaestor.fetch.http import CancelToken, HttpRequest, Transport

    Headers: TypeAlias = tuple[tuple[str, str], ...]

#: How often a waiting caller looks whether it was cancelled.
POLL_S = 0.1
#: The most that is decompressed at a time.
_PIECE = 1 << 20
#: Stands for a header value that isn't visible ASCII, which the library can't give: never taken for a real one.
UNREADABLE = "\ufffd"


class Limits(Record):
    """What one request may take at most; reaching one is an error, never a shorter answer.

    Attributes:
        connect_s: name resolution, TCP and TLS together.
        first_byte_s: until the answer's headers are there, and between two pieces of its body.
        total_s: from start to end.
        rate_bytes_s, rate_window_s: the slowest average over a window that isn't cut off.
        body_bytes: the body, decompressed.
        ratio, ratio_from_bytes: decompressed to received, once the former is beyond `ratio_from_bytes`.
        header_bytes: all the response's header lines.
    """

    connect_s: float = 10.0
    first_byte_s: float = 30.0
    total_s: float = 120.0
    rate_bytes_s: float = 1024.0
    rate_window_s: float = 30.0
    body_bytes: int = 256 << 20
    ratio: float = 200.0
    ratio_from_bytes: int = 1 << 20
    header_bytes: int = 64 << 10


class HttpTransport:
    """Carries requests over sockets; thread safe, any number at once (the governor bounds them).

    Each request runs on a thread of its own, since the library can't be interrupted while it waits for an answer:
    the caller's thread waits beside it and leaves as soon as its statement is cancelled. The request left behind is
    given up when its answer begins, or at its time-out.

    Args:
        ca_bundle: path of a file with PEM certificates that are trusted besides the system's.
        proxy: what all requests go through, or `environment` for what HTTPS_PROXY and the like say; None for none.
        user_agent: what servers and their logs see.

    `close()` ends all that is under way; a statement still waiting gets a TransportError.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        ca_bundle: str = "",
        proxy: Proxy | str | None = None,
        user_agent: str = "quaestor",
    ) -> None:
        self._limits = limits or Limits()
        self._ca_bundle = ca_bundle
        self._proxy = proxy
        self._user_agent = user_agent
        self._lock = _thread.allocate_lock()
        self._clients: dict[str, SyncClient] = {}
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._closed = False

    def send(self, request: HttpRequest, cancel: CancelToken) -> HttpResponse:
        """The response, whatever its status; redirects are not followed.

        Raises TransportError (with `may_have_arrived`), LimitError, ForbiddenError for plain http to another
        machine, Cancelled within a quarter of a second.
        """
        origin = split(request.url)[0]
        if origin.scheme == "http" and not origin.is_loopback:
            raise ForbiddenError(
                f"plain http goes to this machine only, and {origin.host} is another", hint=f"https://{origin.host}"
            )
        if cancel.cancelled:
            raise Cancelled("the statement was cancelled")
        job = _Job(self._client(origin.scheme), request, cancel, self._limits)
        self._start(job)
        try:
            while not job.done.acquire(True, POLL_S):
                if cancel.cancelled:
                    raise Cancelled("the statement was cancelled")
        except BaseException:  # KeyboardInterrupt too: nobody waits for this answer any more
            job.abandoned = True
            raise
        if job.error is not None:
            raise job.error
        assert job.response is not None
        return job.response

    def close(self) -> None:
        """Give the connections back and end what is under way. Sending afterwards is a TransportError."""
        import atexit

        atexit.unregister(self.close)
        with self._lock:
            self._closed = True
            clients, self._clients = list(self._clients.values()), {}
            threads, self._threads = self._threads, []
        for client in clients:
            client.close()
        for _ in threads:
            self._jobs.put(None)
        until = monotonic() + 1.0
        for thread in threads:
            thread.join(max(0.0, until - monotonic()))

    def __enter__(self) -> HttpTransport:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- threads ------------------------------------------------------------------------------------------------

    def _start(self, job: _Job) -> None:
        with self._lock:
            if self._closed:
                raise TransportError("the connection is closed", may_have_arrived=False)
            self._jobs.put(job)
            if self._idle:
                self._idle -= 1
                return
            import threading

            thread = threading.Thread(target=self._work, daemon=True, name="quaestor-http")
            self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job.run()
            with self._lock:  # before the caller goes on: its next request finds this thread idle
                self._idle += 1
            job.done.release()
            del job  # a page may be large, and the next job long in coming

    # --- clients ------------------------------------------------------------------------------------------------

    def _client(self, scheme: str) -> SyncClient:
        """The connections for https, or those for plain http to this machine."""
        if self._proxy is not None:
            scheme = "https"  # the way to a proxy may be TLS whatever it carries
        with self._lock:
            if self._closed:
                raise TransportError("the connection is closed", may_have_arrived=False)
            client = self._clients.get(scheme)
            if client is None:
                import atexit

                atexit.register(self.close)  # or a thread of the library wakes up in a dying interpreter
                client = self._clients[scheme] = self._build(scheme)
            return client

    def _build(self, scheme: str) -> SyncClient:
        from datetime import timedelta

        from pyreqwest.client import SyncClientBuilder
        from pyreqwest.exceptions import BuilderError

        limits = self._limits
        builder = (
            SyncClientBuilder()
            .follow_redirects(False)
            .referer(False)
            .user_agent(self._user_agent)
            .gzip(False)  # decompressed in `_Body`, where the ratio of sizes is known
            .brotli(False)
            .zstd(False)
            .deflate(False)
            .connect_timeout(timedelta(seconds=limits.connect_s))
            .read_timeout(timedelta(seconds=limits.first_byte_s))
            .timeout(timedelta(seconds=limits.total_s))
        )
        builder = self._through_proxy(builder)
        if scheme == "http":
            # There is no certificate on plain http, and an https URL never comes to this client (see `_client`).
            # Otherwise the system's certificates are loaded: 8 ms, and an error on a machine that has none.
            return builder.danger_accept_invalid_certs(True).build()
        builder = builder.http2(True).min_tls_version("TLSv1.2")
        # The default of 64 KiB for all streams together would make 16 pages at once slower than one by one.
        builder = builder.http2_initial_stream_window_size(4 << 20).http2_initial_connection_window_size(32 << 20)
        builder = builder.http2_max_header_list_size(limits.header_bytes)
        # All requests share one connection: if it dies unnoticed, a retry on it would only time out again.
        builder = builder.http2_keep_alive_interval(timedelta(seconds=limits.first_byte_s / 2))
        builder = builder.http2_keep_alive_timeout(timedelta(seconds=limits.first_byte_s / 4))
        try:
            if self._ca_bundle:
                builder = builder.add_root_certificate_pem(_read_bundle(self._ca_bundle))
            return builder.build()
        except BuilderError as error:
            if "No CA certificates" in str(error):
                raise TransportError(
                    "this machine has no CA certificates, so that no server can be verified",
                    hint="install the package ca-certificates, or name a PEM file with --tls.CABundle",
                    may_have_arrived=False,
                ) from error
            raise UsageError(f"the CA bundle {self._ca_bundle} can't be used: {innermost(error)}") from error

    def _through_proxy(self, builder: SyncClientBuilder) -> SyncClientBuilder:
        if self._proxy is None:
            return builder.no_proxy()  # otherwise the library takes the environment's
        if isinstance(self._proxy, str):
            if self._proxy != "environment":
                raise UsageError(f"the proxy is a Proxy or 'environment', not {self._proxy!r}")
            return builder
        from pyreqwest.proxy import ProxyBuilder

        proxy = ProxyBuilder.all(self._proxy.url)
        if self._proxy.user:
            password = self._proxy.password.reveal() if self._proxy.password is not None else ""
            proxy = proxy.basic_auth(self._proxy.user, password)
        return builder.proxy(proxy)


class ReadOnly:
    """A transport that lets only reads pass, whatever a statement says: the gate below all else.

    It goes by what the route's method is in SQL, not by the HTTP method: EXEC of a GET has an unknown effect, and
    a search by POST is a SELECT.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def send(self, request: HttpRequest, cancel: CancelToken) -> HttpResponse:
        """As the transport within. Raises ForbiddenError for everything but SELECT."""
        if request.verb != "select":
            raise ForbiddenError(
                f"read-only: {request.verb.upper()} ({request.bucket or request.method}) was not sent",
                hint="leave out --read-only, or read_only=True, to allow writes",
            )
        return self._transport.send(request, cancel)

    def close(self) -> None:
        """Close the transport within."""
        self._transport.close()


def _read_bundle(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            pem = file.read()
    except OSError as error:
        raise UsageError(f"can't read the CA bundle {path}: {error.strerror or error}") from error
    if b"-----BEGIN CERTIFICATE-----" not in pem:  # the library takes such a file for an empty one
        raise UsageError(f"the CA bundle {path} holds no PEM certificate")
    return pem


class _Job:
    """One request on its way, handed from the caller to a thread of the transport."""

    __slots__ = ("_cancel", "_client", "_limits", "_reading", "abandoned", "done", "error", "request", "response")

    def __init__(self, client: SyncClient, request: HttpRequest, cancel: CancelToken, limits: Limits) -> None:
        self.request = request
        self.response: HttpResponse | None = None
        self.error: BaseException | None = None
        self.abandoned = False
        self.done = _thread.allocate_lock()
        self.done.acquire()
        self._client = client
        self._cancel = cancel
        self._limits = limits
        self._reading = False

    def run(self) -> None:
        """Fill in `response` or `error`."""
        started = monotonic()
        try:
            self.response = self._exchange()
        except (Cancelled, LimitError, TransportError) as error:
            self.error = error
        except BaseException as error:  # noqa: BLE001 - raised in the caller's thread
            waited = "reading" if self._reading else "waiting"
            if monotonic() - started >= self._limits.total_s * 0.98:
                waited = "total"
            self.error = wire_error(error, self.request, waited, self._limits)

    def _exchange(self) -> HttpResponse:
        request = self.request
        builder = self._client.request(request.method, request.url).header("accept-encoding", "gzip")
        for name, value in request.headers:
            builder = builder.header(name, value)
        if request.body is not None:
            builder = builder.body_bytes(request.body)
        # Without this limit the library reads 64 KiB ahead before it gives the response out: a body that drips
        # would be out of our control until then.
        with builder.streamed_read_buffer_limit(0).build_streamed() as response:
            headers = _headers(response, self._limits)
            body = self._read(response, headers)
        return HttpResponse(response.status, headers, body, request.url)

    def _read(self, response: SyncResponse, headers: Headers) -> bytes:
        encoding = ",".join(value for name, value in headers if name == "content-encoding").strip().lower()
        body = _Body(self._limits, encoding)
        reader = response.body_reader
        pace = _Pace(self._limits)
        self._reading = True
        while (chunk := reader.read_chunk()) is not None:
            if self.abandoned or self._cancel.cancelled:
                raise Cancelled("the statement was cancelled")
            piece = bytes(chunk)
            pace.add(len(piece))
            body.add(piece)
        return body.whole()


def _headers(response: SyncResponse, limits: Limits) -> Headers:
    """The headers, names in lower case, repeated ones apart and in their order."""
    map_ = response.headers
    try:
        items = list(map_.items())
    except ValueError:  # some value has bytes beyond visible ASCII, which RFC 9110 calls obsolete
        items = []
        for name in dict.fromkeys(map_.keys()):
            try:
                items += [(name, value) for value in map_.getall(name)]
            except ValueError:
                items.append((name, UNREADABLE))
    size = sum(len(name) + len(value) + 4 for name, value in items)
    if size > limits.header_bytes:
        raise LimitError(f"the answer has {size} bytes of headers, more than {limits.header_bytes}")
    return tuple(items)


class _Pace:
    """Notices a body that comes too slowly to be taken for more than an attack or an accident."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._since = monotonic()
        self._bytes = 0

    def add(self, count: int) -> None:
        """Count bytes that arrived. Raises TransportError if a whole window was below the rate."""
        self._bytes += count
        elapsed = monotonic() - self._since
        if elapsed < self._limits.rate_window_s:
            return
        if self._bytes < elapsed * self._limits.rate_bytes_s:
            raise TransportError(
                f"the answer came at {self._bytes / elapsed:.0f} bytes a second, "
                f"less than {self._limits.rate_bytes_s:.0f} over {self._limits.rate_window_s:g} s"
            )
        self._since, self._bytes = self._since + elapsed, 0


class _Body:
    """Gathers a body, decompressing gzip, within its bounds."""

    def __init__(self, limits: Limits, encoding: str) -> None:
        self._limits = limits
        self._pieces: list[bytes] = []
        self._size = 0
        self._received = 0
        self._gzip = encoding in ("gzip", "x-gzip")
        self._member: Any = None
        if not self._gzip and encoding not in ("", "identity"):
            raise broken(f"the answer is encoded as {encoding!r}, which was not asked for")

    def add(self, data: bytes) -> None:
        """Take bytes as they came. Raises LimitError beyond the bounds, TransportError for what isn't gzip."""
        self._received += len(data)
        if not self._gzip:
            self._keep(data)
            return
        import zlib

        more = True
        while more:
            if self._member is None or self._member.eof:  # RFC 1952: members follow each other
                self._member = zlib.decompressobj(wbits=31)
            try:
                piece = self._member.decompress(data, _PIECE)
            except zlib.error as error:
                raise broken("the answer's gzip data is damaged") from error
            self._keep(piece)
            data = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
            more = bool(data) or (len(piece) == _PIECE and not self._member.eof)

    def _keep(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._size += len(piece)
        limits = self._limits
        if self._size > limits.body_bytes:
            raise LimitError(f"the answer is larger than {limits.body_bytes >> 20} MiB", hint="ask for smaller pages")
        if self._size > limits.ratio_from_bytes and self._size > limits.ratio * self._received:
            raise LimitError(f"the answer unpacks to more than {limits.ratio:g} times its size")

    def whole(self) -> bytes:
        """The body. Raises TransportError if its gzip data ends too early."""
        if self._gzip and self._received and not self._member.eof:
            raise TransportError("the answer's gzip data is cut off")
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
