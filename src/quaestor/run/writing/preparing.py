"""What a statement that changes something would do: its method, its rows, and a checked call for each of them.

Before: `run.engine` has a statement whose placeholders have values. Here its values are evaluated (a SELECT source
is an ordinary SELECT), its rows become calls (`plan.writing`), and all of them are checked. After:
`run.writing.writer` sends them.
"""

from __future__ import annotations

from quaestor.catalog.model import Schema
from quaestor.errors import BindError, LimitError, did_you_mean
from quaestor.fetch.http import GentleToken
from quaestor.fetch.stats import Stats
from quaestor.plan.naming import Naming
from quaestor.plan.writing.calls import Call, make_call, rejected
from quaestor.plan.writing.names import (
    WORDS,
    Choice,
    Target,
    choice_of,
    choose,
    needs,
    problem_error,
    problems_of,
)
from quaestor.plan.writing.rows import Rows, assigned_by, find_rows
from quaestor.plan.writing.upsert import plan_upsert
from quaestor.run.writing.evaluating import Evaluation, Given, with_payload
from quaestor.run.writing.explaining import explained
from quaestor.run.writing.returning import Returning
from quaestor.run.writing.upserting import Upserting
from quaestor.sql import nodes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, TypeAlias

    from quaestor.catalog.catalog import Catalog
    from quaestor.catalog.model import Method
    from quaestor.config import Settings
    from quaestor.run.connections import Connections
    from quaestor.run.result import Result
    from quaestor.run.selecting import Selector

    Write: TypeAlias = "nodes.Insert | nodes.Update | nodes.Replace | nodes.Delete | nodes.Exec"

#: The verb of each statement.
VERBS: dict[type[nodes.Statement], str] = {
    nodes.Insert: "insert",
    nodes.Update: "update",
    nodes.Replace: "replace",
    nodes.Delete: "delete",
    nodes.Exec: "exec",
}


class Prepared:
    """A statement whose every call is known and checked.

    Attributes:
        statement: as it was read, and what was `given` with it.
        choice: the method and its names; `calls` in the order of the rows.
        returning: what is wanted back, None for nothing; upserting: of an INSERT with ON CONFLICT.
        planned: the calls before a look-up made other ones of them: the same each time that the statement is
            prepared. What is sent for a row has the same number.
    """

    def __init__(
        self,
        statement: Write,
        given: Given,
        target: Target,
        choice: Choice,
        calls: list[Call],
        returning: Returning | None,
        upserting: Upserting | None = None,
    ) -> None:
        self.statement = statement
        self.given = given
        self.target = target
        self.choice = choice
        self.planned = calls
        self.calls = calls if upserting is None else upserting.settle(calls)
        self.returning = returning
        self.upserting = upserting


