"""What travels: a request, a response, and who carries them.

Before: `fetch.request` builds requests. After: `fetch.client` sends them through a `Transport`, `fetch.pages`
reads what comes back. The sandbox answers `HttpRequest` with `HttpResponse` too, so a statement can run on it
without a socket.
"""

from __future__ import annotations

from quaestor.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol


class HttpRequest(Record):
    """One request, complete: `url` is absolute and encoded, header names are lower-case, no credential inside
    until `fetch.auth` adds it.

    Attributes:
        verb: the SQL verb that it serves; the read-only gate goes by it.
        bucket: `GET /api/v1/users/{userId}`: the path's template, by which rate limits are learned.
        further: the body of a further page where that isn't the first one's with a token in it (GraphQL).
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    verb: str = "select"
    bucket: str = ""
    further: bytes = b""


class HttpResponse(Record):
    """One response, its body decompressed and whole; header names are lower-case, repeated ones stay apart."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    url: str = ""

    def header(self, name: str) -> str:
        """The first header of this lower-case name, or an empty text."""
        return next((value for key, value in self.headers if key == name), "")

    def all(self, name: str) -> list[str]:
        """Every header of this lower-case name."""
        return [value for key, value in self.headers if key == name]


class CancelToken:
    """Set once, from any thread, to stop what a statement has under way.

    Attributes:
        deadline: when the statement must have ended, in seconds of `time.monotonic`; a wait that would last longer
            isn't begun.
    """

    __slots__ = ("_event", "deadline")

    def __init__(self) -> None:
        import threading

        self._event = threading.Event()
        self.deadline = float("inf")

    @property
    def in_flight(self) -> CancelToken:
        """What stops a request that is under way: this."""
        return self

    def cancel(self) -> None:
        """Stop."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """Whether it was told to stop."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleep, at most so long; True as soon as it is cancelled."""
        return self._event.wait(seconds)


class GentleToken(CancelToken):
    """Stops between requests: what is under way ends in its own time, unless `abort` is cancelled too.

    Attributes:
        reading: what stops a SELECT whose rows are to be written; it needn't end in its own time.
    """

    __slots__ = ("abort", "reading")

    def __init__(self) -> None:
        super().__init__()
        self.abort = CancelToken()
        self.reading: Callable[[], None] | None = None

    def cancel(self) -> None:
        """Stop after the request that is under way."""
        super().cancel()
        if self.reading is not None:
            self.reading()

    @property
    def in_flight(self) -> CancelToken:
        """What stops a request that is under way."""
        return self.abort


if TYPE_CHECKING:

    class Transport(Protocol):
        """Carries one request; thread safe."""

        def send(self, request: HttpRequest, cancel: CancelToken) -> HttpResponse:
            """The response, whatever its status; redirects are not followed.

            Raises TransportError, LimitError for a body or header beyond the bounds, Cancelled.
            """
            ...

        def close(self) -> None:
            """Give the connections back."""
            ...
