"""A value that a schema allows: small, the same every time.

Before: `catalog.model` has schemas. After: `run` puts values into requests and answers.
"""

from __future__ import annotations

import re

from quaestor.catalog import columns
from quaestor.catalog.model import Schema
from quaestor.record import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from quaestor.catalog.columns import Lookup

#: Objects nest no deeper than this where they needn't.
_DEEPEST = 6
_BY_FORMAT = {
    "date-time": "2025-01-02T03:04:05Z",
    "date": "2025-01-02",
    "time": "03:04:05Z",
    "uuid": "3f2b8f0e-7a52-4b39-9d0c-6f1f6f0a1b2c",
    "email": "ada@example.com",
    "uri": "https://example.com/a",
    "url": "https://example.com/a",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "byte": "YQ==",
}


class Sampler:
    """Makes values of one document's schemas. `matching` gives a text for a pattern, empty if it can't."""

    def __init__(self, lookup: Lookup, matching: Callable[[str], str], *, writing: bool) -> None:
        self._lookup = lookup
        self._matching = matching
        self._writing = writing
        #: required properties that are read-only: OpenAPI says that requests do without them
        self.left_out: set[str] = set()

    def value(self, schema: Schema, above: tuple[str, ...] = ()) -> Any:
        """A value of a schema; `above` are the names on the way to it. Of alternatives, the first is taken."""
        if schema.ref:
            above = (*above, schema.ref)
        here = columns.resolved(schema, self._lookup)
        branches = here.one_of or here.any_of
        if branches:
            return self._either(here, self._telling(branches), above)
        if here.enum:
            return next((value for value in here.enum if value is not None), None)
        kind = here.type or ("object" if here.properties else "array" if here.items else "string")
        if kind == "object":
            return self._object(here, above)
        if kind == "array":
            count = max(here.min_items or 0, 1)
            item = self.value(here.items, above) if here.items is not None else "a"
            return [_other(item, index) for index in range(count)]
        if kind == "boolean":
            return True
        return self._number(here, kind) if kind in ("integer", "number") else self._text(here)

    def _telling(self, branches: tuple[Schema, ...]) -> Schema:
        """The alternative to take: the first, but of a list of texts and any text the latter. A text of the list is
        both, which `oneOf` doesn't allow."""
        found = [columns.resolved(each, self._lookup) for each in branches]
        if found[0].type == "string" and found[0].enum:
            is_open = (branch.type == "string" and not branch.enum and not branch.pattern for branch in found)
            return next((branch for branch, fits in zip(branches, is_open, strict=True) if fits), branches[0])
        return branches[0]

    def _either(self, here: Schema, branch: Schema, above: tuple[str, ...]) -> Any:
        made = self.value(branch, above)
        if not isinstance(made, dict):
            return made
        own = self._object(replace(here, one_of=(), any_of=()), above)
        said = {name: value for name, values in here.mapping.items() if values == branch.ref for value in [name]}
        tells = {here.discriminator: next(iter(said))} if here.discriminator and said else {}
        return {**own, **made, **tells}

    def _object(self, here: Schema, above: tuple[str, ...]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name, each in here.properties.items():
            whole = columns.resolved(each, self._lookup)
            if self._writing and (whole.read_only or each.read_only):
                self.left_out.add(name)
                continue
            again = bool(self._names(each) & set(above)) or len(above) >= _DEEPEST
            if name in here.required or not again:
                made[name] = self.value(each, above) if above.count(each.ref) < 2 or not each.ref else None
        if len(above) > 1 and not here.closed:  # what is required, but not described; a statement has no such column
            made.update((name, "a") for name in here.required if name not in here.properties)
        if not made and here.additional is not None and len(above) < _DEEPEST:
            made["key"] = self.value(here.additional, above)
        return made

    def _names(self, schema: Schema) -> set[str]:
        """The schemas that a property leads to at once."""
        found = {schema.ref, schema.items.ref if schema.items is not None else ""}
        return found - {""}

    def _number(self, here: Schema, kind: str) -> int | float:
        low = here.minimum if here.minimum is not None else 1
        if here.maximum is not None and low > here.maximum:
            low = here.maximum
        return int(low) + (1 if low != int(low) else 0) if kind == "integer" else low

    def _text(self, here: Schema) -> str:
        if here.pattern:
            pattern = re.sub(r"\\u([0-9A-Fa-f]{4})", lambda code: re.escape(chr(int(code[1], 16))), here.pattern)
            text = self._matching(pattern)
            if here.min_length and len(text) < here.min_length:
                longer = re.sub(r"[*+](?=\)?\$?\Z)", f"{{{here.min_length},{here.min_length}}}", pattern)
                text = self._matching(longer)
            text = text or next((each for each in _BY_FORMAT.values() if _matches(pattern, each)), "")
            if text:
                return text
        text = _BY_FORMAT.get(here.format, "") or "a"
        if here.min_length and len(text) < here.min_length:
            text += "a" * (here.min_length - len(text))
        return text[: here.max_length] if here.max_length else text


def _matches(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text) is not None
    except re.error:  # another dialect of regular expressions: somebody else judges
        return False


def _other(value: Any, number: int) -> Any:
    """A value like another one: items of a list may have to differ."""
    if number and isinstance(value, str):
        return f"{value}{number}"
    if number and isinstance(value, dict):
        name = next((key for key, each in value.items() if each == "a"), "")
        return {**value, name: f"a{number}"} if name else value
    return value
