"""SELECT and EXPLAIN: bind, plan, run.

Before: `run.engine` has a statement whose placeholders have values. After: a `Result`. SHOW and DESCRIBE do without
this module and all that it brings (`plan`, `fetch`, SQLite), so `run.engine` imports it when the first statement
needs it: `docs/decisions/0003-late-imports.md`.
"""

from __future__ import annotations

from copy import copy

from quaestor.errors import QuaestorError, UnsupportedError
from quaestor.fetch.http import CancelToken
from quaestor.fetch.stats import Stats
from quaestor.plan import explain as explaining
from quaestor.plan.bind import bind
from quaestor.plan.constants import constants_of
from quaestor.plan.naming import ALL
from quaestor.plan.scans import plan
from quaestor.plan.unlisted import unlisted
from quaestor.record import Record, replace
from quaestor.run.executor import Execution
from quaestor.run.reading import Reading
from quaestor.run.result import Result
from quaestor.sql import nodes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from quaestor.catalog.catalog import Catalog
    from quaestor.config import Settings
    from quaestor.plan.bind import BoundQuery
    from quaestor.plan.model import Plan
    from quaestor.plan.views import Local
    from quaestor.plan.views import Workspace as Finder
    from quaestor.run.connections import Connections
    from quaestor.run.failures import Failure
    from quaestor.run.show import Listing
    from quaestor.run.workspace.file import Workspace
    from quaestor.values import ResultColumn, SqlValue


class Prepared(Record):
    """A SELECT that is ready to be read into a table; `execution` is to be closed."""

    execution: Execution
    query: BoundQuery
    plan: Plan
    reading: Reading
    stats: Stats


class _Later:
    """Asks the workspace, which is opened for the first name that could be one of its own."""

    def __init__(self, workspace: Callable[[], Workspace]) -> None:
        self._workspace = workspace

    def find(self, schema: str, name: str) -> Local | None:
        """The object of this name."""
        return self._workspace().find(schema, name)


