"""A LIMIT over joins asks for the keys of some rows at a time; and what one scan has asked, no other asks again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

import quaestor
from quaestor.catalog.store import Store, open_catalog
from quaestor.fetch.http import CancelToken, HttpRequest, HttpResponse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

JSON = ("content-type", "application/json")
ENV = {"OKTA_API_TOKEN": "t", "OKTA_SUBDOMAIN": "acme"}
USERS = 120


def factors_of(user: int) -> list[dict[str, Any]]:
    """Every third user has none, the others up to three."""
    return [
        {"id": f"f{user}-{n}", "factorType": ("push", "sms")[n % 2], "status": "ACTIVE", "big": 2**70 + n}
        for n in range(user % 3)
    ]


class Org:
    """120 users on pages of 50, their factors and groups."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def send(self, request: HttpRequest, cancel: CancelToken) -> HttpResponse:
        self.asked.append(request.url.removeprefix("https://acme.okta.com/api/v1"))
        url = urlsplit(request.url)
        parts = url.path.split("/")[3:]
        links: tuple[tuple[str, str], ...] = ()
        rows: Any = []
        if parts == ["users"] and "DEPROVISIONED" not in url.query:
            start = int(url.query.rpartition("after=")[2]) if "after=" in url.query else 0
            rows = [{"id": f"u{i}", "status": "ACTIVE"} for i in range(start, min(start + 50, USERS))]
            if start + 50 < USERS:
                links = (("link", f'<https://acme.okta.com/api/v1/users?after={start + 50}>; rel="next"'),)
        elif parts[-1:] == ["factors"]:
            rows = factors_of(int(parts[1][1:]))
        elif parts == ["groups"]:
            rows = [{"id": f"g{i}", "type": "OKTA_GROUP"} for i in range(4)]
        elif parts[0] == "groups":
            rows = [{"id": f"u{i}", "status": "ACTIVE"} for i in range(int(parts[1][1:]), USERS, 4)]
        return HttpResponse(200, (JSON, *links), json.dumps(rows).encode(), request.url)

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture(scope="module")
def catalog() -> Iterator[Store]:
    with open_catalog() as store:
        yield store


@pytest.fixture
def org() -> Org:
    return Org()


@pytest.fixture
def con(catalog: Store, org: Org) -> Iterator[quaestor.Connection]:
    with quaestor.connect(quaestor.Settings(), transport=org, catalog=catalog, env=ENV) as opened:
        yield opened


U, F, G, M = "okta.users.users u", "okta.users.factors f", "okta.groups.groups g", "okta.groups.users m"

#: Statements with {} for the LIMIT, and the most requests that a LIMIT of 3 may take.
STATEMENTS = {
    f"SELECT u.id, f.id FROM {U} JOIN {F} ON f.userId = u.id {{}}": 17,
    f"SELECT u.id, f.id FROM {U}, {F} WHERE f.userId = u.id AND f.factorType = 'push' {{}}": 17,
    f"SELECT u.id, f.id FROM {U} LEFT JOIN {F} ON f.userId = u.id {{}}": 17,
    f"SELECT u.id FROM {U} LEFT JOIN {F} ON f.userId = u.id WHERE f.id IS NULL {{}}": 17,
    f"SELECT u.id, f.id FROM {U} LEFT JOIN {F} ON f.userId = u.id AND f.factorType = 'sms' {{}}": 17,
    "SELECT id, userId FROM okta.users.factors {}": 17,
    "SELECT id FROM okta.users.factors WHERE factorType = 'sms' {}": 17,
    "SELECT a.id, b.id FROM okta.users.factors a JOIN okta.users.factors b ON a.userId = b.userId {}": 17,
    f"SELECT m.id, f.id FROM {G} JOIN {M} ON m.groupId = g.id JOIN {F} ON f.userId = m.id {{}}": 130,
    f"SELECT m.id, f.id FROM {G} JOIN {M} ON m.groupId = g.id LEFT JOIN {F} ON f.userId = m.id {{}}": 130,
    f"SELECT u.id, j.value FROM {U} JOIN {F} ON f.userId = u.id, json_each('[1,2]') j {{}}": 17,
    f"SELECT u.id, (SELECT g.id FROM {G} LIMIT 1) FROM {U} JOIN {F} ON f.userId = u.id {{}}": 18,
    f"SELECT u.id, g.id FROM {U} JOIN {F} ON f.userId = u.id JOIN {G} {{}}": 18,
    f"SELECT u.id, upper(f.id) FROM {U} JOIN {F} ON f.userId = u.id WHERE u.id > 'u5' {{}}": 33,
}  # fmt: skip


