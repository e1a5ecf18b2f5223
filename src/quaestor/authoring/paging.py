"""How an operation's pages follow each other: from the vendor's `x-pagination`, else from names that tell.

Before: `catalog.openapi` reads the operation, `authoring.infer` finds its rows.
After: `fetch.pages` follows what is found here; an overlay corrects it.
"""

from __future__ import annotations

from quaestor.catalog import columns
from quaestor.catalog.model import Pagination, Schema
from quaestor.catalog.openapi import Operation
from quaestor.record import Record, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from quaestor.catalog.columns import Lookup

#: Query parameters that tell a style: (style, token parameter, size parameters, does an offset count rows).
_QUERY_STYLES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("cursor", "page[cursor]", ("page[limit]", "page[size]")),
    ("cursor", "last_version_number", ("limit",)),
    ("cursor", "page[next_record_id]", ("page[limit]", "page[size]")),
    ("cursor", "next_record_id", ("limit",)),
    ("cursor", "next_page", ("page_size",)),
    ("cursor", "pageToken", ("maxResults", "pageSize")),
    ("cursor", "page_token", ("page_size", "max_results")),
    ("cursor", "cursor", ("limit", "page_size", "per_page", "count")),
    ("page", "page[number]", ("page[size]",)),
    ("page", "page_number", ("page_size",)),
    ("page", "page", ("per_page", "page_size", "size", "limit", "pageSize")),
    ("offset", "page[offset]", ("page[limit]", "page[size]")),
    ("offset", "page_offset", ("page_size",)),
    ("offset", "offset", ("limit", "count", "page_size")),
    ("offset", "start", ("count", "limit")),
)
#: Cursors that are sent in a body: (its path, the size's).
_BODY_CURSORS = (
    ("page.cursor", "page.limit"),
    ("data.attributes.page.cursor", "data.attributes.page.limit"),
    ("startAt", "limit"),
)
#: Where a body's next cursor is, by the last key; tried in this order, anywhere below `meta` and the like.
_CURSORS = ("after", "next_cursor", "next_record_id", "next_page", "nextPageToken", "next_page_token", "next_token",
            "next_last_version_number", "nextLogId", "cursor", "next")  # fmt: skip
_TOTALS = ("total_filtered_count", "totalFilteredCount", "total_filtered", "filtered_total", "total_matching",
           "total_count", "totalCount", "total")  # fmt: skip
_MORES = ("hasMore", "has_more", "has_next", "hasNextPage", "is_truncated")
#: Members of a body that hold what is said about a page.
_ABOUT_PAGES = ("meta", "metadata", "page", "pagination", "paging", "_links", "links", "response_metadata")


class Found(Record):
    """What was found: `guess` is false where the vendor's document says so itself."""

    pagination: Pagination
    guess: bool


def pagination(operation: Operation, is_list: bool, in_body: bool, lookup: Lookup, *, links: bool) -> Found:
    """How the pages of an operation follow each other.

    `is_list` says whether it answers a list of rows, `in_body` whether that list is wrapped in an object, `links`
    whether this API is one that names the next page in a Link header (RFC 8288).
    """
    about = _about_pages(operation, lookup)
    if operation.paging:
        return Found(_finished(_declared(operation, about), operation, about, lookup), False)
    if not is_list:
        return Found(Pagination(), False)
    names = {p.name for p in operation.parameters if p.location == "query"}
    after = "after" if "after" in names else ""
    if after and not in_body:
        pages = Pagination(style="link", token_param=after, size_param="limit" if "limit" in names else "")
    elif ("_links", "next", "href") in about:
        size = "limit" if "limit" in names else ""
        pages = Pagination(
            style="next_url", token_path=("_links", "next", "href"), token_param=after, size_param=size
        )
    else:
        pages = _by_names(operation, names, about, lookup)
    guess = pages.style != "none" and not after
    if pages.style == "none" and links and not in_body and operation.http == "GET":
        pages = Pagination(style="link", size_param="limit" if "limit" in names else "")
    return Found(_finished(pages, operation, about, lookup), guess)


def has_pages(operation: Operation) -> bool:
    """Whether an operation has a parameter that asks for a page."""
    return asks_for_pages({p.name for p in operation.parameters if p.location == "query"}) != ""


def asks_for_pages(names: set[str]) -> str:
    """The one of a query's parameters that asks for a page, or empty."""
    tokens = (token for _, token, _ in _QUERY_STYLES if token in names and (token != "start" or "count" in names))
    return next(tokens, "")


