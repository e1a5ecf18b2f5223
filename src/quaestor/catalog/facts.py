"""A provider's facts as text: one YAML file a service, `provider.yaml`, and the schemas by first letter.

Before: `authoring.build` makes the facts from specs and overlays and writes them with `write`.
After: `catalog.store` reads them with `read` and compiles them.

    provider.yaml           name, version, title, server, credentials, request_id_header
    services/users.yaml     service, title, resources: name: {title, methods: name: …}
    schemas/u.yaml          name: schema

A method:

    list_users:
      call: GET /api/v1/users
      verb: select
      operation: listUsers
      parameters:
        search: {in: query}
        limit: {in: query, type: integer, role: size}
      response: {schema: [$User]}       # status 200 and application/json unless said; rows: $ likewise
      pagination: {style: link, token_param: after, size_param: limit}
      scopes: [okta.users.read]

A schema is written as short as it gets. Text is a type with its format and flags (`string/date-time readonly`),
or a name (`$User`, `$User nullable`); a list of one is an array of that; a mapping holds the rest, its type under
`is` (left out for an object with properties, for text with an enum, and for an array with items).

Columns aren't written: they follow from the schemas (`catalog.columns`), but for an overlay's corrections.
"""

from __future__ import annotations

import os
import re

from quaestor.catalog import document
from quaestor.catalog.listings import hidden_from, listing_from, listing_text
from quaestor.catalog.model import (
    VERBS,
    Body,
    Credential,
    Listing,
    Method,
    Pagination,
    Parameter,
    Provider,
    Response,
    Schema,
    Server,
)
from quaestor.errors import CatalogError
from quaestor.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, TypeVar

    from quaestor.catalog.model import Hidden

    R = TypeVar("R", bound=Record)

NOTICE = "Written by `quaestor provider build` from the vendor's spec, names.yaml and overlay.yaml: edit those."

_FLAGS = {
    "nullable": "nullable",
    "readonly": "read_only",
    "writeonly": "write_only",
    "deprecated": "deprecated",
    "secret": "secret",
    "closed": "closed",
}
_SCHEMA_VALUES = (
    "default",
    "discriminator",
    "mapping",
    "minimum",
    "maximum",
    "min_length",
    "max_length",
    "min_items",
    "max_items",
    "pattern",
)
_SCHEMA_KEYS = {"is", "enum", "properties", "required", "items", "map", "one_of", "any_of", *_SCHEMA_VALUES}


class MethodFacts(Record):
    """A method without its columns, and what an overlay says of them (`columns_of`'s patches)."""

    method: Method
    patches: dict[str, Any] = {}


class ResourceFacts(Record):
    """A resource with its methods in order, or the SELECT of a view that a StackQL document has in their place."""

    service: str
    name: str
    title: str
    methods: tuple[MethodFacts, ...]
    view: str = ""


class Facts(Record):
    """All that is known of a provider: what `write` writes and `read` reads.

    `schemas` holds the named ones, and those of single bodies under `service.resource.method.response` and
    `….body`.
    """

    provider: Provider
    services: dict[str, str]
    resources: tuple[ResourceFacts, ...]
    schemas: dict[str, Schema]


# -- paths


def path_text(keys: tuple[str, ...]) -> str | list[str]:
    """`("data", "id")` as `$.data.id`; in a list where a key holds a dot or is empty."""
    if any(not key or "." in key for key in keys):
        return list(keys)
    return ".".join(("$", *keys))


def path_keys(text: Any, where: str) -> tuple[str, ...]:
    """The keys of `$.data.id`, or of a list of them. Raises CatalogError, naming `where`, for anything else."""
    if isinstance(text, list) and all(isinstance(key, str) for key in text):
        return tuple(text)
    if isinstance(text, str) and (text == "$" or text.startswith("$.")) and ".." not in text and text[-1] != ".":
        return tuple(text.split(".")[1:])
    raise CatalogError(f"{where}: {text!r} is no path", hint="write $ for the body itself, $.a.b for what is in it")


