"""Places in JSON as pages show them: what is there by the catalog, with the words of the vendor's document.

Before: schemas of the catalog, `prose` for words. After: `maker` makes tables of rows and examples of values.
"""

from __future__ import annotations

import math
import re

from quaestor.authoring.pages.page import Column
from quaestor.authoring.pages.prose import Text
from quaestor.catalog.columns import branches, object_fields, resolved, text_of, type_of
from quaestor.catalog.model import Schema
from quaestor.record import Record, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

#: How many fields of fields a table shows, and how deep.
MOST_ROWS = 120
MOST_DEPTH = 5
#: How many values an example has before it leaves out what is optional.
MOST_VALUES = 120
#: What stands for a value of a type that says nothing else.
_SAMPLES: dict[str, Any] = {"boolean": True, "date-time": "2026-01-31T12:00:00Z"}
_FORMATS = {
    "date-time": "2026-01-31T12:00:00Z",
    "date": "2026-01-31",
    "email": "ann@example.com",
    "uri": "https://example.com",
    "url": "https://example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uuid": "01234567-89ab-4cde-8123-456789abcdef",
}


class Shape(Record):
    """What may be at a place: one of several schemas, and the words on it."""

    schemas: tuple[Schema, ...]
    lookup: Callable[[str], Schema]
    text: Text

    def whole(self) -> list[Schema]:
        """All that it may be, without references and alternatives."""
        return [branch for schema in self.schemas for branch in branches(schema, self.lookup)]

    def first(self) -> Schema | None:
        """The first of them."""
        return next(iter(self.whole()), None)

    def type(self) -> str:
        """One of `values.TYPES`."""
        kinds = {type_of(schema, self.lookup) for schema in self.schemas} - {""}
        return kinds.pop() if len(kinds) == 1 else "any"

    def fields(self) -> dict[str, tuple[Shape, bool]]:
        """Its properties, and whether each is required."""
        found = object_fields(list(self.schemas), self.lookup)
        return {
            name: (Shape(tuple(schemas), self.lookup, self.text.below(name)), needed)
            for name, (schemas, needed) in found.items()
        }

    def items(self) -> Shape | None:
        """Of a list, its items."""
        found = tuple(branch.items for branch in self.whole() if branch.items is not None)
        return Shape(found, self.lookup, self.text.items()) if found else None

    def values(self) -> Shape | None:
        """Of a map, its values."""
        found = tuple(branch.additional for branch in self.whole() if branch.additional is not None)
        return Shape(found, self.lookup, self.text.members()) if found else None

    def is_read_only(self) -> bool:
        """Whether it is nothing to be written."""
        return all(resolved(schema, self.lookup).read_only for schema in self.schemas)

    def is_impossible(self) -> bool:
        """Whether it is closed around alternatives whose properties it doesn't have: then no object fits."""
        own = [resolved(schema, self.lookup) for schema in self.schemas]
        return all(each.closed and not each.properties and bool(each.one_of) for each in own)


def kind(shape: Shape) -> str:
    """The type of a place with its format, as tables have it: `string (date-time)`."""
    name, first = shape.type(), shape.first()
    if name == "date-time":
        return "string (date-time)"
    form = first.format if first is not None else ""
    return f"{name} ({form})" if form and name not in ("object", "array", "any") else name


def listed_kind(shape: Shape) -> str:
    """The type with what a list holds: `[object]`."""
    inner = shape.items() if shape.type() == "array" else None
    return f"[{listed_kind(inner)}]" if inner is not None and inner.schemas != shape.schemas else kind(shape)


def notes(shape: Shape) -> list[str]:
    """What is known of a place besides its type, a phrase each."""
    first = shape.first()
    if first is None:
        return []
    said = [f"title: {shape.text.said('title')}"] if shape.text.said("title") else []
    if first.default is not None:
        said.append(f"default: {text_of(first.default)}")
    if shape.text.said("example") not in ("", text_of(first.default)):
        said.append(f"example: {shape.text.said('example')}")
    said += _bounds(first)
    own = [resolved(schema, shape.lookup) for schema in shape.schemas]
    for flag, word in (("read_only", "read-only"), ("write_only", "write-only"), ("deprecated", "deprecated")):
        if all(getattr(each, flag) for each in own):
            said.append(word)
    if any(each.secret for each in own):
        said.append("secret: masked in messages")
    return said


