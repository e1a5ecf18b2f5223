"""Cassettes: recorded requests with their answers, scrubbed of secrets when written, answered from when played.

The form is VCR.py's: a YAML mapping `interactions` of `request` (method, uri, headers, body) and `response` (status,
headers, body). Cassettes of Ruby's VCR (`http_interactions`) are read too.

What is left out when recording: all request headers but those that say which format is wanted; all response headers
but those that a client acts upon; credentials in URLs; values of fields that are named like secrets, and texts that
look like tokens. Names, mail addresses and other data stay: look into a cassette before you share it.

Before: `record` forwards to a service. After: `Player` answers in its place.
"""

from __future__ import annotations

import base64
import json
import re
from threading import Lock
from zlib import decompressobj
from zlib import error as ZlibError

from quaestor.catalog.document import read, write
from quaestor.errors import CatalogError, UsageError
from quaestor.fetch.http import HttpRequest, HttpResponse
from quaestor.fetch.retry import http_date
from quaestor.fetch.url import query_items, quote
from quaestor.record import Record
from quaestor.sandbox.data.collection import encode
from quaestor.sandbox.wire.outage import vendor_of
from quaestor.secrets import MASK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from quaestor.secrets import Redactor

#: What of a request is kept: nothing that could sign it.
_REQUEST_HEADERS = frozenset({"accept", "content-type", "if-match", "if-none-match", "prefer"})
_RESPONSE_HEADERS = frozenset(
    {"content-type", "link", "location", "retry-after", "etag", "date", "x-okta-request-id", "dd-request-id"}
    | {f"{prefix}-{name}" for prefix in ("x-rate-limit", "x-ratelimit") for name in ("limit", "remaining", "reset")}
    | {"x-ratelimit-period", "x-ratelimit-name"}
)
#: Names of fields and of a URL's parameters, without case, `_` and `-`, whose values are secrets, whatever stands
#: around them. Of the tokens those that lead to the next page are none: without them no cassette could be played.
_SECRET = re.compile(
    r"(?:.*(?:password|passwd|passcode|secret|privatekey|apikey|appkey|applicationkey|accesskey|clientassertion|otp|"
    r"activationurl|resetpasswordurl|signature)|(?!.*(?:page|next|continuation|sync|marker|cursor|start)token\Z).*token|"
    r"assertion|hash|salt|authorization|authheader|cookie|answer|activationlink|codeverifier)\Z"
)
#: Texts that are secrets wherever they stand.
_TOKENS = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"  # a JSON Web Token
    r"|\b00[\w-]{40}\b"  # Okta's API and session tokens
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----"
    r"|\bdd(?:app|api)_\w{20,}"
)
_HEX_KEY = re.compile(r"[0-9a-fA-F]{32}(?:[0-9a-fA-F]{8})?\Z")
#: Members of a JSON Web Key that are private (RFC 7518, 6.2.2 and 6.3.2).
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "k"})
#: Where a recorded service is; its own name isn't kept.
_PLACE = "https://{provider}.recorded.invalid"
#: A parameter of a URL, wherever one stands: what leads to it with its name, and its value.
_PARAMETER = re.compile(r"([?&#]([\w.%\-\[\]]+)=)([^&\s\"'<>#]+)")


class Interaction(Record):
    """One request and its answer."""

    method: str
    url: str
    request_headers: tuple[tuple[str, str], ...]
    request_body: bytes
    response: HttpResponse


class Cassette(Record):
    """A recording; `name` for messages."""

    name: str
    interactions: tuple[Interaction, ...]


# --- writing ------------------------------------------------------------------------------------------------------


