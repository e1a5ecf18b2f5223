"""Reads OpenAPI 3 documents: operations as records, schemas reduced to facts.

Before: `catalog.document` reads the file.
After: `authoring.infer` finds out what an operation is in SQL, `authoring.build` writes the facts.

What counts is the OpenAPI Specification 3.0.4 and 3.1.1. `$ref` reaches only into its own document. `allOf` is
merged; `oneOf`, `anyOf` and discriminators keep all their branches. Of titles, descriptions and examples nothing
is kept; the largest page size that a description states is a fact.
"""

from __future__ import annotations

import re

from quaestor.catalog import document
from quaestor.catalog.model import Schema
from quaestor.errors import CatalogError
from quaestor.record import Record, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

HTTP_METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")
_SCHEMAS = "#/components/schemas/"
#: How deep the schemas of one component may nest without a name between.
_MAX_NESTING = 60
#: A default that is longer is somebody's text, not a fact.
_MAX_DEFAULT = 60

_SECRET = re.compile(
    r"(?:^|[_a-z])(?:[Pp]assword|[Pp]assphrase|[Ss]ecret|[Ss]ecret_?[Kk]ey|[Pp]rivate_?[Kk]ey|[Aa]pi_?[Kk]ey|[Aa]ccess_?[Tt]oken"
    r"|[Rr]efresh_?[Tt]oken|[Cc]lient_?[Ss]ecret|[Aa]uth_?[Tt]oken|[Aa]pi_?[Tt]oken)\Z"
)


#: The largest page is often stated in words only: "Max 1000", "The maximum allowed value is 100".
_STATED_MAXIMUM = re.compile(r"\b[Mm]ax(?:imum)?(?: allowed)?(?: value)?(?: is|:)? ?`?(\d+)")


class SpecParameter(Record):
    """A parameter as the document has it; `schema` is resolved, so never a `ref`."""

    name: str
    location: str
    schema: Schema
    required: bool = False
    style: str = ""
    explode: bool | None = None
    media_type: str = ""


class Operation(Record):
    """One operation of a document.

    Attributes:
        key: `GET /api/v1/users`, as names and overlays call it.
        status: the lowest documented status of success, 0 if there is none.
        media_type, response: of its body; `response` is None if there is no body.
        permissions: each of them is needed; an alternative is written `a or b`.
        servers: URLs of its own with their variables, as in the document.
        paging: the vendor's `x-pagination`, as it is.
    """

    key: str
    http: str
    path: str
    operation: str
    tags: tuple[str, ...]
    parameters: tuple[SpecParameter, ...]
    status: int
    media_type: str
    response: Schema | None
    body: Schema | None
    body_media_type: str
    body_required: bool
    permissions: tuple[str, ...]
    scopes: tuple[str, ...]
    lifecycle: str
    servers: tuple[dict[str, Any], ...]
    paging: dict[str, Any]


