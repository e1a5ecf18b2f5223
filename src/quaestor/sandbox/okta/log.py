"""Okta's system log: what the people of the org did in the last 90 days, and after that what clients did (`story`).

Events are in the order of their time, and each follows from its position. `since` and `until` cut by computing;
without `since` the log begins seven days before `until`, as the real one's does
(https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/).
Without `until` there is always a next link: for the events to come.

Before: `okta_users`, `okta_groups`. After: `okta_world` puts it at `/api/v1/logs`.
"""

from __future__ import annotations

from quaestor.catalog.model import Schema
from quaestor.sandbox.answer.query import Query
from quaestor.sandbox.answer.refusal import Refusal
from quaestor.sandbox.data.clock import DAY, Clock, epoch, iso
from quaestor.sandbox.data.collection import Collection, shaped
from quaestor.sandbox.data.invent import Inventor
from quaestor.sandbox.data.seeded import UuidKeys, mix
from quaestor.sandbox.data.words import OFFICES
from quaestor.sandbox.okta.groups import OktaApps
from quaestor.sandbox.okta.scim import parse
from quaestor.sandbox.okta.users import OktaUsers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

#: Event type, what to call it, how many of 100 events are of it, what it is done to.
_EVENTS = (
    ("user.session.start", "Signed in", 34, "user"),
    ("user.authentication.sso", "Opened an application", 30, "app"),
    ("user.authentication.auth_via_mfa", "Passed a second factor", 16, "user"),
    ("user.session.end", "Signed out", 5, "user"),
    ("policy.evaluate_sign_on", "Weighed the sign-on policy", 4, "user"),
    ("user.account.lock", "Locked after failed sign-ins", 1, "user"),
    ("user.account.reset_password", "Had their password reset", 2, "user"),
    ("application.user_membership.add", "Was assigned an application", 2, "app"),
    ("group.user_membership.add", "Joined a group", 2, "user"),
    ("user.lifecycle.activate", "Was activated", 1, "user"),
    ("user.lifecycle.deactivate", "Was deactivated", 1, "user"),
    ("user.mfa.factor.deactivate", "Lost a factor", 1, "user"),
    ("policy.rule.update", "Changed a policy rule", 1, "user"),
)
_OF_ROLL = bytes(at for at, (_, _, share, _) in enumerate(_EVENTS) for _ in range(share))
_AGENTS = (("CHROME", "Mac OS X"), ("SAFARI", "iOS"), ("FIREFOX", "Linux"), ("EDGE", "Windows 11"))
_DAYS = 90
_DEFAULT_DAYS = 7