# -- schemas as text


def schema_text(schema: Schema) -> Any:
    """A schema in the short form."""
    flags = "".join(f" {word}" for word, field in _FLAGS.items() if getattr(schema, field))
    head = _name_text(schema.ref) if schema.ref else schema.type or "any"
    if schema.format and not schema.ref:
        head = f"{head}/{schema.format}"
    out: dict[str, Any] = {}
    if schema.enum:
        out["enum"] = list(schema.enum)
    if schema.properties:
        out["properties"] = {name: schema_text(value) for name, value in schema.properties.items()}
    if schema.required:
        out["required"] = list(schema.required)
    if schema.items is not None:
        out["items"] = schema_text(schema.items)
    if schema.additional is not None:
        out["map"] = schema_text(schema.additional)
    for key in ("one_of", "any_of"):
        if getattr(schema, key):
            out[key] = [schema_text(branch) for branch in getattr(schema, key)]
    for key in _SCHEMA_VALUES:
        value = getattr(schema, key)
        if value != Schema.__defaults__[key]:
            out[key] = value
    text = head + flags
    if not out:
        return text
    if list(out) == ["items"] and text == "array":
        return [out["items"]]
    if text == _implied(out):
        return out
    return {"is": text, **out}


def _name_text(name: str) -> str:
    """A schema's name as `$Name`. OpenAPI wants no blanks in names, but some documents have them."""
    return "$" + name.replace("%", "%25").replace(" ", "%20")


def _name_from(text: str) -> str:
    return text[1:].replace("%20", " ").replace("%25", "%")


def _implied(keys: Mapping[str, Any]) -> str:
    if "properties" in keys:
        return "object"
    if "items" in keys:
        return "array"
    return "string" if "enum" in keys else "any"


def schema_from(text: Any, where: str) -> Schema:
    """The schema that a short form says. Raises CatalogError, naming `where`, for one that it can't read."""
    if isinstance(text, str):
        return Schema(**_head(text, where))
    if isinstance(text, list) and len(text) == 1:
        return Schema(type="array", items=schema_from(text[0], where))
    if not isinstance(text, dict):
        raise CatalogError(f"{where}: {text!r} is no schema")
    unknown = text.keys() - _SCHEMA_KEYS
    if unknown:
        raise CatalogError(f"{where}: a schema has no {sorted(map(str, unknown))[0]!r}")
    fields = _head(str(text.get("is", _implied(text))), where)
    for key, value in text.items():
        if key in _SCHEMA_VALUES:
            fields[key] = value
        elif key in ("enum", "required"):
            fields[key] = tuple(value)
        elif key in ("one_of", "any_of"):
            fields[key] = tuple(schema_from(branch, where) for branch in value)
        elif key == "properties":
            fields[key] = {name: schema_from(each, where) for name, each in value.items()}
        elif key == "items":
            fields[key] = schema_from(value, where)
        elif key == "map":
            fields["additional"] = schema_from(value, where)
    return Schema(**fields)


def _head(text: str, where: str) -> dict[str, Any]:
    head, *flags = text.split(" ")
    fields: dict[str, Any] = {}
    if head.startswith("$"):
        fields["ref"] = _name_from(head)
    elif head != "any":
        kind, _, format_ = head.partition("/")
        fields["type"] = "" if kind == "any" else kind
        if format_:
            fields["format"] = format_
    for flag in flags:
        if flag not in _FLAGS:
            raise CatalogError(f"{where}: a schema has no flag {flag!r}")
        fields[_FLAGS[flag]] = True
    return fields


# -- the other records as text: what differs from the defaults, some fields in words of their own


def _plain(record: Record, *skip: str) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for field in record.__fields__:
        value = getattr(record, field)
        if field not in skip and value != record.__defaults__.get(field, object):
            out[field] = list(value) if isinstance(value, tuple) else value
    return out


