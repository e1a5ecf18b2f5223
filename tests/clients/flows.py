"""What people do with the vendors' clients, by resource: list, get, create, change, lifecycle, delete, and what is
refused on the way. Each flow is wanted of every client of its vendor; a flow needs nothing but the sandbox.

The paths are those of the vendors' references; what a flow expects of an answer, it asserts. Before: `desk`. After:
`test_client_flows` runs them, `report` counts their calls.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.clients.desk import Call, Desk

Flow = Callable[[Desk], None]
OKTA: list[Flow] = []
DATADOG: list[Flow] = []


def flow(listed: list[Flow]) -> Callable[[Flow], Flow]:
    """Name a function as a flow of a vendor."""

    def named(made: Flow) -> Flow:
        listed.append(made)
        return made

    return named


def flows(client: str) -> list[Flow]:
    """The flows of a client's vendor."""
    return OKTA if client.startswith("okta") else DATADOG


def _ask(at: Desk, method: str, path: str, body: Any = None, status: int = 0) -> Any:
    """The answer to a call that passes; with `status`, to one that is answered so."""
    call = at.ask(method, path, body)
    assert call.verdict == "passed", call
    assert call.status == status if status else call.status < 300, call
    return call.answer


def _kinds(at: Desk, path: str, kind: str) -> Any:
    """A list whose items the client knows as of a class (`User`); their JSON."""
    call = at.ask("GET", path)
    assert call.verdict == "passed", call
    assert kind in call.kind, call
    return call.answer


# -- Okta


def _person(login: str) -> dict[str, Any]:
    profile = {"firstName": "Ada", "lastName": "Lovelace", "email": login, "login": login}
    return {"profile": profile, "credentials": {"password": {"value": "Abcd1234!xyz"}}}


@flow(OKTA)
def okta_users(at: Desk) -> None:
    """A person from hire to leave; an active one can't be deleted."""
    listed = _kinds(at, "/api/v1/users?limit=5", "User")
    assert len(listed) == 5
    made = _ask(at, "POST", "/api/v1/users?activate=false", _person("ada@example.com"))
    one = f"/api/v1/users/{made['id']}"
    assert made["status"] == "STAGED"
    again = _ask(at, "POST", "/api/v1/users?activate=false", _person("ada@example.com"), 400)
    assert again["errorCode"] == "E0000001"
    _ask(at, "POST", f"{one}/lifecycle/activate?sendEmail=false")
    assert _ask(at, "GET", one)["status"] == "ACTIVE"
    changed = _ask(at, "POST", one, {"profile": {"nickName": "Countess"}})
    assert changed["profile"]["nickName"] == "Countess"
    assert changed["profile"]["firstName"] == "Ada"
    person = _person("ada@example.com")
    person["profile"]["department"] = "Engines"
    assert "nickName" not in _ask(at, "PUT", one, person)["profile"]
    found = _ask(at, "GET", "/api/v1/users?search=profile.department%20eq%20%22Engines%22")
    assert [each["id"] for each in found] == [made["id"]]
    for step, status in (("suspend", "SUSPENDED"), ("unsuspend", "ACTIVE")):
        _ask(at, "POST", f"{one}/lifecycle/{step}")
        assert _ask(at, "GET", one)["status"] == status
    _ask(at, "POST", f"{one}/lifecycle/expire_password")
    _ask(at, "POST", f"{one}/lifecycle/reset_factors")
    _ask(at, "DELETE", f"{one}/sessions")
    _ask(at, "GET", f"{one}/appLinks")
    _ask(at, "POST", f"{one}/lifecycle/deactivate")
    assert _ask(at, "GET", one)["status"] == "DEPROVISIONED"
    _ask(at, "DELETE", one)
    assert _ask(at, "GET", one, status=404)["errorCode"] == "E0000007"


