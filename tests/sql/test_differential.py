"""Every statement of the `.sql` files here gives the rows that plain SQLite gives over the same objects.

A statement is a paragraph. `@user0`, `@group1` … stand for ids of the sandbox, in their order; a line
`--? [1, "x"]` before a statement holds the values of its parameters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
from _pytest.mark import ParameterSet
from tests.sql.world import SCALE, TABLES, comparable, engine, expected_rows, plain_tables

import quaestor
from quaestor.catalog.store import Store, open_catalog
from quaestor.sandbox.core import Sandbox

IDS = {
    "user": "okta.users.users",
    "group": "okta.groups.groups",
    "app": "okta.apps.applications",
    "server": "okta.authorizationservers.authorization_servers",
    "policy": "okta.authorizationservers.policies",
    "factor": "okta.users.factors",
    "person": "datadog.organization.users",
    "role": "datadog.organization.roles",
    "team": "datadog.organization.teams",
    "monitor": "datadog.monitoring.monitors",
}


def statements() -> list[ParameterSet]:
    found = []
    for path in sorted(Path(__file__).parent.glob("*.sql")):
        for number, paragraph in enumerate(re.split(r"\n\s*\n", path.read_text())):
            lines = paragraph.splitlines()
            given = [line.removeprefix("--?") for line in lines if line.startswith("--?")]
            text = "\n".join(line for line in lines if not line.startswith("--")).strip()
            if text:
                short = " ".join(text.split())[:60]
                found.append(pytest.param(text, given[0] if given else "", id=f"{path.stem}-{number}-{short}"))
    return found


@pytest.fixture(scope="module")
def catalog() -> Iterator[Store]:
    with open_catalog() as store:
        yield store


@pytest.fixture(scope="module")
def sandbox(catalog: Store) -> Sandbox:
    return Sandbox(catalog, ["okta", "datadog"], seed=13, scale=SCALE)


@pytest.fixture(scope="module")
def connection(catalog: Store, sandbox: Sandbox) -> Iterator[quaestor.Connection]:
    with engine(catalog, sandbox) as connection:
        yield connection


@pytest.fixture(scope="module")
def plain(sandbox: Sandbox) -> Iterator[apsw.Connection]:
    db = plain_tables(sandbox)
    yield db
    db.close()


def _with_ids(text: str, plain: apsw.Connection) -> str:
    def id_of(found: re.Match[str]) -> str:
        rows = plain.execute(f'SELECT id FROM "{IDS[found[1]]}" ORDER BY id LIMIT 1 OFFSET ?', (int(found[2]),))
        value = next(iter(rows))[0]
        return f"'{value}'" if isinstance(value, str) else str(value)

    return re.sub(rf"@({'|'.join(IDS)})(\d+)", id_of, text)


@pytest.mark.parametrize(("statement", "given"), statements())
def test_same_rows_as_sqlite(
    statement: str, given: str, connection: quaestor.Connection, plain: apsw.Connection
) -> None:
    statement = _with_ids(statement, plain)
    values = json.loads(_with_ids(given, plain).replace("'", '"')) if given else None
    expected = expected_rows(plain, statement, values)
    result = connection.sql(statement, values)
    found = comparable(result.fetchall())
    if "ORDER BY" not in statement:
        found, expected = sorted(found, key=repr), sorted(expected, key=repr)
    assert found == expected
    assert result.complete


def test_there_is_something_to_compare(plain: apsw.Connection) -> None:
    counts = {table: next(iter(plain.execute(f'SELECT count(*) FROM "{table}"')))[0] for table in TABLES}
    assert all(count > 2 for count in counts.values()), counts
    assert len(statements()) >= 450


def test_keys_of_two_parents_are_pairs(connection: quaestor.Connection, plain: apsw.Connection) -> None:
    """A rule's policy is asked for with the server that the policy belongs to, and never with another."""
    counts = 'SELECT (SELECT count(*) FROM "okta.authorizationservers.authorization_servers"), count(*) FROM'
    servers, policies = next(iter(plain.execute(f'{counts} "okta.authorizationservers.policies"')))
    result = connection.sql(
        "SELECT policyId, authServerId, count(*) FROM okta.authorizationservers.rules GROUP BY 1, 2"
    )
    assert len(result.fetchall()) == policies
    assert result.stats.requests == 1 + servers + policies


def test_single_objects_are_not_asked_for_by_every_parent(
    connection: quaestor.Connection, plain: apsw.Connection
) -> None:
    """Where parents are filled, lists are read though the join has the rows' own keys."""
    rules = next(iter(plain.execute('SELECT count(*) FROM "okta.authorizationservers.rules"')))[0]
    result = connection.sql(
        "SELECT a.id FROM okta.authorizationservers.rules a JOIN okta.authorizationservers.rules b ON a.id = b.id"
    )
    assert len(result.fetchall()) == rules
    assert result.stats.requests < rules
