"""Documents: what becomes of a body when it is stored, and what of a stored object when it is answered.

A new object has what was posted, what its schema says that the service fills in (read-only, required, defaults), its
key, and its times. What is write-only is dropped, what is read-only in a body is ignored, as both vendors do.

Before: `writes` has a body that may be. After: `state` keeps the document.
"""

from __future__ import annotations

import re

from quaestor.catalog.model import Schema
from quaestor.sandbox.data.clock import iso, iso_micros
from quaestor.sandbox.data.invent import Inventor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MADE = re.compile(r"^(created|createdAt|created_at|creation_?(date|time)|date_?created|createdDate)$", re.I)
_MOVED = re.compile(
    r"^(lastUpdated|updated|updated_?at|modified|modified_?at|last_?modified(_?at)?|lastMembershipUpdated"
    r"|last_?updated(_?at)?|statusChanged)$",
    re.I,
)
#: What hasn't happened to a new object.
_ENDED = re.compile(r"(is_?)?(deleted|archived|closed|resolved|revoked|deactivated)(_?(at|by|date|time))?", re.I)
#: What an object keeps when it is replaced, and has when it is made, whatever its schema says.
_OWN = ("id", "type", "status", "_links")
#: Seconds since 1970 have fewer digits than milliseconds.
_MILLIS = 100_000_000_000


def merged(before: Any, change: Any) -> Any:
    """The value with a change laid over: objects key by key, all else replaced (RFC 7396, but null stays null)."""
    if isinstance(before, dict) and isinstance(change, dict):
        out = dict(before)
        for name, value in change.items():
            out[name] = merged(before.get(name), value)
        return out
    return change


def accepted(inventor: Inventor, schema: Schema, body: Any, depth: int = 0) -> Any:
    """The body without what only the service sets (read-only)."""
    schema = _variant(inventor, schema, body)
    if not isinstance(body, dict) or depth > 6:
        return body
    out = {}
    for name, value in body.items():
        sub = schema.properties.get(name)
        if sub is not None and (sub.read_only or inventor.resolve(sub).read_only):
            continue
        if name == "type" and depth == 0 and sub is not None and _is_other(inventor.resolve(sub), value):
            continue
        out[name] = value if sub is None else accepted(inventor, sub, value, depth + 1)
    return out


def _is_other(schema: Schema, value: Any) -> bool:
    """Whether what is asked for has another type than the answer: Datadog's `…_request`, `…_response`."""
    return bool(schema.enum) and value not in schema.enum


#: Names of what a client hands over and never sees again.
_SECRET = re.compile(r"(^|_)(token|secret|password)$|[a-z](Token|Secret|Password)$")


def shown(inventor: Inventor, schema: Schema, row: Any, depth: int = 0) -> Any:
    """The object without what is never answered: write-only fields, and secrets that its schema doesn't have."""
    schema = _variant(inventor, schema, row)
    if isinstance(row, list):
        items = schema.items
        return [shown(inventor, items, each, depth + 1) for each in row] if items is not None else row
    if not isinstance(row, dict) or depth > 8:
        return row
    out = {}
    for name, value in row.items():
        sub = schema.properties.get(name)
        if sub is not None and (sub.write_only or inventor.resolve(sub).write_only):
            continue
        if sub is None and schema.properties and _SECRET.search(name):
            continue
        out[name] = value if sub is None else shown(inventor, sub, value, depth + 1)
    return out


def _variant(inventor: Inventor, schema: Schema, row: Any) -> Schema:
    """The schema that holds for this object: of alternatives, the one that its discriminator names."""
    schema = inventor.resolve(schema)
    if schema.discriminator and isinstance(row, dict):
        chosen = schema.mapping.get(str(row.get(schema.discriminator)))
        if chosen:
            variant = inventor.resolve(Schema(ref=chosen))
            return Schema(
                type="object",
                properties={**schema.properties, **variant.properties},
                required=(*schema.required, *variant.required),
            )
    return schema


def pruned(
    inventor: Inventor, schema: Schema, made: dict[str, Any], posted: dict[str, Any], asked: Schema
) -> dict[str, Any]:
    """A new object without the fields that were invented though nobody posted them and the service doesn't set
    them; one with a default has that. What can't be posted, since the schema of what is `asked` hasn't got it, is
    set by the service. The attributes of JSON:API are looked through too."""
    schema = _variant(inventor, schema, made)
    postable = fields(inventor, asked)

    def theirs(name: str) -> bool:
        return bool(postable) and name not in postable

    out: dict[str, Any] = {}
    for name, value in made.items():
        sub = schema.properties.get(name, Schema())
        known = inventor.resolve(sub)
        if name == "attributes" and isinstance(value, dict) and known.properties:
            inner = posted.get(name)
            inside = postable.get(name, Schema())
            out[name] = pruned(inventor, known, value, inner if isinstance(inner, dict) else {}, inside)
        elif name not in posted and name not in schema.required and _ENDED.fullmatch(name):
            if isinstance(value, bool) or sub.nullable or known.nullable:
                out[name] = False if isinstance(value, bool) else None
        elif name in posted or name in schema.required or _set_by_service(inventor, name, sub) or theirs(name):
            out[name] = value
        elif known.default is not None:
            out[name] = known.default
    return out


def fields(inventor: Inventor, schema: Schema) -> dict[str, Schema]:
    """The fields that a schema or any of its alternatives has."""
    schema = inventor.resolve(schema)
    kinds = (*schema.one_of, *schema.any_of, *(Schema(ref=name) for name in schema.mapping.values()))
    found = dict(schema.properties)
    for kind in kinds:
        found = {**inventor.resolve(kind).properties, **found}
    return found


def stamped(inventor: Inventor, schema: Schema, row: Any, now_s: int, *, new: bool, micros: bool) -> Any:
    """The object with the times of its making and last change set, where it has fields for them."""
    if not isinstance(row, dict):
        return row
    out = dict(row)
    known = _variant(inventor, schema, row).properties
    for name, value in row.items():
        if (_MOVED.match(name) or (new and _MADE.match(name))) and (value is not None or name != "statusChanged"):
            number = value is None and inventor.resolve(known.get(name, Schema())).type in ("integer", "number")
            out[name] = now_s if number else _instant(value, now_s, micros)
    attributes = out.get("attributes")
    if isinstance(attributes, dict):
        inner = inventor.resolve(inventor.resolve(schema).properties.get("attributes", Schema()))
        out["attributes"] = stamped(inventor, inner, attributes, now_s, new=new, micros=micros)
    return out


def _instant(value: Any, now_s: int, micros: bool) -> Any:
    """An instant written as the value before it was."""
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return now_s * 1000 if value > _MILLIS else now_s
    if isinstance(value, str) and value.endswith("Z") and micros:
        return iso(now_s)
    if isinstance(value, dict):
        return value
    return iso_micros(now_s) if micros else iso(now_s)


def replaced(inventor: Inventor, schema: Schema, before: Any, body: Any) -> Any:
    """An object of which only the body is left, and what the service sets."""
    schema = _variant(inventor, schema, before)
    if not isinstance(before, dict) or not isinstance(body, dict):
        return body
    kept = {}
    for name, value in before.items():
        sub = schema.properties.get(name, Schema())
        if _set_by_service(inventor, name, sub):
            kept[name] = value
    return {**kept, **body}


def _set_by_service(inventor: Inventor, name: str, sub: Schema) -> bool:
    """Whether no client sets a field."""
    if name in _OWN or sub.read_only or inventor.resolve(sub).read_only:
        return True
    return bool(_MADE.match(name) or _MOVED.match(name))
