"""Bodies of answers: rows put where the catalog says they are, with what the API says about paging around them.

Before: `site` has the rows of a page, rendered. After: bytes on the wire.
"""

from __future__ import annotations

from types import MappingProxyType

from quaestor.catalog.model import Schema
from quaestor.sandbox.answer import observed
from quaestor.sandbox.answer.paging import Page, at_path, put_path
from quaestor.sandbox.answer.routes import Route, below
from quaestor.sandbox.data.collection import ORIGIN, encode
from quaestor.sandbox.data.invent import Born, Inventor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

_HOLE = "\x00rows"
_HOLE_JSON = encode(_HOLE)
#: What answers of lists have beside their rows, if their schema knows it at all (recorded of most).
_BESIDE = ("meta", "links")
#: Keys of an envelope that lead to other pages: only paging may set them.
_LINKS = ("next", "prev", "previous", "first", "last", "self")
#: Those of them that lead to a page that is surely there.
_HERE = ("first", "last", "self")


def of_list(
    inventor: Inventor, route: Route, rows: Sequence[bytes], keys: Sequence[str], page: Page, next_url: str
) -> bytes:
    """The body of one page.

    `keys` are those of the rows, for bodies that hold them as a map; `next_url` is empty on the last page.
    """
    response = route.method.response
    path, wrapped = _outer(response.row_path)
    if response.map_key:
        inner = b"{" + b",".join(encode(key) + b":" + row for key, row in zip(keys, rows, strict=True)) + b"}"
    else:
        before, after = b"".join(b"{" + encode(key) + b":" for key in wrapped), b"}" * len(wrapped)
        inner = b"[" + b",".join(before + row + after for row in rows) + b"]"
    how = route.method.pagination
    if not path:
        return inner
    said: dict[tuple[str, ...], Any] = {}
    if how.total_path:
        said[how.total_path] = page.total
    if how.more_path:
        said[how.more_path] = page.stop < page.total
    in_body = how.token_path and how.style != "last_row"
    if in_body and page.token:
        token: Any = next_url if how.style == "next_url" else page.token
        said[how.token_path] = int(token) if _whole(inventor, route.body, how.token_path) else token
    envelope = _enveloped(inventor, route, path, _HOLE, said)
    if in_body and not page.token:
        _end(envelope, how.token_path)
    head, _, tail = encode(envelope).partition(_HOLE_JSON)
    return head + inner + tail


def of_one(inventor: Inventor, route: Route, row: Any) -> bytes:
    """The body that holds one object."""
    path = route.method.response.row_path
    return encode(_enveloped(inventor, route, path, row) if path else row)


def _outer(path: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The path to a list, and the keys round each of its rows: `slos.*.data` holds `[{"data": row}, …]`."""
    if "*" not in path:
        return path, ()
    at = path.index("*")
    return path[:at], path[at + 1 :]


def _end(envelope: dict[str, Any], path: tuple[str, ...]) -> None:
    """Where the next page's token stands, what was made up gives way to what says that there is none."""
    holder = at_path(envelope, path[:-1])
    if isinstance(holder, dict) and holder.get(path[-1]) is not None:
        holder[path[-1]] = "" if isinstance(holder[path[-1]], str) else None


def _enveloped(
    inventor: Inventor,
    route: Route,
    path: tuple[str, ...],
    inner: Any,
    said: Mapping[tuple[str, ...], Any] = MappingProxyType({}),
) -> Any:
    """The body round the rows, with what paging says in it, and what the real one always has beside them."""
    seen_around = observed.envelope(f"{route.provider} {route.method.http} {route.template}")
    beside = _BESIDE if seen_around is None and route.kind == "list" else ()
    around = _around(inventor, route.body, path, inner, beside)
    for place, value in said.items():
        put_path(around, place, value)
    bones = seen_around or {}
    if not isinstance(around, dict):
        return around
    whole = observed.Maker(inventor, _path(route)).completed(bones, around, {}, route.body, 0)
    for name, holder in whole.items():
        if name in ("links", "_links") and isinstance(holder, dict):
            known = inventor.resolve(inventor.resolve(route.body).properties.get(name, Schema()))
            seen = bones.get(name, bones.get("?" + name))
            paged = {place[1] for place in said if place[0] == name}
            whole[name] = _linked(inventor, route, known, seen if isinstance(seen, dict) else {}, holder, paged)
    return whole


def _linked(
    inventor: Inventor,
    route: Route,
    known: Schema,
    seen: Mapping[str, Any],
    holder: dict[str, Any],
    paged: set[str],
) -> dict[str, Any]:
    """Links to pages: to this one and the first a URL, to others only what paging says; else null where that may
    be, or was seen, nothing where the schema doesn't insist on text."""
    out = {}
    for name, value in holder.items():
        sub = known.properties.get(name, Schema())
        nullable = sub.nullable or inventor.resolve(sub).nullable or seen.get(name) == ["=", None]
        if name not in _LINKS or name in paged or (name in _HERE and isinstance(value, dict)):
            out[name] = value
        elif name in _HERE and not nullable:
            out[name] = f"{ORIGIN}{_path(route)}"
        elif nullable:
            out[name] = None
        elif name in known.required or name in seen:
            out[name] = ""
    return out


def _path(route: Route) -> str:
    """The path of an operation as far as it is the same for all."""
    return route.template.partition("/{}")[0]


def _whole(inventor: Inventor, schema: Schema, path: tuple[str, ...]) -> bool:
    """Whether a whole number stands at a path of a body."""
    for key in path:
        schema = inventor.resolve(below(inventor.resolve, inventor.resolve(schema), key))
    return schema.type == "integer"


def _around(
    inventor: Inventor, schema: Schema, path: tuple[str, ...], inner: Any, beside: tuple[str, ...] = ()
) -> Any:
    """What stands around the rows: the keys on the way to them, and all that the schema insists on beside them, or
    has of these names."""
    if not path:
        return inner
    schema = inventor.resolve(schema)
    key = path[0]
    deeper = _around(inventor, below(inventor.resolve, schema, key), path[1:], inner)
    if key == "*":
        return [deeper] if schema.type == "array" else {next(iter(schema.properties), "default"): deeper}
    needed = {
        name: sub
        for name, sub in schema.properties.items()
        if name != key and (name in schema.required or name in beside)
    }
    made = inventor.object(Schema(type="object", properties=needed, required=schema.required), Born(0, 0))
    return {key: deeper, **made}


def document(media_type: str) -> bytes:
    """The smallest document of a type that isn't JSON."""
    if "xml" in media_type:
        return b'<?xml version="1.0" encoding="UTF-8"?><sandbox/>'
    if "csv" in media_type:
        return b"id,name\n1,sandbox\n"
    if "yaml" in media_type:
        return b"sandbox\n"
    if "zip" in media_type:
        return b"PK\x05\x06" + bytes(18)  # an archive without entries
    return b"sandbox\n"
