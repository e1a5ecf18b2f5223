"""Rate limit buckets: what is left of each, which path templates share one, and how long to wait for room.

Pure: no clock, no lock, no sleep. Times are seconds of a clock that never goes back. Before: `fetch.retry` reads a
response's headers. After: `fetch.governor` asks whether a request may go.

A bucket has the name that `X-RateLimit-Name` gives it (Datadog). Where no name is sent (Okta), each path template
begins with a bucket of its own; those whose limit, reset and remaining move together become one. A wrong guess makes
us slower, never faster, and ends as soon as a response contradicts it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from quaestor.fetch.retry import RateLimit

#: Resets of one window may differ by so much between responses, since `Date` has whole seconds.
SAME_RESET_S = 2.0
#: From this part of a limit on, requests are spread over what is left of the window.
SLOW_PART = 0.1
#: As few requests as two processes may have in flight, 16 each.
SCARCE = 32
#: The longest gap that spreading makes. A window may last an hour, and who needs five more requests shall have them.
LONGEST_GAP_S = 1.0
#: So often in a row must two templates have moved together before they are taken for one bucket.
HITS_TO_JOIN = 3


class Template:
    """A path template and the bucket that it counts against."""

    __slots__ = ("apart", "bucket", "in_flight", "name")

    def __init__(self, name: str, bucket: Bucket) -> None:
        self.name = name
        self.bucket = bucket
        self.in_flight = 0
        self.apart = False  # was joined with others by mistake: not again


class Bucket:
    """What responses said of one limit.

    Attributes:
        name: from `X-RateLimit-Name`, or the first of its templates.
        limit: requests in a window, 0 while nothing is known.
        remaining: of these, left when the last response was made.
        reset_at: when the window ends; nothing is known beyond.
        rest_until: nothing goes out before, whatever remains.
        refused: its last answer was one: the next window begins with one request alone.
        sent_at: when the last request went out.
    """

    __slots__ = (
        "first_remaining",
        "hits",
        "in_flight",
        "is_named",
        "limit",
        "name",
        "refused",
        "remaining",
        "reset_at",
        "rest_until",
        "seen",
        "sent_at",
        "suspect",
    )

    def __init__(self, name: str, *, is_named: bool = False) -> None:
        self.name = name
        self.is_named = is_named
        self.limit = 0
        self.remaining = 0
        self.reset_at = float("-inf")
        self.rest_until = float("-inf")
        self.sent_at = float("-inf")
        self.refused = False
        self.in_flight = 0
        self.first_remaining = 0  # of the window
        self.seen = 0  # answers since that first one
        self.suspect: Bucket | None = None  # what it may be one with
        self.hits = 0

    def knows(self, now: float) -> bool:
        """Whether the window that it was told of still lasts."""
        return self.limit > 0 and now < self.reset_at

    def left(self, reserve: float) -> int:
        """Requests that we may still make in this window, those in flight included, `reserve` left to others."""
        return self.remaining - int(self.limit * reserve)

    def is_nearly_used_up(self, now: float, reserve: float) -> bool:
        """Whether its requests are spread out by now."""
        return self.knows(now) and self.left(reserve) - self.in_flight <= int(self.limit * SLOW_PART)

    def is_scarce(self, now: float, reserve: float) -> bool:
        """Whether so little is left that other processes must be heard: what they have in flight may be the rest."""
        room = self.left(reserve) - self.in_flight
        return self.knows(now) and room <= max(int(self.limit * SLOW_PART), min(SCARCE, self.limit // 2))

    def wait(self, now: float, reserve: float) -> float:
        """Seconds until the limit allows one request more; 0 if it does now."""
        if now < self.rest_until:
            return self.rest_until - now
        if self.knows(now) and self.left(reserve) <= 0:
            return self.reset_at - now
        return 0.0

    def is_waiting_for_answers(self, now: float, reserve: float) -> bool:
        """Whether the answers to what is in flight must come first: they say how much is left."""
        if self.refused and not self.knows(now):
            return self.in_flight > 0
        room = self.left(reserve) if self.knows(now) else self.limit - int(self.limit * reserve)
        return self.limit > 0 and self.in_flight >= max(1, room)

    def gap(self, now: float, reserve: float) -> float:
        """Seconds until the next request, so that what is left of a nearly used up limit lasts for its window."""
        if not self.is_nearly_used_up(now, reserve):
            return 0.0
        even = (self.reset_at - now) / max(1, self.left(reserve) - self.in_flight)
        return max(0.0, self.sent_at + min(even, LONGEST_GAP_S) - now)

    def learn(self, told: RateLimit, now: float) -> None:
        """Take over what a response says. Responses may overtake each other: in a window, `remaining` only falls."""
        reset_at = now + told.reset_s
        if self.knows(now) and abs(reset_at - self.reset_at) <= SAME_RESET_S and told.limit == self.limit:
            self.remaining = min(self.remaining, told.remaining)
            self.reset_at = max(self.reset_at, reset_at)
            self.seen += 1
        else:
            self.remaining = self.first_remaining = told.remaining
            self.reset_at = reset_at
            self.seen = 0
            self.suspect, self.hits = None, 0
        self.limit = told.limit

    def rest(self, until: float) -> None:
        """A response asked for rest: nothing before that."""
        self.rest_until = max(self.rest_until, until)
        self.refused = True

    def foreign(self) -> int:
        """How many requests of this window were made through other templates or by others, at least.

        What is in flight may have been counted by the server already, so it is taken off.
        """
        return self.first_remaining - self.remaining - self.seen - self.in_flight

    def contradicts(self, told: RateLimit, now: float) -> bool:
        """Whether a response can't be of this bucket: another limit or window, or more left than there can be."""
        if not self.knows(now):
            return False
        if told.limit != self.limit:
            return True
        if abs(now + told.reset_s - self.reset_at) > SAME_RESET_S:
            return now < self.reset_at - SAME_RESET_S  # else it is the next window
        return told.remaining > self.remaining + self.in_flight + 16


