"""Group rules at work: an active rule puts the users for whom it is true into its groups.

When a client activates a rule, everybody is looked at; while it is active, each user who is made or changed. A rule
that is switched off leaves its members where they are; one that is deleted with `removeUsers=true` takes them out.
https://developer.okta.com/docs/api/openapi/okta-management/management/tag/GroupRule/
The generated rules need no work: their groups hold those for whom they are true from the beginning.

Before: `rules` sees a change. After: the state holds the memberships, the story tells of them.
"""

from __future__ import annotations

from quaestor.catalog.model import Schema
from quaestor.sandbox.change.state import packed, unpacked
from quaestor.sandbox.okta.expressions import condition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from quaestor.sandbox.answer.rules import Act
    from quaestor.sandbox.change.writes import Writer
    from quaestor.sandbox.okta.assignments import Assignments
    from quaestor.sandbox.okta.expressions import Condition
    from quaestor.sandbox.okta.story import Story

RULES = "/api/v1/groups/rules"
_USERS, _MEMBERS, _OF_USER = "/api/v1/users", "/api/v1/groups/{}/users", "/api/v1/users/{}/groups"
_SHAPE = Schema()


class Memberships:
    """Puts users into groups by rules."""

    def __init__(self, writer: Writer, story: Story, assignments: Assignments) -> None:
        self._site = writer.site
        self._story = story
        self._assignments = assignments

    def activated(self, act: Act, rule: str, row: dict[str, Any]) -> None:
        """A rule was switched on. Raises Refusal for a condition that the sandbox can't tell."""
        test = condition(_expression(row))
        users = self._site.collection(_USERS, ())
        for at in list(users.positions()):
            user = users.row(at, _SHAPE)
            if user.get("status") != "DEPROVISIONED" and self._fits(test, user):
                self._put(act, rule, row, user["id"])

    def moved(self, act: Act, user: dict[str, Any]) -> None:
        """A user was made or changed."""
        for rule, document in tuple(self._site.state.at(self._site.place(RULES, ())).born.items()):
            row = unpacked(document)
            if row.get("status") == "ACTIVE" and self._fits(condition(_expression(row)), user):
                self._put(act, rule, row, user["id"])

    def _fits(self, test: Condition, user: dict[str, Any]) -> bool:
        return test(user["profile"], lambda: self._groups(user))

    def deleted(self, rule: str, *, with_members: bool) -> None:
        """A rule was deleted; its members go with it if so asked."""
        place = self._place(rule)
        for pair in tuple(self._site.state.at(place).born):
            group, _, user = pair.partition(" ")
            self._site.state.forget(place, pair)
            if with_members:
                self._assignments.leave(group, user)
                self._story.follow("group.user_membership.remove", [self._story.user(user), self._story.group(group)])

    def _put(self, act: Act, rule: str, row: dict[str, Any], user: str) -> None:
        excluded = ((row.get("conditions") or {}).get("people") or {}).get("users") or {}
        if user in (excluded.get("exclude") or ()):
            return
        for group in ((row.get("actions") or {}).get("assignUserToGroups") or {}).get("groupIds") or ():
            members = self._site.collection(_MEMBERS, (str(group),))
            if not self._site.collection("/api/v1/groups", ()).has(str(group)) or members.index(user) >= 0:
                continue
            self._assignments.join(act, str(group), user)
            self._site.state.bear(self._place(rule), f"{group} {user}", packed(True))
            self._story.follow("group.user_membership.add", [self._story.user(user), self._story.group(str(group))])

    def _place(self, rule: str) -> str:
        """Where the state keeps whom a rule has put where."""
        return self._site.place(RULES + "/{}/members", (rule,))

    def _groups(self, user: dict[str, Any]) -> Iterable[str]:
        """Ids and names of a user's groups."""
        groups = self._site.collection(_OF_USER, (user["id"],))
        for at in groups.positions():
            row = groups.row(at, _SHAPE)
            yield str(row["id"])
            yield str(row["profile"]["name"])


def _expression(row: dict[str, Any]) -> str:
    return str(((row.get("conditions") or {}).get("expression") or {}).get("value") or "")
