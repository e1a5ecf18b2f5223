"""FROM: its sources bound, and which conditions count for the rows of which source.

Part of `plan.bind`. A condition of an outer join says nothing about the rows of the side that the join keeps:
`note_filters` goes by that when it tells each resource which predicates may bind its parameters.
"""

from __future__ import annotations

from quaestor.errors import BindError, UnsupportedError, did_you_mean
from quaestor.plan import routes
from quaestor.plan.conditions import dependencies, note_candidates
from quaestor.plan.outputs import star_columns
from quaestor.plan.scope import FUNCTION_HIDDEN, TABLE_FUNCTIONS, Output, Scope, ScopeSource
from quaestor.plan.views import note_through
from quaestor.record import replace
from quaestor.sql import nodes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from quaestor.plan.bind import Binder, CteDefinition
    from quaestor.plan.scope import TableUse

#: Which sides a join keeps whole, filling the other with NULL.
KEPT = {"LEFT": (True, False), "RIGHT": (False, True), "FULL": (True, True)}


class Joined:
    """A FROM, or a part of it, bound.

    Attributes:
        node: the tree for SQLite; None for a SELECT without FROM.
        sources: ids in it, in order.
        conditions: of its ON; kind, left, right: of a join.
    """

    def __init__(
        self,
        node: nodes.Source | None,
        sources: tuple[ScopeSource, ...] = (),
        *,
        kind: str = "",
        left: Joined | None = None,
        right: Joined | None = None,
        on: list[nodes.Expr] | None = None,
    ) -> None:
        self.node = node
        self.sources = sources
        self.kind = kind
        self.left = left
        self.right = right
        self.on = on if on is not None else []

    def note_filters(self, binder: Binder, where: list[nodes.Expr]) -> None:
        """Tell every source which conditions its rows must satisfy; take out of `where` what holds by itself."""
        from_on = self._note(binder, [])
        taken: set[int] = set()
        for condition in where:
            for source in self.sources:
                note_through(source, condition, binder.uses, binder.ctes)
                if source.use is None:
                    continue
                if source.use.nullable:
                    self._check_nullable(binder, source, condition)
                if _holds(binder, source.use, condition, source.use.nullable):
                    taken.add(id(condition))
        where[:] = [condition for condition in where if id(condition) not in taken]
        for source in self.sources:
            binder.filters[source.id] = [*from_on.get(source.id, ()), *where]
        self.node = self._rebuilt()

    def _note(self, binder: Binder, around: list[tuple[list[nodes.Expr], bool]]) -> dict[int, list[nodes.Expr]]:
        """Conditions of ON for each source below, `around` being those of the joins above that count for them.

        With each list goes whether a join on the way down fills these sources with NULL.
        """
        if self.left is None or self.right is None:
            found: dict[int, list[nodes.Expr]] = {}
            for source in self.sources:
                counted: list[nodes.Expr] = []
                for conditions, is_filled in around:
                    taken = set()
                    for condition in conditions:
                        note_through(source, condition, binder.uses, binder.ctes)
                        if source.use is not None and _holds(binder, source.use, condition, is_filled):
                            taken.add(id(condition))
                    conditions[:] = [condition for condition in conditions if id(condition) not in taken]
                    counted += conditions
                found[source.id] = counted
            return found
        keeps_left, keeps_right = KEPT.get(self.kind, (False, False))
        for side, nullable in ((self.left, keeps_right), (self.right, keeps_left)):
            for source in side.sources:
                source.nullable = source.nullable or nullable
                if nullable and source.use is not None:
                    source.use.nullable = True
        before = list(self.on)
        below = [(conditions, is_filled or keeps_right) for conditions, is_filled in around]
        left = self.left._note(binder, below if keeps_left else [*below, (self.on, False)])
        below = [(conditions, is_filled or keeps_left) for conditions, is_filled in around]
        right = self.right._note(binder, below if keeps_right else [*below, (self.on, False)])
        # what the right side took holds by itself: the left side's list was made before
        gone = {id(condition) for condition in before} - {id(condition) for condition in self.on}
        return {
            source: [condition for condition in conditions if id(condition) not in gone]
            for source, conditions in {**left, **right}.items()
        }

    def _check_nullable(self, binder: Binder, source: ScopeSource, condition: nodes.Expr) -> None:
        """WHERE on a parameter of a table that may be all NULL: nobody can say what is meant."""
        use = source.use
        if use is None or not isinstance(condition, nodes.Binary) or condition.op != "=":
            return
        for side, other in ((condition.left, condition.right), (condition.right, condition.left)):
            column = getattr(side, "column", "") if getattr(side, "source", -1) == use.id else ""
            if not column or column in use.server_variables or getattr(other, "source", -1) == use.id:
                continue
            if routes.is_parameter_only(use.resource, column):
                written = binder.text[condition.pos : condition.end] if condition.pos >= 0 else f"{column} = …"
                raise BindError(
                    f"{column} is a parameter of {use.resource.id}, which this outer join may fill with NULL: "
                    "in WHERE it can't bind it",
                    text=binder.text,
                    position=condition.pos,
                    hint=f"move it into the join: ON … AND {written}",
                )

    def _rebuilt(self) -> nodes.Source | None:
        """The tree with what is left of the ON conditions."""
        if self.left is None or self.right is None or not isinstance(self.node, nodes.Join):
            if isinstance(self.node, nodes.Group) and self.left is not None:
                return self.node
            return self.node
        left, right = self.left._rebuilt(), self.right._rebuilt()
        assert left is not None
        assert right is not None
        on = None
        if self.node.on is not None or self.on:
            on = self.on[0] if len(self.on) == 1 else nodes.Logical("AND", tuple(self.on)) if self.on else None
            if on is None and self.kind in KEPT:
                on = nodes.Literal("true", True)  # an outer join keeps its ON, even when all of it holds
        if self.right.left is not None:
            right = nodes.Group(right)
        return replace(self.node, left=left, right=right, on=on)


