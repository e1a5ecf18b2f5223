"""SELECT: its clauses, what stands in FROM, compound statements, names."""

from __future__ import annotations

import pytest

from quaestor.errors import SqlSyntaxError
from quaestor.sql.nodes import (
    Argument,
    Binary,
    ColumnRef,
    Cte,
    Delete,
    Exec,
    ExecRef,
    Group,
    Insert,
    Join,
    Literal,
    Name,
    NamedWindow,
    OrderTerm,
    ResultColumn,
    Select,
    SelectCore,
    Source,
    Star,
    SubqueryRef,
    TableFunction,
    TableRef,
    Values,
    Window,
    With,
    column_name,
)
from quaestor.sql.parser import parse, parse_one

A, B, C = (ColumnRef((name,)) for name in "abc")
T, U, V = (TableRef((name,)) for name in "tuv")
ONE = Literal("integer", 1)
TWO = Literal("integer", 2)
STAR = Star()


def select(text: str) -> Select:
    statement = parse_one(text)
    assert isinstance(statement, Select)
    return statement


def core(text: str) -> SelectCore:
    found = select(text).cores[0]
    assert isinstance(found, SelectCore)
    return found


def source(text: str) -> Source | None:
    return core(f"SELECT * FROM {text}").source


def test_every_clause() -> None:
    text = """SELECT DISTINCT a, b AS x FROM t WHERE a GROUP BY a, b HAVING b WINDOW w AS (ORDER BY a), v AS (w)
        ORDER BY a DESC NULLS LAST, b ASC LIMIT 1 OFFSET 2"""
    assert select(text) == Select(
        (
            SelectCore(
                (ResultColumn(A), ResultColumn(B, "x")),
                T,
                A,
                (A, B),
                B,
                (NamedWindow("w", Window(order_by=(OrderTerm(A),))), NamedWindow("v", Window("w"))),
                distinct=True,
            ),
        ),
        order_by=(OrderTerm(A, descending=True, nulls="LAST"), OrderTerm(B)),
        limit=ONE,
        offset=TWO,
    )


def test_small_variations() -> None:
    assert core("SELECT ALL a") == SelectCore((ResultColumn(A),))
    assert select("SELECT a LIMIT 2, 1") == select("SELECT a LIMIT 1 OFFSET 2")
    assert core("SELECT a HAVING b").having == B
    assert core("SELECT *, t.*, okta.users.users.*").columns == (STAR, Star(("t",)), Star(("okta", "users", "users")))
    for text in ("SELECT a x", "SELECT a 'x'", 'SELECT a "x"', "SELECT a AS x", "SELECT a AS 'x'", "SELECT a AS [x]"):
        assert core(text).columns == (ResultColumn(A, "x"),)
    assert core("SELECT a desc, b end").columns == (ResultColumn(A, "desc"), ResultColumn(B, "end"))


def test_values() -> None:
    assert select("VALUES (1, a), (2, b)") == Select((Values(((ONE, A), (TWO, B))),))
    for text in ("VALUES ()", "VALUES (1) ORDER BY 1", "SELECT 1 UNION VALUES (1) LIMIT 1", "VALUES"):
        with pytest.raises(SqlSyntaxError):
            parse(text)


def test_compound() -> None:
    found = select(
        "SELECT a UNION SELECT b UNION ALL VALUES (1) INTERSECT SELECT a EXCEPT SELECT b ORDER BY 1 LIMIT 2"
    )
    assert found.operators == ("UNION", "UNION ALL", "INTERSECT", "EXCEPT")
    assert [type(one).__name__ for one in found.cores] == ["SelectCore"] * 2 + ["Values"] + ["SelectCore"] * 2
    assert (found.order_by, found.limit) == ((OrderTerm(ONE),), TWO)
    with pytest.raises(SqlSyntaxError, match="the end of the SELECT should follow") as caught:
        parse("SELECT a ORDER BY a UNION SELECT b")
    assert "ORDER BY belongs behind the last SELECT" in caught.value.hint


