"""Documents read, whichever version they are of, and several of them as one.

Before: files. After: `authoring.build` makes methods of the operations.
"""

from __future__ import annotations

from quaestor.authoring import bundle, swagger
from quaestor.catalog.openapi import Operation, Spec
from quaestor.catalog.references import refs, renamed
from quaestor.errors import CatalogError
from quaestor.record import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quaestor.catalog.model import Schema


def load_spec(path: str) -> Spec:
    """The OpenAPI 3 or Swagger 2 document at `path`, with what it refers to in files beside it.
    Raises CatalogError for one that can't be read."""
    root = bundle.read(path)
    return Spec(swagger.converted(root, path) if swagger.is_swagger(root) else root, path)


def joined(specs: Sequence[tuple[str, Spec]]) -> tuple[dict[str, Operation], dict[str, Schema]]:
    """All operations by key and all schemas by name; a later spec's schema that clashes gets a name of its own."""
    operations: dict[str, Operation] = {}
    schemas: dict[str, Schema] = {}
    for label, spec in specs:
        found = {each: spec.schema(each) for each in spec.components}
        renames = {each: _free(f"{each}_{label}", schemas, found) for each in _clashing(schemas, found)}
        for each, schema in found.items():
            schemas[renames.get(each, each)] = renamed(schema, renames)
        for operation in spec.operations():
            if operation.key in operations:
                raise CatalogError(f"{spec.source}: {operation.key} is in an earlier spec too")
            operations[operation.key] = _renamed_in(operation, renames)
    return operations, schemas


def _free(name: str, *taken: Mapping[str, Schema]) -> str:
    while any(name in each for each in taken):
        name += "_"
    return name


def _clashing(known: Mapping[str, Schema], new: Mapping[str, Schema]) -> set[str]:
    """Names in both whose content differs, or that lead to one that does."""
    shared = known.keys() & new.keys()
    differ = {name for name in shared if known[name] != new[name]}
    while True:
        more = {name for name in shared - differ if refs(new[name]) & differ}
        if not more:
            return differ
        differ |= more


def _renamed_in(operation: Operation, renames: Mapping[str, str]) -> Operation:
    return replace(
        operation,
        response=renamed(operation.response, renames) if operation.response is not None else None,
        body=renamed(operation.body, renames) if operation.body is not None else None,
        parameters=tuple(replace(p, schema=renamed(p.schema, renames)) for p in operation.parameters),
    )
