"""Statements that change the workspace: CREATE, REFRESH, DROP, and INSERT, UPDATE, DELETE on its tables.

Before: `run.engine` has found that a statement is one of them. After: a `Result` with a message, or with the rows of
RETURNING. Every one goes the same way: a SELECT is prepared as any other, its scans are read into tables of the
statement's own, and only then the workspace is locked, changed in one transaction, and let go. What fails on the way
leaves it as it was.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime

from quaestor.errors import BindError, UnsupportedError, did_you_mean
from quaestor.fetch.stats import Stats
from quaestor.plan.views import LocalTable, StoredView, find, select_of
from quaestor.record import Record, replace
from quaestor.run.result import Result
from quaestor.run.workspace import rows as local_rows
from quaestor.run.workspace.file import ATTACHED, RESERVED, TYPE_NAMES, Stored, qualified, read_object
from quaestor.sql import nodes
from quaestor.sql.printer import quote_name, to_sql

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import apsw

    from quaestor.plan.views import Local
    from quaestor.run.selecting import Prepared, Selector
    from quaestor.run.workspace.file import Workspace
    from quaestor.values import SqlValue

#: The statements that are always of the workspace.
STATEMENTS = (nodes.CreateView, nodes.CreateTable, nodes.Refresh, nodes.Drop)


class Context(Record):
    """A statement's text, the values of its parameters, and what USE named."""

    text: str
    values: Mapping[str, SqlValue]
    default: tuple[str, ...]


