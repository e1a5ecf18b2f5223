"""Values for placeholders: text in strings, constants elsewhere, never a change of the statement's shape."""

from __future__ import annotations

from typing import Any

import pytest

from quaestor.errors import BindError, LimitError, SqlSyntaxError, UnsupportedError
from quaestor.sql.nodes import Literal, Placeholder, ResultColumn, SelectCore, StringTemplate, walk
from quaestor.sql.parser import parse_one, parse_script
from quaestor.sql.template import block_values, substitute


def literals(text: str, values: dict[str, Any]) -> list[tuple[str, object]]:
    tree = substitute(parse_one(text), values, text)
    assert not any(isinstance(node, Placeholder | StringTemplate) for node in walk(tree))
    return [(node.kind, node.value) for node in walk(tree) if isinstance(node, Literal)]


@pytest.mark.parametrize(
    ("value", "bare", "quoted"),
    [
        ("a'b", ("string", "a'b"), "a'b"),
        ("1", ("string", "1"), "1"),
        (5, ("integer", 5), "5"),
        (-5, ("integer", -5), "-5"),
        (1.5, ("real", 1.5), "1.5"),
        (True, ("true", True), "true"),
        (False, ("false", False), "false"),
        (["a", {"b": 1}, None, "é"], ("string", '["a",{"b":1},null,"é"]'), '["a",{"b":1},null,"é"]'),
        ({}, ("string", "{}"), "{}"),
        (10**30, ("integer", 10**30), str(10**30)),
    ],
)
def test_values(value: Any, bare: tuple[str, object], quoted: str) -> None:
    assert literals("SELECT {{ x }}", {"x": value}) == [bare]
    assert literals("SELECT '<{{ x }}>'", {"x": value}) == [("string", f"<{quoted}>")]


def test_values_that_only_stand_bare() -> None:
    assert literals("SELECT {{ x }}", {"x": None}) == [("null", None)]
    assert literals("SELECT {{ x }}", {"x": b"\x00"}) == [("blob", b"\x00")]
    with pytest.raises(BindError, match="null, which is no text") as caught:
        literals("SELECT '{{ x }}'", {"x": None})
    assert "without quotes" in caught.value.hint
    with pytest.raises(BindError, match="of type bytes"):
        literals("SELECT '{{ x }}'", {"x": b""})


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (float("nan"), "not a number"),
        (1 << 128, "more than 128 bits"),
        (object(), "of type object"),
        ({1, 2}, "of type set"),
        ([object()], "not JSON"),
        ([float("nan")], "not JSON"),
        ("\ud800", "surrogate"),
        (["\ud800"], "not JSON"),
    ],
)
def test_values_that_no_constant_holds(value: Any, message: str) -> None:
    with pytest.raises(BindError, match=message):
        literals("SELECT {{ x }}", {"x": value})


def test_an_integer_that_python_does_not_print() -> None:
    with pytest.raises(BindError, match="more than 128 bits"):
        literals("SELECT '{{ x }}'", {"x": 10**5000})


def test_paths() -> None:
    values = {"a": {"b": [10, {"c": "deep"}]}, "n": 1}
    assert literals("SELECT {{ .a.b.0 }}, '{{ a.b.1.c }}', {{n}}", values) == [
        ("integer", 10), ("string", "deep"), ("integer", 1)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "message", "hint"),
    [
        ("subdomian", "there is no value 'subdomian' for {{ subdomian }}", "did you mean 'subdomain'"),
        ("zzz", "there is no value 'zzz'", "given are a, list, subdomain"),
        ("a.x", "there is no value 'x' in 'a' for {{ a.x }}", ""),
        ("a.b.c", "there is no value 'c' in 'a.b'", ""),
        ("list.5", "there is no value '5' in 'list'", ""),
        ("list.one", "there is no value 'one' in 'list'", ""),
    ],
)
def test_a_missing_value_is_an_error_with_its_place(path: str, message: str, hint: str) -> None:
    text = f"SELECT 1, 'a {{{{ {path} }}}}'"
    with pytest.raises(BindError) as caught:
        substitute(parse_one(text), {"subdomain": "x", "a": {"b": 1}, "list": [1]}, text)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.position == text.index("{{")


def test_no_values_at_all() -> None:
    with pytest.raises(BindError) as caught:
        substitute(parse_one("SELECT {{ a }}"), {})
    assert caught.value.hint == "no values are given: --var name=value, or variables={…} in Python"


def test_what_has_no_placeholders_is_the_same_tree() -> None:
    tree = parse_one("SELECT a FROM t WHERE b = 'x'")
    assert substitute(tree, {}) is tree


def test_a_value_cannot_change_the_statement() -> None:
    text = "SELECT * FROM t WHERE a = '{{ x }}' AND b = {{ x }}"
    tree = substitute(parse_one(text), {"x": "' OR '1'='1' --"})
    shape = [type(node).__name__ for node in walk(tree)]
    assert shape == [type(node).__name__ for node in walk(substitute(parse_one(text), {"x": "harmless"}))]


def test_positions_stay() -> None:
    text = "SELECT  {{ x }} , '{{ x }}'"
    tree = substitute(parse_one(text), {"x": 1})
    places = [(node.pos, node.end) for node in walk(tree) if isinstance(node, Literal)]
    assert [text[pos:end] for pos, end in places] == ["{{ x }}", "'{{ x }}'"]


def test_placeholders_of_every_kind_of_statement() -> None:
    values = {"x": "v"}
    for text in (
        "INSERT INTO t (a) SELECT '{{ x }}'",
        "INSERT INTO t (a) VALUES ({{ x }})",
        "UPDATE t SET a = {{ x }} WHERE b = '{{ x }}'",
        "DELETE FROM t WHERE b = '{{ x }}'",
        "EXEC a.b.c.d @x = '{{ x }}' @@json = '{{ x }}'",
        "SHOW TABLES LIKE '{{ x }}'",
    ):
        assert {value for _, value in literals(text, values)} == {"v"}


def test_blocks() -> None:
    text = '<<<json {"a": {"b": 1}, "c": 2} >>> <<<jsonnet {"a": 5} >>> SELECT {{ a }}'
    script = parse_script(text)
    assert block_values(script, text) == {"a": 5, "c": 2}
    core = substitute(script.statements[0], block_values(script))
    assert [node for node in walk(core) if isinstance(node, ResultColumn)] == [ResultColumn(Literal("integer", 5))]
    assert any(isinstance(node, SelectCore) for node in walk(core))


@pytest.mark.parametrize(
    ("text", "error", "position"),
    [
        ('<<<json {"a": } >>>', SqlSyntaxError, 14),
        ("<<<json [1] >>>", SqlSyntaxError, 7),
        ("<<<jsonnet { a: 1 } >>>", UnsupportedError, 13),
        (f"<<<json {'[' * 100_000} >>>", LimitError, None),
        (f"<<<json {'9' * 5000} >>>", SqlSyntaxError, 7),
    ],
)
def test_blocks_that_are_no_json_objects(text: str, error: type[Exception], position: int | None) -> None:
    with pytest.raises(error) as caught:
        block_values(parse_script(text), text)
    assert getattr(caught.value, "position", None) == position
