"""Values made to fit a schema: converted to its types, and everything that is wrong with them said at once.

What comes from SQL is converted: `'5'` for an integer goes as 5, `'["a"]'` for an array as that array, and so are
values inside JSON. What can't be converted, is not one of the allowed values, is read-only, unknown or missing is a
problem; `Checker.problems` has them all. Before: `plan.writing.calls` has put a row's values in their places. After:
the JSON is sent.
"""

from __future__ import annotations

import re
from difflib import get_close_matches

from quaestor.catalog.columns import resolved
from quaestor.catalog.model import Schema
from quaestor.errors import nearest
from quaestor.record import replace
from quaestor.secrets import MASK
from quaestor.values import convert

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from quaestor.plan.writing.form import Lookup

#: How deep a value may be nested; JSON parsers stop at about the same.
MOST_DEPTH = 200
#: RFC 3339, 5.6, with the offset `Z` or `+01:00`; the API says what it thinks of the 31st of February.
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:?\d\d)?")
_FORMATS = {
    "date-time": _DATE_TIME,
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
    "uuid": re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
    "email": re.compile(r"[^@\s]+@[^@\s]+"),
}
_EXAMPLES = {
    "date-time": "2026-01-31T12:00:00Z",
    "date": "2026-01-31",
    "uuid": "01234567-89ab-cdef-0123-456789abcdef",
    "email": "ann@example.com",
}
_RANGES = {"int32": 1 << 31, "int64": 1 << 63}


