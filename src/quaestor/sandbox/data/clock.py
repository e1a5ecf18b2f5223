"""The sandbox's own date, and how times are written.

The world is made relative to one instant, not to the hour at which it is asked, so that the same seed answers
the same today and next year. Rate-limit headers alone go by the real clock: clients wait for them.

Before: nothing. After: `people`, `invent` and the worlds date what they make.
"""

from __future__ import annotations

from time import gmtime, strftime

from quaestor.errors import UsageError

#: When the world stands still, unless another instant is asked for.
DEFAULT = "2026-11-15T12:00:00Z"
#: How many days back the oldest object was made.
HISTORY_DAYS = 1095

DAY = 86_400


class Clock:
    """The instant at which the world stands still.

    Attributes:
        now: seconds since 1970, UTC.
    """

    def __init__(self, instant: str = DEFAULT) -> None:
        from datetime import UTC, datetime

        try:
            moment = datetime.fromisoformat(instant)
        except ValueError:
            raise UsageError(f"not a date and time: {instant!r}", hint=f"write one such as {DEFAULT}") from None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        self.now = int(moment.timestamp())
        midnight = self.now - self.now % DAY
        #: The dates of the last years by how many days ago they were.
        self.days_ago = tuple(
            strftime("%Y-%m-%d", gmtime(midnight - days * DAY)) for days in range(HISTORY_DAYS + 60)
        )

    def past(self, state: int, days: int = HISTORY_DAYS) -> int:
        """An instant of the last so many days, in seconds since 1970."""
        return self.now - 3_600 - state % (days * DAY)

    def future(self, state: int, days: int = 365) -> int:
        """An instant of the coming so many days, in seconds since 1970."""
        return self.now + 3_600 + state % (days * DAY)


def iso(epoch_s: int) -> str:
    """`2026-11-15T12:00:00.000Z` (RFC 3339)."""
    return strftime("%Y-%m-%dT%H:%M:%S.000Z", gmtime(epoch_s))


def iso_micros(epoch_s: int) -> str:
    """`2026-11-15T12:00:00.000000+00:00`, as Datadog writes it."""
    return strftime("%Y-%m-%dT%H:%M:%S.000000+00:00", gmtime(epoch_s))


def epoch(text: str) -> int:
    """Seconds since 1970 of an RFC 3339 time, or of digits (milliseconds if there are more than eleven).

    Raises ValueError for anything else.
    """
    if text.isdecimal():
        return int(text) // (1000 if len(text) > 11 else 1)
    from datetime import UTC, datetime

    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
