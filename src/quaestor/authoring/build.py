"""From specs, names and an overlay to a provider's facts.

Before: `catalog.openapi` reads the specs, `authoring.overlay` what we know besides.
After: `catalog.facts` writes the folder that `catalog.store` compiles.

    build(name, specs, names, overlay) → Facts, Report        pure
    run_build(...)                                            the same from files to a folder

With several specs, later ones join the first (Datadog's v1 after v2): an operation in two of them is an error, a
schema of another content under the same name is called `Name_v1` after its file.
"""

from __future__ import annotations

import os
import re

from quaestor.authoring import infer, keys, naming, origins, overlay, paging, verbs
from quaestor.authoring import specs as specs_
from quaestor.authoring.overlay import Overlay
from quaestor.catalog import columns, facts, listings, references
from quaestor.catalog.facts import Facts, MethodFacts, ResourceFacts
from quaestor.catalog.model import (
    Body,
    Column,
    Listing,
    Method,
    Pagination,
    Parameter,
    Provider,
    Response,
    Schema,
)
from quaestor.catalog.openapi import Operation, Spec, SpecParameter
from quaestor.errors import CatalogError, did_you_mean
from quaestor.record import Record, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    Names = Mapping[str, tuple[str, str, str, str]]


class Report(Record):
    """What a person should look at after a build; each line names the operation.

    Attributes:
        unreachable: operations that no method reaches. There are none, or the build has a fault.
        guesses: what only a rule of thumb says: rows, paging, names.
        doubtful: keys without a column, parameters renamed, parents that can't be listed.
    """

    operations: int
    unreachable: tuple[str, ...]
    guesses: tuple[str, ...]
    doubtful: tuple[str, ...]


class Planned(Record):
    """An operation on its way to be a method."""

    key: str
    service: str
    resource: str
    method: Method
    many: bool
    patches: dict[str, Any]


def build(
    name: str, specs: Sequence[tuple[str, Spec]], names: Names | None = None, over: Overlay | None = None
) -> tuple[Facts, Report]:
    """The facts of a provider, and what to look at. `specs` are labels (`v1`) and documents.

    Raises CatalogError for names and overlays that don't fit the specs, and for specs that can't be read.
    """
    over = over or Overlay()
    operations, schemas = specs_.joined(specs)
    _patch_schemas(schemas, over)
    _check_keys(operations, names or {}, over)
    builder = _Builder(name, operations, schemas, over, {place[:3] for place in (names or {}).values()})
    planned = [builder.planned(operation, (names or {}).get(operation.key)) for operation in operations.values()]
    planned = _in_order(planned, list(names or {}))
    planned = builder.with_keys(planned)
    resources = _resources(planned, over)
    services = {r.service: over.services.get(r.service, naming.title_of(r.service)) for r in resources}
    _check_titles(over, services, resources)
    found = Facts(
        builder.provider(specs), services, resources, references.reachable((p.method for p in planned), schemas)
    )
    reached = {f"{p.method.http} {p.method.path}" for p in planned}
    unreachable = tuple(key for key in operations if key not in reached)
    return found, Report(len(operations), unreachable, tuple(builder.guesses), tuple(builder.doubtful))


