"""ORDER BY an instant with a LIMIT: the API sorts too, and the reading stops early.

Before: `plan.mode` found the LIMIT. After: `plan.rounds` has the list drive the statement, `run.spooling` stops it.

The vendor sorts by time, SQL by text, and within a second these may differ: `…:00Z` comes after `…:00.500Z` in a
text, and Datadog leaves zeros off (recorded). By whole seconds they agree. So the rows are taken up to a second's
end, and SQLite sorts what was taken by all of ORDER BY: of what wasn't, nothing comes before it.
"""

from __future__ import annotations

from quaestor.plan.model import Order
from quaestor.plan.scope import BoundColumn
from quaestor.record import replace
from quaestor.sql import nodes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from quaestor.plan.model import Plan, Scan


def sorted_by_api(plan: Plan, core: nodes.SelectCore) -> tuple[Plan, Order] | None:
    """The plan whose list comes in the order of the statement's first term, and that order; None if none can.

    Args:
        core: the only part of the statement.
    """
    term = plan.query.tree.order_by[0]
    column = _column(term.expr, core)
    if column is None or term.nulls:
        return None
    scan = next((scan for scan in plan.scans if column.source in scan.uses), None)
    known = scan.method.listing.sorts.get(column.column) if scan is not None else None
    if scan is None or known is None or not _is_one_list(scan):
        return None
    parameter, oldest_first, newest_first = known
    if parameter in scan.constants:
        return None
    pushed = {**scan.pushed, parameter: newest_first if term.descending else oldest_first}
    scans = tuple(replace(each, pushed=pushed) if each is scan else each for each in plan.scans)
    position = next(at for at, each in enumerate(scan.columns) if each.name == column.column)
    return replace(plan, scans=scans), Order(scan.id, position, term.descending)


def _column(expr: nodes.Expr, core: nodes.SelectCore) -> BoundColumn | None:
    """The column that a term is, by itself or as the result's column of that number."""
    if isinstance(expr, nodes.Literal) and isinstance(expr.value, int) and expr.value <= len(core.columns):
        result = core.columns[expr.value - 1]
        expr = result.expr if isinstance(result, nodes.ResultColumn) else expr
    return expr if isinstance(expr, BoundColumn) else None


def _is_one_list(scan: Scan) -> bool:
    """Whether its rows come from one list: each of several would have an order of its own."""
    choices = (scan.connections, *scan.constants.values(), *scan.settings.values())
    return len(scan.uses) == 1 and not scan.keys and not scan.hidden and all(len(values) == 1 for values in choices)
