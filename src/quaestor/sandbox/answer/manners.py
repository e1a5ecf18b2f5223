"""A service's manners: who may ask, how it says no, which headers it sends, how its lists are filtered.

`Manners` are those of any HTTP API of the catalog; each vendor's folder refines them (`okta.manners`,
`datadog.manners`), and `vendors` knows whose is whose.

Before: `core` has a request, or a Refusal. After: the response speaks as the vendor's does.
"""

from __future__ import annotations

from time import time

from quaestor.catalog.model import Method, Provider
from quaestor.sandbox.answer.buckets import Bucket, Table
from quaestor.sandbox.answer.query import Query
from quaestor.sandbox.answer.refusal import Refusal
from quaestor.sandbox.data.clock import epoch
from quaestor.sandbox.data.collection import Collection, encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from quaestor.catalog.model import Schema

#: The HTTP status of each kind of refusal.
STATUS = {
    "unauthenticated": 401,
    "forbidden": 403,
    "missing": 404,
    "no_route": 404,
    "method": 405,
    "invalid": 400,
    "filter": 400,
    "malformed": 400,
    "body": 400,
    "conflict": 409,
    "rule": 403,
    "unsupported": 501,
}

#: What a service says with a status that comes from before or beside it: limits, outages.
SAID = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    429: "Too many requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
#: So many requests are allowed; nothing is refused yet, the headers only count.
REQUESTS_A_MINUTE = 600_000


class Manners:
    """What any HTTP API of the catalog does; vendors refine it."""

    #: The limits that organisations usually have.
    limits = Table((Bucket("*", 1000),))
    #: The style of times in bodies: `2026-11-15T12:00:00.000000+00:00` if true, else with milliseconds and Z.
    micros = False

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self._count = 0
        self._window = 0

    def admit(self, route_path: str, headers: Mapping[str, str]) -> None:
        """Raises Refusal unless every credential is there: any token that isn't empty will do."""
        missing = [
            c for c in self.provider.credentials if not self._token(headers.get(c.header.lower(), ""), c.prefix)
        ]
        if missing:
            first = len(missing) == len(self.provider.credentials)
            raise Refusal("unauthenticated" if first else "forbidden", missing[0].header)

    @staticmethod
    def _token(value: str, prefix: str) -> str:
        if prefix and value.lower().startswith(prefix.lower()):
            return value[len(prefix) :].strip()
        return "" if prefix else value.strip()

    def refuse(self, refusal: Refusal, operation: str) -> tuple[int, bytes]:
        """Status and body of a refusal by an operation, such as `datadog GET /api/v2/roles/{}`."""
        return refusal.status or STATUS[refusal.why], encode({"message": self.sentence(refusal)})

    @staticmethod
    def sentence(refusal: Refusal) -> str:
        """A refusal in words of ours."""
        if refusal.detail:
            return refusal.detail
        if refusal.causes:
            return "; ".join(refusal.causes)
        return {
            "malformed": "the body isn't JSON",
            "unauthenticated": "no valid credential",
            "forbidden": "not allowed",
            "missing": f"not found: {refusal.subject} ({refusal.kind})",
            "no_route": f"no such endpoint: {refusal.subject}",
            "method": f"the endpoint doesn't take this method: {refusal.subject}",
        }.get(refusal.why, refusal.why)

    @staticmethod
    def claims(headers: Mapping[str, str]) -> bool:
        """Whether a request carries a credential that only this vendor knows."""
        return False

    @staticmethod
    def outage(status: int, url: str) -> bytes:
        """The body of an answer that comes from before or beside the service: limits, outages."""
        return encode({"message": SAID.get(status, f"HTTP {status}")})

    @staticmethod
    def counted(bucket: Bucket, left: int, now: float, reset: int, name: str) -> dict[str, str]:
        """The headers that tell of a limit: `left` requests until `reset`, in seconds since 1970."""
        return {
            "x-ratelimit-limit": str(bucket.limit),
            "x-ratelimit-remaining": str(left),
            "x-ratelimit-reset": str(reset),
        }

    def headers(self) -> list[tuple[str, str]]:
        """Headers of every response: the rate limit, the request's id."""
        remaining, reset = self._spend()
        return list(self.counted(Bucket("*", REQUESTS_A_MINUTE), remaining, time(), reset, "sandbox").items())

    def _spend(self) -> tuple[int, int]:
        """What is left of this minute's requests, and the epoch second at which it ends."""
        window = int(time()) // 60
        if window != self._window:
            self._window, self._count = window, 0
        self._count += 1
        return max(1, REQUESTS_A_MINUTE - self._count), (window + 1) * 60

    def select(self, collection: Collection, shape: Schema, method: Method, query: Query) -> Sequence[int]:
        """The positions of a collection that a list holds: equality on the parameters that the catalog calls
        exact, or that it knows the column of, and ranges of instants. Raises Refusal for a filter that can't be."""
        positions: Sequence[int] = collection.positions()
        for parameter in method.parameters:
            if parameter.location != "query" or parameter.wire not in query or parameter.role:
                continue
            if parameter.matches not in ("exact", "superset"):
                continue
            column = next((c for c in method.columns if c.name in (parameter.name, parameter.field)), None)
            wanted = query.text(parameter.wire)
            if column is not None:
                path = ".".join(column.path)
                positions = [
                    at for at in positions if wanted in map(text_of, values_at(collection.row(at, shape), path))
                ]
        for attribute, name in method.listing.equals.items():
            if name in query and name != "q":  # a word to search for: the vendor's own rule
                wanted, path = query.text(name), _path(method, attribute)
                positions = [
                    at for at in positions if wanted in map(text_of, values_at(collection.row(at, shape), path))
                ]
        return self.within(collection, shape, method, query, positions)

    def within(
        self, collection: Collection, shape: Schema, method: Method, query: Query, positions: Sequence[int]
    ) -> Sequence[int]:
        """The positions whose instants are in the ranges that a list is asked for, both ends included, in the order
        that it is asked for; what the collection itself went by is passed over."""
        for attribute, (low, high, _) in method.listing.ranges.items():
            if not {low, high} & set(query.ignored()):
                continue
            start, end = _instant(query, low), _instant(query, high)
            if start is None and end is None:
                continue
            path, kept = _path(method, attribute), []
            for at in positions:
                instants = [epoch(text_of(value)) for value in values_at(collection.row(at, shape), path)]
                if any((start is None or start <= at_s) and (end is None or at_s <= end) for at_s in instants):
                    kept.append(at)
            positions = kept
        for attribute, (name, oldest_first, newest_first) in method.listing.sorts.items():
            if name in query.ignored() and query.text(name) in (oldest_first, newest_first):
                moments = {at: _moment(collection.row(at, shape), _path(method, attribute)) for at in positions}
                positions = sorted(positions, key=moments.__getitem__, reverse=query.text(name) == newest_first)
        return positions