def _build(kind: Callable[..., R], fields: Any, where: str, *, paths: tuple[str, ...] = (), **ready: Any) -> R:
    """A record from its text. `ready` are the fields that somebody has built already."""
    if not isinstance(fields, dict):
        raise CatalogError(f"{where} should be a mapping, not {fields!r}")
    values: dict[str, Any] = {}
    for key, value in fields.items():
        if key in ready:
            continue
        if key in paths:
            values[key] = path_keys(value, f"{where}.{key}")
        else:
            values[key] = tuple(value) if isinstance(value, list) else value
    try:
        return kind(**values, **ready)
    except TypeError as error:
        raise CatalogError(f"{where}: {error}") from error


def hidden_text(hidden: Iterable[Hidden]) -> list[dict[str, Any]]:
    """What `listings.hidden_from` reads."""
    return [_plain(each) for each in hidden]


_PAGE_PATHS = ("token_path", "more_path", "total_path")
PAGE_STYLES = ("none", "link", "next_url", "cursor", "last_row", "page", "offset")


def pagination_text(pagination: Pagination) -> dict[str, Any]:
    """What `pagination_from` reads."""
    pages: dict[str, Any] = _plain(pagination)
    for path in _PAGE_PATHS:
        if path in pages:
            pages[path] = path_text(tuple(pages[path]))
    return pages


def pagination_from(fields: Any, where: str) -> Pagination:
    """The paging that a mapping says. Raises CatalogError for what it can't read."""
    found = _build(Pagination, fields, where, paths=_PAGE_PATHS)
    for name, usual in Pagination.__defaults__.items():
        if type(getattr(found, name)) is not type(usual):
            raise CatalogError(f"{where}.{name} can't be {getattr(found, name)!r}")
    if found.style not in PAGE_STYLES:
        raise CatalogError(f"{where}.style can't be {found.style!r}: it is one of {', '.join(PAGE_STYLES)}")
    return found


def _parameter_text(parameter: Parameter) -> dict[str, Any]:
    out = {"in": parameter.location, **_plain(parameter, "name", "location")}
    if out["wire"] == parameter.name:
        del out["wire"]
    if parameter.location == "path":
        out.pop("required", None)
    return out


def parameter_from(name: str, fields: Any, where: str) -> Parameter:
    """The parameter that a mapping with `in` says. Raises CatalogError for what it can't read."""
    if not isinstance(fields, dict) or fields.get("in") not in ("path", "query", "header", "server"):
        raise CatalogError(f"{where} needs `in`: path, query, header or server")
    location = fields["in"]
    rest = {"wire": name, "required": location == "path", **{k: v for k, v in fields.items() if k != "in"}}
    return _build(Parameter, rest, where, name=name, location=location)


def _server_text(server: Server) -> dict[str, Any]:
    out = _plain(server, "variables")
    if server.variables:
        out["variables"] = {p.name: _plain(p, "name", "wire", "location") for p in server.variables}
    return out


def server_from(fields: Any, where: str) -> Server:
    """The server that a mapping says. Raises CatalogError for what it can't read."""
    if not isinstance(fields, dict):
        raise CatalogError(f"{where} should be a mapping, not {fields!r}")
    variables = tuple(
        parameter_from(name, {"in": "server", **(each or {})}, f"{where}.variables.{name}")
        for name, each in (fields.get("variables") or {}).items()
    )
    return _build(Server, {k: v for k, v in fields.items() if k != "variables"}, where, variables=variables)