class LocalStatements:
    """Runs them for one session."""

    def __init__(self, workspace: Workspace, selector: Selector) -> None:
        self._workspace = workspace
        self._selector = selector

    def run(self, statement: nodes.Statement, context: Context) -> Result:
        """The statement, done. Raises BindError, and WorkspaceError where the file can't be used."""
        if isinstance(statement, nodes.CreateView):
            return self._create_view(statement, context)
        if isinstance(statement, nodes.CreateTable):
            return self._create_table(statement, context)
        if isinstance(statement, nodes.Refresh):
            return self._refresh(statement, context)
        if isinstance(statement, nodes.Drop):
            return self._drop(statement, context)
        assert isinstance(statement, nodes.Insert | nodes.Update | nodes.Delete | nodes.Replace)
        target = find(self._workspace, statement.table.path)
        if not isinstance(target, LocalTable) or isinstance(statement, nodes.Replace):
            raise _not_for(statement, target, context.text)
        if target.schema == "information_schema":
            raise BindError("information_schema is only for reading", text=context.text, position=statement.pos)
        stored = self._workspace.stored(target.schema, target.name)
        if stored is not None and stored.kind != "table":
            raise _not_for(statement, target, context.text)
        return local_rows.change(statement, target, context, self._selector, self._transaction)

    # ----------------------------------------------------------------------------------------- views

    def _create_view(self, statement: nodes.CreateView, context: Context) -> Result:
        schema, name = _place(statement, statement.path, statement.temporary, context.text)
        view = StoredView(
            schema,
            name,
            _text_of(statement.select, context.text),
            tuple(column.text for column in statement.columns),
            context.default,
        )
        kind = "materialized view" if statement.materialized else "view"
        if self._is_there(statement, schema, name, kind, context.text):
            return _done(f"{name} is there already")
        prepared = self._prepared(statement.select, context, schema, view)
        record = _record(view, statement.materialized)
        if statement.materialized:
            names = list(view.columns) or [column.name for column in prepared.query.columns]
            return self._fill(prepared, schema, name, names, context, statement, record)

        def put(db: apsw.Connection) -> None:
            with self._transaction(db):
                self._make_room(db, statement, schema, name, kind, context.text)
                _write_record(db, schema, record)

        empty = replace(prepared.plan, scans=())
        prepared.execution.change(empty, prepared.reading, "", put)
        return _done(f"view {name} created")

    def _prepared(
        self, select: nodes.Select, context: Context, schema: str, view: StoredView | None = None
    ) -> Prepared:
        """A view's SELECT, bound as it will be: with the view itself there, so that a circle shows."""
        parameter = next((node for node in nodes.walk(select) if isinstance(node, nodes.Parameter)), None)
        if parameter is not None and view is not None:
            raise BindError(
                "a view can't have parameters: there is nobody to give them later",
                text=context.text,
                position=parameter.pos,
                hint="leave the condition out, and write it in the SELECT over the view: it passes through",
            )
        finder = _With(self._workspace, view) if view is not None else None
        return self._selector.prepare(
            select, context.text, context.values, context.default, writes=schema, workspace=finder
        )

    def _refresh(self, statement: nodes.Refresh, context: Context) -> Result:
        stored = self._stored(statement.path)
        if stored is None or stored.kind != "materialized view":
            raise self._missing(statement, statement.path, "materialized view", stored, context.text)
        view = StoredView(stored.schema, stored.name, stored.sql, stored.names, stored.uses)
        inside = replace(context, text=view.sql, default=view.default)
        try:
            prepared = self._prepared(select_of(view), inside, view.schema, view)
        except BindError as error:
            said = f"in the view {view.name}: {error.message}"
            raise type(error)(said, text=error.text, position=error.position, hint=error.hint) from error
        names = list(view.columns) or [column.name for column in prepared.query.columns]
        record = (*_record(view, True)[:5], stored.created, _now())
        return self._fill(prepared, view.schema, view.name, names, context, statement, record)

    # ---------------------------------------------------------------------------------------- tables

    def _create_table(self, statement: nodes.CreateTable, context: Context) -> Result:
        schema, name = _place(statement, statement.path, statement.temporary, context.text)
        if self._is_there(statement, schema, name, "table", context.text):
            return _done(f"{name} is there already")
        if statement.select is not None:
            prepared = self._prepared(statement.select, context, schema)
            names = [column.name for column in prepared.query.columns]
            return self._fill(prepared, schema, name, names, context, statement, None)
        _check_definition(statement, context.text)
        prepared = self._selector.prepare(_NOTHING, context.text, {}, (), writes=schema)
        bare = nodes.CreateTable((ATTACHED[schema], name), statement.columns, statement.constraints)

        def put(db: apsw.Connection) -> None:
            with self._transaction(db):
                self._make_room(db, statement, schema, name, "table", context.text)
                db.execute(to_sql(bare))

        prepared.execution.change(prepared.plan, prepared.reading, "", put)
        return _done(f"table {name} created")

    def _fill(
        self,
        prepared: Prepared,
        schema: str,
        name: str,
        names: list[str],
        context: Context,
        statement: nodes.CreateView | nodes.CreateTable | nodes.Refresh,
        record: tuple[SqlValue, ...] | None,
    ) -> Result:
        """The rows of a SELECT as a table that is there whole or not at all; `record` makes it a view's."""
        try:
            _check_names(names, statement, context.text)
        except BindError:
            prepared.execution.close()
            raise
        sql = local_rows.select_text(prepared)
        kinds = [column.type for column in prepared.query.columns]
        kind = "materialized view" if record is not None else "table"

        def put(db: apsw.Connection) -> int:
            types = local_rows.stage(db, sql, prepared, kinds)
            columns = ", ".join(
                f"{_quoted(column)} {TYPE_NAMES[each]}".rstrip() for column, each in zip(names, types, strict=True)
            )
            target = qualified(schema, name)
            with self._transaction(db):
                self._make_room(db, statement, schema, name, kind, context.text)
                db.execute(f"CREATE TABLE {target}({columns})")
                db.execute(f"INSERT INTO {target} SELECT * FROM temp.staged")  # noqa: S608 - names are quoted
                if record is not None:
                    _write_record(db, schema, record)
                return db.changes() if record is None else local_rows.count(db, target)

        count = prepared.execution.change(prepared.plan, prepared.reading, sql, put)
        done = "refreshed" if isinstance(statement, nodes.Refresh) else "created"
        return _done(f"{kind} {name} {done} with {count:,} {'row' if count == 1 else 'rows'}", prepared.stats)

    # ------------------------------------------------------------------------------------------ DROP

    def _drop(self, statement: nodes.Drop, context: Context) -> Result:
        stored = self._stored(statement.path)
        wanted = statement.kind.lower()
        if stored is None and statement.if_exists:
            return _done(f"there is no {wanted} {'.'.join(statement.path)}")
        if stored is None or stored.kind != wanted:
            raise self._missing(statement, statement.path, wanted, stored, context.text)
        prepared = self._selector.prepare(_NOTHING, context.text, {}, (), writes=stored.schema)
        schema, name = stored.schema, stored.name

        def put(db: apsw.Connection) -> None:
            with self._transaction(db):
                if stored.kind != "view":
                    db.execute(f"DROP TABLE IF EXISTS {qualified(schema, name)}")
                if stored.kind != "table":
                    _forget(db, schema, name)

        prepared.execution.change(prepared.plan, prepared.reading, "", put)
        return _done(f"{stored.kind} {name} dropped")

    # --------------------------------------------------------------------------------- what is there

    def _stored(self, path: tuple[str, ...]) -> Stored | None:
        if len(path) == 2 and path[0].casefold() not in ATTACHED:
            return None
        schemas = (path[0].casefold(),) if len(path) == 2 else ("temp", "workspace")
        for schema in schemas:
            found = self._workspace.stored(schema, path[-1])
            if found is not None:
                return found
        return None

    def _is_there(
        self, statement: nodes.CreateView | nodes.CreateTable, schema: str, name: str, kind: str, text: str
    ) -> bool:
        """Whether IF NOT EXISTS finds the object; an error if it is in the way. Looked at again under the lock."""
        stored = self._workspace.stored(schema, name)
        if stored is None or (statement.or_replace and stored.kind == kind):
            return False
        if statement.if_not_exists:
            return True
        raise _in_the_way(statement, stored, kind, text)

    def _make_room(
        self,
        db: apsw.Connection,
        statement: nodes.CreateView | nodes.CreateTable | nodes.Refresh,
        schema: str,
        name: str,
        kind: str,
        text: str,
    ) -> None:
        """Take away what is replaced, inside the transaction; somebody may have made or dropped it meanwhile."""
        stored = read_object(db, ATTACHED[schema], schema, name)
        if isinstance(statement, nodes.Refresh):
            if stored is None or stored.kind != kind:
                raise self._missing(statement, statement.path, kind, stored, text)
        elif stored is not None and not (statement.or_replace and stored.kind == kind):
            raise _in_the_way(statement, stored, kind, text)
        if stored is not None and kind != "view":
            db.execute(f"DROP TABLE IF EXISTS {qualified(schema, name)}")

    def _missing(
        self, statement: nodes.Statement, path: tuple[str, ...], kind: str, found: Stored | None, text: str
    ) -> BindError:
        name = ".".join(path)
        if found is not None:
            drops = f"DROP {found.kind.upper()} {name}" if isinstance(statement, nodes.Drop) else ""
            return BindError(f"{name} is a {found.kind}, not a {kind}", text=text, position=statement.pos, hint=drops)
        known = [each.name for each in self._workspace.objects() if each.kind == kind]
        hint = did_you_mean(path[-1], known) or f"SHOW {kind.upper()}S lists them"
        return BindError(f"there is no {kind} called {name}", text=text, position=statement.pos, hint=hint)

    @contextmanager
    def _transaction(self, db: apsw.Connection) -> Iterator[None]:
        """Changes of the workspace that are all there in the end, or none of them."""
        db.execute("BEGIN IMMEDIATE")
        try:
            yield
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise


