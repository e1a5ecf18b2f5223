"""What clients did, as Okta's system log tells it: an event for each change, in order, for `/api/v1/logs`.

Which event a change is comes from its path (`_EVENTS`; the types are those of
https://developer.okta.com/docs/reference/api/event-types/). Its targets are the objects on the path, the innermost
first, each as it was called before the change (or after it, if it was made just now). Its actor is whom the gate let
in. A change that no event of the table is of is told by none.

The log keeps the last 10,000 of these events. Before: `rules` has a change. After: `okta.log` lists them.
"""

from __future__ import annotations

from time import time

import msgspec

from quaestor.catalog.model import Schema
from quaestor.record import Record
from quaestor.sandbox.change.state import packed
from quaestor.sandbox.data.clock import iso
from quaestor.sandbox.data.collection import shaped
from quaestor.sandbox.data.seeded import UuidKeys, mix, salt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from quaestor.sandbox.answer.answers import Answer
    from quaestor.sandbox.answer.rules import Act
    from quaestor.sandbox.site import Site

LOGS = "/api/v1/logs"
#: So many events of clients are kept.
KEPT = 10_000
#: So many more may be there before the oldest are dropped.
_SPARE = 1_000

_USER, _GROUP, _APP = "/api/v1/users/{}", "/api/v1/groups/{}", "/api/v1/apps/{}"
#: What the objects of a collection are called as targets.
_TARGETS = {
    "/api/v1/users": "User",
    "/api/v1/groups": "UserGroup",
    "/api/v1/groups/{}/users": "User",
    "/api/v1/groups/rules": "GroupRule",
    "/api/v1/apps": "AppInstance",
    "/api/v1/apps/{}/users": "AppUser",
    "/api/v1/apps/{}/groups": "UserGroup",
    "/api/v1/users/{}/factors": "AuthenticatorEnrollment",
    "/api/v1/users/{}/roles": "ROLE",
    "/api/v1/groups/{}/roles": "ROLE",
    "/api/v1/policies": "PolicyEntity",
    "/api/v1/policies/{}/rules": "PolicyRule",
    "/api/v1/zones": "NetworkZone",
    "/api/v1/api-tokens": "Token",
    "/api/v1/authorizationServers": "AuthorizationServer",
    "/api/v1/idps": "IdentityProvider",
    "/api/v1/eventHooks": "EventHook",
    "/api/v1/inlineHooks": "InlineHook",
    "/api/v1/trustedOrigins": "TrustedOrigin",
    "/api/v1/authorizationServers/{}/scopes": "Scope",
    "/api/v1/authorizationServers/{}/claims": "Claim",
    "/api/v1/authenticators": "Authenticator",
    "/api/v1/devices": "Device",
    "/api/v1/logStreams": "LogStream",
    "/api/v1/iam/roles": "ROLE",
    "/api/v1/iam/roles/{}/permissions": "Permission",
    "/api/v1/iam/resource-sets": "ResourceSet",
    "/api/v1/iam/resource-sets/{}/bindings": "ROLE",
    "/api/v1/iam/resource-sets/{}/resources": "Resource",
    "/oauth2/v1/clients": "PublicClientApp",
    "/oauth2/v1/clients/{}/roles": "ROLE",
}


def _kept(home: str, made: str, changed: str, gone: str, on: str = "", off: str = "") -> dict[tuple[str, str], str]:
    """The events of objects that are made, changed, deleted, switched on and off."""
    events = {("POST", home): made, ("DELETE", home + "/{}"): gone}
    events |= {(http, home + "/{}"): changed for http in ("PUT", "POST", "PATCH")}
    if on:
        events["POST", home + "/{}/lifecycle/activate"] = on
        events["POST", home + "/{}/lifecycle/deactivate"] = off
    return events


def _named(home: str, prefix: str, past: bool = False) -> dict[tuple[str, str], str]:
    words = ("create", "update", "delete", "activate", "deactivate")
    told = ("created", "updated", "deleted", "activated", "deactivated") if past else words
    return _kept(home, *(f"{prefix}.{word}" for word in told))


