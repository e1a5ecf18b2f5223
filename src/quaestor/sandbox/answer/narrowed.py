"""A schema as real answers fill it: of alternatives the one that was seen, of what may be there what was there.

Where a specification leaves a choice, inventing at random mixes what never stands together. So a value is made after
the narrower schema: its alternatives are decided, and fields that it doesn't insist on and no recording has are gone.

Before: `observed` has the skeleton of an operation's objects. After: `data.invent` makes a value of what is left.
"""

from __future__ import annotations

from quaestor.catalog.model import Schema
from quaestor.record import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from quaestor.sandbox.data.invent import Inventor

#: Of these a text or number that the schema allows is believed where null was seen; not what has parts of its own.
_SCALARS = ("string", "integer", "number", "boolean")


def narrowed(inventor: Inventor, schema: Schema, bones: Any, *, top: bool = True, own: bool = False) -> Schema:
    """The schema as far as this skeleton (see `observed`) bears it out; what both allow, and what the schema insists
    on unless the skeleton is of the `own` operation: then what was never there isn't. At the top, objects that a
    discriminator tells apart stay of all their kinds."""
    flags = schema
    schema = inventor.resolve(schema)
    if own and bones == ["=", None] and schema.type not in _SCALARS:
        return schema_of(bones)
    if schema.discriminator and schema.mapping:
        if top or not isinstance(bones, dict) or "[]" in bones:
            return flags
        schema = _of_kind(inventor, schema, bones)
    branches = schema.one_of or schema.any_of
    if branches and not schema.enum:
        chosen = max((inventor.resolve(each) for each in branches), key=lambda each: _fit(inventor, each, bones))
        if _fit(inventor, chosen, bones) < 0:
            return flags
        if schema.properties and (chosen.properties or not chosen.type):
            chosen = replace(
                chosen,
                type="object",
                properties={**schema.properties, **chosen.properties},
                required=tuple(dict.fromkeys((*schema.required, *chosen.required))),
            )
        return _flagged(narrowed(inventor, chosen, bones, top=False, own=own), flags)
    if _free(schema):
        return _flagged(schema_of(bones), flags)
    if not isinstance(bones, dict):
        return flags
    if "[]" in bones:
        if schema.items is None:
            return flags
        return _flagged(
            replace(schema, items=narrowed(inventor, schema.items, bones["[]"], top=False, own=own)), flags
        )
    if not schema.properties:
        return _flagged(_map_of(inventor, schema, bones), flags)
    kept = {}
    for name, sub in schema.properties.items():
        bone = bones.get(name, bones.get("?" + name))
        if bone is not None:
            kept[name] = narrowed(inventor, sub, bone, top=False, own=own)
        elif name in schema.required and not (own and bones):
            kept[name] = sub
    return _flagged(replace(schema, properties=kept, required=tuple(n for n in schema.required if n in kept)), flags)


def _free(schema: Schema) -> bool:
    """Whether a schema lets anything be, or any object."""
    said = schema.properties or schema.additional or schema.enum or schema.format or schema.pattern
    return schema.type in ("", "object") and not said


def schema_of(bones: Any) -> Schema:
    """What a skeleton says where the schema says nothing; an object has what it always had."""
    if isinstance(bones, list):
        kind = bones[0]
        if kind == "=":
            return Schema(nullable=True, enum=(None,)) if bones[1] is None else Schema(enum=(bones[1],))
        return Schema(type=kind)
    if "[]" in bones:
        return Schema(type="array", items=schema_of(bones["[]"]))
    properties = {name: schema_of(bone) for name, bone in bones.items() if name[:1] not in ("?", "-")}
    return Schema(type="object", properties=properties, required=tuple(properties))


