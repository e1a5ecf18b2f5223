"""Who is in which group, who has which application, and how the one follows from the other.

An application that is assigned to a group is assigned to its members (scope GROUP), from when they join until they
leave, unless another of their groups has it too or they have it by themselves (scope USER). What is generated agrees
with that from the beginning; here it is kept true through what clients do.
https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationGroups/,
https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationUsers/

Only groups of the type OKTA_GROUP have members that are put in and taken out:
https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Group/

Before: `rules` and `memberships` have a change. After: it is kept with what follows from it, and told.
"""

from __future__ import annotations

from quaestor.catalog.model import Schema
from quaestor.sandbox.answer.refusal import Refusal
from quaestor.sandbox.change.state import unpacked
from quaestor.sandbox.data.clock import iso
from quaestor.sandbox.data.collection import ORIGIN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from quaestor.sandbox.answer.answers import Answer
    from quaestor.sandbox.answer.rules import Act
    from quaestor.sandbox.change.overlay import Overlay
    from quaestor.sandbox.change.writes import Writer
    from quaestor.sandbox.okta.story import Story

USERS, GROUPS, APPS = "/api/v1/users", "/api/v1/groups", "/api/v1/apps"
MEMBERS, OF_USER, OF_GROUP = "/api/v1/groups/{}/users", "/api/v1/users/{}/groups", "/api/v1/groups/{}/apps"
APP_USERS, APP_GROUPS = "/api/v1/apps/{}/users", "/api/v1/apps/{}/groups"
_ANY = Schema()