@flow(OKTA)
def okta_groups(at: Desk) -> None:
    """Groups, who is in them, and rules."""
    assert _kinds(at, "/api/v1/groups?limit=3", "Group")
    made = _ask(
        at, "POST", "/api/v1/groups", {"profile": {"name": "Engines", "description": "of the analytical kind"}}
    )
    one = f"/api/v1/groups/{made['id']}"
    person = _ask(at, "POST", "/api/v1/users?activate=true", _person("grace@example.com"))
    _ask(at, "PUT", f"{one}/users/{person['id']}")
    assert [each["id"] for each in _kinds(at, f"{one}/users", "User")] == [person["id"]]
    assert made["id"] in [each["id"] for each in _ask(at, "GET", f"/api/v1/users/{person['id']}/groups")]
    _ask(at, "DELETE", f"{one}/users/{person['id']}")
    assert _ask(at, "GET", f"{one}/users") == []
    renamed = _ask(at, "PUT", one, {"profile": {"name": "Looms", "description": "punched"}})
    assert renamed["profile"]["name"] == "Looms"
    rule = {
        "type": "group_rule",
        "name": "engineers",
        "conditions": {
            "expression": {"value": 'user.department == "Engines"', "type": "urn:okta:expression:1.0"},
        },
        "actions": {"assignUserToGroups": {"groupIds": [made["id"]]}},
    }
    ruled = f"/api/v1/groups/rules/{_ask(at, 'POST', '/api/v1/groups/rules', rule)['id']}"
    _ask(at, "POST", f"{ruled}/lifecycle/activate")
    assert _ask(at, "GET", ruled)["status"] == "ACTIVE"
    _ask(at, "POST", f"{ruled}/lifecycle/deactivate")
    _kinds(at, "/api/v1/groups/rules", "GroupRule")
    _ask(at, "DELETE", ruled)
    _ask(at, "DELETE", one)
    _ask(at, "GET", one, status=404)


def _bookmark(label: str) -> dict[str, Any]:
    return {
        "name": "bookmark",
        "label": label,
        "signOnMode": "BOOKMARK",
        "settings": {"app": {"requestIntegration": False, "url": "https://example.com/bookmark.htm"}},
    }


@flow(OKTA)
def okta_apps(at: Desk) -> None:
    """An application, who is assigned to it, and its end."""
    assert _ask(at, "GET", "/api/v1/apps?limit=3")
    made = _ask(at, "POST", "/api/v1/apps", _bookmark("Calendar"))
    one = f"/api/v1/apps/{made['id']}"
    assert made["status"] == "ACTIVE"
    person = _ask(at, "POST", "/api/v1/users?activate=true", _person("edsger@example.com"))
    assigned = {"id": person["id"], "scope": "USER", "credentials": {"userName": "edsger"}}
    _ask(at, "POST", f"{one}/users", assigned)
    assert [each["id"] for each in _kinds(at, f"{one}/users", "AppUser")] == [person["id"]]
    assert _ask(at, "GET", f"{one}/users/{person['id']}")["scope"] == "USER"
    _ask(at, "DELETE", f"{one}/users/{person['id']}")
    group = _ask(at, "POST", "/api/v1/groups", {"profile": {"name": "Readers"}})
    _ask(at, "PUT", f"{one}/groups/{group['id']}", {"priority": 1})
    assert [each["id"] for each in _ask(at, "GET", f"{one}/groups")] == [group["id"]]
    _ask(at, "DELETE", f"{one}/groups/{group['id']}")
    changed = _ask(at, "PUT", one, _bookmark("Calendar of all"))
    assert changed["label"] == "Calendar of all"
    _ask(at, "DELETE", one, status=403)
    _ask(at, "POST", f"{one}/lifecycle/deactivate")
    assert _ask(at, "GET", one)["status"] == "INACTIVE"
    _ask(at, "POST", f"{one}/lifecycle/activate")
    _ask(at, "POST", f"{one}/lifecycle/deactivate")
    _ask(at, "DELETE", one)
    _ask(at, "GET", one, status=404)


@flow(OKTA)
def okta_factors(at: Desk) -> None:
    """Second factors of a person."""
    person = _ask(at, "POST", "/api/v1/users?activate=true", _person("alan@example.com"))
    one = f"/api/v1/users/{person['id']}/factors"
    assert _ask(at, "GET", one) == []
    made = _ask(at, "POST", one, {"factorType": "token:software:totp", "provider": "GOOGLE"})
    assert made["status"] == "PENDING_ACTIVATION"
    assert [each["id"] for each in _ask(at, "GET", one)] == [made["id"]]
    assert _ask(at, "GET", f"{one}/{made['id']}")["factorType"] == "token:software:totp"
    _ask(at, "POST", f"{one}/{made['id']}/lifecycle/activate", {"passCode": "123456"})
    assert _ask(at, "GET", f"{one}/{made['id']}")["status"] == "ACTIVE"
    _ask(at, "GET", f"{one}/catalog")
    _ask(at, "DELETE", f"{one}/{made['id']}")
    assert _ask(at, "GET", one) == []


