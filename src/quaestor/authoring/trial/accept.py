"""Whether a document accepts a request: every part of it is validated by the document's own schemas.

The validator is jsonschema-rs, which knows nothing of our catalog; it follows `$ref`s in the document as it is. What
is ours is taking a URL apart by the rules of OpenAPI ("Style Values").

Before: `run` has built a request. After: what is wrong with it, as lines.
"""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qsl, unquote, urlsplit

from quaestor.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterator
    from typing import Any, TypeAlias

    from quaestor.fetch.http import HttpRequest

    #: Parameters by place and name: each one, and where it is in the document.
    Known: TypeAlias = dict[tuple[str, str], tuple[Any, tuple[str, ...]]]

_ADDRESS = "urn:document"
_DELIMITERS = {"spaceDelimited": " ", "pipeDelimited": "|"}


class Judge:
    """Judges requests by one OpenAPI document. Raises UsageError where jsonschema-rs isn't there."""

    def __init__(self, root: dict[str, Any]) -> None:
        try:
            import jsonschema_rs
        except ImportError as error:
            raise UsageError(
                "provider test needs jsonschema-rs", hint="pip install 'quaestor[validate]', or leave --spec out"
            ) from error
        self._root = root
        old = str(root.get("openapi", "")).startswith("3.0")
        draft = jsonschema_rs.Draft4 if old else jsonschema_rs.Draft202012
        self._validator = jsonschema_rs.Draft4Validator if old else jsonschema_rs.Draft202012Validator
        self._invalid_schema = (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError)
        self._registry = jsonschema_rs.Registry([(_ADDRESS, root)], draft=draft)

    def faults(
        self, path: str, http: str, request: HttpRequest, *, form: bool, left_out: Container[str]
    ) -> Iterator[str]:
        """What the document's operation doesn't accept of a request. `form` tells that the query went as a form into
        the body; `left_out` are properties that are read-only, which requests do without, required or not (OpenAPI
        3.0.4, Schema Object, `readOnly`), while JSON Schema knows no such thing."""
        steps = ("paths", path, http.lower())
        operation = self._at(steps)
        parameters = self._parameters(path, operation, steps)
        url = urlsplit(request.url)
        query = request.body.decode() if form and request.body else url.query
        pairs = parse_qsl(query, keep_blank_values=True)
        yield from self._path(path, url.path, parameters)
        constant = {name.strip("_") for name, _ in parse_qsl(path.partition("?")[2], keep_blank_values=True)}
        yield from self._query([pair for pair in pairs if pair[0].strip("_") not in constant], parameters)
        if not form:
            for fault in self._body(operation, steps, request):
                missing = re.search(r'"([^"]+)" is a required property', fault)
                if missing is None or missing[1] not in left_out:
                    yield fault

    def _at(self, steps: tuple[str, ...]) -> Any:
        node: Any = self._root
        for step in steps:
            node = node[int(step)] if isinstance(node, list) else node[step]
        return node

    def _followed(self, node: Any, steps: tuple[str, ...]) -> tuple[Any, tuple[str, ...]]:
        """A node and where it is, references followed."""
        while isinstance(node, dict) and isinstance(node.get("$ref"), str):
            steps = tuple(part.replace("~1", "/").replace("~0", "~") for part in node["$ref"][2:].split("/"))
            node = self._at(steps)
        return node, steps

    def _parameters(self, path: str, operation: Any, steps: tuple[str, ...]) -> Known:
        out: Known = {}
        for holder, where in ((self._at(("paths", path)), ("paths", path)), (operation, steps)):
            for index, each in enumerate(holder.get("parameters") or []):
                node, place = self._followed(each, (*where, "parameters", str(index)))
                out[str(node.get("in")), str(node.get("name"))] = node, place
        return out

    def _path(self, template: str, actual: str, parameters: Known) -> Iterator[str]:
        template = template.partition("#")[0].partition("?")[0]
        names = re.findall(r"\{([^{}]+)\}", template)
        pattern = "".join(
            "(.+?)" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{[^{}]+\})", template)
        )
        found = re.search(pattern + r"/?\Z", unquote(actual) if "%7B" in actual else actual)
        if found is None:
            yield f"the path {actual} is not {template}"
            return
        for name, text in zip(names, found.groups(), strict=True):
            known = parameters.get(("path", name))
            if known is not None:
                yield from self._value(f"path {name}", unquote(text), *known)

    def _query(self, pairs: list[tuple[str, str]], parameters: Known) -> Iterator[str]:
        known = {name: found for (place, name), found in parameters.items() if place == "query"}
        given: dict[str, list[str]] = {}
        for name, text in pairs:
            given.setdefault(name, []).append(text)
        for name, texts in given.items():
            if name in known:
                node, place = known[name]
                style, explode = node.get("style") or "form", node.get("explode", True)
                if self._type(node) == "array" and (style != "form" or not explode):
                    texts = [part for text in texts for part in text.split(_DELIMITERS.get(style, ","))]
                yield from self._value(
                    f"query {name}", texts if self._type(node) == "array" else texts[0], node, place
                )
            elif not self._exploded(name, known):
                yield f"there is no query parameter {name}"
        for name, (node, _) in known.items():
            there = name in given or any(each.startswith((f"{name}.", f"{name}[")) for each in given)
            if node.get("required") is True and not there and self._type(node) != "object":
                yield f"the query parameter {name} is missing"

    def _exploded(self, name: str, known: dict[str, tuple[Any, tuple[str, ...]]]) -> bool:
        """Whether a name is a property of an object that was written property by property, or AWS's short name."""
        if any(name.startswith((f"{each}.", f"{each}[")) for each in known):
            return True
        objects = [self._followed(node.get("schema") or {}, ())[0] for node, _ in known.values()]
        properties = {each for found in objects for each in (found.get("properties") or {"key": None})}
        return name in properties or any(name.startswith(f"{each}.") for each in properties) or "." in name

    def _type(self, node: Any) -> str:
        schema, _ = self._followed(node.get("schema") or {}, ())
        kind = schema.get("type")
        return str(kind[0] if isinstance(kind, list) else kind or "")

    def _value(self, what: str, text: str | list[str], node: Any, place: tuple[str, ...]) -> Iterator[str]:
        if "schema" not in node:
            return
        schema, _ = self._followed(node["schema"], ())
        value = (
            [_typed(each, self._item(schema)) for each in text]
            if isinstance(text, list)
            else _typed(text, self._type(node))
        )
        yield from self._invalid(what, value, (*place, "schema"))

    def _item(self, schema: Any) -> str:
        return str(self._followed(schema.get("items") or {}, ())[0].get("type") or "")

    def _body(self, operation: Any, steps: tuple[str, ...], request: HttpRequest) -> Iterator[str]:
        if "requestBody" not in operation:
            return
        node, place = self._followed(operation["requestBody"], (*steps, "requestBody"))
        if request.body is None:
            if node.get("required") is True:
                yield "the body is missing"
            return
        sent = dict(request.headers).get("content-type", "").partition(";")[0]
        content = node.get("content") or {}
        media = next((each for each in content if each.partition(";")[0] == sent), "")
        if media and "json" in media and "schema" in (content[media] or {}):
            yield from self._invalid("the body", json.loads(request.body), (*place, "content", media, "schema"))

    def _invalid(self, what: str, value: Any, steps: tuple[str, ...]) -> Iterator[str]:
        pointer = "/".join(_escaped(step) for step in steps)
        schema = {"$ref": f"{_ADDRESS}#/{pointer}"}
        try:
            validator = self._validator(schema, registry=self._registry, validate_formats=False)
        except self._invalid_schema as error:  # such as `type: any`
            yield f"{what}: the document's own schema isn't valid: {str(error).splitlines()[0][:100]}"
            return
        for fault in list(validator.iter_errors(value))[:3]:
            yield f"{what}: {fault.message[:200]}"


def _escaped(step: str) -> str:
    return (
        step.replace("~", "~0")
        .replace("/", "~1")
        .replace("%", "%25")
        .replace("{", "%7B")
        .replace("}", "%7D")
        .replace(" ", "%20")
    )


def _typed(text: str, kind: str) -> Any:
    """A text of a URL as the value that its schema's type makes of it."""
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    if kind in ("integer", "number"):
        try:
            return int(text) if "." not in text else float(text)
        except ValueError:
            return text
    if kind in ("object", "array"):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text
