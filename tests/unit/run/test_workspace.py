"""The workspace over a scripted transport: what is kept, what a name means, what is refused."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from quaestor.catalog.store import Store, open_catalog
from quaestor.config import Settings
from quaestor.errors import BindError, EvaluationError, ServerError, UnsupportedError, WorkspaceError
from quaestor.fetch.http import CancelToken, HttpRequest, HttpResponse
from quaestor.run.engine import Connection, connect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ENV = {"OKTA_API_TOKEN": "t0ken-of-okta", "OKTA_SUBDOMAIN": "acme"}
USERS = [{"id": f"u{n}", "status": "ACTIVE" if n % 2 else "STAGED", "profile": {"login": f"{n}@x"}} for n in range(4)]


class Org:
    """Answers for a few users and their factors, and notes what is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.fails = False

    def send(self, request: HttpRequest, cancel: CancelToken) -> HttpResponse:
        path = request.url.removeprefix("https://acme.okta.com/api/v1")
        self.asked.append(path)
        if self.fails:
            return HttpResponse(501, (), b"{}", request.url)
        body: Any = USERS
        if path.endswith("/factors"):
            user = path.split("/")[2]
            body = [{"id": f"f-{user}", "factorType": "push"}]
        elif "filter" in path or "search" in path:
            body = []
        return HttpResponse(200, (("content-type", "application/json"),), json.dumps(body).encode(), request.url)

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture(scope="module")
def catalog() -> Iterator[Store]:
    with open_catalog() as store:
        yield store


@pytest.fixture
def org() -> Org:
    return Org()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "workspace.db"


@pytest.fixture
def con(catalog: Store, org: Org, file: Path) -> Iterator[Connection]:
    settings = Settings(workspace=str(file), pushdown=False)
    with connect(settings, transport=org, catalog=catalog, env=ENV) as connection:
        yield connection


def rows(con: Connection, text: str, *params: Any) -> list[tuple[Any, ...]]:
    return con.sql(text, params or None).fetchall()


# ------------------------------------------------------------------------------------------------- views


def test_a_view_passes_conditions_on(con: Connection, org: Org) -> None:
    con.sql("CREATE VIEW factors AS SELECT id, factorType, userId FROM okta.users.factors")
    assert rows(con, "SELECT id FROM factors WHERE userId = 'u1'") == [("f-u1",)]
    assert rows(con, "SELECT id FROM factors f WHERE f.userId IN ('u1', 'u2') ORDER BY id") == [("f-u1",), ("f-u2",)]
    assert rows(con, "SELECT id FROM factors WHERE userId = ?", "u3") == [("f-u3",)]
    assert org.asked == ["/users/u1/factors", "/users/u1/factors", "/users/u2/factors", "/users/u3/factors"]


def test_a_parameter_that_the_view_does_not_show_passes_through(con: Connection, org: Org) -> None:
    con.sql("CREATE VIEW kinds AS SELECT factorType FROM okta.users.factors")
    con.sql("CREATE VIEW outer_kinds AS SELECT * FROM kinds")
    assert rows(con, "SELECT * FROM kinds WHERE userId = 'u1'") == [("push",)]
    assert rows(con, "SELECT * FROM outer_kinds o WHERE o.userId = 'u2'") == [("push",)]
    assert org.asked == ["/users/u1/factors", "/users/u2/factors"]


def test_a_join_gives_a_view_its_keys(con: Connection, org: Org) -> None:
    con.sql("CREATE VIEW factors AS SELECT id, userId FROM okta.users.factors")
    con.sql("CREATE TABLE chosen(user_id TEXT)")
    con.sql("INSERT INTO chosen VALUES ('u1'), ('u3')")
    text = "SELECT f.id FROM chosen c LEFT JOIN factors f ON f.userId = c.user_id ORDER BY 1"
    assert rows(con, text) == [("f-u1",), ("f-u3",)]
    assert sorted(org.asked) == ["/users/u1/factors", "/users/u3/factors"]


