"""Follows the pages of a list: every style that the catalog knows, to the end or to an error.

Before: `fetch.request` built the first request. After: `fetch.decode` has made a `Page` of each body, and the scan
hands its rows on.

There is no limit on the number of pages but the statement's own. What can't come to an end does: a token or URL
seen before, the same page twice, a hundred empty pages are a LimitError, after at most one request too many. A next
link to another origin is a ForbiddenError: nothing is sent there.
"""

from __future__ import annotations

from quaestor.errors import DecodeError, ForbiddenError, LimitError, counted
from quaestor.fetch.decode import Page
from quaestor.fetch.url import join, origin_of, query_value, quote, shown, with_query
from quaestor.record import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from quaestor.catalog.model import Method, Pagination
    from quaestor.fetch.client import Client
    from quaestor.fetch.decode import Decoder
    from quaestor.fetch.http import CancelToken, HttpRequest, HttpResponse
    from quaestor.fetch.stats import Stats
    from quaestor.fetch.url import Origin

#: Pages without rows in a row, each with a token for another: more is taken for an endless list.
MAX_EMPTY_PAGES = 100


def read_pages(
    client: Client,
    method: Method,
    request: HttpRequest,
    decoder: Decoder,
    cancel: CancelToken,
    stats: Stats,
    *,
    page_rows: int = 0,
    max_pages: int = 0,
) -> Iterator[Page]:
    """The pages from `request` on, each fetched when it is asked for.

    Args:
        request: with the parameters that the statement binds; a cursor or page among them is where it starts.
        page_rows: how many rows are enough for the statement, 0 if it needs all: a smaller page is asked for then.
        max_pages: a bound of the user's; 0 for none.

    Raises what `Client.send` and `Decoder.page` raise, LimitError for a list without end or beyond `max_pages`, and
    ForbiddenError for a next link to another origin.
    """
    pagination = method.pagination
    starts_late = bool(pagination.token_param) and query_value(request.url, pagination.token_param) is not None
    is_size_bound = bool(pagination.size_param) and query_value(request.url, pagination.size_param) is not None
    enough = page_rows or float("inf")
    request, size = _sized(pagination, request, page_rows)
    if pagination.style == "page" and not starts_late:
        # named even if it is the first: Datadog's monitors come all at once where no page is named
        request = _with(request, pagination.token_param, pagination.first)
    walk = _Walk(method, request, size, starts_late, enough, is_size_bound)
    count = 0
    while True:
        response = client.send(method, walk.request, cancel, stats)
        count += 1
        page = _decoded(response, decoder)
        stats.add(pages=1, rows=page.count)
        following = walk.after(response, page)  # before the rows are handed out: a loop is an error, not a row
        yield page
        if following is None:
            return
        if max_pages and count >= max_pages:
            raise LimitError(
                f"{method.name} has more than {counted(max_pages, 'page')}",
                hint="narrow the statement, or raise --http.response.pageLimit",
            )


def _decoded(response: HttpResponse, decoder: Decoder) -> Page:
    if response.status == 204:
        return Page([], 0)
    return decoder.page(response.body)


def _sized(pagination: Pagination, request: HttpRequest, page_rows: int) -> tuple[HttpRequest, int]:
    """The request with the largest page that makes sense, and the size that a page before the last surely has.

    The size is 0 if nobody knows: an API may cap what is asked for at a maximum that isn't declared, and give less
    than the default that is.
    """
    name, most = pagination.size_param, pagination.size_max
    if not name:
        return request, 0
    is_in_body = pagination.token_in == "body"
    bound = _member(request.body, name) if is_in_body else query_value(request.url, name)
    if bound is not None:
        size = int(bound) if str(bound).isdigit() else 0
        return request, size if size <= most else 0
    if not most:
        return request, 0
    size = min(most, page_rows) if page_rows else most
    if is_in_body:
        return replace(request, body=_with_member(request.body, name, size)), size
    return _with(request, name, size), size


def _with(request: HttpRequest, name: str, value: str | int) -> HttpRequest:
    return replace(request, url=with_query(request.url, name, str(value)))


def _member(body: bytes | None, path: str) -> Any:
    """What a JSON body has at a dotted path, None if nothing."""
    import json

    at = json.loads(body) if body else {}
    for key in path.split("."):
        at = at.get(key) if isinstance(at, dict) else None
    return at


