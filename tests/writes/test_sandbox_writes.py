"""Writes against the sandbox, which keeps state: what is written is found, moved and gone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import quaestor
from quaestor.errors import PartialWriteError, ProviderError


@pytest.fixture
def con() -> Iterator[quaestor.Connection]:
    with (
        quaestor.sandbox("okta", "datadog", scale={"users": 20, "groups": 8, "apps": 6}) as sandbox,
        sandbox.connect() as it,
    ):
        yield it


def rows(con: quaestor.Connection, text: str) -> list[tuple[Any, ...]]:
    return con.sql(text).fetchall()


def test_what_insert_makes_select_finds_and_delete_takes_away(con: quaestor.Connection) -> None:
    [(key,)] = rows(con, "INSERT INTO okta.groups.groups (data__profile__name) VALUES ('Night shift') RETURNING id")
    found = f"SELECT profile ->> 'name', profile ->> 'description' FROM okta.groups.groups WHERE id = '{key}'"
    assert rows(con, found) == [("Night shift", None)]
    con.sql(
        f"""REPLACE okta.groups.groups SET profile = '{{"name": "Night shift", "description": "22-6"}}'
            WHERE id = '{key}'"""
    )
    assert rows(con, found) == [("Night shift", "22-6")]
    con.sql(f"DELETE FROM okta.groups.groups WHERE id = '{key}'")
    assert rows(con, found) == []


def test_lifecycle_methods_move_the_status(con: quaestor.Connection) -> None:
    [(key,)] = rows(con, "SELECT id FROM okta.users.users WHERE status = 'ACTIVE' ORDER BY id LIMIT 1")
    status = f"SELECT status FROM okta.users.users WHERE id = '{key}'"
    for method, expected in (("suspend_user", "SUSPENDED"), ("unsuspend_user", "ACTIVE")):
        con.sql(f"EXEC okta.users.users.{method} @id = '{key}'")
        assert rows(con, status) == [(expected,)]
    con.sql(f"EXEC okta.users.users.deactivate_user @id = '{key}'")
    assert rows(con, status) == [("DEPROVISIONED",)]
    con.sql(f"DELETE FROM okta.users.users WHERE id = '{key}'")
    assert rows(con, status) == []


def test_the_first_delete_of_an_active_user_only_deactivates(con: quaestor.Connection) -> None:
    """As the specification of Okta's deleteUser says, and as recordings have it: DELETE twice, 204 both times."""
    [(key,)] = rows(con, "SELECT id FROM okta.users.users WHERE status = 'ACTIVE' ORDER BY id LIMIT 1")
    status = f"SELECT status FROM okta.users.users WHERE id = '{key}'"
    con.sql(f"DELETE FROM okta.users.users WHERE id = '{key}'")
    assert rows(con, status) == [("DEPROVISIONED",)]
    con.sql(f"DELETE FROM okta.users.users WHERE id = '{key}'")
    assert rows(con, status) == []


#: What creation answers and nothing afterwards does: a statement, the secret's column, and what is made.
SECRETS = {
    "api service": (
        """INSERT INTO okta.integrations.instances (data__type, data__grantedScopes)
           VALUES ('my_app_cie', '["okta.users.read"]') RETURNING clientSecret, id""",
        "",
    ),
    "application key": (
        "INSERT INTO datadog.organization.current_user_application_keys (name) VALUES ('k') RETURNING key, id",
        "",
    ),
    "api key": ("INSERT INTO datadog.organization.api_keys (name) VALUES ('k') RETURNING key, id", ""),
    "oauth client secret": (
        "INSERT INTO okta.apps.secrets (appId) VALUES ('{app}') RETURNING client_secret, id",
        "SELECT id FROM okta.apps.applications WHERE name = 'oidc_client' ORDER BY id",
    ),
}


@pytest.mark.parametrize("what", SECRETS)
def test_secrets_that_creation_tells_are_told(con: quaestor.Connection, what: str) -> None:
    text, before = SECRETS[what]
    if before:
        text = text.replace("{app}", rows(con, before)[0][0])
    with con.sql(text) as result:
        [row] = result.dicts()
    secret = next(value for name, value in row.items() if name in ("clientSecret", "key", "client_secret"))
    assert len(str(secret)) >= 16
    assert "*" not in str(secret)


def test_an_active_application_is_not_deleted(con: quaestor.Connection) -> None:
    [(key,)] = rows(con, "SELECT id FROM okta.apps.applications WHERE status = 'ACTIVE' ORDER BY id LIMIT 1")
    with pytest.raises(ProviderError):
        con.sql(f"DELETE FROM okta.apps.applications WHERE id = '{key}'")
    assert rows(con, f"SELECT status FROM okta.apps.applications WHERE id = '{key}'") == [("ACTIVE",)]