class Preparer:
    """Makes calls of the statements that change something at a provider; thread safe.

    Args:
        names: each connection's provider.
        selector: runs the SELECT of an INSERT; `reader` finds the rows of an UPDATE or DELETE, parents never being
            filled. Both give whole results or none.
    """

    def __init__(
        self,
        settings: Settings,
        catalog: Catalog,
        connections: Connections,
        names: Mapping[str, str],
        selector: Selector,
        reader: Selector,
    ) -> None:
        self._settings = settings
        self._catalog = catalog
        self._connections = connections
        self._names = names
        self._selector = selector
        self._reader = reader

    def prepare(self, statement: Write, given: Given, stats: Stats, token: GentleToken) -> Prepared:
        """Everything but the sending; rows that WHERE chooses by a predicate are read, and so is a SELECT source.

        Raises BindError for what is wrong with the statement or any of its rows, LimitError for too many rows.
        """
        if isinstance(statement, nodes.Exec):
            return self._prepare_exec(statement, given)
        target = self._target(statement.table, given)
        if isinstance(statement, nodes.Insert):
            choice, rows = self._inserted(statement, target, Evaluation(self._selector, given, stats, token))
        else:
            choice, rows = self._changed(statement, target, self.reading(given, stats, token))
        returning = self._returning(statement.returning, target, choice.method, given)
        calls = self._calls(target, choice, rows, statement)
        upserting = None
        if isinstance(statement, nodes.Insert) and statement.conflict is not None:
            reader, upsert = self.reading(given, stats, token), plan_upsert(target, statement, choice)
            upserting = Upserting(target, statement, upsert, rows, reader.rows, reader.expressions)
        return Prepared(statement, given, target, choice, calls, returning, upserting)

    def reading(self, given: Given, stats: Stats, token: GentleToken) -> Evaluation:
        """What finds rows for a statement."""
        return Evaluation(self._reader, given, stats, token)

    def explain(self, statement: Write, given: Given) -> Result:
        """What the statement would read, and the requests that it would write with; none is made.

        Raises BindError for what is wrong with the statement, and with its rows where they are known beforehand.
        """
        source: nodes.Select | None = None
        if isinstance(statement, nodes.Exec):
            ready = self.prepare(statement, given, Stats(), GentleToken())
            return explained(self._connections, ready.target, ready.choice.method, ready.calls)
        target = self._target(statement.table, given)
        if isinstance(statement, nodes.Insert):
            choice = choose(target, "insert", [name.text for name in statement.columns])
            source = statement.source
        else:
            verb, assigned = VERBS[type(statement)], assigned_by(statement)
            found = find_rows(target, statement, verb, assigned, all_rows=self._settings.all_rows)
            choice, source = found.choice, found.read
        read = None
        if source is not None:
            selector = self._selector if isinstance(statement, nodes.Insert) else self._reader
            read = selector.explain(nodes.Explain(source), given.text, given.values, given.path).dicts()
        if read or (isinstance(statement, nodes.Insert) and statement.conflict is not None):
            return explained(self._connections, target, choice.method, None, read or [])
        ready = self.prepare(statement, given, Stats(), GentleToken())
        return explained(self._connections, target, choice.method, ready.calls)

    # -------------------------------------------------------------------------------------------- target

    def _target(self, table: nodes.TableRef, given: Given) -> Target:
        """The resource that a statement writes to. Raises BindError for an unknown one, and for a group."""
        path = (*given.path[: 3 - len(table.path)], *table.path) if len(table.path) < 3 else table.path
        if len(path) != 3:
            raise BindError(
                f"there is no table {'.'.join(table.path)}",
                text=given.text,
                position=table.pos,
                hint="a table is connection.service.resource, such as okta.users.users",
            )
        naming = Naming(self._catalog, self._names, {}, given.text)
        connections, provider = naming.connections(path[0], table)
        if len(connections) != 1:
            raise BindError(
                f"{path[0]} stands for {len(connections)} connections, and a write goes to one",
                text=given.text,
                position=table.pos,
                hint=f"one of {', '.join(connections)}",
            )
        resource = naming.resource(provider, path[1], path[2], table)
        return Target(connections[0], resource, provider.server, self._lookup(provider.name))

    def _lookup(self, provider: str) -> Callable[[str], Schema]:
        def look_up(name: str) -> Schema:
            return self._catalog.schema(provider, name) or Schema()

        return look_up

    # ---------------------------------------------------------------------------------------------- rows

    def _inserted(
        self, statement: nodes.Insert, target: Target, evaluate: Evaluation
    ) -> tuple[Choice, list[dict[str, Any]]]:
        names = [name.text for name in statement.columns]
        twice = next((name for name in statement.columns if names.count(name.text) > 1), None)
        if twice is not None:
            raise BindError(f"{twice.text} is named twice", position=twice.pos)
        choice = choose(target, "insert", names)
        if statement.source is None:
            return choice, [{}]
        if not names:
            raise BindError(
                "INSERT needs the names of its columns",
                position=statement.table.pos,
                hint=f"write {target.resource.id} (name, …); {needs(choice)}",
            )
        rows = evaluate.select(statement.source, statement.with_, len(names), statement.source.pos)
        return choice, [dict(zip(names, row, strict=True)) for row in rows]

    def _changed(
        self, statement: nodes.Update | nodes.Replace | nodes.Delete, target: Target, evaluate: Evaluation
    ) -> tuple[Choice, list[dict[str, Any]]]:
        assigned = assigned_by(statement)
        found = find_rows(target, statement, VERBS[type(statement)], assigned, all_rows=self._settings.all_rows)
        return found.choice, self._named_rows(found, assigned, statement, evaluate)

    def _named_rows(
        self,
        found: Rows,
        assigned: Mapping[str, nodes.Expr],
        statement: nodes.Update | nodes.Replace | nodes.Delete,
        evaluate: Evaluation,
    ) -> list[dict[str, Any]]:
        """A row of named values for each call."""
        keys: list[dict[str, Any]] = [{}]
        for name, exprs in found.keys.items():
            wanted = list(dict.fromkeys(evaluate.expressions(exprs)))
            keys = [{**known, name: value} for known in keys for value in wanted if value is not None]
        if found.read is None:
            values = dict(zip(assigned, evaluate.expressions(tuple(assigned.values())), strict=True))
            return [{**values, **key} for key in keys]
        names = (*found.columns, *assigned)
        read = evaluate.select(found.read, None, len(names), statement.pos)
        rows: dict[tuple[Any, ...], dict[str, Any]] = {}
        in_path = [name for name in found.columns if found.choice.slots[name].location == "path"]
        for row in read:
            named = dict(zip(names, row, strict=True))
            for key in keys:
                rows.setdefault(tuple([named[name] for name in in_path] + list(key.values())), {**named, **key})
        return list(rows.values())

    def _calls(
        self, target: Target, choice: Choice, rows: Sequence[Mapping[str, Any]], statement: Write
    ) -> list[Call]:
        """The calls of all rows. Raises BindError with everything that is wrong with any of them."""
        if len(rows) > self._settings.max_writes:
            raise LimitError(
                f"the statement would write {len(rows):,} rows, more than {self._settings.max_writes:,}",
                hint="narrow it, or raise --max-writes",
            )
        general = problems_of(target, choice)
        verb = choice.method.verb
        sends_null = isinstance(statement, nodes.Update | nodes.Replace)
        sends_body = not sends_null or bool(getattr(statement, "assignments", ()))
        problems: list[tuple[int, list[str]]] = []
        calls: list[Call] = []
        for number, row in enumerate(rows, 1):
            known = {name: value for name, value in row.items() if name in choice.slots}
            call, wrong = make_call(target, choice, known, number, sends_null=sends_null, sends_body=sends_body)
            calls.append(call)
            if wrong:
                problems.append((number, wrong))
        lines = [*general, *rejected(problems, len(rows))]
        if lines:
            preposition = {"insert": "to", "delete": "from"}.get(verb, "of")
            what = f"{WORDS.get(verb, 'SELECT')} {preposition} {target.resource.id}"
            raise problem_error(lines, what, statement.pos, needs(choice))
        return calls

    # ---------------------------------------------------------------------------------------------- EXEC

    def _prepare_exec(self, statement: nodes.Exec, given: Given) -> Prepared:
        path = statement.path
        full = (*given.path[: 4 - len(path)], *path) if len(path) < 4 else path
        if len(full) != 4:
            raise BindError(
                f"{'.'.join(path)} is not connection.service.resource.method",
                text=given.text,
                position=statement.pos,
                hint="such as okta.users.users.suspend_user; SHOW METHODS IN connection.service.resource lists them",
            )
        target = self._target(nodes.TableRef(full[:3], pos=statement.pos), given)
        method = target.resource.method(full[3])
        if method is None:
            known = [each.name for each in target.resource.methods]
            raise BindError(
                f"{target.resource.id} has no method {full[3]}",
                text=given.text,
                position=statement.pos,
                hint=did_you_mean(full[3], known) or f"it has {', '.join(known)}",
            )
        names = [argument.name for argument in statement.args]
        twice = next((a for a in statement.args if names.count(a.name) > 1), None)
        if twice is not None:
            raise BindError(f"@{twice.name} is given twice", text=given.text, position=twice.pos)
        choice = choice_of(target, method, names)
        evaluate = Evaluation(self._selector, given, Stats(), GentleToken())
        arguments = evaluate.expressions(tuple(argument.value for argument in statement.args))
        row = dict(zip(names, arguments, strict=True))
        if statement.payload is not None:
            choice, row = with_payload(choice, row, evaluate, statement.payload)
        calls = self._calls(target, choice, [row], statement)
        star = nodes.Star(pos=statement.pos)
        wanted = (star,) if any(not column.hidden for column in method.columns) else ()
        return Prepared(statement, given, target, choice, calls, self._returning(wanted, target, method, given))

    def _returning(
        self, wanted: Sequence[nodes.ResultColumn | nodes.Star], target: Target, method: Method, given: Given
    ) -> Returning | None:
        if not wanted:
            return None
        variables = [variable.name for variable in (method.server or target.server).variables]
        path = tuple(target.resource.id.split("."))
        return Returning(wanted, method, variables, path, self._catalog, self._names, given.text)
