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
from quaestor.catalog.keywords import (
    default_of,
    flagged,
    flags_of,
    format_of,
    lifecycle_of,
    limits_of,
    permissions_of,
    says_something,
    with_secret,
)
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


#: The largest page is often stated in words only: "Max 1000", "The maximum allowed value is 100".
_STATED_MAXIMUM = re.compile(r"\b[Mm]ax(?:imum)?(?: allowed)?(?: value)?(?: is|:)? ?`?(\d+)")


class SpecParameter(Record):
    """A parameter as the document has it; `schema` is resolved, so never a `ref`. `extensions` are its `x-` keys."""

    name: str
    location: str
    schema: Schema
    required: bool = False
    style: str = ""
    explode: bool | None = None
    media_type: str = ""
    extensions: dict[str, Any] = {}


class Operation(Record):
    """One operation of a document.

    Attributes:
        key: `GET /api/v1/users`, as names and overlays call it.
        status: the lowest documented status of success, 0 if there is none.
        media_type, response: of its body; `response` is None if there is no body.
        permissions: each of them is needed; an alternative is written `a or b`.
        servers: URLs of its own with their variables, as in the document.
        paging: the vendor's `x-pagination`, as it is.
        graphql: StackQL's `x-stackQL-graphQL`, as it is.
        links: whether its answer has a Link header (RFC 8288).
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
    graphql: dict[str, Any] = {}
    links: bool = False


class Spec:
    """One OpenAPI document. Its schemas are reduced when asked for, each once."""

    def __init__(self, root: dict[str, Any], source: str) -> None:
        self.source = source
        self._root = root
        self._reduced: dict[str, Schema] = {}
        self._merging: list[str] = []
        self._found_subtypes: dict[str, dict[str, str]] | None = None
        version = str(root.get("openapi", ""))
        if not version.startswith("3."):
            said = f"Swagger {root['swagger']}" if "swagger" in root else f"openapi: {version!r}"
            raise CatalogError(
                f"{source} is not an OpenAPI 3 document: it says {said}", hint="convert it to OpenAPI 3 first"
            )
        if not isinstance(root.get("paths"), dict):
            raise CatalogError(f"{source} has no paths")
        self._components = self._map(root, "components", "")
        self.components = self._map(self._components, "schemas", "components")

    @classmethod
    def load(cls, path: str) -> Spec:
        """The document at `path`. Raises CatalogError for one that can't be read or isn't OpenAPI 3."""
        return cls(document.read(path), path)

    @property
    def version(self) -> str:
        """`info.version`, or empty."""
        return str(self._map(self._root, "info", "").get("version", ""))

    @property
    def info(self) -> dict[str, Any]:
        """What the document says of itself, as it is."""
        return self._map(self._root, "info", "")

    @property
    def servers(self) -> tuple[dict[str, Any], ...]:
        """The document's servers, as they are."""
        return self._servers(self._root, "")

    @property
    def sign_in(self) -> tuple[dict[str, dict[str, Any]], ...]:
        """The alternatives of signing a request, each with all the schemes that it takes, by name; as in the
        document. Where it demands none, each of its schemes is one."""
        schemes = self._map(self._components, "securitySchemes", "components")
        asked = [
            document.mapping(each, f"{self.source}: security") for each in self._list(self._root, "security", "")
        ]
        wanted = [tuple(each) for each in asked if each] or [(name,) for name in schemes]
        return tuple(
            {name: self._node(schemes.get(name), f"the security scheme {name}") for name in names} for names in wanted
        )

    def _map(self, node: Any, key: str, where: str) -> dict[str, Any]:
        """The mapping at a key of a mapping, an empty one if there is nothing. Raises CatalogError."""
        place = f"{self.source}: {where} {key}".replace(":  ", ": ")
        return document.mapping(document.mapping(node, place).get(key), place)

    def _list(self, node: Any, key: str, where: str) -> list[Any]:
        """The same for a list."""
        place = f"{self.source}: {where} {key}".replace(":  ", ": ")
        return document.sequence(document.mapping(node, place).get(key), place)

    def _servers(self, node: Any, where: str) -> tuple[dict[str, Any], ...]:
        return tuple(
            document.mapping(s, f"{self.source}: {where} server") for s in self._list(node, "servers", where)
        )

    # -- operations

    def operations(self) -> Iterator[Operation]:
        """All operations, in the document's order. Raises CatalogError for one that can't be read."""
        for path, item in self._root["paths"].items():
            shared = self._node(item, f"the path {path}")
            for http in shared:
                if http in HTTP_METHODS:
                    key = f"{http.upper()} {path}"
                    yield self._operation(http.upper(), str(path), shared, self._map(shared, http, key))

    def operation(self, http: str, path: str, *, status: str = "", media_type: str = "") -> Operation:
        """The operation of a path. `status` and `media_type` choose its answer; unless given, what a caller of the
        API would expect is taken. Raises CatalogError for one that isn't there."""
        paths = self._map(self._root, "paths", "")
        shared = self._node(paths.get(path), f"the path {path}")
        if http.lower() not in shared:
            raise CatalogError(f"{self.source}: there is no operation {http} {path}")
        own = dict(self._map(shared, http.lower(), f"{http} {path}"))
        answers = self._map(own, "responses", f"{http} {path}")
        if status in answers:
            answer = self._node(answers[status], f"{http} {path} responses")
            content = self._map(answer, "content", f"{http} {path}")
            if media_type in content:
                answer = {**answer, "content": {media_type: content[media_type]}}
            own["responses"] = {status: answer}
        return self._operation(http.upper(), path, shared, own)

    def _operation(self, http: str, path: str, shared: dict[str, Any], own: dict[str, Any]) -> Operation:
        key = f"{http} {path}"
        parameters: dict[tuple[str, str], SpecParameter] = {}
        for node in [*self._list(shared, "parameters", key), *self._list(own, "parameters", key)]:
            parameter = self._parameter(node, key)
            if parameter.location != "cookie":
                parameters[parameter.location, parameter.name] = parameter
        for name in re.findall(r"\{([^{}]+)\}", path):  # some documents forget to declare them
            parameters.setdefault(("path", name), SpecParameter(name, "path", Schema(type="string"), required=True))
        status, media_type, response = self._success(own, key)
        body = self._node(own.get("requestBody"), f"{key} requestBody")
        body_media_type, body_schema = self._content(body.get("content"), key)
        return Operation(
            key=key,
            http=http,
            path=path,
            operation=str(own.get("operationId", "")),
            tags=tuple(str(tag) for tag in self._list(own, "tags", key)),
            parameters=tuple(parameters.values()),
            status=status,
            media_type=media_type,
            response=response,
            body=body_schema,
            body_media_type=body_media_type,
            body_required=body.get("required") is True,
            permissions=permissions_of(self._map(own, "x-permission", key)),
            scopes=self._scopes(own),
            lifecycle=lifecycle_of(own),
            servers=self._servers(own, key) or self._servers(shared, key),
            paging=self._map(own, "x-pagination", key),
            graphql=self._map(own, "x-stackQL-graphQL", key),
            links=self._has_links(own, key),
        )

    def _parameter(self, node: Any, key: str) -> SpecParameter:
        found = self._node(node, f"{key} parameters")
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
            required=location == "path" or found.get("required") is True or found.get("x-alwaysRequired") is True,
            style=str(found.get("style", "")),
            explode=explode if isinstance(explode, bool) else None,
            media_type=media_type,
            extensions={str(key): value for key, value in found.items() if str(key).startswith("x-")},
        )

    def _success(self, own: dict[str, Any], key: str) -> tuple[int, str, Schema | None]:
        """Status, media type and schema of success: the lowest 2xx with a body, else the lowest 2xx."""
        found: list[tuple[int, str, Schema | None]] = []
        for code, node in self._map(own, "responses", key).items():
            text = str(code).upper().replace("X", "0")
            if text.isdigit() and text[0] == "2":
                media_type, schema = self._content(self._node(node, f"{key} responses").get("content"), key)
                found.append((int(text), media_type, schema))
        found.sort(key=lambda answer: (answer[2] is None, answer[0]))
        return found[0] if found else (0, "", None)

    def _has_links(self, own: dict[str, Any], key: str) -> bool:
        answers = [
            self._node(node, f"{key} responses")
            for code, node in self._map(own, "responses", key).items()
            if str(code).startswith("2")
        ]
        return any(str(name).lower() == "link" for each in answers for name in self._map(each, "headers", key))

    def _content(self, content: Any, key: str) -> tuple[str, Schema | None]:
        """The media type that we take from a `content`: plain JSON first, then any other JSON, then the first."""
        content = document.mapping(content, f"{self.source}: {key} content")
        if not content:
            return "", None
        media_type = min(content, key=lambda m: (m != "application/json", not is_json(m), ";" in m))
        return media_type, self.reduce(self._map(content, media_type, key).get("schema") or {}, key)

    def _scopes(self, own: dict[str, Any]) -> tuple[str, ...]:
        """OAuth scopes of the first alternative that names some."""
        schemes = self._map(self._components, "securitySchemes", "components")
        for alternative in self._list(own if "security" in own else self._root, "security", ""):
            for name, scopes in document.mapping(alternative, f"{self.source}: security").items():
                scheme = self._node(schemes.get(name), f"the security scheme {name}")
                if scheme.get("type") in ("oauth2", "openIdConnect") and isinstance(scopes, list) and scopes:
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

    def _node(self, node: Any, where: str) -> dict[str, Any]:
        """The mapping that a node or its `$ref` is; an empty one for nothing."""
        return document.mapping(self.resolve(node, where), f"{self.source}: {where}")

    def _at(self, ref: str, where: str) -> Any:
        if not ref.startswith("#/"):
            raise CatalogError(
                f"{self.source}: {where}: $ref {ref!r} leads out of the document",
                hint="bundle the document into one file first",
            )
        try:
            return document.pointed(self._root, ref[1:])
        except LookupError as error:
            raise CatalogError(f"{self.source}: {where}: $ref {ref!r} leads nowhere") from error

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
            schema = flagged(self.schema(schema.ref), schema)
        raise CatalogError(f"{self.source}: the schema {schema.ref!r} is a name of itself")

    @property
    def _subtypes(self) -> dict[str, dict[str, str]]:
        """By the name of a base, the names of those that are allOf it: what a discriminator tells apart by their
        names where it has no mapping (OpenAPI 3.0.4 §4.8.25)."""
        if self._found_subtypes is None:
            self._found_subtypes = {}
            for name, node in self.components.items():
                parts = node.get("allOf") if isinstance(node, dict) else None
                for part in parts if isinstance(parts, list) else ():
                    ref = str(part.get("$ref", "")) if isinstance(part, dict) else ""
                    if ref.startswith(_SCHEMAS):
                        self._found_subtypes.setdefault(ref[len(_SCHEMAS) :], {})[name] = name
        return self._found_subtypes

    # -- schemas

    def reduce(self, node: Any, where: str, *, name: str = "", depth: int = 0) -> Schema:
        """A JSON schema as facts. `name` is the component's own, if it is one: a subtype that is allOf its base
        leaves the base's discriminator out. Raises CatalogError for nesting without end."""
        if depth > _MAX_NESTING:
            raise CatalogError(f"{self.source}: {where}: a schema nests deeper than {_MAX_NESTING} levels")
        if isinstance(node, bool):  # true and false are schemas of JSON Schema
            return Schema()
        node = document.mapping(node, f"{self.source}: {where}: a schema")
        ref = node.get("$ref")
        if isinstance(ref, str):
            if ref.startswith(_SCHEMAS) and "/" not in ref[len(_SCHEMAS) :]:
                target = ref[len(_SCHEMAS) :].replace("~1", "/").replace("~0", "~")
                if target not in self.components:
                    raise CatalogError(f"{self.source}: {where}: $ref {ref!r} leads nowhere")
                return Schema(ref=target, **flags_of(node))
            return self.reduce(self._at(ref, where), where, depth=depth + 1)
        own = self._own(node, where, depth)
        if name and own.discriminator and not (own.mapping or own.one_of or own.any_of):
            own = replace(own, mapping=self._subtypes.get(name, {}))
        parts = [self.reduce(part, where, depth=depth + 1) for part in self._list(node, "allOf", where)]
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
        flags = flags_of(node)
        if "null" in names:
            flags["nullable"] = True
        enum = node.get("enum")
        values = tuple(enum) if isinstance(enum, list) else (node["const"],) if "const" in node else ()
        properties = {
            str(key): with_secret(str(key), self.reduce(value, where, depth=below))
            for key, value in self._map(node, "properties", where).items()
        }
        items, additional = node.get("items"), node.get("additionalProperties")
        branches = {
            key: tuple(self.reduce(branch, where, depth=below) for branch in self._list(node, key, where))
            for key in ("oneOf", "anyOf")
        }
        return Schema(
            type=kind,
            format=format_of(node.get("format")),
            enum=values,
            default=default_of(node.get("default")),
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
            **self._discriminator(node, where),
            **limits_of(node),
            **flags,
        )

    def _discriminator(self, node: dict[str, Any], where: str) -> dict[str, Any]:
        said = self._map(node, "discriminator", where)
        if not isinstance(said.get("propertyName"), str):
            return {}
        targets = {str(v): str(t).removeprefix(_SCHEMAS) for v, t in self._map(said, "mapping", where).items()}
        mapping = {value: name for value, name in targets.items() if name in self.components}
        return {"discriminator": said["propertyName"], "mapping": mapping}

    def _merged(self, parts: list[Schema], name: str) -> Schema:
        """One schema that says what all parts say. A single named part with nothing but flags beside it stays
        a name, so that the facts stay small and recursion stays possible."""
        telling = [part for part in parts if says_something(part)]
        if len(telling) == 1 and telling[0].ref:
            out = telling[0]
            for part in parts:
                out = flagged(out, part)
            return out
        merged = Schema()
        for part in parts:
            whole = part
            if part.ref:
                whole = flagged(self.follow(self.schema(part.ref)), part)
                if name and name in whole.mapping.values():
                    whole = replace(whole, discriminator="", mapping={}, one_of=(), any_of=())
            merged = self._both(merged, whole)
        return merged

    def _both(self, first: Schema, second: Schema) -> Schema:
        """What two schemas say together; where they differ, the second is taken for the more special one."""
        if first.ref and second.ref and first.ref != second.ref:
            return flagged(second, first)
        if first.ref or second.ref:
            if not says_something(second) or (first.ref and first.ref == second.ref):
                return flagged(first, second)
            if not says_something(first):
                return flagged(second, first)
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
