"""The frame of a window: `ROWS BETWEEN … AND … EXCLUDE …` (https://www.sqlite.org/windowfunctions.html)."""

from __future__ import annotations

from quaestor.sql.nodes import Frame, FrameBound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from quaestor.sql.parser.cursor import Cursor

#: Frames that would end before they start; no end means CURRENT ROW.
_BACKWARD = {
    ("CURRENT ROW", "PRECEDING"),
    ("FOLLOWING", "PRECEDING"),
    ("FOLLOWING", "CURRENT ROW"),
}


def frame(cursor: Cursor) -> Frame:
    """The frame that starts here."""
    pos = cursor.start
    unit = cursor.expect_word("ROWS", "RANGE", "GROUPS")
    stop = None
    if cursor.accept("BETWEEN"):
        start = _bound(cursor, "PRECEDING")
        cursor.expect("AND")
        stop = _bound(cursor, "FOLLOWING")
    else:
        start = _bound(cursor, "PRECEDING")
    if (start.kind, stop.kind if stop else "CURRENT ROW") in _BACKWARD:
        raise cursor.error("this frame ends before it starts", pos, hint="the earlier bound comes first")
    exclude = _exclude(cursor) if cursor.accept("EXCLUDE") else ""
    return Frame(unit, start, stop, exclude, pos=pos, end=cursor.last_end)


def _bound(cursor: Cursor, unbounded: str) -> FrameBound:
    pos = cursor.start
    if cursor.accept("UNBOUNDED"):
        cursor.expect(unbounded)
        return FrameBound(f"UNBOUNDED {unbounded}", pos=pos, end=cursor.last_end)
    if cursor.accept("CURRENT"):
        cursor.expect("ROW")
        return FrameBound("CURRENT ROW", pos=pos, end=cursor.last_end)
    offset = cursor.expr()
    return FrameBound(cursor.expect_word("PRECEDING", "FOLLOWING"), offset, pos=pos, end=cursor.last_end)


def _exclude(cursor: Cursor) -> str:
    word = cursor.expect_word("NO", "CURRENT", "GROUP", "TIES")
    if word == "NO":
        cursor.expect("OTHERS")
        return "NO OTHERS"
    if word == "CURRENT":
        cursor.expect("ROW")
        return "CURRENT ROW"
    return word