def allowed(shape: Shape) -> tuple[str, ...]:
    """The values that a place may have, as text; none if it may have others too."""
    whole = shape.whole()
    if not whole or not all(each.enum for each in whole):
        return ()
    return tuple(dict.fromkeys(text_of(value) for each in whole for value in each.enum if value is not None))


def _bounds(schema: Schema) -> list[str]:
    said = []
    pairs = (
        ("minimum", schema.minimum),
        ("maximum", schema.maximum),
        ("shortest", schema.min_length),
        ("longest", schema.max_length),
        ("fewest", schema.min_items),
        ("most", schema.max_items),
    )
    for word, value in pairs:
        if value is not None:
            said.append(f"{word}: {int(value) if float(value).is_integer() else value}")
    if schema.pattern:
        said.append(f"pattern: `{schema.pattern}`")
    return said


def describe(shape: Shape, escape: Callable[[str], str], *, description: str | None = None) -> str:
    """The words on a place, and in parentheses what is known of it."""
    text = " ".join((shape.text.description if description is None else description).split())
    said = notes(shape)
    parts = [text] if text else []
    if said:
        parts.append(f"({', '.join(said)})")
    values = allowed(shape)
    if values:
        parts.append(f"Allowed values: {', '.join(f'`{value}`' for value in values)}.")
    return escape(" ".join(parts))


def rows(shape: Shape, escape: Callable[[str], str], *, prefix: str = "", depth: int = 0) -> Iterator[Column]:
    """The fields of a place, each followed by its own; `profile.login` and `data[].id` are their names."""
    for name, (inner, required) in shape.fields().items():
        whole = f"{prefix}{name}"
        yield Column(whole, listed_kind(inner), describe(inner, escape), required)
        if depth + 1 < MOST_DEPTH:
            yield from below(inner, whole, escape, depth=depth + 1)


def _depth(name: str, depth: int) -> int:
    """How deep the fields of a field lie; of links (HAL) only their names are worth showing."""
    return MOST_DEPTH - 1 if name.rpartition(".")[2] == "_links" else depth


def below(shape: Shape, name: str, escape: Callable[[str], str], *, depth: int) -> Iterator[Column]:
    """The fields inside the field of a name: of an object, of a list's items, of a map's values."""
    depth = _depth(name, depth)
    if depth >= MOST_DEPTH:
        return
    item = shape.items()
    if item is not None:
        yield from (
            below(item, f"{name}[]", escape, depth=depth)
            if item.items() is not None
            else rows(item, escape, prefix=f"{name}[].", depth=depth)
        )
        return
    yield from rows(shape, escape, prefix=f"{name}.", depth=depth)
    values = shape.values()
    if values is not None and values.fields():
        yield from rows(values, escape, prefix=f"{name}.*.", depth=depth)


def bounded(columns: Iterator[Column]) -> tuple[Column, ...]:
    """The first of many rows; a last row says that there are more."""
    found: list[Column] = []
    for column in columns:
        if len(found) == MOST_ROWS:
            return (*found, Column("…", "", "The rest is left out here."))
        found.append(column)
    return tuple(found)


class Alternative(Record):
    """One of the things that an object may be: `marker` is the property that tells which, `value` what it is then."""

    label: str
    schema: Schema
    marker: str = ""
    value: str = ""


def _merged(base: Schema, own: Schema) -> Schema:
    """An alternative with what all have."""
    return replace(
        own,
        one_of=(),
        any_of=(),
        mapping={},
        discriminator="",
        properties={**base.properties, **own.properties},
        required=tuple(dict.fromkeys((*base.required, *own.required))),
    )


def alternatives(shape: Shape, *, is_inner: bool = False) -> list[Alternative]:
    """The things that an object may be, by its discriminator's values or by its `oneOf`; none if it is one thing.
    Each has the properties that all have, and its own. One that may be several things itself is several, unless
    `is_inner`: schemas may contain each other."""
    if len(shape.schemas) != 1:
        return []
    here = resolved(shape.schemas[0], shape.lookup)
    base = replace(here, one_of=(), any_of=(), mapping={}, discriminator="")
    if here.mapping:
        named = [(value, Schema(ref=name), value) for value, name in here.mapping.items()]
    else:
        parts = here.one_of or here.any_of
        named = [
            (part.ref.rpartition(":")[2] or f"alternative {number}", part, "") for number, part in enumerate(parts, 1)
        ]
    found = []
    for label, part, value in named:
        own = resolved(part, shape.lookup)
        marker = own.properties.get(here.discriminator) or base.properties.get(here.discriminator)
        known = resolved(marker, shape.lookup).enum if marker is not None else ()
        if value and known and value not in known:  # the document names a kind that it doesn't allow
            continue
        is_one = is_inner or own.mapping == here.mapping != {}
        inner = [] if is_one else alternatives(Shape((part,), shape.lookup, shape.text), is_inner=True)
        found += [
            Alternative(f"{label} {each.label}", _merged(base, each.schema), each.marker, each.value)
            for each in inner
        ] or [Alternative(label, _merged(base, own), here.discriminator if value else "", value)]
    return found if any(each.schema.properties for each in found) else []


