"""Paging: every style to its end, and an error instead of a list that doesn't end."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quaestor.catalog.model import Column, Method, Pagination, Response
from quaestor.errors import DecodeError, ForbiddenError, LimitError
from quaestor.fetch.decode import Decoder
from quaestor.fetch.http import CancelToken, HttpRequest, HttpResponse
from quaestor.fetch.pages import next_link, read_pages
from quaestor.fetch.stats import Stats
from quaestor.fetch.transport import UNREADABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Answer = Callable[[str], tuple[Any, list[str]]]

BASE = "https://api.example.com/v1/things"


class Server:
    """Stands for the client: answers a URL with a JSON value and Link headers, and notes what was asked."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked: list[str] = []
        self.bodies: list[bytes | None] = []

    def send(self, method: Method, request: HttpRequest, cancel: CancelToken, stats: Stats) -> HttpResponse:
        self.asked.append(request.url.removeprefix(BASE))
        self.bodies.append(request.body)
        value, links = self.answer(request.url)
        return HttpResponse(200, tuple(("link", link) for link in links), json.dumps(value).encode())


def read(
    answer: Answer,
    pagination: Pagination,
    *,
    url: str = BASE,
    rows: str = "",
    most: int = 0,
    body: bytes | None = None,
) -> tuple[list[Any], Server]:
    server = Server(answer)
    response = Response(row_path=(rows,) if rows else ())
    method = Method("list_things", "select", "GET", "/v1/things", response=response, pagination=pagination)
    decoder = Decoder(response, pagination, [Column("n", "integer", ("n",))])
    pages = read_pages(
        server,  # type: ignore[arg-type]
        method,
        HttpRequest("GET", url, body=body),
        decoder,
        CancelToken(),
        Stats(),
        page_rows=most,
    )
    return [row[0] for page in pages for row in page.rows], server


def things(start: int, stop: int) -> list[dict[str, int]]:
    return [{"n": n} for n in range(start, stop)]


def number(url: str, name: str, default: int = 0) -> int:
    for part in url.partition("?")[2].split("&"):
        key, _, value = part.partition("=")
        if key == name:
            return int(value)
    return default


def test_link_headers_are_followed_to_the_end() -> None:
    def answer(url: str) -> tuple[Any, list[str]]:
        at = number(url, "after")
        links = ['<https://api.example.com/v1/things>; rel="self"']
        if at < 3:
            links.append(f'<{BASE}?limit=200&after={at + 1}>; rel="next"')
        return things(at * 2, at * 2 + 2), links

    rows, server = read(answer, Pagination("link", "after", size_param="limit", size_max=200))
    assert rows == list(range(8))
    assert server.asked == ["?limit=200", *(f"?limit=200&after={n}" for n in (1, 2, 3))]


ASSUMED = Pagination("link", "after", size_param="limit", size_max=3, assumed=True)


@pytest.mark.parametrize(
    ("pagination", "url", "asked"),
    [
        (ASSUMED, BASE, 3),
        (ASSUMED, f"{BASE}?limit=2", 2),
        (Pagination("link", "after", size_default=3, assumed=True), BASE, 3),
        (Pagination("link", "after", assumed=True), BASE, 1),  # nobody knows how long a page is
        (Pagination("link", size_param="limit", assumed=True), BASE, 1),
        (Pagination("none", "cursor", assumed=True), BASE, 1),
        (Pagination("none", "cursor", size_param="per_page", assumed=True), BASE, 1),
    ],
)
def test_a_full_page_without_the_link_that_was_only_guessed_is_no_end(
    pagination: Pagination, url: str, asked: int
) -> None:
    with pytest.raises(LimitError, match="the list may go on, and how it is paged was only guessed") as caught:
        read(lambda _: (things(0, asked), []), pagination, url=url)
    assert "`links: true`" in str(caught.value.hint)
    assert read(lambda _: ([], []), pagination, url=url)[0] == []
    enough, _ = read(lambda _: (things(0, asked), []), pagination, url=url, most=asked)
    assert len(enough) == asked  # a LIMIT needs no more


