"""Every rule of pushdown in the built-in catalogs, one by one: turned off, the rows are the same.

`test_pushdown_rows` makes random conditions of some tables; here is each attribute of each list that the catalogs
know of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

import quaestor
from quaestor.catalog.store import open_catalog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quaestor.catalog.model import Method

#: What a list has to be told before it answers at all.
NEEDS = {
    "datadog.organization.service_account_keys": "service_account_id IN (SELECT id FROM datadog.organization.users)",
    "datadog.organization.org_group_policies": "\"filter[org_group_id]\" = 'a1b2c3d4-e5f6-7890-abcd-ef0123456789'",
}
#: The sandbox is small, so that a rule takes milliseconds.
SCALE = {"okta.users": 60, "groups": 20, "apps": 15, "datadog.users": 40, "events": 100, "logs": 120}


class Rule(NamedTuple):
    """An attribute that a list tests, or an order in which it comes."""

    resource: str
    attribute: str
    kind: str

    @property
    def expression(self) -> str:
        column, _, keys = self.attribute.partition(".")
        return f"json_extract({column}, '$.{keys}')" if keys else f'"{column}"'


#: Of these the sandbox has no values: only that nothing is found is compared.
EMPTY = {
    Rule("datadog.apm.scorecard_outcomes", "service_name", "="),
    Rule("datadog.apm.scorecard_outcomes", "state", "="),
    Rule("datadog.organization.api_keys", "category", "="),
}


def rules() -> list[Rule]:
    found: dict[Rule, None] = {}
    with open_catalog() as catalog:
        for provider in ("okta", "datadog"):
            for service in catalog.services(provider):
                for each in catalog.resources(provider, service.name):
                    resource = catalog.resource(provider, service.name, each.name)
                    assert resource is not None
                    for method in resource.by_verb("select"):
                        for attribute, kind in of_list(method):
                            found[Rule(resource.id, attribute, kind)] = None
    return list(found)


def of_list(method: Method) -> Iterator[tuple[str, str]]:
    """What a list tests. Not by `id` where one request gets one object: then nothing else is asked."""
    listing = method.listing
    for attribute, operators in listing.fields.items():
        if attribute != "id":
            yield attribute, ">=" if "gt" in operators else "="
    yield from ((attribute, "=") for attribute in listing.equals)
    yield from ((attribute, ">=") for attribute in listing.ranges)
    yield from ((attribute, "ORDER BY") for attribute in listing.sorts)


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[quaestor.Connection, quaestor.Connection]]:
    with quaestor.sandbox("okta", "datadog", seed=3, scale=SCALE) as box:
        pushed, plain = box.connect(), box.connect(quaestor.Settings(pushdown=False))
        yield pushed, plain
        pushed.close()
        plain.close()


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: f"{rule.resource} {rule.attribute} {rule.kind}")
def test_off_it_has_the_same_rows(rule: Rule, pair: tuple[quaestor.Connection, quaestor.Connection]) -> None:
    pushed, plain = pair
    what, key = rule.expression, "uuid" if ".logs.system" in rule.resource else "id"
    rows = f"SELECT {key}, {what} FROM {rule.resource} WHERE {NEEDS.get(rule.resource, '1')}"
    if rule.kind == "ORDER BY":
        for way in ("DESC", "ASC"):
            compare(f"{rows} ORDER BY {what} {way}, {key} LIMIT 4 OFFSET 1", pushed, plain)
        return
    values = [row[1] for row in plain.sql(f"{rows} AND {what} IS NOT NULL LIMIT 1").fetchall() if row[1] != ""]
    assert bool(values) == (rule not in EMPTY)
    for value in [*values, "no such thing"]:
        compare(f"{rows} AND {what} {rule.kind} {literal(value)}", pushed, plain)


LOGS = "okta.logs.system_log_events"


@pytest.mark.parametrize(
    "text",
    [
        f'SELECT uuid, published FROM {LOGS} WHERE "limit" = 7 ORDER BY published DESC, uuid LIMIT 3 OFFSET 1',
        f"SELECT uuid FROM {LOGS} WHERE \"limit\" = 7 AND severity = 'INFO' ORDER BY published, uuid LIMIT 20",
        f"SELECT l.uuid, u.id FROM {LOGS} l LEFT JOIN okta.users.users u ON u.id = l.actor ->> 'id' "
        'WHERE l."limit" = 7 ORDER BY l.published DESC, l.uuid LIMIT 3',
        f"SELECT l.uuid, f.id FROM {LOGS} l JOIN okta.users.factors f ON f.userId = l.actor ->> 'id' "
        'WHERE l."limit" = 7 ORDER BY l.published DESC, l.uuid, f.id LIMIT 3',
        'SELECT id, timestamp FROM datadog.logs.logs WHERE "page[limit]" = 2 ORDER BY timestamp DESC, id LIMIT 2',
    ],
)
def test_what_the_api_sorts_is_read_until_there_is_enough(
    text: str, pair: tuple[quaestor.Connection, quaestor.Connection]
) -> None:
    pushed, plain = pair
    on, off = pushed.sql(text), plain.sql(text)
    assert on.fetchall() == off.fetchall()
    assert on.stats.requests < off.stats.requests


def compare(text: str, pushed: quaestor.Connection, plain: quaestor.Connection) -> None:
    on, off = pushed.sql(text), plain.sql(text)
    rows, expected = on.fetchall(), off.fetchall()
    if "ORDER BY" not in text:
        rows, expected = sorted(rows, key=repr), sorted(expected, key=repr)
    assert rows == expected
    assert on.stats.rows <= off.stats.rows
    if "no such thing" not in text:
        asked = pushed.sql(f"EXPLAIN {text}").fetchall()[-1]
        assert asked[6], f"nothing is pushed down of {text}"


def literal(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else str(int(value)) if isinstance(value, bool) else str(value)
