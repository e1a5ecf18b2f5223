"""Carrying out what changes something: every method of a catalog that isn't a read, from its facts.

What a method does follows from its verb and its path:

| method                                | what it does                                                       |
|---------------------------------------|--------------------------------------------------------------------|
| POST on a collection                  | makes an object; where its key is one of its fields, that is posted |
| PUT, PATCH, POST on an object         | replaces it (Okta's PUT), or merges the body in (all others)       |
| PUT on a place that names objects     | puts one in, such as a user into a group; DELETE takes it out      |
| DELETE on an object, on a collection  | deletes it; all of them                                            |
| PUT, PATCH, POST, DELETE on one alone | the same with the one object that is there                         |
| POST …/activate, suspend …            | a step of an object's life: its status                             |
| AWS's actions on one resource         | make and delete objects of the collection that its list has        |
| any other                             | answered in the shape that the catalog knows; nothing changes      |

A vendor's `Rules` (see `rules`) refine that for paths of their own.
Before: `site` has matched a route. After: the changes are in `state`, the answer is in the vendor's shape.
"""

from __future__ import annotations

import re

import msgspec

from quaestor.catalog.model import Schema
from quaestor.sandbox.answer.answers import Answer
from quaestor.sandbox.answer.links import links
from quaestor.sandbox.answer.narrowed import alike
from quaestor.sandbox.answer.observed import Maker, accepted_faults, skeleton, trimmed
from quaestor.sandbox.answer.paging import at_path, put_path
from quaestor.sandbox.answer.query import Query
from quaestor.sandbox.answer.refusal import Refusal
from quaestor.sandbox.answer.routes import Match, Route
from quaestor.sandbox.answer.rules import Act, Rules
from quaestor.sandbox.change.checks import faults
from quaestor.sandbox.change.conforming import conforming, unset
from quaestor.sandbox.change.documents import accepted, merged, pruned, replaced, shown, stamped
from quaestor.sandbox.change.naming import by_name
from quaestor.sandbox.change.overlay import Overlay
from quaestor.sandbox.change.places import Places
from quaestor.sandbox.change.replies import Replies
from quaestor.sandbox.change.state import HERE, packed
from quaestor.sandbox.data.collection import AnyKey, Generated, shaped
from quaestor.sandbox.data.seeded import mix, state_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from quaestor.sandbox.site import Site

#: The status that a step of an object's life leads to.
STEPS = {
    "activate": "ACTIVE",
    "deactivate": "INACTIVE",
    "suspend": "SUSPENDED",
    "unsuspend": "ACTIVE",
    "publish": "PUBLISHED",
    "pause": "PAUSED",
    "resume": "IN_PROGRESS",
}
_ITEM = re.compile(r"\[\d+\]")
#: Keys by which an object may be called in a body where its collection has no id.
_NAMING = ("name", "handle", "key", "slug")