def run_build(
    provider: str, specs: Sequence[str], out: str, *, names: str = "", over: str = ""
) -> tuple[Facts, Report]:
    """Builds a provider from spec files and writes its folder `out`. `names` and `over` are the files of names and
    corrections, if there are any. Raises CatalogError, naming the file, where something can't be read or written."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", provider):
        raise CatalogError(f"{provider!r} can't be a provider's name", hint="small letters, digits and underscores")
    if not specs:
        raise CatalogError("there is no spec to build from")
    found, report = build(
        provider,
        [(os.path.basename(path).rsplit(".", 1)[0], specs_.load_spec(path)) for path in specs],
        overlay.load_names(names) if names else None,
        overlay.load(over) if over else None,
    )
    facts.write(found, out)
    return found, report


# -- overlays


def _patch_schemas(schemas: dict[str, Schema], over: Overlay) -> None:
    for name, patch in over.schemas.items():
        if name not in schemas:
            raise CatalogError(f"overlay: there is no schema {name!r}", hint=did_you_mean(name, tuple(schemas)))
        schemas[name] = _patched(schemas[name], patch, name)


def _patched(schema: Schema, patch: Mapping[str, Any], where: str) -> Schema:
    changes: dict[str, Any] = {}
    for key, value in patch.items():
        if key == "properties":
            properties = dict(schema.properties)
            for name, each in value.items():
                if each is None:
                    if properties.pop(name, None) is None:
                        raise CatalogError(f"overlay: {where} has no property {name!r} to take away")
                else:
                    properties[name] = _patched(properties.get(name, Schema()), each, f"{where}.{name}")
            changes[key] = properties
        elif key in ("items", "additional"):
            changes[key] = _patched(getattr(schema, key) or Schema(), value, f"{where}.{key}")
        elif key in ("one_of", "any_of"):
            changes[key] = tuple(facts.schema_from(each, where) for each in value)
        else:
            changes[key] = tuple(value) if isinstance(value, list) else value
    return replace(schema, **changes)


def _check_keys(operations: Mapping[str, Operation], names: Names, over: Overlay) -> None:
    for what, said in (("names", names), ("overlay", over.operations)):
        for key in said:
            if key not in operations:
                raise CatalogError(f"{what}: no spec has {key}", hint=did_you_mean(key, tuple(operations)))


def _check_titles(over: Overlay, services: Mapping[str, str], resources: Iterable[ResourceFacts]) -> None:
    known = {f"{r.service}.{r.name}" for r in resources}
    for name in over.services.keys() - services.keys():
        raise CatalogError(f"overlay: there is no service {name!r}")
    for name in over.resources.keys() - known:
        raise CatalogError(f"overlay: there is no resource {name!r}")


# -- one operation


class _Builder:
    """Turns operations into methods; collects what to look at."""

    def __init__(
        self,
        provider: str,
        operations: Mapping[str, Operation],
        schemas: dict[str, Schema],
        over: Overlay,
        taken: set[tuple[str, str, str]],
    ) -> None:
        self.guesses: list[str] = []
        self.doubtful: list[str] = []
        self._provider = provider
        self._schemas = schemas
        self._over = over
        self._taken = taken
        self._places = naming.places(operations.values())
        self._links = paging.links(operations.values(), over.links)
        path_names = [p.name for o in operations.values() for p in o.parameters if p.location == "path"]
        self._snake = sum("_" in name for name in path_names) >= sum(name != name.lower() for name in path_names)

    def provider(self, specs: Sequence[tuple[str, Spec]]) -> Provider:
        """The provider as a whole, from its first document and the overlay."""
        found = origins.provider(self._provider, specs[0][1], self._over)
        self.guesses += found.guesses
        self.doubtful += found.doubtful
        return found.provider

    def _lookup(self, name: str) -> Schema:
        if name not in self._schemas:
            raise CatalogError(f"there is no schema {name!r}", hint=did_you_mean(name, tuple(self._schemas)))
        return self._schemas[name]

    def planned(self, operation: Operation, named: tuple[str, str, str, str] | None) -> Planned:
        """The operation as a method with its response, paging, body and bare parameters."""
        said = self._over.operations.get(operation.key, {})
        try:
            return self._planned(operation, named, said)
        except CatalogError as error:
            raise CatalogError(f"{operation.key}: {error.message}", hint=error.hint) from error

    def _planned(
        self, operation: Operation, named: tuple[str, str, str, str] | None, said: dict[str, Any]
    ) -> Planned:
        service, resource, name, verb = named or self._guessed(operation)
        own = f"{service}.{resource}.{name}"
        operation = _corrected(operation, said)
        rows = infer.rows(operation, self._name(operation.response, f"{own}.response"), self._lookup)
        if rows.guess and "rows" not in said:
            self.guesses.append(f"{operation.key}: rows {facts.path_text(rows.response.row_path)}")
        response = self._response(rows.response, said)
        found = paging.pagination(operation, rows.many, rows.wrapped, self._lookup, self._links)
        pages = self._pagination(found, operation, said)
        patches = said.get("columns", {})
        method = Method(
            name=name,
            verb=verb,
            http=operation.http,
            path=operation.path,
            parameters=keys.parameters(operation.parameters, pages, self._lookup),
            response=response,
            columns=columns.columns_of(response, self._lookup, patches),
            pagination=pages,
            body=self._body(operation, f"{own}.body", said),
            permissions=said.get("permissions", operation.permissions),
            scopes=said.get("scopes", operation.scopes),
            server=origins.own_server(operation, self._over, said),
            operation=operation.operation,
            lifecycle=said.get("lifecycle", operation.lifecycle),
            hidden=said.get("hidden", ()),
            listing=said.get("listing", Listing()),
            natural_key=said.get("natural_key", ()),
        )
        return Planned(operation.key, service, resource, method, rows.many, patches)

    def _guessed(self, operation: Operation) -> tuple[str, str, str, str]:
        """A place for an operation that nobody has named, another one's never."""
        service, resource, name, verb = self._places[operation.key]
        count = 1
        while (service, resource, unique := f"{name}_{count}" if count > 1 else name) in self._taken:
            count += 1
        self._taken.add((service, resource, unique))
        told = "" if verbs.first_word(operation) else " (unsure: only its path and HTTP method tell)"
        self.guesses.append(f"{operation.key}: name {service}.{resource}.{unique} {verb}{told}")
        return service, resource, unique, verb

    def _name(self, schema: Schema | None, own: str) -> str:
        """What a body's schema is called: its own name, or one for it alone."""
        if schema is None:
            return ""
        if schema.ref and schema == Schema(ref=schema.ref):
            return schema.ref
        self._schemas[own] = schema
        return own

    def _response(self, response: Response, said: dict[str, Any]) -> Response:
        spelled = {"rows": "row_path", "map_key": "map_key", "scalar": "scalar", "schema": "schema"}
        spelled |= {"status": "status", "media_type": "media_type"}
        changes = {ours: said[theirs] for theirs, ours in spelled.items() if theirs in said}
        if changes.keys() & {"row_path", "schema", "map_key", "scalar"}:
            self._lookup(changes.get("schema", response.schema))
            fresh = replace(response, **{"map_key": "", "scalar": "", "flatten": "", **changes})
            response = infer.finished(fresh, self._lookup)
        elif changes:
            response = replace(response, **changes)
        if "flatten" in said:
            response = replace(response, flatten="" if said["flatten"] == "none" else said["flatten"])
        return response

    def _pagination(self, found: paging.Found, operation: Operation, said: dict[str, Any]) -> Pagination:
        if "pagination" not in said:
            if found.guess:
                self.guesses.append(f"{operation.key}: paging {found.pagination.style}")
            return found.pagination
        fields = said["pagination"]
        if "style" not in fields:
            return replace(found.pagination, **fields)
        sizes = {p.name: p.schema for p in operation.parameters if p.location == "query"}
        size = sizes.get(fields.get("size_param", ""), Schema())
        read = {"size_max": paging.positive(size.maximum), "size_default": paging.positive(size.default)}
        return Pagination(**{**read, **fields})

    def _body(self, operation: Operation, own: str, said: dict[str, Any]) -> Body | None:
        if "body" in said and said["body"] is None:
            return None
        body = infer.body(operation, self._name(operation.body, own), self._lookup)
        changes = dict(said.get("body") or {})
        if "schema" in changes:
            self._lookup(changes["schema"])
        if "envelope" in changes:
            changes["envelope"] = tuple(changes["envelope"])
        return replace(body or Body(), **changes) if changes else body

    # -- keys

    def with_keys(self, planned: list[Planned]) -> list[Planned]:
        """All methods with item keys, echoes and parents, an overlay's word last."""
        by_resource: dict[tuple[str, str], list[Planned]] = {}
        for each in planned:
            by_resource.setdefault((each.service, each.resource), []).append(each)
        keyed: list[Planned] = []
        for group in by_resource.values():
            own = _row_columns(group)
            items = keys.item_shapes((p.method, p.many) for p in group)
            for each in group:
                method = keys.with_keys(each.method, own, items, lists=each.many, snake=self._snake)
                keyed.append(replace(each, method=self._keyed(each.key, method, own)))
        lists = self._lists(keyed)
        out = []
        for each in keyed:
            method = keys.with_parents(each.method, self._id(each), lists)
            out.append(replace(each, method=self._with_parents(each.key, method)))
        self._check_parents(out)
        for each in out:
            if each.method.listing != Listing():
                beside = [p.method for p in out if (p.service, p.resource) == (each.service, each.resource)]
                listings.check(each.method, beside, f"overlay: {each.key}")
        return out

    def _id(self, planned: Planned) -> str:
        return f"{self._provider}.{planned.service}.{planned.resource}"

    def _lists(self, planned: Iterable[Planned]) -> dict[str, tuple[str, Method]]:
        out: dict[str, tuple[str, Method]] = {}
        for each in planned:
            method = each.method
            if method.verb == "select" and method.http == "GET" and each.many:
                if any(p.required and p.location != "path" for p in method.parameters):
                    continue
                shape = keys.shape(method.path)
                out[shape] = (self._id(each), method)
                out.setdefault(keys.unversioned(shape), out[shape])
        return out

    def _keyed(self, key: str, method: Method, own: tuple[Column, ...]) -> Method:
        """An overlay's word on each parameter, and a line in the report for a key that no column holds."""
        said = self._over.operations.get(key, {})
        names = {column.name for column in own} | {column.name for column in method.columns}
        out = []
        for each in method.parameters:
            changes: dict[str, Any] = {}
            if each.wire in said.get("rename", {}):
                changes["name"] = said["rename"][each.wire]
                changes |= {"field": "", "item_key": False} if each.field == each.name else {}
            for word, is_key in (("echo", False), ("item_key", True)):
                if each.wire in said.get(word, {}):
                    field = said[word][each.wire]
                    if field is not None and field not in names:
                        raise CatalogError(f"overlay: {key}: {word}: there is no column {field!r}")
                    changes |= {"field": field or "", "item_key": is_key and field is not None}
            if each.wire in said.get("matches", {}):
                changes["matches"] = said["matches"][each.wire]
            if each.wire in said.get("roles", {}):
                changes["role"] = said["roles"][each.wire] or ""
            each = replace(each, **changes)
            if each.item_key and not each.field and names:
                self.doubtful.append(f"{key}: no column holds {each.wire}")
            if each.name != each.wire and each.wire not in said.get("rename", {}):
                self.doubtful.append(f"{key}: {each.wire} is called {each.name}")
            out.append(each)
        _check_parameters(key, out, said)
        return replace(method, parameters=tuple(out))

    def _with_parents(self, key: str, method: Method) -> Method:
        said = self._over.operations.get(key, {}).get("parents", {})
        changed = (replace(p, parent=said[p.wire] or "") if p.wire in said else p for p in method.parameters)
        return replace(method, parameters=tuple(changed))

    def _check_parents(self, planned: Iterable[Planned]) -> None:
        listed = list(planned)
        known: dict[str, set[str]] = {}
        for each in listed:
            if each.method.verb == "select":
                known.setdefault(self._id(each), set()).update(c.name for c in each.method.columns)
        for each in listed:
            for parameter in each.method.parameters:
                resource, _, column = parameter.parent.rpartition(".")
                if parameter.parent and column not in known.get(resource, ()):
                    raise CatalogError(f"{each.key}: the parent {parameter.parent} of {parameter.name} isn't there")
                free = parameter.location == "path" and not parameter.parent and not parameter.item_key
                if free and each.method.verb == "select":
                    self.doubtful.append(f"{each.key}: {parameter.name} has no parent")


