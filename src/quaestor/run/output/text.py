"""Rows as JSON and CSV, a piece of text for each batch: what goes to pipes and files, for programs.

Before: a `Result` gives columns and batches. After: `run.output.export` writes files for COPY, `surfaces.render`
the command line's results. Nothing is held back; whatever the batches raise passes through, and what closes a
document (the `]` of a JSON array) is never written then.

Values keep their types: a JSON number is a number, also one that is beyond 64 bits; an object or array column is
nested JSON, not text that holds some; NULL is `null` in JSON, nothing at all in CSV (where `""` is the empty text; in
a file of one column NULL is that too).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any, TypeAlias

    from quaestor.values import ResultColumn

    Cell: TypeAlias = str | int | float | bool | bytes | None
    Row: TypeAlias = tuple[Cell, ...]
    Batches: TypeAlias = Iterable[Sequence[Row]]
    _ByType: TypeAlias = dict[type, Callable[[Any], str]]


# --- a batch at a time, column by column: half the time of cell by cell ---------------------------------------------


def _encoded(rows: Sequence[Row], encoders: Sequence[_ByType]) -> Iterator[tuple[str, ...]]:
    """The rows with each cell as text, by the encoder of its column and its type."""
    cells = zip(*rows, strict=True)
    return zip(*[_encode(values, by_type) for values, by_type in zip(cells, encoders, strict=True)], strict=True)


def _encode(values: tuple[Any, ...], by_type: _ByType) -> Iterable[str]:
    kinds = set(map(type, values))
    if len(kinds) == 1:
        return map(by_type[kinds.pop()], values)
    return [by_type[value.__class__](value) for value in values]


# --- JSON -------------------------------------------------------------------------------------------------------


def json_text(columns: Sequence[ResultColumn], batches: Batches) -> Iterator[str]:
    """One array on one line; the separator stands before each batch but the first."""
    template, encoders = _object_template(columns), _json_encoders(columns)
    before = "["
    for rows in batches:
        if rows:
            yield before + ",".join(map(template.__mod__, _encoded(rows, encoders)))
            before = ","
    yield "[]\n" if before == "[" else "]\n"


def jsonl_text(columns: Sequence[ResultColumn], batches: Batches) -> Iterator[str]:
    """An object on a line for each row."""
    template, encoders = _object_template(columns) + "\n", _json_encoders(columns)
    for rows in batches:
        if rows:
            yield "".join(map(template.__mod__, _encoded(rows, encoders)))


def _object_template(columns: Sequence[ResultColumn]) -> str:
    """`{"id":%s,"name":%s}`."""
    from json.encoder import encode_basestring

    members = [encode_basestring(name).replace("%", "%%") + ":%s" for name in member_names(columns)]
    return "{" + ",".join(members) + "}"


def member_names(columns: Sequence[ResultColumn]) -> list[str]:
    """A name for each column, each once: a second `id` is `id_2`, since an object can't have two of a name."""
    names: list[str] = []
    taken = {column.name for column in columns}
    seen: set[str] = set()
    for column in columns:
        name, number = column.name, 2
        while name in seen or (name != column.name and name in taken):
            name, number = f"{column.name}_{number}", number + 1
        seen.add(name)
        names.append(name)
    return names


def _json_encoders(columns: Sequence[ResultColumn]) -> list[_ByType]:
    """How a cell of each column is written, by the type of its value."""
    from json.encoder import encode_basestring as text

    usual: _ByType = {
        str: text,
        int: int.__repr__,
        float: json_float,
        bool: lambda value: "true" if value else "false",
        type(None): lambda value: "null",
        bytes: lambda value: f'"{value.hex().upper()}"',
    }
    nested = usual | {str: lambda value: nested_json(value) or text(value)}
    number = usual | {str: lambda value: value if is_number(value) else text(value)}
    special = {"object": nested, "array": nested, "integer": number, "number": number}
    return [special.get(column.type, usual) for column in columns]


def json_float(value: float) -> str:
    """A float as JSON. There is no infinity in JSON: SQLite writes one as 9.0e+999, and so do we."""
    if value - value != 0:  # infinite; SQLite has no NaN
        return "9.0e+999" if value > 0 else "-9.0e+999"
    return repr(value)


def is_number(text: str) -> bool:
    """Whether the text is a JSON number (RFC 8259, section 6): one that was too long for SQLite's own types."""
    digits = text.removeprefix("-")
    whole, point, rest = digits.partition(".")
    if point:
        fraction, exponent_mark, exponent = _split_exponent(rest)
    else:
        whole, exponent_mark, exponent = _split_exponent(digits)
        fraction = "0"
    return (
        _is_digits(whole)
        and (whole == "0" or whole[0] != "0")
        and _is_digits(fraction)
        and (not exponent_mark or _is_digits(exponent[1:] if exponent[:1] in ("+", "-") else exponent))
    )


def _split_exponent(text: str) -> tuple[str, str, str]:
    return text.partition("e") if "e" in text else text.partition("E")


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def nested_json(text: str) -> str:
    """JSON text without the blanks and line ends between its parts, its numbers as they are; empty if it is none."""
    if text[:1] not in ("{", "["):
        return ""
    import msgspec

    try:
        return msgspec.json.format(text, indent=-1)
    except msgspec.DecodeError:
        return ""


# --- CSV --------------------------------------------------------------------------------------------------------


def csv_text(
    columns: Sequence[ResultColumn], batches: Batches, delimiter: str = ",", header: bool = True
) -> Iterator[str]:
    """RFC 4180 with lines that end in LF, as Unix tools and StackQL have them.

    The `csv` module of Python 3.11 writes NULL and the empty text alike, so it isn't used.
    """
    special = (delimiter, '"', "\n", "\r")

    def quoted(text: str) -> str:
        for char in special:
            if char in text:
                return '"' + text.replace('"', '""') + '"'
        return text or '""'

    by_type: _ByType = {
        str: quoted,
        int: int.__repr__,
        float: float.__repr__,
        bool: lambda value: "true" if value else "false",
        # of a single column: a line with nothing on it is no row to many readers
        type(None): lambda value: '""' if len(columns) == 1 else "",
        bytes: lambda value: value.hex().upper(),
    }

    def fields(values: tuple[Any, ...]) -> Iterable[str]:
        if set(map(type, values)) == {str}:
            whole = "".join(values)
            if "" not in values and not any(char in whole for char in special):
                return values  # nothing to quote in the whole batch
        return _encode(values, by_type)

    if header:
        yield delimiter.join([quoted(column.name) for column in columns]) + "\n"
    for rows in batches:
        if rows:
            lines = zip(*map(fields, zip(*rows, strict=True)), strict=True)
            yield "\n".join(map(delimiter.join, lines)) + "\n"
