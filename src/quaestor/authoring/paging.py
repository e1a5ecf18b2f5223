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
    from collections.abc import Iterable, Mapping

    from quaestor.catalog.columns import Lookup

#: Parameters that go on behind a row, which they name by its id (Stripe, Intercom), where the body says `has_more`.
_AFTER_ROW = ("starting_after", "startingAfter", "after_id", "afterId", "after")
#: Where the body repeats the id of its last row.
_LAST_IDS = ("last_id", "lastId")
#: What cursors and page sizes are called elsewhere.
_TOKENS = ("next_token", "nextToken", "next_cursor", "nextCursor", "page_cursor", "pageCursor", "page[after]",
           "next_page_token", "nextPageToken", "continuation_token", "continuationToken", "continue",
           "start_cursor", "startCursor", *_AFTER_ROW, "marker",
           "bookmark", "scroll_id", "scrollId", "next")  # fmt: skip
_SIZES = ("limit", "page_size", "pageSize", "page[size]", "page[limit]", "per_page", "perPage", "max_results",
          "maxResults", "max_items", "count", "size", "first")  # fmt: skip
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
    *(("cursor", token, _SIZES) for token in _TOKENS),
    ("page", "page[number]", ("page[size]",)),
    ("page", "page_number", ("page_size", "per_page")),
    ("page", "page", ("per_page", "page_size", "size", "limit", "pageSize", "perPage", "page_limit")),
    ("page", "pageNumber", ("pageSize", "perPage", "size", "limit")),
    ("page", "pageIndex", ("pageSize", "perPage", "size", "limit")),
    ("page", "page_no", ("page_size", "per_page", "limit")),
    ("offset", "page[offset]", ("page[limit]", "page[size]")),
    ("offset", "page_offset", ("page_size",)),
    ("offset", "offset", ("limit", "count", "page_size", "max", "pageSize")),
    ("offset", "$skip", ("$top",)),
    ("offset", "skip", ("limit", "take", "top")),
    ("offset", "startAt", ("maxResults", "limit")),
    ("offset", "startIndex", ("count", "itemsPerPage", "maxResults")),
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
            "next_last_version_number", "nextLogId", "cursor", "next", "nextCursor", "nextToken",
            "continuation_token", "continuationToken", "continue", "end_cursor", "endCursor", "next_marker",
            "nextMarker", "marker", "bookmark", "scroll_id", "scrollId", "_scroll_id")  # fmt: skip
#: Where a body's URL of the next page is, if the schema doesn't say that it is a URL.
_URLS = ("@odata.nextLink", "nextLink", "next_link", "next_url", "nextUrl", "next_page_url", "nextPageUrl",
         "next_uri", "nextUri", "next_href", "next_page_uri")  # fmt: skip
_URL_FORMATS = ("uri", "url", "uri-reference")
_TOTALS = ("total_filtered_count", "totalFilteredCount", "total_filtered", "filtered_total", "total_matching",
           "total_count", "totalCount", "total", "totalResults", "total_results")  # fmt: skip
_MORES = ("hasMore", "has_more", "has_next", "hasNextPage", "is_truncated", "has_next_page", "isTruncated",
          "moreAvailable")  # fmt: skip
#: Members of a body that hold what is said about a page.
_ABOUT_PAGES = ("meta", "metadata", "page", "pagination", "paging", "_links", "links", "response_metadata")


class Found(Record):
    """What was found: `guess` is false where the vendor's document says so itself."""

    pagination: Pagination
    guess: bool


class Links(Record):
    """Whether an API's bare lists name their next page in a Link header (RFC 8288), or perhaps do."""

    used: bool = False
    assumed: bool = False


def links(operations: Iterable[Operation], said: bool | None) -> Links:
    """Whether an API is one of Link headers: by the overlay's word, else if any of its reads has `after`, perhaps."""
    if said is not None:
        return Links(said)
    names = (p.name for o in operations if o.http == "GET" for p in o.parameters if p.location == "query")
    return Links("after" in names, assumed=True)


def pagination(operation: Operation, is_list: bool, in_body: bool, lookup: Lookup, linked: Links) -> Found:
    """How the pages of an operation follow each other.

    `is_list` says whether it answers a list of rows, `in_body` whether that list is wrapped in an object.
    """
    about = _about_pages(operation, lookup)
    if operation.paging:
        return Found(_finished(_declared(operation, about), operation, about, lookup), False)
    if not is_list:
        return Found(Pagination(), False)
    names = {p.name for p in operation.parameters if p.location == "query"}
    after = "after" if "after" in names else ""
    size = _size_of(names)
    if after and not in_body and (linked.used or operation.links):
        assumed = linked.assumed and not operation.links
        pages = Pagination(style="link", token_param=after, size_param=size, assumed=assumed)
    elif ("_links", "next", "href") in about:
        pages = Pagination(
            style="next_url", token_path=("_links", "next", "href"), token_param=after, size_param=size
        )
    elif operation.links and not in_body:
        pages = Pagination(style="link", token_param=asks_for_pages(names), size_param=size)
    else:
        pages = _by_url(names, about) or _by_names(operation, names, about, lookup)
    guess = pages.style == "last_row" or (pages.style != "none" and not after)
    if pages.style == "none" and linked.used and not in_body and operation.http == "GET":
        pages = Pagination(style="link", size_param=size, assumed=linked.assumed)
    if pages.style == "none" and operation.http == "GET":
        pages = _unknown(names, about)
    return Found(_finished(pages, operation, about, lookup), guess or pages.assumed)


