"""Properties of parser, printer and templates.

- Any tree that a text can give, printed and read again, is the same tree.
- Any text or bytes give trees, SqlSyntaxError or LimitError, and nothing else.
- No value of a placeholder changes the shape of its statement, neither in the tree nor in the text made of it.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from quaestor.errors import BindError, LimitError, SqlSyntaxError
from quaestor.sql import nodes as n
from quaestor.sql.parser import Parser, parse_one, parse_script
from quaestor.sql.printer import to_sql
from quaestor.sql.template import substitute

TEXTS = st.text(
    st.one_of(
        st.sampled_from("ab'\"`[]{}\\;-/*?:@$\n \té漢"), st.characters(exclude_categories=["Cs"], min_codepoint=1)
    ),
    max_size=8,
)
PLAIN_TEXTS = TEXTS.filter(lambda text: "{{" not in text)
WORDS = st.sampled_from(
    [
        "a",
        "b",
        "Id",
        "_x",
        "select",
        "limit",
        "left",
        "key",
        "true",
        "exec",
        "full",
        "extended",
        "method",
        "session",
        "all",
    ]
)
NAMES = st.one_of(WORDS, WORDS, PLAIN_TEXTS.filter(bool))


def paths(most: int) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(NAMES, min_size=1, max_size=most).map(tuple)


def tuples(of: st.SearchStrategy[Any], least: int = 0, most: int = 3) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(of, min_size=least, max_size=most).map(tuple)


def maybe(of: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), of)


PLACEHOLDERS = st.lists(st.sampled_from(["x", "name", "a1", "_b"]), min_size=1, max_size=3).map(
    lambda parts: n.Placeholder(tuple(parts))
)


def merged(parts: list[Any]) -> n.StringTemplate:
    """A template as the parser makes it: no two texts side by side, none empty."""
    found: list[Any] = []
    for part in parts:
        if isinstance(part, str) and found and isinstance(found[-1], str):
            found[-1] += part
        elif part != "":
            found.append(part)
    return n.StringTemplate(tuple(found))


LITERALS = st.one_of(
    st.builds(n.Literal, st.just("integer"), st.integers(-(10**40), 10**40)),
    st.builds(n.Literal, st.just("real"), st.floats(allow_nan=False)),
    st.builds(n.Literal, st.just("string"), PLAIN_TEXTS),
    st.builds(n.Literal, st.just("blob"), st.binary(max_size=4)),
    st.sampled_from([n.Literal("true", True), n.Literal("false", False)]),
    st.sampled_from(["null", "current_date", "current_time", "current_timestamp"]).map(n.Literal),
)
LEAVES = st.one_of(
    LITERALS,
    st.builds(n.ColumnRef, paths(5)),
    st.builds(n.Parameter, st.just(""), st.integers(1, 9999)),
    st.builds(n.Parameter, st.sampled_from([":a", "@b", "$c", "#d", "$e::f"])),
    PLACEHOLDERS,
    st.tuples(st.lists(TEXTS, max_size=2), PLACEHOLDERS, st.lists(st.one_of(TEXTS, PLACEHOLDERS), max_size=2)).map(
        lambda parts: merged([*parts[0], parts[1], *parts[2]])
    ),
)
FRAME_BOUNDS = [
    ("UNBOUNDED PRECEDING", None),
    ("UNBOUNDED PRECEDING", "CURRENT ROW"),
    ("PRECEDING", None),
    ("PRECEDING", "PRECEDING"),
    ("CURRENT ROW", "FOLLOWING"),
    ("FOLLOWING", "UNBOUNDED FOLLOWING"),
]


def order_terms(expr: st.SearchStrategy[n.Expr]) -> st.SearchStrategy[tuple[n.OrderTerm, ...]]:
    return tuples(st.builds(n.OrderTerm, expr, st.booleans(), st.sampled_from(["", "FIRST", "LAST"])), 0, 2)


def windows(expr: st.SearchStrategy[n.Expr]) -> st.SearchStrategy[n.Window]:
    def frame(bounds: tuple[str, str | None], unit: str, exclude: str, offset: n.Expr) -> n.Frame:
        start, stop = (
            n.FrameBound(kind, offset if kind in ("PRECEDING", "FOLLOWING") else None) if kind else None
            for kind in bounds
        )
        assert start is not None
        return n.Frame(unit, start, stop, exclude)

    excludes = st.sampled_from(["", "NO OTHERS", "CURRENT ROW", "GROUP", "TIES"])
    units = st.sampled_from(["ROWS", "RANGE", "GROUPS"])
    frames = st.builds(frame, st.sampled_from(FRAME_BOUNDS), units, excludes, expr)
    return st.builds(n.Window, maybe(NAMES), tuples(expr, 0, 2), order_terms(expr), maybe(frames))


def functions(expr: st.SearchStrategy[n.Expr]) -> st.SearchStrategy[n.Function]:
    over = maybe(st.one_of(NAMES, windows(expr)))
    plain = st.builds(
        n.Function, NAMES, tuples(expr), st.booleans(), st.just(False), order_terms(expr), maybe(expr), over
    )
    star = st.builds(n.Function, NAMES, star=st.just(True), filter=maybe(expr), over=over)
    return st.one_of(plain, star)


def exprs(inner: st.SearchStrategy[n.Expr]) -> st.SearchStrategy[n.Expr]:
    binary = ["*", "/", "%", "+", "-", "&", "|", "<<", ">>", "||", "->", "->>", "<", "<=", ">", ">=", "=", "!="]
    negated = st.booleans()
    queries = selects(inner)
    tests = st.builds(n.Binary, st.sampled_from(["IS", "IS NOT"]), inner, inner).filter(
        lambda node: not (isinstance(node.right, n.Literal) and node.right.kind == "null")
    )
    return st.one_of(
        st.builds(n.Binary, st.sampled_from(binary), inner, inner),
        tests,
        st.builds(n.Unary, st.sampled_from(["-", "+", "~", "NOT"]), inner),
        st.builds(n.Logical, st.sampled_from(["AND", "OR"]), tuples(inner, 2)),
        st.builds(n.Between, inner, inner, inner, negated),
        st.builds(n.InList, inner, tuples(inner), negated),
        st.builds(n.InSelect, inner, queries, negated),
        st.builds(n.InTable, inner, st.builds(n.TableRef, paths(4)), negated),
        st.builds(n.InTable, inner, st.builds(n.TableFunction, paths(2), tuples(inner)), negated),
        st.builds(n.Like, st.sampled_from(["LIKE", "GLOB", "REGEXP", "MATCH"]), inner, inner, maybe(inner), negated),
        st.builds(n.IsNull, inner, negated),
        st.builds(n.Case, maybe(inner), tuples(st.tuples(inner, inner), 1), maybe(inner)),
        st.builds(
            n.Cast, inner, st.one_of(st.sampled_from(["", "INT", "double precision", "varchar(10)"]), PLAIN_TEXTS)
        ),
        st.builds(n.Collate, inner, NAMES),
        functions(inner),
        st.builds(n.Exists, queries),
        st.builds(n.Subquery, queries),
        st.builds(n.RowValue, tuples(inner, 2)),
        st.builds(n.Raise, st.just("FAIL"), inner),
    )


def sources(expr: st.SearchStrategy[n.Expr], queries: st.SearchStrategy[n.Select]) -> st.SearchStrategy[n.Source]:
    alias = maybe(NAMES)
    single: st.SearchStrategy[n.Source] = st.one_of(
        st.builds(n.TableRef, paths(4), alias),
        st.builds(n.TableFunction, paths(2), tuples(expr), alias),
        st.builds(n.SubqueryRef, queries, alias),
        st.builds(n.ExecRef, execs(expr), alias),
    )

    def joined(left: n.Source, joins: list[tuple[str, n.Source, bool, Any, bool]]) -> n.Source:
        for kind, right, natural, condition, grouped in joins:
            on = condition if isinstance(condition, n.Expr) else None
            using = condition if isinstance(condition, tuple) else ()
            inner = n.Group(right, None) if grouped else right
            left = n.Join(kind, left, inner, natural and kind != ",", on, using)
        return left

    kinds = st.sampled_from([",", "INNER", "CROSS", "LEFT", "RIGHT", "FULL"])
    conditions = st.one_of(st.none(), expr, tuples(st.builds(n.Name, NAMES), 1))
    joins = st.lists(st.tuples(kinds, single, st.booleans(), conditions, st.booleans()), max_size=2)
    return st.one_of(single, st.builds(joined, single, joins), st.builds(n.Group, single, alias))


def columns(expr: st.SearchStrategy[n.Expr], least: int = 1) -> st.SearchStrategy[tuple[Any, ...]]:
    stars = st.one_of(st.just(n.Star()), st.builds(n.Star, paths(4)))
    return tuples(st.one_of(stars, st.builds(n.ResultColumn, expr, maybe(NAMES))), least)


def selects(expr: st.SearchStrategy[n.Expr], depth: int = 1) -> st.SearchStrategy[n.Select]:
    small = st.builds(
        lambda found: n.Select((n.SelectCore(found),)), columns(expr)
    )  # a SELECT inside may be no larger than this
    inner = selects(expr, depth - 1) if depth else small
    core = st.builds(
        n.SelectCore,
        columns(expr),
        maybe(sources(expr, inner)),
        maybe(expr),
        tuples(expr, 0, 2),
        maybe(expr),
        tuples(st.builds(n.NamedWindow, NAMES, windows(expr)), 0, 1),
        st.booleans(),
    )
    values = st.builds(n.Values, tuples(tuples(expr, 1), 1))
    cte = st.builds(n.Cte, NAMES, tuples(st.builds(n.Name, NAMES), 0, 2), inner, st.sampled_from([None, True, False]))
    with_ = maybe(st.builds(n.With, tuples(cte, 1, 2), st.booleans()))
    operators = st.sampled_from(["UNION", "UNION ALL", "INTERSECT", "EXCEPT"])

    def built(
        cores: list[Any],
        signs: list[str],
        with_: n.With | None,
        terms: Any,
        limit: n.Expr | None,
        offset: n.Expr | None,
    ) -> n.Select:
        bare = isinstance(cores[-1], n.Values)
        return n.Select(
            tuple(cores),
            tuple(signs[: len(cores) - 1]),
            with_,
            () if bare else terms,
            None if bare else limit,
            None if bare or limit is None else offset,
        )

    return st.builds(
        built,
        st.lists(st.one_of(core, core, values), min_size=1, max_size=2),
        st.lists(operators, min_size=1, max_size=1),
        with_,
        order_terms(expr),
        maybe(expr),
        maybe(expr),
    )


def execs(expr: st.SearchStrategy[n.Expr]) -> st.SearchStrategy[n.Exec]:
    hints = st.sampled_from([(), ("AWAIT",), ("SHOWRESULTS", "AWAIT")])
    args = tuples(st.builds(n.Argument, NAMES, expr), 0, 2)
    return st.builds(n.Exec, st.lists(NAMES, min_size=2, max_size=5).map(tuple), args, maybe(expr), hints)


EXPRS = st.recursive(LEAVES, exprs, max_leaves=6)
SELECTS = selects(LEAVES)


def writes(expr: st.SearchStrategy[n.Expr]) -> st.SearchStrategy[n.Statement]:
    table = st.builds(n.TableRef, paths(4), maybe(NAMES))
    name = st.builds(n.Name, NAMES)
    assignments = tuples(st.builds(n.Assignment, tuples(name, 1, 2), expr), 1, 2)
    hints = st.sampled_from([(), ("AWAIT",)])
    returning = columns(expr, 0)
    conflict = st.builds(n.Conflict, tuples(expr, 1, 2), maybe(expr), assignments, maybe(expr))
    nothing = st.builds(n.Conflict, tuples(expr, 0, 2))
    values = st.builds(lambda rows: n.Select((n.Values(rows),)), tuples(tuples(expr, 1), 1))
    changed = (table, st.one_of(st.just(()), assignments), maybe(expr), returning, st.none(), hints)
    return st.one_of(
        st.builds(n.Insert, table, tuples(name), maybe(SELECTS), st.none(), returning, st.none(), hints),
        st.builds(n.Insert, table, tuples(name), values, st.one_of(conflict, nothing), returning),
        st.builds(n.Update, *changed),
        st.builds(n.Replace, *changed),
        st.builds(n.Delete, table, maybe(expr), returning, st.none(), hints),
        execs(expr),
    )


def others(expr: st.SearchStrategy[n.Expr]) -> st.SearchStrategy[n.Statement]:
    flag = st.booleans()
    names = tuples(st.builds(n.Name, NAMES), 0, 2)
    key = st.sampled_from([(False, False), (True, False), (True, True)])
    collation = st.one_of(st.just(""), NAMES)

    def defined(name: str, kind: str, key: tuple[bool, bool], not_null: bool, unique: bool, rest: Any) -> n.ColumnDef:
        return n.ColumnDef(name, kind, key[0], key[1], not_null, unique, rest[0], rest[1], rest[2])

    rest = st.tuples(maybe(expr), maybe(expr), collation)
    column = st.builds(defined, NAMES, PLAIN_TEXTS, key, flag, flag, rest)
    constraint = st.one_of(
        st.builds(n.TableConstraint, st.sampled_from(["PRIMARY KEY", "UNIQUE"]), tuples(st.builds(n.Name, NAMES), 1)),
        st.builds(n.TableConstraint, st.just("CHECK"), st.just(()), expr),
    )
    kinds = [
        "PROVIDERS",
        "SERVICES",
        "RESOURCES",
        "METHODS",
        "VIEWS",
        "MATERIALIZED VIEWS",
        "TABLES",
        "AUTH",
        "VERSION",
    ]
    return st.one_of(
        st.builds(
            n.Show, st.sampled_from(kinds), flag, st.one_of(st.just(()), paths(4)), maybe(expr), maybe(expr)
        ),
        st.builds(n.ShowInsert, paths(4), flag),
        st.builds(n.Describe, paths(4), flag),
        st.builds(n.DescribeMethod, paths(5), flag),
        st.builds(n.Explain, SELECTS, flag, flag),
        st.builds(n.CreateView, paths(2), SELECTS, names, flag, flag, flag, flag),
        st.builds(n.CreateTable, paths(2), tuples(column, 1), tuples(constraint, 0, 2), st.none(), flag, flag, flag),
        st.builds(n.CreateTable, paths(2), select=SELECTS),
        st.builds(n.Refresh, paths(2)),
        st.builds(n.Drop, st.sampled_from(["VIEW", "MATERIALIZED VIEW", "TABLE"]), paths(2), flag),
        st.builds(n.Use, paths(2)),
        st.builds(n.Set, paths(5), expr, st.sampled_from(["", "SESSION", "GLOBAL", "LOCAL"])),
        st.builds(n.Reset, st.one_of(st.just(()), paths(5))),
        st.builds(n.Rollback, st.one_of(st.just(""), NAMES)),
        st.builds(n.Savepoint, NAMES),
        st.builds(n.Release, NAMES),
        st.builds(n.RegistryList, st.one_of(st.just(""), NAMES)),
        st.builds(n.RegistryPull, NAMES, PLAIN_TEXTS),
        st.builds(n.Purge, st.one_of(st.just(""), NAMES)),
        st.builds(n.Sleep, expr),
        st.builds(n.NativeQuery, expr),
        st.builds(n.Copy, SELECTS, expr, st.one_of(st.just(""), NAMES)),
        st.builds(n.Auth, st.just("LOGIN"), NAMES, st.just("INTERACTIVE"), maybe(expr)),
    )  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(EXPRS)
def test_expressions_come_back(expr: n.Expr) -> None:
    select = n.Select((n.SelectCore((n.ResultColumn(expr),)),))
    assert parse_one(to_sql(select)) == select


@settings(max_examples=60, deadline=None)
@given(SELECTS)
def test_selects_come_back(select: n.Select) -> None:
    assert parse_one(to_sql(select)) == select


@settings(max_examples=60, deadline=None)
@given(writes(LEAVES))
def test_writes_come_back(statement: n.Statement) -> None:
    assert parse_one(to_sql(statement)) == statement


@settings(max_examples=80, deadline=None)
@given(others(LEAVES))
def test_other_statements_come_back(statement: n.Statement) -> None:
    assert parse_one(to_sql(statement)) == statement


WORDS_AND_SIGNS = """
    SELECT FROM WHERE a b t ( ( ) ) , . * + - || = <> 1 1.5 's' AND OR NOT IN IS NULL BETWEEN LIKE JOIN LEFT ON USING
    GROUP BY ORDER LIMIT VALUES WITH AS UNION CASE WHEN THEN END EXISTS CAST OVER FILTER WINDOW INSERT INTO UPDATE SET
    DELETE EXEC @x @@json SHOW DESCRIBE METHOD CREATE VIEW TABLE DROP EXPLAIN RETURNING CONFLICT DO ? :p x'00' [ ] " '
    ` \\ { } REGISTRY PULL ; -- /* */ '{{a}}' {{b}} <<<json{}>>> /*+AWAIT*/ 'x {{ {{
"""
VOCABULARY = st.sampled_from(WORDS_AND_SIGNS.split())


def reads_or_refuses(text: str | bytes) -> None:
    found: n.Script | SqlSyntaxError
    try:
        found = parse_script(text)
    except SqlSyntaxError as error:
        found = error
    except LimitError:
        return
    if isinstance(found, SqlSyntaxError):
        assert 0 <= found.position <= len(found.text)
        return
    assert all(isinstance(statement, n.Statement) for statement in found.statements)
    assert all(0 <= statement.pos <= statement.end <= len(text) for statement in found.statements)


@settings(max_examples=150, deadline=None)
@given(st.text())
def test_any_text(text: str) -> None:
    reads_or_refuses(text)
    reads_or_refuses(f"SELECT {text}")


@settings(max_examples=100, deadline=None)
@given(st.binary())
def test_any_bytes(data: bytes) -> None:
    reads_or_refuses(data)
    reads_or_refuses(b"SELECT " + data)


@settings(max_examples=250, deadline=None)
@given(st.lists(VOCABULARY, max_size=25), st.sampled_from([" ", "", "\n"]))
def test_any_tokens(tokens: list[str], gap: str) -> None:
    reads_or_refuses(gap.join(tokens))
    reads_or_refuses("SELECT a FROM t " + gap.join(tokens))


@settings(max_examples=25, deadline=None)
@given(VOCABULARY, VOCABULARY, st.integers(1, 3000))
def test_any_depth(one: str, two: str, times: int) -> None:
    reads_or_refuses("SELECT " + f"{one} {two} " * times)
    reads_or_refuses("SELECT " + f"{one} " * times + f"{two} " * times)


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=5,
)
TEMPLATES = (
    "SELECT '{{ x }}', {{ x }} FROM t WHERE a = '{{ x }}' AND b > {{ x }} - {{ x }} ORDER BY -{{ x }} LIMIT {{ x }}",
    "SELECT NOT {{ x }} COLLATE nocase, ({{ x }}, '{{ x }}{{ x }}') IN ({{x}}, {{x}}), a IS {{ x }} FROM f({{x}})",
)


def shape(tree: n.Node) -> list[str]:
    """The kinds of the tree's nodes, a constant being a constant."""
    constants = (n.Literal, n.Placeholder, n.StringTemplate)
    whole = n.walk(tree, into=lambda node: not isinstance(node, constants))
    return ["constant" if isinstance(node, constants) else type(node).__name__ for node in whole]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(TEMPLATES), VALUES)
def test_no_value_changes_the_shape(text: str, value: Any) -> None:
    template = parse_one(text)
    tree: n.Statement | None = None
    place = text.index("{{")
    try:
        tree = substitute(template, {"x": value}, text)
    except BindError as error:
        place = error.position
    assert text[place : place + 2] == "{{"
    if tree is None:
        return
    assert shape(tree) == shape(template)
    printed = to_sql(tree)
    if value is None or "CAST(x'" in printed:  # `a IS NULL` has a node of its own, and so has a text with a NUL
        return
    again = Parser(printed, extended=False).script().statements[0]
    assert shape(again) == shape(tree)
