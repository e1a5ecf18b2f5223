"""Okta's system log tells what clients did; group rules put people into groups."""

from __future__ import annotations

import json
from time import gmtime, strftime, time
from typing import Any

import pytest
from tests.unit.sandbox.asking import KEYS

from quaestor.catalog.store import open_catalog
from quaestor.fetch.http import HttpRequest
from quaestor.sandbox.answer.refusal import Refusal
from quaestor.sandbox.core import Sandbox
from quaestor.sandbox.okta import story
from quaestor.sandbox.okta.expressions import condition


@pytest.fixture
def box() -> Sandbox:
    return Sandbox(open_catalog(), ["okta"], scale={"users": 40})


def send(box: Sandbox, method: str, path: str, body: Any = None, status: int = 0) -> Any:
    raw = json.dumps(body).encode() if body is not None else None
    answer = box.handle(HttpRequest(method, f"http://h{path}", KEYS, raw))
    assert answer.status == status if status else answer.status < 300, (path, answer.status, answer.body)
    return json.loads(answer.body) if answer.body else None


def person(name: str, **profile: str) -> dict[str, Any]:
    login = f"{name}@acme.example"
    known = {"firstName": name.title(), "lastName": "Doe", "email": login, "login": login, **profile}
    return {"profile": known, "credentials": {"password": {"value": "correct horse battery staple"}}}


def told(box: Sandbox, query: str = "") -> list[tuple[str, str]]:
    """Type and first target of the events that clients caused."""
    events = send(box, "GET", f"/api/v1/logs?limit=1000&filter=client.userAgent.rawUserAgent+sw+%22sandbox%22{query}")
    told = [(event["eventType"], event["target"][0]["displayName"]) for event in events]
    return [each for each in told if each[0][:12] != "application."]  # what everybody's group has


def test_a_users_life_is_told_in_order(box: Sandbox) -> None:
    group = send(box, "POST", "/api/v1/groups", {"profile": {"name": "Auditors"}})["id"]
    user = send(box, "POST", "/api/v1/users", person("mara"))["id"]
    send(box, "PUT", f"/api/v1/groups/{group}/users/{user}")
    send(box, "POST", f"/api/v1/users/{user}", {"profile": {"title": "Auditor"}})
    for step in ("suspend", "unsuspend", "reset_factors"):
        send(box, "POST", f"/api/v1/users/{user}/lifecycle/{step}")
    for _ in range(2):  # who is in already doesn't come in again
        send(box, "PUT", f"/api/v1/groups/{group}/users/{user}", status=204)
    send(box, "DELETE", f"/api/v1/groups/{group}/users/{user}", status=204)
    send(box, "POST", f"/api/v1/users/{user}/lifecycle/deactivate")
    send(box, "POST", f"/api/v1/users/{user}/lifecycle/suspend", status=400)
    send(box, "DELETE", f"/api/v1/users/{user}", status=204)
    send(box, "DELETE", f"/api/v1/groups/{group}", status=204)
    assert told(box) == [
        ("group.lifecycle.create", "Auditors"),
        ("user.lifecycle.create", "Mara Doe"),
        ("user.lifecycle.activate", "Mara Doe"),
        ("group.user_membership.add", "Mara Doe"),
        ("user.account.update_profile", "Mara Doe"),
        ("user.lifecycle.suspend", "Mara Doe"),
        ("user.lifecycle.unsuspend", "Mara Doe"),
        ("user.mfa.factor.reset_all", "Mara Doe"),
        ("group.user_membership.remove", "Mara Doe"),
        ("user.lifecycle.deactivate", "Mara Doe"),
        ("user.lifecycle.delete.completed", "Mara Doe"),
        ("group.lifecycle.delete", "Auditors"),
    ]


def test_many_changes_in_a_second_are_none_of_the_future() -> None:
    now = strftime("%Y-%m-%dT%H:%M:%SZ", gmtime())
    box = Sandbox(open_catalog(), ["okta"], clock=now)
    for number in range(5):
        send(box, "POST", "/api/v1/groups", {"profile": {"name": f"G{number}"}})
    until = strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(time() + 1))
    assert len(send(box, "GET", f"/api/v1/logs?since={now}&until={until}&q=group.lifecycle.create")) == 5


