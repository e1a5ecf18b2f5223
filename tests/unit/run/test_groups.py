"""Several connections read as one table: patterns, groups, `_connection`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

import quaestor
from quaestor.catalog.store import Store, open_catalog
from quaestor.config import ConnectionSettings
from quaestor.errors import BindError
from quaestor.fetch.http import CancelToken, HttpRequest, HttpResponse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

JSON = ("content-type", "application/json")
#: Who is in which organisation, and their factors.
USERS = {"eu": ["a", "b"], "us": ["a", "c", "d"]}
FACTORS = {("eu", "a"): ["f1"], ("us", "a"): ["f2", "f3"], ("us", "c"): ["f4"]}


class Orgs:
    """Two organisations of Okta, told apart by host; a user id may be in both."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def send(self, request: HttpRequest, cancel: CancelToken) -> HttpResponse:
        url = urlsplit(request.url)
        org = str(url.hostname).partition(".")[0]
        self.asked.append(f"{org} {url.path.removeprefix('/api/v1')}")
        parts = url.path.split("/")[4:]
        status, body = self.answer(org, parts)
        return HttpResponse(status, (JSON,), json.dumps(body).encode(), request.url)

    def answer(self, org: str, parts: list[str]) -> tuple[int, Any]:
        missing = 404, {"errorCode": "E0000007", "errorSummary": "Not found"}
        if not parts:
            return 200, [{"id": user, "status": "ACTIVE"} for user in USERS[org]]
        if parts[0] not in USERS[org]:
            return missing
        if parts[1:] == ["factors"]:
            return 200, [{"id": factor} for factor in FACTORS.get((org, parts[0]), [])]
        return 200, {"id": parts[0], "status": "ACTIVE"}

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture(scope="module")
def catalog() -> Iterator[Store]:
    with open_catalog() as store:
        yield store


@pytest.fixture
def orgs() -> Orgs:
    return Orgs()


@pytest.fixture
def con(catalog: Store, orgs: Orgs) -> Iterator[quaestor.Connection]:
    okta = {
        f"okta_{name}": ConnectionSettings(f"okta_{name}", "okta", variables={"subdomain": name}) for name in USERS
    }
    settings = quaestor.Settings(
        connections={**okta, "dd": ConnectionSettings("dd", "datadog")},
        groups={"orgs": ("okta_us", "okta_eu"), "lost": ("okta_eu", "okta_xx"), "mixed": ("okta_eu", "dd")},
    )
    with quaestor.connect(settings, transport=orgs, catalog=catalog, env={"OKTA_API_TOKEN": "t"}) as opened:
        yield opened


def asked(orgs: Orgs) -> list[str]:
    return sorted(url for url in orgs.asked if not url.endswith("/users"))


@pytest.mark.parametrize("name", ["okta_*", '"okta_*"', "orgs", "ORGS", "*a_*"])
def test_a_pattern_or_a_group_reads_all_its_connections(con: quaestor.Connection, name: str) -> None:
    rows = con.sql(f"SELECT _connection, id FROM {name}.users.users").fetchall()
    assert sorted(rows) == sorted((f"okta_{org}", user) for org, users in USERS.items() for user in users)


def test_star_leaves_the_connection_out(con: quaestor.Connection) -> None:
    assert "_connection" not in [c.name for c in con.sql("SELECT * FROM orgs.users.users").columns]


def test_a_condition_on_the_connection_prunes(con: quaestor.Connection, orgs: Orgs) -> None:
    text = "SELECT id FROM orgs.users.users WHERE _connection {} ORDER BY 1"
    assert con.sql(text.format("= 'okta_eu'")).fetchall() == [("a",), ("b",)]
    assert con.sql(text.format("IN ('okta_eu', 'nobody')")).fetchall() == [("a",), ("b",)]
    assert not any(url.startswith("us ") for url in orgs.asked)
    assert con.sql(text.format("= 'nobody'")).fetchall() == []
    assert con.sql(text.format("= NULL")).fetchall() == []
    assert not any(url.startswith("us ") for url in orgs.asked)
    assert con.sql(text.format("LIKE '%us'")).fetchall() == [("a",), ("c",), ("d",)]


