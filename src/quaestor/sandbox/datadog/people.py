"""Datadog's users, roles, permissions, teams and keys: the same people as Okta's, seen from another vendor.

Of those who have left the company, three in ten still have an active account here: somebody should look.

Before: `people`. After: `datadog_world` puts them at their paths.
"""

from __future__ import annotations

from hashlib import md5

from quaestor.catalog.model import Schema
from quaestor.sandbox.answer.query import Query
from quaestor.sandbox.answer.refusal import Refusal
from quaestor.sandbox.data.clock import iso_micros
from quaestor.sandbox.data.collection import Collection, Fixed, Generated
from quaestor.sandbox.data.people import LEFT, PROVISIONED, STAGED, People
from quaestor.sandbox.data.seeded import UuidKeys, mix, pick, state_of
from quaestor.sandbox.data.words import DEPARTMENTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterable, Sequence
    from typing import Any

    from quaestor.sandbox.data.world import Ground

STATUSES = ("Active", "Pending", "Disabled")

#: Name, group, and whether it lets people change something.
PERMISSIONS = tuple(
    (name, group, kind)
    for group, names in (
        (
            "Access Management",
            "user_access_manage user_access_read user_app_keys org_app_keys_read org_app_keys_write",
        ),
        ("API and Application Keys", "api_keys_read api_keys_write api_keys_delete"),
        ("Billing and Usage", "billing_read billing_edit usage_read usage_edit"),
        ("Dashboards", "dashboards_read dashboards_write dashboards_public_share"),
        ("Monitors", "monitors_read monitors_write monitors_downtime monitor_config_policy_write"),
        ("Log Management", "logs_read_data logs_read_index_data logs_modify_indexes logs_write_pipelines"),
        ("Incidents", "incident_read incident_write incident_settings_read incident_settings_write"),
        ("Integrations", "integrations_read manage_integrations"),
        (
            "Security",
            "security_monitoring_rules_read security_monitoring_rules_write security_monitoring_signals_read",
        ),
        ("Teams", "teams_read teams_manage"),
        ("SLOs", "slos_read slos_write slos_corrections"),
        ("Synthetics", "synthetics_read synthetics_write"),
        ("Hosts", "hosts_read host_tags_write"),
    )
    for name in names.split()
    for kind in ("read" if name.endswith("_read") or "_read_" in name else "write",)
)
#: Role, and how many of the permissions it holds: all, reading, or every other one.
ROLES = (
    ("Datadog Admin Role", "all"),
    ("Datadog Standard Role", "half"),
    ("Datadog Read Only Role", "read"),
    ("Security Auditor", "read"),
    ("On-call Engineer", "half"),
    ("Billing", "few"),
)