@flow(OKTA)
def okta_policies(at: Desk) -> None:
    """A policy with its rules."""
    assert _ask(at, "GET", "/api/v1/policies?type=OKTA_SIGN_ON")
    body = {"type": "OKTA_SIGN_ON", "name": "Evenings", "description": "for those who work late"}
    made = _ask(at, "POST", "/api/v1/policies?activate=false", body)
    one = f"/api/v1/policies/{made['id']}"
    _ask(at, "POST", f"{one}/lifecycle/activate")
    assert _ask(at, "GET", one)["status"] == "ACTIVE"
    rule = {
        "type": "SIGN_ON",
        "name": "with a second factor",
        "actions": {"signon": {"access": "ALLOW", "requireFactor": True, "factorPromptMode": "ALWAYS"}},
    }
    ruled = f"{one}/rules/{_ask(at, 'POST', f'{one}/rules', rule)['id']}"
    assert _ask(at, "GET", ruled)["name"] == "with a second factor"
    assert _ask(at, "GET", f"{one}/rules")
    changed = _ask(at, "PUT", ruled, rule | {"name": "with two"})
    assert changed["name"] == "with two"
    _ask(at, "POST", f"{ruled}/lifecycle/deactivate")
    _ask(at, "DELETE", ruled)
    assert _ask(at, "PUT", one, body | {"name": "Externals"})["name"] == "Externals"
    _ask(at, "POST", f"{one}/lifecycle/deactivate")
    _ask(at, "DELETE", one)
    _ask(at, "GET", one, status=404)


@flow(OKTA)
def okta_log(at: Desk) -> None:
    """The system log, bounded and filtered."""
    assert len(_kinds(at, "/api/v1/logs?limit=10", "LogEvent")) == 10
    found = _ask(at, "GET", "/api/v1/logs?limit=5&filter=eventType%20eq%20%22user.session.start%22")
    assert {each["eventType"] for each in found} == {"user.session.start"}


@flow(OKTA)
def okta_api_service_integrations(at: Desk) -> None:
    """An API service integration and its secrets, which are shown once."""
    root = "/integrations/api/v1/api-services"
    body = {"type": "anzennaapiservice", "grantedScopes": ["okta.users.read", "okta.groups.read"]}
    made = _ask(at, "POST", root, body)
    assert made["clientSecret"]
    one = f"{root}/{made['id']}"
    assert "clientSecret" not in _ask(at, "GET", one)
    assert made["id"] in [each["id"] for each in _kinds(at, root, "APIServiceIntegrationInstance")]
    secrets = f"{one}/credentials/secrets"
    second = _ask(at, "POST", secrets)
    assert second["id"] in [each["id"] for each in _ask(at, "GET", secrets)]
    _ask(at, "POST", f"{secrets}/{second['id']}/lifecycle/deactivate")
    _ask(at, "POST", f"{secrets}/{second['id']}/lifecycle/activate")
    _ask(at, "POST", f"{secrets}/{second['id']}/lifecycle/deactivate")
    _ask(at, "DELETE", f"{secrets}/{second['id']}")
    _ask(at, "DELETE", one)
    _ask(at, "GET", one, status=404)


@flow(OKTA)
def okta_identity_source_sessions(at: Desk) -> None:
    """An import session of an identity source, from open to gone."""
    source = next(app for app in _ask(at, "GET", "/api/v1/apps?limit=200") if app["name"] == "custom_identity_source")
    root = f"/api/v1/identity-sources/{source['id']}/sessions"
    made = _ask(at, "POST", root)
    assert made["status"] == "CREATED"
    one = f"{root}/{made['id']}"
    assert _ask(at, "GET", one)["identitySourceId"] == source["id"]
    assert made["id"] in [each["id"] for each in _ask(at, "GET", root)]
    _ask(at, "DELETE", one)
    _ask(at, "GET", one, status=404)


