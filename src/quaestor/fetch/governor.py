"""Who may send now: requests at once per host, and the rate limits that responses teach.

One governor serves all statements of a session, so what one learns the others keep to. A bucket is a path template
(`GET /api/v1/users/{userId}`) at a host. When its limit is used up, all its requests wait for the reset together,
before the server has to refuse one. A refusal (429) halves the requests at once.

This is a first version. It doesn't know that several templates share a bucket, leaves no reserve to others, doesn't
slow down gradually, shares nothing between processes, and has no budget of retries that would end a storm.
Before: `fetch.client` asks. After: the transport sends.
"""

from __future__ import annotations

import threading
import time

from quaestor.errors import Cancelled, RateLimitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from quaestor.fetch.http import CancelToken
    from quaestor.fetch.retry import RateLimit
    from quaestor.fetch.stats import Stats

    class Clock(Protocol):
        """Time, and the passing of it; tests have one that doesn't wait."""

        def monotonic(self) -> float:
            """Seconds that never go back."""
            ...

        def time(self) -> float:
            """Seconds since 1970."""
            ...

        def sleep(self, seconds: float, cancel: CancelToken) -> None:
            """Wait. Raises Cancelled as soon as the statement is."""
            ...


#: How often who waits for a free place looks whether it was cancelled.
POLL_S = 0.1


class SystemClock:
    """The machine's clock."""

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def time(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def sleep(self, seconds: float, cancel: CancelToken) -> None:
        """Wait. Raises Cancelled as soon as the statement is."""
        if cancel.wait(seconds):
            raise Cancelled("the statement was cancelled")


class _Host:
    __slots__ = ("active", "halved_at", "limit", "since_change")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.active = 0
        self.since_change = 0
        self.halved_at = float("-inf")


class _Bucket:
    __slots__ = ("in_flight", "limit", "remaining", "reset_at")

    def __init__(self) -> None:
        self.limit = 0
        self.remaining = 0
        self.reset_at = float("-inf")  # nothing is known beyond that time
        self.in_flight = 0


class Permit:
    """Leave to send one request; give it back by `done`, whatever came of it."""

    __slots__ = ("_bucket", "_governor", "_host", "started")

    def __init__(self, governor: Governor, host: _Host, bucket: _Bucket, started: float) -> None:
        self._governor = governor
        self._host = host
        self._bucket = bucket
        self.started = started

    def done(self, limit: RateLimit | None = None, *, refused: bool = False, wait_s: float = 0.0) -> None:
        """The outcome.

        Args:
            limit: what the response said of its bucket.
            refused: it was a 429; `wait_s` how long the bucket shall rest then.
        """
        self._governor.finish(self, self._host, self._bucket, limit, refused=refused, wait_s=wait_s)


class Governor:
    """Thread safe; one for a session.

    Args:
        concurrency: the most requests to one host at the same time.
        max_wait_s: the longest wait for a limit's reset; a longer one ends the statement at once.
    """

    def __init__(self, *, concurrency: int = 16, max_wait_s: float = 120.0, clock: Clock | None = None) -> None:
        self.max_wait_s = max_wait_s
        self.clock: Clock = clock or SystemClock()
        self._concurrency = concurrency
        self._hosts: dict[str, _Host] = {}
        self._buckets: dict[tuple[str, str], _Bucket] = {}
        self._changed = threading.Condition()

    def permit(self, host: str, bucket: str, cancel: CancelToken, stats: Stats) -> Permit:
        """Wait until a request to this bucket may go out, and take the place.

        Raises RateLimitError naming the reset if it is further away than `max_wait_s`, Cancelled.
        """
        while True:
            if cancel.cancelled:
                raise Cancelled("the statement was cancelled")
            with self._changed:
                place = self._hosts.setdefault(host, _Host(self._concurrency))
                state = self._buckets.setdefault((host, bucket), _Bucket())
                now = self.clock.monotonic()
                wait = _pause(state, now)
                if wait <= 0:
                    if place.active < place.limit:
                        place.active += 1
                        state.in_flight += 1
                        return Permit(self, place, state, now)
                    self._changed.wait(POLL_S)
                    continue
            self.check_wait(wait, bucket)
            self.clock.sleep(wait, cancel)
            stats.add(wait_s=wait)

    def check_wait(self, seconds: float, bucket: str) -> None:
        """Raises RateLimitError if a wait is longer than allowed."""
        if seconds > self.max_wait_s:
            raise RateLimitError(
                f"the rate limit of {bucket} is used up until {self.time_after(seconds)}, {seconds:.0f} s from now",
                hint=f"try again then, or allow a longer wait with --max-wait (now {self.max_wait_s:g} s)",
                request=bucket,
            )

    def time_after(self, seconds: float) -> str:
        """The time of day then, as a message names it."""
        return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(self.clock.time() + seconds))

    def finish(
        self, permit: Permit, host: _Host, bucket: _Bucket, limit: RateLimit | None, *, refused: bool, wait_s: float
    ) -> None:
        """Give a place back and learn; `Permit.done` calls it."""
        with self._changed:
            host.active -= 1
            bucket.in_flight -= 1
            now = self.clock.monotonic()
            if limit is not None and limit.limit > 0:  # Okta's limit 0 is the concurrency limit: no bucket's
                _learn(bucket, limit, now)
                if refused:
                    bucket.remaining = 0
                    bucket.reset_at = max(bucket.reset_at, now + wait_s)
            self._adapt(host, permit.started, now, refused=refused)
            self._changed.notify_all()

    def _adapt(self, host: _Host, started: float, now: float, *, refused: bool) -> None:
        if refused:
            if started >= host.halved_at:  # those already on their way then were refused for the same reason
                host.limit = max(1, host.limit // 2)
                host.halved_at = now
            host.since_change = 0
            return
        host.since_change += 1
        if host.limit < self._concurrency and host.since_change >= host.limit:
            host.limit += 1
            host.since_change = 0

    def remaining(self) -> dict[str, int]:
        """What is left of each bucket that a response told of, in its present window."""
        with self._changed:
            now = self.clock.monotonic()
            return {name: state.remaining for (_, name), state in self._buckets.items() if now < state.reset_at}


def _pause(bucket: _Bucket, now: float) -> float:
    """Seconds until the bucket has room for one request more."""
    if now >= bucket.reset_at or bucket.remaining > bucket.in_flight:
        return 0.0
    return bucket.reset_at - now


def _learn(bucket: _Bucket, limit: RateLimit, now: float) -> None:
    """Responses may overtake each other: within a window what remains only goes down."""
    reset_at = now + limit.reset_s
    is_same_window = now < bucket.reset_at and abs(reset_at - bucket.reset_at) <= 2.0
    bucket.remaining = min(bucket.remaining, limit.remaining) if is_same_window else limit.remaining
    bucket.reset_at = max(bucket.reset_at, reset_at) if is_same_window else reset_at
    bucket.limit = limit.limit
