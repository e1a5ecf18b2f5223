"""Expressions: what binds tighter, and what each construct becomes."""

from __future__ import annotations

from typing import Any

import pytest

from quaestor.errors import LimitError, SqlSyntaxError
from quaestor.sql.nodes import (
    Between,
    Binary,
    Case,
    Cast,
    Collate,
    ColumnRef,
    Exists,
    Expr,
    Frame,
    FrameBound,
    Function,
    InList,
    InSelect,
    InTable,
    IsNull,
    Like,
    Literal,
    Logical,
    OrderTerm,
    Parameter,
    Placeholder,
    Raise,
    ResultColumn,
    RowValue,
    Select,
    SelectCore,
    StringTemplate,
    Subquery,
    TableFunction,
    TableRef,
    Unary,
    Window,
)
from quaestor.sql.parser import parse_one

A, B, C, D = (ColumnRef((name,)) for name in "abcd")


def integer(value: int) -> Literal:
    return Literal("integer", value)


def string(value: str) -> Literal:
    return Literal("string", value)


def expr(text: str) -> Expr:
    statement = parse_one(f"SELECT {text}")
    assert isinstance(statement, Select)
    core = statement.cores[0]
    assert isinstance(core, SelectCore)
    column = core.columns[0]
    assert isinstance(column, ResultColumn)
    assert len(core.columns) == 1
    return column.expr


ONE_A = Select((SelectCore((ResultColumn(A),)),))


