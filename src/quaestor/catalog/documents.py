"""A catalog with StackQL's provider documents above the built-in providers.

A provider's head is kept as JSON beside the compiled catalog, and each service is compiled to a file of its own when
it is first asked for: 80 MB of documents cost a statement what its one service costs, once.

Before: `catalog.stackql` reads documents. After: everything above asks by name, as it asks `store.Store`.
"""

from __future__ import annotations

import json
import os
from _thread import allocate_lock

from quaestor.catalog.layout import FORMAT
from quaestor.catalog.model import Provider, Resource, ResourceInfo, Schema, ServiceInfo
from quaestor.catalog.stackql.folder import Folder, folders
from quaestor.catalog.store import Store, open_catalog, writable_cache
from quaestor.errors import CatalogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any


def open_layered(
    roots: Iterable[str],
    *,
    built: Sequence[str] = (),
    cache_dir: str | None = None,
    note: Callable[[str], None] | None = None,
) -> Layered:
    """The catalog of the built-in providers with the provider documents below `roots` (each a registry's
    `localDocRoot`, or the folder of one provider) above them. `built` are folders that `provider build` wrote.

    `note` is told what is compiled. Raises CatalogError where there are no documents, or they can't be read.
    """
    below = open_catalog(built, cache_dir=cache_dir, note=note)
    try:
        return Layered(below, roots, writable_cache(cache_dir), note or (lambda _: None))
    except BaseException:
        below.close()
        raise


class Layered:
    """The built-in catalog with the documents of `roots` above it; the last root of a name counts.

    Answers the protocol `catalog.Catalog`, and is safe to share between threads. `cache` is a folder for what is
    compiled; `tell` hears of it.
    """

    def __init__(self, below: Store, roots: Iterable[str], cache: str, tell: Callable[[str], None]) -> None:
        self._below = below
        self._above: dict[str, Documents] = {}
        for root in roots:
            for folder in folders(root):
                documents = Documents(folder, cache, tell)
                self._above[documents.provider.name] = documents

    def close(self) -> None:
        """Closes all files. Look-ups are errors from then on."""
        self._below.close()
        for documents in self._above.values():
            documents.close()

    def __enter__(self) -> Layered:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def providers(self) -> tuple[Provider, ...]:
        """All providers, by name."""
        found = {provider.name: provider for provider in self._below.providers()}
        found.update((name, documents.provider) for name, documents in self._above.items())
        return tuple(found[name] for name in sorted(found))

    def provider(self, name: str) -> Provider | None:
        """The provider of this name."""
        return self._above[name].provider if name in self._above else self._below.provider(name)

    def services(self, provider: str) -> tuple[ServiceInfo, ...]:
        """A provider's services, by name."""
        if provider in self._above:
            return self._above[provider].services()
        return self._below.services(provider)

    def resources(self, provider: str, service: str) -> tuple[ResourceInfo, ...]:
        """A service's resources, by name."""
        store = self._store(provider, service)
        return store.resources(provider, service) if store is not None else ()

    def resource(self, provider: str, service: str, name: str) -> Resource | None:
        """One resource with all its methods and columns."""
        store = self._store(provider, service)
        return store.resource(provider, service, name) if store is not None else None

    def schema(self, provider: str, name: str) -> Schema | None:
        """One schema; those of documents are called `service:name`."""
        store = self._store(provider, name.partition(":")[0])
        return store.schema(provider, name) if store is not None else None

    def of_vendors(self) -> Layered:
        """The same catalog, built-in providers as they are built in, whatever documents there are: what a service
        answers doesn't depend on who describes it. It shares the files, which only the catalog itself closes."""
        found = Layered.__new__(Layered)
        built_in = {provider.name for provider in self._below.providers()}
        found._below = self._below
        found._above = {name: documents for name, documents in self._above.items() if name not in built_in}
        return found

    def _store(self, provider: str, service: str) -> Store | None:
        if provider in self._above:
            return self._above[provider].store(service)
        return self._below


