"""What a SELECT hands out: its columns, `*` spelt out, and their order.

Before: `plan.bind` has bound the FROM. After: it puts these into the tree.
"""

from __future__ import annotations

from quaestor.errors import BindError, counted, did_you_mean
from quaestor.plan import routes
from quaestor.plan.conditions import choose_route
from quaestor.plan.scope import BoundColumn, Output, Scope, ScopeSource
from quaestor.record import replace
from quaestor.sql import nodes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from quaestor.plan.bind import Binder, CteDefinition


def result_columns(
    binder: Binder, core: nodes.SelectCore, scope: Scope, ctes: dict[str, CteDefinition], prefix: str
) -> tuple[tuple[nodes.ResultColumn | nodes.Star, ...], tuple[Output, ...]]:
    """The columns of one part of a SELECT bound, `*` spelt out, and what they are to others."""
    columns: list[nodes.ResultColumn | nodes.Star] = []
    outputs: list[Output] = []
    for index, column in enumerate(core.columns):
        if isinstance(column, nodes.Star):
            expanded = _expand(binder, column, scope)
            if not expanded:
                raise _no_columns(binder, column, scope)
            for part, (name, expr, kind) in enumerate(expanded):
                internal = f"{prefix}{index}_{part}"
                columns.append(nodes.ResultColumn(expr, internal))
                outputs.append(Output(name, internal, kind))
            continue
        expr = binder.expression(column.expr, scope, ctes)
        internal = f"{prefix}{index}"
        columns.append(nodes.ResultColumn(expr, internal))
        outputs.append(Output(nodes.column_name(column, binder.text), internal, _type(expr, scope)))
    return tuple(columns), tuple(outputs)


def _no_columns(binder: Binder, star: nodes.Star, scope: Scope) -> BindError:
    """The error for a `*` that stands for nothing."""
    use = next((source.use for source in scope.sources if source.use is not None), None)
    if use is None:
        return binder.error("SELECT * without FROM", star)
    if not use.resource.by_verb("select"):
        return routes.explain_none(use.resource, use.server, (), set(), text=binder.text, position=use.pos)
    return BindError(
        f"{use.resource.id} has no columns: its answers have no fields that the catalog knows",
        text=binder.text,
        position=star.pos,
        hint="_raw is each answer as it came",
    )


def _expand(binder: Binder, star: nodes.Star, scope: Scope) -> list[tuple[str, nodes.Expr, str]]:
    """The columns that `*` or `t.*` stands for: of a resource, those that its route returns."""
    sources = [source for source in scope.sources if not star.path or source.answers_to(star.path)]
    if star.path and not sources:
        known = [".".join(source.path) for source in scope.sources]
        raise BindError(
            f"there is no table {'.'.join(star.path)} in this FROM",
            text=binder.text,
            position=star.pos,
            hint=did_you_mean(".".join(star.path), known),
        )
    expanded: list[tuple[str, nodes.Expr, str]] = []
    for source in sources:
        for name, column in star_columns(source):
            if name.casefold() in source.merged and not star.path:
                continue
            expr: nodes.Expr = BoundColumn(source.id, column)
            if not star.path and name.casefold() in scope.using:
                expr = scope.using[name.casefold()]
            elif source.use is not None:
                source.use.want(column)
            expanded.append((name, expr, source.type_of(column)))
    return expanded


def star_columns(source: ScopeSource) -> list[tuple[str, str]]:
    if source.use is None:
        return [(output.name, output.internal) for output in source.outputs]
    use = source.use
    route = choose_route(use) or choose_route(use, wanted=())
    method = route.method if route else routes.nearest(use.resource, {c.column for c in use.candidates})
    fields = method.columns if method is not None else use.resource.columns
    return [(field.name, field.name) for field in fields if not field.hidden]


def _type(expr: nodes.Expr, scope: Scope) -> str:
    if isinstance(expr, BoundColumn):
        source = scope.source(expr.source)
        return source.type_of(expr.column) if source is not None else "any"
    return "any"


def order_terms(
    binder: Binder,
    select: nodes.Select,
    cores: list[nodes.SelectCore | nodes.Values],
    outputs: tuple[Output, ...],
    scopes: list[Scope],
    ctes: dict[str, CteDefinition],
) -> tuple[nodes.OrderTerm, ...]:
    """Terms are a column's number, a result's name, or an expression; in a compound, one of its columns."""
    bound = []
    for term in select.order_by:
        collated = term.expr if isinstance(term.expr, nodes.Collate) else None
        expr = term.expr if collated is None else collated.operand
        new = _order_term(binder, expr, cores, outputs, scopes, ctes)
        if collated is not None:
            new = nodes.Collate(new, collated.collation)
        bound.append(replace(term, expr=new))
    return tuple(bound)


def _order_term(
    binder: Binder,
    expr: nodes.Expr,
    cores: list[nodes.SelectCore | nodes.Values],
    outputs: tuple[Output, ...],
    scopes: list[Scope],
    ctes: dict[str, CteDefinition],
) -> nodes.Expr:
    if isinstance(expr, nodes.Literal) and expr.kind == "integer":
        if not isinstance(expr.value, int) or not 1 <= expr.value <= len(outputs):
            raise binder.error(f"ORDER BY {expr.value!r}: the result has {counted(len(outputs), 'column')}", expr)
        return expr
    if isinstance(expr, nodes.ColumnRef) and len(expr.path) == 1:
        for index, output in enumerate(outputs):
            is_alias = output.name.casefold() in scopes[0].aliases or len(cores) > 1
            if is_alias and output.name.casefold() == expr.path[0].casefold():
                return nodes.Literal("integer", index + 1, pos=expr.pos, end=expr.end)
    if len(cores) == 1:
        return binder.expression(expr, scopes[0], ctes)
    for core, scope in zip(cores, scopes, strict=True):
        if isinstance(core, nodes.Values):
            continue
        try:
            new = binder.expression(expr, scope, ctes)
        except BindError:
            continue  # another part of the compound may know the name; if none does, the error is below
        for index, column in enumerate(core.columns):
            if isinstance(column, nodes.ResultColumn) and column.expr == new:
                return nodes.Literal("integer", index + 1, pos=expr.pos, end=expr.end)
    names = ", ".join(output.name for output in outputs)
    raise binder.error(f"ORDER BY over {select_word(len(cores))} takes one of its columns: {names}", expr)


def select_word(count: int) -> str:
    """How a message calls a SELECT of so many parts."""
    return "a compound SELECT" if count > 1 else "a SELECT"
