"""A session: text in, results out. The whole way of a statement is in `Connection.sql` and `_select`.

parse → substitute → bind → plan → run. Before: a surface has a text. After: a `Result`.
"""

from __future__ import annotations

import os

from quaestor import __version__
from quaestor.catalog.store import open_catalog
from quaestor.config import Settings
from quaestor.errors import BindError, QuaestorError, UnsupportedError, UsageError
from quaestor.fetch.http import CancelToken
from quaestor.fetch.stats import Stats
from quaestor.plan import explain as explaining
from quaestor.plan.bind import bind
from quaestor.plan.scans import constants_of, plan
from quaestor.run.executor import Execution
from quaestor.run.reading import Connections, Reading
from quaestor.run.result import Result
from quaestor.run.show import Listing, Shower
from quaestor.sql import nodes
from quaestor.sql.parser import parse
from quaestor.sql.template import substitute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import TracebackType
    from typing import Any

    from quaestor.catalog.catalog import Catalog
    from quaestor.fetch.http import Transport
    from quaestor.plan.scans import Plan
    from quaestor.values import SqlValue

#: What parses and is not there yet, and with which words a person finds it in the documentation.
NOT_YET: dict[type[nodes.Statement], str] = {
    nodes.Insert: "INSERT",
    nodes.Update: "UPDATE",
    nodes.Replace: "REPLACE",
    nodes.Delete: "DELETE",
    nodes.Exec: "EXEC",
    nodes.CreateView: "CREATE VIEW",
    nodes.CreateTable: "CREATE TABLE",
    nodes.Refresh: "REFRESH MATERIALIZED VIEW",
    nodes.Drop: "DROP",
    nodes.Set: "SET",
    nodes.Reset: "RESET",
    nodes.Begin: "BEGIN",
    nodes.Commit: "COMMIT",
    nodes.Rollback: "ROLLBACK",
    nodes.Savepoint: "SAVEPOINT",
    nodes.Release: "RELEASE",
    nodes.RegistryList: "REGISTRY LIST",
    nodes.RegistryPull: "REGISTRY PULL",
    nodes.Purge: "PURGE",
    nodes.NativeQuery: "NATIVEQUERY",
    nodes.Copy: "COPY",
    nodes.Auth: "AUTH",
}


