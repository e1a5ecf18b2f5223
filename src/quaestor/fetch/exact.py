"""One JSON value as SQLite takes it: nothing lost, nothing rounded, by the column's type.

    column type        JSON string  number                                   true, false   object, array
    string, date-time  its text     its digits as text                       'true' …      JSON text
    number             its text     REAL if that is this number, else as any  1, 0          JSON text
    any other          its text     INTEGER or REAL if exact, else TEXT      1, 0          JSON text

JSON text is cut out of the body as it is, never written anew. `null` is NULL. What SQLite makes of a value that isn't
of its column's type is up to the affinity that the column is declared with. Before: `fetch.decode` cuts values out
of a page. Source of the rules: `values.py`.
"""

from __future__ import annotations

from quaestor.errors import DecodeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from msgspec import Raw

    from quaestor.values import SqlValue

#: How deep a value may be nested: SQLite's own JSON functions end at 1,000.
MAX_DEPTH = 512
#: A double holds every whole number up to here.
EXACT_FLOAT = 1 << 53
_INT64 = 1 << 63
_NUMERIC = frozenset(b"-0123456789")


def json_text(raw: Raw | None) -> str | None:
    """The value's JSON text, None for null. Raises DecodeError if it is nested too deep, UnicodeDecodeError."""
    if raw is None:
        return None
    text = str(raw, "utf-8")
    if len(text) > 2 * MAX_DEPTH and text.count("[") + text.count("{") > MAX_DEPTH:
        check_depth(text)
    return None if text == "null" else text


def check_depth(text: str) -> None:
    """Raises DecodeError if valid JSON text is nested deeper than `MAX_DEPTH`."""
    import re

    depth = 0
    for match in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', text):
        char = match[0]
        if char in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise DecodeError(f"a value is nested deeper than {MAX_DEPTH} levels")
        elif char in "]}":
            depth -= 1


def whole(text: str) -> int | str:
    """A whole number's digits as an integer where SQLite has one that large, else as they are."""
    if len(text) > 20:
        return text
    value = int(text)
    return value if -_INT64 <= value < _INT64 else text


def real(text: str) -> float | int | str:
    """A JSON number as a double that stands for just this number; else as INTEGER if it is one, else its text."""
    if is_whole(text):
        value = whole(text)
        return float(text) if isinstance(value, int) and -EXACT_FLOAT <= value <= EXACT_FLOAT else value
    number = float(text)
    mantissa = text.lower().partition("e")[0]
    if "." in mantissa:
        mantissa = mantissa.rstrip("0")
    digits = len(mantissa.replace(".", "").lstrip("-0"))
    # Any 15 digits survive a double and come back; 16 or 17 are what a double is written with.
    if digits == 0 or (digits <= 15 and 1e-290 < abs(number) < 1e300):
        return number
    if digits <= 17 and 1e-290 < abs(number) < EXACT_FLOAT:
        return number
    from decimal import Decimal, InvalidOperation

    try:
        return number if Decimal(text) == Decimal(repr(number)) else text
    except InvalidOperation:  # an exponent beyond even decimal's
        return text


def is_whole(text: str) -> bool:
    """Whether a JSON number has neither fraction nor exponent."""
    return text.isdigit() or text[1:].isdigit()


def string_value(raw: Raw | None) -> SqlValue:
    """For a text column: strings as they are, everything else as its JSON text."""
    text = json_text(raw)
    if text is None or text[0] != '"':
        return text
    return _unquoted(raw)


def number_value(raw: Raw | None) -> SqlValue:
    """For a number column: as `any_value`, but whole numbers are doubles, too, as long as they are exact."""
    if raw is None or memoryview(raw)[0] not in _NUMERIC:
        return any_value(raw)
    return real(str(raw, "utf-8"))


def any_value(raw: Raw | None) -> SqlValue:
    """For every other column: a value as it comes."""
    if raw is None:
        return None
    text = str(raw, "utf-8")
    if text[0] in "[{":
        return text if len(text) <= 2 * MAX_DEPTH else json_text(raw)
    if text == "null":
        return None
    if text[0] == '"':
        return _unquoted(raw)
    if text in ("true", "false"):
        return int(text == "true")
    return whole(text) if is_whole(text) else real(text)


def _unquoted(raw: Raw | None) -> str:
    from msgspec import json

    return json.decode(raw, type=str)  # type: ignore[arg-type]  # Raw has the buffer protocol


#: What turns a raw value into a column's, by the column's type.
CONVERT: dict[str, Callable[[Raw | None], SqlValue]] = {
    "string": string_value,
    "date-time": string_value,
    "integer": any_value,
    "number": number_value,
    "boolean": any_value,
    "any": any_value,
    "object": any_value,
    "array": any_value,
}
