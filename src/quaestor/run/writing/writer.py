"""INSERT, UPDATE, REPLACE, DELETE and EXEC: planned and checked whole, then written row by row.

Before: `run.engine` has a statement whose placeholders have values. Here its values are evaluated (a SELECT source
is an ordinary SELECT), its rows become calls (`plan.writing`), all of them are checked, and only then
`run.writing.mutate` sends the first. After: a `Result`, or an error that says how each row ended.
"""

from __future__ import annotations

from quaestor.catalog.model import Schema
from quaestor.errors import (
    BindError,
    LimitError,
    PartialWriteError,
    QuaestorError,
    UnsupportedError,
    did_you_mean,
)
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
from quaestor.run.result import Result
from quaestor.run.writing import sending
from quaestor.run.writing.awaiting import ACCEPTED, awaited, witness_of
from quaestor.run.writing.evaluating import Evaluation, with_payload
from quaestor.run.writing.explaining import explained
from quaestor.run.writing.mutate import DONE, Mutation, Unkept, failure_of
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
    from quaestor.run.selecting import Selector
    from quaestor.run.writing.mutate import Journal, JournalRun, Outcome
    from quaestor.values import SqlValue

    Write: TypeAlias = "nodes.Insert | nodes.Update | nodes.Replace | nodes.Delete | nodes.Exec"

#: The verb of each statement, and what its message says of the rows.
VERBS: dict[type[nodes.Statement], str] = {
    nodes.Insert: "insert",
    nodes.Update: "update",
    nodes.Replace: "replace",
    nodes.Delete: "delete",
    nodes.Exec: "exec",
}
_DONE = {"insert": "inserted", "update": "updated", "replace": "replaced", "delete": "deleted"}


class Prepared:
    """A statement whose every call is known and checked.

    Attributes:
        statement: as it was read; `choice` the method and its names; `calls` in the order of the rows.
        returning: what is wanted back, None for nothing; upserting: of an INSERT with ON CONFLICT.
        planned: the calls before a look-up made other ones of them: the same each time that the statement is
            prepared. What is sent for a row has the same number.
        path: what USE names.
    """

    def __init__(
        self,
        statement: Write,
        target: Target,
        choice: Choice,
        calls: list[Call],
        returning: Returning | None,
        upserting: Upserting | None = None,
        planned: list[Call] | None = None,
    ) -> None:
        self.upserting = upserting
        self.planned = planned or calls
        self.path: tuple[str, ...] = ()
        self.statement = statement
        self.target = target
        self.choice = choice
        self.calls = calls
        self.returning = returning