def test_a_guess_is_trusted_where_pages_prove_it() -> None:
    assert len(read(lambda _: (things(0, 2), []), ASSUMED)[0]) == 2  # shorter than pages are
    self_link = [f'<{BASE}>; rel="self"']
    assert len(read(lambda _: (things(0, 3), self_link), ASSUMED)[0]) == 3  # an API of Link headers

    def twice(url: str) -> tuple[Any, list[str]]:
        return things(0, 3), [] if "after" in url else [f'<{BASE}?after=3>; rel="next"']

    assert len(read(twice, ASSUMED)[0]) == 6
    assert (
        len(read(lambda _: (things(0, 3), []), Pagination("link", "after", size_param="limit", size_max=3))[0]) == 3
    )
    unproved = Pagination("link", assumed=True)  # nothing of the list hints at pages
    assert len(read(lambda _: (things(0, 3), []), unproved)[0]) == 3
    by_hand = Pagination("none", "page", assumed=True)
    assert len(read(lambda _: (things(0, 3), []), by_hand, url=f"{BASE}?page=2")[0]) == 3


LAST_ROW = Pagination("last_row", "starting_after", token_path=("id",), more_path=("has_more",))


def identified(start: int, stop: int) -> list[dict[str, Any]]:
    return [{"n": n, "id": f"r {n}"} for n in range(start, stop)]


@pytest.mark.parametrize("odd", [False, True])
def test_a_list_goes_on_behind_the_last_row(odd: bool) -> None:
    def answer(url: str) -> tuple[Any, list[str]]:
        at = {"": 0, "r%201": 2, "r%203": 4}[url.partition("starting_after=")[2]]
        rows = identified(at, min(at + 2, 5))
        if odd:
            rows[0]["n"] = 2**70 + at  # read the tolerant way
        return {"data": rows, "has_more": at < 4}, []

    rows, server = read(answer, LAST_ROW, rows="data")
    assert server.asked == ["", "?starting_after=r%201", "?starting_after=r%203"]
    assert rows[1::2] == [1, 3]
    assert len(rows) == 5


def test_a_list_behind_rows_ends_by_an_empty_page_where_nothing_else_says_so() -> None:
    def answer(url: str) -> tuple[Any, list[str]]:
        return {"data": [] if "r%201" in url else identified(0, 2)}, []

    rows, server = read(answer, LAST_ROW, rows="data")
    assert (rows, len(server.asked)) == ([0, 1], 2)


@pytest.mark.parametrize("rows", [[], [{"n": 1}], [{"n": 1, "id": None}]])
def test_more_that_cannot_be_asked_for_is_an_error(rows: list[Any]) -> None:
    with pytest.raises(LimitError, match="its last row has no id, which starting_after wants"):
        read(lambda _: ({"data": rows, "has_more": True}, []), LAST_ROW, rows="data")


def test_the_same_last_row_twice_is_a_circle() -> None:
    with pytest.raises(LimitError, match="in circles"):
        read(lambda _: ({"data": identified(0, 2), "has_more": True}, []), LAST_ROW, rows="data")


def test_a_next_url_in_the_body_may_be_relative() -> None:
    def answer(url: str) -> tuple[Any, list[str]]:
        at = number(url, "p")
        return {"value": things(at, at + 1), "_links": {"next": {"href": f"?p={at + 1}"} if at < 2 else None}}, []

    rows, server = read(answer, Pagination("next_url", token_path=("_links", "next", "href")), rows="value")
    assert (rows, server.asked) == ([0, 1, 2], ["", "?p=1", "?p=2"])


def test_cursors_go_into_the_query_or_the_body() -> None:
    def answer(url: str) -> tuple[Any, list[str]]:
        return {"data": things(0, 1), "meta": {"after": "b&c" if "cursor" not in url else None}}, []

    rows, server = read(answer, Pagination("cursor", "cursor", token_path=("meta", "after")), rows="data")
    assert (rows, server.asked) == ([0, 0], ["", "?cursor=b%26c"])

    turns = iter(["t", None])
    in_body = Pagination("cursor", "page.cursor", token_in="body", token_path=("after",))
    rows, server = read(
        lambda _: ({"data": things(0, 1), "after": next(turns)}, []), in_body, rows="data", body=b'{"q":1}'
    )
    assert [json.loads(body or b"") for body in server.bodies] == [{"q": 1}, {"q": 1, "page": {"cursor": "t"}}]


