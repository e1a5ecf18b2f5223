"""Rounds: which statements with a LIMIT can be answered from some of their rows, and which table drives them.

Before: `plan.mode` found that the plan isn't a stream. After: `run.spooling` takes some rows of the driving table,
the keys that they give, and the statement, until it has enough.

That is right where a part of the driving table gives a part of the answer. An inner join only gives more rows for
more rows. A table that an outer join fills with NULLs is another matter: of it there must be all rows that belong to
those taken, so its keys must come from tables of the same FROM. Sorting (unless the driving rows come in that order:
`plan.order`), grouping, DISTINCT, windows and compound SELECTs look at all rows, and so does a subquery over a table
that isn't there yet.
"""

from __future__ import annotations

from quaestor.plan.conditions import sources_within
from quaestor.plan.model import Rounds
from quaestor.plan.shape import resources
from quaestor.sql import nodes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from quaestor.plan.model import Order, Plan, Scan
    from quaestor.values import SqlValue

#: The largest LIMIT that is worth it: what is found in a round is held until it is enough.
MOST_ROWS = 10_000


def rounds_of(
    plan: Plan, core: nodes.SelectCore, constants: Mapping[nodes.Expr, SqlValue], order: Order | None = None
) -> Rounds | None:
    """How to run a plan in rounds; None if it must have all rows.

    Args:
        core: the only one, without grouping, DISTINCT, aggregates and windows.
        order: in which the rows of one scan come, if the statement sorts by it first; else it doesn't sort.
    """
    limit, offset = (
        None if part is None else constants.get(part) for part in (plan.query.tree.limit, plan.query.tree.offset)
    )
    if not isinstance(limit, int) or not isinstance(offset, int | None) or not 0 <= limit <= MOST_ROWS:
        return None
    if order is not None:
        driven = _driven(plan, core, least=1, only=order.scan)
    else:
        driven = _driven(plan, core, least=2)
    return Rounds(driven[0], driven, limit, order=order) if driven else None


def probing(plan: Plan, core: nodes.SelectCore) -> Rounds | None:
    """How to run `SELECT EXISTS (SELECT …)` in rounds: until the part inside has a row."""
    driven = _driven(plan, core, least=1)
    return Rounds(driven[0], driven, 1, nodes.Select((core,), limit=nodes.Literal("integer", 1))) if driven else None


def _driven(plan: Plan, core: nodes.SelectCore, least: int, only: int = -1) -> tuple[int, ...]:
    """The scans of which some rows are taken at a time, the driving one first; none if all rows are needed.

    Args:
        only: the scan that must be the driving one, if not -1.
    """
    outside = resources(core.source, plan.query)
    everywhere = sources_within(plan.query.tree, plan.query.ctes)[1]
    for cte in plan.query.ctes.values():
        everywhere |= sources_within(cte, plan.query.ctes)[1]
    for driver in plan.scans:
        if driver.depends or driver.keys or only not in (-1, driver.id):
            continue
        partial = _following(plan, driver)
        if len(partial) >= least and all(
            _may_lack_rows(plan, plan.scans[i], driver, outside, everywhere) for i in partial
        ):
            return partial
    return ()


def _following(plan: Plan, driver: Scan) -> tuple[int, ...]:
    """The driving scan and those that depend on it, in order."""
    found = [driver.id]
    for scan in plan.scans:
        if scan.depends & set(found):
            found.append(scan.id)
    return tuple(found)


def _may_lack_rows(plan: Plan, scan: Scan, driver: Scan, outside: set[int], inside: frozenset[int]) -> bool:
    """Whether a part of a scan's rows gives nothing but rows of the answer."""
    for use in scan.uses:
        if use in inside and use not in outside:
            return False  # in a subquery
        if plan.query.uses[use].nullable:
            every = (*scan.keys, *(scan.by_key.keys if scan.by_key is not None else ()))
            is_complete = scan is not driver and all(
                keys.uses <= outside and _tables_only(keys.select) for keys in every
            )
            if not is_complete:
                return False
    return True


def _tables_only(select: nodes.Select) -> bool:
    """Whether keys come straight from tables, all of whose rows that are there give theirs."""
    return all(
        isinstance(core, nodes.SelectCore)
        and all(not isinstance(node, nodes.TableRef | nodes.SubqueryRef) for node in nodes.walk(core))
        for core in select.cores
    )