class Documents:
    """One provider's documents, compiled as they are asked for. Raises CatalogError for what can't be read."""

    def __init__(self, folder: Folder, cache: str, tell: Callable[[str], None]) -> None:
        self._folder = folder
        self._cache = cache
        self._tell = tell
        self._lock = allocate_lock()
        self._stores: dict[str, Store] = {}
        self.provider, self._services = self._head()

    def close(self) -> None:
        """Closes the files of its services."""
        for store in self._stores.values():
            store.close()

    def services(self) -> tuple[ServiceInfo, ...]:
        """Its services, by name."""
        return tuple(ServiceInfo(name, title, count) for name, (title, _, count) in sorted(self._services.items()))

    def store(self, service: str) -> Store | None:
        """The compiled service, None if the provider has no such service."""
        if service not in self._services:
            return None
        with self._lock:
            if service not in self._stores:
                self._stores[service] = self._opened(service, self._services[service][1])
            return self._stores[service]

    def _opened(self, service: str, path: str) -> Store:
        if not path:
            raise CatalogError(
                f"{self.provider.name}.{service} is listed, but its document isn't in {self._folder.path}"
            )
        place = self._place(f"{service}-{_mark(path, os.path.join(self._folder.path, 'provider.yaml'))}.db")
        if os.path.isfile(place):
            store = Store(place, lambda: self._compile(service, place))
            if store.is_sound():
                return store
            store.close()
        self._tell(f"compiling {self.provider.name}.{service} (once)")
        self._compile(service, place)
        return Store(place)

    def _compile(self, service: str, place: str) -> None:
        # imported late: what reads documents takes as long as a look-up (docs/decisions/0003-late-imports.md)
        from quaestor.catalog.compiling import compile_facts
        from quaestor.catalog.stackql import provider as heads
        from quaestor.catalog.stackql import service as services

        head = heads.read(self._folder)
        entry = next(each for each in head.services if each.name == service)
        compile_facts([services.read(head, entry)], place)
        _remove_older(place, f"{self._file_name(service)}-")

    def _head(self) -> tuple[Provider, dict[str, tuple[str, str, int | None]]]:
        """The provider, and by service its title, its document's path, and how many resources it has."""
        place = self._place(f"provider-{_mark(os.path.join(self._folder.path, 'provider.yaml'))}.json")
        try:
            with open(place, encoding="utf-8") as file:
                found = json.load(file)
        except (OSError, ValueError):
            found = self._read_head()
            _written(place, found)
            _remove_older(place, f"{self._file_name('provider')}-")
        fields, services = found
        return Provider(**fields), {name: (title, path, count) for name, title, path, count in services}

    def _read_head(self) -> list[Any]:
        from quaestor.catalog.stackql import provider as heads  # late, as above

        head = heads.read(self._folder)
        fields = {key: getattr(head.provider, key) for key in ("name", "version", "title", "auth")}
        return [
            fields,
            [[each.name, each.title, each.path, _count(each.path) if each.path else 0] for each in head.services],
        ]

    def _place(self, name: str) -> str:
        folder = os.path.join(self._cache, "documents")
        os.makedirs(folder, mode=0o700, exist_ok=True)
        return os.path.join(folder, f"{self._folder.name}-{self._folder.version}-{name}")

    def _file_name(self, name: str) -> str:
        return f"{self._folder.name}-{self._folder.version}-{name}"


def _mark(*paths: str) -> str:
    """Stands for the content of files: their paths, sizes and times; 64 bits in hexadecimal."""
    from zlib import adler32, crc32  # hashlib takes 3 ms to import, and nobody attacks their own cache

    try:
        about = [(os.path.abspath(path), os.stat(path).st_size, os.stat(path).st_mtime_ns) for path in paths]
    except OSError as error:
        raise CatalogError(f"can't read {error.filename}: {error.strerror or error}") from error
    data = repr((FORMAT, about)).encode()
    return f"{crc32(data):08x}{adler32(data):08x}"


def _written(place: str, value: Any) -> None:
    """Writes a file whole; a cache that can't be written is done without."""
    unfinished = f"{place}.{os.urandom(6).hex()}"
    try:
        with open(unfinished, "w", encoding="utf-8") as file:
            json.dump(value, file, separators=(",", ":"))
        os.replace(unfinished, place)
    except OSError as error:
        raise CatalogError(f"can't write {place}: {error.strerror or error}") from error


def _remove_older(place: str, prefix: str) -> None:
    """Removes what was compiled of other versions of the same document. Another process may do so first."""
    from contextlib import suppress

    folder = os.path.dirname(place)
    for name in os.listdir(folder):
        mark = name.removeprefix(prefix).partition(".")[0]
        if name.startswith(prefix) and len(mark) == 16 and name != os.path.basename(place):
            with suppress(OSError):
                os.remove(os.path.join(folder, name))


def _count(path: str) -> int | None:
    """How many resources a document has, by its indentation: parsing all of a provider takes too long for that.
    None for one that isn't indented, or isn't there."""
    if not path:
        return None
    count = 0
    inside = -1  # the indentation of the resources' key, -1 before it
    child = -1
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                stripped = line.lstrip(" ")
                depth = len(line) - len(stripped)
                if inside < 0:
                    if stripped.startswith("x-stackQL-resources:"):
                        inside = depth
                elif stripped.strip() and not stripped.startswith("#"):
                    if depth <= inside:
                        break
                    child = depth if child < 0 else child
                    count += depth == child
    except OSError as error:
        raise CatalogError(f"can't read {path}: {error.strerror or error}") from error
    return count if inside >= 0 else None
