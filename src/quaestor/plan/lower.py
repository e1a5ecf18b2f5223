"""The tree for SQLite: bound tables become the tables of their scans, bound columns `t3.c1`.

Before: `plan.scans` decided which scan serves which table. After: `sql.printer` writes the text, `run.executor`
gives it to SQLite.
"""

from __future__ import annotations

from quaestor.plan.scope import BoundColumn, BoundTable
from quaestor.record import replace
from quaestor.sql import nodes
from quaestor.sql.printer import to_sql

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    from quaestor.plan.model import Plan

    N = TypeVar("N", bound=nodes.Node)


def lower_expression(expr: nodes.Expr) -> str:
    """SQL of an expression that refers to no table."""
    return to_sql(nodes.transform(expr, _named_parameter))


def _named_parameter(node: nodes.Node) -> nodes.Node:
    """`?` and `?3` become `:_<index>`: a part of the statement may have some of them only, so counting won't do."""
    return replace(node, name=f":_{node.index}") if isinstance(node, nodes.Parameter) and not node.name else node


def lower(select: nodes.Select, plan: Plan) -> str:
    """SQL over the tables of the plan's scans: the statement itself, or the keys of a scan."""
    # those that refer to no query around them can stand before everything; a SELECT at the top has no others
    ctes = tuple(cte for name, cte in plan.query.ctes.items() if name not in plan.query.correlated)
    whole = replace(select, with_=nodes.With(ctes, recursive=True)) if ctes else select
    return to_sql(lowered(whole, plan))


def lowered(node: N, plan: Plan) -> N:
    """A part of a bound tree as SQLite can read it."""
    tables = {use: scan.table for scan in plan.scans for use in scan.uses}
    positions = {
        (use, column.name): index
        for scan in plan.scans
        for use in scan.uses
        for index, column in enumerate(scan.columns)
    }

    def change(node: nodes.Node) -> nodes.Node:
        if isinstance(node, BoundTable):
            return nodes.TableRef((tables[node.source],), f"t{node.source}")
        if isinstance(node, BoundColumn):
            index = positions.get((node.source, node.column))
            name = node.column if index is None else f"c{index}"
            return nodes.ColumnRef((f"t{node.source}", name))
        return _named_parameter(node)

    return nodes.transform(node, change)