def test_page_numbers_end_by_the_total() -> None:
    def answer(url: str) -> tuple[Any, list[str]]:
        at = number(url, "page", -1)
        return {"data": things(at * 2, min(at * 2 + 2, 5)), "total": 5}, []

    pagination = Pagination("page", "page", size_param="size", size_max=2, total_path=("total",))
    rows, server = read(answer, pagination, rows="data")
    assert rows == list(range(5))
    assert server.asked == ["?size=2&page=0", "?size=2&page=1", "?size=2&page=2"]


def test_page_numbers_end_by_a_short_page_where_the_size_is_known() -> None:
    rows, server = read(
        lambda url: (things(number(url, "page") * 2, min(number(url, "page") * 2 + 2, 3)), []),
        Pagination("page", "page", size_param="size", size_max=2),
    )
    assert (rows, len(server.asked)) == ([0, 1, 2], 2)


def test_page_numbers_end_by_an_empty_page_where_it_is_not() -> None:
    rows, server = read(
        lambda url: (things(number(url, "page"), min(number(url, "page") + 1, 2)), []),
        Pagination("page", "page", first=0),
    )
    assert (rows, len(server.asked)) == ([0, 1], 3)


def test_offsets_count_rows_or_pages() -> None:
    def by_rows(url: str) -> tuple[Any, list[str]]:
        at = number(url, "offset")
        return {"data": things(at, min(at + 2, 5)), "more": at + 2 < 5}, []

    rows, server = read(by_rows, Pagination("offset", "offset", more_path=("more",)), rows="data")
    assert (rows, server.asked) == ([0, 1, 2, 3, 4], ["", "?offset=2", "?offset=4"])

    _, server = read(by_rows, Pagination("offset", "offset", step="pages", more_path=("more",)), rows="data")
    assert server.asked[:3] == ["", "?offset=1", "?offset=2"]


def test_what_the_statement_binds_is_where_it_starts() -> None:
    def answer(url: str) -> tuple[Any, list[str]]:
        at = number(url, "page")
        return {"data": things(at, at + 1) if at < 9 else [], "total": 9}, []

    pagination = Pagination("page", "page", total_path=("total",))
    rows, server = read(answer, pagination, url=f"{BASE}?page=7", rows="data")
    assert (rows, server.asked) == ([7, 8], ["?page=7", "?page=8", "?page=9"])


@pytest.mark.parametrize(("most", "asked"), [(5, "?limit=5"), (0, "?limit=200"), (900, "?limit=200")])
def test_the_page_is_no_larger_than_what_is_enough(most: int, asked: str) -> None:
    pagination = Pagination("link", "after", size_param="limit", size_max=200)
    assert read(lambda _: ([], []), pagination, most=most)[1].asked == [asked]


def test_a_bound_page_size_stays() -> None:
    pagination = Pagination("link", "after", size_param="limit", size_max=200)
    assert read(lambda _: ([], []), pagination, url=f"{BASE}?limit=7")[1].asked == ["?limit=7"]


@pytest.mark.parametrize(
    "pagination",
    [
        Pagination("link"),
        Pagination("next_url", token_path=("next",)),
        Pagination("cursor", "c", token_path=("token",)),
        Pagination("page", "page"),
        Pagination("offset", "offset"),
    ],
    ids=lambda pagination: pagination.style,
)
def test_what_goes_in_circles_is_an_error_after_one_request_too_many(pagination: Pagination) -> None:
    def answer(url: str) -> tuple[Any, list[str]]:
        return {"data": things(0, 1), "next": BASE, "token": "same"}, [f'<{BASE}?x=1>; rel="next"']

    server = Server(answer)
    with pytest.raises(LimitError, match=r"circles|the same"):
        read(lambda url: server.answer(server.asked.append(url) or url), pagination, rows="data")  # type: ignore[func-returns-value]
    assert len(server.asked) <= 3


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example.com/v1",
        "http://api.example.com/v1",
        "https://api.example.com:444/v1",
        "//evil.example.com/",
    ],
)
def test_a_next_link_to_another_origin_is_refused(target: str) -> None:
    asked: list[str] = []

    def answer(url: str) -> tuple[Any, list[str]]:
        asked.append(url)
        return things(0, 1), [f'<{target}>; rel="next"']

    with pytest.raises(ForbiddenError):
        read(answer, Pagination("link"))
    assert asked == [BASE]


