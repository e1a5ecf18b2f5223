"""A page's body to rows, ready for SQLite: just the wanted columns, nothing altered, nothing lost.

Before: `fetch.pages` has a response. After: `run.tables` gives the rows to SQLite, `fetch.pages` goes on by the
page's token.

The body is parsed once, by msgspec, into structs made for the wanted columns: what isn't wanted is skipped, nested
values stay the bytes that they were and are never serialised again. Where an answer doesn't keep to the types that
the catalog says (APIs drift), the columns concerned are read as they come, from that page on.

| JSON                              | in SQLite                                                       |
|-----------------------------------|-----------------------------------------------------------------|
| string                            | TEXT                                                            |
| true, false                       | 1, 0; in a string column `true`, `false`                        |
| whole number within 64 bits       | INTEGER; in a string column its text                            |
| other number, up to 17 digits     | REAL; in a string column its text                               |
| number beyond that                | TEXT, exactly as sent                                           |
| object, array                     | TEXT, the JSON as sent                                          |
| null, absent                      | NULL                                                            |
"""

from __future__ import annotations

from operator import attrgetter

import msgspec

from quaestor.errors import DecodeError
from quaestor.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

    from quaestor.catalog.model import Column, Pagination, Response
    from quaestor.values import SqlValue

#: The column that holds a row's whole JSON object.
RAW_COLUMN = "_raw"
#: Digits that a REAL keeps exactly.
EXACT_DIGITS = 17
_INT64 = msgspec.Meta(ge=-(2**63), le=2**63 - 1)


class Page(Record):
    """What one body holds.

    Attributes:
        rows: a tuple for each row, with the wanted columns in their order.
        count: how many rows there are.
        token: the text or number at the pagination's `token_path`, None if there is none.
        more: what stands at `more_path`, None if nothing does.
        total: what stands at `total_path`, None if nothing does.
    """

    rows: list[tuple[SqlValue, ...]]
    count: int
    token: str | int | None = None
    more: bool | None = None
    total: int | None = None


