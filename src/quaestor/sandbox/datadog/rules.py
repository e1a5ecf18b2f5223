"""Datadog's rules for what is changed, from its documentation and from recordings of the real service.

| what                            | the rule                                                                     |
|---------------------------------|------------------------------------------------------------------------------|
| an Okta account                 | a posted id is ignored; secrets are never answered; PATCH answers with another |
|                                 | id, which the account has from then on; the old one can't be deleted         |
| making a user                   | Pending, its handle the email in small letters; DELETE disables it           |
| a role's users and permissions  | POST puts one in, DELETE takes out the one that the body names               |
| an API or application key       | its last four characters are those of the key that is answered once          |

Before: `writes` asks. After: the document is changed, or refused.
"""

from __future__ import annotations

from hashlib import md5

from msgspec.json import decode

from quaestor.sandbox.answer.answers import Answer
from quaestor.sandbox.answer.observed import envelope, trimmed
from quaestor.sandbox.answer.refusal import Refusal
from quaestor.sandbox.answer.routes import Match
from quaestor.sandbox.answer.rules import Act, Rules
from quaestor.sandbox.data.clock import iso_micros
from quaestor.sandbox.data.collection import encode
from quaestor.sandbox.data.seeded import UuidKeys, mix
from quaestor.sandbox.datadog.signin import APPLICATION, kind_of, remember, rescope, revoke

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from quaestor.sandbox.change.overlay import Overlay

_ACCOUNTS = "/api/v2/integrations/okta/accounts"
_USERS, _ROLES = "/api/v2/users", "/api/v2/roles"
#: Places to which POST with `{"data": {"id": …}}` adds an object, and from which DELETE with the same takes it.
_PLACES = (_ROLES + "/{}/users", _ROLES + "/{}/permissions")


