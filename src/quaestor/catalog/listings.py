"""What lists can be asked, and what they leave out, as text and as records.

Part of `catalog.facts`: overlays and a provider's files write both in the same way.

    listing:
      filter: filter                    # the parameter that takes an expression
      fields: {status: [eq], lastUpdated: [eq, gt, lt]}
      words: [and, or]
      equals: {source.id: sourceId}     # a parameter that takes one value
      ranges: {published: [since, until, iso]}
      sorts: {published: [sortOrder, ASCENDING, DESCENDING]}
      whole: {includeNonDeleted: "true"}
      leaves_out: what isn't brought
      unless: [from]                    # parameters that bring it
    listing:                            # of a method that gets one object
      same: list_groups                 # its objects are the same as that list's
      differs: [_links]                 # but for these columns
"""

from __future__ import annotations

import re

from quaestor.catalog.model import Hidden, Listing
from quaestor.errors import CatalogError, did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from quaestor.catalog.model import Method

OPERATORS = ("eq", "gt", "ge", "lt", "le")
FORMATS = ("iso", "seconds", "milliseconds")
_MOMENT = re.compile(r"now(?:-(\d+)d)?(?:@(seconds|milliseconds))?$")


def hidden_from(fields: Any, where: str) -> tuple[Hidden, ...]:
    """What a list leaves out, as a list of mappings says it. Raises CatalogError for what it can't read."""
    if not isinstance(fields, list):
        raise CatalogError(f"{where} should be a list, not {fields!r}")
    found = []
    for each in fields:
        if not isinstance(each, dict) or not isinstance(each.get("parameters"), dict):
            raise CatalogError(f"{where} needs `parameters`, by wire name")
        _known(each, Hidden.__fields__, where)
        if missing := {"column", "value", "key"} - each.keys():
            raise CatalogError(f"{where} needs `{min(missing)}`")
        found.append(Hidden(**{**each, "unless": tuple(each.get("unless", ()))}))
    return tuple(found)


def listing_from(fields: Any, where: str) -> Listing:
    """What a mapping says of a list. Raises CatalogError for what it can't read."""
    if not isinstance(fields, dict):
        raise CatalogError(f"{where} should be a mapping, not {fields!r}")
    _known(fields, Listing.__fields__, where)
    given = dict(fields)
    for name in ("words", "differs", "selectable", "unless"):
        given[name] = tuple(fields.get(name) or ())
    given["fields"] = {
        name: _some(operators, OPERATORS, f"{where}.fields.{name}")
        for name, operators in (fields.get("fields") or {}).items()
    }
    given["ranges"] = {
        name: _range(parts, f"{where}.ranges.{name}") for name, parts in (fields.get("ranges") or {}).items()
    }
    given["sorts"] = {
        name: _order(parts, f"{where}.sorts.{name}") for name, parts in (fields.get("sorts") or {}).items()
    }
    _some(list(given["words"]), ("and", "or"), f"{where}.words")
    for name, value in (fields.get("whole") or {}).items():
        if not isinstance(value, str) or (value.startswith("now") and not _MOMENT.match(value)):
            raise CatalogError(
                f"{where}.whole.{name}: {value!r} should be text, `now`, `now-90d` or `now-7d@seconds`"
            )
    return Listing(**given)


def listing_text(listing: Listing) -> dict[str, Any]:
    """A mapping that `listing_from` reads."""
    out: dict[str, Any] = {}
    for name in Listing.__fields__:
        value = getattr(listing, name)
        if value:
            out[name] = list(value) if isinstance(value, tuple) else value
    for name in ("fields", "ranges", "sorts"):
        if name in out:
            out[name] = {each: list(parts) for each, parts in out[name].items()}
    return out


def check(method: Method, methods: Iterable[Method], where: str) -> None:
    """Raises CatalogError where a method's listing names what there isn't."""
    listing = method.listing
    columns = {column.name for column in method.columns}
    for name in (*listing.attributes(), *listing.differs, *listing.sorts):
        if name.partition(".")[0] not in columns:
            raise CatalogError(f"{where}: listing: there is no column {name!r}")
    named = [listing.filter, *listing.whole, *listing.equals.values(), *listing.unless]
    named += [name for low, high, _ in listing.ranges.values() for name in (low, high)]
    named += [name for name, _, _ in listing.sorts.values()]
    for name in named:
        if name and method.parameter(name) is None:
            raise CatalogError(f"{where}: listing: there is no parameter {name!r}")
    if listing.same and listing.same not in [other.name for other in methods]:
        raise CatalogError(f"{where}: listing: there is no method {listing.same!r}")


def _range(parts: Any, where: str) -> tuple[str, str, str]:
    if not isinstance(parts, list) or len(parts) != 3 or parts[2] not in FORMATS:
        raise CatalogError(f"{where}: {parts!r} should be two parameters and one of {', '.join(FORMATS)}")
    return str(parts[0]), str(parts[1]), str(parts[2])


def _order(parts: Any, where: str) -> tuple[str, str, str]:
    if not isinstance(parts, list) or len(parts) != 3 or not all(isinstance(part, str) for part in parts):
        raise CatalogError(f"{where}: {parts!r} should be a parameter and its values for both directions")
    return parts[0], parts[1], parts[2]


def _some(values: Any, allowed: tuple[str, ...], where: str) -> tuple[str, ...]:
    if not isinstance(values, list) or any(value not in allowed for value in values):
        raise CatalogError(f"{where}: {values!r} should be some of {', '.join(allowed)}")
    return tuple(values)


def _known(fields: dict[str, Any], names: tuple[str, ...], where: str) -> None:
    for key in fields:
        if key not in names:
            meant = did_you_mean(str(key), names)
            raise CatalogError(f"{where}: there is no key {key!r}", hint=meant or f"the keys are {', '.join(names)}")
