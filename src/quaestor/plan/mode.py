"""In which way a plan runs: whether its scan can be streamed, and whether SQLite may stop before the end.

Before: `plan.scans` has the scans. After: `run.executor` streams or spools.
"""

from __future__ import annotations

from quaestor.plan.order import sorted_by_api
from quaestor.plan.rounds import probing, rounds_of
from quaestor.plan.scope import BoundColumn, BoundTable
from quaestor.plan.shape import aggregates, exists, inside
from quaestor.record import replace
from quaestor.sql import nodes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from quaestor.plan.bind import BoundQuery
    from quaestor.plan.model import Plan
    from quaestor.values import SqlValue


def with_mode(
    plan: Plan, constants: Mapping[nodes.Expr, SqlValue], *, is_exact: bool = False, push_down: bool = True
) -> Plan:
    """Decide whether the only scan can be streamed, and whether a LIMIT may stop the reading before its end.

    Args:
        is_exact: the API tests all conditions itself, so a LIMIT says how many rows are enough.
        push_down: the API may be asked to sort.
    """
    query = plan.query
    probe = exists(query.tree)
    if probe is not None:
        return replace(plan, rounds=probing(plan, probe))
    core = query.tree.cores[0]
    if len(query.tree.cores) != 1 or not isinstance(core, nodes.SelectCore):
        return plan
    limit = query.tree.limit
    whole = limit is None or bool(core.group_by or core.having or core.distinct)
    whole = whole or any(aggregates(part) for part in (*core.columns, *query.tree.order_by))
    if query.tree.order_by and not whole and push_down:
        in_order = _in_order(plan, core, constants)
        if in_order is not None:
            return in_order
    needs_all = whole or bool(query.tree.order_by)
    is_single = len(plan.scans) == 1 and len(query.uses) == 1 and not plan.scans[0].keys
    if not is_single or not _is_alone(core.source, query):
        return plan if needs_all else replace(plan, rounds=rounds_of(plan, core, constants))
    if needs_all:
        return replace(plan, is_stream=True)
    rows = [constants.get(part, None) if part is not None else 0 for part in (limit, query.tree.offset)]
    enough = 0
    is_counted = isinstance(core.source, BoundTable) and all(isinstance(row, int) for row in rows)
    if is_counted and (core.where is None or is_exact):
        enough = sum(row for row in rows if isinstance(row, int) and row > 0)
    return replace(plan, is_stream=True, is_lazy=True, first_rows=enough)


def _in_order(plan: Plan, core: nodes.SelectCore, constants: Mapping[nodes.Expr, SqlValue]) -> Plan | None:
    """The plan that stops when a LIMIT is reached though the statement sorts, since the API does too."""
    found = sorted_by_api(plan, core)
    if found is None:
        return None
    ready, order = found
    rounds = rounds_of(ready, core, constants, order)
    return replace(ready, rounds=rounds) if rounds is not None else None


def _is_alone(source: nodes.Source | None, query: BoundQuery) -> bool:
    """One resource, or what hands on its rows, joined with nothing but table functions after it: SQLite then reads it
    once."""
    if isinstance(source, BoundTable):
        return True
    within = inside(source, query)
    if within is not None:
        return _is_alone(within, query)
    return (
        isinstance(source, nodes.Join)
        and source.kind in (",", "INNER", "CROSS", "LEFT")
        and isinstance(source.right, nodes.TableFunction)
        and bool(source.right.args)
        and any(isinstance(node, BoundColumn) for arg in source.right.args for node in nodes.walk(arg))
        and _is_alone(source.left, query)
    )