class Buckets:
    """The templates and buckets of one account at one host."""

    def __init__(self) -> None:
        self._templates: dict[str, Template] = {}
        self._named: dict[str, Bucket] = {}

    def template(self, name: str) -> Template:
        """The template of this name, with a bucket of its own at first."""
        found = self._templates.get(name)
        if found is None:
            found = self._templates[name] = Template(name, Bucket(name))
        return found

    def named(self, name: str) -> Bucket:
        """The bucket that responses call so."""
        found = self._named.get(name)
        if found is None:
            found = self._named[name] = Bucket(name, is_named=True)
        return found

    def members(self, bucket: Bucket) -> list[str]:
        """The templates that count against a bucket."""
        return [template.name for template in self._templates.values() if template.bucket is bucket]

    def all(self) -> list[tuple[str, Bucket]]:
        """Every template and its bucket."""
        return [(template.name, template.bucket) for template in self._templates.values()]

    def learn(self, template: Template, told: RateLimit, now: float) -> None:
        """Take over what a response to this template says, and find out which bucket it is of."""
        if told.name:
            self.move(template, self.named(told.name))
        elif template.bucket.is_named or (
            template.bucket.contradicts(told, now) and len(self.members(template.bucket)) > 1
        ):
            template.apart = True
            self.move(template, Bucket(template.name))
        template.bucket.learn(told, now)
        if not told.name and not template.apart:
            self._join(template, now)

    def move(self, template: Template, bucket: Bucket) -> None:
        """Count a template against another bucket from now on, with what it has in flight."""
        old = template.bucket
        if old is bucket:
            return
        old.in_flight -= template.in_flight
        bucket.in_flight += template.in_flight
        bucket.sent_at = max(bucket.sent_at, old.sent_at)
        bucket.rest_until = max(bucket.rest_until, old.rest_until)
        bucket.refused = bucket.refused or old.refused
        template.bucket = bucket

    def _join(self, template: Template, now: float) -> None:
        """Make one of two buckets that have moved together for some responses.

        Both have fallen by more than was asked of them, and stand at the same number in the same window.
        """
        mine = template.bucket
        if mine.foreign() < 2:
            return
        twin = next(
            (
                other.bucket
                for other in self._templates.values()
                if other.bucket is not mine and not other.apart and _move_together(mine, other.bucket, now)
            ),
            None,
        )
        if twin is None:
            mine.hits = 0
            return
        mine.hits = mine.hits + 1 if twin is mine.suspect else 1
        mine.suspect = twin
        if mine.hits < HITS_TO_JOIN:
            return
        twin.remaining = min(twin.remaining, mine.remaining)
        for other in list(self._templates.values()):
            if other.bucket is mine:
                self.move(other, twin)


def _move_together(one: Bucket, other: Bucket, now: float) -> bool:
    return (
        not other.is_named
        and other.knows(now)
        and one.limit == other.limit
        and abs(one.reset_at - other.reset_at) <= SAME_RESET_S
        and other.foreign() >= 2
        and abs(one.remaining - other.remaining) <= one.in_flight + other.in_flight + 1
    )