@pytest.mark.parametrize(
    ("view", "outside", "expected"),
    [
        # a LIMIT, a window or a group counts rows that the condition outside leaves out
        ("SELECT id, userId FROM okta.users.factors ORDER BY userId LIMIT 1", "userId = 'u2'", []),
        ("SELECT userId, count(*) OVER () AS n FROM okta.users.factors", "userId = 'u2'", [("u2", 4)]),
        ("SELECT userId, count(*) AS n FROM okta.users.factors GROUP BY userId", "userId = 'u2'", [("u2", 1)]),
        ("SELECT max(userId) AS userId FROM okta.users.factors", "userId = 'u2'", []),
        ("SELECT userId FROM okta.users.factors UNION SELECT 'u2'", "userId = 'u2'", [("u2",)]),
        ("SELECT userId FROM okta.users.factors EXCEPT SELECT 'u2'", "userId = 'u2'", []),
    ],
)
def test_a_condition_outside_never_changes_what_a_view_is(
    con: Connection, view: str, outside: str, expected: list[Any]
) -> None:
    con.sql(f"CREATE VIEW v AS {view}")
    assert rows(con, f"SELECT * FROM v WHERE {outside}") == expected


def test_a_view_on_the_side_that_a_join_fills_keeps_the_other_rows(con: Connection) -> None:
    con.sql("CREATE VIEW factors AS SELECT id, userId FROM okta.users.factors")
    con.sql("CREATE TABLE c(k TEXT)")
    con.sql("INSERT INTO c VALUES ('u1'), ('u2')")
    text = "SELECT c.k, f.id FROM c LEFT JOIN factors f ON f.userId = c.k AND f.userId = 'u1' ORDER BY 1"
    assert rows(con, text) == [("u1", "f-u1"), ("u2", None)]


def test_a_view_keeps_what_USE_named(con: Connection) -> None:
    con.sql("USE okta.users")
    con.sql("CREATE VIEW v AS SELECT count(*) AS n FROM users WHERE status = 'ACTIVE'")
    con.sql("USE datadog")
    assert rows(con, "SELECT n FROM v") == [(2,)]


def test_views_of_views_and_circles(con: Connection) -> None:
    con.sql("CREATE VIEW a AS SELECT id FROM okta.users.users")
    con.sql("CREATE VIEW b AS SELECT id FROM a")
    assert len(rows(con, "SELECT * FROM b")) == 4
    with pytest.raises(BindError, match="made of itself: b → a → b"):
        con.sql("CREATE OR REPLACE VIEW a AS SELECT id FROM b")
    assert len(rows(con, "SELECT * FROM b")) == 4


def test_what_is_wrong_in_a_view_names_the_view(con: Connection, file: Path) -> None:
    con.sql("CREATE VIEW v AS SELECT id FROM okta.users.users")
    with sqlite3.connect(file) as db:
        db.execute("UPDATE _quaestor_views SET sql = 'SELECT id FROM okta.users.people'")
    db.close()
    with pytest.raises(
        BindError, match=r"in the view v: there is no resource in okta\.users called people"
    ) as caught:
        con.sql("SELECT 1, id FROM v")
    assert caught.value.position == 18


def test_a_view_shows_its_own_columns(con: Connection) -> None:
    con.sql("CREATE VIEW v(who, n) AS SELECT id, length(id) + 1 FROM okta.users.users")
    assert [row[0] for row in con.sql("DESCRIBE v")] == ["who", "n"]
    assert rows(con, "SELECT n FROM v WHERE who = 'u1'") == [(3,)]
    con.sql("CREATE VIEW w AS SELECT id, length(id) + 1 FROM okta.users.users")
    assert [row[0] for row in con.sql("DESCRIBE w")] == ["id", "length(id) + 1"]


def test_a_view_has_no_parameters_but_values_of_placeholders(con: Connection) -> None:
    with pytest.raises(BindError, match="can't have parameters"):
        con.sql("CREATE VIEW v AS SELECT ?", [1])
    con.sql("CREATE VIEW v AS SELECT '{{ x }}' AS x", variables={"x": "it's"})
    assert rows(con, "SELECT * FROM v") == [("it's",)]


# ----------------------------------------------------------------------------------- materialized views


def test_a_materialized_view_is_read_once_and_again_when_told(con: Connection, org: Org) -> None:
    made = con.sql("CREATE MATERIALIZED VIEW m AS SELECT id, status, profile FROM okta.users.users")
    assert made.message == "materialized view m created with 4 rows"
    asked = len(org.asked)
    assert rows(con, "SELECT count(*) FROM m WHERE status = 'ACTIVE'") == [(2,)]
    assert len(org.asked) == asked
    assert con.sql("REFRESH MATERIALIZED VIEW m").message == "materialized view m refreshed with 4 rows"
    assert len(org.asked) == 2 * asked
    assert dict(con.sql("DESCRIBE m").fetchall()) == {"id": "string", "status": "string", "profile": "object"}


