"""The workspace: one SQLite file with the views and tables that people keep, and a second one for this session's.

Before: `plan.views` asks what a name means, `run.workspace.changes` changes what is there. After: `run.executor`
attaches the files to the statement's own database, so that a local table joins with what was read from the network.

The file is made when the first object is: nobody pays for one that isn't used. SQLite's own schema says which tables
there are and of which types; views stand in `_quaestor_views`. It is in WAL mode, so processes that read don't wait
for one that writes; those that write wait for each other up to `BUSY_S` seconds. (WAL needs a local file system.)
"""

from __future__ import annotations

import json
import os
from _thread import allocate_lock

import apsw

from quaestor.errors import WorkspaceError
from quaestor.plan.views import LocalTable, StoredView
from quaestor.record import Record
from quaestor.run import information
from quaestor.run.wal import switch_to_wal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from quaestor.plan.views import Local

#: Marks the file as ours: "Qstr" (https://www.sqlite.org/pragma.html#pragma_application_id).
APPLICATION_ID = 0x51737472
#: The layout of the file; a file with a higher one was made by a newer Quaestor.
VERSION = 1
#: How long a process waits for another that writes, in seconds.
BUSY_S = 10.0
#: What people call the two files, and what they are called inside a statement's database.
ATTACHED = {"workspace": "workspace", "temp": "session"}
#: Prefixes of names that aren't for people.
RESERVED = ("sqlite_", "_quaestor_")
#: A workspace that ends with the session.
IN_MEMORY = ":memory:"

_VIEWS = """CREATE TABLE IF NOT EXISTS {schema}._quaestor_views(
    name TEXT PRIMARY KEY COLLATE NOCASE, sql TEXT NOT NULL, columns TEXT NOT NULL, uses TEXT NOT NULL,
    materialized INTEGER NOT NULL, created TEXT NOT NULL, refreshed TEXT)"""

#: SQLite's declared type for each of ours: the affinity of `values.DECLARED`, and which type it was.
TYPE_NAMES = {
    "string": "TEXT",
    "integer": "INTEGER",
    "number": "REAL",
    "boolean": "BOOLEAN",
    "object": "OBJECT TEXT",
    "array": "ARRAY TEXT",
    "date-time": "DATETIME TEXT",
    "any": "",
}
_KINDS = {declared: kind for kind, declared in TYPE_NAMES.items()} | {
    "BOOL": "boolean",
    "INT": "integer",
    "BIGINT": "integer",
    "DOUBLE": "number",
    "FLOAT": "number",
    "VARCHAR": "string",
    "STRING": "string",
    "DATETIME": "date-time",
    "TIMESTAMP": "date-time",
    "JSON": "object",
}


class Stored(Record):
    """An object of the workspace, for SHOW and for changing it.

    Attributes:
        kind: `table`, `view` or `materialized view`.
        schema: `workspace` or `temp`.
        sql, names, uses: of views: the SELECT, names that it gives its columns, what USE named.
        columns: of tables and materialized views: names and types.
    """

    schema: str
    name: str
    kind: str
    sql: str = ""
    names: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()
    created: str = ""
    refreshed: str = ""


