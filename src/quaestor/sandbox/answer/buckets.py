"""Rate limits as facts: so many requests of a family of endpoints in a window, so many at once.

Before: vendors' `manners` and users' files name them. After: `wire.limits` counts by them.
"""

from __future__ import annotations

from quaestor.record import Record


class Bucket(Record):
    """So many requests to a family of endpoints in a window.

    Attributes:
        route: `[METHOD] PATH`, the path with `*` and `**` as in faults; the first that fits counts.
        per: the window's length in whole seconds.
    """

    route: str
    limit: int
    per: int = 60


class Table(Record):
    """A vendor's limits; `concurrency` is how many requests may be under way at once, 0 for any number."""

    buckets: tuple[Bucket, ...] = ()
    concurrency: int = 0
