"""What the questions' answers are: computed in Python over the objects that the sandbox has.

The objects come by `json.loads` from the sandbox's lists, never through `fetch`, `decode`, `plan` or `run`; a
question here is told in loops, not in SQL. Dates are compared with the day on which the test runs, as the statements
do.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from tests.sql.world import read_list

from quaestor.sandbox.core import Sandbox

Object = dict[str, Any]
Rows = list[tuple[object, ...]]


class Org:
    """An Okta org, object by object."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._base = sandbox.endpoints()["okta"]

    def objects(self, path: str) -> list[Object]:
        """Every object of a list that names its next page in a header."""
        return read_list(self._sandbox, "okta", f"{self._base}/api/v1/{path}")

    @cached_property
    def users(self) -> list[Object]:
        """All users: the bare list leaves one state out."""
        return [*self.objects("users"), *self.objects("users?filter=status%20eq%20%22DEPROVISIONED%22")]

    @cached_property
    def factors(self) -> dict[str, list[Object]]:
        """The factors of each user."""
        return {user["id"]: self.objects(f"users/{user['id']}/factors") for user in self.users}

    @cached_property
    def apps(self) -> list[Object]:
        """All applications."""
        return self.objects("apps")

    @cached_property
    def assigned(self) -> dict[str, list[Object]]:
        """The users of each application."""
        return {app["id"]: self.objects(f"apps/{app['id']}/users") for app in self.apps}

    @cached_property
    def groups(self) -> list[Object]:
        """All groups."""
        return self.objects("groups")

    @cached_property
    def group_roles(self) -> dict[str, list[Object]]:
        """The administrators' roles that each group has."""
        return {group["id"]: self.objects(f"groups/{group['id']}/roles") for group in self.groups}

    @cached_property
    def user_roles(self) -> dict[str, list[Object]]:
        """The administrators' roles that each user has: asked of every single one."""
        active = (user["id"] for user in self.users if user["status"] != "DEPROVISIONED")
        return {user: self.objects(f"users/{user}/roles") for user in active}


def is_older(text: str, days: int) -> bool:
    """Whether a time is more than so many days ago."""
    return datetime.fromisoformat(text).replace(microsecond=0) < datetime.now(UTC) - timedelta(days=days)


def q01(org: Org) -> list[Rows]:
    """Two statements: by status, and those that the bare list hides."""
    counts = Counter(user["status"] for user in org.users)
    return [list(counts.items()), [(counts["DEPROVISIONED"],)]]


def q02(org: Org) -> list[Rows]:
    """Active, and their last sign-in is long ago or never was."""
    return [
        [
            (user["id"], user["profile"]["login"], user["lastLogin"])
            for user in org.users
            if user["status"] == "ACTIVE" and (user["lastLogin"] is None or is_older(user["lastLogin"], 90))
        ]
    ]


def q03(org: Org) -> list[Rows]:
    """Made, never activated."""
    return [
        [
            (user["id"], user["profile"]["login"], user["status"], user["created"])
            for user in org.users
            if user["status"] in ("STAGED", "PROVISIONED") and is_older(user["created"], 14)
        ]
    ]


def q04(org: Org) -> list[Rows]:
    """Active users whose list of factors is empty."""
    return [
        [
            (user["id"], user["profile"]["login"], 0)
            for user in org.users
            if user["status"] == "ACTIVE" and not org.factors[user["id"]]
        ]
    ]


def q05(org: Org) -> list[Rows]:
    """Users with factors, all of which can be phished."""
    found: Rows = []
    for user in org.users:
        types = [factor["factorType"] for factor in org.factors[user["id"]]]
        if types and set(types) <= {"sms", "call", "question"}:
            found.append((user["id"], user["profile"]["login"], ",".join(sorted(types))))
    return [found]


def q06(org: Org) -> list[Rows]:
    """The users of the applications whose label begins with a word."""
    found: Rows = []
    for app in org.apps:
        if app["label"].lower().startswith("salesforce"):
            for user in org.assigned[app["id"]]:
                found.append((app["label"], user["credentials"]["userName"], user["scope"], user["status"]))
    return [found]


