"""INSERT … ON CONFLICT carried out: the keys are looked up, and each call becomes an insert, an update or nothing.

Before: `run.writing.preparing` has the checked calls of an INSERT. After: they are sent like any others.
"""

from __future__ import annotations

from quaestor.errors import BindError
from quaestor.plan.writing.calls import make_call, rejected
from quaestor.plan.writing.names import needs, problem_error
from quaestor.plan.writing.upsert import Upsert, by_collection, key_of, lookup, read_of, with_values
from quaestor.sql import nodes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from quaestor.plan.writing.calls import Call
    from quaestor.plan.writing.names import Target

_ONE, _ZERO = nodes.Literal("integer", 1), nodes.Literal("integer", 0)


class Upserting:
    """The rows of one INSERT with ON CONFLICT.

    Args:
        select: gives the rows of a SELECT; `values` those of expressions.
        rows: of the INSERT, each value by its column, in the order of the calls.
    """

    def __init__(
        self,
        target: Target,
        statement: nodes.Insert,
        upsert: Upsert,
        rows: Sequence[Mapping[str, Any]],
        select: Callable[[nodes.Select], list[tuple[Any, ...]]],
        values: Callable[[tuple[nodes.Expr, ...]], list[Any]],
    ) -> None:
        self._target = target
        self._statement = statement
        self._upsert = upsert
        self._rows = rows
        self._select = select
        self._values = values

    def settle(self, calls: Sequence[Call]) -> list[Call]:
        """The calls with updates in the place of inserts whose key is there; without them for DO NOTHING.

        Raises BindError where several objects have the key of a row.
        """
        settled: list[Call] = []
        problems: list[tuple[int, list[str]]] = []
        for group in by_collection(self._target, calls):
            found = self._found(group)
            for call in group:
                there = found.get(key_of(self._upsert, call), [])
                if len(there) > 1:
                    line = f"{len(there)} objects have the key {key_of(self._upsert, call)}"
                    problems.append((call.row, [line]))
                elif not there:
                    settled.append(call)
                elif self._upsert.update is not None:
                    made, wrong = self._update(call, there[0])
                    settled += [made] if made is not None else []
                    if wrong:
                        problems.append((call.row, wrong))
        settled.sort(key=lambda call: call.row)
        if problems:
            update = self._upsert.update
            what = f"ON CONFLICT of {self._target.resource.id}"
            hint = needs(update) if update is not None else ""
            raise problem_error(rejected(problems, len(calls)), what, self._statement.pos, hint)
        return settled

    def _found(self, calls: Sequence[Call]) -> dict[tuple[Any, ...], list[dict[str, Any]]]:
        """The rows of one collection that are there, by key: what the update takes of each, by column."""
        width = len(self._upsert.key)
        names = read_of(self._upsert)
        found: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
        for row in self._select(lookup(self._target, self._statement, self._upsert, calls)):
            found.setdefault(tuple(row[:width]), []).append(dict(zip(names, row[width:], strict=True)))
        return found

    def _update(self, call: Call, there: Mapping[str, Any]) -> tuple[Call | None, list[str]]:
        """The update of the object that is there; None if WHERE leaves it as it is."""
        conflict, update = self._statement.conflict, self._upsert.update
        assert conflict is not None
        assert update is not None
        new = self._rows[call.row - 1]
        if conflict.where is not None:
            test = nodes.Case(None, ((with_values(conflict.where, new, there), _ONE),), _ZERO)
            if not self._values((test,))[0]:
                return None, []
        values = self._values(tuple(with_values(expr, new, there) for expr in self._upsert.assigned.values()))
        given = {name: there[column] for name, column in self._upsert.item.items()}
        given.update({name: there[name] for name in self._upsert.taken})
        given.update(zip(self._upsert.assigned, values, strict=True))
        variables = {v.name for v in (update.method.server or self._target.server).variables}
        made, wrong = make_call(self._target, update, given, call.row, sends_null=True)
        made.values.update({name: value for name, value in call.values.items() if name in variables})
        return made, wrong

    def after_conflict(self, call: Call) -> Call | None:
        """What to send for a row that somebody else has inserted meanwhile; None for nothing.

        Raises BindError if it still isn't there: then the conflict is another one.
        """
        again = self.settle([call])
        if again and again[0].method is call.method:
            raise BindError("what it conflicts with has another key")
        return again[0] if again else None
