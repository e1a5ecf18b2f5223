"""Which columns the rows of a method have: its response's schema, walked to the rows and laid flat.

Before: `catalog.facts` reads schemas and responses; `authoring.infer` decides where the rows are.
After: `catalog.store` compiles the columns into each method, so that the facts needn't repeat them.

A row's columns are its object's properties, in the schema's order. Where the object may be one of several
(`oneOf`, `anyOf`, a discriminator) they are the union of all branches, first come first; a property that has
two types is `any`.

JSON:API (`flatten: jsonapi`): `{id, type, attributes: {…}, relationships}` gives `id`, `type`, the attributes by
their own names, then what else the envelope holds, `attributes` itself being hidden. An attribute that has the
name of an envelope member is called `attributes_<name>`.
"""

from __future__ import annotations

import re

from quaestor.catalog.model import Column, Response, Schema
from quaestor.errors import CatalogError
from quaestor.record import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeAlias

    Lookup: TypeAlias = Callable[[str], Schema]

#: How many names a schema may go through before it is taken for recursive without end.
_MAX_STEPS = 40
_SCALARS = ("string", "integer", "number", "boolean")


def columns_of(
    response: Response, lookup: Lookup, patches: Mapping[str, Mapping[str, Any] | None]
) -> tuple[Column, ...]:
    """The columns of a response's rows, corrected by `patches` (an overlay's `columns`). `lookup` gives a schema
    by name. Raises CatalogError for a patch that removes what isn't there."""
    found = _found(response, lookup)
    if response.casing == "snake":
        found = [replace(column, name=snake(column.name)) for column in found]
    by_name = {column.name: column for column in found}
    for name, patch in patches.items():
        if patch is None:
            if by_name.pop(name, None) is None:
                raise CatalogError(f"there is no column {name!r} to take away")
            continue
        changes = {key: tuple(value) if isinstance(value, list) else value for key, value in patch.items()}
        base = by_name.get(name) or Column(name=name, type=str(changes.get("type", "any")), path=(name,))
        by_name[name] = replace(base, **changes)
    return tuple(by_name.values())


def _found(response: Response, lookup: Lookup) -> list[Column]:
    if not response.schema:
        bare = response.scalar
        return [Column(name=bare, type="string", path=())] if bare else []
    rows = row_schemas(response, lookup)
    out: list[Column] = []
    if response.map_key:
        out.append(Column(name=response.map_key, type="string", path=(), required=True))
    if response.scalar:
        kind = type_of(rows[0], lookup) if len(rows) == 1 else "any"
        out.append(Column(name=response.scalar, type=kind, path=()))
        return out
    members = object_fields(rows, lookup)
    if response.flatten == "jsonapi" and "attributes" in members:
        out += _jsonapi(members, lookup)
    else:
        out += [_column(name, (name,), schema, required, lookup) for name, (schema, required) in members.items()]
    return [column for index, column in enumerate(out) if column.name not in {c.name for c in out[:index]}]


def _jsonapi(members: dict[str, tuple[list[Schema], bool]], lookup: Lookup) -> list[Column]:
    envelope = [_column(name, (name,), schemas, required, lookup) for name, (schemas, required) in members.items()]
    attributes = object_fields(members["attributes"][0], lookup)
    inner = [
        _column(f"attributes_{name}" if name in members else name, ("attributes", name), schemas, required, lookup)
        for name, (schemas, required) in attributes.items()
    ]
    head = [column for column in envelope if column.name in ("id", "type")]
    rest = [column for column in envelope if column.name not in ("id", "type", "attributes")]
    hidden = [replace(column, hidden=True) for column in envelope if column.name == "attributes"]
    return [*head, *inner, *rest, *hidden]


def row_schemas(response: Response, lookup: Lookup) -> list[Schema]:
    """What a row may be: the schemas at `row_path`, one for each branch on the way, lists and maps entered."""
    schemas = [resolved(Schema(ref=response.schema), lookup)]
    for key in response.row_path:
        below: list[Schema] = []
        for schema in schemas:
            if key == "*":
                below += _members(schema, lookup)
            else:
                below += [
                    s for name, (each, _) in object_fields([schema], lookup).items() if name == key for s in each
                ]
        schemas = below
    if response.map_key:
        schemas = [member for schema in schemas for member in _members(schema, lookup)]
    else:
        schemas = [item for schema in schemas for item in _items(schema, lookup)]
    return schemas or [Schema()]


def _items(schema: Schema, lookup: Lookup) -> list[Schema]:
    """The schema of each row at a place: a list's items, or the thing itself."""
    out: list[Schema] = []
    for branch in branches(schema, lookup):
        out.append(resolved(branch.items, lookup) if branch.type == "array" and branch.items else branch)
    return out