def test_the_connection_of_an_ordinary_table(con: quaestor.Connection, orgs: Orgs) -> None:
    rows = con.sql("SELECT _connection, id FROM okta_eu.users.users WHERE _connection = 'okta_eu'").fetchall()
    assert rows == [("okta_eu", "a"), ("okta_eu", "b")]
    orgs.asked.clear()
    assert con.sql("SELECT id FROM okta_eu.users.users WHERE _connection = 'okta_us'").fetchall() == []
    assert not orgs.asked


def test_the_condition_holds_beside_the_null_rows_of_an_outer_join(con: quaestor.Connection) -> None:
    text = """SELECT u._connection, u.id, f.id FROM orgs.users.users u
    LEFT JOIN orgs.users.factors f ON f.userId = u.id AND f._connection = u._connection AND f._connection = 'okta_eu'
    ORDER BY 1, 2"""
    assert con.sql(text).fetchall() == [
        ("okta_eu", "a", "f1"),
        ("okta_eu", "b", None),
        ("okta_us", "a", None),
        ("okta_us", "c", None),
        ("okta_us", "d", None),
    ]


def test_a_join_by_key_alone_asks_every_member_for_every_key(con: quaestor.Connection, orgs: Orgs) -> None:
    text = "SELECT u._connection, f._connection, f.id FROM orgs.users.users u JOIN orgs.users.factors f"
    rows = con.sql(f"{text} ON f.userId = u.id ORDER BY 1, 2, 3").fetchall()
    eu, us = "okta_eu", "okta_us"
    assert rows == [(eu, eu, "f1"), (eu, us, "f2"), (eu, us, "f3"),
                    (us, eu, "f1"), (us, us, "f2"), (us, us, "f3"), (us, us, "f4")]  # fmt: skip
    assert asked(orgs) == [f"{org} /users/{user}/factors" for org in ("eu", "us") for user in "abcd"]


def test_a_join_by_connection_asks_each_member_for_its_own_keys(con: quaestor.Connection, orgs: Orgs) -> None:
    text = "SELECT u._connection, f.id FROM orgs.users.users u JOIN orgs.users.factors f"
    rows = con.sql(f"{text} ON f.userId = u.id AND u._connection = f._connection ORDER BY 1, 2").fetchall()
    assert rows == [("okta_eu", "f1"), ("okta_us", "f2"), ("okta_us", "f3"), ("okta_us", "f4")]
    assert asked(orgs) == [f"{org} /users/{user}/factors" for org in ("eu", "us") for user in USERS[org]]


def test_parents_fill_each_member_from_itself(con: quaestor.Connection, orgs: Orgs) -> None:
    rows = con.sql("SELECT _connection, id FROM okta_*.users.factors ORDER BY 1, 2").fetchall()
    assert rows == [("okta_eu", "f1"), ("okta_us", "f2"), ("okta_us", "f3"), ("okta_us", "f4")]
    assert asked(orgs) == [f"{org} /users/{user}/factors" for org in ("eu", "us") for user in USERS[org]]
    orgs.asked.clear()
    assert con.sql("SELECT id FROM okta_*.users.factors WHERE _connection = 'okta_eu'").fetchall() == [("f1",)]
    assert not any(url.startswith("us ") for url in orgs.asked)


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("okto_*", "no configured connection fits okto_\\*", "okta_eu, okta_us, dd"),
        ("org", "no provider or connection called org", "did you mean 'orgs'"),
        ("lost", "the group lost names okta_xx, which is no connection", "did you mean"),
        ("mixed", r"mixed stands for connections of several providers: okta_eu \(okta\), dd \(datadog\)", "just one"),
        ("*", "several providers", "just one"),
    ],
)  # fmt: skip
def test_a_name_that_means_nothing(con: quaestor.Connection, name: str, message: str, hint: str) -> None:
    with pytest.raises(BindError, match=message) as caught:
        con.sql(f"SELECT id FROM {name}.users.users")
    assert hint in caught.value.hint


def test_names_match_by_their_letters(con: quaestor.Connection) -> None:
    assert con.sql("SELECT ID FROM Okta_EU.Users.USERS WHERE id = 'a'").fetchall() == [("a",)]


def test_show_connections_lists_groups(con: quaestor.Connection) -> None:
    rows = con.sql("SHOW CONNECTIONS WHERE members IS NOT NULL AND name = 'orgs'").fetchall()
    assert rows == [("orgs", "okta", "okta_us, okta_eu")]
    assert ("okta_eu", "okta", None) in con.sql("SHOW CONNECTIONS").fetchall()
