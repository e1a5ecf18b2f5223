"""Okta's rules for what is changed, from its documentation and from recordings of the real service.

| what                           | the rule                                                                       |
|--------------------------------|--------------------------------------------------------------------------------|
| a user's life                  | see `lifecycle`                                                                |
| deleting an application, hook  | only when it isn't ACTIVE: E0000056                                            |
| logins, names (`_UNIQUE`)      | only one may have it: E0000001 with the cause                                  |
| a role, given twice            | E0000090                                                                       |
| POST and PUT of an object      | POST merges, PUT replaces                                                      |
| members, assignments           | see `assignments`: each is seen from both ends, the one follows from the other |

https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserLifecycle/,
https://developer.okta.com/docs/reference/error-codes/

Before: `writes` asks. After: the document is changed, or refused.
"""

from __future__ import annotations

from quaestor.catalog.model import Schema
from quaestor.sandbox.answer.answers import Answer
from quaestor.sandbox.answer.refusal import Refusal
from quaestor.sandbox.answer.rules import Act, Rules
from quaestor.sandbox.change.state import unpacked
from quaestor.sandbox.data.collection import ORIGIN
from quaestor.sandbox.okta.assignments import (
    APP_GROUPS,
    APP_USERS,
    APPS,
    GROUPS,
    MEMBERS,
    OF_USER,
    USERS,
    Assignments,
    mapping,
)
from quaestor.sandbox.okta.dialect import check
from quaestor.sandbox.okta.groups import OktaApps
from quaestor.sandbox.okta.lifecycle import REQUIRED, Lives, check_addresses
from quaestor.sandbox.okta.memberships import RULES, Memberships
from quaestor.sandbox.okta.moved import MOVED, moved
from quaestor.sandbox.okta.offspring import COPIES, ROLES, copied, permit
from quaestor.sandbox.okta.story import Story
from quaestor.sandbox.okta.users import linked, without_password

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from quaestor.sandbox.answer.query import Query
    from quaestor.sandbox.answer.routes import Route
    from quaestor.sandbox.change.overlay import Overlay
    from quaestor.sandbox.change.writes import Writer

_USER = USERS + "/{}"
#: What must not be ACTIVE when it is deleted, and what to say.
_GUARDED = {
    APPS: ("Delete application forbidden.", "The application must be deactivated before deletion."),
    "/api/v1/eventHooks": ("Event hook must be deactivated before deletion.", ""),
    "/api/v1/inlineHooks": ("Inline hook must be deactivated before deletion.", ""),
}
#: Fields of which no two objects of a collection have the same value, and what is said of the second.
_TAKEN = "An object with this field already exists in the current organization"
_UNIQUE: dict[str, tuple[tuple[str, ...], str]] = {
    USERS: (("profile", "login"), _TAKEN),
    GROUPS: (("profile", "name"), _TAKEN),
    RULES: (("name",), _TAKEN),
    "/api/v1/zones": (("name",), _TAKEN),
    "/api/v1/idps": (("name",), _TAKEN),
    "/api/v1/trustedOrigins": (("name",), _TAKEN),
    "/api/v1/policies": (("name",), "Policy name already in use"),
    "/api/v1/iam/roles": (("label",), "There is already an admin role with this name."),
    "/api/v1/iam/resource-sets": (("label",), "There is already a resource set with this name."),
}
#: Where a role is given to somebody who has it: E0000090.
_GIVEN = ("/api/v1/users/{}/roles", "/api/v1/groups/{}/roles")
_REQUIRED = ("firstName", "lastName", "email", "login")
#: How one signs in to an app of these kinds, where its maker didn't say (recorded of `bookmark`). An app of no
#: kind, as Okta's Python SDK sends what has no sign-on mode, is the plainest.
_SIGN_ON = {
    "bookmark": "BOOKMARK",
    "oidc_client": "OPENID_CONNECT",
    "template_basic_auth": "BASIC_AUTH",
    "template_sps": "SECURE_PASSWORD_STORE",
    "template_swa": "BROWSER_PLUGIN",
    "template_swa3field": "BROWSER_PLUGIN",
    "template_wsfed": "WS_FEDERATION",
}


