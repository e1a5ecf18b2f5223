"""BEGIN, COMMIT, ROLLBACK: writes that wait, are all checked before the first is sent, and are sent in their order.

Before: `run.engine` hands over each write between BEGIN and COMMIT. After: `run.writing.writer` sends what it has
prepared, and `run.session` changes the workspace when every request is done.

An API has no transactions: what was sent is done, and others see it at once. So a COMMIT that fails says what is done
and what isn't, and, where the catalog knows it, the statements that take back what is done. Nothing is taken back
without being asked for. Reads in between see the providers and the workspace as they are.
"""

from __future__ import annotations

from quaestor.errors import BindError, PartialWriteError, QuaestorError, UnsupportedError
from quaestor.fetch.stats import Stats
from quaestor.record import Record, replace
from quaestor.run.result import Result
from quaestor.sql import nodes
from quaestor.sql.printer import quote_name, quote_string

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from quaestor.catalog.model import Method, Resource
    from quaestor.fetch.http import GentleToken
    from quaestor.run.writing.evaluating import Given
    from quaestor.run.writing.preparing import Prepared, Write
    from quaestor.run.writing.writer import Writer


class Queued(Record):
    """A write that waits.

    Attributes:
        ready: all that will be sent, or None for a statement of the workspace.
        run: changes the workspace then.
        inverse: what takes a row back, with a place for its key: `DELETE FROM r WHERE id = {}`; empty if unknown.
    """

    statement: nodes.Statement
    ready: Prepared | None = None
    run: Callable[[], Result] | None = None
    inverse: str = ""


class Transaction:
    """The writes since BEGIN.

    Args:
        writer: prepares and sends.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._queue: list[Queued] = []

    def __len__(self) -> int:
        return len(self._queue)

    def dropped(self) -> str:
        """What it means that it ends without COMMIT."""
        count = len(self._queue)
        waited = "statement that waited is" if count == 1 else "statements that waited are"
        return f"{count:,} {waited} not carried out"

    def write(self, statement: Write, given: Given, token: GentleToken) -> Result:
        """Check a write to a provider, and keep it. Raises what the write itself would, before anything is sent."""
        _check_returning(statement, given.text)
        stats = Stats()
        ready = self._writer.preparer.prepare(statement, given, stats, token)
        if ready.choice.method.verb == "select" or self._writer.only_shows:
            return self._writer.send(ready, stats, token)  # changes nothing, now or later
        inverse = ""
        if isinstance(statement, nodes.Insert):
            inverse, field = _inverse(ready.target.resource, ready.choice.method, statement.table.path)
            if inverse:
                wanted = (nodes.ResultColumn(nodes.ColumnRef((field,))),)
                ready = self._writer.preparer.prepare(replace(statement, returning=wanted), given, stats, token)
        self._queue.append(Queued(statement, ready, None, inverse))
        count = len(ready.calls)
        return _done(f"{count:,} {'request' if count == 1 else 'requests'} will be sent by COMMIT", stats)

    def change(self, statement: nodes.Statement, text: str, run: Callable[[], Result]) -> Result:
        """Keep a change of the workspace."""
        _check_returning(statement, text)
        self._queue.append(Queued(statement, None, run))
        return _done("the workspace will be changed by COMMIT")

    def commit(self, token: GentleToken) -> Result:
        """Send what waits, in order, then change the workspace; the first failure ends it.

        Raises the failure itself if nothing is done, else PartialWriteError: what is done, and what takes it back.
        """
        stats = Stats()
        order = [each for each in self._queue if each.ready] + [each for each in self._queue if not each.ready]
        back: list[str] = []
        for number, each in enumerate(order):
            try:
                result = self._carried_out(each, token, stats)
                back[:0] = _taken_back(each, result)
            except QuaestorError as error:
                if isinstance(error, PartialWriteError) and error.returned is not None:
                    back[:0] = _taken_back(each, error.returned)
                raise self._failed(error, order, number, back) from error
        count = len(order)
        return _done(f"committed {count:,} {'statement' if count == 1 else 'statements'}", stats)

    def _carried_out(self, each: Queued, token: GentleToken, stats: Stats) -> Result:
        if each.run is not None:
            return each.run()
        assert each.ready is not None
        return self._writer.send(each.ready, stats, token)

    def _failed(self, error: QuaestorError, order: list[Queued], number: int, back: list[str]) -> QuaestorError:
        """The failure of a COMMIT, in the order of the statements."""
        if not number and not isinstance(error, PartialWriteError):
            return error  # nothing is done: it is the statement's own
        words = [_called(each) for each in order]
        lines = [f"COMMIT ended at {words[number]}: {error.message}"]
        if number:
            lines.append(f"done: {', '.join(words[:number])}")
        if words[number + 1 :]:
            lines.append(f"not tried: {', '.join(words[number + 1 :])}")
        outcomes = {
            "done": tuple(range(1, number + 1)),
            "refused": (number + 1,),
            "not tried": tuple(range(number + 2, len(order) + 1)),
        }
        hint = "what is done stays done" + (f"; these take it back:\n{chr(10).join(back)}" if back else "")
        journal = error.journal if isinstance(error, PartialWriteError) else ""
        return PartialWriteError("\n".join(lines), hint=hint, outcomes=outcomes, journal=journal)


def _check_returning(statement: nodes.Statement, text: str) -> None:
    returning = getattr(statement, "returning", ())
    if returning:
        raise UnsupportedError(
            "RETURNING in a transaction: nothing is sent before COMMIT, so there is nothing to return",
            text=text,
            position=returning[0].pos,
            hint="write the statement outside of BEGIN and COMMIT",
        )


def _inverse(resource: Resource, method: Method, path: tuple[str, ...]) -> tuple[str, str]:
    """The statement that deletes what an INSERT made, and the field that is its key; empty if nobody knows."""
    fields = {column.name for column in method.columns}
    for delete in resource.by_verb("delete"):
        key = delete.required[0] if len(delete.required) == 1 else None
        field = (key.field or key.name) if key is not None else ""
        if key is not None and key.item_key and field in fields:
            return f"DELETE FROM {'.'.join(path)} WHERE {quote_name(field)} = {{}};", field  # noqa: S608 - names are quoted
    return "", ""


def _taken_back(each: Queued, result: Result) -> list[str]:
    """The statements that take back what a write has done, the last row first."""
    if not each.inverse:
        return []
    keys = [row[0] for row in result if row[0] is not None]
    return [each.inverse.replace("{}", quote_string(str(key))) for key in reversed(keys)]


def _called(each: Queued) -> str:
    """A statement as messages name it."""
    table = getattr(each.statement, "table", None)
    path = table.path if table is not None else getattr(each.statement, "path", ())
    return f"{type(each.statement).__name__.upper()} {'.'.join(path)}"


def _done(message: str, stats: Stats | None = None) -> Result:
    return Result((), (), stats=stats or Stats(), message=message)


def misplaced(statement: nodes.Statement, text: str, is_open: bool) -> BindError:
    """The error for a BEGIN inside of a transaction, a COMMIT or ROLLBACK outside of one."""
    word = type(statement).__name__.upper()
    said = "a transaction is open already" if is_open else "there is no transaction: BEGIN opens one"
    return BindError(
        f"{word}: {said}", text=text, position=statement.pos, hint="COMMIT or ROLLBACK it" if is_open else ""
    )