class DatadogUsers(Collection):
    """The users of an organization."""

    kind = "user"

    def __init__(self, people: People, seed: int) -> None:
        self.people = people
        self._state = state_of(seed, "datadog", "users")
        self._keys = UuidKeys(self._state)
        self._roles = UuidKeys(state_of(seed, "datadog", "roles"))
        self.org = UuidKeys(state_of(seed, "datadog", "orgs")).key(0)

    def __len__(self) -> int:
        return self.people.count

    def key(self, index: int) -> str:
        return self._keys.key(index)

    def index(self, key: str) -> int:
        index = self._keys.index(key)
        return index if 0 <= index < self.people.count else -1

    def status(self, index: int) -> int:
        """Which of `STATUSES` a user is in."""
        at_work = self.people.status(index)
        if at_work == LEFT:
            return 0 if self.people.roll(index) >> 21 & 15 < 5 or index == self._first_leaver() else 2
        return 1 if at_work in (PROVISIONED, STAGED) else 0

    def _first_leaver(self) -> int:
        left = self.people.members("left", 0, lambda index: self.people.status(index) == LEFT)
        return left[0] if left else -1

    def service(self, index: int) -> bool:
        """Whether an account belongs to a program rather than to a person."""
        return index % 29 == 11

    def role_of(self, index: int) -> int:
        """Which of `ROLES` a user holds."""
        department = DEPARTMENTS[self.people.department(index)][0]
        if self.people.manager(index) <= 0 and department in ("Engineering", "IT", "Security", "Executive"):
            return 0
        fixed = {"Security": 3, "Finance": 5, "Engineering": 4 if index % 3 == 0 else 1, "IT": 1}
        return fixed.get(department, 2)

    def row(self, index: int, shape: Schema) -> Any:
        person = self.people.person(index)
        days = self.people.clock.days_ago
        status = self.status(index)
        role = self._roles.key(self.role_of(index))
        service = self.service(index)
        face = md5(person.login.encode(), usedforsecurity=False).hexdigest()
        seen = f"{days[max(1, person.signed_in)]}T08:30:00.000000+00:00" if person.signed_in >= 0 else None
        return {
            "type": "users",
            "id": self.key(index),
            "attributes": {
                "name": f"{person.first} {person.last}",
                "handle": person.login,
                "email": person.login,
                "created_at": f"{days[person.created]}T09:00:00.000000+00:00",
                "modified_at": f"{days[1 + person.roll % person.created]}T17:00:00.000000+00:00",
                "last_login_time": seen,
                "icon": f"https://avatars.example.com/{face}",
                "title": person.title,
                "verified": status != 1,
                "service_account": service,
                "disabled": status == 2,
                "mfa_enabled": person.roll >> 27 & 3 != 0,
                "allowed_login_methods": [],
                "status": STATUSES[status],
            },
            "relationships": {
                "roles": {"data": [{"type": "roles", "id": role}]},
                "org": {"data": {"type": "orgs", "id": self.org}},
            },
        }

    def select(self, query: Query) -> Sequence[int]:
        """`filter` (in name, email and handle), `filter[status]`, `sort` (name, email, status, -name …)."""
        positions: Sequence[int] = range(len(self))
        statuses = [status.lower() for status in query.texts("filter[status]")]
        if statuses:
            unknown = [status for status in statuses if status.capitalize() not in STATUSES]
            if unknown:
                raise Refusal("invalid", "filter[status]", detail=f"filter[status] knows {', '.join(STATUSES)}")
            positions = [at for at in positions if STATUSES[self.status(at)].lower() in statuses]
        text = query.text("filter").lower()
        if text:
            positions = [at for at in positions if text in self._searched(at)]
        order = query.text("sort")
        if order:
            positions = self._ordered(positions, order, query.text("sort_dir").lower() == "desc")
        return positions

    def fresh(self, number: int) -> str:
        return self._keys.key(len(self) + number)

    def admits(self, query: Query, row: Any) -> bool:
        about = row["attributes"]
        statuses = [status.lower() for status in query.texts("filter[status]")]
        text = query.text("filter").lower()
        searched = f"{about.get('name')}\n{about.get('email')}".lower()
        return text in searched and (not statuses or str(about.get("status")).lower() in statuses)

    def arranged(self, query: Query, whole: Collection, positions: Sequence[int]) -> Sequence[int]:
        order = query.text("sort")
        if not order:
            return sorted(positions)
        name = order.removeprefix("-")
        keys = [(str(whole.row(at, Schema())["attributes"].get(name)), at) for at in positions]
        down = query.text("sort_dir").lower() == "desc" or order.startswith("-")
        return [at for _, at in sorted(keys, reverse=down)]

    def _searched(self, index: int) -> str:
        first, last, _ = self.people.name(index)
        return f"{first} {last}\n{self.people.login(index)}".lower()

    def _ordered(self, positions: Sequence[int], order: str, down: bool) -> Sequence[int]:
        keys = {
            "name": lambda at: self.people.name(at),
            "email": self.people.login,
            "status": lambda at: STATUSES[self.status(at)],
            "modified_at": lambda at: self.row(at, Schema())["attributes"]["modified_at"],
            "created_at": lambda at: self.row(at, Schema())["attributes"]["created_at"],
        }
        name = order.removeprefix("-")
        if name not in keys:
            raise Refusal("invalid", "sort", detail=f"sort knows {', '.join(keys)}")
        return sorted(positions, key=keys[name], reverse=down or order.startswith("-"))

    def of_role(self, role: int) -> array[int]:
        """The users who hold a role."""
        return self.people.members("role", role, lambda index: self.role_of(index) == role)


