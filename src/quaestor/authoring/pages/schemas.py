"""Schemas as StackQL's page generator saw them: references followed, `allOf` flattened from the bottom up.

Only what a page needs is resolved: a schema when it is looked at, its properties when they are.
Before: a service document, read by `catalog.document`. After: `compat` reads types, texts and properties off them.
"""

from __future__ import annotations

from quaestor.errors import CatalogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: How many references may lead to one another before it is a circle.
MOST_STEPS = 50


class Schemas:
    """The schemas of one service document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document

    def resolved(self, node: Any) -> dict[str, Any]:
        """A node with its references followed; keywords beside a reference win over the target's and come first.
        Raises CatalogError for a reference that leads nowhere or in a circle."""
        for _ in range(MOST_STEPS):
            if not isinstance(node, dict):
                return {}
            pointer = node.get("$ref")
            if not isinstance(pointer, str):
                return node
            target = self.at(pointer)
            beside = {key: value for key, value in node.items() if key != "$ref"}
            if not beside:
                node = target
            elif isinstance(target, dict):
                node = beside | {key: value for key, value in target.items() if key not in beside}
            else:
                return beside
        raise CatalogError(f"references lead in a circle: {pointer}")

    def at(self, pointer: str) -> Any:
        """What a local pointer (RFC 6901, after `#`) leads to. Raises CatalogError where that is nothing."""
        node: Any = self._document
        for step in pointer.removeprefix("#/").split("/"):
            name = step.replace("~1", "/").replace("~0", "~")
            node = node.get(name) if isinstance(node, dict) else None
        if node is None:
            raise CatalogError(f"the reference {pointer} leads nowhere")
        return node

    def flat(self, node: Any, depth: int = 0) -> dict[str, Any]:
        """A schema with its `allOf` merged in: the parts' keywords over its own, a later part over an earlier one,
        the properties of all. What parts require is not united: the last word counts, as in the published pages."""
        schema = self.resolved(node)
        parts = schema.get("allOf")
        if not isinstance(parts, list) or depth > MOST_STEPS:
            return schema
        merged: dict[str, Any] = {key: value for key, value in schema.items() if key not in ("allOf", "properties")}
        properties: dict[str, Any] = dict(schema.get("properties") or {})
        for part in parts:
            flat = self.flat(part, depth + 1)
            properties.update(flat.get("properties") or {})
            merged.update({key: value for key, value in flat.items() if key != "properties"})
        if properties:
            merged["properties"] = properties
        return merged

    def properties(self, node: Any) -> dict[str, dict[str, Any]]:
        """The properties of a schema by name, flattened themselves."""
        found = self.flat(node).get("properties")
        return {name: self.flat(value) for name, value in found.items()} if isinstance(found, dict) else {}
