"""Runs a plan: each scan's rows into its table, then the statement over the tables.

Before: `plan.scans` decided what to read and in which order, `run.reading` knows how. After: `run.result` hands
the rows out. An execution owns one SQLite connection, whose tables live in a temporary file of SQLite's own, and
belongs to one thread at a time.
"""

from __future__ import annotations

import threading
from itertools import islice
from time import monotonic

import apsw

from quaestor.errors import BindError, Cancelled, EvaluationError, LimitError, QuaestorError, did_you_mean
from quaestor.plan.conditions import fails_for_null
from quaestor.plan.lower import lower, lower_expression
from quaestor.plan.scope import BoundColumn
from quaestor.record import replace
from quaestor.run import functions, tables
from quaestor.run.failures import create_table
from quaestor.run.spooling import Spooler
from quaestor.sql import nodes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import TypeVar

    from quaestor.catalog.model import Hidden
    from quaestor.fetch.http import CancelToken
    from quaestor.plan.model import Plan, Scan
    from quaestor.run.failures import Failure
    from quaestor.run.feed import Batch
    from quaestor.run.reading import Reading
    from quaestor.run.show import Listing
    from quaestor.run.workspace.file import Workspace
    from quaestor.values import SqlValue

    T = TypeVar("T")

_FLAGS = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI
#: Steps of SQLite's virtual machine between two looks at whether the statement was cancelled.
PROGRESS_STEPS = 100_000
#: What SQLite says of files that others use too: the statement's own is nobody else's.
_OF_THE_WORKSPACE = (apsw.BusyError, apsw.LockedError, apsw.CorruptError, apsw.NotADBError, apsw.ReadOnlyError)
#: Rows that are handed out at a time.
CHUNK = 1000