class Decoder:
    """Decodes the pages of one scan.

    Args:
        response: where the rows are.
        pagination: which tokens to take out of the body besides.
        columns: the wanted ones, in order; `_raw` is the whole object.
    """

    def __init__(self, response: Response, pagination: Pagination, columns: Sequence[Column]) -> None:
        self._response = response
        self._columns = tuple(columns)
        self._tokens = {
            name: path
            for name, path in (
                ("token", pagination.token_path),
                ("more", pagination.more_path),
                ("total", pagination.total_path),
            )
            if path
        }
        plain = not (response.map_key or response.scalar or "*" in response.row_path)
        self._is_fast = plain and all(column.name != RAW_COLUMN for column in columns)
        self._loose: set[int] = {i for i, column in enumerate(self._columns) if column.type in ("number", "any")}
        self._fast: tuple[msgspec.json.Decoder[Any], Callable[[Any], Any]] | None = None
        self._object: msgspec.json.Decoder[Any] = msgspec.json.Decoder(dict[str, msgspec.Raw])
        self._list: msgspec.json.Decoder[Any] = msgspec.json.Decoder(list[msgspec.Raw])

    def page(self, body: bytes) -> Page:
        """The rows and tokens of a body.

        Raises DecodeError for what isn't JSON, for a body whose rows aren't where they should be, and for one that
        nests deeper than the parser goes.
        """
        body = body.removeprefix(b"\xef\xbb\xbf")
        self._check_is_json(body)
        try:
            if self._is_fast:
                try:
                    return self._typed_page(body)
                except (msgspec.ValidationError, AttributeError):
                    self._fast = None  # the answer has another shape than the catalog says: look at it closely
            return self._tolerant_page(body)
        except msgspec.DecodeError as error:
            raise DecodeError(f"the answer is not valid JSON: {_reason(error)}", hint=_excerpt(body)) from error
        except RecursionError as error:
            raise DecodeError("the answer nests too deep") from error
        except UnicodeDecodeError as error:
            raise DecodeError(f"the answer is not UTF-8: {error.reason} at byte {error.start}") from error

    def _check_is_json(self, body: bytes) -> None:
        start = body[:64].lstrip()
        if not start:
            raise DecodeError("the answer is empty, JSON was expected")
        if start.startswith(b"<"):
            kind = "HTML" if b"html" in body[:1024].lower() else "XML"
            raise DecodeError(
                f"got {kind} instead of JSON", hint="a proxy, a login page or a wrong host answers like that"
            )

    # ---------------------------------------------------------------------------------------- the fast way

    def _typed_page(self, body: bytes) -> Page:
        if self._fast is None:
            self._fast = self._compiled()
        decoder, rows_of = self._fast
        envelope = decoder.decode(body)
        found = rows_of(envelope)
        if found is msgspec.UNSET:
            raise msgspec.ValidationError("no rows")
        items = found if isinstance(found, list) else [] if found is None else [found]
        tokens = {name: _plain(attrgetter(_getter(path))(envelope)) for name, path in self._token_fields.items()}
        return _page(self._tuples(items), len(items), tokens)

    def _compiled(self) -> tuple[msgspec.json.Decoder[Any], Callable[[Any], Any]]:
        """A decoder for the whole body, and what takes the rows out of it."""
        tree: dict[str, Any] = {}
        getters: list[str] = []
        for index, column in enumerate(self._columns):
            getters.append(_plant(tree, column.path, self._field_type(index, column)))
        self._getters = [attrgetter(getter) for getter in getters]
        row = _struct(tree)
        rows_type: Any = list[row] | row | None  # type: ignore[valid-type]
        path = self._response.row_path
        self._token_fields: dict[str, tuple[str, ...]] = {}
        if not path and not self._tokens:
            return msgspec.json.Decoder(rows_type), _itself
        envelope: dict[str, Any] = {}
        if not path:  # the body is the row, and holds the tokens too
            raise msgspec.ValidationError("tokens inside a row are read the tolerant way")
        rows_getter = _plant(envelope, path, rows_type, optional=True)
        for name, token_path in self._tokens.items():
            getter = _plant(envelope, token_path, msgspec.Raw, optional=True)
            self._token_fields[name] = tuple(getter.split("."))
        return msgspec.json.Decoder(_struct(envelope)), attrgetter(rows_getter)

    def _field_type(self, index: int, column: Column) -> Any:
        if index in self._loose or column.type in ("object", "array"):
            return msgspec.Raw
        from typing import Annotated

        kinds: dict[str, Any] = {"integer": Annotated[int, _INT64] | None, "boolean": bool | None}
        return kinds.get(column.type, str | None)

    def _tuples(self, items: list[Any]) -> list[tuple[SqlValue, ...]]:
        if not self._columns:
            return [()] * len(items)
        values: list[Any] = []
        for index, (column, getter) in enumerate(zip(self._columns, self._getters, strict=True)):
            of_column: Iterable[Any] = map(getter, items)
            if index in self._loose or column.type in ("object", "array"):
                of_column = _converted(of_column, column.type)
            values.append(of_column)
        return list(zip(*values, strict=True))

    # ------------------------------------------------------------------------------------ the tolerant way

    def _tolerant_page(self, body: bytes) -> Page:
        """The same by looking at every value: any shape, nothing assumed but where the rows are."""
        items = list(self._items(body, self._response.row_path, "$"))
        rows = [tuple(self._cell(key, raw, i) for i in range(len(self._columns))) for key, raw in items]
        tokens = {name: _plain(self._at(body, path)) for name, path in self._tokens.items()}
        return _page(rows, len(rows), tokens)

    def _items(self, raw: bytes, path: tuple[str, ...], where: str) -> Iterator[tuple[str, bytes]]:
        """The rows below a path, each with the key that it had in a map."""
        kind = raw.lstrip()[:1]
        if kind == b"n":
            return
        if not path:
            yield from self._rows_at(raw, where)
        elif path[0] == "*":
            for key, member in self._members(raw, where):
                yield from self._items(member, path[1:], f"{where}.{key}")
        elif kind == b"{":
            members = self._object.decode(raw)
            if path[0] in members:
                yield from self._items(bytes(members[path[0]]), path[1:], f"{where}.{path[0]}")
            elif members:
                raise DecodeError(
                    f"the answer has no {path[0]!r}: it holds {', '.join(sorted(members))}", path=f"{where}.{path[0]}"
                )
        else:
            raise DecodeError(f"an object was expected at {where}, not {_shown(raw)}", path=where)

    def _rows_at(self, raw: bytes, where: str) -> Iterator[tuple[str, bytes]]:
        if self._response.map_key:
            yield from self._members(raw, where)
        elif raw.lstrip()[:1] == b"[":
            for item in self._list.decode(raw):
                yield "", bytes(item)
        else:
            yield "", raw

    def _members(self, raw: bytes, where: str) -> Iterator[tuple[str, bytes]]:
        kind = raw.lstrip()[:1]
        if kind == b"{":
            for key, member in self._object.decode(raw).items():
                yield key, bytes(member)
        elif kind == b"[":
            for index, item in enumerate(self._list.decode(raw)):
                yield str(index), bytes(item)
        elif kind != b"n":
            raise DecodeError(f"a list or an object was expected at {where}, not {_shown(raw)}", path=where)

    def _cell(self, key: str, raw: bytes, index: int) -> SqlValue:
        column = self._columns[index]
        if column.name == RAW_COLUMN:
            return raw.decode()
        if column.name == self._response.map_key:
            return key
        if column.name == self._response.scalar:
            return _value(raw, column.type)
        found = self._at(raw, column.path)
        if found is None:
            return None
        self._note_drift(index, column, found)
        return _value(found, column.type)

    def _note_drift(self, index: int, column: Column, raw: bytes) -> None:
        """From the next page on, a column with a value of another type is read as it comes."""
        expected = {"integer": b"-0123456789", "boolean": b"tf"}.get(column.type, b'"')
        if raw[:1] in (b"n", b"") or column.type in ("object", "array"):
            return
        is_whole = column.type != "integer" or (len(raw) <= 18 and raw.lstrip(b"-").isdigit())
        if raw[0] not in expected or not is_whole:
            self._loose.add(index)

    def _at(self, raw: bytes, path: tuple[str, ...]) -> bytes | None:
        """What stands at a path, or None where there is nothing."""
        for key in path:
            if raw.lstrip()[:1] != b"{":
                return None
            found = self._object.decode(raw).get(key)
            if found is None:
                return None
            raw = bytes(found)
        return raw.strip()


