"""What a document says that lists can be asked for: `queryParamPushdown`, in OData's language.

Before: `methods` has an operation with its columns. After: `plan.pushdown` sends conditions and the names of columns.
A parameter that the operation doesn't have isn't sent, whatever the document promises for all of a service. Equality
alone is sent: text is compared by OData without regard to case, so that what comes is more, never less.
"""

from __future__ import annotations

from quaestor.catalog import document, listings
from quaestor.catalog.model import Listing
from quaestor.catalog.stackql import config
from quaestor.errors import CatalogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from quaestor.catalog.model import Column, Hidden, Parameter

_KNOWN = ("select", "filter", "orderBy", "top", "skip", "count")


def listing(
    levels: tuple[dict[str, Any], ...], parameters: Iterable[Parameter], columns: Iterable[Column]
) -> Listing:
    """What a list can be asked for. Raises CatalogError for a dialect that isn't known."""
    said = document.mapping(config.nearest(levels, "queryParamPushdown"), "queryParamPushdown")
    unknown = said.keys() - set(_KNOWN)
    if unknown:
        raise CatalogError(f"queryParamPushdown has {min(unknown)!r}, which isn't known")
    names = {each.wire: each.name for each in parameters if each.location == "query"}
    known = [column for column in columns if len(column.path) == 1]
    select, selectable = _part(said, "select", names, known)
    test, testable = _part(said, "filter", names, known)
    whole = listings.listing_from(
        {name: value for name, value in _whole(levels).items() if name != "hidden"}, config.WHOLE
    )
    return Listing(
        whole=whole.whole,
        leaves_out=whole.leaves_out,
        unless=whole.unless,
        filter=test,
        fields={column.name: ("eq",) for column in testable},
        words=("and", "or") if test else (),
        dialect="odata" if test else "",
        wire={column.name: column.path[0] for column in testable if column.name != column.path[0]},
        select=select,
        selectable=tuple(column.path[0] for column in selectable),
    )


def hidden(levels: tuple[dict[str, Any], ...]) -> tuple[Hidden, ...]:
    """The objects that a list leaves out, and how to ask for them. Raises CatalogError for what can't be read."""
    return listings.hidden_from(_whole(levels).get("hidden") or [], f"{config.WHOLE}.hidden")


def _whole(levels: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    said = document.mapping(config.nearest(levels, config.WHOLE), config.WHOLE)
    unknown = said.keys() - {"hidden", "whole", "leaves_out", "unless"}
    if unknown:
        raise CatalogError(f"{config.WHOLE} has {min(unknown)!r}, which isn't known")
    return said


def _part(said: dict[str, Any], key: str, names: dict[str, str], columns: list[Column]) -> tuple[str, list[Column]]:
    """The SQL name of a part's parameter, if the operation has it, and the columns that it knows."""
    part = document.mapping(said.get(key), f"queryParamPushdown: {key}")
    dialect = part.get("dialect", "odata")
    if dialect not in ("odata", "custom"):
        raise CatalogError(f"queryParamPushdown: the dialect {dialect!r} isn't known")
    parameter = names.get(str(part.get("paramName") or f"${key}"), "") if part and dialect == "odata" else ""
    supported = document.sequence(part.get("supportedColumns"), f"{key}: supportedColumns")
    fits = [column for column in columns if "*" in supported or column.path[0] in supported]
    return (parameter, fits) if parameter and fits else ("", [])
