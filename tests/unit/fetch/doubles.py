"""Stand-ins for network and clock: a transport that answers from a script, time that doesn't pass by itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TypeAlias

from quaestor.errors import Cancelled
from quaestor.fetch.http import CancelToken, HttpRequest, HttpResponse

Outcome: TypeAlias = HttpResponse | Exception
Script: TypeAlias = Callable[[HttpRequest], Outcome] | Sequence[Outcome]


class FakeTransport:
    """Answers by a function of the request, or from a list whose last entry stays; keeps what was sent."""

    def __init__(self, script: Script) -> None:
        self.sent: list[HttpRequest] = []
        self.times: list[float] = []
        self._script = script
        self._lock = threading.Lock()
        self.clock: FakeClock | None = None

    def send(self, request: HttpRequest, cancel: CancelToken) -> HttpResponse:
        """The next outcome."""
        if cancel.cancelled:
            raise Cancelled("the statement was cancelled")
        with self._lock:
            self.sent.append(request)
            if self.clock is not None:
                self.times.append(self.clock.time())
            count = len(self.sent)
        outcome = self._script(request) if callable(self._script) else self._script[min(count, len(self._script)) - 1]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def close(self) -> None:
        """Nothing to give back."""


class FakeClock:
    """Time that only `sleep` moves on; thread safe."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self._now = now
        self._lock = threading.Lock()
        self.slept: list[float] = []

    def monotonic(self) -> float:
        """Seconds."""
        return self._now - 1_000_000.0

    def time(self) -> float:
        """Seconds since 1970."""
        return self._now

    def sleep(self, seconds: float, cancel: CancelToken) -> None:
        """Let time pass."""
        if cancel.cancelled:
            raise Cancelled("the statement was cancelled")
        with self._lock:
            self.slept.append(seconds)
            self._now += seconds
