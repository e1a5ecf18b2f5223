"""What is answered to a change: the object as it is now, or what the catalog says stands there, or nothing.

Before: `writes` or a vendor's rules have carried a request out. After: an `Answer` in the vendor's shape.
"""

from __future__ import annotations

from quaestor.catalog.model import Schema
from quaestor.sandbox.answer import bodies
from quaestor.sandbox.answer.answers import Answer
from quaestor.sandbox.answer.narrowed import narrowed
from quaestor.sandbox.answer.observed import Maker, answers_object, echo, skeleton, trimmed
from quaestor.sandbox.answer.routes import Route
from quaestor.sandbox.answer.rules import Act, Rules
from quaestor.sandbox.change.conforming import conforming
from quaestor.sandbox.change.documents import accepted, fields
from quaestor.sandbox.data.collection import encode, shaped
from quaestor.sandbox.data.seeded import state_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from quaestor.sandbox.site import Site


class Replies:
    """Answers the writes of one provider."""

    def __init__(self, site: Site, rules: Rules) -> None:
        self.site = site
        self.rules = rules
        self.inventor = site.inventor

    def _repeated(self, route: Route, shape: Schema, values: tuple[str, ...]) -> dict[str, Any]:
        """Fields of an answer that repeat the path's parameters: also `hostname` for `host_name`, and
        `deleted_monitor_id` for the `monitor_id` of what is gone."""
        said: dict[str, Any] = {}
        plain = {name.replace("_", ""): at for at, name in enumerate(route.names)}
        for name, field in shape.properties.items():
            at = plain.get(name.replace("_", "").removeprefix("deleted"), -1)
            if 0 <= at < len(values):
                whole = self.inventor.resolve(field).type == "integer" and values[at].isdecimal()
                said[name] = int(values[at]) if whole else values[at]
        return {**said, **self.site.given(route.template, values)}

    def row_of(self, route: Route, body: Any) -> dict[str, Any]:
        """The object in a body, out of the envelope that answers have it in."""
        if not isinstance(body, dict):
            return {}
        path = route.method.response.row_path or (("data",) if set(body) <= {"data", "meta", "included"} else ())
        inner = body.get(path[0]) if len(path) == 1 else None
        if isinstance(inner, list) and inner and isinstance(inner[0], dict):
            inner = inner[0]
        return dict(inner) if isinstance(inner, dict) else dict(body)

    def asked(self, route: Route) -> Schema:
        """The schema of the object in a request's body, out of its envelope."""
        body = route.method.body
        whole = Schema(ref=body.schema) if body is not None and body.schema else Schema()
        inside = fields(self.inventor, whole)
        path = route.method.response.row_path or (("data",) if set(inside) <= {"data", "meta", "included"} else ())
        inner = inside.get(path[0]) if len(path) == 1 else None
        items = self.inventor.resolve(inner).items if inner is not None else None
        return items or inner or whole

    def postable(self, route: Route | None) -> frozenset[str]:
        """The fields that a client can say of an object that this operation makes, in JSON:API's attributes too."""
        said = fields(self.inventor, self.asked(route)) if route is not None else {}
        inside = fields(self.inventor, said["attributes"]) if "attributes" in said else {}
        known = ((name, sub, self.inventor.resolve(sub)) for name, sub in (*said.items(), *inside.items()))
        return frozenset(name for name, sub, whole in known if not (sub.read_only or whole.read_only))

    def done(self, act: Act, row: Any = None, facts: dict[str, Any] | None = None) -> Answer:
        """The answer of success: the object, or what the catalog says stands there, or nothing."""
        route = act.route
        response = route.method.response
        status, empty = self.rules.success(route)
        status = status or response.status
        ignored = tuple(act.query.ignored())
        if empty is not None:
            return Answer(status, empty, "application/json", (), ignored)
        operation = f"{self.site.provider} {route.method.http} {route.template}"
        if not response.schema and status < 204 and answers_object(operation):
            filler = Maker(self.inventor, self.site.path(route.template, act.values))
            said = filler.completed(skeleton(operation, {}) or {}, {}, {}, Schema(), act.number)
            return Answer(status, encode(said), "application/json", (), ignored)
        if not response.schema and status != 204 and response.media_type and "json" not in response.media_type:
            return Answer(status, bodies.document(response.media_type), response.media_type, (), ignored)
        if not response.schema or status == 204:
            return Answer(status, b"", response.media_type or "application/json", (), ignored)
        shape = self.inventor.resolve(route.shape)
        listed = shape.type == "array"
        if row is None or not self._answers(shape, row):
            row = self._made_up(act, self.inventor.resolve(shape.items or Schema()) if listed else shape, facts or {})
        elif isinstance(row, dict):
            bones = skeleton(operation, row)
            if bones is not None:
                here = self.site.path(route.template, act.values)
                filler = Maker(self.inventor, here)
                row = filler.completed(bones, self._as_seen(filler, bones, row, act, shape), {}, shape, act.number)
        made = [row] if listed and not isinstance(row, list) else row
        state = state_of(self.site.world.seed, self.site.provider, route.template, *act.values)
        bones = skeleton(operation, row) if isinstance(row, dict) else None
        made = conforming(self.inventor, shape, made, state, {"[]": bones} if listed else bones)
        rendered = bodies.of_one(self.inventor, route, made)
        return Answer(status, rendered, response.media_type or "application/json", (), ignored)

    def _made_up(self, act: Act, shape: Schema, facts: dict[str, Any]) -> Any:
        """What an operation answers that leads to no object: what it was told, and what its schema says beside."""
        route = act.route
        operation = f"{self.site.provider} {route.method.http} {route.template}"
        posted = self.row_of(route, act.body)
        known = {**self._repeated(route, shape, act.values), **facts}
        if route.kind == "write":
            fit = accepted(self.inventor, shape, posted)
            known = {**{n: v for n, v in fit.items() if n in shape.properties}, **known}
        state = state_of(self.site.world.seed, self.site.provider, route.template, *act.values)
        bones = skeleton(operation, known)
        fine = narrowed(self.inventor, shape, bones, own=True) if bones is not None else shape
        row = shaped(self.inventor, fine, state, known) if shape != Schema() else {}
        if bones is None or not isinstance(row, dict):
            return row
        known = {name: value for name, value in known.items() if not bones or name in bones or "?" + name in bones}
        sent = posted if route.method.response.row_path or not isinstance(act.body, dict) else act.body
        echoed = {name: echo(bones["?" + name], value) for name, value in sent.items() if "?" + name in bones}
        filler = Maker(self.inventor, self.site.path(route.template, act.values))
        return filler.completed(bones, {**echoed, **trimmed(bones, row, known)}, row, shape, state)

    def _as_seen(
        self, filler: Maker, bones: dict[str, Any], row: dict[str, Any], act: Act, shape: Schema
    ) -> dict[str, Any]:
        """An object without what no recorded answer of this operation has; links as they have them."""
        posted = self.row_of(act.route, act.body)
        return filler.fitted(bones, row, posted, shape)

    def _answers(self, shape: Schema, row: dict[str, Any]) -> bool:
        """Whether an object is what a method answers."""
        if shape.type == "array":
            return True
        if not shape.properties:
            return True
        return bool(set(shape.properties) & set(row)) and all(
            name in row or self.inventor.resolve(shape.properties.get(name, Schema())).write_only
            for name in shape.required
        )
