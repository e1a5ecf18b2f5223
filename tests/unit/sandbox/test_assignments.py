"""Who is in which group and has which application, from every side, after what clients did."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.unit.sandbox.asking import KEYS

from quaestor.catalog.store import open_catalog
from quaestor.fetch.http import HttpRequest
from quaestor.sandbox.core import Sandbox

BUSY = "Acme Portal"


@pytest.fixture
def box() -> Sandbox:
    return Sandbox(open_catalog(), ["okta"])


def ask(box: Sandbox, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    raw = None if body is None else json.dumps(body).encode()
    response = box.handle(HttpRequest(method, f"http://h{path}", KEYS, raw))
    return response.status, json.loads(response.body) if response.body else None


def done(box: Sandbox, method: str, path: str, body: Any = None) -> Any:
    status, said = ask(box, method, path, body)
    assert status < 300, said
    return said


def ids(box: Sandbox, path: str) -> set[str]:
    return {row["id"] for row in done(box, "GET", path)}


def person(box: Sandbox, login: str, **profile: str) -> str:
    whole = {"firstName": "A", "lastName": "B", "email": login, "login": login, **profile}
    made = done(box, "POST", "/api/v1/users", {"profile": whole, "credentials": {"password": {"value": "Abcd123!"}}})
    return str(made["id"])


def group(box: Sandbox, name: str) -> str:
    return str(done(box, "POST", "/api/v1/groups", {"profile": {"name": name}})["id"])


def app(box: Sandbox, label: str) -> str:
    settings = {"app": {"url": "https://a.example", "requestIntegration": False}}
    body = {"name": "bookmark", "label": label, "signOnMode": "BOOKMARK", "settings": settings}
    return str(done(box, "POST", "/api/v1/apps", body)["id"])


def labels(box: Sandbox, user: str) -> set[str]:
    return {row["label"] for row in done(box, "GET", f"/api/v1/users/{user}/appLinks")}


def test_an_application_of_a_group_is_its_members_while_they_are_in_it(box: Sandbox) -> None:
    looms, jacquard = group(box, "Looms"), app(box, "Jacquard")
    early, late = person(box, "early@x.y"), person(box, "late@x.y")
    done(box, "PUT", f"/api/v1/groups/{looms}/users/{early}")
    done(box, "PUT", f"/api/v1/apps/{jacquard}/groups/{looms}", {})
    done(box, "PUT", f"/api/v1/groups/{looms}/users/{late}")
    users = done(box, "GET", f"/api/v1/apps/{jacquard}/users")
    assert {row["id"]: row["scope"] for row in users} == {early: "GROUP", late: "GROUP"}
    assert "Jacquard" in labels(box, late)
    assert ids(box, f"/api/v1/groups/{looms}/apps") == {jacquard}
    for condition in (f'user.id eq "{late}"', f'group.id eq "{looms}"'):
        quoted = condition.replace(" ", "%20").replace('"', "%22")
        assert jacquard in ids(box, f"/api/v1/apps?filter={quoted}")
    done(box, "DELETE", f"/api/v1/groups/{looms}/users/{late}")
    assert ids(box, f"/api/v1/apps/{jacquard}/users") == {early}
    assert "Jacquard" not in labels(box, late)
    done(box, "DELETE", f"/api/v1/apps/{jacquard}/groups/{looms}")
    assert ids(box, f"/api/v1/apps/{jacquard}/users") == set()
    assert ids(box, f"/api/v1/groups/{looms}/apps") == set()


def test_who_has_an_application_otherwise_keeps_it(box: Sandbox) -> None:
    one, two, jacquard = group(box, "One"), group(box, "Two"), app(box, "Jacquard")
    both, direct = person(box, "both@x.y"), person(box, "direct@x.y")
    for each in (one, two):
        done(box, "PUT", f"/api/v1/apps/{jacquard}/groups/{each}", {})
        done(box, "PUT", f"/api/v1/groups/{each}/users/{both}")
    done(box, "PUT", f"/api/v1/groups/{one}/users/{direct}")
    done(box, "POST", f"/api/v1/apps/{jacquard}/users", {"id": direct, "scope": "USER"})
    done(box, "DELETE", f"/api/v1/groups/{one}")
    assert ids(box, f"/api/v1/apps/{jacquard}/users") == {both, direct}
    assert ids(box, f"/api/v1/apps/{jacquard}/groups") == {two}
    assert one not in ids(box, f"/api/v1/users/{both}/groups")
    done(box, "DELETE", f"/api/v1/groups/{two}")
    assert ids(box, f"/api/v1/apps/{jacquard}/users") == {direct}


@pytest.mark.parametrize("how", [("POST", "/lifecycle/deactivate"), ("DELETE", "")])
def test_who_is_deactivated_is_nowhere_and_comes_back_to_everybody_only(box: Sandbox, how: tuple[str, str]) -> None:
    generated = done(box, "GET", "/api/v1/users?limit=3")[2]["id"]
    assert labels(box, generated)
    done(box, how[0], f"/api/v1/users/{generated}{how[1]}")
    assert ids(box, f"/api/v1/users/{generated}/groups") == set()
    assert labels(box, generated) == set()
    assert all(generated not in ids(box, f"/api/v1/apps/{each}/users?limit=500") for each in ids(box, "/api/v1/apps"))
    status, said = ask(box, "PUT", f"/api/v1/groups/{group(box, 'Late')}/users/{generated}")
    assert (status, said["errorCode"]) == (403, "E0000038")
    done(box, "POST", f"/api/v1/users/{generated}/lifecycle/activate?sendEmail=false")
    assert done(box, "GET", f"/api/v1/users/{generated}")["status"] == "PROVISIONED"
    names = {row["profile"]["name"] for row in done(box, "GET", f"/api/v1/users/{generated}/groups")}
    assert names == {"Everyone"}


def test_a_rule_gives_its_members_the_applications_of_its_group(box: Sandbox) -> None:
    looms, jacquard = group(box, "Looms"), app(box, "Jacquard")
    done(box, "PUT", f"/api/v1/apps/{jacquard}/groups/{looms}", {})
    rule = {
        "type": "group_rule",
        "name": "weavers",
        "conditions": {"expression": {"value": 'user.department=="Weaving"', "type": "urn:okta:expression:1.0"}},
        "actions": {"assignUserToGroups": {"groupIds": [looms]}},
    }
    made = done(box, "POST", "/api/v1/groups/rules", rule)["id"]
    done(box, "POST", f"/api/v1/groups/rules/{made}/lifecycle/activate")
    weaver = person(box, "weaver@x.y", department="Weaving")
    assert ids(box, f"/api/v1/apps/{jacquard}/users") == {weaver}
    done(box, "DELETE", f"/api/v1/groups/rules/{made}?removeUsers=true")
    assert ids(box, f"/api/v1/apps/{jacquard}/users") == set()


def test_groups_that_others_fill_take_nobody(box: Sandbox) -> None:
    groups = {row["type"]: row["id"] for row in done(box, "GET", "/api/v1/groups")}
    user = person(box, "a@x.y")
    for kind, expected in (("BUILT_IN", (501, "E0000060")), ("APP_GROUP", (403, "E0000006"))):
        for method in ("PUT", "DELETE"):
            status, said = ask(box, method, f"/api/v1/groups/{groups[kind]}/users/{user}")
            assert (status, said["errorCode"]) == expected


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/api/v1/groups", {"profile": {"name": "Only"}}, 400, "E0000001"),
        ("/api/v1/zones", {"type": "IP", "name": "Only", "usage": "POLICY", "gateways": []}, 400, "E0000001"),
        ("/api/v1/trustedOrigins", {"name": "Only", "origin": "https://a.b", "scopes": []}, 400, "E0000001"),
        ("/api/v1/policies", {"type": "OKTA_SIGN_ON", "name": "Only"}, 400, "E0000001"),
        ("/api/v1/iam/roles", {"label": "Only", "description": "d", "permissions": []}, 400, "E0000001"),
        ("/api/v1/groups", {"profile": {"name": "everyone"}}, 400, "E0000001"),
        ("/api/v1/users/me/roles", {"type": "APP_ADMIN"}, 409, "E0000090"),
    ],
)
def test_what_there_may_be_once_only(box: Sandbox, path: str, body: Any, status: int, code: str) -> None:
    if "everyone" not in str(body):
        done(box, "POST", path, body)
    refused, said = ask(box, "POST", path, body)
    assert (refused, said["errorCode"]) == (status, code)


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        ({"profile": {"firstName": "A", "email": "a@b.c", "login": "a@b.c"}}, "lastName: The field cannot be"),
        ({"profile": {"firstName": "A", "lastName": "B", "email": "a@b.c", "login": "a"}}, "login: Username must be"),
        ({"profile": {"firstName": "A", "lastName": "B", "email": "a", "login": "a@b.c"}}, "email: Does not match"),
    ],
)
def test_a_profile_that_can_not_be_is_refused_by_its_field(box: Sandbox, body: Any, cause: str) -> None:
    status, said = ask(box, "POST", "/api/v1/users", body)
    assert (status, said["errorCode"]) == (400, "E0000001")
    assert said["errorCauses"][0]["errorSummary"].startswith(cause)
    assert ask(box, "PUT", "/api/v1/users/me", body)[0] == 400