def test_a_refresh_that_fails_leaves_the_old_rows(con: Connection, org: Org) -> None:
    con.sql("CREATE MATERIALIZED VIEW m AS SELECT id FROM okta.users.users")
    org.fails = True
    with pytest.raises(ServerError):
        con.sql("REFRESH MATERIALIZED VIEW m")
    with pytest.raises(ServerError):
        con.sql("CREATE OR REPLACE MATERIALIZED VIEW m AS SELECT id, status FROM okta.users.users")
    assert len(rows(con, "SELECT * FROM m")) == 4
    assert [name for name, _ in con.sql("DESCRIBE m")] == ["id"]


def test_nothing_partial_is_kept(catalog: Store, org: Org, file: Path) -> None:
    org.fails = True
    settings = Settings(workspace=str(file), partial=True)
    with (
        connect(settings, transport=org, catalog=catalog, env=ENV) as con,
        pytest.raises(ServerError),
    ):
        con.sql("CREATE TABLE t AS SELECT id FROM okta.users.users")


# ---------------------------------------------------------------------------------------------- tables


def test_rows_of_a_table(con: Connection) -> None:
    con.sql("CREATE TABLE t(k TEXT PRIMARY KEY, n INTEGER DEFAULT 7 CHECK (n > 0), b BOOLEAN)")
    assert con.sql("INSERT INTO t(k) SELECT id FROM okta.users.users").message == "4 rows inserted into t"
    upsert = "INSERT INTO t(k, n) VALUES ('u1', 2), ('new', 3) ON CONFLICT (k) DO UPDATE SET n = t.n + excluded.n"
    assert rows(con, f"{upsert} WHERE excluded.n < 3 RETURNING k, n AS m, n * 2") == [("u1", 9, 18), ("new", 3, 6)]
    assert rows(con, "UPDATE t SET (n, b) = (n + 1, true) WHERE k = 'new' RETURNING *") == [("new", 4, True)]
    gone = "DELETE FROM t WHERE k IN (SELECT id FROM okta.users.users WHERE status = 'STAGED')"
    assert con.sql(gone).message == "2 rows deleted from t"
    with_ = "WITH x AS (SELECT 'u3' AS k) DELETE FROM t WHERE EXISTS (SELECT 1 FROM x WHERE x.k = t.k) RETURNING k"
    assert rows(con, with_) == [("u3",)]
    assert rows(con, "SELECT * FROM t ORDER BY k") == [("new", 4, True), ("u1", 9, None)]
    assert con.sql("INSERT INTO t DEFAULT VALUES").message == "1 row inserted into t"
    assert con.sql("DELETE FROM t").message == "3 rows deleted from t"


@pytest.mark.parametrize(
    ("text", "error", "match"),
    [
        ("INSERT INTO t(kk) VALUES (1)", BindError, "t has no column kk"),
        ("UPDATE t SET kk = 1", BindError, "t has no column kk"),
        ("UPDATE t SET n = nn", BindError, "there is no column nn"),
        ("DELETE FROM t WHERE nn = 1", BindError, "there is no column nn"),
        ("INSERT INTO t(n) VALUES (0)", EvaluationError, "CHECK constraint failed"),
        ("INSERT INTO t(k) VALUES ('a'), ('a')", EvaluationError, "UNIQUE constraint failed"),
        ("INSERT INTO t(k) VALUES (1, 2)", BindError, "2 values for 1 columns"),
        ("REPLACE t SET n = 1 WHERE k = 'a'", BindError, "REPLACE is for resources"),
        ("INSERT INTO v(id) VALUES ('x')", BindError, "v is a view"),
        ("DELETE FROM m", BindError, "m is a materialized view"),
        ("CREATE TABLE t(x)", BindError, "there is a table called t already"),
        ("CREATE OR REPLACE VIEW t AS SELECT 1", BindError, "there is a table called t already"),
        ("CREATE TABLE sqlite_x(x)", BindError, "can't be the name"),
        ("CREATE TABLE okta.x(x)", BindError, "in workspace, or for this session in temp"),
        ("CREATE TABLE x(a TEXT COLLATE NOCASE)", UnsupportedError, "compare byte by byte"),
        ("CREATE TABLE x AS SELECT 1 AS a, 2 AS A", BindError, "two columns would be called A"),
        ("DROP VIEW t", BindError, "t is a table, not a view"),
        ("DROP TABLE tt", BindError, "there is no table called tt"),
        ("REFRESH MATERIALIZED VIEW v", BindError, "v is a view"),
        ("SELECT * FROM tt", BindError, "there is no table tt"),
        ("INSERT INTO information_schema.tables(table_name) VALUES ('x')", BindError, "only for reading"),
    ],
)
def test_bad_input(con: Connection, org: Org, text: str, error: type[Exception], match: str) -> None:
    con.sql("CREATE TABLE t(k TEXT UNIQUE, n INTEGER CHECK (n > 0))")
    con.sql("CREATE VIEW v AS SELECT id FROM okta.users.users")
    con.sql("CREATE MATERIALIZED VIEW m AS SELECT 1 AS x")
    with pytest.raises(error, match=match):
        con.sql(text).fetchall()
    assert rows(con, "SELECT count(*) FROM t") == [(0,)]
    assert not org.asked


