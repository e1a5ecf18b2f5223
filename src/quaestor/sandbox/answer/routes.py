"""Which operation a path belongs to, and what each operation is: a list, a get of one object, or a thing by itself.

Before: the catalog. After: `core` asks for the route of every request.
"""

from __future__ import annotations

import re

from quaestor.catalog.model import Method, Parameter, Resource, Schema, Server
from quaestor.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from quaestor.catalog.catalog import Catalog

_PARAMETER = re.compile(r"\{([^{}]+)\}")


class Route(Record):
    """One operation.

    Attributes:
        resource: the resource that it belongs to in SQL.
        template: its path with every parameter as `{}`.
        names: the path's parameters, in order.
        kind: `list` rows of a collection · `item` one of its objects · `single` a thing by itself ·
            `write` anything that changes something.
        home: of an item, the template of the collection that it is in; else its own.
        body: the schema of the body, behind its references.
        shape: the schema of one row.
    """

    provider: str
    resource: Resource
    method: Method
    template: str
    names: tuple[str, ...]
    kind: str
    home: str
    body: Schema
    shape: Schema

    def parameter(self, at: int) -> Parameter | None:
        """The catalog's facts about the path parameter at this place."""
        wire = self.names[at]
        return next((p for p in self.method.parameters if p.location == "path" and p.wire == wire), None)


class Match(Record):
    """A route and the values of its path's parameters."""

    route: Route
    values: tuple[str, ...]


class _Node:
    """A place in the tree of paths."""

    __slots__ = ("below", "routes")

    def __init__(self) -> None:
        self.below: dict[str, _Node] = {}
        self.routes: dict[str, Route] = {}


class Routes:
    """All operations of one provider, found by HTTP method and path."""

    def __init__(self, provider: str, catalog: Catalog) -> None:
        self.provider = provider
        self._catalog = catalog
        self._root = _Node()
        self._all: dict[tuple[str, str], Route] = {}
        operations = [
            (resource, method)
            for service in catalog.services(provider)
            if service.resources != 0  # a document that is listed and isn't there
            for info in catalog.resources(provider, service.name)
            if (resource := catalog.resource(provider, service.name, info.name)) is not None
            for method in resource.methods
        ]
        known = catalog.provider(provider)
        self._server = known.server if known is not None else Server("")
        self._untold = _Node()
        self.untold = 0
        for resource, method in operations:
            if method.response.transform:  # what comes before a document's transform is told by no schema
                template = _template(self._whole(method))
                nothing = Route(provider, resource, method, template, (), "untold", template, Schema(), Schema())
                _place(self._untold, template).routes[method.http] = nothing
                self.untold += 1
            else:
                self._add(resource, method)

    def __iter__(self) -> Iterator[Route]:
        return iter(self._all.values())

    def __len__(self) -> int:
        return len(self._all)

    def at(self, template: str, http: str = "GET") -> Route | None:
        """The route of this template."""
        return self._all.get((http, template))

    def reading(self, template: str) -> Route | None:
        """The route that reads what is at this template, by GET or by a search that is a POST."""
        route = self._all.get(("GET", template)) or self._all.get(("POST", template))
        return route if route is not None and route.kind != "write" else None

    def match(self, http: str, segments: tuple[str, ...]) -> tuple[Match | None, tuple[str, ...]]:
        """The route of a path in its decoded parts, and the HTTP methods that the path takes at all."""
        allowed: dict[str, None] = {}
        for node, values in _paths(self._root, segments, 0, ()):
            route = node.routes.get(http)
            if route is not None:
                return Match(route, values), tuple(node.routes)
            allowed.update(dict.fromkeys(node.routes))
        return None, tuple(allowed)

    def is_untold(self, segments: tuple[str, ...]) -> bool:
        """Whether a path's answers are of a shape that no schema tells, since a document transforms them."""
        return any(True for _ in _paths(self._untold, segments, 0, ()))

    def _whole(self, method: Method) -> str:
        return _prefix(method.server or self._server) + method.path.partition("?")[0]

    def _resolve(self, schema: Schema) -> Schema:
        for _ in range(32):
            if not schema.ref:
                return schema
            schema = self._catalog.schema(self.provider, schema.ref) or Schema()
        return Schema()

    def _shapes(self, method: Method) -> tuple[Schema, Schema]:
        """The schema of a method's body, and that at its row path."""
        name = method.response.schema
        body = self._resolve(Schema(ref=name)) if name else Schema()
        here = body
        for key in method.response.row_path:
            here = self._resolve(below(self._resolve, here, key))
        listed = next((each for each in here.one_of if self._resolve(each).type == "array"), None)
        return body, here if listed is None or not _reads(method) else self._resolve(listed)

    def _add(self, resource: Resource, method: Method) -> None:
        whole = self._whole(method)
        template = _template(whole)
        if (method.http, template) in self._all:  # one operation under two names
            return
        body, rows = self._shapes(method)
        names = tuple(_PARAMETER.findall(whole))
        home, _, last = template.rpartition("/")
        if not _reads(method):
            kind, home = "write", template
        elif _many(method, rows):
            kind, home = "list", template
        elif last == "{}":
            kind = "item"
        else:
            kind, home = "single", template
        shape = rows
        if kind == "list" and rows.type == "array":
            shape = self._resolve(rows.items or Schema())
        elif method.response.map_key:
            shape = self._resolve(rows.additional or Schema())
        route = Route(self.provider, resource, method, template, names, kind, home, body, shape)
        self._all[method.http, template] = route
        _place(self._root, template).routes[method.http] = route


def _place(node: _Node, template: str) -> _Node:
    """The node of a template, made if it isn't there."""
    for word in template.split("/")[1:]:
        node = node.below.setdefault(word, _Node())
    return node


def below(resolve: Callable[[Schema], Schema], schema: Schema, key: str) -> Schema:
    """The schema one key further on a row path; `*` is any member of a list or map."""
    if key == "*":
        return schema.items or schema.additional or next(iter(schema.properties.values()), Schema())
    found = schema.properties.get(key)
    if found is None:
        for branch in map(resolve, (*schema.one_of, *schema.any_of)):
            if key in branch.properties:
                return branch.properties[key]
    return found or Schema()


def _reads(method: Method) -> bool:
    return method.http == "GET" or method.verb == "select"


def _many(method: Method, rows: Schema) -> bool:
    """Whether the method answers rows of a collection rather than one object."""
    if method.response.map_key or "*" in method.response.row_path:
        return True
    return rows.type == "array" or (rows.items is not None and not rows.properties)


def _prefix(server: Server) -> str:
    """The path that all of a server's operations are below: `/storage/v1` for Google's storage."""
    _, slash, path = server.url.partition("://")[2].partition("/")
    return (slash + path).rstrip("/")


def _template(path: str) -> str:
    return _PARAMETER.sub("{}", path)


def _paths(
    node: _Node, segments: tuple[str, ...], at: int, values: tuple[str, ...]
) -> Iterator[tuple[_Node, tuple[str, ...]]]:
    """Places that fit a path, those with more words of their own first."""
    if at == len(segments):
        if node.routes:
            yield node, values
        return
    segment = segments[at]
    plain = node.below.get(segment)
    if plain is not None:
        yield from _paths(plain, segments, at + 1, values)
    any_word = node.below.get("{}")
    if any_word is not None and segment:
        yield from _paths(any_word, segments, at + 1, (*values, segment))