def _path(method: Method, attribute: str) -> str:
    """Where rows have an attribute of SQL: its column's place, and the keys behind it."""
    name, _, keys = attribute.partition(".")
    column = next(column for column in method.columns if column.name == name)
    return ".".join((*column.path, *([keys] if keys else [])))


def _moment(row: Any, path: str) -> float:
    """When a row says that it was, in seconds since 1970."""
    return next((epoch(text_of(value)) for value in values_at(row, path)), 0)


def _instant(query: Query, name: str) -> int | None:
    """The second that a parameter names; None where it is absent. Raises Refusal for what is no time."""
    if not name or name not in query:
        return None
    try:
        return epoch(query.text(name))
    except ValueError:
        raise Refusal("invalid", name, detail=f"{name} {query.text(name)!r} is no time of RFC 3339") from None


def values_at(row: Any, path: str) -> list[Any]:
    """All values at a dotted path of a row, lists on the way opened; none if there is nothing."""
    found = [row]
    for name in path.split("."):
        opened = []
        for here in found:
            for item in here if isinstance(here, list) else (here,):
                if isinstance(item, dict) and item.get(name) is not None:
                    opened.append(item[name])
        found = opened
    return [item for here in found for item in (here if isinstance(here, list) else (here,))]


def ordered(collection: Collection, shape: Schema, positions: Sequence[int], query: Query) -> Sequence[int]:
    """The positions in the order that `sortBy` and `sortOrder` ask for; rows without the field come first."""
    path = query.text("sortBy")
    down = query.text("sortOrder").lower().startswith("desc")
    keyed = [(sorted(map(text_of, values_at(collection.row(at, shape), path))), at) for at in positions]
    return [at for _, at in sorted(keyed, reverse=down)]


def text_of(value: Any) -> str:
    """A value as queries compare it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
