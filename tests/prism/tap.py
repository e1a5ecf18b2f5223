"""A transport that hands each request to the Prism of its document and keeps what Prism said of it.

Before: the engine, by its ordinary way, built and signed a request. After: `report` counts.

Prism lets pass what a spec doesn't name, so a misspelt parameter would be right; here a query parameter that the
operation doesn't declare is a violation too.

Prism 5.16.0 encodes the names of query parameters in its own copy of the spec (`createQueryUriTemplate` in
prism-cli/dist/util/paths.js, which prints examples, writes `encodeURI(name)` back), so that it never sees
`page[size]`. The names, and nothing else, are encoded once more for it here.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from quaestor.record import replace

if TYPE_CHECKING:
    from tests.prism.documents import Document, SpecOperation

    from quaestor.fetch.http import CancelToken, HttpRequest, HttpResponse, Transport


#: Content-Encodings with the window that zlib reads them by; 32 adds the header's own word on it.
_DECODED = {"gzip": zlib.MAX_WBITS | 32, "deflate": zlib.MAX_WBITS | 32}


@dataclass(frozen=True)
class Passed:
    """A request that went to Prism: its operation, its URL behind the host, what was wrong with it."""

    key: str
    target: str
    body: bytes | None
    violations: tuple[str, ...]


@dataclass
class Tap:
    """`mocks` is each document with the address of its Prism."""

    inner: Transport
    mocks: Mapping[str, tuple[Document, str]]
    passed: list[Passed] = field(default_factory=list)

    def send(self, request: HttpRequest, cancel: CancelToken) -> HttpResponse:
        """Prism's answer."""
        doc, address = self._of(request.bucket)
        parts = urlsplit(request.url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        asked = parts.path + (f"?{_as_prism_reads(parts.query)}" if parts.query else "")
        response = self.inner.send(_as_prism_takes(replace(request, url=address + asked)), cancel)
        found = [*_said(response), *_undeclared(doc.operations[request.bucket], parts.query)]
        self.passed.append(Passed(request.bucket, target, request.body, tuple(found)))
        return replace(response, url=request.url)

    def close(self) -> None:
        """Closes the transport within."""
        self.inner.close()

    def _of(self, key: str) -> tuple[Document, str]:
        return next(pair for pair in self.mocks.values() if key in pair[0].operations)


def _said(response: HttpResponse) -> list[str]:
    """What Prism found wrong; its answers of its own are `application/problem+json` (RFC 9457)."""
    if "problem+json" not in response.header("content-type"):
        return []
    about = json.loads(response.body)
    kind = str(about.get("type", "")).rsplit("#", 1)[-1]
    found = [
        f"{'.'.join(map(str, each.get('location', ())))}: {each.get('message')}"
        for each in about.get("validation", ())
    ]
    return found or [f"{kind}: {about.get('detail', about.get('title'))}"]


def _as_prism_takes(request: HttpRequest) -> HttpRequest:
    """The request with its body as it was before Content-Encoding (RFC 9110, 8.4): Prism doesn't undo it, and never
    answers."""
    encoding = next((value for name, value in request.headers if name == "content-encoding"), "")
    if encoding not in _DECODED or request.body is None:
        return request
    kept = tuple(pair for pair in request.headers if pair[0] != "content-encoding")
    return replace(request, body=zlib.decompress(request.body, _DECODED[encoding]), headers=kept)


def _as_prism_reads(query: str) -> str:
    """A query whose names are encoded twice where they have characters that `encodeURI` changes."""
    out = []
    for part in query.split("&"):
        name, equals, value = part.partition("=")
        once = quote(unquote(name), safe="-_.!~*'();/?:@&=+$,#")  # ECMA 262, encodeURI
        out.append(quote(once, safe="") + equals + value)
    return "&".join(out)


def _undeclared(operation: SpecOperation, query: str) -> list[str]:
    declared = {p["name"] for p in operation.parameters if p["in"] == "query"}
    deep = {
        p["name"]
        for p in operation.parameters
        if p["in"] == "query" and (p.get("style") == "deepObject" or p.get("schema", {}).get("type") == "object")
    }
    names = [name for name, _ in parse_qsl(query, keep_blank_values=True)]
    return [
        f"query.{name}: not a parameter of the operation"
        for name in dict.fromkeys(names)
        if name not in declared and name.split("[", 1)[0] not in deep
    ]
