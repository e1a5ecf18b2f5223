"""Reading a list from a server that fails at every point in turn: all rows, or an error, and nothing in between.

The whole way of a request is real (client, governor, transport, sockets); only waiting takes no time.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.faults.server import Cut, FaultServer, Hang, Reply, Reset, Seen, answer, answer_head
from tests.unit.fetch.doubles import FakeClock

from quaestor.catalog.model import Column, Method, Pagination, Response
from quaestor.errors import DecodeError, ForbiddenError, LimitError, ProviderError, QuaestorError, TransportError
from quaestor.fetch.auth import Authenticator, CredentialPart
from quaestor.fetch.client import Client
from quaestor.fetch.decode import Decoder
from quaestor.fetch.governor import Governor
from quaestor.fetch.http import CancelToken, HttpRequest
from quaestor.fetch.pages import read_pages
from quaestor.fetch.stats import Stats
from quaestor.fetch.transport import HttpTransport, Limits
from quaestor.fetch.url import origin_of
from quaestor.secrets import Redactor, Secret

CANARY = "CANARY-0123456789abcdef0123456789abcdef"
PAGES = 4
ROWS = [str(number) for number in range(PAGES * 2)]
LINKS = Method("list_things", "select", "GET", "/things", pagination=Pagination("link"))
CURSORS = Method(
    "list_things",
    "select",
    "GET",
    "/things",
    response=Response(row_path=("data",)),
    pagination=Pagination("cursor", "after", token_path=("meta", "after")),
)


class Read(NamedTuple):
    """What came of reading a list."""

    rows: list[Any]
    error: QuaestorError | None
    stats: Stats


@pytest.fixture(scope="module")
def transport() -> Iterator[HttpTransport]:
    with HttpTransport() as made:
        yield made


@pytest.fixture(scope="module")
def impatient() -> Iterator[HttpTransport]:
    with HttpTransport(Limits(first_byte_s=0.5)) as made:
        yield made


def read(transport: HttpTransport, url: str, method: Method = LINKS) -> Read:
    redactor = Redactor()
    authenticator = Authenticator(
        origin_of(url), [CredentialPart("header", "Authorization", Secret(CANARY), "SSWS ")], redactor
    )
    client = Client(transport, authenticator, Governor(clock=FakeClock(), max_wait_s=500), redactor=redactor)
    decoder = Decoder(method.response, method.pagination, [Column("id", "string", ("id",))])
    stats = Stats()
    rows: list[Any] = []
    try:
        for page in read_pages(client, method, HttpRequest("GET", f"{url}/things"), decoder, CancelToken(), stats):
            rows += [value for (value,) in page.rows]
    except QuaestorError as error:
        return Read(rows, error, stats)
    return Read(rows, None, stats)


def page_of(seen: Seen, base: str) -> Reply:
    """The right answer: two rows, and a Link to the next page."""
    number = int(parse_qs(urlsplit(seen.target).query).get("after", ["0"])[0])
    rows = [{"id": row} for row in ROWS[number * 2 : number * 2 + 2]]
    more = number + 1 < PAGES
    headers = [("Link", f'<{base}/things?after={number + 1}>; rel="next"')] if more else []
    return answer(json.dumps(rows).encode(), headers=headers)


GOOD = b'[{"id": "stray"}]'
#: What may happen to any request. None of it is a page that ends well.
FAULTS: dict[str, Reply] = {
    "400": answer(b'{"errorCode": "E1"}', 400),
    "401": answer(b"", 401),
    "403": answer(b"", 403),
    "404": answer(b'{"errors": ["gone"]}', 404),
    "429": answer(b"", 429, [("Retry-After", "3")]),
    "500": answer(b"oops", 500),
    "503": answer(b"", 503, [("Retry-After", "2")]),
    "302 elsewhere": answer(b"", 302, [("Location", "https://evil.example/")]),
    "reset before the headers": [Reset()],
    "cut before the headers": [Cut()],
    "reset in the headers": [b"HTTP/1.1 200 OK\r\nConte", Reset()],
    "reset after the headers": [answer_head(length=len(GOOD)), Reset()],
    "cut in the body": [answer_head(length=len(GOOD)), GOOD[:9], Cut()],
    "length too large": [answer_head(length=len(GOOD) + 5), GOOD, Cut()],
    "length too small": [answer_head(length=len(GOOD) - 5), GOOD, Cut()],
    "chunks that lie": [answer_head(headers=[("Transfer-Encoding", "chunked")]), b"ff\r\n[]\r\n0\r\n\r\n", Cut()],
    "chunks cut": [answer_head(headers=[("Transfer-Encoding", "chunked")]), b"2\r\n[]\r\n", Cut()],
    "gzip cut": answer(gzip.compress(GOOD * 50)[:-4], headers=[("Content-Encoding", "gzip")]),
    "gzip damaged": answer(b"\x1f\x8bxxxx", headers=[("Content-Encoding", "gzip")]),
    "gzip that is none": answer(GOOD, headers=[("Content-Encoding", "gzip")]),
    "JSON cut": answer(GOOD[:-1]),
    "JSON wrong": answer(b"{'id': 1}"),
    "JSON too deep": answer(b"[" * 100_000 + b"]" * 100_000),
    "another shape": answer(b'"text"'),
    "HTML": answer(b"<!DOCTYPE html><title>Sign in</title>", media="text/html"),
    "nothing": answer(b""),
    "not HTTP": [b"SSH-2.0-OpenSSH\r\n\r\n", Cut()],
    "a link that can't be read": answer(GOOD, headers=[("Link", "<https://x; rel=next")]),
    "a link that isn't ASCII": answer(GOOD, headers=[("Link", '<https://x/\xe9>; rel="next"')]),
    "a link elsewhere": answer(GOOD, headers=[("Link", '<https://evil.example/>; rel="next"')]),
    "too many headers": answer(GOOD, headers=[(f"x-{number}", "v" * 9000) for number in range(9)]),
}
#: Those that a read survives if they happen once.
PASSING = {
    "429",
    "500",
    "503",
    "reset before the headers",
    "cut before the headers",
    "reset in the headers",
    "reset after the headers",
    "cut in the body",
    "length too large",
    "chunks cut",
    "chunks that lie",
    "gzip cut",
}


def faulty(fault: Reply, first: int, last: int, url: Callable[[], str]) -> Callable[[Seen], Reply]:
    """A script that answers requests number `first` to `last` with a fault, all others well."""
    count = 0

    def script(seen: Seen) -> Reply:
        nonlocal count
        count += 1
        return fault if first <= count <= last else page_of(seen, url())

    return script


def serve(fault: Reply, first: int, last: int, transport: HttpTransport) -> Read:
    servers: list[FaultServer] = []
    with FaultServer(faulty(fault, first, last, lambda: servers[0].url)) as server:
        servers.append(server)
        done = read(transport, server.url)
        assert done.stats.requests == len(server.log)
        return done


def test_a_clean_run_has_all_rows(transport: HttpTransport) -> None:
    done = serve(b"", 0, 0, transport)
    assert (done.rows, done.error, done.stats.requests, done.stats.pages) == (ROWS, None, PAGES, PAGES)


@pytest.mark.parametrize("at", range(1, PAGES + 1))
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_that_stays_is_an_error_wherever_it_is(transport: HttpTransport, name: str, at: int) -> None:
    done = serve(FAULTS[name], at, 10**6, transport)
    assert isinstance(done.error, ProviderError | TransportError | DecodeError | LimitError | ForbiddenError)
    assert done.rows == ROWS[: (at - 1) * 2], "rows of a page that failed"
    assert done.stats.requests <= at + 4
    assert CANARY not in f"{done.error!r} {done.error.to_dict()}"


@pytest.mark.parametrize("at", range(1, PAGES + 1))
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_that_passes_is_an_error_or_leaves_no_trace(transport: HttpTransport, name: str, at: int) -> None:
    done = serve(FAULTS[name], at, at, transport)
    if name in PASSING:
        assert (done.rows, done.error, done.stats.retries) == (ROWS, None, 1)
    else:
        assert done.error is not None
        assert done.rows == ROWS[: (at - 1) * 2]
        assert done.stats.retries == 0


def test_a_time_out_that_passes_leaves_no_trace(impatient: HttpTransport) -> None:
    faults: list[Reply] = [[Hang()], [answer_head(length=len(GOOD)), GOOD[:5], Hang()]]
    for fault in faults:
        done = serve(fault, 2, 2, impatient)
        assert (done.rows, done.error, done.stats.retries) == (ROWS, None, 1)


def test_a_time_out_that_stays_is_an_error(impatient: HttpTransport) -> None:
    done = serve([Hang()], 3, 10**6, impatient)
    assert isinstance(done.error, TransportError)
    assert done.rows == ROWS[:4]
    assert done.stats.requests == 2 + 5


def test_a_thousand_pages_are_a_thousand_pages(transport: HttpTransport) -> None:
    def script(seen: Seen) -> Reply:
        number = int(parse_qs(urlsplit(seen.target).query).get("after", ["0"])[0])
        token = f'"{number + 1}"' if number < 999 else "null"
        return answer(f'{{"data": [{{"id": "{number}"}}], "meta": {{"after": {token}}}}}'.encode())

    with FaultServer(script) as server:
        done = read(transport, server.url, CURSORS)
    assert done.error is None
    assert done.rows == [str(number) for number in range(1000)]


# --- the credential stays at home -------------------------------------------------------------------------------


def elsewhere(port: int) -> list[str]:
    """Ways to lead a client of 127.0.0.1 to another origin on the same machine."""
    return [
        f"http://127.0.0.1:{port}/",
        f"http://localhost:{port}/",
        f"http://[::1]:{port}/",
        f"http://127.1:{port}/",
        f"http://2130706433:{port}/",
        f"http://127.0.0.1.:{port}/",
        f"//127.0.0.1:{port}/",
        f"https://127.0.0.1:{port}/",
        f"http:\\\\127.0.0.1:{port}/",
        f"HTTP://127.0.0.1:{port}/",
        f"http://127.0.0.1:{port}@127.0.0.1:{port}/",
        f"http://127.0.0.1\\@127.0.0.1:{port}/",
        f"http://127.0.0.1:{port}#@127.0.0.1/",
    ]


@pytest.mark.parametrize("variant", range(13))
@pytest.mark.parametrize("way", ["link", "301", "302", "303", "307", "308"])
def test_nothing_goes_to_another_origin(transport: HttpTransport, way: str, variant: int) -> None:
    with FaultServer([answer(b"[]")]) as other:
        target = elsewhere(other.port)[variant]
        if way == "link":
            reply = answer(b"[]", headers=[("Link", f'<{target}>; rel="next"')])
        else:
            reply = answer(b"", int(way), headers=[("Location", target)])
        with FaultServer([reply]) as home:
            done = read(transport, home.url)
            assert isinstance(done.error, ForbiddenError)
            assert len(home.log) == 1
            assert CANARY in home.log[0].headers["authorization"]
        assert other.log == []
        assert CANARY not in repr(done.error.to_dict())