def test_the_admin_consoles_name_of_our_host_is_asked_at_our_host() -> None:
    base = "https://acme.okta.com/api/v1/brands"

    def answer(url: str) -> tuple[Any, list[str]]:
        link = '<https://acme-admin.okta.com/api/v1/brands?after=1>; rel="next"'
        return things(0, 1), [] if "after" in url else [link]

    rows, server = read(answer, Pagination("link"), url=base)
    assert (rows, server.asked) == ([0, 0], [base, f"{base}?after=1"])
    for foreign in (
        "https://acme-admin.evil.com/",
        "https://other-admin.okta.com/",
        "https://acme-admin.okta.com:444/",
    ):
        answers = iter([(things(0, 1), [f'<{foreign}>; rel="next"'])])
        with pytest.raises(ForbiddenError):
            read(lambda _, found=answers: next(found), Pagination("link"), url=base)  # type: ignore[misc]


def test_empty_pages_without_end_are_an_error() -> None:
    turns = iter(range(1000))
    with pytest.raises(LimitError, match="doesn't end"):
        read(
            lambda _: ({"data": [], "after": f"t{next(turns)}"}, []),
            Pagination("cursor", "c", token_path=("after",)),
            rows="data",
        )


def test_an_empty_page_is_the_last_where_the_catalog_says_so() -> None:
    turns = iter([2, 1, 0, 5])
    pagination = Pagination("cursor", "c", token_path=("after",), stops_empty=True)
    rows, server = read(
        lambda _: ({"data": things(0, n := next(turns)), "after": f"t{n}"}, []), pagination, rows="data"
    )
    assert (rows, len(server.asked)) == ([0, 1, 0], 3)


def test_a_full_only_page_is_no_proof() -> None:
    pagination = Pagination("none", size_param="limit", size_max=3)
    with pytest.raises(LimitError, match="may be more"):
        read(lambda _: (things(0, 3), []), pagination)
    assert read(lambda _: (things(0, 2), []), pagination)[0] == [0, 1]
    assert read(lambda _: (things(0, 2), []), pagination, url=f"{BASE}?limit=2")[0] == [0, 1]
    assert read(lambda _: (things(0, 3), []), pagination, url=f"{BASE}?limit=3")[0] == [0, 1, 2]
    assert read(lambda _: (things(0, 3), []), pagination, most=3)[0] == [0, 1, 2]
    with pytest.raises(LimitError, match="may be more"):
        read(lambda _: (things(0, 3), []), pagination, most=4)


@pytest.mark.parametrize(
    ("headers", "target"),
    [
        (['<https://a/x?after=1,2>; rel="next"'], "https://a/x?after=1,2"),
        (["<https://a/self>; rel=self, <https://a/n>; rel=next"], "https://a/n"),
        (['<https://a/self>; rel="self"', '<https://a/n>; rel="prev next"; title="a;b,c"'], "https://a/n"),
        (['<https://a/n>; title="x, <y>; rel=next"; rel="prev"'], ""),
        (["<https://a/n>;rel = NEXT"], "https://a/n"),
        (['<https://a/n>; rel="next"; anchor="#other"'], ""),
        ([" , <https://a/n>; rel=next ,"], "https://a/n"),
        (["<https://a/n>"], ""),
        ([""], ""),
        ([], ""),
    ],
)
def test_link_header(headers: list[str], target: str) -> None:
    assert next_link(headers) == target