def test_with() -> None:
    inner = Select((SelectCore((ResultColumn(A),)),))
    text = "WITH x AS (SELECT a), y(p, q) AS MATERIALIZED (SELECT a), z AS NOT MATERIALIZED (SELECT a) SELECT a"
    ctes = (
        Cte("x", (), inner),
        Cte("y", (Name("p"), Name("q")), inner, materialized=True),
        Cte("z", (), inner, materialized=False),
    )
    assert select(text).with_ == With(ctes)
    assert select("WITH RECURSIVE x AS (SELECT a) SELECT a").with_ == With((Cte("x", (), inner),), recursive=True)
    assert select("SELECT (WITH x AS (SELECT a) SELECT a)").with_ is None
    assert isinstance(parse_one("WITH x AS (SELECT a) INSERT INTO t SELECT * FROM x"), Insert)
    deletion = parse_one("WITH x AS (SELECT a) DELETE FROM t WHERE a IN x")
    assert isinstance(deletion, Delete)
    assert deletion.with_ == With((Cte("x", (), inner),))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("t", T),
        ("t x", TableRef(("t",), "x")),
        ("t AS x", TableRef(("t",), "x")),
        ("'t' 'x'", TableRef(("t",), "x")),
        ("okta.users.users u", TableRef(("okta", "users", "users"), "u")),
        ('a.b."c.d".e', TableRef(("a", "b", "c.d", "e"))),
        ("okta.groups.group", TableRef(("okta", "groups", "group"))),
        ("json_each(a, b) j", TableFunction(("json_each",), (A, B), "j")),
        ("main.f()", TableFunction(("main", "f"))),
        ("(SELECT a) x", SubqueryRef(Select((SelectCore((ResultColumn(A),)),)), "x")),
        ("(VALUES (1))", SubqueryRef(Select((Values(((ONE,),)),)))),
        ("(t)", Group(T)),
        ("((t x)) y", Group(Group(TableRef(("t",), "x")), "y")),
        ("(EXEC a.b.c.d @x = 1) e", ExecRef(Exec(("a", "b", "c", "d"), (Argument("x", ONE),)), "e")),
        ("(exec) e", Group(TableRef(("exec",)), "e")),
        ("t, u", Join(",", T, U)),
        ("t JOIN u", Join("INNER", T, U)),
        ("t INNER JOIN u ON a", Join("INNER", T, U, on=A)),
        ("t JOIN u USING (a, b)", Join("INNER", T, U, using=(Name("a"), Name("b")))),
        ("t CROSS JOIN u", Join("CROSS", T, U)),
        ("t LEFT JOIN u", Join("LEFT", T, U)),
        ("t LEFT OUTER JOIN u", Join("LEFT", T, U)),
        ("t RIGHT JOIN u", Join("RIGHT", T, U)),
        ("t FULL OUTER JOIN u", Join("FULL", T, U)),
        ("t LEFT RIGHT JOIN u", Join("FULL", T, U)),
        ("t NATURAL JOIN u", Join("INNER", T, U, natural=True)),
        ("t NATURAL LEFT JOIN u", Join("LEFT", T, U, natural=True)),
        ("t OUTER LEFT NATURAL JOIN u", Join("LEFT", T, U, natural=True)),
        ("t, u ON a", Join(",", T, U, on=A)),
        ("t JOIN u JOIN v ON a", Join("INNER", Join("INNER", T, U), V, on=A)),
        ("t JOIN (u JOIN v) ON a", Join("INNER", T, Group(Join("INNER", U, V)), on=A)),
    ],
)  # fmt: skip
def test_sources(text: str, expected: Source) -> None:
    assert source(text) == expected


@pytest.mark.parametrize("kind", ["OUTER", "LEFT INNER", "LEFT CROSS", "NATURAL OUTER", "LEFT x"])
def test_joins_that_do_not_exist(kind: str) -> None:
    with pytest.raises(SqlSyntaxError, match=f"there is no {kind.upper()} JOIN"):
        parse(f"SELECT * FROM t {kind} JOIN u")


def test_a_condition_needs_a_join() -> None:
    with pytest.raises(SqlSyntaxError) as caught:
        parse("SELECT * FROM t ON a JOIN u")
    assert caught.value.hint == "ON and USING belong to a JOIN"


def test_join_words_are_names_elsewhere() -> None:
    assert core("SELECT left, t.right FROM cross").columns == (
        ResultColumn(ColumnRef(("left",))),
        ResultColumn(ColumnRef(("t", "right"))),
    )
    assert source("t LEFT JOIN left") == Join("LEFT", T, TableRef(("left",)))


def test_names_of_columns() -> None:
    text = "SELECT a, t.b, a  +  1, max( a ) x, (a), 'x' || /* y */ b, [a b] FROM t"
    found = [column_name(column, text) for column in core(text).columns if isinstance(column, ResultColumn)]
    assert found == ["a", "b", "a  +  1", "x", "a", "'x' || /* y */ b", "a b"]


def test_spans_of_statements_and_tables() -> None:
    text = "  SELECT 1 ; -- one\n SELECT * FROM okta.users.users u WHERE a -- two\n;;"
    first, second = parse(text)
    assert text[first.pos : first.end] == "SELECT 1"
    assert text[second.pos : second.end] == "SELECT * FROM okta.users.users u WHERE a"
    assert isinstance(second, Select)
    only = second.cores[0]
    assert isinstance(only, SelectCore)
    assert only.source is not None
    assert text[only.source.pos : only.source.end] == "okta.users.users u"


def test_scripts() -> None:
    assert parse("") == parse(" ;; -- nothing\n") == ()
    assert len(parse("SELECT ';' ; SELECT 1 /* ; */ ; SELECT \";\"")) == 3
    assert parse_one(b"SELECT a") == parse_one("SELECT a;")
    with pytest.raises(SqlSyntaxError, match="there is no statement"):
        parse_one("-- nothing")
    with pytest.raises(SqlSyntaxError, match="only one statement") as caught:
        parse_one("SELECT 1; SELECT 2")
    assert caught.value.position == 10


def test_a_semicolon_that_a_comment_swallows() -> None:
    found = parse("SELECT a FROM t WHERE b = 'x' -- required;\nDELETE FROM t WHERE a = 1 --required;\n")
    assert [type(statement) for statement in found] == [Select, Delete]
    on = core("SELECT a -- first;\n, b FROM t")
    assert len(on.columns) == 2
    with pytest.raises(SqlSyntaxError):
        parse("SELECT a FROM t WHERE b = 'x' -- required\nDELETE FROM t")


def test_where_of_a_provider_page() -> None:
    found = core("SELECT id FROM t WHERE subdomain = '{{ subdomain }}' -- required\nAND after = '{{ after }}'\n;")
    assert [type(part) for part in getattr(found.where, "operands", ())] == [Binary, Binary]
