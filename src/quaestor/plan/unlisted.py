"""Texts that a column is compared with and that the catalog doesn't list among its values: `status = 'active'`.

Such a condition finds nobody, and looks like an answer. It may still be right, since vendors add values before they
document them: so it is told, and no error. Before: `plan.bind`. After: `run.selecting` tells it.
"""

from __future__ import annotations

from quaestor.errors import did_you_mean
from quaestor.plan.scope import BoundColumn
from quaestor.sql import nodes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from quaestor.plan.bind import BoundQuery

_EQUALITY = ("=", "==", "!=", "<>", "IS", "IS NOT")
#: Values that a note spells out.
_MOST_NAMED = 12


def unlisted(query: BoundQuery) -> list[str]:
    """What to tell people, once for each column and text."""
    found: dict[str, None] = {}
    for tree in (query.tree, *query.ctes.values()):
        for node in nodes.walk(tree):
            for operand, others in _compared(node):
                found |= dict.fromkeys(_told(query, operand, others))
    return list(found)


def _compared(node: nodes.Node) -> list[tuple[nodes.Expr, Sequence[nodes.Expr]]]:
    if isinstance(node, nodes.Binary) and node.op in _EQUALITY:
        return [(node.left, (node.right,)), (node.right, (node.left,))]
    if isinstance(node, nodes.InList):
        return [(node.operand, node.items)]
    return []


def _told(query: BoundQuery, operand: nodes.Expr, others: Sequence[nodes.Expr]) -> Iterator[str]:
    use = query.uses.get(operand.source) if isinstance(operand, BoundColumn) else None
    if use is None or not isinstance(operand, BoundColumn):
        return
    column = next((each for each in use.resource.columns if each.name == operand.column), None)
    if column is None or not column.enum or column.type != "string":
        return
    for other in others:
        if isinstance(other, nodes.Literal) and isinstance(other.value, str) and other.value not in column.enum:
            listed = ", ".join(column.enum[:_MOST_NAMED]) + (" …" if len(column.enum) > _MOST_NAMED else "")
            near = did_you_mean(other.value, column.enum)
            yield (
                f"no documented value of {use.resource.id}.{column.name} is '{other.value}'"
                f"{'; ' + near if near else ''} (documented: {listed})"
            )
