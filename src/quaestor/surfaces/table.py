"""The table that people read in a terminal: aligned, within its width, and safe to look at.

Before: `surfaces.render` hands it columns and batches. After: lines of text.

Widths come from the first rows, so that a table begins to appear before its last row is there. If the columns don't
fit next to each other, each row becomes a block of lines, a line for a column. A long text takes several lines, JSON
one; what is cut ends in `…`, and a line below the table says so. A table without a width (for a file, a pipe) is
never cut.

Text from an API is not trusted: control characters, terminal escapes and what changes the direction of writing show
as escapes (`\\x1b`, `\\u202e`), so no cell can move the cursor or hide another.
"""

from __future__ import annotations

from itertools import chain, repeat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from quaestor.values import ResultColumn

    Cell = str | int | float | bool | bytes | None
    Row = tuple[Cell, ...]

#: Rows that decide the columns' widths: on a terminal, where somebody waits, and elsewhere.
SAMPLE_ROWS, LARGE_SAMPLE_ROWS = 200, 10_000
#: A column is never made narrower than this to let others fit.
NARROWEST = 10
#: Lines that one value may take in a table's row, and in a block.
CELL_LINES, BLOCK_LINES = 5, 6

BOLD, DIM, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"


def plain(value: Cell) -> str:
    """A value as text, where NULL has no other sign than `NULL`."""
    if value is None:
        return "NULL"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, bytes):
        return f"x'{value.hex().upper()}'"
    return value if isinstance(value, str) else repr(value)


class _Escapes(dict[int, str | int]):
    """For `str.translate`: what isn't fit to be seen becomes its escape, found out once for each character."""

    def __missing__(self, code: int) -> str | int:
        char = chr(code)
        control = code < 0x20 or 0x7F <= code < 0xA0 or code in (0x2028, 0x2029)
        fit = char.isprintable() or (char.isspace() and not control) or code == 0x200D  # joins emoji
        shown: str | int = code if fit else f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
        self[code] = shown
        return shown


_ESCAPES = _Escapes({10: 10})
_ESCAPES_IN_CELL = _Escapes({10: "\\n", 13: "\\r", 9: "\\t"})


def visible(text: str) -> str:
    """Text whose characters can't act on a terminal; line ends stay."""
    return text if text.isascii() and text.isprintable() else text.translate(_ESCAPES)


def cell_text(value: Cell) -> str:
    """A cell on one line. The text `NULL` is in quotes, so that it isn't taken for NULL."""
    if isinstance(value, str):
        if not (value.isascii() and value.isprintable()):
            return value.translate(_ESCAPES_IN_CELL)
        return "'NULL'" if value == "NULL" else value
    return plain(value)


def text_width(text: str) -> int:
    """Columns that the text takes in a terminal (Unicode Standard Annex 11; combining marks take none)."""
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width

    return sum(
        0 if category(char) in ("Mn", "Me", "Cf") else 2 if east_asian_width(char) in ("W", "F") else 1
        for char in text
    )


def cut(text: str, width: int) -> str:
    """The text within `width` columns, its end replaced by `…` if it is longer."""
    if text_width(text) <= width:
        return text
    if text.isascii():
        return text[: max(0, width - 1)] + "…"
    kept, used = [], 0
    for char in text:
        used += text_width(char)
        if used > width - 1:
            break
        kept.append(char)
    return "".join(kept) + "…"


