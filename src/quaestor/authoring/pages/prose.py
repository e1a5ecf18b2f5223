"""What a vendor's own document says in words: descriptions, titles and examples, found by operation and by field.

Nothing of it is shipped: it is read from a file of the user's. Before: `catalog.document` reads OpenAPI documents.
After: `maker` puts the words beside what the catalog knows.
"""

from __future__ import annotations

import re

from quaestor.authoring.pages.schemas import Schemas
from quaestor.catalog.openapi import Spec
from quaestor.errors import CatalogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from quaestor.catalog.model import Response

_HTTP = ("get", "post", "put", "patch", "delete", "head", "options")
_CHOICES = ("oneOf", "anyOf")


class Text:
    """The words on a place in JSON: those of every schema that may be there. One of no schemas has no words."""

    def __init__(self, schemas: Schemas | None = None, nodes: Sequence[Any] = ()) -> None:
        self._schemas = schemas
        self._nodes = [schemas.flat(node) for node in nodes] if schemas is not None else []
        self._found: list[dict[str, Any]] | None = None

    @property
    def description(self) -> str:
        """What is said of it."""
        return self.said("description")

    def said(self, keyword: str) -> str:
        """What a keyword has, as text: `title`, `example` …; empty if that is nothing."""
        value = self.value(keyword)
        return value if isinstance(value, str) else ""

    def value(self, keyword: str) -> Any:
        """What a keyword has, None for nothing."""
        return next((node[keyword] for node in self._nodes if node.get(keyword) not in (None, "")), None)

    def below(self, name: str) -> Text:
        """The words on the property of this name, whichever of several objects has it."""
        found = [
            node["properties"][name]
            for node in self._whole()
            if isinstance(node.get("properties"), dict) and name in node["properties"]
        ]
        return Text(self._schemas, found)

    def items(self) -> Text:
        """The words on the items of a list; on a thing itself where there is no list."""
        found = [node["items"] for node in self._whole() if isinstance(node.get("items"), dict)]
        return Text(self._schemas, found) if found else self

    def members(self) -> Text:
        """The words on the values of a map or list."""
        found = [node["additionalProperties"] for node in self._whole()]
        found = [node for node in found if isinstance(node, dict)]
        return Text(self._schemas, found) if found else self.items()

    def _whole(self) -> list[dict[str, Any]]:
        """All that may be here; looked for once, as every property asks."""
        if self._found is None:
            self._found = list(self._alternatives())
        return self._found

    def _alternatives(self) -> Iterator[dict[str, Any]]:
        """The schemas, and the alternatives inside them, each once."""
        waiting = list(self._nodes)
        seen: set[int] = set()
        while waiting and self._schemas is not None:
            node = waiting.pop(0)
            yield {"additionalProperties": None, **node}
            mapped = (node.get("discriminator") or {}).get("mapping") or {}
            others = [part for choice in _CHOICES for part in node.get(choice) or ()]
            others += [{"$ref": pointer} for pointer in mapped.values() if str(pointer).startswith("#/")]
            for part in others:
                try:
                    target = self._schemas.resolved(part)
                except CatalogError:  # a split document's discriminator names kinds that aren't in it
                    continue
                if id(target) not in seen:
                    seen.add(id(target))
                    waiting.append(self._schemas.flat(target))


