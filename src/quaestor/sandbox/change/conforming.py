"""What a schema insists on in an answer: put in where it is missing, in the place of what can't be there.

What was posted is answered as it is, as far as the answer's schema takes it: `type` may say `…_request` in what is
sent and `…_response` in what comes back. Where the very operation was recorded, its skeleton says which fields are
never there, whatever the schema says.

Before: `documents` has merged what was posted with what was there. After: `state` keeps it, `replies` answers it.
"""

from __future__ import annotations

from quaestor.catalog.model import Schema
from quaestor.sandbox.change.checks import faults
from quaestor.sandbox.data.invent import Inventor
from quaestor.sandbox.data.seeded import mix, salt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_DEEPEST = 12


def conforming(inventor: Inventor, schema: Schema, value: Any, state: int, bones: Any = None, depth: int = 0) -> Any:
    """The value as its schema allows it: what is required and missing, or of another type, made up; what is
    write-only, or unknown where nothing unknown may be, or null where null may not be, gone. null stays where it was
    recorded, and where something is required.

    `bones` is the skeleton of recorded answers (see `observed`), None where none was recorded.
    """
    schema = inventor.resolve(schema)
    if value is None or depth > _DEEPEST:
        return value
    if schema.discriminator and schema.mapping:
        chosen = schema.mapping.get(str(value.get(schema.discriminator))) if isinstance(value, dict) else None
        if chosen is None:
            return value
        schema = inventor.resolve(Schema(ref=chosen))
    branches = schema.one_of or schema.any_of
    if branches:
        wrong = [faults(inventor, branch, value, answered=True) for branch in branches]
        at = min(range(len(branches)), key=lambda at: len(wrong[at]))
        # of no kind: it may have been recorded of several, so that the skeleton is of none
        return conforming(inventor, branches[at], value, state, None if wrong[at] else bones, depth + 1)
    if isinstance(value, dict) and schema.type in ("object", ""):
        return _object(inventor, schema, value, state, bones, depth)
    if isinstance(value, list) and schema.type == "array":
        items, bone = schema.items or Schema(), bones.get("[]") if isinstance(bones, dict) else None
        return [conforming(inventor, items, each, mix(state, at), bone, depth + 1) for at, each in enumerate(value)]
    return inventor.field(schema, "", state) if faults(inventor, schema, value) else value


def _object(
    inventor: Inventor, schema: Schema, value: dict[str, Any], state: int, bones: Any, depth: int
) -> dict[str, Any]:
    seen = bones if isinstance(bones, dict) else {}
    out: dict[str, Any] = {}
    for name, inner in value.items():
        sub = schema.properties.get(name, schema.additional)
        if sub is None:
            if not schema.closed:
                out[name] = inner
            continue
        bone = seen.get(name, seen.get("?" + name))
        if (sub.write_only or inventor.resolve(sub).write_only) and bone is None:
            continue
        unwanted = inner is None and not (sub.nullable or inventor.resolve(sub).nullable)
        if unwanted and bone != ["=", None] and name not in schema.required:
            continue
        if bone != ["=", inner]:
            inner = _named(inventor, sub, name, inner, mix(state, salt(name)), bone, depth)
        out[name] = inner
    for name in schema.required:
        sub = schema.properties.get(name, Schema())
        hidden = sub.write_only or inventor.resolve(sub).write_only
        if name not in out and not hidden and (not seen or name in seen or "?" + name in seen):
            out[name] = inventor.field(sub, name, mix(state, salt(name)))
    return out


def _named(inventor: Inventor, sub: Schema, name: str, inner: Any, state: int, bone: Any, depth: int) -> Any:
    """A field's value as its schema allows it; another made up by the field's name."""
    known = inventor.resolve(sub)
    if inner is not None and not isinstance(inner, (dict, list)) and not (known.one_of or known.any_of):
        return inventor.field(sub, name, state) if faults(inventor, sub, inner) else inner
    return conforming(inventor, sub, inner, state, bone, depth + 1)