class Spec:
    """One OpenAPI document. Its schemas are reduced when asked for, each once."""

    def __init__(self, root: dict[str, Any], source: str) -> None:
        self.source = source
        self._root = root
        self._reduced: dict[str, Schema] = {}
        self._merging: list[str] = []
        version = str(root.get("openapi", ""))
        if not version.startswith("3."):
            said = f"Swagger {root['swagger']}" if "swagger" in root else f"openapi: {version!r}"
            raise CatalogError(
                f"{source} is not an OpenAPI 3 document: it says {said}", hint="convert it to OpenAPI 3 first"
            )
        if not isinstance(root.get("paths"), dict):
            raise CatalogError(f"{source} has no paths")
        components = root.get("components") or {}
        self.components: dict[str, Any] = components.get("schemas") or {} if isinstance(components, dict) else {}

    @classmethod
    def load(cls, path: str) -> Spec:
        """The document at `path`. Raises CatalogError for one that can't be read or isn't OpenAPI 3."""
        return cls(document.read(path), path)

    @property
    def version(self) -> str:
        """`info.version`, or empty."""
        info = self._root.get("info")
        return str(info.get("version", "")) if isinstance(info, dict) else ""

    @property
    def servers(self) -> tuple[dict[str, Any], ...]:
        """The document's servers, as they are."""
        return tuple(s for s in self._root.get("servers") or () if isinstance(s, dict))

    # -- operations

    def operations(self) -> Iterator[Operation]:
        """All operations, in the document's order. Raises CatalogError for one that can't be read."""
        for path, item in self._root["paths"].items():
            shared = self.resolve(item, f"paths {path}")
            if not isinstance(shared, dict):
                raise CatalogError(f"{self.source}: the path {path} is not a mapping")
            for http, operation in shared.items():
                if http in HTTP_METHODS and isinstance(operation, dict):
                    yield self._operation(http.upper(), path, shared, operation)

    def _operation(self, http: str, path: str, shared: dict[str, Any], own: dict[str, Any]) -> Operation:
        key = f"{http} {path}"
        parameters: dict[tuple[str, str], SpecParameter] = {}
        for node in [*(shared.get("parameters") or ()), *(own.get("parameters") or ())]:
            parameter = self._parameter(node, key)
            if parameter.location != "cookie":
                parameters[parameter.location, parameter.name] = parameter
        for name in re.findall(r"\{([^{}]+)\}", path):  # some documents forget to declare them
            parameters.setdefault(("path", name), SpecParameter(name, "path", Schema(type="string"), required=True))
        status, media_type, response = self._success(own, key)
        body = self.resolve(own.get("requestBody") or {}, key)
        body_media_type, body_schema = self._content(body.get("content"), key)
        return Operation(
            key=key,
            http=http,
            path=path,
            operation=str(own.get("operationId", "")),
            tags=tuple(str(tag) for tag in own.get("tags") or ()),
            parameters=tuple(parameters.values()),
            status=status,
            media_type=media_type,
            response=response,
            body=body_schema,
            body_media_type=body_media_type,
            body_required=body.get("required") is True,
            permissions=_permissions(own.get("x-permission")),
            scopes=self._scopes(own),
            lifecycle=_lifecycle(own),
            servers=tuple(own.get("servers") or shared.get("servers") or ()),
            paging=own.get("x-pagination") or {},
        )

    def _parameter(self, node: Any, key: str) -> SpecParameter:
        found = self.resolve(node, key)
        name, location = found.get("name"), found.get("in")
        if not isinstance(name, str) or location not in ("path", "query", "header", "cookie"):
            raise CatalogError(f"{self.source}: {key} has a parameter without a name or with in: {location!r}")
        media_type, in_content = self._content(found.get("content"), key)
        schema = in_content or self.reduce(found.get("schema") or {}, key)
        schema = self.follow(schema)
        stated = _STATED_MAXIMUM.search(str(found.get("description", "")))
        if stated and schema.maximum is None and schema.type in ("integer", "string"):
            schema = replace(schema, maximum=int(stated[1]))
        explode = found.get("explode")
        return SpecParameter(
            name=name,
            location=location,
            schema=schema,
            required=location == "path" or found.get("required") is True,
            style=str(found.get("style", "")),
            explode=explode if isinstance(explode, bool) else None,
            media_type=media_type,
        )

    def _success(self, own: dict[str, Any], key: str) -> tuple[int, str, Schema | None]:
        """Status, media type and schema of success: the lowest 2xx with a body, else the lowest 2xx."""
        found: list[tuple[int, str, Schema | None]] = []
        for code, node in (own.get("responses") or {}).items():
            text = str(code).upper().replace("X", "0")
            if text.isdigit() and text[0] == "2":
                media_type, schema = self._content(self.resolve(node, key).get("content"), key)
                found.append((int(text), media_type, schema))
        found.sort(key=lambda answer: (answer[2] is None, answer[0]))
        return found[0] if found else (0, "", None)

    def _content(self, content: Any, key: str) -> tuple[str, Schema | None]:
        """The media type that we take from a `content`: plain JSON first, then any other JSON, then the first."""
        if not isinstance(content, dict) or not content:
            return "", None
        media_type = min(content, key=lambda m: (m != "application/json", not is_json(m), ";" in m))
        node = content[media_type]
        schema = node.get("schema") if isinstance(node, dict) else None
        return media_type, self.reduce(schema if isinstance(schema, dict) else {}, key)

    def _scopes(self, own: dict[str, Any]) -> tuple[str, ...]:
        """OAuth scopes of the first alternative that names some."""
        schemes = (self._root.get("components") or {}).get("securitySchemes") or {}
        for alternative in own.get("security", self._root.get("security")) or ():
            for name, scopes in alternative.items():
                scheme = self.resolve(schemes.get(name) or {}, name)
                if scheme.get("type") in ("oauth2", "openIdConnect") and scopes:
                    return tuple(str(scope) for scope in scopes)
        return ()

    # -- references

    def resolve(self, node: Any, where: str) -> Any:
        """The node itself, or what its `$ref` leads to. Raises CatalogError for one that leads nowhere or out."""
        seen = 0
        while isinstance(node, dict) and isinstance(node.get("$ref"), str):
            node = self._at(node["$ref"], where)
            seen += 1
            if seen > _MAX_NESTING:
                raise CatalogError(f"{self.source}: {where}: a $ref leads back to itself")
        return node

    def _at(self, ref: str, where: str) -> Any:
        if not ref.startswith("#/"):
            raise CatalogError(
                f"{self.source}: {where}: $ref {ref!r} leads out of the document",
                hint="bundle the document into one file first",
            )
        node: Any = self._root
        for part in ref[2:].split("/"):
            name = part.replace("~1", "/").replace("~0", "~").replace("%7B", "{").replace("%7D", "}")
            if isinstance(node, list) and name.isdigit() and int(name) < len(node):
                node = node[int(name)]
            elif isinstance(node, dict) and name in node:
                node = node[name]
            else:
                raise CatalogError(f"{self.source}: {where}: $ref {ref!r} leads nowhere")
        return node

    def schema(self, name: str) -> Schema:
        """The component schema of this name, reduced. Raises CatalogError if there is none."""
        if name not in self._reduced:
            if name not in self.components:
                raise CatalogError(f"{self.source}: there is no schema {name!r}")
            if name in self._merging:
                raise CatalogError(f"{self.source}: the schema {name!r} is allOf itself")
            self._merging.append(name)
            self._reduced[name] = self.reduce(self.components[name], name, name=name)
            self._merging.pop()
        return self._reduced[name]

    def follow(self, schema: Schema) -> Schema:
        """The schema at the end of a chain of names, flags beside a `ref` kept."""
        for _ in range(_MAX_NESTING):
            if not schema.ref:
                return schema
            schema = _flagged(self.schema(schema.ref), schema)
        raise CatalogError(f"{self.source}: the schema {schema.ref!r} is a name of itself")

    # -- schemas

    def reduce(self, node: Any, where: str, *, name: str = "", depth: int = 0) -> Schema:
        """A JSON schema as facts. `name` is the component's own, if it is one: a subtype that is allOf its base
        leaves the base's discriminator out. Raises CatalogError for nesting without end."""
        if depth > _MAX_NESTING:
            raise CatalogError(f"{self.source}: {where}: a schema nests deeper than {_MAX_NESTING} levels")
        if not isinstance(node, dict):
            return Schema()
        ref = node.get("$ref")
        if isinstance(ref, str):
            if ref.startswith(_SCHEMAS) and "/" not in ref[len(_SCHEMAS) :]:
                target = ref[len(_SCHEMAS) :].replace("~1", "/").replace("~0", "~")
                if target not in self.components:
                    raise CatalogError(f"{self.source}: {where}: $ref {ref!r} leads nowhere")
                return Schema(ref=target, **_flags(node))
            return self.reduce(self._at(ref, where), where, depth=depth + 1)
        own = self._own(node, where, depth)
        parts = [self.reduce(part, where, depth=depth + 1) for part in node.get("allOf") or ()]
        if not parts:
            return own
        return self._merged([*parts, own], name)

    def _own(self, node: dict[str, Any], where: str, depth: int) -> Schema:
        below = depth + 1
        kinds = node.get("type")
        names = [str(k) for k in kinds] if isinstance(kinds, list) else [str(kinds)] if kinds else []
        kind = next((k for k in names if k != "null"), "")
        if not kind and node.get("properties"):
            kind = "object"
        flags = _flags(node)
        if "null" in names:
            flags["nullable"] = True
        enum = node.get("enum")
        values = tuple(enum) if isinstance(enum, list) else (node["const"],) if "const" in node else ()
        properties = {
            str(key): _with_secret(str(key), self.reduce(value, where, depth=below))
            for key, value in (node.get("properties") or {}).items()
        }
        items, additional = node.get("items"), node.get("additionalProperties")
        discriminator = node.get("discriminator")
        branches = {
            key: tuple(self.reduce(branch, where, depth=below) for branch in node.get(key) or ())
            for key in ("oneOf", "anyOf")
        }
        return Schema(
            type=kind,
            format=str(node.get("format", "")),
            enum=values,
            default=_default(node.get("default")),
            properties=properties,
            required=tuple(str(key) for key in node.get("required") or ())
            if isinstance(node.get("required"), list)
            else (),
            items=self.reduce(items, where, depth=below) if isinstance(items, dict) else None,
            additional=self.reduce(additional, where, depth=below)
            if isinstance(additional, dict)
            else Schema()
            if additional is True
            else None,
            closed=additional is False,
            one_of=branches["oneOf"],
            any_of=branches["anyOf"],
            **_discriminator(discriminator, self.components),
            **_limits(node),
            **flags,
        )

    def _merged(self, parts: list[Schema], name: str) -> Schema:
        """One schema that says what all parts say. A single named part with nothing but flags beside it stays
        a name, so that the facts stay small and recursion stays possible."""
        telling = [part for part in parts if _says_something(part)]
        if len(telling) == 1 and telling[0].ref:
            out = telling[0]
            for part in parts:
                out = _flagged(out, part)
            return out
        merged = Schema()
        for part in parts:
            whole = part
            if part.ref:
                whole = _flagged(self.follow(self.schema(part.ref)), part)
                if name and name in whole.mapping.values():
                    whole = replace(whole, discriminator="", mapping={}, one_of=(), any_of=())
            merged = self._both(merged, whole)
        return merged

    def _both(self, first: Schema, second: Schema) -> Schema:
        """What two schemas say together; where they differ, the second is taken for the more special one."""
        if first.ref and second.ref and first.ref != second.ref:
            return _flagged(second, first)
        if first.ref or second.ref:
            if not _says_something(second) or (first.ref and first.ref == second.ref):
                return _flagged(first, second)
            if not _says_something(first):
                return _flagged(second, first)
            first, second = self.follow(first), self.follow(second)
        properties = dict(first.properties)
        for key, value in second.properties.items():
            properties[key] = self._both(properties[key], value) if key in properties else value
        changes: dict[str, Any] = {"properties": properties}
        for field in Schema.__fields__:
            mine, other = getattr(first, field), getattr(second, field)
            if field == "required":
                changes[field] = tuple(dict.fromkeys((*mine, *other)))
            elif field in ("nullable", "read_only", "write_only", "deprecated", "secret", "closed"):
                changes[field] = mine or other
            elif field in ("items", "additional"):
                changes[field] = self._both(mine, other) if mine and other else mine or other
            elif field != "properties":
                changes[field] = other if other != Schema.__defaults__[field] else mine
        return Schema(**changes)


