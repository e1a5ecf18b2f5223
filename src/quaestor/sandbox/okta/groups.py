"""Okta's groups and applications, and who is in which.

Membership is computed: a group holds the people for whom its rule is true, an application those of its groups
and every so-many-th person directly. So both directions agree, and nobody is in a list who doesn't exist.

Before: `okta_users`. After: `okta_world` puts them at their paths.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left

from quaestor.catalog.model import Schema
from quaestor.sandbox.answer.query import Query
from quaestor.sandbox.answer.refusal import Refusal
from quaestor.sandbox.data.clock import Clock, iso
from quaestor.sandbox.data.collection import ORIGIN, Collection, Generated, shaped
from quaestor.sandbox.data.invent import Inventor
from quaestor.sandbox.data.seeded import CodeKeys, mix, pick, salt
from quaestor.sandbox.data.words import ADJECTIVES, DEPARTMENTS, NOUNS, OFFICES
from quaestor.sandbox.okta.scim import parse
from quaestor.sandbox.okta.users import ORG, OktaUsers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

_EVERYONE, _MANAGERS, _CONTRACTORS, _ADMINS = "Everyone", "Managers", "Contractors", "Okta Administrators"
#: Groups that every org has before its projects: name and what its rule goes by.
_STANDING = (
    (_EVERYONE, "all", 0),
    *((name, "department", at) for at, (name, _, _) in enumerate(DEPARTMENTS)),
    *((f"Office {city}", "office", at) for at, (city, *_) in enumerate(OFFICES)),
    (_CONTRACTORS, "contractors", 0),
    (_MANAGERS, "managers", 0),
    (_ADMINS, "admins", 0),
)
#: Departments whose people may administer the org: IT and Security.
_KEEPERS = (4, 7)


class OktaGroups(Collection):
    """The groups of an org; the first is everyone's."""

    kind = "Group"

    def __init__(self, inventor: Inventor, users: OktaUsers, clock: Clock, count: int, state: int) -> None:
        self._inventor = inventor
        self._users = users
        self._clock = clock
        self._count = count
        self._state = state
        self._keys = CodeKeys(state, "00g", 10, ORG)
        self.apps_of: Callable[[int], Sequence[int]] = lambda group: ()

    def __len__(self) -> int:
        return self._count

    def key(self, index: int) -> str:
        return self._keys.key(index)

    def index(self, key: str) -> int:
        index = self._keys.index(key)
        return index if 0 <= index < self._count else -1

    def fresh(self, number: int) -> str:
        return self._keys.key(self._count + number)

    def rule(self, group: int) -> tuple[str, str, int]:
        """A group's name, what its rule goes by, and the value of it."""
        if group < len(_STANDING):
            return _STANDING[group]
        number = group - len(_STANDING)
        again, at = divmod(number * 37 + self._state % 4099, len(ADJECTIVES) * len(NOUNS))
        name = f"{ADJECTIVES[at % len(ADJECTIVES)]} {NOUNS[at // len(ADJECTIVES)]}"
        return f"Project {name}" + (f" {again + 1}" if again else ""), "project", mix(self._state, group)

    def holds(self, group: int, user: int) -> bool:
        """Whether a user is a member."""
        return self._users.stays(user) and self._rule_holds(group)(user)

    def _rule_holds(self, group: int) -> Callable[[int], bool]:
        """The rule of a group, for those who haven't left."""
        people = self._users.people
        _, by, value = self.rule(group)
        if by == "project":
            step = 7 + value % 40
            return lambda user: user % step == (value >> 8) % step
        return {
            "all": lambda user: True,
            "department": lambda user: people.department(user) == value,
            "admins": self.administers,
            "managers": people.manages,
            "contractors": people.contractor,
            "office": lambda user: people.office(user) == value,
        }[by]

    def administers(self, user: int) -> bool:
        """Whether a user keeps the org."""
        people = self._users.people
        return people.department(user) in _KEEPERS and people.roll(user) >> 50 & 3 == 0 and self._users.stays(user)

    def members(self, group: int) -> array[int]:
        """The positions of a group's users, in order."""
        people = self._users.people
        return people.members("group", group, self._rule_holds(group), people.listed())

    def of_user(self, user: int) -> list[int]:
        """The groups that a user is in."""
        return [group for group in range(self._count) if self.holds(group, user)]

    def row(self, index: int, shape: Schema) -> Any:
        name, by, _ = self.rule(index)
        key = self.key(index)
        state = mix(self._state, index)
        created = self._clock.past(state)
        moved = self._clock.now - (state >> 8) % (self._clock.now - created if by == "project" else 20 * 86_400)
        directory = by == "office"
        profile: dict[str, Any] = {"name": name, "description": f"Everybody of {name}" if by != "project" else None}
        if directory:
            profile["description"] = None
            profile["samAccountName"] = name.replace(" ", "-")
            profile["dn"] = f"CN={name},OU=Groups,DC=acme,DC=example"
        here = f"{ORIGIN}/api/v1/groups/{key}"
        return shaped(
            self._inventor,
            shape,
            state,
            {
                "id": key,
                "created": iso(created),
                "lastUpdated": iso(created + (state >> 16) % max(1, self._clock.now - created)),
                "lastMembershipUpdated": iso(moved),
                "objectClass": ["okta:windows_security_principal" if directory else "okta:user_group"],
                "type": "BUILT_IN" if by == "all" else "APP_GROUP" if directory else "OKTA_GROUP",
                "profile": profile,
                "_links": {
                    "logo": [],
                    "users": {"href": here + "/users"},
                    "apps": {"href": here + "/apps"},
                },
            },
        )

    def expand(self, query: Query) -> Callable[[int, dict[str, Any]], None] | None:
        if "stats" not in query.texts("expand"):
            return None

        def add(index: int, row: dict[str, Any]) -> None:
            row["_embedded"] = {
                "stats": {
                    "usersCount": len(self.members(index)),
                    "appsCount": len(self.apps_of(index)),
                    "groupPushMappingsCount": 0,
                    "hasAdminPrivilege": self.rule(index)[1] == "admins",
                }
            }

        return add


