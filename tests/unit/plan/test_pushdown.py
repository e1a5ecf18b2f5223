"""What goes to the API, what stays here, and why: one case for each rule of `plan.pushdown`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.plan.planning import CONNECTIONS, planned

from quaestor.catalog.store import open_catalog
from quaestor.fetch.http import CancelToken
from quaestor.plan.bind import bind
from quaestor.plan.constants import constants_of
from quaestor.plan.model import Scan
from quaestor.plan.scans import plan
from quaestor.run.besides import besides, moment
from quaestor.run.executor import Execution
from quaestor.sql import nodes
from quaestor.sql.parser import parse_one

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quaestor.catalog.catalog import Catalog

USERS = "SELECT id FROM okta.users.users WHERE "
GROUPS = "SELECT id FROM okta.groups.groups WHERE "
APPS = "SELECT id FROM okta.apps.applications WHERE "
ZONES = "SELECT id FROM okta.zones.network_zones WHERE "
LOGS = "SELECT uuid FROM okta.logs.system_log_events WHERE "


@pytest.fixture(scope="module")
def catalog() -> Iterator[Catalog]:
    with open_catalog() as opened:
        yield opened


def scans(statement: str, catalog: Catalog, *, push_down: bool = True) -> tuple[Scan, ...]:
    return planned(statement, catalog, push_down=push_down).scans


@pytest.mark.parametrize(
    ("statement", "pushed"),
    [
        # equality, lists, AND, OR
        (USERS + "status = 'ACTIVE'", 'status eq "ACTIVE"'),
        (USERS + "'ACTIVE' = status", 'status eq "ACTIVE"'),
        (USERS + "status = ?", 'status eq "ACTIVE"'),
        (USERS + "status IN ('ACTIVE', 'STAGED')", 'status eq "ACTIVE" or status eq "STAGED"'),
        (
            USERS + "profile ->> 'login' = 'a@b.c' AND json_extract(profile, '$.email') = 'd@e.f'",
            'profile.login eq "a@b.c" and profile.email eq "d@e.f"',
        ),
        (
            USERS + "status = 'ACTIVE' OR (id LIKE 'x' AND profile ->> '$.lastName' = 'Y')",
            'status eq "ACTIVE" or profile.lastName eq "Y"',
        ),
        (USERS + "status = 'ACTIVE' AND length(id) > 3", 'status eq "ACTIVE"'),
        # values stay in their slots
        (
            USERS + r"""profile ->> 'firstName' = 'x" or status pr or "\' """,
            'profile.firstName eq "x\\" or status pr or \\"\\\\"',
        ),
        # instants, widened to the second or the day
        (
            USERS + "lastUpdated > '2026-01-02T03:04:05.678Z'",
            'lastUpdated gt "2026-01-02T03:04:04.000Z"',
        ),
        (USERS + "lastUpdated <= '2026-01-02'", 'lastUpdated lt "2026-01-03T00:00:00.000Z"'),
        (USERS + "'2026-01-02' <= lastUpdated", 'lastUpdated gt "2026-01-01T23:59:59.000Z"'),
        (
            USERS + "lastUpdated BETWEEN '2026-01-02 10:00:00' AND '2026-01-03T00:00:00Z'",
            'lastUpdated gt "2026-01-01T23:59:59.000Z" and lastUpdated lt "2026-01-03T00:00:01.000Z"',
        ),
        (USERS + "lastUpdated > date('2026-02-01', '-1 day')", 'lastUpdated gt "2026-01-30T23:59:59.000Z"'),
        # a list that takes single comparisons gets one; one that takes `or` gets lists
        (APPS + "status = 'ACTIVE' AND name = 'bookmark'", 'status eq "ACTIVE"'),
        (ZONES + "usage = 'POLICY' OR usage = 'BLOCKLIST'", 'usage eq "POLICY" or usage eq "BLOCKLIST"'),
        (ZONES + "system = TRUE", "system eq true"),
        (
            GROUPS + "type = 'OKTA_GROUP' AND lastUpdated >= '2026-01-01'",
            'type eq "OKTA_GROUP" and lastUpdated gt "2025-12-31T23:59:59.000Z"',
        ),
        (
            LOGS + "actor ->> 'id' = 'u' AND outcome ->> 'result' = 'FAILURE'",
            'actor.id eq "u" and outcome.result eq "FAILURE"',
        ),
    ],
)
def test_goes(statement: str, pushed: str, catalog: Catalog) -> None:
    (scan,) = scans(statement, catalog)
    assert scan.pushed == {"filter": pushed}
    (scan,) = scans(statement, catalog, push_down=False)
    assert not scan.pushed


