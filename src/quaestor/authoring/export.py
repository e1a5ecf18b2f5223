"""A provider's facts as a StackQL provider document, which StackQL and `catalog.stackql` read.

Before: `authoring.sources` has the facts. After: a folder in a registry's layout, and `archive` makes it one to pull.

What StackQL has no word for is said in its own means where there are some: JSON:API is laid flat, and maps become
lists, by `golang_template_json`; a name of ours by `x-stackQL-alias`. Paging by offset and by number without a total
has none: the report names these lists. What we know of paging is said in a key of ours besides, which StackQL doesn't
look at: without it such a list would end after its first page.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile

from quaestor.authoring import sources
from quaestor.authoring.words import words
from quaestor.catalog import document, facts
from quaestor.catalog.listings import listing_text
from quaestor.catalog.model import Column, Listing, Method, Pagination, Parameter, Schema, Server
from quaestor.catalog.openapi import is_json
from quaestor.catalog.references import reachable
from quaestor.catalog.stackql.config import PAGINATION, WHOLE
from quaestor.errors import CatalogError
from quaestor.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from quaestor.catalog.facts import Facts, ResourceFacts

_VERBS = ("select", "insert", "update", "replace", "delete")
_NAMES = "#/components/schemas/"
_OPENAPI_TYPES = {"date-time": "string", "any": ""}
VERSION = "v00.00.00000"


class Exported(Record):
    """What was written: the folder of the version, and what couldn't be said."""

    folder: str
    services: int
    resources: int
    methods: int
    unsaid: tuple[str, ...]


def export(found: Facts, out: str, version: str = VERSION) -> Exported:
    """Writes a provider below `out`, as `src/NAME/VERSION`. Raises CatalogError where that can't be written."""
    name = found.provider.name
    base = os.path.join(out, "src", name, version)
    unsaid: list[str] = []
    texts = {"provider.yaml": document.write(_head(found, version))}
    for service in found.services:
        resources = [each for each in found.resources if each.service == service]
        texts[f"services/{service}.yaml"] = document.write(_service(found, service, resources, unsaid))
    try:
        os.makedirs(os.path.join(base, "services"), exist_ok=True)
        for path, text in texts.items():
            with open(os.path.join(base, path), "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
    except OSError as error:
        raise CatalogError(f"can't write {base}: {error.strerror or error}") from error
    methods = sum(len(each.methods) for each in found.resources)
    return Exported(base, len(found.services), len(found.resources), methods, tuple(unsaid))


def publish(folder: str, name: str, version: str, out: str) -> str:
    """Packs a version's folder for a registry below `out`: `dist/NAME/VERSION.tgz` with its digest, and
    `dist/providers.yaml` with what was there and this version. Returns the archive's SHA-256. Raises CatalogError."""
    index = os.path.join(out, "dist", "providers.yaml")
    listed = document.read(index) if os.path.isfile(index) else {"providers": {}}
    providers = document.mapping(listed.get("providers"), f"{index}: providers")
    known = document.mapping(providers.get(name), name).get("versions") or []
    providers[name] = {"versions": sorted({*map(str, known), version})}
    data = _packed(folder, f"{name}/{version}")
    digest = hashlib.sha256(data).hexdigest()
    try:
        os.makedirs(os.path.join(out, "dist", name), exist_ok=True)
        with open(os.path.join(out, "dist", name, f"{version}.tgz"), "wb") as file:
            file.write(data)
        with open(os.path.join(out, "dist", name, f"{version}.tgz.sha256"), "w", encoding="utf-8") as text:
            text.write(f"{digest}  {version}.tgz\n")
        with open(index, "w", encoding="utf-8", newline="\n") as text:
            text.write(document.write({"providers": providers}))
    except OSError as error:
        raise CatalogError(f"can't write {out}: {error.strerror or error}") from error
    return digest


def _packed(folder: str, inside: str) -> bytes:
    """A folder as .tgz, the same bytes every time."""
    import gzip

    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for place, folders, names in os.walk(folder):
            folders.sort()
            for name in sorted(names):
                path = os.path.join(place, name)
                member = tarfile.TarInfo(f"{inside}/{os.path.relpath(path, folder)}")
                member.size = os.path.getsize(path)
                member.mode = 0o644
                with open(path, "rb") as file:
                    archive.addfile(member, file)
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0, filename="") as stream:
        stream.write(plain.getvalue())
    return packed.getvalue()


# -- provider.yaml


