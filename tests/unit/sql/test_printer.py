"""Trees as text: parentheses only where needed, names quoted where needed, and always SQLite's own language."""

from __future__ import annotations

import sqlite3

import pytest

from quaestor.record import replace
from quaestor.sql.nodes import (
    Binary,
    ColumnRef,
    Expr,
    Function,
    Join,
    Literal,
    Logical,
    ResultColumn,
    Select,
    SelectCore,
    StringTemplate,
    TableRef,
    Unary,
)
from quaestor.sql.parser import parse_one, parse_script
from quaestor.sql.printer import quote_name, quote_string, to_sql

A, B, C = (ColumnRef((name,)) for name in "abc")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT a + b * c, (a + b) * c, a - (b - c), a - b - c",
        "SELECT NOT a = b, (NOT a) = b, NOT (a AND b), NOT NOT a",
        "SELECT a AND b OR c, a AND (b OR c), (a AND b) AND c, a AND (b AND c)",
        "SELECT -a, - -a, -(5), -5, ~-5, - -5, +a, -(a + b), -a COLLATE nocase, -(a COLLATE nocase)",
        "SELECT a = b IN (1, 2), a = (b IN (1)), a IN (SELECT 1), a NOT IN b, a IN json_each(b), a IN ()",
        "SELECT a BETWEEN b AND c, a NOT BETWEEN (b = 1) AND c + 1, a BETWEEN 1 AND 2 BETWEEN 0 AND 1",
        "SELECT a LIKE b ESCAPE 'x', a NOT GLOB (b LIKE c), a REGEXP b || c, a MATCH b",
        "SELECT a IS NULL, a IS NOT NULL, a IS b IS NULL, a IS (b IS NULL), a IS NOT b",
        "SELECT a || b || c, a || (b || c), a -> b ->> c, (a, b) = (1, 2)",
        "SELECT CASE WHEN a THEN b END, CASE a WHEN b THEN c ELSE a END, CAST(a AS TEXT), CAST(a AS varchar(10))",
        "SELECT count(*), count(DISTINCT a), max(a, b), group_concat(a ORDER BY b DESC), f()",
        "SELECT sum(a) FILTER (WHERE b) OVER w, row_number() OVER (w PARTITION BY a ORDER BY b ROWS 1 PRECEDING)",
        "SELECT f() OVER (RANGE BETWEEN UNBOUNDED PRECEDING AND a FOLLOWING EXCLUDE CURRENT ROW)",
        "SELECT 1, 1.5, 'it''s', x'00ff', NULL, TRUE, FALSE, CURRENT_DATE, ?1, :a, 9e999",
        "SELECT EXISTS (SELECT 1), NOT EXISTS (SELECT 1), (SELECT 1)",
        "SELECT DISTINCT *, t.*, a AS b FROM t AS x WHERE a GROUP BY a, b HAVING c WINDOW w AS (ORDER BY a)",
        "SELECT a FROM t, u AS v JOIN x ON a = b LEFT JOIN y USING (a, b) NATURAL JOIN z CROSS JOIN (SELECT 1) AS q",
        "SELECT a FROM (t JOIN u) JOIN (v) AS w, json_each(a, '$.b') AS j",
        "SELECT 1 UNION ALL SELECT 2 EXCEPT VALUES (3), (4) INTERSECT SELECT 5 ORDER BY 1 DESC NULLS LAST LIMIT 1",
        "WITH RECURSIVE a(x, y) AS (SELECT 1), b AS MATERIALIZED (SELECT 2), c AS NOT MATERIALIZED (SELECT 3) "
        "SELECT 4 LIMIT 1 OFFSET 2",
        'SELECT "select", "Group"."page[size]", "a""b", "true", "é" FROM "limit" AS "order"',
        "SELECT replace(a, b, c), left(a), glob(a, b), \"group\"(a)",
    ],
)  # fmt: skip
def test_the_shortest_text_comes_back(text: str) -> None:
    assert to_sql(parse_one(text)) == text


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("select a as [b] from 't' where a == 1 and a <> 2", "SELECT a AS b FROM t WHERE a = 1 AND a != 2"),
        ("select a limit 2, 1", "SELECT a LIMIT 1 OFFSET 2"),
        ("select a isnull, b notnull, c is distinct from a", "SELECT a IS NULL, b IS NOT NULL, c IS NOT a"),
        ("select a from t left outer join u", "SELECT a FROM t LEFT JOIN u"),
        ("select 0x10, 1_000, 1e3, .5, ?", "SELECT 16, 1000, 1000.0, 0.5, ?1"),
        ("select cast(a as )", "SELECT CAST(a AS )"),
        ("select cast(a as 'my type')", "SELECT CAST(a AS my type)"),
        ("select cast(a as \"a(b\")", 'SELECT CAST(a AS "a(b")'),
        ("update t set /* none */ where a", "UPDATE t SET /* nothing */ WHERE a"),
        ("insert into t select * from u on conflict do nothing", None),
        ("insert into t (a) select a from u where 1 on conflict (a) do nothing",
         "INSERT INTO t (a) SELECT a FROM u WHERE 1 ON CONFLICT (a) DO NOTHING"),
        ("select {{ a.b }}, '{{ c }} it''s {{ \"{{\" }}'",
         """SELECT {{ a.b }}, '{{ c }} it''s {{ "{" }}{{ "{" }}'"""),
    ],
)  # fmt: skip
def test_one_spelling(text: str, printed: str | None) -> None:
    if printed is None:  # a join's ON or the INSERT's: SQLite needs a WHERE between
        inserted = parse_one("insert into t select * from (u) on conflict do nothing")
        assert to_sql(inserted) == "INSERT INTO t SELECT * FROM (u) WHERE TRUE ON CONFLICT DO NOTHING"
        return
    found = parse_one(text)
    assert to_sql(found) == printed
    assert parse_one(printed) == found


