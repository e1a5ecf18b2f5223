"""Collections: objects of one kind in a fixed order, each found again by its key.

A collection computes its rows when they are asked for. Everything above reads objects through this interface
only, so that a state with changes can be laid over what is generated.

Before: `seeded`, `invent`. After: worlds make collections, `core` finds, filters, cuts and renders them.
"""

from __future__ import annotations

from bisect import bisect_left

import msgspec

from quaestor.catalog.model import Schema
from quaestor.sandbox.answer.query import Query
from quaestor.sandbox.data.invent import Born, Inventor
from quaestor.sandbox.data.seeded import UUID, Keys, NameKeys, UuidKeys, mix, salt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    #: Position and key of an object → the fields that are known of it.
    Facts = Callable[[int, str], dict[str, Any]]

#: Stands in rows where a URL begins; replaced by the address under which the sandbox was asked.
ORIGIN = "https://origin.sandbox.invalid"

#: No shape at all: an object in it is its facts alone.
NO_SHAPE = Schema()

encode = msgspec.json.Encoder().encode


class Collection:
    """Objects of one kind.

    Attributes:
        kind: what an error calls one of them, such as `User`.
    """

    kind = "object"
    #: Whether objects go by other names than their keys.
    named = False

    def __len__(self) -> int:
        raise NotImplementedError

    def positions(self) -> Sequence[int]:
        """The positions that hold something, in order."""
        return range(len(self))

    def key(self, index: int) -> str:
        """The key of the object at `index`."""
        raise NotImplementedError

    def index(self, key: str) -> int:
        """The position of the object that this key, or another name of it, finds; -1 if there is none."""
        raise NotImplementedError

    def row(self, index: int, shape: Schema) -> Any:
        """The object at `index` in the shape that a method of the API gives it."""
        raise NotImplementedError

    def render(self, index: int, shape: Schema) -> bytes:
        """The same as JSON."""
        return encode(self.row(index, shape))

    def has(self, key: str) -> bool:
        """Whether there is an object of this key."""
        return self.index(key) >= 0

    def get(self, key: str, shape: Schema) -> Any:
        """The object of this key, or None."""
        index = self.index(key)
        return None if index < 0 else self.row(index, shape)

    def select(self, query: Query) -> Sequence[int] | None:
        """The positions that a list with these parameters holds, in its order.

        None leaves it to the vendor's ordinary filters. Raises Refusal for a filter that can't be.
        """
        return None

    def expand(self, query: Query) -> Callable[[int, dict[str, Any]], None] | None:
        """What puts into each row that which the parameters ask for on top (`expand=`); None if nothing."""
        return None

    def known(self, index: int) -> Mapping[str, Any] | None:
        """What an object has that wasn't made up to fill its schema; None if nothing was."""
        return None

    # -- of objects that clients made or changed (`overlay`)

    def fresh(self, number: int) -> str | None:
        """A key in the vendor's style that no object has, for the so-manieth change; None leaves it to the vendor."""
        return None

    def names(self, row: Any) -> Sequence[str]:
        """The other names that find this object."""
        return ()

    def admits(self, query: Query, row: Any) -> bool:
        """Whether the list that `select` makes of these parameters holds such an object."""
        return True

    def arranged(self, query: Query, whole: Collection, positions: Sequence[int]) -> Sequence[int]:
        """The chosen positions of `whole` in the order that the parameters ask for; by position if in none."""
        return sorted(positions)

    def paged(self, query: Query, positions: Sequence[int]) -> Sequence[int]:
        """The part of the arranged positions that the parameters ask for, where a page is none of the catalog's."""
        return positions

    def listed(self, row: Any) -> Any:
        """An object as a list has it, where that is less than a get gives."""
        return row