def _head(found: Facts, version: str) -> dict[str, Any]:
    provider = found.provider
    services = {
        service: {
            "id": f"{service}:{version}",
            "name": service,
            "preferred": True,
            "service": {"$ref": f"{provider.name}/{version}/services/{service}.yaml"},
            "title": title,
            "version": version,
            "description": title,
        }
        for service, title in found.services.items()
    }
    head = {"id": provider.name, "name": provider.name, "version": version, "title": provider.title or provider.name}
    return {
        **head,
        "providerServices": services,
        "openapi": "3.0.3",
        "config": {"auth": _auth(found) or {"type": "null_auth"}},
    }


def _auth(found: Facts) -> dict[str, Any]:
    chain: dict[str, Any] = dict(found.provider.auth)
    for each in reversed(found.provider.credentials):
        about: dict[str, Any] = {"credentialsenvvar": each.env}
        if each.header == "Authorization" and not chain:
            chain = {"type": "api_key", **about, "valuePrefix": each.prefix}
        else:
            own = {"type": "custom", "location": "header", "name": each.header, **about, "valuePrefix": each.prefix}
            chain = {**{key: value for key, value in own.items() if value}, **({"successor": chain} if chain else {})}
    return chain


# -- a service


def _service(found: Facts, service: str, resources: list[ResourceFacts], unsaid: list[str]) -> dict[str, Any]:
    methods = [each.method for resource in resources for each in resource.methods]
    reached = reachable(methods, found.schemas)
    components = {_plain(name): _schema(each) for name, each in reached.items()}
    paths: dict[str, Any] = {}
    listed: dict[str, Any] = {}
    for resource in resources:
        by_method = sources.columns_by_method(found, resource)
        entries: dict[str, Any] = {}
        for each in resource.methods:
            method = each.method
            place = f"{service}.{resource.name}.{method.name}"
            paths.setdefault(method.path, {})[method.http.lower()] = _operation(method, found.provider.server)
            entries[method.name] = _method(method, by_method[method.name], place, components, unsaid)
        verbs = {
            verb: [
                {"$ref": f"#/components/x-stackQL-resources/{resource.name}/methods/{each.method.name}"}
                for each in resource.methods
                if each.method.verb == verb
            ]
            for verb in _VERBS
        }
        about = {
            "id": f"{found.provider.name}.{service}.{resource.name}",
            "name": resource.name,
            "title": resource.title,
        }
        listed[resource.name] = {**about, "methods": entries, "sqlVerbs": verbs}
    scopes = {scope: scope for method in methods for scope in method.scopes}
    security = {"oauth2": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "/", "scopes": scopes}}}}
    return {
        "openapi": "3.0.3",
        "info": {"title": found.services[service], "version": found.provider.version},
        "servers": [_server(found.provider.server)],
        "paths": paths,
        "components": {
            "schemas": components,
            **({"securitySchemes": security} if scopes else {}),
            "x-stackQL-resources": listed,
        },
        "x-stackQL-config": {"requestBodyTranslate": {"algorithm": "naive"}},
    }


def _server(server: Server) -> dict[str, Any]:
    variables = {}
    for each in server.variables:
        about: dict[str, Any] = {"default": each.default or (each.enum[0] if each.enum else each.name)}
        if each.enum:
            about["enum"] = list(each.enum)
        if each.name in server.variables_env:
            about["x-stackQL-envVar"] = server.variables_env[each.name]
        variables[each.name] = about
    return {"url": server.url, **({"variables": variables} if variables else {})}


def _operation(method: Method, usual: Server) -> dict[str, Any]:
    out: dict[str, Any] = {"operationId": method.operation or method.name}
    if method.parameters:
        out["parameters"] = [_parameter(each) for each in method.parameters]
    if method.body is not None:
        schema = {"$ref": _NAMES + _plain(method.body.schema)} if method.body.schema else {"type": "object"}
        out["requestBody"] = {
            "required": method.body.required,
            "content": {method.body.media_type: {"schema": schema}},
        }
    response = method.response
    answer: dict[str, Any] = {"description": "success"}
    if response.media_type:
        body = {"$ref": _NAMES + _plain(response.schema)} if response.schema else {"type": "string"}
        answer["content"] = {response.media_type: {"schema": body}}
    out["responses"] = {str(response.status): answer}
    if method.server is not None and method.server != usual:
        out["servers"] = [_server(method.server)]
    if method.permissions:
        out["x-permission"] = {"operator": "AND", "permissions": list(method.permissions)}
    if method.scopes:
        out["security"] = [{"oauth2": list(method.scopes)}]
    if method.lifecycle == "deprecated":
        out["deprecated"] = True
    elif method.lifecycle == "beta":
        out["x-unstable"] = True
    elif method.lifecycle == "ea":
        out["x-okta-lifecycle"] = {"lifecycle": "EA"}
    return out


