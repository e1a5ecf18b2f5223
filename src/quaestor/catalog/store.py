"""The compiled catalog: facts of all providers in one SQLite file, a row a resource, so that a cold statement
reads no YAML.

Before: `catalog.facts` reads the folders of text.
After: everything above asks a `Store` by name.

The file is a cache under `$XDG_CACHE_HOME/quaestor` (else `~/.cache/quaestor`), named after a fingerprint of what
it was made of: version, paths, sizes and times of the text files. One that is absent, cut off, not SQLite, or of
another version is compiled anew, beside it first and then renamed over it: two processes that compile at once both
succeed. A cache that can't be written leaves a note and a folder of our own under the temporary directory.

Records are kept as JSON arrays of their fields, defaults at the end left out; the columns of a resource's methods,
which are often the same ones, once a resource.
"""

from __future__ import annotations

import json
import os
import stat
from _thread import allocate_lock  # `threading` takes 2 ms to import

import apsw

from quaestor.catalog.layout import FORMAT
from quaestor.catalog.model import (
    Body,
    Column,
    Credential,
    Hidden,
    Listing,
    Method,
    Pagination,
    Parameter,
    Provider,
    Resource,
    ResourceInfo,
    Response,
    Schema,
    Server,
    ServiceInfo,
)
from quaestor.errors import CatalogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from quaestor.catalog.documents import Layered


BUILTIN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "builtin")
#: How many compiled catalogs a cache keeps: those of other versions and folders may still be in use.
_KEPT = 4


class Store:
    """A catalog that was compiled to the SQLite file at `path`; answers the protocol `catalog.Catalog`.

    Safe to share between threads. Raises CatalogError, naming the file, when it can't be read.
    """

    def __init__(self, path: str, rebuild: Callable[[], None] | None = None) -> None:
        """`rebuild` compiles the file anew, if somebody can; it is called once, when the file turns out damaged."""
        self.path = path
        self._rebuild = rebuild
        self._lock = allocate_lock()
        self._resources: dict[tuple[str, str, str], Resource] = {}
        self._schemas: dict[tuple[str, str], Schema | None] = {}
        self._providers: tuple[Provider, ...] | None = None
        self._connection = self._opened()

    def _opened(self) -> apsw.Connection:
        try:
            return apsw.Connection(self.path, flags=apsw.SQLITE_OPEN_READONLY)
        except apsw.Error as error:
            raise self._broken(error) from error

    def is_sound(self) -> bool:
        """Whether the file is a compiled catalog of this format, and all of it is there."""
        sql = "SELECT format, pages * (SELECT page_size FROM pragma_page_size) FROM meta"
        try:
            return self._connection.execute(sql).fetchall() == [(FORMAT, os.stat(self.path).st_size)]
        except (OSError, apsw.Error):
            return False

    def close(self) -> None:
        """Closes the file. Look-ups are errors from then on."""
        self._connection.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def providers(self) -> tuple[Provider, ...]:
        """All providers, by name."""
        if self._providers is None:
            self._providers = tuple(
                _provider(data) for data in self._data("SELECT data FROM providers ORDER BY name")
            )
        return self._providers

    def provider(self, name: str) -> Provider | None:
        """The provider of this name."""
        return next((provider for provider in self.providers() if provider.name == name), None)

    def services(self, provider: str) -> tuple[ServiceInfo, ...]:
        """A provider's services, by name."""
        sql = "SELECT name, title, resources FROM services WHERE provider = ? ORDER BY name"
        return tuple(ServiceInfo(*row) for row in self._rows(sql, provider))

    def resources(self, provider: str, service: str) -> tuple[ResourceInfo, ...]:
        """A service's resources, by name."""
        sql = "SELECT name, title, methods FROM resources WHERE provider = ? AND service = ? ORDER BY name"
        return tuple(ResourceInfo(*row) for row in self._rows(sql, provider, service))

    def resource(self, provider: str, service: str, name: str) -> Resource | None:
        """One resource with all its methods and columns."""
        key = (provider, service, name)
        if key not in self._resources:
            found = self._data(
                "SELECT data FROM resource_data WHERE id ="
                " (SELECT content FROM resources WHERE provider = ? AND service = ? AND name = ?)",
                *key,
            )
            if not found:
                return None
            self._resources[key] = _resource(key, found[0])
        return self._resources[key]

    def schema(self, provider: str, name: str) -> Schema | None:
        """One schema; `ref`s inside it are names for further look-ups."""
        key = (provider, name)
        if key not in self._schemas:
            found = self._data("SELECT data FROM schemas WHERE provider = ? AND name = ?", provider, name)
            self._schemas[key] = _schema(found[0], name) if found else None
        return self._schemas[key]

    def _data(self, sql: str, *values: str) -> list[Any]:
        """The JSON values of a query's only column, decoded."""
        return self._rows(sql, *values, decode=lambda rows: [json.loads(row[0]) for row in rows])

    def _rows(self, sql: str, *values: str, decode: Callable[[list[tuple[Any, ...]]], list[Any]] = list) -> list[Any]:
        with self._lock:
            try:
                return decode(self._connection.execute(sql, values).fetchall())
            except (apsw.Error, ValueError) as error:
                if self._rebuild is None:
                    raise self._broken(error) from error
                rebuild, self._rebuild = self._rebuild, None
                self._connection.close()
                rebuild()
                self._connection = self._opened()
                return decode(self._connection.execute(sql, values).fetchall())

    def _broken(self, error: Exception) -> CatalogError:
        return CatalogError(f"the compiled catalog {self.path} can't be read: {error}", hint="remove that file")