class Writer:
    """Carries out the writes of one provider."""

    def __init__(self, site: Site, rules: Rules) -> None:
        self.site = site
        self.rules = rules
        self.inventor = site.inventor
        self.state = site.state
        self.places = Places(site, rules)
        self.replies = Replies(site, rules)
        rules.attach(self)

    def done(self, act: Act, row: Any = None, facts: dict[str, Any] | None = None) -> Answer:
        """The answer of success: the object, or what the catalog says stands there, or nothing."""
        return self.replies.done(act, row, facts)

    def row_of(self, route: Route, body: Any) -> dict[str, Any]:
        """The object in a body, out of the envelope that answers have it in."""
        return self.replies.row_of(route, body)

    # -- one request

    def answer(self, match: Match, query: Query, raw: bytes | None, by: Mapping[str, Any]) -> Answer:
        """Carries out a request of this caller; its changes aren't committed. Raises Refusal."""
        route = match.route
        early = self.rules.early.get((route.method.http, route.template))
        if early is not None:
            early(match)
        values = self.site.parents(match)
        body = self._body(route, raw)
        act = Act(route, values, query, body)
        act.by = by
        act.ticks = self.state.tick
        act.clock_s = self.site.world.ground.clock.now
        special = self.rules.special.get((route.method.http, route.template))
        if not self.rules.checks_itself(route):
            self._check(act)
        known = self.rules.before(act)
        done = special(act) if special is not None else None
        if done is None:
            done = self._generic(act)
        self.rules.after(act, known, done)
        return done

    def _body(self, route: Route, raw: bytes | None) -> Any:
        """The decoded body; None if there is none, or it is no JSON by its nature. Raises Refusal."""
        asked = route.method.body
        if not raw or route.method.form:
            return None
        if asked is not None and "json" not in asked.media_type:
            return None
        try:
            return msgspec.json.decode(raw)
        except msgspec.DecodeError:
            raise Refusal("malformed", "body") from None

    def _check(self, act: Act) -> None:
        asked = act.route.method.body
        if asked is None or "json" not in asked.media_type or not asked.schema:
            return
        if act.body is None:
            if asked.required and self.rules.insists(act.route):
                raise Refusal("malformed", "body", detail="the request needs a body")
            return
        operation = f"{self.site.provider} {act.route.method.http} {act.route.template}"
        known = accepted_faults(operation)
        found = faults(self.inventor, Schema(ref=asked.schema), act.body, blank=self.rules.refuses_blanks)
        found = [(path, what) for path, what in found if f"{_ITEM.sub('[]', path)} {what}" not in known]
        if found:
            self.rules.complain(found)

    def _generic(self, act: Act) -> Answer:
        route, http = act.route, act.route.method.http
        template = route.template
        if route.asks and route.home != template:
            return by_name(self, act)
        home, _, last = template.rpartition("/")
        reading = self.site.routes.reading(template)
        if last == "{}":
            if http == "POST" and route.method.verb == "insert" and not self._there(act):
                return self.create(act, key=act.values[-1])
            return self.remove(act) if http == "DELETE" else self.change(act)
        if reading is not None and reading.kind == "single":
            return self._alone(act, reading)
        listed = reading is not None and reading.kind == "list"
        if http == "DELETE":
            return self._clear(act) if listed else self.done(act)
        if http == "POST" and self._makes(route, template) and (listed or self._holds(template)):
            return self.create(act)
        if http == "POST" and last != "{}" and self._makes_in(route, home):
            return self.create(act, home=home)
        if http in ("PUT", "PATCH") and listed:
            return self.done(act)
        return self._step(act, home, last)

    def _holds(self, template: str) -> bool:
        """Whether objects are found below a path that has no list."""
        return any(self.site.routes.at(template + "/{}", http) for http in ("GET", "PUT", "PATCH", "DELETE", "POST"))

    def _makes(self, route: Route, template: str) -> bool:
        """Whether a POST to a collection makes one of its objects: it is called an insert, or answers such an
        object."""
        return route.method.verb != "exec" or self._makes_in(route, template)

    def _makes_in(self, route: Route, home: str) -> bool:
        """Whether what an operation answers is an object of the collection at this path, of the very schema."""
        item = self.site.routes.reading(home + "/{}")
        own = route.method.response.schema
        if item is None or not own or own != item.method.response.schema:
            return False
        return home != route.template or self.site.routes.reading(home) is not None

    def _there(self, act: Act) -> bool:
        """Whether the object that a path names is there."""
        home = act.route.template.rpartition("/")[0]
        collection = self.site.keyed(home, act.values[:-1], act.route.parameter(len(act.values) - 1))
        return collection.has(act.values[-1])

    # -- making

    def create(self, act: Act, facts: dict[str, Any] | None = None, *, home: str = "", key: str = "") -> Answer:
        """Makes the object that the body says, with these facts, and answers it; in the collection at `home` rather
        than that of the path, under this key rather than a new one."""
        template, values = home or act.route.template, act.values
        if key:
            template, values = template.rpartition("/")[0], values[:-1]
        collection = self._collection(template, values)
        row = self.row_of(act.route, act.body)
        document = self.make(act, template, values, collection, row, facts or {}, key)
        return self.done(act, document)

    def _collection(self, template: str, values: tuple[str, ...]) -> Overlay:
        """Where objects below a path are kept, whether or not the API reads them."""
        return self.site.keyed(template, values, None)

    def make(
        self,
        act: Act,
        template: str,
        values: tuple[str, ...],
        collection: Overlay,
        row: dict[str, Any],
        facts: dict[str, Any],
        key: str = "",
    ) -> dict[str, Any]:
        """Makes and keeps an object; gives it as its maker sees it. Raises Refusal if there is one of its key."""
        shape = self._shape(template, act.route)
        if shape.type == "array" and (items := self.inventor.resolve(shape.items or Schema())).properties:
            shape = items
        posted = accepted(self.inventor, shape, row)
        posted.pop("id", None)
        key_path = self._key_path(collection)
        key = key or self._new_key(act, collection, key_path, row, posted, template)
        state = mix(state_of(self.site.world.seed, self.site.provider, template), act.number)
        made = shaped(self.inventor, shape, state, posted, key_path, key)
        if not isinstance(made, dict):
            made = dict(posted)
        here = f"{self.site.path(template, values)}/{key}"
        made = self._as_observed(act.route, template, shape, made, posted, state, here)
        made = merged(made, self.site.given(template, values))
        made = stamped(self.inventor, shape, made, act.now, new=True, micros=self.site.manners.micros)
        if key_path:
            put_path(made, key_path, _typed(at_path(made, key_path), key))
        if self.rules.links and "_links" not in made and "_links" in shape.properties:
            made["_links"] = links(self.inventor, self.site.routes, shape, template, here, made)
        made = merged(made, facts)
        made = conforming(self.inventor, shape, made, state, self._bones(act.route, template, shape, made))
        self.rules.made(act, template, values, made)
        self.rules.unique(act, template, collection, made, "")
        shape_of_get = self.read_shape(template)
        kept = shown(self.inventor, shape_of_get, made) if shape_of_get is not None else made
        if shape_of_get is not None:
            kept = self._without_secrets(kept, shape, shape_of_get)
        self.places.keep(collection, key, kept)
        self.rules.stored(act, template, values, key, made)
        answer: dict[str, Any] = shown(self.inventor, shape, made)
        own = self.inventor.resolve(act.route.shape)
        return {name: answer[name] for name in own.properties if name in answer} if _is_key(own, shape) else answer

    def _bones(self, route: Route, template: str, shape: Schema, made: dict[str, Any]) -> dict[str, Any] | None:
        """The skeleton of what making an object answers, unless that is the object's key alone."""
        if _is_key(self.inventor.resolve(route.shape), shape):
            return None
        return skeleton(f"{self.site.provider} {route.method.http} {template}", made)

    def _as_observed(
        self,
        route: Route,
        template: str,
        shape: Schema,
        made: dict[str, Any],
        posted: dict[str, Any],
        state: int,
        here: str,
    ) -> dict[str, Any]:
        """A new object with the fields that real ones have, where any was recorded, else those of its schema."""
        name = self.site.provider
        bones = self._bones(route, template, shape, {**made, **posted})
        if bones is None:
            bones = skeleton(f"{name} GET {template}/{{}}", {**made, **posted})
        if bones is None:
            asked = self.replies.asked(route)
            return dict(merged(pruned(self.inventor, shape, made, posted, asked), posted))
        kept = merged(trimmed(bones, made, posted, fresh=True), posted)
        return Maker(self.inventor, here, self.replies.postable(route)).completed(bones, kept, made, shape, state)

    def _without_secrets(self, row: dict[str, Any], full: Schema, read: Schema) -> dict[str, Any]:
        """What later reads have of an object: not what is told once, when it is made."""
        full, read = self.inventor.resolve(full), self.inventor.resolve(read)
        if not read.properties or read.one_of or read.any_of or read.mapping:
            return row
        out = {n: v for n, v in row.items() if n in read.properties or n not in full.properties}
        inner, inner_read = full.properties.get("attributes"), read.properties.get("attributes")
        if inner is not None and inner_read is not None and isinstance(out.get("attributes"), dict):
            out["attributes"] = self._without_secrets(out["attributes"], inner, inner_read)
        return out

    def _shape(self, template: str, route: Route) -> Schema:
        """The shape of a new object: what its making answers, if that is an object, else what reads answer."""
        own = self.inventor.resolve(route.shape)
        read = self.read_shape(template)
        if read is None or read.type == "string" or (alike(self.inventor, own, read) and not _is_key(own, read)):
            return own
        return read

    def read_shape(self, template: str) -> Schema | None:
        """The shape in which a get, or else a list, gives the objects of a collection."""
        for at in (template + "/{}", template):
            route = self.site.routes.reading(at)
            if route is not None:
                return self.inventor.resolve(route.shape)
        return None

    @staticmethod
    def _key_path(collection: Overlay) -> tuple[str, ...]:
        base = collection.base
        if isinstance(base, (Generated, AnyKey)):
            return base.key_path
        return ("id",)

    def _new_key(
        self,
        act: Act,
        collection: Overlay,
        path: tuple[str, ...],
        row: dict[str, Any],
        posted: dict[str, Any],
        template: str,
    ) -> str:
        """The key of a new object. Raises Refusal where the posted one is taken."""
        fresh = collection.base.fresh(act.number)
        named = at_path(row, path) if path and path[-1] != "id" else None
        if named is None and fresh is None:
            named = at_path(row, path) if path else None
        if named is None and not path:
            named = next((posted[name] for name in _NAMING if isinstance(posted.get(name), str)), None)
        if isinstance(named, (str, int)) and str(named):
            if collection.document(str(named)) is not None or collection.index(str(named)) >= 0:
                raise Refusal(
                    "conflict", path[-1] if path else "name", detail=f"there is already a {collection.kind} {named}"
                )
            return str(named)
        if fresh is not None:
            return fresh
        route = self.site.routes.reading(template + "/{}") or act.route
        parameter = route.parameter(len(route.names) - 1) if route.names else None
        if parameter is not None and parameter.type == "integer":
            return str(900_000_000 + act.number)
        seed = state_of(self.site.world.seed, self.site.provider, template, "new")
        return self.site.world.keys(route, seed).key(act.number)

    # -- changing

    def change(self, act: Act) -> Answer:
        """Merges the body into an object, or replaces it; puts it where objects are only named."""
        home = act.route.template.rpartition("/")[0]
        parents, key = act.values[:-1], act.values[-1]
        collection = self.site.keyed(home, parents, act.route.parameter(len(act.values) - 1))
        http = act.route.method.http
        if collection.whole is not None and http == "PUT":
            self.places.link(collection, key)
            self.places.mirror(home, parents, collection.whole.canonical(key), True)
            return self.done(act)
        if collection.place != self.site.place(home, parents):  # the path names an object of another collection
            if not collection.has(key):
                raise Refusal("missing", key, kind=collection.kind)
            self.state.bear(self.site.place(home, parents), collection.canonical(key), HERE)
            return self.done(act)
        shape = self.read_shape(home) or self.inventor.resolve(act.route.shape)
        before = collection.get(key, shape) if collection.has(key) else None
        if before is None:
            raise Refusal("missing", key, kind=collection.kind)
        if not isinstance(before, dict):
            return self.done(act)
        after = self.update(act, home, parents, collection, before, self.row_of(act.route, act.body))
        return self.done(act, after)

    def update(
        self,
        act: Act,
        home: str,
        parents: tuple[str, ...],
        collection: Overlay,
        before: dict[str, Any],
        row: dict[str, Any],
    ) -> dict[str, Any]:
        """Keeps an object with what a body says changed, and gives it."""
        key = collection.canonical(act.values[-1])
        shape = self.read_shape(home) or self.inventor.resolve(act.route.shape)
        posted = accepted(self.inventor, shape, row)
        path = self._key_path(collection)
        if path and path[0] in posted and len(path) == 1:
            posted.pop(path[0])
        if act.route.method.http == "PUT" and self.rules.put_replaces:
            after = replaced(self.inventor, shape, before, posted)
        else:
            after = merged(before, posted)
        if act.route.method.http == "PATCH":
            after = unset(self.inventor, shape, posted, after)
        after = stamped(self.inventor, shape, after, act.now, new=False, micros=self.site.manners.micros)
        after = dict(shown(self.inventor, shape, after))
        state = state_of(self.site.world.seed, self.site.provider, act.route.template, *act.values)
        bones = skeleton(f"{self.site.provider} {act.route.method.http} {act.route.template}", after)
        after = dict(conforming(self.inventor, shape, after, state, bones))
        self.rules.changed(act, home, parents, before, after)
        self.rules.unique(act, home, collection, after, key)
        self.places.keep(collection, key, after)
        return after

    # -- deleting

    def remove(self, act: Act) -> Answer:
        """Deletes an object, or takes it out of a place."""
        home = act.route.template.rpartition("/")[0]
        parents, key = act.values[:-1], act.values[-1]
        collection = self.site.keyed(home, parents, act.route.parameter(len(act.values) - 1))
        if collection.place != self.site.place(home, parents):
            place = self.site.place(home, parents)
            own = collection.canonical(key)
            if own not in self.state.at(place).born:
                if not collection.has(key):
                    raise Refusal("missing", key, kind=collection.kind)
                return self.done(act)
            self.state.forget(place, own)
            return self.done(act)
        if not collection.has(key):
            raise Refusal("missing", key, kind=collection.kind)
        own = collection.canonical(key)
        before = collection.get(own, self.read_shape(home) or Schema())
        self.rules.removing(act, home, parents, own, before)
        self.places.unlink(collection, own)
        if collection.whole is not None:
            self.places.mirror(home, parents, own, False)
        self.rules.removed(act, home, parents, own)
        return self.done(act, None, {"id": own})

    def _clear(self, act: Act) -> Answer:
        """Deletes all objects of a collection, or those that the body names."""
        collection = self.site.collection(act.route.template, act.values)
        named = _named(act.body)
        keys = named if named is not None else [collection.key(at) for at in list(collection.positions())]
        for key in keys:
            if collection.index(key) >= 0:
                own = collection.canonical(key)
                self.places.unlink(collection, own)
                self.places.mirror(act.route.template, act.values, own, False)
        return self.done(act)

    # -- things alone, and steps

    def _alone(self, act: Act, reading: Route) -> Answer:
        place = self.site.place(act.route.template, act.values)
        if act.route.method.http == "DELETE" and act.route.template in self.rules.resets:
            self.state.forget(place, "")
            return self.done(act)
        if act.route.method.http == "DELETE":
            self.site.single(reading, act.values)  # there is one
            self.state.bury(place, "")
            return self.done(act)
        if "" in self.state.at(place).gone:
            self.state.forget(place, "")
        before = self.site.single(reading, act.values)
        row = self.row_of(act.route, act.body)
        if not isinstance(before, dict):
            return self.done(act)
        posted = accepted(self.inventor, reading.shape, row)
        after = merged(before, posted)
        after = stamped(self.inventor, reading.shape, after, act.now, new=False, micros=self.site.manners.micros)
        after = shown(self.inventor, reading.shape, after)
        self.state.change(place, "", packed(after))
        return self.done(act, after)

    def _step(self, act: Act, home: str, last: str) -> Answer:
        """A step of an object's life, if the path ends in one; any other operation is only answered."""
        owner = home.removesuffix("/lifecycle")
        reading = self.site.routes.reading(owner)
        if reading is None or reading.kind not in ("item", "single") or act.route.method.http not in ("POST", "PUT"):
            return self.done(act)
        status = STEPS.get(last)
        if reading.kind == "single":
            return self._single_step(act, reading, status)
        collection = self.site.keyed(reading.home, act.values[:-1], reading.parameter(len(act.values) - 1))
        row = collection.get(act.values[-1], reading.shape)
        if not isinstance(row, dict):
            return self.done(act)
        same_kind = alike(self.inventor, act.route.shape, reading.shape)
        status = self.rules.status(owner, last, status, row)
        if status is None:
            return self.done(act, row if same_kind else None)
        after = {**row, "status": status}
        if owner in self.rules.attributed or ("attributes" in row and "status" not in row):
            after = row
        after = stamped(self.inventor, reading.shape, after, act.now, new=False, micros=self.site.manners.micros)
        self.rules.changed(act, reading.home, act.values[:-1], row, after)
        self.places.keep(collection, act.values[-1], after)
        return self.done(act, after if same_kind else None)

    def _single_step(self, act: Act, reading: Route, status: str | None) -> Answer:
        row = self.site.single(reading, act.values)
        if status is None or not isinstance(row, dict) or "status" not in row:
            return self.done(act, row)
        after = self.rules.stepped(reading.template, {**row}, status)
        self.state.change(self.site.place(reading.template, act.values), "", packed(after))
        return self.done(act, after)


def _is_key(own: Schema, whole: Schema) -> bool:
    """Whether making an object answers its key alone (JSON:API), without its attributes."""
    return "attributes" in whole.properties.keys() - own.properties.keys() and bool(own.properties)


def _typed(before: Any, key: str) -> Any:
    """A key as the type that stands in its place."""
    return int(key) if isinstance(before, int) and not isinstance(before, bool) and key.isdecimal() else key


def _named(body: Any) -> list[str] | None:
    """The keys of the objects that a body names by `id` (JSON:API), or None."""
    if not isinstance(body, dict) or "data" not in body:
        return None
    data = body["data"]
    rows = data if isinstance(data, list) else [data]
    return [str(row["id"]) for row in rows if isinstance(row, dict) and "id" in row]