class _With:
    """The workspace as it will be when a view is there."""

    def __init__(self, workspace: Workspace, view: StoredView) -> None:
        self._workspace = workspace
        self._view = view

    def find(self, schema: str, name: str) -> Local | None:
        """The view itself, else what the workspace has."""
        if name.casefold() == self._view.name.casefold() and schema in ("", self._view.schema):
            return self._view
        return self._workspace.find(schema, name)


# ----------------------------------------------------------------------------------------- small pieces

_NOTHING = nodes.Select((nodes.Values(((nodes.Literal("null"),),)),))


def _done(message: str, stats: Stats | None = None) -> Result:
    return Result((), (), stats=stats or Stats(), message=message)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text_of(select: nodes.Select, text: str) -> str:
    """The SELECT as it was written; as it reads with its placeholders' values, if it had any."""
    written = text[select.pos : select.end]
    return to_sql(select) if "{{" in written or not written else written


def _record(view: StoredView, materialized: bool) -> tuple[SqlValue, ...]:
    import json

    names, uses = json.dumps(list(view.columns)), json.dumps(list(view.default))
    return view.name, view.sql, names, uses, int(materialized), _now(), _now() if materialized else None


def _write_record(db: apsw.Connection, schema: str, record: tuple[SqlValue, ...]) -> None:
    db.execute(f"INSERT OR REPLACE INTO {ATTACHED[schema]}._quaestor_views VALUES(?,?,?,?,?,?,?)", record)


