"""The statements of the `.sql` files here, and whether the engine's rows are those of plain SQLite.

A statement is a paragraph. `@user0`, `@group1` … stand for ids of the sandbox, in their order; a line
`--? [1, "x"]` before a statement holds the values of its parameters.

Before: `world` has the engine and the plain tables. After: `test_differential` compares, `report` counts.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

import apsw
from tests.sql.world import Mode, comparable, expected_rows

import quaestor

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


class Case(NamedTuple):
    """A statement; `given` is the JSON of its parameters' values."""

    name: str
    text: str
    given: str


def cases() -> list[Case]:
    """Every statement of the files."""
    found = []
    for path in sorted(Path(__file__).parent.glob("*.sql")):
        for number, paragraph in enumerate(re.split(r"\n\s*\n", path.read_text())):
            lines = paragraph.splitlines()
            given = [line.removeprefix("--?") for line in lines if line.startswith("--?")]
            text = "\n".join(line for line in lines if not line.startswith("--")).strip()
            if text:
                short = " ".join(text.split())[:60]
                found.append(Case(f"{path.stem}-{number}-{short}", text, given[0] if given else ""))
    return found


class Compared(NamedTuple):
    """The rows of a statement here and there, in one order unless the statement has its own."""

    found: list[tuple[object, ...]]
    expected: list[tuple[object, ...]]
    complete: bool


def compare(case: Case, mode: Mode, connection: quaestor.Connection, plain: apsw.Connection) -> Compared:
    """The engine's rows, read in a mode, and plain SQLite's."""
    statement = _with_ids(case.text, plain)
    values = json.loads(_with_ids(case.given, plain).replace("'", '"')) if case.given else None
    expected = expected_rows(plain, statement, values)
    with mode.applied():
        result = connection.sql(statement, values)
        found = comparable(result.fetchall())
    if "ORDER BY" not in statement:
        found, expected = sorted(found, key=repr), sorted(expected, key=repr)
    return Compared(found, expected, result.complete)


def _with_ids(text: str, plain: apsw.Connection) -> str:
    def id_of(found: re.Match[str]) -> str:
        rows = plain.execute(f'SELECT id FROM "{IDS[found[1]]}" ORDER BY id LIMIT 1 OFFSET ?', (int(found[2]),))
        value = next(iter(rows))[0]
        return f"'{value}'" if isinstance(value, str) else str(value)

    return re.sub(rf"@({'|'.join(IDS)})(\d+)", id_of, text)
