"""The statements beyond SELECT: writes, SHOW and DESCRIBE, the workspace, the session, blocks; and back to text."""

from __future__ import annotations

import pytest

from quaestor.errors import SqlSyntaxError
from quaestor.sql.nodes import (
    Argument,
    Assignment,
    Auth,
    Begin,
    Binary,
    Block,
    ColumnDef,
    ColumnRef,
    Commit,
    Conflict,
    Copy,
    CreateTable,
    CreateView,
    Delete,
    Describe,
    DescribeMethod,
    Drop,
    Exec,
    Explain,
    Insert,
    Like,
    Literal,
    Name,
    NativeQuery,
    Placeholder,
    Purge,
    Refresh,
    RegistryList,
    RegistryPull,
    Release,
    Replace,
    Reset,
    ResultColumn,
    Rollback,
    RowValue,
    Savepoint,
    Script,
    Select,
    SelectCore,
    Set,
    Show,
    ShowInsert,
    Sleep,
    Star,
    Statement,
    StringTemplate,
    TableConstraint,
    TableRef,
    Update,
    Use,
    Values,
)
from quaestor.sql.parser import parse, parse_one, parse_script
from quaestor.sql.printer import to_sql

A, B = ColumnRef(("a",)), ColumnRef(("b",))
ONE, TWO = Literal("integer", 1), Literal("integer", 2)
X = Literal("string", "x")
T = TableRef(("t",))
OKTA = TableRef(("okta", "users", "users"))
ONE_A = Select((SelectCore((ResultColumn(A),)),))
SET_A = (Assignment((Name("a"),), ONE),)
WHERE = Binary("=", A, X)

