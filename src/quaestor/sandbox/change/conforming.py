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
    write-only, or unknown where nothing unknown may be, gone. null stays, which the vendors answer anywhere, but
    where something is required.

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
        bones = None if depth else bones  # further down it was recorded of several kinds
    branches = schema.one_of or schema.any_of
    if branches:
        wrong = [faults(inventor, branch, value, answered=True) for branch in branches]
        at = min(range(len(branches)), key=lambda at: (len(wrong[at]), -_known(inventor, branches[at], bones)))
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
        bone = seen.get(name, seen.get("?" + name))
        if sub is None and (bone is not None or not schema.closed):
            out[name] = inner
        if sub is None or (bone is None and not _answerable(inventor, sub)):
            continue
        if inner is None and not seen and name in schema.required and not _nullable(inventor, sub):
            continue
        if bone != ["=", inner]:
            inner = _named(inventor, sub, name, inner, mix(state, salt(name)), bone, depth)
        out[name] = inner
    for name in schema.required:
        sub = schema.properties.get(name, Schema())
        wanted = not seen or name in seen or "?" + name in seen
        if name not in out and wanted and _answerable(inventor, sub):
            out[name] = inventor.field(sub, name, mix(state, salt(name)))
    return out


def _known(inventor: Inventor, schema: Schema, bones: Any) -> int:
    """How many of the fields that a schema insists on were recorded."""
    seen = bones if isinstance(bones, dict) else {}
    return sum(name in seen or "?" + name in seen for name in inventor.resolve(schema).required)


def _answerable(inventor: Inventor, sub: Schema) -> bool:
    """Whether a field is ever answered."""
    return not (sub.write_only or inventor.resolve(sub).write_only)


def _nullable(inventor: Inventor, sub: Schema) -> bool:
    return sub.nullable or inventor.resolve(sub).nullable


def unset(inventor: Inventor, schema: Schema, posted: Any, value: Any) -> Any:
    """The value without what a PATCH says is null, where its schema has no null (RFC 7396)."""
    if not isinstance(posted, dict) or not isinstance(value, dict):
        return value
    known = inventor.resolve(schema).properties
    out = {}
    for name, inner in value.items():
        sub = known.get(name)
        if sub is not None and inner is None and name in posted and not _nullable(inventor, sub):
            continue
        out[name] = inner if sub is None else unset(inventor, sub, posted.get(name), inner)
    return out


def _named(inventor: Inventor, sub: Schema, name: str, inner: Any, state: int, bone: Any, depth: int) -> Any:
    """A field's value as its schema allows it; another made up by the field's name."""
    known = inventor.resolve(sub)
    if inner is not None and not isinstance(inner, (dict, list)) and not (known.one_of or known.any_of):
        return inventor.field(sub, name, state) if faults(inventor, sub, inner) else inner
    return conforming(inventor, sub, inner, state, bone, depth + 1)