class Memberships(Fixed):
    """Who is in a team: each membership has an id, and paths name it by its user's
    (https://docs.datadoghq.com/api/latest/teams/#remove-a-user-from-a-team)."""

    named = True

    def index(self, key: str) -> int:
        found = super().index(key)
        if found >= 0:
            return found
        return next((at for at in range(len(self)) if key in self.names(self._rows[self._names[at]])), -1)

    def names(self, row: Any) -> Sequence[str]:
        return [row["relationships"]["user"]["data"]["id"]]


class Directory:
    """What hangs on the users: roles, permissions, teams, keys."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.users = DatadogUsers(ground.people, ground.seed)

    def _state(self, name: str) -> int:
        return state_of(self.ground.seed, "datadog", name)

    def _dates(self, state: int) -> dict[str, Any]:
        clock = self.ground.clock
        created = clock.past(state)
        modified = created + (state >> 20) % max(1, clock.now - created)
        return {"created_at": iso_micros(created), "modified_at": iso_micros(modified)}

    # -- roles and permissions

    @staticmethod
    def granted(role: int) -> list[int]:
        """The permissions that a role holds."""
        how = ROLES[role][1]
        everything = range(len(PERMISSIONS))
        if how == "read":
            return [at for at in everything if PERMISSIONS[at][2] == "read"]
        step = {"all": 1, "half": 2, "few": 9}[how]
        return [at for at in everything if at % step == 0 or (PERMISSIONS[at][2] == "read" and step == 2)]

    def permissions(self) -> Collection:
        """All permissions that a role can hold."""

        def about(index: int, key: str) -> dict[str, Any]:
            name, group, kind = PERMISSIONS[index]
            attributes = {
                "name": name,
                "display_name": name.replace("_", " ").title(),
                "description": "",
                "group_name": group,
                "display_type": kind,
                "restricted": False,
                "created": "2019-09-09T12:00:00.000000+00:00",
            }
            return {"attributes": attributes}

        state = self._state("permissions")
        return Generated(self.ground.inventor, "permission", UuidKeys(state), len(PERMISSIONS), state, facts=about)

    def roles(self) -> Collection:
        """The roles of an organization."""
        permissions = self.permissions()

        def about(index: int, key: str) -> dict[str, Any]:
            held = [{"type": "permissions", "id": permissions.key(at)} for at in self.granted(index)]
            attributes = {"name": ROLES[index][0], "user_count": len(self.users.of_role(index))}
            attributes |= {**self._dates(mix(self._state("roles"), index)), "receives_permissions_from": []}
            return {"attributes": attributes, "relationships": {"permissions": {"data": held}}}

        state = self._state("roles")
        roles = _Named(self.ground.inventor, "role", UuidKeys(state), len(ROLES), state, facts=about)
        roles.titles = [name for name, _ in ROLES]
        return roles

    # -- teams

    def teams(self) -> Collection:
        """A team for each department."""

        def about(index: int, key: str) -> dict[str, Any]:
            name = DEPARTMENTS[index][0]
            attributes: dict[str, Any] = {"name": name, "handle": name.lower(), "summary": None, "description": ""}
            attributes |= {"user_count": len(self.members(index)), "link_count": 0, "is_managed": False}
            attributes |= self._dates(mix(self._state("team"), index))
            links = f"/api/v2/team/{key}"
            relationships = {
                "team_links": {"links": {"related": f"{links}/links"}},
                "user_team_permissions": {"links": {"related": f"{links}/permission-settings"}},
            }
            return {"attributes": attributes, "relationships": relationships}

        state = self._state("team")
        teams = _Named(self.ground.inventor, "team", UuidKeys(state), len(DEPARTMENTS), state, facts=about)
        teams.titles = [name for name, _, _ in DEPARTMENTS]
        teams.parameter = "filter[keyword]"
        return teams

    def members(self, team: int) -> array[int]:
        """The users of a team: who works there and has an account that isn't disabled."""
        users = self.users
        return users.people.members(
            "team", team, lambda index: users.people.department(index) == team and users.status(index) != 2
        )

    def memberships(self, pairs: Iterable[tuple[int, int]]) -> dict[str, dict[str, Any]]:
        """The memberships of these teams and users, by their ids."""
        teams = self.teams()
        rows = {}
        for team, user in pairs:
            key = f"TeamMembership-{teams.key(team)}-{self.users.key(user)}"
            lead = self.users.people.manager(user) <= 0
            rows[key] = {
                "type": "team_memberships",
                "id": key,
                "attributes": {"role": "admin" if lead else None, "provisioned_by": None, "provisioned_by_id": None},
                "relationships": {
                    "team": {"data": {"type": "team", "id": teams.key(team)}},
                    "user": {"data": {"type": "users", "id": self.users.key(user)}},
                },
            }
        return rows

    # -- keys

    def owner_of_key(self, key: int) -> int:
        """Whose application key it is; some owners are disabled."""
        if key % 4 == 1:  # programs have keys too
            services = [at for at in range(min(len(self.users), 300)) if self.users.service(at)] or [0]
            return services[key // 4 % len(services)]
        return 0 if key == 0 else mix(self._state("application_keys"), key) % max(1, len(self.users))

    def api_keys(self) -> Collection:
        """The API keys of an organization."""
        uses = (
            "Agents",
            "Terraform",
            "CI",
            "Okta integration",
            "Mobile RUM",
            "Old forwarder",
            "Serverless",
            "Sandbox",
        )

        def about(index: int, key: str) -> dict[str, Any]:
            state = mix(self._state("api_keys"), index)
            maker = {"data": {"type": "users", "id": self.users.key(state % max(1, len(self.users)))}}
            attributes = {"name": uses[index], "last4": key[-4:], "category": "", "remote_config_read_enabled": False}
            dates = self._dates(state)
            attributes |= {**dates, "date_last_used": None if index == 5 else dates["modified_at"]}
            return {"attributes": attributes, "relationships": {"created_by": maker, "modified_by": maker}}

        state = self._state("api_keys")
        keys = _Named(self.ground.inventor, "api_key", UuidKeys(state), len(uses), state, facts=about)
        keys.titles = list(uses)
        return keys

    def application_keys(self, count: int) -> Collection:
        """The application keys of all users."""
        uses = ("Terraform", "Scripts", "Notebook", "Backup", "Dashboards as code", "Laptop")

        def about(index: int, key: str) -> dict[str, Any]:
            state = mix(self._state("application_keys"), index)
            owner = {"data": {"type": "users", "id": self.users.key(self.owner_of_key(index))}}
            scopes = ["monitors_read", "dashboards_read"] if state >> 8 & 3 == 0 else None
            dates = self._dates(state)
            attributes = {"name": pick(uses, state), "last4": key[-4:], "scopes": scopes}
            attributes |= {"created_at": dates["created_at"], "last_used_at": dates["modified_at"]}
            return {"attributes": attributes, "relationships": {"owned_by": owner}}

        state = self._state("application_keys")
        keys = _Named(self.ground.inventor, "application_key", UuidKeys(state), count, state, facts=about)
        keys.titles = [pick(uses, mix(state, at)) for at in range(count)]
        return keys


class _Named(Generated):
    """A collection that its list narrows by a part of the name."""

    titles: Sequence[str] = ()
    parameter = "filter"

    def select(self, query: Query) -> Sequence[int] | None:
        text = query.text(self.parameter).lower()
        positions = [at for at in range(len(self)) if text in self.titles[at].lower()]
        wanted = query.text("filter[id]")
        return [at for at in positions if self.key(at) in wanted.split(",")] if wanted else positions

    def admits(self, query: Query, row: Any) -> bool:
        wanted = query.text("filter[id]")
        if wanted and row["id"] not in wanted.split(","):
            return False
        return query.text(self.parameter).lower() in str(row["attributes"].get("name")).lower()
