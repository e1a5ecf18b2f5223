"""Which ORDER BY the API sorts by too, and which equality is a word to search for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.plan.planning import planned

from quaestor.catalog.store import open_catalog
from quaestor.errors import BindError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quaestor.catalog.catalog import Catalog

LOGS = "FROM okta.logs.system_log_events"
NEWEST = {"sortOrder": "DESCENDING"}


@pytest.fixture(scope="module")
def catalog() -> Iterator[Catalog]:
    with open_catalog() as opened:
        yield opened


@pytest.mark.parametrize(
    ("statement", "pushed"),
    [
        (f"SELECT uuid {LOGS} ORDER BY published DESC LIMIT 3", NEWEST),
        (f"SELECT uuid {LOGS} ORDER BY published LIMIT 3 OFFSET 2", {"sortOrder": "ASCENDING"}),
        (f"SELECT published, uuid {LOGS} ORDER BY 1 DESC, 2 LIMIT 3", NEWEST),
        (f"SELECT published AS p {LOGS} ORDER BY p DESC LIMIT 3", NEWEST),
        (f"SELECT uuid {LOGS} WHERE actor ->> 'id' LIKE '%a%' ORDER BY published DESC LIMIT 3", NEWEST),
        (
            f"SELECT l.uuid {LOGS} l LEFT JOIN okta.users.users u ON u.id = l.actor ->> 'id' "
            "ORDER BY l.published DESC LIMIT 3",
            NEWEST,
        ),
        ("SELECT id FROM datadog.logs.logs ORDER BY timestamp DESC LIMIT 1", {"sort": "-timestamp"}),
        # what looks at all rows, or compares in another way
        (f"SELECT uuid {LOGS} ORDER BY published DESC", {}),
        (f"SELECT DISTINCT published {LOGS} ORDER BY published DESC LIMIT 3", {}),
        (f"SELECT max(published) {LOGS} ORDER BY max(published) DESC LIMIT 3", {}),
        (f"SELECT severity, count(*) {LOGS} GROUP BY 1 ORDER BY published DESC LIMIT 3", {}),
        (f"SELECT uuid, row_number() OVER (ORDER BY uuid) {LOGS} ORDER BY published DESC LIMIT 3", {}),
        (f"SELECT uuid {LOGS} UNION SELECT id FROM okta.users.users ORDER BY 1 LIMIT 3", {}),
        (f"SELECT uuid {LOGS} ORDER BY uuid, published DESC LIMIT 3", {}),
        (f"SELECT uuid {LOGS} ORDER BY published || '' DESC LIMIT 3", {}),
        (f"SELECT uuid {LOGS} ORDER BY published COLLATE NOCASE DESC LIMIT 3", {}),
        (f"SELECT uuid {LOGS} ORDER BY published DESC NULLS FIRST LIMIT 3", {}),
        (f"SELECT uuid {LOGS} WHERE sortOrder = 'ASCENDING' ORDER BY published DESC LIMIT 3", {}),
        (f"SELECT uuid {LOGS} WHERE q IN ('a', 'b') ORDER BY published DESC LIMIT 3", {}),
        (
            f"SELECT l.uuid {LOGS} l WHERE l.uuid NOT IN (SELECT uuid {LOGS}) ORDER BY l.published DESC LIMIT 3",
            {},
        ),
        (
            f"SELECT l.uuid FROM okta.users.users u LEFT JOIN {LOGS.removeprefix('FROM ')} l "
            "ON u.id = l.actor ->> 'id' ORDER BY l.published DESC LIMIT 3",
            {},
        ),
        ("SELECT id FROM okta.users.users ORDER BY created DESC LIMIT 3", {}),
    ],
)
def test_sorting(statement: str, pushed: dict[str, str], catalog: Catalog) -> None:
    found = planned(statement, catalog)
    logs = next((scan for scan in found.scans if scan.resource.id.split(".")[1] == "logs"), found.scans[0])
    assert {k: v for k, v in logs.pushed.items() if k.startswith("sort")} == pushed
    assert (found.rounds is not None and found.rounds.order is not None) == bool(pushed)
    if pushed:
        plain = planned(statement, catalog, push_down=False)
        assert not any(scan.pushed for scan in plain.scans)
        assert plain.rounds is None or plain.rounds.order is None


@pytest.mark.parametrize(
    ("statement", "pushed"),
    [
        ("SELECT id FROM okta.apps.applications WHERE label = 'Payroll'", {"q": "Payroll"}),
        # the two aren't known to go together
        ("SELECT id FROM okta.apps.applications WHERE label = 'Payroll' AND status = 'ACTIVE'", {"q": "Payroll"}),
        ("SELECT id FROM okta.apps.applications WHERE label LIKE 'Pay%'", {}),
        ("SELECT id FROM okta.apps.applications WHERE label = ' Payroll'", {}),
        ("SELECT id FROM okta.apps.applications WHERE label = 'Payroll' OR status = 'ACTIVE'", {}),
        ("SELECT id FROM okta.apps.applications WHERE label = 'Payroll' AND q = 'P'", {}),
        ("SELECT id FROM datadog.organization.api_keys WHERE remote_config_read_enabled", {}),
        (
            "SELECT id FROM datadog.organization.api_keys WHERE remote_config_read_enabled = false",
            {"filter[remote_config_read_enabled]": "false"},
        ),
    ],
)
def test_equality(statement: str, pushed: dict[str, str], catalog: Catalog) -> None:
    assert planned(statement, catalog).scans[0].pushed == pushed


@pytest.mark.parametrize(
    "condition", ["id = '00g1'", "'00g1' = id", "id IN ('00g1', '00g2')", "type = 'x' AND id = ?"]
)
def test_an_id_that_may_be_anothers_is_an_error(condition: str, catalog: Catalog) -> None:
    """The path's `id` is the user's, the rows' the group's; `userId` says which."""
    with pytest.raises(BindError, match="is the row's own") as caught:
        planned(f"SELECT id FROM okta.users.user_groups WHERE {condition}", catalog)
    assert "write userId = …" in (caught.value.hint or "")
    said = f"SELECT id FROM okta.users.user_groups WHERE {condition} AND userId IN (SELECT id FROM okta.users.users)"
    assert len(planned(said, catalog).scans) == 2
