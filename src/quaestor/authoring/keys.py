"""What an operation's parameters have to do with its rows: item keys, echoes, parents; and what they are called.

Before: `authoring.infer` found the rows, `catalog.columns` their columns.
After: `plan.routes` takes a predicate on a column for one on the parameter, and fills parents.

- **Item key.** In `/apps/{appId}`, the parameter that ends the path names the row itself. Its field is the column of
  that name; else `id` if the name ends in that word; else the column whose name is the longest end of the
  parameter's (`featureName` is `name`); else `id` if the parameter is called after its collection
  (`/customers/{customer}`). Where the name says `or` (`roleIdOrLabel`), the part before it counts, and the API takes
  other names too.
- **Echo.** Any other path parameter with the name of a column holds that column's value in every row.
- But `{id}`, `{public_id}` and the like of something above the rows, where rows have one of their own, is called
  after what it belongs to: `/users/{id}/groups` takes `userId`.
- **Parent.** The parameter after a collection that can be listed without anything but its own path.
"""

from __future__ import annotations

import re

from quaestor.authoring.words import singular, words
from quaestor.catalog import columns
from quaestor.catalog.model import Column, Method, Parameter
from quaestor.catalog.openapi import SpecParameter
from quaestor.record import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from quaestor.catalog.columns import Lookup
    from quaestor.catalog.model import Pagination

#: Names of keys that say nothing of whose key it is.
_GENERIC = ("id", "uuid", "public_id", "publicId", "key", "name", "token", "slug")
_PARAMETER = re.compile(r"\{([^{}]+)\}")


def plain(path: str) -> str:
    """A path template without what says nothing of what it leads to: a query, a `/` or a format at its end
    (`/tickets/{id}.json`). A custom method is a part of its own: `/topics/{topic}:publish`."""
    before, _, query = path.partition("?")
    before = before.rstrip("/")
    if query and not before:  # where nothing else tells one from the other
        return path
    bare = re.sub(r"\.(json|xml)\Z", "", before)
    return re.sub(r"(?<=[\w}]):(?=[A-Za-z])", "/", bare)


def shape(path: str) -> str:
    """A path template with its parameters' names left out: two documents' names for them may differ."""
    return _PARAMETER.sub("{}", plain(path))


def is_item(path: str) -> bool:
    """Whether a path ends in a parameter, and so may name one item."""
    return plain(path).endswith("}")


def unversioned(shape: str) -> str:
    """A shape without its API version: an old version's children may belong to a new one's list."""
    return re.sub(r"/v\d+(?=/)", "", shape, count=1)


def parameters(given: Iterable[SpecParameter], pagination: Pagination, lookup: Lookup) -> tuple[Parameter, ...]:
    """The parameters of a document's operation as ours, with the parts that they play in paging."""
    out: list[Parameter] = []
    taken: set[str] = set()
    for each in given:
        schema = each.schema
        kind = columns.type_of(schema, lookup)
        item = columns.resolved(schema.items, lookup) if schema.items is not None else None
        enum = schema.enum or (item.enum if item is not None else ())
        name = each.name if each.name not in taken else f"{each.location}_{each.name}"
        taken.add(name)
        out.append(
            Parameter(
                name=name,
                wire=each.name,
                location=each.location,
                type="string" if kind == "any" else kind,
                required=each.required,
                format=schema.format if kind != "date-time" else "",
                enum=tuple(columns.text_of(value) for value in enum if value is not None),
                item_type=columns.type_of(item, lookup) if item is not None else "",
                style=each.style if each.style not in ("form", "simple") else "",
                explode=True if each.explode is None or kind not in ("array", "object") else each.explode,
                default=columns.text_of(schema.default) if isinstance(schema.default, str | int | float) else "",
                role=_role(each, pagination),
            )
        )
    return tuple(out)


def _role(parameter: SpecParameter, pagination: Pagination) -> str:
    if parameter.location != "query" or pagination.token_in != "query":
        return ""
    if parameter.name == pagination.size_param:
        return "size"
    if parameter.name == pagination.token_param:
        return pagination.style if pagination.style in ("offset", "page") else "cursor"
    return ""


# -- what a parameter is in the rows


def field_of(parameter: str, found: Iterable[Column]) -> str:
    """The column that holds the value of an item's key, or empty."""
    by_words: dict[str, str] = {}
    candidates = tuple(found)
    jsonapi = any(column.path == ("attributes",) for column in candidates)  # its `type` is the same in all rows
    for column in candidates:
        if column.name != "type" or not jsonapi:
            by_words.setdefault("".join(words(column.name)), column.name)
    said = words(parameter)
    if "or" in said[1:]:
        said = said[: said.index("or", 1)]
    ends = ["".join(said[start:]) for start in range(len(said))]
    if said[-1:] == ["id"]:
        ends.insert(1, "id")
    if said[-1:] == ["uuid"] or said == ["key"]:
        ends.append("id")
    if said[-2:] == ["key", "id"]:
        ends.append("kid")  # RFC 7517 §4.5
    return next((by_words[end] for end in ends if end in by_words), "")