def test_if_exists_and_if_not_exists(con: Connection) -> None:
    assert con.sql("DROP TABLE IF EXISTS t").message == "there is no table t"
    con.sql("CREATE TABLE t(x)")
    assert con.sql("CREATE TABLE IF NOT EXISTS t(y)").message == "t is there already"
    assert con.sql("DROP TABLE t").message == "table t dropped"
    assert rows(con, "SHOW TABLES") == []


def test_a_number_of_many_digits_stays_exact(con: Connection, org: Org, monkeypatch: pytest.MonkeyPatch) -> None:
    con.sql("CREATE VIEW big AS SELECT '123456789012345678901234567890' AS n")
    con.sql("CREATE TABLE t AS SELECT n FROM big")
    assert rows(con, "SELECT n, typeof(n) FROM t") == [("123456789012345678901234567890", "text")]


# ----------------------------------------------------------------------------------------------- names


def test_one_name_with_two_meanings(con: Connection) -> None:
    con.sql("CREATE TABLE users(id TEXT)")
    assert rows(con, "SELECT count(*) FROM users") == [(0,)]
    con.sql("USE okta.users")
    with pytest.raises(BindError, match=r"users is two things: workspace\.users, and by USE okta\.users\.users"):
        con.sql("SELECT * FROM users")
    assert rows(con, "SELECT count(*) FROM workspace.users") == [(0,)]
    assert rows(con, "SELECT count(*) FROM okta.users.users") == [(4,)]
    assert rows(con, "WITH users AS (SELECT 1 AS x) SELECT x FROM users") == [(1,)]


def test_objects_of_the_session(catalog: Store, org: Org, con: Connection, file: Path) -> None:
    con.sql("CREATE TEMP TABLE t AS SELECT 1 AS x")
    assert not file.exists()
    con.sql("CREATE TABLE t AS SELECT 2 AS x")
    assert rows(con, "SELECT a.x, b.x, c.x FROM t a, temp.t b, workspace.t c") == [(1, 1, 2)]
    con.sql("CREATE TEMP VIEW v AS SELECT x + 1 AS x FROM t")
    assert rows(con, "SELECT x FROM v") == [(2,)]
    settings = Settings(workspace=str(file), pushdown=False)
    with connect(settings, transport=org, catalog=catalog, env=ENV) as other:
        assert rows(other, "SELECT x FROM t") == [(2,)]
        assert rows(other, "SHOW VIEWS") == []


def test_a_workspace_in_memory_ends_with_the_session(catalog: Store, org: Org) -> None:
    for _ in range(2):
        with connect(Settings(workspace=":memory:"), transport=org, catalog=catalog, env=ENV) as con:
            con.sql("CREATE TABLE t(x)")
            con.sql("INSERT INTO t VALUES (1)")
            assert rows(con, "SELECT * FROM t") == [(1,)]


def test_no_file_is_made_by_reading(con: Connection, file: Path) -> None:
    rows(con, "SHOW TABLES")
    rows(con, "SELECT count(*) FROM information_schema.tables")
    with pytest.raises(BindError):
        con.sql("SELECT * FROM t")
    assert not file.exists()


# ------------------------------------------------------------------------------------- the file itself


def damaged(file: Path) -> None:
    file.write_bytes(b"no database at all" * 500)


def foreign(file: Path) -> None:
    with sqlite3.connect(file) as db:
        db.execute("CREATE TABLE theirs(x)")
    db.close()