class _Walk:
    """Where in a list we are: the next request, and what was seen."""

    def __init__(
        self, method: Method, request: HttpRequest, size: int, starts_late: bool, enough: float, is_size_bound: bool
    ) -> None:
        self.request = request
        self._method = method.name
        self._enough = enough  # rows that the statement needs: a list that may go on must not silently fall short
        self._is_size_bound = is_size_bound
        self._starts_late = starts_late  # at a page or offset of the statement's own: the total counts more rows
        self._has_links = False
        self._pagination = method.pagination
        self._size = size
        self._rows = 0
        self._empty = 0
        self._seen: set[Any] = {request.url}
        self._bodies: set[int] = set()  # of pages by number: 64-bit hashes

    def after(self, response: HttpResponse, page: Page) -> HttpRequest | None:
        """The request for the page after this one, None if this was the last."""
        self._rows += page.count
        self._empty = 0 if page.count else self._empty + 1
        if self._empty and self._pagination.stops_empty:
            return None
        if self._empty > MAX_EMPTY_PAGES:
            raise LimitError(
                f"{MAX_EMPTY_PAGES} empty pages in a row: the list doesn't end",
                hint="bound it, by a time range for example",
            )
        steps = {
            "link": self._by_link,
            "next_url": self._by_url,
            "cursor": self._by_cursor,
            "last_row": self._by_last_row,
            "page": self._by_number,
            "offset": self._by_number,
            "none": self._only,
        }
        step = steps.get(self._pagination.style)
        if step is None:
            raise DecodeError(f"the catalog names an unknown way of paging, {self._pagination.style!r}")
        following = step(response, page)
        if following is not None:
            self.request = following
        return following

    # ------------------------------------------------------------------------------------------ styles

    def _only(self, response: HttpResponse, page: Page) -> None:
        """One page holds all, or we can't know: a page as long as it may be is no proof."""
        pagination = self._pagination
        most = pagination.size_max or pagination.size_default
        if self._is_size_bound:
            return
        if pagination.size_param and 0 < most <= page.count < self._enough:
            raise LimitError(
                f"the API gives {most} rows at most and no way to ask for more: there may be more",
                hint=f"narrow the statement, or bind {pagination.size_param} to say that so many are enough",
            )
        if not most:
            self._assumed_end(page)

    def _by_link(self, response: HttpResponse, page: Page) -> HttpRequest | None:
        links = response.all("link")
        self._has_links = self._has_links or bool(links)
        target = next_link(links)
        if target:
            return self._to_url(target)
        if not self._has_links:
            self._assumed_end(page)
        return None

    def _assumed_end(self, page: Page) -> None:
        """An end that only a guess of how the list is paged tells: a page shorter than pages are proves it.

        Where a list has a parameter for pages and nobody knows how long they are, only an empty page does.
        """
        how = self._pagination
        if not how.assumed or not page.count or self._rows >= self._enough:
            return
        most = self._size or how.size_max or how.size_default
        if page.count < most or not (most or how.size_param or (how.token_param and not self._starts_late)):
            return
        full = (
            f"a page of {page.count} rows is full" if most else f"nobody knows if {page.count} rows are a full page"
        )
        led = " and no Link header leads on" if how.style == "link" else ""
        raise LimitError(
            f"{self._method}: {full}{led}: the list may go on, and how it is paged was only guessed",
            hint="say its `pagination` in the overlay of `provider build`, with `assumed: false` where the guess is "
            "right (`links: true` for all lists); or ask for fewer rows with LIMIT",
        )

    def _by_url(self, response: HttpResponse, page: Page) -> HttpRequest | None:
        if isinstance(page.token, int):
            raise DecodeError(f"what should be the URL of the next page is {page.token}")
        return self._to_url(page.token) if page.token else None

    def _by_cursor(self, response: HttpResponse, page: Page) -> HttpRequest | None:
        pagination = self._pagination
        if page.token is None and page.more:
            raise LimitError(
                "the answer says that more follows, and not how to ask for it: this list can't be read to its end",
                hint="narrow the statement until one page holds it all",
            )
        if page.token is None or page.more is False:
            return None
        self._once(page.token)
        if pagination.token_in == "graphql":
            return self._with_cursor(page.token)
        if pagination.token_in == "form":
            return replace(self.request, body=_with_field(self.request.body, pagination.token_param, page.token))
        if pagination.token_in == "body":
            return replace(self.request, body=_with_member(self.request.body, pagination.token_param, page.token))
        if pagination.token_in == "queries":
            import json

            following = self.request
            for name, value in json.loads(str(page.token)).items():
                following = _with(following, name, value)
            return following
        return self._to_value(str(page.token))

    def _by_last_row(self, response: HttpResponse, page: Page) -> HttpRequest | None:
        """Behind the last row that this page has, until the answer says that no more follows, or has no rows."""
        if page.more is False or (page.more is None and not page.count):
            return None
        if page.token is None:
            name = ".".join(self._pagination.token_path)
            raise LimitError(
                f"the answer says that more follows, but its last row has no {name}, "
                f"which {self._pagination.token_param} wants: this list can't be read to its end",
                hint="narrow the statement until one page holds it all",
            )
        self._once(page.token)
        return self._to_value(str(page.token))

    def _by_number(self, response: HttpResponse, page: Page) -> HttpRequest | None:
        """The next page number or offset, unless the answer says that this was the last."""
        pagination = self._pagination
        if page.count:
            self._differs(response)
        if page.more is False or (page.count == 0 and page.more is None):
            return None
        here = query_value(self.request.url, pagination.token_param)
        number = int(here) if here is not None and here.lstrip("-").isdigit() else pagination.first
        if page.more is None and self._is_last(page):
            return None
        if pagination.token_in == "graphql":
            return self._with_cursor(self._rows)
        counts_rows = pagination.style == "offset" and pagination.step == "rows"
        following = self._to_value(str(number + (page.count if counts_rows else 1)))
        self._once(following.url)
        return following

    def _with_cursor(self, token: str | int) -> HttpRequest:
        # late: only documents of other people have it (docs/decisions/0003-late-imports.md)
        from quaestor.fetch.transforms.graphql import with_cursor

        return replace(self.request, body=with_cursor(self.request.further, token))

    def _differs(self, response: HttpResponse) -> None:
        """A page told by its number has nothing else that would show that it is another than was asked for."""
        mark = hash(response.body)
        if mark in self._bodies:
            raise LimitError(f"two pages are the same: {self._pagination.token_param} has no effect")
        self._bodies.add(mark)

    def _is_last(self, page: Page) -> bool:
        if page.total and not self._starts_late:  # 0 beside rows says nothing
            return self._rows >= page.total
        return bool(self._size) and page.count < self._size

    # ------------------------------------------------------------------------------------------- steps

    def _to_url(self, target: str) -> HttpRequest:
        url = join(self.request.url, target)
        here, there = origin_of(self.request.url), origin_of(url)
        if here != there and _is_admin_alias(here, there):
            url = str(here) + url[len(str(there)) :]
        elif here != there:
            raise ForbiddenError(
                f"the next page is at {there}, this list at {here}: nothing was sent there",
                hint="the answer isn't complete without it; ask the API's owner why it links elsewhere",
            )
        self._once(url)
        return replace(self.request, url=url)

    def _to_value(self, value: str) -> HttpRequest:
        return _with(self.request, self._pagination.token_param, value)

    def _once(self, token: Any) -> None:
        if token in self._seen:
            text = shown(token) if isinstance(token, str) and "://" in token else repr(token)[:80]
            raise LimitError(f"the list goes in circles: {text} came before")
        self._seen.add(token)