STATEMENTS: list[tuple[str, Statement]] = [
    # INSERT
    ("INSERT INTO okta.users.users (a, b) VALUES (1, 2)",
     Insert(OKTA, (Name("a"), Name("b")), Select((Values(((ONE, TWO),)),)))),
    ("INSERT INTO t (data__type, \"page[size]\", limit, group, order) SELECT a",
     Insert(T, tuple(map(Name, ("data__type", "page[size]", "limit", "group", "order"))), ONE_A)),
    ("INSERT INTO t SELECT a RETURNING a, *", Insert(T, (), ONE_A, returning=(ResultColumn(A), Star()))),
    ("INSERT /*+ AWAIT */ INTO t DEFAULT VALUES", Insert(T, hints=("AWAIT",))),
    ("INSERT INTO t AS x (a) VALUES (1) ON CONFLICT DO NOTHING",
     Insert(TableRef(("t",), "x"), (Name("a"),), Select((Values(((ONE,),)),)), Conflict())),
    ("INSERT INTO t (a) VALUES (1) ON CONFLICT (a) WHERE b DO UPDATE SET a = 1 WHERE b RETURNING a",
     Insert(T, (Name("a"),), Select((Values(((ONE,),)),)), Conflict((A,), B, SET_A, B), (ResultColumn(A),))),
    # UPDATE, REPLACE, DELETE
    ("UPDATE okta.users.users SET a = 1 WHERE a = 'x' RETURNING b",
     Update(OKTA, SET_A, WHERE, (ResultColumn(B),))),
    ("UPDATE t SET limit = 1, (order, b) = (1, 2)",
     Update(T, (Assignment((Name("limit"),), ONE), Assignment((Name("order"), Name("b")), RowValue((ONE, TWO)))))),
    ("UPDATE /*+ AWAIT */ t SET a = 1", Update(T, SET_A, hints=("AWAIT",))),
    ("UPDATE t SET\n-- No updatable properties\nWHERE a = 'x'", Update(T, (), WHERE)),
    ("UPDATE t SET /* nothing */ RETURNING a", Update(T, (), None, (ResultColumn(A),))),
    ("REPLACE t SET a = 1 WHERE a = 'x'", Replace(T, SET_A, WHERE)),
    ("DELETE FROM okta.users.users WHERE a = 'x' RETURNING *", Delete(OKTA, WHERE, (Star(),))),
    ("DELETE /*+ AWAIT */ FROM t", Delete(T, hints=("AWAIT",))),
    # EXEC
    ("EXEC okta.users.users.list", Exec(("okta", "users", "users", "list"))),
    ("exec a.b.c.d @x = 'x', @limit = 1", Exec(("a", "b", "c", "d"), (Argument("x", X), Argument("limit", ONE)))),
    ("EXEC a.b.c.d @x='x' @@json='x'", Exec(("a", "b", "c", "d"), (Argument("x", X),), X)),
    ("EXEC a.b.c.d @x='x', @@JSON='x'", Exec(("a", "b", "c", "d"), (Argument("x", X),), X)),
    ("EXEC a.b.c.d @@json='x'", Exec(("a", "b", "c", "d"), (), X)),
    ("EXEC a.b.c.d @\"page[size]\" = 1", Exec(("a", "b", "c", "d"), (Argument("page[size]", ONE),))),
    ("EXEC /*+ SHOWRESULTS */ /*+ AWAIT */ a.b.c.d", Exec(("a", "b", "c", "d"), hints=("SHOWRESULTS", "AWAIT"))),
    ("EXEC a.b.c.d @x='{{ x }}' --required,\n@y={{ y }}\n, @z=1 /* required, */ @w=1 --required",
     Exec(("a", "b", "c", "d"), (
         Argument("x", StringTemplate((Placeholder(("x",)),))), Argument("y", Placeholder(("y",))),
         Argument("z", ONE), Argument("w", ONE)))),
    # SHOW, DESCRIBE, EXPLAIN
    ("SHOW PROVIDERS", Show("PROVIDERS")),
    ("SHOW EXTENDED SERVICES IN okta LIKE 'x'", Show("SERVICES", True, ("okta",), X)),
    ("SHOW RESOURCES IN okta.users WHERE a = 'x'", Show("RESOURCES", False, ("okta", "users"), None, WHERE)),
    ("SHOW METHODS FROM okta.users.users", Show("METHODS", False, ("okta", "users", "users"))),
    ("SHOW VIEWS", Show("VIEWS")),
    ("SHOW MATERIALIZED VIEWS", Show("MATERIALIZED VIEWS")),
    ("SHOW TABLES LIKE 'x' WHERE a = 'x'", Show("TABLES", False, (), X, WHERE)),
    ("SHOW CONNECTIONS", Show("CONNECTIONS")),
    ("SHOW EXTENDED VERSION", Show("VERSION", True)),
    ("SHOW AUTH okta", Show("AUTH", False, ("okta",))),
    ("SHOW TRANSACTION ISOLATION LEVEL", Show("TRANSACTION ISOLATION LEVEL")),
    ("SHOW INSERT INTO okta.users.users", ShowInsert(("okta", "users", "users"))),
    ("SHOW INSERT /*+ REQUIRED */ INTO okta.users.users", ShowInsert(("okta", "users", "users"), True)),
    ("DESCRIBE okta.users.users", Describe(("okta", "users", "users"))),
    ("DESC EXTENDED okta.groups.group", Describe(("okta", "groups", "group"), True)),
    ("DESCRIBE FULL t", Describe(("t",), True)),
    ("DESCRIBE extended", Describe(("extended",))),
    ("DESCRIBE method", Describe(("method",))),
    ("DESCRIBE METHOD a.b.c.d", DescribeMethod(("a", "b", "c", "d"))),
    ("DESCRIBE METHOD EXTENDED a.b.c.d", DescribeMethod(("a", "b", "c", "d"), True)),
    ("EXPLAIN SELECT a", Explain(ONE_A)),
    ("EXPLAIN ANALYZE SELECT a", Explain(ONE_A, analyze=True)),
    ("EXPLAIN QUERY PLAN SELECT a", Explain(ONE_A, query_plan=True)),
    ("EXPLAIN DELETE FROM t", Explain(Delete(T))),
    # views and tables
    ("CREATE VIEW v AS SELECT a", CreateView(("v",), ONE_A)),
    ("CREATE OR REPLACE TEMPORARY VIEW IF NOT EXISTS w.v (x, y) AS SELECT a",
     CreateView(("w", "v"), ONE_A, (Name("x"), Name("y")), False, True, True, True)),
    ("CREATE MATERIALIZED VIEW v AS VALUES (1)", CreateView(("v",), Select((Values(((ONE,),)),)), (), True)),
    ("CREATE TABLE t AS SELECT a", CreateTable(("t",), select=ONE_A)),
    ("CREATE TEMP TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY AUTOINCREMENT, a varchar(10) NOT NULL UNIQUE, "
     "b DEFAULT -1 CHECK (b) COLLATE nocase, c double precision DEFAULT (1 + 1), PRIMARY KEY (a, b), "
     "UNIQUE (a), CHECK (a))",
     CreateTable(("t",), (
         ColumnDef("id", "INTEGER", primary_key=True, autoincrement=True),
         ColumnDef("a", "varchar(10)", not_null=True, unique=True),
         ColumnDef("b", default=Literal("integer", -1), check=B, collation="nocase"),
         ColumnDef("c", "double precision", default=Binary("+", ONE, ONE)),
     ), (
         TableConstraint("PRIMARY KEY", (Name("a"), Name("b"))), TableConstraint("UNIQUE", (Name("a"),)),
         TableConstraint("CHECK", (), A),
     ), temporary=True, if_not_exists=True)),
    ("REFRESH MATERIALIZED VIEW v", Refresh(("v",))),
    ("DROP VIEW v", Drop("VIEW", ("v",))),
    ("DROP MATERIALIZED VIEW IF EXISTS w.v", Drop("MATERIALIZED VIEW", ("w", "v"), True)),
    ("DROP TABLE t", Drop("TABLE", ("t",))),
    # session
    ("USE okta", Use(("okta",))),
    ("USE okta.users", Use(("okta", "users"))),
    ("SET \"$.auth.okta.type\" = 'x'", Set(("$.auth.okta.type",), X)),
    ("SET SESSION a.b = 1", Set(("a", "b"), ONE, "SESSION")),
    ("SET a TO 1", Set(("a",), ONE)),
    ("RESET a.b", Reset(("a", "b"))),
    ("RESET ALL", Reset()),
    ("BEGIN", Begin()), ("BEGIN TRANSACTION", Begin()), ("START TRANSACTION", Begin()), ("BEGIN WORK", Begin()),
    ("COMMIT", Commit()), ("COMMIT TRANSACTION", Commit()),
    ("ROLLBACK", Rollback()), ("ROLLBACK TO s", Rollback("s")),
    ("ROLLBACK TRANSACTION TO SAVEPOINT s", Rollback("s")),
    ("SAVEPOINT s", Savepoint("s")),
    ("RELEASE s", Release("s")), ("RELEASE SAVEPOINT s", Release("s")), ("RELEASE savepoint", Release("savepoint")),
    ("REGISTRY LIST", RegistryList()), ("REGISTRY LIST okta", RegistryList("okta")),
    ("REGISTRY PULL okta", RegistryPull("okta")),
    ("REGISTRY PULL okta v23.01.00104", RegistryPull("okta", "v23.01.00104")),
    ("REGISTRY PULL okta 'v1'", RegistryPull("okta", "v1")),
    ("PURGE", Purge()), ("PURGE CONSERVATIVE", Purge("CONSERVATIVE")),
    ("SLEEP 100", Sleep(Literal("integer", 100))),
    ("NATIVEQUERY 'x'", NativeQuery(X)),
    ("COPY (SELECT a) TO 'x'", Copy(ONE_A, X)), ("COPY (SELECT a) TO 'x' (FORMAT csv)", Copy(ONE_A, X, "csv")),
    ("AUTH LOGIN google", Auth("LOGIN", "google")),
    ("AUTH LOGIN google SERVICEACCOUNT 'x'", Auth("LOGIN", "google", "SERVICEACCOUNT", X)),
    ("AUTH LOGIN google INTERACTIVE", Auth("LOGIN", "google", "INTERACTIVE")),
    ("AUTH REVOKE google", Auth("REVOKE", "google")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), STATEMENTS, ids=[text for text, _ in STATEMENTS])