# -- finding and compiling


def open_catalog(
    folders: Sequence[str] = (), *, cache_dir: str | None = None, note: Callable[[str], None] | None = None
) -> Store:
    """The catalog of the built-in providers and of those in `folders` (each a provider's folder, as
    `quaestor provider build` writes it); the last one of a name counts. `documents.open_layered` adds StackQL's
    provider documents.

    Compiled on first use, which takes some seconds; `note` is told so, and of a cache that can't be written.
    Raises CatalogError where a folder's text can't be read.
    """
    sources = _sources(folders)
    name = f"catalog-{_fingerprint(sources)}.db"
    tell = note or (lambda _: None)
    place = cache_dir or cache_folder()
    if place:
        path = os.path.join(place, name)
        found = _existing(path, sources)
        if found is not None:
            return found
        if _private(place):
            return _compiled(sources, path, tell)
        tell(f"the cache {place} can't be written: the compiled catalog goes to a temporary folder")
    path = os.path.join(_temporary(), name)
    return _existing(path, sources) or _compiled(sources, path, tell)


def open_providers(roots: Sequence[str], *, note: Callable[[str], None] | None = None) -> Store | Layered:
    """The catalog of the built-in providers, with the providers below `roots` above them, if there are any: each a
    folder that `quaestor provider build` wrote, or one of provider documents. Raises as `open_catalog` and
    `documents.open_layered` do."""
    built = [root for root in roots if is_built(root)]
    roots = [root for root in roots if root not in built]
    if not roots:
        return open_catalog(built, note=note)
    # imported late: few people have documents of other people (docs/decisions/0003-late-imports.md)
    from quaestor.catalog.documents import open_layered

    return open_layered(roots, built=built, note=note)


def is_built(folder: str) -> bool:
    """Whether `quaestor provider build` wrote this folder. Raises CatalogError for one that can't be read."""
    try:
        with open(os.path.join(folder, "provider.yaml"), encoding="utf-8", errors="replace") as file:
            return "providerServices" not in file.read()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise CatalogError(f"can't read {error.filename}: {error.strerror or error}") from error


def _compile(sources: Sequence[str], path: str) -> None:
    # imported late: what reads text takes as long to import as a look-up (docs/decisions/0003-late-imports.md)
    from quaestor.catalog.compiling import compile_catalog

    compile_catalog(sources, path)


def _schema(data: Any, name: str) -> Schema:
    from quaestor.catalog.facts import schema_from  # late for the same reason: SHOW and SELECT need no schema

    return schema_from(data, name)


def _compiled(sources: list[str], path: str, tell: Callable[[str], None]) -> Store:
    tell("compiling the catalog of providers (once)")
    _compile(sources, path)
    _tidy(os.path.dirname(path), path)
    return Store(path)


def _sources(folders: Sequence[str]) -> list[str]:
    """The folders of all providers, the last one of a name."""
    by_name = {
        entry.name: entry.path for entry in os.scandir(BUILTIN) if entry.is_dir() and entry.name[0] not in "_."
    }
    for folder in folders:
        full = os.path.abspath(folder)
        if not os.path.isfile(os.path.join(full, "provider.yaml")):
            raise CatalogError(f"{folder} is no provider's folder: it has no provider.yaml")
        by_name[os.path.basename(full)] = full
    found = (by_name[name] for name in sorted(by_name))
    return [folder for folder in found if os.path.isfile(os.path.join(folder, "provider.yaml"))]


def _fingerprint(sources: Iterable[str]) -> str:
    """Stands for all that a compiled catalog is made of; 64 bits in hexadecimal."""
    from zlib import adler32, crc32  # hashlib takes 3 ms to import, and nobody attacks their own cache

    seen: list[tuple[str, int, int]] = []
    for folder in sources:
        for part in (folder, os.path.join(folder, "services"), os.path.join(folder, "schemas")):
            if os.path.isdir(part):
                for entry in os.scandir(part):
                    if entry.name.endswith(".yaml") and entry.name not in ("names.yaml", "overlay.yaml"):
                        about = entry.stat()
                        seen.append((entry.path, about.st_size, about.st_mtime_ns))
    data = repr((FORMAT, sorted(seen))).encode()
    return f"{crc32(data):08x}{adler32(data):08x}"


def _existing(path: str, sources: list[str]) -> Store | None:
    """The catalog at `path`, None if there is none, or none that can be used."""
    try:
        store = Store(path, lambda: _compile(sources, path))
    except CatalogError:
        return None
    if store.is_sound():
        return store
    store.close()
    return None