#: Applications that every org has: name, label, how one signs in.
_CATALOG = (
    ("salesforce", "Salesforce", "SAML_2_0"),
    ("google", "Google Workspace", "SAML_2_0"),
    ("slack", "Slack", "SAML_2_0"),
    ("oidc_client", "Acme Portal", "OPENID_CONNECT"),
    ("github_enterprise", "GitHub Enterprise", "SAML_2_0"),
    ("bookmark", "Cafeteria Menu", "BOOKMARK"),
    ("custom_identity_source", "HR Directory", "AUTO_LOGIN"),
    ("datadog", "Datadog", "SAML_2_0"),
    ("office365", "Microsoft Office 365", "SAML_2_0"),
    ("template_swa", "Travel Desk", "BROWSER_PLUGIN"),
    ("oidc_client", "Acme Mobile", "OPENID_CONNECT"),
    ("jira_onprem", "Jira", "SAML_2_0"),
    ("template_basic_auth", "Legacy Reports", "BASIC_AUTH"),
    ("zoomus", "Zoom", "SAML_2_0"),
    ("custom_identity_source", "Contractor Directory", "AUTO_LOGIN"),
    ("servicenow_ud", "ServiceNow", "SAML_2_0"),
    ("template_sps", "Payroll", "SECURE_PASSWORD_STORE"),
    ("oidc_client", "Deploy Bot", "OPENID_CONNECT"),
    ("snowflake", "Snowflake", "SAML_2_0"),
    ("bookmark", "Status Page", "BOOKMARK"),
    ("workday", "Workday", "SAML_2_0"),
    ("oidc_client", "Metrics API", "OPENID_CONNECT"),
    ("box", "Box", "SAML_2_0"),
    ("template_wsfed", "Intranet", "WS_FEDERATION"),
    ("zendesk", "Zendesk", "SAML_2_0"),
)
_FEATURES = ["PUSH_NEW_USERS", "PUSH_PROFILE_UPDATES", "PUSH_USER_DEACTIVATION", "IMPORT_NEW_USERS"]


