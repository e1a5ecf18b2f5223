"""The tolerant way to read a page: each value is taken as what it is, not as what was promised.

Part of `fetch.decode`, which comes here with a page that its fast way can't read.
"""

from __future__ import annotations

from quaestor.errors import DecodeError
from quaestor.fetch.exact import CONVERT, json_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TypeAlias

    from msgspec import Raw

    from quaestor.catalog.model import Column, Response
    from quaestor.values import SqlValue

    Row: TypeAlias = tuple[SqlValue, ...]
    Path: TypeAlias = tuple[str, ...]

#: The column that holds a whole row as JSON text, whatever else is selected.
RAW_COLUMN = "_raw"
#: In a row path: all members of the list or object there.
STAR = "*"


class Place:
    """Where a column's value is in a row, and its type."""

    __slots__ = ("key", "path", "raw", "scalar", "type")

    def __init__(self, column: Column, response: Response) -> None:
        self.type = column.type
        self.path = column.path
        self.scalar = bool(response.scalar) and column.name == response.scalar
        self.key = bool(response.map_key) and column.name == response.map_key
        self.raw = not (self.scalar or self.key) and (column.name == RAW_COLUMN or not column.path)


def shown_path(path: Iterable[str | int]) -> str:
    """`$.data[3].id`, keys that aren't plain in quotes."""
    out = "$"
    for key in path:
        if isinstance(key, int):
            out += f"[{key}]"
        elif key.isidentifier():
            out += f".{key}"
        else:
            out += f"[{key!r}]"
    return out


class Tolerant:
    """Reads any JSON: each value is cut out raw and converted by what it is, not by what was promised."""

    def __init__(self, response: Response, places: list[Place], token_paths: list[Path]) -> None:
        self._response = response
        self._places = places
        self._token_paths = token_paths

    def read(self, body: bytes) -> tuple[list[Row], list[Raw | None]]:
        """Rows, and the raw value at each token's path."""
        import msgspec

        top = msgspec.json.decode(body, type=msgspec.Raw)
        rows = [
            self._row(key, raw, path)
            for holder, where in self._holders(top, self._response.row_path, ())
            for key, raw, path in self._items(holder, where)
        ]
        return rows, [_find(top, path) for path in self._token_paths]

    def _holders(
        self, raw: Raw, path: Path, where: tuple[str | int, ...]
    ) -> Iterator[tuple[Raw, tuple[str | int, ...]]]:
        """What is at a row path, with the place of each: several if it has a `*`."""
        if not path:
            yield raw, where
            return
        first, rest = path[0], path[1:]
        kind = _kind(raw)
        if kind == "null":
            return
        if first == STAR:
            for key, member in _members(raw, where).items():
                yield from self._holders(member, rest, (*where, key))
            return
        if kind != "an object":
            raise DecodeError(f"expected an object with {first!r}, got {kind}", path=shown_path(where))
        members = _object(raw)
        if first in members:
            yield from self._holders(members[first], rest, (*where, first))
        elif members and not self._response.optional:
            raise DecodeError(
                f"the rows are not where they should be: there is no {first!r}, but {', '.join(list(members)[:5])}",
                path=shown_path((*where, first)),
            )

    def _items(
        self, holder: Raw, where: tuple[str | int, ...]
    ) -> Iterator[tuple[str | None, Raw, tuple[str | int, ...]]]:
        """Each row with its key, if it has one, and its place."""
        kind = _kind(holder)
        if kind == "null":
            return
        if self._response.map_key:
            if kind != "an object":
                raise DecodeError(f"expected an object of rows, got {kind}", path=shown_path(where))
            for key, raw in _object(holder).items():
                yield key, raw, (*where, key)
        elif kind == "a list":
            for index, raw in enumerate(_list(holder)):
                yield None, raw, (*where, index)
        else:
            yield None, holder, where

    def _row(self, key: str | None, raw: Raw, where: tuple[str | int, ...]) -> Row:
        parsed: dict[Path, dict[str, Raw] | None] = {}
        if not self._response.scalar:
            kind = _kind(raw)
            if kind != "an object":
                raise DecodeError(f"expected an object as a row, got {kind}", path=shown_path(where))
            parsed[()] = _object(raw)
        return tuple(self._value(place, key, raw, parsed, where) for place in self._places)

    def _value(
        self,
        place: Place,
        key: str | None,
        raw: Raw,
        parsed: dict[Path, dict[str, Raw] | None],
        where: tuple[str | int, ...],
    ) -> SqlValue:
        if place.key:
            return key
        found: Raw | None = raw
        if not (place.raw or place.scalar):
            holder = _holder(parsed, place.path[:-1], where)
            found = None if holder is None else holder.get(place.path[-1])
        try:
            return json_text(found) if place.raw else CONVERT[place.type](found)
        except UnicodeDecodeError as error:
            raise DecodeError(f"not UTF-8: {error.reason}", path=shown_path((*where, *place.path))) from error
        except DecodeError as error:
            raise DecodeError(error.message, path=shown_path((*where, *place.path))) from error


def _holder(
    parsed: dict[Path, dict[str, Raw] | None], path: Path, where: tuple[str | int, ...]
) -> dict[str, Raw] | None:
    """The object at a path within a row, each parsed once; None if there is none."""
    if path in parsed:
        return parsed[path]
    above = _holder(parsed, path[:-1], where)
    raw = None if above is None else above.get(path[-1])
    kind = "null" if raw is None else _kind(raw)
    if raw is None or kind == "null" or (kind == "a list" and not _list(raw)):  # PHP writes an empty object as []
        parsed[path] = None
    elif kind == "an object":
        parsed[path] = _object(raw)
    else:
        raise DecodeError(f"expected an object, got {kind}", path=shown_path((*where, *path)))
    return parsed[path]


def _find(raw: Raw, path: Path) -> Raw | None:
    """The value at a path, None if there is none."""
    found: Raw | None = raw
    for key in path:
        if found is None or _kind(found) != "an object":
            return None
        found = _object(found).get(key)
    return found


def _members(raw: Raw, where: tuple[str | int, ...]) -> dict[str | int, Raw]:
    """The members of a list or an object, by index or key."""
    kind = _kind(raw)
    if kind == "a list":
        return dict(enumerate(_list(raw)))
    if kind != "an object":
        raise DecodeError(f"expected a list or an object, got {kind}", path=shown_path(where))
    return dict(_object(raw).items())


def _kind(raw: Raw) -> str:
    first = bytes(memoryview(raw)[:1])
    return {
        b"{": "an object",
        b"[": "a list",
        b'"': "a string",
        b"n": "null",
        b"t": "a boolean",
        b"f": "a boolean",
    }.get(first, "a number")


def _object(raw: Raw) -> dict[str, Raw]:
    import msgspec

    return msgspec.json.decode(raw, type=dict[str, msgspec.Raw])


def _list(raw: Raw) -> list[Raw]:
    import msgspec

    return msgspec.json.decode(raw, type=list[msgspec.Raw])
