"""URLs as far as the wire needs them: origins, percent-encoding, query parameters, references.

`urllib.parse` takes 10 ms to import, a fifth of a cold SELECT. And it is lenient where a credential's safety needs
strictness: two readers of one URL must never see different hosts, so what is unusual in an authority is refused
here instead of repaired. Before: servers of the catalog, next links of responses. After: `request`, `auth`, `pages`.
"""

from __future__ import annotations

from quaestor.errors import ForbiddenError
from quaestor.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

DEFAULT_PORTS = {"http": 80, "https": 443}

#: RFC 3986, 2.3: what is never encoded.
UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ENCODED = tuple(chr(byte) if byte in UNRESERVED else f"%{byte:02X}" for byte in range(256))
_LABEL = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
_HEX = frozenset("0123456789abcdefABCDEF")


class Origin(Record):
    """Scheme, host (lower case, IPv6 in brackets) and port: what a credential is bound to (RFC 6454)."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        port = "" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}"

    @property
    def is_loopback(self) -> bool:
        """Whether the host is this machine, by its name or address as written; nothing is resolved."""
        if self.host in ("localhost", "[::1]"):
            return True
        parts = self.host.split(".")
        return len(parts) == 4 and parts[0] == "127" and all(_is_octet(part) for part in parts)


def _is_octet(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text) < 256 and (text == "0" or text[0] != "0")


def split(url: str) -> tuple[Origin, str]:
    """The origin of an absolute URL, and all that follows it, without the fragment.

    Raises ForbiddenError for anything that isn't plainly `http(s)://host[:port]…`: a user part, a backslash, control
    characters, escapes or non-ASCII in the host. A URL library that repairs these may end up at another host.
    """
    scheme, separator, rest = url.partition("://")
    scheme = scheme.lower()
    if not separator or scheme not in DEFAULT_PORTS:
        raise ForbiddenError(f"{shown(url)} is not an absolute http or https URL")
    rest = rest.partition("#")[0]
    end = min((at for at in (rest.find("/"), rest.find("?")) if at >= 0), default=len(rest))
    authority, tail = rest[:end].lower(), rest[end:]
    if any(char < " " or char == "\x7f" for char in tail):
        raise ForbiddenError(f"{shown(url)} has control characters")
    host, port = _host_and_port(authority)
    if not host:
        raise ForbiddenError(f"{shown(url)} has no plain host name and port")
    return Origin(scheme, host, DEFAULT_PORTS[scheme] if port < 0 else port), tail or "/"


def origin_of(url: str) -> Origin:
    """The origin of an absolute URL. Raises ForbiddenError as `split` does."""
    return split(url)[0]


def _host_and_port(authority: str) -> tuple[str, int]:
    """Host and port (-1 if none is given); an empty host if it isn't plain."""
    if authority.startswith("["):
        host, bracket, after = authority.partition("]")
        host += bracket
        if not bracket or len(host) < 4 or not set(host[1:-1]) <= set("0123456789abcdef:."):
            return "", -1
        colon, port = after[:1], after[1:]
        if after and colon != ":":
            return "", -1
    else:
        host, colon, port = authority.partition(":")
        if not is_host(host):
            return "", -1
    if not colon:
        return host, -1
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536):
        return "", -1
    return host, int(port)


def is_label(text: str) -> bool:
    """Whether it is one DNS label in lower case: letters, digits and inner hyphens, at most 63 (RFC 1123, 2.1)."""
    return 0 < len(text) <= 63 and set(text) <= _LABEL and text[0] != "-" and text[-1] != "-"


def is_host(text: str) -> bool:
    """Whether it is a host name of DNS labels in lower case, or an IPv4 address; a last dot is allowed."""
    return len(text) <= 253 and all(is_label(label) for label in text.removesuffix(".").split("."))


def quote(text: str) -> str:
    """`text` as UTF-8 with everything but letters, digits and `-._~` percent-encoded.

    Raises UnicodeEncodeError for a lone surrogate.
    """
    if text.isascii() and text.isalnum():
        return text
    return "".join([_ENCODED[byte] for byte in text.encode()])


def unquote(text: str) -> str:
    """`text` with its percent-encoded bytes decoded as UTF-8; what isn't an escape stays as it is."""
    if "%" not in text:
        return text
    first, *parts = text.encode("utf-8", "surrogatepass").split(b"%")
    out = [first]
    for part in parts:
        if len(part) >= 2 and chr(part[0]) in _HEX and chr(part[1]) in _HEX:
            out.append(bytes((int(part[:2], 16),)) + part[2:])
        else:
            out.append(b"%" + part)
    return b"".join(out).decode("utf-8", "replace")


def query_items(url: str) -> list[tuple[str, str]]:
    """Names and values of the query, decoded, in order; `+` is a space."""
    query = url.partition("#")[0].partition("?")[2]
    pairs = [part.partition("=") for part in query.split("&") if part]
    return [(unquote(name.replace("+", " ")), unquote(value.replace("+", " "))) for name, _, value in pairs]


def query_value(url: str, name: str) -> str | None:
    """The first value of a query parameter, decoded, or None."""
    return next((value for key, value in query_items(url) if key == name), None)


def with_query(url: str, name: str, value: str) -> str:
    """`url` with just this value for a query parameter; all others stay as they are."""
    base, _, query = url.partition("#")[0].partition("?")
    kept = [part for part in query.split("&") if part and _name_of(part) != name]
    return f"{base}?{'&'.join([*kept, f'{quote(name)}={quote(value)}'])}"


def _name_of(part: str) -> str:
    return unquote(part.partition("=")[0].replace("+", " "))


def append_query(url: str, parts: Iterable[str]) -> str:
    """`url` with encoded `name=value` parts added to its query."""
    query = "&".join(parts)
    if not query:
        return url
    return f"{url}{'&' if '?' in url else '?'}{query}"


def join(base: str, reference: str) -> str:
    """The absolute URL that `reference` names, seen from `base` (RFC 3986, 5.2); a fragment is dropped.

    Raises ForbiddenError if the outcome isn't a plain http or https URL.
    """
    scheme, colon, _ = reference.partition(":")
    if not colon or any(char in scheme for char in "/?#"):  # no scheme: relative
        from urllib.parse import urljoin

        if reference.startswith("//") or "\\" in reference:
            raise ForbiddenError(f"{shown(reference)} names another host in a way that is not followed")
        try:
            reference = urljoin(base, reference)
        except ValueError as error:
            raise ForbiddenError(f"{shown(reference)} is not a URL") from error
    origin, tail = split(reference)
    return f"{origin}{tail}"


def shown(url: str, most: int = 200) -> str:
    """A URL from outside as a message may show it: no control characters, no user part, not endless."""
    text = "".join(char if char.isprintable() else "\ufffd" for char in url)
    scheme, separator, rest = text.partition("://")
    authority, slash, tail = rest.partition("/")
    if separator and "@" in authority:
        text = f"{scheme}://***@{authority.rpartition('@')[2]}{slash}{tail}"
    return repr(text if len(text) <= most else f"{text[:most]}…")