def _signed_on(name: str, mode: str) -> dict[str, Any]:
    """The settings without which a client can't read an application of this mode: the spec requires them."""
    url = f"https://{name.replace('_', '-')}.example.com/login"
    form = {"buttonField": "btn-login", "passwordField": "password", "usernameField": "user", "url": url}
    app: dict[str, dict[str, Any]] = {
        "BASIC_AUTH": {"authURL": url, "url": url},
        "BROWSER_PLUGIN": form,
        "SECURE_PASSWORD_STORE": form,
        "WS_FEDERATION": {
            "audienceRestriction": f"urn:{name}",
            "authnContextClassRef": "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
            "groupValueFormat": "windowsDomainQualifiedName",
            "nameIDFormat": "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
            "siteURL": url,
            "usernameAttribute": "username",
            "wReplyURL": url,
        },
    }
    own = {"implicitAssignment": False, "manualProvisioning": False}
    if mode == "AUTO_LOGIN":
        return {"settings": {**own, "app": {}, "signOn": {"loginUrl": url, "redirectUrl": None}}}
    return {"settings": {**own, "app": app[mode]}} if mode in app else {}


class OktaApps(Generated):
    """The applications of an org, with who is assigned to each."""

    def __init__(
        self, inventor: Inventor, users: OktaUsers, groups: OktaGroups, clock: Clock, count: int, state: int
    ) -> None:
        keys = CodeKeys(state, "0oa", 10, ORG)
        super().__init__(inventor, "AppInstance", keys, count, state, home="/api/v1/apps", facts=self._about)
        self._users = users
        self._groups = groups
        self._clock = clock
        #: Whether clients put a user into an application or took them out; None if they did neither.
        self.assigned: Callable[[str, str], bool | None] = lambda app, user: None
        #: Whether an application is assigned to a group, both by their keys.
        self.granted: Callable[[str, str], bool] = lambda app, group: False
        #: Key, name and label of each application that is in use now.
        self.live: Callable[[], Iterable[tuple[str, str, str]]] = tuple
        groups.apps_of = self.of_group

    def catalog(self, app: int) -> tuple[str, str, str]:
        """An application's name in the vendor's catalog, its label, and its sign-on mode."""
        again, at = divmod(app, len(_CATALOG))
        name, label, mode = _CATALOG[at]
        return name, f"{label} {again + 1}" if again else label, mode

    def active(self, app: int) -> bool:
        """Whether an application is in use."""
        return mix(self._state, app) >> 8 & 15 != 3

    def provisions(self, app: int) -> bool:
        """Whether accounts are pushed to the application."""
        return self.catalog(app)[2] == "SAML_2_0" and mix(self._state, app) >> 16 & 1 == 0

    def _about(self, app: int, key: str) -> dict[str, Any]:
        name, label, mode = self.catalog(app)
        state = mix(self._state, app)
        created = self._clock.past(state)
        here = f"{ORIGIN}/api/v1/apps/{key}"
        links: dict[str, Any] = {"users": {"href": here + "/users"}}
        links["groups"] = {"href": here + "/groups"}
        return {
            **_signed_on(name, mode),
            "name": name,
            "label": label,
            "signOnMode": mode,
            "status": "ACTIVE" if self.active(app) else "INACTIVE",
            "created": iso(created),
            "lastUpdated": iso(created + (state >> 24) % max(1, self._clock.now - created)),
            "features": _FEATURES if self.provisions(app) else [],
            "orn": f"orn:okta:idp:00o{ORG}:apps:{name}:{key}",
            "_links": links,
        }

    def groups_of(self, app: int) -> list[int]:
        """The groups that an application is assigned to, by priority; some have none."""
        state = mix(self._state, 5000 + app)
        count = len(self._groups)
        kind = state % 10
        if app == 0:
            chosen = [2, 4]  # Sales and Marketing
        elif kind == 0:
            chosen = []
        elif kind == 1:
            chosen = [0]
        elif kind < 7:
            chosen = [1 + mix(state, turn) % len(DEPARTMENTS) for turn in range(1 + (state >> 8) % 3)]
        else:
            chosen = [mix(state, turn) % count for turn in range(1 + (state >> 8) % 2)]
        return [group for group in dict.fromkeys(chosen) if group < count]

    def of_group(self, group: int) -> list[int]:
        """The applications that a group is assigned to."""
        return [app for app in range(len(self)) if group in self.groups_of(app)]

    def _direct(self, app: int) -> range:
        """Who may be assigned to an application directly, whether they have left or not."""
        state = mix(self._state, 7000 + app)
        if state % 4 == 0 and app:
            return range(0)
        step = 29 + state % 30
        return range((state >> 8) % step, len(self._users), step)

    def via(self, app: int, user: int) -> int:
        """How a user comes to an application: the position of the group, -1 for a direct assignment, -2 for none."""
        for group in self.groups_of(app):
            if self._groups.holds(group, user):
                return group
        return -1 if user in self._direct(app) and self._users.stays(user) else -2

    def members(self, app: int) -> array[int]:
        """The positions of an application's users, in order."""
        found = set(self._direct(app))
        for group in self.groups_of(app):
            found.update(self._groups.members(group))
        return self._users.people.members("app", app, self._users.stays, sorted(found))

    def select(self, query: Query) -> Sequence[int] | None:
        """`filter` on `user.id` and `group.id` beside the ordinary ones."""
        text = query.text("filter")
        if "user.id" not in text and "group.id" not in text:
            return None
        wanted = parse(text, "filter")
        path, value = wanted.equal or ("", "")
        if path == "user.id":
            user = self._users.index(value)
            return [app for app in range(len(self)) if self.has_user(app, user, value)]
        if path == "group.id":
            return [app for app in range(len(self)) if self.granted(self.key(app), value)]
        raise Refusal("filter", "filter", detail="user.id and group.id can't be combined with other conditions")

    def has_user(self, app: int, user: int, key: str) -> bool:
        """Whether an application has a user, by what clients did or else as generated."""
        done = self.assigned(self.key(app), key)
        return done if done is not None else user >= 0 and self.via(app, user) > -2

    def links(self, user: int, key: str) -> Iterable[tuple[str, str, str]]:
        """Key, name and label of each application in use that a user has now."""
        for app, name, label in self.live():
            at = self.index(app)
            if self.has_user(at, user, key) if at >= 0 else self.assigned(app, key):
                yield app, name, label

    def admits(self, query: Query, row: Any) -> bool:
        text = query.text("filter")
        path, value = parse(text, "filter").equal or ("", "") if text else ("", "")
        if path == "user.id":
            app = self.index(str(row["id"]))
            known = app >= 0 and self.has_user(app, self._users.index(value), value)
            return known or bool(self.assigned(str(row["id"]), value))
        if path == "group.id":
            return self.granted(str(row["id"]), value)
        return True


