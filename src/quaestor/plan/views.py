"""Names that mean something of the workspace: a local table, a view, `information_schema`.

Part of `plan.bind`, which asks here for every name in FROM that isn't a CTE and has no three parts. A view's SELECT
takes the place of its name, each time anew; conditions on its columns are told to the resources inside
(`note_through`), so that `WHERE userId = '…'` outside becomes a request with that key. Before: `run.workspace.file`
knows what there is. After: `plan.scans` and `plan.lower` see subqueries and tables like any other.
"""

from __future__ import annotations

from quaestor.errors import BindError, CatalogError, QuaestorError
from quaestor.plan.conditions import conjunction, conjuncts, note_candidates
from quaestor.plan.scope import BoundColumn, BoundTable, Output, ScopeSource
from quaestor.plan.shape import aggregates
from quaestor.record import Record, replace
from quaestor.sql import nodes
from quaestor.sql.parser import parse_script

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Protocol, TypeAlias

    from quaestor.catalog.model import Resource
    from quaestor.plan.bind import Binder
    from quaestor.plan.scope import Scope, TableUse

    class Workspace(Protocol):
        """Finds what a name means outside the catalog."""

        def find(self, schema: str, name: str) -> Local | None:
            """The object of this name; `schema` is empty, or `workspace`, `temp`, `information_schema`."""
            ...


#: The schemas that a name can be qualified with.
SCHEMAS = ("workspace", "temp", "information_schema")
#: The most views that one statement may expand to.
MOST_VIEWS = 1000


class CircleError(BindError):
    """A view that is made of itself; it names the whole circle."""


class LocalTable(Record):
    """A table that SQLite has at hand: of the workspace, of this session, or of `information_schema`.

    Attributes:
        schema: as people write it.
        path: in SQL for SQLite.
        columns: names and types; `hidden` columns aren't part of `*`.
    """

    schema: str
    name: str
    path: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    hidden: tuple[str, ...] = ()


class StoredView(Record):
    """A view: its SELECT as text, names of its columns if it gives any, and what USE named when it was made."""

    schema: str
    name: str
    sql: str
    columns: tuple[str, ...] = ()
    default: tuple[str, ...] = ()


if TYPE_CHECKING:
    Local: TypeAlias = LocalTable | StoredView


def find(workspace: Workspace, path: tuple[str, ...]) -> Local | None:
    """What a name of one or two parts means in the workspace."""
    if len(path) == 1:
        return workspace.find("", path[0])
    if len(path) == 2 and path[0].casefold() in SCHEMAS:
        return workspace.find(path[0].casefold(), path[1])
    return None


def bind_local(binder: Binder, ref: nodes.TableRef, scope: Scope) -> ScopeSource | None:
    """The source that a name means if it is one of the workspace. Raises BindError if it is a resource too."""
    found = find(binder.workspace, ref.path) if binder.workspace is not None else None
    if found is None:
        return None
    _check_default(binder, ref, found)
    binder.local[found.schema] = None
    if isinstance(found, StoredView):
        return _view(binder, ref, found, scope)
    source = binder.next_source()
    outputs = tuple(Output(name, name, kind) for name, kind in found.columns)
    node = nodes.TableRef(found.path, f"t{source}", pos=ref.pos)
    called = (ref.alias,) if ref.alias else ref.path
    return binder.add_source(ScopeSource(source, called, node, outputs=outputs, hidden=found.hidden), scope)


def bind_document_view(
    binder: Binder, ref: nodes.TableRef, use: TableUse, connection: str, scope: Scope
) -> ScopeSource:
    """The source of a resource that a provider's document gives as a SELECT. What it reads is read over the
    connection that the statement names."""
    view = StoredView("", use.resource.id, use.resource.view)
    tree = document_view(use.resource, connection)
    return _view(binder, ref, view, scope, tree)


def document_view(resource: Resource, connection: str) -> nodes.Select:
    """The SELECT of a document's view, its own provider's resources read over `connection`.

    StackQL puts the value of a condition in place of `'{{ name }}'`; here the condition on the column does it, so
    that such a part of WHERE is left out. Raises CatalogError for what is no SELECT.
    """
    view = StoredView("", resource.id, resource.view)
    try:
        select = select_of(view)
    except (QuaestorError, IndexError) as error:
        raise CatalogError(f"the view {resource.id} can't be read: {error}") from error
    select = nodes.transform(select, _without_marks)

    def moved(node: nodes.Node) -> nodes.Node:
        if isinstance(node, nodes.TableRef) and len(node.path) == 3 and node.path[0] == resource.provider:
            return replace(node, path=(connection, *node.path[1:]))
        return node

    return nodes.transform(select, moved)


def _without_marks(node: nodes.Node) -> nodes.Node:
    if not isinstance(node, nodes.SelectCore) or node.where is None:
        return node
    kept = [part for part in conjuncts(node.where) if not _has_mark(part)]
    return replace(node, where=conjunction(kept))