class Scrubber:
    """Takes secrets out of what is recorded.

    Args:
        provider: whose service it is; its host becomes a name that nobody has.
        redactor: knows the credential in use.
    """

    def __init__(self, provider: str, redactor: Redactor) -> None:
        self.place = _PLACE.format(provider=provider)
        self._redactor = redactor

    def interaction(self, request: HttpRequest, response: HttpResponse, origins: Sequence[str]) -> Interaction:
        """What is kept of a request and its answer; `origins` are the addresses that stand for the service."""
        return Interaction(
            request.method,
            self._url(self._moved(request.url, origins)),
            self._headers(request.headers, _REQUEST_HEADERS, origins),
            self.body(self._moved_bytes(request.body or b"", origins), _media(request.headers)),
            HttpResponse(
                response.status,
                self._headers(response.headers, _RESPONSE_HEADERS, origins),
                self.body(self._moved_bytes(response.body, origins), _media(response.headers)),
            ),
        )

    def body(self, data: bytes, media: str = "") -> bytes:
        """A body without its secrets."""
        if not data:
            return data
        if "x-www-form-urlencoded" in media:
            return self._query(data.decode("utf-8", "replace")).encode()
        try:
            document = json.loads(data)
        except (ValueError, RecursionError):
            try:
                return self.text(data.decode()).encode()
            except UnicodeDecodeError:
                return b""  # what can't be looked through isn't kept
        clean = self._value(document, "")
        return data if clean == document else encode(clean)

    def text(self, text: str) -> str:
        """A text without tokens, the parameters of URLs in it too."""
        return _PARAMETER.sub(self._parameter, _TOKENS.sub(MASK, self._redactor.mask(text)))

    @staticmethod
    def _parameter(found: re.Match[str]) -> str:
        return found[1] + (MASK if _asks_with(found[2]) else found[3])

    def _value(self, value: Any, name: str) -> Any:
        folded = _folded(name)
        if isinstance(value, dict):
            private = "kty" in value
            return {
                key: MASK
                if private and key in _PRIVATE_MEMBERS
                # {"password": {"value": …}}
                else self._value(inner, name if key == "value" and _SECRET.match(folded) else key)
                for key, inner in value.items()
            }
        if isinstance(value, list):
            return [self._value(inner, name) for inner in value]
        if isinstance(value, str):
            if value and (_SECRET.match(folded) or (folded == "key" and _HEX_KEY.match(value))):
                return MASK
            return self.text(value)
        return value

    def _url(self, url: str) -> str:
        base, mark, query = url.partition("?")
        return self.text(base) + mark + self._query(query)

    def _query(self, query: str) -> str:
        parts = []
        for part in query.split("&"):
            name, equals, value = part.partition("=")
            parts.append(f"{name}={MASK}" if value and _asks_with(name) else self.text(name + equals + value))
        return "&".join(parts)

    def _headers(
        self, headers: Sequence[tuple[str, str]], kept: frozenset[str], origins: Sequence[str]
    ) -> tuple[tuple[str, str], ...]:
        return tuple(
            (name.lower(), self.text(self._moved(value, origins))) for name, value in headers if name.lower() in kept
        )

    def _moved(self, text: str, origins: Sequence[str]) -> str:
        for origin in origins:
            text = text.replace(origin, self.place)
        return text

    def _moved_bytes(self, data: bytes, origins: Sequence[str]) -> bytes:
        for origin in origins:
            data = data.replace(origin.encode(), self.place.encode())
            data = data.replace(origin.replace("/", "\\/").encode(), self.place.encode())
        return data


def _folded(name: str) -> str:
    return re.sub(r"[_\-\s]", "", name).lower()


def _asks_with(name: str) -> bool:
    """Whether a parameter of a URL holds a secret."""
    return name.lower() in ("code", "sig") or _SECRET.match(_folded(name)) is not None


def _media(headers: Sequence[tuple[str, str]]) -> str:
    return next((value for name, value in headers if name.lower() == "content-type"), "")


def written(interactions: Sequence[Interaction]) -> str:
    """The YAML of a cassette."""
    nodes = []
    for each in interactions:
        nodes.append(
            {
                "request": {
                    "method": each.method,
                    "uri": each.url,
                    "headers": _listed(each.request_headers),
                    "body": each.request_body.decode("utf-8") if each.request_body else None,
                },
                "response": {
                    "status": {"code": each.response.status, "message": ""},
                    "headers": _listed(each.response.headers),
                    "body": {"string": each.response.body.decode("utf-8")},
                },
            }
        )
    return write({"version": 1, "interactions": nodes})


def _listed(headers: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name, []).append(value)
    return found


# --- reading ------------------------------------------------------------------------------------------------------


def read_cassette(path: str) -> Cassette:
    """The cassette in a file. Raises UsageError naming the interaction that can't be read."""
    try:
        document = read(path)
    except CatalogError as error:
        raise UsageError(error.message) from error
    nodes = document.get("interactions", document.get("http_interactions"))
    if not isinstance(nodes, list):
        raise UsageError(f"{path} is no cassette: it has no list `interactions`")
    return Cassette(path, tuple(_interaction(node, f"{path}: interactions[{n}]") for n, node in enumerate(nodes)))


def _interaction(node: Any, where: str) -> Interaction:
    try:
        request, response = node["request"], node["response"]
        headers = _pairs(response.get("headers"))
        status = response["status"]["code"]
        method, url = request["method"], request["uri"]
    except (KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{where} lacks a request with method and uri, or a response with a status: {error}"
        ) from None
    if not isinstance(method, str) or not isinstance(url, str) or not isinstance(status, int):
        raise UsageError(f"{where}: method and uri are texts, the status code is a number")
    body = _body(response.get("body"), f"{where}.response.body", dict(headers).get("content-encoding", ""))
    return Interaction(
        method.upper(),
        url,
        tuple(_pairs(request.get("headers"))),
        _body(request.get("body"), f"{where}.request.body"),
        HttpResponse(status, tuple(headers), body, url),
    )


def _pairs(node: Any) -> list[tuple[str, str]]:
    found = []
    for name, said in (node or {}).items():
        for value in said if isinstance(said, list) else [said]:
            found.append((str(name).lower(), str(value)))
    return found