def test_statements(text: str, expected: Statement) -> None:
    found = parse_one(text + " ;")
    assert found == expected
    assert text[found.pos : found.end] == text.removesuffix(" --required")
    assert parse_one(to_sql(found)) == found


def test_the_select_of_an_insert_may_end_in_a_join() -> None:
    for end in ("ON CONFLICT (a) DO NOTHING", "ON CONFLICT DO NOTHING"):
        found = parse_one(f"INSERT INTO t SELECT * FROM t JOIN u {end}")
        assert isinstance(found, Insert)
        assert found.conflict is not None
    # elsewhere it is a column or function of this name
    parse_one("SELECT * FROM t JOIN u ON conflict (a)")
    like = parse_one("SHOW TABLES LIKE 'a%'")
    assert isinstance(like, Show)
    assert not isinstance(like.like, Like)


def test_blocks() -> None:
    text = '<<<json\n{"a": {"b": 1}}\n>>>\nSELECT {{ a.b }}; <<<jsonnet {"c": 2} >>> SELECT {{ .c }}'
    script = parse_script(text)
    assert isinstance(script, Script)
    assert script.blocks == (Block("json", '\n{"a": {"b": 1}}\n'), Block("jsonnet", ' {"c": 2} '))
    assert len(script.statements) == 2
    with pytest.raises(SqlSyntaxError, match="can only stand in a script"):
        parse(text)
    for wrong in ("<<<yaml a: 1 >>>", "<<<>>>"):
        with pytest.raises(SqlSyntaxError, match="begins with its kind"):
            parse_script(wrong)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("INSERT OR REPLACE INTO t VALUES (1)", "'INTO' should follow", "ON CONFLICT"),
        ("INSERT IGNORE INTO t VALUES (1)", "'INTO' should follow", "ON CONFLICT"),
        ("REPLACE INTO t VALUES (1)", "a table should follow", "upserts"),
        ("INSERT INTO t (a, b)", "the statement ends where VALUES or SELECT should follow", ""),
        ("INSERT INTO t VALUES (1) ON CONFLICT (a)", "'DO' should follow", ""),
        ("INSERT /*+ FAST */ INTO t VALUES (1)", "'FAST' is not a hint of this statement", "AWAIT"),
        ("UPDATE t SET a = 1 FROM u", "'WHERE' should follow", "subqueries"),
        ("UPDATE t SET WHERE a = 1", "", ""),
        ("DELETE t WHERE a = 1", "'FROM' should follow", ""),
        ("DELETE FROM t LIMIT 1", "the end of the statement should follow", ""),
        ("EXEC a.b.c.d @x = 1 @y = 2", "',' should follow", ""),
        ("EXEC a.b.c.d @x", "'=' should follow", ""),
        ("EXEC a.b.c.d @x = 1,", "", ""),
        ("EXEC a.b.c.d @@yaml = 'x'", "'@@json' should follow", ""),
        ("SHOW", "the statement ends where one of PROVIDERS, SERVICES", ""),
        ("SHOW COLUMNS", "one of PROVIDERS, SERVICES", ""),
        ("DESCRIBE a.b.c.d.e", "a name of at most 4 parts should follow", ""),
        ("CREATE INDEX i ON t (a)", "VIEW, MATERIALIZED VIEW or TABLE should follow", ""),
        ("CREATE TABLE t (a REFERENCES u)", "')' should follow", ""),
        ("CREATE VIEW v AS DELETE FROM t", "'SELECT' should follow", ""),
        ("ALTER TABLE t ADD a", "'ALTER' begins no statement", ""),
        ("TRUNCATE t", "'TRUNCATE' begins no statement", ""),
        ("PRAGMA x", "'PRAGMA' begins no statement", ""),
        ("REFRESH VIEW v", "'MATERIALIZED' should follow", ""),
        ("SHW PROVIDERS", "'SHW' begins no statement", "did you mean 'SHOW'"),
        ("REGISTRY PUSH x", "one of LIST, PULL should follow", ""),
        ("BEGIN IMMEDIATE", "the end of the statement should follow", ""),
        ("EXPLAIN", "the statement ends where a statement should follow", ""),
    ],
)
def test_what_is_wrong_is_said(text: str, message: str, hint: str) -> None:
    with pytest.raises(SqlSyntaxError) as caught:
        parse(text)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.text == text
    assert 0 <= caught.value.position <= len(text)