def _has_mark(condition: nodes.Expr) -> bool:
    """Whether a condition is `name = '{{ name }}'`, in quotes or not."""
    if (
        not isinstance(condition, nodes.Binary)
        or condition.op != "="
        or not isinstance(condition.left, nodes.ColumnRef)
    ):
        return False
    value = condition.right
    parts = value.parts if isinstance(value, nodes.StringTemplate) else (value,)
    return len(parts) == 1 and isinstance(parts[0], nodes.Placeholder) and parts[0].path == condition.left.path[-1:]


def _check_default(binder: Binder, ref: nodes.TableRef, found: Local) -> None:
    """One name, two meanings: nobody should have to know which comes first."""
    path = (*binder.default[: 3 - len(ref.path)], *ref.path)
    if len(path) == 3 and _is_resource(binder, path, ref):
        name = ".".join(ref.path)
        raise BindError(
            f"{name} is two things: {found.schema}.{found.name}, and by USE {'.'.join(path)}",
            text=binder.text,
            position=ref.pos,
            hint=f"write {found.schema}.{found.name}, or {'.'.join(path)}",
        )


def _is_resource(binder: Binder, path: tuple[str, ...], ref: nodes.TableRef) -> bool:
    try:
        _, provider = binder.naming.connections(path[0], ref)
        binder.naming.resource(provider, path[1], path[2], ref)
    except BindError:
        return False
    return True


# ---------------------------------------------------------------------------------------------- views


def _view(
    binder: Binder, ref: nodes.TableRef, view: StoredView, scope: Scope, tree: nodes.Select | None = None
) -> ScopeSource:
    """The view's SELECT in the place of its name: its text, unless its tree is given."""
    name = view.name.casefold()
    if name in binder.views:
        circle = [*binder.views[binder.views.index(name) :], name]
        said = f"the view {view.name} is made of itself: {' → '.join(circle)}"
        raise CircleError(said, text=binder.text, position=ref.pos)
    binder.expanded += 1
    if binder.expanded > MOST_VIEWS:
        raise BindError(
            f"the statement is made of more than {MOST_VIEWS:,} views", text=binder.text, position=ref.pos
        )
    default, binder.default = binder.default, view.default
    binder.views.append(name)
    try:
        tree, outputs = binder.select(_at(tree or select_of(view), ref), None, {})
    except CircleError:
        raise
    except BindError as error:
        inside = type(error)(
            f"in the view {view.name}: {error.message}", text=binder.text, position=ref.pos, hint=error.hint
        )
        raise inside from error
    finally:
        binder.default = default
        binder.views.pop()
    return _derived(binder, ref, scope, tree, _renamed(binder, ref, view, outputs))


def select_of(view: StoredView) -> nodes.Select:
    """The tree of a view, its columns named: what they are called comes from its own text."""
    script = parse_script(view.sql)
    select = script.statements[0]
    assert isinstance(select, nodes.Select)

    def named(node: nodes.Node) -> nodes.Node:
        if isinstance(node, nodes.ResultColumn) and node.alias is None and not isinstance(node.expr, nodes.ColumnRef):
            return replace(node, alias=nodes.column_name(node, view.sql))
        return node

    return nodes.transform(select, named)


def _at(select: nodes.Select, ref: nodes.TableRef) -> nodes.Select:
    """The tree as if it stood where the view is named: errors and EXPLAIN point into the statement's text."""
    return nodes.transform(select, lambda node: replace(node, pos=ref.pos, end=ref.end))


def _renamed(
    binder: Binder, ref: nodes.TableRef, view: StoredView, outputs: tuple[Output, ...]
) -> tuple[Output, ...]:
    if not view.columns:
        return outputs
    if len(view.columns) != len(outputs):
        raise BindError(
            f"the view {view.name} names {len(view.columns)} columns, its SELECT has {len(outputs)}",
            text=binder.text,
            position=ref.pos,
        )
    return tuple(replace(output, name=name) for output, name in zip(outputs, view.columns, strict=True))


def _derived(
    binder: Binder,
    ref: nodes.TableRef,
    scope: Scope,
    tree: nodes.Select,
    outputs: tuple[Output, ...],
) -> ScopeSource:
    """The source of an expanded view: its columns, the parameters inside that it doesn't show, and the ways in."""
    through: dict[str, list[BoundColumn]] = {}
    hidden: list[tuple[Output, BoundColumn]] = []
    if tree.limit is None and tree.offset is None:
        for core in tree.cores:
            if isinstance(core, nodes.SelectCore):
                _note_ways(binder, core, outputs, through)
        if len(tree.cores) == 1 and isinstance(tree.cores[0], nodes.SelectCore):
            core = tree.cores[0]
            hidden = _hidden(binder, core, outputs, through)
            extra = tuple(nodes.ResultColumn(way, output.internal) for output, way in hidden)
            tree = replace(tree, cores=(replace(core, columns=(*core.columns, *extra)),))
    source = binder.next_source()
    node = nodes.SubqueryRef(tree, f"t{source}", pos=ref.pos)
    called = (ref.alias,) if ref.alias else ref.path
    made = ScopeSource(source, called, node, outputs=outputs)
    made.through = {name: tuple(ways) for name, ways in through.items()}
    made.parameters = tuple(output for output, _ in hidden)
    return binder.add_source(made, scope)


