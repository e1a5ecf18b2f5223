"""Statements that together call every method of a catalog: with what it requires, then with each option in turn.

Before: `documents` and `samples` give the arguments. After: `report` runs them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.prism.documents import SOURCES, Document, document_of, needs_bearer
from tests.prism.samples import Sampler

from quaestor.plan.routes import PARAMETER_PREFIX, parameter_of

if TYPE_CHECKING:
    from quaestor.catalog.model import Method, Parameter, Resource
    from quaestor.catalog.store import Store


@dataclass(frozen=True)
class Call:
    """A method, and the parameters that are set: those that it requires and perhaps one more.

    Attributes:
        option: the parameter more, or `whole body` for a body with all its properties, or empty.
        body: what is sent, as the vendor's spec has it; None for nothing.
    """

    provider: str
    resource: Resource
    method: Method
    option: str
    values: dict[str, Any]
    body: Any = None

    @property
    def needs_bearer(self) -> bool:
        """Whether the spec lets in nobody with the provider's keys: every way to sign in is OAuth."""
        doc = document_of(self.provider, self.key)
        assert doc is not None
        return needs_bearer(doc, self.key)

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
    body = body_of(doc, method, is_full=False)
    yield Call(provider, resource, method, "", required, body)
    whole = body_of(doc, method, is_full=True)
    if whole != body:
        yield Call(provider, resource, method, "whole body", required, whole)
    for parameter in method.parameters:
        if not parameter.required:
            values = {**required, parameter.name: argument(doc, method, parameter)}
            yield Call(provider, resource, method, parameter.name, values, body)


def body_of(doc: Document, method: Method, *, is_full: bool) -> Any:
    """A body that the vendor's spec allows, None for a method that takes none. SELECT fills none in."""
    about = doc.resolved(doc.operations[f"{method.http} {method.path}"].raw.get("requestBody"))
    if method.body is None or method.verb == "select" or not about:
        return None
    schema = about["content"].get(method.body.media_type, next(iter(about["content"].values()))).get("schema", {})
    made = Sampler(doc, is_full=is_full).value(schema)
    if not is_full and not _reaches(made, method.body.envelope):
        return Sampler(doc, is_full=True).value(schema)  # a body without its envelope says nothing
    return made


def _reaches(body: Any, envelope: tuple[str, ...]) -> bool:
    for key in envelope:
        body = body.get(key) if isinstance(body, dict) else None
    return body is not None


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
    """Statements that may call the method, the likeliest first: which method serves a statement follows from the
    names in it. EXEC, which calls any method by its name, is the last."""
    resource = call.resource
    table = f'{call.provider}."{resource.service}"."{resource.name}"'
    verb = call.method.verb
    if verb == "select":
        yield from _selects(call, table)
        return
    if verb != "exec":
        yield from _writes(call, table)
    arguments = [f"@{_argument(name)} = {literal(value)}" for name, value in call.values.items()]
    body = "" if call.body is None else f" @@json = {literal(call.body)}"
    yield f'EXEC {table}."{call.method.name}" {", ".join(arguments)}{body}'


def _selects(call: Call, table: str) -> Iterator[str]:
    """Which method serves a SELECT follows from what it binds and from the columns that it wants."""
    conditions = [f"{_column(call, name)} = {literal(value)}" for name, value in call.values.items()]
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    selects = call.resource.by_verb("select")
    others = {column.name for each in selects if each is not call.method for column in each.columns}
    own = [column.name for column in call.method.columns if column.name not in others]
    prefixed = " AND ".join(f'"{PARAMETER_PREFIX}{name}" = {literal(value)}' for name, value in call.values.items())
    for wanted in ["count(*)", *(f'"{name}"' for name in own[:1]), "*"]:
        yield f"SELECT {wanted} FROM {table}{where}"
    if prefixed:
        yield f"SELECT count(*) FROM {table} WHERE {prefixed}"


def _writes(call: Call, table: str) -> Iterator[str]:
    """INSERT, UPDATE, REPLACE or DELETE with a name for each property, then with the body as one value."""
    whole = {} if call.body is None else {"data__data": call.body}
    for prefix in ("", PARAMETER_PREFIX):
        given = {prefix + name: value for name, value in call.values.items()}
        for body in dict.fromkeys(("named", "whole") if call.body is not None else ("whole",)):
            fields = _named(call) if body == "named" else whole
            if fields is not None:
                yield _write(call.method.verb, table, given, fields)


def _write(verb: str, table: str, given: dict[str, Any], fields: dict[str, Any]) -> str:
    where = " AND ".join(f'"{name}" = {literal(value)}' for name, value in given.items())
    where = f" WHERE {where}" if where else ""
    if verb == "insert":
        names = ", ".join(f'"{name}"' for name in (*given, *fields))
        return f"INSERT INTO {table} ({names}) SELECT {', '.join(map(literal, (*given.values(), *fields.values())))}"
    if verb == "delete":
        return f"DELETE FROM {table}{where}"
    sets = ", ".join(f'"{name}" = {literal(value)}' for name, value in fields.items())
    return f"{'UPDATE' if verb == 'update' else 'REPLACE'} {table} SET {sets}{where}"


def _named(call: Call) -> dict[str, Any] | None:
    """The body's properties by the names that statements have for them; None where they have none for one."""
    body = call.method.body
    found: dict[str, Any] = {}
    at, here = call.body, ""
    for key in (*(body.envelope if body is not None else ()), None):
        if not isinstance(at, dict):
            return None
        for name, value in at.items():
            if name != key and f"{here}{name}" not in (body.constants if body is not None else {}):
                if f"data__{name}" in found:
                    return None
                found[f"data__{name}"] = value
        at, here = at.get(key) if key else None, f"{here}{key}."
    return found or None


def _argument(name: str) -> str:
    return name if name.isidentifier() else f'"{name}"'


def _column(call: Call, name: str) -> str:
    """What a statement calls a parameter: its name, if that isn't taken for the field of the same name."""
    bound = parameter_of(call.method, name)
    plain = bound is not None and bound.name == name
    return f'"{name}"' if plain else f'"{PARAMETER_PREFIX}{name}"'


def answer(call_key: str, doc: Document, row_path: tuple[str, ...]) -> dict[str, Any]:
    """The responses that Prism may give: the documented status and media types, with a body without rows."""
    status, content = doc.success(call_key)
    body = _empty(doc, content, row_path)
    # Prism takes `text/json` for text
    kinds = {kind: {"example": body if "json" in kind and kind[:5] != "text/" else "{}"} for kind in content}
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