def _method_text(facts: MethodFacts, key: str, schemas: Mapping[str, Schema]) -> dict[str, Any]:
    method = facts.method
    out: dict[str, Any] = {"call": f"{method.http} {method.path}", "verb": method.verb}
    if method.operation:
        out["operation"] = method.operation
    if method.lifecycle != "ga":
        out["lifecycle"] = method.lifecycle
    if method.parameters:
        out["parameters"] = {p.name: _parameter_text(p) for p in method.parameters}
    out["response"] = _plain(method.response, "schema", "row_path")
    if method.response.schema:
        out["response"]["schema"] = _body_schema(method.response.schema, f"{key}.response", schemas)
    if method.response.row_path:
        out["response"]["rows"] = path_text(method.response.row_path)
    if not out["response"]:
        del out["response"]
    if method.pagination != Pagination():
        out["pagination"] = pagination_text(method.pagination)
    if method.body is not None:
        out["body"] = _plain(method.body, "schema")
        if method.body.schema:
            out["body"]["schema"] = _body_schema(method.body.schema, f"{key}.body", schemas)
    for field in ("permissions", "scopes", "natural_key"):
        if getattr(method, field):
            out[field] = list(getattr(method, field))
    if method.server is not None:
        out["server"] = _server_text(method.server)
    if method.hidden:
        out["hidden"] = hidden_text(method.hidden)
    if method.listing != Listing():
        out["listing"] = listing_text(method.listing)
    if facts.patches:
        out["columns"] = facts.patches
    return out


def _body_schema(name: str, own: str, schemas: Mapping[str, Schema]) -> Any:
    return schema_text(schemas[name]) if name == own else _name_text(name)


def _method_from(name: str, fields: Any, key: str, schemas: dict[str, Schema]) -> MethodFacts:
    known = {"call", "verb", "operation", "lifecycle", "parameters", "response", "pagination", "body"}
    known |= {"permissions", "scopes", "server", "columns", "hidden", "listing", "natural_key"}
    if not isinstance(fields, dict) or fields.keys() - known:
        odd = sorted(fields.keys() - known) if isinstance(fields, dict) else fields
        raise CatalogError(f"{key}: {odd!r} is nothing that a method has")
    call = re.fullmatch(r"([A-Z]+) (/.*)", str(fields.get("call", "")))
    if not call or fields.get("verb") not in VERBS:
        raise CatalogError(f"{key} needs `call` (GET /path) and `verb` ({', '.join(VERBS)})")
    method = Method(
        name=name,
        verb=fields["verb"],
        http=call[1],
        path=call[2],
        parameters=tuple(
            parameter_from(each, text, f"{key}.parameters.{each}")
            for each, text in (fields.get("parameters") or {}).items()
        ),
        response=_response_from(fields.get("response") or {}, key, schemas),
        pagination=pagination_from(fields.get("pagination") or {}, f"{key}.pagination"),
        body=_body_from(fields["body"], key, schemas) if "body" in fields else None,
        permissions=tuple(fields.get("permissions") or ()),
        scopes=tuple(fields.get("scopes") or ()),
        server=server_from(fields["server"], f"{key}.server") if "server" in fields else None,
        operation=fields.get("operation", ""),
        lifecycle=fields.get("lifecycle", "ga"),
        natural_key=tuple(fields.get("natural_key") or ()),
        hidden=hidden_from(fields.get("hidden") or [], f"{key}.hidden"),
        listing=listing_from(fields.get("listing") or {}, f"{key}.listing"),
    )
    return MethodFacts(method, fields.get("columns") or {})


def _response_from(fields: Any, key: str, schemas: dict[str, Schema]) -> Response:
    where = f"{key}.response"
    rest = dict(fields)
    rows = path_keys(rest.pop("rows", "$"), f"{where}.rows")
    schema = _named(rest.pop("schema", None), where, schemas)
    return _build(Response, rest, where, schema=schema, row_path=rows)


def _body_from(fields: Any, key: str, schemas: dict[str, Schema]) -> Body:
    where = f"{key}.body"
    rest = dict(fields)
    return _build(
        Body,
        {k: v for k, v in rest.items() if k != "schema"},
        where,
        schema=_named(rest.get("schema"), where, schemas),
    )


def _named(text: Any, own: str, schemas: dict[str, Schema]) -> str:
    """The name of a body's schema: what `$Name` says, or `own` for one that is written out here."""
    if text is None:
        return ""
    if isinstance(text, str) and text.startswith("$") and " " not in text:
        return _name_from(text)
    schemas[own] = schema_from(text, own)
    return own


# -- a folder


def _own_schemas(facts: Facts) -> set[str]:
    keys = (f"{r.service}.{r.name}.{m.method.name}" for r in facts.resources for m in r.methods)
    return {f"{key}.{part}" for key in keys for part in ("response", "body")}


