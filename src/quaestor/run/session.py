"""Statements about the session and its workspace that neither read nor write a provider.

Before: `run.engine` finds that a statement is one of these, and loads this module for the first of them. After:
`run.workspace.changes` changes the workspace, `run.output.export` writes files, `run.writing.transaction` queues;
what we don't do is refused here, each statement with its reason, since nothing is accepted and ignored.
"""

from __future__ import annotations

from quaestor.errors import BindError, UnsupportedError, did_you_mean
from quaestor.fetch.stats import Stats
from quaestor.plan.views import LocalTable, find
from quaestor.record import replace
from quaestor.run.result import Result
from quaestor.run.show import Listing
from quaestor.run.workspace.changes import STATEMENTS, Context, LocalStatements
from quaestor.sql import nodes
from quaestor.values import ResultColumn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from quaestor.config import Settings
    from quaestor.run.selecting import Selector
    from quaestor.run.workspace.file import Workspace
    from quaestor.values import SqlValue

#: The settings that a session can change for its later statements; the others hold from its beginning on.
CHANGEABLE = ("deadline_s", "fill_parents", "max_pages", "max_requests", "partial")

#: What we don't do, why not, and what to write instead.
REFUSED: dict[type[nodes.Statement], tuple[str, str]] = {
    nodes.Purge: (
        "PURGE: there is nothing to purge, what a statement reads is gone when it ends",
        "DROP takes views and tables out of the workspace",
    ),
    nodes.NativeQuery: (
        "NATIVEQUERY: there is no other language underneath",
        "write the SELECT itself: it is SQLite's, and reads tables of the workspace too",
    ),
    nodes.Auth: (
        "AUTH: nobody is signed in or out by a statement",
        "credentials come from the environment or the configuration file: docs/reference/config.md",
    ),
    nodes.Savepoint: ("SAVEPOINT: a request that was sent can't be taken back to here", "COMMIT what is done"),
    nodes.Release: ("RELEASE: there are no savepoints", "COMMIT what is done"),
}


