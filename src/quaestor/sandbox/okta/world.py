"""Okta as a person expects to find it: users, groups, applications, and what hangs on them.

Everything else of the catalog is invented after its schema. What is made by hand here:

| path                                   | objects                                                               |
|----------------------------------------|-----------------------------------------------------------------------|
| users                                  | `okta_users`; factors (some users have none), roles, apps, devices    |
| groups, groups/rules                   | `okta_groups`; rules that assign the departments' people              |
| apps                                   | `okta_groups`; users, groups, the default provisioning connection     |
| api-tokens                             | owned by administrators, and by two who have left                     |
| iam/assignees/users                    | those who hold a role                                                 |
| policies                               | some of every type, with rules; one lets people in with one factor    |
| identity-sources/{id}                  | exists for the applications named `custom_identity_source`            |
| logs                                   | `okta_log`                                                            |

Before: `world`, `okta_users`, `okta_groups`, `okta_log`. After: `core` takes it for provider okta.
"""

from __future__ import annotations

from quaestor.catalog.model import Schema
from quaestor.sandbox.answer.routes import Route
from quaestor.sandbox.data.clock import DAY, iso
from quaestor.sandbox.data.collection import ORIGIN, Collection, Fixed, Generated, Subset
from quaestor.sandbox.data.seeded import CodeKeys, Keys, mix, pick
from quaestor.sandbox.data.words import DEPARTMENTS, OFFICES
from quaestor.sandbox.data.world import Ground, World
from quaestor.sandbox.okta.groups import AppUsers, OktaApps, OktaGroups, app_links, group_assignments
from quaestor.sandbox.okta.holdings import Holdings, permissions
from quaestor.sandbox.okta.log import OktaLog
from quaestor.sandbox.okta.policies import OktaPolicies
from quaestor.sandbox.okta.users import ORG, OktaUsers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

#: How the ids of the vendor begin, by resource.
_PREFIXES = {
    "rules": "0pr",
    "policies": "00p",
    "network_zones": "nzo",
    "authorization_servers": "aus",
    "claims": "ocl",
    "scopes": "scp",
    "event_hooks": "who",
    "inline_hooks": "cal",
    "trusted_origins": "tos",
    "behavior_detection_rules": "bhv",
    "brands": "bnd",
    "themes": "thd",
    "authenticators": "aut",
    "features": "ftr",
    "domains": "OcD",
    "email_domains": "OeD",
    "hook_keys": "HKY",
    "log_streams": "0oa",
    "profile_mappings": "prm",
    "realms": "guo",
    "roles": "cr0",
    "captcha_instances": "cap",
    "sms_templates": "cst",
    "push_providers": "ppc",
    "role_resource_sets": "iam",
    "service_accounts": "svc",
    "client_roles": "ra1",
}
_PLATFORMS = (("MACOS", "MacBook"), ("WINDOWS", "ThinkPad"), ("IOS", "iPhone"), ("ANDROID", "Pixel"))
_SESSION_STATES = ("CREATED", "IN_PROGRESS", "COMPLETED")
_SERVICES = (
    ("datadog", ("okta.logs.read", "okta.users.read")),
    ("cerbos", ("okta.apps.read", "okta.users.read")),
    ("vanta", ("okta.apps.read", "okta.groups.read", "okta.users.read")),
    ("splunk", ("okta.logs.read",)),
)