def _corrected(operation: Operation, said: dict[str, Any]) -> Operation:
    """The operation with an overlay's parameters, added or corrected."""
    wires = {p.name for p in operation.parameters} | set(said.get("parameters", {}))
    for word in ("rename", "item_key", "echo", "parents", "matches", "roles"):
        for wire in said.get(word, {}):
            if wire not in wires:
                raise CatalogError(
                    f"overlay: {word}: there is no parameter {wire!r}", hint=did_you_mean(wire, tuple(wires))
                )
    given = {p.name: p for p in operation.parameters}
    for wire, fields in said.get("parameters", {}).items():
        base = given.get(wire)
        if base is None and "location" not in fields:
            raise CatalogError(f"overlay: parameters: {wire!r} is new and needs its location")
        schema = base.schema if base is not None else Schema(type="string")
        for key in ("type", "format", "default"):
            if key in fields:
                schema = replace(schema, **{key: fields[key]})
        if "enum" in fields:
            schema = replace(schema, enum=tuple(fields["enum"]))
        if "item_type" in fields:
            schema = replace(schema, items=Schema(type=fields["item_type"]))
        base = base or SpecParameter(wire, fields["location"], schema)
        plain = {key: fields[key] for key in ("location", "required", "style", "explode") if key in fields}
        given[wire] = replace(base, schema=schema, **plain)
    return replace(operation, parameters=tuple(given.values()))


