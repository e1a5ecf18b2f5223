"""The tokenizer: kinds, places, and what SQLite takes for a keyword where."""

from __future__ import annotations

import pytest

from quaestor.errors import SqlSyntaxError
from quaestor.sql.tokens import decode, tokenize, unquote


def kinds(text: str) -> list[str]:
    tokens = tokenize(text)
    assert tokens.kinds[-2:] == ["", ""]
    assert len(tokens.kinds) == len(tokens.starts) == len(tokens.ends)
    return tokens.kinds[:-2]


def texts(text: str) -> list[str]:
    tokens = tokenize(text)
    return [text[start:end] for start, end in zip(tokens.starts, tokens.ends, strict=True)][:-2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT a", ["SELECT", "id"]),
        ('select "select" [x y] `z`', ["SELECT", "id", "id", "id"]),
        ("exec show", ["id", "id"]),
        ("1 1_000 0x1F", ["integer"] * 3),
        ("1.5 .5 1. 1e3 1E-3 1_0.5_0", ["real"] * 6),
        ("1_ 1__0 1a 0xg 1._5", ["illegal"] * 5),
        ("0xe+1", ["integer", "+", "integer"]),
        ("1..2", ["real", "real"]),
        ("x'00Ff' X'' x'0' x'0g'", ["blob", "blob", "illegal", "illegal"]),
        ("'it''s' '' 'a\nb'", ["string", "string", "string"]),
        ("? ?12 :a @a $a #a :a::b :a(x)", ["param"] * 8),
        (":a(x y", ["illegal", "id"]),
        ("= == != <>", ["=", "=", "!=", "!="]),
        ("< <= << > >= >>", ["<", "<=", "<<", ">", ">=", ">>"]),
        ("|| | -> ->> - ~ .", ["||", "|", "->", "->>", "-", "~", "."]),
        ("a--comment\n/* more */b /* not closed", ["id", "id"]),
        ("-- only", []),
        ("\ufeffa\ufeffb", ["id"]),
        ("{{ n }} {{.a.b}}", ["placeholder", "placeholder"]),
        ("@@json = 1", ["payload", "=", "integer"]),
        ('<<<json {"a": 1} >>> a', ["block", "id"]),
        ("a ! \\ \x01", ["id", "illegal", "illegal", "illegal"]),
        ("naïve 漢字 _a$1", ["id", "id", "id"]),
        ("left Temporary glob indexed", ["LEFT", "TEMPORARY", "GLOB", "INDEXED"]),
    ],
)  # fmt: skip
def test_kinds(text: str, expected: list[str]) -> None:
    assert kinds(text) == expected


def test_places_are_offsets_in_code_points() -> None:
    assert texts("é = '漢' -- x\n+ b") == ["é", "=", "'漢'", "+", "b"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f(x) over w", "OVER"),
        ("f(x) over (", "OVER"),
        ("f(x) over left", "OVER"),
        ("f(x) over,", "id"),
        ("x over w", "id"),
        ("f(x) filter (", "FILTER"),
        ("f(x) filter x", "id"),
        ("x filter (", "id"),
        ("t window w as (", "WINDOW"),
        ("t window w,", "id"),
        ("t window", "id"),
    ],
)
def test_window_words_are_keywords_in_their_place_only(text: str, expected: str) -> None:
    place = next(i for i, token in enumerate(texts(text)) if token in ("over", "filter", "window"))
    assert kinds(text)[place] == expected


@pytest.mark.parametrize("text", ["'abc", '"abc', "`abc", "[abc", "{{ a", "<<<json {}"])
def test_what_is_not_closed_is_illegal_where_it_opens(text: str) -> None:
    tokens = tokenize(f"a {text}")
    place = tokens.kinds.index("illegal") if "illegal" in tokens.kinds else -1
    assert tokens.starts[place] == 2 or text.startswith("<<<")
    if text.startswith("<<<"):
        assert tokens.kinds[1:3] == ["<<", "<"]


def test_unquote() -> None:
    assert [unquote(text) for text in ('"a""b"', "`a``b`", "[a]", "'it''s'", "bare")] == [
        'a"b',
        "a`b",
        "a",
        "it's",
        "bare",
    ]


def test_bytes_are_utf8_and_errors_have_a_place() -> None:
    assert decode("é".encode()) == "é"
    with pytest.raises(SqlSyntaxError, match="byte 3 is not UTF-8") as caught:
        decode(b"\xc3\xa9a\xff")
    assert caught.value.position == 2
    with pytest.raises(SqlSyntaxError, match="NUL") as caught:
        decode("ab\0")
    assert caught.value.position == 2
    with pytest.raises(SqlSyntaxError, match="surrogate") as caught:
        decode("a\ud800")
    assert caught.value.position == 1
