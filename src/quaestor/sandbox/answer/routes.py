"""Which operation a path belongs to, and what each operation is: a list, a get of one object, or a thing by itself.

Before: the catalog. After: `core` asks for the route of every request.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from quaestor.catalog.model import Method, Parameter, Resource, Schema, Server
from quaestor.record import Record, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from quaestor.catalog.catalog import Catalog

_PARAMETER = re.compile(r"\{([^{}]+)\}")


class Route(Record):
    """One operation.

    Attributes:
        resource: the resource that it belongs to in SQL.
        template: its path with every parameter as `{}`, without a slash at its end; of operations that only what is
            asked tells apart, with that as one more word: `/?Action=ListUsers`, `/{}/?acl`.
        names: the path's parameters, in order.
        kind: `list` rows of a collection · `item` one of its objects · `single` a thing by itself ·
            `write` anything that changes something.
        home: of an item, the template of the collection that it is in; so too of what a parameter names one of
            (`Action=GetUser`); else its own.
        body: the schema of the body, behind its references.
        shape: the schema of one row.
        asks: what a request's query or form must say, where the path alone doesn't name the operation.
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
    asks: tuple[tuple[str, str], ...] = ()

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
        self.routes: dict[str, list[Route]] = {}


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
        # what is read as it comes goes first: of two documents of an operation, it has the shape of the answer
        operations.sort(key=lambda each: bool(each[1].response.transform))
        kinds: dict[tuple[str, str], set[tuple[tuple[str, str], ...]]] = {}
        for resource, method in operations:
            kinds.setdefault((method.http, _template(self._whole(method))), set()).add(_asks(resource, method))
        for resource, method in operations:
            alone = len(kinds[method.http, _template(self._whole(method))]) == 1
            self._add(resource, method, () if alone else _asks(resource, method))
        self._settle()

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

    @property
    def untold(self) -> int:
        """How many operations read what no schema tells of, since a document transforms it."""
        return sum(route.kind != "write" and is_untold(route) for route in self)

    def match(
        self, http: str, segments: tuple[str, ...], raw_query: str = ""
    ) -> tuple[Match | None, tuple[str, ...]]:
        """The route of a path in its decoded parts and what is asked by it, and the HTTP methods that the path takes
        at all."""
        allowed: dict[str, None] = {}
        for node, values in _paths(self._root, segments, 0, ()):
            there = node.routes.get(http, [])
            given = set(parse_qsl(raw_query, keep_blank_values=True)) if any(each.asks for each in there) else set()
            fitting = [each for each in there if given.issuperset(each.asks)]
            if fitting:
                return Match(max(fitting, key=lambda each: len(each.asks)), values), tuple(node.routes)
            allowed.update(dict.fromkeys(node.routes))
        return None, tuple(allowed)

    def queried(self, http: str, segments: tuple[str, ...]) -> list[Route]:
        """The operations at a path that are GraphQL queries."""
        return [
            each
            for node, _ in _paths(self._root, segments, 0, ())
            for each in node.routes.get(http, ())
            if each.method.body is not None and each.method.body.graphql
        ]

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

    def _add(self, resource: Resource, method: Method, asks: tuple[tuple[str, str], ...]) -> None:
        whole = self._whole(method)
        path = _template(whole)
        template = path.rstrip("/") or "/"
        if asks:
            template = f"{path.rstrip('/')}/?" + "&".join("=".join(filter(None, each)) for each in asks)
        if (method.http, template) in self._all:  # one operation under two names
            return
        body, rows = self._shapes(method)
        names = tuple(_PARAMETER.findall(whole))
        home, _, last = template.rpartition("/")
        home = home or "/"
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
        route = Route(self.provider, resource, method, template, names, kind, home, body, shape, asks)
        self._all[method.http, template] = route
        _place(self._root, path).routes.setdefault(method.http, []).append(route)

    def _settle(self) -> None:
        """Operations that only a parameter tells apart go by one collection of their resource, that which asks for
        least: `GetUser`, `CreateUser` and `DeleteUser` by that of `ListUsers`."""
        bases: dict[tuple[str, str], Route] = {}
        for route in self:
            at = (route.resource.id, route.template.partition("?")[0])
            if route.asks and route.kind == "list" and (at not in bases or _wants(route) < _wants(bases[at])):
                bases[at] = route
        for node in _nodes(self._root):
            for http, routes in node.routes.items():
                for place, route in enumerate(routes):
                    if dict(route.asks).get("Action", "").startswith("Get") and not naming(route):
                        routes[place] = self._all[http, route.template] = replace(route, kind="single")
                        continue
                    base = bases.get((route.resource.id, route.template.partition("?")[0]))
                    if base is None or not route.asks or not _is_of(route, base):
                        continue
                    routes[place] = self._all[http, route.template] = replace(route, home=base.template)


def is_untold(route: Route) -> bool:
    """Whether an answer is of a shape that no schema tells, since a document transforms it."""
    response = route.method.response
    nowhere = route.shape == Schema() and "json" in response.media_type  # it is told before the transform, not after
    return bool(response.transform) and (not response.schema or nowhere)


def _asks(resource: Resource, method: Method) -> tuple[tuple[str, str], ...]:
    """What the path of an operation fixes of the query, or, of a GraphQL query, the operation's own name. `x-id` only
    says again what the HTTP method does (AWS's REST protocols)."""
    if method.body is not None and method.body.graphql:
        return (("query", f"{resource.id}.{method.name}"),)
    said = parse_qsl(method.path.partition("?")[2], keep_blank_values=True)
    return tuple(sorted(each for each in said if each[0] != "x-id"))


def naming(route: Route) -> str:
    """The parameter that says which object an operation is about: the last that it insists on."""
    wanted = [p.wire for p in route.method.parameters if p.required and p.location == "query"]
    return wanted[-1] if wanted else ""


def _wants(route: Route) -> int:
    return sum(parameter.required for parameter in route.method.parameters)


def _is_of(route: Route, base: Route) -> bool:
    """Whether an operation is about one object of a collection: it asks for a field that says which."""
    of_one = route.kind == "list" or route.method.verb in ("insert", "delete")
    return route is not base and of_one and naming(route) in base.shape.properties


def _nodes(node: _Node) -> Iterator[_Node]:
    yield node
    for each in node.below.values():
        yield from _nodes(each)


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