class Generated(Collection):
    """A collection whose objects are invented after a schema, with facts laid over.

    Args:
        inventor: makes the fields that no fact gives.
        kind: what an error calls an object.
        keys, key_path: the key of each object, and where in it the key stands (empty if nowhere).
        count: how many objects.
        state: of the collection under its parent.
        given: fields that all objects share, such as the id of their parent.
        home: path of the collection, where an object's `_links` are just to itself; None for none.
        linked: gives the `_links` of an object, by its key and the facts of it; None for none.
        scalar: whether the rows are bare values, the keys themselves.
        hidden: whether the keys show nowhere in the rows; nobody can know one then, so any finds an object.
        facts: fields of an object by position and key. A mapping below `attributes` (JSON:API) is laid over
            the invented one, any other replaces it. A fact that the shape doesn't have is left out.
    """

    def __init__(
        self,
        inventor: Inventor,
        kind: str,
        keys: Keys,
        count: int,
        state: int,
        *,
        key_path: tuple[str, ...] = ("id",),
        given: Mapping[str, Any] | None = None,
        facts: Facts | None = None,
        home: str | None = None,
        linked: Callable[[str, Mapping[str, Any]], dict[str, Any]] | None = None,
        scalar: bool = False,
        hidden: bool = False,
    ) -> None:
        self.kind = kind
        self._home = home
        self._linked = linked
        self._scalar = scalar
        self._hidden = hidden
        self._inventor = inventor
        self._keys = keys
        self.key_path = key_path
        self._count = count
        self._state = state
        self._given = dict(given or {})
        self._facts = facts

    def __len__(self) -> int:
        return self._count

    def key(self, index: int) -> str:
        return self._keys.key(index)

    def index(self, key: str) -> int:
        index = self._keys.index(key)
        return index if 0 <= index < self._count else -1

    def fresh(self, number: int) -> str | None:
        return None if isinstance(self._keys, NameKeys) else self._keys.key(self._count + number)

    def has(self, key: str) -> bool:
        return self.index(key) >= 0 or (self._hidden and bool(key))

    def get(self, key: str, shape: Schema) -> Any:
        index = self.index(key)
        if index < 0 and self._hidden and key:
            state = mix(self._state, salt(key))
            return shaped(self._inventor, shape, state, self._given, self.key_path, key)
        return None if index < 0 else self.row(index, shape)

    def known(self, index: int) -> Mapping[str, Any] | None:
        if self._scalar:
            return None
        key = self._keys.key(index) if index >= 0 else ""
        facts = dict(self._given)
        facts.update(dict.fromkeys(self.key_path[:1], key))
        if self._facts and index >= 0:
            facts.update(self._facts(index, key))
        return facts

    def row(self, index: int, shape: Schema) -> Any:
        key = self._keys.key(index)
        if self._scalar and not shape.properties:
            return key
        facts = dict(self._given)
        if self._home is not None:
            facts["_links"] = {"self": {"href": f"{ORIGIN}{self._home}/{key}"}}
        if self._facts:
            facts.update(self._facts(index, key))
        made = shaped(self._inventor, shape, mix(self._state, index), facts, self.key_path, key)
        if (
            self._linked is not None
            and "_links" not in facts
            and "_links" in self._inventor.resolve(shape).properties
        ):
            made["_links"] = self._linked(key, made)
        return made


def shaped(
    inventor: Inventor,
    shape: Schema,
    state: int,
    facts: Mapping[str, Any],
    key_path: tuple[str, ...] = (),
    key: str = "",
) -> Any:
    """An object in this shape: invented, with the facts that the shape has laid over, and its key put in.

    In no shape at all (`Schema()`), the facts alone."""
    shape = inventor.resolve(shape)
    if shape == NO_SHAPE:
        bare = dict(facts)
        if len(key_path) == 1:
            bare.setdefault(key_path[0], key)
        return bare
    top = {name: value for name, value in facts.items() if name != "attributes"}
    born = Born(state, inventor.born(state).epoch_s, top)
    made = inventor.object(shape, born)
    if not isinstance(made, dict):
        return made
    for name, value in top.items():
        if name in made or name in shape.properties:
            made[name] = value
    attributes = facts.get("attributes")
    if attributes and isinstance(made.get("attributes"), dict):
        inner = inventor.resolve(shape.properties.get("attributes", Schema()))
        made["attributes"].update(
            {n: v for n, v in attributes.items() if not inner.properties or n in inner.properties}
        )
    if key_path:
        _put(inventor, shape, made, key_path, key)
    return made