class Checker:
    """Fits values to schemas of one provider, and notes what is wrong.

    Attributes:
        problems: what is wrong so far, a line each, with the place: `profile.login is required`.
        surprises: what may be right all the same, and counts against a branch: properties that no schema names,
            values that were converted.
    """

    def __init__(self, lookup: Lookup, envelope: tuple[str, ...] = ()) -> None:
        self.lookup = lookup
        self._envelope = envelope  # is left out of places: people don't write it
        self.problems: list[str] = []
        self.surprises = 0
        self._hides = False  # inside a secret: no message shows its value

    def fit(self, schema: Schema, value: Any, path: tuple[str | int, ...] = ()) -> Any:
        """The value as the schema has it; a value that can't be is kept as it is, and noted."""
        if len(path) > MOST_DEPTH:
            self._complain(path, f"is nested deeper than {MOST_DEPTH} levels")
            return value
        here = resolved(schema, self.lookup)
        if value is None:
            return None
        outside, self._hides = self._hides, self._hides or here.secret
        try:
            if here.one_of or here.any_of or here.mapping:
                return self._chosen(here, value, path)
            return self._plain(here, value, path)
        finally:
            self._hides = outside

    # -------------------------------------------------------------------------------- one of several

    def _chosen(self, schema: Schema, value: Any, path: tuple[str | int, ...]) -> Any:
        """The value as that branch has it which its discriminator names, else as the first that it fits."""
        value = _parsed(value) if schema.type in ("object", "") else value
        branches = [*schema.one_of, *schema.any_of]
        if schema.discriminator and isinstance(value, dict) and schema.mapping:
            said = value.get(schema.discriminator)
            name = schema.mapping.get(said) if isinstance(said, str) else None
            if name is not None:
                return self._plain(self._joined(schema, Schema(ref=name)), value, path)
            own = schema.properties.get(schema.discriminator)
            allowed = resolved(own, self.lookup).enum if own is not None else ()
            if said is None or (said not in allowed and (allowed or not schema.properties)):
                known = list(dict.fromkeys([*schema.mapping, *map(str, allowed)]))
                if said is not None or schema.discriminator in schema.required or not schema.properties:
                    self._complain((*path, schema.discriminator), self._not_allowed(said, known))
                    return value
            branches = branches or [replace(schema, one_of=(), any_of=(), mapping={}, discriminator="")]
        return self._first(schema, branches, value, path)

    def _first(self, schema: Schema, branches: list[Schema], value: Any, path: tuple[str | int, ...]) -> Any:
        tried: list[tuple[Any, Checker]] = []
        for branch in branches or [replace(schema, mapping={}, discriminator="")]:
            trial = Checker(self.lookup, self._envelope)
            trial._hides = self._hides
            joined = self._joined(schema, branch)
            again = joined.one_of or joined.any_of or (joined.mapping and branch is not schema)
            fitted = trial._chosen(joined, value, path) if again else trial._plain(joined, value, path)
            tried.append((fitted, trial))
        fitted, best = min(tried, key=lambda each: (len(each[1].problems), each[1].surprises))
        self.problems += [line for line in best.problems if line not in self.problems]
        self.surprises += best.surprises
        return fitted

    def _joined(self, schema: Schema, branch: Schema) -> Schema:
        """A branch with what stands beside the branches: common properties and what is required of all."""
        inner = resolved(branch, self.lookup)
        same = inner.discriminator and inner.discriminator == schema.discriminator
        return replace(
            inner,
            type=inner.type or schema.type,
            properties={**schema.properties, **inner.properties},
            required=tuple(dict.fromkeys((*schema.required, *inner.required))),
            mapping={} if same else inner.mapping,
            discriminator="" if same else inner.discriminator,
            one_of=() if same else inner.one_of,
            any_of=() if same else inner.any_of,
        )

    # ------------------------------------------------------------------------------------ one schema

    def _plain(self, schema: Schema, value: Any, path: tuple[str | int, ...]) -> Any:
        kind = schema.type or (
            "object" if schema.properties or schema.additional else "array" if schema.items else ""
        )
        if kind == "object":
            return self._object(schema, value, path)
        if kind == "array":
            return self._array(schema, value, path)
        if kind in ("string", "integer", "number", "boolean"):
            value = self._scalar(schema, kind, value, path)
        elif not kind:
            value = _parsed(value)
        if schema.enum and value not in schema.enum and not isinstance(value, dict | list):
            self._complain(path, self._not_allowed(value, [str(each) for each in schema.enum if each is not None]))
        return value

    def _scalar(self, schema: Schema, kind: str, value: Any, path: tuple[str | int, ...]) -> Any:
        if isinstance(value, dict | list):
            self._complain(path, f"takes {_a(kind)}, not {_a('array' if isinstance(value, list) else 'object')}")
            return value
        if isinstance(value, bytes):
            if kind == "string":
                if schema.format != "binary":
                    self._complain(path, "takes a text, not a blob")
                return value
        elif isinstance(value, bool) and kind != "boolean":
            if kind == "string":
                return "true" if value else "false"
            self._complain(path, f"takes {_a(kind)}, not {str(value).lower()}")
            return value
        found = convert(value, kind)
        if isinstance(value, str) != (kind == "string"):  # another branch may take it as it is
            self.surprises += 1
        if not found.is_exact:
            self._complain(path, f"takes {_a(kind)}, not {self._shown(value)}")
            return value
        made: Any = bool(found.value) if kind == "boolean" else found.value
        self._bounds(schema, made, path)
        return made

    def _bounds(self, schema: Schema, value: Any, path: tuple[str | int, ...]) -> None:
        if isinstance(value, str):
            form = _FORMATS.get(schema.format)
            if form is not None and value and not form.fullmatch(value):
                self._complain(path, f"takes {_EXAMPLES[schema.format]!r} and the like, not {self._shown(value)}")
            self._length(len(value), schema.min_length, schema.max_length, "characters", path)
            return
        if isinstance(value, bool) or not isinstance(value, int | float):
            return
        most = _RANGES.get(schema.format, 0)
        if most and not -most <= value < most:
            self._complain(path, f"takes a whole number of {schema.format[3:]} bits, not {value}")
        if schema.minimum is not None and value < schema.minimum:
            self._complain(path, f"is at least {schema.minimum:g}, not {value}")
        if schema.maximum is not None and value > schema.maximum:
            self._complain(path, f"is at most {schema.maximum:g}, not {value}")

    def _length(
        self, count: int, least: int | None, most: int | None, what: str, path: tuple[str | int, ...]
    ) -> None:
        if least is not None and count < least:
            self._complain(path, f"has at least {least} {what}, not {count}")
        if most is not None and count > most:
            self._complain(path, f"has at most {most} {what}, not {count}")

    def _array(self, schema: Schema, value: Any, path: tuple[str | int, ...]) -> Any:
        value = _parsed(value)
        if not isinstance(value, list):
            self._complain(path, f'takes a JSON array such as \'["a", "b"]\', not {self._shown(value)}')
            return value
        self._length(len(value), schema.min_items, schema.max_items, "items", path)
        items = schema.items or Schema()
        return [self.fit(items, item, (*path, index)) for index, item in enumerate(value)]

    def _object(self, schema: Schema, value: Any, path: tuple[str | int, ...]) -> Any:
        value = _parsed(value)
        if not isinstance(value, dict):
            self._complain(path, f'takes a JSON object such as \'{{"name": "value"}}\', not {self._shown(value)}')
            return value
        made: dict[str, Any] = {}
        for name, member in value.items():
            known = schema.properties.get(name)
            if known is None and schema.properties and schema.additional is None:
                self._unknown(schema, name, value, path)
            if known is not None and resolved(known, self.lookup).read_only:
                self._complain((*path, name), "is read-only: the API sets it itself")
            made[name] = self.fit(known or schema.additional or Schema(), member, (*path, name))
        for name in schema.required:
            part = schema.properties.get(name)
            whole = resolved(part, self.lookup) if part is not None else Schema()
            is_null = name in made and whole.nullable
            if made.get(name) is None and not whole.read_only and not is_null:
                self._complain((*path, name), "is required" + self._allowed(part))
        return made

    def _allowed(self, schema: Schema | None) -> str:
        """What a required value may be, where there is a list of it."""
        if schema is None:
            return ""
        enum = [str(each) for each in resolved(schema, self.lookup).enum if each is not None]
        return f", one of {_listed(enum)}" if enum else ""

    def _unknown(self, schema: Schema, name: str, value: dict[str, Any], path: tuple[str | int, ...]) -> None:
        """A property that the schema doesn't name: a mistyped one, or one that is newer than the vendor's document.

        It is refused where the schema is closed, or where it looks like a property that isn't given; else it counts
        for the choice of a branch, and is sent.
        """
        near = get_close_matches(name, [each for each in schema.properties if each not in value], 2, 0.75)
        folded = [each for each in schema.properties if each.casefold() == name.casefold()]
        near = folded or near
        if near or schema.closed:
            meant = f"; did you mean {' or '.join(near)}?" if near else f"; it has {_listed(list(schema.properties))}"
            self._complain((*path, name), f"is not a property{f' of {shown_place(path)}' if path else ''}{meant}")
        else:
            self.surprises += 1

    def _not_allowed(self, value: Any, allowed: list[str]) -> str:
        said = "is not said" if value is None else f"can't be {self._shown(value)}"
        near = nearest(str(value), allowed) if value is not None else []
        meant = f"; did you mean {' or '.join(near)}?" if near and len(allowed) > 8 else ""
        return f"{said}: it is one of {_listed(allowed)}{meant}"

    def _shown(self, value: Any) -> str:
        if self._hides:
            return MASK
        text = value if isinstance(value, str) else str(value)
        if len(text) > 60:
            text = f"{text[:60]}…"
        return repr(text) if isinstance(value, str) else text

    def _complain(self, path: tuple[str | int, ...], what: str) -> None:
        inside = len(path) > len(self._envelope) and path[: len(self._envelope)] == self._envelope
        line = f"{shown_place(path[len(self._envelope) :] if inside else path) or 'the body'} {what}"
        if line not in self.problems:
            self.problems.append(line)


# ----------------------------------------------------------------------------------------- small pieces


def shown_place(path: tuple[str | int, ...]) -> str:
    """`profile.emails[2].value`."""
    out = ""
    for key in path:
        out += f"[{key}]" if isinstance(key, int) else f".{key}" if out else key
    return out


def _parsed(value: Any) -> Any:
    """The object or array that a text holds, else the value itself."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        import json

        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _listed(names: list[str], most: int = 20) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _a(kind: str) -> str:
    word = {"string": "text", "integer": "whole number", "boolean": "boolean (true or false)"}.get(kind, kind)
    return f"an {word}" if word[0] in "aio" else f"a {word}"