@flow(OKTA)
def okta_app_connections(at: Desk) -> None:
    """An application's provisioning connection."""
    app = _ask(at, "POST", "/api/v1/apps", _bookmark("Directory"))
    one = f"/api/v1/apps/{app['id']}/connections/default"
    assert _ask(at, "GET", one)["profile"]["authScheme"] == "UNKNOWN"
    _ask(at, "POST", f"{one}?activate=true", {"profile": {"authScheme": "TOKEN", "token": "secret"}})
    said = _ask(at, "GET", one)
    assert "secret" not in str(said)
    _ask(at, "POST", f"{one}/lifecycle/deactivate")
    _ask(at, "POST", f"{one}/lifecycle/activate")


@flow(OKTA)
def okta_administration(at: Desk) -> None:
    """Custom roles, zones, trusted origins, user types, API tokens."""
    role = {"label": "Helpers", "description": "unlock", "permissions": ["okta.users.read"]}
    made = _ask(at, "POST", "/api/v1/iam/roles", role)
    assert _ask(at, "GET", f"/api/v1/iam/roles/{made['id']}")["label"] == "Helpers"
    _ask(at, "DELETE", f"/api/v1/iam/roles/{made['id']}")
    zone = {"type": "IP", "name": "Office", "gateways": [{"type": "CIDR", "value": "192.0.2.0/24"}]}
    made = _ask(at, "POST", "/api/v1/zones", zone)
    one = f"/api/v1/zones/{made['id']}"
    assert _ask(at, "PUT", one, zone | {"id": made["id"], "name": "Offices"})["name"] == "Offices"
    _ask(at, "POST", f"{one}/lifecycle/deactivate")
    _ask(at, "DELETE", one)
    origin = {"name": "Portal", "origin": "https://portal.example.com", "scopes": [{"type": "CORS"}]}
    made = _ask(at, "POST", "/api/v1/trustedOrigins", origin)
    one = f"/api/v1/trustedOrigins/{made['id']}"
    _ask(at, "POST", f"{one}/lifecycle/deactivate")
    assert _ask(at, "GET", one)["status"] == "INACTIVE"
    _ask(at, "DELETE", one)
    made = _ask(
        at, "POST", "/api/v1/meta/types/user", {"name": "robot", "displayName": "Robot", "description": "none"}
    )
    _ask(at, "DELETE", f"/api/v1/meta/types/user/{made['id']}")
    tokens = _kinds(at, "/api/v1/api-tokens", "ApiToken")
    _ask(at, "GET", f"/api/v1/api-tokens/{tokens[0]['id']}")


# -- Datadog


@flow(DATADOG)
def datadog_users(at: Desk) -> None:
    """A user who is made, renamed and disabled."""
    assert _ask(at, "GET", "/api/v2/users?page[size]=5&filter[status]=Active")["data"]
    body = {"data": {"type": "users", "attributes": {"name": "Ada", "email": "ada@example.com"}}}
    made = _ask(at, "POST", "/api/v2/users", body)["data"]
    one = f"/api/v2/users/{made['id']}"
    change = {"data": {"type": "users", "id": made["id"], "attributes": {"name": "Ada Lovelace"}}}
    assert _ask(at, "PATCH", one, change)["data"]["attributes"]["name"] == "Ada Lovelace"
    _ask(at, "DELETE", one)
    assert _ask(at, "GET", one)["data"]["attributes"]["disabled"] is True
    _ask(at, "GET", "/api/v2/users/00000000-0000-1234-0000-000000000000", status=404)


@flow(DATADOG)
def datadog_roles(at: Desk) -> None:
    """A role with permissions and users."""
    listed = _ask(at, "GET", "/api/v2/roles?page[size]=3")["data"]
    assert listed
    made = _ask(at, "POST", "/api/v2/roles", {"data": {"type": "roles", "attributes": {"name": "Watchers"}}})["data"]
    one = f"/api/v2/roles/{made['id']}"
    permission = _ask(at, "GET", "/api/v2/permissions")["data"][0]["id"]
    _ask(at, "POST", f"{one}/permissions", {"data": {"type": "permissions", "id": permission}})
    assert permission in [each["id"] for each in _ask(at, "GET", f"{one}/permissions")["data"]]
    _ask(at, "DELETE", f"{one}/permissions", {"data": {"type": "permissions", "id": permission}})
    person = _ask(at, "GET", "/api/v2/users?page[size]=1")["data"][0]["id"]
    _ask(at, "POST", f"{one}/users", {"data": {"type": "users", "id": person}})
    assert [each["id"] for each in _ask(at, "GET", f"{one}/users")["data"]] == [person]
    _ask(at, "DELETE", f"{one}/users", {"data": {"type": "users", "id": person}})
    change = {"data": {"type": "roles", "id": made["id"], "attributes": {"name": "Readers"}}}
    assert _ask(at, "PATCH", one, change)["data"]["attributes"]["name"] == "Readers"
    _ask(at, "DELETE", one)
    _ask(at, "GET", one, status=404)


