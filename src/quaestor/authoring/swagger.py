"""Swagger 2 documents as OpenAPI 3 ones: the same facts in the places where `catalog.openapi` looks for them.

Before: `catalog.document` has read the file. After: `authoring.build` goes on as with any OpenAPI 3 document.

Swagger 2.0's own specification says what its keys mean (swagger.io/specification/v2). No maintained Python library
converts it: the usual converters are Node programs or a web service.
"""

from __future__ import annotations

from quaestor.catalog import document
from quaestor.catalog.openapi import HTTP_METHODS
from quaestor.errors import CatalogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_REFS = {
    "#/definitions/": "#/components/schemas/",
    "#/parameters/": "#/components/parameters/",
    "#/responses/": "#/components/responses/",
}
#: Keys of a Swagger parameter that are about its value.
_VALUE = frozenset(
    [
        "type",
        "format",
        "items",
        "default",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "pattern",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "uniqueItems",
        "multipleOf",
        "enum",
        "x-nullable",
    ]
)
#: `collectionFormat` as style and explode; in paths and headers only csv has one.
_STYLES = {"csv": ("form", False), "multi": ("form", True), "ssv": ("spaceDelimited", False)}
_STYLES |= {"pipes": ("pipeDelimited", False)}


def is_swagger(root: dict[str, Any]) -> bool:
    """Whether a document says that it is Swagger 2."""
    return str(root.get("swagger", "")).startswith("2")


def converted(root: dict[str, Any], source: str) -> dict[str, Any]:
    """A Swagger 2 document as an OpenAPI 3 one. Raises CatalogError, naming `source`, for what isn't one or what has
    no equivalent."""
    return _Converter(root, source).document()