def _body(node: Any, where: str, encoding: str = "") -> bytes:
    if node is None:
        return b""
    if isinstance(node, str):
        return node.encode()
    if isinstance(node, dict):
        if isinstance(node.get("string"), str):
            return node["string"].encode() if node["string"] else b""
        if isinstance(node.get("base64_string"), str):
            try:
                data = base64.b64decode("".join(node["base64_string"].split()), validate=True)
                return decompressobj(wbits=47).decompress(data, 1 << 28) if "gzip" in encoding else data
            except (ValueError, ZlibError) as error:
                raise UsageError(f"{where}.base64_string can't be read: {error}") from None
        if "string" in node and node["string"] is None:
            return b""
        if node and all(isinstance(value, str) for value in node.values()):  # a form that VCR.py took apart
            return "&".join(f"{quote(name)}={quote(value)}" for name, value in node.items()).encode()
    raise UsageError(f"{where} is neither a text, nor a mapping with string or base64_string")


# --- playing ------------------------------------------------------------------------------------------------------

#: Headers that were about the bytes on the wire at that time, and limits by a clock that has gone on.
_OF_THE_TIME = ("content-encoding", "transfer-encoding", "content-length", "connection", "date", "set-cookie")


class Player:
    """Answers as a cassette does: the same method, path and query, in the recorded order; the last one stays.

    What isn't on the cassette is answered with 501 that says so. Safe to ask from several threads.

    Args:
        providers: below whose prefixes it answers, as a sandbox does.
    """

    def __init__(self, cassette: Cassette, providers: tuple[str, ...]) -> None:
        self.providers = providers
        self._name = cassette.name
        self._tracks: dict[tuple[str, str, tuple[tuple[str, str], ...]], list[Interaction]] = {}
        self._origins: set[str] = set()
        for each in cassette.interactions:
            self._tracks.setdefault(_address(each.method, each.url), []).append(each)
            self._origins.add(_origin(each.url))
        self._played: dict[int, int] = {}  # by the first interaction of those that are alike
        self._lock = Lock()

    def handle(self, request: HttpRequest) -> HttpResponse:
        """The recorded answer, its links leading back here."""
        origin = _origin(request.url)
        path = "/" + request.url.partition("://")[2].partition("/")[2]
        vendor, below = vendor_of(request, path.partition("?")[0], self.providers)
        base = origin + (f"/{vendor}" if path.partition("?")[0] != below else "")
        wanted = _address(request.method, below + path[len(path.partition("?")[0]) :])
        with self._lock:
            track = self._tracks.get(wanted)
            if track is None:
                return self._absent(request, below)
            same = [each for each in track if _same_body(each.request_body, request.body)] or track
            turn = self._played.get(id(same[0]), 0)
            found = same[min(turn, len(same) - 1)]
            self._played[id(same[0])] = turn + 1
        headers = [(name, self._moved(value, base)) for name, value in _lasting(found.response)]
        body = found.response.body
        for place in self._origins:
            body = body.replace(place.encode(), base.encode())
        return HttpResponse(found.response.status, tuple(headers), body, request.url)

    def _moved(self, text: str, base: str) -> str:
        for place in self._origins:
            text = text.replace(place, base)
        return text

    def _absent(self, request: HttpRequest, path: str) -> HttpResponse:
        said = f"the cassette {self._name} has no {request.method} {path} with this query"
        body = {"errorCode": "E0000060", "errorSummary": said, "errors": [said]}
        return HttpResponse(501, (("content-type", "application/json"),), encode(body), request.url)


def _lasting(response: HttpResponse) -> list[tuple[str, str]]:
    """The headers that still mean something. A limit's reset was by the clock of that time: only a refusal needs it,
    as the seconds that were left."""
    dated = dict(response.headers)
    kept = [
        (name, value)
        for name, value in response.headers
        if name not in _OF_THE_TIME and not name.startswith(("x-rate-limit-", "x-ratelimit-"))
    ]
    if response.status == 429 and "retry-after" not in dated:
        reset = dated.get("x-rate-limit-reset") or dated.get("x-ratelimit-reset") or "1"
        then = http_date(dated.get("date", ""))
        left = int(reset) if reset.isdecimal() else 1
        if left > 1_000_000_000:
            left = int(left - then) if then is not None else 1
        kept.append(("retry-after", str(max(1, left))))
    return kept


def _same_body(recorded: bytes, asked: bytes | None) -> bool:
    try:
        return bool(json.loads(recorded) == json.loads(asked or b""))
    except ValueError:
        return recorded == (asked or b"")


def _origin(url: str) -> str:
    scheme, mark, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0].partition('?')[0]}" if mark else ""


def _address(method: str, url: str) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """What a request asks for, wherever it is: method, path, query in no order."""
    tail = url.partition("://")[2].partition("/")[2] if "://" in url else url[1:]
    path, _, query = tail.partition("#")[0].partition("?")
    return method, "/" + path.strip("/"), tuple(sorted(query_items(f"?{query}")))