def test_the_five_operations_of_datadogs_okta_accounts(con: quaestor.Connection) -> None:
    table = "datadog.integrations.okta_accounts"
    [(key, kind)] = rows(
        con,
        f"""INSERT INTO {table} (name, domain, auth_method, client_id, client_secret)
            VALUES ('new', 'https://new.okta.com/', 'oauth', 'i', 's') RETURNING id, type""",
    )
    assert kind == "okta-accounts"
    assert ("new",) in rows(con, f"SELECT name FROM {table}")
    assert rows(con, f"SELECT name, client_secret FROM {table} WHERE account_id = '{key}'") == [("new", None)]
    [(again, client)] = rows(
        con, f"UPDATE {table} SET client_id = 'j' WHERE account_id = '{key}' RETURNING id, client_id"
    )
    assert client == "j"
    con.sql(f"DELETE FROM {table} WHERE account_id = '{again}'")
    assert ("new",) not in rows(con, f"SELECT name FROM {table}")


def test_rows_that_are_done_are_told(con: quaestor.Connection) -> None:
    [(key,)] = rows(con, "INSERT INTO okta.groups.groups (data__profile__name) VALUES ('one') RETURNING id")
    with pytest.raises(PartialWriteError) as caught:
        con.sql(f"DELETE FROM okta.groups.groups WHERE id IN ('{key}', '00gnone', '00gother')")
    assert caught.value.outcomes == {"done": (1,), "refused": (2,), "unknown": (), "not tried": (3,)}


#: Conditions on a group's name, and the same in Python.
CONDITIONS: dict[str, Callable[[str, str], bool]] = {
    "profile ->> 'name' LIKE 'w%'": lambda name, key: name.startswith("w"),
    "profile ->> 'name' IN ('w1', 'x2')": lambda name, key: name in ("w1", "x2"),
    "profile ->> 'name' > 'w1' AND profile ->> 'name' < 'z'": lambda name, key: "w1" < name < "z",
    "NOT (profile ->> 'name' = 'w1' OR length(profile ->> 'name') > 2)": lambda name, key: (
        not (name == "w1" or len(name) > 2)
    ),
    "substr(profile ->> 'name', 2) = '2' AND type = 'OKTA_GROUP'": lambda name, key: name[1:] == "2",
}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_predicate_reaches_the_rows_that_a_model_says(con: quaestor.Connection, condition: str) -> None:
    con.sql("DELETE FROM okta.groups.groups WHERE type = 'OKTA_GROUP'")
    names = [f"{letter}{number}" for letter in "wx" for number in range(1, 4)]
    con.sql(
        "INSERT INTO okta.groups.groups (data__profile__name) VALUES " + ", ".join(f"('{name}')" for name in names)
    )
    before = rows(con, "SELECT id, profile ->> 'name' FROM okta.groups.groups WHERE type = 'OKTA_GROUP'")
    con.sql(f"DELETE FROM okta.groups.groups WHERE type = 'OKTA_GROUP' AND ({condition})")
    after = rows(con, "SELECT profile ->> 'name' FROM okta.groups.groups WHERE type = 'OKTA_GROUP'")
    kept = [name for key, name in before if not CONDITIONS[condition](name, key)]
    assert sorted(after) == sorted((name,) for name in kept)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 53), 1 << 53) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(TEXTS, VALUES)
def test_what_is_sent_is_what_was_written(name: str, value: Any) -> None:
    """Value → request → parsed back equal, in the path, the query and the body."""
    from urllib.parse import parse_qsl, unquote, urlsplit

    from quaestor.catalog.model import Body, Method, Parameter, Server
    from quaestor.fetch.body import encode
    from quaestor.fetch.request import build_request

    method = Method(
        "m",
        "insert",
        "POST",
        "/a/{key}/b",
        (Parameter("key", "key", "path", required=True), Parameter("q", "q[x]", "query")),
        body=Body(),
    )
    body, content_type = encode({name: value}, "application/json")
    if name in (".", ".."):
        return  # refused: these would name another resource
    request = build_request(
        method, Server("https://x.test"), {"key": name, "q": name}, body=body, content_type=content_type
    )
    parts = urlsplit(request.url)
    assert [unquote(part) for part in parts.path.split("/")] == ["", "a", name, "b"]
    assert parse_qsl(parts.query, keep_blank_values=True) == [("q[x]", name)]
    assert json.loads(request.body or b"") == {name: value}
    assert dict(request.headers)["content-type"] == "application/json"