def test_the_first_delete_only_deactivates(box: Sandbox) -> None:
    user = send(box, "POST", "/api/v1/users", person("mara"))["id"]
    send(box, "DELETE", f"/api/v1/users/{user}", status=204)
    send(box, "DELETE", f"/api/v1/users/{user}", status=204)
    assert [event for event, _ in told(box)][-2:] == ["user.lifecycle.deactivate", "user.lifecycle.delete.completed"]


def test_an_event_names_who_did_it_and_to_what(box: Sandbox) -> None:
    user = send(box, "POST", "/api/v1/users?activate=false", person("mara"))["id"]
    app = send(box, "GET", "/api/v1/apps?limit=1")[0]
    send(box, "POST", f"/api/v1/apps/{app['id']}/users", {"id": user})
    condition = "eventType+eq+%22application.user_membership.add%22+and+target.type+eq+%22AppUser%22"
    (event,) = send(box, "GET", f"/api/v1/logs?q=mara&filter={condition}")
    assert event["outcome"] == {"result": "SUCCESS", "reason": None}
    assert event["actor"]["type"] == "User"
    assert (
        send(box, "GET", f"/api/v1/users/{event['actor']['id']}")["profile"]["login"] == event["actor"]["alternateId"]
    )
    assert [(each["type"], each["id"]) for each in event["target"]] == [
        ("AppUser", user),
        ("AppInstance", app["id"]),
        ("User", user),
    ]
    assert event["target"][1]["displayName"] == app["label"]


def test_events_are_found_by_time_filter_words_and_order(box: Sandbox) -> None:
    before = send(box, "GET", "/api/v1/logs?limit=1000&sortOrder=DESCENDING")[0]["published"]
    for name in ("ana", "ben", "cleo"):
        send(box, "POST", "/api/v1/groups", {"profile": {"name": name}})
    assert [name for _, name in told(box)] == ["ana", "ben", "cleo"]
    assert [name for _, name in told(box, "&sortOrder=DESCENDING")] == ["cleo", "ben", "ana"]
    assert [name for _, name in told(box, "&q=ben")] == ["ben"]
    stamps = [e["published"] for e in send(box, "GET", f"/api/v1/logs?since={before}") if e["published"] > before]
    assert len(stamps) == 3
    assert [name for _, name in told(box, f"&since={stamps[1]}")] == ["ben", "cleo"]
    assert [name for _, name in told(box, f"&until={stamps[1]}")] == ["ana"]


def test_one_who_polls_gets_what_is_new(box: Sandbox) -> None:
    def poll(url: str) -> tuple[list[str], str]:
        answer = box.handle(HttpRequest("GET", url, KEYS))
        links = [value for value in answer.all("link") if 'rel="next"' in value]
        rows = json.loads(answer.body)
        return [row["target"][0]["displayName"] for row in rows], links[0].partition(">")[0][1:]

    _, following = poll("http://h/api/v1/logs?limit=1000")
    assert poll(following)[0] == []
    send(box, "POST", "/api/v1/groups", {"profile": {"name": "ana"}})
    names, following = poll(following)
    assert names == ["ana"]
    assert poll(following)[0] == []


