"""Texts that a column can't be equal to, by what the catalog knows of its values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from quaestor.catalog.store import open_catalog
from quaestor.plan.bind import bind
from quaestor.plan.unlisted import unlisted
from quaestor.sql import nodes
from quaestor.sql.parser import parse_one

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quaestor.catalog.catalog import Catalog

CONNECTIONS = {"okta": "okta", "datadog": "datadog"}
USERS = "SELECT u.id FROM okta.users.users u WHERE"


@pytest.fixture(scope="module")
def catalog() -> Iterator[Catalog]:
    with open_catalog() as opened:
        yield opened


def told(statement: str, catalog: Catalog) -> list[str]:
    tree = parse_one(statement)
    assert isinstance(tree, nodes.Select)
    return unlisted(bind(tree, catalog, CONNECTIONS, text=statement))


@pytest.mark.parametrize(
    "condition",
    [
        "u.status = 'active'",
        "'active' = u.status",
        "u.status <> 'active'",
        "NOT (u.status IS 'active' AND 1)",
        "u.status IN ('ACTIVE', 'active')",
        "EXISTS (SELECT 1 FROM okta.groups.groups g WHERE g.type = 'OKTA_GROUP' AND u.status = 'active')",
    ],
)
def test_a_text_that_is_no_documented_value_is_told(catalog: Catalog, condition: str) -> None:
    (note,) = told(f"{USERS} {condition}", catalog)
    assert note.startswith("no documented value of okta.users.users.status is 'active'; did you mean 'ACTIVE'?")
    assert "DEPROVISIONED" in note


def test_it_is_told_once(catalog: Catalog) -> None:
    assert len(told(f"{USERS} u.status = 'x' OR u.status = 'x' OR u.status = 'y'", catalog)) == 2


def test_inside_a_cte(catalog: Catalog) -> None:
    assert told(
        "WITH w AS (SELECT id FROM okta.users.users WHERE status = 'active') SELECT * FROM w JOIN w v USING (id)",
        catalog,
    )


@pytest.mark.parametrize(
    "condition",
    [
        "u.status = 'ACTIVE'",
        "u.status IN ('ACTIVE', 'STAGED')",
        "lower(u.status) = 'active'",
        "u.status = 'active' COLLATE NOCASE",
        "u.status < 'b'",
        "u.status LIKE 'active'",
        "u.id = 'active'",
        "u.status = NULL",
        "u.status = ?",
    ],
)
def test_what_may_be_true_or_is_not_compared_as_written_is_not_told(catalog: Catalog, condition: str) -> None:
    assert told(f"{USERS} {condition}", catalog) == []
