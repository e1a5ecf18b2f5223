"""Is a body what its schema asks for? What must be there, types, allowed values, lengths, ranges, patterns, formats.

No body that the recorded services accepted breaks a limit that its schema sets. What they fill in themselves
(read-only) may be missing; null is a value of anything that may be missing.

Before: `writes` has a decoded body. After: a Refusal names every fault, or the request is carried out.
"""

from __future__ import annotations

import re

from quaestor.catalog.model import Schema
from quaestor.sandbox.change.documents import fields
from quaestor.sandbox.data.clock import epoch
from quaestor.sandbox.data.invent import Inventor, matches
from quaestor.sandbox.data.seeded import UUID

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
#: Formats of which a text can be seen not to be one (RFC 9562; RFC 3986 with a scheme; RFC 5321, roughly).
_FORMATS = {
    "uuid": (UUID, "must be a UUID"),
    "uri": (re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S*"), "must be a URL"),
    "email": (re.compile(r"[^@]+@[^@]+", re.S), "must be an email address"),
}
_WORDS = {"integer": "a whole number", "array": "a list", "object": "an object"}
#: So many faults are told at most.
_MOST = 10
_DEEPEST = 12


def faults(
    inventor: Inventor, schema: Schema, value: Any, *, blank: bool = False, answered: bool = False
) -> list[tuple[str, str]]:
    """What is wrong with a value: dotted path and what to say of it, in the order of the schema; with `blank`,
    required texts without a letter, and relationships to nothing, too. Of what is `answered`, the fields that only
    clients write may be missing rather than those that only the service does."""
    found = _Checker(inventor, answered).faults(schema, value, "", 0)
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


class _Checker:
    """Holds values against schemas, as requests or as answers."""

    def __init__(self, inventor: Inventor, answered: bool) -> None:
        self.inventor = inventor
        self.answered = answered

    def _exempt(self, sub: Schema) -> bool:
        """Whether a field is none of the side's that sends this."""
        known = self.inventor.resolve(sub)
        return sub.write_only or known.write_only if self.answered else sub.read_only or known.read_only

    def faults(self, schema: Schema, value: Any, path: str, depth: int) -> list[tuple[str, str]]:
        schema = self.inventor.resolve(schema)
        if depth > _DEEPEST or value is None:
            return []
        if schema.discriminator and schema.mapping and isinstance(value, dict):
            return self._of_kind(schema, value, path, depth)
        branches = schema.one_of or schema.any_of
        if branches:
            found = [self.faults(branch, value, path, depth + 1) for branch in branches]
            if any(not each for each in found):
                return []
            named = value.keys() if isinstance(value, dict) else set()
            own = [len(named & fields(self.inventor, branch).keys()) for branch in branches]
            return min(zip(found, own, strict=True), key=lambda each: (len(each[0]), -each[1]))[0]
        allowed = _TYPES.get(schema.type)
        if allowed and (not isinstance(value, allowed) or (isinstance(value, bool) and schema.type != "boolean")):
            return [(path, f"must be {_WORDS.get(schema.type, 'a ' + schema.type)}")]
        if schema.type == "integer" and isinstance(value, float) and not value.is_integer():
            return [(path, "must be a whole number")]
        if schema.enum and value not in schema.enum:
            return [(path, "has an invalid value")]
        beyond = _beyond(schema, value)
        if beyond:
            return [(path, beyond)]
        if isinstance(value, list) and schema.items is not None:
            return [
                fault
                for at, item in enumerate(value)
                for fault in self.faults(schema.items, item, f"{path}[{at}]", depth + 1)
            ]
        return self._object(schema, value, path, depth) if isinstance(value, dict) else []

    def _of_kind(self, schema: Schema, value: dict[str, Any], path: str, depth: int) -> list[tuple[str, str]]:
        """The faults of an object of one of several kinds, told apart by what it says that it is."""
        said = value.get(schema.discriminator)
        chosen = schema.mapping.get(str(said))
        if chosen:
            return self._object(Schema(ref=chosen), value, path, depth)
        known = self.inventor.resolve(schema.properties.get(schema.discriminator, Schema()))
        if said is None or (said in known.enum if known.enum else known.type):
            return self._object(schema, value, path, depth)
        dot = f"{path}." if path else ""
        return [(dot + schema.discriminator, "has an invalid value")]

    def _object(self, schema: Schema, value: dict[str, Any], path: str, depth: int) -> list[tuple[str, str]]:
        schema = self.inventor.resolve(schema)
        dot = f"{path}." if path else ""
        found: list[tuple[str, str]] = []
        for name, sub in schema.properties.items():
            known = self.inventor.resolve(sub)
            if value.get(name) is None:
                if (
                    name in schema.required
                    and not self._exempt(sub)
                    and not (name in value and (sub.nullable or known.nullable))
                ):
                    found.append((dot + name, "is required"))
            elif not self._exempt(sub):
                found += self.faults(sub, value[name], dot + name, depth + 1)
        if schema.additional is not None:
            for name in [name for name in value if name not in schema.properties]:
                found += self.faults(schema.additional, value[name], dot + name, depth + 1)
        return found


def _beyond(schema: Schema, value: Any) -> str:
    """Which limit of its schema a value of the right type breaks; empty if none."""
    low, high, unit = schema.minimum, schema.maximum, ""
    size = value
    if isinstance(value, str):
        low, high, unit, size = schema.min_length, schema.max_length, " characters", len(value)
    elif isinstance(value, list):
        low, high, unit, size = schema.min_items, schema.max_items, " items", len(value)
    if isinstance(size, (int, float)) and not isinstance(size, bool):
        if low is not None and size < low:
            return f"must be at least {low:.15g}{unit}"
        if high is not None and size > high:
            return f"must be at most {high:.15g}{unit}"
    return _misspelt(schema, value) if isinstance(value, str) else ""


def _misspelt(schema: Schema, text: str) -> str:
    """What a text isn't though its schema says so; empty if it is."""
    if schema.pattern and not matches(schema.pattern, text):
        return f"must match {schema.pattern}"
    if schema.format == "date-time":
        try:
            epoch(text + "T" if text.isdecimal() else text)
        except ValueError:
            return "must be a date and time of RFC 3339"
    form, said = _FORMATS.get(schema.format, (None, ""))
    return said if form is not None and not form.fullmatch(text) else ""
