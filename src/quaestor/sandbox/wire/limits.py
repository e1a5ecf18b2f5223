"""Rate limits as the vendors have them: so many requests of a family in a window, so many at once.

Windows are aligned to the clock (the minute from :00 to :59) and each family of endpoints has its own, as
https://developer.okta.com/docs/reference/rl-global-mgmt/ and https://docs.datadoghq.com/api/latest/rate-limits/ say.
The defaults are of the size of the vendors' own; organisations differ, so a file can replace them.

Before: `front` has a request. After: the sandbox answers it, or the refusal here does; headers tell what is left.
"""

from __future__ import annotations

import re
from math import ceil
from threading import Lock
from time import time

from quaestor.catalog.document import mapping, read, sequence
from quaestor.errors import Cancelled, CatalogError, UsageError, did_you_mean
from quaestor.fetch.http import HttpResponse
from quaestor.record import Record, replace
from quaestor.sandbox.answer.buckets import Bucket, Table
from quaestor.sandbox.vendors import vendor
from quaestor.sandbox.wire.faults import METHODS, pattern, seconds
from quaestor.sandbox.wire.outage import answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from quaestor.fetch.http import CancelToken

#: How far Okta's reset is away when too many ask at once; the vendor calls it an estimate.
_CONCURRENT_RESET_S = 60
#: At this part of a limit Okta's log warns: https://developer.okta.com/docs/reference/rl-system-log-events/
_WARNED = 0.6
#: Headers of the sandbox's own count, which these limits replace.
_COUNTED = ("x-rate-limit-", "x-ratelimit-")


class SimulatedClock:
    """Time that passes only when someone waits or `advance` says so: a minute's window costs no minute.

    Sandbox and client must share it: `quaestor.sandbox(clock="simulated")` sees to that.
    """

    def __init__(self, start: float = 1_800_000_000.0) -> None:
        self._now = start
        self._lock = Lock()

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return self._now

    def time(self) -> float:
        """Seconds since 1970."""
        return self._now

    def sleep(self, seconds: float, cancel: CancelToken) -> None:
        """Let so much time pass at once. Raises Cancelled if the statement is."""
        if cancel.cancelled:
            raise Cancelled("the statement was cancelled")
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass."""
        with self._lock:
            self._now += max(0.0, seconds)


class Passage(Record):
    """What limits say of a request.

    Attributes:
        refused: the refusal; None for what may pass.
        headers: that its answer has.
        event: what a log of the vendor's tells once in a window: `warning` when most of it is spent, `violation` for
            the first that is refused, `concurrency` when too many ask at once; else empty.
        limit, per: of the bucket, which `route` names.
    """

    refused: HttpResponse | None = None
    headers: Mapping[str, str] = {}
    event: str = ""
    route: str = ""
    limit: int = 0
    per: int = 60


class _Window:
    __slots__ = ("count", "number")

    def __init__(self) -> None:
        self.number = -1
        self.count = 0


class Limits:
    """The limits of a sandbox; safe to ask from several threads.

    Args:
        tables: by provider; one that isn't named has the limits that its vendor's organisations usually have.
        clock: by which windows go.

    Attributes:
        refused: how many requests were answered with 429.
    """

    def __init__(self, tables: Mapping[str, Table] | None = None, clock: Callable[[], float] = time) -> None:
        self._tables = dict(tables or {})
        self._clock = clock
        self._windows: dict[tuple[str, int], _Window] = {}
        self._fits: dict[str, list[Callable[[str, str], bool]]] = {}
        self._active: dict[str, int] = {}
        self._crowded: dict[str, int] = {}
        self._lock = Lock()
        self.refused = 0

    def enter(self, provider: str, method: str, path: str, url: str) -> Passage:
        """What limits say of a request. Every `enter` has its `leave`."""
        manners = vendor(provider).manners
        table = self._tables.get(provider, manners.limits)
        number = next((n for n, fits in enumerate(self._fitting(provider, table)) if fits(method, path)), -1)
        with self._lock:
            active = self._active[provider] = self._active.get(provider, 0) + 1
            now = self._clock()
            if table.concurrency and active > table.concurrency:
                self.refused += 1
                headers = manners.counted(Bucket("*", 0), 0, now, int(now) + _CONCURRENT_RESET_S, "concurrent")
                crowded, self._crowded[provider] = self._crowded.get(provider), int(now) // _CONCURRENT_RESET_S
                event = "concurrency" if crowded != self._crowded[provider] else ""
                refused = answer(provider, 429, headers, url)
                return Passage(refused, headers, event, "*", table.concurrency, _CONCURRENT_RESET_S)
            if number < 0:
                return Passage()
            bucket = table.buckets[number]
            window = self._windows.setdefault((provider, number), _Window())
            current = int(now) // bucket.per
            if window.number != current:
                window.number, window.count = current, 0
            window.count += 1
            left = bucket.limit - window.count
            headers = manners.counted(bucket, max(0, left), now, (current + 1) * bucket.per, _name(bucket.route))
            if left >= 0:
                event = "warning" if window.count == ceil(bucket.limit * _WARNED) else ""
                return Passage(None, headers, event, bucket.route, bucket.limit, bucket.per)
            self.refused += 1
        event = "violation" if left == -1 else ""
        return Passage(answer(provider, 429, headers, url), headers, event, bucket.route, bucket.limit, bucket.per)

    def leave(self, provider: str) -> None:
        """A request's answer is out."""
        with self._lock:
            self._active[provider] -= 1

    def _fitting(self, provider: str, table: Table) -> list[Callable[[str, str], bool]]:
        found = self._fits.get(provider)
        if found is None:
            found = self._fits[provider] = [_fits(bucket.route) for bucket in table.buckets]
        return found


