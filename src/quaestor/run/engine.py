"""A session: text in, results out.

parse → substitute → bind → plan → run: the first two here, the rest by what `run.parts` makes for the statement.
Before: a surface has a text. After: a `Result`.
"""

from __future__ import annotations

import os
from time import time

from quaestor import __version__
from quaestor.config import Settings, load_settings
from quaestor.errors import BindError, UsageError
from quaestor.fetch.http import CancelToken, GentleToken
from quaestor.fetch.stats import Stats
from quaestor.record import replace
from quaestor.run.given import parameters, parsed
from quaestor.run.parts import Parts
from quaestor.run.result import Result
from quaestor.run.show import Listing, Shower
from quaestor.sql import nodes
from quaestor.sql.template import substitute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import TracebackType
    from typing import Any

    from quaestor.catalog.catalog import Catalog
    from quaestor.fetch.governor import Clock
    from quaestor.fetch.http import Transport
    from quaestor.run.writing.evaluating import Given
    from quaestor.run.writing.preparing import Write
    from quaestor.run.writing.transaction import Transaction
    from quaestor.values import SqlValue

#: What changes rows: of a provider, or of a table of the workspace.
CHANGES = (nodes.Insert, nodes.Update, nodes.Replace, nodes.Delete)
#: What changes something at a provider.
WRITES = (*CHANGES, nodes.Exec)
#: What is about the session and its workspace, whatever it names.
SESSION = (
    nodes.CreateView,
    nodes.CreateTable,
    nodes.Refresh,
    nodes.Drop,
    nodes.Copy,
    nodes.Set,
    nodes.Reset,
    nodes.Savepoint,
    nodes.Release,
    nodes.Purge,
    nodes.NativeQuery,
    nodes.Auth,
)
#: Of these and of changes of rows, what waits for COMMIT in a transaction.
WAITING = (*CHANGES, nodes.CreateView, nodes.CreateTable, nodes.Refresh, nodes.Drop)
#: What SHOW lists of the workspace.
KEPT = ("VIEWS", "MATERIALIZED VIEWS", "TABLES")


