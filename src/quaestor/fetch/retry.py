"""When a request is sent again, and what a response says about waiting: pure, no clock, no sleep.

Reads are repeated after 408, 429, 500, 502, 503, 504, a reset or a time-out; a write only after 429, and if no byte
of it can have arrived. No repetition comes earlier than the server said. Before: `fetch.client` has an outcome.
After: it sleeps and sends again, `fetch.governor` learns the limits.
"""

from __future__ import annotations

from quaestor.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from quaestor.errors import TransportError
    from quaestor.fetch.http import HttpRequest, HttpResponse

#: Transient by their meaning (RFC 9110, 15.5.9 and 15.6; RFC 6585 for 429).
TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})

#: After these a write may be sent again too: both vendors document that a request over the limit isn't carried out
#: (Okta, "Rate limits overview"; Datadog, "Rate Limits": such requests are rejected).
NOTHING_DONE = frozenset({429})

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: A reset that is larger than this is a time of day, a smaller one a countdown.
_EPOCH_FROM = 1e9


class RetryPolicy(Record):
    """How often and how long. Delays are full jitter: anything up to `base_s`·2ⁿ, at most `cap_s`.

    Attributes:
        attempts: the most that one request is sent.
        total_s: the longest that one request is waited for, all its delays together.
    """

    attempts: int = 5
    base_s: float = 0.5
    cap_s: float = 20.0
    total_s: float = 120.0


class RateLimit(Record):
    """What the headers of one response say.

    Attributes:
        limit: requests in a window.
        remaining: of these, still allowed.
        reset_s: seconds until the window ends, never less than it is.
        name: of the bucket, empty if the response doesn't give it one.
    """

    limit: int
    remaining: int
    reset_s: float
    name: str = ""


def may_repeat(request: HttpRequest, outcome: HttpResponse | TransportError) -> bool:
    """Whether sending the request again does no harm and may help.

    A search by POST is a read: the catalog says so (`verb`). GET and HEAD are safe by RFC 9110, 9.2.1.
    """
    is_read = request.method in ("GET", "HEAD") or request.verb == "select"
    status = getattr(outcome, "status", None)
    if status is not None:
        return status in TRANSIENT and (is_read or status in NOTHING_DONE)
    return bool(getattr(outcome, "retryable", False)) and (is_read or not getattr(outcome, "may_have_arrived", True))


def backoff(policy: RetryPolicy, attempt: int, random: Callable[[], float]) -> float:
    """Seconds before attempt number `attempt` + 1, if nobody says more; `random` gives a number from 0 to 1."""
    return random() * min(policy.cap_s, policy.base_s * 2.0**attempt)


def told_wait(response: HttpResponse, now: float) -> float:
    """How many seconds the server asks to wait before the same again, 0 if it doesn't say.

    Of Retry-After (RFC 9110, 10.2.3: seconds or a date) and, for 429, the limit's reset the later one.

    Args:
        now: seconds since 1970, our clock; the server's Date goes before it, so that a skewed clock does no harm.
    """
    if response.status not in (429, 503):
        return 0.0
    waits = [_retry_after(response, now)]
    limit = rate_limit(response, now)
    if response.status == 429 and limit is not None:
        waits.append(limit.reset_s)
    return max(0.0, *waits)


def _retry_after(response: HttpResponse, now: float) -> float:
    text = response.header("retry-after").strip()
    seconds = _number(text)
    if seconds is not None:
        return seconds
    date = http_date(text)
    return 0.0 if date is None else max(0.0, date - _server_time(response, now))


def rate_limit(response: HttpResponse, now: float) -> RateLimit | None:
    """The limit that a response tells of, None if it doesn't.

    Okta: `X-Rate-Limit-Reset` is a time in epoch seconds; a limit of 0 is the one of concurrent requests, which is no
    bucket's. Datadog: `X-RateLimit-Reset` counts down, `X-RateLimit-Name` names the bucket.
    """
    for prefix in ("x-rate-limit", "x-ratelimit"):
        limit = _number(response.header(f"{prefix}-limit"))
        remaining = _number(response.header(f"{prefix}-remaining"))
        reset = _number(response.header(f"{prefix}-reset"))
        if limit is None or remaining is None or reset is None:
            continue
        if reset >= _EPOCH_FROM:
            reset -= _server_time(response, now)
        name = "".join(char for char in response.header(f"{prefix}-name")[:100] if char.isprintable())
        return RateLimit(int(limit), int(remaining), max(0.0, reset), name)
    return None


def _server_time(response: HttpResponse, now: float) -> float:
    """The server's clock. It has whole seconds, cut off: what is left until a time is then never too short."""
    date = http_date(response.header("date"))
    return now if date is None else date


def _number(text: str) -> float | None:
    """A plain number of seconds or requests, None for anything else."""
    digits = text.strip()
    whole, dot, fraction = digits.partition(".")
    if not (whole.isascii() and whole.isdigit() and len(whole) < 16):
        return None
    if dot and not (fraction.isascii() and fraction.isdigit()):
        return None
    return float(digits)


def http_date(text: str) -> float | None:
    """Epoch seconds of `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7: what senders must write), else None."""
    parts = text.split()
    if len(parts) != 6 or parts[5] not in ("GMT", "UTC") or parts[2] not in _MONTHS:
        return None
    clock = parts[4].split(":")
    if len(clock) != 3 or not all(piece.isascii() and piece.isdigit() for piece in (parts[1], parts[3], *clock)):
        return None
    year, month, day = int(parts[3]), _MONTHS.index(parts[2]) + 1, int(parts[1])
    hour, minute, second = map(int, clock)
    if not (1970 <= year <= 9999 and 1 <= day <= 31 and hour < 24 and minute < 60 and second < 61):
        return None
    year -= month <= 2  # days since 1970 of the proleptic Gregorian calendar, the year taken to begin in March
    era, of_era = divmod(year, 400)
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    days = era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468
    return float(days * 86_400 + hour * 3600 + minute * 60 + second)