def _by_names(operation: Operation, names: set[str], about: Iterable[tuple[str, ...]], lookup: Lookup) -> Pagination:
    if "page[token]" in names and ("links", "next") in about:  # a token that only links know
        return Pagination(
            style="next_url", token_path=("links", "next"), size_param="page[size]" if "page[size]" in names else ""
        )
    for style, token, sizes in _QUERY_STYLES:
        if token not in names:
            continue
        size = next((s for s in sizes if s in names), "")
        if token == "start" and not size:
            continue  # the beginning of a period
        if style != "cursor":
            return Pagination(style=style, token_param=token, size_param=size)
        path = _last(about, _CURSORS)
        if path:
            return Pagination(style=style, token_param=token, size_param=size, token_path=path)
    for token in ("page.cursor", "data.attributes.page.cursor"):
        path = _last(about, _CURSORS)
        if path and _body_schema(operation, token, lookup):
            size = token.replace("cursor", "limit")
            has_size = _body_schema(operation, size, lookup) is not None
            return Pagination(
                style="cursor",
                token_param=token,
                token_in="body",
                token_path=path,
                size_param=size if has_size else "",
            )
    return Pagination()


def _declared(operation: Operation, about: Iterable[tuple[str, ...]]) -> Pagination:
    """Datadog's `x-pagination`: {cursorParam, cursorPath | pageParam, pageStart | pageOffsetParam, limitParam}."""
    said = operation.paging
    size = str(said.get("limitParam", "")).removeprefix("body.")
    if "cursorParam" in said:
        token = str(said["cursorParam"])
        return Pagination(
            style="cursor",
            token_param=token.removeprefix("body."),
            token_in="body" if token.startswith("body.") else "query",
            token_path=tuple(str(said.get("cursorPath", "")).split(".")),
            size_param=size,
        )
    if "pageParam" in said:
        return Pagination(
            style="page", token_param=str(said["pageParam"]), size_param=size, first=positive(said.get("pageStart"))
        )
    if "pageOffsetParam" in said:
        return Pagination(style="offset", token_param=str(said["pageOffsetParam"]), size_param=size)
    return Pagination()


def _finished(pages: Pagination, operation: Operation, about: list[tuple[str, ...]], lookup: Lookup) -> Pagination:
    """Adds sizes from the schema of the size parameter, the first page's number, and where totals are."""
    if pages.style == "none":
        return pages
    by_name = {p.name: p.schema for p in operation.parameters if p.location == "query"}
    size: Schema | None
    if pages.token_in == "body":
        size = _body_schema(operation, pages.size_param, lookup)
    else:
        size = by_name.get(pages.size_param)
    first = by_name.get(pages.token_param)
    number = pages.first
    if pages.style == "page" and first is not None and "pageStart" not in operation.paging:
        number = first.default if isinstance(first.default, int) else positive(first.minimum)
    counted = pages.style in ("page", "offset")
    return replace(
        pages,
        size_max=positive(size.maximum if size else None),
        size_default=positive(size.default if size else None),
        first=number,
        more_path=_last(about, _MORES) if counted else (),
        total_path=_last(about, _TOTALS) if counted else (),
    )


def positive(value: object) -> int:
    """A size that a schema states, 0 for none: some say -1 for "all"."""
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else 0


def _body_schema(operation: Operation, dotted: str, lookup: Lookup) -> Schema | None:
    schemas = [operation.body] if operation.body is not None else []
    for key in dotted.split(".") if dotted else ():
        members = columns.object_fields(schemas, lookup)
        schemas = members[key][0] if key in members else []
    return columns.resolved(schemas[0], lookup) if schemas and dotted else None


def _about_pages(operation: Operation, lookup: Lookup) -> list[tuple[str, ...]]:
    """Paths to all that a body says about its page, the shallow ones first."""
    if operation.response is None:
        return []
    paths: list[tuple[str, ...]] = []
    level: list[tuple[tuple[str, ...], list[Schema]]] = [((), [operation.response])]
    while level:
        below: list[tuple[tuple[str, ...], list[Schema]]] = []
        for prefix, schemas in level:
            for name, (found, _) in columns.object_fields(schemas, lookup).items():
                path = (*prefix, name)
                inside = name in _ABOUT_PAGES or (prefix and prefix[0] in _ABOUT_PAGES)
                kind = columns.type_of(found[0], lookup)
                if kind == "object" and inside and len(path) < 4:
                    below.append((path, found))
                elif kind != "array":
                    paths.append(path)
        level = below
    return paths


def _last(paths: Iterable[tuple[str, ...]], names: tuple[str, ...]) -> tuple[str, ...]:
    """The first path that ends in one of the names, earlier names before later ones; links are not tokens."""
    for name in names:
        for path in paths:
            if path[-1] == name and path[0] not in ("links", "_links"):
                return path
    return ()