def _is_admin_alias(here: Origin, there: Origin) -> bool:
    """Whether `there` is the admin console's name of the host that we ask, which then is asked again itself.

    Okta names `acme-admin.okta.com` in the Link headers of some lists of `acme.okta.com` (recorded for email
    templates and custom roles); the token stays with the host that it is for.
    """
    label, dot, domain = here.host.partition(".")
    return bool(dot) and there == replace(here, host=f"{label}-admin.{domain}")


def _with_member(body: bytes | None, path: str, value: str | int) -> bytes:
    """A JSON body with one member, at a dotted path, set."""
    import json

    whole = json.loads(body) if body else {}
    at = whole
    *parents, last = path.split(".")
    for key in parents:
        at = at.setdefault(key, {})
    at[last] = value
    return json.dumps(whole).encode()


def _with_field(body: bytes | None, name: str, value: str | int) -> bytes:
    """A form with one field set."""
    kept = [part for part in (body or b"").split(b"&") if part and part.partition(b"=")[0] != quote(name).encode()]
    return b"&".join([*kept, f"{quote(name)}={quote(str(value))}".encode()])


def next_link(headers: list[str]) -> str:
    """The target of rel="next" in Link headers (RFC 8288, section 3), or an empty text.

    Raises DecodeError for a header that can't be read to its end: the next page may be what it says.
    """
    for header in headers:
        for target, parameters in _links(header):
            if "next" in parameters.get("rel", "").lower().split() and "anchor" not in parameters:
                return target
    return ""


def _links(header: str) -> Iterator[tuple[str, dict[str, str]]]:
    """`<target>; rel="next"; …, <target> …`: commas and semicolons inside <> and quotes don't separate."""
    at = 0
    while at < len(header):
        if header[at] in ", \t":
            at += 1
            continue
        end = header.find(">", at)
        if header[at] != "<" or end < 0:
            raise DecodeError(f"a Link header can't be read: {shown(header)}")
        target = header[at + 1 : end].strip()
        parameters: dict[str, str] = {}
        at = end + 1
        while at < len(header) and header[at] != ",":
            at, name, value = _parameter(header, at)
            parameters.setdefault(name, value)
        yield target, parameters


def _parameter(header: str, at: int) -> tuple[int, str, str]:
    """One `; name=value` or `; name="value"`, and where it ends."""
    while at < len(header) and header[at] in "; \t":
        at += 1
    start = at
    while at < len(header) and header[at] not in "=;,":
        at += 1
    name = header[start:at].strip().lower()
    if at >= len(header) or header[at] != "=":
        return at, name, ""
    at += 1
    while at < len(header) and header[at] in " \t":
        at += 1
    if at < len(header) and header[at] == '"':
        end = header.find('"', at + 1)
        if end < 0:
            raise DecodeError(f"a Link header can't be read: {shown(header)}")
        return end + 1, name, header[at + 1 : end]
    start = at
    while at < len(header) and header[at] not in ";,":
        at += 1
    return at, name, header[start:at].strip()