@flow(DATADOG)
def datadog_monitors(at: Desk) -> None:
    """A monitor of the first version of the API."""
    assert _kinds(at, "/api/v1/monitor?page=0&page_size=5", "Monitor")
    body = {
        "name": "Load",
        "type": "metric alert",
        "query": "avg(last_5m):avg:system.load.1{*} > 4",
        "message": "look at @ops@example.com",
        "tags": ["team:ops"],
        "options": {"thresholds": {"critical": 4.0}},
    }
    made = _ask(at, "POST", "/api/v1/monitor", body)
    one = f"/api/v1/monitor/{made['id']}"
    assert _ask(at, "GET", one)["query"] == body["query"]
    assert _ask(at, "PUT", one, {"name": "Load of all"})["name"] == "Load of all"
    _ask(at, "POST", "/api/v1/monitor/validate", body)
    assert _ask(at, "DELETE", one)["deleted_monitor_id"] == made["id"]
    _ask(at, "GET", one, status=404)


@flow(DATADOG)
def datadog_dashboards(at: Desk) -> None:
    """A dashboard of the first version of the API."""
    assert _ask(at, "GET", "/api/v1/dashboard?count=5&start=0")["dashboards"]
    widget = {"definition": {"type": "note", "content": "hello"}}
    body = {"title": "Office", "layout_type": "ordered", "widgets": [widget]}
    made = _ask(at, "POST", "/api/v1/dashboard", body)
    one = f"/api/v1/dashboard/{made['id']}"
    assert _ask(at, "GET", one)["widgets"][0]["definition"]["content"] == "hello"
    assert _ask(at, "PUT", one, body | {"title": "Offices"})["title"] == "Offices"
    assert _ask(at, "DELETE", one)["deleted_dashboard_id"] == made["id"]
    _ask(at, "GET", one, status=404)


@flow(DATADOG)
def datadog_hosts(at: Desk) -> None:
    """Hosts, muted and heard again."""
    listed = _ask(at, "GET", "/api/v1/hosts?count=3")["host_list"]
    name = listed[0]["name"]
    assert _ask(at, "POST", f"/api/v1/host/{name}/mute", {"message": "at rest"})["hostname"] == name
    _ask(at, "POST", f"/api/v1/host/{name}/unmute")
    assert _ask(at, "GET", "/api/v1/hosts/totals")["total_active"] > 0


@flow(DATADOG)
def datadog_keys(at: Desk) -> None:
    """API keys and application keys."""
    body = {"data": {"type": "api_keys", "attributes": {"name": "agents"}}}
    made = _ask(at, "POST", "/api/v2/api_keys", body)["data"]
    one = f"/api/v2/api_keys/{made['id']}"
    change = {"data": {"type": "api_keys", "id": made["id"], "attributes": {"name": "all agents"}}}
    assert _ask(at, "PATCH", one, change)["data"]["attributes"]["name"] == "all agents"
    assert _ask(at, "GET", one)["data"]["attributes"]["name"] == "all agents"
    assert _ask(at, "GET", "/api/v2/api_keys?page[size]=3")["data"]
    _ask(at, "DELETE", one)
    _ask(at, "GET", one, status=404)
    assert _ask(at, "GET", "/api/v2/application_keys?page[size]=3")["data"]


@flow(DATADOG)
def datadog_okta_accounts(at: Desk) -> None:
    """Okta accounts: the posted id is ignored, secrets aren't told, and a foreign id is refused."""
    root = "/api/v2/integrations/okta/accounts"
    attributes = {
        "auth_method": "oauth",
        "domain": "https://example.okta.com/",
        "name": "production",
        "client_id": "client_id",
        "client_secret": "client_secret",
    }
    posted = "f749daaf-682e-4208-a38d-c9b43162c609"
    made = _ask(at, "POST", root, {"data": {"attributes": attributes, "id": posted, "type": "okta-accounts"}})["data"]
    assert made["id"] != posted
    assert "client_secret" not in made["attributes"]
    assert made["id"] in [each["id"] for each in _ask(at, "GET", root)["data"]]
    assert _ask(at, "GET", f"{root}/{made['id']}")["data"]["attributes"]["name"] == "production"
    change = {"auth_method": "oauth", "domain": "https://other.okta.com/", "client_id": "c", "client_secret": "s"}
    moved = _ask(at, "PATCH", f"{root}/{made['id']}", {"data": {"attributes": change, "type": "okta-accounts"}})[
        "data"
    ]
    assert moved["id"] != made["id"]
    _ask(at, "DELETE", f"{root}/{made['id']}", status=400)
    _ask(at, "DELETE", f"{root}/{moved['id']}")
    _ask(at, "DELETE", f"{root}/{posted}", status=404)


