"""One value at a time: what a setting may be, read from text or TOML, refused with the reason if it isn't that.

Before: `config` and `config.toml` have a text or a TOML value, and know where it stands. After: `config.settings`
holds it.
"""

from __future__ import annotations

import os

from quaestor.errors import UsageError, did_you_mean
from quaestor.record import Record
from quaestor.secrets import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class Proxy(Record):
    """The HTTP proxy that all requests go through: its URL without a user, and who we are to it."""

    url: str
    user: str = ""
    password: Secret | None = None


OUTPUTS = ("table", "json", "jsonl", "ndjson", "csv", "markdown", "text", "pptext", "parquet")
ERROR_FORMATS = ("text", "json")
#: What a write does with the rows behind one that failed.
ON_ERROR = ("stop", "continue")

#: Every setting of one value: how it is read, and its bounds or choices. Its name is the key in the file; in the
#: environment it is QUAESTOR_ and the name in capitals. `docs/reference/config.md` says what each is for.
SCALARS: dict[str, tuple[str, Any]] = {
    "output": ("choice", OUTPUTS),
    "delimiter": ("character", None),
    "header": ("boolean", None),
    "stats": ("boolean", None),
    "error_format": ("choice", ERROR_FORMATS),
    "request_timeout_s": ("seconds", 0.001),
    "deadline_s": ("seconds", 0.0),
    "max_wait_s": ("seconds", 0.0),
    "max_requests": ("count", 1),
    "max_pages": ("count", 0),
    "concurrency": ("count", 1),
    "api_reserve": ("part", 0.95),
    "fill_parents": ("boolean", None),
    "pushdown": ("boolean", None),
    "partial": ("boolean", None),
    "read_only": ("boolean", None),
    "on_error": ("choice", ON_ERROR),
    "write_concurrency": ("count", 1),
    "max_writes": ("count", 1),
    "ca_bundle": ("path", None),
    "workspace": ("new path", None),
    "registry": ("text", None),
    "proxy": ("proxy", None),
}

_TRUE, _FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off")


def read_scalar(name: str, value: Any, where: str, env: Mapping[str, str]) -> Any:
    """A value of `SCALARS` in its own type, from text or TOML."""
    kind, limit = SCALARS[name]
    if kind == "boolean":
        return _boolean(value, where)
    if kind in ("count", "seconds"):
        return _number(value, where, kind, limit)
    if kind == "part":
        return _part(value, where, limit)
    if not isinstance(value, str):
        raise UsageError(f"{where} is text, not {value!r}")
    if kind == "choice":
        if value not in limit:
            raise UsageError(
                f"{where}: there is no {value!r}", hint=did_you_mean(value, limit) or f"one of {', '.join(limit)}"
            )
        return value
    if kind == "character":
        return _character(value, where)
    if kind == "text":
        return value
    if kind == "proxy":
        return check_proxy(value, where)
    if kind == "new path":
        return value if value == ":memory:" else os.path.abspath(expand(value, env))
    path = expand(value, env)
    if not os.path.isfile(path):
        raise UsageError(f"{where}: there is no file {path}")
    return path


def _boolean(value: Any, where: str) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in (*_TRUE, *_FALSE):
        return value.lower() in _TRUE
    raise UsageError(f"{where} is true or false, not {value!r}")


def _number(value: Any, where: str, kind: str, least: float) -> int | float:
    """A whole number for a count, else seconds; at least `least`."""
    number: int | float | None = None
    try:
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            number = int(value) if kind == "count" else float(value)
    except (ValueError, OverflowError):
        number = None
    if number is None or not number < 1e9 or (kind == "count" and isinstance(value, float)):
        wanted = "a whole number" if kind == "count" else "a number of seconds"
        raise UsageError(f"{where} is {wanted}, not {value!r}")
    if number < least:
        raise UsageError(f"{where} is at least {least:g}, and {value} is less")
    return number


def _part(value: Any, where: str, most: float) -> float:
    """A number from 0 to `most`."""
    try:
        part = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else -1.0
    except ValueError:
        part = -1.0
    if not 0 <= part <= most:
        raise UsageError(f"{where} is a part of one, from 0 to {most:g}, not {value!r}", hint="a tenth is 0.1")
    return part


