"""Conditions: taken apart, what they depend on, and which of them could bind a parameter.

Before: `plan.bind` has bound them. After: `plan.scans` makes constants and keys of the candidates, `choose_route` a
route.
"""

from __future__ import annotations

from quaestor.plan import routes
from quaestor.plan.scope import BoundColumn, BoundTable, Candidate
from quaestor.sql import nodes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quaestor.plan.scope import TableUse


def candidate(
    column: str,
    values: tuple[nodes.Expr, ...],
    select: nodes.Select | None,
    pos: int,
    ctes: Mapping[str, nodes.Cte],
) -> Candidate:
    """What a predicate offers for a column, and what it depends on."""
    inside = [*values, *([select] if select is not None else [])]
    free, uses = dependencies(inside, ctes)
    return Candidate(column, values, select, free, uses, pos)


def note_candidates(use: TableUse, condition: nodes.Expr, ctes: Mapping[str, nodes.Cte]) -> bool:
    """Note a condition that could bind a column of `use`; True if it holds by being bound and can go.

    It holds by itself where the column is a parameter and no field: the rows then read as the bound value.
    """
    pairs: list[tuple[nodes.Expr, tuple[nodes.Expr, ...], nodes.Select | None]] = []
    if isinstance(condition, nodes.Binary) and condition.op == "=":
        pairs = [(condition.left, (condition.right,), None), (condition.right, (condition.left,), None)]
    elif isinstance(condition, nodes.InList) and not condition.negated and condition.items:
        pairs = [(condition.operand, condition.items, None)]
    elif isinstance(condition, nodes.InSelect) and not condition.negated:
        pairs = [(condition.operand, (), condition.select)]
    for column, values, select in pairs:
        if not isinstance(column, BoundColumn) or column.source != use.id:
            continue
        if any(isinstance(value, nodes.Collate | nodes.RowValue) or _has_alias(value) for value in values):
            continue
        offered = candidate(column.column, values, select, condition.pos, ctes)
        if use.id in offered.free or not _binds(use, column.column):
            continue
        if select is not None and offered.free:
            continue  # another set for each row outside: no SELECT of its own could list the values
        use.candidates.append(offered)
        return offered.is_constant and routes.is_parameter_only(use.resource, column.column)
    return False


def _binds(use: TableUse, column: str) -> bool:
    if column in use.server_variables or column == routes.CONNECTION:
        return True
    return any(routes.parameter_of(method, column) for method in use.resource.by_verb("select"))


def _has_alias(expr: nodes.Expr) -> bool:
    """Whether it refers to a result alias, which has a value only inside the statement."""
    return any(isinstance(node, nodes.ColumnRef) for node in nodes.walk(expr))


def conjuncts(expr: nodes.Expr | None) -> list[nodes.Expr]:
    """The conditions that AND joins, in order."""
    if expr is None:
        return []
    if isinstance(expr, nodes.Logical) and expr.op == "AND":
        return [part for operand in expr.operands for part in conjuncts(operand)]
    return [expr]


def conjunction(conditions: list[nodes.Expr]) -> nodes.Expr | None:
    """One expression that holds where all of them do; None for none."""
    if len(conditions) < 2:
        return conditions[0] if conditions else None
    return nodes.Logical("AND", tuple(conditions))


def fails_for_null(condition: nodes.Expr, sources: set[int]) -> bool:
    """Whether a condition surely fails on the rows of NULLs that an outer join adds for each of these sources.

    One that may hold for them (`x.id IS NULL`) says nothing about which rows must be read: a row left out would come
    back as one of NULLs.
    """
    operands: tuple[nodes.Expr, ...] = ()
    if isinstance(condition, nodes.Binary) and condition.op in ("=", "==", "<>", "!=", "<", "<=", ">", ">="):
        operands = (condition.left, condition.right)
    elif isinstance(condition, nodes.InList) and condition.items:
        operands = (condition.operand,)
    return sources <= {operand.source for operand in operands if isinstance(operand, BoundColumn)}


def sources_within(tree: nodes.Node, ctes: Mapping[str, nodes.Cte]) -> tuple[frozenset[int], frozenset[int]]:
    """The sources that stand in FROM somewhere in a bound tree, and those of them that are resources."""
    defined: set[int] = set()
    uses: set[int] = set()
    seen: set[str] = set()
    waiting: list[nodes.Node] = [tree]
    while waiting:
        for node in nodes.walk(waiting.pop()):
            if isinstance(node, BoundTable):
                defined.add(node.source)
                uses.add(node.source)
            elif isinstance(node, nodes.TableRef | nodes.TableFunction | nodes.SubqueryRef):
                if node.alias:
                    defined.add(int(node.alias[1:]))
                if isinstance(node, nodes.TableRef) and node.path[0] in ctes and node.path[0] not in seen:
                    seen.add(node.path[0])
                    waiting.append(ctes[node.path[0]])
    return frozenset(defined), frozenset(uses)


def dependencies(trees: Sequence[nodes.Node], ctes: Mapping[str, nodes.Cte]) -> tuple[frozenset[int], frozenset[int]]:
    """The sources outside bound expressions that they refer to, and the resources read inside them."""
    free: set[int] = set()
    uses: set[int] = set()
    for tree in trees:
        defined, inside = sources_within(tree, ctes)
        uses |= inside
        free |= {node.source for node in nodes.walk(tree) if isinstance(node, BoundColumn)} - defined
    return frozenset(free), frozenset(uses)


def choose_route(use: TableUse, *, wanted: tuple[str, ...] | None = None) -> routes.Route | None:
    """The route of a table by what the statement says of it: constants if they do, else what it joins too."""
    columns = tuple(use.wanted) if wanted is None else wanted
    constants = [candidate for candidate in use.candidates if candidate.is_constant]
    return route_by(use, constants, columns) or route_by(use, use.candidates, columns)


def route_by(use: TableUse, candidates: Sequence[Candidate], wanted: tuple[str, ...]) -> routes.Route | None:
    """The route of a table by just these candidates, None if they aren't enough."""
    bound = {candidate.column for candidate in candidates} - set(use.server_variables)
    required = {column for column in bound if routes.is_parameter_only(use.resource, column)}
    return routes.choose(use.resource, use.server, wanted, bound, required)