def has_pages(operation: Operation) -> bool:
    """Whether an operation has a parameter that asks for a page."""
    return asks_for_pages({p.name for p in operation.parameters if p.location == "query"}) != ""


def asks_for_pages(names: set[str]) -> str:
    """The one of a query's parameters that asks for a page, or empty."""
    tokens = (token for _, token, _ in _QUERY_STYLES if token in names and (token != "start" or "count" in names))
    return next(tokens, "")


def _size_of(names: set[str]) -> str:
    return next((each for each in (*_SIZES, "$top", "top", "take") if each in names), "")


def _by_url(names: set[str], about: Mapping[tuple[str, ...], Schema]) -> Pagination | None:
    """The URL of the next page, where a body has one that is told by its name or format."""
    for path, schema in about.items():
        of_url = path[-1] in _URLS or (
            path[-1] in ("next", "next_page", "nextPage") and schema.format in _URL_FORMATS
        )
        if of_url and path[0] not in ("links", "_links"):
            asks = asks_for_pages(names)
            return Pagination(style="next_url", token_path=path, token_param=asks, size_param=_size_of(names))
    return None


def _unknown(names: set[str], about: Iterable[tuple[str, ...]]) -> Pagination:
    """A list that leads to a next page by a link, or says that more follows, and nothing says how to ask for it:
    what isn't whole is an error then."""
    if ("links", "next") in about:
        return Pagination(style="next_url", token_path=("links", "next"), size_param=_size_of(names))
    more = _last(about, _MORES)
    if more:
        return Pagination(style="cursor", more_path=more, size_param=_size_of(names))
    asks = asks_for_pages(names)
    return Pagination(token_param=asks, size_param=_size_of(names), assumed=True) if asks else Pagination()


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
        more = _last(about, _MORES)
        if token in _AFTER_ROW and more:
            last = _last(about, _LAST_IDS)
            if last or _rows_have_ids(operation, lookup):
                style = style if last else "last_row"
                path = last or ("id",)
                return Pagination(style, token, token_path=path, size_param=size, more_path=more)
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


def _rows_have_ids(operation: Operation, lookup: Lookup) -> bool:
    """Whether the body has a list of objects with an `id`."""
    members = columns.object_fields([operation.response], lookup) if operation.response is not None else {}
    lists = (columns.resolved(found[0], lookup) for found, _ in members.values())
    return any(each.items is not None and "id" in columns.object_fields([each.items], lookup) for each in lists)


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


def _finished(
    pages: Pagination, operation: Operation, about: Iterable[tuple[str, ...]], lookup: Lookup
) -> Pagination:
    """Adds sizes from the schema of the size parameter, the first page's number, and where totals are."""
    if pages == Pagination():
        return pages
    by_name = {p.name: p.schema for p in operation.parameters if p.location == "query"}
    size: Schema | None
    if pages.token_in == "body":
        size = _body_schema(operation, pages.size_param, lookup)
    else:
        size = by_name.get(pages.size_param)
    first = by_name.get(pages.token_param)
    number = pages.first
    if counts_from_one(pages.token_param):
        number = 1
    if pages.style == "page" and first is not None and "pageStart" not in operation.paging:
        number = first.default if isinstance(first.default, int) else positive(first.minimum)
    counted = pages.style in ("page", "offset")
    return replace(
        pages,
        size_max=positive(size.maximum if size else None),
        size_default=positive(size.default if size else None),
        first=number,
        more_path=_last(about, _MORES) if counted else pages.more_path,
        total_path=_last(about, _TOTALS) if counted else (),
    )


def counts_from_one(token: str) -> bool:
    """Whether an offset counts the rows from 1, as SCIM's does (RFC 7644 §3.4.2.4)."""
    return token == "startIndex"


def positive(value: object) -> int:
    """A size that a schema states, 0 for none: some say -1 for "all"."""
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else 0


def _body_schema(operation: Operation, dotted: str, lookup: Lookup) -> Schema | None:
    schemas = [operation.body] if operation.body is not None else []
    for key in dotted.split(".") if dotted else ():
        members = columns.object_fields(schemas, lookup)
        schemas = members[key][0] if key in members else []
    return columns.resolved(schemas[0], lookup) if schemas and dotted else None


def _about_pages(operation: Operation, lookup: Lookup) -> dict[tuple[str, ...], Schema]:
    """Paths to all that a body says about its page with what it is, the shallow ones first."""
    if operation.response is None:
        return {}
    paths: dict[tuple[str, ...], Schema] = {}
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
                    paths[path] = columns.resolved(found[0], lookup)
        level = below
    return paths


def _last(paths: Iterable[tuple[str, ...]], names: tuple[str, ...]) -> tuple[str, ...]:
    """The first path that ends in one of the names, earlier names before later ones; links are not tokens."""
    for name in names:
        for path in paths:
            if path[-1] == name and path[0] not in ("links", "_links"):
                return path
    return ()
