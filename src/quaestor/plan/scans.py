"""The plan: a scan for each resource that a statement reads, in an order in which each has what it needs.

Before: `plan.bind` bound the names, and the values of constants are known. After: `run.executor` fetches the
scans and runs the tree over their tables; `plan.explain` tells what that would do.

Each scan has a route. Its parameters are bound by constants, or by keys: a SELECT over tables that are read
before. The keys are those that can matter: every condition that speaks of the tables before alone is in the
SELECT. A key too many costs a request; a key too few would lose rows, so nothing else is.
"""

from __future__ import annotations

from quaestor.catalog.model import Column
from quaestor.errors import BindError, CatalogError
from quaestor.plan import routes
from quaestor.plan.conditions import choose_route, conjunction, fails_for_null, route_by, sources_within
from quaestor.plan.scope import BoundColumn, BoundTable, Candidate, ScopeSource, TableUse
from quaestor.record import Record, replace
from quaestor.sql import nodes
from quaestor.values import convert

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from quaestor.catalog.catalog import Catalog
    from quaestor.catalog.model import Hidden, Method, Parameter, Resource, Server
    from quaestor.plan.bind import BoundQuery
    from quaestor.plan.routes import Route
    from quaestor.values import SqlValue


#: The longest chain of parents, each filled from the next.
MAX_PARENTS = 8
#: The column that holds a row's whole JSON object.
RAW = Column("_raw", "object", ())


class ScanColumn(Record):
    """A column of a scan's table.

    Attributes:
        name: as the statement calls it.
        type: its type.
        field: the field of the answer that it shows; or None:
        parameter: the parameter or server variable whose value it shows; both empty for `_connection` and the like.
    """

    name: str
    type: str
    field: Column | None = None
    parameter: str = ""


class Keys(Record):
    """Values of some parameters that come from tables read before: a row of `select` is one combination.

    Attributes:
        parameters: in the order of the columns of `select`.
        select: bound, over sources of the statement.
        uses: resources that must be read before it runs.
    """

    parameters: tuple[str, ...]
    select: nodes.Select
    uses: frozenset[int]


class Scan(Record):
    """One resource being read.

    Attributes:
        id: its table is `s<id>`.
        uses: the places of the statement that read it (several if they want the same).
        settings: server variables that the statement sets, each to one or more values.
        constants: parameters bound by constants, each to its distinct values.
        keys: parameters bound by what is read before.
        columns: of its table, in order: `c0`, `c1` …
        depends: scans that must be complete before this one starts.
        hidden: what its method's bare list leaves out and has to be asked for besides.
        filled: of its parameters, those whose values come from their parent because nothing else binds them.
        pos: where the statement names it.
    """

    id: int
    uses: tuple[int, ...]
    connection: str
    resource: Resource
    method: Method
    server: Server
    settings: dict[str, tuple[SqlValue, ...]]
    constants: dict[str, tuple[SqlValue, ...]]
    keys: tuple[Keys, ...]
    columns: tuple[ScanColumn, ...]
    depends: frozenset[int] = frozenset()
    filled: tuple[str, ...] = ()
    hidden: tuple[Hidden, ...] = ()
    pos: int = -1

    @property
    def table(self) -> str:
        """The name of its table."""
        return f"s{self.id}"


class Plan(Record):
    """What to read, in order, and what to run over it.

    Attributes:
        scans: each after those that it depends on.
        is_stream: the only scan is read once, row by row, while SQLite pulls.
        first_rows: of a stream, how many rows are enough (LIMIT + OFFSET), if nothing is filtered or sorted;
            0 if that isn't known.
        is_lazy: of a stream, SQLite may stop pulling: nothing is read before it is asked for.
    """

    query: BoundQuery
    scans: tuple[Scan, ...]
    is_stream: bool = False
    first_rows: int = 0
    is_lazy: bool = False


def constants_of(query: BoundQuery) -> list[nodes.Expr]:
    """Every expression whose value decides about routes or limits; SQLite evaluates them before `plan`."""
    found = {
        value: None
        for use in query.uses.values()
        for candidate in use.candidates
        if candidate.is_constant
        for value in candidate.values
    }
    for part in (query.tree.limit, query.tree.offset):
        if part is not None and not any(isinstance(node, nodes.Select) for node in nodes.walk(part)):
            found[part] = None
    return list(found)


