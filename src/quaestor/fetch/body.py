"""The bytes of a body: JSON, XML, a form, a form with files, what a document's template makes, or text as it is.

Before: `plan.writing.calls` has the value. After: `fetch.request` makes a request of it.
"""

from __future__ import annotations

import json

from quaestor.errors import BindError
from quaestor.fetch.url import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any
    from xml.etree.ElementTree import Element

    from quaestor.catalog.model import Body

_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"


def encode_by(body: Body, value: Any) -> tuple[bytes, str]:
    """The bytes of what a method takes, and their Content-Type. Raises as `encode` does, CatalogError for a template
    that isn't understood."""
    if body.template and isinstance(value, dict):
        return _templated(body.template, value), body.media_type
    if "xml" in body.media_type and isinstance(value, dict):
        return _xml(body, value), body.media_type
    return encode(value, body.media_type)


def _templated(template: str, value: dict[str, Any]) -> bytes:
    """What a template of Go makes of the properties; a single one is sent as it is, text or blob."""
    # late: only documents of other people have it (docs/decisions/0003-late-imports.md)
    from quaestor.fetch.transforms import gotemplate

    nodes = gotemplate.parse(template)
    blobs = [name for name, member in value.items() if isinstance(member, bytes)]
    if len(blobs) == len(value) == 1 and f".{blobs[0]}" in template:
        blob: bytes = value[blobs[0]]
        return blob
    if blobs:
        raise BindError(f"{blobs[0]} is a blob, and stands beside others in this body")
    return gotemplate.execute(nodes, value).encode()


def _xml(body: Body, value: dict[str, Any]) -> bytes:
    """The one property as an element with its members inside; one that is XML already, as it is.

    Raises BindError for a list whose items' name `body.elements` doesn't know.
    """
    if len(value) != 1:
        raise BindError(f"a body of {body.media_type} is one element, not {', '.join(value) or 'none'}")
    ((name, member),) = value.items()
    if isinstance(member, str) and member.lstrip().startswith("<"):
        return member.encode()
    from xml.etree import ElementTree

    (root,) = _elements("", name, member, body.elements)
    text = ElementTree.tostring(root, encoding="unicode", short_empty_elements=False)
    if body.annotation:
        text = text.replace(f"<{root.tag}", f"<{root.tag} {body.annotation}", 1)
    return (body.declaration + text).encode()


def _elements(parent: str, name: str, value: Any, names: Mapping[str, str]) -> list[Element]:
    """A member of `parent` as elements: one, or, of a list without an element around it, one for each item."""
    from xml.etree import ElementTree

    called = names.get(f"{parent}/{name}") or names.get(name, "")
    if isinstance(value, list) or "/" in called:
        if "/" not in called:
            raise BindError(
                f"{name} is a list, and the provider's document doesn't say how it is written in XML",
                hint=f"give the whole element as text: '<{name}>…</{name}>'",
            )
        holder, _, item = called.rpartition("/")
        items = [_element(item, each, name, names) for each in (value if isinstance(value, list) else [value])]
        if not holder:
            return items
        around = ElementTree.Element(holder)
        around.extend(items)
        return [around]
    return [_element(called or name, value, name, names)]


def _element(tag: str, value: Any, name: str, names: Mapping[str, str]) -> Element:
    """The element of one value, which is called `name` in the document."""
    from xml.etree import ElementTree

    made = ElementTree.Element(tag)
    if isinstance(value, dict):
        for key, member in value.items():
            called = names.get(f"{name}/{key}", "")
            if called.startswith("@") and member is not None:
                made.set("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance")
                made.set(called[1:], _text(member))
            elif member is not None:
                made.extend(_elements(name, key, member, names))
    elif value is not None:
        made.text = _text(value)
    return made


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