#: Of a change, by HTTP method and path template, the type of its event.
_EVENTS: Mapping[tuple[str, str], str] = {
    **_kept(
        "/api/v1/users", "user.lifecycle.create", "user.account.update_profile", "user.lifecycle.delete.completed"
    ),
    **{
        ("POST", f"{_USER}/lifecycle/{step}"): event
        for step, event in (
            *((step, f"user.lifecycle.{step}") for step in ("activate", "reactivate", "deactivate")),
            *((step, f"user.lifecycle.{step}") for step in ("suspend", "unsuspend")),
            ("unlock", "user.account.unlock"),
            ("expire_password", "user.account.expire_password"),
            ("expire_password_with_temp_password", "user.account.expire_password"),
            ("reset_password", "user.account.reset_password"),
            ("reset_factors", "user.mfa.factor.reset_all"),
        )
    },
    ("POST", _USER + "/credentials/change_password"): "user.account.update_password",
    ("POST", _USER + "/credentials/forgot_password"): "user.account.reset_password",
    ("DELETE", _USER + "/sessions"): "user.session.clear",
    ("POST", _USER + "/factors"): "user.mfa.factor.activate",
    ("POST", _USER + "/factors/{}/lifecycle/activate"): "user.mfa.factor.activate",
    ("DELETE", _USER + "/factors/{}"): "user.mfa.factor.deactivate",
    ("POST", _USER + "/roles"): "user.account.privilege.grant",
    ("DELETE", _USER + "/roles/{}"): "user.account.privilege.revoke",
    **_kept("/api/v1/groups", "group.lifecycle.create", "group.profile.update", "group.lifecycle.delete"),
    ("PUT", _GROUP + "/users/{}"): "group.user_membership.add",
    ("DELETE", _GROUP + "/users/{}"): "group.user_membership.remove",
    ("POST", _GROUP + "/roles"): "group.privilege.grant",
    ("DELETE", _GROUP + "/roles/{}"): "group.privilege.revoke",
    ("POST", "/api/v1/groups/rules/{}/lifecycle/activate"): "group.user_membership.rule.trigger",
    ("POST", "/api/v1/groups/rules/{}/lifecycle/deactivate"): "group.user_membership.rule.deactivated",
    **_named("/api/v1/apps", "application.lifecycle"),
    ("POST", _APP + "/users"): "application.user_membership.add",
    ("POST", _APP + "/users/{}"): "application.user_membership.update",
    ("DELETE", _APP + "/users/{}"): "application.user_membership.remove",
    ("PUT", _APP + "/groups/{}"): "group.application_assignment.add",
    ("DELETE", _APP + "/groups/{}"): "group.application_assignment.remove",
    **_named("/api/v1/policies", "policy.lifecycle"),
    **_kept(
        "/api/v1/policies/{}/rules",
        *(f"policy.rule.{word}" for word in ("add", "update", "delete", "activate", "deactivate")),
    ),
    **_named("/api/v1/zones", "zone"),
    ("DELETE", "/api/v1/api-tokens/{}"): "system.api_token.revoke",
    **_named("/api/v1/authorizationServers", "oauth2.as", past=True),
    **_named("/api/v1/idps", "system.idp.lifecycle"),
    **_named("/api/v1/eventHooks", "event_hook", past=True),
    **_named("/api/v1/inlineHooks", "inline_hook", past=True),
    **_named("/api/v1/trustedOrigins", "security.trusted_origin"),
    **_named("/api/v1/logStreams", "system.log_stream.lifecycle"),
    **_named("/api/v1/authenticators", "security.authenticator.lifecycle"),
    **_named("/api/v1/authorizationServers/{}/scopes", "oauth2.scope", past=True),
    **_named("/api/v1/authorizationServers/{}/claims", "oauth2.claim", past=True),
    **_named("/api/v1/iam/roles", "iam.role"),
    ("POST", "/api/v1/iam/roles/{}/permissions/{}"): "iam.role.permissions.add",
    ("DELETE", "/api/v1/iam/roles/{}/permissions/{}"): "iam.role.permissions.delete",
    ("POST", "/api/v1/iam/resource-sets"): "iam.resourceset.create",
    ("DELETE", "/api/v1/iam/resource-sets/{}"): "iam.resourceset.delete",
    ("POST", "/api/v1/iam/resource-sets/{}/bindings"): "iam.resourceset.bindings.add",
    ("DELETE", "/api/v1/iam/resource-sets/{}/bindings/{}"): "iam.resourceset.bindings.delete",
    ("PATCH", "/api/v1/iam/resource-sets/{}/resources"): "iam.resourceset.resources.add",
    ("POST", "/api/v1/iam/resource-sets/{}/resources"): "iam.resourceset.resources.add",
    ("DELETE", "/api/v1/iam/resource-sets/{}/resources/{}"): "iam.resourceset.resources.delete",
    ("DELETE", "/api/v1/devices/{}"): "device.lifecycle.delete",
    **{
        ("POST", f"/api/v1/devices/{{}}/lifecycle/{step}"): f"device.lifecycle.{step}"
        for step in ("activate", "deactivate", "suspend", "unsuspend")
    },
    ("POST", _APP + "/grants"): "app.oauth2.admin.consent.grant",
    ("DELETE", _APP + "/grants/{}"): "app.oauth2.admin.consent.revoke",
    ("POST", _APP + "/credentials/keys/generate"): "app.keys.generate",
    ("POST", _APP + "/credentials/keys/{}/clone"): "app.keys.clone",
    ("POST", _APP + "/credentials/csrs"): "app.app_instance.csr.generate",
    ("POST", _APP + "/credentials/csrs/{}/lifecycle/publish"): "app.app_instance.csr.publish",
    ("DELETE", _APP + "/credentials/csrs/{}"): "app.app_instance.csr.revoke",
    ("POST", "/oauth2/v1/clients/{}/roles"): "app.oauth2.client.privilege.grant",
    ("DELETE", "/oauth2/v1/clients/{}/roles/{}"): "app.oauth2.client.privilege.revoke",
    ("POST", _USER + "/factors/{}/verify"): "user.authentication.auth_via_mfa",
    ("PUT", "/api/v1/api-tokens/{}"): "system.api_token.update",
}