def _note_ways(
    binder: Binder, core: nodes.SelectCore, outputs: tuple[Output, ...], through: dict[str, list[BoundColumn]]
) -> None:
    """Which columns of resources the view's columns are, where a condition on one holds for the other's rows."""
    if _has_windows(core):
        return
    grouped = bool(core.group_by or core.having or any(aggregates(column) for column in core.columns))
    columns = [column for column in core.columns if isinstance(column, nodes.ResultColumn)]
    for output, column in zip(outputs, columns, strict=True):
        if isinstance(column.expr, BoundColumn) and (not grouped or column.expr in core.group_by):
            for way in _ways(binder, column.expr):
                through.setdefault(output.internal, []).append(way)


def _ways(binder: Binder, column: BoundColumn) -> tuple[BoundColumn, ...]:
    """The columns of resources that a column is."""
    if column.source in binder.uses:
        return (column,)
    return binder.sources[column.source].through.get(column.column, ())


def _hidden(
    binder: Binder, core: nodes.SelectCore, outputs: tuple[Output, ...], through: dict[str, list[BoundColumn]]
) -> list[tuple[Output, BoundColumn]]:
    """Parameters of the resources inside that the statement names and the view doesn't show: they can be bound."""
    if core.distinct or core.group_by or core.having or any(aggregates(column) for column in core.columns):
        return []
    if _has_windows(core):
        return []
    shown = {output.name.casefold() for output in outputs}
    found: list[tuple[Output, BoundColumn]] = []
    for name in sorted(binder.mentioned() - shown):
        owners = [way for source in _sources(core.source, binder) if (way := _parameter(source, name)) is not None]
        settings = all(
            way.source in binder.uses and way.column in binder.uses[way.source].server_variables for way in owners
        )
        if owners and (len(owners) == 1 or settings):
            internal = f"h{owners[0].source}_{len(found)}"
            through[internal] = [each for way in owners for each in _ways(binder, way)]
            found.append((Output(name, internal), owners[0]))
    return found


def _parameter(source: ScopeSource, name: str) -> BoundColumn | None:
    """The parameter of this name that a source inside a view could be asked by."""
    if source.use is None:
        return source.parameter(name)
    found = source.use.find(name)
    if not found or any(field.name == found for field in source.use.resource.columns) or found[:1] == "_":
        return None
    return BoundColumn(source.id, found)


def _sources(source: nodes.Source | None, binder: Binder) -> Iterator[ScopeSource]:
    """The sources that stand in a FROM itself, not in subqueries of it."""
    waiting = [source] if source is not None else []
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, nodes.Join):
            waiting[:0] = [node.left, node.right]
        elif isinstance(node, nodes.Group):
            waiting.insert(0, node.source)
        elif isinstance(node, BoundTable):
            yield binder.sources[node.source]
        elif isinstance(node, nodes.SubqueryRef) and node.alias:
            yield binder.sources[int(node.alias[1:])]


def _has_windows(core: nodes.SelectCore) -> bool:
    return bool(core.windows) or any(
        isinstance(node, nodes.Function) and node.over is not None
        for column in core.columns
        for node in nodes.walk(column)
    )


# ----------------------------------------------------------------------------------------- conditions


def note_through(
    source: ScopeSource, condition: nodes.Expr, uses: Mapping[int, TableUse], ctes: Mapping[str, nodes.Cte]
) -> None:
    """Tell the resources inside a view of a condition on its columns, which stays where it is besides.

    Fewer rows are then read, never other ones: a row of the view that a resource's row outside the condition takes
    part in fails the condition itself.
    """
    if not isinstance(condition, nodes.Binary | nodes.InList | nodes.InSelect):
        return
    mentioned = {node for node in nodes.walk(condition) if isinstance(node, BoundColumn) and node.source == source.id}
    if len(mentioned) != 1:
        return
    outside = next(iter(mentioned))
    for inside in source.through.get(outside.column, ()):
        here = nodes.transform(condition, lambda node, to=inside: to if node == outside else node)  # type: ignore[misc]
        note_candidates(uses[inside.source], here, ctes)


def without_unused(tree: nodes.Select, sources: Mapping[int, ScopeSource], others: list[nodes.Node]) -> nodes.Select:
    """The tree without the hidden parameters of views that nothing in it refers to in the end."""
    while True:
        used = {
            (node.source, node.column)
            for part in (tree, *others)
            for node in nodes.walk(part)
            if isinstance(node, BoundColumn)
        }
        idle = {
            output.internal
            for source in sources.values()
            for output in source.parameters
            if (source.id, output.internal) not in used
        }
        pruned = nodes.transform(tree, lambda node, idle=idle: _pruned(node, idle))  # type: ignore[misc]
        if pruned is tree:
            return tree
        tree = pruned


def _pruned(node: nodes.Node, idle: set[str]) -> nodes.Node:
    if not isinstance(node, nodes.SelectCore):
        return node
    kept = tuple(
        column for column in node.columns if not (isinstance(column, nodes.ResultColumn) and column.alias in idle)
    )
    return node if len(kept) == len(node.columns) else replace(node, columns=kept)
