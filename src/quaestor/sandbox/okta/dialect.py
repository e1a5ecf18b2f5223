"""Which attributes and operators each list's `filter` and `search` take; all else is refused, as the real ones do.

Where it isn't said otherwise, the rules are those of the parameters' descriptions in
https://developer.okta.com/docs/api/openapi/okta-management/. A list that isn't in the table takes whatever
`scim` can read.

Before: `site` has a list to answer. After: `scim`'s test is put to the rows, or a Refusal.
"""

from __future__ import annotations

from quaestor.record import Record
from quaestor.sandbox.answer.refusal import Refusal
from quaestor.sandbox.okta.scim import INSTANTS, Filter, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from quaestor.sandbox.answer.query import Query

_EQUAL = frozenset({"eq"})
_RANGE = _EQUAL | {"gt", "ge", "lt", "le"}
#: `ew` and `ne` aren't among what a search takes; `co` only where it is said.
_SEARCH = _RANGE | {"sw", "pr"}
_JOINED = frozenset({"and", "or"})
_ANY_WORD = _JOINED | {"not"}


class Takes(Record):
    """What one parameter takes.

    Attributes:
        names: attributes; one that ends in `.` stands for all below it.
        plain, times: the operators of attributes, of those that hold times.
        holds: those that may be asked with `co` too.
        words: what may join comparisons.
    """

    names: tuple[str, ...]
    plain: frozenset[str] = _EQUAL
    times: frozenset[str] = _RANGE
    holds: tuple[str, ...] = ()
    words: frozenset[str] = _JOINED


_PERSON = ("profile.firstName", "profile.lastName", "profile.email", "profile.login")
_EVENT = (
    "actor.",
    "authenticationContext.",
    "client.",
    "debugContext.",
    "displayMessage",
    "eventType",
    "legacyEventType",
    "outcome.",
    "published",
    "request.",
    "securityContext.",
    "severity",
    "target.",
    "transaction.",
    "uuid",
    "version",
)
_DEVICE = tuple(f"profile.{name}" for name in ("displayName", "serialNumber", "imei", "meid", "udid", "sid"))
#: By parameter and path template.
_TAKES: Mapping[tuple[str, str], Takes] = {
    ("filter", "/api/v1/users"): Takes(("status", "lastUpdated", "id", *_PERSON)),
    ("search", "/api/v1/users"): Takes(
        ("id", "status", "created", "activated", "statusChanged", "lastUpdated", "type.id", "profile."),
        _SEARCH,
        _SEARCH,
        _PERSON,
    ),
    ("filter", "/api/v1/groups"): Takes(("id", "type", "lastUpdated", "lastMembershipUpdated")),
    ("search", "/api/v1/groups"): Takes(
        ("id", "created", "lastMembershipUpdated", "lastUpdated", "type", "source.id", "profile."),
        _SEARCH,
        _SEARCH,
        ("profile.name", "profile.description"),
    ),
    ("filter", "/api/v1/apps"): Takes(
        ("id", "status", "name", "user.id", "group.id", "credentials.signing.kid", "settings.slo.enabled")
    ),
    ("search", "/api/v1/devices"): Takes(
        ("id", "status", "lastUpdated", "profile."), _SEARCH, _SEARCH, _DEVICE, _ANY_WORD
    ),
    ("search", "/api/v1/realms"): Takes(
        ("id", "created", "lastUpdated", "isDefault", "profile."), _SEARCH, _SEARCH, ("profile.name",), _ANY_WORD
    ),
    ("search", "/api/v1/groups/{}/owners"): Takes(("type",)),
    ("filter", "/api/v1/logStreams"): Takes(("status", "type")),
    ("filter", "/api/v1/principal-rate-limits"): Takes(("principalType",)),
    ("filter", "/api/v1/trustedOrigins"): Takes(("name", "origin", "status", "type", "scopes.type")),
    ("filter", "/api/v1/zones"): Takes(("id", "usage", "system")),
    ("filter", "/api/v1/logs"): Takes(
        _EVENT,
        _SEARCH | {"ne", "co", "ew"},
        _SEARCH | {"ne", "co", "ew"},
        (),
        _ANY_WORD,
    ),
}
#: `search` of these isn't an expression but a word with which names begin.
WORDS = frozenset({"/api/v1/groups/rules"})


def check(template: str, query: Query, profile: Callable[[], frozenset[str]]) -> None:
    """Raises Refusal for a filter or search that a list doesn't take.

    Args:
        profile: gives the attributes that users' profiles have.
    """
    for parameter in ("filter", "search"):
        text = query.text(parameter) if parameter in query else ""
        query.forget(parameter)
        takes = _TAKES.get((parameter, template))
        if text and takes is not None and template not in WORDS:
            _fits(parse(text, parameter), takes, parameter)
            if template == "/api/v1/users":
                _in_profiles(parse(text, parameter), parameter, profile)


def _fits(wanted: Filter, takes: Takes, parameter: str) -> None:
    for name, operator in zip(wanted.attributes, wanted.operators, strict=True):
        if not any(name == each or (each[-1] == "." and name.startswith(each)) for each in takes.names):
            raise _refusal(parameter, f"doesn't take {name}; it takes {', '.join(takes.names)}")
        operators = takes.times if name.rpartition(".")[2] in INSTANTS else takes.plain
        operators |= {"co"} if name in takes.holds else frozenset()
        if operator not in operators:
            raise _refusal(parameter, f"takes {' '.join(sorted(operators))} of {name}, not {operator}")
    for word in wanted.words:
        if word not in takes.words:
            raise _refusal(parameter, f"doesn't take {word!r}")


def _in_profiles(wanted: Filter, parameter: str, profile: Callable[[], frozenset[str]]) -> None:
    """Raises Refusal for an attribute that no user's profile has."""
    names = {name.split(".")[1] for name in wanted.attributes if name.startswith("profile.")}
    for name in sorted(names - profile() if names else ()):
        raise _refusal(parameter, f"names profile.{name}, which no user's profile has")


def _refusal(parameter: str, why: str) -> Refusal:
    return Refusal("filter", parameter, detail=f"{parameter} {why}")