_LIMITED = {
    "warning": "system.org.rate_limit.warning",
    "violation": "system.org.rate_limit.violation",
    "concurrency": "core.concurrency.org.limit.violation",
}


class Chapter(Record):
    """What is known before a change happens: its event, and the objects on its path."""

    event: str
    targets: tuple[dict[str, Any], ...]


class Story:
    """Tells what clients do."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._later: list[tuple[str, Sequence[dict[str, Any]]]] = []

    def before(self, act: Act) -> Chapter | None:
        """What will have to be told of a change; None for nothing."""
        self._later.clear()  # of one that was refused in its middle
        at = (act.route.method.http, act.route.template)
        event = _EVENTS.get(at)
        if at == ("DELETE", _USER):
            row = self._site.collection("/api/v1/users", ()).get(act.values[0], Schema())
            if isinstance(row, dict) and row.get("status") != "DEPROVISIONED":  # the first one only deactivates
                event = "user.lifecycle.deactivate"
        return None if event is None else Chapter(event, tuple(self._on_path(act)))

    def after(self, act: Act, chapter: Chapter | None, answer: Answer) -> None:
        """Tells of a change that was made, then of what follows from it."""
        if chapter is not None:
            self._main(act, chapter, answer)
        for event, targets in self._later:
            self.tell(act, event, targets)
        self._later.clear()

    def follow(self, event: str, targets: Sequence[dict[str, Any]]) -> None:
        """Adds an event that follows from the change that is being made."""
        self._later.append((event, targets))

    def _main(self, act: Act, chapter: Chapter, answer: Answer) -> None:
        targets = list(chapter.targets)
        if act.route.template in _TARGETS and act.route.method.http == "POST":
            made = _decoded(answer.body)
            targets.insert(0, target(_TARGETS[act.route.template], str(made.get("id") or ""), made))
        if act.route.template in (_APP + "/users", _APP + "/users/{}"):
            targets.append(self.user(targets[0]["id"]))
        self.tell(act, chapter.event, targets)
        if act.route.template == "/api/v1/users":
            self._hired(act, targets)

    def _hired(self, act: Act, targets: Sequence[dict[str, Any]]) -> None:
        """A new user is activated, and put into groups, in the same request."""
        if act.query.text("activate", "true").lower() != "false":
            self.tell(act, "user.lifecycle.activate", targets)
        for group in (act.body.get("groupIds") if isinstance(act.body, dict) else None) or ():
            self.tell(act, "group.user_membership.add", [*targets, self.group(str(group))])

    def user(self, key: str) -> dict[str, Any]:
        """A user as a target."""
        return target("User", key, self._site.collection("/api/v1/users", ()).get(key, Schema()))

    def group(self, key: str) -> dict[str, Any]:
        """A group as a target."""
        return target("UserGroup", key, self._site.collection("/api/v1/groups", ()).get(key, Schema()))

    def app(self, key: str) -> dict[str, Any]:
        """An application as a target."""
        return target("AppInstance", key, self._site.collection("/api/v1/apps", ()).get(key, Schema()))

    def tell(self, act: Act, event: str, targets: Sequence[dict[str, Any]]) -> None:
        """Adds an event that succeeded."""
        self.note(act.number, act.now, event, act.by, targets)

    def limited(self, by: Mapping[str, Any], event: str, path: str, route: str, limit: int, per: int) -> None:
        """A rate limit was met or nearly: https://developer.okta.com/docs/reference/rl-system-log-events/"""
        number = self._site.state.tick()
        now = self._site.world.ground.clock.now + number
        bucket = {"id": route, "type": "Bucket Uuid", "alternateId": "unknown", "displayName": route}
        asked = {**bucket, "id": path, "type": "URL Pattern", "displayName": path, "detailEntry": None}
        debug = {
            "requestUri": path,
            "url": path,
            "threshold": str(limit),
            "timeSpan": str(per),
            "timeUnit": "SECONDS",
        }
        reason = "" if event == "warning" else "Rate limit violation"
        targets = [asked, {**bucket, "detailEntry": None}]
        self.note(number, now, _LIMITED[event], by, targets, reason, debug)

    def note(
        self,
        number: int,
        now: int,
        event: str,
        actor: Mapping[str, Any],
        targets: Sequence[Any],
        reason: str = "",
        debug: Mapping[str, str] | None = None,
    ) -> None:
        """Adds an event; one with a reason failed for it."""
        site = self._site
        if site.world.ground.clock.now <= time():  # of many changes in a second none is yet to come
            now = min(now, int(time()))
        place = site.place(LOGS, ())
        born = site.state.at(place).born
        keys = UuidKeys(mix(site.world.seed, 71))
        key = keys.key(keys.index(next(reversed(born))) + 1 if born else 0)
        number = mix(number, salt(key))
        route = site.routes.reading(LOGS)
        words = event.replace(".", " ").replace("_", " ")
        facts: dict[str, Any] = {
            "uuid": key,
            "published": iso(now),
            "eventType": event,
            "displayMessage": words[:1].upper() + words[1:],
            "legacyEventType": None,
            "severity": "WARN" if reason else "INFO",
            "version": "0",
            "actor": dict(actor),
            "target": list(targets),
            "outcome": {"result": "FAILURE" if reason else "SUCCESS", "reason": reason or None},
            "client": {
                "ipAddress": "127.0.0.1",
                "device": "Unknown",
                "id": actor["id"] if actor["type"] == "PublicClientApp" else None,
                "zone": "null",
                "userAgent": {"browser": "UNKNOWN", "os": "Unknown", "rawUserAgent": "sandbox client"},
                "geographicalContext": None,
            },
            "authenticationContext": {"authenticationStep": 0, "externalSessionId": f"trs{number & 0xFFFFFF:06x}"},
            "request": {"ipChain": []},
            "securityContext": {"asNumber": None, "asOrg": None, "isp": None, "domain": None, "isProxy": None},
            "transaction": {"id": f"{mix(number, 1):016x}", "type": "WEB", "detail": {}},
            "debugContext": {"debugData": dict(debug or {})},
        }
        row = shaped(site.inventor, route.shape, number, facts) if route is not None else facts
        site.state.bear(place, key, packed(row))
        if len(born) >= KEPT + _SPARE:  # some at a time: their positions are counted anew
            for oldest in list(born)[:_SPARE]:
                site.state.forget(place, oldest)

    def _on_path(self, act: Act) -> Iterator[dict[str, Any]]:
        """The objects on the path of a change, the innermost first."""
        words = act.route.template.split("/")
        at = len(act.values)
        for place in range(len(words) - 1, 0, -1):
            if words[place] != "{}":
                continue
            at -= 1
            home = "/".join(words[:place])
            kind = _TARGETS.get(home)
            if kind is None:
                continue
            collection = self._site.keyed(home, act.values[:at], act.route.parameter(at))
            if kind in ("User", "UserGroup"):  # who is put in isn't there yet
                whole = "/api/v1/users" if kind == "User" else "/api/v1/groups"
                collection = self._site.collection(whole, ())
            key = collection.canonical(act.values[at])
            yield target(kind, key, collection.get(key, Schema()))


def target(kind: str, key: str, row: Any) -> dict[str, Any]:
    """An object as an event names it."""
    row = row if isinstance(row, dict) else {}
    profile = row.get("profile") if isinstance(row.get("profile"), dict) else {}
    login = profile.get("login") or (row.get("credentials") or {}).get("userName")
    full = " ".join(str(profile[name]) for name in ("firstName", "lastName") if profile.get(name))
    name = full or profile.get("name") or row.get("label") or row.get("name") or row.get("factorType") or "unknown"
    return {
        "id": key,
        "type": kind,
        "alternateId": login or row.get("label") or row.get("type") or "unknown",
        "displayName": name,
        "detailEntry": None,
    }


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}
