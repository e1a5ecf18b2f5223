"""What stands before the sandbox: latency, limits and faults, for requests over sockets and in this process alike.

The way of a request: `Limits` counts it, `Faults` decides, the sandbox (or a cassette) answers, `mischief` spoils
the answer. `serve` then acts it out on the wire; `FrontTransport` raises what a client's transport would.

Before: `core.Sandbox` or `recording.Player` can answer. After: `serve`, `rehearsal` and the command line use it.
"""

from __future__ import annotations

from threading import Lock
from time import time

from quaestor.errors import Cancelled, TransportError, UsageError
from quaestor.fetch.governor import SystemClock
from quaestor.fetch.transport import Limits as Bounds
from quaestor.fetch.url import split
from quaestor.record import Record, replace
from quaestor.sandbox.core import OWN, Sandbox
from quaestor.sandbox.wire.faults import Fault, Faults, seconds
from quaestor.sandbox.wire.limits import Passage, told
from quaestor.sandbox.wire.mischief import Draws, Staged, staged
from quaestor.sandbox.wire.outage import vendor_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from quaestor.fetch.governor import Clock
    from quaestor.fetch.http import CancelToken, HttpRequest, HttpResponse
    from quaestor.sandbox.wire.limits import Limits

    class Service(Protocol):
        """What answers: `core.Sandbox`, `recording.Player`."""

        providers: tuple[str, ...]

        def handle(self, request: HttpRequest) -> HttpResponse:
            """The answer; its URL's host doesn't matter."""
            ...


class Asked(Record):
    """A request as the log keeps it: no headers, no body, so no secret but what a URL holds."""

    method: str
    url: str
    status: int
    fault: str = ""


#: The log keeps so many requests; the oldest go first.
KEPT = 10_000