def _members(schema: Schema, lookup: Lookup) -> list[Schema]:
    """The schemas of the values of a list or map."""
    out: list[Schema] = []
    for branch in branches(schema, lookup):
        if branch.items:
            out.append(resolved(branch.items, lookup))
        elif branch.additional:
            out.append(resolved(branch.additional, lookup))
        else:
            out += [resolved(member, lookup) for member in branch.properties.values()]
    return out


def resolved(schema: Schema, lookup: Lookup) -> Schema:
    """The schema at the end of a chain of names; flags that stand beside a name on the way are kept."""
    raised: set[str] = set()
    for _ in range(_MAX_STEPS):
        if not schema.ref:
            changes = {flag: True for flag in raised if not getattr(schema, flag)}
            return replace(schema, **changes) if changes else schema
        raised |= {flag for flag in ("nullable", "read_only", "write_only", "secret") if getattr(schema, flag)}
        schema = lookup(schema.ref)
    raise CatalogError(f"the schema {schema.ref!r} is a name of itself")


def branches(schema: Schema, lookup: Lookup, _seen: set[str] | None = None) -> list[Schema]:
    """All that a schema may be: itself without its branches, then each branch's own, subtypes of a discriminator
    included, each named one once: subtypes list each other, and their number would grow without end."""
    seen = set() if _seen is None else _seen
    if schema.ref:
        if schema.ref in seen:
            return []
        seen.add(schema.ref)
    here = resolved(schema, lookup)
    below = [*here.one_of, *here.any_of, *(Schema(ref=name) for name in dict.fromkeys(here.mapping.values()))]
    if not below:
        return [here]
    out = [here] if here.properties or here.items or here.additional else []
    for branch in below:
        out += branches(branch, lookup, seen)
    return out


def object_fields(schemas: list[Schema], lookup: Lookup) -> dict[str, tuple[list[Schema], bool]]:
    """Name → (its different schemas, required in every one) over all branches of the given objects."""
    seen: dict[str, list[Schema]] = {}
    needed: dict[str, int] = {}
    objects = [branch for schema in schemas for branch in branches(schema, lookup)]
    holders = [branch for branch in objects if branch.properties]
    for branch in holders:
        for name, prop in branch.properties.items():
            known = seen.setdefault(name, [])
            if prop not in known:
                known.append(prop)
        for name in branch.required:
            needed[name] = needed.get(name, 0) + 1
    return {name: (found, needed.get(name, 0) == len(holders)) for name, found in seen.items()}


def type_of(schema: Schema, lookup: Lookup) -> str:
    """One of `values.TYPES` for whatever the schema allows; `any` where that is of several kinds."""
    kinds = {_kind(branch) for branch in branches(schema, lookup)} - {""}
    if kinds == {"integer", "number"}:
        return "number"
    return kinds.pop() if len(kinds) == 1 else "any"


def _kind(schema: Schema) -> str:
    if schema.type == "string" and schema.format == "date-time":
        return "date-time"
    if schema.type in (*_SCALARS, "array", "object"):
        return schema.type
    if schema.properties or schema.additional:
        return "object"
    if schema.items:
        return "array"
    if schema.enum:
        found = {type(value) for value in schema.enum if value is not None}
        if len(found) == 1:
            return {str: "string", int: "integer", float: "number", bool: "boolean"}.get(found.pop(), "")
    return "any" if schema == Schema() else ""


def _column(name: str, path: tuple[str, ...], schemas: list[Schema], required: bool, lookup: Lookup) -> Column:
    wholes = [resolved(schema, lookup) for schema in schemas]
    kinds = {type_of(schema, lookup) for schema in wholes}
    first = wholes[0]
    enum: dict[str, None] = {}
    if all(whole.enum for whole in wholes):
        enum = dict.fromkeys(text_of(value) for whole in wholes for value in whole.enum if value is not None)
    return Column(
        name=name,
        type=kinds.pop() if len(kinds) == 1 else "any",
        path=path,
        format=first.format if first.format != "date-time" else "",
        enum=tuple(enum),
        nullable=any(whole.nullable for whole in wholes),
        read_only=all(whole.read_only for whole in wholes),
        write_only=all(whole.write_only for whole in wholes),
        required=required,
        secret=any(whole.secret for whole in wholes),
    )


def snake(name: str) -> str:
    """`snake_case` of a name in any casing: `DBInstanceIdentifier` is `db_instance_identifier`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"[\s.-]+", "_", words).lower()


def text_of(value: Any) -> str:
    """A value of an enum or default as text: JSON's words for booleans."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
