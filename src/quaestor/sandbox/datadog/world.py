"""Datadog as a person expects to find it: users with their roles and keys, monitors, hosts, dashboards.

Everything else of the catalog is invented after its schema. What is made by hand here:

| path                                            | objects                                                   |
|-------------------------------------------------|-----------------------------------------------------------|
| v2/users, roles, permissions, team, …keys       | `datadog_people`; v1/user, api_key, application_key too   |
| v1/monitor, v2/downtime                         | over the services; some muted, some that notify nobody    |
| v1/dashboard, v1/slo, v1/synthetics/tests       | theirs are the services' names, monitors and owners       |
| v1/hosts, v1/tags/hosts                         | with tags, agents, and a few that are down                |
| v2/integrations/okta/accounts                   | the org that the sandbox's Okta is; no secrets            |
| v2/audit/events, v2/logs/events                 | by existing users, from existing hosts                    |

Before: `world`, `datadog_people`. After: `core` takes it for provider datadog.
"""

from __future__ import annotations

from quaestor.sandbox.answer.routes import Route
from quaestor.sandbox.data.clock import DAY, iso_micros
from quaestor.sandbox.data.collection import NO_SHAPE, Collection, Fixed, Generated, Subset
from quaestor.sandbox.data.seeded import CodeKeys, Keys, NameKeys, UuidKeys, mix, pick
from quaestor.sandbox.data.words import ENVIRONMENTS, REGIONS, SERVICES
from quaestor.sandbox.data.world import Ground, World
from quaestor.sandbox.datadog.people import Directory, Memberships
from quaestor.sandbox.datadog.watching import TEAMS, Hosts, Monitors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from quaestor.catalog.model import Schema
    from quaestor.sandbox.data.collection import Facts

_METRICS = (
    "system.cpu.user",
    "system.mem.used",
    "system.disk.in_use",
    "trace.http.request.hits",
    "trace.http.request.errors",
    "trace.http.request.duration",
    "kubernetes.pods.running",
    "aws.lambda.invocations",
)
_METRIC_LISTS = ("/api/v1/metrics", "/api/v2/metrics")


