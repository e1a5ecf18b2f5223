"""Who may do what: the gate before a vendor's operations, and what people say about it.

By itself a gate lets everybody in whose request carries a credential (`Manners.admit` sees to that). With strict
sign-in a vendor's own gate (`okta.signin`, `datadog.signin`) knows its credentials and refuses what they don't allow.

Before: `core` has a request, and the operation that it is for. After: the request is answered, or a Refusal.
"""

from __future__ import annotations

from time import time

from quaestor.catalog.document import mapping, read, sequence
from quaestor.errors import CatalogError, UsageError, did_you_mean
from quaestor.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from quaestor.catalog.model import Method
    from quaestor.sandbox.answer.answers import Answer
    from quaestor.sandbox.site import Site

#: What stands in for every credential unless it is said which there are; it is none.
TOKEN = "sandbox"


class Call(Record):
    """A request as a gate sees it.

    Attributes:
        url: as the client wrote it; path: of the vendor's service, without the sandbox's prefix.
        headers: names in small letters.
    """

    method: str
    url: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None = None


class Access(Record):
    """How a sandbox is signed in to.

    Attributes:
        strict: whether credentials, scopes and permissions are checked.
        grants: by provider, which credentials there are and what they allow; a provider that isn't named has one of
            each kind, which allows everything.
        now: the time by which tokens end, in seconds since 1970.
    """

    strict: bool = False
    grants: Mapping[str, Mapping[str, Any]] = {}
    now: Callable[[], float] = time


#: Any credential will do.
OPEN = Access()


class Gate:
    """The gate of a service that has no way of its own.

    Args:
        site: whose operations are behind it.
        access: how it is signed in to.
        grants: what `access` says of this provider.

    Raises UsageError for grants that can't be.
    """

    #: What grants may name.
    known: tuple[str, ...] = ()

    def __init__(self, site: Site, access: Access, grants: Mapping[str, Any]) -> None:
        self.site = site
        self.strict = access.strict
        self.now = access.now
        self.grants = grants
        only(grants, self.known, f"access.{site.provider}")

    def owns(self, path: str) -> bool:
        """Whether the gate itself answers requests for a path, such as a token endpoint."""
        return False

    def answer(self, call: Call) -> Answer:
        """The answer at a path that the gate owns."""
        raise NotImplementedError

    def caller(self, call: Call) -> Mapping[str, Any]:
        """Who a request that was let in is of: `id`, `type`, `alternateId`, `displayName`."""
        return {}

    def admit(self, call: Call, method: Method | None) -> None:
        """Raises Refusal unless the request's credential allows the operation (None: there is none at this path)."""


def read_access(given: str | Mapping[str, Any], providers: Iterable[str]) -> Mapping[str, Mapping[str, Any]]:
    """What `--access` says: the YAML file with a mapping `access`, or what stands in it. Raises UsageError.

    access:
      okta: {tokens: [{token: nightly, role: READ_ONLY_ADMIN}]}
      datadog: {application_keys: [{key: reader, permissions: [monitors_read]}]}
    """
    if not given:
        return {}
    try:
        found: Mapping[str, Any] = given if not isinstance(given, str) else mapping(read(given).get("access"), given)
        where = given if isinstance(given, str) else "access"
        only(found, tuple(providers), where)
        return {name: mapping(body, f"{where}: {name}") for name, body in found.items()}
    except CatalogError as error:
        raise UsageError(error.message) from error


def entries(grants: Mapping[str, Any], key: str, names: tuple[str, ...], where: str) -> list[dict[str, Any]] | None:
    """The list of mappings at a key of the grants, or None where there is none. Raises UsageError."""
    if key not in grants:
        return None
    try:
        found = [mapping(entry, f"{where}.{key}") for entry in sequence(grants[key], f"{where}.{key}")]
    except CatalogError as error:
        raise UsageError(error.message) from error
    for entry in found:
        only(entry, names, f"{where}.{key}")
        if not isinstance(entry.get(names[0]), str) or not entry[names[0]]:
            raise UsageError(f"{where}.{key}: each entry needs a text {names[0]!r}")
    return found


def texts(entry: Mapping[str, Any], key: str, where: str) -> frozenset[str] | None:
    """The set of texts at a key, or None where there is none. Raises UsageError."""
    found = entry.get(key)
    if found is None:
        return None
    if not isinstance(found, (list, tuple)) or not all(isinstance(each, str) for each in found):
        raise UsageError(f"{where}.{key} should be a list of texts, not {found!r}")
    return frozenset(found)


def only(found: Mapping[str, Any], names: tuple[str, ...], where: str) -> None:
    """Raises UsageError for a key that is none of the names."""
    odd = next((str(key) for key in found if key not in names), None)
    if odd is not None:
        raise UsageError(
            f"{where} has {odd!r}", hint=did_you_mean(odd, names) or f"there are {', '.join(names) or 'none'}"
        )
