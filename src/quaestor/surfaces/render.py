"""Rows as text: json, jsonl, csv, markdown and text; `surfaces.table` has the one for terminals.

Before: a `Result` gives columns and batches of tuples. After: the command line writes the pieces of text that come
out of `render`, one for each batch, so nothing is held back. Whatever the batches raise passes through, and what
closes a document (the `]` of a JSON array) is never written then.
How values look in JSON and CSV, `run.output.text` says.
"""

from __future__ import annotations

from quaestor.record import Record
from quaestor.run.output.text import csv_text, json_text, jsonl_text, nested_json
from quaestor.run.output.text import is_number as is_number
from quaestor.run.output.text import member_names as member_names
from quaestor.surfaces.table import Table, plain, visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from quaestor.run.output.text import Batches, Cell
    from quaestor.values import ResultColumn


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


_JSON = ("json", "jsonl", "ndjson")


def _json(columns: Sequence[ResultColumn], batches: Batches, layout: Layout) -> Iterator[str]:
    return json_text(columns, batches)


def _jsonl(columns: Sequence[ResultColumn], batches: Batches, layout: Layout) -> Iterator[str]:
    return jsonl_text(columns, batches)


def _csv(columns: Sequence[ResultColumn], batches: Batches, layout: Layout) -> Iterator[str]:
    return csv_text(columns, batches, layout.delimiter, layout.header)


def _safe_json(piece: str) -> str:
    """The same JSON with `\\u` escapes for what a terminal would act upon; below space it is escaped already."""
    if piece.isascii():
        return piece.replace("\x7f", "\\u007f")
    return "".join(char if char == "\n" or visible(char) == char else _json_escape(char) for char in piece)


def _json_escape(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))


# --- the others -------------------------------------------------------------------------------------------------


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
    if not nested_json(text):
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
