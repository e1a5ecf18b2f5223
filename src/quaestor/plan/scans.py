"""The plan: a scan for each resource that a statement reads, in an order in which each has what it needs.

Before: `plan.bind` bound the names, and the values of constants are known. After: `run.executor` fetches the
scans and runs the tree over their tables; `plan.explain` tells what that would do.

Each scan has a route. Its parameters are bound by constants (`plan.constants`), by keys, which are a SELECT over
tables that are read before (`plan.keys`), or by their parents (`plan.parents`).
"""

from __future__ import annotations

from quaestor.catalog.model import Column
from quaestor.errors import BindError
from quaestor.plan import choice, pushdown, routes
from quaestor.plan.conditions import choose_route, route_by
from quaestor.plan.constants import Constants
from quaestor.plan.keys import KeyFinder
from quaestor.plan.mode import with_mode
from quaestor.plan.model import Plan, Scan, ScanColumn
from quaestor.plan.parents import Parents
from quaestor.plan.together import together
from quaestor.record import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from quaestor.catalog.catalog import Catalog
    from quaestor.plan.bind import BoundQuery
    from quaestor.plan.routes import Route
    from quaestor.plan.scope import Candidate, TableUse
    from quaestor.sql import nodes
    from quaestor.values import SqlValue


#: The column that holds a row's whole JSON object.
RAW = Column("_raw", "object", ())


def plan(
    query: BoundQuery,
    constants: Mapping[nodes.Expr, SqlValue],
    catalog: Catalog,
    *,
    text: str = "",
    fill_parents: bool = True,
    push_down: bool = True,
) -> Plan:
    """Choose the routes and the order.

    Args:
        constants: the value of each of `constants_of(query)`.
        fill_parents: give a required parameter that nothing binds the values of its parent collection.
        push_down: let the API test what it can test, and give the rows that are joined instead of all.

    Raises BindError where a table has no route, and where tables wait for each other.
    """
    planner = _Planner(query, constants, text, catalog if fill_parents else None, chooses=push_down)
    scans = tuple(planner.scans())
    if push_down:
        scans = pushdown.push(tuple(together(scan, query) for scan in scans), query, constants)
        scans = tuple(choice.settled(scan) for scan in scans)
    is_exact = len(scans) == 1 and pushdown.is_exact(scans[0], query, constants)
    return with_mode(Plan(query, scans), constants, is_exact=is_exact, push_down=push_down)


