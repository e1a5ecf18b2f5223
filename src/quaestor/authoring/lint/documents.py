"""Rules on the text of StackQL's documents, which the facts no longer show: the reader mends much of it.

Before: `catalog.document` has read a service's file. After: `lint.run` sorts the findings.
"""

from __future__ import annotations

import os
import re

from quaestor.authoring.lint.finding import found
from quaestor.catalog import document
from quaestor.catalog.openapi import HTTP_METHODS
from quaestor.errors import CatalogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from quaestor.authoring.lint.finding import Finding
    from quaestor.catalog.stackql.folder import Folder
    from quaestor.catalog.stackql.provider import Head, ServiceEntry

_VERBS = ("select", "insert", "update", "replace", "delete")
#: A link that lost its parentheses, or stands in the middle of a word.
_BROKEN_LINK = re.compile(r"\](?=https?://)|(?<=[a-z])(?=https?://)")


def head(where: Folder, read: Head) -> Iterator[Finding]:
    """Findings in provider.yaml: documents that aren't there, or aren't called so."""
    said = document.mapping(
        document.read(os.path.join(where.path, "provider.yaml")).get("providerServices"), "services"
    )
    for entry in read.services:
        about = document.mapping(said.get(entry.name), entry.name)
        reference = str(document.mapping(about.get("service"), entry.name).get("$ref") or "")
        if not entry.path:
            yield found("no-document", entry.name, reference)
        elif os.path.basename(reference) != os.path.basename(entry.path):
            yield found("file-case", entry.name, f"{os.path.basename(reference)} is {os.path.basename(entry.path)}")


def service(entry: ServiceEntry, common: dict[str, Any]) -> Iterator[Finding]:
    """Findings in the document of one service. Raises CatalogError for one that can't be read."""
    root = document.read(entry.path)
    paths = document.mapping(root.get("paths"), f"{entry.path}: paths")
    for path, item in paths.items():
        if isinstance(item, dict):
            yield from _path(f"{entry.name} {path}", item)
    components = document.mapping(root.get("components"), "components")
    for name, schema in document.mapping(components.get("schemas"), "schemas").items():
        yield from _schema(f"{entry.name} schema {name}", schema)
    levels = [root.get("x-stackQL-config") or root.get("config") or {}, entry.config, common]
    for name, resource in document.mapping(components.get("x-stackQL-resources"), "resources").items():
        yield from _resource(f"{entry.name}.{name}", resource, paths, levels)


def _path(where: str, item: dict[str, Any]) -> Iterator[Finding]:
    names = [
        str(each.get("name")) for each in item.get("parameters") or [] if isinstance(each, dict) and "name" in each
    ]
    for http in HTTP_METHODS:
        operation = item.get(http)
        if not isinstance(operation, dict):
            continue
        place = f"{where} {http}"
        given = [each for each in operation.get("parameters") or [] if isinstance(each, dict)]
        missing = [name for name in names if name not in {each.get("name") for each in given}]
        if missing:
            yield found("unused-path-item-parameters", place, ", ".join(missing))
        for each in given:
            if each.get("in") == "path" and each.get("required") is not True:
                yield found("optional-path-parameter", place, str(each.get("name")))
        if not any(str(code).startswith("2") for code in operation.get("responses") or {}):
            yield found("no-success", place, ", ".join(map(str, operation.get("responses") or {})) or "no response")
        if _BROKEN_LINK.search(str(operation.get("description") or "")):
            yield found("broken-link", place, "in the description")


def _schema(where: str, schema: Any) -> Iterator[Finding]:
    if not isinstance(schema, dict):
        return
    if isinstance(schema.get("properties"), dict) and schema.get("type") not in (None, "object", ["object", "null"]):
        yield found("type-contradicts-properties", where, f"type: {schema.get('type')}")
    said = schema.get("discriminator")
    if isinstance(said, dict) and not said.get("mapping") and not schema.get("oneOf") and not schema.get("anyOf"):
        yield found("ignored-discriminator", where, str(said.get("propertyName")))


def _resource(where: str, resource: Any, paths: dict[str, Any], levels: list[dict[str, Any]]) -> Iterator[Finding]:
    if not isinstance(resource, dict):
        return
    verbs = resource.get("sqlVerbs") or {}
    for verb in verbs:
        if verb not in _VERBS:
            yield found("unknown-verb", where, str(verb))
    written = {
        str(each.get("$ref", "")).rsplit("/", 1)[-1]
        for verb in ("insert", "update", "replace")
        for each in (verbs.get(verb) or [])
        if isinstance(each, dict)
    }
    for name, method in (resource.get("methods") or {}).items():
        if not isinstance(method, dict):
            continue
        operation = _operation(method, paths)
        own = [method.get("config") or {}, resource.get("config") or {}, *levels]
        top = _nearest(own, "queryParamPushdown").get("top") or {}
        wire = str(top.get("paramName") or "")
        is_select = any(name == str(each.get("$ref", "")).rsplit("/", 1)[-1] for each in verbs.get("select") or [])
        if wire and is_select and wire not in {each.get("name") for each in operation.get("parameters") or []}:
            yield found("pushdown-undeclared", f"{where}.{name}", wire)
        if name in written and "requestBody" in operation and not _nearest(own, "requestBodyTranslate"):
            yield found("prefixed-body", f"{where}.{name}", "data__")


def _nearest(levels: list[dict[str, Any]], key: str) -> dict[str, Any]:
    return next((level[key] for level in levels if isinstance(level.get(key), dict)), {})


def _operation(method: dict[str, Any], paths: dict[str, Any]) -> dict[str, Any]:
    said = method.get("operation")
    pointer = str(said.get("$ref", "")) if isinstance(said, dict) else ""
    if pointer.count("/") != 3:
        return {}
    _, _, path, http = pointer.split("/")
    item = paths.get(path.replace("~1", "/").replace("~0", "~")) or {}
    found_operation = item.get(http.lower()) if isinstance(item, dict) else {}
    return found_operation if isinstance(found_operation, dict) else {}


def unreadable(place: str, error: CatalogError) -> Finding:
    """A document that can't be read."""
    return found("unreadable", place, error.message)