@pytest.mark.parametrize("text", STATEMENTS)
@pytest.mark.parametrize("limit", ["LIMIT 0", "LIMIT 1", "LIMIT 3", "LIMIT 3 OFFSET 20", "LIMIT 5000", "LIMIT -1"])
def test_the_rows_are_rows_of_the_answer(con: quaestor.Connection, text: str, limit: str) -> None:
    whole = Counter(con.sql(text.format("")).fetchall())
    rows = con.sql(text.format(limit)).fetchall()
    words = limit.split()
    offset = int(words[3]) if len(words) > 2 else 0
    most = int(words[1]) if int(words[1]) >= 0 else len(rows)
    left = max(0, whole.total() - offset)
    assert len(rows) == min(most, left) if int(words[1]) >= 0 else len(rows) == left
    assert Counter(rows) <= whole


@pytest.mark.parametrize(("text", "most"), STATEMENTS.items())
def test_a_limit_stops_the_asking(con: quaestor.Connection, org: Org, text: str, most: int) -> None:
    assert len(con.sql(text.format("LIMIT 3")).fetchall()) == 3
    assert len(org.asked) <= most
    assert len(org.asked) == len(set(org.asked))
    org.asked.clear()
    assert con.sql(text.format("LIMIT 0")).fetchall() == []
    assert not org.asked


@pytest.mark.parametrize(
    "text",
    [
        f"SELECT u.id FROM {U} JOIN {F} ON f.userId = u.id ORDER BY f.id DESC LIMIT 1",
        f"SELECT count(*) FROM {U} JOIN {F} ON f.userId = u.id LIMIT 1",
        f"SELECT DISTINCT f.factorType FROM {U} JOIN {F} ON f.userId = u.id LIMIT 2",
        f"SELECT f.factorType, count(*) FROM {U} JOIN {F} ON f.userId = u.id GROUP BY 1 LIMIT 1",
        f"SELECT f.id, row_number() OVER (ORDER BY f.id DESC) FROM {U} JOIN {F} ON f.userId = u.id LIMIT 1",
        f"SELECT u.id FROM {U} WHERE NOT EXISTS (SELECT 1 FROM {F} WHERE f.userId = u.id) LIMIT 1",
        f"SELECT u.id, g.id FROM {G} LEFT JOIN {U} ON u.status = g.type LEFT JOIN {F} ON f.userId = u.id LIMIT 1",
        f"SELECT u.id, f.id FROM {F} RIGHT JOIN {U} ON f.userId = u.id ORDER BY 1 LIMIT 1",
        f"SELECT g.id, f.id FROM {G} LEFT JOIN {F} ON f.factorType = g.type LIMIT 1",
        f"SELECT f.id FROM {F} UNION ALL SELECT 'x' LIMIT 1",
        f"WITH f AS (SELECT * FROM {F}) SELECT count(*) FROM f LIMIT 1",
        f"SELECT u.id FROM {U} JOIN (SELECT DISTINCT factorType, userId FROM {F}) f ON f.userId = u.id LIMIT 1",
    ],
)
def test_what_needs_all_rows_reads_all(con: quaestor.Connection, org: Org, text: str) -> None:
    result = con.sql(text)
    assert "some rows at a time" not in str(con.sql(f"EXPLAIN {text}").fetchall())
    result.fetchall()
    assert sum(url.split("?")[0].endswith("/factors") for url in org.asked) == USERS


def test_explain_says_so(con: quaestor.Connection) -> None:
    text = f"EXPLAIN SELECT u.id, f.id FROM {U} JOIN {F} ON f.userId = u.id LIMIT 5"
    assert "some rows at a time, stops when the limit is reached" in str(con.sql(text).fetchall())


@pytest.mark.parametrize(
    "text",
    [
        "SELECT count(*) FROM okta.users.factors a JOIN okta.users.factors b ON a.factorType = b.status",
        "SELECT (SELECT count(*) FROM okta.users.factors WHERE factorType = 'sms'), "
        "(SELECT count(id) FROM okta.users.factors WHERE status = 'ACTIVE')",
        f"SELECT count(*) FROM {U} JOIN {F} ON f.userId = u.id JOIN okta.users.factors f2 ON f2.userId = u.id "
        "AND u.id > 'u5'",
        f"SELECT count(*) FROM {U} JOIN {F} ON f.userId = u.id "
        "WHERE u.id IN (SELECT userId FROM okta.users.factors WHERE factorType = 'push')",
    ],
)
def test_no_request_is_made_twice(con: quaestor.Connection, org: Org, text: str) -> None:
    con.sql(text).fetchall()
    assert [url for url, count in Counter(org.asked).items() if count > 1] == []


def test_copied_rows_are_the_same_rows(con: quaestor.Connection) -> None:
    text = """SELECT a.userId, a.id, b.userId, b.id, b.factorType, b._raw = a._raw
    FROM okta.users.factors a JOIN okta.users.factors b ON a.id = b.id AND b.status = 'ACTIVE' ORDER BY a.id"""
    rows = con.sql(text).fetchall()
    expected = sorted(
        (f"u{user}", one["id"], f"u{user}", one["id"], one["factorType"], 1)
        for user in range(USERS)
        for one in factors_of(user)
    )
    assert sorted(rows) == expected