def _parameter(each: Parameter) -> dict[str, Any]:
    kind = _OPENAPI_TYPES.get(each.type, each.type)
    schema: dict[str, Any] = {"type": kind} if kind else {}
    form = "date-time" if each.type == "date-time" else each.format
    if form:
        schema["format"] = form
    if each.type == "array":
        schema["items"] = {"type": _OPENAPI_TYPES.get(each.item_type, each.item_type) or "string"}
        if each.enum:
            schema["items"]["enum"] = list(each.enum)
    elif each.enum and each.type == "string":
        schema["enum"] = list(each.enum)
    out: dict[str, Any] = {"name": each.wire, "in": each.location, "required": each.required, "schema": schema}
    if each.style:
        out["style"] = each.style
    if not each.explode:
        out["explode"] = False
    if each.name != each.wire:
        out["x-stackQL-alias"] = each.name
    return out


# -- a method


def _method(
    method: Method, columns: tuple[Column, ...], place: str, components: dict[str, Any], unsaid: list[str]
) -> dict[str, Any]:
    path = method.path.replace("~", "~0").replace("/", "~1")
    response = method.response
    answer: dict[str, Any] = {"openAPIDocKey": str(response.status)}
    if response.media_type:
        answer["mediaType"] = response.media_type
    moved = any(column.path != (column.name,) for column in columns if not column.hidden)
    if is_json(response.media_type or "") and method.verb == "select" and (moved or response.map_key):
        name = "".join(word.capitalize() for word in words(place)) + "Rows"
        rows = {"type": "object", "properties": {c.name: _column(c) for c in columns if not c.hidden}}
        components[name] = {"type": "object", "properties": {"line_items": {"type": "array", "items": rows}}}
        answer |= {
            "objectKey": "$.line_items",
            "overrideMediaType": "application/json",
            "schema_override": {"$ref": _NAMES + name},
            "transform": {"type": "golang_template_json_v0.3.0", "body": _template(method, columns)},
        }
    elif response.row_path:
        answer["objectKey"] = ".".join(("$", *response.row_path))
    out: dict[str, Any] = {"operation": {"$ref": f"#/paths/{path}/{method.http.lower()}"}, "response": answer}
    config = _config(method.pagination, place, unsaid, lists=method.verb == "select") | _whole(method)
    _note_unsaid(method, place, unsaid)
    return {**out, "config": config} if config else out


def _note_unsaid(method: Method, place: str, unsaid: list[str]) -> None:
    """Notes what we know of a method and StackQL has no word for: its statements are written otherwise there."""
    if method.body is not None and method.body.envelope:
        unsaid.append(f"{place}: a body without its envelope, which is written as JSON in {method.body.envelope[0]}")
    if any(each.parent for each in method.parameters):
        unsaid.append(f"{place}: which list fills a parameter")
    if any(each.field and each.field != each.name for each in method.parameters):
        unsaid.append(f"{place}: that a parameter is a column of another name")
    if any(each.type == "array" and each.enum for each in method.parameters):
        unsaid.append(f"{place}: the values that a list of a parameter may have")


def _column(column: Column) -> dict[str, Any]:
    kind = _OPENAPI_TYPES.get(column.type, column.type)
    out: dict[str, Any] = {"type": kind} if kind else {}
    if column.type == "date-time" or column.format:
        out["format"] = "date-time" if column.type == "date-time" else column.format
    return out


def _template(method: Method, columns: tuple[Column, ...]) -> str:
    """A template of Go that makes `{"line_items": [row, …]}` of an answer, and keeps what paging needs of it."""
    response = method.response
    rows = "."
    for key in response.row_path:
        rows = f'(index {rows} "{key}")'
    fields = []
    for column in columns:
        if column.hidden:
            continue
        value = "$row"
        for key in column.path:
            value = f'(index {value} "{key}")' if value == "$row" else f'(safeIndex {value} "{key}")'
        value = "$key" if column.name == response.map_key else value
        fields.append(f'"{column.name}":{{{{ toJson {value} }}}}')
    row = "{" + ",".join(fields) + "}"
    pages = method.pagination
    said = (() if pages.style == "last_row" else pages.token_path, pages.more_path, pages.total_path)
    kept = dict.fromkeys(path[0] for path in said if path)
    more = "".join(f',"{key}":{{{{ toJson (index . "{key}") }}}}' for key in kept)
    comma = "{{- if $seen -}},{{- end -}}{{- $seen = true -}}"
    each = f"{{{{- range $key, $row := $rows -}}}}{comma}{row}{{{{- end -}}}}"
    one = f"{{{{- $row := $rows -}}}}{row}"
    start = f"{{{{- $rows := {rows} -}}}}{{{{- $seen := false -}}}}"
    if response.map_key:
        return f'{start}{{"line_items":[{each}]{more}}}'
    listed = f'{{{{- if eq (kindOf $rows) "slice" -}}}}{each}{{{{- else -}}}}{one}{{{{- end -}}}}'
    return f'{start}{{"line_items":[{listed}]{more}}}'


