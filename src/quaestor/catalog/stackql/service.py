"""A service document: OpenAPI with StackQL's resources in `components.x-stackQL-resources` → facts.

Before: `provider` said where the document is. After: `catalog.documents` compiles the facts.
"""

from __future__ import annotations

from quaestor.catalog import document
from quaestor.catalog.facts import Facts, MethodFacts, ResourceFacts
from quaestor.catalog.openapi import Spec
from quaestor.catalog.references import reachable, renamed
from quaestor.catalog.stackql import config, methods
from quaestor.errors import CatalogError
from quaestor.record import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from quaestor.catalog.model import Method, Schema
    from quaestor.catalog.stackql.provider import Head, ServiceEntry

#: The verbs of a document, in the order in which one method's several verbs count.
_VERBS = ("select", "insert", "update", "replace", "delete")
#: Where `sqlVerbs` says nothing of a verb, methods of these names are it.
_USUAL = {
    "select": ("select", "list", "aggregatedList", "get"),
    "insert": ("insert", "create"),
    "delete": ("delete",),
}


def read(head: Head, entry: ServiceEntry) -> Facts:
    """The facts of one service. Raises CatalogError, naming file and place, for what can't be read."""
    if not entry.path:
        raise CatalogError(f"{head.provider.name}.{entry.name} is listed, but its document isn't there")
    return facts(head, entry, document.read(entry.path, max_bytes=document.MAX_FOREIGN_BYTES), entry.path)


def facts(head: Head, entry: ServiceEntry, root: dict[str, Any], source: str) -> Facts:
    """The facts of a service document that has been read; `source` names it in errors."""
    spec = Spec(root, source)
    common = (config.of(root, source), entry.config, head.config)
    components = document.mapping(root.get("components"), f"{source}: components")
    listed = document.mapping(
        components.get("x-stackQL-resources") or root.get("resources"), f"{source}: x-stackQL-resources"
    )
    schemas: dict[str, Schema] = {name: spec.schema(name) for name in spec.components}
    reader = methods.Reader(head.provider, entry.name, spec, schemas)
    resources = tuple(
        _resource(name, document.mapping(found, f"{source}: {name}"), entry.name, reader, common)
        for name, found in listed.items()
    )
    kept = reachable((each.method for resource in resources for each in resource.methods), schemas)
    names = {name: f"{entry.name}:{name}" for name in kept}
    return Facts(
        head.provider,
        {entry.name: entry.title},
        tuple(_marked_resource(each, names) for each in resources),
        {names[name]: renamed(schema, names) for name, schema in kept.items()},
    )


def _marked_resource(resource: ResourceFacts, names: Mapping[str, str]) -> ResourceFacts:
    return replace(
        resource,
        methods=tuple(replace(each, method=_marked_method(each.method, names)) for each in resource.methods),
    )


def _marked_method(method: Method, names: Mapping[str, str]) -> Method:
    """A method whose schemas carry their service's name: two services of a provider may call different things so."""
    response, body = method.response, method.body
    if response.schema:
        response = replace(response, schema=names[response.schema])
    if body is not None and body.schema:
        body = replace(body, schema=names[body.schema])
    return replace(method, response=response, body=body)


def _resource(
    name: str, found: dict[str, Any], service: str, reader: methods.Reader, common: tuple[dict[str, Any], ...]
) -> ResourceFacts:
    where = f"{service}.{name}"
    own = config.of(found, where)
    title = str(found.get("title") or name)
    if own.get("sqlExternalTables"):
        raise CatalogError(f"{where} is a table of another database (sqlExternalTables), which is not read here")
    view = _view(own, where)
    if view:
        return ResourceFacts(service, name, title, (), view)
    listed = document.mapping(found.get("methods"), f"{where}: methods")
    read: list[MethodFacts] = []
    for verb, each in _order(found, listed, where):
        fields = document.mapping(listed[each], f"{where}.{each}")
        levels = (config.of(fields, f"{where}.{each}"), own, *common)
        try:
            read.append(reader.method(name, each, verb, fields, levels))
        except CatalogError as error:
            raise CatalogError(f"{where}.{each}: {error.message}", hint=error.hint) from error
    return ResourceFacts(service, name, title, tuple(read))


def _order(found: dict[str, Any], listed: dict[str, Any], where: str) -> Iterator[tuple[str, str]]:
    """Verb and name of each method: those of a verb in its order, then those that EXEC alone reaches."""
    verbs = document.mapping(found.get("sqlVerbs"), f"{where}: sqlVerbs")
    seen: set[str] = set()
    for verb in _VERBS:
        references = verbs.get(verb)
        if references is None:
            names = [each for each in _USUAL.get(verb, ()) if each in listed]
        else:
            names = [_named(each, where) for each in document.sequence(references, f"{where}: {verb}")]
        for name in names:
            if name not in listed:
                raise CatalogError(f"{where}: {verb} names the method {name!r}, which isn't there")
            seen.add(name)
            yield verb, name
    for name in listed:
        if name not in seen:
            yield "exec", name


def _named(reference: Any, where: str) -> str:
    pointer = document.mapping(reference, f"{where}: sqlVerbs").get("$ref")
    if not isinstance(pointer, str):
        raise CatalogError(f"{where}: a verb's method is no $ref")
    return pointer.rsplit("/", 1)[-1].replace("~1", "/").replace("~0", "~")


def _view(own: dict[str, Any], where: str) -> str:
    """The SELECT of a view for SQLite: the first whose predicate asks for it, or for no dialect."""
    views = document.mapping(own.get("views"), f"{where}: views")
    step = document.mapping(views.get("select"), f"{where}: views.select")
    first = ""
    while step:
        text, predicate = str(step.get("ddl") or ""), str(step.get("predicate") or "")
        if text and ("sqlDialect" not in predicate or '"sqlite3"' in predicate):
            return text
        first = first or text
        step = document.mapping(step.get("fallback"), f"{where}: views.fallback")
    return first