class Workspace:
    """The two files of a session, opened when they are first needed; may be asked from any thread.

    Args:
        path: the file; `:memory:` for one that ends with the session.
        catalog, connections: for `information_schema`.

    Raises WorkspaceError, naming the file, when it can't be used.
    """

    def __init__(self, path: str, catalog: Any, connections: Mapping[str, str]) -> None:
        self.path = path
        self._catalog = catalog
        self._connections = connections
        self._lock = allocate_lock()
        self._open: dict[str, apsw.Connection] = {}
        self._in_memory = f"file:/quaestor-{os.getpid()}-{id(self):x}"

    def close(self) -> None:
        """Close the files; what belongs to the session is gone."""
        with self._lock:
            for db in self._open.values():
                db.close()
            self._open.clear()

    def adopt(self, catalog: Any, connections: Mapping[str, str]) -> None:
        """Another catalog for `information_schema` of later statements; views and tables stay."""
        self._catalog = catalog
        self._connections = connections

    # ------------------------------------------------------------------------------------- look-ups

    def find(self, schema: str, name: str) -> Local | None:
        """What a name means: in this session first, then in the file."""
        if schema == "information_schema":
            return information.table(name)
        for each in (schema,) if schema else ("temp", "workspace"):
            stored = self.stored(each, name)
            if stored is not None:
                return _local(stored)
        return None

    def stored(self, schema: str, name: str) -> Stored | None:
        """The object of this name in one of the files."""
        with self._lock:
            db = self._opened(schema)
            try:
                return read_object(db, "main", schema, name) if db is not None else None
            except apsw.Error as error:
                raise self.failure(error) from error

    def objects(self) -> list[Stored]:
        """All that there is, by name."""
        found: list[Stored] = []
        with self._lock:
            for schema in ("temp", "workspace"):
                db = self._opened(schema)
                try:
                    names = _names(db) if db is not None else []
                    stored = [read_object(db, "main", schema, name) for name in names] if db is not None else []
                except apsw.Error as error:
                    raise self.failure(error) from error
                found += [each for each in stored if each is not None]
        return sorted(found, key=lambda each: (each.name.casefold(), each.schema))

    def _opened(self, schema: str) -> apsw.Connection | None:
        """The connection for look-ups; None if there is no file yet."""
        if schema not in self._open:
            if not self._exists(schema):
                return None
            try:
                db = apsw.Connection(self._uri(schema, writes=False), flags=_FLAGS)
                db.set_busy_timeout(int(BUSY_S * 1000))
                self._check(db)
            except apsw.Error as error:
                raise self.failure(error) from error
            self._open[schema] = db
        return self._open[schema]

    def _exists(self, schema: str) -> bool:
        """Whether somebody has made the file; a file of no bytes is one that is about to be made."""
        if schema == "temp" or self.path == IN_MEMORY:
            return False
        try:
            return os.stat(self.path).st_size > 0
        except FileNotFoundError:
            return False
        except OSError as error:
            raise WorkspaceError(f"the workspace {self.path} can't be read: {error.strerror}") from error

    def _check(self, db: apsw.Connection) -> None:
        """Refuse a file that isn't ours, or newer than we are."""
        application = db.pragma("application_id")
        version = db.pragma("user_version")
        if application != APPLICATION_ID:
            db.close()
            raise WorkspaceError(
                f"{self.path} is no workspace: it is a database of something else",
                hint="name another file with --workspace",
            )
        if isinstance(version, int) and version > VERSION:
            db.close()
            raise WorkspaceError(
                f"the workspace {self.path} was made by a newer Quaestor (its version is {version}, this one reads "
                f"{VERSION})",
                hint="update Quaestor, or name another file with --workspace; nothing was changed",
            )

    def _uri(self, schema: str, *, writes: bool) -> str:
        if schema == "temp" or self.path == IN_MEMORY:
            return f"{self._in_memory}-{schema}?vfs=memdb"
        path = os.path.abspath(self.path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
        return f"file:{path}?mode={'rwc' if writes else 'ro'}"

    # ------------------------------------------------------------------------------------- attaching

    def attach(self, db: apsw.Connection, schemas: Iterable[str], *, writes: str = "") -> None:
        """Let a statement's database see these schemas; `writes` names the one that it changes, made if need be."""
        for schema in dict.fromkeys([*schemas, *([writes] if writes else [])]):
            if schema == "information_schema":
                information.attach(db, self._catalog, self._connections, self)
                continue
            try:
                if schema == writes:
                    self.make(schema)
                db.set_busy_timeout(int(BUSY_S * 1000))
                uri = self._uri(schema, writes=schema == writes)
                db.execute(f"ATTACH ? AS {ATTACHED[schema]}", (uri,))
            except apsw.Error as error:
                raise self.failure(error) from error

    def make(self, schema: str) -> None:
        """Make sure that the file is there, and ours."""
        with self._lock:
            if self._opened(schema) is not None:
                return
            in_memory = schema == "temp" or self.path == IN_MEMORY
            if not in_memory:
                self._make_folder()
            try:
                db = apsw.Connection(self._uri(schema, writes=True), flags=_FLAGS)
                db.set_busy_timeout(int(BUSY_S * 1000))
                self._lay_out(db, in_memory)
            except apsw.Error as error:
                raise self.failure(error) from error
            if in_memory:
                self._open[schema] = db  # it lives as long as somebody has it open
            else:
                db.close()

    def _make_folder(self) -> None:
        folder = os.path.dirname(os.path.abspath(self.path))
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
            # what people keep of their directories is theirs alone
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise WorkspaceError(f"the workspace {self.path} can't be written: {error.strerror}") from error

    def _lay_out(self, db: apsw.Connection, in_memory: bool) -> None:
        """An empty file becomes a workspace; another process may be doing the same.

        WAL comes last: until then whoever looks waits for the lock, and never sees half of it.
        """
        db.execute("BEGIN IMMEDIATE")
        try:
            if not db.execute("SELECT count(*) FROM sqlite_schema").fetchall()[0][0]:
                db.execute(f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}")
                db.execute(_VIEWS.format(schema="main"))
            self._check(db)
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")
        if not in_memory:
            switch_to_wal(db, BUSY_S)

    def failure(self, error: apsw.Error) -> WorkspaceError:
        """What an error of SQLite about the file means to people."""
        name = "the session's tables" if self.path == IN_MEMORY else f"the workspace {self.path}"
        if isinstance(error, apsw.BusyError | apsw.LockedError):
            said = f"{name} is locked: another process or result has held it for {BUSY_S:g} s"
            failed = WorkspaceError(said, hint="try again when it is done; nothing was changed")
            failed.retryable = True
            return failed
        if isinstance(error, apsw.NotADBError | apsw.CorruptError):
            return WorkspaceError(
                f"{name} is damaged, or no SQLite file: {error}",
                hint="move it away and make its views and tables again; SQLite's .recover may save its rows",
            )
        if isinstance(error, apsw.ReadOnlyError | apsw.CantOpenError | apsw.PermissionsError):
            return WorkspaceError(
                f"{name} can't be opened or written: {error}", hint="--workspace names another file"
            )
        if isinstance(error, apsw.FullError | apsw.IOError):
            return WorkspaceError(f"{name} can't be written: {error}", hint="nothing was changed")
        return WorkspaceError(f"{name}: {error}")


_FLAGS = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI


def qualified(schema: str, name: str) -> str:
    """An object's name in SQL for SQLite."""
    return f'{ATTACHED[schema]}."{name.replace(chr(34), chr(34) * 2)}"'


def _local(stored: Stored) -> Local:
    if stored.kind == "view":
        return StoredView(stored.schema, stored.name, stored.sql, stored.names, stored.uses)
    path = (ATTACHED[stored.schema], stored.name)
    return LocalTable(stored.schema, stored.name, path, stored.columns, ("rowid",))


def _names(db: apsw.Connection) -> list[str]:
    every = "SELECT name FROM sqlite_schema WHERE type = 'table' UNION SELECT name FROM _quaestor_views"
    names = [str(row[0]) for row in db.execute(every)]
    return [name for name in names if not name.casefold().startswith(RESERVED)]


def read_object(db: apsw.Connection, at: str, schema: str, name: str) -> Stored | None:
    """The object of this name; `at` is what the file is called in this database."""
    if name.casefold().startswith(RESERVED):
        return None
    # one statement each, and a view that changes in between is an older or a newer one, never a mixture
    view = db.execute(
        f"SELECT name, sql, columns, uses, materialized, created, refreshed FROM {at}._quaestor_views WHERE name = ?",  # noqa: S608 - the name of a schema is ours
        (name,),
    ).fetchone()
    found = db.execute(
        "SELECT s.name, i.name, i.type "  # noqa: S608
        f"FROM {at}.sqlite_schema s, pragma_table_info(s.name, ?) i "
        "WHERE s.type = 'table' AND s.name = ? COLLATE NOCASE ORDER BY i.cid",
        (at, name),
    ).fetchall()
    columns = tuple((str(column), kind_of(str(declared))) for _, column, declared in found)
    if view is not None:
        own, sql, names, uses, materialized, created, refreshed = view
        kind = "materialized view" if materialized else "view"
        given, used = tuple(json.loads(names)), tuple(json.loads(uses))
        return Stored(schema, own, kind, sql, given, used, columns, created, refreshed or "")
    return Stored(schema, str(found[0][0]), "table", columns=columns) if found else None


def kind_of(declared: str) -> str:
    """Our type for a declared one: `INTEGER`, `VARCHAR(20)`, `BOOLEAN`."""
    word = declared.upper().partition("(")[0].strip()
    return _KINDS.get(word, "any")