@pytest.mark.parametrize(
    ("text", "grouped"),
    [
        ("a OR b AND c", "a OR (b AND c)"),
        ("NOT a = b", "NOT (a = b)"),
        ("NOT a AND b", "(NOT a) AND b"),
        ("NOT NOT a OR b", "(NOT (NOT a)) OR b"),
        ("a = b < c", "a = (b < c)"),
        ("a < b = c", "(a < b) = c"),
        ("a = b = c", "(a = b) = c"),
        ("a < b | c", "a < (b | c)"),
        ("a | b + c", "a | (b + c)"),
        ("a + b * c", "a + (b * c)"),
        ("a - b - c", "(a - b) - c"),
        ("a * b || c", "a * (b || c)"),
        ("a || b ->> c", "(a || b) ->> c"),
        ("a || b COLLATE nocase", "a || (b COLLATE nocase)"),
        ("-a COLLATE nocase", "(-a) COLLATE nocase"),
        ("-a ->> b", "(-a) ->> b"),
        ("- a + b", "(-a) + b"),
        ("~ a * b", "(~a) * b"),
        ("a + NOT b = c", "a + (NOT (b = c))"),
        ("a IS b = c", "(a IS b) = c"),
        ("a IN (b) = c", "(a IN (b)) = c"),
        ("a = b IN (c)", "(a = b) IN (c)"),
        ("a + b NOT IN (c)", "(a + b) NOT IN (c)"),
        ("a LIKE b < c ESCAPE d", "a LIKE (b < c) ESCAPE d"),
        ("a LIKE b LIKE c ESCAPE d", "(a LIKE b) LIKE c ESCAPE d"),
        ("a BETWEEN b AND c = d", "(a BETWEEN b AND c) = d"),
        ("a BETWEEN b AND c AND d", "(a BETWEEN b AND c) AND d"),
        ("a BETWEEN b = c AND d", "a BETWEEN (b = c) AND d"),
        ("a BETWEEN b BETWEEN c AND d AND e", "a BETWEEN (b BETWEEN c AND d) AND e"),
        ("NOT a BETWEEN b AND c", "NOT (a BETWEEN b AND c)"),
        ("a NOTNULL ISNULL", "(a NOTNULL) ISNULL"),
        ("a = b ISNULL", "(a = b) ISNULL"),
        ("a AND b IS NULL", "a AND (b IS NULL)"),
        ("a OR b OR c AND d AND e", "a OR b OR (c AND d AND e)"),
    ],
)
def test_precedence(text: str, grouped: str) -> None:
    assert expr(text) == expr(grouped)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a AND b AND c", Logical("AND", (A, B, C))),
        ("(a AND b) AND c", Logical("AND", (Logical("AND", (A, B)), C))),
        ("a AND (b AND c)", Logical("AND", (A, Logical("AND", (B, C))))),
        ("a == b", Binary("=", A, B)),
        ("a <> b", Binary("!=", A, B)),
        ("a IS b", Binary("IS", A, B)),
        ("a IS NOT b", Binary("IS NOT", A, B)),
        ("a IS DISTINCT FROM b", Binary("IS NOT", A, B)),
        ("a IS NOT DISTINCT FROM b", Binary("IS", A, B)),
        ("a IS NULL", IsNull(A)),
        ("a IS NOT NULL", IsNull(A, negated=True)),
        ("a ISNULL", IsNull(A)),
        ("a NOTNULL", IsNull(A, negated=True)),
        ("a NOT NULL", IsNull(A, negated=True)),
        ("a IS NOT DISTINCT FROM NULL", IsNull(A)),
        ("a NOT BETWEEN b AND c", Between(A, B, C, negated=True)),
        ("a IN ()", InList(A, ())),
        ("a NOT IN (b, c)", InList(A, (B, C), negated=True)),
        ("a IN (SELECT a)", InSelect(A, ONE_A)),
        ("a IN ((SELECT a))", InList(A, (Subquery(ONE_A),))),
        ("a IN okta.users.users", InTable(A, TableRef(("okta", "users", "users")))),
        ("a NOT IN json_each(b)", InTable(A, TableFunction(("json_each",), (B,)), negated=True)),
        ("a LIKE b", Like("LIKE", A, B)),
        ("a NOT LIKE b ESCAPE c", Like("LIKE", A, B, C, negated=True)),
        ("a REGEXP b", Like("REGEXP", A, B)),
        ("a NOT GLOB b", Like("GLOB", A, B, negated=True)),
        ("a MATCH b", Like("MATCH", A, B)),
        ("a COLLATE NOCASE", Collate(A, "NOCASE")),
        ("CASE WHEN a THEN b END", Case(None, ((A, B),))),
        ("CASE a WHEN b THEN c WHEN c THEN d ELSE a END", Case(A, ((B, C), (C, D)), A)),
        ("CAST(a AS varchar ( 10 ))", Cast(A, "varchar(10)")),
        ("CAST(a AS DOUBLE PRECISION)", Cast(A, "DOUBLE PRECISION")),
        ("CAST(a AS numeric(10, -2))", Cast(A, "numeric(10,-2)")),
        ("CAST(a AS )", Cast(A, "")),
        ("EXISTS (SELECT a)", Exists(ONE_A)),
        ("NOT EXISTS (SELECT a)", Unary("NOT", Exists(ONE_A))),
        ("(SELECT a)", Subquery(ONE_A)),
        ("(a, b)", RowValue((A, B))),
        ("((a))", A),
        ("+a", Unary("+", A)),
        ("RAISE(IGNORE)", Raise("IGNORE")),
        ("RAISE(FAIL, 'x')", Raise("FAIL", string("x"))),
        ("t.a", ColumnRef(("t", "a"))),
        ("okta.users.users.id", ColumnRef(("okta", "users", "users", "id"))),
        ("c.okta.users.users.id", ColumnRef(("c", "okta", "users", "users", "id"))),
        ('"page[size]"', ColumnRef(("page[size]",))),
        ("[a b].`c`", ColumnRef(("a b", "c"))),
        ("'t'.a", ColumnRef(("t", "a"))),
    ],
)  # fmt: skip
def test_constructs(text: str, expected: Expr) -> None:
    assert expr(text) == expected


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("1", "integer", 1),
        ("-5", "integer", -5),
        ("1_000", "integer", 1000),
        ("0x1F", "integer", 31),
        ("0xFFFFFFFFFFFFFFFF", "integer", -1),
        ("9223372036854775807", "integer", 2**63 - 1),
        ("-9223372036854775808", "integer", -(2**63)),
        ("123456789012345678901234567890", "integer", 123456789012345678901234567890),
        ("9" * 5000, "real", float("inf")),
        ("1.5", "real", 1.5),
        ("-1e3", "real", -1000.0),
        (".5", "real", 0.5),
        ("1_0.5_0", "real", 10.5),
        ("'it''s'", "string", "it's"),
        ("x'00fF'", "blob", b"\x00\xff"),
        ("NULL", "null", None),
        ("TRUE", "true", True),
        ("false", "false", False),
        ("current_date", "current_date", None),
        ("CURRENT_TIMESTAMP", "current_timestamp", None),
    ],
)
def test_literals(text: str, kind: str, value: Any) -> None:
    assert expr(text) == Literal(kind, value)


