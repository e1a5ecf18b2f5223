"""A generated collection with what clients made, changed and deleted laid over it.

Positions are those of the generated collection, then those of what clients made, oldest first; the positions of
what is gone are left out. So lists keep their order, and nothing of the generated is computed that isn't asked for.

Where a collection holds objects of another one (a `Subset`: the users of a group), the overlay says who is in and
who is out, and each object is taken from its own collection as it is now.

Before: `collection`, `state`. After: `site` hands out overlays only, `writes` changes their places.
"""

from __future__ import annotations

from quaestor.catalog.model import Schema
from quaestor.sandbox.answer.query import Query
from quaestor.sandbox.change.state import Place, State, unpacked
from quaestor.sandbox.data.collection import Collection

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

_BARE = Query("")
_ANY = Schema()


class Overlay(Collection):
    """What there is at a place now.

    Args:
        base: what is generated.
        place: the name of the place in the state.
        whole: the collection in which the objects stand themselves, for one that only names them.

    Attributes:
        base, place, whole: as given.
        embed: puts into an object what `expand=` asks for, as it is now.
        dress: gives an object, by its key and what is known of it (None: all), the fields that recorded ones have,
            in a list or alone; None to leave it as it is.
    """

    def __init__(self, base: Collection, place: str, state: State, whole: Overlay | None = None) -> None:
        self.kind = base.kind
        self.base = base
        self.place = place
        self.whole = whole
        self._state = state
        self.embed: Callable[[Query, dict[str, Any]], None] | None = None
        self.dress: Callable[[str, Any, Mapping[str, Any] | None, bool], Any] | None = None

    @property
    def changes(self) -> Place:
        """What clients did here."""
        return self._state.at(self.place)

    def __len__(self) -> int:
        return len(self.base) + len(self.changes.born)

    def positions(self) -> Sequence[int]:
        """The positions that hold something, in order."""
        return self._standing(range(len(self.base)), _BARE)

    def key(self, index: int) -> str:
        count = len(self.base)
        return self.base.key(index) if index < count else self.changes.keys()[index - count]

    def index(self, key: str) -> int:
        changes = self.changes
        if self.whole is not None:
            at = self.whole.index(key)
            if at < 0:
                return -1
            key = self.whole.key(at)
        made = changes.at(key)
        if made >= 0:
            return len(self.base) + made
        at = self.base.index(key)
        if at >= 0:
            own = self.base.key(at)
            if own not in changes.gone and (own == key or own not in changes.changed or self._called(own, key)):
                return at
        return self._by_name(key)

    def canonical(self, key: str) -> str:
        """The key proper of what this name finds; the name itself where it finds nothing by position."""
        at = self.index(key)
        return key if at < 0 else self.key(at)

    def _called(self, own: str, name: str) -> bool:
        return name in self.base.names(unpacked(self.changes.changed[own])) or "@" not in name

    def _by_name(self, name: str) -> int:
        """The position of a changed object that goes by another name, such as a user's login."""
        changes = self.changes
        if not self.base.named:
            return -1
        for rows in (changes.born, changes.changed):
            for key, document in rows.items():
                if name in self.base.names(unpacked(document)):
                    return self.index(key)
        return -1

    def document(self, key: str) -> bytes | None:
        """What a client made or changed, by its key proper."""
        changes = self.changes
        return changes.born.get(key) or changes.changed.get(key)

    def has(self, key: str) -> bool:
        if self.index(key) >= 0 or self.document(key) is not None:
            return True
        return key not in self.changes.gone and self.whole is None and self.base.index(key) < 0 and self.base.has(key)

    def get(self, key: str, shape: Schema) -> Any:
        at = self.index(key)
        if self.whole is not None:
            return None if at < 0 else self.whole.get(self.key(at), shape)
        own = key if at < 0 else self.key(at)
        document = self.document(own)
        if document is not None:
            return self._dressed(own, unpacked(document), None, False)
        if own in self.changes.gone:
            return None
        if at < 0 and self.base.index(key) >= 0:  # a name that it had
            return None
        row = self.base.get(key, shape)
        return self._dressed(own, row, self.base.known(self.base.index(key)), False)

    def row(self, index: int, shape: Schema) -> Any:
        key = self.key(index)
        if self.whole is not None:
            return self.whole.row(self.whole.index(key), shape)
        document = self.document(key)
        if document is not None:
            return self._dressed(key, self.base.listed(unpacked(document)), None, True)
        row = self.base.row(index, shape)
        return self._dressed(key, row, self.base.known(index), True) if self.dress is not None else row

    def _dressed(self, key: str, row: Any, known: Mapping[str, Any] | None, listed: bool) -> Any:
        return self.dress(key, row, known, listed) if self.dress is not None and isinstance(row, dict) else row

    def render(self, index: int, shape: Schema) -> bytes:
        key = self.key(index)
        if self.whole is not None:
            return self.whole.render(self.whole.index(key), shape)
        if self.document(key) is None and self.dress is None:
            return self.base.render(index, shape)
        return super().render(index, shape)

    # -- lists

    def select(self, query: Query) -> Sequence[int] | None:
        chosen = self.base.select(query)
        if chosen is None:
            return None
        standing = self._standing(chosen, query)
        return self.base.paged(query, standing if standing is chosen else self.base.arranged(query, self, standing))

    def _standing(self, chosen: Sequence[int], query: Query) -> Sequence[int]:
        """The chosen positions of the base, without what is gone, with what clients made or changed if it fits."""
        changes = self.changes
        count = len(self.base)
        moved = {self.base.index(key) for rows in (changes.gone, changes.changed) for key in rows}
        unsure = {self.base.index(key): key for key in changes.changed}
        if self.whole is not None:
            for rows in (self.whole.changes.gone, self.whole.changes.changed):
                unsure.update({at: key for key in rows if (at := self.base.index(key)) >= 0 and at not in moved})
            moved |= set(unsure)
        if not moved and not changes.born:
            return chosen
        known = [at for at in chosen if at not in moved]
        unsure.pop(-1, None)
        fitting = [at for at in unsure if self._fits(at, query)]
        fitting += [count + at for at in range(len(changes.born)) if self._fits(count + at, query)]
        return sorted([*known, *fitting]) if fitting else known

    def _fits(self, at: int, query: Query) -> bool:
        if self.whole is not None:
            found = self.whole.index(self.key(at))
            return found >= 0 and self.whole.base.admits(_BARE, self.whole.row(found, _ANY))
        return self.base.admits(query, self.row(at, _ANY))

    def expand(self, query: Query) -> Callable[[int, dict[str, Any]], None] | None:
        add = self.base.expand(query)
        if add is None:
            return None
        count, embed = len(self.base), self.embed

        def expanded(index: int, row: dict[str, Any]) -> None:
            if index < count:
                add(index, row)
            if embed is not None:
                embed(query, row)

        return expanded