class Connection:
    """A session over the providers of a catalog. Thread safe: each result has a SQLite connection of its own.

    Made by `quaestor.connect`, whose docstring says what the arguments mean.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        endpoints: Mapping[str, str] | None = None,
        auth: Mapping[str, Any] | None = None,
        transport: Transport | None = None,
        catalog: Catalog | None = None,
        env: Mapping[str, str] | None = None,
        notify: Callable[[str], None] | None = None,
    ) -> None:
        self._notify = notify
        self.settings = settings or Settings()
        self.catalog: Catalog = catalog if catalog is not None else open_catalog()
        self._connections = Connections(
            self.settings,
            self.catalog,
            endpoints={**self.settings.endpoints, **(endpoints or {})},
            auth={**self.settings.auth, **(auth or {})},
            transport=transport,
            env=os.environ if env is None else env,
        )
        self._default: tuple[str, ...] = ()
        self._closed = False

    def sql(
        self,
        text: str,
        params: Sequence[SqlValue] | Mapping[str, SqlValue] | None = None,
        *,
        variables: Mapping[str, Any] | None = None,
    ) -> Result:
        """Run one statement.

        Args:
            params: values of `?` in order, or of `:name` by name.
            variables: values of `{{ name }}`.

        Raises QuaestorError; for a SELECT only what is wrong with the statement, the rest as the rows are read.
        """
        statements = _parsed(text)
        if len(statements) != 1:
            count = "no statement" if not statements else f"{len(statements)} statements"
            raise UsageError(f"sql() runs one statement, this text has {count}", hint="script() runs several")
        return self._run(statements[0], text, params, variables)

    def script(
        self,
        text: str,
        params: Sequence[SqlValue] | Mapping[str, SqlValue] | None = None,
        *,
        variables: Mapping[str, Any] | None = None,
    ) -> Iterator[Result]:
        """Run several statements, each when its result is asked for; the text is parsed whole before the first."""
        for statement in _parsed(text):
            yield self._run(statement, text, params, variables)

    def close(self) -> None:
        """Give the network connections back."""
        if not self._closed:
            self._closed = True
            self._connections.close()

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -------------------------------------------------------------------------------------- statements

    def _run(
        self,
        statement: nodes.Statement,
        text: str,
        params: Sequence[SqlValue] | Mapping[str, SqlValue] | None,
        variables: Mapping[str, Any] | None,
    ) -> Result:
        if self._closed:
            raise UsageError("the connection is closed")
        statement = substitute(statement, variables or {}, text=text)
        values = _parameters(statement, params, text)
        try:
            return self._dispatch(statement, text, values)
        except BindError as error:
            if not error.text and error.position >= 0:
                error.text = text
            raise

    def _dispatch(self, statement: nodes.Statement, text: str, values: dict[str, SqlValue]) -> Result:
        shower = Shower(self.catalog, self._connections.names(), self._default, text)
        if isinstance(statement, nodes.Select):
            return self._select(statement, text, values)
        if isinstance(statement, nodes.Show):
            return self._filtered(shower.show(statement, __version__), statement, text, values)
        if isinstance(statement, nodes.ShowInsert):
            return _listed(shower.show_insert(statement))
        if isinstance(statement, nodes.Describe):
            return _listed(shower.describe(statement))
        if isinstance(statement, nodes.DescribeMethod):
            return _listed(shower.describe_method(statement))
        if isinstance(statement, nodes.Explain):
            return self._explain(statement, text, values)
        if isinstance(statement, nodes.Use):
            return self._use(statement, text)
        if isinstance(statement, nodes.Sleep):
            return self._sleep(statement, text, values)
        name = NOT_YET.get(type(statement), "this statement")
        raise UnsupportedError(
            f"{name} is not there yet",
            text=text,
            position=statement.pos,
            hint="this version reads: SELECT, SHOW, DESCRIBE, EXPLAIN, USE",
        )

    def _select(self, statement: nodes.Select, text: str, values: dict[str, SqlValue]) -> Result:
        """Bind, plan, run."""
        cancel, stats = CancelToken(), Stats(self.settings.max_requests)
        execution = Execution(values, cancel, text, deadline_s=self.settings.deadline_s)
        try:
            query, ready = self._planned(statement, text, execution)
            reading = Reading(self._connections, self.settings, cancel, stats, self._notify)
            reading.check(ready)
        except QuaestorError:
            execution.close()
            raise
        return Result(
            query.columns,
            execution.rows(ready, reading),
            stats=stats,
            cancel=cancel,
            explain=lambda: self._explained(ready, text),
            on_close=execution.close,
        )

    def _planned(self, statement: nodes.Select, text: str, execution: Execution) -> Any:
        query = bind(statement, self.catalog, self._connections.names(), text=text, default=self._default)
        constants = constants_of(query)
        found = execution.evaluate(constants)
        return query, plan(query, found, self.catalog, text=text, fill_parents=self.settings.fill_parents)

    def _explain(self, statement: nodes.Explain, text: str, values: dict[str, SqlValue]) -> Result:
        inner = statement.statement
        if statement.analyze or statement.query_plan or not isinstance(inner, nodes.Select):
            what = "EXPLAIN ANALYZE" if statement.analyze else "EXPLAIN QUERY PLAN" if statement.query_plan else ""
            raise UnsupportedError(
                f"{what or 'EXPLAIN of this statement'} is not there yet",
                text=text,
                position=statement.pos,
                hint="EXPLAIN SELECT … lists the requests that a SELECT would make",
            )
        execution = Execution(values, CancelToken(), text)
        try:
            _, ready = self._planned(inner, text, execution)
            return self._explained(ready, text)
        finally:
            execution.close()

    def _explained(self, ready: Plan, text: str) -> Result:
        reading = Reading(self._connections, self.settings, CancelToken(), Stats())
        rows = explaining.explain(ready, reading.urls, text)
        return Result(explaining.COLUMNS, [rows], stats=Stats())

    def _filtered(self, listing: Listing, statement: nodes.Show, text: str, values: dict[str, SqlValue]) -> Result:
        """A listing, its rows chosen by LIKE (of the name) and WHERE."""
        if statement.like is None and statement.where is None:
            return _listed(listing)
        execution = Execution(values, CancelToken(), text)
        try:
            rows = execution.choose(listing, statement.like, statement.where)
        finally:
            execution.close()
        return Result(listing.columns, [rows], stats=Stats())

    def _use(self, statement: nodes.Use, text: str) -> Result:
        connection = statement.path[0]
        provider = self._connections.names().get(connection)
        shower = Shower(self.catalog, self._connections.names(), (), text)
        if provider is None:
            shower.provider(statement, statement.path)
        if len(statement.path) > 1 and provider is not None:
            shower.service(statement, provider, statement.path[1])
        if len(statement.path) > 2:
            raise BindError("USE takes connection or connection.service", text=text, position=statement.pos)
        self._default = statement.path
        return Result((), (), stats=Stats(), message=f"using {'.'.join(statement.path)}")

    def _sleep(self, statement: nodes.Sleep, text: str, values: dict[str, SqlValue]) -> Result:
        execution = Execution(values, CancelToken(), text)
        try:
            found = execution.evaluate([statement.milliseconds])
        finally:
            execution.close()
        milliseconds = found[statement.milliseconds]
        if not isinstance(milliseconds, int | float) or milliseconds < 0:
            raise BindError("SLEEP takes milliseconds", text=text, position=statement.pos)
        CancelToken().wait(milliseconds / 1000)
        return Result((), (), stats=Stats(), message=f"slept for {milliseconds:g} milliseconds")


def connect(
    settings: Settings | None = None,
    *,
    endpoints: Mapping[str, str] | None = None,
    auth: Mapping[str, Any] | None = None,
    transport: Transport | None = None,
    catalog: Catalog | None = None,
    env: Mapping[str, str] | None = None,
    notify: Callable[[str], None] | None = None,
) -> Connection:
    """Open a session. Nothing is requested before a statement's rows are read.

    Args:
        settings: connections, bounds, proxy; `quaestor.config.load_settings` reads them from a file.
        endpoints: origins that replace a provider's host, by connection or provider:
            `{"okta": "http://127.0.0.1:8080"}`.
        auth: StackQL's `--auth` entries: `{"okta": {"type": "api_key", "credentialsenvvar": "MY_TOKEN"}}`.
        transport: carries the requests instead of sockets (a sandbox, a replay of recordings).
        catalog: instead of the built-in providers.
        env: instead of the process's environment, for credentials and server variables.
        notify: told what a person may want to know while a statement runs: parents that are filled.
    """
    return Connection(
        settings, endpoints=endpoints, auth=auth, transport=transport, catalog=catalog, env=env, notify=notify
    )


# ----------------------------------------------------------------------------------------- small pieces


def _parsed(text: str) -> tuple[nodes.Statement, ...]:
    return parse(text)


def _listed(listing: Listing) -> Result:
    return Result(listing.columns, [list(listing.rows)], stats=Stats())


def _parameters(
    statement: nodes.Statement, params: Sequence[SqlValue] | Mapping[str, SqlValue] | None, text: str
) -> dict[str, SqlValue]:
    """The value of each `?` and `:name` of a statement, by the name that the rewritten SQL gives it: `p1`, `p2` …"""
    found = [node for node in nodes.walk(statement) if isinstance(node, nodes.Parameter)]
    values: dict[str, SqlValue] = {}
    for node in found:
        if isinstance(params, dict) or (params is not None and hasattr(params, "keys")):
            name = node.name[1:]
            if not name or name not in params:
                shown = node.name or "?"
                raise BindError(f"no value is given for {shown}", text=text, position=node.pos)
            values[f"p{node.index}"] = params[name]  # type: ignore[call-overload]
        elif params is None or node.index > len(params):
            shown = node.name or f"?{node.index}"
            count = len(params) if params is not None else 0
            raise BindError(f"no value is given for {shown}: there are {count} values", text=text, position=node.pos)
        else:
            values[f"p{node.index}"] = params[node.index - 1]
    return values