def is_json(media_type: str) -> bool:
    """Whether bodies of this media type are JSON (RFC 6838 §4.2.8: `+json` too)."""
    base = media_type.split(";")[0].strip().lower()
    return base in ("application/json", "text/json") or base.endswith("+json")


def secret_name(name: str) -> bool:
    """Whether a property of this name holds a credential or key."""
    return _SECRET.search(name) is not None


def _with_secret(name: str, schema: Schema) -> Schema:
    scalar = schema.type in ("string", "") and not schema.ref and not schema.properties and not schema.one_of
    hidden = schema.format == "password" or (scalar and schema.type == "string" and secret_name(name))
    return replace(schema, secret=True) if hidden and not schema.secret else schema


def _flags(node: dict[str, Any]) -> dict[str, Any]:
    """Those that may stand beside a `$ref` too."""
    spelled = {"nullable": "nullable", "readOnly": "read_only", "writeOnly": "write_only", "deprecated": "deprecated"}
    flags = {ours: True for theirs, ours in spelled.items() if node.get(theirs) is True}
    if node.get("format") == "password":
        flags["secret"] = True
    return flags


def _flagged(schema: Schema, other: Schema) -> Schema:
    """`schema` with the flags of `other` as well."""
    raised = {
        flag: True
        for flag in ("nullable", "read_only", "write_only", "deprecated", "secret")
        if getattr(other, flag) and not getattr(schema, flag)
    }
    return replace(schema, **raised) if raised else schema


