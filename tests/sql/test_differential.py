"""Every statement of `selects.sql` gives the rows that plain SQLite gives over the same objects.

The objects are the sandbox's, loaded by plain `json.loads` from its answers: nothing of `fetch`, `plan` or `run` has
a part in what is expected.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

import quaestor
from quaestor.catalog.store import Store, open_catalog
from quaestor.fetch.http import HttpRequest
from quaestor.sandbox.core import Sandbox

#: Resource, path of its list, parameter that the path takes, and path of the list whose ids fill it.
TABLES = {
    "okta.users.users": ("/api/v1/users", "", ""),
    "okta.groups.groups": ("/api/v1/groups", "", ""),
    "okta.apps.applications": ("/api/v1/apps", "", ""),
    "okta.users.factors": ("/api/v1/users/{}/factors", "userId", "okta.users.users"),
    "okta.groups.users": ("/api/v1/groups/{}/users", "groupId", "okta.groups.groups"),
    "okta.apps.application_users": ("/api/v1/apps/{}/users", "appId", "okta.apps.applications"),
}
HEADERS = (("authorization", "SSWS sandbox"),)


def statements() -> list[str]:
    text = (Path(__file__).parent / "selects.sql").read_text()
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    return [statement.strip() for statement in lines.split("\n\n") if statement.strip()]


@pytest.fixture(scope="module")
def catalog() -> Iterator[Store]:
    with open_catalog() as store:
        yield store


@pytest.fixture(scope="module")
def sandbox(catalog: Store) -> Sandbox:
    return Sandbox(catalog, ["okta"], seed=7, scale={"users": 40, "apps": 6, "groups": 6})


@pytest.fixture(scope="module")
def connection(catalog: Store, sandbox: Sandbox) -> Iterator[quaestor.Connection]:
    with quaestor.connect(
        endpoints=sandbox.endpoints(),
        transport=sandbox.transport(),
        catalog=catalog,
        env={"OKTA_API_TOKEN": "sandbox"},
    ) as connection:
        yield connection


@pytest.fixture(scope="module")
def plain(sandbox: Sandbox) -> Iterator[sqlite3.Connection]:
    db = sqlite3.connect(":memory:")
    base = sandbox.endpoints()["okta"]
    for table, (path, parameter, parent) in TABLES.items():
        keys = [""] if not parent else [row[0] for row in db.execute(f'SELECT id FROM "{parent}"')]
        rows = [(key, item) for key in keys for item in _all(sandbox, base + path.format(key))]
        names = sorted({name for _, item in rows for name in item})
        columns = [f'"{name}" {_affinity([item.get(name) for _, item in rows])}' for name in names]
        if parameter:
            columns.append(f'"{parameter}" TEXT')
        db.execute(f'CREATE TABLE "{table}"({", ".join(columns)})')
        for key, item in rows:
            values = [_sql_value(item.get(name)) for name in names] + ([key] if parameter else [])
            db.execute(f'INSERT INTO "{table}" VALUES({",".join("?" * len(values))})', values)
    yield db
    db.close()


def _all(sandbox: Sandbox, url: str) -> list[dict[str, object]]:
    """Every page of a list."""
    found: list[dict[str, object]] = []
    while url:
        response = sandbox.handle(HttpRequest("GET", url, HEADERS))
        assert response.status == 200, (url, response.body)
        found += json.loads(response.body)
        links = [link for link in response.all("link") if 'rel="next"' in link]
        url = re.findall("<(.*?)>", links[0])[0] if links else ""
    return found


def _affinity(values: list[object]) -> str:
    kinds = {type(value) for value in values if value is not None}
    return "INTEGER" if kinds and kinds <= {int, bool} else "TEXT"


def _sql_value(value: object) -> object:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False) if isinstance(value, dict | list) else value


def _in_plain_sqlite(statement: str) -> str:
    return re.sub(r"\bokta\.\w+\.\w+", lambda found: f'"{found.group()}"', statement)


def _comparable(rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    return [tuple(int(value) if isinstance(value, bool) else value for value in row) for row in rows]


@pytest.mark.parametrize("statement", statements(), ids=lambda statement: " ".join(statement.split())[:70])
def test_same_rows_as_sqlite(statement: str, connection: quaestor.Connection, plain: sqlite3.Connection) -> None:
    expected = [tuple(row) for row in plain.execute(_in_plain_sqlite(statement))]
    result = connection.sql(statement)
    found = _comparable(result.fetchall())
    if "ORDER BY" not in statement:
        found, expected = sorted(found, key=repr), sorted(expected, key=repr)
    assert found == expected
    assert result.complete


def test_there_is_something_to_compare(plain: sqlite3.Connection) -> None:
    counts = {table: plain.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0] for table in TABLES}
    assert all(count > 2 for count in counts.values()), counts
