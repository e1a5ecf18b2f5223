"""From the body of a page to rows for SQLite, and to what paging needs, in one reading.

A `Decoder` is compiled once per scan: msgspec reads straight into structs that have just the wanted columns and skips
all else; nested values stay the bytes that they are. A page whose values don't have the types that the schema
promises is read again by a slower, tolerant way that takes them as they come (`fetch.exact`), so that drift in an API
never loses or changes a value. Before: `fetch.transport` has the whole body. After: `fetch.pages` goes by tokens and
counts, `run` takes the rows.
"""

from __future__ import annotations

from operator import attrgetter

from quaestor.catalog.model import Column
from quaestor.errors import DecodeError
from quaestor.fetch.exact import CONVERT, MAX_DEPTH, any_value, json_text
from quaestor.fetch.tolerant import STAR, Place, Tolerant, shown_path
from quaestor.record import Record, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeAlias

    from msgspec import Raw

    from quaestor.catalog.model import Pagination, Response
    from quaestor.values import SqlValue

    Row: TypeAlias = tuple[SqlValue, ...]
    Path: TypeAlias = tuple[str, ...]
    Reader: TypeAlias = Callable[[bytes], tuple[list[Row], int, list[Raw | None]] | None]

_BOOLEANS: Callable[[bool | None], int | None] = {True: 1, False: 0, None: None}.__getitem__
_BOM = b"\xef\xbb\xbf"


class Page(Record):
    """What one body holds.

    Attributes:
        rows: values of the decoder's columns, in their order.
        count: how many rows the API gave.
        token: what is at the pagination's `token_path`, in the body or in its last row, None where nothing follows.
        more: the boolean at `more_path`, None if there is none.
        total: the number at `total_path`, None if there is none.
    """

    rows: list[Row]
    count: int
    token: str | int | None = None
    more: bool | None = None
    total: int | None = None


class Decoder:
    """Reads the pages of one scan into rows of these columns; thread safe.

    Args:
        response: where the rows are in the body.
        pagination: where the tokens are.
        columns: what a row has. One named `_raw`, or with an empty path, holds the row itself as JSON text; one named
            as `response.map_key` the row's key, one named as `response.scalar` the row where it is a bare value.

    A path that leads nowhere is a column of NULLs.
    """

    def __init__(self, response: Response, pagination: Pagination, columns: Sequence[Column]) -> None:
        self._response = response
        self._places = [Place(column, response) for column in columns]
        paths = (pagination.token_path, pagination.more_path, pagination.total_path)
        self._goes_by_row = pagination.style == "last_row"
        if self._goes_by_row:  # its token is one more column, which the scan doesn't see
            self._places.append(Place(Column("", "any", pagination.token_path), response))
            paths = ((), *paths[1:])
        self._token_path, self._more_path, self._total_path = paths
        self._token_paths = list(dict.fromkeys(path for path in paths if path))
        self._is_text = bool(response.scalar and response.media_type and "json" not in response.media_type)
        self._tolerant = Tolerant(response, self._places, self._token_paths)
        self._strict = _fast_reader(response, self._places, self._token_paths, strict=True)
        self._loose: Reader | None = None
        self._drifts = False

    def page(self, body: bytes) -> Page:
        """The rows and tokens of a body.

        Raises DecodeError with a `$.path`: malformed or cut-off JSON, HTML, nothing at all where something was
        promised, rows that aren't where they should be, a value nested deeper than 512.
        """
        if not self._response.media_type:  # a method that answers nothing may still say "OK"
            return Page([], 0)
        if self._response.transform:
            # imported late: only documents of other people have it (docs/decisions/0003-late-imports.md)
            from quaestor.fetch.transforms import transform

            body = transform(self._response.transform, self._response.template, body)
        if self._is_text:
            return self._text(body)
        if body.startswith(_BOM):
            body = body[3:]
        import msgspec

        try:
            return self._page(*self._read(body))
        except msgspec.DecodeError as error:
            raise _malformed(body, str(error)) from error
        except RecursionError as error:
            raise DecodeError(f"the answer is nested deeper than {MAX_DEPTH} levels", path="$") from error

    def _read(self, body: bytes) -> tuple[list[Row], int, list[Raw | None]]:
        """Rows, their count and the raw tokens, by the fastest way that can read this page."""
        if self._strict is not None:
            found = None if self._drifts else _attempt(self._strict, body)
            if found is None:
                if self._loose is None:
                    self._loose = _fast_reader(self._response, self._places, self._token_paths, strict=False)
                    assert self._loose is not None
                found = _attempt(self._loose, body)
                self._drifts = self._drifts or found is not None  # an API that drifts once goes on to
            if found is not None:
                return found
        rows, tokens = self._tolerant.read(body)
        return rows, len(rows), tokens

    def _page(self, rows: list[Row], count: int, tokens: list[Raw | None]) -> Page:
        if self._goes_by_row:
            last = rows[-1][-1] if rows else None
            page = self._told([row[:-1] for row in rows], count, tokens)
            return replace(page, token=last if isinstance(last, str | int) and last != "" else None)
        return self._told(rows, count, tokens)

    def _told(self, rows: list[Row], count: int, tokens: list[Raw | None]) -> Page:
        """A page with what its body says about the next one."""
        if not self._token_paths:
            return Page(rows, count)
        by_path = dict(zip(self._token_paths, tokens, strict=True))
        more = any_value(by_path.get(self._more_path))
        total = any_value(by_path.get(self._total_path))
        return Page(
            rows,
            count,
            _token(by_path.get(self._token_path), self._token_path),
            bool(more) if json_text(by_path.get(self._more_path)) in ("true", "false") else None,
            total if isinstance(total, int) and total >= 0 else None,
        )

    def _text(self, body: bytes) -> Page:
        """One row of one value for an answer that is no JSON: text, or bytes if it isn't UTF-8."""
        try:
            value: str | bytes = body.decode()
        except UnicodeDecodeError:
            value = body
        return Page([tuple(value if place.scalar else None for place in self._places)], 1)