class OktaLog(Collection):
    """The events of an org."""

    kind = "LogEvent"

    def __init__(
        self, inventor: Inventor, users: OktaUsers, apps: OktaApps, clock: Clock, count: int, state: int
    ) -> None:
        self._inventor = inventor
        self._users = users
        self._apps = apps
        self._clock = clock
        self._count = count
        self._state = state
        self._keys = UuidKeys(state)

    def __len__(self) -> int:
        return self._count

    def key(self, index: int) -> str:
        return self._keys.key(index)

    def index(self, key: str) -> int:
        index = self._keys.index(key)
        return index if 0 <= index < self._count else -1

    def when(self, index: int) -> int:
        """The second at which an event was."""
        span = _DAYS * DAY
        step = max(1, span // max(1, self._count))
        return self._clock.now - span + index * span // max(1, self._count) + mix(self._state, index) % step

    def row(self, index: int, shape: Schema) -> Any:
        state = mix(self._state, 1_000_000 + index)
        name, message, _, target = _EVENTS[_OF_ROLL[state % len(_OF_ROLL)]]
        user = self._users.some(state >> 8)
        person = self._users.people.person(user)
        failed = name == "user.account.lock" or (name == "user.session.start" and state >> 40 & 15 == 0)
        city, region, country, zone, _ = OFFICES[person.office]
        agent, system = _AGENTS[(state >> 44) % len(_AGENTS)]
        actor: dict[str, Any] = {
            "id": self._users.key(user),
            "type": "User",
            "alternateId": person.login,
            "displayName": f"{person.first} {person.last}",
            "detailEntry": None,
        }
        targets = [actor]
        if target == "app" and len(self._apps):
            app = (state >> 20) % len(self._apps)
            _, label, mode = self._apps.catalog(app)
            entry: dict[str, Any] = {"id": self._apps.key(app), "type": "AppInstance", "alternateId": label}
            targets = [{**entry, "displayName": label, "detailEntry": {"signOnModeType": mode}}]
        address = f"198.51.100.{1 + (state >> 48) % 250}"
        return shaped(
            self._inventor,
            shape,
            state,
            {
                "uuid": self.key(index),
                "published": iso(self.when(index)),
                "eventType": name,
                "displayMessage": message,
                "legacyEventType": None,
                "severity": "WARN" if failed else "INFO",
                "version": "0",
                "actor": actor,
                "target": targets,
                "outcome": {
                    "result": "FAILURE" if failed else "SUCCESS",
                    "reason": "INVALID_CREDENTIALS" if failed else None,
                },
                "client": {
                    "ipAddress": address,
                    "device": "Mobile" if system == "iOS" else "Computer",
                    "id": None,
                    "zone": "null",
                    "userAgent": {"browser": agent, "os": system, "rawUserAgent": f"{agent.title()} on {system}"},
                    "geographicalContext": {"city": city, "state": region, "country": country, "postalCode": None},
                },
                "transaction": {"id": f"{mix(state, 1):016x}", "type": "WEB", "detail": {}},
                "debugContext": {"debugData": {"requestUri": "/api/v1/authn", "timeZone": zone}},
            },
        )

    def select(self, query: Query) -> Sequence[int]:
        """`since`, `until`, `filter` (SCIM), `q` (words in actor, target, type, message) and `sortOrder`."""
        since, until = self._span(query)
        positions: Sequence[int] = range(self._first_at(since), self._first_at(until))
        if query.text("filter"):
            test = parse(query.text("filter"), "filter").test
            positions = [at for at in positions if test(self.row(at, Schema()))]
        words = query.text("q").lower().split()
        if words:
            positions = [at for at in positions if all(word in _words(self.row(at, Schema())) for word in words)]
        order = query.text("sortOrder", "ASCENDING").upper()
        if order not in ("ASCENDING", "DESCENDING"):
            raise Refusal("invalid", "sortOrder", detail="sortOrder is ASCENDING or DESCENDING")
        return positions[::-1] if order == "DESCENDING" else positions

    def admits(self, query: Query, row: Any) -> bool:
        since, until = self._span(query)
        at = epoch(row["published"])
        if at < since or (query.text("until") and at >= until):
            return False
        if query.text("filter") and not parse(query.text("filter"), "filter").test(row):
            return False
        said = _words(row)
        return all(word in said for word in query.text("q").lower().split())

    def arranged(self, query: Query, whole: Collection, positions: Sequence[int]) -> Sequence[int]:
        """By time; what clients did is later than what is generated."""
        return sorted(positions, reverse=query.text("sortOrder").upper() == "DESCENDING")

    def _span(self, query: Query) -> tuple[int, int]:
        until = self._instant(query, "until", self._clock.now + 1)
        return self._instant(query, "since", until - _DEFAULT_DAYS * DAY), until

    @staticmethod
    def _instant(query: Query, name: str, default: int) -> int:
        text = query.text(name)
        if not text:
            return default
        try:
            return epoch(text)
        except ValueError:
            raise Refusal("invalid", name, detail=f"{name} {text!r} is no time of RFC 3339") from None

    def _first_at(self, instant: int) -> int:
        """The position of the first event at or after an instant."""
        low, high = 0, self._count
        while low < high:
            middle = (low + high) // 2
            if self.when(middle) < instant:
                low = middle + 1
            else:
                high = middle
        return low


def _words(row: Any) -> str:
    """What `q` looks for words in."""
    parts = [row["eventType"], row["displayMessage"], row["outcome"]["result"], row["client"]["ipAddress"]]
    parts += [value for who in (row["actor"], *row["target"]) for value in (who["alternateId"], who["displayName"])]
    return " ".join(map(str, parts)).lower()
