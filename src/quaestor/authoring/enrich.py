"""A vendor's titles and descriptions laid beside the catalog, on the user's machine; the catalog stays as it is.

Before: `pages.prose` finds words by operation and field. After: `catalog.texts` keeps them; SHOW and DESCRIBE
EXTENDED show them, and `provider docs` has the documents.
"""

from __future__ import annotations

import json

from quaestor.authoring import bundle, swagger
from quaestor.authoring.pages.prose import Prose
from quaestor.authoring.sources import body_fields
from quaestor.catalog import texts
from quaestor.errors import CatalogError, did_you_mean
from quaestor.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from quaestor.authoring.pages.prose import OperationProse
    from quaestor.catalog.catalog import Catalog
    from quaestor.catalog.columns import Lookup
    from quaestor.catalog.model import Method, Provider, Resource, Schema

    #: service, resource, method, kind, name, text
    Row = tuple[str, str, str, str, str, str]


class Enriched(Record):
    """What was kept: of how many of the provider's methods the documents speak, and how many texts there are."""

    described: int
    methods: int
    texts: int


def enrich(catalog: Catalog, name: str, specs: Sequence[str], path: str) -> Enriched:
    """Keeps at `path` what these OpenAPI documents say of a provider; what was there before goes. Raises CatalogError
    for a provider that isn't there, and for documents that can't be read or have none of its operations."""
    provider = known(catalog, name)
    roots = [(spec, _read(spec)) for spec in specs]
    prose = [Prose(root, spec) for spec, root in roots]
    rows: list[Row] = []
    described = methods = 0
    for service in catalog.services(name):
        tags: list[str] = []
        for info in catalog.resources(name, service.name):
            resource = catalog.resource(name, service.name, info.name)
            if resource is None:
                continue
            found = {method.name: _operation(prose, method) for method in resource.methods}
            methods += len(found)
            described += sum(each is not None for each in found.values())
            rows += _resource(catalog, provider, resource, found)
            own = [each.tag for each in found.values() if each is not None and each.tag]
            rows += _group(prose, own, (service.name, info.name, "", texts.RESOURCE, info.name))
            tags += own
        rows += _group(prose, tags, (service.name, "", "", texts.SERVICE, service.name))
    if not described:
        raise CatalogError(f"{', '.join(specs)}: none of {name}'s {methods} operations is in there")
    rows = [row for row in rows if row[-1].strip()]
    texts.write(path, rows, [(spec, json.dumps(root, ensure_ascii=False)) for spec, root in roots])
    return Enriched(described, methods, len(rows))


def known(catalog: Catalog, name: str) -> Provider:
    """The provider of this name. Raises CatalogError."""
    found = catalog.provider(name)
    if found is None:
        names = [each.name for each in catalog.providers()]
        raise CatalogError(
            f"there is no provider called {name}",
            hint=did_you_mean(name, names) or f"there are {', '.join(names)}; --registry names a folder of another",
        )
    return found


def _read(path: str) -> dict[str, object]:
    root = bundle.read(path)
    return swagger.converted(root, path) if swagger.is_swagger(root) else root


def _operation(prose: Sequence[Prose], method: Method) -> OperationProse | None:
    found = (each.operation(method.http, method.path) for each in prose)
    return next((each for each in found if each is not None), None)


def _group(prose: Sequence[Prose], tags: list[str], place: tuple[str, str, str, str, str]) -> Iterator[Row]:
    """The text on a service or resource: that on the tag of all its operations, if they have one in common."""
    if len(set(tags)) == 1:
        text = next((each.tag(tags[0]) for each in prose if each.tag(tags[0])), "")
        yield (*place, text)


def _resource(
    catalog: Catalog, provider: Provider, resource: Resource, found: dict[str, OperationProse | None]
) -> Iterator[Row]:
    def lookup(name: str) -> Schema:
        schema = catalog.schema(provider.name, name)
        if schema is None:
            raise CatalogError(f"{provider.name} has no schema {name!r}")
        return schema

    for method in resource.methods:
        said = found[method.name]
        if said is not None:
            for kind, name, text in _method(provider, method, said, lookup):
                yield resource.service, resource.name, method.name, kind, name, text


def _method(
    provider: Provider, method: Method, said: OperationProse, lookup: Lookup
) -> Iterator[tuple[str, str, str]]:
    """Kind, name and text of all that a method has words on."""
    yield texts.METHOD, method.name, said.text
    for parameter in method.parameters:
        yield texts.PARAMETER, parameter.name, said.parameter(parameter.wire, parameter.location)[0]
    for variable in (method.server or provider.server).variables:
        yield texts.PARAMETER, variable.name, said.prose.variable(variable.name)
    if method.body is not None:
        inside = said.body(method.body.media_type)[1]
        for key in method.body.envelope:
            inside = inside.below(key)
        for name in body_fields(method, lookup):
            yield texts.BODY, name, inside.below(name).description
    row = said.row(method.response)
    for column in method.columns:
        text = row
        for key in column.path:
            text = text.below(key)
        if column.path:
            yield texts.COLUMN, column.name, text.description
