"""Names bound to the catalog: tables to resources, columns to fields and parameters, scope by scope.

Before: `sql.parser` made the tree. After: `plan.scans` chooses routes from the `TableUse`s and their candidates,
`plan.lower` prints the tree for SQLite. Unknown and ambiguous names fail here, before any request.

Every source gets an alias of ours (`t3`) and every column of a derived table an internal name (`o2_0`), so the
rewritten statement has no name that could mean two things.
"""

from __future__ import annotations

from quaestor.errors import BindError, counted
from quaestor.plan.conditions import candidate, conjunction, conjuncts, dependencies
from quaestor.plan.joins import Joined, bind_source
from quaestor.plan.naming import FAILURES, Naming
from quaestor.plan.outputs import order_terms, result_columns
from quaestor.plan.scope import (
    BoundColumn,
    BoundTable,
    Output,
    Scope,
    ScopeSource,
    TableUse,
)
from quaestor.plan.views import bind_document_view, bind_local, without_unused
from quaestor.record import Record, replace
from quaestor.sql import nodes
from quaestor.values import ResultColumn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeVar

    from quaestor.catalog.catalog import Catalog
    from quaestor.plan.naming import LocalTable
    from quaestor.plan.views import Workspace

    N = TypeVar("N", bound=nodes.Node)


class BoundQuery(Record):
    """A SELECT whose every name is known.

    Attributes:
        tree: with BoundTable and BoundColumn in place of names; its columns have internal names.
        uses: the resources read, by source id.
        sources: every source of the statement, by id.
        ctes: bound common table expressions by internal name, in the order in which they can be defined.
        columns: of the result, as people see them.
        filters: for each source, conditions that rows of it satisfy or don't count.
        local: schemas of tables that SQLite has at hand (`plan.views`).
        correlated: of the CTEs, those that refer to a query around them: they stay where they are written.
    """

    tree: nodes.Select
    uses: dict[int, TableUse]
    sources: dict[int, ScopeSource]
    ctes: dict[str, nodes.Cte]
    columns: tuple[ResultColumn, ...]
    filters: dict[int, tuple[nodes.Expr, ...]]
    local: tuple[str, ...] = ()
    correlated: frozenset[str] = frozenset()


def bind(
    select: nodes.Select,
    catalog: Catalog,
    connections: Mapping[str, str],
    *,
    text: str = "",
    default: tuple[str, ...] = (),
    groups: Mapping[str, tuple[str, ...]] | None = None,
    workspace: Workspace | None = None,
) -> BoundQuery:
    """Bind a SELECT.

    Args:
        connections: name of each connection to its provider's.
        text: the script that the tree was read from.
        default: what USE named: a connection, or a connection and a service.
        groups: names that stand for several connections.
        workspace: finds tables and views that are no resources.

    Raises BindError, and UnsupportedError for what this version doesn't run yet.
    """
    binder = Binder(Naming(catalog, connections, groups or {}, text), connections, text, default)
    binder.workspace, binder.statement = workspace, select
    tree, outputs = binder.select(select, None, {})
    if any(source.parameters for source in binder.sources.values()):
        tree = _without_idle(binder, tree)
    _note_wanted(binder, tree)
    columns = tuple(ResultColumn(output.name, output.type) for output in outputs)
    filters = {source: tuple(conditions) for source, conditions in binder.filters.items()}
    local, correlated = tuple(binder.local), frozenset(binder.correlated)
    return BoundQuery(tree, binder.uses, binder.sources, binder.ctes, columns, filters, local, correlated)


class CteDefinition:
    """A CTE by its name: bound when it is first used."""

    def __init__(self, cte: nodes.Cte, scope: Scope | None, around: dict[str, CteDefinition]) -> None:
        self.cte = cte
        self.scope = scope
        self.around = around
        self.internal = ""
        self.outputs: tuple[Output, ...] = ()
        self.is_open = False