def test_names() -> None:
    assert [quote_name(name) for name in ("a", "_a1", "A_b")] == ["a", "_a1", "A_b"]
    quoted = ["", "1a", "a b", "select", "True", "a.b", "é", "a$", 'x"y']
    assert [quote_name(name) for name in quoted] == [f'"{name}"' for name in quoted[:-1]] + ['"x""y"']


@pytest.mark.parametrize("text", ["", "it's", "a\0b", "\0", "'; DROP TABLE t; --", "{{ x }}", "漢\n\r\t\\"])
def test_sqlite_reads_every_string_as_it_is(text: str) -> None:
    with_connection = sqlite3.connect(":memory:")
    assert with_connection.execute(f"SELECT {quote_string(text)}").fetchone() == (text,)
    with_connection.close()


def test_trees_that_no_text_gave() -> None:
    assert to_sql(Unary("-", Literal("integer", 5))) == "-(5)"
    assert to_sql(Binary("*", Logical("OR", (A, B)), C)) == "(a OR b) * c"
    assert to_sql(Binary("IS", A, Unary("NOT", B))) == "a IS (NOT b)"
    assert to_sql(Literal("real", float("-inf"))) == "-9e999"
    assert to_sql(Literal("real", float("nan"))) == "NULL"
    assert to_sql(Literal("integer", 1 << 70)) == "1180591620717411303424"
    join = Join("INNER", TableRef(("a",)), Join("LEFT", TableRef(("b",)), TableRef(("c",))))
    assert to_sql(join) == "a JOIN (b LEFT JOIN c)"
    assert to_sql(StringTemplate(("a{", parse_expr("{{ x }}")))) == """'a{{ "{" }}{{ x }}'"""  # type: ignore[arg-type]
    assert to_sql(Function("cast", (A,))) == '"cast"(a)'


def parse_expr(text: str) -> Expr:
    statement = parse_one(f"SELECT {text}")
    assert isinstance(statement, Select)
    core = statement.cores[0]
    assert isinstance(core, SelectCore)
    column = core.columns[0]
    assert isinstance(column, ResultColumn)
    return column.expr


def test_a_script() -> None:
    text = '<<<json {"a": 1} >>>\nSELECT {{ a }};\nDELETE FROM t;'
    assert to_sql(parse_script(text)) == text


def test_printing_does_not_recurse_along_chains() -> None:
    chain = parse_expr("1" + " + 1" * 180)
    assert to_sql(chain) == "1" + " + 1" * 180
    joins = parse_one("SELECT * FROM t" + " JOIN t" * 180)
    assert to_sql(joins) == "SELECT * FROM t" + " JOIN t" * 180
    nested = replace(joins, limit=parse_expr("(" * 190 + "1" + ")" * 190))
    assert to_sql(nested).endswith("LIMIT 1")