def wrapped(text: str, width: int, lines: int) -> list[str]:
    """The text in lines of `width` columns, broken behind a blank or sign if one is near; cut after `lines`."""
    parts: list[str] = []
    while text_width(text) > width and len(parts) < lines - 1:
        size = width if text.isascii() else max(1, len(cut(text, width + 1)) - 1)
        good = max(text.rfind(sign, size // 2, size) for sign in " _/-.,:;") + 1
        parts.append(text[: good or size])
        text = text[good or size :]
    return [*parts, cut(text, width)]


def shrink(widths: list[int], least: Sequence[int], room: int) -> None:
    """Make the widest columns narrower, none below its `least`, until their sum is `room` or nothing gives."""
    while sum(widths) > room:
        slack = [width if width > low else 0 for width, low in zip(widths, least, strict=True)]
        widest = max(slack)
        if not widest:
            return
        lower = max([width for width in slack if width < widest], default=0)
        group = [index for index, width in enumerate(slack) if width == widest]
        step = max(1, min(widest - lower, (sum(widths) - room) // len(group)))
        for index in group:
            widths[index] = max(least[index], widest - step)
            if sum(widths) <= room:
                return


class Table:
    """One result as a table; `width` 0 is for as wide as it needs, `styled` allows bold and dim."""

    def __init__(
        self,
        columns: Sequence[ResultColumn],
        width: int = 0,
        unicode: bool = True,
        styled: bool = False,
        header: bool = True,
    ) -> None:
        self._shortened = False
        self._names = [cell_text(column.name) for column in columns]
        self._types = [column.type for column in columns]
        self._width = width
        self._header = header
        self._bold, self._dim, self._plain = (BOLD, DIM, PLAIN) if styled else ("", "", "")
        self._bar, self._rule, self._cross = ("│", "─", "┼") if unicode else ("|", "-", "+")

    def render(self, batches: Iterable[Sequence[Row]]) -> Iterator[str]:
        """Pieces of text: the header with the sampled rows, then a piece for each batch."""
        source = iter(batches)
        sample: list[Row] = []
        enough = SAMPLE_ROWS if self._width else LARGE_SAMPLE_ROWS
        for rows in source:
            sample.extend(rows)
            if len(sample) >= enough:
                break
        widths = self._widths(sample)
        if widths is None:
            yield from self._blocks(sample, source)
        else:
            right = self._right(sample)
            none = f" {self._dim}(no rows){self._plain}\n" if self._width and not sample else ""
            yield self._head(widths, right) + self._lines(sample, widths, right) + none
            for rows in source:
                if rows:
                    yield self._lines(rows, widths, right)
        if self._shortened:
            yield f"{self._dim}… is what didn't fit; --output json or csv shows it whole{self._plain}\n"

    # --- side by side ---

    def _widths(self, sample: Sequence[Row]) -> list[int] | None:
        """A width for each column, or None if they don't fit next to each other.

        JSON gives way first, since nobody reads it in a cell; then the widest columns do.
        """
        widths = [text_width(name) for name in self._names]
        least = [max(NARROWEST, min(name, 2 * NARROWEST)) for name in widths]
        json = [False] * len(widths)
        for row in sample:
            for index, value in enumerate(row):
                text = cell_text(value)
                json[index] = json[index] or text[:1] in ("{", "[")
                widths[index] = max(widths[index], text_width(text))
        room = self._width - (3 * len(widths) - 1)
        if not self._width or sum(widths) <= room:
            return widths
        least = [min(pair) for pair in zip(widths, least, strict=True)]
        if sum(least) > room:
            return None
        objects = [max(low, 2 * NARROWEST) if is_json else 0 for low, is_json in zip(least, json, strict=True)]
        shrink(widths, [low or width for low, width in zip(objects, widths, strict=True)], room)
        shrink(widths, least, room)
        return widths

    def _right(self, sample: Sequence[Row]) -> list[bool]:
        """Which columns are numbers: by their type, or by their values where the type is unknown."""
        right = []
        for index, kind in enumerate(self._types):
            values = [row[index] for row in sample if row[index] is not None]
            numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
            right.append(kind in ("integer", "number") or (kind == "any" and bool(values) and numbers))
        return right

    def _head(self, widths: list[int], right: list[bool]) -> str:
        if not self._header:
            return ""
        names = [
            self._bold + self._pad(cut(name, width), width, to_right) + self._plain
            for name, width, to_right in zip(self._names, widths, right, strict=True)
        ]
        rule = self._cross.join(self._rule * (width + 2) for width in widths)
        return f"{self._join(names)}\n{self._dim}{rule}{self._plain}\n"

    def _lines(self, rows: Sequence[Row], widths: list[int], right: list[bool]) -> str:
        return "".join(map(self._line, rows, repeat(widths), repeat(right)))

    def _line(self, row: Row, widths: list[int], right: list[bool]) -> str:
        """A row: one line, or a few if a text is longer than its column."""
        texts = list(map(cell_text, row))
        sizes = [max(text_width(text), width) for text, width in zip(texts, widths, strict=True)]
        # a later row may be longer than those that the widths are from: it is only broken if it must be
        if self._width and sum(sizes) + 3 * len(sizes) - 1 > self._width:
            cells = [self._parts(text, width) for text, width in zip(texts, widths, strict=True)]
        else:
            cells = [[text] for text in texts]
        lines = []
        for number in range(max(map(len, cells))):
            parts = [cell[number] if number < len(cell) else "" for cell in cells]
            padded = map(self._pad, parts, widths, right)
            lines.append(
                self._join([self._muted(p) if v is None else p for p, v in zip(padded, row, strict=True)]) + "\n"
            )
        return "".join(lines)

    def _parts(self, text: str, width: int) -> list[str]:
        """A text in lines of this width: JSON in one, anything else in `CELL_LINES` at the most."""
        lines = wrapped(text, width, 1 if text[:1] in ("{", "[") else CELL_LINES)
        self._shortened = self._shortened or (lines[-1].endswith("…") and not text.endswith(lines[-1]))
        return lines

    def _muted(self, text: str) -> str:
        return self._dim + text + self._plain

    def _join(self, cells: list[str]) -> str:
        line = f" {self._dim}{self._bar}{self._plain} ".join(cells)
        return f" {line}".rstrip()

    @staticmethod
    def _pad(text: str, width: int, right: bool) -> str:
        blank = " " * (width - text_width(text))
        return blank + text if right else text + blank

    # --- one below the other ---

    def _blocks(self, sample: Sequence[Row], source: Iterator[Sequence[Row]]) -> Iterator[str]:
        number = 0
        for rows in chain([sample], source):
            for row in rows:
                number += 1
                yield self._block(row, number)
        if not number:
            yield f"{self._dim}(no rows){self._plain}\n"

    def _block(self, row: Row, number: int) -> str:
        """A row with a line for each column; long values take several lines, and end in `…` after some."""
        name_width = min(max(map(text_width, self._names)), max(NARROWEST, self._width // 3))
        room = max(NARROWEST, self._width - name_width - 5)
        title = f"{self._rule}[ {number} ]"
        lines = [f"{self._dim}{title}{self._rule * max(0, self._width - len(title))}{self._plain}"]
        for name, value in zip(self._names, row, strict=True):
            label = self._bold + self._pad(cut(name, name_width), name_width, False) + self._plain
            for part in self._wrapped(value, room):
                text = self._dim + part + self._plain if value is None else part
                lines.append(f" {label} {self._dim}{self._bar}{self._plain} {text}".rstrip())
                label = " " * name_width
        return "\n".join(lines) + "\n"

    def _wrapped(self, value: Cell, room: int) -> list[str]:
        """A value in lines of `room` columns, `BLOCK_LINES` at the most."""
        text = cell_text(value)
        lines = wrapped(text, room, BLOCK_LINES)
        self._shortened = self._shortened or (lines[-1].endswith("…") and not text.endswith(lines[-1]))
        return lines
