"""The body of a method as names: where a property that a statement names stands in the JSON that is sent.

    name              property `name` of the object below the envelope (`data.attributes`), or of an object around it
    data__name        the same, also where a parameter is called `name`
    data__a__b        a property of a property
    attributes_name   an attribute that has the name of an envelope's member, as SELECT calls it
    data__data        a property of the whole body that is called `data`; if there is none, the whole body
    data__data        of a body that is a text or a file: all of it, and its only name

Before: `plan.writing.names` has a method. After: `plan.writing.calls` fills the places.
"""

from __future__ import annotations

from quaestor.catalog.columns import branches, object_fields, resolved, snake, type_of
from quaestor.catalog.model import Schema

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from quaestor.catalog.model import Body, Method

    Lookup: TypeAlias = Callable[[str], Schema]

#: What stands before a property's name, and between the names on the way to it (StackQL's convention).
PREFIX = "data__"
BETWEEN = "__"
#: The whole body.
WHOLE = "data__data"
#: What SELECT puts before an attribute that has the name of an envelope's member (`catalog.columns`).
ATTRIBUTE = "attributes_"


class Form:
    """What a method takes as its body; one that takes none has no names."""

    def __init__(self, method: Method, lookup: Lookup) -> None:
        self.body: Body | None = method.body
        self.lookup = lookup
        schema = method.body.schema if method.body is not None else ""
        self.schema = Schema(ref=schema) if schema else Schema()
        kind = type_of(self.schema, lookup) if schema else ""
        self.is_array = kind == "array"
        #: whether the body is no object with properties, but one text or file, sent as it is
        self.is_text = kind == "string"
        #: the schemas of the body, or of the items of a body that is a list
        self.roots = self._items() if self.is_array else [self.schema]
        envelope = method.body.envelope if method.body is not None else ()
        #: by path, what `fields` has found: large bodies have a hundred properties, each looked for several times
        self._fields: dict[tuple[str, ...], dict[str, tuple[list[Schema], bool]]] = {}
        #: keys to the objects whose properties can be named alone, the innermost first
        self._levels = [envelope[:depth] for depth in range(len(envelope), -1, -1)] if method.body is not None else []

    def _items(self) -> list[Schema]:
        return [branch.items for branch in branches(self.schema, self.lookup) if branch.items is not None]

    def fields(self, path: tuple[str, ...] = ()) -> dict[str, tuple[list[Schema], bool]]:
        """The properties of the object at a place: their schemas, and whether every kind of it requires them."""
        if path not in self._fields:
            found = self.roots if not path else self.fields(path[:-1]).get(path[-1], ([], False))[0]
            self._fields[path] = object_fields(found, self.lookup)
        return self._fields[path]

    def place(self, name: str) -> tuple[str, ...] | None:
        """Keys to the property of this name; `()` is the whole body; None if the body has no such property."""
        if self.body is None:
            return None
        if self.is_text:
            return () if name == WHOLE else None
        if name.startswith(PREFIX):
            bare = name.removeprefix(PREFIX)
            return self._named(bare) or self._nested(bare.split(BETWEEN)) or (() if bare == "data" else None)
        found = self._named(name)
        if found is None and name.startswith(ATTRIBUTE) and self._levels[0]:
            bare = name.removeprefix(ATTRIBUTE)
            found = (*self._levels[0], bare) if bare in self.fields(self._levels[0]) else None
        return found

    def _named(self, name: str) -> tuple[str, ...] | None:
        for level in self._levels:
            if name in self.fields(level):
                return (*level, name)
        if self.body is not None and self.body.casing:  # `host_name` for `HostName`
            native = [known for known in self.fields(self._levels[0]) if snake(known) == name]
            if len(native) == 1:
                return (*self._levels[0], native[0])
        if not self._is_open(self._levels[0]):
            folded = [known for known in self.fields(self._levels[0]) if known.casefold() == name.casefold()]
            return (*self._levels[0], folded[0]) if len(folded) == 1 else None
        return None

    def _nested(self, keys: list[str]) -> tuple[str, ...] | None:
        """The place of `a__b__c`: a key may hold `__` itself, so the longest that is known counts."""
        for count in range(len(keys) - 1, 0, -1):
            first = self._named(BETWEEN.join(keys[:count]))
            if first is None:
                continue
            rest = keys[count:]
            known = self.fields(first)
            below = self._below(first, rest)
            if below is not None:
                return below
            if not known or self._is_open(first):  # a map, or an object of which nothing is known
                return (*first, *rest)
        if self._is_open(self._levels[0]) and BETWEEN.join(keys):
            return (*self._levels[0], *keys)
        return None

    def _below(self, path: tuple[str, ...], keys: list[str]) -> tuple[str, ...] | None:
        if not keys:
            return path
        for count in range(len(keys), 0, -1):
            key = BETWEEN.join(keys[:count])
            if key in self.fields(path):
                found = self._below((*path, key), keys[count:])
                if found is not None:
                    return found
        here = self.fields(path)
        return (*path, *keys) if self._is_open(path) or not here else None

    def _is_open(self, path: tuple[str, ...]) -> bool:
        """Whether the object at a place takes properties that its schema doesn't name."""
        found = self.roots
        for key in path:
            found = object_fields(found, self.lookup).get(key, ([], False))[0]
        kinds = [branch for schema in found for branch in branches(schema, self.lookup)]
        return any(kind.additional is not None or not (kind.properties or kind.closed) for kind in kinds)

    def names(self) -> list[str]:
        """The properties that can be set by name: those below the envelope first."""
        if self.is_text:
            return [WHOLE]
        found: dict[str, None] = {}
        constants = self.body.constants if self.body is not None else {}
        inside = set(self._levels)
        for level in self._levels:
            for name, (schemas, _) in self.fields(level).items():
                whole = (*level, name)
                is_envelope = any(other[: len(whole)] == whole for other in inside)
                if is_envelope or ".".join(whole) in constants:
                    continue
                if not all(resolved(schema, self.lookup).read_only for schema in schemas):
                    found[name] = None
        return list(found)

    def required(self) -> list[tuple[str, ...]]:
        """Places of the properties that a statement has to give: required, not read-only, no constant."""
        found = []
        constants = self.body.constants if self.body is not None else {}
        for level in self._levels:
            inner = self._levels[0][len(level) :][:1]
            for name, (schemas, is_required) in self.fields(level).items():
                whole = (*level, name)
                if not is_required or (name,) == inner or ".".join(whole) in constants:
                    continue
                if not any(resolved(schema, self.lookup).read_only for schema in schemas):
                    found.append(whole)
        return found
