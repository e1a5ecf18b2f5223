"""Okta's users: 100,000 of them in as many microseconds as it takes to write them.

Rows are written from a template straight to JSON; whoever needs one as a dictionary decodes it, so there is one
truth. Bare lists leave the deprovisioned out as the real one does
(https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/#tag/User/operation/listUsers).

Before: `people`. After: `okta_world` builds groups, applications, factors and the log on them.
"""

from __future__ import annotations

import msgspec

from quaestor.catalog.model import Schema
from quaestor.sandbox.answer.manners import ordered
from quaestor.sandbox.answer.query import Query
from quaestor.sandbox.answer.refusal import Refusal
from quaestor.sandbox.data.collection import ORIGIN, Collection
from quaestor.sandbox.data.people import ACTIVE, LEFT, PROVISIONED, STAGED, STATUS_NAMES, People
from quaestor.sandbox.data.seeded import CodeKeys, mix
from quaestor.sandbox.data.words import DEPARTMENTS, OFFICES
from quaestor.sandbox.okta.scim import Filter, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

#: What ends every id of one org.
ORG = "Xb4Q5d7"
_TEMPLATE = (
    '{"id":"%s","status":"%s","created":"%s","activated":%s,"statusChanged":%s,"lastLogin":%s,'
    '"lastUpdated":"%s","passwordChanged":%s,%s,"profile":{"firstName":"%s","lastName":"%s",'
    '"displayName":"%s %s","login":"%s","email":"%s","secondEmail":null,"mobilePhone":%s,"title":"%s",'
    '%s,"manager":%s,"employeeNumber":"%06d",%s},"credentials":{"password":{},"emails":[{"value":"%s",'
    '"status":"VERIFIED","type":"PRIMARY"}],%s},"_links":{"self":{"href":"' + ORIGIN + '/api/v1/users/%s"}}}'
)
#: Parts of a user that repeat, written once: where they work, what they are, who keeps their password.
_PLACES = tuple(
    tuple(
        f'"department":"{department}","division":"{"Product" if at in (0, 4, 7) else "Business"}",'
        f'"costCenter":"CC-{100 + at * 10 + office}","organization":"Acme","city":"{city}","state":"{region}",'
        f'"countryCode":"{country}","timezone":"{zone}","locale":"{locale}","preferredLanguage":"{locale[:2]}"'
        for office, (city, region, country, zone, locale) in enumerate(OFFICES)
    )
    for at, (department, _, _) in enumerate(DEPARTMENTS)
)
_KINDS = ('"userType":"Employee"', '"userType":"Contractor"')
_OKTA = '"provider":{"type":"OKTA","name":"OKTA"}'
_DIRECTORY = '"provider":{"type":"ACTIVE_DIRECTORY","name":"acme.example"}'
_PHONES = tuple(f'"+1 555 01{number:02d}"' for number in range(100))

#: Transitions that an account in each status offers, as links (recorded from the real service).
_TRANSITIONS = {
    "ACTIVE": (
        "suspend",
        "resetPassword",
        "forgotPassword",
        "expirePassword",
        "changeRecoveryQuestion",
        "resetFactors",
        "changePassword",
        "deactivate",
    ),
    "PROVISIONED": ("activate", "resetPassword", "resetFactors", "deactivate"),
    "STAGED": ("activate", "resetFactors"),
    "SUSPENDED": ("unsuspend", "resetFactors", "deactivate"),
    "LOCKED_OUT": ("unlock", "resetPassword", "resetFactors", "deactivate"),
    "RECOVERY": ("resetPassword", "resetFactors", "deactivate"),
    "DEPROVISIONED": ("activate", "delete"),
}
_TRANSITIONS["PASSWORD_EXPIRED"] = _TRANSITIONS["ACTIVE"]
_OPERATIONS = {
    "resetPassword": "lifecycle/reset_password",
    "expirePassword": "lifecycle/expire_password",
    "resetFactors": "lifecycle/reset_factors",
    "forgotPassword": "credentials/forgot_password",
    "changePassword": "credentials/change_password",
    "changeRecoveryQuestion": "credentials/change_recovery_question",
}


