"""What a request asks beside its path, and which of it was understood.

Before: `core` makes one of a URL. After: collections, filters and paging read it; what nobody read is named in
the response's `x-sandbox-ignored` header, so that nothing is ignored in silence.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

import msgspec

from quaestor.sandbox.answer.refusal import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from quaestor.sandbox.answer.routes import Route


class Query:
    """The parameters of one request, each of them noted when it is read."""

    __slots__ = ("_read", "_values")

    def __init__(self, raw: str) -> None:
        self._values: dict[str, list[str]] = {}
        self._read: set[str] = set()
        for name, value in parse_qsl(raw, keep_blank_values=True):
            self._values.setdefault(name, []).append(value)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def text(self, name: str, default: str = "") -> str:
        """The first value of this name."""
        self._read.add(name)
        values = self._values.get(name)
        return values[0] if values else default

    def texts(self, name: str) -> list[str]:
        """All values of this name; one with commas counts as several."""
        self._read.add(name)
        return [part for value in self._values.get(name, ()) for part in value.split(",") if part]

    def number(self, name: str, default: int, *, low: int = 0) -> int:
        """The whole number of this name. Raises Refusal for one that isn't, or that is below `low`."""
        text = self.text(name)
        if text == "" and name not in self._values:
            return default
        try:
            number = int(text)
        except ValueError:
            raise Refusal("invalid", name, detail=f"{name} must be a whole number, not {text!r}") from None
        if number < low:
            raise Refusal("invalid", name, detail=f"{name} must be at least {low}, not {number}")
        return number

    def flag(self, name: str) -> bool:
        """Whether the parameter of this name says true."""
        return self.text(name).lower() == "true"

    def names(self) -> list[str]:
        """The names that were given, in order."""
        return list(self._values)

    def forget(self, name: str) -> None:
        """This name was looked at, but nothing followed from it so far."""
        self._read.discard(name)

    def ignored(self) -> list[str]:
        """The names that nobody read, in order."""
        return [name for name in self._values if name not in self._read]


def of_body(route: Route, body: bytes | None) -> dict[str, Any]:
    """What a search that is a POST says in its JSON body. Raises Refusal for a body that is none."""
    if not body or route.method.http == "GET" or route.method.form:
        return {}
    try:
        parsed = msgspec.json.decode(body)
    except msgspec.DecodeError:
        raise Refusal("invalid", "body", detail="the body isn't JSON") from None
    if not isinstance(parsed, dict):
        raise Refusal("invalid", "body", detail="the body must be an object")
    return parsed
