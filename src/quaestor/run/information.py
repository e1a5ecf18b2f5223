"""`information_schema`: the catalog and the workspace as tables: tables, columns, routines.

Before: `plan.views` binds the names. After: SQLite pulls the rows through virtual tables, which are told what WHERE
says of catalog, schema and name, so that a question about one resource reads one row of the compiled catalog. The
columns are the standard's (ISO/IEC 9075-11) as far as there is something to say, and ours after them.
"""

from __future__ import annotations

import apsw

from quaestor.plan.routes import HIDDEN_COLUMNS
from quaestor.plan.views import LocalTable
from quaestor.values import DECLARED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any, TypeAlias

    from quaestor.catalog.catalog import Catalog
    from quaestor.catalog.model import Method, Resource
    from quaestor.run.workspace.file import Workspace

    Row: TypeAlias = tuple[Any, ...]

#: The columns of each table. The first three are those that its rows are looked up by.
TABLES: dict[str, tuple[tuple[str, str], ...]] = {
    "tables": (
        ("table_catalog", "string"), ("table_schema", "string"), ("table_name", "string"), ("table_type", "string"),
        ("provider", "string"), ("methods", "integer"),
    ),
    "columns": (
        ("table_catalog", "string"), ("table_schema", "string"), ("table_name", "string"), ("column_name", "string"),
        ("ordinal_position", "integer"), ("is_nullable", "string"), ("data_type", "string"), ("kind", "string"),
    ),
    "routines": (
        ("routine_catalog", "string"), ("routine_schema", "string"), ("resource", "string"),
        ("routine_name", "string"), ("routine_type", "string"), ("operation", "string"),
        ("required_parameters", "string"),
    ),
}  # fmt: skip


def table(name: str) -> LocalTable | None:
    """The table of `information_schema` that is called so."""
    columns = TABLES.get(name.casefold())
    if columns is None:
        return None
    return LocalTable("information_schema", name.casefold(), (_module(name.casefold()),), columns)


def _module(name: str) -> str:
    return f"information_schema_{name}"


def attach(db: apsw.Connection, catalog: Catalog, connections: Mapping[str, str], workspace: Workspace) -> None:
    """Let a statement's database see the tables."""
    facts = _Facts(catalog, connections, workspace)
    for name, columns in TABLES.items():
        rows = {"tables": facts.tables, "columns": facts.columns, "routines": facts.routines}[name]
        schema = ", ".join(f"{column} {DECLARED[kind]}" for column, kind in columns)
        module: Any = _Module(f"CREATE TABLE x({schema})", rows)
        db.create_module(
            _module(name), module, eponymous=True, eponymous_only=True, read_only=True, use_bestindex_object=True
        )


class _Facts:
    """The rows, of what is asked for: each of catalog, schema and name is None where any will do."""

    def __init__(self, catalog: Catalog, connections: Mapping[str, str], workspace: Workspace) -> None:
        self._catalog = catalog
        self._connections = connections
        self._workspace = workspace

    def _named(
        self, catalog: str | None, schema: str | None, name: str | None
    ) -> Iterator[tuple[str, str, str, int]]:
        for connection, provider in sorted(self._connections.items()):
            if catalog is not None and connection != catalog:
                continue
            for service in self._catalog.services(provider):
                if schema is not None and service.name != schema:
                    continue
                for info in self._catalog.resources(provider, service.name):
                    if name is None or info.name == name:
                        yield connection, service.name, info.name, info.methods

    def _resources(self, catalog: str | None, schema: str | None, name: str | None) -> Iterator[tuple[str, Resource]]:
        for connection, service, resource, _ in self._named(catalog, schema, name):
            found = self._catalog.resource(self._connections[connection], service, resource)
            if found is not None:
                yield connection, found

    def tables(self, catalog: str | None, schema: str | None, name: str | None) -> Iterator[Row]:
        for connection, service, resource, methods in self._named(catalog, schema, name):
            yield connection, service, resource, "BASE TABLE", self._connections[connection], methods
        if catalog in (None, "workspace"):
            for stored in self._workspace.objects():
                kind = {"table": "LOCAL TABLE"}.get(stored.kind, stored.kind.upper())
                yield "workspace", stored.schema, stored.name, kind, None, None

    def columns(self, catalog: str | None, schema: str | None, name: str | None) -> Iterator[Row]:
        for connection, resource in self._resources(catalog, schema, name):
            where = (connection, resource.service, resource.name)
            for position, (column, data_type, kind) in enumerate(_columns(resource), start=1):
                yield *where, column, position, "YES", data_type, kind
        if catalog in (None, "workspace"):
            for stored in self._workspace.objects():
                for position, (column, data_type) in enumerate(stored.columns, start=1):
                    yield "workspace", stored.schema, stored.name, column, position, "YES", data_type, "column"

    def routines(self, catalog: str | None, schema: str | None, name: str | None) -> Iterator[Row]:
        for connection, resource in self._resources(catalog, schema, name):
            for method in resource.methods:
                needs = ", ".join(parameter.name for parameter in method.required)
                where = (connection, resource.service, resource.name)
                yield *where, method.name, method.verb.upper(), f"{method.http} {method.path}", needs


