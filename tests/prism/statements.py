"""Statements that together call every method of a catalog: with what it requires, then with each option in turn.

Before: `documents` and `samples` give the arguments. After: `report` runs them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.prism.documents import SOURCES, Document, document_of
from tests.prism.samples import Sampler

from quaestor.plan.routes import PARAMETER_PREFIX, parameter_of

if TYPE_CHECKING:
    from quaestor.catalog.model import Method, Parameter, Resource
    from quaestor.catalog.store import Store


@dataclass(frozen=True)
class Call:
    """A method, and the parameters that are set: those that it requires and perhaps one more."""

    provider: str
    resource: Resource
    method: Method
    option: str
    values: dict[str, Any]

    @property
    def needs_bearer(self) -> bool:
        """Whether the spec lets in nobody with the provider's keys: every way to sign in is OAuth."""
        doc = document_of(self.provider, self.key)
        assert doc is not None
        ways = doc.operations[self.key].raw.get("security", doc.raw.get("security", []))
        schemes = doc.raw["components"]["securitySchemes"]
        return bool(ways) and not any(all(schemes[name]["type"] == "apiKey" for name in way) for way in ways)

    @property
    def key(self) -> str:
        """The operation, as specs know it."""
        return f"{self.method.http} {self.method.path}"

    @property
    def name(self) -> str:
        """The method and the option, for people."""
        return f"{self.resource.id}.{self.method.name}" + (f" + {self.option}" if self.option else "")


def calls(catalog: Store, verb: str) -> Iterator[Call]:
    """Every call of every method of a verb of both providers."""
    for provider in SOURCES:
        for service in catalog.services(provider):
            for info in catalog.resources(provider, service.name):
                resource = catalog.resource(provider, service.name, info.name)
                assert resource is not None
                for method in resource.by_verb(verb):
                    yield from _of_method(provider, resource, method)


def _of_method(provider: str, resource: Resource, method: Method) -> Iterator[Call]:
    doc = document_of(provider, f"{method.http} {method.path}")
    assert doc is not None, f"{method.http} {method.path} is in no spec"
    required = {p.name: argument(doc, method, p) for p in method.required}
    yield Call(provider, resource, method, "", required)
    for parameter in method.parameters:
        if not parameter.required:
            values = {**required, parameter.name: argument(doc, method, parameter)}
            yield Call(provider, resource, method, parameter.name, values)


def argument(doc: Document, method: Method, parameter: Parameter) -> Any:
    """A value that the vendor's spec allows for a parameter."""
    told = doc.operations[f"{method.http} {method.path}"].parameter(parameter.wire, parameter.location)
    if told is None:  # the overlay knows it from recordings
        return {"boolean": True, "integer": 1, "array": ["abc"]}.get(parameter.type, "abc")
    if parameter.wire.lower() == "content-type":  # the spec says any text, but Prism ends at what is no media type
        return "application/json"
    schema = told["schema"] if "schema" in told else next(iter(told["content"].values()))["schema"]
    return Sampler(doc, is_full=True).value(schema)


def literal(value: Any) -> str:
    """A value in SQL; lists and objects are JSON text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    text = value if isinstance(value, str) else json.dumps(value)
    return "'" + text.replace("'", "''") + "'"


def statements(call: Call) -> Iterator[str]:
    """Statements that may call the method, the likeliest first: which method serves a SELECT follows from what it
    binds and from the columns that it wants."""
    resource, method = call.resource, call.method
    table = f'{call.provider}."{resource.service}"."{resource.name}"'
    conditions = [f"{_column(call, name)} = {literal(value)}" for name, value in call.values.items()]
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    others = {column.name for each in resource.by_verb("select") if each is not method for column in each.columns}
    own = [column.name for column in method.columns if column.name not in others]
    prefixed = " AND ".join(f'"{PARAMETER_PREFIX}{name}" = {literal(value)}' for name, value in call.values.items())
    for wanted in ["count(*)", *(f'"{name}"' for name in own[:1]), "*"]:
        yield f"SELECT {wanted} FROM {table}{where}"
    if prefixed:
        yield f"SELECT count(*) FROM {table} WHERE {prefixed}"


def _column(call: Call, name: str) -> str:
    """What a statement calls a parameter: its name, if that isn't taken for the field of the same name."""
    bound = parameter_of(call.method, name)
    plain = bound is not None and bound.name == name
    return f'"{name}"' if plain else f'"{PARAMETER_PREFIX}{name}"'


def answer(call_key: str, doc: Document, row_path: tuple[str, ...]) -> dict[str, Any]:
    """The responses that Prism may give: the documented status and media types, with a body without rows."""
    status, content = doc.success(call_key)
    body = _empty(doc, content, row_path)
    kinds = {kind: {"example": body if "json" in kind else "abc"} for kind in content}
    return {str(status): {"description": "", **({"content": kinds} if kinds else {})}}


def _empty(doc: Document, content: Any, row_path: tuple[str, ...]) -> Any:
    """A body whose rows are an empty list, or one empty object, by what the spec has there."""
    media: Any = next((about for kind, about in content.items() if "json" in kind), {})
    schema = Sampler(doc).merged(media.get("schema", {}))
    steps: list[str] = []
    for step in row_path:
        if step == "*":
            break
        steps.append(step)
        schema = Sampler(doc).merged(_first(doc, Sampler(doc).merged(schema)).get("properties", {}).get(step, {}))
    body: Any = [] if _first(doc, schema).get("type") == "array" else {}
    for step in reversed(steps):
        body = {step: body}
    return body


def _first(doc: Document, schema: dict[str, Any]) -> dict[str, Any]:
    for choice in ("oneOf", "anyOf"):
        parts = [Sampler(doc).merged(each) for each in schema.get(choice, ())]
        if parts:
            return next((each for each in parts if each.get("type") == "array"), parts[0])
    return schema
