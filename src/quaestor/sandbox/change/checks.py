"""Is a body what its schema asks for? What the vendors themselves check: what must be there, types, allowed values.

More than that (patterns, ranges, formats) the recorded services let pass too often to refuse it here. What they
fill in themselves (read-only) may be missing; null is a value of anything that may be missing.

Before: `writes` has a decoded body. After: a Refusal names every fault, or the request is carried out.
"""

from __future__ import annotations

from quaestor.catalog.model import Schema
from quaestor.sandbox.data.invent import Inventor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int, float),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}
_WORDS = {"integer": "a whole number", "array": "a list", "object": "an object"}
#: So many faults are told at most.
_MOST = 10
_DEEPEST = 12


def faults(inventor: Inventor, schema: Schema, value: Any, *, blank: bool = False) -> list[tuple[str, str]]:
    """What is wrong with a value: dotted path and what to say of it, in the order of the schema; with `blank`,
    required texts without a letter, and relationships to nothing, too."""
    found = _faults(inventor, schema, value, "", 0)
    return (found or (_blanks(inventor, schema, value, "", 0) if blank else []))[:_MOST]


def _blanks(inventor: Inventor, schema: Schema, value: Any, path: str, depth: int) -> list[tuple[str, str]]:
    schema = inventor.resolve(schema)
    if depth > _DEEPEST:
        return []
    if isinstance(value, list) and schema.items is not None:
        items = schema.items
        return [
            each
            for at, item in enumerate(value)
            for each in _blanks(inventor, items, item, f"{path}[{at}]", depth + 1)
        ]
    if not isinstance(value, dict):
        return []
    found = []
    for name, sub in schema.properties.items():
        inner, at = value.get(name), f"{path}.{name}" if path else name
        if isinstance(inner, str) and not inner.strip() and name in schema.required:
            found.append((at, "must not be blank"))
        elif inner == [] and name == "data" and ".relationships." in at:
            found.append((at, "must not be empty"))
        else:
            found += _blanks(inventor, sub, inner, at, depth + 1)
    return found


def _faults(inventor: Inventor, schema: Schema, value: Any, path: str, depth: int) -> list[tuple[str, str]]:
    schema = inventor.resolve(schema)
    if depth > _DEEPEST or value is None:
        return []
    if schema.discriminator and schema.mapping and isinstance(value, dict):
        chosen = schema.mapping.get(str(value.get(schema.discriminator)))
        return _object(inventor, Schema(ref=chosen), value, path, depth) if chosen else []
    branches = schema.one_of or schema.any_of
    if branches:
        found = [_faults(inventor, branch, value, path, depth + 1) for branch in branches]
        return [] if any(not each for each in found) else min(found, key=len)
    allowed = _TYPES.get(schema.type)
    if allowed and (not isinstance(value, allowed) or (isinstance(value, bool) and schema.type != "boolean")):
        return [(path, f"must be {_WORDS.get(schema.type, 'a ' + schema.type)}")]
    if schema.type == "integer" and isinstance(value, float) and not value.is_integer():
        return [(path, "must be a whole number")]
    if schema.enum and value not in schema.enum:
        return [(path, "has an invalid value")]
    if isinstance(value, list) and schema.items is not None:
        return [
            fault
            for at, item in enumerate(value)
            for fault in _faults(inventor, schema.items, item, f"{path}[{at}]", depth + 1)
        ]
    return _object(inventor, schema, value, path, depth) if isinstance(value, dict) else []


def _object(
    inventor: Inventor, schema: Schema, value: dict[str, Any], path: str, depth: int
) -> list[tuple[str, str]]:
    schema = inventor.resolve(schema)
    dot = f"{path}." if path else ""
    found: list[tuple[str, str]] = []
    for name, sub in schema.properties.items():
        known = inventor.resolve(sub)
        filled_in = sub.read_only or known.read_only
        if value.get(name) is None:
            if name in schema.required and not filled_in and not (name in value and (sub.nullable or known.nullable)):
                found.append((dot + name, "is required"))
        elif not filled_in:
            found += _faults(inventor, sub, value[name], dot + name, depth + 1)
    return found
