"""Okta's rules for what is changed, from its documentation and from recordings of the real service.

| what                           | the rule                                                                       |
|--------------------------------|--------------------------------------------------------------------------------|
| making a user                  | STAGED with `activate=false`; ACTIVE with a password, else PROVISIONED         |
| a user's steps                 | only from the statuses of `_STEPS`; E0000038 otherwise, unlock E0000032        |
| deleting a user                | the first DELETE deactivates one in use, the second deletes                    |
| deleting an application, hook  | only when it isn't ACTIVE: E0000056                                            |
| logins, names of groups, roles | only one may have it: E0000001 with the cause                                  |
| POST and PUT of an object      | POST merges, PUT replaces                                                      |
| app users, group assignments   | the user's or group's key is the key; groups are seen from both ends           |

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
from quaestor.sandbox.data.clock import iso
from quaestor.sandbox.data.collection import ORIGIN, encode
from quaestor.sandbox.data.seeded import CodeKeys, mix
from quaestor.sandbox.okta.dialect import check
from quaestor.sandbox.okta.groups import OktaApps
from quaestor.sandbox.okta.memberships import RULES, Memberships
from quaestor.sandbox.okta.moved import MOVED, moved
from quaestor.sandbox.okta.offspring import COPIES, ROLES, copied, permit
from quaestor.sandbox.okta.story import Story
from quaestor.sandbox.okta.users import linked, without_password

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from quaestor.sandbox.answer.query import Query
    from quaestor.sandbox.answer.routes import Route
    from quaestor.sandbox.change.overlay import Overlay
    from quaestor.sandbox.change.writes import Writer

_USERS, _GROUPS, _APPS = "/api/v1/users", "/api/v1/groups", "/api/v1/apps"
_APP_USERS, _APP_GROUPS = "/api/v1/apps/{}/users", "/api/v1/apps/{}/groups"
_MEMBERS, _OF_USER = "/api/v1/groups/{}/users", "/api/v1/users/{}/groups"
_USER = _USERS + "/{}"
_LIVING = ("ACTIVE", "PROVISIONED", "STAGED", "SUSPENDED", "LOCKED_OUT", "PASSWORD_EXPIRED", "RECOVERY")
#: A user's steps: the statuses that they start from, and the one that they lead to (empty: as it was).
_STEPS: dict[str, tuple[tuple[str, ...], str]] = {
    "activate": (("STAGED", "DEPROVISIONED"), "ACTIVE"),
    "reactivate": (("PROVISIONED",), "PROVISIONED"),
    "deactivate": (_LIVING, "DEPROVISIONED"),
    "suspend": (("ACTIVE",), "SUSPENDED"),
    "unsuspend": (("SUSPENDED",), "ACTIVE"),
    "unlock": (("LOCKED_OUT",), "ACTIVE"),
    "expire_password": (("ACTIVE", "PASSWORD_EXPIRED", "RECOVERY", "STAGED"), "PASSWORD_EXPIRED"),
    "expire_password_with_temp_password": (("ACTIVE", "PASSWORD_EXPIRED", "RECOVERY", "STAGED"), "PASSWORD_EXPIRED"),
    "reset_password": (_LIVING, "RECOVERY"),
    "reset_factors": (_LIVING, ""),
}
#: What must not be ACTIVE when it is deleted, and what to say.
_GUARDED = {
    _APPS: ("Delete application forbidden.", "The application must be deactivated before deletion."),
    "/api/v1/eventHooks": ("Event hook must be deactivated before deletion.", ""),
    "/api/v1/inlineHooks": ("Inline hook must be deactivated before deletion.", ""),
}
#: Fields of which no two objects of a collection have the same value, and what is said of the second.
_TAKEN = "An object with this field already exists in the current organization"
_UNIQUE: dict[str, tuple[tuple[str, ...], str]] = {
    _USERS: (("profile", "login"), _TAKEN),
    _GROUPS: (("profile", "name"), _TAKEN),
    "/api/v1/iam/roles": (("label",), "There is already an admin role with this name."),
}
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
        self.mirrors = {_MEMBERS: _OF_USER, _OF_USER: _MEMBERS}
        self.special = {
            ("POST", _USERS): self._make_user,
            ("DELETE", _USER): self._delete_user,
            ("POST", _APP_USERS): self._assign,
            ("PUT", _APP_GROUPS + "/{}"): self._assign_group,
            **{("POST", path): moved for path in MOVED},
            ("POST", _USER + "/credentials/change_password"): self._credentials,
            ("POST", _USER + "/credentials/change_recovery_question"): self._credentials,
            ("POST", _USER + "/credentials/forgot_password_recovery_question"): self._credentials,
        }
        for home in COPIES:
            self.special["POST", home + "/{}/clone"] = lambda act: copied(self.writer, act)
        for step in _STEPS:
            self.special["POST", f"{_USER}/lifecycle/{step}"] = self._stepping(step)

    def attach(self, writer: Writer) -> None:
        super().attach(writer)
        self.story = Story(writer.site)
        self.memberships = Memberships(writer, self.story)
        apps = writer.site.collection(_APPS, ()).base
        if isinstance(apps, OktaApps):
            apps.assigned = self._assigned

    def before(self, act: Act) -> Any:
        if (act.route.method.http, act.route.template) == ("POST", _APPS) and isinstance(act.body, dict):
            name = act.body.get("name", "bookmark")
            if name in _SIGN_ON and not act.body.get("signOnMode"):
                act.body = {**act.body, "name": name, "signOnMode": _SIGN_ON[name]}
        return self.story.before(act)

    def after(self, act: Act, known: Any, answer: Answer) -> None:
        self.story.after(act, known, answer)
        http, template = act.route.method.http, act.route.template
        if template.startswith(RULES):
            self._ruled(act)
        elif template == _USERS or (template == _USER and http in ("POST", "PUT")):
            key = act.values[0] if act.values else self.writer.site.collection(_USERS, ()).changes.keys()[-1]
            self.memberships.moved(act, self.writer.site.collection(_USERS, ()).get(key, Schema()))

    def _ruled(self, act: Act) -> None:
        """A group rule was switched on or deleted."""
        if act.route.template == RULES + "/{}/lifecycle/activate":
            row = self.writer.site.collection(RULES, ()).get(act.values[0], Schema())
            self.memberships.activated(act, act.values[0], row)
        elif act.route.method.http == "DELETE":
            with_members = act.query.text("removeUsers").lower() == "true"
            self.memberships.deleted(act, act.values[0], with_members=with_members)

    def _assigned(self, app: str, user: str) -> bool | None:
        """Whether clients put a user into an application or took them out."""
        there = self.writer.state.at(self.writer.site.place(_APP_USERS, (app,)))
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
        own = (_USERS, _APP_USERS, _APP_GROUPS + "/{}", _APPS + "/{}/connections/default")
        return route.template in own or "/users/{}/credentials/" in route.template

    def success(self, route: Route) -> tuple[int, bytes | None]:
        """Steps that answer nothing answer an empty object, as recorded."""
        path, method = route.template, route.method
        if path == _USER + "/lifecycle/deactivate":
            return 200, b"{}"
        if "/lifecycle/" in path and method.response.status == 200 and not method.response.schema:
            return 200, b"{}"
        return 0, None

    # -- users

    def _make_user(self, act: Act) -> Answer:
        body = act.body if isinstance(act.body, dict) else {}
        profile = _dict(body.get("profile"))
        blank = [(f"profile.{name}", "is required") for name in _REQUIRED if not profile.get(name)]
        if blank:
            self.complain(blank)
        if "@" not in str(profile["login"]):
            raise Refusal("body", "login", causes=["login: Username must be in the form of an email address"])
        given = _dict(body.get("credentials"))
        active = act.query.text("activate", "true").lower() != "false"
        status = "STAGED" if not active else "ACTIVE" if given.get("password") else "PROVISIONED"
        row = self.user(act, status, profile, given, body.get("type"))
        writer = self.writer
        users = writer.site.collection(_USERS, ())
        self.unique(act, _USERS, users, row, "")
        writer.places.keep(users, row["id"], row)
        everyone = writer.site.collection(_GROUPS, ())
        if len(everyone.base):
            writer.places.join(_MEMBERS, everyone.base.key(0), row["id"])
        for group in body.get("groupIds") or ():
            if not everyone.has(str(group)):
                raise Refusal("missing", str(group), kind="UserGroup")
            writer.places.join(_MEMBERS, str(group), row["id"])
        return writer.done(act, row)

    def user(self, act: Act, status: str, profile: dict[str, Any], given: dict[str, Any], of: Any) -> dict[str, Any]:
        """A new user as the service answers it."""
        site = self.writer.site
        users = site.collection(_USERS, ())
        key = users.base.fresh(act.number) or ""
        types = site.collection("/api/v1/meta/types/user", ())
        kind = of["id"] if isinstance(of, dict) and of.get("id") else types.key(0)
        now = iso(act.now)
        credentials: dict[str, Any] = {"password": {}} if given.get("password") else {}
        credentials["emails"] = [{"value": profile.get("email"), "status": "VERIFIED", "type": "PRIMARY"}]
        credentials["provider"] = given.get("provider") or {"type": "OKTA", "name": "OKTA"}
        if isinstance(given.get("recovery_question"), dict):
            credentials["recovery_question"] = {"question": given["recovery_question"].get("question")}
        return linked(
            {
                "id": key,
                "status": status,
                "created": now,
                "activated": None if status == "STAGED" else now,
                "statusChanged": None if status == "STAGED" else now,
                "lastLogin": None,
                "lastUpdated": now,
                "passwordChanged": now if given.get("password") else None,
                "type": {"id": kind},
                "profile": {"mobilePhone": None, "secondEmail": None, **profile},
                "credentials": credentials,
                "_links": {"self": {"href": f"{ORIGIN}{_USERS}/{key}"}},
            }
        )

    def _stepping(self, step: str) -> Callable[[Act], Answer]:
        """What carries out a step of a user's life."""

        def carry_out(act: Act) -> Answer:
            users = self.writer.site.collection(_USERS, ())
            row = users.get(act.values[0], act.route.shape)
            starts, leads = _STEPS[step]
            if row["status"] not in starts:
                self._refuse(step, row["status"])
            if step == "activate" and "password" not in _dict(row.get("credentials")):
                leads = "PROVISIONED"
            now = iso(act.now)
            after = {**row, "status": leads or row["status"], "lastUpdated": now}
            if after["status"] != row["status"]:
                after["statusChanged"] = now
                after["activated"] = now if step == "activate" else row.get("activated")
            self.writer.places.keep(users, act.values[0], linked(after))
            return self._stepped(act, step, linked(after))

        return carry_out

    def _stepped(self, act: Act, step: str, row: dict[str, Any]) -> Answer:
        token = CodeKeys(mix(act.number, 7), "", 20).key(act.number)
        here = {
            "activate": {"activationUrl": f"{ORIGIN}/tokens/{token}/verify", "activationToken": token},
            "reactivate": {"activationUrl": f"{ORIGIN}/tokens/{token}/verify", "activationToken": token},
            "reset_password": {"resetPasswordUrl": f"{ORIGIN}/reset_password/{token}"},
            "expire_password_with_temp_password": {"tempPassword": token[:8]},
            "expire_password": row,
        }.get(step, {})
        if step in ("activate", "reactivate", "reset_password") and act.query.text("sendEmail", "true") != "false":
            here = {}
        return Answer(200, encode(here), "application/json", (), tuple(act.query.ignored()))

    @staticmethod
    def _refuse(step: str, status: str) -> None:
        if step == "unlock":
            raise Refusal(
                "rule",
                detail="Unlock is not allowed for this user.",
                code="E0000032",
                causes=["The user is not locked out."],
            )
        if step == "activate":
            raise Refusal(
                "rule",
                detail="Activation failed because the user is already active.",
                code="E0000016",
            )
        if step in ("suspend", "unsuspend"):
            state = "active" if step == "suspend" else "suspended"
            raise Refusal(
                "body",
                f"Cannot {step} a user that is not {state}",
                causes=[f"Cannot {step} a user that is not {state}"],
            )
        raise Refusal(
            "rule", status, detail="This operation is not allowed in the user's current status.", code="E0000038"
        )

    def _delete_user(self, act: Act) -> Answer | None:
        """The first DELETE of an account in use deactivates it; the next one deletes it."""
        users = self.writer.site.collection(_USERS, ())
        row = users.get(act.values[0], act.route.shape)
        if row is None or row["status"] == "DEPROVISIONED":
            return None
        now = iso(act.now)
        after = {**row, "status": "DEPROVISIONED", "statusChanged": now, "lastUpdated": now}
        self.writer.places.keep(users, users.canonical(act.values[0]), linked(after))
        return self.writer.done(act)

    def _credentials(self, act: Act) -> Answer:
        users = self.writer.site.collection(_USERS, ())
        row = users.get(act.values[0], act.route.shape)
        body = act.body if isinstance(act.body, dict) else {}
        held = {"password": {}, "provider": {"type": "OKTA", "name": "OKTA"}, **(row.get("credentials") or {})}
        question = body.get("recovery_question")
        if isinstance(question, dict) and question.get("question"):
            held["recovery_question"] = {"question": question["question"]}
        self.writer.places.keep(users, act.values[0], {**row, "credentials": held, "lastUpdated": iso(act.now)})
        said = {name: held[name] for name in ("password", "recovery_question", "provider") if name in held}
        return Answer(200, encode(said), "application/json", (), tuple(act.query.ignored()))

    # -- what is in what

    def _assign(self, act: Act) -> Answer:
        """A user to an application; whoever has it already is changed."""
        body = act.body if isinstance(act.body, dict) else {}
        writer, app = self.writer, act.values[0]
        users = writer.site.collection(_USERS, ())
        key = str(body.get("id") or "")
        if not key:
            self.complain([("id", "is required")])
        if not users.has(key):
            raise Refusal("missing", key, kind="User")
        key = users.canonical(key)
        user = users.get(key, act.route.shape)
        now, here = iso(act.now), f"{ORIGIN}{_APPS}/{app}"
        held = _dict(body.get("credentials"))
        row = {
            "id": key,
            "externalId": None,
            "created": now,
            "lastUpdated": now,
            "scope": body.get("scope") or "USER",
            "status": "ACTIVE",
            "statusChanged": now,
            "passwordChanged": None,
            "syncState": "DISABLED",
            "credentials": {"userName": held.get("userName") or user["profile"].get("login")},
            "profile": body.get("profile") or {},
            "_links": {"app": {"href": here}, "user": {"href": f"{ORIGIN}{_USERS}/{key}"}},
        }
        writer.places.keep(writer.site.collection(_APP_USERS, (app,)), key, row)
        return writer.done(act, row)

    def _assign_group(self, act: Act) -> Answer:
        body = act.body if isinstance(act.body, dict) else {}
        writer, (app, group) = self.writer, act.values
        groups = writer.site.collection(_GROUPS, ())
        if not groups.has(group):
            raise Refusal("missing", group, kind="UserGroup")
        here = f"{ORIGIN}{_APPS}/{app}"
        row = {
            "id": group,
            "lastUpdated": iso(act.now),
            "priority": body.get("priority", 0),
            "profile": body.get("profile") or {},
            "_links": {
                "app": {"href": here},
                "self": {"href": f"{here}/groups/{group}"},
                "group": {"href": f"{ORIGIN}{_GROUPS}/{group}"},
            },
        }
        writer.places.keep(writer.site.collection(_APP_GROUPS, (app,)), group, row)
        writer.places.link(writer.site.collection("/api/v1/groups/{}/apps", (group,)), app)
        return writer.done(act, row)

    def removed(self, act: Act, home: str, parents: tuple[str, ...], key: str) -> None:
        if home == _APP_GROUPS:
            there = self.writer.site.collection("/api/v1/groups/{}/apps", (key,))
            if there.index(parents[0]) >= 0:
                self.writer.places.unlink(there, parents[0])

    # -- any object

    def made(self, act: Act, template: str, values: tuple[str, ...], row: dict[str, Any]) -> None:
        here = f"{ORIGIN}{self.writer.site.path(template, values)}/{row.get('id')}"
        if template == _GROUPS:
            row.update(objectClass=["okta:user_group"], type="OKTA_GROUP")
            row["profile"] = {"description": None, **row.get("profile", {})}
            row["_links"] = {"logo": [], "users": {"href": here + "/users"}, "apps": {"href": here + "/apps"}}
        elif template == _APPS:
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
        if template == _APPS and row.get("name") == "custom_identity_source":
            self.writer.places.link(site.collection("/api/v1/identity-sources", ()), key)
        if template == ROLES:
            permit(self.writer, act, key)
        if template == _APPS and row.get("signOnMode") == "OPENID_CONNECT":
            self.writer.places.link(site.collection("/oauth2/v1/clients", ()), key)

    def changed(
        self, act: Act, home: str, parents: tuple[str, ...], before: dict[str, Any], after: dict[str, Any]
    ) -> None:
        if home == _USERS:
            after["status"] = before["status"]
            after["credentials"] = {**before.get("credentials", {}), **without_password(after.get("credentials"))}
            if act.route.method.http == "PUT":
                after["profile"] = {
                    "mobilePhone": None,
                    "secondEmail": None,
                    **(after.get("profile") or before.get("profile", {})),
                }
            after.update(linked(after))
        elif home == _GROUPS and isinstance(after.get("profile"), dict):
            after["profile"] = {"description": None, **after["profile"]}
        elif home == _APPS and "_links" in after:
            step = "deactivate" if after.get("status") == "ACTIVE" else "activate"
            links = {n: link for n, link in after["_links"].items() if n not in ("activate", "deactivate")}
            here = f"{ORIGIN}{_APPS}/{after.get('id')}"
            after["_links"] = {**links, step: {"href": f"{here}/lifecycle/{step}"}}

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
        changes = site.collection(_USERS, ()).changes
        for document in (*changes.born.values(), *changes.changed.values()):
            names.update(unpacked(document).get("profile") or ())
        return frozenset(names)

    def embed(self, template: str, query: Query, row: dict[str, Any]) -> None:
        site = self.writer.site
        if template == _APP_USERS and "user" in query.texts("expand"):
            row["_embedded"] = {"user": site.collection(_USERS, ()).get(str(row["id"]), Schema())}
        elif template == _GROUPS:
            known = row.get("_embedded", {}).get("stats", {"groupPushMappingsCount": 0, "hasAdminPrivilege": False})
            counts = {
                name: len(site.collection(f"{_GROUPS}/{{}}/{what}", (str(row["id"]),)).positions())
                for name, what in (("usersCount", "users"), ("appsCount", "apps"))
            }
            row["_embedded"] = {"stats": {**counts, **{n: v for n, v in known.items() if n not in counts}}}

    def unique(self, act: Act, template: str, collection: Overlay, row: dict[str, Any], own: str) -> None:
        path, say = _UNIQUE.get(template, ((), ""))
        if not path:
            return
        value = _at(row, path)
        if value is None:
            return
        if template == _USERS:
            at = collection.index(str(value))
            other = collection.key(at) if at >= 0 else own
            taken = other != own
        else:
            shape = act.route.shape
            taken = any(
                collection.key(at) != own and str(_at(collection.row(at, shape), path)).lower() == str(value).lower()
                for at in collection.positions()
            )
        if taken:
            raise Refusal("conflict", path[-1], causes=[f"{path[-1]}: {say}"])

    def removing(self, act: Act, home: str, parents: tuple[str, ...], key: str, row: Any) -> None:
        summary, cause = _GUARDED.get(home, ("", ""))
        if summary and isinstance(row, dict) and row.get("status") == "ACTIVE":
            raise Refusal("rule", key, detail=summary, causes=[cause] if cause else [], code="E0000056")
        if home == _GROUPS and isinstance(row, dict) and row.get("type") == "BUILT_IN":
            raise Refusal("rule", key, detail="This is a built-in group and can't be deleted.", code="E0000056")

    def stepped(self, template: str, row: dict[str, Any], status: str) -> dict[str, Any]:
        """A provisioning connection that was never set up stays unknown, as recorded."""
        return (
            row if row["status"] == "UNKNOWN" else {**row, "status": "ENABLED" if status == "ACTIVE" else "DISABLED"}
        )


def _at(row: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        row = row.get(name) if isinstance(row, dict) else None
    return row


def _dict(value: Any) -> dict[str, Any]:
    """An object of a body; an empty one for anything else."""
    return value if isinstance(value, dict) else {}