def _attempt(reader: Reader, body: bytes) -> tuple[list[Row], int, list[Raw | None]] | None:
    """What a fast reader finds; None for what isn't as the schema promises, and for errors: it can't say where."""
    import msgspec

    try:
        return reader(body)
    except (msgspec.ValidationError, UnicodeDecodeError, DecodeError):
        return None


def _token(raw: Raw | None, path: Path) -> str | int | None:
    """A cursor, number or URL; null, false, an empty text or an empty list mean that nothing follows."""
    text = json_text(raw)
    if text in (None, "false", "[]", '""'):
        return None
    value = any_value(raw)
    if not isinstance(value, str | int) or text == "true" or value in (text, None):
        raise DecodeError("what should lead to the next page is no text and no whole number", path=shown_path(path))
    return value


def _malformed(body: bytes, said: str) -> DecodeError:
    """What is wrong with a body that isn't JSON."""
    start = body.lstrip()[:1]
    if not start:
        return DecodeError("got an empty answer where JSON was expected", path="$")
    if start == b"<":
        kind = "HTML" if b"html" in body[:1024].lower() else "XML"
        return DecodeError(
            f"got {kind} instead of JSON",
            path="$",
            hint="is this the API's host? A sign-in page or a proxy answers like this",
        )
    if "truncated" in said:
        import json

        try:
            json.loads(body)
        except (ValueError, RecursionError):
            return DecodeError(f"the JSON is cut off after {len(body)} bytes", path="$")
        return DecodeError("a string has a lone surrogate, half of a character", path="$")
    begins = "".join(char if char.isprintable() else " " for char in body[:60].decode("utf-8", "replace"))
    said = said.removeprefix("JSON is malformed: ")
    return DecodeError(f"not valid JSON: {said}", path="$", hint=f"the answer begins with {begins!r}")


# --- the fast way -----------------------------------------------------------------------------------------------


class _Field:
    """A key of an object that columns need: its own value, members of it, or both."""

    __slots__ = ("leaves", "members")

    def __init__(self) -> None:
        self.leaves: list[tuple[int, str]] = []  # position of the column, its type
        self.members: dict[str, _Field] = {}


class _Shape:
    """A struct type for an object of the body, and the reading of a list of them into columns."""

    def __init__(self, fields: dict[str, _Field], strict: bool) -> None:
        import msgspec

        self._readers: list[tuple[Callable[[Any], Any], Callable[[list[Any], list[Any]], None]]] = []
        members: list[tuple[str, Any, Any]] = []
        rename: dict[str, str] = {}
        for number, (key, field) in enumerate(fields.items()):
            name = f"f{number}"
            rename[name] = key
            kind, reader = _reader(field, strict)
            members.append((name, kind, None))
            self._readers.append((attrgetter(name), reader))
        self.type = msgspec.defstruct("Row", members, rename=rename, gc=False)
        self.empty = self.type()

    def fill(self, objects: list[Any], columns: list[Any]) -> None:
        """Put an iterable of values into `columns` at each position that this shape knows."""
        for getter, reader in self._readers:
            reader(list(map(getter, objects)), columns)


def _reader(field: _Field, strict: bool) -> tuple[Any, Callable[[list[Any], list[Any]], None]]:
    """The type that msgspec reads for a field, and what puts a list of such values into columns."""
    import msgspec

    leaves = field.leaves
    if not field.members:
        kinds = {_KINDS.get(kind, "raw") if strict else "raw" for _, kind in leaves}
        kind = kinds.pop() if len(kinds) == 1 else "raw"
        if kind in ("text", "integer"):
            return (str | None if kind == "text" else _bounded_int()), _plain(leaves)
        if kind == "boolean":
            return bool | None, _mapped([(position, _BOOLEANS) for position, _ in leaves])
        return msgspec.Raw, _mapped([(position, CONVERT[kind]) for position, kind in leaves])
    shape = _Shape(field.members, strict)
    if not leaves:
        return shape.type | None, _nested(shape, None, [])
    decode = msgspec.json.Decoder(shape.type | None).decode
    return msgspec.Raw, _nested(shape, decode, [(position, CONVERT[kind]) for position, kind in leaves])


