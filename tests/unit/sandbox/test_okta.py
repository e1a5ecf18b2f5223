"""Okta's world: everything that refers to something refers to what is there, and both directions agree."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from tests.unit.sandbox.asking import ask, read

from quaestor.catalog.store import open_catalog
from quaestor.sandbox.core import Sandbox


@cache
def users() -> dict[str, Any]:
    """All users by id, those who left too."""
    rows = read("/okta/api/v1/users") + read("/okta/api/v1/users", filter='status eq "DEPROVISIONED"')
    return {row["id"]: row for row in rows}


@cache
def groups() -> dict[str, Any]:
    return {row["id"]: row for row in read("/okta/api/v1/groups")}


@cache
def apps() -> dict[str, Any]:
    return {row["id"]: row for row in read("/okta/api/v1/apps", limit="200")}


@cache
def members(group: str) -> set[str]:
    return {row["id"] for row in read(f"/okta/api/v1/groups/{group}/users")}


def test_a_bare_list_leaves_out_those_who_left_and_a_filter_finds_them() -> None:
    listed = read("/okta/api/v1/users")
    left = read("/okta/api/v1/users", search='status eq "DEPROVISIONED"')
    assert {row["status"] for row in left} == {"DEPROVISIONED"}
    assert "DEPROVISIONED" not in {row["status"] for row in listed}
    assert len(listed) + len(left) == len(users()) == 200
    assert len({row["status"] for row in listed}) >= 5


def test_users_have_managers_of_their_department_and_times_in_order() -> None:
    for row in users().values():
        profile = row["profile"]
        if profile["managerId"] is None:
            assert profile["title"] == "Chief Executive Officer"
        else:
            boss = users()[profile["managerId"]]["profile"]
            assert boss["displayName"] == profile["manager"]
            assert boss["department"] in (profile["department"], "Executive")
        assert row["created"] <= row["lastUpdated"]
        assert row["lastLogin"] is None or row["created"][:10] <= row["lastLogin"][:10]
        assert (row["activated"] is None) == (row["status"] == "STAGED")
        assert row["status"] not in ("STAGED", "PROVISIONED") or row["lastLogin"] is None
    assert len({row["profile"]["login"] for row in users().values()}) == 200


def test_a_user_is_found_by_id_login_and_its_beginning() -> None:
    key, row = next(iter(users().items()))
    login = row["profile"]["login"]
    for name in (key, login, login.upper(), login.partition("@")[0], "me"):
        assert read(f"/okta/api/v1/users/{name}")["id"] == key
    assert ask("/okta/api/v1/users/nobody@acme.example").status == 404


def test_linked_objects_are_managers_and_reports() -> None:
    for key, row in list(users().items())[:80]:
        links = read(f"/okta/api/v1/users/{key}/linkedObjects/manager")
        assert [link["_links"]["self"]["href"].rpartition("/")[2] for link in links] == [
            boss for boss in [row["profile"]["managerId"]] if boss
        ]
        reports = read(f"/okta/api/v1/users/{key}/linkedObjects/subordinate")
        assert {link["_links"]["self"]["href"].rpartition("/")[2] for link in reports} == {
            other for other, there in users().items() if there["profile"]["managerId"] == key
        }
    assert ask(f"/okta/api/v1/users/{next(iter(users()))}/linkedObjects/friend").status == 404


def test_those_whose_password_a_directory_keeps_have_an_identity_provider() -> None:
    known = {row["id"] for row in read("/okta/api/v1/idps")}
    for key, row in users().items():
        found = {row["id"] for row in read(f"/okta/api/v1/users/{key}/idps")}
        elsewhere = row["credentials"]["provider"]["type"] != "OKTA" or row["profile"]["userType"] == "Contractor"
        assert bool(found) == elsewhere
        assert found <= known


def test_a_get_offers_the_transitions_of_the_status() -> None:
    for key, row in list(users().items())[-30:]:
        links = read(f"/okta/api/v1/users/{key}")["_links"]
        assert ("unlock" in links) == (row["status"] == "LOCKED_OUT")
        assert ("suspend" in links) == (row["status"] == "ACTIVE")
        assert links["self"]["href"] == f"http://h/okta/api/v1/users/{key}"


def test_searches() -> None:
    sales = read("/okta/api/v1/users", search='profile.department eq "Sales" and status eq "ACTIVE"')
    wanted = [r for r in users().values() if r["profile"]["department"] == "Sales" and r["status"] == "ACTIVE"]
    assert {row["id"] for row in sales} == {row["id"] for row in wanted}
    ordered = read("/okta/api/v1/users", search="status pr", sortBy="profile.lastName", sortOrder="desc")
    names = [row["profile"]["lastName"].lower() for row in ordered]
    assert names == sorted(names, reverse=True)
    some = sales[0]["profile"]
    assert sales[0]["id"] in {row["id"] for row in read("/okta/api/v1/users", q=some["lastName"][:4])}
    assert read("/okta/api/v1/users", filter=f'profile.login eq "{some["login"]}"') == sales[:1]
    for query in ({"filter": 'profile.city eq "Berlin"'}, {"filter": "x"}, {"filter": "id pr", "search": "id pr"}):
        assert b"E0000031" in ask("/okta/api/v1/users", **query).body


def test_memberships_agree_in_both_directions() -> None:
    for key in users():
        of_user = {row["id"] for row in read(f"/okta/api/v1/users/{key}/groups")}
        assert of_user == {group for group in groups() if key in members(group)}
    stay = {key for key, row in users().items() if row["status"] != "DEPROVISIONED"}
    everyone = next(key for key, row in groups().items() if row["profile"]["name"] == "Everyone")
    assert members(everyone) == stay
    sales = next(key for key, row in groups().items() if row["profile"]["name"] == "Sales")
    assert members(sales) == {key for key in stay if users()[key]["profile"]["department"] == "Sales"}


def test_group_statistics_count_what_is_there() -> None:
    for row in read("/okta/api/v1/groups", expand="stats"):
        stats = row["_embedded"]["stats"]
        assert stats["usersCount"] == len(members(row["id"]))
        assert stats["appsCount"] == len(read(f"/okta/api/v1/groups/{row['id']}/apps"))


def test_group_rules_assign_groups_that_exist() -> None:
    rules = read("/okta/api/v1/groups/rules")
    assert {rule["status"] for rule in rules} == {"ACTIVE", "INACTIVE", "INVALID"}
    for rule in rules:
        assert set(rule["actions"]["assignUserToGroups"]["groupIds"]) <= set(groups())
        assert read(f"/okta/api/v1/groups/rules/{rule['id']}")["name"] == rule["name"]


def test_application_assignments_agree_in_every_direction() -> None:
    dashboards: dict[str, set[str]] = {key: set() for key in users()}
    for key, app in apps().items():
        by_group = {row["id"] for row in read(f"/okta/api/v1/apps/{key}/groups")}
        assert by_group == {group for group in groups() if key in _apps_of(group)}
        through = set().union(*(members(group) for group in by_group))
        for row in read(f"/okta/api/v1/apps/{key}/users", limit="500", expand="user"):
            assert row["id"] in users()
            assert (row["scope"] == "GROUP") == (row["id"] in through)
            assert row["_embedded"]["user"]["profile"]["login"] == row["credentials"]["userName"]
            if app["status"] == "ACTIVE":
                dashboards[row["id"]].add(key)
    for key, wanted in list(dashboards.items())[::9]:
        assert {row["appInstanceId"] for row in read(f"/okta/api/v1/users/{key}/appLinks")} == wanted


@cache
def _apps_of(group: str) -> set[str]:
    return {row["id"] for row in read(f"/okta/api/v1/groups/{group}/apps")}


def test_some_applications_have_nobody_and_modes_differ() -> None:
    counts = {key: len(read(f"/okta/api/v1/apps/{key}/users", limit="500")) for key in apps()}
    assert 0 in counts.values()
    assert len({row["signOnMode"] for row in apps().values()}) >= 6
    assert {row["status"] for row in apps().values()} == {"ACTIVE", "INACTIVE"}


def test_applications_of_a_user_or_group() -> None:
    key = next(iter(users()))
    found = {row["id"] for row in read("/okta/api/v1/apps", filter=f'user.id eq "{key}"', limit="200")}
    assert found == {app for app in apps() if ask(f"/okta/api/v1/apps/{app}/users/{key}").status == 200}
    group = next(iter(groups()))
    assert {row["id"] for row in read("/okta/api/v1/apps", filter=f'group.id eq "{group}"')} == _apps_of(group)
    assert ask("/okta/api/v1/apps", filter=f'user.id eq "{key}" and status eq "ACTIVE"').status == 400


def test_factors_belong_to_those_who_can_sign_in_and_some_have_none() -> None:
    counts: dict[int, int] = {}
    for key, row in users().items():
        factors = read(f"/okta/api/v1/users/{key}/factors")
        counts[len(factors)] = counts.get(len(factors), 0) + 1
        assert not factors or row["lastLogin"]
        for factor in factors:
            assert read(f"/okta/api/v1/users/{key}/factors/{factor['id']}")["factorType"] == factor["factorType"]
    assert counts[0] > 10
    assert counts[1] > 10


def test_roles_are_held_by_those_whom_the_assignees_name() -> None:
    holders = {key for key in users() if read(f"/okta/api/v1/users/{key}/roles")}
    assert {row["id"] for row in read("/okta/api/v1/iam/assignees/users")["value"]} == holders
    assert 1 < len(holders) < 40


def test_api_tokens_have_owners_some_of_whom_left() -> None:
    statuses = [users()[token["userId"]]["status"] for token in read("/okta/api/v1/api-tokens")]
    assert "DEPROVISIONED" in statuses
    assert "ACTIVE" in statuses


def test_devices_agree_in_both_directions() -> None:
    for device in read("/okta/api/v1/devices"):
        (owner,) = read(f"/okta/api/v1/devices/{device['id']}/users")
        owned = read(f"/okta/api/v1/users/{owner['user']['id']}/devices")
        assert device["id"] in {row["device"]["id"] for row in owned}


def test_policies_are_listed_by_type() -> None:
    assert ask("/okta/api/v1/policies").status == 400
    assert ask("/okta/api/v1/policies", type="NONSENSE").status == 400
    found = [read("/okta/api/v1/policies", type=kind) for kind in ("OKTA_SIGN_ON", "ACCESS_POLICY", "PASSWORD")]
    for rows, kind in zip(found, ("OKTA_SIGN_ON", "ACCESS_POLICY", "PASSWORD"), strict=True):
        assert {row["type"] for row in rows} == {kind}
        for row in rows:
            assert read(f"/okta/api/v1/policies/{row['id']}/rules")
    weak = next(row for row in found[1] if row["name"] == "Password only")
    rule = read(f"/okta/api/v1/policies/{weak['id']}/rules")[0]
    assert rule["actions"]["appSignOn"]["verificationMethod"]["factorMode"] == "1FA"
    assert {row["status"] for row in read("/okta/api/v1/policies", type="OKTA_SIGN_ON", status="INACTIVE")} == {
        "INACTIVE"
    }


def test_identity_sources_are_applications() -> None:
    sources = [key for key, row in apps().items() if row["name"] == "custom_identity_source"]
    for key in sources:
        sessions = read(f"/okta/api/v1/identity-sources/{key}/sessions")
        assert {row["identitySourceId"] for row in sessions} == {key}
        assert read(f"/okta/api/v1/identity-sources/{key}/sessions/{sessions[0]['id']}") == sessions[0]
    other = next(key for key, row in apps().items() if row["name"] == "salesforce")
    assert ask(f"/okta/api/v1/identity-sources/{other}/sessions").status == 404


def test_provisioning_connections_and_service_integrations() -> None:
    found = {read(f"/okta/api/v1/apps/{key}/connections/default")["status"] for key in apps()}
    assert found == {"ENABLED", "UNKNOWN"}
    for service in read("/okta/integrations/api/v1/api-services"):
        assert service["createdBy"] in users()
        for secret in read(f"/okta/integrations/api/v1/api-services/{service['id']}/credentials/secrets"):
            assert set(secret["client_secret"]) == {"*"}


# -- the log


def test_the_log_speaks_of_users_and_applications_that_exist() -> None:
    events = read("/okta/api/v1/logs", since="2020-01-01T00:00:00Z", limit="1000")
    assert len(events) == 500
    assert [row["published"] for row in events] == sorted(row["published"] for row in events)
    for event in events:
        assert event["actor"]["id"] in users()
        for target in event["target"]:
            assert target["id"] in (users() if target["type"] == "User" else apps())


def test_the_log_is_cut_by_time_words_and_filters() -> None:
    week = read("/okta/api/v1/logs", limit="1000")
    assert week[0]["published"] >= "2026-11-08T12:00:00.000Z"
    start, end = "2026-10-01T00:00:00Z", "2026-10-10T00:00:00Z"
    part = read("/okta/api/v1/logs", since=start, until=end, limit="1000")
    assert part
    assert all(start[:19] <= row["published"][:19] < end[:19] for row in part)
    back = read("/okta/api/v1/logs", since=start, until=end, limit="1000", sortOrder="DESCENDING")
    assert back == part[::-1]
    failed = read("/okta/api/v1/logs", since=start, filter='outcome.result eq "FAILURE"', limit="1000")
    assert {row["outcome"]["result"] for row in failed} == {"FAILURE"}
    name = part[0]["actor"]["displayName"]
    found = read("/okta/api/v1/logs", since=start, until=end, q=name, limit="1000")
    assert part[0]["uuid"] in {row["uuid"] for row in found}
    for wrong in ({"since": "yesterday"}, {"sortOrder": "UP"}, {"filter": "no"}):
        assert ask("/okta/api/v1/logs", **wrong).status == 400


def test_a_log_without_an_end_always_goes_on() -> None:
    response = ask("/okta/api/v1/logs", limit="1000")
    link = next(link for link in response.all("link") if 'rel="next"' in link)
    path, _, query = link[1:].partition(">")[0].removeprefix("http://h").partition("?")
    last = ask(path, **dict(pair.split("=") for pair in query.split("&")))
    assert last.body == b"[]"
    assert any('rel="next"' in link for link in last.all("link"))
    ended = ask("/okta/api/v1/logs", limit="1000", until="2026-11-14T00:00:00Z")
    assert not any('rel="next"' in link for link in ended.all("link"))


# -- other sizes


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_world_of_hardly_anybody_holds_together(count: int) -> None:
    scale = {"users": count, "groups": count, "apps": count, "logs": count, "devices": count}
    if not count:
        scale = dict.fromkeys(scale, 1) | {"apps": 0, "devices": 0, "groups": 1}
    box = Sandbox(open_catalog(), ["okta"], scale=scale)
    for path in ("users", "groups", "apps", "logs", "devices", "api-tokens", "iam/assignees/users", "groups/rules"):
        read(f"/api/v1/{path}", box)
    for user in read("/api/v1/users", box):
        for child in ("groups", "factors", "roles", "appLinks", "devices"):
            read(f"/api/v1/users/{user['id']}/{child}", box)


@pytest.mark.slow
def test_twenty_thousand_users_are_listed_once_each() -> None:
    box = Sandbox(open_catalog(), ["okta"], scale={"users": 20_000})
    path, query, seen = "/api/v1/users", {"limit": "200"}, set()
    while path:
        response = ask(path, box, **query)
        for part in response.body.split(b'{"id":"00u')[1:]:
            seen.add(part[:17])
        links = [link for link in response.all("link") if 'rel="next"' in link]
        path, _, rest = (
            links[0][1:].partition(">")[0].removeprefix("http://h").partition("?") if links else ("", "", "")
        )
        query = dict(pair.split("=") for pair in rest.split("&")) if rest else {}
    assert 18_000 < len(seen) < 19_000


def test_a_kind_that_was_never_recorded_has_its_own_fields_and_not_those_of_another() -> None:
    streams = read("/okta/api/v1/logStreams")
    settings = {each["type"]: set(each["settings"]) for each in streams}
    assert "region" in settings["aws_eventbridge"]
    assert settings["splunk_cloud_logstreaming"] == {"edition", "host"}