class OperationProse:
    """The words on one operation; `raw` is the operation, `parameters` are those of its path too."""

    def __init__(self, prose: Prose, raw: dict[str, Any], shared: Sequence[Any]) -> None:
        self.prose = prose
        self.raw = raw
        resolved = [prose.schemas.resolved(each) for each in (*shared, *(raw.get("parameters") or ()))]
        self.parameters = {(each.get("name"), each.get("in")): each for each in resolved}

    @property
    def text(self) -> str:
        """What the operation does."""
        return str(self.raw.get("description") or self.raw.get("summary") or "")

    @property
    def tag(self) -> str:
        """The first of its tags, by which client libraries name a class."""
        return str(next(iter(self.raw.get("tags") or ()), ""))

    def parameter(self, wire: str, location: str) -> tuple[str, Text, Any]:
        """What is said of a parameter, the words on its schema, and an example of its value (None for none)."""
        found = self.parameters.get((wire, location)) or {}
        schema = found.get("schema")
        text = Text(self.prose.schemas, [schema] if isinstance(schema, dict) else [])
        example = found.get("example") if "example" in found else text.value("example")
        return str(found.get("description") or text.description), text, example

    def body(self, media_type: str) -> tuple[str, Text, Any]:
        """What is said of the request's body, the words on its schema, and an example of it."""
        about = self.prose.schemas.resolved(self.raw.get("requestBody"))
        media = _media(about, media_type)
        return str(about.get("description") or ""), self._text(media), self._example(media)

    def answers(self) -> Iterator[tuple[str, str, dict[str, Any], Any]]:
        """The status, what is said of it, its schema as the document has it, and an example, of every answer."""
        for status, answer in (self.raw.get("responses") or {}).items():
            found = self.prose.schemas.resolved(answer)
            media = _media(found, "application/json")
            schema = media.get("schema")
            note = str(found.get("description") or "").strip()
            yield str(status), note, schema if isinstance(schema, dict) else {}, self._example(media)

    def answer(self, status: int, media_type: str) -> tuple[str, Text]:
        """What is said of the answer at a status, and the words on its schema."""
        found = self.prose.schemas.resolved((self.raw.get("responses") or {}).get(str(status)))
        return str(found.get("description") or ""), self._text(_media(found, media_type))

    def row(self, response: Response) -> Text:
        """The words on a row, where the catalog says that an answer has its rows."""
        text = self.answer(response.status, response.media_type)[1]
        for key in response.row_path:
            text = text.members() if key == "*" else text.below(key)
        return text.members() if response.map_key else text.items()

    def schema_name(self, status: int) -> str:
        """The name of the schema that is answered at a status, empty if it has none."""
        found = self.prose.schemas.resolved((self.raw.get("responses") or {}).get(str(status)))
        schema = _media(found, "application/json").get("schema") or {}
        return str(schema.get("$ref") or "").rpartition("/")[2]

    def _text(self, media: dict[str, Any]) -> Text:
        schema = media.get("schema")
        return Text(self.prose.schemas, [schema] if isinstance(schema, dict) else [])

    def _example(self, media: dict[str, Any]) -> Any:
        if "example" in media:
            return media["example"]
        for each in (media.get("examples") or {}).values():
            try:
                found = self.prose.schemas.resolved(each)
            except CatalogError:  # Okta's examples refer to files that aren't part of the document
                continue
            if found.get("value") is not None:
                return found["value"]
        return None


class Prose:
    """The words of one OpenAPI document. `spec` reads its schemas as facts."""

    def __init__(self, root: dict[str, Any], source: str) -> None:
        self.root = root
        self.spec = Spec(root, source)
        self.schemas = Schemas(root)
        self._operations: dict[tuple[str, str], tuple[dict[str, Any], list[Any]]] = {}
        for path, item in (root.get("paths") or {}).items():
            if isinstance(item, dict):
                for verb in _HTTP:
                    if isinstance(item.get(verb), dict):
                        key = (verb.upper(), _template(path))
                        self._operations.setdefault(key, (item[verb], item.get("parameters") or []))

    def operation(self, http: str, path: str) -> OperationProse | None:
        """The words on an operation, None if the document hasn't it."""
        found = self._operations.get((http, _template(path)))
        return OperationProse(self, *found) if found else None

    def tag(self, name: str) -> str:
        """What is said of a tag."""
        tags = [each for each in self.root.get("tags") or () if isinstance(each, dict) and each.get("name") == name]
        return next((str(each["description"]) for each in tags if each.get("description")), "")

    def variable(self, name: str) -> str:
        """What is said of a variable of its servers."""
        for server in self.root.get("servers") or ():
            about = (server.get("variables") or {}).get(name) or {}
            if about.get("description"):
                return str(about["description"])
        return ""


def _media(found: dict[str, Any], media_type: str) -> dict[str, Any]:
    content = found.get("content") or {}
    media = content.get(media_type) or next(iter(content.values()), None)
    return media if isinstance(media, dict) else {}


def _template(path: str) -> str:
    """A path whose parameters have no names: two documents may name them differently."""
    return re.sub(r"\{[^}]*\}", "{}", path)