class Binder:
    """The state of binding one statement."""

    def __init__(
        self, naming: Naming, connections: Mapping[str, str], text: str, default: tuple[str, ...] = ()
    ) -> None:
        self.naming = naming
        self.connections = connections
        self.text = text
        self.default = default
        self.uses: dict[int, TableUse] = {}
        self.sources: dict[int, ScopeSource] = {}
        self.ctes: dict[str, nodes.Cte] = {}
        self.correlated: set[str] = set()
        self.filters: dict[int, list[nodes.Expr]] = {}
        self._selects = 0
        self.workspace: Workspace | None = None
        self.local: dict[str, None] = {}  # schemas of local tables
        self.views: list[str] = []  # that are being expanded, from the outermost
        self.expanded = 0
        self.statement: nodes.Select | None = None
        self._mentioned: set[str] | None = None

    def mentioned(self) -> set[str]:
        """The names of columns that stand anywhere in the statement, folded."""
        if self._mentioned is None and self.statement is not None:
            refs = (node for node in nodes.walk(self.statement) if isinstance(node, nodes.ColumnRef))
            self._mentioned = {ref.path[-1].casefold() for ref in refs}
        return self._mentioned or set()

    # ------------------------------------------------------------------------------------ statements

    def select(
        self,
        select: nodes.Select,
        parent: Scope | None,
        ctes: dict[str, CteDefinition],
        on_first: Callable[[tuple[Output, ...]], None] | None = None,
    ) -> tuple[nodes.Select, tuple[Output, ...]]:
        """A SELECT bound, and its columns.

        Args:
            ctes: those visible around it.
            on_first: told the columns as soon as its first part is bound: a recursive CTE needs them.
        """
        visible = dict(ctes)
        for cte in select.with_.ctes if select.with_ else ():
            visible[cte.name.casefold()] = CteDefinition(cte, parent, visible)
        bound: list[nodes.SelectCore | nodes.Values] = []
        outputs: tuple[Output, ...] = ()
        scopes: list[Scope] = []
        for core in select.cores:
            new, core_outputs, scope = self._core(core, parent, visible)
            if bound and len(core_outputs) != len(outputs):
                width = counted(len(outputs), "column")
                raise self.error(f"{select.operators[len(bound) - 1]} joins {width} with {len(core_outputs)}", core)
            if not bound:
                outputs = core_outputs
                if on_first is not None:
                    on_first(outputs)
            bound.append(new)
            scopes.append(scope)
        order_by = order_terms(self, select, bound, outputs, scopes, visible)
        limit, offset = (
            None if part is None else self.expression(part, Scope(None, self.text), visible)
            for part in (select.limit, select.offset)
        )
        with_ = self._correlated_here(select, visible)
        tree = nodes.Select(
            tuple(bound), select.operators, with_, order_by, limit, offset, pos=select.pos, end=select.end
        )
        return tree, outputs

    def _core(
        self, core: nodes.SelectCore | nodes.Values, parent: Scope | None, ctes: dict[str, CteDefinition]
    ) -> tuple[nodes.SelectCore | nodes.Values, tuple[Output, ...], Scope]:
        self._selects += 1
        prefix = f"o{self._selects}_"
        scope = Scope(parent, self.text)
        if isinstance(core, nodes.Values):
            return self._values(core, scope, ctes)
        for index, column in enumerate(core.columns):
            if isinstance(column, nodes.ResultColumn) and column.alias is not None:
                scope.aliases[column.alias.casefold()] = f"{prefix}{index}"
        joined = bind_source(self, core.source, scope, ctes) if core.source is not None else Joined(None)
        where = self.conditions(core.where, scope, ctes)
        joined.note_filters(self, where)
        columns, outputs = result_columns(self, core, scope, ctes, prefix)
        group_by = tuple(self.expression(expr, scope, ctes) for expr in core.group_by)
        having = None if core.having is None else self.expression(core.having, scope, ctes)
        windows = tuple(replace(named, window=self._rebuild(named.window, scope, ctes)) for named in core.windows)
        bound = nodes.SelectCore(
            columns, joined.node, conjunction(where), group_by, having, windows, core.distinct, pos=core.pos
        )
        return bound, outputs, scope

    def _values(
        self, core: nodes.Values, scope: Scope, ctes: dict[str, CteDefinition]
    ) -> tuple[nodes.Values, tuple[Output, ...], Scope]:
        rows = tuple(tuple(self.expression(expr, scope, ctes) for expr in row) for row in core.rows)
        if any(len(row) != len(rows[0]) for row in rows):
            raise self.error("all rows of VALUES must have the same number of columns", core)
        # SQLite names the columns of VALUES itself, and they can't be renamed in place
        outputs = tuple(Output(f"column{i + 1}", f"column{i + 1}") for i in range(len(rows[0])))
        return replace(core, rows=rows), outputs, scope

    def conditions(self, where: nodes.Expr | None, scope: Scope, ctes: dict[str, CteDefinition]) -> list[nodes.Expr]:
        """WHERE as a list of conditions that all must hold; settings of the scans are taken out of it."""
        kept: list[nodes.Expr] = []
        for condition in conjuncts(where):
            if not self._take_shared_setting(condition, scope, ctes):
                kept.append(self.expression(condition, scope, ctes))
        return kept

    def _take_shared_setting(self, condition: nodes.Expr, scope: Scope, ctes: dict[str, CteDefinition]) -> bool:
        """`subdomain = 'x'` over a join sets the variable of every table that has it (as StackQL does)."""
        if not (isinstance(condition, nodes.Binary) and condition.op == "="):
            return False
        for ref, value in ((condition.left, condition.right), (condition.right, condition.left)):
            if not isinstance(ref, nodes.ColumnRef) or len(ref.path) > 1:
                continue
            tables = [s.use for s in scope.sources if s.use and ref.path[0] in s.use.server_variables]
            if len(tables) < 2:
                continue
            bound = self.expression(value, scope, ctes)
            for use in tables:
                use.candidates.append(candidate(ref.path[0], (bound,), None, condition.pos, self.ctes))
            return all(use.candidates[-1].is_constant for use in tables)
        return False

    # ------------------------------------------------------------------------------------ expressions

    def expression(self, expr: nodes.Expr, scope: Scope, ctes: dict[str, CteDefinition]) -> nodes.Expr:
        """An expression with every name bound."""
        if isinstance(expr, nodes.ColumnRef):
            return scope.resolve(expr)
        if isinstance(expr, nodes.Literal | nodes.Parameter):
            return expr
        if isinstance(expr, nodes.InTable):
            return self._in_table(expr, scope, ctes)
        return self._rebuild(expr, scope, ctes)

    def _rebuild(self, node: N, scope: Scope, ctes: dict[str, CteDefinition]) -> N:
        """A node of an expression with its parts bound; a SELECT in it gets a scope of its own."""
        values = [self._part(getattr(node, field), scope, ctes) for field in node.__parts__]
        return type(node)(*values, pos=node.pos, end=node.end)

    def _part(self, value: object, scope: Scope, ctes: dict[str, CteDefinition]) -> object:
        if isinstance(value, nodes.Select):
            return self.select(value, scope, ctes)[0]
        if isinstance(value, nodes.Expr):
            return self.expression(value, scope, ctes)
        if isinstance(value, nodes.Node):
            return self._rebuild(value, scope, ctes)
        if isinstance(value, tuple):
            return tuple(self._part(item, scope, ctes) for item in value)
        return value

    def _in_table(self, expr: nodes.InTable, scope: Scope, ctes: dict[str, CteDefinition]) -> nodes.Expr:
        """`x IN t` is `x IN (SELECT * FROM t)`."""
        core = nodes.SelectCore((nodes.Star(pos=expr.table.pos),), expr.table, pos=expr.table.pos)
        select = nodes.Select((core,), pos=expr.table.pos, end=expr.table.end)
        inside = nodes.InSelect(expr.operand, select, expr.negated, pos=expr.pos, end=expr.end)
        return self.expression(inside, scope, ctes)

    # ----------------------------------------------------------------------------------------- tables

    def add_source(self, source: ScopeSource, scope: Scope) -> ScopeSource:
        """A source becomes part of a scope."""
        self.sources[source.id] = source
        scope.sources.append(source)
        return source

    def next_source(self) -> int:
        """The id of a new source."""
        return len(self.sources)

    def table(self, ref: nodes.TableRef, scope: Scope, ctes: dict[str, CteDefinition]) -> ScopeSource:
        """What a name in FROM means: a CTE, or a resource of a connection."""
        path = ref.path
        if len(path) == 1 and path[0].casefold() in ctes:
            return self._cte(ref, ctes[path[0].casefold()], scope)
        local = bind_local(self, ref, scope) if len(path) < 3 else None
        if local is not None:
            return local
        if tuple(part.casefold() for part in path) == FAILURES.path:
            return self._local(ref, FAILURES, scope)
        if len(path) < 3 and self.default:
            path = (*self.default[: 3 - len(path)], *path)
        if len(path) != 3:
            raise self._not_a_table(ref)
        connection, service, name = path
        use = self._use(ref, connection, service, name)
        if use.resource.view:
            return bind_document_view(self, ref, use, connection, scope)
        self.uses[use.id] = use
        called = (ref.alias,) if ref.alias else path
        return self.add_source(ScopeSource(use.id, called, BoundTable(use.id, pos=ref.pos), use=use), scope)

    def _local(self, ref: nodes.TableRef, table: LocalTable, scope: Scope) -> ScopeSource:
        source = self.next_source()
        node = nodes.TableRef((table.table,), f"t{source}", pos=ref.pos)
        outputs = tuple(Output(name, name, kind) for name, kind in table.columns)
        called = (ref.alias,) if ref.alias else table.path
        return self.add_source(ScopeSource(source, called, node, outputs=outputs), scope)

    def _use(self, ref: nodes.TableRef, connection: str, service: str, name: str) -> TableUse:
        members, provider = self.naming.connections(connection, ref)
        resource = self.naming.resource(provider, service, name, ref)
        return TableUse(self.next_source(), members, resource, provider.server, ref.pos)

    def _not_a_table(self, ref: nodes.TableRef) -> BindError:
        name = ".".join(ref.path)
        if len(ref.path) > 3:
            return self.error(f"{name} has too many parts: a table is connection.service.resource", ref)
        if ref.path[0] in self.connections:
            missing = "a service and a resource" if len(ref.path) == 1 else "a resource"
            provider = self.connections[ref.path[0]]
            show = f"SHOW SERVICES IN {provider}" if len(ref.path) == 1 else f"SHOW RESOURCES IN {name}"
            return BindError(f"{name} lacks {missing}", text=self.text, position=ref.pos, hint=f"{show} lists them")
        return BindError(
            f"there is no table {name}",
            text=self.text,
            position=ref.pos,
            hint="a table is connection.service.resource, such as okta.users.users, or a CTE",
        )

    # ------------------------------------------------------------------------------------------- CTEs

    def _cte(self, ref: nodes.TableRef, definition: CteDefinition, scope: Scope) -> ScopeSource:
        if not definition.internal:
            self._bind_cte(definition)
        elif definition.is_open and not definition.outputs:
            raise self.error(f"{definition.cte.name} refers to itself before its first SELECT is known", ref)
        source = self.next_source()
        node = nodes.TableRef((definition.internal,), f"t{source}", pos=ref.pos)
        called = (ref.alias or ref.path[-1],)
        return self.add_source(ScopeSource(source, called, node, outputs=definition.outputs), scope)

    def _bind_cte(self, definition: CteDefinition) -> None:
        cte = definition.cte
        self._selects += 1
        number = self._selects
        definition.internal = f"w{number}"
        definition.is_open = True
        names = [name.text for name in cte.columns]

        def publish(outputs: tuple[Output, ...]) -> None:
            definition.outputs = self._cte_outputs(cte, names, outputs, number)

        select, _ = self.select(cte.select, definition.scope, definition.around, publish)
        definition.is_open = False
        named = {node.path[0] for node in nodes.walk(select) if isinstance(node, nodes.TableRef)}
        if dependencies([select], self.ctes)[0] or named & self.correlated:
            self.correlated.add(definition.internal)
        columns = tuple(nodes.Name(output.internal) for output in definition.outputs)
        self.ctes[definition.internal] = nodes.Cte(definition.internal, columns, select, cte.materialized)

    def _correlated_here(self, select: nodes.Select, visible: dict[str, CteDefinition]) -> nodes.With | None:
        """The CTEs of a SELECT that refer to queries around it: only there do they mean anything."""
        own = [visible[cte.name.casefold()].internal for cte in select.with_.ctes] if select.with_ else []
        kept = tuple(self.ctes[name] for name in own if name in self.correlated)
        return nodes.With(kept, recursive=True) if kept else None

    def _cte_outputs(
        self, cte: nodes.Cte, names: list[str], outputs: tuple[Output, ...], number: int
    ) -> tuple[Output, ...]:
        if names and len(names) != len(outputs):
            raise self.error(f"{cte.name} names {len(names)} columns, its SELECT has {len(outputs)}", cte)
        return tuple(
            Output(names[i] if names else output.name, f"x{number}_{i}", output.type)
            for i, output in enumerate(outputs)
        )

    def error(self, message: str, node: nodes.Node) -> BindError:
        """An error at a node's place."""
        return BindError(message, text=self.text, position=node.pos)


# ----------------------------------------------------------------------------------------- small pieces


def _without_idle(binder: Binder, tree: nodes.Select) -> nodes.Select:
    """The tree, and the CTEs, without parameters of views that nothing refers to in the end."""
    candidates = [candidate for use in binder.uses.values() for candidate in use.candidates]
    values: list[nodes.Node] = [value for candidate in candidates for value in candidate.values]
    for internal, cte in list(binder.ctes.items()):
        binder.ctes[internal] = replace(cte, select=without_unused(cte.select, binder.sources, [tree, *values]))
    return without_unused(tree, binder.sources, [*binder.ctes.values(), *values])


def _note_wanted(binder: Binder, tree: nodes.Select) -> None:
    """What is read of each resource in the end: a predicate that holds by being bound reads nothing any more."""
    for use in binder.uses.values():
        use.wanted.clear()
    candidates = [candidate for use in binder.uses.values() for candidate in use.candidates]
    trees: list[nodes.Node] = [tree, *binder.ctes.values(), *(value for c in candidates for value in c.values)]
    for part in trees:
        for node in nodes.walk(part):
            if isinstance(node, BoundColumn) and node.source in binder.uses:
                binder.uses[node.source].want(node.column)