class DatadogRules(Rules):
    """Datadog's rules."""

    refuses_blanks = True

    def __init__(self) -> None:
        super().__init__()
        self.special = {
            ("PATCH", _ACCOUNTS + "/{}"): self._move_account,
            ("POST", _USERS): self._make_user,
            ("DELETE", _USERS + "/{}"): self._disable,
        }
        self.early = {
            ("PATCH", _ACCOUNTS + "/{}"): self._known_account,
            ("DELETE", _ACCOUNTS + "/{}"): self._known_account,
        }
        for place in _PLACES:
            self.special["POST", place] = self._put_in
            self.special["DELETE", place] = self._take_out

    # -- the Okta integration

    def _known_account(self, match: Match) -> None:
        """An id that an account no longer has is refused as recorded: not as one that was never there."""
        if match.values[0] in self.writer.state.at(f"datadog:{_ACCOUNTS}/former").born:
            raise Refusal("body", match.values[0], causes=["Unknown error occurred: "])

    def _move_account(self, act: Act) -> Answer:
        writer = self.writer
        accounts = writer.site.collection(_ACCOUNTS, ())
        old = act.values[0]
        before = accounts.get(old, act.route.shape)
        if before is None:
            raise Refusal("missing", old, kind="account")
        after = writer.update(act, _ACCOUNTS, (), accounts, before, writer.row_of(act.route, act.body))
        new = accounts.base.fresh(act.number) or old
        writer.places.unlink(accounts, old)
        after = {**after, "id": new}
        writer.places.keep(accounts, new, after)
        writer.state.bear(f"datadog:{_ACCOUNTS}/former", old, b"true")
        return writer.done(act, after)

    # -- users

    def _make_user(self, act: Act) -> Answer:
        writer = self.writer
        row = writer.row_of(act.route, act.body)
        attributes = row.get("attributes") or {}
        email = str(attributes.get("email") or "").lower()
        users = writer.site.collection(_USERS, ())
        face = md5(email.encode(), usedforsecurity=False).hexdigest()
        now = iso_micros(act.now)
        related = row.get("relationships") if isinstance(row.get("relationships"), dict) else {}
        made: dict[str, Any] = {
            "type": "users",
            "id": users.base.fresh(act.number) or "",
            "attributes": {
                "name": attributes.get("name"),
                "handle": email,
                "created_at": now,
                "modified_at": now,
                "email": email,
                "icon": f"https://avatars.example.com/{face}",
                "title": attributes.get("title"),
                "verified": False,
                "service_account": False,
                "disabled": False,
                "allowed_login_methods": [],
                "status": "Pending",
            },
            "relationships": {
                "roles": (related or {}).get("roles") or {"data": []},
                "org": {"data": {"type": "orgs", "id": UuidKeys(mix(writer.site.world.seed, 5)).key(0)}},
            },
        }
        self.unique(act, _USERS, users, made, "")
        writer.places.keep(users, made["id"], made)
        for role in made["relationships"]["roles"]["data"]:
            if writer.site.collection(_ROLES, ()).has(str(role.get("id"))):
                writer.places.join(_ROLES + "/{}/users", str(role["id"]), made["id"])
        return writer.done(act, made)

    def unique(self, act: Act, template: str, collection: Overlay, row: dict[str, Any], own: str) -> None:
        if template != _USERS:
            return
        email = row["attributes"].get("email")
        for key, document in collection.changes.born.items():
            if key != own and f'"email":"{email}"'.encode() in document:
                raise Refusal("conflict", "email", causes=[f"User with handle {email} already exists"])

    def _disable(self, act: Act) -> Answer:
        users = self.writer.site.collection(_USERS, ())
        row = users.get(act.values[0], act.route.shape) if users.has(act.values[0]) else None
        if row is None:
            raise Refusal("missing", act.values[0], kind="user")
        attributes = {**row["attributes"], "disabled": True, "status": "Disabled", "modified_at": iso_micros(act.now)}
        self.writer.places.keep(users, users.canonical(act.values[0]), {**row, "attributes": attributes})
        return self.writer.done(act)

    # -- what is in what

    def _named(self, act: Act) -> str:
        data = act.body.get("data") if isinstance(act.body, dict) else None
        if not isinstance(data, dict) or not data.get("id"):
            raise Refusal("body", "data", causes=["data.id is required"])
        return str(data["id"])

    def _put_in(self, act: Act) -> Answer:
        place = self.writer.site.collection(act.route.template, act.values)
        self.writer.places.link(place, self._named(act))
        return self._told(act, place)

    def _take_out(self, act: Act) -> Answer:
        place = self.writer.site.collection(act.route.template, act.values)
        key = self._named(act)
        if place.index(key) < 0:
            raise Refusal("missing", key, kind=place.kind)
        self.writer.places.unlink(place, key)
        return self._told(act, place)

    def _told(self, act: Act, place: Overlay) -> Answer:
        """All that is in the place now, as its list answers it."""
        reading = self.writer.site.routes.reading(act.route.template)
        if reading is None:
            return self.writer.done(act)
        site = self.writer.site
        answer = site.listed(Match(reading, act.values), site.path(act.route.template, act.values))
        around = envelope(f"datadog {act.route.method.http} {act.route.template}")
        if around is None:
            return answer
        said = decode(answer.body)
        kept = {name: value for name, value in trimmed(around, said, {}).items() if value is not None}
        return Answer(answer.status, encode({"data": said["data"], **kept}), ignored=answer.ignored)

    # -- any object

    def stored(self, act: Act, template: str, values: tuple[str, ...], key: str, row: dict[str, Any]) -> None:
        kind, attributes = kind_of(template), row.get("attributes")
        if kind and isinstance(attributes, dict) and isinstance(attributes.get("key"), str):
            remember(self.writer.state, kind, key, attributes["key"], attributes.get("scopes"))
            if kind == APPLICATION:  # told once; an API key can be read again
                kept = {name: value for name, value in attributes.items() if name != "key"}
                self.writer.places.keep(
                    self.writer.site.collection(template, values), key, {**row, "attributes": kept}
                )

    def changed(
        self, act: Act, home: str, parents: tuple[str, ...], before: dict[str, Any], after: dict[str, Any]
    ) -> None:
        if kind_of(home) and isinstance(after.get("attributes"), dict):
            rescope(self.writer.state, str(after.get("id")), after["attributes"].get("scopes"))

    def removed(self, act: Act, home: str, parents: tuple[str, ...], key: str) -> None:
        if kind_of(home):
            revoke(self.writer.state, key)

    def made(self, act: Act, template: str, values: tuple[str, ...], row: dict[str, Any]) -> None:
        attributes = row.get("attributes")
        if isinstance(attributes, dict) and isinstance(attributes.get("key"), str) and "last4" in attributes:
            attributes["last4"] = attributes["key"][-4:]