class DatadogWorld(World):
    """The objects of a Datadog organization."""

    scales = {"users": 60, "monitors": 40, "dashboards": 20, "hosts": 60, "application_keys": 24}

    def __init__(self, provider: str, ground: Ground) -> None:
        super().__init__(provider, ground)
        self.directory = Directory(ground)
        self.monitors = Monitors(self)
        self.hosts = Hosts(self)
        users = ("user_id", "user_uuid", "created_by_uuid", "last_modified_by_uuid", "declared_by_uuid")
        self.references = dict.fromkeys(users, "/api/v2/users")
        self.wholes = {
            "/api/v2/roles/{}/users": "/api/v2/users",
            "/api/v2/roles/{}/permissions": "/api/v2/permissions",
            "/api/v2/users/{}/permissions": "/api/v2/permissions",
            "/api/v2/service_accounts": "/api/v2/users",
            "/api/v2/service_accounts/{}/application_keys": "/api/v2/application_keys",
            "/api/v2/current_user/application_keys": "/api/v2/application_keys",
        }
        self._people()
        self._watching()
        self._integrations()

    def keys(self, route: Route, state: int) -> Keys:
        return NameKeys(_METRICS, ".") if route.template in _METRIC_LISTS else UuidKeys(state)

    def _fixed(self, kind: str, rows: dict[str, dict[str, Any]], at: tuple[str, ...]) -> Collection:
        return Fixed(self.ground.inventor, kind, rows, self.state(kind, *at))

    def _made(self, kind: str, keys: Keys, count: int, facts: Facts, **options: Any) -> Collection:
        return Generated(self.ground.inventor, kind, keys, count, self.state(kind), facts=facts, **options)

    def person(self, state: int) -> dict[str, Any]:
        """Handle, email and name of one of the users, as v1 puts them everywhere."""
        people = self.ground.people
        index = state % max(1, people.count)
        first, last, _ = people.name(index)
        login = people.login(index)
        return {"handle": login, "email": login, "name": f"{first} {last}"}

    # -- people

    def _people(self) -> None:
        known = self.directory
        users, roles, permissions, teams = known.users, known.roles(), known.permissions(), known.teams()
        keys = known.application_keys(self.scaled("application_keys"))
        put = self.collections
        put["/api/v2/users"] = lambda at: users
        put["/api/v2/roles"] = lambda at: roles
        put["/api/v2/permissions"] = lambda at: permissions
        put["/api/v2/team"] = lambda at: teams
        put["/api/v2/api_keys"] = lambda at: known.api_keys()
        put["/api/v2/application_keys"] = lambda at: keys
        put["/api/v2/current_user/application_keys"] = lambda at: Subset(keys, self._keys_of(0))
        services = [at for at in range(len(users)) if users.service(at)]
        put["/api/v2/service_accounts"] = lambda at: Subset(users, services)
        put["/api/v2/service_accounts/{}/application_keys"] = lambda at: Subset(
            keys, self._keys_of(users.index(at[0]))
        )
        put["/api/v2/roles/{}/users"] = lambda at: Subset(users, known.users.of_role(roles.index(at[0])))
        put["/api/v2/roles/{}/permissions"] = lambda at: Subset(permissions, known.granted(roles.index(at[0])))
        put["/api/v2/users/{}/permissions"] = lambda at: Subset(
            permissions, known.granted(users.role_of(users.index(at[0])))
        )
        put["/api/v2/team/{}/memberships"] = lambda at: self._memberships(at, teams.index(at[0]), -1)
        self.empty["/api/v2/team/{}/memberships"] = lambda at: self._memberships(at, -1, -1)
        put["/api/v2/users/{}/memberships"] = lambda at: self._memberships(at, -1, users.index(at[0]))
        self.singles["/api/v2/users/{}/orgs"] = lambda at: users.row(users.index(at[0]), NO_SHAPE)
        put["/api/v1/user"] = lambda at: self._fixed("user", self._users_v1(), at)
        put["/api/v1/api_key"] = lambda at: self._fixed("api_key", self._keys_v1("key", 8), at)
        put["/api/v1/application_key"] = lambda at: self._fixed("application_key", self._keys_v1("hash", 10), at)

    def _keys_of(self, user: int) -> list[int]:
        count = self.scaled("application_keys")
        return [key for key in range(count) if self.directory.owner_of_key(key) == user]

    def _memberships(self, at: tuple[str, ...], team: int, user: int) -> Collection:
        known = self.directory
        pairs: list[tuple[int, int]] = []
        if team >= 0:
            pairs = [(team, member) for member in known.members(team)]
        elif user >= 0:
            team = self.ground.people.department(user)
            pairs = [(team, user)] if user in known.members(team) else []
        return Memberships(
            self.ground.inventor, "team_membership", known.memberships(pairs), self.state("team_membership", *at)
        )

    def _users_v1(self) -> dict[str, dict[str, Any]]:
        users = self.directory.users
        rows = {}
        for at in range(len(users)):
            found = users.row(at, NO_SHAPE)["attributes"]
            row = {name: found[name] for name in ("name", "handle", "email", "icon", "disabled", "verified", "title")}
            row["access_role"] = ("adm", "st", "ro", "ro", "st", "ro")[users.role_of(at)]
            rows[row["handle"]] = row
        return rows

    def _keys_v1(self, field: str, count: int) -> dict[str, dict[str, Any]]:
        """Keys as v1 lists them: the key itself is the id (an API key has 32 hexadecimal digits, the other 40)."""
        rows = {}
        for at in range(count):
            state = mix(self.state(field), at)
            key = (f"{state:016x}{mix(state, 1):016x}{mix(state, 2):016x}")[: 32 if field == "key" else 40]
            handle = self.person(state)["handle"]
            created = iso_micros(self.ground.clock.past(state))[:19].replace("T", " ")
            rows[key] = {field: key, "name": pick(SERVICES, state), "created": created}
            rows[key] |= {"created_by": handle, "owner": handle}
        return rows

    # -- monitors and what they watch

    def _watching(self) -> None:
        put = self.collections
        put["/api/v1/monitor"] = lambda at: self.monitors
        put["/api/v1/hosts"] = lambda at: self.hosts
        put["/api/v1/tags/hosts"] = lambda at: self.hosts.tags_used()
        self.found["/api/v1/tags/hosts"] = lambda at: self.hosts.tagged()
        put["/api/v1/dashboard"] = lambda at: self._dashboards()
        put["/api/v1/slo"] = lambda at: self._slos()
        put["/api/v1/synthetics/tests"] = lambda at: self._tests()
        put["/api/v2/downtime"] = lambda at: self._downtimes()
        put["/api/v2/monitor/{}/downtime_matches"] = lambda at: self._matches(at)
        put["/api/v1/monitor/search"] = lambda at: self.monitors.searched()
        self.facts["/api/v2/audit/events"] = self._audit
        self.facts["/api/v2/logs/events"] = self._log
        self.facts["/api/v2/incidents"] = self._incident
        self.singles["/api/v1/hosts/totals"] = lambda at: {
            "total_active": len(self.hosts),
            "total_up": sum(map(self.hosts.up, range(len(self.hosts)))),
        }

    def dates(self, state: int, created: str, modified: str) -> dict[str, Any]:
        clock = self.ground.clock
        made = clock.past(state)
        return {created: iso_micros(made), modified: iso_micros(made + (state >> 20) % max(1, clock.now - made))}

    def _dashboards(self) -> Collection:
        def about(index: int, key: str) -> dict[str, Any]:
            state = mix(self.state("dashboard"), index)
            title = f"{SERVICES[index % len(SERVICES)].title()} overview"
            person = self.person(state)
            return {
                "title": title,
                "description": None,
                "layout_type": "ordered" if state & 1 else "free",
                "url": f"/dashboard/{key}/{title.lower().replace(' ', '-')}",
                "is_read_only": state >> 4 & 7 == 0,
                "author_handle": person["handle"],
                "author_name": person["name"],
                "deleted_at": None,
                **self.dates(state, "created_at", "modified_at"),
            }

        return self._made(
            "dashboard", CodeKeys(self.state("dashboard"), length=9, groups=3), self.scaled("dashboards"), about
        )

    def _slos(self) -> Collection:
        def about(index: int, key: str) -> dict[str, Any]:
            state = mix(self.state("slo"), index)
            made = self.ground.clock.past(state)
            target = (99.0, 99.5, 99.9)[state % 3]
            watching = [int(self.monitors.key(index % len(self.monitors)))] if len(self.monitors) else []
            return {
                "name": f"{SERVICES[index % len(SERVICES)].title()} answers",
                "type": "monitor",
                "monitor_ids": watching,
                "monitor_tags": [],
                "tags": [f"team:{pick(TEAMS, state)}"],
                "thresholds": [{"timeframe": "30d", "target": target, "target_display": f"{target}00"}],
                "target_threshold": target,
                "timeframe": "30d",
                "creator": self.person(state),
                "created_at": made,
                "modified_at": made + 600,
            }

        keys = CodeKeys(self.state("slo"), length=16)
        return self._made("slo", keys, 10, about)

    def _tests(self) -> Collection:
        def about(index: int, key: str) -> dict[str, Any]:
            state = mix(self.state("synthetics"), index)
            return {
                "name": f"{SERVICES[index % len(SERVICES)].title()} is reachable",
                "type": "api",
                "subtype": "http",
                "status": "live" if state & 7 else "paused",
                "monitor_id": int(self.monitors.key(index % len(self.monitors))) if len(self.monitors) else 0,
                "tags": [f"team:{pick(TEAMS, state)}"],
                "locations": [f"aws:{pick(REGIONS, state)}"],
                "creator": self.person(state),
                "message": "",
            }

        keys = CodeKeys(self.state("synthetics"), length=9, groups=3)
        return self._made("test", keys, 10, about, key_path=("public_id",))

    def _downtimes(self) -> Collection:
        def about(index: int, key: str) -> dict[str, Any]:
            state = mix(self.state("downtime"), index)
            start = self.ground.clock.now - state % (20 * DAY)
            endless = index % 3 == 0
            monitor = self._muted(index)
            relation: dict[str, Any] = {"created_by": {"data": {"type": "users", "id": self._user_id(state)}}}
            relation["monitor"] = {"data": {"type": "monitors", "id": monitor} if monitor else None}
            end = None if endless else iso_micros(self.ground.clock.now + DAY)
            attributes = {
                "message": "Muted for maintenance" if index % 2 else None,
                "scope": f"service:{SERVICES[index % len(SERVICES)]}",
                "display_timezone": "UTC",
                "status": "active",
                "canceled": None,
                "created": iso_micros(start),
                "modified": iso_micros(start),
                "schedule": {"start": iso_micros(start), "end": end},
                "monitor_identifier": {"monitor_id": int(monitor)} if monitor else {"monitor_tags": ["*"]},
            }
            return {"attributes": attributes, "relationships": relation}

        return self._made("downtime", UuidKeys(self.state("downtime")), 6, about)

    def _user_id(self, state: int) -> str:
        users = self.directory.users
        return users.key(state % max(1, len(users)))

    def _muted(self, downtime: int) -> str:
        """The monitor that a downtime mutes, or empty."""
        return self.monitors.key(downtime * 5 % len(self.monitors)) if len(self.monitors) else ""

    def _matches(self, at: tuple[str, ...]) -> Collection:
        downtimes = self._downtimes()
        rows = {}
        for index in range(len(downtimes)):
            if self._muted(index) == at[0]:
                found = downtimes.row(index, NO_SHAPE)["attributes"]
                row = {"scope": found["scope"], "groups": [], **found["schedule"]}
                key = downtimes.key(index)
                rows[key] = {"type": "downtime_match", "id": key, "attributes": row}
        return self._fixed("downtime_match", rows, at)

    def _incident(self, index: int, key: str) -> dict[str, Any]:
        state = mix(self.state("incident"), index)
        service = pick(SERVICES, state)
        resolved = index > 0
        attributes: dict[str, Any] = {"title": f"{service.title()} was slow", "public_id": 100 + index}
        attributes |= {"severity": f"SEV-{1 + state % 4}", "state": "resolved" if resolved else "active"}
        return {"attributes": attributes}

    def _audit(self, index: int, key: str) -> dict[str, Any]:
        state = mix(self.state("audit"), index)
        person = self.person(state)
        when = iso_micros(self.ground.clock.now - (index + 1) * 1800)
        what = ("Dashboard", "Monitor", "Access Management", "Authentication")[state >> 9 & 3]
        inner = {"usr": {"email": person["email"], "id": self._user_id(state)}, "evt": {"name": what}}
        inner["action"] = ("modified", "created", "deleted", "accessed")[state >> 11 & 3]  # type: ignore[assignment]
        message = f"{person['name']} {inner['action']} something of {what}"
        return {
            "attributes": {"timestamp": when, "service": what, "message": message, "tags": [], "attributes": inner}
        }

    def _log(self, index: int, key: str) -> dict[str, Any]:
        state = mix(self.state("log"), index)
        host = self.hosts.key(state % len(self.hosts)) if len(self.hosts) else "none"
        service = pick(SERVICES, state >> 8)
        attributes = {
            "timestamp": iso_micros(self.ground.clock.now - (index + 1) * 60),
            "service": service,
            "host": host,
            "status": ("info", "info", "warn", "error")[state >> 16 & 3],
            "message": f"{service} handled a request in {state >> 20 & 511} ms",
            "tags": [f"env:{pick(ENVIRONMENTS, state)}"],
        }
        return {"attributes": attributes}

    # -- integrations

    def _integrations(self) -> None:
        def about(index: int, key: str) -> dict[str, Any]:
            name = ("acme", "acme-preview")[index]
            client = CodeKeys(self.state(name), "0oa", 10, "Xb4Q5d7").key(0)
            domain = ("https://acme.okta.com/", "https://acme.oktapreview.com/")[index]
            return {
                "type": "okta-accounts",
                "attributes": {"name": name, "domain": domain, "auth_method": "oauth", "client_id": client},
            }

        accounts = _Exactly(
            self.ground.inventor, "account", UuidKeys(self.state("okta")), 2, self.state("okta"), facts=about
        )
        self.collections["/api/v2/integrations/okta/accounts"] = lambda at: accounts


class _Exactly(Generated):
    """Objects that hold their facts and nothing else."""

    def row(self, index: int, shape: Schema) -> Any:
        key = self.key(index)
        facts = self._facts(index, key) if self._facts else {}
        return {**facts, "id": key}