@pytest.mark.parametrize(
    "statement",
    [
        USERS + "status = 'active'",  # no member of the enumeration: the API would refuse it
        USERS + "status = 'ACTIVE' COLLATE NOCASE",
        USERS + "status COLLATE NOCASE = 'ACTIVE'",
        USERS + "status <> 'ACTIVE'",
        USERS + "NOT (status = 'ACTIVE')",
        USERS + "status NOT IN ('ACTIVE')",
        USERS + "status IS NULL",
        USERS + "status LIKE 'ACTIVE'",
        USERS + "status = 'ACTIVE' OR realmId = 'x'",  # no attribute of `filter`
        USERS + "status = NULL",
        USERS + "status = 5",
        USERS + "profile ->> 'lastName' = ''",
        USERS + "profile ->> 'lastName' = 'x '",  # who knows whether the API cuts it off
        USERS + "profile ->> 'lastName' = 'Müller'",  # who knows how the API has it composed
        USERS + "profile ->> 'lastName' = 'a' || char(10)",
        USERS + "profile -> 'lastName' = '\"x\"'",  # JSON, not text
        USERS + "profile ->> 'department' = 'Sales'",
        USERS + "lower(status) = 'ACTIVE'",
        USERS + "+status = 'ACTIVE'",
        USERS + "lastUpdated > 'soon'",
        USERS + "lastUpdated > '2026-02-30'",
        USERS + "lastUpdated < datetime('now')",  # computed again later, when it allows more
        USERS + "lastUpdated > datetime('now', 'localtime')",
        USERS + "lastUpdated > strftime('%d.%m.%Y', 'now')",
        USERS + "lastUpdated = current_date",
        USERS + "status = 'ACTIVE' AND search = 'status pr'",  # the vendor's own words are the user's
        USERS + "status = 'ACTIVE' AND q = 'a'",
        USERS + "status = (SELECT 'ACTIVE')",
        USERS + "id IN (" + ", ".join(f"'{number:0100d}'" for number in range(30)) + ")",  # too long for a URL
        APPS + "status = 'ACTIVE' OR status = 'INACTIVE'",  # the specification shows no `or`
        GROUPS + "type = 'OKTA_GROUP' OR type = 'APP_GROUP'",
        LOGS + "displayMessage = 'x'",
        LOGS + "severity = 'FATAL'",
    ],
)
def test_stays(statement: str, catalog: Catalog) -> None:
    (scan,) = scans(statement, catalog)
    assert not scan.pushed


def test_now_goes_as_a_lower_bound(catalog: Catalog) -> None:
    (scan,) = scans(USERS + "lastUpdated >= datetime('now', '-7 days')", catalog)
    assert scan.pushed["filter"].startswith('lastUpdated gt "20')


@pytest.mark.parametrize(
    ("statement", "pushed"),
    [
        (LOGS + "published >= '2026-11-01'", {"since": "2026-11-01T00:00:00.000Z"}),
        (
            LOGS + "published > '2026-11-01T10:00:00Z' AND published < '2026-11-02'",
            {"since": "2026-11-01T10:00:00.000Z", "until": "2026-11-03T00:00:00.000Z"},
        ),
        # nothing is in between: the API would refuse such a range
        (LOGS + "published > '2026-11-05' AND published < '2026-11-02'", {"since": "2026-11-05T00:00:00.000Z"}),
        (LOGS + "published >= '2026-11-01' AND since = '2026-10-01'", {}),
        (LOGS + "published >= '2026-11-01' OR published < '2026-01-01'", {}),
        (
            "SELECT id FROM datadog.service_management.events WHERE timestamp >= '1970-01-02'",
            {"filter[from]": "86400000"},
        ),
        ("SELECT id FROM datadog.organization.users WHERE status = 'Disabled'", {"filter[status]": "Disabled"}),
        ("SELECT id FROM datadog.organization.users WHERE status = 'disabled'", {}),
        ("SELECT id FROM datadog.organization.users WHERE status IN ('Active', 'Pending')", {}),
        ("SELECT id FROM datadog.catalog.catalog_entities WHERE id = 'a,b'", {}),  # a list, to the API
        ("SELECT id FROM okta.mappings.profile_mappings WHERE source ->> 'id' = 'x'", {"sourceId": "x"}),
    ],
)
def test_parameters_of_their_own(statement: str, pushed: dict[str, str], catalog: Catalog) -> None:
    (scan,) = scans(statement, catalog)
    assert scan.pushed == pushed


def test_what_is_hidden_comes_with_a_filter(catalog: Catalog) -> None:
    assert not scans(USERS + "lastUpdated > '2026-01-01'", catalog)[0].hidden
    assert scans(USERS + "realmId = 'x'", catalog)[0].hidden
    assert scans(USERS + "lastUpdated > '2026-01-01'", catalog, push_down=False)[0].hidden


def test_two_places_read_one_scan_by_what_holds_for_either(catalog: Catalog) -> None:
    either = "SELECT a.id FROM okta.users.users a JOIN okta.users.users b ON a.realmId = b.realmId WHERE "
    (scan,) = scans(either + "a.status = 'ACTIVE' AND b.status = 'STAGED'", catalog)
    assert scan.pushed == {"filter": 'status eq "ACTIVE" or status eq "STAGED"'}
    (scan,) = scans(either + "a.status = 'ACTIVE'", catalog)
    assert not scan.pushed
    both = "SELECT 1 FROM okta.logs.system_log_events a, okta.logs.system_log_events b WHERE "
    (scan,) = scans(both + "a.published > '2026-01-02' AND b.published > '2026-01-01'", catalog)
    assert scan.pushed == {"since": "2026-01-01T00:00:00.000Z"}