def _config(pages: Pagination, place: str, unsaid: list[str], *, lists: bool) -> dict[str, Any]:
    out: dict[str, Any] = {}
    path = ".".join(("$", *pages.token_path))
    if pages.style == "link":
        asked, told = (
            {"key": "", "location": "request"},
            {"key": "Link", "location": "header", "algorithm": "link_header_next"},
        )
        out["pagination"] = {"requestToken": asked, "responseToken": told}
    elif pages.style == "next_url":
        out["pagination"] = {
            "requestToken": {"key": "", "location": "request"},
            "responseToken": {"key": path, "location": "body"},
        }
    elif pages.style == "cursor":
        asked = {"key": pages.token_param, "location": pages.token_in}
        out["pagination"] = {"requestToken": asked, "responseToken": {"key": path, "location": "body"}}
    elif pages.style != "none":
        unsaid.append(f"{place}: paging by {pages.style}")
    if pages != Pagination() or lists:  # else a list without paging were taken for one with the usual paging
        out[PAGINATION] = facts.pagination_text(pages)
    if pages.size_param and pages.token_in == "query" and pages.style in ("link", "next_url", "cursor"):
        top = {"paramName": pages.size_param, **({"maxValue": pages.size_max} if pages.size_max else {})}
        out["queryParamPushdown"] = {"top": top}
    return out


def _whole(method: Method) -> dict[str, Any]:
    """What the list leaves out, in a key of ours: StackQL has no means to ask for it."""
    listing = method.listing
    said = listing_text(Listing(whole=listing.whole, leaves_out=listing.leaves_out, unless=listing.unless))
    if method.hidden:
        said["hidden"] = facts.hidden_text(method.hidden)
    return {WHOLE: said} if said else {}


# -- schemas


def _plain(name: str) -> str:
    """A schema's name as OpenAPI has it: letters, digits, dots, hyphens and underscores."""
    return "".join(char if char.isalnum() or char in "._-" else "_" for char in name)


def _schema(schema: Schema) -> dict[str, Any]:
    out: dict[str, Any] = {}
    if schema.ref:
        return {"$ref": _NAMES + _plain(schema.ref)}
    for ours, theirs in _KEYWORDS.items():
        value = getattr(schema, ours)
        if value != Schema.__defaults__[ours]:
            out[theirs] = list(value) if isinstance(value, tuple) else value
    if schema.properties:
        out["properties"] = {name: _schema(each) for name, each in schema.properties.items()}
    if schema.items is not None:
        out["items"] = _schema(schema.items)
    if schema.additional is not None:
        out["additionalProperties"] = _schema(schema.additional)
    elif schema.closed:
        out["additionalProperties"] = False
    for ours, theirs in (("one_of", "oneOf"), ("any_of", "anyOf")):
        if getattr(schema, ours):
            out[theirs] = [_schema(each) for each in getattr(schema, ours)]
    if schema.discriminator:
        out["discriminator"] = {"propertyName": schema.discriminator, **_mapping(schema.mapping)}
    if schema.secret and not schema.format:
        out["format"] = "password"
    return out


def _mapping(mapping: Mapping[str, str]) -> dict[str, Any]:
    return {"mapping": {value: _NAMES + _plain(name) for value, name in mapping.items()}} if mapping else {}


_KEYWORDS = {
    "type": "type",
    "format": "format",
    "enum": "enum",
    "default": "default",
    "nullable": "nullable",
    "read_only": "readOnly",
    "write_only": "writeOnly",
    "deprecated": "deprecated",
    "required": "required",
    "minimum": "minimum",
    "maximum": "maximum",
    "min_length": "minLength",
    "max_length": "maxLength",
    "min_items": "minItems",
    "max_items": "maxItems",
    "pattern": "pattern",
}