class Front:
    """A sandbox with what can go wrong before it; safe to ask from several threads.

    Args:
        service: what answers.
        faults, limits: None for none.
        latency: before every answer, the shortest and the longest in seconds.
        seed: for latencies with a range.
        waits: whether the service itself waits for others, so that it needs a thread of its own.
        now_s: what time it is in the world that answers, in seconds since 1970.

    Attributes:
        log: the requests so far.
    """

    def __init__(
        self,
        service: Service,
        *,
        faults: Faults | None = None,
        limits: Limits | None = None,
        latency: tuple[float, float] = (0.0, 0.0),
        seed: int = 1,
        waits: bool = False,
        now_s: Callable[[], float] = time,
    ) -> None:
        self.now_s = now_s
        self.service = service
        self.faults = faults or Faults()
        self.limits = limits
        self.latency = latency
        self.waits = waits
        self.log: list[Asked] = []
        self._draw = Draws(seed)
        self._lock = Lock()

    @property
    def providers(self) -> tuple[str, ...]:
        """Whose service it stands in for."""
        return self.service.providers

    def endpoints(self, base: str) -> dict[str, str]:
        """Where each provider is below an address."""
        return {name: f"{base.rstrip('/')}/{name}" for name in self.providers}

    def begin(self, request: HttpRequest) -> Staged:
        """The answer and how it goes out. Call `end` when it is out: until then the request is under way."""
        path = _path(request)
        if path.startswith(OWN):  # what the sandbox says of itself meets no trouble
            return Staged(self.service.handle(request))
        vendor, below = vendor_of(request, path, self.providers)
        passage = Passage()
        if self.limits is not None:
            passage = self.limits.enter(vendor, request.method, below, request.url)
        try:
            if passage.event and isinstance(self.service, Sandbox):
                self.service.limited(request, passage.event, passage.route, passage.limit, passage.per)
            faults: tuple[Fault, ...] = ()
            if passage.refused is not None:
                made = Staged(passage.refused)
            else:
                faults = self.faults.decide(request.method, (path, below))
                made = staged(faults, request, vendor, self.service.handle, self._draw)
                made = replace(made, response=told(made.response, passage.headers))
        except BaseException:
            self.end(request)
            raise
        if any(self.latency):
            low, high = self.latency
            made = replace(made, delay_s=made.delay_s + low + (high - low) * self._draw())
        with self._lock:
            if len(self.log) >= KEPT:
                del self.log[: KEPT // 10]
            words = ", ".join(fault.kind for fault in faults)
            self.log.append(Asked(request.method, request.url, made.response.status, words))
        return made

    def end(self, request: HttpRequest) -> None:
        """The answer to a request that began is out, or given up."""
        path = _path(request)
        if self.limits is not None and not path.startswith(OWN):
            self.limits.leave(vendor_of(request, path, self.providers)[0])

    def transport(self, clock: Clock | None = None, closing: Callable[[], None] | None = None) -> FrontTransport:
        """A `fetch.http.Transport` that asks this sandbox and opens no socket; waits go by `clock`, and `closing` is
        called when it is closed."""
        return FrontTransport(self, clock, closing)


class FrontTransport:
    """Carries requests to a sandbox in this process; what needs a wire becomes the error that a wire would give.

    Messages and what may be tried again are those of `fetch.transport`.
    """

    def __init__(self, front: Front, clock: Clock | None = None, closing: Callable[[], None] | None = None) -> None:
        self._front = front
        self._closing = closing
        self._clock: Clock = clock or SystemClock()
        self._bounds = Bounds()

    def send(self, request: HttpRequest, cancel: CancelToken) -> HttpResponse:
        """The sandbox's response. Raises TransportError as the real transport does, Cancelled."""
        if cancel.cancelled:
            raise Cancelled("the statement was cancelled")
        host = split(request.url)[0].host
        if self._front.faults.expired_tls:
            raise _lasting(f"the certificate of {host} is refused: Expired", arrived=False)
        made = self._front.begin(request)
        try:
            return self._received(made, host, cancel)
        finally:
            self._front.end(request)

    def close(self) -> None:
        """Nothing is held but what was given to be closed."""
        if self._closing is not None:
            self._closing()

    def _received(self, made: Staged, host: str, cancel: CancelToken) -> HttpResponse:
        bounds = self._bounds
        if made.delay_s:
            self._clock.sleep(min(made.delay_s, bounds.first_byte_s), cancel)
        if made.delay_s > bounds.first_byte_s:
            raise TransportError(f"{host} sent no answer within {bounds.first_byte_s:g} s")
        if made.silent:
            raise TransportError(f"{host} broke the connection off: connection reset")
        body = made.response.body
        sent = body if made.cut < 0 else body[: made.cut]
        if made.rate:
            self._drip(len(sent), made, host, cancel)
        if made.reset:
            raise TransportError(f"{host} broke the connection off: connection reset")
        if len(sent) < len(body):
            raise TransportError(f"{host} broke the connection off: end of file before message length reached")
        if made.gzip == "cut":
            raise TransportError("the answer's gzip data is cut off")
        if made.gzip:
            raise _lasting("the answer's gzip data is damaged", arrived=True)
        return made.response

    def _drip(self, size: int, made: Staged, host: str, cancel: CancelToken) -> None:
        """The time that a slow body takes, or what the client's patience says to it."""
        bounds = self._bounds
        took = size / made.rate
        if took > bounds.rate_window_s and made.rate < bounds.rate_bytes_s:
            self._clock.sleep(bounds.rate_window_s, cancel)
            raise TransportError(
                f"the answer came at {made.rate:.0f} bytes a second, "
                f"less than {bounds.rate_bytes_s:.0f} over {bounds.rate_window_s:g} s"
            )
        self._clock.sleep(min(took, bounds.total_s), cancel)
        if took + made.delay_s > bounds.total_s:
            raise TransportError(f"{host} took longer than {bounds.total_s:g} s for one answer")


def _path(request: HttpRequest) -> str:
    """The path of an absolute URL."""
    return "/" + request.url.partition("://")[2].partition("/")[2].partition("#")[0].partition("?")[0]


def _lasting(message: str, *, arrived: bool) -> TransportError:
    """An error that the same request would meet again."""
    error = TransportError(message, may_have_arrived=arrived)
    error.retryable = False
    return error


def read_latency(text: str) -> tuple[float, float]:
    """`50ms` or `50ms..200ms` as the shortest and the longest in seconds; no text, none. Raises UsageError."""
    if not text:
        return 0.0, 0.0
    low, dots, high = text.partition("..")
    try:
        if low[-1:].isdecimal() or high[-1:].isdecimal():  # `50` may be meant as either
            raise ValueError(text)
        shortest = seconds(low)
        longest = seconds(high) if dots else shortest
    except ValueError:
        raise UsageError(
            f"--latency {text!r} is no time with its unit", hint="write one such as 50ms, or 50ms..200ms"
        ) from None
    if longest < shortest:
        raise UsageError(f"--latency {text}: the shorter time comes first")
    return shortest, longest
