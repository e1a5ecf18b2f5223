"""Statements on tables of the workspace do what SQLite does: the same statements, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quaestor.catalog.store import Store, open_catalog
from quaestor.config import Settings
from quaestor.errors import EvaluationError
from quaestor.run.engine import connect

COLUMNS = ("a", "b", "c")
TABLE = "CREATE TABLE {name}(a INTEGER, b TEXT DEFAULT 'none', c REAL, UNIQUE (a, b))"

literals = st.one_of(
    st.integers(-3, 3).map(str),
    st.sampled_from(["NULL", "'x'", "'y'", "'2'", "1.5", "''", "x'00'"]),
)
columns = st.sampled_from(COLUMNS)
values = st.one_of(
    literals,
    columns,
    st.builds("({} || {})".format, columns, literals),
    st.builds("({} + {})".format, columns, literals),
    st.builds("coalesce({}, {})".format, columns, literals),
    st.builds("(SELECT max({}) FROM u WHERE u.a = t.a)".format, columns),
)
conditions = st.one_of(
    st.builds("{} {} {}".format, columns, st.sampled_from(["=", "<>", "<", "IS"]), values),
    st.builds("{} IN (SELECT {} FROM u)".format, columns, columns),
    st.builds("EXISTS (SELECT 1 FROM u WHERE u.{} = t.{})".format, columns, columns),
    st.builds("{} IS NOT NULL AND {} < {}".format, columns, columns, values),
)
rows = st.lists(
    st.tuples(literals, literals, literals).map(lambda row: f"({', '.join(row)})"), min_size=1, max_size=4
)
returning = st.sampled_from(["", " RETURNING *", " RETURNING a, b || 'z' AS z", " RETURNING c IS NULL, a"])
statements = st.one_of(
    st.builds("INSERT INTO t VALUES {}{}".format, rows.map(", ".join), returning),
    st.builds(
        "INSERT INTO t(a, b) VALUES {} ON CONFLICT (a, b) DO {}{}".format,
        st.lists(st.tuples(literals, literals).map(lambda row: f"({', '.join(row)})"), min_size=1, max_size=3).map(
            ", ".join
        ),
        st.sampled_from(["NOTHING", "UPDATE SET c = coalesce(c, 0) + 1", "UPDATE SET c = excluded.a WHERE t.a > 0"]),
        returning,
    ),
    st.builds("INSERT INTO t(b, a) SELECT b, {} FROM u t WHERE {}".format, values, conditions),
    st.builds("UPDATE t SET {} = {} WHERE {}{}".format, columns, values, conditions, returning),
    st.builds("UPDATE t SET (a, c) = ({}, {}){}".format, values, values, returning),
    st.builds("DELETE FROM t WHERE {}{}".format, conditions, returning),
    st.builds("WITH w AS (SELECT a FROM u WHERE b = 'x') DELETE FROM t WHERE a IN (SELECT a FROM w)".format),
)
queries = st.one_of(
    st.builds("SELECT *, {} FROM t WHERE {} ORDER BY rowid".format, values, conditions),
    st.builds("SELECT t.a, u.b FROM t LEFT JOIN u ON t.{} = u.{} ORDER BY t.rowid, u.rowid".format, columns, columns),
    st.builds("SELECT {0}, count(*), sum(c) FROM t GROUP BY {0} ORDER BY 1".format, columns),
)


@pytest.fixture(scope="module")
def catalog() -> Iterator[Store]:
    with open_catalog() as store:
        yield store


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(start=rows, other=rows, script=st.lists(st.one_of(statements, queries), min_size=1, max_size=5))
def test_the_same_as_sqlite(
    catalog: Store, tmp_path_factory: pytest.TempPathFactory, start: list[str], other: list[str], script: list[str]
) -> None:
    file: Path = tmp_path_factory.mktemp("w") / "w.db"
    plain = apsw.Connection(":memory:")  # not Python's own: versions differ in whether '0\0' is a number
    with connect(Settings(workspace=str(file)), catalog=catalog, env={}) as con:
        for name in ("t", "u"):
            con.sql(TABLE.format(name=name))
            plain.execute(TABLE.format(name=name))
        for text in (
            f"INSERT INTO t VALUES {', '.join(start)} ON CONFLICT DO NOTHING",
            f"INSERT INTO u VALUES {', '.join(other)} ON CONFLICT DO NOTHING",
            *script,
            "SELECT rowid, * FROM t ORDER BY rowid",
        ):
            try:
                expected: list[tuple[object, ...]] | None = plain.execute(text).fetchall()
            except apsw.ConstraintError:
                expected = None
            if expected is None:
                with pytest.raises(EvaluationError):
                    con.sql(text).fetchall()
            else:
                assert con.sql(text).fetchall() == expected, text
    plain.close()