def _named_after(parameter: Parameter, path: str, found: Iterable[Column]) -> str:
    """`id` for the parameter that is called after the collection before it (`/customers/{customer}`), if both are of
    the same type: `{org}` is no number."""
    before = plain(path.split("/{" + parameter.wire + "}")[0]).rpartition("/")[2]
    said = words(before)
    if not said or [*said[:-1], singular(said[-1])] != words(parameter.wire):
        return ""
    return next((each.name for each in found if each.name == "id" and each.type == parameter.type), "")


def item_shapes(methods: Iterable[tuple[Method, bool]]) -> set[str]:
    """Shapes of the paths that name one item of a resource. With each method comes whether it answers a list.

    They are those that a select gets one item by, and those right below a list; only if there are none of either,
    the others that end in a parameter and don't make something new.
    """
    listed = list(methods)
    selects = [(method, many) for method, many in listed if method.verb == "select"]
    lists = {shape(method.path) for method, many in selects if many}
    ends = {shape(method.path) for method, _ in listed if is_item(method.path) and method.verb != "insert"}
    single = {shape(method.path) for method, many in selects if is_item(method.path) and not many}
    return (single | {end for end in ends if end.rpartition("/")[0] in lists}) or ends


def with_keys(method: Method, own: tuple[Column, ...], items: set[str], *, lists: bool, snake: bool) -> Method:
    """The method with `field` and `item_key` of its path parameters, and with an `{id}` of something above renamed.

    `own` are the columns of its resource's rows, `items` the shapes of its items' paths, `lists` whether this
    method answers a list, `snake` how this API spells the names of its parameters.
    """
    ends = is_item(method.path)
    key_at = _key_position(method.path, items) if not (lists and ends) else -1
    if key_at < 0 and ends and method.verb in ("update", "replace", "delete"):
        key_at = len(_PARAMETER.findall(method.path)) - 1
    order = {name: index for index, name in enumerate(_PARAMETER.findall(method.path))}
    names = {column.name for column in own}
    out: list[Parameter] = []
    for each in method.parameters:
        if each.location != "path":
            same = each.name in {column.name for column in method.columns} and not each.required
            out.append(replace(each, matches="other") if same else each)
        elif order.get(each.wire) == key_at:
            field = field_of(each.wire, own) or _named_after(each, method.path, own)
            other = "or" in words(each.wire)[1:]
            out.append(replace(each, field=field, item_key=True, matches="other" if other and field else ""))
        elif each.name in _GENERIC and each.name in names:
            out.append(replace(each, name=_above(method.path, each.wire, snake)))
        else:
            out.append(replace(each, field=each.name) if each.name in names else each)
    return replace(method, parameters=tuple(out))


def _key_position(path: str, items: set[str]) -> int:
    """Which of a path's parameters names the row: the last one of the longest item path that it begins with."""
    parts = plain(path).split("/")
    for count in range(len(parts), 0, -1):
        prefix = "/".join(parts[:count])
        if prefix.endswith("}") and shape(prefix) in items:
            return len(_PARAMETER.findall(prefix)) - 1
    return -1


def _above(path: str, wire: str, snake: bool) -> str:
    """What the `{id}` after a collection is called where rows have an `id` too: `userId`, `user_id`."""
    said = words(path.split("/{" + wire + "}")[0].rsplit("/", 1)[-1]) or ["parent"]
    said[-1] = singular(said[-1])
    said += words(wire)
    return "_".join(said) if snake else said[0] + "".join(word.capitalize() for word in said[1:])


def with_parents(method: Method, resource: str, lists: Mapping[str, tuple[str, Method]]) -> Method:
    """The method, if it selects, with the parents of its path parameters.

    `lists` has by the shape of its path, and by that without version, each list that needs nothing but what its
    path says: the resource's id and the method.
    """
    if method.verb != "select":
        return method
    out: list[Parameter] = []
    for each in method.parameters:
        before = method.path.split("/{" + each.wire + "}")[0] if each.location == "path" else ""
        found = (lists.get(shape(before)) or lists.get(unversioned(shape(before)))) if before else None
        if found and not (found[0] == resource and each.item_key):
            field = field_of(each.wire, found[1].columns) or _named_after(each, method.path, found[1].columns)
            out.append(replace(each, parent=f"{found[0]}.{field}") if field else each)
        else:
            out.append(each)
    return replace(method, parameters=tuple(out))
