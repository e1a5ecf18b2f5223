"""Pages as StackQL's generator 0.4.6 made them from a provider document, faults included.

Which faults those are, and what our own pages have in their place, is in `docs/compatibility.md`: parameters of a
path item are left out, the order is by code units, required body properties stand in WHERE again, …
Before: a provider document in StackQL's layout. After: `mdx` writes the pages.
"""

from __future__ import annotations

import re

from quaestor.authoring.pages import compat_sql, views
from quaestor.authoring.pages.page import Column, Example, FieldTable, MethodRow, Page, Section, View
from quaestor.authoring.pages.schemas import Schemas
from quaestor.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

#: The order of verbs in the table of methods and of the sections of examples.
VERBS = ("select", "insert", "update", "replace", "delete")
_EMPTY_NOTES = ("ok", "successful response", "success", "")
_PLAIN_KEYWORDS = ("type", "format", "description")


class Method(Record):
    """One method of a resource with what pages say of it. `required` and `optional` are parameters by name, server
    variables among the required, `texts` their descriptions as written; `body` the properties of the request,
    `returned` those of the answer."""

    name: str
    verb: str
    operation: dict[str, Any]
    required: dict[str, Column]
    optional: dict[str, Column]
    texts: dict[str, str]
    body: dict[str, dict[str, Any]]
    body_required: tuple[str, ...]
    returned: dict[str, dict[str, Any]]
    note: str

    @property
    def description(self) -> str:
        """The operation's description, escaped for MDX."""
        return sanitized(self.operation.get("description") or "")


def pages(provider: str, service: str, document: dict[str, Any]) -> Iterator[Page]:
    """A page for each resource of a service document. Raises CatalogError for references that lead nowhere."""
    schemas = Schemas(document)
    for name, resource in (document.get("components", {}).get("x-stackQL-resources") or {}).items():
        if resource.get("id") and (resource.get("config") or {}).get("views", {}).get("select"):
            yield _view_page(provider, service, name, resource)
        elif resource.get("id"):
            yield _page(provider, service, name, resource, schemas, _server_variables(document))


def _page(
    provider: str, service: str, name: str, resource: dict[str, Any], schemas: Schemas, variables: dict[str, Column]
) -> Page:
    methods = list(_methods(resource, schemas, variables))
    selects = [method for method in methods if method.verb == "select"]
    return Page(
        provider=provider,
        service=service,
        resource=name,
        kind="Resource",
        summary=resource.get("description") or _summary(name),
        fields=tuple(FieldTable(method.name, _fields(method.returned), method.note) for method in selects),
        methods=tuple(_row(method) for method in methods),
        parameters=tuple(_parameters(methods)),
        sections=tuple(_sections(f"{provider}.{service}.{name}", name, methods)),
    )


def _view_page(provider: str, service: str, name: str, resource: dict[str, Any]) -> Page:
    """A view's page: fields and parameters are those that `config.views` lists, their texts as they are."""
    said = resource["config"]["views"]
    definitions = tuple(Example(label, label, text) for label, text in views.steps(resource["config"]))
    return Page(
        provider=provider,
        service=service,
        resource=name,
        kind="View",
        summary=resource.get("description") or _summary(name),
        fields=(),
        methods=(),
        parameters=(),
        sections=(),
        view=View(views.listed(said.get("fields")), views.listed(said.get("requiredParams")), definitions),
    )


def _summary(name: str) -> str:
    """The sentence of a resource that has no description; "an" by the first letters, as the pages have it."""
    vowel = name[0] in "aeio" or name.startswith(("un", "hour"))
    return f"Creates, updates, deletes, gets or lists {'an' if vowel else 'a'} <code>{name}</code> resource."


