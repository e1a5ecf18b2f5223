"""Does a value have the shape that a schema asks for? Types, enums, required, write-only, references: no more."""

from __future__ import annotations

from typing import Any

from quaestor.catalog.model import Schema
from quaestor.sandbox.data.invent import Inventor

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}


def problems(inventor: Inventor, schema: Schema, value: Any, path: str = "$") -> list[str]:
    """What is wrong with a value; null passes everywhere, as the recorded services send it everywhere."""
    schema = inventor.resolve(schema)
    if value is None:
        return []
    if schema.discriminator and schema.mapping and isinstance(value, dict):
        chosen = schema.mapping.get(value.get(schema.discriminator, ""))
        if chosen is None:
            return [f"{path}: {schema.discriminator} is {value.get(schema.discriminator)!r}"]
        variant = inventor.resolve(Schema(ref=chosen))
        return _object(inventor, variant, value, path)
    branches = schema.one_of or schema.any_of
    if branches:
        found = [problems(inventor, branch, value, path) for branch in branches]
        return [] if any(not each for each in found) else min(found, key=len)
    allowed = _TYPES.get(schema.type)
    if allowed and (not isinstance(value, allowed) or (isinstance(value, bool) and schema.type != "boolean")):
        return [f"{path}: {value!r} is no {schema.type}"]
    if schema.enum and value not in schema.enum:
        return [f"{path}: {value!r} is none of {schema.enum[:6]}"]
    if isinstance(value, list) and schema.items is not None:
        return [
            found
            for at, item in enumerate(value)
            for found in problems(inventor, schema.items, item, f"{path}[{at}]")
        ]
    return _object(inventor, schema, value, path) if isinstance(value, dict) else []


def _object(inventor: Inventor, schema: Schema, value: dict[str, Any], path: str) -> list[str]:
    found = [
        f"{path}: {name} is missing"
        for name in schema.required
        if name not in value and _readable(inventor, schema, name)
    ]
    for name, inner in value.items():
        if name in schema.properties:
            if not _readable(inventor, schema, name):
                found.append(f"{path}.{name} is write-only")
            found += problems(inventor, schema.properties[name], inner, f"{path}.{name}")
        elif schema.additional is not None:
            found += problems(inventor, schema.additional, inner, f"{path}.{name}")
        elif schema.closed:
            found.append(f"{path}.{name} isn't in the schema")
    return found


def _readable(inventor: Inventor, schema: Schema, name: str) -> bool:
    sub = schema.properties.get(name)
    return sub is None or not (sub.write_only or inventor.resolve(sub).write_only)
