"""Values for the placeholders of the pages' examples: keys of what the sandbox holds, and what parameters and schemas
allow.

Before: `authoring.pages.statements` says what each placeholder stands for. After: `running` runs the statements.
"""

from __future__ import annotations

import re
from typing import Any

from quaestor.authoring.pages.prose import Text
from quaestor.authoring.pages.shape import Shape, sample
from quaestor.authoring.pages.statements import Given, Statement
from quaestor.catalog.model import Method, Parameter, Schema
from quaestor.sandbox.site import Site
from quaestor.surfaces.cli.provider_docs import text_for

#: Parameters whose text is in a language of its own.
_TEXTS = {
    "search": 'status eq "ACTIVE"',
    "from": "2026-01-01T00:00:00Z",
    "to": "2026-01-02T00:00:00Z",
    "since": "2026-01-01T00:00:00Z",
    "start": "2026-01-01T00:00:00Z",
    "end": "2026-01-02T00:00:00Z",
    "until": "2026-01-02T00:00:00Z",
    "Type": "application/json",  # Content-Type
}
#: Parameters with bounds, which the catalog hasn't.
_NUMBERS = {"validityYears": 2, "filter[hours_ago]": 49}
_UUID = "01234567-89ab-4cde-8123-456789abcdef"


def values_of(site: Site, method: Method, statement: Statement, catalog: Any) -> dict[str, Any]:
    """A value for each placeholder of a statement."""
    keys = keys_of(site, method)
    found: dict[str, Any] = {}
    for each in statement.given:
        if each.placeholder:
            found[each.placeholder] = _value(each, keys, method, lambda name: catalog.schema(site.provider, name))
    return found


def keys_of(site: Site, method: Method) -> dict[str, str]:
    """Values of a path's parameters, by their names on the wire, under which the sandbox holds something."""
    names = re.findall(r"\{([^{}]+)\}", method.path)
    route = site.routes.at(re.sub(r"\{[^{}]*\}", "{}", method.path), method.http)
    assert route is not None, method.path
    values = site.example(route)
    return dict(zip(names, (*values, *("x" * (len(names) - len(values)))), strict=False))


def _value(given: Given, keys: dict[str, str], method: Method, lookup: Any) -> Any:
    if given.parameter is not None:
        return _of_parameter(given.parameter, method, keys)
    if given.shape is not None:
        return sample(given.shape, is_sent=True, matching=text_for)
    assert method.body is not None
    return sample(Shape((Schema(ref=method.body.schema),), lookup, Text()), is_sent=True, matching=text_for)


def _of_parameter(parameter: Parameter, method: Method, keys: dict[str, str]) -> Any:
    if parameter.location == "path":
        value = parameter.enum[0] if parameter.enum else keys[parameter.wire]
        if parameter.format == "uuid" and value == "default":  # what the sandbox has where any key will do
            return _UUID
        if parameter.type == "integer":
            return int(value) if value.isdecimal() else 1
        return value
    if parameter.wire in _NUMBERS:
        return _NUMBERS[parameter.wire]
    simple = {"integer": 1, "number": 1.0, "boolean": True, "date-time": "2026-01-01T00:00:00Z", "object": "{}"}
    item = parameter.enum[0] if parameter.enum else ""
    if parameter.type == "array":
        return [item or simple.get(parameter.item_type, "abc")]
    if parameter.name == "filter" and not item and parameter.location == "query":
        return "abc" if method.path.startswith("/api/v2/") else 'status eq "ACTIVE"'  # Datadog's is a word
    last = re.findall(r"\w+", parameter.wire)[-1]
    if "created_at" in parameter.wire or "modified_at" in parameter.wire:
        last = "from"
    if parameter.format == "uuid":
        return _UUID
    return item or simple.get(parameter.type) or _TEXTS.get(last, "abc")