def _methods(resource: dict[str, Any], schemas: Schemas, variables: dict[str, Column]) -> Iterator[Method]:
    """The methods in the order of the pages: by verb, and what no verb reaches last."""
    verbs = resource.get("sqlVerbs") or {}
    methods = resource.get("methods") or {}
    reached: set[str] = set()
    for verb in VERBS:
        for reference in verbs.get(verb) or []:
            name = reference["$ref"].rsplit("/", 1)[-1]
            reached.add(name)
            yield _method(name, verb, methods[name], schemas, variables)
    for name, method in methods.items():
        if name not in reached:
            yield _method(name, "exec", method, schemas, variables)


def _method(name: str, verb: str, method: dict[str, Any], schemas: Schemas, variables: dict[str, Column]) -> Method:
    operation = schemas.at(method["operation"]["$ref"])
    required: dict[str, Column] = {}
    optional: dict[str, Column] = {}
    texts: dict[str, str] = {}
    for reference in operation.get("parameters") or []:
        parameter = schemas.resolved(reference)
        if "schema" in parameter:
            kept = required if parameter.get("required") is True else optional
            kept[parameter["name"]] = _parameter(parameter, schemas)
            texts[parameter["name"]] = parameter.get("description") or ""
    content = schemas.resolved(operation.get("requestBody")).get("content") or {}
    body = schemas.flat(next(iter(content.values())).get("schema")) if content else {}
    note, returned = _answer(operation, method.get("response") or {}, schemas)
    return Method(
        name=name,
        verb=verb,
        operation=operation,
        required=required | variables,
        optional=optional,
        texts=texts,
        body=schemas.properties(body),
        body_required=tuple(body.get("required") or ()),
        returned=returned,
        note=note,
    )


def _answer(
    operation: dict[str, Any], response: dict[str, Any], schemas: Schemas
) -> tuple[str, dict[str, dict[str, Any]]]:
    """The note on an answer, and the properties of its rows."""
    found = schemas.resolved((operation.get("responses") or {}).get(str(response.get("openAPIDocKey", ""))))
    note = found.get("description") or ""
    media = (found.get("content") or {}).get(response.get("mediaType", "")) or {}
    return (
        "" if note.strip().lower() in _EMPTY_NOTES else sanitized(note),
        _rows(schemas.flat(media.get("schema")), response.get("objectKey", ""), schemas),
    )


def _rows(schema: dict[str, Any], key: str, schemas: Schemas) -> dict[str, dict[str, Any]]:
    """The properties of a row. A schema that names no type has none: that is a fault of the generator."""
    if schema.get("type") == "array":
        return schemas.properties(schema.get("items"))
    if schema.get("type") != "object":
        return {}
    if not key:
        return schemas.properties(schema)
    inner = schemas.properties(schema).get(key.removeprefix("$."), {})
    return schemas.properties(inner.get("items")) or schemas.properties(inner)


def _server_variables(document: dict[str, Any]) -> dict[str, Column]:
    """The variables of the first server, with all else that is said of them behind the description."""
    servers = document.get("servers") or [{}]
    found: dict[str, Column] = {}
    for name, variable in (servers[0].get("variables") or {}).items():
        rest = [f"{key}: {_shown(value)}" for key, value in variable.items() if key != "description"]
        text = variable.get("description") or ""
        found[name] = Column(name, "string", sanitized(text + (f" ({', '.join(rest)})" if rest else "")))
    return found


def _shown(value: Any) -> str:
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else str(value)


def _parameter(parameter: dict[str, Any], schemas: Schemas) -> Column:
    schema = schemas.flat(parameter["schema"])
    text = (parameter.get("description") or "").replace("\n", " ")
    if "example" in parameter and "example" not in schema:
        text += f" (example: {parameter['example']})"
    return Column(parameter["name"], kind(schema), sanitized(text))


def _row(method: Method) -> MethodRow:
    prefix = "" if method.verb == "exec" else "data__"
    body = method.body_required if method.verb in ("insert", "update", "replace", "exec") else ()
    return MethodRow(
        name=method.name,
        verb=method.verb,
        required=(*method.required, *(prefix + name for name in body)),
        optional=tuple(method.optional),
        description=method.description,
    )