class SessionStatements:
    """Runs them for one session.

    Args:
        selector: gives what runs SELECTs, by the settings of the moment.
        change_settings: puts other settings in force.
    """

    def __init__(
        self,
        workspace: Workspace,
        selector: Callable[[], Selector],
        settings: Settings,
        change_settings: Callable[[Settings], None],
    ) -> None:
        self._workspace = workspace
        self._selector = selector
        self._initial = self._settings = settings
        self._change_settings = change_settings

    def is_local(self, path: tuple[str, ...]) -> bool:
        """Whether a name that is to be changed is one of the workspace."""
        return len(path) < 3 and find(self._workspace, path) is not None

    def run(
        self, statement: nodes.Statement, text: str, values: Mapping[str, SqlValue], default: tuple[str, ...]
    ) -> Result:
        """The statement, done. Raises UnsupportedError for what we don't do."""
        if type(statement) in REFUSED:
            said, hint = REFUSED[type(statement)]
            raise UnsupportedError(said, text=text, position=statement.pos, hint=hint)
        if isinstance(statement, nodes.Set):
            return self._set(statement, text, values)
        if isinstance(statement, nodes.Reset):
            return self._reset(statement, text)
        if isinstance(statement, nodes.Copy):
            return self._copy(statement, text, values, default)
        context = Context(text, values, default)
        changes = (nodes.Insert, nodes.Update, nodes.Replace, nodes.Delete)
        assert isinstance(statement, (*STATEMENTS, *changes))
        return LocalStatements(self._workspace, self._selector()).run(statement, context)

    # ----------------------------------------------------------------------------------- SET and COPY

    def _set(self, statement: nodes.Set, text: str, values: Mapping[str, SqlValue]) -> Result:
        from quaestor.config.values import read_scalar

        name = ".".join(statement.name).casefold()
        if name not in CHANGEABLE:
            raise self._no_setting(statement, name, text)
        value = self._selector().value(statement.value, text, values)
        if value is None or isinstance(value, bytes):
            raise BindError(f"{name} takes a number or a text", text=text, position=statement.value.pos)
        # a number of SQL may be a real: `30` for seconds, `1` for true
        given = str(value) if not isinstance(value, float) or not value.is_integer() else str(int(value))
        self._settings = replace(self._settings, **{name: read_scalar(name, given, f"SET {name}", {})})
        self._change_settings(self._settings)
        return _done(f"{name} is {given}")

    def _reset(self, statement: nodes.Reset, text: str) -> Result:
        name = ".".join(statement.name).casefold()
        if name and name not in CHANGEABLE:
            raise self._no_setting(statement, name, text)
        names = (name,) if name else CHANGEABLE
        self._settings = replace(self._settings, **{each: getattr(self._initial, each) for each in names})
        self._change_settings(self._settings)
        return _done(f"{name or 'all settings'} as at the beginning")

    def _no_setting(self, statement: nodes.Set | nodes.Reset, name: str, text: str) -> BindError:
        from quaestor.config.values import SCALARS

        if name in SCALARS:
            said = f"{name} holds for a whole session: it is given when it begins, by a flag or in the configuration"
            return BindError(said, text=text, position=statement.pos, hint=f"SET takes {', '.join(CHANGEABLE)}")
        if name.startswith("$.auth"):
            said = "credentials aren't changed by statements"
            return BindError(
                said,
                text=text,
                position=statement.pos,
                hint="make connections in the configuration file: docs/reference/config.md",
            )
        near = did_you_mean(name, CHANGEABLE)
        return BindError(
            f"there is no setting {name}",
            text=text,
            position=statement.pos,
            hint=f"{near} SET takes {', '.join(CHANGEABLE)}".strip(),
        )

    def _copy(
        self, statement: nodes.Copy, text: str, values: Mapping[str, SqlValue], default: tuple[str, ...]
    ) -> Result:
        from quaestor.run.output.export import export, format_of

        path = self._selector().value(statement.target, text, values)
        if not isinstance(path, str) or not path:
            raise BindError("COPY … TO takes the name of a file", text=text, position=statement.target.pos)
        chosen = format_of(path, statement.format)
        with self._selector().select(statement.select, text, values, default) as result:
            count = export(result, path, chosen)
            return _done(f"{count:,} {'row' if count == 1 else 'rows'} written to {path}", result.stats)

    # ----------------------------------------------------------------------------------- what is there

    def show(self, kind: str) -> Listing:
        """SHOW VIEWS, MATERIALIZED VIEWS, TABLES."""
        wanted = kind.casefold().removesuffix("s")
        found = [each for each in self._workspace.objects() if each.kind == wanted]
        rows: list[tuple[SqlValue, ...]]
        if wanted == "table":
            rows = [(each.name, each.schema, ", ".join(name for name, _ in each.columns)) for each in found]
            return _listing(("name", "schema", "columns"), rows)
        if wanted == "view":
            rows = [(each.name, each.schema, each.sql, each.created) for each in found]
            return _listing(("name", "schema", "sql", "created"), rows)
        rows = [(each.name, each.schema, each.sql, each.created, each.refreshed) for each in found]
        return _listing(("name", "schema", "sql", "created", "refreshed"), rows)

    def describe(self, path: tuple[str, ...], default: tuple[str, ...], text: str, pos: int) -> Listing | None:
        """The columns of a view or table of the workspace; None if there is none of this name."""
        found = find(self._workspace, path) if len(path) < 3 else None
        if found is None:
            return None
        if isinstance(found, LocalTable):
            return _listing(("name", "type"), list(found.columns))
        select = nodes.Select((nodes.SelectCore((nodes.Star(pos=pos),), nodes.TableRef(path, pos=pos), pos=pos),))
        columns = self._selector().columns(select, text, default)
        return _listing(("name", "type"), [(column.name, column.type) for column in columns])


def _done(message: str, stats: Stats | None = None) -> Result:
    return Result((), (), stats=stats or Stats(), message=message)


def _listing(names: tuple[str, ...], rows: list[tuple[SqlValue, ...]] | list[tuple[str, str]]) -> Listing:
    return Listing(tuple(ResultColumn(name, "string") for name in names), tuple(rows))