def test_a_sign_in_parentheses_stays_an_operator() -> None:
    assert expr("-(5)") == Unary("-", integer(5))
    assert expr("- -5") == Unary("-", integer(-5))
    assert expr("-0x10") == Unary("-", integer(16))


def test_quoted_true_is_a_column() -> None:
    assert expr('"true"') == ColumnRef(("true",))


def test_functions() -> None:
    assert expr("count(*)") == Function("count", star=True)
    assert expr("f()") == Function("f")
    assert expr("count(DISTINCT a)") == Function("count", (A,), distinct=True)
    assert expr("count(ALL a, b)") == Function("count", (A, B))
    ordered = Function("group_concat", (A,), order_by=(OrderTerm(B, descending=True, nulls="LAST"),))
    assert expr("group_concat(a ORDER BY b DESC NULLS LAST)") == ordered
    assert expr("sum(a) FILTER (WHERE b)") == Function("sum", (A,), filter=B)
    assert expr("sum(a) OVER w") == Function("sum", (A,), over="w")
    assert expr("replace(a, b, c)") == Function("replace", (A, B, C))
    assert expr("left(a)") == Function("left", (A,))
    assert expr('"count"(a)') == Function("count", (A,))


def test_windows_and_frames() -> None:
    window = Window("w", (A,), (OrderTerm(B),), None)
    assert expr("f() OVER (w PARTITION BY a ORDER BY b)") == Function("f", over=window)
    assert expr("f() OVER ()") == Function("f", over=Window())
    frame = Frame("ROWS", FrameBound("UNBOUNDED PRECEDING"))
    assert expr("f() OVER (ROWS UNBOUNDED PRECEDING)") == Function("f", over=Window(frame=frame))
    frame = Frame("GROUPS", FrameBound("PRECEDING", A), FrameBound("FOLLOWING", B), "NO OTHERS")
    text = "f() OVER (GROUPS BETWEEN a PRECEDING AND b FOLLOWING EXCLUDE NO OTHERS)"
    assert expr(text) == Function("f", over=Window(frame=frame))
    frame = Frame("RANGE", FrameBound("CURRENT ROW"), FrameBound("UNBOUNDED FOLLOWING"), "TIES")
    text = "f() OVER (RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING EXCLUDE TIES)"
    assert expr(text) == Function("f", over=Window(frame=frame))


@pytest.mark.parametrize(
    "frame",
    ["ROWS 1 FOLLOWING", "ROWS BETWEEN CURRENT ROW AND 1 PRECEDING", "ROWS BETWEEN 1 FOLLOWING AND CURRENT ROW"],
)
def test_a_frame_that_ends_before_it_starts_is_refused(frame: str) -> None:
    with pytest.raises(SqlSyntaxError, match="ends before it starts"):
        expr(f"f() OVER ({frame})")


def test_parameters_are_numbered_as_sqlite_does() -> None:
    row = expr("(?, :a, ?, ?7, ?, :a, @b)")
    assert isinstance(row, RowValue)
    expected = [("", 1), (":a", 0), ("", 3), ("", 7), ("", 8), (":a", 0), ("@b", 0)]
    assert [(item.name, item.index) for item in row.items if isinstance(item, Parameter)] == expected
    statements = [parse_one("SELECT ?"), parse_one("SELECT ?")]
    assert statements[0] == statements[1]
    with pytest.raises(SqlSyntaxError, match=r"\?32766"):
        expr("?32767")
    with pytest.raises(SqlSyntaxError, match="not a parameter"):
        expr("#1")


def test_placeholders() -> None:
    assert expr("{{ n }}") == Placeholder(("n",))
    assert expr("{{ .a.b }}") == Placeholder(("a", "b"))
    assert expr("'{{ x }}'") == StringTemplate((Placeholder(("x",)),))
    assert expr("'a {{x}}, {{ .y.z }}''s'") == StringTemplate(
        ("a ", Placeholder(("x",)), ", ", Placeholder(("y", "z")), "'s")
    )
    assert expr("""'{{ "{{" }}host.name}}'""") == string("{{host.name}}")
    assert expr("'{{ `{{host}}` }}{{ x }}'") == StringTemplate(("{{host}}", Placeholder(("x",))))