class AppUsers(Collection):
    """Who is assigned to one application."""

    kind = "AppUser"

    def __init__(self, inventor: Inventor, users: OktaUsers, apps: OktaApps, groups: OktaGroups, app: int) -> None:
        self._inventor = inventor
        self._users = users
        self._apps = apps
        self._groups = groups
        self._app = app
        self._state = mix(app, 77)
        self._members = apps.members(app)

    def __len__(self) -> int:
        return len(self._members)

    def key(self, index: int) -> str:
        return self._users.key(self._members[index])

    def index(self, key: str) -> int:
        user = self._users.index(key)
        at = bisect_left(self._members, user) if user >= 0 else -1
        return at if 0 <= at < len(self._members) and self._members[at] == user else -1

    def row(self, index: int, shape: Schema) -> Any:
        user = self._members[index]
        person = self._users.people.person(user)
        via = self._apps.via(self._app, user)
        key, app_key = self._users.key(user), self._apps.key(self._app)
        days = self._users.people.clock.days_ago
        created = f"{days[1 + person.roll % person.created]}T09:00:00.000Z"
        here = f"{ORIGIN}/api/v1/apps/{app_key}"
        links: dict[str, Any] = {"app": {"href": here}, "user": {"href": f"{ORIGIN}/api/v1/users/{key}"}}
        if via >= 0:
            links["group"] = {"href": f"{here}/groups/{self._groups.key(via)}"}
        pushed = self._apps.provisions(self._app)
        return shaped(
            self._inventor,
            shape,
            mix(self._state, user),
            {
                "id": key,
                "externalId": None,
                "created": created,
                "lastUpdated": created,
                "statusChanged": created,
                "passwordChanged": None,
                "lastSync": created if pushed else None,
                "scope": "GROUP" if via >= 0 else "USER",
                "status": "PROVISIONED" if pushed else "ACTIVE",
                "syncState": "SYNCHRONIZED" if pushed else "DISABLED",
                "credentials": {"userName": person.login},
                "profile": {"email": person.login, "displayName": f"{person.first} {person.last}"},
                "_links": links,
            },
        )

    def select(self, query: Query) -> Sequence[int] | None:
        start = query.text("q").strip().lower()
        if not start:
            return range(len(self._members))
        return [at for at, user in enumerate(self._members) if self._users.begins(user, start)]

    def expand(self, query: Query) -> Callable[[int, dict[str, Any]], None] | None:
        if not any(part.startswith("user") for part in query.texts("expand")):
            return None

        def add(index: int, row: dict[str, Any]) -> None:
            row["_embedded"] = {"user": self._users.row(self._members[index], Schema())}

        return add