def _holds(binder: Binder, use: TableUse, condition: nodes.Expr, is_filled: bool) -> bool:
    """Note a condition as a candidate of `use`; whether it holds for all its rows then, so that it can go.

    The rows of NULLs that an outer join adds (`is_filled`) aren't bound by anything: for them it must be tested,
    unless it is a setting of the whole scan.
    """
    holds = note_candidates(use, condition, binder.ctes)
    return holds and (not is_filled or use.candidates[-1].column in use.server_variables)


def bind_source(binder: Binder, source: nodes.Source, scope: Scope, ctes: dict[str, CteDefinition]) -> Joined:
    """Bind what stands in FROM, adding its sources to `scope`."""
    if isinstance(source, nodes.Join):
        return _join(binder, source, scope, ctes)
    if isinstance(source, nodes.Group):
        if source.alias is not None:
            star = nodes.Select((nodes.SelectCore((nodes.Star(pos=source.pos),), source.source, pos=source.pos),))
            return _leaf(_subquery(binder, nodes.SubqueryRef(star, source.alias, pos=source.pos), scope, ctes))
        return bind_source(binder, source.source, scope, ctes)
    if isinstance(source, nodes.TableRef):
        return _leaf(binder.table(source, scope, ctes))
    if isinstance(source, nodes.SubqueryRef):
        return _leaf(_subquery(binder, source, scope, ctes))
    if isinstance(source, nodes.TableFunction):
        return _leaf(_function(binder, source, scope, ctes))
    raise UnsupportedError(
        "SELECT from EXEC is not there: a SELECT changes nothing",
        text=binder.text,
        position=source.pos,
        hint="run EXEC by itself, it gives the rows of its answer",
    )


def _leaf(source: ScopeSource) -> Joined:
    return Joined(source.node, (source,))