class Connection:
    """A session over the providers of a catalog. Thread safe: each result has a SQLite connection of its own.

    Made by `quaestor.connect`, whose docstring says what the arguments mean.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._transaction: Transaction | None = None
        self._under_way: GentleToken | None = None
        self._default: tuple[str, ...] = ()
        self._closed = False

    @property
    def settings(self) -> Settings:
        """Those in force, which SET changes."""
        return self._parts.settings

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
        statements, known = parsed(text, variables)
        if len(statements) != 1:
            count = "no statement" if not statements else f"{len(statements)} statements"
            raise UsageError(f"sql() runs one statement, this text has {count}", hint="script() runs several")
        return self._run(statements[0], text, params, known)

    def script(
        self,
        text: str,
        params: Sequence[SqlValue] | Mapping[str, SqlValue] | None = None,
        *,
        variables: Mapping[str, Any] | None = None,
    ) -> Iterator[Result]:
        """Run several statements, each when its result is asked for; the text is parsed whole before the first.

        After a statement that failed, `next` goes on with the one behind it.
        """
        statements, known = parsed(text, variables)
        # a generator would be at its end after an error, map is not
        return map(lambda statement: self._run(statement, text, params, known), statements)  # noqa: C417

    def resume(
        self,
        journal: str,
        params: Sequence[SqlValue] | Mapping[str, SqlValue] | None = None,
        *,
        variables: Mapping[str, Any] | None = None,
        unknown: str = "ask",
    ) -> Result:
        """Go on with a write that isn't done with all its rows, from where the journal says that it is.

        Args:
            journal: its id, as PartialWriteError has it.
            params, variables: as the statement was given them; secrets that stood in it are `literal_1` … now.
            unknown: what to do with rows of which nobody can tell whether they are done: `ask` (UsageError), `retry`
                or `skip`.

        Raises JournalError, UsageError and BindError, where the statement isn't what it was, before anything is sent;
        then what `sql` does.
        """
        # late: few writes need it (docs/decisions/0003-late-imports.md)
        from quaestor.run.writing.resume import resume

        kept = self._parts.journal()
        if kept is None:
            raise UsageError("this session keeps no journal", hint="Settings(journal=…) names its file")
        account = kept.account(journal)
        statements, known = parsed(account.text, variables)
        statement = substitute(statements[0], known, account.text)
        assert isinstance(statement, WRITES)
        values = parameters(statement, params, account.text)
        writer = self._parts.writer()
        return self._interruptible(lambda token: resume(kept, writer, account, statement, values, token, unknown))

    def interrupt(self) -> bool:
        """Stop the write under way after its current request, so that it reports what is done; False if there is
        none. May be called from any thread."""
        token = self._under_way
        if token is not None:
            token.cancel()
        return token is not None

    def close(self) -> None:
        """Give the network connections back."""
        if not self._closed:
            self._closed = True
            if self._transaction and self._parts.notify is not None:
                self._parts.notify(f"the transaction was never committed: {self._transaction.dropped()}")
            self._parts.close()

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
        variables: Mapping[str, Any],
    ) -> Result:
        if self._closed:
            raise UsageError("the connection is closed")
        statement = substitute(statement, variables, text)
        values = parameters(statement, params, text)
        try:
            return self._dispatch(statement, text, values)
        except BindError as error:
            if not error.text and error.position >= 0:
                error.text = text
            raise

    def _dispatch(self, statement: nodes.Statement, text: str, values: dict[str, SqlValue]) -> Result:
        parts = self._parts
        shower = self._shower(self._default, text)
        if isinstance(statement, nodes.Select):
            return parts.selector().select(statement, text, values, self._default)
        if isinstance(statement, nodes.Show):
            is_kept = statement.kind in KEPT and not statement.path
            listing = parts.session().show(statement.kind) if is_kept else shower.show(statement, __version__)
            return self._filtered(listing, statement, text, values)
        if isinstance(statement, nodes.ShowInsert):
            return _listed(shower.show_insert(statement))
        if isinstance(statement, nodes.Describe):
            is_short = len(statement.path) < 3
            own = parts.session().describe(statement.path, self._default, text, statement.pos) if is_short else None
            return _listed(own or shower.describe(statement))
        if isinstance(statement, nodes.DescribeMethod):
            return _listed(shower.describe_method(statement))
        if isinstance(statement, nodes.Explain) and not statement.analyze:
            inner = statement.statement
            if isinstance(inner, nodes.Exec) or (isinstance(inner, CHANGES) and not self._is_local(inner)):
                return parts.preparer().explain(inner, self._given(text, values))
        if isinstance(statement, nodes.Explain):
            return parts.selector().explain(statement, text, values, self._default)
        if isinstance(statement, nodes.Begin | nodes.Commit | nodes.Rollback):
            return self._transact(statement, text)
        if isinstance(statement, SESSION) or (isinstance(statement, CHANGES) and self._is_local(statement)):
            return self._change_session(statement, text, values)
        if isinstance(statement, WRITES):
            return self._write(statement, text, values)
        if isinstance(statement, nodes.Use):
            return self._use(statement, text)
        if isinstance(statement, nodes.Sleep):
            return self._sleep(statement, text, values)
        assert isinstance(statement, nodes.RegistryList | nodes.RegistryPull)
        return self._of_registry(statement)

    def _shower(self, default: tuple[str, ...], text: str) -> Shower:
        parts = self._parts
        return Shower(
            parts.catalog, parts.names, default, text, groups=parts.settings.groups, data_folder=parts.data_folder
        )

    def _of_registry(self, statement: nodes.RegistryList | nodes.RegistryPull) -> Result:
        """REGISTRY LIST and PULL. What is pulled is there for the next statement."""
        # late: few sessions pull documents (docs/decisions/0003-late-imports.md)
        from quaestor.run.registry import listing

        with self._parts.registry() as registry:
            if isinstance(statement, nodes.RegistryList):
                return _listed(listing(registry, statement.provider))
            pulled = registry.pull(statement.provider, statement.version)
        self._parts.reopen()
        return _message(f"pulled {pulled.provider} {pulled.version}")

    def _interruptible(self, run: Callable[[GentleToken], Result]) -> Result:
        """What `run` gives, which `interrupt` stops between two rows."""
        self._under_way = token = GentleToken()
        try:
            return run(token)
        finally:
            self._under_way = None

    def _write(self, statement: Write, text: str, values: dict[str, SqlValue]) -> Result:
        """Carry out a statement that changes something, or keep it for COMMIT."""
        target = self._parts.writer() if self._transaction is None else self._transaction
        return self._interruptible(lambda token: target.write(statement, self._given(text, values), token))

    def _given(self, text: str, values: Mapping[str, SqlValue]) -> Given:
        """What comes with a write."""
        # late: most sessions only read (docs/decisions/0003-late-imports.md)
        from quaestor.run.writing.evaluating import Given

        return Given(text, values, self._default)

    def _change_session(self, statement: nodes.Statement, text: str, values: dict[str, SqlValue]) -> Result:
        """A statement about the session or its workspace; what changes the workspace waits for COMMIT."""
        default = self._default

        def run() -> Result:
            return self._parts.session().run(statement, text, values, default)

        if self._transaction is not None and isinstance(statement, WAITING):
            return self._transaction.change(statement, text, run)
        return run()

    def _transact(self, statement: nodes.Begin | nodes.Commit | nodes.Rollback, text: str) -> Result:
        """BEGIN, COMMIT, ROLLBACK."""
        # late: few sessions have transactions (docs/decisions/0003-late-imports.md)
        from quaestor.run.writing.transaction import Transaction, misplaced

        waiting = self._transaction
        if isinstance(statement, nodes.Rollback) and statement.savepoint:
            refused = nodes.Savepoint(statement.savepoint, pos=statement.pos)
            return self._parts.session().run(refused, text, {}, ())
        if isinstance(statement, nodes.Begin) is (waiting is not None):
            raise misplaced(statement, text, waiting is not None)
        if waiting is None:
            self._transaction = Transaction(self._parts.writer())
            return _message("a transaction is open: writes wait for COMMIT")
        self._transaction = None
        if isinstance(statement, nodes.Rollback):
            return _message(f"rolled back: {waiting.dropped()}")
        return self._interruptible(waiting.commit)

    def _is_local(self, statement: nodes.Insert | nodes.Update | nodes.Replace | nodes.Delete) -> bool:
        """Whether what a statement changes is in the workspace."""
        return len(statement.table.path) < 3 and self._parts.session().is_local(statement.table.path)

    def _filtered(self, listing: Listing, statement: nodes.Show, text: str, values: dict[str, SqlValue]) -> Result:
        """A listing, its rows chosen by LIKE (of the name) and WHERE."""
        if statement.like is None and statement.where is None:
            return _listed(listing)
        rows = self._parts.selector().choose(listing, statement, text, values)
        return Result(listing.columns, [rows], stats=Stats())

    def _use(self, statement: nodes.Use, text: str) -> Result:
        connection = statement.path[0]
        provider = self._parts.names.get(connection)
        shower = self._shower((), text)
        if provider is None:
            shower.provider(statement, statement.path)
        if len(statement.path) > 1 and provider is not None:
            shower.service(statement, provider, statement.path[1])
        if len(statement.path) > 2:
            raise BindError("USE takes connection or connection.service", text=text, position=statement.pos)
        self._default = statement.path
        return _message(f"using {'.'.join(statement.path)}")

    def _sleep(self, statement: nodes.Sleep, text: str, values: dict[str, SqlValue]) -> Result:
        milliseconds = self._parts.selector().value(statement.milliseconds, text, values)
        if not isinstance(milliseconds, int | float) or milliseconds < 0:
            raise BindError("SLEEP takes milliseconds", text=text, position=statement.pos)
        CancelToken().wait(milliseconds / 1000)
        return _message(f"slept for {milliseconds:g} milliseconds")


def connect(
    settings: Settings | None = None,
    *,
    endpoints: Mapping[str, str] | None = None,
    auth: Mapping[str, Any] | None = None,
    transport: Transport | None = None,
    catalog: Catalog | None = None,
    env: Mapping[str, str] | None = None,
    notify: Callable[[str], None] | None = None,
    clock: Clock | None = None,
    now_s: Callable[[], float] = time,
    partial: bool = False,
    pushdown: bool = True,
    workspace: str = "",
) -> Connection:
    """Open a session. Nothing is requested before a statement's rows are read.

    Args:
        settings: connections, bounds, proxy; those of the configuration file and the environment's `QUAESTOR_…`
            unless given, as `quaestor.config.load_settings` reads them.
        endpoints: origins that replace a provider's host, by connection or provider:
            `{"okta": "http://127.0.0.1:8080"}`.
        auth: StackQL's `--auth` entries: `{"okta": {"type": "api_key", "credentialsenvvar": "MY_TOKEN"}}`.
        transport: carries the requests instead of sockets (a sandbox, a replay of recordings).
        catalog: instead of the built-in providers.
        env: instead of the process's environment, for credentials and server variables.
        notify: told what a person may want to know while a statement runs: parents that are filled.
        clock: by which it waits for limits and before it tries again (`quaestor.sandbox.wire.limits.SimulatedClock`);
            the machine's unless given.
        partial: give what there is if some requests of a statement fail; `Result.complete` and `Result.failures`
            then tell. Else a failure ends the statement.
        now_s: what time it is for the APIs, in seconds since 1970; the machine's time unless given.
        pushdown: let the APIs test the conditions that they can test. The rows are the same without it.
        workspace: the file of the views and tables that are kept, `:memory:` for none; else what `settings` say.
    """
    settings = load_settings({}, os.environ) if settings is None else settings
    if partial:
        settings = replace(settings, partial=True)
    if not pushdown:
        settings = replace(settings, pushdown=False)
    if workspace:
        settings = replace(settings, workspace=workspace)
    parts = Parts(
        settings,
        endpoints=endpoints,
        auth=auth,
        transport=transport,
        catalog=catalog,
        env=env,
        notify=notify,
        clock=clock,
        now_s=now_s,
    )
    return Connection(parts)


# ----------------------------------------------------------------------------------------- small pieces


def _message(message: str) -> Result:
    return Result((), (), stats=Stats(), message=message)


def _listed(listing: Listing) -> Result:
    return Result(listing.columns, [list(listing.rows)], stats=Stats())