_KINDS = {"string": "text", "date-time": "text", "integer": "integer", "boolean": "boolean"}


def _bounded_int() -> Any:
    """An integer that SQLite has; a larger one sends the page to the tolerant way, where it stays exact."""
    from typing import Annotated

    from msgspec import Meta

    return Annotated[int, Meta(ge=-(1 << 63), le=(1 << 63) - 1)] | None


def _plain(leaves: list[tuple[int, str]]) -> Callable[[list[Any], list[Any]], None]:
    def read(values: list[Any], columns: list[Any]) -> None:
        for position, _ in leaves:
            columns[position] = values

    return read


def _mapped(leaves: list[tuple[int, Callable[[Any], Any]]]) -> Callable[[list[Any], list[Any]], None]:
    def read(values: list[Any], columns: list[Any]) -> None:
        for position, convert in leaves:
            columns[position] = map(convert, values)

    return read


def _nested(
    shape: _Shape, decode: Callable[[Any], Any] | None, leaves: list[tuple[int, Callable[[Any], Any]]]
) -> Callable[[list[Any], list[Any]], None]:
    own = _mapped(leaves)

    def read(values: list[Any], columns: list[Any]) -> None:
        own(values, columns)
        if decode is not None:
            values = [None if value is None else decode(value) for value in values]
        shape.fill([shape.empty if value is None else value for value in values], columns)

    return read


def _fast_reader(response: Response, places: list[Place], token_paths: list[Path], *, strict: bool) -> Reader | None:
    """A function from a body to rows, their count and the raw tokens; None where only the tolerant way will do.

    The function gives None itself where it doesn't find the rows. If it is strict, it reads values straight into the
    columns' types and raises for others; else it takes them all raw, which is half as fast.
    """
    import msgspec

    row_path = response.row_path
    if STAR in row_path or response.map_key or any(place.raw or place.scalar for place in places):
        return None
    paths = [row_path, *token_paths]
    if any(a is not b and b[: len(a)] == a for a in paths for b in paths):
        return None  # one within the other: no struct has both
    fields: dict[str, _Field] = {}
    for position, place in enumerate(places):
        _field(fields, place.path).leaves.append((position, place.type))
    shape = _Shape(fields, strict)
    holder = list[shape.type] | shape.type | None  # type: ignore[name-defined]
    envelope: dict[str, Any] = {}
    for path, kind in [(row_path, holder), *((path, msgspec.Raw) for path in token_paths)]:
        at = envelope
        for key in path[:-1]:
            at = at.setdefault(key, {})
        if path:
            at[path[-1]] = kind
    root, names = _envelope_type(envelope) if row_path else (holder, {})
    decode = msgspec.json.Decoder(root).decode
    row_names, token_names = _names(names, row_path), [_names(names, path) for path in token_paths]
    width = len(places)

    def read(body: bytes) -> tuple[list[Row], int, list[Raw | None]] | None:
        top = decode(body)
        found = _at(top, row_names)
        if found is None and row_path:
            return None
        objects = found if isinstance(found, list) else [] if found is None else [found]
        tokens = [_at(top, names) for names in token_names]
        if not width:
            return [()] * len(objects), len(objects), tokens
        columns: list[Any] = [None] * width
        shape.fill(objects, columns)
        return list(zip(*columns, strict=True)), len(objects), tokens

    return read


def _field(fields: dict[str, _Field], path: Path) -> _Field:
    field = fields.setdefault(path[0], _Field())
    for key in path[1:]:
        field = field.members.setdefault(key, _Field())
    return field


def _envelope_type(tree: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """A struct type for what surrounds the rows, and the names of its members by key."""
    import msgspec

    members: list[tuple[str, Any, Any]] = []
    rename: dict[str, str] = {}
    names: dict[str, Any] = {}
    for number, (key, kind) in enumerate(tree.items()):
        name = f"f{number}"
        rename[name] = key
        inner: dict[str, Any] = {}
        if isinstance(kind, dict):
            kind, inner = _envelope_type(kind)
            kind = kind | None
        members.append((name, kind, None))
        names[key] = (name, inner)
    return msgspec.defstruct("Envelope", members, rename=rename, gc=False), names


def _names(names: dict[str, Any], path: Path) -> list[str]:
    out: list[str] = []
    for key in path:
        name, names = names[key]
        out.append(name)
    return out


def _at(top: Any, names: list[str]) -> Any:
    for name in names:
        if top is None:
            return None
        top = getattr(top, name)
    return top
