"""Several objects by their keys, asked for together: one list with a filter in place of a request for each.

Before: `plan.scans` chose the method that gets one object, because the statement names the keys. After: the scan is
of the list, each of whose requests asks for as many keys as a URL holds.

Only where the catalog says that the list has the same objects, with the same values in the columns that are wanted
(`Listing.same`, `differs`), and that its filter takes several keys. The condition is tested again on the rows.
"""

from __future__ import annotations

from quaestor.plan import routes
from quaestor.plan.pushdown import MAX_LENGTH, quoted
from quaestor.record import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from quaestor.catalog.model import Method, Parameter
    from quaestor.plan.bind import BoundQuery
    from quaestor.plan.model import Scan, ScanColumn
    from quaestor.plan.scope import TableUse
    from quaestor.values import SqlValue


def together(scan: Scan, query: BoundQuery) -> Scan:
    """The scan, of a list if that takes fewer requests."""
    listing = scan.method.listing
    whole = scan.resource.method(listing.same) if listing.same else None
    if whole is None or scan.keys or len(scan.constants) != 1:
        return scan
    ((name, values),) = scan.constants.items()
    parameter = scan.method.parameter(name)
    if parameter is None or not parameter.item_key:
        return scan
    if not all(_by_field(query.uses[use], scan.method, parameter) for use in scan.uses):
        return scan
    return filtered(scan, parameter, values) or scan


def filtered(scan: Scan, parameter: Parameter, values: Sequence[SqlValue]) -> Scan | None:
    """The scan of the list that asks for the objects with these keys; None if it can't, or there is just one.

    Args:
        scan: of the method that gets one object.
        parameter: its key.
    """
    listing = scan.method.listing
    whole = scan.resource.method(listing.same) if listing.same else None
    if whole is None or "eq" not in whole.listing.fields.get(parameter.field, ()):
        return None
    columns = [in_other(column, whole) for column in scan.columns]
    field = routes.returns(whole, parameter.field)
    texts = [quoted(value, field, is_inside=False) for value in values] if field is not None else [""]
    if "or" not in whole.listing.words or None in columns or "" in texts or len(values) < 2:
        return None
    if any(column.name in listing.differs or column.name == "_raw" for column in scan.columns):
        return None
    filters = _joined([f"{parameter.field} eq {text}" for text in texts])
    return replace(
        scan,
        method=whole,
        constants={whole.listing.filter: filters},
        keys=(),
        columns=tuple(column for column in columns if column is not None),
        hidden=tuple(each for each in whole.hidden if whole.listing.filter not in each.unless),
    )


def _by_field(use: TableUse, method: Method, parameter: Parameter) -> bool:
    """Whether what binds a parameter is about the field: `param__id` may be another of the object's names."""
    binding = [c.column for c in use.candidates if routes.parameter_of(method, c.column) is parameter]
    return all(column == parameter.field for column in binding)


def in_other(column: ScanColumn, method: Method) -> ScanColumn | None:
    """The same column of another method; None if that has none, or it shows the value of a parameter."""
    if column.field is None:
        return None if column.parameter else column
    field = routes.returns(method, column.field.name)
    return None if field is None or field.type != column.field.type else replace(column, field=field)


def _joined(parts: list[str]) -> tuple[str, ...]:
    """The comparisons as expressions of a length that a URL holds."""
    joined = [parts[0]]
    for part in parts[1:]:
        longer = f"{joined[-1]} or {part}"
        if len(longer) <= MAX_LENGTH:
            joined[-1] = longer
        else:
            joined.append(part)
    return tuple(joined)