def texts(facts: Facts) -> dict[str, str]:
    """Every file of a provider's folder by its path in it, the same bytes for the same facts."""
    provider = facts.provider
    head = _plain(provider, "server", "credentials")
    head["server"] = _server_text(provider.server)
    head["credentials"] = [_plain(credential) for credential in provider.credentials]
    files = {"provider.yaml": document.write(head, comment=NOTICE)}
    for service, title in sorted(facts.services.items()):
        resources = {
            resource.name: {
                "title": resource.title,
                "methods": {
                    m.method.name: _method_text(m, f"{service}.{resource.name}.{m.method.name}", facts.schemas)
                    for m in resource.methods
                },
            }
            for resource in sorted(facts.resources, key=lambda r: r.name)
            if resource.service == service
        }
        head = {"service": service, "title": title, "resources": resources}
        files[f"services/{service}.yaml"] = document.write(head, comment=NOTICE)
    letters: dict[str, dict[str, Any]] = {}
    for name in sorted(facts.schemas.keys() - _own_schemas(facts)):
        letter = name[0].lower() if name[0].isascii() and name[0].isalpha() else "0"
        letters.setdefault(letter, {})[name] = schema_text(facts.schemas[name])
    for letter, named in sorted(letters.items()):
        files[f"schemas/{letter}.yaml"] = document.write(named, comment=NOTICE)
    return files


def write(facts: Facts, folder: str) -> None:
    """Writes a provider's files below `folder`, and removes those of services and letters that are gone.
    Raises CatalogError where it can't."""
    files = texts(facts)
    try:
        for part in ("services", "schemas"):
            os.makedirs(os.path.join(folder, part), exist_ok=True)
            for name in os.listdir(os.path.join(folder, part)):
                if name.endswith(".yaml") and f"{part}/{name}" not in files:
                    os.remove(os.path.join(folder, part, name))
        for name, text in files.items():
            with open(os.path.join(folder, *name.split("/")), "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
    except OSError as error:
        raise CatalogError(f"can't write {error.filename or folder}: {error.strerror or error}") from error


def read(folder: str) -> Facts:
    """The facts in a provider's folder. Raises CatalogError, naming file and place, for what it can't read."""
    head = document.read(os.path.join(folder, "provider.yaml"))
    credentials = tuple(_build(Credential, each, "credentials") for each in head.get("credentials") or ())
    provider = _build(
        Provider,
        head,
        os.path.join(folder, "provider.yaml"),
        server=server_from(head.get("server"), "server"),
        credentials=credentials,
    )
    schemas: dict[str, Schema] = {}
    for path in _files(folder, "schemas"):
        for name, text in document.read(path).items():
            schemas[name] = schema_from(text, f"{path}: {name}")
    services: dict[str, str] = {}
    resources: list[ResourceFacts] = []
    for path in _files(folder, "services"):
        found = document.read(path)
        service = str(found.get("service") or "")
        services[service] = str(found.get("title", ""))
        resources += _resources(service, found.get("resources") or {}, path, schemas)
    return Facts(provider, services, tuple(resources), schemas)


def _resources(service: str, found: Mapping[str, Any], path: str, schemas: dict[str, Schema]) -> list[ResourceFacts]:
    out = []
    for name, fields in found.items():
        if not service or not isinstance(fields, dict) or not isinstance(fields.get("methods"), dict):
            raise CatalogError(f"{path}: {name} needs `methods`, and the file its `service`")
        methods = tuple(
            _method_from(each, text, f"{service}.{name}.{each}", schemas) for each, text in fields["methods"].items()
        )
        out.append(ResourceFacts(service, name, str(fields.get("title", "")), methods))
    return out


def _files(folder: str, part: str) -> list[str]:
    base = os.path.join(folder, part)
    if not os.path.isdir(base):
        return []
    return [os.path.join(base, name) for name in sorted(os.listdir(base)) if name.endswith(".yaml")]
