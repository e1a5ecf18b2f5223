"""What a fault does to an answer: its status, its pages, its bytes, its way over the wire.

Before: `faults` decided, the sandbox can answer. After: `front` carries out what `Staged` says, over a socket or as
the error that a client's transport would have.
"""

from __future__ import annotations

import json
from gzip import compress

from quaestor.fetch.http import HttpResponse
from quaestor.fetch.url import query_items
from quaestor.record import Record, replace
from quaestor.sandbox.data.collection import encode
from quaestor.sandbox.data.seeded import mix
from quaestor.sandbox.wire.faults import ELSEWHERE
from quaestor.sandbox.wire.outage import answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from quaestor.fetch.http import HttpRequest
    from quaestor.sandbox.wire.faults import Fault

#: Query parameters that say which page; without them it is the first.
_PAGE_PARAMETERS = frozenset(
    {
        *(
            "after",
            "before",
            "cursor",
            "offset",
            "page",
            "start",
            "next",
            "startindex",
            "pagetoken",
            "next_record_id",
        ),
        *("page[cursor]", "page[offset]", "page[number]", "page[after]", "page_cursor", "page_number", "start_index"),
    }
)
_PAGE = b"""<!DOCTYPE html>
<html><head><title>Sign in</title></head><body><form method="post"><input name="username"></form></body></html>
"""


class Staged(Record):
    """An answer and how it goes out.

    Attributes:
        delay_s: nothing is sent before.
        rate: bytes a second of the body; 0 for all at once.
        cut: so many bytes of the body are sent, though its length says more; -1 for all.
        reset: the connection breaks off, before the headers or behind the last byte that is sent.
        silent: no headers are sent.
        gzip: `bad` or `cut` if the body isn't what its encoding says.
    """

    response: HttpResponse
    delay_s: float = 0.0
    rate: float = 0.0
    cut: int = -1
    reset: bool = False
    silent: bool = False
    gzip: str = ""


