"""INSERT, UPDATE, REPLACE, DELETE and EXEC carried out, row by row.

Before: `run.writing.preparing` has made a call of each row and checked them all; only then `run.writing.mutate` sends
the first. After: a `Result`, or an error that says how each row ended.
"""

from __future__ import annotations

from quaestor.errors import BindError, PartialWriteError, QuaestorError, UnsupportedError
from quaestor.fetch.stats import Stats
from quaestor.run.result import Result
from quaestor.run.writing import sending
from quaestor.run.writing.awaiting import ACCEPTED, awaited, witness_of
from quaestor.run.writing.mutate import DONE, Mutation, Unkept, failure_of
from quaestor.run.writing.preparing import VERBS
from quaestor.sql import nodes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from quaestor.config import Settings
    from quaestor.fetch.http import GentleToken
    from quaestor.plan.writing.calls import Call
    from quaestor.run.connections import Connections
    from quaestor.run.writing.evaluating import Given
    from quaestor.run.writing.mutate import Journal, JournalRun, Outcome
    from quaestor.run.writing.preparing import Prepared, Preparer, Write

#: What the message of each verb says of the rows.
_DONE = {"insert": "inserted", "update": "updated", "replace": "replaced", "delete": "deleted"}


class Writer:
    """Runs the statements that change something at a provider; thread safe.

    Args:
        preparer: makes the calls.
        journal: keeps account of what is written.
    """

    def __init__(
        self,
        settings: Settings,
        connections: Connections,
        preparer: Preparer,
        notify: Callable[[str], None] | None = None,
        journal: Journal | None = None,
    ) -> None:
        self._settings = settings
        self._connections = connections
        self.preparer = preparer
        self._notify = notify
        self.journal: Journal = journal or Unkept()

    def write(self, statement: Write, given: Given, token: GentleToken) -> Result:
        """Carry a statement out.

        Args:
            token: stops it between two rows.

        Raises BindError, with everything that is wrong, before anything is sent; the API's own error where a single
        row is refused; else PartialWriteError where not all rows are done.
        """
        stats = Stats(self._settings.max_requests)
        try:
            ready = self.preparer.prepare(statement, given, stats, token)
        except BindError as error:
            if error.position < 0:  # of the statement as a whole
                error.position = statement.pos
            raise
        return self.send(ready, stats, token)

    @staticmethod
    def _awaits(ready: Prepared) -> bool:
        """Whether the statement waits; what isn't answered with 202 is done, and there is nothing to wait for."""
        return "AWAIT" in ready.statement.hints and ready.choice.method.response.status == ACCEPTED

    @property
    def only_shows(self) -> bool:
        """Whether writes are shown instead of sent."""
        return self._settings.dry_run_writes

    def send(self, ready: Prepared, stats: Stats, token: GentleToken) -> Result:
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
        return self._mutated(ready, stats, token)

    def digest(self, ready: Prepared, call: Call) -> str:
        """What the journal knows the request of a call by."""
        return sending.digest_of(self._connections, ready.target, call)

    def shown(self, ready: Prepared, calls: Sequence[Call], stats: Stats) -> Result:
        """The requests of calls, secrets masked."""
        return sending.shown(self._connections, ready.target, calls, stats)

    def _read(self, ready: Prepared, stats: Stats, token: GentleToken) -> Result:
        """EXEC of a method that reads: all its pages."""
        rows = sending.pages(self._connections, self._settings, ready.target, ready.calls[0], stats, token)
        columns = sending.page_columns(ready.choice.method)
        return Result(columns, rows, stats=stats, cancel=token)

    def _check_clients(self, ready: Prepared) -> None:
        """Find out before the first request whether every call has a host and a credential."""
        seen: list[Mapping[str, Any]] = []
        for call in ready.calls:
            settings = sending.settings_of(self._connections, ready.target, call)
            if settings not in seen:
                seen.append(settings)
                server = call.method.server or ready.target.server
                self._connections.client(call.connection, server, settings)

    def _mutated(self, ready: Prepared, stats: Stats, token: GentleToken) -> Result:
        if not ready.calls:
            return self._result(ready, [], stats)
        numbers = {call.row for call in ready.calls}
        planned = [call for call in ready.planned if call.row in numbers]
        entry = sending.entry_of(self._connections, ready.target, planned, ready.statement, ready.given)
        return self.carry_out(ready, self.journal.begin(entry), stats, token)

    def carry_out(self, ready: Prepared, run: JournalRun, stats: Stats, token: GentleToken) -> Result:
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
            return self._result(ready, outcomes, stats)
        if isinstance(failure, PartialWriteError) and ready.returning is not None:
            failure.returned = self._result(ready, outcomes, stats)
        stats.finish()
        raise failure

    def _result(self, ready: Prepared, outcomes: Sequence[Outcome], stats: Stats) -> Result:
        """What a statement gives back: the rows that RETURNING wants, or how many rows are done."""
        count = sum(outcome.state == DONE for outcome in outcomes)
        stats.add(rows=count)
        if ready.returning is None:
            stats.finish()
            return Result((), (), stats=stats, message=_message(ready, outcomes))
        try:
            rows, errors = ready.returning.rows(outcomes, ready.given.values)
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