def linked(row: dict[str, Any]) -> dict[str, Any]:
    """A user with the links to what can be done with an account of its status."""
    here = row["_links"]["self"]["href"]
    kind = row["type"]["id"]
    links = {
        "self": {"href": here},
        "type": {"href": f"{ORIGIN}/api/v1/meta/types/user/{kind}"},
        "schema": {"href": f"{ORIGIN}/api/v1/meta/schemas/user/osc{kind[3:]}"},
    }
    for name in _TRANSITIONS.get(row["status"], ()):
        links[name] = {"href": f"{here}/{_OPERATIONS.get(name, f'lifecycle/{name}')}", "method": "POST"}
    return {**row, "_links": links}


_TIMES = tuple(
    f"T{minute // 60:02d}:{minute % 60:02d}:{minute * 7 % 60:02d}.000Z" for minute in range(7 * 60, 19 * 60)
)
_decode = msgspec.json.Decoder().decode


class OktaUsers(Collection):
    """The users of an Okta org."""

    kind = "User"
    named = True

    def __init__(self, people: People, state: int, types: tuple[str, str]) -> None:
        self.people = people
        self._keys = CodeKeys(state, "00u", 10, ORG)
        self._types = tuple(f'"type":{{"id":"{key}"}}' for key in types)
        self._found: dict[str, Sequence[int]] = {}
        self._bosses = {-1: 'null,"managerId":null'}

    def __len__(self) -> int:
        return self.people.count

    def key(self, index: int) -> str:
        return self._keys.key(index)

    def index(self, key: str) -> int:
        if key == "me":
            return 0
        if "@" in key:
            return self.people.by_login(key)
        index = self._keys.index(key)
        if 0 <= index < self.people.count:
            return index
        return self.people.by_login(f"{key}@{self.people.domain}")  # the part before @ will do, as in the real one

    def render(self, index: int, shape: Schema) -> bytes:
        return self._text(index).encode()

    def row(self, index: int, shape: Schema) -> Any:
        return _decode(self._text(index))

    def get(self, key: str, shape: Schema) -> Any:
        index = self.index(key)
        if index < 0:
            return None
        return linked(self.row(index, shape))

    def _text(self, index: int) -> str:
        people = self.people
        (_, roll, first, last, login, department, title, manager, office, contractor, status, made, signed_in) = (
            people.person(index)
        )
        days = people.clock.days_ago
        key = self._keys.key(index)
        created = days[made] + _TIMES[roll % 720]
        activated = changed = password = last_login = "null"
        updated = created
        if status != STAGED:
            activated = changed = f'"{created}"'
        if status not in (STAGED, PROVISIONED):
            password = f'"{days[(roll >> 24) % made]}{_TIMES[(roll >> 8) % 720]}"'
        if signed_in >= 0:
            seen = signed_in or 1
            last_login = f'"{days[seen]}{_TIMES[(roll >> 12) % 720]}"'
            updated = max(created, days[1 + (roll >> 36) % made] + _TIMES[(roll >> 10) % 720])
            if status != ACTIVE:
                changed = f'"{days[1 + (roll >> 28) % seen]}{_TIMES[(roll >> 16) % 720]}"'
        boss = self._bosses.get(manager) or self._boss(manager)
        return _TEMPLATE % (
            key,
            STATUS_NAMES[status],
            created,
            activated,
            changed,
            last_login,
            updated,
            password,
            self._types[contractor],
            first,
            last,
            first,
            last,
            login,
            login,
            _PHONES[roll % 100] if roll & 64 else "null",
            title,
            _PLACES[department][office],
            boss,
            index + 1,
            _KINDS[contractor],
            login,
            _OKTA if roll >> 18 & 7 else _DIRECTORY,  # as `in_directory` says
            key,
        )

    def _boss(self, manager: int) -> str:
        """A manager as their reports name them; neighbours in the list have the same few."""
        first, last, _ = self.people.name(manager)
        boss = f'"{first} {last}","managerId":"{self._keys.key(manager)}"'
        if len(self._bosses) > 2048:
            self._bosses = {-1: self._bosses[-1]}
        self._bosses[manager] = boss
        return boss

    # -- what clients made or changed

    def fresh(self, number: int) -> str:
        return self._keys.key(len(self) + number)

    def names(self, row: Any) -> Sequence[str]:
        """The login, and the part of it before the @."""
        login = str(row["profile"].get("login", ""))
        return (login, login.partition("@")[0])

    def admits(self, query: Query, row: Any) -> bool:
        text, search = query.text("filter"), query.text("search")
        if text or search:
            return parse(text or search, "filter" if text else "search").test(row)
        start = query.text("q").strip().lower()
        begins = [str(row["profile"].get(name, "")).lower() for name in ("firstName", "lastName", "login", "email")]
        return row["status"] != "DEPROVISIONED" and any(value.startswith(start) for value in begins)

    def arranged(self, query: Query, whole: Collection, positions: Sequence[int]) -> Sequence[int]:
        if query.text("search") and query.text("sortBy"):
            return ordered(whole, Schema(), positions, query)
        return sorted(positions)

    def listed(self, row: Any) -> Any:
        """Lists link each user to itself only."""
        return {**row, "_links": {"self": row["_links"]["self"]}}

    # -- lists

    def select(self, query: Query) -> Sequence[int]:
        """`filter`, `search`, `q` and, with `search`, `sortBy`; without them all but the deprovisioned."""
        text = query.text("filter")
        search = query.text("search")
        start = query.text("q").strip().lower()
        if text and search:
            raise Refusal("filter", "filter", detail="filter and search can't be used together")
        if not text and not search:
            positions: Sequence[int] = self.people.listed()
            return [at for at in positions if self.begins(at, start)] if start else positions
        wanted = parse(text or search, "filter" if text else "search")
        positions = self._passing(text or search, wanted)
        if search and query.text("sortBy"):
            positions = ordered(self, Schema(), positions, query)
        return positions

    def _passing(self, text: str, wanted: Filter) -> Sequence[int]:
        """Who passes a filter: computed where it is one equality, else read; remembered for the next pages."""
        found = self._found.get(text)
        if found is not None:
            return found
        path, value = wanted.equal or ("", "")
        one = -2
        if path == "id":
            one = self.index(value) if not value.startswith("me") and "@" not in value else -1
        elif path in ("profile.login", "profile.email"):
            one = self.people.by_login(value)
        if one != -2:
            found = (one,) if one >= 0 else ()
        elif path == "status" and value.upper() in STATUS_NAMES:
            status = STATUS_NAMES.index(value.upper())
            found = self.people.members("status", status, lambda index: self.people.status(index) == status)
        else:
            test = wanted.test
            found = [at for at in range(len(self)) if test(_decode(self._text(at)))]
        if len(self._found) >= 16:
            self._found.clear()
        self._found[text] = found
        return found

    def begins(self, index: int, start: str) -> bool:
        first, last, _ = self.people.name(index)
        first, last = first.lower(), last.lower()
        return first.startswith(start) or last.startswith(start) or self.people.login(index).startswith(start)

    def in_directory(self, index: int) -> bool:
        """Whether a directory of the company keeps a user's password."""
        return self.people.roll(index) >> 18 & 7 == 0

    def stays(self, index: int) -> bool:
        """Whether a user hasn't left."""
        return self.people.status(index) != LEFT

    def some(self, state: int) -> int:
        """The position of one of those who haven't left."""
        index = state % len(self)
        for turn in range(64):
            if self.stays(index):
                return index
            index = mix(state, turn) % len(self)
        return 0


def without_password(credentials: Any) -> dict[str, Any]:
    """Credentials as they are answered: that there is a password, not which."""
    held = dict(credentials) if isinstance(credentials, dict) else {}
    if "password" in held:
        held["password"] = {}
    if isinstance(held.get("recovery_question"), dict):
        held["recovery_question"] = {"question": held["recovery_question"].get("question")}
    return held
