"""Who may send now: requests at once per host, and the rate limits that responses teach.

One governor serves all statements of a session, so what one learns the others keep to, and `fetch.shared` tells other
processes of buckets of which little is left. Requests of a bucket (`fetch.buckets`) go at full speed until a tenth of
what we may use is left, then spread out, and wait together for the reset before the server has to refuse one. A part
of each limit is left to others (`reserve`). A refusal (429) halves the requests at once; what a server asks to wait,
all requests of the bucket wait. Repetitions have a budget per host, so that an outage isn't answered by a storm.

A "host" here is an account at an origin (`Authenticator.account`): limits are an organisation's, not an address's.
Before: `fetch.client` asks. After: the transport sends.
"""

from __future__ import annotations

import threading
import time

from quaestor.errors import Cancelled, RateLimitError
from quaestor.fetch.buckets import Buckets
from quaestor.fetch.shared import Entry
from quaestor.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from quaestor.fetch.buckets import Bucket, Template
    from quaestor.fetch.http import CancelToken
    from quaestor.fetch.retry import RateLimit
    from quaestor.fetch.shared import SharedLimits
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
#: The budget of repetitions of a host, and what one takes from it.
RETRY_TOKENS = 500
RETRY_COST = 5
TIMEOUT_COST = 10


class Wait(Record):
    """Not yet.

    Attributes:
        seconds: until it is worth asking again.
        is_limit: a limit's reset is waited for.
        for_answers: until some request comes back, and at most so long.
    """

    seconds: float
    is_limit: bool = False
    for_answers: bool = False


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
    __slots__ = ("active", "buckets", "halved_at", "limit", "since_change", "tokens")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.active = 0
        self.since_change = 0
        self.halved_at = float("-inf")
        self.tokens = RETRY_TOKENS
        self.buckets = Buckets()


class Permit:
    """Leave to send one request; give it back by `done`, whatever came of it."""

    __slots__ = ("_governor", "_host", "_template", "started")

    def __init__(self, governor: Governor, host: str, template: Template, started: float) -> None:
        self._governor = governor
        self._host = host
        self._template = template
        self.started = started

    def done(self, limit: RateLimit | None = None, *, refused: bool = False, wait_s: float = 0.0) -> None:
        """The outcome.

        Args:
            limit: what the response said of its bucket.
            refused: it was a 429.
            wait_s: how long the server asks to wait.
        """
        self._governor.finish(self._host, self._template, self.started, limit, refused=refused, wait_s=wait_s)


