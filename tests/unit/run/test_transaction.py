"""BEGIN, COMMIT and ROLLBACK against the sandbox: what waits, what is sent, in which order, what a failure says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import quaestor
from quaestor.errors import BindError, NotFoundError, PartialWriteError, UnsupportedError
from quaestor.run.engine import Connection
from quaestor.sandbox.rehearsal import Rehearsal, sandbox


@pytest.fixture
def stage() -> Iterator[Rehearsal]:
    with sandbox("okta", scale={"users": 20}) as made:
        yield made


@pytest.fixture
def con(stage: Rehearsal) -> Iterator[Connection]:
    with stage.connect() as connection:
        connection.sql("CREATE TABLE noted(x)")
        yield connection


def insert(name: str) -> str:
    return f'INSERT INTO okta.groups.groups (profile) VALUES (\'{{"name": "{name}"}}\')'


def groups(con: Connection) -> list[str]:
    text = "SELECT profile ->> 'name' AS n FROM okta.groups.groups WHERE n LIKE 'Tx %' ORDER BY n"
    return [name for (name,) in con.sql(text)]


def written(stage: Rehearsal) -> list[str]:
    return [f"{each.method} {each.url.partition('/api/v1')[2]}" for each in stage.log if each.method != "GET"]


def test_commit_sends_in_order_and_the_workspace_comes_last(stage: Rehearsal, con: Connection) -> None:
    con.sql("BEGIN")
    con.sql(insert("Tx a"))
    con.sql("INSERT INTO noted VALUES (1)")
    con.sql(insert("Tx b"))
    assert written(stage) == []
    assert groups(con) == []
    assert con.sql("SELECT count(*) FROM noted").fetchall() == [(0,)]
    assert con.sql("COMMIT").message == "committed 3 statements"
    assert written(stage) == ["POST /groups", "POST /groups"]
    assert groups(con) == ["Tx a", "Tx b"]
    assert con.sql("SELECT count(*) FROM noted").fetchall() == [(1,)]


def test_rollback_sends_nothing(stage: Rehearsal, con: Connection) -> None:
    con.sql("START TRANSACTION")
    con.sql(insert("Tx a"))
    con.sql("DROP TABLE noted")
    assert "2 statements that waited are not carried out" in con.sql("ROLLBACK").message
    assert written(stage) == []
    assert con.sql("SELECT count(*) FROM noted").fetchall() == [(0,)]
    con.sql(insert("Tx b"))
    assert groups(con) == ["Tx b"]


def test_a_failing_commit_says_what_is_done_and_what_takes_it_back(stage: Rehearsal, con: Connection) -> None:
    con.sql("BEGIN")
    con.sql(f'{insert("Tx a")}, (\'{{"name": "Tx b"}}\')')
    con.sql("DELETE FROM okta.groups.groups WHERE id = '00gnone'")
    con.sql(insert("Tx c"))
    con.sql("INSERT INTO noted VALUES (1)")
    with pytest.raises(PartialWriteError) as caught:
        con.sql("COMMIT")
    error = caught.value
    assert "COMMIT ended at DELETE okta.groups.groups" in error.message
    assert "not tried: INSERT okta.groups.groups, INSERT noted" in error.message
    assert error.details()["done"] == [1]
    assert groups(con) == ["Tx a", "Tx b"]
    assert con.sql("SELECT count(*) FROM noted").fetchall() == [(0,)]
    back = [line for line in error.hint.splitlines() if line.startswith("DELETE")]
    assert len(back) == 2
    for statement in back:
        con.sql(statement)
    assert groups(con) == []
    with pytest.raises(BindError, match="there is no transaction"):
        con.sql("COMMIT")


def test_a_row_refused_in_the_middle_of_an_insert_offers_the_rows_before(con: Connection) -> None:
    con.sql("BEGIN")
    con.sql(f'{insert("Tx a")}, (\'{{"name": "Tx a"}}\')')  # a name that is taken
    with pytest.raises(PartialWriteError) as caught:
        con.sql("COMMIT")
    assert groups(con) == ["Tx a"]
    assert caught.value.hint.count("DELETE FROM okta.groups.groups WHERE id = '00g") == 1


def test_a_first_statement_that_fails_is_its_own_error(con: Connection) -> None:
    con.sql("BEGIN")
    con.sql("DELETE FROM okta.groups.groups WHERE id = '00gnone'")
    with pytest.raises(NotFoundError):
        con.sql("COMMIT")


def test_what_is_wrong_shows_when_it_is_written(stage: Rehearsal, con: Connection) -> None:
    con.sql("BEGIN")
    for text, error in (
        ("DELETE FROM okta.groups.groups", BindError),
        ("INSERT INTO okta.groups.groups (nonsense) VALUES (1)", BindError),
        (f"{insert('Tx a')} RETURNING id", UnsupportedError),
        ("INSERT INTO noted VALUES (1) RETURNING x", UnsupportedError),
        ("BEGIN", BindError),
        ("ROLLBACK TO SAVEPOINT a", UnsupportedError),
        ("SAVEPOINT a", UnsupportedError),
    ):
        with pytest.raises(error):
            con.sql(text)
    assert con.sql("COMMIT").message == "committed 0 statements"
    assert written(stage) == []


def test_a_session_that_ends_without_commit_says_so(stage: Rehearsal) -> None:
    told: list[str] = []
    with quaestor.connect(
        quaestor.Settings(workspace=":memory:"), endpoints=stage.endpoints, env=stage.env, notify=told.append
    ) as con:
        con.sql("BEGIN")
        con.sql(insert("Tx a"))
    assert told == ["the transaction was never committed: 1 statement that waited is not carried out"]
    assert written(stage) == []
