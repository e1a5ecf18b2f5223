"""A document that is spread over several files as one: what it refers to in other files comes into it.

Before: `catalog.document` reads a file. After: `catalog.openapi` reads the whole, whose every `$ref` begins with `#`.

Other files are read from the folder of the first one and below it, never from elsewhere or from the network: a
document of somebody else's names no file of this machine. Schemas become components of their own, since they may
refer to each other in circles; all else is copied to where it is referred to.
"""

from __future__ import annotations

import os
import re

from quaestor.catalog import document
from quaestor.errors import CatalogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SCHEMAS = "#/components/schemas/"
#: Keys below which a reference is no schema's.
_NO_SCHEMA = frozenset(
    ["paths", "parameters", "responses", "requestBody", "requestBodies", "headers", "examples", "links", "callbacks",
     "securitySchemes", "pathItems", "webhooks"]
)  # fmt: skip
#: Keys of what is a value, whatever it looks like.
_VALUES = frozenset(["example", "default", "enum", "const"])
#: The most files that a document may be spread over.
_MAX_FILES = 2_000


def read(path: str) -> dict[str, Any]:
    """The document at `path` with all that it refers to. Raises CatalogError, naming file and reference, for what
    can't be read, isn't there, or is outside its folder."""
    root = document.read(path)
    return _Bundle(path, root).whole()


class _Bundle:
    def __init__(self, path: str, root: dict[str, Any]) -> None:
        self._path = os.path.realpath(path)
        self._base = os.path.dirname(self._path)
        self._files: dict[str, dict[str, Any]] = {self._path: root}
        components = document.mapping(root.get("components"), f"{path}: components")
        self._schemas: dict[str, Any] = document.mapping(components.get("schemas"), f"{path}: schemas")
        self._names: dict[tuple[str, str], str] = {}
        self._waiting: list[tuple[str, str, Any]] = []

    def whole(self) -> dict[str, Any]:
        """The root document with everything in it; itself if it refers to nothing else."""
        root = self._files[self._path]
        out: dict[str, Any] = self._copied(root, self._path, "", 0)
        if not self._names:
            return out
        schemas = out.setdefault("components", {}).setdefault("schemas", {})
        while self._waiting:
            name, file, node = self._waiting.pop()
            schemas[name] = self._copied(node, file, "schemas", 0)
        return out

    def _copied(self, node: Any, file: str, key: str, depth: int) -> Any:
        """A node of a file as it stands in the whole. `key` is what it is to be: that of the nearest mapping above
        that tells schemas from all else."""
        if depth > document.MAX_DEPTH:
            raise CatalogError(f"{self._path}: references in {file} nest deeper than {document.MAX_DEPTH} levels")
        if isinstance(node, list):
            return [self._copied(each, file, key, depth + 1) for each in node]
        if not isinstance(node, dict):
            return node
        ref = node.get("$ref")
        if isinstance(ref, str) and not (ref.startswith("#") and file == self._path):
            return self._led(node, ref, file, key, depth)
        return {
            name: self._copied(
                each,
                file,
                name if name in _NO_SCHEMA else "schema" if name in ("schema", "schemas") else key,
                depth + 1,
            )
            if name not in _VALUES
            else each
            for name, each in node.items()
        }

    def _led(self, node: dict[str, Any], ref: str, file: str, key: str, depth: int) -> Any:
        """What stands in the place of a reference to another file, or of one inside another file."""
        where, _, pointer = ref.partition("#")
        target = self._file(where, file, ref) if where else file
        if key in _NO_SCHEMA:
            return self._copied(self._at(target, pointer, ref, file), target, key, depth + 1)
        if target == self._path and f"#{pointer}".startswith(_SCHEMAS):
            return {**node, "$ref": f"#{pointer}"}
        place = (target, pointer)
        if place not in self._names:
            found = self._at(target, pointer, ref, file)
            self._names[place] = self._free(pointer.rpartition("/")[2] or os.path.basename(target).partition(".")[0])
            self._waiting.append((self._names[place], target, found))
        return {**node, "$ref": _SCHEMAS + self._names[place]}

    def _free(self, wanted: str) -> str:
        name = base = re.sub(r"[^\w.-]", "_", wanted) or "schema"
        count = 2
        while name in self._schemas or name in self._names.values():
            name, count = f"{base}_{count}", count + 1
        return name

    def _file(self, where: str, file: str, ref: str) -> str:
        if "://" in where or where.startswith(("/", "\\")):
            raise CatalogError(
                f"{file}: $ref {ref!r} leads out of the document's folder",
                hint="put that document beside this one, or bundle both into one file",
            )
        path = os.path.realpath(os.path.join(os.path.dirname(file), *where.split("/")))
        if os.path.commonpath((path, self._base)) != self._base:
            raise CatalogError(
                f"{file}: $ref {ref!r} leads out of the folder {self._base}",
                hint="put that document below this one's folder, or bundle both into one file",
            )
        if path not in self._files:
            if len(self._files) >= _MAX_FILES:
                raise CatalogError(f"{self._path} is spread over more than {_MAX_FILES:,} files")
            if not os.path.isfile(path):
                raise CatalogError(f"{file}: $ref {ref!r}: there is no file {path}")
            self._files[path] = document.read(path)
        return path

    def _at(self, file: str, pointer: str, ref: str, source: str) -> Any:
        """What a pointer of RFC 6901 leads to in a file."""
        try:
            return document.pointed(self._files[file], pointer)
        except LookupError as error:
            raise CatalogError(f"{source}: $ref {ref!r} leads nowhere") from error