def staged(
    faults: Sequence[Fault],
    request: HttpRequest,
    vendor: str,
    ask: Callable[[HttpRequest], HttpResponse],
    draw: Callable[[], float],
) -> Staged:
    """The answer to a request with what goes wrong.

    Args:
        ask: the sandbox.
        draw: numbers from 0 to 1, for latencies with a range.
    """
    by_kind = {fault.kind: fault for fault in faults}
    made = Staged(_answered(by_kind, request, vendor, ask))
    if "latency" in by_kind:
        low, high = by_kind["latency"].number, by_kind["latency"].upper
        made = replace(made, delay_s=low + (high - low) * draw())
    made = _spoilt(by_kind, made)
    body = made.response.body
    if "reset" in by_kind:
        inside = by_kind["reset"].text == "body"
        made = replace(made, reset=True, silent=not inside, cut=len(body) // 2 if inside else -1)
    if "truncate" in by_kind and body:
        made = replace(made, cut=min(len(body) - 1, int(len(body) * by_kind["truncate"].number / 100)))
    if "drip" in by_kind:
        made = replace(made, rate=by_kind["drip"].number)
    return made


def _answered(
    by_kind: dict[str, Fault], request: HttpRequest, vendor: str, ask: Callable[[HttpRequest], HttpResponse]
) -> HttpResponse:
    """The answer as far as its status and its rows."""
    if "status" in by_kind:
        fault = by_kind["status"]
        return answer(vendor, int(fault.number), {"retry-after": fault.text} if fault.text else {}, request.url)
    if "redirect" in by_kind:
        headers = (("location", by_kind["redirect"].text), ("content-type", "text/html"))
        return HttpResponse(302, headers, b"", request.url)
    if "loop" in by_kind:
        return ask(replace(request, url=_first_page(request.url)))
    response = ask(request)
    if "duplicates" in by_kind and _first_page(request.url) != request.url:
        return _with_a_row_again(response, ask(replace(request, url=_first_page(request.url))))
    return _foreign(response) if "foreign-link" in by_kind else response


def _spoilt(by_kind: dict[str, Fault], made: Staged) -> Staged:
    """With another body than it should have."""
    response = made.response
    if "html" in by_kind:
        return replace(made, response=_body(response, _PAGE, "text/html; charset=utf-8"))
    if "empty" in by_kind:
        return replace(made, response=_body(response, b""))
    if "bad-json" in by_kind:
        return replace(made, response=_body(response, response.body[: len(response.body) * 2 // 3] + b'{"'))
    if "bad-gzip" in by_kind:
        spoilt = b"\x1f\x8b\x08\x00" + b"\x00" * 6 + b"\xff" * 40
        return replace(made, response=_encoded(response, spoilt), gzip="bad")
    if "cut-gzip" in by_kind:
        whole = compress(response.body, mtime=0)
        return replace(made, response=_encoded(response, whole[: max(11, len(whole) // 2)]), gzip="cut")
    return made


def _body(response: HttpResponse, body: bytes, media: str = "") -> HttpResponse:
    headers = response.headers
    if media:
        headers = (*(pair for pair in headers if pair[0] not in ("content-type", "link")), ("content-type", media))
    return replace(response, headers=headers, body=body)


def _encoded(response: HttpResponse, body: bytes) -> HttpResponse:
    return replace(response, headers=(*response.headers, ("content-encoding", "gzip")), body=body)


def _first_page(url: str) -> str:
    """The URL without what says which page; itself if nothing does."""
    if not any(name.lower() in _PAGE_PARAMETERS for name, _ in query_items(url)):
        return url
    base, _, query = url.partition("?")
    parts = [part for part in query.split("&") if part]
    kept = [part for part in parts if query_items(f"?{part}")[0][0].lower() not in _PAGE_PARAMETERS]
    return f"{base}?{'&'.join(kept)}" if kept else base


def _rows(document: Any) -> list[Any] | None:
    """The rows of a page: the body, or the first list in it."""
    if isinstance(document, dict):
        inner = document.get("data")
        document = (
            inner if isinstance(inner, list) else next((v for v in document.values() if isinstance(v, list)), None)
        )
    return document if isinstance(document, list) else None


def _with_a_row_again(response: HttpResponse, first: HttpResponse) -> HttpResponse:
    """A page with the first row of the first page in front: the list has moved while it was read."""
    try:
        document, before = json.loads(response.body), json.loads(first.body)
    except ValueError:
        return response
    rows, seen = _rows(document), _rows(before)
    if rows is None or not seen:
        return response
    rows.insert(0, seen[0])
    return replace(response, body=encode(document))


def _foreign(response: HttpResponse) -> HttpResponse:
    """Every link to a next page leads to another host; pages told by a number or a token have none."""
    headers = tuple(
        (name, _moved_link(value)) if name == "link" and 'rel="next"' in value else (name, value)
        for name, value in response.headers
    )
    try:
        document = json.loads(response.body)
    except ValueError:
        document = None
    changed = _move_next(document)
    return replace(response, headers=headers, body=encode(document) if changed else response.body)


def _moved_link(value: str) -> str:
    url, end, rest = value.partition(">")
    return f"<{_moved(url.removeprefix('<'))}{end}{rest}"


def _moved(url: str) -> str:
    return ELSEWHERE + "/" + url.partition("://")[2].partition("/")[2]


def _move_next(document: Any) -> bool:
    """Move `next` of a body and of what it keeps about its pages; whether there was any."""
    changed = False
    if isinstance(document, dict):
        for holder in (document, *(document.get(key) for key in ("links", "_links", "meta"))):
            if not isinstance(holder, dict):
                continue
            found = holder.get("next")
            if isinstance(found, str) and "://" in found:
                holder["next"], changed = _moved(found), True
            elif isinstance(found, dict) and isinstance(found.get("href"), str):
                found["href"], changed = _moved(found["href"]), True
    return changed


class Draws:
    """Numbers from 0 to 1, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._count = 0

    def __call__(self) -> float:
        self._count += 1
        return (mix(self._seed, self._count) % 1_000_000) / 1_000_000
