"""What is there at a vendor: the objects that a person would expect, where inventing them isn't enough.

A `World` by itself knows nothing beyond the catalog: everything is invented. The worlds of Okta and Datadog add
collections, things by themselves, facts and references of their own, by path template.

Before: `people`, `collection`. After: `site` asks its world first, and invents the rest.
"""

from __future__ import annotations

from quaestor.record import Record
from quaestor.sandbox.answer.routes import Route
from quaestor.sandbox.data.clock import Clock
from quaestor.sandbox.data.collection import Collection
from quaestor.sandbox.data.invent import Inventor
from quaestor.sandbox.data.people import People
from quaestor.sandbox.data.seeded import Keys, UuidKeys, state_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from quaestor.sandbox.data.collection import Facts

    #: Values of the path's parameters → the collection there; the parents exist.
    Maker = Callable[[tuple[str, ...]], Collection]
    #: Values of the path's parameters → the known fields of the one object there. May raise Refusal.
    Single = Callable[[tuple[str, ...]], dict[str, Any]]


class Ground(Record):
    """What a world stands on.

    Attributes:
        scale: how many of what, as the user asked.
    """

    seed: int
    clock: Clock
    people: People
    inventor: Inventor
    scale: Mapping[str, int]


class World:
    """The objects of one provider.

    Attributes:
        collections: by path template (`/api/v1/users/{}/factors`), whose objects are made by hand.
        found: by path template (`/api/v1/tags/hosts`), the objects that gets find where the list holds others.
        empty: by path template, a collection below an object that a client has just made, if of its own kind.
        starts: by path template, how many objects a collection below a new object has from the beginning.
        singles: by path template, what is known of a thing by itself.
        blank: by path template, a thing by itself below an object that a client has just made.
        facts: by path template, fields laid over the invented objects of a collection.
        wholes: by path template of a place that names objects of another collection (the users of a group), the
            template of that collection.
        references: field name → template of the collection whose keys it holds.
        scales: what `scale` can set beside the names of collections, and how many there are otherwise.
    """

    #: What the vendor's world has a scale for, by default count; `users` and the like.
    scales: Mapping[str, int] = {}

    def __init__(self, provider: str, ground: Ground) -> None:
        self.provider = provider
        self.ground = ground
        self.seed = ground.seed
        self.collections: dict[str, Maker] = {}
        self.found: dict[str, Maker] = {}
        self.empty: dict[str, Maker] = {}
        self.starts: dict[str, int] = {}
        self.singles: dict[str, Single] = {}
        self.blank: dict[str, dict[str, Any]] = {}
        self.facts: dict[str, Facts] = {}
        self.wholes: dict[str, str] = {}
        self.references: dict[str, str] = {}

    def scaled(self, name: str) -> int:
        """How many objects of a kind that `scales` names."""
        return self.ground.scale.get(name, self.scales[name])

    def count(self, route: Route, usual: int) -> int:
        """How many objects an invented collection has: as the user asked by resource or path, else as usual."""
        scale = self.ground.scale
        if route.names:
            return usual
        return scale.get(route.resource.name, scale.get(route.template.rpartition("/")[2], usual))

    def keys(self, route: Route, state: int) -> Keys:
        """Keys for invented objects whose `id` the schema says nothing of."""
        return UuidKeys(state)

    def kind(self, route: Route) -> str:
        """What an error calls an object of this route."""
        name = route.resource.name
        name = name[:-3] + "y" if name.endswith("ies") else name.removesuffix("s")
        return "".join(part[:1].upper() + part[1:] for part in name.split("_"))

    def state(self, *names: str) -> int:
        """The state of what these names lead to."""
        return state_of(self.seed, self.provider, *names)