class OktaRules(Rules):
    """Okta's rules."""

    links = True
    put_replaces = True

    def __init__(self) -> None:
        super().__init__()
        self.resets = frozenset({"/api/v1/org/captcha"})
        self.mirrors = {MEMBERS: OF_USER, OF_USER: MEMBERS}
        self.special = {
            **{("POST", path): moved for path in MOVED},
        }
        for home in COPIES:
            self.special["POST", home + "/{}/clone"] = lambda act: copied(self.writer, act)

    def attach(self, writer: Writer) -> None:
        super().attach(writer)
        self.story = Story(writer.site)
        self.assignments = Assignments(writer, self.story)
        self.memberships = Memberships(writer, self.story, self.assignments)
        self.special |= Lives(writer, self.assignments).special()
        self.special["POST", APP_USERS] = self.assignments.assign
        self.special["PUT", APP_GROUPS + "/{}"] = self.assignments.assign_group
        apps = writer.site.collection(APPS, ()).base
        if isinstance(apps, OktaApps):
            apps.assigned = self._assigned
            apps.granted = self.assignments.has_app
            apps.live = self.assignments.live_apps

    def before(self, act: Act) -> Any:
        if (act.route.method.http, act.route.template) == ("POST", APPS) and isinstance(act.body, dict):
            name = act.body.get("name", "bookmark")
            if name in _SIGN_ON and not act.body.get("signOnMode"):
                act.body = {**act.body, "name": name, "signOnMode": _SIGN_ON[name]}
        at = (act.route.method.http, act.route.template)
        if at in (("POST", GROUPS), ("PUT", GROUPS + "/{}")):
            self._insist(mapping(mapping(act.body).get("profile")), ("name",))
        if act.route.template == MEMBERS + "/{}":
            self.assignments.takes_members(act.values[0])
            if at[0] == "PUT" and self.assignments.is_member(*act.values):
                return None  # nothing comes of it
            if at[0] == "PUT":
                self.assignments.check_status(act.values[1])
        return self.story.before(act)

    def _insist(self, profile: dict[str, Any], names: Sequence[str]) -> None:
        """Raises Refusal unless a profile has something at each of these names."""
        blank = [(f"profile.{name}", "is required") for name in names if not profile.get(name)]
        if blank:
            self.complain(blank)

    def after(self, act: Act, known: Any, answer: Answer) -> None:
        self._follows(act)
        self.story.after(act, known, answer)
        self.writer.site.forget("/api/v1/users/{}/appLinks")  # they follow from what is assigned

    def _follows(self, act: Act) -> None:
        """What groups, rules and applications make of a change."""
        http, template = act.route.method.http, act.route.template
        if template.startswith(RULES):
            self._ruled(act)
        elif template == MEMBERS + "/{}":
            if http == "PUT":
                self.assignments.joined(act, *act.values)
            elif http == "DELETE":
                self.assignments.left(*act.values)
        elif template == USERS or (template == _USER and http in ("POST", "PUT")):
            key = act.values[0] if act.values else self.writer.site.collection(USERS, ()).changes.keys()[-1]
            self.memberships.moved(act, self.writer.site.collection(USERS, ()).get(key, Schema()))

    def _ruled(self, act: Act) -> None:
        """A group rule was switched on or deleted."""
        if act.route.template == RULES + "/{}/lifecycle/activate":
            row = self.writer.site.collection(RULES, ()).get(act.values[0], Schema())
            self.memberships.activated(act, act.values[0], row)
        elif act.route.method.http == "DELETE":
            with_members = act.query.text("removeUsers").lower() == "true"
            self.memberships.deleted(act.values[0], with_members=with_members)

    def _assigned(self, app: str, user: str) -> bool | None:
        """Whether clients put a user into an application or took them out."""
        there = self.writer.state.at(self.writer.site.place(APP_USERS, (app,)))
        return True if user in there.born or user in there.changed else False if user in there.gone else None

    def complain(self, found: Sequence[tuple[str, str]]) -> None:
        words = {
            "is required": "The field cannot be left blank",
            "has an invalid value": "The field has an invalid value",
        }
        causes = [
            f"{path.rpartition('.')[2] or path}: {words.get(what, 'The field ' + what)}" for path, what in found
        ]
        raise Refusal("body", found[0][0].rpartition(".")[2] or "body", causes=causes)

    def checks_itself(self, route: Route) -> bool:
        own = (USERS, APP_USERS, APP_GROUPS + "/{}", APPS + "/{}/connections/default")
        return route.template in own or "/users/{}/credentials/" in route.template

    def success(self, route: Route) -> tuple[int, bytes | None]:
        """Steps that answer nothing answer an empty object, as recorded."""
        path, method = route.template, route.method
        if path == _USER + "/lifecycle/deactivate":
            return 200, b"{}"
        if "/lifecycle/" in path and method.response.status == 200 and not method.response.schema:
            return 200, b"{}"
        return 0, None

    def removed(self, act: Act, home: str, parents: tuple[str, ...], key: str) -> None:
        if home == APP_GROUPS:
            self.assignments.unassigned_group(parents[0], key)

    # -- any object

    def made(self, act: Act, template: str, values: tuple[str, ...], row: dict[str, Any]) -> None:
        here = f"{ORIGIN}{self.writer.site.path(template, values)}/{row.get('id')}"
        if template == GROUPS:
            row.update(objectClass=["okta:user_group"], type="OKTA_GROUP")
            row["profile"] = {"description": None, **row.get("profile", {})}
            row["_links"] = {"logo": [], "users": {"href": here + "/users"}, "apps": {"href": here + "/apps"}}
        elif template == APPS:
            self._application(act, row, here)
        elif template in ("/api/v1/groups/rules",):
            row["status"] = "INACTIVE"
        elif template.endswith("/sessions") and "identity-sources" in template:
            row["status"] = "CREATED"
        elif template == "/api/v1/users/{}/factors":
            # a factor waits for its first code, but a question for nothing:
            # https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/
            ready = row.get("factorType") == "question" or act.query.text("activate", "false").lower() == "true"
            row["status"] = "ACTIVE" if ready else "PENDING_ACTIVATION"
        elif "status" in row and act.query.text("activate", "true").lower() == "false":
            row["status"] = "INACTIVE"

    @staticmethod
    def _application(act: Act, row: dict[str, Any], here: str) -> None:
        active = act.query.text("activate", "true").lower() != "false"
        row["status"] = "ACTIVE" if active else "INACTIVE"
        row.setdefault("features", [])
        step = "deactivate" if active else "activate"
        links: dict[str, Any] = dict(row.get("_links") or {"logo": [], "appLinks": []})
        links = {name: link for name, link in links.items() if name not in ("activate", "deactivate")}
        links |= {name: {"href": f"{here}/{name}"} for name in ("users", "groups")}
        links[step] = {"href": f"{here}/lifecycle/{step}"}
        row["_links"] = links

    def stored(self, act: Act, template: str, values: tuple[str, ...], key: str, row: dict[str, Any]) -> None:
        site = self.writer.site
        if template == APPS and row.get("name") == "custom_identity_source":
            self.writer.places.link(site.collection("/api/v1/identity-sources", ()), key)
        if template == ROLES:
            permit(self.writer, act, key)
        if template == APPS and row.get("signOnMode") == "OPENID_CONNECT":
            self.writer.places.link(site.collection("/oauth2/v1/clients", ()), key)

    def changed(
        self, act: Act, home: str, parents: tuple[str, ...], before: dict[str, Any], after: dict[str, Any]
    ) -> None:
        if home == USERS:
            after["status"] = before["status"]
            after["credentials"] = {**before.get("credentials", {}), **without_password(after.get("credentials"))}
            if act.route.method.http == "PUT":
                after["profile"] = {
                    "mobilePhone": None,
                    "secondEmail": None,
                    **(after.get("profile") or before.get("profile", {})),
                }
            profile = mapping(after.get("profile"))
            self._insist(profile, REQUIRED)
            check_addresses(profile)
            after.update(linked(after))
        elif home == GROUPS and isinstance(after.get("profile"), dict):
            after["profile"] = {"description": None, **after["profile"]}
        elif home == APPS and "_links" in after:
            step = "deactivate" if after.get("status") == "ACTIVE" else "activate"
            links = {n: link for n, link in after["_links"].items() if n not in ("activate", "deactivate")}
            here = f"{ORIGIN}{APPS}/{after.get('id')}"
            after["_links"] = {**links, step: {"href": f"{here}/lifecycle/{step}"}}

    def limited(self, by: Mapping[str, Any], event: str, path: str, route: str, limit: int, per: int) -> None:
        self.story.limited(by, event, path, route, limit, per)

    def asked(self, template: str, query: Query) -> None:
        check(template, query, self._profile)

    def _profile(self) -> frozenset[str]:
        """What users' profiles have: the properties of their schema, and what clients wrote beside."""
        site = self.writer.site
        names: set[str] = set()
        reading = site.routes.reading("/api/v1/meta/schemas/user/{}")
        if reading is not None:
            for part in site.single(reading, ("default",))["definitions"].values():
                names.update(part.get("properties") or ())
        changes = site.collection(USERS, ()).changes
        for document in (*changes.born.values(), *changes.changed.values()):
            names.update(unpacked(document).get("profile") or ())
        return frozenset(names)

    def embed(self, template: str, query: Query, row: dict[str, Any]) -> None:
        site = self.writer.site
        if template == APP_USERS and "user" in query.texts("expand"):
            row["_embedded"] = {"user": site.collection(USERS, ()).get(str(row["id"]), Schema())}
        elif template == GROUPS:
            known = row.get("_embedded", {}).get("stats", {"groupPushMappingsCount": 0, "hasAdminPrivilege": False})
            counts = {
                name: len(site.collection(f"{GROUPS}/{{}}/{what}", (str(row["id"]),)).positions())
                for name, what in (("usersCount", "users"), ("appsCount", "apps"))
            }
            row["_embedded"] = {"stats": {**counts, **{n: v for n, v in known.items() if n not in counts}}}

    def unique(self, act: Act, template: str, collection: Overlay, row: dict[str, Any], own: str) -> None:
        if template in _GIVEN:
            self._given_once(act, collection, row)
        path, say = _UNIQUE.get(template, ((), ""))
        if not path:
            return
        value = _at(row, path)
        if value is None:
            return
        if template == USERS:
            at = collection.index(str(value))
            other = collection.key(at) if at >= 0 else own
            taken = other != own
        else:
            shape = act.route.shape
            taken = any(
                collection.key(at) != own
                and str(_at(other, path)).lower() == str(value).lower()
                and (template != "/api/v1/policies" or other.get("type") == row.get("type"))
                for at in collection.positions()
                for other in (collection.row(at, shape),)
            )
        if taken:
            raise Refusal("conflict", path[-1], causes=[f"{path[-1]}: {say}"])

    @staticmethod
    def _given_once(act: Act, collection: Overlay, row: dict[str, Any]) -> None:
        held = [collection.row(at, act.route.shape) for at in collection.positions()]
        if any(each.get("type") == row.get("type") and each.get("role") == row.get("role") for each in held):
            said = "The role specified is already assigned to the user."
            raise Refusal("rule", "type", detail=said, status=409, code="E0000090")

    def removing(self, act: Act, home: str, parents: tuple[str, ...], key: str, row: Any) -> None:
        summary, cause = _GUARDED.get(home, ("", ""))
        if summary and isinstance(row, dict) and row.get("status") == "ACTIVE":
            raise Refusal("rule", key, detail=summary, causes=[cause] if cause else [], code="E0000056")
        if home == GROUPS and isinstance(row, dict) and row.get("type") == "BUILT_IN":
            raise Refusal("rule", key, detail="This is a built-in group and can't be deleted.", code="E0000056")
        if home == GROUPS:
            self.assignments.dissolve(key)

    def stepped(self, template: str, row: dict[str, Any], status: str) -> dict[str, Any]:
        """A provisioning connection that was never set up stays unknown, as recorded."""
        return (
            row if row["status"] == "UNKNOWN" else {**row, "status": "ENABLED" if status == "ACTIVE" else "DISABLED"}
        )


def _at(row: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        row = row.get(name) if isinstance(row, dict) else None
    return row
