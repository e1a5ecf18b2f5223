"""Signing in to Datadog: an API key with an application key, or a bearer token.

With strict sign-in there are the keys that `access` names (else one of each, which allows everything) and those that
clients made by `POST /api/v2/api_keys`, `POST …/application_keys`: an application key with `scopes` allows just what
these permissions do. Of a made key the state keeps its digest, not the key. An operation of which the catalog knows
no permission is allowed to every key.

https://docs.datadoghq.com/account_management/api-app-keys/#scopes, https://docs.datadoghq.com/api/latest/scopes/

Before: `core` has a request. After: it is let through, or a Refusal.
"""

from __future__ import annotations

from hashlib import sha256

from quaestor.record import Record
from quaestor.sandbox.answer.access import TOKEN, Access, Call, Gate, entries, texts
from quaestor.sandbox.answer.refusal import Refusal
from quaestor.sandbox.change.state import State, packed, unpacked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from quaestor.catalog.model import Method
    from quaestor.sandbox.site import Site

#: Where the state keeps digests of keys that clients made.
_PLACE = "datadog:/keys"
_API, APPLICATION = "api_keys", "application_keys"


class Key(Record):
    """What a key is good for; None for everything."""

    allows: frozenset[str] | None = None


class DatadogGate(Gate):
    """Datadog's gate."""

    known = ("api_keys", "application_keys", "tokens")

    def __init__(self, site: Site, access: Access, grants: Mapping[str, Any]) -> None:
        super().__init__(site, access, grants)
        self._api = self._named("api_keys", ("key",))
        self._application = self._named("application_keys", ("key", "permissions"))
        self._tokens = self._named("tokens", ("token", "scopes"))

    def _named(self, kind: str, names: tuple[str, ...]) -> dict[str, Key]:
        where = "access.datadog"
        found = entries(self.grants, kind, names, where)
        if found is None:
            return {TOKEN: Key()}
        return {str(e[names[0]]): Key(texts(e, names[-1], f"{where}.{kind}") if names[1:] else None) for e in found}

    def admit(self, call: Call, method: Method | None) -> None:
        if not self.strict or call.path == "/":
            return
        headers = call.headers
        said = headers.get("authorization", "")
        if said.lower().startswith("bearer "):
            key = self._tokens.get(said[7:].strip())
            needed = method.scopes if method else ()
        else:
            if self._find(headers.get("dd-api-key", ""), self._api, _API) is None:
                raise Refusal("forbidden", "DD-API-KEY")
            if call.path == "/api/v1/validate":
                return
            key = self._find(headers.get("dd-application-key", ""), self._application, APPLICATION)
            needed = method.permissions if method else ()
        if key is None:
            raise Refusal("forbidden", "DD-APPLICATION-KEY")
        allows = key.allows
        if allows is not None and not all(any(o in allows for o in each.split(" or ")) for each in needed):
            raise Refusal("forbidden", ", ".join(needed))

    def _find(self, value: str, named: Mapping[str, Key], kind: str) -> Key | None:
        value = value.strip()
        if value in named:
            return named[value]
        document = self.site.state.at(_PLACE).born.get(_digest(value))
        made = unpacked(document) if document is not None else {}
        if made.get("kind") != kind:
            return None
        return Key(None if made.get("scopes") is None else frozenset(made["scopes"]))


def kind_of(template: str) -> str:
    """`api_keys` or `application_keys` if a path holds keys, else empty."""
    last = template.rpartition("/")[2]
    return last if last in (_API, APPLICATION) else ""


def remember(state: State, kind: str, identifier: str, value: str, scopes: Any) -> None:
    """A client made a key."""
    known = {"id": identifier, "kind": kind, "scopes": scopes if isinstance(scopes, list) else None}
    state.bear(_PLACE, _digest(value), packed(known))


def rescope(state: State, identifier: str, scopes: Any) -> None:
    """A client changed what a key is good for."""
    for at, document in list(state.at(_PLACE).born.items()):
        known = unpacked(document)
        if known.get("id") == identifier:
            state.bear(_PLACE, at, packed({**known, "scopes": scopes if isinstance(scopes, list) else None}))


def revoke(state: State, identifier: str) -> None:
    """A client deleted a key."""
    for at, document in list(state.at(_PLACE).born.items()):
        if unpacked(document).get("id") == identifier:
            state.forget(_PLACE, at)


def _digest(value: str) -> str:
    return sha256(value.encode()).hexdigest()
