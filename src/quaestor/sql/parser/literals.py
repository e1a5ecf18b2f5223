"""Constants: numbers, blobs, strings, and the placeholders that stand for them or in them."""

from __future__ import annotations

import re

from quaestor.sql.nodes import Literal, Placeholder, StringTemplate
from quaestor.sql.tokens import unquote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from quaestor.sql.nodes import Expr
    from quaestor.sql.parser.cursor import Cursor

# compiled when a text has a placeholder
_PLACEHOLDER = r"\{\{\s*(?:`([^`]*)`|([\s\S]*?))\s*\}\}"
_PATH = r"\.?[^\W\d]\w*(?:\.\w+)*"
_HINT = (
    "a placeholder is {{ name }}, {{ .name }} or {{ .a.b }}; "
    'a literal {{ in a string is {{ "{{" }}; loops and conditions belong to manifests'
)


def number_value(cursor: Cursor) -> Literal:
    """The number here.

    A hexadecimal one is a 64-bit two's complement; a decimal integer stays exact whatever its size (SQLite reads one
    beyond 64 bits as a real).
    """
    pos, kind = cursor.start, cursor.kind
    token = cursor.token().replace("_", "")
    cursor.at += 1
    end = cursor.last_end
    if kind == "real":
        return Literal("real", float(token), pos=pos, end=end)
    if token[:2] in ("0x", "0X"):
        digits = token[2:].lstrip("0") or "0"
        if len(digits) > 16:
            raise cursor.error(f"{token[:40]!r} has more than 64 bits", pos)
        value = int(digits, 16)
        return Literal("integer", value - (1 << 64) if value >> 63 else value, pos=pos, end=end)
    if len(token) > 100:  # Python refuses to read thousands of digits
        return Literal("real", float(token), pos=pos, end=end)
    return Literal("integer", int(token), pos=pos, end=end)


def blob_value(cursor: Cursor) -> Expr:
    pos, token = cursor.start, cursor.token()
    cursor.at += 1
    return Literal("blob", bytes.fromhex(token[2:-1]), pos=pos, end=cursor.last_end)


def string_value(cursor: Cursor) -> Expr:
    """The string here; a template if placeholders are in it."""
    pos, token = cursor.start, cursor.token()
    cursor.at += 1
    end = cursor.last_end
    if not cursor.extended or "{{" not in token:
        return Literal("string", unquote(token), pos=pos, end=end)
    parts: list[str | Placeholder] = []
    text = ""
    seen = 1  # behind the opening quote
    for match in re.finditer(_PLACEHOLDER, token):
        text += token[seen : match.start()].replace("''", "'")
        part = _part(cursor, match, pos + match.start(), inside=True)
        seen = match.end()
        if isinstance(part, str):
            text += part
            continue
        if text:
            parts.append(text)
        parts.append(part)
        text = ""
    rest = token[seen:-1]
    if "{{" in rest:
        raise cursor.error("this placeholder is not closed: '}}' is missing", pos + seen + rest.index("{{"), _HINT)
    text += rest.replace("''", "'")
    if not any(isinstance(part, Placeholder) for part in parts):
        return Literal("string", text, pos=pos, end=end)
    if text:
        parts.append(text)
    return StringTemplate(tuple(parts), pos=pos, end=end)


def placeholder(cursor: Cursor) -> Expr:
    """`{{ name }}` outside a string."""
    pos, token = cursor.start, cursor.token()
    match = re.fullmatch(_PLACEHOLDER, token)
    assert match is not None
    part = _part(cursor, match, pos, inside=False)
    cursor.at += 1
    assert isinstance(part, Placeholder)
    return part


def _part(cursor: Cursor, match: re.Match[str], pos: int, *, inside: bool) -> str | Placeholder:
    """A placeholder, or the text that `{{ "text" }}` stands for inside a string."""
    raw, content = match.groups()
    if inside and raw is not None:
        return str(raw)
    if inside and len(content) > 1 and content[0] == content[-1] == '"':
        return str(content[1:-1])
    if content is None or not re.fullmatch(_PATH, content):
        raise cursor.error(f"{match[0][:60]!r} is not a placeholder", pos, _HINT)
    return Placeholder(tuple(content.lstrip(".").split(".")), pos=pos, end=pos + len(match[0]))