def cache_folder() -> str:
    """Where the user's caches are, or empty if nobody knows (XDG Base Directory Specification)."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        home = os.path.expanduser("~")
        base = os.path.join(home, ".cache") if os.path.isabs(home) else ""
    return os.path.join(base, "quaestor") if base else ""


def writable_cache(cache_dir: str | None = None) -> str:
    """A folder for what is compiled: the user's cache, or one under the temporary directory."""
    place = cache_dir or cache_folder()
    return place if place and _private(place) else _temporary()


def _private(folder: str) -> bool:
    """Whether `folder` is there, or could be made, for us alone to write in."""
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def _temporary() -> str:
    """A folder for compiled catalogs under the temporary directory: nobody else's, even if its name was guessed."""
    import tempfile

    ours = os.getuid() if hasattr(os, "getuid") else 0
    folder = os.path.join(tempfile.gettempdir(), f"quaestor-{ours}")
    if _private(folder):
        about = os.lstat(folder)  # of a link itself, which is nobody's folder
        if stat.S_ISDIR(about.st_mode) and about.st_uid == ours and not about.st_mode & 0o022:
            return folder
    return tempfile.mkdtemp(prefix="quaestor-")


def _tidy(folder: str, current: str) -> None:
    """Removes compiled catalogs that haven't been made lately, all but the newest few, and what a compilation that
    was killed has left. Another process may remove them first."""
    from contextlib import suppress

    old: list[tuple[float, str]] = []
    for entry in os.scandir(folder):
        if entry.name.startswith("catalog-") and entry.path != current:
            with suppress(OSError):
                old.append((entry.stat().st_mtime, entry.path))
    finished = sorted(each for each in old if each[1].endswith(".db"))
    hour_ago = os.stat(current).st_mtime - 3600
    left = [each for each in old if not each[1].endswith(".db") and each[0] < hour_ago]
    for _, path in [*finished[: max(0, len(finished) - _KEPT + 1)], *left]:
        with suppress(OSError):
            os.remove(path)


# -- rows to records; positions are those of the fields in `catalog.model`


def _provider(data: list[Any]) -> Provider:
    if len(data) > 3:
        data[3] = _server(data[3])
    if len(data) > 4:
        data[4] = tuple(Credential(*each) for each in data[4])
    return Provider(*data)


def _server(data: list[Any]) -> Server:
    if len(data) > 1:
        data[1] = tuple(_parameter(each) for each in data[1])
    if len(data) > 3:
        data[3] = tuple(data[3])
    return Server(*data)


def _resource(key: tuple[str, str, str], data: list[Any]) -> Resource:
    title, column_data, method_data, union, *view = data
    columns = [_column(each) for each in column_data]
    methods = tuple(_method(fields, tuple(columns[number] for number in numbers)) for fields, numbers in method_data)
    return Resource(*key, title, methods, tuple(columns[number] for number in union), *view)


def _column(data: list[Any]) -> Column:
    data[2] = tuple(data[2])
    if len(data) > 4:
        data[4] = tuple(data[4])
    return Column(*data)


def _parameter(data: list[Any]) -> Parameter:
    if len(data) > 6:
        data[6] = tuple(data[6])
    return Parameter(*data)


def _method(data: list[Any], columns: tuple[Column, ...]) -> Method:
    values = dict(zip(Method.__fields__, data, strict=False))
    values["columns"] = columns
    for name, build in _METHOD_FIELDS.items():
        if values.get(name) is not None:
            values[name] = build(values[name])
    return Method(**values)


def _response(data: list[Any]) -> Response:
    if len(data) > 3:
        data[3] = tuple(data[3])
    return Response(*data)


def _hidden(data: list[Any]) -> Hidden:
    if len(data) > 4:
        data[4] = tuple(data[4])
    return Hidden(*data)


def _listing(data: list[Any]) -> Listing:
    values = dict(zip(Listing.__fields__, data, strict=False))
    for name in ("fields", "ranges", "sorts"):
        if name in values:
            values[name] = {each: tuple(parts) for each, parts in values[name].items()}
    for name in ("words", "differs", "selectable", "unless"):
        if name in values:
            values[name] = tuple(values[name])
    return Listing(**values)


def _pagination(data: list[Any]) -> Pagination:
    for index in (3, 9, 10):
        if len(data) > index:
            data[index] = tuple(data[index])
    return Pagination(*data)


def _body(data: list[Any]) -> Body:
    if len(data) > 3:
        data[3] = tuple(data[3])
    return Body(*data)


_METHOD_FIELDS: dict[str, Callable[[Any], Any]] = {
    "parameters": lambda data: tuple(_parameter(each) for each in data),
    "response": _response,
    "pagination": _pagination,
    "body": _body,
    "permissions": tuple,
    "scopes": tuple,
    "server": _server,
    "hidden": lambda data: tuple(_hidden(each) for each in data),
    "listing": _listing,
    "natural_key": tuple,
    "command": tuple,
}
