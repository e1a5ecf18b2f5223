"""Bodies of answers: rows put where the catalog says they are, with what the API says about paging around them.

Before: `site` has the rows of a page, rendered. After: bytes on the wire.
"""

from __future__ import annotations

from quaestor.catalog.model import Schema
from quaestor.sandbox.answer import observed
from quaestor.sandbox.answer.paging import Page, at_path, put_path
from quaestor.sandbox.answer.routes import Route, below
from quaestor.sandbox.data.collection import encode
from quaestor.sandbox.data.invent import Born, Inventor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_HOLE = "\x00rows"
_HOLE_JSON = encode(_HOLE)
#: Keys of an envelope that lead to other pages: only paging may set them.
_LINKS = ("next", "prev", "previous", "first", "last", "self")


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
    envelope = _enveloped(inventor, route, path, _HOLE)
    if how.total_path:
        put_path(envelope, how.total_path, page.total)
    if how.more_path:
        put_path(envelope, how.more_path, page.stop < page.total)
    if how.token_path and page.token:
        token: Any = next_url if how.style == "next_url" else page.token
        put_path(envelope, how.token_path, int(token) if _whole(inventor, route.body, how.token_path) else token)
    elif how.token_path:
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


def _enveloped(inventor: Inventor, route: Route, path: tuple[str, ...], inner: Any) -> Any:
    """The body round the rows, with what the real one always has beside them."""
    around = _around(inventor, route.body, path, inner)
    bones = observed.envelope(f"{route.provider} {route.method.http} {route.template}")
    if bones is None or not isinstance(around, dict):
        return around
    whole = observed.Maker(inventor, _path(route)).completed(bones, around, {}, route.body, 0)
    for name in _LINKS:
        for holder in (whole.get("links"), whole.get("_links")):
            if isinstance(holder, dict) and name in holder:
                holder[name] = None
    return whole


def _path(route: Route) -> str:
    """The path of an operation as far as it is the same for all."""
    return route.template.partition("/{}")[0]


def _whole(inventor: Inventor, schema: Schema, path: tuple[str, ...]) -> bool:
    """Whether a whole number stands at a path of a body."""
    for key in path:
        schema = inventor.resolve(below(inventor.resolve(schema), key))
    return schema.type == "integer"


def _around(inventor: Inventor, schema: Schema, path: tuple[str, ...], inner: Any) -> Any:
    """What stands around the rows: the keys on the way to them, and all that the schema insists on beside them."""
    if not path:
        return inner
    schema = inventor.resolve(schema)
    key = path[0]
    deeper = _around(inventor, below(schema, key), path[1:], inner)
    if key == "*":
        return [deeper] if schema.type == "array" else {next(iter(schema.properties), "default"): deeper}
    needed = {name: sub for name, sub in schema.properties.items() if name in schema.required and name != key}
    made = inventor.object(Schema(type="object", properties=needed, required=schema.required), Born(0, 0))
    for name in _LINKS:
        for holder in (made.get("links"), made.get("_links")):
            if isinstance(holder, dict) and name in holder:
                holder[name] = None
    return {key: deeper, **made}
