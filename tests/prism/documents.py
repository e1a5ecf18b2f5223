"""The vendors' specs as they published them: operations, `$ref`s, and copies that tools can digest.

These are read from the YAML, past `catalog` and `authoring`: what is checked by them must not have a part in it.
Before: nothing. After: `samples` makes values, `mock` and `tests.conformity` hand reduced copies to their tools.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml12

SPECS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "specs"
#: The documents that the built-in providers are made of.
SOURCES = {
    "okta": ("okta/management-2026.06.3.yaml",),
    "datadog": ("datadog/v2.yaml", "datadog/v1.yaml"),
}
ABSENT = "" if SPECS.is_dir() else "the vendors' specs are not beside this clone (../shared/data/specs)"

_HTTP = ("get", "post", "put", "patch", "delete", "head", "options")
#: What a person reads and a tool doesn't, by key; `title` and `name` may be properties, so not under `properties`.
_PROSE = {"example", "examples", "description", "summary", "externalDocs", "title", "deprecated"}


@dataclass(frozen=True)
class SpecOperation:
    """One operation: `key` is `GET /api/v1/users`; `parameters` are resolved, the path item's among them."""

    key: str
    raw: Mapping[str, Any]
    parameters: tuple[Mapping[str, Any], ...]

    def parameter(self, wire: str, location: str) -> Mapping[str, Any] | None:
        """The parameter of this name on the wire."""
        return next((p for p in self.parameters if p["name"] == wire and p["in"] == location), None)


class Document:
    """One spec. `source` is its file's path under the folder of specs."""

    def __init__(self, source: str) -> None:
        self.source = source
        found: Any = yaml12.read_yaml(str(SPECS / source))
        self.raw: dict[str, Any] = found
        self.operations = {found.key: found for found in self._operations()}

    def resolved(self, node: Any) -> Any:
        """What a `$ref` leads to, and what is no `$ref` itself."""
        while isinstance(node, dict) and "$ref" in node:
            node = self.at(node["$ref"])
        return node

    def at(self, pointer: str) -> Any:
        """The node at a JSON pointer such as `#/components/schemas/User` (RFC 6901)."""
        node: Any = self.raw
        for part in pointer.removeprefix("#/").split("/"):
            node = node[part.replace("~1", "/").replace("~0", "~")]
        return node

    def success(self, key: str) -> tuple[int, Mapping[str, Any]]:
        """An operation's lowest status of success, and its media types by name. An operation that documents only
        what fails has 200 and none."""
        responses = self.operations[key].raw.get("responses", {})
        for status in sorted(responses):
            if str(status).startswith("2"):
                return int(str(status).replace("XX", "00")), self.resolved(responses[status]).get("content") or {}
        return 200, {}

    def _operations(self) -> Iterator[SpecOperation]:
        for path, item in self.raw["paths"].items():
            shared = [self.resolved(each) for each in item.get("parameters", ())]
            for verb in _HTTP:
                if verb not in item:
                    continue
                own = [self.resolved(each) for each in item[verb].get("parameters", ())]
                named = {(each["name"], each["in"]): each for each in [*shared, *own]}
                yield SpecOperation(f"{verb.upper()} {path}", item[verb], tuple(named.values()))


@lru_cache(maxsize=4)
def document(source: str) -> Document:
    """The document of this path, read once."""
    return Document(source)


def documents(provider: str) -> list[Document]:
    """All documents of a provider."""
    return [document(source) for source in SOURCES[provider]]


def document_of(provider: str, key: str) -> Document | None:
    """The document that has an operation."""
    return next((each for each in documents(provider) if key in each.operations), None)


def needs_bearer(doc: Document, key: str) -> bool:
    """Whether an operation lets in nobody with the provider's keys: every way to sign in is OAuth."""
    ways = doc.operations[key].raw.get("security", doc.raw.get("security", []))
    schemes = doc.raw["components"]["securitySchemes"]
    return bool(ways) and not any(all(schemes[name]["type"] == "apiKey" for name in way) for way in ways)


def reduced(doc: Document, keys: Iterable[str], responses: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """An OpenAPI document of these operations alone, which is what the tools can digest of documents of 4 MB.

    Left out: other operations, what nothing refers to, prose and examples (Okta's have a `$ref` to nowhere, at which
    Prism gives up), vendor extensions, servers (tools send to where they are told). `responses`, by operation, stand
    in for the documented ones.
    """
    paths: dict[str, Any] = {}
    for key in keys:
        verb, path = key.split(" ", 1)
        item = doc.raw["paths"][path]
        kept = {name: value for name, value in item[verb.lower()].items() if name not in ("servers", "tags")}
        kept = _bare(kept if responses is None else {**kept, "responses": {}})
        if responses is not None:
            kept["responses"] = responses[key]
        entry = paths.setdefault(path, {"parameters": _bare(item.get("parameters", []))})
        entry[verb.lower()] = kept
    out: dict[str, Any] = {
        "openapi": doc.raw["openapi"],
        "info": {"title": doc.source, "version": "1"},
        "servers": [{"url": "http://127.0.0.1"}],
        "paths": paths,
        "security": doc.raw.get("security", []),
        "components": {"securitySchemes": _bare(doc.raw["components"].get("securitySchemes", {}))},
    }
    _bring_components(doc, out)
    return out


def _bare(node: Any, parent: str = "") -> Any:
    """A copy without prose and extensions."""
    if isinstance(node, list):
        return [_bare(each) for each in node]
    if not isinstance(node, dict):
        return node
    names_are_free = parent in ("properties", "responses", "mapping", "schemas", "content", "headers")
    return {
        name: ("" if name == "description" else _bare(value, name))
        for name, value in node.items()
        if names_are_free or not (name in _PROSE - {"description"} or name.startswith("x-"))
        if names_are_free or name != "description" or isinstance(value, str)
    }


def _bring_components(doc: Document, out: dict[str, Any]) -> None:
    """Every component that the document's parts refer to, and those that these refer to."""
    waiting, seen = list(_refs(out)), set[str]()
    while waiting:
        pointer = waiting.pop()
        if pointer in seen:
            continue
        seen.add(pointer)
        match = re.fullmatch(r"#/components/(\w+)/([^/]+)(/.*)?", pointer)
        assert match, f"{doc.source}: {pointer} leads out of the components"
        kind, name = match[1], match[2]
        found = _bare(doc.at(f"#/components/{kind}/{name}"))
        out["components"].setdefault(kind, {})[name] = found
        waiting += _refs(found)


def _refs(node: Any) -> Iterator[str]:
    """What `$ref`s and the mappings of discriminators lead to."""
    if isinstance(node, str):
        if node.startswith("#/components/"):
            yield node
    elif isinstance(node, list | dict):
        for each in node.values() if isinstance(node, dict) else node:
            yield from _refs(each)