class Execution:
    """One statement being run.

    Args:
        parameters: values of `?` as `_1`, `_2` …, of `:name` as `name`.
        text: the script, for errors.
        deadline_s: how long the rows may take; 0 for as long as they need.
        failures: of the statement before, which this one may ask for.
    """

    def __init__(
        self,
        parameters: Mapping[str, SqlValue],
        cancel: CancelToken,
        text: str,
        deadline_s: float = 0.0,
        failures: Sequence[Failure] = (),
    ) -> None:
        self.parameters = dict(parameters)
        self._failures = failures
        self._deadline_s = deadline_s
        self._timer: threading.Timer | None = None
        self._is_late = False
        self._cancel = cancel
        self._text = text
        self._spooled: Spooler | None = None
        self._workspace: Workspace | None = None
        self._db = apsw.Connection("", flags=_FLAGS)
        self._db.execute("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA temp_store=FILE")
        self._db.config(apsw.SQLITE_DBCONFIG_DQS_DML, 0)
        # asked every few milliseconds of computing: whether to stop; and Python gets to see a Ctrl-C meanwhile
        self._db.set_progress_handler(lambda: self._cancel.cancelled, PROGRESS_STEPS)
        functions.register(self._db)

    def evaluate(self, expressions: Sequence[nodes.Expr]) -> dict[nodes.Expr, SqlValue]:
        """The values of constant expressions. Raises EvaluationError where SQLite can't compute one."""
        values: dict[nodes.Expr, SqlValue] = {}
        for expression in expressions:
            sql = f"SELECT {lower_expression(expression)}"
            try:
                row = self._db.execute(sql, self.parameters).fetchone()
            except (apsw.Error, ValueError) as error:
                raise self._mapped(error, expression.pos) from error
            values[expression] = row[0] if row else None
        return values

    def settle(self, plan: Plan) -> Plan:
        """The plan without the further requests for hidden objects that the statement's conditions rule out.

        Where two scans ask the same, the rows of one are the other's too: what one of them needs, both have.
        """
        kept = {
            (id(scan.method), id(each))
            for scan in plan.scans
            for each in scan.hidden
            if not self._rules_out(plan, scan, each)
        }
        scans = tuple(
            replace(scan, hidden=tuple(each for each in scan.hidden if (id(scan.method), id(each)) in kept))
            if scan.hidden
            else scan
            for scan in plan.scans
        )
        return replace(plan, scans=scans)

    def _rules_out(self, plan: Plan, scan: Scan, hidden: Hidden) -> bool:
        """Whether every place that reads the scan has a condition that fails for all of these objects.

        On the nullable side of an outer join it must fail for NULL too: a row that is left out there can come back
        as one of NULLs.
        """
        for use in scan.uses:
            nullable = {use} if plan.query.uses[use].nullable else set()
            conditions = [
                condition
                for condition in plan.query.filters.get(use, ())
                if _mentions_only(condition, BoundColumn(use, hidden.column))
                and fails_for_null(condition, nullable)
                # of a value that may be any, only IS NULL says something
                and (hidden.value or isinstance(condition, nodes.IsNull))
            ]
            if all(self._holds(condition, hidden.value) for condition in conditions):
                return False
        return True

    def _holds(self, condition: nodes.Expr, value: str) -> bool:
        """Whether a condition about one column holds for a value of it."""
        literal = nodes.Literal("string", value)
        with_value = nodes.transform(condition, lambda node: literal if isinstance(node, BoundColumn) else node)
        assert isinstance(with_value, nodes.Expr)
        return bool(self.evaluate([with_value])[with_value])

    def choose(
        self, listing: Listing, like: nodes.Expr | None, where: nodes.Expr | None
    ) -> list[tuple[SqlValue, ...]]:
        """The rows of a listing whose name is LIKE a pattern and for which a condition holds."""
        names = [f'"{column.name}"' for column in listing.columns]
        self._db.execute(f"CREATE TABLE listing({', '.join(names)})")
        self._db.executemany(f"INSERT INTO listing VALUES({','.join('?' * len(names))})", listing.rows)
        conditions = [f"({lower_expression(where)})"] if where is not None else []
        if like is not None:
            conditions.append(f"{names[listing.name]} LIKE ({lower_expression(like)})")
        sql = f"SELECT * FROM listing WHERE {' AND '.join(conditions)}"  # noqa: S608 - from a parsed tree
        try:
            return list(self._db.execute(sql, self.parameters))
        except (apsw.Error, ValueError) as error:
            position = where.pos if where is not None else like.pos if like is not None else -1
            raise self._mapped(error, position) from error

    def rows(self, plan: Plan, reading: Reading) -> Iterator[Batch]:
        """The statement's rows, in chunks. Nothing is requested before SQLite has accepted the statement."""
        self._start_timer()
        try:
            create_table(self._db, plan.query, self._failures)
            spooler = self._spooler(plan, reading)
            if plan.is_stream:
                scan = plan.scans[0]
                feed = spooler.stream(scan, lazy=plan.is_lazy, page_rows=plan.first_rows)
                tables.stream(self._db, scan.table, [column.type for column in scan.columns], feed)
                self._check(plan)
            else:
                spooler.create()
                self._check(plan)
                if plan.rounds is not None:
                    yield from spooler.rounds(plan.rounds)
                    return
                spooler.fill()
            cursor = self._db.execute(lower(plan.query.tree, plan), self.parameters)
            while chunk := list(islice(cursor, CHUNK)):
                yield chunk
            if self._cancel.cancelled:
                raise Cancelled("the statement was cancelled")
        except (apsw.Error, ValueError, Cancelled) as error:
            raise self._ended(error) from error
        finally:
            self.close()

    def _spooler(self, plan: Plan, reading: Reading) -> Spooler:
        self._spooled = Spooler(self._db, plan, reading, self.parameters, self._cancel)
        return self._spooled

    def attach(self, workspace: Workspace, schemas: Sequence[str], *, writes: str = "") -> None:
        """Let the statement see local tables, and change those of the schema `writes`."""
        self._workspace = workspace
        workspace.attach(self._db, schemas, writes=writes)

    def change(self, plan: Plan, reading: Reading, checked: str, steps: Callable[[apsw.Connection], T]) -> T:
        """Every scan into its table, then `steps`, which may begin a transaction of the workspace.

        Args:
            checked: SQL that SQLite must accept before anything is requested; empty for none.
        """
        self._start_timer()
        try:
            spooler = self._spooler(plan, reading)
            spooler.create()
            if checked:
                self._check_text(checked, plan.query.tree)
            spooler.fill()
            return steps(self._db)
        except (apsw.Error, ValueError, Cancelled) as error:
            raise self._ended(error) from error
        finally:
            self.close()

    def _ended(self, error: Exception) -> QuaestorError:
        """What ended the statement, in our terms."""
        if self._is_late:
            return LimitError(
                f"the statement took longer than {self._deadline_s:g} s", hint="narrow it, or raise --timeout"
            )
        return error if isinstance(error, Cancelled) else self._mapped(error, -1)

    def _start_timer(self) -> None:
        if self._deadline_s:
            self._cancel.deadline = monotonic() + self._deadline_s  # a wait beyond it ends the statement at once
            self._timer = threading.Timer(self._deadline_s, self._expire)
            self._timer.daemon = True
            self._timer.start()

    def _expire(self) -> None:
        self._is_late = True
        self._cancel.cancel()

    def close(self) -> None:
        """Stop the reading and drop the tables."""
        self._cancel.cancel()  # what is still under way on the wire is of no use any more
        if self._timer is not None:
            self._timer.cancel()
        if self._spooled is not None:
            self._spooled.close()
        self._db.close(True)

    # ------------------------------------------------------------------------------------------- errors

    def _check(self, plan: Plan) -> None:
        """Let SQLite compile the statement over the empty tables: what it refuses costs no request."""
        every = [keys for scan in plan.scans for keys in scan.keys]
        every += [keys for scan in plan.scans if scan.by_key is not None for keys in scan.by_key.keys]
        for select in (plan.query.tree, *(keys.select for keys in every)):
            self._check_text(lower(select, plan), select)

    def _check_text(self, sql: str, tree: nodes.Node) -> None:
        try:
            self._db.execute(f"EXPLAIN {sql}", self.parameters)
        except apsw.SQLError as error:
            raise self._refusal(_message(error), tree) from error

    def _refusal(self, message: str, tree: nodes.Node) -> BindError:
        """What SQLite refuses, at its place: a function that it speaks of is found in the tree."""
        name = message.rpartition(" ")[2].removesuffix("()")
        calls: list[nodes.Node] = [
            node for node in nodes.walk(tree) if isinstance(node, nodes.Function) and node.name == name
        ]
        hint = ""
        if message == f"no such function: {name}":
            known = [row[0] for row in self._db.execute("SELECT DISTINCT name FROM pragma_function_list")]
            message, hint = f"there is no function {name}", did_you_mean(name, known)
        elif message.startswith("misuse of aggregate"):
            message = f"the aggregate {name} can't stand here"
            hint = "WHERE tests rows before they are grouped, HAVING tests groups; one aggregate takes no other"
        return BindError(message, text=self._text, position=(calls or [tree])[-1].pos, hint=hint)

    def _mapped(self, error: Exception, position: int) -> QuaestorError:
        if isinstance(error, _OF_THE_WORKSPACE) and self._workspace is not None:
            return self._workspace.failure(error)
        full = _no_room(error)
        if full is not None:
            return LimitError(
                f"no room for the statement's temporary tables: {_message(full)}",
                hint="narrow the statement, or set SQLITE_TMPDIR to a folder with more room",
            )
        if isinstance(error, apsw.TooBigError | apsw.NoMemError):
            return LimitError(f"a value is too big for SQLite: {_message(error)}")
        if isinstance(error, apsw.InterruptError):
            return Cancelled("the statement was cancelled")
        message = _message(error)
        if position >= 0 and isinstance(error, apsw.SQLError):
            return BindError(message, text=self._text, position=position)
        return EvaluationError(message)


def _no_room(error: BaseException | None) -> BaseException | None:
    """The error that says that a temporary file can't be written, if that is what it comes from.

    SQLite takes the transaction back itself then, and what is raised in the end is that there is none to take back.
    """
    while error is not None and not isinstance(error, apsw.FullError | apsw.IOError | apsw.CantOpenError):
        error = error.__context__
    return error


def _mentions_only(condition: nodes.Expr, column: BoundColumn) -> bool:
    """Whether a condition is about this column and constants, and nothing else."""
    found = list(nodes.walk(condition))
    return any(node == column for node in found) and not any(
        isinstance(node, nodes.ColumnRef | nodes.Select) or (isinstance(node, BoundColumn) and node != column)
        for node in found
    )


def _message(error: BaseException) -> str:
    return str(error).removeprefix("SQLError: ")