class Writer:
    """Runs the statements that change something at a provider; thread safe.

    Args:
        names: each connection's provider.
        selector: runs the SELECT of an INSERT; `reader` finds the rows of an UPDATE or DELETE, parents never being
            filled. Both give whole results or none.
        journal: keeps account of what is written.
    """

    def __init__(
        self,
        settings: Settings,
        catalog: Catalog,
        connections: Connections,
        names: Mapping[str, str],
        selector: Selector,
        reader: Selector,
        notify: Callable[[str], None] | None = None,
        journal: Journal | None = None,
    ) -> None:
        self._settings = settings
        self._catalog = catalog
        self._connections = connections
        self._names = names
        self._selector = selector
        self._reader = reader
        self._notify = notify
        self.journal: Journal = journal or Unkept()

    def write(
        self,
        statement: Write,
        text: str,
        values: Mapping[str, SqlValue],
        default: tuple[str, ...],
        token: GentleToken,
        original: nodes.Statement | None = None,
    ) -> Result:
        """Carry a statement out.

        Args:
            token: stops it between two rows.
            original: the statement with its placeholders, which is what the journal keeps.

        Raises BindError, with everything that is wrong, before anything is sent; the API's own error where a single
        row is refused; else PartialWriteError where not all rows are done.
        """
        stats = Stats(self._settings.max_requests)
        try:
            ready = self.prepare(statement, text, values, default, stats, token)
        except BindError as error:
            if error.position < 0:  # of the statement as a whole
                error.position = statement.pos
            raise
        return self.send(ready, text, values, stats, token, original or statement)

    @staticmethod
    def _awaits(ready: Prepared) -> bool:
        """Whether the statement waits; what isn't answered with 202 is done, and there is nothing to wait for."""
        return "AWAIT" in ready.statement.hints and ready.choice.method.response.status == ACCEPTED

    @property
    def only_shows(self) -> bool:
        """Whether writes are shown instead of sent."""
        return self._settings.dry_run_writes

    def send(
        self,
        ready: Prepared,
        text: str,
        values: Mapping[str, SqlValue],
        stats: Stats,
        token: GentleToken,
        original: nodes.Statement,
    ) -> Result:
        """Carry out what was prepared; raises what `write` does after that."""
        if self._awaits(ready) and witness_of(ready.target.resource, ready.choice.method) is None:
            raise UnsupportedError(
                f"{ready.choice.method.name} is carried out later (202), and nothing says when it is done",
                position=ready.statement.pos,
                hint="leave AWAIT out, and read the object until it is there",
            )
        self._check_clients(ready)
        if self._settings.dry_run_writes and ready.choice.method.verb != "select":
            return self.shown(ready, ready.calls, stats)
        if ready.choice.method.verb == "select":
            return self._read(ready, stats, token)
        return self._mutated(ready, text, values, stats, token, original)

    def prepare(
        self,
        statement: Write,
        text: str,
        values: Mapping[str, SqlValue],
        default: tuple[str, ...],
        stats: Stats,
        token: GentleToken,
    ) -> Prepared:
        """Everything but the sending, as `_prepared` says."""
        ready = self._prepared(statement, text, values, default, stats, token)
        ready.path = default
        return ready

    def _prepared(
        self,
        statement: Write,
        text: str,
        values: Mapping[str, SqlValue],
        default: tuple[str, ...],
        stats: Stats,
        token: GentleToken,
    ) -> Prepared:
        """Everything but the sending; rows that WHERE chooses by a predicate are read, and so is a SELECT source.

        Raises BindError for what is wrong with the statement or any of its rows, LimitError for too many rows.
        """
        if isinstance(statement, nodes.Exec):
            return self._prepared_exec(statement, text, values, default)
        target = self._target(statement.table, text, default)
        if isinstance(statement, nodes.Insert):
            evaluate = Evaluation(self._selector, text, values, default, stats, token)
            choice, rows = self._inserted(statement, target, evaluate)
        else:
            evaluate = Evaluation(self._reader, text, values, default, stats, token)
            choice, rows = self._changed(statement, target, evaluate)
        returning = self._returning(statement, target, choice.method, text)
        calls = self._calls(target, choice, rows, statement)
        if isinstance(statement, nodes.Insert) and statement.conflict is not None:
            upserting = self._upserting(statement, target, choice, rows, text, values, default, stats, token)
            return Prepared(statement, target, choice, upserting.settle(calls), returning, upserting, calls)
        return Prepared(statement, target, choice, calls, returning)

    def _upserting(
        self,
        statement: nodes.Insert,
        target: Target,
        choice: Choice,
        rows: Sequence[Mapping[str, Any]],
        text: str,
        values: Mapping[str, SqlValue],
        default: tuple[str, ...],
        stats: Stats,
        token: GentleToken,
    ) -> Upserting:
        reader = Evaluation(self._reader, text, values, default, stats, token)
        upsert = plan_upsert(target, statement, choice)
        return Upserting(target, statement, upsert, rows, reader.rows, reader.expressions)

    def explain(
        self, statement: Write, text: str, values: Mapping[str, SqlValue], default: tuple[str, ...]
    ) -> Result:
        """What the statement would read, and the requests that it would write with; none is made.

        Raises BindError for what is wrong with the statement, and with its rows where they are known beforehand.
        """
        source: nodes.Select | None = None
        if isinstance(statement, nodes.Exec):
            ready = self.prepare(statement, text, values, default, Stats(), GentleToken())
            return explained(self._connections, ready.target, ready.choice.method, ready.calls)
        target = self._target(statement.table, text, default)
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
            read = selector.explain(nodes.Explain(source), text, values, default).dicts()
        if read or (isinstance(statement, nodes.Insert) and statement.conflict is not None):
            return explained(self._connections, target, choice.method, None, read or [])
        ready = self.prepare(statement, text, values, default, Stats(), GentleToken())
        return explained(self._connections, target, choice.method, ready.calls)

    # ------------------------------------------------------------------------------------------- resumed

    def digest(self, ready: Prepared, call: Call) -> str:
        """What the journal knows the request of a call by."""
        return sending.digest_of(self._connections, ready.target, call)

    def shown(self, ready: Prepared, calls: Sequence[Call], stats: Stats) -> Result:
        """The requests of calls, secrets masked."""
        return sending.shown(self._connections, ready.target, calls, stats)

    def reading(
        self, ready: Prepared, text: str, values: Mapping[str, SqlValue], stats: Stats, token: GentleToken
    ) -> Evaluation:
        """What reads for a statement that was prepared."""
        return Evaluation(self._reader, text, values, ready.path, stats, token)

    # -------------------------------------------------------------------------------------------- target

    def _target(self, table: nodes.TableRef, text: str, default: tuple[str, ...]) -> Target:
        """The resource that a statement writes to. Raises BindError for an unknown one, and for a group."""
        path = (*default[: 3 - len(table.path)], *table.path) if len(table.path) < 3 else table.path
        if len(path) != 3:
            raise BindError(
                f"there is no table {'.'.join(table.path)}",
                text=text,
                position=table.pos,
                hint="a table is connection.service.resource, such as okta.users.users",
            )
        naming = Naming(self._catalog, self._names, {}, text)
        connections, provider = naming.connections(path[0], table)
        if len(connections) != 1:
            raise BindError(
                f"{path[0]} stands for {len(connections)} connections, and a write goes to one",
                text=text,
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

    def _prepared_exec(
        self, statement: nodes.Exec, text: str, values: Mapping[str, SqlValue], default: tuple[str, ...]
    ) -> Prepared:
        path = statement.path
        full = (*default[: 4 - len(path)], *path) if len(path) < 4 else path
        if len(full) != 4:
            raise BindError(
                f"{'.'.join(path)} is not connection.service.resource.method", text=text, position=statement.pos
            )
        target = self._target(nodes.TableRef(full[:3], pos=statement.pos), text, default)
        method = target.resource.method(full[3])
        if method is None:
            known = [each.name for each in target.resource.methods]
            raise BindError(
                f"{target.resource.id} has no method {full[3]}",
                text=text,
                position=statement.pos,
                hint=did_you_mean(full[3], known) or f"it has {', '.join(known)}",
            )
        names = [argument.name for argument in statement.args]
        twice = next((a for a in statement.args if names.count(a.name) > 1), None)
        if twice is not None:
            raise BindError(f"@{twice.name} is given twice", text=text, position=twice.pos)
        choice = choice_of(target, method, names)
        evaluate = Evaluation(self._selector, text, values, default, Stats(), GentleToken())
        given = evaluate.expressions(tuple(argument.value for argument in statement.args))
        row = dict(zip(names, given, strict=True))
        if statement.payload is not None:
            choice, row = with_payload(choice, row, evaluate, statement.payload)
        calls = self._calls(target, choice, [row], statement)
        star = nodes.Star(pos=statement.pos)
        wanted = (star,) if any(not column.hidden for column in method.columns) else ()
        returning = self._returned(wanted, target, method, text)
        return Prepared(statement, target, choice, calls, returning)

    def _read(self, ready: Prepared, stats: Stats, token: GentleToken) -> Result:
        """EXEC of a method that reads: all its pages."""
        rows = sending.pages(self._connections, self._settings, ready.target, ready.calls[0], stats, token)
        columns = sending.page_columns(ready.choice.method)
        return Result(columns, rows, stats=stats, cancel=token)

    # --------------------------------------------------------------------------------------- carried out

    def _returning(self, statement: Write, target: Target, method: Method, text: str) -> Returning | None:
        assert not isinstance(statement, nodes.Exec)
        return self._returned(statement.returning, target, method, text)

    def _returned(
        self, wanted: Sequence[nodes.ResultColumn | nodes.Star], target: Target, method: Method, text: str
    ) -> Returning | None:
        if not wanted:
            return None
        variables = [variable.name for variable in (method.server or target.server).variables]
        path = tuple(target.resource.id.split("."))
        return Returning(wanted, method, variables, path, self._catalog, self._names, text)

    def _check_clients(self, ready: Prepared) -> None:
        """Find out before the first request whether every call has a host and a credential."""
        seen: list[Mapping[str, Any]] = []
        for call in ready.calls:
            settings = sending.settings_of(self._connections, ready.target, call)
            if settings not in seen:
                seen.append(settings)
                server = call.method.server or ready.target.server
                self._connections.client(call.connection, server, settings)

    def _mutated(
        self,
        ready: Prepared,
        text: str,
        values: Mapping[str, SqlValue],
        stats: Stats,
        token: GentleToken,
        original: nodes.Statement,
    ) -> Result:
        if not ready.calls:
            return self._result(ready, [], values, stats)
        numbers = {call.row for call in ready.calls}
        planned = [call for call in ready.planned if call.row in numbers]
        entry = sending.entry_of(self._connections, ready.target, planned, original, text, ready.path)
        return self.carry_out(ready, self.journal.begin(entry), values, stats, token)

    def carry_out(
        self,
        ready: Prepared,
        run: JournalRun,
        values: Mapping[str, SqlValue],
        stats: Stats,
        token: GentleToken,
    ) -> Result:
        """Send the calls, whose rows the journal has an account of; raises what `write` does."""
        send = sending.sender(self._connections, ready.target, token, ready.upserting)
        witness = witness_of(ready.target.resource, ready.choice.method) if self._awaits(ready) else None
        if witness is not None:
            send = awaited(send, self._connections, ready.target, witness, token)
        mutation = Mutation(
            ready.calls,
            send,
            run,
            stats,
            token,
            goes_on=self._settings.on_error == "continue",
            concurrency=self._settings.write_concurrency,
        )
        outcomes = mutation.execute()
        if mutation.trouble is not None and self._notify is not None:
            self._notify(f"the journal is not complete: {mutation.trouble.message}")
        failure = failure_of(outcomes, run.id, interrupted=token.cancelled)
        if failure is None:
            return self._result(ready, outcomes, values, stats)
        if isinstance(failure, PartialWriteError) and ready.returning is not None:
            failure.returned = self._result(ready, outcomes, values, stats)
        stats.finish()
        raise failure

    def _result(
        self, ready: Prepared, outcomes: Sequence[Outcome], values: Mapping[str, SqlValue], stats: Stats
    ) -> Result:
        """What a statement gives back: the rows that RETURNING wants, or how many rows are done."""
        count = sum(outcome.state == DONE for outcome in outcomes)
        stats.add(rows=count)
        if ready.returning is None:
            stats.finish()
            return Result((), (), stats=stats, message=_message(ready, outcomes))
        try:
            rows, errors = ready.returning.rows(outcomes, values)
        except QuaestorError as error:
            error.hint = f"the rows are written ({count} done), only RETURNING failed"
            raise
        if errors and self._notify is not None:
            self._notify(
                f"{len(errors)} of {count} answers couldn't be read, the rows are written: {errors[0].message}"
            )
        return Result(ready.returning.columns, [rows], stats=stats)


# ----------------------------------------------------------------------------------------- small pieces


def _message(ready: Prepared, outcomes: Sequence[Outcome]) -> str:
    method = ready.choice.method
    if isinstance(ready.statement, nodes.Exec):
        return f"{method.name} of {ready.target.resource.id} is done"
    counts = {VERBS[type(ready.statement)]: 0}
    for outcome in outcomes:
        if outcome.state == DONE:
            counts[outcome.call.method.verb] = counts.get(outcome.call.method.verb, 0) + 1
    words = [f"{count:,} row{'' if count == 1 else 's'} {_DONE[verb]}" for verb, count in counts.items()]
    return f"{', '.join(words)}: {ready.target.resource.id}"
