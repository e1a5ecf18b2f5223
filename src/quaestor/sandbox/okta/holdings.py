"""What people in Okta hold: factors, roles, tokens of the API.

Before: `okta.users`, `okta.groups`. After: `okta.world` puts them at their paths.
"""

from __future__ import annotations

from array import array

from quaestor.sandbox.data.clock import DAY, iso
from quaestor.sandbox.data.collection import ORIGIN, Generated
from quaestor.sandbox.data.seeded import CodeKeys, NameKeys, mix, pick
from quaestor.sandbox.okta.groups import OktaGroups
from quaestor.sandbox.okta.users import ORG, OktaUsers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from quaestor.sandbox.okta.world import OktaWorld

_FACTORS = (
    ("token:software:totp", "OKTA", "OKTA"),
    ("push", "OKTA", "OKTA"),
    ("sms", "OKTA", "OKTA"),
    ("webauthn", "FIDO", "FIDO"),
    ("email", "OKTA", "OKTA"),
    ("call", "OKTA", "OKTA"),
    ("question", "OKTA", "OKTA"),
)
_ROLES = (
    ("SUPER_ADMIN", "Super Organization Administrator"),
    ("ORG_ADMIN", "Organization Administrator"),
    ("HELP_DESK_ADMIN", "Help Desk Administrator"),
    ("APP_ADMIN", "Application Administrator"),
    ("USER_ADMIN", "Group Administrator"),
    ("READ_ONLY_ADMIN", "Read-Only Administrator"),
    ("API_ACCESS_MANAGEMENT_ADMIN", "API Access Management Administrator"),
)
#: https://developer.okta.com/docs/api/openapi/okta-management/guides/permissions/
_PERMISSIONS = (
    "okta.users.read",
    "okta.users.manage",
    "okta.users.credentials.manage",
    "okta.groups.read",
    "okta.groups.manage",
    "okta.groups.members.manage",
    "okta.apps.read",
    "okta.apps.assignment.manage",
    "okta.logs.read",
)
_TOKENS = (
    "Terraform",
    "Nightly export",
    "HR sync",
    "Old importer",
    "CI",
    "Dashboards",
    "Migration 2024",
    "Support desk",
)


class Holdings:
    """What the users and groups of an org hold, by their keys."""

    def __init__(self, world: OktaWorld, users: OktaUsers, groups: OktaGroups) -> None:
        self._world = world
        self._users = users
        self._groups = groups
        self._clock = world.ground.clock

    def factors(self, key: str) -> dict[str, dict[str, Any]]:
        """A user's factors: none for those who can't sign in, nor for every ninth of the others."""
        user = self._users.index(key)
        person = self._users.people.person(user)
        if person.signed_in < 0 or not self._users.stays(user) or person.roll >> 30 & 7 == 0:
            return {}
        rows = {}
        for turn in range(1 + (person.roll >> 33) % 3):
            kind, provider, vendor = pick(_FACTORS, (person.roll >> 36) + turn * (1 + (person.roll >> 40) % 5))
            factor = CodeKeys(mix(person.roll, turn), kind[:3].replace(":", ""), 10, ORG).key(0)
            profile = {
                "sms": {"phoneNumber": f"+155501{person.roll % 100:02d}"},
                "call": {"phoneNumber": f"+155501{person.roll % 100:02d}"},
                "question": {"question": "favorite_toy"},
                "webauthn": {"credentialId": factor[3:], "authenticatorName": "Security key"},
                "email": {"email": person.login},
            }.get(kind, {"credentialId": person.login})
            here = f"{ORIGIN}/api/v1/users/{self._users.key(user)}"
            rows[factor] = {
                "id": factor,
                "factorType": kind,
                "provider": provider,
                "vendorName": vendor,
                "status": "PENDING_ACTIVATION" if person.roll >> 44 & 31 == 0 else "ACTIVE",
                "profile": profile,
                "_links": {"self": {"href": f"{here}/factors/{factor}"}, "user": {"href": here}},
                **self._world.dated(mix(person.roll, turn)),
            }
        return rows

    def administrators(self) -> array[int]:
        """Who holds a role, in order."""
        return self._users.people.members(
            "roles", 0, lambda user: user == 0 or (self._groups.administers(user) and user % 3 < 2)
        )

    def _role(self, state: int, kind: tuple[str, str], assignee: str, how: str) -> dict[str, dict[str, Any]]:
        key = CodeKeys(state, "ra1", 10, ORG).key(0)
        dated = self._world.dated(state)
        links = {"assignee": {"href": f"{ORIGIN}{assignee}"}}
        row = {"id": key, "type": kind[0], "label": kind[1], "status": "ACTIVE", "assignmentType": how}
        return {key: {**row, **dated, "_links": links}}

    def user_roles(self, key: str) -> dict[str, dict[str, Any]]:
        user = self._users.index(key)
        if user not in self.administrators():
            return {}
        kind = _ROLES[0] if user == 0 else pick(_ROLES, self._users.people.roll(user) >> 13)
        return self._role(mix(user, 31), kind, f"/api/v1/users/{self._users.key(user)}", "USER")

    def group_roles(self, key: str) -> dict[str, dict[str, Any]]:
        group = self._groups.index(key)
        by = self._groups.rule(group)[1]
        if by != "admins" and self._groups.rule(group)[0] != "Support":
            return {}
        kind = _ROLES[0] if by == "admins" else _ROLES[2]
        return self._role(mix(group, 37), kind, f"/api/v1/groups/{key}", "GROUP")

    def assignees(self) -> dict[str, dict[str, Any]]:
        rows = {}
        for user in self.administrators():
            key = self._users.key(user)
            here = f"{ORIGIN}/api/v1/users/{key}"
            links = {"self": {"href": here}, "roles": {"href": here + "/roles"}}
            rows[key] = {"id": key, "orn": f"orn:okta:directory:00o{ORG}:users:{key}", "_links": links}
        return rows

    def tokens(self) -> dict[str, dict[str, Any]]:
        people = self._users.people
        keepers = list(self.administrators()) or [0]
        left = [user for user in range(people.count) if not self._users.stays(user)][:2]
        clock = self._clock
        rows = {}
        for turn, name in enumerate(_TOKENS):
            state = self._world.state("token", name)
            owner = left[turn % len(left)] if turn in (3, 6) and left else pick(keepers, state)
            key = CodeKeys(state, "00T", 10, ORG).key(0)
            here = f"{ORIGIN}/api/v1/api-tokens/{key}"
            rows[key] = {
                "id": key,
                "name": name,
                "userId": self._users.key(owner),
                "clientName": "Okta API",
                "tokenWindow": "P30D",
                "network": {"connection": "ANYWHERE"},
                "expiresAt": iso(clock.now + (state >> 12) % (30 * DAY)),
                **self._world.dated(state),
                "_link": {"self": {"href": here}},
            }
        return rows


def permissions(world: OktaWorld, role: str, count: int) -> Generated:
    """So many permissions of a custom role, found by their names."""
    state = world.state("permissions", role)
    here = f"{ORIGIN}/api/v1/iam/roles/{role}"

    def about(index: int, key: str) -> dict[str, Any]:
        links = {"role": {"href": here}, "self": {"href": f"{here}/permissions/{key}"}}
        return {"label": key, "conditions": None, **world.dated(mix(state, index)), "_links": links}

    turn = state % len(_PERMISSIONS)
    keys = NameKeys(_PERMISSIONS[turn:] + _PERMISSIONS[:turn])
    return Generated(world.ground.inventor, "Permission", keys, count, state, key_path=("label",), facts=about)