# ----------------------------------------------------------------------------------------- small pieces


def _itself(value: Any) -> Any:
    return value


def _plant(tree: dict[str, Any], path: tuple[str, ...], kind: Any, *, optional: bool = False) -> str:
    """Put a leaf into a tree of keys, and return the dotted name under which its struct has it."""
    names = []
    for depth, key in enumerate(path):
        is_leaf = depth == len(path) - 1
        if key not in tree:
            tree[key] = (f"f{len(tree)}", {} if not is_leaf else (kind, optional))
        name, below = tree[key]
        names.append(name)
        if is_leaf != isinstance(below, tuple):  # two columns, one inside the other: no struct has both
            raise msgspec.ValidationError("columns overlap")
        tree = below if isinstance(below, dict) else {}
    return ".".join(names)


def _struct(tree: dict[str, Any]) -> Any:
    """A struct type for a tree of keys: what is missing is None, or UNSET where that matters."""
    fields: list[tuple[str, Any, Any]] = []
    rename = {}
    for key, (name, below) in tree.items():
        rename[name] = key
        if isinstance(below, dict):
            inner = _struct(below)
            fields.append((name, inner, msgspec.field(default_factory=inner)))
        else:
            kind, optional = below
            if optional and kind is not msgspec.Raw:
                fields.append((name, kind | msgspec.UnsetType, msgspec.UNSET))
            else:
                fields.append((name, kind, None))
    return msgspec.defstruct("Row", fields, rename=rename, gc=False)


def _getter(path: tuple[str, ...]) -> str:
    return ".".join(path)


def _page(rows: list[tuple[SqlValue, ...]], count: int, tokens: dict[str, Any]) -> Page:
    token, more, total = tokens.get("token"), tokens.get("more"), tokens.get("total")
    return Page(
        rows,
        count,
        token if isinstance(token, str | int) and not isinstance(token, bool) and token != "" else None,
        more if isinstance(more, bool) else None,
        total if isinstance(total, int) and not isinstance(total, bool) else None,
    )


def _plain(raw: Any) -> Any:
    return None if raw is None else msgspec.json.decode(bytes(raw))


def _converted(values: Iterable[Any], kind: str) -> Iterator[SqlValue]:
    for raw in values:
        yield None if raw is None else _value(bytes(raw), kind)


def _value(raw: bytes, kind: str) -> SqlValue:
    """One JSON value as SQLite holds it: see the table at the top."""
    raw = raw.strip()
    first = raw[:1]
    if first == b'"':
        return msgspec.json.decode(raw, type=str)
    if first == b"n":
        return None
    if first in (b"{", b"["):
        return raw.decode()
    if kind in ("string", "date-time"):
        return raw.decode()
    if first in (b"t", b"f"):
        return 1 if first == b"t" else 0
    text = raw.decode()
    if text.lstrip("-").isdigit():
        number = int(text) if len(text) < 20 else None
        return number if number is not None and -(2**63) <= number < 2**63 else text
    digits = text.lower().partition("e")[0].replace(".", "").lstrip("-0")
    value = float(text)
    return text if len(digits) > EXACT_DIGITS or value in (float("inf"), float("-inf")) else value


def _reason(error: Exception) -> str:
    return str(error).removeprefix("JSON is malformed: ")


def _excerpt(body: bytes) -> str:
    start = body[:60].decode("utf-8", "replace")
    return f"it begins with {start!r}"


def _shown(raw: bytes) -> str:
    kinds = {b"[": "a list", b"{": "an object", b'"': "a string", b"t": "true", b"f": "false"}
    return kinds.get(raw.lstrip()[:1], "a number")