def _says_something(schema: Schema) -> bool:
    """Whether more than flags and a bare `type: object` is there."""
    if schema.ref:
        return True
    quiet = ("nullable", "read_only", "write_only", "deprecated", "secret", "default")
    return any(
        getattr(schema, field) != Schema.__defaults__[field]
        for field in Schema.__fields__
        if field not in quiet and not (field == "type" and schema.type == "object")
    )


def _default(value: Any) -> Any:
    if isinstance(value, str) and (len(value) > _MAX_DEFAULT or "\n" in value):
        return None
    return value


def _discriminator(node: Any, components: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(node, dict) or not isinstance(node.get("propertyName"), str):
        return {}
    mapping = {}
    for value, target in (node.get("mapping") or {}).items():
        name = str(target).removeprefix(_SCHEMAS)
        if name in components:
            mapping[str(value)] = name
    return {"discriminator": node["propertyName"], "mapping": mapping}


def _limits(node: dict[str, Any]) -> dict[str, Any]:
    spelled = {
        "minimum": "minimum",
        "maximum": "maximum",
        "minLength": "min_length",
        "maxLength": "max_length",
        "minItems": "min_items",
        "maxItems": "max_items",
    }
    limits: dict[str, Any] = {
        ours: node[theirs]
        for theirs, ours in spelled.items()
        if isinstance(node.get(theirs), int | float) and not isinstance(node[theirs], bool)
    }
    if isinstance(node.get("pattern"), str):
        limits["pattern"] = node["pattern"]
    return limits


def _permissions(node: Any) -> tuple[str, ...]:
    """Datadog's `x-permission`: {operator: AND | OR | OPEN, permissions: [...]}."""
    if not isinstance(node, dict):
        return ()
    names = tuple(str(name) for name in node.get("permissions") or ())
    if str(node.get("operator", "")).upper() == "OR" and len(names) > 1:
        return (" or ".join(names),)
    return names


def _lifecycle(own: dict[str, Any]) -> str:
    stage = own.get("x-okta-lifecycle")
    said = str(stage.get("lifecycle", "")).upper() if isinstance(stage, dict) else ""
    if own.get("deprecated") is True or said in ("DEPRECATED", "TOMBSTONE"):
        return "deprecated"
    if "x-unstable" in own or said == "BETA":
        return "beta"
    return "ea" if said in ("EA", "LIMITED_GA") else "ga"