def _check_parameters(key: str, parameters: Iterable[Parameter], said: dict[str, Any]) -> None:
    names: set[str] = set()
    for each in parameters:
        if each.name in names:
            raise CatalogError(f"{key}: two parameters are called {each.name!r}", hint="rename one in the overlay")
        names.add(each.name)


def _row_columns(group: Iterable[Planned]) -> tuple[Column, ...]:
    """The columns of a resource's rows: its selects', or all that its methods answer if it has none."""
    listed = list(group)
    selects = [p for p in listed if p.method.verb == "select"] or listed
    out: dict[str, Column] = {}
    for each in selects:
        for column in each.method.columns:
            out.setdefault(column.name, column)
    return tuple(out.values())


# -- order


def _in_order(planned: list[Planned], order: list[str]) -> list[Planned]:
    """By names' order; within a resource, its selects with more path parameters first."""
    position = {key: index for index, key in enumerate(order)}
    planned = sorted(planned, key=lambda p: position.get(p.key, len(position)))
    groups: dict[tuple[str, str], list[Planned]] = {}
    for each in planned:
        groups.setdefault((each.service, each.resource), []).append(each)
    out: list[Planned] = []
    for group in groups.values():
        selects = sorted(
            (p for p in group if p.method.verb == "select"),
            key=lambda p: -sum(q.required for q in p.method.parameters),
        )
        queue = iter(selects)
        out += [next(queue) if p.method.verb == "select" else p for p in group]
    return out


def _resources(planned: Iterable[Planned], over: Overlay) -> tuple[ResourceFacts, ...]:
    groups: dict[tuple[str, str], list[MethodFacts]] = {}
    for each in planned:
        methods = groups.setdefault((each.service, each.resource), [])
        if any(m.method.name == each.method.name for m in methods):
            raise CatalogError(f"{each.key}: {each.service}.{each.resource} has a method {each.method.name} already")
        methods.append(MethodFacts(replace(each.method, columns=()), each.patches))
    return tuple(
        ResourceFacts(service, name, over.resources.get(f"{service}.{name}", naming.title_of(name)), tuple(methods))
        for (service, name), methods in sorted(groups.items())
    )