class OktaWorld(World):
    """The objects of an Okta org."""

    scales = {"users": 200, "groups": 30, "apps": 25, "devices": 60, "logs": 500}

    def __init__(self, provider: str, ground: Ground) -> None:
        super().__init__(provider, ground)
        types = (self._id("otyDefault", "oty"), self._id("otyContractor", "oty"))
        self.users = OktaUsers(ground.people, self.state("users"), types)
        inventor, clock = ground.inventor, ground.clock
        self.groups = OktaGroups(inventor, self.users, clock, self.scaled("groups"), self.state("groups"))
        self.held = Holdings(self, self.users, self.groups)
        count = self.scaled("apps")
        self.apps = OktaApps(inventor, self.users, self.groups, clock, count, self.state("apps"))
        self.log = OktaLog(inventor, self.users, self.apps, clock, self.scaled("logs"), self.state("logs"))
        self.references = dict.fromkeys(("userId", "createdBy", "lastUpdatedBy", "grantedBy"), "/api/v1/users")
        self.references |= {"appInstanceId": "/api/v1/apps", "groupId": "/api/v1/groups"}
        self.wholes = {
            "/api/v1/users/{}/groups": "/api/v1/groups",
            "/api/v1/groups/{}/users": "/api/v1/users",
            "/api/v1/users/{}/idps": "/api/v1/idps",
            "/api/v1/groups/{}/apps": "/api/v1/apps",
            "/api/v1/policies/{}/app": "/api/v1/apps",
            "/api/v1/identity-sources": "/api/v1/apps",
            "/oauth2/v1/clients": "/api/v1/apps",
            "/api/v1/users/{}/roles/{}/targets/groups": "/api/v1/groups",
            "/api/v1/groups/{}/roles/{}/targets/groups": "/api/v1/groups",
            "/oauth2/v1/clients/{}/roles/{}/targets/groups": "/api/v1/groups",
        }
        never_set_up = {"status": "UNKNOWN", "profile": {"authScheme": "UNKNOWN"}}
        self.blank["/api/v1/apps/{}/connections/default"] = never_set_up
        self._people()
        self._applications()
        self._settings(types)

    def _id(self, name: str, prefix: str) -> str:
        return CodeKeys(self.state(name), prefix, 10, ORG).key(0)

    def keys(self, route: Route, state: int) -> Keys:
        return CodeKeys(state, _PREFIXES.get(route.resource.name, route.resource.name[:3]), 10, ORG)

    def kind(self, route: Route) -> str:
        return {"Application": "AppInstance"}.get(super().kind(route), super().kind(route))

    def _user(self, key: str) -> int:
        return self.users.index(key)

    # -- users, groups

    def _people(self) -> None:
        users, groups = self.users, self.groups
        put = self.collections
        put["/api/v1/users"] = lambda at: users
        put["/api/v1/groups"] = lambda at: groups
        put["/api/v1/users/{}/groups"] = lambda at: Subset(groups, groups.of_user(self._user(at[0])))
        put["/api/v1/groups/{}/users"] = lambda at: Subset(users, groups.members(groups.index(at[0])))
        put["/api/v1/users/{}/factors"] = lambda at: self._fixed("UserFactor", self.held.factors(at[0]), at)
        put["/api/v1/users/{}/roles"] = lambda at: self._fixed("RoleAssignment", self.held.user_roles(at[0]), at)
        put["/api/v1/groups/{}/roles"] = lambda at: self._fixed("RoleAssignment", self.held.group_roles(at[0]), at)
        put["/api/v1/users/{}/devices"] = lambda at: self._fixed("UserDevice", self._user_devices(at[0]), at)
        put["/api/v1/devices/{}/users"] = lambda at: self._fixed("DeviceUser", self._device_users(at[0]), at)
        providers = self._providers()
        put["/api/v1/idps"] = lambda at: providers
        put["/api/v1/users/{}/idps"] = lambda at: Subset(providers, self._provider_of(at[0]))
        put["/api/v1/idps/{}/users"] = lambda at: self._fixed("IdpUser", self._provided(at[0]), at)
        put["/api/v1/users/{}/linkedObjects"] = lambda at: self._fixed("LinkedObject", _RELATIONS, at)
        put["/api/v1/users/{}/linkedObjects/{}"] = lambda at: self._fixed("Link", self._linked(*at), at)
        put["/api/v1/groups/{}/owners"] = lambda at: self._fixed("GroupOwner", self._owners(at[0]), at)
        put["/api/v1/groups/rules"] = lambda at: self._rules()
        put["/api/v1/devices"] = lambda at: self._devices()
        put["/api/v1/api-tokens"] = lambda at: self._fixed("ApiToken", self.held.tokens(), at)
        put["/api/v1/iam/assignees/users"] = lambda at: self._fixed("RoleAssignee", self.held.assignees(), at)
        put["/api/v1/logs"] = lambda at: self.log
        self.starts["/api/v1/apps/{}/credentials/keys"] = 1
        put["/api/v1/iam/roles/{}/permissions"] = lambda at: permissions(self, at[0], 3)
        self.empty["/api/v1/iam/roles/{}/permissions"] = lambda at: permissions(self, at[0], 0)

    def _fixed(self, kind: str, rows: dict[str, dict[str, Any]], at: tuple[str, ...]) -> Collection:
        return Fixed(self.ground.inventor, kind, rows, self.state(kind, *at))

    def dated(self, state: int) -> dict[str, Any]:
        """When the object of this state was made and last changed."""
        created = self.ground.clock.past(state)
        updated = created + (state >> 20) % max(1, self.ground.clock.now - created)
        return {"created": iso(created), "lastUpdated": iso(updated)}

    def _owners(self, key: str) -> dict[str, dict[str, Any]]:
        state = self.state("owner", key)
        user = self.users.some(state)
        owner = self.users.key(user)
        first, last, _ = self.users.people.name(user)
        row = {"id": owner, "type": "USER", "displayName": f"{first} {last}", "resolved": True}
        row |= {"originType": "OKTA_DIRECTORY", "originId": None, "lastUpdated": self.dated(state)["lastUpdated"]}
        return {owner: row}

    def _app_links(self, at: tuple[str, ...]) -> Collection:
        return self._fixed("AppLink", app_links(self.apps, self._user(at[0]), at[0]), at)

    def _providers(self) -> Collection:
        names = (("Corporate directory", "SAML2"), ("Partners", "OIDC"), ("Google", "GOOGLE"))

        def about(index: int, key: str) -> dict[str, Any]:
            name, kind = names[index]
            return {"name": name, "type": kind, "status": "INACTIVE" if index == 2 else "ACTIVE"}

        state = self.state("idps")
        keys = CodeKeys(state, "0oa", 10, ORG)
        inventor = self.ground.inventor
        return Generated(inventor, "IdentityProvider", keys, len(names), state, home="/api/v1/idps", facts=about)

    def _provider_of(self, key: str) -> list[int]:
        """Where a user signs in, if not here: those whose password a directory keeps, and contractors."""
        user = self._user(key)
        if self.users.people.contractor(user):
            return [1]
        return [0] if self.users.in_directory(user) else []

    def _provided(self, provider: str) -> dict[str, dict[str, Any]]:
        """The users who sign in at an identity provider; the first thousand people are looked at."""
        at = self._providers().index(provider)
        rows = {}
        for user in range(min(1000, len(self.users))):
            key = self.users.key(user)
            if at in self._provider_of(key):
                rows[key] = {"id": key, "externalId": f"ext-{user}", "profile": {}, **self.dated(mix(user, 41))}
        return rows

    def _linked(self, key: str, relation: str) -> dict[str, dict[str, Any]]:
        """A user's manager, or those whom they manage."""
        people = self.users.people
        user = self._user(key)
        related: Sequence[int] = [people.manager(user)] if people.manager(user) >= 0 else []
        if relation == "subordinate":
            related = people.members("reports", user, lambda other: people.manager(other) == user)
        rows = {}
        for other in related:
            other_key = self.users.key(other)
            rows[other_key] = {"_links": {"self": {"href": f"{ORIGIN}/api/v1/users/{other_key}"}}}
        return rows

    def _rules(self) -> Collection:
        """A rule for each department's group; one is switched off, one names a field that nobody has."""

        def about(index: int, key: str) -> dict[str, Any]:
            name = DEPARTMENTS[index][0]
            field = "departement" if index == 6 else "department"
            return {
                "name": f"{name} by department",
                "type": "group_rule",
                "status": {4: "INACTIVE", 6: "INVALID"}.get(index, "ACTIVE"),
                "conditions": {
                    "expression": {"value": f'user.{field}=="{name}"', "type": "urn:okta:expression:1.0"},
                },
                "actions": {"assignUserToGroups": {"groupIds": [self.groups.key(1 + index)]}},
            }

        keys = CodeKeys(self.state("group_rules"), "0pr", 10, ORG)
        count = max(0, min(len(DEPARTMENTS), len(self.groups) - 1))
        return Generated(self.ground.inventor, "GroupRule", keys, count, self.state("group_rules"), facts=about)

    # -- devices

    def _device_owner(self, device: int) -> int:
        return self.users.some(mix(self.state("devices"), device) >> 7)

    def _devices(self) -> Collection:
        def about(index: int, key: str) -> dict[str, Any]:
            state = mix(self.state("devices"), index)
            platform, model = _PLATFORMS[state % len(_PLATFORMS)]
            first, _, _ = self.users.people.name(self._device_owner(index))
            name = f"{first}'s {model}"
            return {
                "status": "ACTIVE" if state >> 10 & 15 else "SUSPENDED",
                "resourceType": "UDDevice",
                "resourceId": key,
                "resourceDisplayName": {"value": name, "sensitive": False},
                "profile": {
                    "displayName": name,
                    "platform": platform,
                    "model": model,
                    "osVersion": f"{14 + state % 3}.{state >> 20 & 7}",
                    "registered": True,
                    "secureHardwarePresent": bool(state >> 24 & 1),
                    "diskEncryptionType": "ALL_INTERNAL_VOLUMES" if state >> 25 & 3 else "NONE",
                    "serialNumber": f"SN{state % 10**8:08d}",
                },
            }

        state = self.state("devices")
        keys = CodeKeys(state, "guo", 10, ORG)
        count = self.scaled("devices")
        return Generated(self.ground.inventor, "Device", keys, count, state, home="/api/v1/devices", facts=about)

    def _user_devices(self, key: str) -> dict[str, dict[str, Any]]:
        user = self._user(key)
        devices = self._devices()
        rows = {}
        for at in range(len(devices)):
            if self._device_owner(at) == user:
                created = self.dated(mix(at, 3))["created"]
                device = devices.row(at, Schema())
                rows[devices.key(at)] = {"deviceUserId": devices.key(at), "created": created, "device": device}
        return rows

    def _device_users(self, key: str) -> dict[str, dict[str, Any]]:
        at = self._devices().index(key)
        user = self._device_owner(at)
        row = {"created": self.dated(mix(at, 3))["created"], "managementStatus": ("MANAGED", "NOT_MANAGED")[at & 1]}
        row |= {"screenLockType": "BIOMETRIC", "user": self.users.row(user, Schema())}
        return {self.users.key(user): row}

    # -- applications

    def _applications(self) -> None:
        apps, groups, users = self.apps, self.groups, self.users
        inventor, clock = self.ground.inventor, self.ground.clock
        put = self.collections
        put["/api/v1/apps"] = lambda at: apps
        put["/api/v1/apps/{}/users"] = lambda at: AppUsers(inventor, users, apps, groups, apps.index(at[0]))
        put["/api/v1/apps/{}/groups"] = lambda at: self._fixed(
            "ApplicationGroupAssignment", group_assignments(apps, groups, clock, apps.index(at[0])), at
        )
        put["/api/v1/groups/{}/apps"] = lambda at: Subset(apps, apps.of_group(groups.index(at[0])))
        put["/api/v1/users/{}/appLinks"] = self._app_links
        self.empty["/api/v1/users/{}/appLinks"] = self._app_links
        put["/api/v1/policies/{}/app"] = lambda at: Subset(apps, self._governed(at[0]))
        put["/api/v1/identity-sources"] = lambda at: Subset(apps, self._of_kind("custom_identity_source"))
        put["/api/v1/identity-sources/{}/sessions"] = lambda at: self._sessions(at[0])
        targets = Subset(groups, range(1, min(4, len(groups))))
        for holder in ("/api/v1/users/{}", "/api/v1/groups/{}", "/oauth2/v1/clients/{}"):
            put[holder + "/roles/{}/targets/groups"] = lambda at: targets
        for holder in ("/api/v1/users/{}", "/api/v1/authorizationServers/{}"):
            put[holder + "/clients"] = lambda at: self._fixed("OAuth2Client", self._clients(), at)
        put["/oauth2/v1/clients"] = lambda at: Subset(apps, self._of_kind("oidc_client"))
        put["/integrations/api/v1/api-services"] = lambda at: self._services()
        put["/integrations/api/v1/api-services/{}/credentials/secrets"] = lambda at: self._secrets(at[0])
        self.singles["/api/v1/apps/{}/connections/default"] = lambda at: self._connection(at[0])

    def _of_kind(self, name: str) -> list[int]:
        return [app for app in range(len(self.apps)) if self.apps.catalog(app)[0] == name]

    def _clients(self) -> dict[str, dict[str, Any]]:
        """The applications that sign in by OpenID Connect, as OAuth clients."""
        rows = {}
        for app in self._of_kind("oidc_client"):
            key = self.apps.key(app)
            name = self.apps.catalog(app)[1]
            rows[key] = {"client_id": key, "client_name": name, "client_uri": None, "logo_uri": None}
        return rows

    def _connection(self, key: str) -> dict[str, Any]:
        """Applications that push accounts have a token; the others answer UNKNOWN, as recorded."""
        if not self.apps.provisions(self.apps.index(key)):
            return {"status": "UNKNOWN", "profile": {"authScheme": "UNKNOWN"}}
        here = f"{ORIGIN}/api/v1/apps/{key}/connections/default"
        return {
            "status": "ENABLED",
            "authScheme": "TOKEN",
            "baseUrl": f"https://{self.apps.catalog(self.apps.index(key))[0]}.example.com/scim/v2",
            "profile": {"authScheme": "TOKEN"},
            "_links": {"self": {"href": here}, "deactivate": {"href": here + "/lifecycle/deactivate"}},
        }

    def _sessions(self, source: str) -> Collection:
        state = self.state("sessions", source)

        def about(index: int, key: str) -> dict[str, Any]:
            started = self.ground.clock.now - (index + 1) * DAY - state % 3600
            return {
                "identitySourceId": source,
                "status": _SESSION_STATES[min(index, 2)],
                "importType": "INCREMENTAL",
                "created": iso(started),
                "lastUpdated": iso(started + 600),
            }

        keys = CodeKeys(state, "aps", 10, ORG)
        return Generated(self.ground.inventor, "IdentitySourceSession", keys, 3, state, facts=about)

    def _services(self) -> Collection:
        def about(index: int, key: str) -> dict[str, Any]:
            kind, scopes = _SERVICES[index]
            state = self.state("service", kind)
            here = f"{ORIGIN}/integrations/api/v1/api-services/{key}"
            keepers = self.held.administrators() or (0,)
            return {
                "name": f"{kind}_1",
                "type": kind,
                "grantedScopes": list(scopes),
                "createdAt": self.dated(state)["created"],
                "createdBy": self.users.key(pick(keepers, state)),
                "configGuideUrl": f"https://{kind}.example.com/okta",
                "_links": {
                    "self": {"href": here},
                    "client": {"href": f"{ORIGIN}/oauth2/v1/clients/{key}"},
                    "logo": {"href": f"{ORIGIN}/logos/{kind}.png"},
                },
            }

        state = self.state("services")
        keys = CodeKeys(state, "0oa", 10, ORG)
        return Generated(self.ground.inventor, "ApiServiceIntegration", keys, len(_SERVICES), state, facts=about)

    def _secrets(self, service: str) -> Collection:
        state = self.state("secrets", service)

        def about(index: int, key: str) -> dict[str, Any]:
            here = f"{ORIGIN}/integrations/api/v1/api-services/{service}/credentials/secrets/{key}"
            status = ("ACTIVE", "INACTIVE")[index]
            step = {"ACTIVE": "deactivate", "INACTIVE": "activate"}[status]
            return {
                "status": status,
                "client_secret": "************",
                "secret_hash": "************",
                **self.dated(mix(state, index)),
                "_links": {step: {"href": f"{here}/lifecycle/{step}"}, "delete": {"href": here}},
            }

        keys = CodeKeys(state, "ocs", 10, ORG)
        return Generated(self.ground.inventor, "ClientSecret", keys, 1 + state % 2, state, facts=about)

    # -- policies, zones, the org

    def _settings(self, types: tuple[str, str]) -> None:
        put = self.collections
        policies = OktaPolicies(self)
        put["/api/v1/policies"] = lambda at: policies
        put["/api/v1/policies/{}/rules"] = lambda at: policies.rules(policies.index(at[0]))
        put["/api/v1/meta/types/user"] = lambda at: self._fixed("UserType", self._types(types), at)
        put["/api/v1/meta/schemas/user/linkedObjects"] = lambda at: self._fixed("LinkedObject", _LINKED, at)
        self.facts["/api/v1/zones"] = self._zone
        self.singles["/api/v1/org"] = lambda at: {
            "id": f"00o{ORG}",
            "companyName": "Acme",
            "subdomain": "acme",
            "website": "https://acme.example",
            "status": "ACTIVE",
        }

    def _governed(self, policy: str) -> list[int]:
        at = OktaPolicies(self).index(policy)
        return [app for app in range(len(self.apps)) if app % 3 == at % 3]

    def _types(self, types: tuple[str, str]) -> dict[str, dict[str, Any]]:
        rows = {}
        for key, name, label in zip(types, ("user", "contractor"), ("User", "Contractor"), strict=True):
            here = f"{ORIGIN}/api/v1/meta/types/user/{key}"
            row = {"id": key, "name": name, "displayName": label, "default": name == "user", "description": None}
            rows[key] = {**row, **self.dated(self.state(name)), "_links": {"self": {"href": here}}}
        return rows

    def _zone(self, index: int, key: str) -> dict[str, Any]:
        city, _, country, _, _ = OFFICES[index % len(OFFICES)]
        none = {"gateways": None, "proxies": None}
        if index == 0:
            return {"name": "BlockedIpZone", "type": "IP", "usage": "BLOCKLIST", "system": True, **none}
        zone: dict[str, Any] = {"name": f"{city} office", "usage": "POLICY", "system": False, "status": "ACTIVE"}
        if index % 3 == 0:
            return {**zone, "type": "DYNAMIC", "locations": [{"country": country, "region": None}]}
        gateway = {"type": "CIDR", "value": f"203.0.113.{index * 16 % 256}/28"}
        return {**zone, "type": "IP", "gateways": [gateway], "proxies": None}


_RELATIONS: dict[str, dict[str, Any]] = {"manager": {}, "subordinate": {}}
_LINKED: dict[str, dict[str, Any]] = {
    "manager": {
        "primary": {"name": "manager", "title": "Manager", "description": "Who leads", "type": "USER"},
        "associated": {"name": "subordinate", "title": "Subordinate", "description": "Who is led", "type": "USER"},
    },
}
