"""The bytes of a body: JSON, a form, a form with files, or text as it is.

Before: `plan.writing.calls` has the value. After: `fetch.request` makes a request of it.
"""

from __future__ import annotations

import json

from quaestor.errors import BindError
from quaestor.fetch.url import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"


def encode(value: Any, media_type: str) -> tuple[bytes, str]:
    """The body's bytes and its Content-Type.

    JSON has no blanks and no escapes but the necessary ones (RFC 8259), keys in the order given. Raises BindError
    for a value that the media type can't hold.
    """
    if media_type == _FORM and isinstance(value, dict):
        return "&".join(f"{quote(name)}={quote(_text(member))}" for name, member in value.items()).encode(), _FORM
    if media_type == _MULTIPART and isinstance(value, dict):
        return _multipart(value)
    if "json" in media_type and not media_type.endswith("+jwt"):
        return _json(value), media_type
    if isinstance(value, bytes):
        return value, media_type
    if isinstance(value, str):
        return value.encode(), media_type
    raise BindError(f"a body of {media_type} is text or a blob, not {type(value).__name__}")


def _json(value: Any) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except UnicodeEncodeError as error:
        raise BindError("a text has a lone surrogate, half of a character, which can't be sent") from error
    except (TypeError, ValueError) as error:
        what = "a blob" if "bytes" in str(error) else "a number that is infinite or none"
        raise BindError(f"{what} can't stand in JSON") from error


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return _json(value).decode()
    return str(value)


def _multipart(parts: dict[str, Any]) -> tuple[bytes, str]:
    """RFC 7578. The boundary is made of the content: the same statement sends the same bytes."""
    from hashlib import sha256

    contents = {name: value if isinstance(value, bytes) else _text(value).encode() for name, value in parts.items()}
    boundary = sha256(b"\0".join(contents.values())).hexdigest()[:32]
    out = b""
    for name, content in contents.items():
        # RFC 7578, 2: each file has a file name; WHATWG: quotes and line breaks in names are percent-encoded
        label = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        out += (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{label}"; filename="{label}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        ).encode()
        out += content + b"\r\n"
    return out + f"--{boundary}--\r\n".encode(), f"{_MULTIPART}; boundary={boundary}"
