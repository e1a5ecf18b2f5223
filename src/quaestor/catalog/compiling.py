"""Facts as text to the compiled catalog: one SQLite file, written whole or not at all.

Before: `catalog.facts` reads the folders. After: `catalog.store` asks it. Imported only when there is something to
compile: a cold statement does without it, and without all that reads text.
"""

from __future__ import annotations

import json
import os

import apsw

from quaestor.catalog import facts as text
from quaestor.catalog import whole
from quaestor.catalog.columns import columns_of
from quaestor.catalog.layout import FORMAT, TABLES
from quaestor.errors import CatalogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from quaestor.catalog.facts import Facts
    from quaestor.catalog.model import Column, Schema
    from quaestor.record import Record


def compile_catalog(folders: Iterable[str], path: str) -> None:
    """Compiles the providers in `folders` to the file at `path`, which appears whole or not at all. Raises
    CatalogError for text that can't be read and for a place that can't be written."""
    compile_facts((_read(folder) for folder in folders), path)


def _read(folder: str) -> Facts:
    found = text.read(folder)
    if found.provider.name != os.path.basename(folder):
        raise CatalogError(f"{folder} should be called as its provider: it calls itself {found.provider.name!r}")
    return found


def compile_facts(facts: Iterable[Facts], path: str) -> None:
    """Compiles these facts, a provider each, to the file at `path`. Raises as `compile_catalog` does."""

    def fill(connection: apsw.Connection) -> None:
        connection.execute(TABLES)
        for found in facts:
            _write_provider(connection, found)
        connection.execute("CREATE UNIQUE INDEX schema_names ON schemas (provider, name)")
        connection.execute("INSERT INTO meta VALUES (?, 0)", (FORMAT,))
        connection.execute("UPDATE meta SET pages = (SELECT page_count FROM pragma_page_count)")

    try:
        whole.write(path, fill)
    except (OSError, apsw.Error) as error:
        raise CatalogError(f"can't compile the catalog to {path}: {error}") from error


def _write_provider(connection: apsw.Connection, found: Facts) -> None:
    name = found.provider.name
    lookup = _lookup(found)
    connection.execute("DELETE FROM providers WHERE name = ?", (name,))
    connection.execute("INSERT INTO providers VALUES (?, ?)", (name, _dumped(found.provider)))
    per_service: dict[str, int] = {}
    for resource in found.resources:
        per_service[resource.service] = per_service.get(resource.service, 0) + 1
        where = f"{name}.{resource.service}.{resource.name}"
        data = json.dumps(_resource_data(resource, lookup, where), separators=(",", ":"), ensure_ascii=False)
        connection.execute("INSERT INTO resource_data (data) VALUES (?)", (data,))
        connection.execute(
            "INSERT INTO resources VALUES (?, ?, ?, ?, ?, last_insert_rowid())",
            (name, resource.service, resource.name, resource.title, len(resource.methods)),
        )
    connection.executemany(
        "INSERT INTO services VALUES (?, ?, ?, ?)",
        [(name, service, title, per_service.get(service, 0)) for service, title in found.services.items()],
    )
    connection.executemany(
        "INSERT INTO schemas VALUES (?, ?, ?)",
        (
            (name, each, json.dumps(text.schema_text(schema), separators=(",", ":"), ensure_ascii=False))
            for each, schema in found.schemas.items()
        ),
    )


def _lookup(found: Facts) -> Callable[[str], Schema]:
    def lookup(name: str) -> Schema:
        if name not in found.schemas:
            raise CatalogError(f"{found.provider.name} has no schema {name!r}")
        return found.schemas[name]

    return lookup


def _resource_data(resource: text.ResourceFacts, lookup: Callable[[str], Schema], where: str) -> list[Any]:
    """[title, [column, …], [[method, [index of column, …]], …], [index of the resource's column, …]]"""
    columns: dict[Column, int] = {}
    methods: list[Any] = []
    union: dict[str, int] = {}
    for each in resource.methods:
        try:
            own = columns_of(each.method.response, lookup, each.patches)
        except CatalogError as error:
            raise CatalogError(f"{where}.{each.method.name}: {error.message}") from error
        numbers = [columns.setdefault(column, len(columns)) for column in own]
        methods.append([_plain(each.method), numbers])
        if each.method.verb == "select":
            for column, number in zip(own, numbers, strict=True):
                union.setdefault(column.name, number)
    view = [resource.view] if resource.view else []
    return [resource.title, [_plain(column) for column in columns], methods, list(union.values()), *view]


def _plain(value: Any) -> Any:
    """A record as the list of its fields, without those at the end that have their defaults."""
    fields = getattr(type(value), "__fields__", None)
    if fields is not None:
        defaults = value.__defaults__
        out = [getattr(value, field) for field in fields]
        while out and fields[len(out) - 1] in defaults and out[-1] == defaults[fields[len(out) - 1]]:
            out.pop()
        return [_plain(each) for each in out]
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value


def _dumped(record: Record) -> str:
    return json.dumps(_plain(record), separators=(",", ":"), ensure_ascii=False)