def test_placeholders_know_their_place() -> None:
    template = expr("'it''s {{ x }}'")
    assert isinstance(template, StringTemplate)
    place = template.parts[1]
    assert isinstance(place, Placeholder)
    assert "SELECT 'it''s {{ x }}'"[place.pos : place.end] == "{{ x }}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("'{{ range .x }}'", "is not a placeholder"),
        ("{{ 1 }}", "is not a placeholder"),
        ("{{ }}", "is not a placeholder"),
        ("'a {{ x'", "placeholder is not closed"),
        ('"{{ x }}"', "stands for a value, not for a name"),
        ("{{ x", "placeholder is not closed"),
    ],
)
def test_what_is_no_placeholder(text: str, message: str) -> None:
    with pytest.raises(SqlSyntaxError, match=message):
        expr(text)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("limit FROM t", ["limit"]),
        ("t.order, t.from, t.group", [("t", "order"), ("t", "from"), ("t", "group")]),
        ("from, to FROM t WHERE from = 1 AND to < 2", ["from", "to"]),
        ("max(limit), order AS group FROM t ORDER BY limit", ["order"]),
        ("CASE WHEN default THEN table ELSE index END FROM t", []),
    ],
)
def test_keywords_are_names_where_nothing_else_can_be_meant(text: str, names: list[str | tuple[str, ...]]) -> None:
    statement = parse_one(f"SELECT {text}")
    assert isinstance(statement, Select)
    core = statement.cores[0]
    assert isinstance(core, SelectCore)
    found = [c.expr.path for c in core.columns if isinstance(c, ResultColumn) and isinstance(c.expr, ColumnRef)]
    assert found == [name if isinstance(name, tuple) else (name,) for name in names]


@pytest.mark.parametrize(
    "text",
    ["SELECT FROM t", "SELECT a, FROM t", "SELECT a FROM t WHERE ORDER BY a", "SELECT a FROM t GROUP BY LIMIT 5"],
)
def test_a_clause_word_is_no_name_where_it_begins_a_clause(text: str) -> None:
    with pytest.raises(SqlSyntaxError, match="an expression should follow"):
        parse_one(text)


def test_the_span_of_each_expression() -> None:
    text = "SELECT (a + b) * -c, f(x) IS NULL"
    statement = parse_one(text)
    assert isinstance(statement, Select)
    core = statement.cores[0]
    assert isinstance(core, SelectCore)
    product, test = (column.expr for column in core.columns if isinstance(column, ResultColumn))
    assert isinstance(product, Binary)
    assert isinstance(test, IsNull)
    assert text[product.pos : product.end] == "(a + b) * -c"
    assert text[product.left.pos : product.left.end] == "a + b"
    assert text[product.right.pos : product.right.end] == "-c"
    assert text[test.pos : test.end] == "f(x) IS NULL"
    assert text[test.operand.pos : test.operand.end] == "f(x)"


@pytest.mark.parametrize(
    "text",
    [
        "(" * 300 + "1" + ")" * 300,
        "(" * 100_000,
        "-" * 1 + " -" * 5000 + "1",
        "NOT " * 1000 + "1",
        "f(" * 250 + ")" * 250,
        "CASE " * 300,
        "(SELECT " * 80 + "1" + ")" * 80,
        "1" + " + 1" * 1000,
        "1" + " ISNULL" * 1000,
        "a BETWEEN " * 300,
        "1 IN (" * 300,
    ],
)
def test_depth_has_a_bound(text: str) -> None:
    with pytest.raises(LimitError, match="deeper than 200"):
        expr(text)


def test_depth_within_the_bound() -> None:
    assert expr("(" * 190 + "1" + ")" * 190) == integer(1)
    expr("(SELECT " * 45 + "1" + ")" * 45)
    assert isinstance(expr("1" + " + 1" * 190), Binary)


def test_lists_and_conditions_may_be_long() -> None:
    either = expr(" OR ".join(f"a = {i}" for i in range(5000)))
    assert isinstance(either, Logical)
    assert len(either.operands) == 5000
    inside = expr(f"a IN ({', '.join(map(str, range(5000)))})")
    assert isinstance(inside, InList)
    assert len(inside.items) == 5000


def test_a_caller_deep_in_its_own_stack_gets_an_error_of_ours() -> None:
    def deep(levels: int) -> Expr:
        return deep(levels - 1) if levels else expr("(" * 150 + "1" + ")" * 150)

    with pytest.raises(LimitError):
        deep(600)
