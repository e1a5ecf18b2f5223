"""The sandbox's state as clients see it: made, read, changed, deleted, in both directions, for good."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from quaestor.catalog.store import open_catalog
from quaestor.fetch.http import HttpRequest
from quaestor.sandbox.core import Sandbox

KEYS = (("Authorization", "SSWS t"), ("DD-API-KEY", "k"), ("DD-APPLICATION-KEY", "a"))


class Client:
    """Asks a sandbox."""

    def __init__(self, **options: Any) -> None:
        self.box = Sandbox(open_catalog(), ["okta", "datadog"], **options)

    def __call__(self, method: str, path: str, body: Any = None, raw: bytes | None = None) -> tuple[int, Any]:
        sent = raw if raw is not None else None if body is None else json.dumps(body).encode()
        response = self.box.handle(HttpRequest(method, f"http://localhost{path}", KEYS, sent))
        return response.status, json.loads(response.body) if response.body else None

    def good(self, method: str, path: str, body: Any = None) -> Any:
        status, said = self(method, path, body)
        assert status < 300, (method, path, status, said)
        return said

    def user(self, login: str, **query: str) -> Any:
        mark = "?" + "&".join(f"{name}={value}" for name, value in query.items()) if query else ""
        profile = {"login": login, "email": login, "firstName": "Ada", "lastName": "Byron"}
        body = {"profile": profile, "credentials": {"password": {"value": "a secret"}}}
        return self.good("POST", f"/okta/api/v1/users{mark}", body)


@pytest.fixture
def ask() -> Client:
    return Client()


def ids(rows: Any) -> list[str]:
    return [row["id"] for row in rows]


# -- Okta's users


def test_a_user_is_found_by_every_name_and_filter(ask: Client) -> None:
    user = ask.user("ada@new.example")
    assert (user["status"], user["credentials"]["password"]) == ("ACTIVE", {})
    path = "/okta/api/v1/users"
    assert ask.good("GET", f"{path}/{user['id']}") == user
    assert ask.good("GET", f"{path}/ada@new.example")["id"] == user["id"]
    for query in ('filter=profile.login+eq+"ada@new.example"', 'search=profile.firstName+eq+"Ada"', "q=ada"):
        assert user["id"] in ids(ask.good("GET", f"{path}?{query}"))
    assert ids(ask.good("GET", f'{path}?filter=id+eq+"{user["id"]}"')) == [user["id"]]
    assert ask.good("GET", f"{path}?limit=200")[-1]["id"] == user["id"]
    assert set(ask.good("GET", f"{path}?limit=200")[-1]["_links"]) == {"self"}


def test_a_user_goes_through_life(ask: Client) -> None:
    user = ask.user("life@new.example", activate="false")
    here = f"/okta/api/v1/users/{user['id']}"
    assert (user["status"], user["activated"]) == ("STAGED", None)
    said = ask.good("POST", f"{here}/lifecycle/activate?sendEmail=false")
    assert said["activationUrl"].endswith(f"/tokens/{said['activationToken']}/verify")
    for step, status in (
        ("suspend", "SUSPENDED"),
        ("unsuspend", "ACTIVE"),
        ("expire_password", "PASSWORD_EXPIRED"),
        ("deactivate", "DEPROVISIONED"),
    ):
        ask.good("POST", f"{here}/lifecycle/{step}")
        assert ask.good("GET", here)["status"] == status
    assert user["id"] not in ids(ask.good("GET", "/okta/api/v1/users?limit=200"))
    assert user["id"] in ids(ask.good("GET", '/okta/api/v1/users?filter=status+eq+"DEPROVISIONED"'))


@pytest.mark.parametrize(
    ("step", "status", "code"),
    [("unlock", 403, "E0000032"), ("reactivate", 403, "E0000038"), ("unsuspend", 400, "E0000001")],
)
def test_a_step_that_the_status_does_not_allow(ask: Client, step: str, status: int, code: str) -> None:
    user = ask.user("no@new.example")
    found, said = ask("POST", f"/okta/api/v1/users/{user['id']}/lifecycle/{step}")
    assert (found, said["errorCode"]) == (status, code)
    assert ask.good("GET", f"/okta/api/v1/users/{user['id']}") == user


def test_the_first_delete_deactivates_and_the_second_deletes(ask: Client) -> None:
    for key in (ask.user("gone@new.example")["id"], ask.good("GET", "/okta/api/v1/users?limit=5")[3]["id"]):
        here = f"/okta/api/v1/users/{key}"
        assert ask("DELETE", here) == (204, None)
        assert ask.good("GET", here)["status"] == "DEPROVISIONED"
        assert ask("DELETE", here) == (204, None)
        status, said = ask("GET", here)
        assert (status, said["errorCode"]) == (404, "E0000007")
        assert said["errorSummary"] == f"Not found: Resource not found: {key} (User)"


def test_post_merges_and_put_replaces(ask: Client) -> None:
    user = ask.user("put@new.example")
    here = f"/okta/api/v1/users/{user['id']}"
    merged = ask.good("POST", here, {"profile": {"nickName": "A"}})
    assert (merged["profile"]["nickName"], merged["profile"]["firstName"]) == ("A", "Ada")
    assert merged["lastUpdated"] > user["lastUpdated"]
    profile = {"login": "put@new.example", "email": "x@new.example", "firstName": "B", "lastName": "C"}
    replaced = ask.good("PUT", here, {"profile": profile})
    assert "nickName" not in replaced["profile"]
    assert (replaced["id"], replaced["created"], replaced["status"]) == (user["id"], user["created"], "ACTIVE")


def test_a_generated_user_is_changed_in_every_list(ask: Client) -> None:
    before = ask.good("GET", "/okta/api/v1/users?limit=3")
    key = before[1]["id"]
    ask.good("POST", f"/okta/api/v1/users/{key}", {"profile": {"firstName": "Zebra"}})
    after = ask.good("GET", "/okta/api/v1/users?limit=3")
    assert ids(after) == ids(before)
    assert after[1]["profile"]["firstName"] == "Zebra"
    assert key in ids(ask.good("GET", "/okta/api/v1/users?q=zebra"))
    group = ask.good("GET", f"/okta/api/v1/users/{key}/groups")[0]["id"]
    members = ask.good("GET", f"/okta/api/v1/groups/{group}/users?limit=200")
    assert next(row for row in members if row["id"] == key)["profile"]["firstName"] == "Zebra"


def test_bodies_that_cannot_be(ask: Client) -> None:
    status, said = ask("POST", "/okta/api/v1/users", raw=b'{"profile":')
    assert (status, said["errorCode"]) == (400, "E0000003")
    status, said = ask("POST", "/okta/api/v1/users", {"profile": {"login": "a@b.example"}})
    assert (status, said["errorCode"]) == (400, "E0000001")
    assert {"errorSummary": "lastName: The field cannot be left blank"} in said["errorCauses"]
    ask.user("twice@new.example")
    profile = {"login": "twice@new.example", "email": "t@new.example", "firstName": "A", "lastName": "B"}
    status, said = ask("POST", "/okta/api/v1/users", {"profile": profile})
    assert (status, said["errorCode"]) == (400, "E0000001")
    assert "already exists" in said["errorCauses"][0]["errorSummary"]
    status, said = ask("POST", "/okta/api/v1/groups", {"profile": {"name": "Everyone"}})
    assert (status, said["errorCode"]) == (400, "E0000001")


# -- memberships and assignments


def test_a_membership_is_seen_from_both_ends(ask: Client) -> None:
    user = ask.user("member@new.example")["id"]
    group = ask.good("POST", "/okta/api/v1/groups", {"profile": {"name": "New"}})["id"]
    assert ask.good("GET", f"/okta/api/v1/groups/{group}/users") == []
    link = f"/okta/api/v1/groups/{group}/users/{user}"
    assert ask("PUT", link) == (204, None)
    assert ask("PUT", link) == (204, None)
    assert ids(ask.good("GET", f"/okta/api/v1/groups/{group}/users")) == [user]
    assert group in ids(ask.good("GET", f"/okta/api/v1/users/{user}/groups"))
    assert ask("DELETE", link) == (204, None)
    assert ask.good("GET", f"/okta/api/v1/groups/{group}/users") == []
    assert group not in ids(ask.good("GET", f"/okta/api/v1/users/{user}/groups"))
    assert ask("PUT", f"/okta/api/v1/groups/{group}/users/nobody")[0] == 404


def test_a_generated_membership_ends(ask: Client) -> None:
    user = ask.good("GET", "/okta/api/v1/users?limit=1")[0]["id"]
    group = ask.good("GET", f"/okta/api/v1/users/{user}/groups")[1]["id"]
    ask.good("DELETE", f"/okta/api/v1/groups/{group}/users/{user}")
    assert group not in ids(ask.good("GET", f"/okta/api/v1/users/{user}/groups"))
    assert user not in ids(ask.good("GET", f"/okta/api/v1/groups/{group}/users?limit=200"))


def test_an_application_has_its_people_and_groups(ask: Client) -> None:
    body = {
        "name": "bookmark",
        "label": "L",
        "signOnMode": "BOOKMARK",
        "settings": {"app": {"url": "https://a.example"}},
    }
    app = ask.good("POST", "/okta/api/v1/apps", body)
    here = f"/okta/api/v1/apps/{app['id']}"
    assert (app["status"], app["label"]) == ("ACTIVE", "L")
    user = ask.user("app@new.example")["id"]
    wanted = f'/okta/api/v1/apps?filter=user.id+eq+"{user}"'
    everybodys = ids(ask.good("GET", wanted))
    assert ask.good("POST", f"{here}/users", {"id": user})["credentials"]["userName"] == "app@new.example"
    assert ids(ask.good("GET", f"{here}/users")) == [user]
    assert ids(ask.good("GET", wanted)) == [*everybodys, app["id"]]
    group = ask.good("POST", "/okta/api/v1/groups", {"profile": {"name": "Appers"}})["id"]
    ask.good("PUT", f"{here}/groups/{group}", {})
    assert ids(ask.good("GET", f"/okta/api/v1/groups/{group}/apps")) == [app["id"]]
    status, said = ask("DELETE", here)
    assert (status, said["errorCode"]) == (403, "E0000056")
    assert ask.good("POST", f"{here}/lifecycle/deactivate") == {}
    assert ask.good("GET", here)["status"] == "INACTIVE"
    assert ask("DELETE", here) == (204, None)
    assert ask("GET", f"{here}/users")[0] == 404
    assert ask.good("GET", f"/okta/api/v1/groups/{group}/apps") == []


# -- Datadog


def test_an_okta_account_as_recorded(ask: Client) -> None:
    path = "/datadog/api/v2/integrations/okta/accounts"
    attributes = {
        "auth_method": "oauth",
        "client_id": "c",
        "client_secret": "s",
        "domain": "https://a.example/",
        "name": "n",
    }
    account = {"type": "okta-accounts", "id": "f749daaf-682e-4208-a38d-c9b43162c609", "attributes": attributes}
    status, made = ask("POST", path, {"data": account})
    assert status == 201
    key = made["data"]["id"]
    assert key != account["id"]
    assert made["data"]["attributes"] == {n: v for n, v in attributes.items() if n != "client_secret"}
    assert ask.good("GET", f"{path}/{key}") == made
    change = {
        "data": {"type": "okta-accounts", "attributes": {"auth_method": "oauth", "domain": "https://b.example/"}}
    }
    moved = ask.good("PATCH", f"{path}/{key}", change)["data"]
    assert moved["id"] != key
    assert (moved["attributes"]["domain"], moved["attributes"]["name"]) == ("https://b.example/", "n")
    assert moved["id"] in ids(ask.good("GET", path)["data"])
    assert key not in ids(ask.good("GET", path)["data"])
    assert ask("DELETE", f"{path}/{key}") == (400, {"errors": ["Unknown error occurred: "]})
    assert ask("DELETE", f"{path}/{moved['id']}") == (204, None)
    assert ask("GET", f"{path}/{moved['id']}")[0] == 404


def test_a_role_gains_and_loses_people(ask: Client) -> None:
    role = ask.good("POST", "/datadog/api/v2/roles", {"data": {"type": "roles", "attributes": {"name": "R"}}})["data"]
    user = {"data": {"type": "users", "attributes": {"email": "New@X.example"}}}
    made = ask.good("POST", "/datadog/api/v2/users", user)["data"]
    assert (made["attributes"]["handle"], made["attributes"]["status"]) == ("new@x.example", "Pending")
    place = f"/datadog/api/v2/roles/{role['id']}/users"
    named = {"data": {"type": "users", "id": made["id"]}}
    assert ids(ask.good("POST", place, named)["data"]) == [made["id"]]
    assert ids(ask.good("GET", place)["data"]) == [made["id"]]
    assert ask.good("DELETE", place, named)["data"] == []
    assert ask("DELETE", f"/datadog/api/v2/users/{made['id']}") == (204, None)
    assert ask.good("GET", f"/datadog/api/v2/users/{made['id']}")["data"]["attributes"]["disabled"] is True


def test_a_monitor_from_making_to_deleting(ask: Client) -> None:
    made = ask.good("POST", "/datadog/api/v1/monitor", {"name": "M", "type": "metric alert", "query": "q"})
    here = f"/datadog/api/v1/monitor/{made['id']}"
    assert ask.good("GET", here)["name"] == "M"
    assert ask.good("PUT", here, {"name": "N"})["query"] == "q"
    assert [row["id"] for row in ask.good("GET", "/datadog/api/v1/monitor?name=N")].count(made["id"]) == 1
    assert ask.good("DELETE", here)["deleted_monitor_id"] is not None
    assert ask("GET", here)[0] == 404


# -- the sandbox's own pages


def test_log_state_and_reset(ask: Client) -> None:
    user = ask.user("own@new.example")
    status, log = ask("GET", "/_sandbox/log")
    assert status == 200
    assert {n: log[-1][n] for n in ("method", "path", "status", "provider")} == {
        "method": "POST",
        "path": "/api/v1/users",
        "status": 200,
        "provider": "okta",
    }
    assert "a secret" not in json.dumps([log, ask.box.state()])
    assert user["id"] in ask("GET", "/_sandbox/state")[1]["okta:/api/v1/users"]["born"]
    assert ask("POST", "/_sandbox/reset") == (204, None)
    assert ask("GET", f"/okta/api/v1/users/{user['id']}")[0] == 404
    assert (ask.box.state(), len(ask.box.log())) == ({}, 1)


def test_a_foreign_name_of_this_machine_is_told_nothing(ask: Client) -> None:
    response = ask.box.handle(HttpRequest("POST", "http://evil.example/_sandbox/reset", KEYS))
    assert response.status == 403


# -- many at once, and after the end


def test_fifty_clients_at_once_lose_nothing(ask: Client) -> None:
    def one(number: int) -> str:
        key: str = ask.user(f"many{number}@new.example")["id"]
        ask.good("POST", f"/okta/api/v1/users/{key}", {"profile": {"nickName": str(number)}})
        return key

    with ThreadPoolExecutor(50) as pool:
        keys = list(pool.map(one, range(150)))
    assert len(set(keys)) == 150
    found = ask.good("GET", '/okta/api/v1/users?limit=200&search=profile.firstName+eq+"Ada"')
    nicknames = {row["id"]: row["profile"].get("nickName") for row in found}
    assert {key: nicknames[key] for key in keys} == {key: str(at) for at, key in enumerate(keys)}


_WRITER = """
import json, sys
from quaestor.catalog.store import open_catalog
from quaestor.fetch.http import HttpRequest
from quaestor.sandbox.core import Sandbox
box = Sandbox(open_catalog(), ["okta"], state=sys.argv[1])
for number in range(100_000):
    body = json.dumps({"profile": {"name": f"G{number}"}}).encode()
    said = box.handle(HttpRequest("POST", "http://localhost/api/v1/groups", (("Authorization", "SSWS t"),), body))
    print(json.loads(said.body)["id"], flush=True)
"""


def test_a_kill_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    path = str(tmp_path / "state")
    with subprocess.Popen([sys.executable, "-c", _WRITER, path], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        answered = [writer.stdout.readline().strip() for _ in range(40)]
        writer.send_signal(signal.SIGKILL)
        answered += [line.strip() for line in writer.stdout if line.endswith("\n")]
    box = Sandbox(open_catalog(), ["okta"], state=path)
    try:
        for key in answered:
            request = HttpRequest("GET", f"http://localhost/api/v1/groups/{key}", KEYS)
            assert box.handle(request).status == 200
    finally:
        box.close()
