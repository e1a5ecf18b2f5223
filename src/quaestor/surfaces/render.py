"""Rows as text: json, jsonl, csv, markdown and text; `surfaces.table` has the one for terminals.

Before: a `Result` gives columns and batches of tuples. After: the command line writes the pieces of text that come
out of `render`, one for each batch, so nothing is held back. Whatever the batches raise passes through, and what
closes a document (the `]` of a JSON array) is never written then.

Values keep their types: a JSON number is a number, also one that is beyond 64 bits; an object or array column is
nested JSON, not text that holds some; NULL is `null` in JSON, nothing at all in CSV (where `""` is the empty text; in
a file of one column NULL is that too).
"""

from __future__ import annotations

from quaestor.record import Record
from quaestor.surfaces.table import Table, plain, visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any, TypeAlias

    from quaestor.values import ResultColumn

    Cell: TypeAlias = str | int | float | bool | bytes | None
    Row: TypeAlias = tuple[Cell, ...]
    Batches: TypeAlias = Iterable[Sequence[Row]]
    _ByType: TypeAlias = dict[type, Callable[[Any], str]]


class Layout(Record):
    """How results are written, whatever they hold.

    Attributes:
        output: one of `config.OUTPUTS`.
        delimiter: between the fields of csv, text and pptext.
        header: whether csv, markdown, text, pptext and table begin with the columns' names.
        width: columns of the terminal, for the table; 0 for as wide as it needs.
        terminal: whether a person's terminal shows it: styles allowed, control characters escaped.
        unicode: whether lines can be drawn with box characters.
        styled: whether the table may use bold and dim.
    """

    output: str = "table"
    delimiter: str = ","
    header: bool = True
    width: int = 0
    terminal: bool = False
    unicode: bool = True
    styled: bool = False


def render(columns: Sequence[ResultColumn], batches: Batches, layout: Layout) -> Iterator[str]:
    """The text of one result, piece by piece."""
    if layout.output == "table":
        table = Table(columns, layout.width, layout.unicode, layout.styled, layout.header)
        return table.render(batches)
    pieces = _WRITERS[layout.output](columns, batches, layout)
    return map(_safe_json if layout.output in _JSON else visible, pieces) if layout.terminal else pieces


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

_JSON = ("json", "jsonl", "ndjson")


def _json(columns: Sequence[ResultColumn], batches: Batches, layout: Layout) -> Iterator[str]:
    """One array on one line; the separator stands before each batch but the first."""
    template, encoders = _object_template(columns), _json_encoders(columns)
    before = "["
    for rows in batches:
        if rows:
            yield before + ",".join(map(template.__mod__, _encoded(rows, encoders)))
            before = ","
    yield "[]\n" if before == "[" else "]\n"


def _jsonl(columns: Sequence[ResultColumn], batches: Batches, layout: Layout) -> Iterator[str]:
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
    nested = usual | {str: lambda value: _nested(value) or text(value)}
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


def _nested(text: str) -> str:
    """JSON text without the blanks and line ends between its parts, its numbers as they are; empty if it is none."""
    if text[:1] not in ("{", "["):
        return ""
    import msgspec

    try:
        return msgspec.json.format(text, indent=-1)
    except msgspec.DecodeError:
        return ""


def _safe_json(piece: str) -> str:
    """The same JSON with `\\u` escapes for what a terminal would act upon; below space it is escaped already."""
    if piece.isascii():
        return piece.replace("\x7f", "\\u007f")
    return "".join(char if char == "\n" or visible(char) == char else _json_escape(char) for char in piece)


def _json_escape(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))


# --- the others -------------------------------------------------------------------------------------------------


def _csv(columns: Sequence[ResultColumn], batches: Batches, layout: Layout) -> Iterator[str]:
    """RFC 4180 with lines that end in LF, as Unix tools and StackQL have them.

    The `csv` module of Python 3.11 writes NULL and the empty text alike, so it isn't used.
    """
    delimiter = layout.delimiter
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

    if layout.header:
        yield delimiter.join([quoted(column.name) for column in columns]) + "\n"
    for rows in batches:
        if rows:
            lines = zip(*map(fields, zip(*rows, strict=True)), strict=True)
            yield "\n".join(map(delimiter.join, lines)) + "\n"


def _markdown(columns: Sequence[ResultColumn], batches: Batches, layout: Layout) -> Iterator[str]:
    """A table as GitHub Flavored Markdown has it (its specification, 4.10); numbers to the right."""
    if layout.header:
        yield "| " + " | ".join(_markdown_text(column.name) for column in columns) + " |\n"
    else:  # there is no table without a header line: its cells are empty then
        yield "|" + "   |" * len(columns) + "\n"
    rule = ["---:" if column.type in ("integer", "number") else "---" for column in columns]
    yield "| " + " | ".join(rule) + " |\n"
    for rows in batches:
        if rows:
            yield "".join("| " + " | ".join(_markdown_text(plain(cell)) for cell in row) + " |\n" for row in rows)


def _markdown_text(text: str) -> str:
    for char in "\\`*[|~":
        text = text.replace(char, "\\" + char)
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    return visible(text.replace("\r\n", "\n")).replace("\n", "<br>")


def _text(columns: Sequence[ResultColumn], batches: Batches, layout: Layout) -> Iterator[str]:
    """Values as they are with the delimiter between them, StackQL's `text`: for people, not for programs."""
    pretty = layout.output == "pptext"
    if layout.header:
        yield layout.delimiter.join(column.name for column in columns) + "\n"
    for rows in batches:
        if rows:
            yield "".join(
                layout.delimiter.join(_pretty(cell) if pretty else plain(cell) for cell in row) + "\n" for row in rows
            )


def _pretty(cell: Cell) -> str:
    """A cell that holds JSON with a line for each of its parts."""
    text = plain(cell)
    if not _nested(text):
        return text
    import msgspec

    return msgspec.json.format(text, indent=2)


_WRITERS: dict[str, Callable[[Sequence[ResultColumn], Batches, Layout], Iterator[str]]] = {
    "json": _json,
    "jsonl": _jsonl,
    "ndjson": _jsonl,
    "csv": _csv,
    "markdown": _markdown,
    "text": _text,
    "pptext": _text,
}