class _Planner:
    def __init__(
        self,
        query: BoundQuery,
        constants: Mapping[nodes.Expr, SqlValue],
        text: str,
        parents: Catalog | None,
        *,
        chooses: bool,
    ) -> None:
        self._chooses = chooses
        self._query = query
        self._text = text
        self._constants = Constants(query, constants, text)
        self._keys = KeyFinder(query)
        self._parents = Parents(query, parents, self._constants, self._keys, text)

    def scans(self) -> list[Scan]:
        scans: list[Scan] = []
        done: dict[int, int] = {}  # use to its scan
        waiting = list(self._query.uses.values())
        while waiting:
            early = [use for use in waiting if not (self._chooses and choice.may_wait(use, self._keys, done))]
            if self._next(early, waiting, scans, done):
                continue
            parents = self._parents.fill(waiting)
            if parents is None and self._next(self._in_turn(waiting), waiting, scans, done):
                continue
            if parents is None and self._next(waiting, waiting, scans, done, in_turns=True):
                continue
            if parents is None:
                parents = self._parents.fill(waiting, done)
            if parents is None:
                raise self._stuck(waiting)
            waiting = [*parents, *waiting]
        return [_with_all_fields(scan, scans) for scan in scans]

    def _next(
        self,
        uses: list[TableUse],
        waiting: list[TableUse],
        scans: list[Scan],
        done: dict[int, int],
        *,
        in_turns: bool = False,
    ) -> bool:
        """Plan the first of these tables that has what it needs; False if none has.

        Args:
            in_turns: what a recursive CTE gives counts as known, for the tables in it.
        """
        for use in uses:
            scan = self._scan(use, done, len(scans), self._keys.turns(use) if in_turns else frozenset())
            if scan is not None:
                self._place(scan, scans, done)
                waiting.remove(use)
                return True
        return False

    def _in_turn(self, waiting: list[TableUse]) -> list[TableUse]:
        """The tables, first those without which another has no route."""
        needed = {
            source
            for use in waiting
            for each in use.candidates
            if not choice.key_candidates(use)
            for source in self._keys.needs(each)
        }
        return sorted(waiting, key=lambda use: use.id not in needed)

    def _place(self, scan: Scan, scans: list[Scan], done: dict[int, int]) -> None:
        """Add a scan, or let one that asks the same read for both."""
        for index, other in enumerate(scans):
            same = (
                other.connections == scan.connections
                and other.method is scan.method
                and other.settings == scan.settings
                and other.constants == scan.constants
                and other.keys == scan.keys
            )
            if same:
                extra = tuple(column for column in scan.columns if column not in other.columns)
                merged = replace(other, uses=(*other.uses, *scan.uses), columns=(*other.columns, *extra))
                if other.by_key != scan.by_key:  # one of them needs other rows: both are in the list
                    merged = replace(merged, by_key=None, depends=frozenset() if other.by_key else other.depends)
                scans[index] = merged
                done[scan.uses[0]] = index
                return
        scans.append(scan)
        done[scan.uses[0]] = scan.id

    def _scan(
        self, use: TableUse, done: Mapping[int, int], number: int, turns: frozenset[int] = frozenset()
    ) -> Scan | None:
        """The scan of a table if it has a route with what is known after `done`, and in turns with others."""
        settings = self._constants.settings(use)
        usable = [
            c
            for c in use.candidates
            if self._keys.needs(c) <= done.keys() | turns and not self._constants.is_lossy(use, c)
        ]
        wanted = tuple(use.wanted)
        route = route_by(use, [c for c in usable if c.is_constant], wanted)
        if route is None and use.id in self._parents.filled:
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
                constants[parameter] = self._constants.values(use, route.method, parameter, fixed)
            else:
                dependent.append((parameter, of_column[0]))
        homes = [candidate for candidate in usable if candidate.column == routes.CONNECTION]
        keys = self._keys.keys(use, dependent, homes)
        alternative = None
        if self._chooses and not route.bound:
            alternative = choice.by_key(use, route.method, usable, homes, self._keys)
        every = (*keys, *(alternative.keys if alternative is not None else ()))
        depends = frozenset(done[needed] for key in every for needed in key.uses if needed in done)
        return Scan(
            number,
            (use.id,),
            self._constants.connections(use),
            use.resource,
            route.method,
            route.method.server or use.server,
            settings,
            constants,
            keys,
            tuple(_column(use, route, column) for column in use.wanted),
            depends,
            self._parents.filled.get(use.id, ()),
            tuple(each for each in route.method.hidden if route.bound.keys().isdisjoint(each.unless)),
            use.pos,
            by_key=alternative,
            recurs=any(use.id in key.uses for key in keys),
        )

    def _stuck(self, waiting: list[TableUse]) -> BindError:
        for use in waiting:
            if choose_route(use) is None:
                if use.id in self._parents.children:
                    return self._parents.childless(use, self._parents.children[use.id])
                settings = set(use.server_variables)
                bound = {candidate.column for candidate in use.candidates} - settings
                return routes.explain_none(
                    use.resource, use.server, use.wanted, bound, text=self._text, position=use.pos
                )
        names = " and ".join(use.resource.id for use in waiting)
        return BindError(
            f"{names} wait for each other's values",
            text=self._text,
            position=waiting[0].pos,
            hint="bind a required parameter of one of them to a constant, or to a table that is read before",
        )


def _with_all_fields(scan: Scan, scans: list[Scan]) -> Scan:
    """The scan with the fields that others want of the same method: if they ask the same, they take the rows from it.

    Fields come first: what follows them in a row is the same for every row of a request.
    """
    columns = dict.fromkeys(scan.columns)
    for other in scans:
        if other.method is scan.method:
            columns.update(dict.fromkeys(column for column in other.columns if column.field is not None))
    return replace(scan, columns=tuple(sorted(columns, key=lambda column: column.field is None)))


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
    key = routes.key_field(use.resource, route.method, bare)
    if key is not None:
        return ScanColumn(name, kind, key)
    parameter = route.method.parameter(bare)
    if parameter is not None and parameter.field:  # an item key that nobody binds is the field it names
        return ScanColumn(name, kind, routes.returns(route.method, parameter.field))
    return ScanColumn(name, kind)
