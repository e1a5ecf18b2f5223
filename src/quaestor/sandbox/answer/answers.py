"""An answer, before it is addressed and dated.

Before: `site` and `writes` make it. After: `core` makes a response of it.
"""

from __future__ import annotations

from quaestor.record import Record


class Answer(Record):
    """A response before it is addressed and dated.

    Attributes:
        links: relation and path with query, for the Link header.
        ignored: parameters that had no effect.
        headers: further ones.
    """

    status: int
    body: bytes
    media_type: str = "application/json"
    links: tuple[tuple[str, str], ...] = ()
    ignored: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