class Selector:
    """Runs SELECTs over the connections of a session; thread safe.

    Args:
        names: each connection's provider.
        workspace: opens the session's views and tables, when a statement first has a name that could be one.
        notify: told what a person may want to know while a statement runs.
    """

    def __init__(
        self,
        settings: Settings,
        catalog: Catalog,
        connections: Connections,
        names: Mapping[str, str],
        notify: Callable[[str], None] | None,
        workspace: Callable[[], Workspace],
    ) -> None:
        self._settings = settings
        self._catalog = catalog
        self.connections = self._connections = connections
        self._names = names
        self._groups = {**settings.groups, ALL: tuple(settings.connections)}
        self._notify = notify
        self._workspace = workspace
        self._failures: list[Failure] = []

    def select(
        self, statement: nodes.Select, text: str, values: Mapping[str, SqlValue], default: tuple[str, ...]
    ) -> Result:
        """The statement's rows; nothing is requested before they are asked for."""
        cancel, stats = CancelToken(), Stats(self._settings.max_requests)
        execution = Execution(values, cancel, text, self._settings.deadline_s, self._failures)
        failures: list[Failure] = []
        try:
            query, ready = self._planned(statement, text, execution, default)
            tolerated = failures if self._settings.partial else None
            reading = Reading(self._connections, self._settings, cancel, stats, self._notify, tolerated)
            reading.check(ready)
        except QuaestorError:
            execution.close()
            raise
        if ready.scans:
            self._failures = failures
        return Result(
            query.columns,
            execution.rows(ready, reading),
            stats=stats,
            cancel=cancel,
            explain=lambda: self._explained(ready, text),
            on_close=execution.close,
            failures=failures,
        )

    def prepare(
        self,
        statement: nodes.Select,
        text: str,
        values: Mapping[str, SqlValue],
        default: tuple[str, ...],
        *,
        writes: str = "",
        workspace: Finder | None = None,
    ) -> Prepared:
        """A SELECT ready to be read into a table, and nothing requested yet; `partial` isn't for what is kept.

        Args:
            writes: the schema of the workspace that will be changed.
            workspace: what finds local names, if not the session's own.
        """
        cancel, stats = CancelToken(), Stats(self._settings.max_requests)
        execution = Execution(values, cancel, text, self._settings.deadline_s, self._failures)
        try:
            query, ready = self._planned(statement, text, execution, default, writes, workspace)
            reading = Reading(self._connections, self._settings, cancel, stats, self._notify)
            reading.check(ready)
        except QuaestorError:
            execution.close()
            raise
        return Prepared(execution, query, replace(ready, is_stream=False, is_lazy=False), reading, stats)

    def explain(
        self, statement: nodes.Explain, text: str, values: Mapping[str, SqlValue], default: tuple[str, ...]
    ) -> Result:
        """A row for each scan of the SELECT inside; no request is made, unless ANALYZE says to run it."""
        inner = statement.statement
        if statement.query_plan or not isinstance(inner, nodes.Select):
            kind = "EXPLAIN QUERY PLAN" if statement.query_plan else "EXPLAIN of this statement"
            raise UnsupportedError(
                f"{kind} is not there yet",
                text=text,
                position=statement.pos,
                hint="EXPLAIN and EXPLAIN ANALYZE take a SELECT",
            )
        if statement.analyze:
            return self._analyzed(inner, text, values, default)
        execution = Execution(values, CancelToken(), text)
        try:
            _, ready = self._planned(inner, text, execution, default)
            return self._explained(ready, text)
        finally:
            execution.close()

    def _analyzed(
        self, statement: nodes.Select, text: str, values: Mapping[str, SqlValue], default: tuple[str, ...]
    ) -> Result:
        """What EXPLAIN says, and what happened: the statement is run, its rows are dropped."""
        cancel, stats = CancelToken(), Stats(self._settings.max_requests)
        execution = Execution(values, cancel, text, self._settings.deadline_s)
        try:
            _, ready = self._planned(statement, text, execution, default)
            reading = Reading(self._connections, self._settings, cancel, stats, self._notify)
            reading.check(ready)
        except QuaestorError:
            execution.close()
            raise

        def rows() -> Iterator[list[tuple[SqlValue, ...]]]:
            for _ in execution.rows(ready, reading):
                pass
            yield explaining.analyzed(ready, reading.urls, text, reading.stats_of)

        return Result(explaining.ANALYZED, rows(), stats=stats, cancel=cancel, on_close=execution.close)

    def columns(self, statement: nodes.Select, text: str, default: tuple[str, ...]) -> tuple[ResultColumn, ...]:
        """The columns that a SELECT would have; nothing is read."""
        return self._bound(statement, text, default).columns

    def choose(
        self, listing: Listing, statement: nodes.Show, text: str, values: Mapping[str, SqlValue]
    ) -> list[tuple[SqlValue, ...]]:
        """The rows of a listing that LIKE and WHERE leave."""
        execution = Execution(values, CancelToken(), text)
        try:
            return execution.choose(listing, statement.like, statement.where)
        finally:
            execution.close()

    def value(self, expression: nodes.Expr, text: str, values: Mapping[str, SqlValue]) -> SqlValue:
        """The value of an expression without columns."""
        execution = Execution(values, CancelToken(), text)
        try:
            return execution.evaluate([expression])[expression]
        finally:
            execution.close()

    def with_settings(self, settings: Settings) -> Selector:
        """Another one over the same connections: what is read for a write is read by other rules."""
        other = copy(self)
        other._settings = settings
        return other

    def close(self) -> None:
        """Give the network connections back."""
        self._connections.close()

    def _planned(
        self,
        statement: nodes.Select,
        text: str,
        execution: Execution,
        default: tuple[str, ...],
        writes: str = "",
        workspace: Finder | None = None,
    ) -> tuple[BoundQuery, Plan]:
        query = self._bound(statement, text, default, workspace)
        if self._notify is not None:
            for told in unlisted(query):
                self._notify(told)
        if query.local or writes:
            execution.attach(self._workspace(), query.local, writes=writes)
        constants = execution.evaluate(constants_of(query))
        fill_parents = self._settings.fill_parents
        push_down = self._settings.pushdown
        ready = plan(query, constants, self._catalog, text=text, fill_parents=fill_parents, push_down=push_down)
        return query, execution.settle(ready)

    def _bound(
        self, statement: nodes.Select, text: str, default: tuple[str, ...], workspace: Finder | None = None
    ) -> BoundQuery:
        return bind(
            statement,
            self._catalog,
            self._names,
            text=text,
            default=default,
            groups=self._groups,
            workspace=workspace or _Later(self._workspace),
        )

    def _explained(self, ready: Plan, text: str) -> Result:
        reading = Reading(self._connections, self._settings, CancelToken(), Stats())
        rows = explaining.explain(ready, reading.urls, text)
        return Result(explaining.COLUMNS, [rows], stats=Stats())