def _columns(resource: Resource) -> Iterator[tuple[str, str, str]]:
    """Name, type and kind of all that a SELECT can name: fields, then parameters, then what every resource has."""
    seen: set[str] = set()
    for field in resource.columns:
        seen.add(field.name)
        yield field.name, field.type, "field"
    for name, data_type, required in _parameters(resource.by_verb("select")):
        if name not in seen:
            seen.add(name)
            yield name, data_type, "required parameter" if required else "parameter"
    for name, data_type in HIDDEN_COLUMNS.items():
        yield name, data_type, "hidden"


def _parameters(methods: tuple[Method, ...]) -> Iterator[tuple[str, str, bool]]:
    for method in methods:
        for parameter in method.parameters:
            always = all((p := each.parameter(parameter.name)) is not None and p.required for each in methods)
            yield parameter.name, parameter.type, always


class _Module:
    """One table as an eponymous virtual table. BestIndex takes equalities on the first three columns."""

    def __init__(self, schema: str, rows: Callable[[str | None, str | None, str | None], Iterator[Row]]) -> None:
        self._schema = schema
        self._rows = rows

    def Connect(self, *_: object) -> tuple[str, _Module]:
        return self._schema, self

    Create = Connect

    def BestIndexObject(self, info: apsw.IndexInfo) -> bool:
        """Which constraints are wanted, in which order: `1,,2`; SQLite tests all of them again itself."""
        chosen = [""] * 3
        count = 0
        for index in range(info.nConstraint):
            column = info.get_aConstraint_iColumn(index)
            fits = info.get_aConstraint_op(index) == apsw.SQLITE_INDEX_CONSTRAINT_EQ and 0 <= column < 3
            if not fits or chosen[column] or not info.get_aConstraint_usable(index):
                continue
            if info.get_aConstraint_collation(index).upper() == "BINARY":
                count += 1
                chosen[column] = str(count)
                info.set_aConstraintUsage_argvIndex(index, count)
        info.idxStr = ",".join(chosen)
        info.estimatedCost = 1e6 / 30**count
        return True

    def Open(self) -> _Cursor:
        return _Cursor(self._rows)

    def Disconnect(self) -> None:
        """Nothing is held here."""

    Destroy = Disconnect


class _Cursor:
    """Walks the rows."""

    def __init__(self, rows: Callable[[str | None, str | None, str | None], Iterator[Row]]) -> None:
        self._source = rows
        self._rows: Iterator[Row] = iter(())
        self._row: Row | None = None
        self._index = 0

    def Filter(self, indexnum: int, indexname: str, args: tuple[Any, ...]) -> None:
        known = [args[int(each) - 1] if each else None for each in indexname.split(",")]
        asked = [each for each, part in zip(indexname.split(","), known, strict=True) if each and part is None]
        # `= NULL` holds for no row; a number is no name
        names = [None if part is None else str(part) for part in known]
        self._rows = iter(()) if asked else self._source(*names)
        self._index = -1
        self.Next()

    def Next(self) -> None:
        self._row = next(self._rows, None)
        self._index += 1

    def Eof(self) -> bool:
        return self._row is None

    def Column(self, number: int) -> Any:
        return self._index if number < 0 or self._row is None else self._row[number]

    def Rowid(self) -> int:
        return self._index

    def Close(self) -> None:
        """Nothing is held here."""