def _join(binder: Binder, join: nodes.Join, scope: Scope, ctes: dict[str, CteDefinition]) -> Joined:
    left = bind_source(binder, join.left, scope, ctes)
    right = bind_source(binder, join.right, scope, ctes)
    sources = (*left.sources, *right.sources)
    inner = Scope(scope.parent, scope.text)  # ON sees the two sides, the SELECT's aliases, and what is around
    inner.sources = list(sources)
    inner.using = scope.using
    inner.aliases = scope.aliases
    on = binder.conditions(join.on, inner, ctes)
    if join.natural or join.using:
        on += _merge(binder, join, left, right, scope)
    node = replace(join, left=left.node, right=right.node, natural=False, using=(), on=on[0] if on else None)
    return Joined(node, sources, kind=join.kind, left=left, right=right, on=on)


def _merge(binder: Binder, join: nodes.Join, left: Joined, right: Joined, scope: Scope) -> list[nodes.Expr]:
    """USING and NATURAL as conditions; afterwards the column's bare name means one thing."""
    if join.natural:
        known = {name.casefold() for source in left.sources for name, _ in star_columns(source)}
        names = [name for source in right.sources for name, _ in star_columns(source) if name.casefold() in known]
    else:
        names = [name.text for name in join.using]
    conditions: list[nodes.Expr] = []
    for name in names:
        sides: list[nodes.Expr] = []
        for side in (left, right):
            merged = scope.using.get(name.casefold()) if side is left else None
            found = [source for source in side.sources if source.column(name) is not None]
            if merged is None and not found:
                raise BindError(
                    f"USING ({name}): the {'left' if side is left else 'right'} side has no such column",
                    text=binder.text,
                    position=join.pos,
                    hint=did_you_mean(name, [known for source in side.sources for known in source.all_names()]),
                )
            column = merged
            if column is None:
                bound = found[0].column(name)
                assert bound is not None
                column = bound
                if found[0].use is not None:
                    found[0].use.want(bound.column)
            sides.append(column)
            if side is right:
                for source in found:
                    source.merged.add(name.casefold())
        conditions.append(nodes.Binary("=", sides[0], sides[1], pos=join.pos, end=join.end))
        scope.using[name.casefold()] = {
            "RIGHT": sides[1],
            "FULL": nodes.Function("coalesce", (sides[0], sides[1])),
        }.get(join.kind, sides[0])
    return conditions


def _subquery(binder: Binder, ref: nodes.SubqueryRef, scope: Scope, ctes: dict[str, CteDefinition]) -> ScopeSource:
    select, outputs = binder.select(ref.select, scope.parent, ctes)
    source = binder.next_source()
    node = nodes.SubqueryRef(select, f"t{source}", pos=ref.pos)
    return binder.add_source(ScopeSource(source, (ref.alias or "",), node, outputs=outputs), scope)


def _function(binder: Binder, ref: nodes.TableFunction, scope: Scope, ctes: dict[str, CteDefinition]) -> ScopeSource:
    name = ref.path[-1].casefold()
    if name not in TABLE_FUNCTIONS:
        raise BindError(
            f"there is no table function {ref.path[-1]}",
            text=binder.text,
            position=ref.pos,
            hint=did_you_mean(name, tuple(TABLE_FUNCTIONS)) or f"there are {', '.join(TABLE_FUNCTIONS)}",
        )
    args = tuple(binder.expression(arg, scope, ctes) for arg in ref.args)
    depends, _ = dependencies(args, binder.ctes)
    source = binder.next_source()
    node = nodes.TableFunction((name,), args, f"t{source}", pos=ref.pos)
    outputs = tuple(Output(column, column) for column in TABLE_FUNCTIONS[name])
    return binder.add_source(
        ScopeSource(
            source,
            (ref.alias or ref.path[-1],),
            node,
            outputs=outputs,
            hidden=FUNCTION_HIDDEN,
            depends=depends,
        ),
        scope,
    )