def plan(
    query: BoundQuery,
    constants: Mapping[nodes.Expr, SqlValue],
    catalog: Catalog,
    *,
    text: str = "",
    fill_parents: bool = True,
) -> Plan:
    """Choose the routes and the order.

    Args:
        constants: the value of each of `constants_of(query)`.
        fill_parents: give a required parameter that nothing binds the values of its parent collection.

    Raises BindError where a table has no route, and where tables wait for each other.
    """
    planner = _Planner(query, constants, text, catalog if fill_parents else None)
    scans = planner.scans()
    return _with_mode(Plan(query, tuple(scans)), constants)


class _Planner:
    def __init__(
        self, query: BoundQuery, constants: Mapping[nodes.Expr, SqlValue], text: str, parents: Catalog | None
    ) -> None:
        self.query = query
        self.constants = constants
        self.text = text
        self.parents = parents
        self.filled: dict[int, tuple[str, ...]] = {}
        self.children: dict[int, TableUse] = {}  # by the parent that was added to fill their parameters

    def scans(self) -> list[Scan]:
        scans: list[Scan] = []
        done: dict[int, int] = {}  # use to its scan
        waiting = list(self.query.uses.values())
        while waiting:
            ready = None
            for use in waiting:
                scan = self._scan(use, done, len(scans))
                if scan is not None:
                    ready = use
                    self._place(scan, scans, done)
                    break
            if ready is not None:
                waiting.remove(ready)
                continue
            parents = self._parents(waiting) or self._parents(waiting, done)
            if not parents:
                raise self._stuck(waiting, done)
            waiting = [*parents, *waiting]
        # fields first: what follows them in a row is the same for every row of a request
        return [replace(scan, columns=tuple(sorted(scan.columns, key=lambda c: c.field is None))) for scan in scans]

    def _place(self, scan: Scan, scans: list[Scan], done: dict[int, int]) -> None:
        """Add a scan, or let one that asks the same read for both."""
        for index, other in enumerate(scans):
            same = (
                other.connection == scan.connection
                and other.method is scan.method
                and other.settings == scan.settings
                and other.constants == scan.constants
                and other.keys == scan.keys
            )
            if same:
                extra = tuple(column for column in scan.columns if column not in other.columns)
                scans[index] = replace(other, uses=(*other.uses, *scan.uses), columns=(*other.columns, *extra))
                done[scan.uses[0]] = index
                return
        scans.append(scan)
        done[scan.uses[0]] = scan.id

    def _scan(self, use: TableUse, done: Mapping[int, int], number: int) -> Scan | None:
        """The scan of a table if it has a route with what is known after `done`."""
        settings = self._settings(use)
        usable = [c for c in use.candidates if self._needs(c) <= done.keys() and not self._is_lossy(use, c)]
        wanted = tuple(use.wanted)
        route = route_by(use, [c for c in usable if c.is_constant], wanted)
        if route is None and use.id in self.filled:
            # single objects would be asked for by every value of the parent's times every key: lists take fewer
            lists = [c for c in usable if c.is_constant or not routes.names_a_row(use.resource, c.column)]
            route = route_by(use, lists, wanted)
        route = route or route_by(use, usable, wanted)
        if route is None:
            return None
        constants: dict[str, tuple[SqlValue, ...]] = {}
        dependent: list[tuple[str, Candidate]] = []
        for parameter, column in route.bound.items():
            of_column = [candidate for candidate in usable if candidate.column == column]
            fixed = [candidate for candidate in of_column if candidate.is_constant]
            if fixed:
                constants[parameter] = self._values(use, route.method, parameter, fixed)
            else:
                dependent.append((parameter, of_column[0]))
        keys = self._keys(use, dependent)
        depends = frozenset(done[needed] for key in keys for needed in key.uses)
        return Scan(
            number,
            (use.id,),
            use.connection,
            use.resource,
            route.method,
            route.method.server or use.server,
            settings,
            constants,
            keys,
            tuple(_column(use, route, column) for column in use.wanted),
            depends,
            self.filled.get(use.id, ()),
            tuple(each for each in route.method.hidden if route.bound.keys().isdisjoint(each.unless)),
            use.pos,
        )

    # ---------------------------------------------------------------------------------------- parents

    def _parents(self, waiting: list[TableUse], done: Mapping[int, int] | None = None) -> list[TableUse]:
        """Tables to read first because a waiting one lacks parameters that theirs fill; none if that can't help.

        Args:
            done: given where tables wait for each other (`a.key = b.key`, and nothing else says what the keys are):
                what isn't known after these counts as lacking, and the table that lacks the least is filled.
        """
        best: tuple[TableUse, list[Parameter]] | None = None
        for use in waiting:
            if self.parents is None or use.id in self.filled or (done is None and choose_route(use) is not None):
                continue
            bound = {c.column for c in use.candidates if done is None or self._needs(c) <= done.keys()}
            methods = [
                lacking
                for method in use.resource.by_verb("select")
                if (lacking := routes.missing(method, bound)) and all(p.parent for p in lacking)
            ]
            if methods and (best is None or len(min(methods, key=len)) < len(best[1])):
                best = (use, min(methods, key=len))
            if best is not None and done is None:
                break
        if best is None or self.parents is None:
            return []
        use, lacking = best
        self.filled[use.id] = tuple(parameter.name for parameter in lacking)
        added: list[TableUse] = []
        for parameter in reversed(lacking):  # the last in the path belongs to those before it
            given = {c.column for c in use.candidates for parent in added if parent.id in c.free}
            if parameter.name not in given:
                added.append(self._parent(use, parameter, self.parents))
        return added

    def _parent(self, use: TableUse, parameter: Parameter, catalog: Catalog) -> TableUse:
        """The parent's table, on the same connection with the same settings, and the key that it gives."""
        provider, service, name, column = parameter.parent.split(".", 3)
        resource = catalog.resource(provider, service, name)
        if resource is None:
            raise CatalogError(f"{use.resource.id}: the parent {parameter.parent} of {parameter.name} doesn't exist")
        source = len(self.query.sources)
        parent = TableUse(source, use.connection, resource, use.server, use.pos)
        parent.want(column)
        parent.candidates = [c for c in use.candidates if c.column in use.server_variables]
        self.query.uses[source] = parent
        self.query.sources[source] = ScopeSource(source, (resource.id,), BoundTable(source), use=parent)
        self.children[source] = use
        above, depth = use, 0
        while above.id in self.children:
            above, depth = self.children[above.id], depth + 1
        if depth > MAX_PARENTS:
            raise CatalogError(f"the parents of {above.resource.id} are their own parents")
        key = (BoundColumn(source, column),)
        use.candidates.append(Candidate(parameter.name, key, None, frozenset({source})))
        for shared in routes.shared(use.resource, resource):
            # both belong to the same one: `policyId` is asked for with the `authServerId` that the policy has
            own = [candidate for candidate in use.candidates if candidate.column == shared]
            parent.candidates += own
            if not any(candidate.is_constant for candidate in own):
                parent.want(shared)
                pair = Candidate(shared, (BoundColumn(source, shared),), None, frozenset({source}))
                use.candidates.insert(0, pair)
        return parent

    # ------------------------------------------------------------------------------ settings, constants

    def _settings(self, use: TableUse) -> dict[str, tuple[SqlValue, ...]]:
        """Server variables that the statement sets: by a constant, or by being equal to another table's."""
        settings: dict[str, tuple[SqlValue, ...]] = {}
        for name in use.server_variables:
            fixed = [c for c in use.candidates if c.column == name and c.is_constant]
            for candidate in use.candidates:
                other = candidate.values[0] if len(candidate.values) == 1 else None
                if fixed or candidate.column != name or not isinstance(other, BoundColumn):
                    continue
                twin = self.query.uses.get(other.source)
                if twin is not None and other.column in twin.server_variables:
                    fixed = [c for c in twin.candidates if c.column == other.column and c.is_constant]
            if fixed:
                settings[name] = self._one_choice(use, name, fixed)
        return settings

    def _one_choice(self, use: TableUse, name: str, candidates: list[Candidate]) -> tuple[SqlValue, ...]:
        """The values that all candidates allow: none, if a key has to be two things at once.

        Raises BindError for a setting that is given twice with different values.
        """
        chosen: tuple[SqlValue, ...] | None = None
        for candidate in candidates:
            values = tuple(
                dict.fromkeys(value for expr in candidate.values if (value := self.constants[expr]) is not None)
            )
            if chosen is None:
                chosen = values
                continue
            both = tuple(value for value in chosen if value in values)
            if not both and chosen and values and routes.is_setting(use.resource, candidate.column):
                raise BindError(
                    f"{name} is given twice, as {_shown(chosen)} and as {_shown(values)}",
                    text=self.text,
                    position=candidate.pos,
                    hint="leave one of them out",
                )
            chosen = both
        return chosen or ()

    def _values(self, use: TableUse, method: Method, name: str, candidates: list[Candidate]) -> tuple[SqlValue, ...]:
        parameter = method.parameter(name)
        assert parameter is not None
        values = self._one_choice(use, name, candidates)
        return tuple(dict.fromkeys(convert(value, parameter.type).value for value in values))

    def _is_lossy(self, use: TableUse, candidate: Candidate) -> bool:
        """Whether a constant can't be a value of the parameter; then the predicate is only tested on the rows.

        Raises BindError where there is nothing to test: a parameter that is no field.
        """
        if not candidate.is_constant or candidate.column in use.server_variables:
            return False
        for method in use.resource.by_verb("select"):
            parameter = routes.parameter_of(method, candidate.column)
            if parameter is None:
                continue
            for expr in candidate.values:
                value = self.constants[expr]
                if value is None or convert(value, parameter.type).is_exact:
                    continue
                if routes.is_parameter_only(use.resource, candidate.column):
                    raise BindError(
                        f"{candidate.column} of {use.resource.id} takes {_article(parameter.type)}, not {value!r}",
                        text=self.text,
                        position=candidate.pos,
                    )
                return True
        return False

    # -------------------------------------------------------------------------------------------- keys

    def _needs(self, candidate: Candidate) -> frozenset[int]:
        """The resources that must have been read before a candidate's values are known."""
        needed = set(candidate.uses)
        for source in self._closure(candidate.free):
            needed |= self._uses_of(source)
        return frozenset(needed)

    def _uses_of(self, source: ScopeSource) -> frozenset[int]:
        if source.use is not None:
            return frozenset({source.id})
        return sources_within(source.node, self.query.ctes)[1]

    def _closure(self, free: frozenset[int]) -> list[ScopeSource]:
        """The sources, and those that the arguments of table functions among them refer to, in order."""
        found: set[int] = set()
        waiting = list(free)
        while waiting:
            source = waiting.pop()
            if source not in found:
                found.add(source)
                waiting.extend(self.query.sources[source].depends)
        return [self.query.sources[source] for source in sorted(found)]

    def _keys(self, use: TableUse, dependent: list[tuple[str, Candidate]]) -> tuple[Keys, ...]:
        keys = [
            Keys((parameter,), candidate.select, self._needs(candidate))
            for parameter, candidate in dependent
            if candidate.select is not None
        ]
        keys += [
            self._key_query(
                use, [parameter], candidate.free, candidate.uses, [(value,) for value in candidate.values]
            )
            for parameter, candidate in dependent
            if candidate.select is None and len(candidate.values) > 1
        ]
        single = [(parameter, c) for parameter, c in dependent if c.select is None and len(c.values) == 1]
        if single:
            free = frozenset[int]().union(*(candidate.free for _, candidate in single))
            uses = frozenset[int]().union(*(candidate.uses for _, candidate in single))
            row = tuple(candidate.values[0] for _, candidate in single)
            keys.append(self._key_query(use, [parameter for parameter, _ in single], free, uses, [row]))
        return tuple(keys)

    def _key_query(
        self,
        use: TableUse,
        parameters: list[str],
        free: frozenset[int],
        uses: frozenset[int],
        rows: list[tuple[nodes.Expr, ...]],
    ) -> Keys:
        """The values over the sources before, distinct, with the conditions that speak of these sources alone.

        `rows` are alternatives: `x IN (a.id, b.id)` has two.
        """
        sources = self._closure(free)
        ids = {source.id for source in sources}
        conditions: dict[nodes.Expr, None] = {}
        for owner in (use.id, *sorted(ids)):
            for condition in self.query.filters.get(owner, ()):
                mentioned = {node.source for node in nodes.walk(condition) if isinstance(node, BoundColumn)}
                nested = any(isinstance(node, nodes.Select | nodes.ColumnRef) for node in nodes.walk(condition))
                filled = {source.id for source in sources if source.nullable} & mentioned
                if mentioned and mentioned <= ids and not nested and fails_for_null(condition, filled):
                    conditions[condition] = None
        joined: nodes.Source | None = None
        for source in sources:
            joined = source.node if joined is None else nodes.Join(",", joined, source.node)
        cores = tuple(
            nodes.SelectCore(
                tuple(nodes.ResultColumn(value, f"k{i}") for i, value in enumerate(row)),
                joined,
                conjunction(list(conditions)),
                distinct=True,
            )
            for row in rows
        )
        needed = frozenset(uses).union(*(self._uses_of(source) for source in sources))
        return Keys(tuple(parameters), nodes.Select(cores, ("UNION",) * (len(cores) - 1)), needed)

    # ------------------------------------------------------------------------------------------ errors

    def _childless(self, parent: TableUse, child: TableUse) -> BindError:
        """The error for a parameter whose parent collection can't be listed as it is."""
        names = " and ".join(self.filled[child.id])
        lacking = routes.explain_none(parent.resource, parent.server, parent.wanted, set(), text="", position=-1)
        example = " AND ".join(f"{name} = '…'" for name in self.filled[child.id])
        return BindError(
            f"{child.resource.id} needs {names}, and its parent can't give it: {lacking.message}",
            text=self.text,
            position=child.pos,
            hint=f"add {example}, or join {parent.resource.id} with what it needs",
        )

    def _stuck(self, waiting: list[TableUse], done: Mapping[int, int]) -> BindError:
        for use in waiting:
            if choose_route(use) is None:
                if use.id in self.children:
                    return self._childless(use, self.children[use.id])
                settings = set(use.server_variables)
                bound = {candidate.column for candidate in use.candidates} - settings
                return routes.explain_none(
                    use.resource, use.server, use.wanted, bound, text=self.text, position=use.pos
                )
        names = " and ".join(use.resource.id for use in waiting)
        return BindError(
            f"{names} wait for each other's values",
            text=self.text,
            position=waiting[0].pos,
            hint="bind a required parameter of one of them to a constant, or to a table that is read before",
        )


