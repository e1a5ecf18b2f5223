"""Values that a schema of a vendor's spec allows: what parameters and bodies are filled with.

Before: `documents` reads the specs. After: `statements` writes them into SQL.

The same schema has the same value every time. What is made is checked by nobody here: Prism does that, by the same
spec. A pattern's text is the least one that hypothesis finds.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, find, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.prism.documents import Document

_BY_FORMAT = {
    "date-time": "2026-03-04T05:06:07Z",
    "date": "2026-03-04",
    "time": "05:06:07Z",
    "email": "ada@example.com",
    "uri": "https://example.com/a",
    "url": "https://example.com/a",
    "uri-reference": "/a",
    "hostname": "example.com",
    "uuid": "0b0a1c5e-6f2b-4f0c-9d2e-3a1b2c3d4e5f",
    "ipv4": "192.0.2.7",
    "ipv6": "2001:db8::7",
    "byte": "YWJj",
    "duration": "P1D",
    "regex": "a+",
}
#: Tried before a pattern is searched: texts that mean something to a reader.
_LIKELY = ("abc", "1", "192.0.2.7", "2026-03-04", "0b0a1c5e-6f2b-4f0c-9d2e-3a1b2c3d4e5f", "https://example.com/a")
#: Objects nest no deeper: schemas that contain themselves end here.
_DEEPEST = 7


class Sampler:
    """Makes values by the schemas of one document.

    Args:
        is_full: whether objects have all their properties, or the required ones alone.
    """

    def __init__(self, doc: Document, *, is_full: bool = False) -> None:
        self._doc = doc
        self._is_full = is_full

    def value(self, schema: Any, depth: int = 0) -> Any:
        """A value that the schema allows."""
        schema = self.merged(schema)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return next((each for each in schema["enum"] if each is not None), None)
        for choice in ("oneOf", "anyOf"):
            if schema.get(choice):
                return self._chosen(schema, choice, depth)
        kind = _kind(schema)
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            return self._array(schema, depth)
        if kind in ("integer", "number"):
            return _number(schema, kind)
        if kind == "boolean":
            return True
        return _text(schema)

    def merged(self, schema: Any) -> dict[str, Any]:
        """A schema without `$ref` and `allOf`: the parts' properties and demands together."""
        merged: dict[str, Any] = dict(self._doc.resolved(schema) or {})
        for part in merged.pop("allOf", None) or ():
            other, own = self.merged(part), merged
            merged = {**other, **own}
            if "properties" in other or "properties" in own:
                merged["properties"] = {**other.get("properties", {}), **own.get("properties", {})}
            merged["required"] = list(dict.fromkeys([*other.get("required", ()), *own.get("required", ())]))
            if other.get("enum") and own.get("enum"):
                merged["enum"] = [each for each in own["enum"] if each in other["enum"]]
        return merged

    def _chosen(self, schema: Mapping[str, Any], choice: str, depth: int) -> Any:
        """By the first alternative; what stands beside the alternatives holds as well."""
        beside = {name: value for name, value in schema.items() if name not in (choice, "discriminator")}
        parts = schema[choice]
        first = parts[0]
        if choice == "oneOf" and "enum" in self.merged(first):  # its values are texts too: one alternative must do
            free = [
                each
                for each in parts
                if self.merged(each).get("type") == "string" and "enum" not in self.merged(each)
            ]
            first = free[0] if free else first
        if beside.get("properties") or beside.get("required"):
            return self.value({"allOf": [first, beside]}, depth)
        made = self.value(first, depth)
        marker = schema.get("discriminator", {}).get("propertyName")
        if marker and isinstance(made, dict):
            target = first.get("$ref", "")
            names = [name for name, ref in schema["discriminator"].get("mapping", {}).items() if ref == target]
            made.update({marker: names[0]} if names else {})
        return made

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        required = set(schema.get("required", ()))
        out: dict[str, Any] = {}
        for name, of in schema.get("properties", {}).items():
            about = self.merged(of)
            if about.get("readOnly"):
                continue
            if name in required or (self._is_full and depth < _DEEPEST - 3):
                if depth >= _DEEPEST and name not in required:
                    continue
                out[name] = self.value(of, depth + 1)
        extra = schema.get("additionalProperties")
        fill = len(out) < schema.get("minProperties", 0) or (self._is_full and not out and depth < _DEEPEST - 3)
        if isinstance(extra, dict) and fill:
            out["key"] = self.value(extra, depth + 1)
        return out

    def _array(self, schema: Mapping[str, Any], depth: int) -> list[Any]:
        least = schema.get("minItems", 0) or (1 if depth < _DEEPEST - 3 else 0)
        items = schema.get("items", {})
        made = [self.value(items, depth + 1) for _ in range(max(least, 0))]
        if schema.get("uniqueItems") and len(made) > 1:
            choices = self.merged(items).get("enum") or [f"abc{number}" for number in range(len(made))]
            made = list(choices[: len(made)])
        return made


def _kind(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type", "")
    if isinstance(kind, list):
        kind = next((each for each in kind if each != "null"), "")
    if kind:
        return str(kind)
    if schema.get("properties") or schema.get("additionalProperties"):
        return "object"
    return "array" if "items" in schema else "string"


def _number(schema: Mapping[str, Any], kind: str) -> int | float:
    low, high = schema.get("minimum"), schema.get("maximum")
    if isinstance(low, int | float) and schema.get("exclusiveMinimum") is True:
        low += 1
    value: float = 1
    if low is not None and value < low:
        value = low
    if high is not None and value > high:
        value = high
    step = schema.get("multipleOf")
    if step:
        value = -(-value // step) * step
    return int(value) if kind == "integer" or value == int(value) else value


def _text(schema: Mapping[str, Any]) -> str:
    least, most = int(schema.get("minLength", 0) or 0), schema.get("maxLength")
    pattern = schema.get("pattern")
    if pattern:
        return matching(str(pattern), least, most)
    text = _BY_FORMAT.get(schema.get("format", ""), "abc")
    if len(text) < least:
        text += "a" * (least - len(text))
    return text if most is None else text[: int(most)]


@lru_cache(maxsize=500)
def matching(pattern: str, least: int = 0, most: int | None = None) -> str:
    """A text that an ECMA 262 pattern finds itself in, of a length between the two bounds."""
    python = re.sub(r"\\p\{\w+\}", "a", pattern).replace(r"\/", "/")
    compiled = re.compile(python, re.ASCII)
    most = 5_000 if most is None else int(most)

    def fits(text: str) -> bool:
        return least <= len(text) <= most and text.isprintable() and compiled.search(text) is not None

    for likely in (*_LIKELY, "a" * max(least, 1)):
        if fits(likely):
            return likely
    steady = settings(
        derandomize=True,
        database=None,
        max_examples=5_000,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    return str(find(st.from_regex(compiled), fits, settings=steady))