@pytest.mark.parametrize(
    ("text", "position", "message", "hint"),
    [
        ("SELECT a FORM t", 14, "'t' is not expected here: the end of the statement", "is 'FORM' meant for FROM?"),
        ("SELECT a FROM t WHER a = 1", 21, "'a' is not expected here", "is 'WHER' meant for WHERE?"),
        ("SELECT a,", 9, "the statement ends where an expression should follow", ""),
        ("SELECT 1 +;", 10, "';' is not expected here: an expression should follow", ""),
        ("SELECT (1", 9, "the statement ends where ')' should follow", ""),
        ("SELECT a FROM", 13, "the statement ends where a table should follow", ""),
        ("SELECT 'abc", 7, "this string is not closed", ""),
        ('SELECT "abc', 7, "this quoted name is not closed", ""),
        ("SELECT 12abc", 7, "'12abc' is not a number", ""),
        ("SELECT x'abc'", 7, "is not a blob", ""),
        ("SELECT a ! b", 9, "'!' begins nothing", ""),
        ("SELECT a::text", 8, "':' begins nothing", "a cast is CAST(x AS type)"),
        ("SELECT * FROM t INDEXED BY i", 16, "", "INDEXED BY means nothing here"),
        ("SELECT * FROM t NOT INDEXED", 16, "", "INDEXED BY means nothing here"),
        ("SELECT a b c", 11, "'c' is not expected here", ""),
        ("SELECT CASE a END", 14, "'WHEN' should follow", ""),
        ("SELECT a NOT b", 13, "NULL, IN, BETWEEN, LIKE, GLOB, REGEXP or MATCH should follow", ""),
        ("SELECT 0x12345678901234567", 7, "has more than 64 bits", ""),
        ("(SELECT 1)", 0, "'(' is not expected here: a statement should follow", ""),
        ("SELECT a FROM b.c.d.e.f", 21, "a name of at most 4 parts should follow", ""),
    ],
)  # fmt: skip
def test_where_it_is_wrong(text: str, position: int, message: str, hint: str) -> None:
    with pytest.raises(SqlSyntaxError) as caught:
        parse(text)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.position == position
