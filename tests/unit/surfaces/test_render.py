"""What is written for rows: typed, exact, safe, and nothing lost."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quaestor.surfaces.render import Layout, is_number, member_names, render
from quaestor.surfaces.table import cell_text, cut, text_width, wrapped
from quaestor.values import ResultColumn

Row = tuple[Any, ...]


def columns(*names: str) -> list[ResultColumn]:
    """`name:type` or just `name`."""
    return [ResultColumn(*name.split(":")) if ":" in name else ResultColumn(name) for name in names]


def written(names: Sequence[str], rows: Sequence[Row], output: str, batch: int = 2, **layout: Any) -> str:
    batches = [rows[start : start + batch] for start in range(0, len(rows), batch)]
    return "".join(render(columns(*names), batches, Layout(output=output, **layout)))


ALL_KINDS = ("id:string", "n:integer", "f:number", "ok:boolean", "tags:array", "x:any")
ROWS: list[Row] = [
    ("a", 1, 1.5, True, '["x", 1]', None),
    ("b", None, 2.0, False, None, "text"),
    ("c", 2**62, None, None, "[]", b"\x00\xff"),
]


# --- JSON ---


def test_json_is_typed() -> None:
    assert written(ALL_KINDS, ROWS, "json") == (
        '[{"id":"a","n":1,"f":1.5,"ok":true,"tags":["x",1],"x":null},'
        '{"id":"b","n":null,"f":2.0,"ok":false,"tags":null,"x":"text"},'
        '{"id":"c","n":4611686018427387904,"f":null,"ok":null,"tags":[],"x":"00FF"}]\n'
    )


def test_no_rows() -> None:
    assert written(["a"], [], "json") == "[]\n"
    assert written(["a"], [], "jsonl") == ""
    assert written(["a"], [], "csv") == "a\n"
    assert "".join(render(columns("a"), [[], [], []], Layout(output="json"))) == "[]\n"


def test_jsonl_has_a_line_for_each_row_whatever_is_in_it() -> None:
    rows = [("a\nb", '{\n  "k": [\n    1\n  ]\n}'), ("c", "{}")]
    for output in ("jsonl", "ndjson"):
        lines = written(["t:string", "o:object"], rows, output).splitlines()
        assert [json.loads(line) for line in lines] == [{"t": "a\nb", "o": {"k": [1]}}, {"t": "c", "o": {}}]


def test_numbers_beyond_64_bits_stay_numbers_and_exact() -> None:
    rows = [("123456789012345678901234567890", "0.1234567890123456789012", '{"n":12345678901234567890.10}')]
    text = written(["i:integer", "f:number", "o:object"], rows, "json")
    assert json.loads(text, parse_float=Decimal) == [
        {
            "i": 123456789012345678901234567890,
            "f": Decimal("0.1234567890123456789012"),
            "o": {"n": Decimal("12345678901234567890.10")},
        }
    ]


def test_text_that_only_looks_like_a_number_or_an_object_stays_text() -> None:
    rows = [("12", "{}", "1e5x", "{broken", "007")]
    text = written(["a:string", "b:string", "c:number", "d:object", "e:integer"], rows, "json")
    assert json.loads(text) == [{"a": "12", "b": "{}", "c": "1e5x", "d": "{broken", "e": "007"}]


def test_infinity_is_written_as_sqlite_does() -> None:
    assert written(["f"], [(float("inf"),), (float("-inf"),)], "json") == '[{"f":9.0e+999},{"f":-9.0e+999}]\n'


def test_columns_of_one_name_are_kept_apart() -> None:
    assert member_names(columns("id", "id", "id_2", "id")) == ["id", "id_3", "id_2", "id_4"]
    assert written(["id", "id"], [(1, 2)], "json") == '[{"id":1,"id_2":2}]\n'


def test_a_column_name_may_hold_anything() -> None:
    names = ["count(*)", "100%s", 'a"b', "%"]
    parsed = json.loads(written(names, [(1, 2, 3, 4)], "json"))
    assert parsed == [dict(zip(names, (1, 2, 3, 4), strict=True))]


CELLS = st.one_of(
    st.none(),
    st.text(),
    st.sampled_from(["", " ", "\r", "\n", '"', ",", "\r\n", "NULL", "%s", "\u202e", "日本", "\x00"]),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.binary(max_size=4),
)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=7), st.integers(1, 4))
def test_json_round_trip(rows: list[Row], batch: int) -> None:
    expected = [
        {k: v.hex().upper() if isinstance(v, bytes) else v for k, v in zip("abc", row, strict=True)} for row in rows
    ]
    for terminal in (False, True):
        assert json.loads(written(["a", "b", "c"], rows, "json", batch, terminal=terminal)) == expected
    lines = written(["a", "b", "c"], rows, "jsonl", batch).split("\n")
    assert [json.loads(line) for line in lines if line] == expected


@given(st.integers().map(str) | st.floats().map(repr) | st.text("0123456789+-.eE ", max_size=8))
def test_is_number_is_what_json_says(text: str) -> None:
    try:
        parsed = type(json.loads(text)) in (int, float) and text == text.strip()
    except ValueError:
        parsed = False
    assert is_number(text) is (parsed and text.lstrip("-")[:1].isdigit())


# --- CSV ---


def test_csv() -> None:
    assert written(ALL_KINDS, ROWS, "csv") == (
        'id,n,f,ok,tags,x\na,1,1.5,true,"[""x"", 1]",\nb,,2.0,false,,text\nc,4611686018427387904,,,[],00FF\n'
    )
    assert written(["a", "b"], [("x;y", "z")], "csv", delimiter=";") == 'a;b\n"x;y";z\n'
    assert written(["a"], [("x",)], "csv", header=False) == "x\n"


def test_csv_tells_null_from_the_empty_text_and_loses_no_row() -> None:
    assert written(["a", "b"], [(None, "")], "csv") == 'a,b\n,""\n'
    assert written(["a"], [(None,), ("",)], "csv") == 'a\n""\n""\n'


@given(st.lists(st.tuples(CELLS, CELLS), max_size=7), st.integers(1, 4), st.sampled_from([",", ";", "\t", "|"]))
def test_csv_round_trip(rows: list[Row], batch: int, delimiter: str) -> None:
    text = written(["a", "b"], rows, "csv", batch, delimiter=delimiter)
    expected = [
        [
            "" if v is None else v if isinstance(v, str) else v.hex().upper() if isinstance(v, bytes) else repr(v)
            for v in row
        ]
        for row in rows
    ]
    parsed = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    assert parsed == [["a", "b"], *expected]


# --- markdown, text ---


def test_markdown_cells_stay_in_their_cells() -> None:
    rows = [("a|b", 1), ("line\nline", None), ("<script>&`*[", 2), ("\x1b[31m", 3)]
    assert written(["x|y", "n:integer"], rows, "markdown") == (
        "| x\\|y | n |\n| --- | ---: |\n| a\\|b | 1 |\n| line<br>line | NULL |\n"
        "| &lt;script>&amp;\\`\\*\\[ | 2 |\n| \\\\x1b\\[31m | 3 |\n"
    ).replace("\\\\x1b", "\\x1b")
    assert written(["x", "n"], [(1, 2)], "markdown", header=False) == "|   |   |\n| --- | --- |\n| 1 | 2 |\n"


def test_text_and_pptext() -> None:
    assert written(["a", "b:object"], [("x,y", '{"k":1}')], "text") == 'a,b\nx,y,{"k":1}\n'
    assert written(["b:object"], [('{"k":1}',), (None,)], "pptext", header=False) == '{\n  "k": 1\n}\nNULL\n'


# --- tables ---


def test_table() -> None:
    rows = [("ada", 5, None, True), ("bob", 12345, "NULL", False)]
    assert written(["name:string", "n:integer", "note:string", "ok:boolean"], rows, "table") == (
        " name │     n │ note   │ ok\n"
        "──────┼───────┼────────┼───────\n"
        " ada  │     5 │ NULL   │ true\n"
        " bob  │ 12345 │ 'NULL' │ false\n"
    )
    assert written(["a", "b"], [(1, "x")], "table", unicode=False) == " a | b\n---+---\n 1 | x\n"
    assert written(["a", "b"], [(1, "x")], "table", header=False) == " 1 │ x\n"
    assert written(["a"], [], "table") == " a\n───\n"


def test_untyped_columns_of_numbers_stand_right() -> None:
    assert written(["count(*)", "x"], [(7, "a"), (10, 1)], "table").splitlines()[2:] == [
        "        7 │ a",
        "       10 │ 1",
    ]


def test_a_cell_cannot_act_on_the_terminal() -> None:
    rows = [("\x1b[2J\x07\x9b\u202eabc\u2066\r\n\t\x7f\u2028", "ok"), ("\U000e0041", "ok")]
    for output in ("table", "text", "markdown", "csv", "json", "jsonl", "pptext"):
        for width in (0, 12, 80):
            shown = written(["evil\x1b[0m", "b"], rows, output, terminal=True, width=width)
            for char in "\x1b\x07\x9b\u202e\u2066\r\x7f\u2028\U000e0041":
                assert char not in shown, (output, width, char)


def test_what_goes_to_a_program_is_exact() -> None:
    assert "\x1b[2J\u202e" in written(["a"], [("\x1b[2J\u202e",)], "csv")


@given(st.lists(st.tuples(st.text(max_size=60), st.text(max_size=9), st.integers()), min_size=1), st.integers(20, 90))
def test_a_table_keeps_to_its_width(rows: list[Row], width: int) -> None:
    for line in written(["first:string", "second:string", "third:integer"], rows, "table", width=width).splitlines():
        if "didn't fit" not in line:
            assert text_width(line) <= width, line


def test_wide_text_is_aligned() -> None:
    lines = written(["a", "b"], [("日本語", 1), ("e\u0301x", 2), ("abc", 3)], "table").splitlines()
    assert {text_width(line.partition("│")[0]) for line in lines if "│" in line} == {8}
    assert cut("日本語", 4) == "日…"
    assert cut("日本語", 6) == "日本語"


def test_long_values_are_cut_on_a_terminal_only_and_it_says_so() -> None:
    rows = [("x" * 200, "short")]
    shown = written(["a", "b"], rows, "table", width=40)
    assert "xxx…" in shown
    assert "--output json or csv shows it whole" in shown
    assert "x" * 200 in written(["a", "b"], rows, "table")


def test_many_columns_become_blocks() -> None:
    names = [f"column_{number}" for number in range(12)]
    shown = written(names, [tuple(range(12)), ("y" * 700, *range(11))], "table", width=60)
    assert shown.startswith("─[ 1 ]──")
    assert " column_11 │ 11\n" in shown
    assert "─[ 2 ]──" in shown
    assert shown.count("yyyy") > 0
    assert "…" in shown
    assert written(names, [], "table", width=60) == "(no rows)\n"


def test_rows_after_the_sample_are_aligned_as_far_as_they_fit() -> None:
    rows: list[Row] = [("a", 1)] * 300 + [("c" * 50, 2), ("b" * 90, 3)]
    lines = written(["x", "n"], rows, "table", batch=50, width=60).splitlines()
    assert len(lines) == 2 + 301 + 5 + 1
    assert lines[-7] == f" {'c' * 50} │ 2"
    assert all(text_width(line) <= 60 for line in lines[:-1])


def test_a_long_text_takes_several_lines_and_json_one() -> None:
    rows = [("get_default_provisioning_connection_for_application", '{"authScheme":"TOKEN"}', 5)]
    shown = written(["name:string", "profile:object", "n:integer"], rows, "table", width=50)
    cells = [[cell.strip() for cell in line.split("│")] for line in shown.splitlines()[2:-1]]
    assert "".join(cell[0] for cell in cells) == rows[0][0]
    assert cells[0][0].endswith("_")
    assert cells[0][1].startswith('{"authScheme"')
    assert cells[0][1].endswith("…")
    assert cells[0][2] == "5"
    assert all(cell[1:] == ["", ""] for cell in cells[1:])


@given(st.text(max_size=80), st.integers(2, 20), st.integers(1, 9))
def test_wrapping_keeps_everything_or_ends_in_an_ellipsis(text: str, width: int, lines: int) -> None:
    parts = wrapped(cell_text(text), width, lines)
    assert len(parts) <= lines
    assert all(text_width(part) <= width for part in parts)
    assert "".join(parts) == cell_text(text) or parts[-1].endswith("…")


def test_no_rows_on_a_terminal_are_said() -> None:
    assert written(["a"], [], "table", width=40).splitlines()[2:] == [" (no rows)"]


def test_styles_do_not_change_the_text() -> None:
    rows = [("ada", None), ("日本", 2)]
    styled = written(["a", "b"], rows, "table", styled=True, terminal=True)
    assert "\x1b[1m" in styled
    for code in ("\x1b[1m", "\x1b[2m", "\x1b[0m"):
        styled = styled.replace(code, "")
    # the padding of a styled cell at a line's end is kept
    assert [line.rstrip() for line in styled.splitlines()] == written(["a", "b"], rows, "table").splitlines()


# --- streams ---


@pytest.mark.parametrize("output", ["json", "jsonl", "csv", "markdown", "text", "pptext", "table"])
def test_an_error_in_the_rows_passes_through_and_nothing_is_closed(output: str) -> None:
    def broken() -> Iterator[Sequence[Row]]:
        yield [("x",)] * 10_000
        raise ValueError("cut off")

    pieces: list[str] = []
    with pytest.raises(ValueError, match="cut off"):
        pieces.extend(render(columns("a"), broken(), Layout(output=output)))
    assert pieces
    assert "]" not in "".join(pieces)


@pytest.mark.parametrize("output", ["json", "jsonl", "csv", "markdown", "text", "table"])
def test_a_batch_is_written_before_the_next_is_asked_for(output: str) -> None:
    asked = 0

    def endless() -> Iterator[Sequence[Row]]:
        nonlocal asked
        while True:
            asked += 1
            yield [("x", 1)] * 500

    pieces = render(columns("a", "b"), endless(), Layout(output=output, width=80))
    for _ in range(4):
        next(pieces)
    assert asked <= 4