# ----------------------------------------------------------------------------------------- small pieces


def _column(use: TableUse, route: Route, name: str) -> ScanColumn:
    kind = use.type_of(name)
    if name == RAW.name:
        return ScanColumn(name, kind, RAW)
    if name in use.server_variables:
        return ScanColumn(name, kind, None, name)
    field = routes.returns(route.method, name)
    if field is not None:
        return ScanColumn(name, field.type, field)
    bare = name.removeprefix(routes.PARAMETER_PREFIX)
    if bare in route.bound:
        return ScanColumn(name, kind, None, bare)
    parameter = route.method.parameter(bare)
    if parameter is not None and parameter.field:  # an item key that nobody binds is the field it names
        return ScanColumn(name, kind, routes.returns(route.method, parameter.field))
    return ScanColumn(name, kind)


def _with_mode(plan: Plan, constants: Mapping[nodes.Expr, SqlValue]) -> Plan:
    """Decide whether the only scan can be streamed, and whether SQLite may stop before its end."""
    query = plan.query
    if len(plan.scans) != 1 or len(query.uses) != 1 or plan.scans[0].keys or query.ctes:
        return plan
    core = query.tree.cores[0]
    if len(query.tree.cores) != 1 or not isinstance(core, nodes.SelectCore) or not _is_alone(core.source):
        return plan
    sorts = bool(query.tree.order_by or core.group_by or core.having or core.distinct)
    limit = query.tree.limit
    if limit is None or sorts or any(_aggregates(column) for column in core.columns):
        return replace(plan, is_stream=True)
    rows = [constants.get(part, None) if part is not None else 0 for part in (limit, query.tree.offset)]
    enough = 0
    if core.where is None and isinstance(core.source, BoundTable) and all(isinstance(row, int) for row in rows):
        enough = sum(row for row in rows if isinstance(row, int) and row > 0)
    return replace(plan, is_stream=True, is_lazy=True, first_rows=enough)


def _is_alone(source: nodes.Source | None) -> bool:
    """One resource, joined with nothing but table functions after it: SQLite then reads it once."""
    if isinstance(source, BoundTable):
        return True
    return (
        isinstance(source, nodes.Join)
        and source.kind in (",", "INNER", "CROSS", "LEFT")
        and isinstance(source.right, nodes.TableFunction)
        and bool(source.right.args)
        and any(isinstance(node, BoundColumn) for arg in source.right.args for node in nodes.walk(arg))
        and _is_alone(source.left)
    )


_AGGREGATES = {"avg", "count", "group_concat", "max", "median", "min", "percentile", "string_agg", "sum", "total"} | {
    f"{kind}_group_{what}" for kind in ("json", "jsonb") for what in ("array", "object")
}


def _aggregates(node: nodes.Node) -> bool:
    return any(
        isinstance(part, nodes.Function) and (part.name.casefold() in _AGGREGATES or part.over is not None)
        for part in nodes.walk(node)
    )


def _shown(values: tuple[SqlValue, ...]) -> str:
    return ", ".join(repr(value) for value in values)


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aio" else f"a {kind}"
