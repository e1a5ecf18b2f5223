"""A provider's facts, wherever they are: built in, a folder of ours, StackQL's documents, or a spec.

Before: what a person names on the command line. After: `diff`, `lint` and `export` look at the facts.
"""

from __future__ import annotations

import os

from quaestor.authoring.build import build
from quaestor.authoring.specs import load_spec
from quaestor.catalog import columns, document, facts
from quaestor.catalog.facts import Facts, ResourceFacts
from quaestor.catalog.model import Column, Method, Schema
from quaestor.catalog.stackql import folder, provider, service
from quaestor.catalog.store import BUILTIN
from quaestor.errors import CatalogError, did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from quaestor.catalog.columns import Lookup
    from quaestor.catalog.stackql.folder import Folder


def builtin_names() -> tuple[str, ...]:
    """The names of the built-in providers."""
    return tuple(
        sorted(name for name in os.listdir(BUILTIN) if os.path.isdir(os.path.join(BUILTIN, name, "services")))
    )


def load(named: str) -> Facts:
    """The facts of a built-in provider by its name, else of what is at this path: a folder that `provider build`
    wrote, a provider's folder of StackQL's documents, or a spec. Raises CatalogError for anything else."""
    if named in builtin_names():
        return facts.read(os.path.join(BUILTIN, named))
    if os.path.isfile(named):
        return build("spec", [("spec", load_spec(named))])[0]
    if not os.path.isdir(named):
        near = did_you_mean(named, builtin_names())
        raise CatalogError(
            f"there is no provider, folder or file {named!r}",
            hint=near or f"built in are {', '.join(builtin_names())}",
        )
    if not is_documents(named):
        return facts.read(named)
    found = folder.folders(named)
    if len(found) > 1:
        names = ", ".join(each.name for each in found)
        raise CatalogError(f"{named} holds several providers: {names}", hint="name the folder of one")
    return load_documents(found[0])


def is_folder(path: str) -> bool:
    """Whether a path is a folder's."""
    return os.path.isdir(path)


def is_documents(path: str) -> bool:
    """Whether a folder holds StackQL's documents, not facts that `provider build` wrote."""
    head = os.path.join(path, "provider.yaml")
    return not os.path.isfile(head) or "providerServices" in document.read(head)


def load_documents(where: Folder, failed: Callable[[str, CatalogError], None] | None = None) -> Facts:
    """All services of a provider of StackQL's documents as one. `failed` is told of services that can't be read;
    without it they are CatalogErrors. Services whose documents aren't there are left out."""
    head = provider.read(where)
    out = Facts(head.provider, {}, (), {})
    for entry in head.services:
        if not entry.path:
            continue
        try:
            found = service.read(head, entry)
        except CatalogError as error:
            if failed is None:
                raise
            failed(entry.name, error)
            continue
        out.services.update(found.services)
        out.schemas.update(found.schemas)
        out = Facts(out.provider, out.services, (*out.resources, *found.resources), out.schemas)
    return out


def lookup_of(found: Facts) -> Lookup:
    """Schemas by name. Raises CatalogError for one that isn't there."""

    def lookup(name: str) -> Schema:
        if name not in found.schemas:
            raise CatalogError(f"{found.provider.name} has no schema {name!r}")
        return found.schemas[name]

    return lookup


def columns_by_method(found: Facts, resource: ResourceFacts) -> dict[str, tuple[Column, ...]]:
    """The columns of each method of a resource, by its name."""
    lookup = lookup_of(found)
    return {
        each.method.name: columns.columns_of(each.method.response, lookup, each.patches) for each in resource.methods
    }


def body_fields(method: Method, lookup: Lookup) -> dict[str, tuple[list[Schema], bool]]:
    """What a method's body takes, inside its envelope: name → (its schemas, whether it is required)."""
    if method.body is None or not method.body.schema:
        return {}
    schemas = [Schema(ref=method.body.schema)]
    for key in method.body.envelope:
        members = columns.object_fields(schemas, lookup)
        schemas = members[key][0] if key in members else []
    return columns.object_fields(schemas, lookup)