def _character(value: str, where: str) -> str:
    """One character that can part the fields of a CSV line; `\\t` is a tabulator."""
    char = "\t" if value == "\\t" else value
    if len(char) != 1 or char in '"\r\n' or not (char.isprintable() or char == "\t"):
        raise UsageError(f"{where} is one character other than a quote or a line's end, not {value!r}")
    return char


def check_proxy(url: str, where: str) -> Proxy:
    """A proxy from `http://[user:password@]host:port`. Raises UsageError, without showing a password."""
    scheme, separator, rest = url.partition("://")
    login, at, authority = rest.rpartition("@")
    host, colon, port = authority.removesuffix("/").rpartition(":")
    fits = scheme in ("http", "https") and separator and colon and is_host(host) and port.isascii() and port.isdigit()
    if not fits or not 0 < int(port) < 65536:
        raise UsageError(
            f"{where}: {_without_user(url)!r} is not a proxy's URL",
            hint="write http://HOST:PORT, or https://HOST:PORT",
        )
    user, password = login, ""
    if at:
        from urllib.parse import unquote

        name, _, secret = login.partition(":")
        user, password = unquote(name), unquote(secret)
    return Proxy(f"{scheme}://{host}:{port}", user, Secret(password) if password else None)


def check_endpoint(url: str, where: str) -> str:
    """`scheme://host[:port]`, with a path prefix if there is one, without its last slash. Else raises UsageError.

    Plain http is only allowed to this machine, since credentials travel in the requests (design: "The wire").
    """
    scheme, separator, rest = url.partition("://")
    authority, slash, prefix = rest.partition("/")
    host, _, port = authority.rpartition(":") if not authority.endswith("]") else (authority, "", "")
    if not host:
        host, port = authority, ""
    fits = (
        separator
        and scheme in ("http", "https")
        and is_host(host)
        and (not port or (port.isascii() and port.isdigit() and 0 < int(port) < 65536))
        and not authority.endswith(":")
        and all(char.isascii() and (char.isalnum() or char in "-._~/") for char in prefix)
        and ".." not in prefix
    )
    if not fits:
        raise UsageError(
            f"{where}: {_without_user(url)!r} is not the address of a server",
            hint="write scheme, host and port, such as http://127.0.0.1:8080",
        )
    if scheme == "http" and not (host in ("localhost", "[::1]") or _is_loopback_v4(host)):
        raise UsageError(
            f"{where}: plain http is allowed to this machine only, and {host} is another",
            hint="write https://, or http://127.0.0.1:PORT",
        )
    return f"{scheme}://{authority}{slash}{prefix}".rstrip("/")


def is_host(text: str) -> bool:
    """Whether it is a host name of DNS labels (RFC 1123), an IPv4 address, or an IPv6 address in brackets."""
    if text.startswith("[") and text.endswith("]"):
        return len(text) > 2 and all(char in "0123456789abcdefABCDEF:." for char in text[1:-1])
    labels = text.removesuffix(".").split(".")
    return len(text) <= 253 and all(
        0 < len(label) <= 63
        and label.isascii()
        and label.replace("-", "").isalnum()
        and not label.startswith("-")
        and not label.endswith("-")
        for label in labels
    )


def _is_loopback_v4(host: str) -> bool:
    parts = host.split(".")
    return len(parts) == 4 and parts[0] == "127" and all(part.isdigit() and int(part) < 256 for part in parts)


def is_variable(name: str) -> bool:
    return name.isascii() and name.isidentifier()


def _without_user(url: str) -> str:
    """A URL as a message may show it: what stands before `@` can be a password."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}***@{rest.rpartition('@')[2]}" if "@" in rest else url


def expand(path: str, env: Mapping[str, str]) -> str:
    """`~/x` under the home directory that the environment names."""
    if path == "~" or path.startswith("~/"):
        home = env.get("HOME") or os.path.expanduser("~")
        return home + path[1:]
    return path


def read_text(path: str, what: str) -> str:
    try:
        with open(path, encoding="utf-8-sig") as file:
            return file.read()
    except OSError as error:
        raise UsageError(f"can't read {what} {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"can't read {what} {path}: not UTF-8 at byte {error.start}") from error