@flow(DATADOG)
def datadog_teams(at: Desk) -> None:
    """A team, its members and links."""
    assert _ask(at, "GET", "/api/v2/team?page[size]=3")["data"]
    body = {"data": {"type": "team", "attributes": {"name": "Engines", "handle": "engines"}}}
    made = _ask(at, "POST", "/api/v2/team", body)["data"]
    one = f"/api/v2/team/{made['id']}"
    person = _ask(at, "GET", "/api/v2/users?page[size]=1")["data"][0]["id"]
    member = {
        "data": {
            "type": "team_memberships",
            "attributes": {"role": "admin"},
            "relationships": {"user": {"data": {"id": person, "type": "users"}}},
        }
    }
    _ask(at, "POST", f"{one}/memberships", member)
    assert len(_ask(at, "GET", f"{one}/memberships")["data"]) == 1
    _ask(at, "DELETE", f"{one}/memberships/{person}")
    link = {"data": {"type": "team_links", "attributes": {"label": "Pages", "url": "https://example.com"}}}
    linked = _ask(at, "POST", f"{one}/links", link)["data"]
    assert _ask(at, "GET", f"{one}/links/{linked['id']}")["data"]["attributes"]["label"] == "Pages"
    _ask(at, "DELETE", f"{one}/links/{linked['id']}")
    assert _ask(at, "PATCH", one, body)["data"]["attributes"]["handle"] == "engines"
    _ask(at, "DELETE", one)
    _ask(at, "GET", one, status=404)


@flow(DATADOG)
def datadog_downtimes(at: Desk) -> None:
    """A downtime of the second version of the API."""
    body = {
        "data": {
            "type": "downtime",
            "attributes": {
                "message": "moving",
                "monitor_identifier": {"monitor_tags": ["team:ops"]},
                "scope": "env:prod",
            },
        }
    }
    made = _ask(at, "POST", "/api/v2/downtime", body)["data"]
    one = f"/api/v2/downtime/{made['id']}"
    assert _ask(at, "GET", one)["data"]["attributes"]["message"] == "moving"
    change = {"data": {"type": "downtime", "id": made["id"], "attributes": {"message": "moved"}}}
    assert _ask(at, "PATCH", one, change)["data"]["attributes"]["message"] == "moved"
    assert _ask(at, "GET", "/api/v2/downtime?page[limit]=3")["data"]
    _ask(at, "DELETE", one)


@flow(DATADOG)
def datadog_objectives(at: Desk) -> None:
    """A service level objective of the first version of the API."""
    body = {
        "name": "Sign-in",
        "type": "metric",
        "query": {"numerator": "sum:good{*}.as_count()", "denominator": "sum:all{*}.as_count()"},
        "thresholds": [{"target": 99.0, "timeframe": "7d"}],
        "tags": ["team:ops"],
    }
    made = _ask(at, "POST", "/api/v1/slo", body)["data"][0]
    one = f"/api/v1/slo/{made['id']}"
    assert _ask(at, "GET", one)["data"]["name"] == "Sign-in"
    assert _ask(at, "PUT", one, body | {"name": "Sign-ins"})["data"][0]["name"] == "Sign-ins"
    assert _ask(at, "GET", "/api/v1/slo?limit=3")["data"]
    _ask(at, "DELETE", one)
    _ask(at, "GET", one, status=404)


def pages(at: Desk, people: int) -> Call:
    """All people by the client's own paging."""
    if at.client.startswith("okta"):  # a search has those who left too
        return at.ask("GET", "/api/v1/users?search=status%20pr", every=True)
    return at.ask("GET", f"/api/v2/users?page[size]={min(100, people)}", every=True)