def _forget(db: apsw.Connection, schema: str, name: str) -> None:
    db.execute(f"DELETE FROM {ATTACHED[schema]}._quaestor_views WHERE name = ?", (name,))  # noqa: S608


def _place(statement: nodes.Statement, path: tuple[str, ...], temporary: bool, text: str) -> tuple[str, str]:
    """The schema and the name of a new object. Raises BindError for a name that can't be."""
    given = path[0].casefold() if len(path) == 2 else ""
    schema = given or ("temp" if temporary else "workspace")
    if schema not in ATTACHED or (temporary and schema != "temp"):
        raise BindError(
            f"{'.'.join(path)}: a view or table is in workspace, or for this session in temp",
            text=text,
            position=statement.pos,
            hint=f"write {quote_name(path[-1])}",
        )
    name = path[-1]
    if name.casefold().startswith(RESERVED) or not name or "\0" in name:
        raise BindError(f"{name!r} can't be the name of a view or table", text=text, position=statement.pos)
    return schema, name


def _check_names(names: list[str], statement: nodes.Statement, text: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name.casefold() in seen or not name:
            raise BindError(
                f"two columns would be called {name}" if name else "a column has no name",
                text=text,
                position=statement.pos,
                hint="name each with AS",
            )
        seen.add(name.casefold())


def _check_definition(statement: nodes.CreateTable, text: str) -> None:
    """A column with a collation of its own would match keys that differ from those that are asked for."""
    for column in statement.columns:
        if column.collation and column.collation.casefold() != "binary":
            raise UnsupportedError(
                f"columns compare byte by byte here: {column.name} can't have the collation {column.collation}",
                text=text,
                position=column.pos,
                hint=f"write the collation where you compare: {column.name} COLLATE {column.collation} = …",
            )


def _in_the_way(statement: nodes.CreateView | nodes.CreateTable, stored: Stored, kind: str, text: str) -> BindError:
    hint = (
        f"CREATE OR REPLACE {kind.upper()} replaces it"
        if stored.kind == kind
        else f"DROP {stored.kind.upper()} {quote_name(stored.name)} first, or choose another name"
    )
    return BindError(
        f"there is a {stored.kind} called {stored.name} already", text=text, position=statement.pos, hint=hint
    )


def _not_for(statement: nodes.Statement, target: Local | None, text: str) -> BindError:
    """The error for a change of what can't be changed."""
    verb = type(statement).__name__.upper()
    name = target.name if target is not None else ""
    if isinstance(statement, nodes.Replace):
        said, hint = f"REPLACE is for resources, and {name} is a table", "UPDATE changes rows of tables"
    elif isinstance(target, StoredView):
        said, hint = f"{name} is a view: {verb} can't change what it shows", "change what it is made of"
    else:
        said, hint = (
            f"{name} is a materialized view: REFRESH MATERIALIZED VIEW fills it anew",
            "a table can be changed",
        )
    return BindError(said, text=text, position=statement.pos, hint=hint)
