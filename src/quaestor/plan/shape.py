"""What a SELECT does with the rows of its FROM: hands each on as it comes, or looks at all of them first.

Before: `plan.bind`. After: `plan.mode` and `plan.rounds` decide by it whether a part of the rows can be enough.
"""

from __future__ import annotations

from quaestor.plan.scope import BoundTable
from quaestor.sql import nodes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from quaestor.plan.bind import BoundQuery

_AGGREGATES = {"avg", "count", "group_concat", "max", "median", "min", "percentile", "string_agg", "sum", "total"} | {
    f"{kind}_group_{what}" for kind in ("json", "jsonb") for what in ("array", "object")
}


def aggregates(node: nodes.Node) -> bool:
    """Whether it holds an aggregate or a window function."""
    return any(
        isinstance(part, nodes.Function) and (part.name.casefold() in _AGGREGATES or part.over is not None)
        for part in nodes.walk(node)
    )


def row_by_row(select: nodes.Select) -> nodes.SelectCore | None:
    """The only part of a SELECT that makes each of its rows of one row of its FROM; None if it is another."""
    core = select.cores[0]
    if len(select.cores) != 1 or not isinstance(core, nodes.SelectCore):
        return None
    if select.order_by or select.limit is not None or select.offset is not None or select.with_ is not None:
        return None
    if core.group_by or core.having is not None or core.distinct or core.windows:
        return None
    return None if any(aggregates(column) for column in core.columns) else core


def inside(source: nodes.Source | None, query: BoundQuery) -> nodes.Source | None:
    """What a derived table, a view or a CTE that is named once hands on row by row: its own FROM; None for others."""
    if isinstance(source, nodes.SubqueryRef):
        core = row_by_row(source.select)
        return core.source if core is not None else None
    if isinstance(source, nodes.TableRef) and source.path[0] in query.ctes:
        cte = query.ctes[source.path[0]]
        if cte.materialized or sum(node.path[0] == cte.name for node in _table_refs(query)) > 1:
            return None
        core = row_by_row(cte.select)
        return core.source if core is not None else None
    return None


def resources(source: nodes.Source | None, query: BoundQuery, *, nullable: bool = False) -> set[int]:
    """The resources that stand in a FROM itself, or in what hands on their rows as they come.

    Not in a derived table that an outer join fills with NULLs: what it lacks would come back as such a row. (Of the
    resources themselves, `TableUse.nullable` says that.)
    """
    if isinstance(source, BoundTable):
        return {source.source}
    if isinstance(source, nodes.Join):
        left = resources(source.left, query, nullable=nullable or source.kind in ("RIGHT", "FULL"))
        right = resources(source.right, query, nullable=nullable or source.kind in ("LEFT", "FULL"))
        return left | right
    if isinstance(source, nodes.Group):
        return resources(source.source, query, nullable=nullable)
    within = None if nullable else inside(source, query)
    return resources(within, query) if within is not None else set()


def exists(tree: nodes.Select) -> nodes.SelectCore | None:
    """The part of the only subquery of `SELECT EXISTS (SELECT …)`, which one row of it answers; None for others."""
    core = row_by_row(tree)
    if core is None or core.source is not None or core.where is not None or len(core.columns) != 1:
        return None
    column = core.columns[0]
    found = column.expr if isinstance(column, nodes.ResultColumn) else None
    while isinstance(found, nodes.Unary):
        found = found.operand
    return row_by_row(found.select) if isinstance(found, nodes.Exists) else None


def _table_refs(query: BoundQuery) -> Iterator[nodes.TableRef]:
    for tree in (query.tree, *query.ctes.values()):
        for node in nodes.walk(tree):
            if isinstance(node, nodes.TableRef):
                yield node
