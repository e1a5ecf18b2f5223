"""What a vendor says of a provider in words, kept on the user's machine by `quaestor provider enrich`.

None is shipped. One SQLite file for each provider: short texts by resource, and for the pages the documents that they
come from.
Before: `authoring.enrich` writes it. After: `run.show` puts texts into the columns called `description`, and
`authoring.pages` reads the documents. Imported only when somebody asks for them.
"""

from __future__ import annotations

import os
import zlib

import apsw

from quaestor.catalog import whole
from quaestor.errors import CatalogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

#: Of the file, as `PRAGMA user_version`. Another one's is an error that says how to make it anew.
FORMAT = 1
#: The longest text that is kept, in characters; what is cut off ends in `…`.
LONGEST = 4_000
#: The most that a document may have when it is unpacked, in bytes.
MAX_DOCUMENT = 256 * 1024 * 1024
#: What a text can be about; all but the first two are a method's.
SERVICE, RESOURCE, METHOD, PARAMETER, BODY, COLUMN = "service", "resource", "method", "parameter", "body", "column"

_TABLES = """
CREATE TABLE texts (service TEXT, resource TEXT, method TEXT, kind TEXT, name TEXT, text TEXT,
    PRIMARY KEY (service, resource, method, kind, name)) WITHOUT ROWID;
CREATE TABLE documents (number INTEGER PRIMARY KEY, source TEXT, data BLOB);
"""


class Texts:
    """The texts on a resource, or on the services or resources of a listing; empty for what nothing is said of."""

    def __init__(self, found: Mapping[tuple[str, str, str], str]) -> None:
        self._found = found

    def of(self, kind: str, name: str, method: str = "") -> str:
        """The text on the thing of this kind and name, of a method where it is a method's."""
        return self._found.get((method, kind, name), "")


def path_of(data_folder: str, provider: str) -> str:
    """Where the texts on a provider are, if there are any."""
    return os.path.join(data_folder, "enrich", f"{provider}.db")


def of_resource(path: str, service: str, resource: str) -> Texts:
    """All texts on a resource's methods, parameters and columns. Raises CatalogError for a file that isn't one."""
    sql = "SELECT method, kind, name, text FROM texts WHERE service = ? AND resource = ?"
    return Texts({(method, kind, name): text for method, kind, name, text in _rows(path, sql, (service, resource))})


def of_listing(path: str, kind: str, service: str = "") -> Texts:
    """The texts on all services, or on a service's resources, themselves. Raises as `of_resource` does."""
    sql = "SELECT '', kind, name, text FROM texts WHERE kind = ? AND method = '' AND (? = '' OR service = ?)"
    return Texts(
        {(method, kind, name): text for method, kind, name, text in _rows(path, sql, (kind, service, service))}
    )


def documents(path: str) -> list[tuple[str, str]]:
    """The documents that the texts come from: what each was called, and its JSON. Raises as `of_resource` does."""
    found = []
    for source, data in _rows(path, "SELECT source, data FROM documents ORDER BY number", ()):
        try:
            text = zlib.decompressobj().decompress(data, MAX_DOCUMENT)
        except zlib.error as error:
            raise _unusable(path, error) from error
        found.append((str(source), text.decode()))
    return found


def write(
    path: str, texts: Iterable[tuple[str, str, str, str, str, str]], documents: Iterable[tuple[str, str]]
) -> None:
    """Writes a provider's texts, (service, resource, method, kind, name, text) each, and the documents that they are
    from; the file appears whole or not at all. Raises CatalogError for a place that can't be written."""

    def fill(connection: apsw.Connection) -> None:
        connection.execute(_TABLES + f"PRAGMA user_version = {FORMAT}")
        connection.executemany(
            "INSERT OR REPLACE INTO texts VALUES (?, ?, ?, ?, ?, ?)",
            ((*place, _short(text)) for *place, text in texts),
        )
        connection.executemany(
            "INSERT INTO documents (source, data) VALUES (?, ?)",
            ((source, zlib.compress(text.encode(), 6)) for source, text in documents),
        )

    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        whole.write(path, fill)
    except (OSError, apsw.Error) as error:
        raise CatalogError(f"can't write {path}: {error}") from error


def remove(path: str) -> bool:
    """Takes the texts away; whether there were any. Raises CatalogError where that isn't allowed."""
    try:
        os.remove(path)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise CatalogError(f"can't remove {path}: {error.strerror or error}") from error
    return True


def _short(text: str) -> str:
    """On one line, and no longer than texts may be."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def _rows(path: str, sql: str, values: tuple[str, ...]) -> list[tuple[Any, ...]]:
    if not os.path.exists(path):
        return []
    try:
        connection = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READONLY)
        try:
            if connection.pragma("user_version") != FORMAT:
                raise _unusable(path, "it is of another format")
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()
    except apsw.Error as error:
        raise _unusable(path, error) from error


def _unusable(path: str, why: object) -> CatalogError:
    name = os.path.basename(path).removesuffix(".db")
    return CatalogError(
        f"can't read the vendor's texts in {path}: {why}",
        hint=f"quaestor provider enrich {name} --spec FILE makes them anew, --remove takes them away",
    )