class Assignments:
    """Memberships and assignments as clients change them."""

    def __init__(self, writer: Writer, story: Story) -> None:
        self._writer = writer
        self._site = writer.site
        self._story = story

    # -- applications

    def assign(self, act: Act) -> Answer:
        """A user to an application; whoever has it already is changed. Raises Refusal."""
        body = mapping(act.body)
        app, key = act.values[0], str(body.get("id") or "")
        if not key:
            self._writer.rules.complain([("id", "is required")])
        users = self._site.collection(USERS, ())
        user = users.get(key, act.route.shape)
        if user is None:
            raise Refusal("missing", key, kind="User")
        self.check_status(key)
        row = self._app_user(act, app, user, body.get("scope") or "USER")
        held = mapping(body.get("credentials"))
        row["credentials"]["userName"] = held.get("userName") or row["credentials"]["userName"]
        row["profile"] = body.get("profile") or {}
        self._writer.places.keep(self._site.collection(APP_USERS, (app,)), user["id"], row)
        return self._writer.done(act, row)

    def assign_group(self, act: Act) -> Answer:
        """A group to an application, and so its members. Raises Refusal."""
        body = mapping(act.body)
        app, group = act.values
        if not self._site.collection(GROUPS, ()).has(group):
            raise Refusal("missing", group, kind="UserGroup")
        here = f"{ORIGIN}{APPS}/{app}"
        row = {
            "id": group,
            "lastUpdated": iso(act.now),
            "priority": body.get("priority", 0),
            "profile": body.get("profile") or {},
            "_links": {
                "app": {"href": here},
                "self": {"href": f"{here}/groups/{group}"},
                "group": {"href": f"{ORIGIN}{GROUPS}/{group}"},
            },
        }
        self._writer.places.keep(self._site.collection(APP_GROUPS, (app,)), group, row)
        self._writer.places.link(self._site.collection(OF_GROUP, (group,)), app)
        for user in self._keys(MEMBERS, group):
            self._give(act, app, group, user)
        return self._writer.done(act, row)

    def unassigned_group(self, app: str, group: str) -> None:
        """A group lost an application."""
        there = self._site.collection(OF_GROUP, (group,))
        if there.index(app) >= 0:
            self._writer.places.unlink(there, app)
        for user in self._keys(MEMBERS, group):
            self._take(app, user)

    # -- groups

    def takes_members(self, group: str) -> None:
        """Raises Refusal unless clients may say who is in a group."""
        row = self._site.collection(GROUPS, ()).get(group, _ANY)
        kind = row.get("type") if isinstance(row, dict) else None
        if kind == "BUILT_IN":
            raise Refusal("unsupported", group, detail="Unsupported operation.")
        if kind == "APP_GROUP":
            raise Refusal("forbidden", group)

    def check_status(self, user: str) -> None:
        """Raises Refusal for one who has left, or isn't there."""
        row = self._site.collection(USERS, ()).get(user, _ANY)
        if row is None:
            raise Refusal("missing", user, kind="User")
        if row["status"] == "DEPROVISIONED":
            said = "This operation is not allowed in the user's current status."
            raise Refusal("rule", user, detail=said, code="E0000038")

    def is_member(self, group: str, user: str) -> bool:
        """Whether a user is in a group now."""
        return self._members(group).index(user) >= 0

    def join(self, act: Act, group: str, user: str) -> None:
        """Puts a user into a group."""
        self._writer.places.join(MEMBERS, group, user)
        self.joined(act, group, user)

    def joined(self, act: Act, group: str, user: str) -> None:
        """A user came into a group, and has its applications from now on."""
        for app in self._keys(OF_GROUP, group):
            self._give(act, app, group, user)

    def leave(self, group: str, user: str) -> None:
        """Takes a user out of a group."""
        self._writer.places.join(MEMBERS, group, user, put=False)
        self.left(group, user)

    def left(self, group: str, user: str) -> None:
        """A user went out of a group, and with it from its applications."""
        for app in self._keys(OF_GROUP, group):
            self._take(app, user)

    def dissolve(self, group: str) -> None:
        """A group is about to be deleted: its applications and its members lose it."""
        apps, members = self._keys(OF_GROUP, group), self._keys(MEMBERS, group)
        for app in apps:
            there = self._site.collection(APP_GROUPS, (app,))
            if there.index(group) >= 0:
                self._writer.places.unlink(there, group)
        for user in members:
            self._writer.places.join(MEMBERS, group, user, put=False)
        for app in apps:
            for user in members:
                self._take(app, user)

    def dismiss(self, user: str) -> None:
        """A user is deactivated: no group and no application has them any more."""
        for app in self._keys(APPS):
            there = self._site.collection(APP_USERS, (app,))
            if there.index(user) >= 0:
                self._writer.places.unlink(there, user)
                self._tell("application.user_membership.remove", app, user)
        for group in self._keys(OF_USER, user):
            self._writer.places.join(MEMBERS, group, user, put=False)

    def has_app(self, app: str, group: str) -> bool:
        """Whether an application is assigned to a group now."""
        return self._site.collection(APP_GROUPS, (app,)).index(group) >= 0

    def live_apps(self) -> Iterator[tuple[str, str, str]]:
        """Key, name and label of each application that is in use now."""
        apps = self._site.collection(APPS, ())
        for at in apps.positions():
            key = apps.key(at)
            document = apps.document(key)
            row = unpacked(document) if document is not None else apps.base.known(at) or {}
            if row.get("status") == "ACTIVE":
                yield key, str(row.get("name")), str(row.get("label"))

    # -- what follows

    def _give(self, act: Act, app: str, group: str, user: str) -> None:
        """An application to a member of its group, unless they have it."""
        there = self._site.collection(APP_USERS, (app,))
        if there.index(user) >= 0:
            return
        row = self._app_user(act, app, self._site.collection(USERS, ()).get(user, _ANY), "GROUP")
        row["_links"]["group"] = {"href": f"{ORIGIN}{APPS}/{app}/groups/{group}"}
        self._writer.places.keep(there, user, row)
        self._tell("application.user_membership.add", app, user)

    def _take(self, app: str, user: str) -> None:
        """An application from one who had it by a group, unless another of their groups has it."""
        there = self._site.collection(APP_USERS, (app,))
        row = there.get(user, _ANY) if there.index(user) >= 0 else None
        if row is None or row.get("scope") != "GROUP":
            return
        if any(self.is_member(group, user) for group in self._keys(APP_GROUPS, app)):
            return
        self._writer.places.unlink(there, user)
        self._tell("application.user_membership.remove", app, user)

    def _tell(self, event: str, app: str, user: str) -> None:
        self._story.follow(event, [self._story.app(app), self._story.user(user)])

    def _app_user(self, act: Act, app: str, user: Any, scope: str) -> dict[str, Any]:
        now, here = iso(act.now), f"{ORIGIN}{APPS}/{app}"
        return {
            "id": user["id"],
            "externalId": None,
            "created": now,
            "lastUpdated": now,
            "scope": scope,
            "status": "ACTIVE",
            "statusChanged": now,
            "passwordChanged": None,
            "syncState": "DISABLED",
            "credentials": {"userName": user["profile"].get("login")},
            "profile": {},
            "_links": {"app": {"href": here}, "user": {"href": f"{ORIGIN}{USERS}/{user['id']}"}},
        }

    def _members(self, group: str) -> Overlay:
        return self._site.collection(MEMBERS, (group,))

    def _keys(self, template: str, *values: str) -> list[str]:
        """The keys of what is at a place now."""
        collection = self._site.collection(template, values)
        return [collection.key(at) for at in collection.positions()]


def mapping(value: Any) -> dict[str, Any]:
    """An object of a body; an empty one for anything else."""
    return value if isinstance(value, dict) else {}