def _parameters(methods: Iterable[Method]) -> Iterator[Column]:
    """Every parameter: what any method requires first, each half by code units; one that is both stands twice."""
    required: dict[str, Column] = {}
    optional: dict[str, Column] = {}
    for method in methods:
        required = method.required | required
        optional = method.optional | optional
    yield from (required[name] for name in sorted(required, key=code_units))
    yield from (optional[name] for name in sorted(optional, key=code_units))


def _fields(properties: dict[str, dict[str, Any]]) -> tuple[Column, ...]:
    return tuple(Column(name, kind(properties[name]), _described(properties[name])) for name in ordered(properties))


def _described(schema: dict[str, Any]) -> str:
    """A description, and behind it whatever keyword has a text as its value: default, example, title, pattern."""
    rest = [
        f"{key}: {f'<code>{value}</code>' if key == 'pattern' else value}"
        for key, value in schema.items()
        if key not in _PLAIN_KEYWORDS and isinstance(value, str)
    ]
    text = (schema.get("description") or "").replace("\n", " ")
    return sanitized(text + (f" ({', '.join(rest)})" if rest else ""))


def _sections(address: str, resource: str, methods: list[Method]) -> Iterator[Section]:
    for verb in (*VERBS, "exec"):
        examples = [_example(address, method) for method in methods if method.verb == verb]
        if not examples:
            continue
        if verb == "insert":
            inserts = [method for method in methods if method.verb == "insert"]
            code = compat_sql.manifest(resource, inserts)
            examples.append(Example("Manifest", "manifest", code, language="yaml"))
        heading = "Lifecycle Methods" if verb == "exec" else f"`{verb.upper()}` examples"
        yield Section(heading, tuple(examples))


def _example(address: str, method: Method) -> Example:
    text = method.description
    if not text and method.verb in ("select", "exec"):
        text = method.note
    code = compat_sql.statement(address, method, ordered(method.returned))
    return Example(method.name, method.name, code, text=text or "No description available.")


def kind(schema: dict[str, Any]) -> str:
    """The type of a schema with its format: `string (date-time)`; nothing if it names none."""
    name, shape = schema.get("type") or "", schema.get("format")
    return f"{name} ({shape})" if shape else str(name)


def ordered(names: Iterable[str]) -> list[str]:
    """The order of columns: id and name, what ends in _id, what ends in _name, the rest; each by code units."""

    def group(name: str) -> int:
        if name in ("id", "name"):
            return 0
        return 1 if name.endswith("_id") else 2 if name.endswith("_name") else 3

    return sorted(names, key=lambda name: (group(name), code_units(name)))


def code_units(name: str) -> bytes:
    """A key that sorts by UTF-16 code units, as JavaScript's `sort` does."""
    return name.encode("utf-16-be", "surrogatepass")


def sanitized(text: str) -> str:
    """A text that MDX takes: braces and angle brackets escaped but for `<code>`, `<br>` and `<p>`, and for brackets
    between backticks; line ends as `<br />`."""
    text = text.replace("<code>", "\0").replace("</code>", "\1")
    for plain, escaped in (("{", "&#123;"), ("}", "&#125;"), (">", "&gt;"), ("<", "&lt;")):
        text = text.replace(plain, escaped)
    text = text.replace("&#125;_&#123;", "&#125;&#95;&#123;").replace("\n", "<br />")
    text = re.sub(r"&lt;br\s*/?&gt;", "<br />", text)
    text = text.replace("&lt;p&gt;", "<p>").replace("&lt;/p&gt;", "</p>")
    text = re.sub(r"`([^`]+)`", lambda span: span[0].replace("&lt;", "<").replace("&gt;", ">"), text)
    text = text.replace("<location>", "&lt;location&gt;")
    return text.replace("\0", "<code>").replace("\1", "</code>")