def test_the_log_keeps_so_many_events(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(story, "KEPT", 5)
    monkeypatch.setattr(story, "_SPARE", 1)
    for number in range(8):
        send(box, "POST", "/api/v1/groups", {"profile": {"name": f"g{number}"}})
    assert [name for _, name in told(box)] == ["g3", "g4", "g5", "g6", "g7"]


def rule(expression: str, *groups: str) -> dict[str, Any]:
    return {
        "type": "group_rule",
        "name": "by title",
        "conditions": {"expression": {"value": expression, "type": "urn:okta:expression:1.0"}},
        "actions": {"assignUserToGroups": {"groupIds": list(groups)}},
    }


def test_a_rule_puts_people_into_its_groups_when_it_is_switched_on(box: Sandbox) -> None:
    group = send(box, "POST", "/api/v1/groups", {"profile": {"name": "Auditors"}})["id"]
    early = send(box, "POST", "/api/v1/users", person("early", title="Auditor"))["id"]
    made = send(box, "POST", "/api/v1/groups/rules", rule('user.title=="Auditor"', group))["id"]

    def members() -> set[str]:
        return {user["id"] for user in send(box, "GET", f"/api/v1/groups/{group}/users")}

    assert members() == set()
    send(box, "POST", f"/api/v1/groups/rules/{made}/lifecycle/activate", status=204)
    assert members() == {early}
    assert group in {each["id"] for each in send(box, "GET", f"/api/v1/users/{early}/groups")}
    late = send(box, "POST", "/api/v1/users", person("late", title="Auditor"))["id"]
    moved = send(box, "POST", "/api/v1/users", person("moved", title="Clerk"))["id"]
    assert members() == {early, late}
    send(box, "POST", f"/api/v1/users/{moved}", {"profile": {"title": "Auditor"}})
    assert members() == {early, late, moved}
    added = [name for event, name in told(box) if event == "group.user_membership.add"]
    assert added == ["Early Doe", "Late Doe", "Moved Doe"]
    send(box, "POST", f"/api/v1/groups/rules/{made}/lifecycle/deactivate", status=204)
    assert members() == {early, late, moved}
    send(box, "DELETE", f"/api/v1/groups/rules/{made}?removeUsers=true", status=202)
    assert members() == set()


def test_a_rule_that_the_sandbox_cannot_tell_is_refused_and_changes_nothing(box: Sandbox) -> None:
    group = send(box, "POST", "/api/v1/groups", {"profile": {"name": "Auditors"}})["id"]
    made = send(box, "POST", "/api/v1/groups/rules", rule("Arrays.contains(user.x, 1)", group))["id"]
    said = send(box, "POST", f"/api/v1/groups/rules/{made}/lifecycle/activate", status=400)
    assert "Arrays.contains" in said["errorCauses"][0]["errorSummary"]
    assert send(box, "GET", f"/api/v1/groups/rules/{made}")["status"] == "INACTIVE"


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ('user.title=="Lead"', True),
        ("user.title=='Lead'", True),
        ('user.title!="Lead"', False),
        ('user.city==null AND user.title=="Lead"', True),
        ('user.title=="X" OR user.level==3', True),
        ('user.title=="X" || (user.title=="Lead" && !user.remote==true)', False),
        ('NOT (user.title=="X")', True),
        ('String.startsWith(user.title,"Le")', True),
        ('String.stringContains(user.title, "z")', False),
        ('isMemberOfGroup("00g1")', True),
        ('isMemberOfAnyGroup("00g2","00g1")', True),
        ('isMemberOfGroupName("Nobody")', False),
    ],
)
def test_expressions(text: str, holds: bool) -> None:
    user = {"title": "Lead", "level": 3, "remote": True}
    assert condition(text)(user, lambda: ["00g1", "Staff"]) is holds


@pytest.mark.parametrize(
    "text", ["", "user.title", 'user.title="X"', "user.title==", "(" * 99, 'f(user.x)=="1"', "a b"]
)
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(Refusal):
        condition(text)


def test_what_clients_changed_shows_in_expanded_rows(box: Sandbox) -> None:
    group = send(box, "POST", "/api/v1/groups", {"profile": {"name": "Auditors"}})["id"]
    user = send(box, "POST", "/api/v1/users", person("mara"))["id"]
    send(box, "PUT", f"/api/v1/groups/{group}/users/{user}")
    listed = send(box, "GET", "/api/v1/groups?expand=stats&limit=200")
    counts = {each["id"]: each["_embedded"]["stats"]["usersCount"] for each in listed}
    assert counts[group] == 1
    assert counts[listed[0]["id"]] == len(send(box, "GET", f"/api/v1/groups/{listed[0]['id']}/users?limit=200"))
    app = send(box, "GET", "/api/v1/apps?limit=1")[0]["id"]
    send(box, "POST", f"/api/v1/apps/{app}/users", {"id": user})
    (found,) = [u for u in send(box, "GET", f"/api/v1/apps/{app}/users?expand=user&limit=500") if u["id"] == user]
    assert found["_embedded"]["user"]["profile"]["login"] == "mara@acme.example"
