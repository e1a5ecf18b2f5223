"""Keys: what a scan's parameters take from tables that are read before it.

Before: `plan.scans` chose a route some of whose parameters are bound by other tables. After: `run.executor` runs the
SELECTs made here over what it has spooled.

The keys are those that can matter: every condition that speaks of the tables before alone is in the SELECT. A key
too many costs a request; a key too few would lose rows, so nothing else is.
"""

from __future__ import annotations

from quaestor.plan.conditions import conjunction, fails_for_null, sources_within
from quaestor.plan.model import Keys
from quaestor.plan.routes import CONNECTION
from quaestor.plan.scope import BoundColumn
from quaestor.sql import nodes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from quaestor.plan.bind import BoundQuery
    from quaestor.plan.scope import Candidate, ScopeSource, TableUse


#: Stands for what no scan gives.
NEVER = -1


class KeyFinder:
    """Makes the key queries of a bound statement."""

    def __init__(self, query: BoundQuery) -> None:
        self._query = query

    def needs(self, candidate: Candidate) -> frozenset[int]:
        """The resources that must have been read before a candidate's values are known."""
        needed = set(candidate.uses)
        trees: list[nodes.Node] = [*candidate.values, *([candidate.select] if candidate.select is not None else [])]
        for source in self._closure(candidate.free):
            trees.append(source.node)
            needed |= self._uses_of(source)
        if any(self._is_correlated(tree) for tree in trees):
            needed.add(NEVER)
        return frozenset(needed)

    def turns(self, use: TableUse) -> frozenset[int]:
        """The resources in a recursive CTE with this one: its rows may give the keys of the next turn."""
        found: frozenset[int] = frozenset()
        for cte in self._query.ctes.values():
            inside = sources_within(cte, self._query.ctes)[1]
            names = {node.path[0] for node in nodes.walk(cte.select) if isinstance(node, nodes.TableRef)}
            if use.id in inside and cte.name in names:
                found |= inside
        return found

    def _is_correlated(self, tree: nodes.Node) -> bool:
        """Whether it reads a CTE that has other rows for each row of a query around it: no SELECT lists such keys."""
        return any(
            isinstance(node, nodes.TableRef) and node.path[0] in self._query.correlated for node in nodes.walk(tree)
        )

    def _uses_of(self, source: ScopeSource) -> frozenset[int]:
        if source.use is not None:
            return frozenset({source.id})
        return sources_within(source.node, self._query.ctes)[1]

    def _closure(self, free: frozenset[int]) -> list[ScopeSource]:
        """The sources, and those that the arguments of table functions among them refer to, in order."""
        found: set[int] = set()
        waiting = list(free)
        while waiting:
            source = waiting.pop()
            if source not in found:
                found.add(source)
                waiting.extend(self._query.sources[source].depends)
        return [self._query.sources[source] for source in sorted(found)]

    def keys(self, use: TableUse, dependent: list[tuple[str, Candidate]], homes: list[Candidate]) -> tuple[Keys, ...]:
        """The queries for the values that these candidates give to parameters.

        Args:
            homes: what says to which connection values belong (`f._connection = u._connection`): those that come
                from the same tables then go to that one only.
        """
        keys = [
            Keys((parameter,), candidate.select, self.needs(candidate))
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
            home = next((c for c in homes if c.free and c.free <= free and len(c.values) == 1 and not c.uses), None)
            if home is not None:
                single.append((CONNECTION, home))
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
            for condition in self._query.filters.get(owner, ()):
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
