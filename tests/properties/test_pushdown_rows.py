"""Random conditions have the same rows whether the API tests them too or not.

`QUAESTOR_PUSHDOWNS=5000 pytest tests/properties/test_pushdown_rows.py` runs as many, at random.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

import quaestor

if TYPE_CHECKING:
    from collections.abc import Iterator

COUNT = int(os.environ.get("QUAESTOR_PUSHDOWNS", "150"))
SCALE = {"okta.users": 120, "groups": 30, "apps": 25, "datadog.users": 60, "events": 300}

#: By resource: what can be compared, and how; `None` is any text that rows have there.
TABLES: dict[str, dict[str, tuple[str, ...]]] = {
    "okta.users.users": {
        "status": ("=", "IN"),
        "id": ("=", "IN"),
        "profile ->> 'login'": ("=", "IN"),
        "json_extract(profile, '$.lastName')": ("=",),
        "lastUpdated": ("<", "<=", ">", ">=", "=", "BETWEEN"),
        "created": (">",),  # no attribute of the filter
    },
    "okta.groups.groups": {
        "type": ("=", "IN"),
        "id": ("=",),
        "lastUpdated": ("<", ">=", "BETWEEN"),
        "lastMembershipUpdated": (">", "<="),
    },
    "okta.apps.applications": {"status": ("=", "IN"), "name": ("=",), "id": ("=", "IN"), "label": ("=",)},
    "okta.zones.network_zones": {"id": ("=", "IN"), "usage": ("=", "IN"), "system": ("=",), "name": ("=",)},
    "okta.trustedorigins.trusted_origins": {"name": ("=",), "origin": ("=",), "status": ("=", "IN")},
    "okta.logs.system_log_events": {
        "eventType": ("=", "IN"),
        "severity": ("=",),
        "actor ->> 'id'": ("=",),
        "outcome ->> 'result'": ("=",),
        "client ->> '$.ipAddress'": ("=",),
        "published": ("<", "<=", ">", ">=", "=", "BETWEEN"),
    },
    "datadog.organization.users": {"status": ("=", "IN"), "id": ("=",), "name": ("=",)},
    "datadog.organization.api_keys": {
        "created_at": (">", "<", "BETWEEN"),
        "modified_at": (">=", "="),
        "name": ("=",),
    },
    "datadog.organization.application_keys": {"created_at": (">", "<", "BETWEEN"), "name": ("=",)},
    "datadog.logs.logs": {"timestamp": ("<", ">", "BETWEEN"), "status": ("=",)},
    "datadog.service_management.events": {"timestamp": ("<", ">=", "BETWEEN")},
}


class Pair:
    """The same sandbox with and without pushdown, and the values that its rows have."""

    def __init__(self) -> None:
        self._box = quaestor.sandbox("okta", "datadog", seed=11, scale=SCALE)
        self.box = self._box.__enter__()
        self.pushed = self.box.connect()
        self.plain = self.box.connect(quaestor.Settings(pushdown=False))
        self._values: dict[tuple[str, str], list[object]] = {}

    def values(self, table: str, column: str) -> list[object]:
        """Some values of a column, and what is near them: shortened, lengthened, in another case."""
        key = (table, column)
        if key not in self._values:
            found = self.plain.sql(f"SELECT DISTINCT {column} FROM {table} ORDER BY 1 LIMIT 12").fetchall()
            texts = [row[0] for row in found if row[0] is not None]
            near: list[object] = []
            for text in texts[:6]:
                if isinstance(text, str):
                    near += [text[:10], text[:19], text[:16], text.replace("T", " "), text.lower(), text + " "]
            self._values[key] = [*texts, *near, "", 'a" or id pr or "', "\\", "Müller"]
        return self._values[key]

    def close(self) -> None:
        self.pushed.close()
        self.plain.close()
        self._box.__exit__(None, None, None)


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    made = Pair()
    yield made
    made.close()


def literal(value: object) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(int(value)) if isinstance(value, bool) else str(value)


@st.composite
def conditions(draw: st.DrawFn, pair: Pair, table: str, depth: int = 2) -> str:
    kind = draw(st.sampled_from(("compare",) * 5 + (("and", "or", "not") if depth else ())))
    if kind in ("and", "or"):
        parts = [draw(conditions(pair, table, depth - 1)) for _ in range(draw(st.integers(2, 3)))]
        return "(" + f" {kind.upper()} ".join(parts) + ")"
    if kind == "not":
        return f"NOT {draw(conditions(pair, table, depth - 1))}"
    column = draw(st.sampled_from(sorted(TABLES[table])))
    op = draw(st.sampled_from(TABLES[table][column]))
    value = st.sampled_from(pair.values(table, column)).map(literal)
    if op == "IN":
        return f"{column} IN ({', '.join(draw(st.lists(value, min_size=1, max_size=4)))})"
    if op == "BETWEEN":
        return f"{column} BETWEEN {draw(value)} AND {draw(value)}"
    return f"{column} {op} {draw(value)}"


@given(data=st.data())
@settings(max_examples=COUNT, suppress_health_check=list(HealthCheck))
def test_the_same_rows(data: st.DataObject, pair: Pair) -> None:
    table = data.draw(st.sampled_from(sorted(TABLES)))
    where = data.draw(conditions(pair, table))
    shape = data.draw(
        st.sampled_from(
            (
                "SELECT {key} FROM {table} WHERE {where}",
                "SELECT count(*) FROM {table} WHERE {where}",
                "SELECT {key} FROM {table} WHERE {where} ORDER BY 1 LIMIT 3 OFFSET 1",
                "SELECT a.{key}, b.{key} FROM {table} a LEFT JOIN (SELECT {key} FROM {table} WHERE {where}) b "
                "ON a.{key} = b.{key}",
            )
        )
    )
    key = "uuid" if "logs.system" in table else "id"
    text = shape.format(key=key, table=table, where=where)
    note(text)
    pushed, plain = pair.pushed.sql(text), pair.plain.sql(text)
    assert sorted(map(repr, pushed.fetchall())) == sorted(map(repr, plain.fetchall()))
    if "JOIN" not in text:
        assert pushed.stats.rows <= plain.stats.rows


@pytest.mark.parametrize("table", sorted(TABLES))
def test_something_is_pushed_of_each(table: str, pair: Pair) -> None:
    """The comparison above compares something: of each table, one condition at least makes the API send less."""
    fewer = 0
    for column, operators in TABLES[table].items():
        for value in pair.values(table, column)[:8]:
            op = next((op for op in operators if op in ("=", ">", ">=", "<")), "=")
            text = f"SELECT count(*) FROM {table} WHERE {column} {op} {literal(value)}"
            pushed, plain = pair.pushed.sql(text), pair.plain.sql(text)
            assert pushed.fetchall() == plain.fetchall()
            fewer += pushed.stats.rows < plain.stats.rows
    assert fewer
