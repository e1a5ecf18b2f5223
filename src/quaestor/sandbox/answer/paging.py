"""Cutting a list into pages, and telling where the next one is, in the way that the catalog says the API has.

Before: `core` has the positions that a list holds. After: it renders those of one page, and puts the facts of
the `Page` into the body and the headers.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from urllib.parse import quote

from quaestor.catalog.model import Method, Pagination
from quaestor.record import Record
from quaestor.sandbox.answer.query import Query
from quaestor.sandbox.answer.refusal import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

#: Rows of a page where neither the request nor the catalog says how many.
DEFAULT_SIZE = 100
#: Rows of a page where the catalog knows no largest size.
LARGEST_SIZE = 1000


class Page(Record):
    """One page of a list.

    Attributes:
        start, stop: the positions that it holds, of those that the list has.
        total: how many the list has.
        size: how many a page may hold.
        token: what asks for the next page, or empty on the last one. Where a page without rows is the last, there
            is always a next one to wait for, unless the request says `until` when.
        token_param: the parameter that takes it.
    """

    start: int
    stop: int
    total: int
    size: int
    token: str = ""
    token_param: str = ""


def cut(
    method: Method, query: Query, total: int, body: Mapping[str, Any], behind: Callable[[str], int] | None = None
) -> Page:
    """The page of a list of `total` rows that a request asks for, by query or by JSON body. `behind` gives the
    position after the row that has an id, for lists that go on behind a row.

    Raises Refusal for a size, offset or cursor that can't be.
    """
    how = method.pagination
    if how.style == "none":
        sizes = [p.wire for p in method.parameters if p.role == "size" and p.wire in query]
        stop = min(total, query.number(sizes[0], total, low=1)) if sizes else total
        return Page(0, stop, total, stop)
    size = _size(how, query, body)
    param = how.token_param or _cursor_name(method)
    asked = _asked(how, param, query, body)
    if how.style == "last_row" and behind is not None and asked:
        start = behind(asked)
    else:
        start = _start(how, param, asked, size)
    start = min(start, total)
    stop = min(start + size, total)
    if stop >= total and not (how.stops_empty and not query.text("until")):
        return Page(start, total, total, size, "", param)
    whole = any(p.wire == param and p.type == "integer" for p in method.parameters)
    return Page(
        start, stop, total, size, str(stop) if whole and how.style == "cursor" else _token(how, stop, size), param
    )


def _cursor_name(method: Method) -> str:
    """The parameter that takes the place to go on from, of a method whose next URLs are opaque."""
    for role in ("cursor", "offset", "page"):
        for parameter in method.parameters:
            if parameter.role == role:
                return parameter.wire
    return "after"


def _size(how: Pagination, query: Query, body: Mapping[str, Any]) -> int:
    """Rows of a page; a size beyond the largest is cut to it, as both vendors do."""
    largest = how.size_max or LARGEST_SIZE
    default = min(how.size_default or DEFAULT_SIZE, largest)
    if not how.size_param:
        return default
    if how.token_in == "body":
        return min(_from_body(how.size_param, body, default), largest)
    return min(query.number(how.size_param, default, low=1), largest)


def _asked(how: Pagination, param: str, query: Query, body: Mapping[str, Any]) -> str:
    if how.token_in == "body":
        value = at_path(body, tuple(param.split(".")))
        return "" if value is None else str(value)
    return query.text(param)


def _from_body(path: str, body: Mapping[str, Any], default: int) -> int:
    value = at_path(body, tuple(path.split(".")))
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise Refusal("invalid", path, detail=f"{path} must be a whole number of at least 1")
    return value


def _start(how: Pagination, param: str, asked: str, size: int) -> int:
    """The position of the page's first row."""
    if not asked:
        return 0
    if how.style in ("page", "offset"):
        try:
            number = int(asked) - how.first
        except ValueError:
            raise Refusal("invalid", param, detail=f"{param} must be a whole number, not {asked!r}") from None
        if number < 0:
            raise Refusal("invalid", param, detail=f"{param} must be at least {how.first}")
        return number * size if how.style == "page" or how.step == "pages" else number
    if asked == "null":  # clients send what they were told
        return 0
    if asked.isdecimal() and len(asked) < 10:
        return int(asked)
    try:
        mark, _, number_text = urlsafe_b64decode(asked + "=" * (-len(asked) % 4)).decode().partition(":")
        if mark != "row" or not number_text.isdecimal():
            raise ValueError(asked)
        return int(number_text)
    except ValueError:
        raise Refusal("invalid", param, detail=f"{param} {asked!r} is no cursor of ours") from None


def _token(how: Pagination, stop: int, size: int) -> str:
    if how.style == "page":
        return str(how.first + stop // size)
    if how.style == "offset":
        return str(how.first + (stop // size if how.step == "pages" else stop))
    return urlsafe_b64encode(f"row:{stop}".encode()).decode().rstrip("=")


def with_parameter(raw_query: str, name: str, value: str) -> str:
    """A query string with one parameter set, the others as they were."""
    encoded = quote(name, safe="")
    kept = [part for part in raw_query.split("&") if part and part.partition("=")[0] not in (name, encoded)]
    return "&".join([*kept, f"{encoded}={quote(value, safe='')}"])


def at_path(value: Any, path: tuple[str, ...]) -> Any:
    """What stands at a path of keys, or None."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def put_path(target: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Put a value at a path of keys, making what is missing on the way."""
    for key in path[:-1]:
        inner = target.get(key)
        if not isinstance(inner, dict):
            inner = target[key] = {}
        target = inner
    target[path[-1]] = value
