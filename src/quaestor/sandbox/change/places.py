"""Where objects are kept, and which place names which: putting in, taking out, seen from both ends.

Before: `writes` and the vendors' rules have an object to keep, or a membership to change. After: it is in `state`.
"""

from __future__ import annotations

from quaestor.sandbox.answer.refusal import Refusal
from quaestor.sandbox.change.overlay import Overlay
from quaestor.sandbox.change.state import HERE, packed
from quaestor.sandbox.data.collection import AnyKey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from quaestor.sandbox.answer.rules import Rules
    from quaestor.sandbox.site import Site


class Places:
    """The places of one provider, as clients change them."""

    def __init__(self, site: Site, rules: Rules) -> None:
        self.site = site
        self.state = site.state
        self._rules = rules

    def keep(self, collection: Overlay, key: str, document: dict[str, Any]) -> None:
        """Keeps an object, new or changed, in its collection."""
        target = collection.whole or collection
        if target.base.index(key) >= 0 or (isinstance(target.base, AnyKey) and key not in target.changes.born):
            kind = self.state.change if target.base.has(key) else self.state.bear
            kind(target.place, key, packed(document))
        else:
            self.state.bear(target.place, key, packed(document))
        if collection.whole is not None:
            self.link(collection, key)

    def link(self, collection: Overlay, key: str) -> None:
        """Puts an object into a place that names objects. Raises Refusal if there is no such object."""
        whole = collection.whole
        if whole is not None:
            if not whole.has(key):
                raise Refusal("missing", key, kind=whole.kind)
            key = whole.canonical(key)
        changes = collection.changes
        if key in changes.gone:
            self.state.forget(collection.place, key)
        elif key not in changes.born and collection.base.index(key) < 0:
            self.state.bear(collection.place, key, HERE)

    def unlink(self, collection: Overlay, key: str) -> None:
        """Takes an object out of a place, or deletes it where it stands itself."""
        key = collection.canonical(key)
        changes = collection.changes
        born = key in changes.born
        if born:
            self.state.forget(collection.place, key)
        if not born or (collection.whole is None and collection.base.has(key)):  # where any key will do
            self.state.bury(collection.place, key)

    def mirror(self, home: str, parents: tuple[str, ...], key: str, put: bool) -> None:
        """The same membership, seen from its other end."""
        other = self._rules.mirrors.get(home)
        if other is None or not parents:
            return
        there = self.site.collection(other, (key,))
        if put:
            self.link(there, parents[0])
        elif there.index(parents[0]) >= 0:
            self.unlink(there, parents[0])

    def join(self, home: str, parent: str, key: str, *, put: bool = True) -> None:
        """Puts an object into a place, or takes it out, in both directions."""
        collection = self.site.collection(home, (parent,))
        if put:
            self.link(collection, key)
        elif collection.index(key) >= 0:
            self.unlink(collection, key)
        self.mirror(home, (parent,), key, put)