def q07(org: Org) -> list[Rows]:
    """Direct assignments by the application's label."""
    counts: Counter[str] = Counter()
    for app in org.apps:
        counts[app["label"]] += sum(user["scope"] == "USER" for user in org.assigned[app["id"]])
    return [[(label, count) for label, count in counts.items() if count]]


def q08(org: Org) -> list[Rows]:
    """Active applications without a user."""
    return [
        [(app["id"], app["label"]) for app in org.apps if app["status"] == "ACTIVE" and not org.assigned[app["id"]]]
    ]


def q09(org: Org) -> list[Rows]:
    """Each group with each of its applications: asked of the applications, not of the groups."""
    names = {group["id"]: group["profile"]["name"] for group in org.groups}
    return [
        [
            (names[group["id"]], app["label"])
            for app in org.apps
            for group in org.objects(f"apps/{app['id']}/groups")
            if group["id"] in names
        ]
    ]


def q10(org: Org) -> list[Rows]:
    """Rules that do nothing."""
    return [
        [
            (
                rule["id"],
                rule["name"],
                rule["status"],
                rule["conditions"]["expression"]["value"],
                json.dumps(rule["actions"]["assignUserToGroups"]["groupIds"], separators=(",", ":")),
            )
            for rule in org.objects("groups/rules")
            if rule["status"] != "ACTIVE"
        ]
    ]


def q11(org: Org) -> list[Rows]:
    """Groups that nobody came to or left."""
    return [
        [
            (group["id"], group["profile"]["name"], group["lastMembershipUpdated"])
            for group in org.groups
            if group["type"] == "OKTA_GROUP" and is_older(group["lastMembershipUpdated"], 365)
        ]
    ]


def q12(org: Org) -> list[Rows]:
    """Users with a role of their own, and members of groups that have one."""
    found = {user for user, roles in org.user_roles.items() if roles}
    for group, roles in org.group_roles.items():
        if roles:
            found |= {user["id"] for user in org.objects(f"groups/{group}/users")}
    return [[(user,) for user in found]]


def q13(org: Org) -> list[Rows]:
    """The roles of the administrator whose id is the last."""
    user = max(user for user, roles in org.user_roles.items() if roles)
    names = ("id", "label", "type", "assignmentType", "status", "created")
    return [[tuple(role[name] for name in names) for role in org.user_roles[user]]]


def q14(org: Org) -> list[Rows]:
    """The roles of groups."""
    return [
        [
            (group["profile"]["name"], role["label"], role["status"])
            for group in org.groups
            for role in org.group_roles[group["id"]]
        ]
    ]


def q15(org: Org) -> list[Rows]:
    """Tokens whose owner isn't active."""
    owners = {user["id"]: user for user in org.users}
    found: Rows = []
    for token in org.objects("api-tokens"):
        owner = owners.get(token["userId"])
        if owner is not None and owner["status"] != "ACTIVE":
            found.append(
                (token["name"], token["created"], token["expiresAt"], owner["profile"]["login"], owner["status"])
            )
    return [found]


EXPECTED: dict[str, Callable[[Org], list[Rows]]] = {
    function.__name__: function
    for function in (q01, q02, q03, q04, q05, q06, q07, q08, q09, q10, q11, q12, q13, q14, q15)
}


def in_any_order(rows: Rows) -> Rows:
    """Sorted, and lists that were joined with commas sorted too."""
    return sorted(((*map(_sorted_list, row),) for row in rows), key=repr)


def _sorted_list(value: object) -> object:
    if isinstance(value, str) and "," in value and not value.startswith(("[", "{")):
        return ",".join(sorted(value.split(",")))
    return value


def ordered_by(statement: str) -> Iterator[tuple[int, bool]]:
    """The columns that a question's rows are sorted by, and whether the greatest is first."""
    if "ORDER BY lastLogin" in statement:
        yield 2, False
    if "ORDER BY direct_users DESC" in statement:
        yield 1, True
    if "ORDER BY group_name" in statement:
        yield 0, False