def told(response: HttpResponse, headers: Mapping[str, str]) -> HttpResponse:
    """A response with these limits' headers instead of the sandbox's own."""
    if not headers:
        return response
    kept = tuple(pair for pair in response.headers if not pair[0].startswith(_COUNTED) and pair[0] not in headers)
    return replace(response, headers=(*kept, *headers.items()))


def _name(route: str) -> str:
    """A bucket's name, of its path: `logs`."""
    words = [word for word in re.split(r"[^A-Za-z]+", route.rpartition(" ")[2]) if word not in ("", "api", "v")]
    return "_".join(words) or "default"


def _fits(route: str) -> Callable[[str, str], bool]:
    method, _, path = route.rpartition(" ")
    fits = pattern(path)
    return lambda asked, at: (not method or asked == method) and fits(at)


def read_limits(text: str, clock: Callable[[], float] = time) -> Limits | None:
    """What `--limits` says: `off`, `real`, or the YAML file with

    limits:
      okta:
        concurrency: 10
        buckets:
          - {route: GET /api/v1/users, limit: 5, per: 2s}

    Raises UsageError naming the place.
    """
    if text in ("", "off"):
        return None
    if text == "real":
        return Limits(clock=clock)
    if not text.endswith((".yaml", ".yml", ".json")):
        raise UsageError(
            f"--limits is real, off or a YAML file, not {text!r}", hint=did_you_mean(text, ["real", "off"])
        )
    try:
        document = read(text)
        odd = next((key for key in document if key != "limits"), None)
        if odd is not None or not document:
            raise UsageError(f"{text} should hold a mapping `limits`" + (f", not {odd!r}" if odd else ""))
        tables = {
            name: _table(body, f"{text}: limits.{name}") for name, body in mapping(document["limits"], text).items()
        }
    except CatalogError as error:
        raise UsageError(error.message) from error
    return Limits(tables, clock)


def _table(body: Any, where: str) -> Table:
    found = mapping(body, where)
    _known(found, ("concurrency", "buckets"), where)
    buckets = sequence(found.get("buckets"), f"{where}.buckets")
    return Table(
        tuple(_bucket(entry, f"{where}.buckets[{number}]") for number, entry in enumerate(buckets)),
        _count(found.get("concurrency", 0), f"{where}.concurrency", 0),
    )


def _bucket(body: Any, where: str) -> Bucket:
    found = mapping(body, where)
    _known(found, ("route", "limit", "per"), where)
    route = found.get("route", "*")
    method, _, path = route.rpartition(" ") if isinstance(route, str) else ("", "", "")
    if not (path == "*" or path.startswith("/")) or (method and method not in METHODS):
        raise UsageError(f"{where}.route should be a path, or a method and a path", hint="GET /api/v1/users")
    per = found.get("per", 60)
    try:
        window = seconds(str(per))
    except ValueError:
        raise UsageError(f"{where}.per is no time: {per!r}", hint="write one such as 10s or 1m") from None
    if window < 1 or window != int(window):
        raise UsageError(f"{where}.per should be whole seconds, since the headers tell no parts of them")
    return Bucket(route, _count(found.get("limit"), f"{where}.limit", 1), int(window))


def _known(found: Mapping[str, Any], names: tuple[str, ...], where: str) -> None:
    odd = next((key for key in found if key not in names), None)
    if odd is not None:
        raise UsageError(f"{where} has a key {odd!r}", hint=f"there are {', '.join(names)}")


def _count(value: Any, where: str, least: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise UsageError(f"{where} should be a whole number from {least} on, not {value!r}")
    return value
