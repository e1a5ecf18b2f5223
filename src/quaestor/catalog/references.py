"""Names that schemas have for each other: which ones a schema mentions, which ones methods lead to, other names.

Before: `catalog.openapi` has reduced the schemas of a document. After: facts hold just the schemas that are needed,
under names that don't clash with those of another document.
"""

from __future__ import annotations

from quaestor.catalog.model import Schema
from quaestor.record import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from quaestor.catalog.model import Method


def refs(schema: Schema) -> set[str]:
    """The names of all schemas that one mentions."""
    out: set[str] = set()
    stack = [schema]
    while stack:
        each = stack.pop()
        if each.ref:
            out.add(each.ref)
        out.update(each.mapping.values())
        stack += [*each.properties.values(), *each.one_of, *each.any_of]
        stack += [below for below in (each.items, each.additional) if below is not None]
    return out


def reachable(methods: Iterable[Method], schemas: Mapping[str, Schema]) -> dict[str, Schema]:
    """The schemas that methods lead to."""
    listed = list(methods)
    todo = [method.response.schema for method in listed if method.response.schema]
    todo += [method.body.schema for method in listed if method.body is not None and method.body.schema]
    out: dict[str, Schema] = {}
    while todo:
        name = todo.pop()
        if name not in out:
            out[name] = schemas[name]
            todo += sorted(refs(schemas[name]))
    return out


def renamed(schema: Schema, names: Mapping[str, str]) -> Schema:
    """A schema that mentions others by their new names; those without one keep theirs."""
    if not names:
        return schema
    return replace(
        schema,
        ref=names.get(schema.ref, schema.ref),
        mapping={value: names.get(name, name) for value, name in schema.mapping.items()},
        properties={name: renamed(each, names) for name, each in schema.properties.items()},
        items=renamed(schema.items, names) if schema.items is not None else None,
        additional=renamed(schema.additional, names) if schema.additional is not None else None,
        one_of=tuple(renamed(each, names) for each in schema.one_of),
        any_of=tuple(renamed(each, names) for each in schema.any_of),
    )
