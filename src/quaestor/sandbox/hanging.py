"""How a catalog's operations hang together: where keys stand, whose keys a path or a field asks for.

Before: `answer.routes`. After: `site` makes its collections and finds what refers to what.
"""

from __future__ import annotations

from urllib.parse import quote

from quaestor.catalog.model import Parameter, Schema
from quaestor.sandbox.answer.routes import Route, Routes
from quaestor.sandbox.data.invent import Inventor, matches
from quaestor.sandbox.data.seeded import IntegerKeys, Keys, NameKeys, UuidKeys
from quaestor.sandbox.data.words import SERVICES
from quaestor.sandbox.data.world import World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def key_path_of(item: Route, parameter: Parameter | None, listed: Route | None) -> tuple[str, ...]:
    """Where in an object of a list the key stands by which a get finds it; empty if it doesn't show."""
    if parameter is None:
        return ()
    routes = (listed, item) if listed else (item,)
    for route in routes:
        column = next((c for c in route.method.columns if parameter.field and c.name == parameter.field), None)
        if column is not None:
            return column.path
    for route in routes:
        for name in (parameter.wire, parameter.name, "id"):
            if name in route.shape.properties or any(name in branch.properties for branch in route.shape.one_of):
                return (name,)
    return ()


def shows(shape: Schema, path: tuple[str, ...]) -> bool:
    """Whether an object of this shape has a place for its key."""
    if not path:
        return False
    return path[0] in shape.properties or any(path[0] in branch.properties for branch in shape.one_of)


def kind_of(home: str) -> str:
    """What an object under this path is called: `/api/v1/event-hooks` are `EventHook`s."""
    words = [word for word in home.split("/") if word and word != "{}"]
    name = words[-1] if words else "object"
    name = name[:-3] + "y" if name.endswith("ies") else name.removesuffix("s")
    return "".join(part[:1].upper() + part[1:] for part in name.replace("-", "_").split("_"))


def filled(template: str, values: tuple[str, ...]) -> str:
    """The path that a template and values make."""
    path = template
    for value in values:
        path = path.replace("{}", quote(value, safe=""), 1)
    return path


def parents_of(routes: Routes) -> dict[str, str]:
    """The template of the collection without parameters behind each `provider.service.resource.column`."""
    lists: dict[str, str] = {}
    for route in routes:
        if route.kind == "list" and not route.names:
            lists.setdefault(route.resource.id, route.template)
    found: dict[str, str] = {}
    for route in routes:
        for parameter in route.method.parameters:
            resource, _, _ = parameter.parent.rpartition(".")
            if resource in lists:
                found[parameter.parent] = lists[resource]
    return found


def references_of(routes: Routes, parents: Mapping[str, str]) -> dict[str, str]:
    """Names of parameters that always ask for keys of the same collection: fields of that name hold one."""
    found: dict[str, str] = {}
    for route in routes:
        for parameter in route.method.parameters:
            template = parents.get(parameter.parent)
            if template and parameter.wire not in ("id", "name") and parameter.parent.endswith(".id"):
                found[parameter.wire] = template if found.get(parameter.wire, template) == template else ""
    return {name: template for name, template in found.items() if template}


def types_of(routes: Routes, inventor: Inventor) -> dict[str, str]:
    """The collection of each JSON:API type that has one without parents."""
    found: dict[str, str] = {}
    for route in routes:
        if route.kind == "list" and not route.names and "id" in route.shape.properties:
            enum = inventor.resolve(route.shape.properties.get("type", Schema())).enum
            if len(enum) == 1:
                found.setdefault(str(enum[0]), route.template)
    return found


def keys_of(
    inventor: Inventor, world: World, route: Route, item: Route | None, asked: tuple[str, ...], state: int
) -> tuple[Keys, tuple[str, ...], int]:
    """Keys for the objects of a collection, where the key stands in them, and how many there can be (0: any)."""
    parameter = item.parameter(len(item.names) - 1) if item else None
    path = key_path_of(item, parameter, route) if item else asked
    schema = route.shape
    for name in path:
        schema = inventor.resolve(schema.properties.get(name, Schema()))
    values = tuple(str(value) for value in schema.enum) or (parameter.enum if parameter else ())
    if values:
        return NameKeys(values), path, len(values)
    if schema.type == "integer" or (parameter is not None and parameter.type == "integer"):
        return IntegerKeys(state), path, 0
    uuid = "uuid" in (schema.format, parameter.format if parameter is not None else "")
    if uuid or (schema.pattern and _only_uuids(schema.pattern)):
        return UuidKeys(state), path, 0
    if not path or path[-1] == "id":
        return world.keys(route, state), path, 0
    turn = state % len(SERVICES)
    return NameKeys(SERVICES[turn:] + SERVICES[:turn]), path, 0


def _only_uuids(pattern: str) -> bool:
    """Whether a pattern is of UUIDs."""
    return matches(pattern, UuidKeys(0).key(0)) and not matches(pattern, UuidKeys(0).key(0).replace("-", ""))


def given_by(inventor: Inventor, route: Route, values: tuple[str, ...]) -> dict[str, Any]:
    """Fields of a row that repeat the path's parameters."""
    given: dict[str, Any] = {}
    for at, value in enumerate(values):
        if at >= len(route.names):
            break
        parameter = route.parameter(at)
        for name in (route.names[at], parameter.field if parameter and not parameter.item_key else ""):
            field = route.shape.properties.get(name)
            if field is not None and not (parameter and parameter.item_key):
                whole = inventor.resolve(field).type == "integer" and value.isdecimal()
                given[name] = int(value) if whole else value
    return given