@pytest.mark.parametrize(
    ("join", "pushed"),
    [
        ("LEFT JOIN okta.users.users u ON u.id = g.id AND u.status = 'ACTIVE'", 'status eq "ACTIVE"'),
        ("LEFT JOIN okta.users.users u ON u.id = g.id WHERE u.status = 'ACTIVE'", 'status eq "ACTIVE"'),
        ("LEFT JOIN okta.users.users u ON u.id = g.id WHERE u.status = 'ACTIVE' OR u.status IS NULL", ""),
        ("RIGHT JOIN okta.users.users u ON u.id = g.id AND u.status = 'ACTIVE'", ""),
        ("FULL JOIN okta.users.users u ON u.id = g.id AND u.status = 'ACTIVE'", ""),
    ],
)
def test_outer_joins(join: str, pushed: str, catalog: Catalog) -> None:
    found = {scan.resource.name: scan for scan in scans(f"SELECT g.id FROM okta.groups.groups g {join}", catalog)}
    assert found["users"].pushed.get("filter", "") == pushed


def test_a_limit_sizes_the_page_only_where_all_is_tested_there(catalog: Catalog) -> None:
    def rows(where: str, **options: bool) -> int:
        statement = f"SELECT id FROM okta.users.users WHERE {where} LIMIT 5 OFFSET 2"
        tree = parse_one(statement)
        assert isinstance(tree, nodes.Select)
        query = bind(tree, catalog, CONNECTIONS, text=statement)
        execution = Execution({}, CancelToken(), statement)
        constants = execution.evaluate(constants_of(query))
        execution.close()
        return plan(query, constants, catalog, text=statement, **options).first_rows

    assert rows("status = 'ACTIVE'") == 7
    assert rows("status = 'ACTIVE'", push_down=False) == 0
    assert rows("status = 'ACTIVE' AND realmId = 'x'") == 0
    assert rows("lastUpdated > '2026-01-01'") == 0  # widened


def test_what_makes_a_list_whole(catalog: Catalog) -> None:
    now = 1_800_000_000.5
    (scan,) = scans("SELECT uuid FROM okta.logs.system_log_events", catalog)
    assert besides(scan, {}, now) == {"since": "2026-10-17T08:00:00.000Z", "until": "2027-01-15T08:00:00.000Z"}
    assert besides(scan, {"since": "2026-12-01"}, now) == {"until": "2027-01-15T08:00:00.000Z"}
    assert besides(scan, {"until": "x", "since": "y"}, now) == {}
    # what begins after now has no rows yet; an end before it would be refused
    assert besides(scan, {"since": "2099-01-01"}, now) == {}
    (scan,) = scans(LOGS + "published > '2026-12-01'", catalog)
    assert besides(scan, {}, now) == {"since": "2026-12-01T00:00:00.000Z", "until": "2027-01-15T08:00:00.000Z"}


def test_moments() -> None:
    assert moment("now", 86_400.9) == "1970-01-02T00:00:00.000Z"
    assert moment("now-1d@seconds", 86_401.0) == "1"
    assert moment("now@milliseconds", 2.0) == "2000"


def test_objects_by_their_keys_are_asked_for_together(catalog: Catalog) -> None:
    (scan,) = scans(USERS + "id IN ('a', 'b')", catalog)
    assert (scan.method.name, scan.constants) == ("list_users", {"filter": ('id eq "a" or id eq "b"',)})
    many = ", ".join(f"'00u{number:017d}'" for number in range(200))
    (scan,) = scans(USERS + f"id IN ({many})", catalog)
    assert 3 <= len(scan.constants["filter"]) <= 5
    assert sum(str(each).count(" eq ") for each in scan.constants["filter"]) == 200
    assert max(len(str(each)) for each in scan.constants["filter"]) <= 2000


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT id FROM okta.users.users WHERE id = 'a'",
        "SELECT _links FROM okta.users.users WHERE id IN ('a', 'b')",  # the list has fewer links
        "SELECT _raw FROM okta.users.users WHERE id IN ('a', 'b')",
        "SELECT id FROM okta.users.users WHERE param__id IN ('a', 'b')",  # takes logins too
        "SELECT id FROM okta.users.users WHERE id IN ('a', 'b ')",
        "SELECT id FROM okta.groups.groups WHERE id IN ('a', 'b')",  # its filter shows no `or`
    ],
)
def test_objects_that_are_asked_for_one_by_one(statement: str, catalog: Catalog) -> None:
    (scan,) = scans(statement, catalog)
    assert scan.method.name.startswith("get_")
    (scan,) = scans("SELECT id FROM okta.users.users WHERE id IN ('a', 'b')", catalog, push_down=False)
    assert scan.method.name == "get_user"