class _Converter:
    def __init__(self, root: dict[str, Any], source: str) -> None:
        self._root = root
        self._source = source
        self._parameters = self._map(root.get("parameters"), "parameters")

    def _map(self, node: Any, where: str) -> dict[str, Any]:
        return document.mapping(node, f"{self._source}: {where}")

    def _list(self, node: Any, where: str) -> list[Any]:
        return document.sequence(node, f"{self._source}: {where}")

    def document(self) -> dict[str, Any]:
        """All of it."""
        root = self._root
        shared = {
            name: self._parameter(self._map(each, name), name)
            for name, each in self._parameters.items()
            if self._map(each, name).get("in") not in ("body", "formData")
        }
        responses = {
            name: self._response(self._map(each, name), self._media(root, {}, "produces"))
            for name, each in self._map(root.get("responses"), "responses").items()
        }
        schemas = {
            name: self._schema(each) for name, each in self._map(root.get("definitions"), "definitions").items()
        }
        security = self._map(root.get("securityDefinitions"), "securityDefinitions")
        out = {key: value for key, value in root.items() if key in ("info", "security", "tags") or key[:2] == "x-"}
        out |= {
            "openapi": "3.0.3",
            "servers": self._servers(root.get("schemes")),
            "paths": {
                path: self._path(self._map(item, path), path)
                for path, item in self._map(root.get("paths"), "paths").items()
            },
            "components": {
                "schemas": schemas,
                "parameters": shared,
                "responses": responses,
                "securitySchemes": {name: self._scheme(self._map(each, name)) for name, each in security.items()},
            },
        }
        return out

    def _servers(self, schemes: Any) -> list[dict[str, Any]]:
        host, base = str(self._root.get("host") or ""), str(self._root.get("basePath") or "").rstrip("/")
        if not host:
            return [{"url": base}] if base else []
        listed = [str(each) for each in self._list(schemes, "schemes")]
        scheme = "https" if "https" in listed or not listed else listed[0]
        return [{"url": f"{scheme}://{host}{base}"}]

    # -- operations

    def _path(self, item: dict[str, Any], path: str) -> dict[str, Any]:
        shared = self._list(item.get("parameters"), path)
        out: dict[str, Any] = {}
        for key, value in item.items():
            if key in HTTP_METHODS:
                out[key] = self._operation(self._map(value, f"{key} {path}"), shared, f"{key} {path}")
            elif key != "parameters":
                out[key] = value
        return out

    def _operation(self, own: dict[str, Any], shared: list[Any], where: str) -> dict[str, Any]:
        given: dict[tuple[str, str], dict[str, Any]] = {}
        for node in [*shared, *self._list(own.get("parameters"), where)]:
            found = self._found(node, where)
            given[str(found.get("in")), str(found.get("name"))] = found
        plain = [
            self._parameter(each, where) for (place, _), each in given.items() if place not in ("body", "formData")
        ]
        moved = ("parameters", "responses", "consumes", "produces", "schemes")
        out = {key: value for key, value in own.items() if key not in moved} | {"parameters": plain}
        body = next((each for (place, _), each in given.items() if place == "body"), None)
        form = [each for (place, _), each in given.items() if place == "formData"]
        consumed = self._media(self._root, own, "consumes")
        if body is not None:
            schema = self._schema(body.get("schema") or {})
            content = {each: {"schema": schema} for each in consumed or ["application/json"]}
            out["requestBody"] = {"required": body.get("required") is True, "content": content}
        elif form:
            out["requestBody"] = self._form(form, consumed)
        produced = self._media(self._root, own, "produces")
        out["responses"] = {
            str(code): self._response(self._map(each, where), produced)
            for code, each in self._map(own.get("responses"), where).items()
        }
        if "schemes" in own and self._root.get("host"):
            servers = self._servers(own["schemes"])
            if servers != self._servers(self._root.get("schemes")):
                out["servers"] = servers
        return out

    def _found(self, node: Any, where: str) -> dict[str, Any]:
        found = self._map(node, where)
        ref = found.get("$ref")
        if not isinstance(ref, str):
            return found
        name = ref.removeprefix("#/parameters/")
        if name not in self._parameters:
            raise CatalogError(f"{self._source}: {where}: $ref {ref!r} leads nowhere")
        return self._map(self._parameters[name], name)

    def _media(self, root: dict[str, Any], own: dict[str, Any], key: str) -> list[str]:
        return [str(each) for each in self._list(own[key] if key in own else root.get(key), key)]

    def _parameter(self, found: dict[str, Any], where: str) -> dict[str, Any]:
        out = {key: value for key, value in found.items() if key not in _VALUE | {"collectionFormat"}}
        out["schema"] = self._schema({key: value for key, value in found.items() if key in _VALUE})
        if found.get("type") == "array":
            said = str(found.get("collectionFormat") or "csv")
            if said not in _STYLES:
                raise CatalogError(
                    f"{self._source}: {where}: {found.get('name')} is written as {said!r}, which OpenAPI 3 can't"
                )
            style, explode = _STYLES[said]
            in_query = found.get("in") == "query"
            out |= {"style": style if in_query else "simple", "explode": explode and in_query}
        return out

    def _form(self, fields: list[dict[str, Any]], consumed: list[str]) -> dict[str, Any]:
        files = any(each.get("type") == "file" for each in fields)
        usual = "multipart/form-data" if files else "application/x-www-form-urlencoded"
        schema = {
            "type": "object",
            "properties": {
                str(each.get("name")): self._schema({key: value for key, value in each.items() if key in _VALUE})
                for each in fields
            },
            "required": [str(each.get("name")) for each in fields if each.get("required") is True],
        }
        media = [each for each in consumed if each.startswith(("multipart/", "application/x-www-form"))] or [usual]
        return {"required": bool(schema["required"]), "content": {each: {"schema": schema} for each in media}}

    def _response(self, found: dict[str, Any], produced: list[str]) -> dict[str, Any]:
        if isinstance(found.get("$ref"), str):
            return {"$ref": _moved(found["$ref"])}
        out = {key: value for key, value in found.items() if key not in ("schema", "examples", "headers")}
        if "schema" in found:
            schema = self._schema(found["schema"])
            out["content"] = {each: {"schema": schema} for each in produced or ["application/json"]}
        return out

    # -- schemas and sign-in

    def _schema(self, node: Any, depth: int = 0) -> Any:
        """A schema with its references moved, `file` a binary string, and a discriminator as an object."""
        if depth > 200:
            raise CatalogError(f"{self._source}: a schema nests deeper than 200 levels")
        if isinstance(node, list):
            return [self._schema(each, depth + 1) for each in node]
        if not isinstance(node, dict):
            return node
        out = {
            key: value if key in ("example", "default", "enum") else self._schema(value, depth + 1)
            for key, value in node.items()
        }
        if isinstance(node.get("$ref"), str):
            out["$ref"] = _moved(node["$ref"])
        if node.get("type") == "file":
            out |= {"type": "string", "format": "binary"}
        if node.get("x-nullable") is True:
            out["nullable"] = True
        if isinstance(node.get("discriminator"), str):
            out["discriminator"] = {"propertyName": node["discriminator"]}
        return out

    def _scheme(self, found: dict[str, Any]) -> dict[str, Any]:
        if found.get("type") == "basic":
            return {"type": "http", "scheme": "basic"}
        if found.get("type") != "oauth2":
            return found
        flows = {"accessCode": "authorizationCode", "application": "clientCredentials"}
        flow = str(found.get("flow") or "implicit")
        about = {key: found[key] for key in ("authorizationUrl", "tokenUrl", "scopes") if key in found}
        return {"type": "oauth2", "flows": {flows.get(flow, flow): {"scopes": {}, **about}}}


def _moved(ref: str) -> str:
    """A reference to where OpenAPI 3 has what it leads to."""
    return next((new + ref[len(old) :] for old, new in _REFS.items() if ref.startswith(old)), ref)
