"""Constants: the values that a statement itself gives to parameters and settings.

Before: `plan.bind` noted the predicates, SQLite computed their values. After: `plan.scans` puts them into the scans.
"""

from __future__ import annotations

from quaestor.errors import BindError
from quaestor.plan import pushdown, routes
from quaestor.plan.scope import BoundColumn, Candidate
from quaestor.sql import nodes
from quaestor.values import convert

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from quaestor.catalog.model import Method, Parameter
    from quaestor.plan.bind import BoundQuery
    from quaestor.plan.scope import TableUse
    from quaestor.values import SqlValue


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
    found |= dict.fromkeys(pushdown.constants(query))
    return list(found)


class Constants:
    """What the constants of a bound statement say of each table.

    Args:
        given: the value of each of `constants_of(query)`.
    """

    def __init__(self, query: BoundQuery, given: Mapping[nodes.Expr, SqlValue], text: str) -> None:
        self._query = query
        self._given = dict(given)
        self._text = text

    def settings(self, use: TableUse) -> dict[str, tuple[SqlValue, ...]]:
        """Server variables that the statement sets: by a constant, or by being equal to another table's."""
        settings: dict[str, tuple[SqlValue, ...]] = {}
        for name in use.server_variables:
            fixed = [c for c in use.candidates if c.column == name and c.is_constant]
            for candidate in use.candidates:
                other = candidate.values[0] if len(candidate.values) == 1 else None
                if fixed or candidate.column != name or not isinstance(other, BoundColumn):
                    continue
                twin = self._query.uses.get(other.source)
                if twin is not None and other.column in twin.server_variables:
                    fixed = [c for c in twin.candidates if c.column == other.column and c.is_constant]
            if fixed:
                settings[name] = self._one_choice(use, name, fixed)
        return settings

    def enumerate(self, use: TableUse, parameter: Parameter) -> None:
        """Bind a parameter that nothing binds to every value that it can have."""
        values = tuple(nodes.Literal("string", value) for value in parameter.enum)
        self._given.update({value: value.value for value in values})
        use.candidates.append(Candidate(parameter.name, values))

    def connections(self, use: TableUse) -> tuple[str, ...]:
        """Of a table's connections those that the conditions on `_connection` allow."""
        allowed = use.connections
        for candidate in use.candidates:
            if candidate.column == routes.CONNECTION and candidate.is_constant:
                values = [self._given[expr] for expr in candidate.values]
                if all(value is None or isinstance(value, str) for value in values):  # SQLite converts the others
                    allowed = tuple(name for name in allowed if name in values)
        return allowed

    def _one_choice(self, use: TableUse, name: str, candidates: list[Candidate]) -> tuple[SqlValue, ...]:
        """The values that all candidates allow: none, if a key has to be two things at once.

        Raises BindError for a setting that is given twice with different values.
        """
        chosen: tuple[SqlValue, ...] | None = None
        for candidate in candidates:
            values = tuple(
                dict.fromkeys(value for expr in candidate.values if (value := self._given[expr]) is not None)
            )
            if chosen is None:
                chosen = values
                continue
            both = tuple(value for value in chosen if value in values)
            if not both and chosen and values and routes.is_setting(use.resource, candidate.column):
                raise BindError(
                    f"{name} is given twice, as {_shown(chosen)} and as {_shown(values)}",
                    text=self._text,
                    position=candidate.pos,
                    hint="leave one of them out",
                )
            chosen = both
        return chosen or ()

    def values(self, use: TableUse, method: Method, name: str, candidates: list[Candidate]) -> tuple[SqlValue, ...]:
        parameter = method.parameter(name)
        assert parameter is not None
        values = dict.fromkeys(
            convert(value, parameter.type).value for value in self._one_choice(use, name, candidates)
        )
        return tuple(value for value in values if parameter.location != "path" or value not in routes.NO_KEYS)

    def is_lossy(self, use: TableUse, candidate: Candidate) -> bool:
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
                value = self._given[expr]
                if value is None or convert(value, parameter.type).is_exact:
                    continue
                if routes.is_parameter_only(use.resource, candidate.column):
                    raise BindError(
                        f"{candidate.column} of {use.resource.id} takes {_article(parameter.type)}, not {value!r}",
                        text=self._text,
                        position=candidate.pos,
                    )
                return True
        return False


def _shown(values: tuple[SqlValue, ...]) -> str:
    return ", ".join(repr(value) for value in values)


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aio" else f"a {kind}"