def no_text(pattern: str) -> str:
    """For `sample`, where texts needn't match their patterns."""
    return ""


def sample(shape: Shape, *, is_sent: bool, matching: Callable[[str], str] = no_text) -> Any:
    """A value for a place: the vendor's example, else one that its type, bounds and pattern allow. `is_sent`: without
    what is read-only. `matching` gives a text for a pattern, empty if it can't."""
    return _Sampler(is_sent, matching).value(shape, 0)


class _Sampler:
    """Makes one value; what is optional is left out once it has grown large."""

    def __init__(self, is_sent: bool, matching: Callable[[str], str]) -> None:
        self._is_sent = is_sent
        self._matching = matching
        self._left = MOST_VALUES

    def value(self, shape: Shape, depth: int) -> Any:
        """A value for a place that lies so deep."""
        self._left -= 1
        choice = next(iter(alternatives(shape)), None)
        if choice is not None:
            shape = Shape((choice.schema,), shape.lookup, shape.text)
        fields = shape.fields() if shape.type() in ("object", "any") else {}
        if fields:
            made = self._object(fields, depth)
            if choice is not None and choice.marker:
                made[choice.marker] = choice.value
            return made
        return self._scalar(shape, depth)

    def _object(self, fields: dict[str, tuple[Shape, bool]], depth: int) -> dict[str, Any]:
        made = {}
        for name, (inner, required) in fields.items():
            if self._is_sent and (inner.is_read_only() or (not required and inner.is_impossible())):
                continue
            if required or (self._left > 0 and depth < MOST_DEPTH):
                made[name] = self.value(inner, depth + 1) if depth < 2 * MOST_DEPTH else {}
        return made

    def _scalar(self, shape: Shape, depth: int) -> Any:
        first, values, example = shape.first(), allowed(shape), shape.text.value("example")
        name = shape.type()
        if example is not None and not (values and str(example) not in values) and _fits(example, name):
            return example
        if first is None:
            return "string"
        if name == "any" and len(shape.whole()) > 1:
            return self.value(Shape((first,), shape.lookup, shape.text), depth + 1)
        if first.default is not None and _fits(first.default, name):
            return first.default
        if first.enum:
            return next((value for value in first.enum if value is not None), None)
        if name == "array":
            item, least = shape.items(), first.min_items or 0
            is_wanted = item is not None and (least or depth < MOST_DEPTH)
            return [self.value(item, depth + 1) for _ in range(max(least, 1))] if item and is_wanted else []
        if name == "object":
            inner = shape.values()
            return {"key": self.value(inner, depth + 1)} if inner is not None and depth < MOST_DEPTH else {}
        if name in ("integer", "number"):
            return _number(first, name)
        return _SAMPLES.get(name) or self._text(first)

    def _text(self, schema: Schema) -> str:
        """A text that the pattern matches, of the format, as long as it has to be."""
        text = self._matching(schema.pattern) if schema.pattern else ""
        if text:
            longer = _long_enough(text, schema)
            return longer if re.search(schema.pattern, longer) else text
        return _long_enough(_FORMATS.get(schema.format, "string"), schema)


def _number(schema: Schema, name: str) -> int | float:
    """A number between the bounds: 1, if that is."""
    low, high = schema.minimum, schema.maximum
    value = 1 if low is None or low <= 1 else low
    value = value if high is None or high >= value else high
    return math.ceil(value) if name == "integer" else float(value)


def _long_enough(text: str, schema: Schema) -> str:
    if schema.min_length is not None and schema.min_length > len(text):
        text = (text * schema.min_length)[: schema.min_length]
    if schema.max_length is not None and 0 < schema.max_length < len(text):
        text = ("USA" if text == "string" else text)[: schema.max_length]
    return text


def _fits(example: Any, name: str) -> bool:
    kinds: dict[str, Any] = {"array": list, "object": dict, "boolean": bool, "integer": int, "number": (int, float)}
    return isinstance(example, kinds.get(name, object))
