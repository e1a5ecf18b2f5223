"""Parents: a required parameter that nobody binds takes its values from its parent collection.

Before: `plan.scans` found no route for a table. After: the parent's table is one of the statement's, read first.
"""

from __future__ import annotations

from quaestor.errors import BindError, CatalogError
from quaestor.plan import routes
from quaestor.plan.conditions import choose_route, conjuncts
from quaestor.plan.pushdown import terms
from quaestor.plan.routes import CONNECTION
from quaestor.plan.scope import BoundColumn, BoundTable, Candidate, ScopeSource, TableUse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from quaestor.catalog.catalog import Catalog
    from quaestor.catalog.model import Parameter
    from quaestor.plan.bind import BoundQuery
    from quaestor.plan.constants import Constants
    from quaestor.plan.keys import KeyFinder

#: The most values of a required query parameter that are all asked for where nothing binds it.
MOST_VALUES = 16
#: The longest chain of parents, each filled from the next.
MAX_PARENTS = 8


class Parents:
    """Adds parents' tables to a bound statement.

    Args:
        catalog: where the parents are looked up; None if none are to be added.

    Attributes:
        filled: by table, its parameters that take their parents' values, or all of their own.
        children: by the parent that was added, the table whose parameters it fills.
    """

    def __init__(
        self, query: BoundQuery, catalog: Catalog | None, constants: Constants, keys: KeyFinder, text: str
    ) -> None:
        self._constants = constants
        self._query = query
        self._catalog = catalog
        self._keys = keys
        self._text = text
        self.filled: dict[int, tuple[str, ...]] = {}
        self.children: dict[int, TableUse] = {}

    def fill(self, waiting: list[TableUse], done: Mapping[int, int] | None = None) -> list[TableUse] | None:
        """Give a waiting table the parameters that it lacks, and return what has to be read first for that.

        A parameter takes its parents' values; one of the query that has a few values, all of these. None if nothing
        can be given to any.

        Args:
            done: given where tables wait for each other (`a.key = b.key`, and nothing else says what the keys are):
                what isn't known after these counts as lacking, and the table that lacks the least is filled.
        """
        best: tuple[TableUse, list[Parameter]] | None = None
        for use in waiting:
            if self._catalog is None or use.id in self.filled or (done is None and choose_route(use) is not None):
                continue
            bound = {c.column for c in use.candidates if done is None or self._keys.needs(c) <= done.keys()}
            methods = [
                lacking
                for method in use.resource.by_verb("select")
                if (lacking := routes.missing(method, bound)) and all(p.parent or _is_enumerable(p) for p in lacking)
            ]
            if methods and (best is None or len(min(methods, key=len)) < len(best[1])):
                best = (use, min(methods, key=len))
            if best is not None and done is None:
                break
        if best is None or self._catalog is None:
            return None
        use, lacking = best
        self._refuse_another(use, lacking)
        self.filled[use.id] = tuple(parameter.name for parameter in lacking)
        added: list[TableUse] = []
        for parameter in reversed(lacking):  # the last in the path belongs to those before it
            given = {c.column for c in use.candidates for parent in added if parent.id in c.free}
            if not parameter.parent:
                self._constants.enumerate(use, parameter)
            elif parameter.name not in given:
                added.append(self._parent(use, parameter, self._catalog))
        return added

    def _refuse_another(self, use: TableUse, lacking: list[Parameter]) -> None:
        """Raise BindError where the statement names a column by which the vendor's path means something else.

        `/users/{id}/groups` takes the user's id, its rows' `id` is the group's: who writes `id = '…'` may mean either
        one, and an empty answer wouldn't tell.
        """
        for parameter in lacking:
            for condition in self._query.filters.get(use.id, ()) if parameter.wire != parameter.name else ():
                for part in conjuncts(condition):
                    if any(term.attribute == parameter.wire and term.op == "=" for term in terms(part, use.id)):
                        raise self._ambiguous(use, parameter, part.pos)

    def _ambiguous(self, use: TableUse, parameter: Parameter, position: int) -> BindError:
        name, (whose, column) = parameter.name, parameter.parent.rsplit(".", 1)
        every = f"(SELECT {column} FROM {whose})"  # noqa: S608 - words for people
        return BindError(
            f"{parameter.wire} of {use.resource.id} is the row's own, and nothing binds {name}",
            text=self._text,
            position=position,
            hint=f"if it is {parameter.parent}, write {name} = …; if it is the row's, {name} IN {every} beside it"
            " has all rows searched",
        )

    def _parent(self, use: TableUse, parameter: Parameter, catalog: Catalog) -> TableUse:
        """The parent's table, on the same connection with the same settings, and the key that it gives."""
        provider, service, name, column = parameter.parent.split(".", 3)
        resource = catalog.resource(provider, service, name)
        if resource is None:
            raise CatalogError(f"{use.resource.id}: the parent {parameter.parent} of {parameter.name} doesn't exist")
        source = len(self._query.sources)
        parent = TableUse(source, use.connections, resource, use.server, use.pos)
        parent.want(column)
        parent.candidates = [c for c in use.candidates if c.column in (*use.server_variables, CONNECTION)]
        self._query.uses[source] = parent
        self._query.sources[source] = ScopeSource(source, (resource.id,), BoundTable(source), use=parent)
        self.children[source] = use
        above, depth = use, 0
        while above.id in self.children:
            above, depth = self.children[above.id], depth + 1
        if depth > MAX_PARENTS:
            raise CatalogError(f"the parents of {above.resource.id} are their own parents")
        key = (BoundColumn(source, column),)
        use.candidates.append(Candidate(parameter.name, key, None, frozenset({source})))
        if len(use.connections) > 1:  # each key belongs to the organisation that it came from
            parent.want(CONNECTION)
            home = Candidate(CONNECTION, (BoundColumn(source, CONNECTION),), None, frozenset({source}))
            use.candidates.append(home)
        for shared in routes.shared(use.resource, resource):
            # both belong to the same one: `policyId` is asked for with the `authServerId` that the policy has
            own = [candidate for candidate in use.candidates if candidate.column == shared]
            parent.candidates += own
            if not any(candidate.is_constant for candidate in own):
                parent.want(shared)
                pair = Candidate(shared, (BoundColumn(source, shared),), None, frozenset({source}))
                use.candidates.insert(0, pair)
        return parent

    def childless(self, parent: TableUse, child: TableUse) -> BindError:
        """The error for a parameter whose parent collection can't be listed as it is."""
        names = " and ".join(self.filled[child.id])
        lacking = routes.explain_none(parent.resource, parent.server, parent.wanted, set(), text="", position=-1)
        example = " AND ".join(f"{name} = '…'" for name in self.filled[child.id])
        return BindError(
            f"{child.resource.id} needs {names}, and its parent can't give it: {lacking.message}",
            text=self._text,
            position=child.pos,
            hint=f"add {example}, or join {parent.resource.id} with what it needs",
        )


def _is_enumerable(parameter: Parameter) -> bool:
    """Whether a list can be asked for with each of a parameter's values: a resource is its rows for all of them.

    Not in a path: there a value names an object, which may not be there.
    """
    return parameter.location == "query" and 0 < len(parameter.enum) <= MOST_VALUES