def _put(inventor: Inventor, shape: Schema, made: dict[str, Any], path: tuple[str, ...], key: str) -> None:
    """Write the key where it stands in the object, as the type that stands there."""
    here: Any = made
    for name in path[:-1]:
        shape = inventor.resolve(shape.properties.get(name, Schema()))
        here = here.setdefault(name, {}) if isinstance(here, dict) else None
    if not isinstance(here, dict):
        return
    leaf = inventor.resolve(shape.properties.get(path[-1], Schema()))
    before = here.get(path[-1])
    if shape.properties and path[-1] not in shape.properties and before is None:
        return
    whole = leaf.type == "integer" or (isinstance(before, int) and not isinstance(before, bool))
    here[path[-1]] = int(key) if whole and key.isdecimal() else key


class Subset(Collection):
    """Some objects of another collection, such as the users of a group."""

    def __init__(self, whole: Collection, members: Sequence[int]) -> None:
        self.kind = whole.kind
        self.whole = whole
        self._members = members

    def __len__(self) -> int:
        return len(self._members)

    def key(self, index: int) -> str:
        return self.whole.key(self._members[index])

    def index(self, key: str) -> int:
        found = self.whole.index(key)
        if found < 0:
            return -1
        at = bisect_left(self._members, found)
        return at if at < len(self._members) and self._members[at] == found else -1

    def row(self, index: int, shape: Schema) -> Any:
        return self.whole.row(self._members[index], shape)

    def render(self, index: int, shape: Schema) -> bytes:
        return self.whole.render(self._members[index], shape)


class Fixed(Collection):
    """Objects that are written down, by their keys; one that is no mapping is given as it is."""

    def __init__(self, inventor: Inventor, kind: str, rows: Mapping[str, Any], state: int) -> None:
        self.kind = kind
        self._inventor = inventor
        self._names = list(rows)
        self._rows = rows
        self._at = {key: at for at, key in enumerate(rows)}
        self._state = state

    def __len__(self) -> int:
        return len(self._names)

    def key(self, index: int) -> str:
        return self._names[index]

    def index(self, key: str) -> int:
        return self._at.get(key, -1)

    def known(self, index: int) -> Mapping[str, Any] | None:
        row = self._rows[self._names[index]] if index >= 0 else {}
        return row if isinstance(row, dict) else None

    def row(self, index: int, shape: Schema) -> Any:
        row = self._rows[self._names[index]]
        return shaped(self._inventor, shape, mix(self._state, index), row) if isinstance(row, dict) else row


class AnyKey(Collection):
    """Objects that exist under every key that can be one: the API has no list that says which there are.

    Lists nothing; a get answers for the key that it names. Keys are `written` as `integer`, `uuid` or any text.
    """

    def __init__(
        self,
        inventor: Inventor,
        kind: str,
        state: int,
        *,
        key_path: tuple[str, ...] = (),
        given: Mapping[str, Any] | None = None,
        written: str = "string",
    ) -> None:
        self.kind = kind
        self._inventor = inventor
        self._state = state
        self.key_path = key_path
        self._given = dict(given or {})
        self._written = written
        #: A key that can be one.
        self.usual = {"integer": "1", "uuid": UuidKeys(state).key(0)}.get(written, "default")

    def __len__(self) -> int:
        return 0

    def key(self, index: int) -> str:
        raise IndexError(index)

    def index(self, key: str) -> int:
        return -1

    def row(self, index: int, shape: Schema) -> Any:
        raise IndexError(index)

    def has(self, key: str) -> bool:
        if self._written == "uuid":
            return UUID.fullmatch(key) is not None
        return bool(key) and (key.isdecimal() or self._written != "integer")

    def get(self, key: str, shape: Schema) -> Any:
        if not self.has(key):
            return None
        return shaped(self._inventor, shape, mix(self._state, salt(key)), self._given, self.key_path, key)