class Governor:
    """Thread safe; one for a session.

    Args:
        concurrency: the most requests to one host at the same time.
        max_wait_s: the longest wait for a limit's reset; a longer one ends the statement at once.
        reserve: the part of each limit that is left to others, from 0 to below 1.
        shared: what other processes of the user are told, and tell; None to keep to oneself.
    """

    def __init__(
        self,
        *,
        concurrency: int = 16,
        max_wait_s: float = 120.0,
        reserve: float = 0.1,
        shared: SharedLimits | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.max_wait_s = max_wait_s
        self.clock: Clock = clock or SystemClock()
        self._concurrency = concurrency
        self._reserve = reserve
        self._shared = shared
        self._hosts: dict[str, _Host] = {}
        self._changed = threading.Condition(threading.RLock())

    def permit(self, host: str, bucket: str, cancel: CancelToken, stats: Stats) -> Permit:
        """Wait until a request to this bucket (a path template) may go out, and take the place.

        Raises RateLimitError naming the reset if it is further away than `max_wait_s` or than the statement may
        take, Cancelled.
        """
        while True:
            if cancel.cancelled:
                raise Cancelled("the statement was cancelled")
            with self._changed:
                answer = self.ask(host, bucket)
                if isinstance(answer, Permit):
                    return answer
                if answer.for_answers:
                    self._changed.wait(POLL_S)
                    continue
            if answer.is_limit:
                self.check_wait(answer.seconds, bucket, cancel)
            self.clock.sleep(answer.seconds, cancel)
            stats.add(wait_s=answer.seconds)

    def ask(self, host: str, bucket: str) -> Permit | Wait:
        """A permit, or what to wait for; `permit` asks again after that. Never waits itself."""
        with self._changed:
            place = self._host(host)
            template = place.buckets.template(bucket)
            state = template.bucket
            now = self.clock.monotonic()
            seconds = state.wait(now, self._reserve)
            if seconds > 0:
                return Wait(seconds, is_limit=True)
            if place.active >= place.limit or state.is_waiting_for_answers(now, self._reserve):
                return Wait(POLL_S, for_answers=True)
            seconds = state.gap(now, self._reserve)
            if seconds > 0:
                return Wait(seconds)
            if not self._take_shared(host, place, state, now):
                seconds = state.wait(now, self._reserve)
                return Wait(seconds or POLL_S, is_limit=seconds > 0, for_answers=seconds <= 0)
            place.active += 1
            template.in_flight += 1
            state.in_flight += 1
            state.sent_at = now
            return Permit(self, host, template, now)

    def check_wait(self, seconds: float, bucket: str, cancel: CancelToken) -> None:
        """Raises RateLimitError if a wait for a limit is longer than allowed, or than the statement may take."""
        if seconds <= self.max_wait_s and self.clock.monotonic() + seconds <= cancel.deadline:
            return
        allowed = f"or allow a longer wait with --max-wait (now {self.max_wait_s:g} s)"
        raise RateLimitError(
            f"the rate limit of {bucket} is used up until {self.time_after(seconds)}, {seconds:.0f} s from now",
            hint=f"try again then, {allowed if seconds > self.max_wait_s else 'or raise --timeout'}",
            request=bucket,
        )

    def time_after(self, seconds: float) -> str:
        """The time of day then, as a message names it."""
        return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(self.clock.time() + seconds))

    def finish(
        self,
        host: str,
        template: Template,
        started: float,
        limit: RateLimit | None,
        *,
        refused: bool,
        wait_s: float,
    ) -> None:
        """Give a place back and learn; `Permit.done` calls it."""
        with self._changed:
            place = self._host(host)
            place.active -= 1
            template.in_flight -= 1
            template.bucket.in_flight -= 1
            now = self.clock.monotonic()
            is_of_bucket = limit is None or limit.limit > 0  # Okta's limit 0 is the concurrency limit: no bucket's
            if limit is not None and is_of_bucket:
                place.buckets.learn(template, limit, now)
            state = template.bucket
            if is_of_bucket:
                if wait_s > 0 or (refused and limit is not None):
                    state.rest(now + wait_s)
                    if refused and limit is not None:
                        state.remaining = 0
                    if self._shared is not None and wait_s > 0:
                        self._shared.tell(self._entry(host, place, state, now), self.clock.time())
                else:
                    state.refused = False
            self._adapt(place, started, now, refused=refused)
            self._changed.notify_all()

    # ------------------------------------------------------------------------------------- repetitions

    def may_retry(self, host: str, *, timed_out: bool = False) -> bool:
        """Take a repetition from the host's budget; False if it has none left: most of what was sent there failed.

        The figures are those of the AWS SDKs' standard mode: 500 tokens, a repetition takes 5, after a time-out 10;
        a success gives 1 back, or what its repetition took (`succeeded`).
        """
        with self._changed:
            place = self._host(host)
            cost = TIMEOUT_COST if timed_out else RETRY_COST
            if place.tokens < cost:
                return False
            place.tokens -= cost
            return True

    def succeeded(self, host: str, *, repeated: bool) -> None:
        """Give tokens back to the budget of repetitions."""
        with self._changed:
            place = self._host(host)
            place.tokens = min(RETRY_TOKENS, place.tokens + (RETRY_COST if repeated else 1))

    # ------------------------------------------------------------------------------- between processes

    def _host(self, host: str) -> _Host:
        place = self._hosts.get(host)
        if place is None:
            place = self._hosts[host] = _Host(self._concurrency)
            if self._shared is not None:
                for entry in self._shared.of_account(host, self.clock.time()):
                    self._adopt(place, entry)
        return place

    def _adopt(self, place: _Host, entry: Entry) -> None:
        """Take over what another process knows."""
        now = self.clock.monotonic()
        reset_at = now + entry.reset - self.clock.time()
        own = place.buckets.named(entry.bucket) if entry.bucket else None
        for name in entry.templates:
            template = place.buckets.template(name)
            own = own or template.bucket
            if template.bucket is not own:
                place.buckets.move(template, own)
        if own is None:
            return
        if entry.limit == 0:
            own.rest(reset_at)
            return
        own.limit = entry.limit
        own.reset_at = reset_at
        own.remaining = own.first_remaining = max(0, entry.left + own.in_flight)
        own.seen = 0

    def _take_shared(self, host: str, place: _Host, state: Bucket, now: float) -> bool:
        """Whether a request may go out as far as the other processes know; it is taken off then."""
        if self._shared is None or not state.is_scarce(now, self._reserve):
            return True
        own = self._entry(host, place, state, now)
        reserve = int(state.limit * self._reserve)
        known = self._shared.take(own, reserve, self.clock.time())
        is_taken = known.limit > 0 and known.left > reserve
        if not is_taken or known.left < own.left or known.reset > own.reset:
            self._adopt(place, known)
        return is_taken

    def _entry(self, host: str, place: _Host, state: Bucket, now: float) -> Entry:
        name = state.name if state.is_named else ""
        is_rest = state.rest_until > now and state.rest_until >= state.reset_at
        ends = (state.rest_until if is_rest else state.reset_at) - now + self.clock.time()
        left = 0 if is_rest else max(0, state.remaining - state.in_flight)
        return Entry(host, name, tuple(place.buckets.members(state)), 0 if is_rest else state.limit, left, ends)

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
        """What is left of each bucket that a response told of, in its present window, by path template."""
        with self._changed:
            now = self.clock.monotonic()
            found = [pair for host in self._hosts.values() for pair in host.buckets.all()]
            return {name: bucket.remaining for name, bucket in found if bucket.knows(now)}