def group_assignments(apps: OktaApps, groups: OktaGroups, clock: Clock, app: int) -> dict[str, dict[str, Any]]:
    """The group assignments of an application by the groups' ids."""
    app_key = apps.key(app)
    rows: dict[str, dict[str, Any]] = {}
    for priority, group in enumerate(apps.groups_of(app)):
        key = groups.key(group)
        here = f"{ORIGIN}/api/v1/apps/{app_key}"
        rows[key] = {
            "id": key,
            "lastUpdated": iso(clock.past(mix(app, group))),
            "priority": priority,
            "profile": {},
            "_links": {
                "app": {"href": here},
                "self": {"href": f"{here}/groups/{key}"},
                "group": {"href": f"{ORIGIN}/api/v1/groups/{key}"},
            },
        }
    return rows


def app_links(apps: OktaApps, user: int, owner: str) -> dict[str, dict[str, Any]]:
    """The applications on a user's dashboard, by the assignment's id."""
    rows: dict[str, dict[str, Any]] = {}
    for app_key, name, label in apps.links(user, owner):
        key = CodeKeys(salt(f"{app_key} {owner}"), "00u", 10, ORG).key(0)
        rows[key] = {
            "id": key,
            "label": label,
            "linkUrl": f"{ORIGIN}/home/{name}/{app_key}",
            "logoUrl": f"{ORIGIN}/logos/{name}.png",
            "appName": name,
            "appInstanceId": app_key,
            "appAssignmentId": key,
            "credentialsSetup": False,
            "hidden": False,
            "sortOrder": len(rows),
        }
    return rows


def described(state: int) -> str:
    """A name for something that an administrator made."""
    return f"{pick(ADJECTIVES, state)} {pick(NOUNS, state >> 16)}"