@pytest.mark.parametrize("header", ["nonsense", "<unclosed; rel=next", '<https://a/n>; rel="next', UNREADABLE])
def test_a_link_header_that_cannot_be_read_is_not_the_end(header: str) -> None:
    with pytest.raises(DecodeError, match="Link header"):
        next_link([header])


def test_a_page_may_be_short_because_the_api_caps_it() -> None:
    def answer(url: str) -> tuple[Any, list[str]]:
        at = number(url, "page")
        return things(at * 3, min(at * 3 + 3, 7)), []

    for pagination, url in (
        (Pagination("page", "page", size_param="size", size_max=5), f"{BASE}?size=100"),
        (Pagination("page", "page", size_param="size"), f"{BASE}?size=100"),
        (Pagination("page", "page", size_param="size", size_default=50), BASE),
    ):
        rows, server = read(answer, pagination, url=url)
        assert rows == list(range(7))
        assert len(server.asked) == 4


def test_a_total_of_nothing_beside_rows_says_nothing() -> None:
    def answer(url: str) -> tuple[Any, list[str]]:
        at = number(url, "page")
        return {"data": things(at, min(at + 1, 3)), "total": 0}, []

    rows, _ = read(answer, Pagination("page", "page", total_path=("total",)), rows="data")
    assert rows == [0, 1, 2]


def test_an_empty_page_with_more_to_come_is_passed_over() -> None:
    def answer(url: str) -> tuple[Any, list[str]]:
        at = number(url, "page")
        return {"data": [] if at == 1 else things(at, at + 1), "more": at < 3}, []

    rows, _ = read(answer, Pagination("page", "page", more_path=("more",)), rows="data")
    assert rows == [0, 2, 3]
    with pytest.raises(LimitError, match="circles"):
        read(
            lambda _: ({"data": [], "more": True}, []),
            Pagination("offset", "offset", more_path=("more",)),
            rows="data",
        )


@pytest.mark.parametrize("repeated", [1, 2, 3])
def test_no_page_by_number_is_taken_twice(repeated: int) -> None:
    """Even if the one that comes again isn't the one before, or stands where the last and shorter page should."""

    def answer(url: str) -> tuple[Any, list[str]]:
        at = number(url, "page")
        if at == repeated:
            at = 0
        return things(at * 2, min(at * 2 + 2, 7)), []

    with pytest.raises(LimitError, match="two pages are the same"):
        read(answer, Pagination("page", "page", size_param="size", size_max=2))


def test_a_number_is_no_next_url() -> None:
    with pytest.raises(DecodeError, match="next page"):
        read(lambda _: ({"data": [], "next": 25}, []), Pagination("next_url", token_path=("next",)), rows="data")


def test_the_size_goes_into_the_body_where_the_cursor_does() -> None:
    pagination = Pagination(
        "cursor", "page.cursor", token_in="body", token_path=("after",), size_param="page.limit", size_max=1000
    )
    _, server = read(lambda _: ({"data": []}, []), pagination, rows="data")
    assert server.bodies == [b'{"page": {"limit": 1000}}']
    _, server = read(lambda _: ({"data": []}, []), pagination, rows="data", body=b'{"page":{"limit":7}}')
    assert server.bodies == [b'{"page":{"limit":7}}']


@given(st.lists(st.integers(0, 6), min_size=1, max_size=7))
def test_any_graph_of_links_ends(targets: list[int]) -> None:
    """Page n links to page targets[n], or to nothing beyond the list: the end or a LimitError, no page read twice."""
    asked: list[int] = []

    def answer(url: str) -> tuple[Any, list[str]]:
        at = number(url, "p")
        asked.append(at)
        links = [f'<{BASE}?p={targets[at]}>; rel="next"'] if at < len(targets) else []
        return things(at, at + 1), links

    walk = [0]
    while walk[-1] < len(targets) and targets[walk[-1]] not in walk:
        walk.append(targets[walk[-1]])
    circles = walk[-1] < len(targets)
    try:
        rows, _ = read(answer, Pagination("link"), url=f"{BASE}?p=0")
    except LimitError:
        assert circles
    else:
        assert not circles
        assert rows == walk
    assert asked == walk