def _map_of(inventor: Inventor, schema: Schema, bones: dict[str, Any]) -> Schema:
    """A map with the keys that it always had, or of those that it had at times the first."""
    always = [name for name in bones if name[:1] not in ("?", "-")]
    keys = always or [name[1:] for name in bones if name[:1] == "?"][:2]
    if schema.additional is None or not keys:
        return schema
    values = {
        key: narrowed(inventor, schema.additional, bones.get(key, bones.get("?" + key)), top=False) for key in keys
    }
    return replace(schema, type="object", properties=values, additional=None)


def alike(inventor: Inventor, one: Schema, other: Schema) -> bool:
    """Whether two schemas are of the same kind of object; of JSON:API ones, by their attributes."""
    one, other = inventor.resolve(one), inventor.resolve(other)
    if one == other:
        return True
    mine, yours = set(one.properties), set(other.properties)
    if not mine or not yours:
        return bool(one.mapping and one.mapping == other.mapping)
    if "attributes" in mine & yours:
        return alike(inventor, one.properties["attributes"], other.properties["attributes"])
    return len(mine & yours) * 2 >= min(len(mine), len(yours))


def _flagged(schema: Schema, flags: Schema) -> Schema:
    """The schema with what holds in the place where it is referred to."""
    return replace(
        schema,
        nullable=schema.nullable or flags.nullable,
        read_only=schema.read_only or flags.read_only,
        write_only=schema.write_only or flags.write_only,
        secret=schema.secret or flags.secret,
    )


def _of_kind(inventor: Inventor, schema: Schema, bones: dict[str, Any]) -> Schema:
    """The one kind of objects that fits a skeleton best, with what tells it from others said."""
    tells = schema.discriminator
    said = bones.get(tells, bones.get("?" + tells))
    names = sorted(schema.mapping)
    if isinstance(said, list) and said[0] == "=" and said[1] in schema.mapping:
        names = [said[1]]
    value = max(names, key=lambda name: _fit(inventor, inventor.resolve(Schema(ref=schema.mapping[name])), bones))
    kind = inventor.resolve(Schema(ref=schema.mapping[value]))
    properties = {**schema.properties, **kind.properties, tells: Schema(type="string", enum=(value,))}
    required = tuple(dict.fromkeys((*schema.required, *kind.required, tells)))
    return replace(kind, type="object", properties=properties, required=required, discriminator="", mapping={})


def _fit(inventor: Inventor, schema: Schema, bones: Any) -> int:
    """How well a schema and a skeleton go together; below 0 where they can't."""
    schema = inventor.resolve(schema)
    if isinstance(bones, list):
        return _fit_of_leaf(schema, bones)
    if "[]" in bones:
        if schema.type != "array":
            return -1
        return 1 + (_fit(inventor, schema.items, bones["[]"]) if schema.items is not None else 0)
    if schema.type not in ("object", "") or (not schema.properties and schema.type == ""):
        return -1 if not (schema.one_of or schema.any_of or schema.mapping) else 0
    names = {name.removeprefix("?") for name in bones if not name.startswith("-")}
    always = {name for name in bones if name[:1] not in ("?", "-")}
    odd = sum(name not in names for name in schema.required) * 3 + sum(n not in schema.properties for n in always)
    wrong = sum(
        1
        for name, sub in schema.properties.items()
        if isinstance(bone := bones.get(name, bones.get("?" + name)), list)
        and _fit_of_leaf(inventor.resolve(sub), bone) < 0
    )
    score = 1000 + 2 * sum(name in schema.properties for name in names) - odd - 5 * wrong
    return max(0, score)


def _fit_of_leaf(schema: Schema, bone: list[Any]) -> int:
    kind = bone[0]
    if kind == "=":
        value = bone[1]
        if value is None:
            return 0
        if schema.enum and value not in schema.enum:
            return -1
        kind = {bool: "boolean", int: "number", float: "number", str: "string", list: "array"}.get(
            type(value), "object"
        )
    own = {"integer": "number", "": kind}.get(schema.type, schema.type)
    return 1 if own == kind else -1
