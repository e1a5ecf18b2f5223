"""One provider's stand-in: which objects there are, and the answer to each request.

Before: `core` hands over a request of this provider. After: an `Answer`, whose URLs begin with a placeholder
for the address under which the sandbox was asked.
"""

from __future__ import annotations

from collections import OrderedDict
from urllib.parse import quote, unquote

import msgspec

from quaestor.catalog.model import Parameter, Schema
from quaestor.sandbox.answer import bodies
from quaestor.sandbox.answer.answers import Answer
from quaestor.sandbox.answer.checked import checked
from quaestor.sandbox.answer.links import links
from quaestor.sandbox.answer.manners import Manners
from quaestor.sandbox.answer.narrowed import alike, narrowed
from quaestor.sandbox.answer.observed import Maker, kin, skeleton, trimmed
from quaestor.sandbox.answer.paging import Page, at_path, cut, put_path, with_parameter
from quaestor.sandbox.answer.query import Query, of_body
from quaestor.sandbox.answer.refusal import Refusal
from quaestor.sandbox.answer.routes import Match, Route, Routes, naming
from quaestor.sandbox.answer.rules import Rules
from quaestor.sandbox.answer.untransformed import untransformed
from quaestor.sandbox.change.overlay import Overlay
from quaestor.sandbox.change.state import State, unpacked
from quaestor.sandbox.change.writes import Writer
from quaestor.sandbox.data.collection import ORIGIN, AnyKey, Collection, Fixed, Generated, Subset, shaped
from quaestor.sandbox.data.invent import Inventor
from quaestor.sandbox.data.seeded import state_of
from quaestor.sandbox.data.world import World
from quaestor.sandbox.hanging import (
    filled,
    given_by,
    key_path_of,
    keys_of,
    kind_of,
    parents_of,
    references_of,
    shows,
    types_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from quaestor.catalog.catalog import Catalog

#: Collections that are kept made; there may be one for each of 100,000 users.
_KEPT = 2048
#: How many objects of a parent collection are tried for one that has children.
_TRIED = 100


class Site:
    """The objects and operations of one provider.

    Attributes:
        routes: its operations.
        manners: how its vendor speaks.
        inventor: what makes its values.
        world: what its vendor has by hand.
        state: what clients changed, of all providers.
        writer: what carries out changes, by the vendor's rules.
    """

    def __init__(
        self,
        provider: str,
        catalog: Catalog,
        manners: Manners,
        inventor: Inventor,
        world: World,
        state: State,
        rules: Rules,
    ) -> None:
        self.provider = provider
        self.routes = Routes(provider, catalog)
        self.manners = manners
        self.inventor = inventor
        self.world = world
        self.state = state
        self._made: OrderedDict[tuple[str, ...], Overlay] = OrderedDict()
        self._types: dict[str, str] = {}
        self._parents = parents_of(self.routes)
        self._references = {**references_of(self.routes, self._parents), **world.references}
        self.writer = Writer(self, rules)
        self._shapes: dict[tuple[str, str], Schema] = {}
        inventor.refer = self._refer
        inventor.link = self._link

    def scalable(self) -> set[str]:
        """The names of the collections that a scale can set here, beside those that the vendor's world has."""
        names: set[str] = set()
        for route in self.routes:
            if route.kind == "list" and not route.names:
                names |= {route.resource.name, route.template.rpartition("/")[2]}
        return names

    def example(self, route: Route) -> tuple[str, ...]:
        """Values for the path's parameters under which there is something, if there is any such place.

        Of each parent collection the first objects are tried, deepest first, until the rest of the path holds
        something too; where any key will do, a made-up one is taken.
        """
        return self._example(route, route.template.split("/"), 0, ()) or ()

    def _example(self, route: Route, words: list[str], start: int, values: tuple[str, ...]) -> tuple[str, ...] | None:
        at = next((at for at in range(start, len(words)) if words[at] == "{}"), -1)
        if at < 0:
            holds = route.kind != "list" or len(self.collection(route.template, values).positions()) > 0
            return values if holds else None
        parameter = route.parameter(len(values))
        collection = self.keyed("/".join(words[:at]), values, parameter)
        keys = [collection.key(index) for index in collection.positions()[:_TRIED]]
        if isinstance(collection.base, AnyKey):
            usual = collection.base.usual
            keys = list(parameter.enum[:1] if parameter is not None and parameter.enum else (usual,))
        for key in keys:
            found = self._example(route, words, at + 1, (*values, key))
            if found is not None:
                return found
        return None

    def shape(self, route: Route) -> Schema:
        """The schema of a row of this route, as far as recorded answers fill it."""
        at = (route.method.http, route.template)
        made = self._shapes.get(at)
        if made is None:
            operation = f"{self.provider} {route.method.http} {route.template}"
            like = self._kin(operation)
            bones = skeleton(like, {}) if like else None
            made = narrowed(self.inventor, route.shape, bones, own=like == operation) if bones else route.shape
            self._shapes[at] = made
        return made

    def _kin(self, operation: str) -> str:
        """The recorded operation whose objects are most like those of this one; empty if there is none."""
        found = kin(operation)
        if found in ("", operation):
            return found
        (_, http, template), (_, other_http, other_template) = operation.split(" "), found.split(" ")
        one, other = self.routes.at(template, http), self.routes.at(other_template, other_http)
        if one is None:
            return found
        bones = skeleton(found, {}) or {}
        whole = all(name in bones or "?" + name in bones for name in one.shape.required)
        return found if whole and other and alike(self.inventor, one.shape, other.shape) else ""

    # -- requests

    def answer(self, match: Match, path: str, raw_query: str, body: bytes | None, by: Mapping[str, Any]) -> Answer:
        """The answer to a request that this caller may make. Raises Refusal."""
        made = self._answer(match, path, raw_query, body, by)
        return untransformed(match.route, made) if match.route.method.response.transform else made

    def _answer(self, match: Match, path: str, raw_query: str, body: bytes | None, by: Mapping[str, Any]) -> Answer:
        route = match.route
        query = Query(raw_query)
        if route.kind == "write":
            checked(route, query)
            return self.writer.answer(match, query, body, by)
        match = Match(route, self.parents(match))
        checked(route, query)
        response = route.method.response
        if not response.schema and "json" not in response.media_type:
            return Answer(response.status, bodies.document(response.media_type), response.media_type or "text/plain")
        if route.kind == "list":
            self.writer.rules.asked(route.template, query)
            return self._list(match, path, raw_query, query, of_body(route, body))
        if route.kind == "item":
            row = self._item(match, query)
        else:
            row = self._single(match)
        media_type = response.media_type or "application/json"
        return Answer(
            response.status, bodies.of_one(self.inventor, route, row), media_type, (), tuple(query.ignored())
        )

    def listed(self, match: Match, path: str) -> Answer:
        """The first page of a list, as one who asks for no more gets it."""
        return self._list(match, path, "", Query(""), {})

    def _list(self, match: Match, path: str, raw_query: str, query: Query, body: dict[str, Any]) -> Answer:
        route = match.route
        collection = self.collection(route.home, match.values)
        positions = (
            collection.select(query) if route.home == route.template else self._named(route, collection, query)
        )
        if positions is None:
            positions = self.manners.select(collection, route.shape, route.method, query)
        else:
            positions = self.manners.within(collection, route.shape, route.method, query, positions)
        shape = self.shape(route)

        def behind(key: str) -> int:
            how = route.method.pagination
            if (at := collection.index(key)) in positions:
                return positions.index(at) + 1
            for index, at in enumerate(positions):  # what rows are told by needn't be the key in their paths
                if str(at_path(collection.row(at, shape), how.token_path)) == key:
                    return index + 1
            raise Refusal("invalid", how.token_param, detail=f"no row of this list is {key!r}")

        page = cut(route.method, query, len(positions), body, behind)
        wanted = positions[page.start : page.stop]
        expand = collection.expand(query)
        if expand is None:
            rows = [collection.render(at, shape) for at in wanted]
        else:
            rows = []
            for at in wanted:
                row = collection.row(at, shape)
                expand(at, row)
                rows.append(msgspec.json.encode(row))
        keys = [collection.key(at) for at in wanted] if route.method.response.map_key else ()
        links, next_url = self._links(route, path, raw_query, page)
        made = bodies.of_list(self.inventor, route, rows, keys, page, next_url)
        media_type = route.method.response.media_type or "application/json"
        return Answer(route.method.response.status, made, media_type, links, tuple(query.ignored()))

    @staticmethod
    def _named(route: Route, collection: Collection, query: Query) -> list[int]:
        """Where the one object is that a parameter names. Raises Refusal where there is none."""
        key = query.text(naming(route))
        at = collection.index(key)
        if at < 0:
            raise Refusal("missing", key, kind=collection.kind)
        return [at]

    @staticmethod
    def _links(route: Route, path: str, raw_query: str, page: Page) -> tuple[tuple[tuple[str, str], ...], str]:
        """The Link header's targets, and the next page's URL for a body."""
        style = route.method.pagination.style
        if style not in ("link", "next_url"):
            return (), ""
        here = f"{path}?{raw_query}" if raw_query else path
        following = f"{path}?{with_parameter(raw_query, page.token_param, page.token)}" if page.token else ""
        if style == "next_url":
            return (), ORIGIN + following if following else ""
        return (("self", here), ("next", following)) if following else (("self", here),), ""

    def _item(self, match: Match, query: Query) -> Any:
        route = match.route
        collection = self.keyed(route.home, match.values[:-1], route.parameter(len(match.values) - 1))
        key = match.values[-1]
        row = collection.get(key, self.shape(route))
        if row is None:
            raise Refusal("missing", key, kind=collection.kind)
        expand = collection.expand(query)
        if expand is not None and (at := collection.index(key)) >= 0:
            expand(at, row)
        place = key_path_of(route, route.parameter(len(match.values) - 1), None)
        if isinstance(collection.base, Generated) and place not in ((), collection.base.key_path):
            put_path(row, place, collection.canonical(key))
        return row

    def _single(self, match: Match) -> Any:
        route = match.route
        return self.single(route, match.values)

    def single(self, route: Route, values: tuple[str, ...]) -> Any:
        """A thing by itself as it is now. Raises Refusal where there is none."""
        place = self.state.at(self.place(route.template, values))
        if "" in place.gone:
            raise Refusal("missing", values[-1] if values else route.template, kind=self.world.kind(route))
        if "" in place.changed:
            return self._completed(route, values, unpacked(place.changed[""]))
        maker = self.world.singles.get(route.template)
        new = self._made_by_client(route.template, values)
        known = self.world.blank.get(route.template, {}) if new else maker(values) if maker else {}
        state = state_of(self.world.seed, self.provider, route.home, *values)
        row = shaped(self.inventor, self.shape(route), state, {**given_by(self.inventor, route, values), **known})
        bones = skeleton(f"{self.provider} GET {route.template}", row)
        if bones is None or not isinstance(row, dict):
            return row
        filler = Maker(self.inventor, filled(route.template, values))
        return filler.completed(bones, trimmed(bones, row, known) if known or new else row, row, route.shape, state)

    def _completed(self, route: Route, values: tuple[str, ...], row: Any) -> Any:
        """What a client changed, with what the service adds to it."""
        bones = skeleton(f"{self.provider} GET {route.template}", row) if isinstance(row, dict) else None
        if bones is None:
            return row
        filler = Maker(self.inventor, filled(route.template, values))
        return filler.completed(bones, row, {}, route.shape, state_of(self.world.seed, route.home, *values))

    def parents(self, match: Match) -> tuple[str, ...]:
        """The path's values, those of parents as their keys proper. Raises Refusal unless every object that the path
        goes through exists; the last word is the object itself where an item is asked for or changed."""
        words = match.route.template.split("/")
        own = match.route.kind == "item" or (match.route.kind == "write" and words[-1] == "{}")
        last = len(match.values) - (1 if own else 0)
        values = list(match.values)
        seen = 0
        for at, word in enumerate(words):
            if word != "{}":
                continue
            parameter = match.route.parameter(seen)
            if seen < last and not (parameter is not None and parameter.enum):  # else a kind, no object's key
                home = "/".join(words[:at])
                collection = self.keyed(home, tuple(values[:seen]), parameter)
                if not collection.has(values[seen]):
                    raise Refusal("missing", values[seen], kind=collection.kind)
                values[seen] = collection.canonical(values[seen])
            seen += 1
        return tuple(values)

    # -- objects

    def path(self, template: str, values: tuple[str, ...]) -> str:
        """The path that a template and values make."""
        return filled(template, values)

    def given(self, template: str, values: tuple[str, ...]) -> dict[str, Any]:
        """Fields of an object at a path that repeat the path's parameters."""
        route = self.routes.reading(template + "/{}") or self.routes.reading(template)
        return given_by(self.inventor, route, values) if route is not None else {}

    def place(self, template: str, values: tuple[str, ...]) -> str:
        """The name of a place in the state."""
        return f"{self.provider}:{filled(template, values)}"

    def collection(self, template: str, values: tuple[str, ...]) -> Overlay:
        """The collection at a path as it is now; its parents are taken to exist."""
        at = (template, *values)
        made = self._made.get(at)
        if made is None:
            made = self._laid_over(template, values, self._make(template, values))
            self._made[at] = made
            while len(self._made) > _KEPT:
                self._made.popitem(last=False)
        return made

    def forget(self, template: str = "") -> None:
        """Collections are made anew, those of one template or all: what they were made of has changed."""
        for at in [at for at in self._made if template in ("", at[0])]:
            del self._made[at]

    def _laid_over(self, template: str, values: tuple[str, ...], base: Collection) -> Overlay:
        whole = self.world.wholes.get(template)
        over = self.collection(whole, ()) if whole and isinstance(base, Subset) else None
        made = Overlay(base, self.place(template, values), self.state, over)
        made.embed = lambda query, row: self.writer.rules.embed(template, query, row)
        if isinstance(base, (AnyKey, Fixed, Generated)) and over is None:
            made.dress = self._dress(template, values)
        return made

    def _dress(
        self, template: str, values: tuple[str, ...]
    ) -> Callable[[str, Any, Mapping[str, Any] | None, bool], Any] | None:
        """What gives the objects of a collection the fields that real ones were seen to have, and takes from them
        what was made up though no real one has it. None where nothing was recorded."""
        listing, alone = (
            self._kin(f"{self.provider} GET {template}"),
            self._kin(f"{self.provider} GET {template}/{{}}"),
        )
        routes = (self.routes.reading(template), self.routes.reading(template + "/{}"))
        if not listing and not alone:
            return None

        def dress(key: str, row: dict[str, Any], known: Mapping[str, Any] | None, listed: bool) -> Any:
            like = ((listing, alone) if listed else (alone, listing))[0] or listing or alone
            own = like == f"{self.provider} GET {template}" + ("" if listed else "/{}")
            route = (routes[0] if listed else routes[1]) or routes[0] or routes[1]
            bones = skeleton(like, row, self.inventor.resolve(route.shape).discriminator if route else "")
            if bones is not None and not own:  # what one operation keeps to itself, another may tell
                bones = {name: bone for name, bone in bones.items() if name[:1] != "-"}
            if bones is None or route is None:
                return row
            state = state_of(self.world.seed, template, key)
            made = self.routes.at(template, "POST") if known is None else None
            postable = self.writer.replies.postable(made)
            filler = Maker(self.inventor, f"{filled(template, values)}/{quote(key, safe='')}", postable)
            fitting = row if known is None else filler.fitted(bones, row, known, route.shape, own)
            return filler.completed(bones, fitting, row, route.shape, state)

        return dress

    def _made_by_client(self, template: str, values: tuple[str, ...]) -> bool:
        """Whether an object that the path goes through is one that nobody generated."""
        home = ""
        seen = 0
        for word in template.split("/")[1:]:
            if word == "{}" and seen < len(values):
                if values[seen] in self.state.at(self.place(home, values[:seen])).born:
                    return True
                seen += 1
            home += "/" + word
        return False

    def keyed(self, home: str, values: tuple[str, ...], parameter: Parameter | None) -> Overlay:
        """The collection in which a path's parameter names an object."""
        home = home or "/"
        if home in self.world.found:
            return self._laid_over(home, values, self.world.found[home](values))
        route = self.routes.reading(home)
        if home in self.world.collections or (route is not None and route.kind == "list"):
            return self.collection(home, values)
        parent = self._parents.get(parameter.parent) if parameter and parameter.parent else None
        if parent is not None and parent != home:
            return self.collection(parent, ())
        if self.routes.reading(home + "/{}") is None:
            return self._laid_over(home, values, AnyKey(self.inventor, kind_of(home), 0))
        return self.collection(home, values)

    def _make(self, template: str, values: tuple[str, ...]) -> Collection:
        maker = self.world.collections.get(template)
        new = self._made_by_client(template, values)
        if new:
            maker = self.world.empty.get(template)
        if maker is not None:
            return maker(values)
        if new and template in self.world.wholes:
            return Subset(self.collection(self.world.wholes[template], ()).base, ())
        state = state_of(self.world.seed, self.provider, template, *values)
        route = self.routes.reading(template)
        item = self.routes.reading(template + "/{}")
        if route is None or route.kind != "list":
            if item is None:
                raise LookupError(template)
            parameter = item.parameter(len(item.names) - 1)
            return AnyKey(
                self.inventor,
                self.world.kind(item),
                state,
                key_path=key_path_of(item, parameter, None),
                given=given_by(self.inventor, item, values),
                written=parameter.type if parameter is not None and parameter.format != "uuid" else "uuid",
            )
        keys, key_path, most = keys_of(self.inventor, self.world, route, item, self._asked_for(route), state)
        count = self.world.count(route, 3 + state % 6)
        if most:
            count = min(count, most)
        if new:  # nothing is in what was made just now, but for what comes with it
            count = self.world.starts.get(template, 0)
        return Generated(
            self.inventor,
            self.world.kind(route),
            keys,
            count,
            state,
            key_path=key_path,
            given=given_by(self.inventor, route, values),
            facts=self.world.facts.get(template),
            scalar=bool(route.method.response.scalar) and item is not None,
            hidden=not most and not route.method.response.scalar and not shows(route.shape, key_path),
            linked=self._linking(route, values) if route.method.http == "GET" else None,
        )

    def _linking(self, route: Route, values: tuple[str, ...]) -> Callable[[str, Mapping[str, Any]], dict[str, Any]]:
        """What gives the links of a collection's objects."""
        shape = (self.routes.reading(route.template + "/{}") or route).shape
        here = filled(route.template, values)
        return lambda key, row: links(self.inventor, self.routes, shape, route.template, f"{here}/{key}", row)

    def _asked_for(self, route: Route) -> tuple[str, ...]:
        """Where the key stands in the rows of a list without gets: the column that other methods ask for."""
        for parent in self._parents:
            resource, _, column = parent.rpartition(".")
            if resource == route.resource.id:
                found = next((c for c in route.method.columns if c.name == column), None)
                if found is not None:
                    return found.path
        for other in self.routes:
            if other.home == route.template != other.template and other.asks:
                return (naming(other),)
        return ("id",) if "id" in route.shape.properties else ()

    # -- references

    def _refer(self, name: str, state: int) -> str | None:
        template = self._references.get(name)
        return self._some_key(template, state) if template else None

    def _link(self, kind: str, state: int) -> str | None:
        if not self._types:
            self._types = types_of(self.routes, self.inventor) or {"": ""}
        template = self._types.get(kind)
        return self._some_key(template, state) if template else None

    def _some_key(self, template: str, state: int) -> str | None:
        if template.count("{}"):
            return None
        collection = self.collection(template, ())
        return collection.key(state % len(collection)) if len(collection) else None


def segments_of(path: str) -> tuple[str, ...]:
    """The decoded parts of a path."""
    return tuple(unquote(part) for part in path.split("/")[1:])
