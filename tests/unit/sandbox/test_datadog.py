"""Datadog's world: the same people, and everything that refers to something refers to what is there."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from tests.unit.sandbox.asking import KEYS, ask, read

from quaestor.catalog.store import open_catalog
from quaestor.fetch.http import HttpRequest
from quaestor.sandbox.core import Sandbox


@cache
def users() -> dict[str, Any]:
    return {row["id"]: row for row in read("/datadog/api/v2/users", page__size="100")["data"]}


@cache
def monitors() -> dict[int, Any]:
    return {row["id"]: row for row in read("/datadog/api/v1/monitor")}


def test_the_users_are_okta_people_and_some_who_left_are_still_active() -> None:
    left = {row["profile"]["login"] for row in read("/okta/api/v1/users", filter='status eq "DEPROVISIONED"')}
    there = {row["profile"]["login"] for row in read("/okta/api/v1/users")}
    emails = {row["attributes"]["email"]: row["attributes"]["status"] for row in users().values()}
    assert set(emails) <= left | there
    forgotten = [email for email, status in emails.items() if email in left and status == "Active"]
    disabled = [email for email, status in emails.items() if email in left and status == "Disabled"]
    assert forgotten
    assert disabled
    assert all(status != "Disabled" for email, status in emails.items() if email in there)


def test_users_are_filtered_and_sorted() -> None:
    rows = read("/datadog/api/v2/users", page__size="100", filter__status="Disabled")["data"]
    assert rows
    assert {row["attributes"]["status"] for row in rows} == {"Disabled"}
    some = next(iter(users().values()))["attributes"]
    found = read("/datadog/api/v2/users", filter=some["name"][2:])["data"]
    assert some["email"] in {row["attributes"]["email"] for row in found}
    names = [
        row["attributes"]["email"] for row in read("/datadog/api/v2/users", page__size="100", sort="-email")["data"]
    ]
    assert names == sorted(names, reverse=True)
    assert ask("/datadog/api/v2/users", filter__status="Gone").status == 400
    assert ask("/datadog/api/v2/users", sort="shoe_size").status == 400


def test_the_total_is_that_of_the_filter() -> None:
    page = read("/datadog/api/v2/users", page__size="1", filter__status="Disabled")
    every = read("/datadog/api/v2/users", page__size="100", filter__status="Disabled")
    assert page["meta"]["page"]["total_filtered_count"] == len(every["data"])


def test_roles_and_permissions_agree_in_both_directions() -> None:
    permissions = {row["id"] for row in read("/datadog/api/v2/permissions")["data"]}
    for role in read("/datadog/api/v2/roles")["data"]:
        held = {row["id"] for row in role["relationships"]["permissions"]["data"]}
        assert held <= permissions
        assert held == {row["id"] for row in read(f"/datadog/api/v2/roles/{role['id']}/permissions")["data"]}
        holders = {row["id"] for row in read(f"/datadog/api/v2/roles/{role['id']}/users", page__size="100")["data"]}
        assert holders == {
            key for key, row in users().items() if row["relationships"]["roles"]["data"][0]["id"] == role["id"]
        }
        assert role["attributes"]["user_count"] == len(holders)
        for holder in list(holders)[:2]:
            assert {row["id"] for row in read(f"/datadog/api/v2/users/{holder}/permissions")["data"]} == held


def test_team_memberships_agree_in_both_directions() -> None:
    seen = set()
    for team in read("/datadog/api/v2/team", page__size="100")["data"]:
        rows = read(f"/datadog/api/v2/team/{team['id']}/memberships", page__size="100")["data"]
        assert team["attributes"]["user_count"] == len(rows)
        for row in rows:
            user = row["relationships"]["user"]["data"]["id"]
            assert user in users()
            seen.add((team["id"], user))
    for key in users():
        for row in read(f"/datadog/api/v2/users/{key}/memberships")["data"]:
            assert (row["relationships"]["team"]["data"]["id"], key) in seen


def test_keys_have_owners_and_show_no_secret() -> None:
    keys = read("/datadog/api/v2/application_keys", page__size="100")["data"]
    owners = {row["relationships"]["owned_by"]["data"]["id"] for row in keys}
    assert owners <= set(users())
    assert all("key" not in row["attributes"] and len(row["attributes"]["last4"]) == 4 for row in keys)
    mine = read("/datadog/api/v2/current_user/application_keys", page__size="100")["data"]
    assert {row["id"] for row in mine} < {row["id"] for row in keys}
    for row in read("/datadog/api/v2/api_keys", page__size="100")["data"]:
        assert row["relationships"]["created_by"]["data"]["id"] in users()


def test_version_one_knows_the_same_users() -> None:
    old = read("/datadog/api/v1/user")["users"]
    assert {row["handle"] for row in old} == {row["attributes"]["handle"] for row in users().values()}
    assert read(f"/datadog/api/v1/user/{old[3]['handle']}")["user"]["email"] == old[3]["email"]
    key = read("/datadog/api/v1/api_key")["api_keys"][0]
    assert read(f"/datadog/api/v1/api_key/{key['key']}")["api_key"]["name"] == key["name"]


def test_monitors_are_narrowed_and_paged_on_request() -> None:
    name = next(iter(monitors().values()))["name"]
    assert all(name in row["name"] for row in read("/datadog/api/v1/monitor", name=name))
    team = read("/datadog/api/v1/monitor", tags="team:platform,env:prod")
    assert team
    assert all({"team:platform", "env:prod"} <= set(row["tags"]) for row in team)
    pages = [read("/datadog/api/v1/monitor", page=str(at), page_size="15") for at in range(4)]
    assert [len(page) for page in pages] == [15, 15, 10, 0]
    assert [row for page in pages for row in page] == list(monitors().values())
    assert len({row["overall_state"] for row in monitors().values()}) >= 3


def test_what_watches_a_monitor_names_one_that_exists() -> None:
    for slo in read("/datadog/api/v1/slo")["data"]:
        assert set(slo["monitor_ids"]) <= set(monitors())
    for test in read("/datadog/api/v1/synthetics/tests")["tests"]:
        assert test["monitor_id"] in monitors()
    for downtime in read("/datadog/api/v2/downtime")["data"]:
        muted = downtime["attributes"]["monitor_identifier"]["monitor_id"]
        assert muted in monitors()
        matches = read(f"/datadog/api/v2/monitor/{muted}/downtime_matches")["data"]
        assert downtime["id"] in {row["id"] for row in matches}
    found = read("/datadog/api/v1/monitor/search")["monitors"]
    assert {row["id"] for row in found} <= set(monitors())


def test_hosts_and_their_tags_agree() -> None:
    hosts = read("/datadog/api/v1/hosts", count="1000")["host_list"]
    tags = read("/datadog/api/v1/tags/hosts")["tags"]
    for host in hosts:
        own = read(f"/datadog/api/v1/tags/hosts/{host['name']}")["tags"]
        assert own == host["tags_by_source"]["Users"]
        assert all(host["name"] in tags[tag] for tag in own)
    totals = read("/datadog/api/v1/hosts/totals")
    assert totals == {"total_active": len(hosts), "total_up": sum(host["up"] for host in hosts)}
    assert totals["total_up"] < totals["total_active"]
    assert ask("/datadog/api/v1/tags/hosts/nowhere").status == 404


def test_okta_accounts_hold_no_secret() -> None:
    accounts = read("/datadog/api/v2/integrations/okta/accounts")["data"]
    for account in accounts:
        assert set(account["attributes"]) == {"name", "domain", "auth_method", "client_id"}
        assert read(f"/datadog/api/v2/integrations/okta/accounts/{account['id']}")["data"] == account


def test_events_are_by_users_and_logs_from_hosts_that_exist() -> None:
    emails = {row["attributes"]["email"] for row in users().values()}
    for event in read("/datadog/api/v2/audit/events")["data"]:
        assert event["attributes"]["attributes"]["usr"]["email"] in emails
    hosts = {host["name"] for host in read("/datadog/api/v1/hosts", count="1000")["host_list"]}
    for line in read("/datadog/api/v2/logs/events")["data"]:
        assert line["attributes"]["host"] in hosts


def test_a_new_monitor_is_on_the_page_that_it_belongs_to() -> None:
    box = Sandbox(open_catalog(), ["datadog"])
    before = len(read("/api/v1/monitor", box, page="0", page_size="1000"))
    body = b'{"name":"new","type":"metric alert","query":"avg(last_5m):avg:system.cpu.user{*} > 90"}'
    made = json.loads(box.handle(HttpRequest("POST", "http://h/api/v1/monitor", KEYS, body)).body)
    assert len(read("/api/v1/monitor", box, page="0", page_size="1000")) == before + 1
    last = read("/api/v1/monitor", box, page=str(before // 10), page_size="10")
    assert made["id"] in {each["id"] for each in last}


def test_a_text_that_a_client_left_out_isn_t_made_up_when_its_object_is_read() -> None:
    box = Sandbox(open_catalog(), ["datadog"])

    def made(path: str, **body: Any) -> tuple[Any, Any]:
        said = box.handle(HttpRequest("POST", f"http://h{path}", KEYS, json.dumps(body).encode()))
        answer = json.loads(said.body)
        return answer, read(f"{path}/{answer['id']}", box)

    _, monitor = made("/api/v1/monitor", type="metric alert", query="avg(last_5m):avg:a{*} > 1", name="n")
    assert (monitor["name"], monitor["message"], monitor["tags"]) == ("n", "", [])


def test_what_is_made_by_an_answer_of_its_key_alone_is_read_with_its_attributes() -> None:
    box = Sandbox(open_catalog(), ["datadog"])
    said = {"name": "n", "components": [], "queries": [], "rootInstanceName": "grid0", "description": "d"}
    body = json.dumps({"data": {"attributes": said, "type": "appDefinitions"}}).encode()
    made = json.loads(box.handle(HttpRequest("POST", "http://h/api/v2/app-builder/apps", KEYS, body)).body)["data"]
    assert made.keys() == {"id", "type"}
    found = read(f"/api/v2/app-builder/apps/{made['id']}", box)["data"]["attributes"]
    assert {name: found[name] for name in said} == said