def newer(file: Path) -> None:
    with sqlite3.connect(file) as db:
        db.execute("PRAGMA application_id = 0x51737472")
        db.execute("PRAGMA user_version = 99")
        db.execute("CREATE TABLE theirs(x)")
    db.close()


@pytest.mark.parametrize(
    ("spoil", "match"),
    [
        (damaged, "is damaged, or no SQLite file"),
        (foreign, "is no workspace: it is a database of something else"),
        (newer, "was made by a newer Quaestor"),
    ],
)
@pytest.mark.parametrize("text", ["CREATE TABLE t(x)", "SELECT * FROM t", "SHOW TABLES", "INSERT INTO t VALUES (1)"])
def test_a_file_that_cannot_be_used_is_left_alone(
    con: Connection, file: Path, spoil: Any, match: str, text: str
) -> None:
    file.parent.mkdir()
    spoil(file)
    before = file.read_bytes()
    with pytest.raises(WorkspaceError, match=match) as caught:
        con.sql(text)
    assert str(file) in caught.value.message
    assert file.read_bytes() == before


def test_a_locked_file(con: Connection, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quaestor.run.workspace.file.BUSY_S", 0.05)
    con.sql("CREATE TABLE t(x)")
    db = apsw.Connection(str(file))  # the same SQLite: its locks are of a process
    db.execute("BEGIN EXCLUSIVE")
    with pytest.raises(WorkspaceError, match="is locked") as caught:
        con.sql("INSERT INTO t VALUES (1)")
    assert caught.value.retryable
    assert rows(con, "SELECT count(*) FROM t") == [(0,)]  # readers don't wait
    db.execute("ROLLBACK")
    db.close()
    con.sql("INSERT INTO t VALUES (1)")
    assert rows(con, "SELECT count(*) FROM t") == [(1,)]


# ------------------------------------------------------------------------------------ SET and the others


def test_settings_of_a_session(con: Connection) -> None:
    assert con.sql("SET max_requests = 1").message == "max_requests is 1"
    assert con.settings.max_requests == 1
    con.sql("RESET ALL")
    assert con.settings.max_requests == 10_000
    for text, match in (
        ("SET max_requets = 1", "there is no setting max_requets"),
        ("SET output = 'csv'", "output holds for a whole session"),
        ("SET \"$.auth.okta.type\" = 'x'", "credentials aren't changed"),
        ("RESET nonsense", "there is no setting nonsense"),
    ):
        with pytest.raises(BindError, match=match):
            con.sql(text)


@pytest.mark.parametrize(
    "text", ["PURGE", "NATIVEQUERY 'SELECT 1'", "AUTH LOGIN okta", "AUTH REVOKE okta", "SAVEPOINT a", "RELEASE a"]
)
def test_what_we_do_not_do_is_refused_with_the_reason(con: Connection, text: str) -> None:
    with pytest.raises(UnsupportedError) as caught:
        con.sql(text)
    assert caught.value.hint
    assert "not there yet" not in caught.value.message


def test_information_schema(con: Connection) -> None:
    con.sql("CREATE TABLE mine(a TEXT, b INTEGER)")
    where = "table_catalog = 'okta' AND table_schema = 'users' AND table_name = 'factors'"
    columns = dict(rows(con, f"SELECT column_name, kind FROM information_schema.columns WHERE {where}"))
    assert columns["userId"] == "required parameter"
    assert columns["factorType"] == "field"
    assert columns["_raw"] == "hidden"
    assert rows(con, "SELECT table_type FROM information_schema.tables WHERE table_name = 'mine'") == [
        ("LOCAL TABLE",)
    ]
    kinds = "SELECT column_name, data_type FROM information_schema.columns WHERE table_catalog = 'workspace'"
    assert rows(con, kinds) == [("a", "string"), ("b", "integer")]
    text = "SELECT routine_type FROM information_schema.routines WHERE routine_name = 'list_factors' AND resource = ?"
    assert rows(con, text, "factors") == [("SELECT",)]
    for condition in ("table_name = NULL", "table_name = 5", "table_catalog = 'none'"):
        assert rows(con, f"SELECT 1 FROM information_schema.tables WHERE {condition}") == []
    nocase = "SELECT DISTINCT table_name FROM information_schema.tables WHERE table_name = 'FACTORS' COLLATE NOCASE"
    assert ("factors",) in rows(con, nocase)
