"""Pages from the catalog, with the words of the vendor's own document where there is one.

The tables, their order, the anchors and the examples are those of StackQL's pages (`compat`) where these are right;
`docs/compatibility.md` lists what is put right.

Before: `catalog` knows a resource, `prose` what the vendor says of it. After: `mdx` or `markdown` writes the pages.
"""

from __future__ import annotations

import json

from quaestor.authoring.pages import requests
from quaestor.authoring.pages.compat import VERBS, code_units, ordered
from quaestor.authoring.pages.page import Column, Example, FieldTable, MethodRow, Page, Section
from quaestor.authoring.pages.prose import Text
from quaestor.authoring.pages.shape import Shape, allowed, below, bounded, describe, kind, notes
from quaestor.authoring.pages.statements import Writer, shown, slug
from quaestor.authoring.pages.words import block, flat
from quaestor.catalog.columns import row_schemas
from quaestor.catalog.model import Schema
from quaestor.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from quaestor.authoring.pages.prose import OperationProse, Prose
    from quaestor.authoring.pages.statements import Given, Statement
    from quaestor.catalog import model

_EMPTY_NOTES = ("ok", "successful response", "success", "")
#: What a resource's page says that its methods do.
_DOES = {"insert": "creates", "update": "updates", "replace": "replaces", "delete": "deletes"}


class Method(Record):
    """One method with what pages say of it; `statements` are its examples, `prose` the vendor's words, if any."""

    method: model.Method
    statements: list[Statement]
    prose: OperationProse | None

    @property
    def text(self) -> str:
        """What the vendor says that it does, empty if nothing is said."""
        return self.prose.text if self.prose is not None else ""


class Maker:
    """Makes the pages of one provider.

    Args:
        provider: as the catalog has it.
        schema: gives one of its schemas by name.
        words: the vendor's documents for a service, the first that has an operation counts.
        escape: what makes a text fit for the format (`words.for_mdx`, `words.for_markdown`).
        rate: what is said of the rate limit of a call, empty for nothing.
        matching: gives a text for a pattern, empty if it can't.
    """

    def __init__(
        self,
        provider: model.Provider,
        schema: Callable[[str], Schema],
        words: Callable[[str], Sequence[Prose]],
        escape: Callable[[str], str],
        rate: Callable[[str, str], str],
        matching: Callable[[str], str],
    ) -> None:
        self._provider = provider
        self._schema = schema
        self._words = words
        self._escape = escape
        self._rate = rate
        self._matching = matching

    def page(self, resource: model.Resource) -> Page:
        """The page about a resource."""
        writer = Writer(resource, self._provider.server, self._schema)
        methods = [
            Method(method, writer.statements(method), self._prose(resource.service, method))
            for method in in_order(resource)
        ]
        selects = [each for each in methods if each.method.verb == "select"]
        body = self._body(writer, methods)
        return Page(
            provider=resource.provider,
            service=resource.service,
            resource=resource.name,
            kind="Resource",
            summary=summary(resource),
            fields=tuple(self._fields(each, resource.service) for each in selects),
            methods=tuple(self._row(each, body) for each in methods),
            parameters=tuple(self._parameters(methods, resource.service)),
            sections=tuple(self._sections(resource.name, methods, body)),
            body=tuple(column for column, _ in body.values()),
            operations=tuple(
                requests.operation(self._provider, each, self._schema, self._escape, self._rate, self._matching)
                for each in methods
            ),
        )

    def _prose(self, service: str, method: model.Method) -> OperationProse | None:
        found = (prose.operation(method.http, method.path) for prose in self._words(service))
        return next((each for each in found if each is not None), None)

    # -- fields

    def _fields(self, made: Method, service: str) -> FieldTable:
        """The columns of a SELECT, each with the fields inside it."""
        method = made.method
        note, text = "", Text()
        if made.prose is not None:
            note = made.prose.answer(method.response.status, method.response.media_type)[0]
            text = made.prose.row(method.response)
        root = Shape(tuple(row_schemas(method.response, self._schema)), self._schema, text)
        columns = shown(method)
        fields = root.fields()
        listed = [column for name in ordered(columns) for column in self._field(name, columns[name], fields)]
        said = "" if note.strip().lower() in _EMPTY_NOTES else block(note, self._escape)
        return FieldTable(method.name, tuple(listed), said)

    def _field(self, called: str, column: model.Column, fields: dict[str, tuple[Shape, bool]]) -> Iterator[Column]:
        shape: Shape | None = None
        for at, key in enumerate(column.path, 1):
            shape = fields[key][0] if key in fields else None
            fields = shape.fields() if shape is not None and at < len(column.path) else {}
        if shape is None:
            name = "string (date-time)" if column.type == "date-time" else column.type
            yield Column(called, f"{name} ({column.format})" if column.format else name)
            return
        yield Column(called, kind(shape), describe(shape, self._line), column.required)
        yield from bounded(below(shape, called, self._line, depth=1))

    def _line(self, text: str) -> str:
        return flat(text, self._escape)

    # -- methods and parameters

    def _row(self, made: Method, body: dict[str, tuple[Column, Given]]) -> MethodRow:
        method = made.method
        given = {
            each.name: each for statement in made.statements for each in statement.given if each.parameter is None
        }
        always = [
            name
            for name, each in given.items()
            if all(
                any(other.name == name and other.required for other in statement.given)
                for statement in made.statements
            )
            and not each.constant
        ]
        required = [p.name for p in method.parameters if p.required and not p.default]
        optional = [p.name for p in method.parameters if p.name not in required]
        variables = [each.name for each in (method.server or self._provider.server).variables]
        text = made.text or _sentence(method)
        return MethodRow(
            name=method.name,
            verb=method.verb,
            required=(*required, *always),
            optional=(*optional, *variables),
            description=self._line(text),
        )

    def _parameters(self, methods: Iterable[Method], service: str) -> Iterator[Column]:
        """Every parameter once: what any method requires first, each half by code units."""
        required: dict[str, Column] = {}
        optional: dict[str, Column] = {}
        for made in methods:
            for parameter in made.method.parameters:
                needed = parameter.required and not parameter.default
                kept = required if needed else optional
                kept.setdefault(parameter.name, self._parameter(parameter, made.prose, needed))
            for variable in (made.method.server or self._provider.server).variables:
                optional.setdefault(variable.name, self._variable(variable, made, service))
        for kept in (required, {name: each for name, each in optional.items() if name not in required}):
            yield from (kept[name] for name in sorted(kept, key=code_units))

    def _parameter(self, parameter: model.Parameter, prose: OperationProse | None, needed: bool) -> Column:
        text, words, example = (
            prose.parameter(parameter.wire, parameter.location) if prose is not None else ("", Text(), None)
        )
        said = []
        if isinstance(words.value("default"), str | int | float | bool) or parameter.default:
            said.append(f"default: {_word(words.value('default')) or parameter.default}")
        if isinstance(example, str | int | float | bool):
            said.append(f"example: {_word(example)}")
        schema = Schema(
            **{name: words.value(wire) for name, wire in _BOUNDS.items() if words.value(wire) is not None}
        )
        said += [each for each in notes(Shape((schema,), self._schema, Text())) if not each.startswith("default")]
        parts = [text.strip()] if text.strip() not in ("", "None") else []
        parts += [f"({', '.join(said)})"] if said else []
        parts += [f"Allowed values: {', '.join(f'`{each}`' for each in parameter.enum)}."] if parameter.enum else []
        parts += _about(parameter)
        name = "string" if parameter.type == "date-time" else parameter.type
        form = "date-time" if parameter.type == "date-time" else parameter.format
        return Column(
            parameter.name,
            f"{name} ({form})" if form else name,
            self._line(" ".join(parts)),
            needed,
            f"parameter-{slug(parameter.name)}",
        )

    def _variable(self, variable: model.Parameter, made: Method, service: str) -> Column:
        """A variable of the server: the connection gives it."""
        texts = [prose.variable(variable.name) for prose in self._words(service)]
        server = made.method.server or self._provider.server
        env = server.variables_env.get(variable.name) or self._provider.server.variables_env.get(variable.name, "")
        parts = [next((text for text in texts if text), "")]
        if variable.default:
            parts.append(f"(default: {variable.default})")
        if variable.enum:
            parts.append(f"Allowed values: {', '.join(f'`{each}`' for each in variable.enum)}.")
        parts.append(f"Comes from the connection{f', or from the environment: `{env}`' if env else ''}.")
        text = " ".join(part for part in parts if part)
        return Column(variable.name, "string", self._line(text), False, f"parameter-{slug(variable.name)}")

    def _body(self, writer: Writer, methods: Iterable[Method]) -> dict[str, tuple[Column, Given]]:
        """Every property of a request's body, as statements call it, once."""
        found: dict[str, tuple[Column, Given]] = {}
        for made in methods:
            if made.method.body is None or made.method.verb == "select":
                continue
            text = made.prose.body(made.method.body.media_type)[1] if made.prose is not None else Text()
            for _, given in writer.bodies(made.method):
                for each in given:
                    words = text
                    for key in each.path:
                        words = words.below(key)
                    shape = Shape(each.shape.schemas, self._schema, words) if each.shape is not None else None
                    said = describe(shape, self._line) if shape is not None else "The whole body, as JSON."
                    type_ = kind(shape) if shape is not None else "any"
                    column = Column(each.name, type_, said, each.required, f"parameter-{slug(each.name)}")
                    if each.name not in found or (said and not found[each.name][0].description):
                        found[each.name] = (column, each if shape is None else each.with_shape(shape))
        return found

    # -- examples

    def _sections(
        self, resource: str, methods: list[Method], body: dict[str, tuple[Column, Given]]
    ) -> Iterator[Section]:
        for verb in (*VERBS, "exec"):
            own = [each for each in methods if each.method.verb == verb]
            examples = [example for made in own for example in self._examples(made)]
            if not examples:
                continue
            if verb == "insert":
                code = self._manifest(resource, own, body)
                examples.append(Example("Manifest", "manifest", code, language="yaml"))
            heading = "Lifecycle Methods" if verb == "exec" else f"`{verb.upper()}` examples"
            yield Section(heading, tuple(examples))

    def _examples(self, made: Method) -> Iterator[Example]:
        text = block(made.text or _sentence(made.method), self._escape)
        for number, statement in enumerate(made.statements):
            name = made.method.name
            label = f"{name} ({statement.label})" if statement.label else name
            yield Example(label, name if not number else f"{name}-{number + 1}", statement.text, text=text)

    def _manifest(self, resource: str, inserts: Iterable[Method], body: dict[str, tuple[Column, Given]]) -> str:
        """The YAML of a manifest's entry: required parameters, properties of the bodies, optional parameters."""
        lines = ["# Description fields are for documentation purposes", f"- name: {json.dumps(resource)}", "  props:"]
        seen: set[str] = set()
        for is_required in (True, False):
            for made in inserts:
                for each in (each for statement in made.statements for each in statement.given):
                    if each.name in seen or (each.parameter is not None and each.required is not is_required):
                        continue
                    if each.parameter is None and is_required:
                        continue
                    seen.add(each.name)
                    lines += _manifest_entry(each, body)
        return "\n".join(lines)


def in_order(resource: model.Resource) -> list[model.Method]:
    """The methods in the order of pages: by verb, of SELECTs those first that need least."""
    order = (*VERBS, "exec")

    def place(method: model.Method) -> tuple[int, int]:
        return order.index(method.verb), len(method.required) if method.verb == "select" else 0

    return sorted(resource.methods, key=place)


def summary(resource: model.Resource) -> str:
    """What can be done with a resource, by the methods that it has: `Creates, deletes, gets or lists an …`."""
    verbs = {method.verb for method in resource.methods}
    does = [_DOES[verb] for verb in ("insert", "update", "replace", "delete") if verb in verbs]
    selects = [_is_of_one(method) for method in resource.by_verb("select")]
    does += ["gets"] if any(selects) else []
    does += ["lists"] if not all(selects) else []
    if not does:
        does = ["runs operations on"]
    listed = does[0] if len(does) == 1 else f"{', '.join(does[:-1])} or {does[-1]}"
    name = resource.name
    article = "an" if name[0] in "aeio" or name.startswith(("un", "hour")) else "a"
    return f"{listed[0].upper()}{listed[1:]} {article} <code>{name}</code> resource."


def _is_of_one(method: model.Method) -> bool:
    """Whether a SELECT's request is for one object; documents don't say so, but its path ends in the object's key."""
    return method.path.endswith("}") or any(p.item_key for p in method.parameters)


def _sentence(method: model.Method) -> str:
    """What a method does, by its name: there are no other words."""
    words = method.name.replace("_", " ")
    return f"{words[:1].upper()}{words[1:]}."


def _about(parameter: model.Parameter) -> list[str]:
    """What the catalog knows of a parameter besides."""
    said = []
    if parameter.field and parameter.field != parameter.name:
        said.append(f"The row's `{parameter.field}`.")
    if parameter.parent:
        resource, _, column = parameter.parent.rpartition(".")
        said.append(f"Where no value is given: every `{column}` of `{resource}`.")
    if parameter.role:
        said.append("Set by paging.")
    return said


_BOUNDS = {"minimum": "minimum", "maximum": "maximum", "min_length": "minLength", "max_length": "maxLength"}


def _word(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _manifest_entry(each: Given, body: dict[str, tuple[Column, Given]]) -> list[str]:
    name = each.parameter.name if each.parameter is not None else each.name.removeprefix("data__")
    kind_ = "string" if each.type in ("date-time", "any") else each.type
    lines = [f"    - name: {json.dumps(name)}", f"      value: {kind_}"]
    shape = body[each.name][1].shape if each.name in body else None
    if each.required:
        lines.append("      required: true")
    if shape is None:
        return lines
    text = " ".join(shape.text.description.split())
    if text:
        lines += ["      description: |", f"        {text}"]
    if allowed(shape):
        lines.append(f"      valid_values: {json.dumps(list(allowed(shape)), ensure_ascii=False)}")
    first = shape.first()
    if first is not None and first.default is not None:
        lines.append(f"      default: {json.dumps(first.default, ensure_ascii=False)}")
    return lines
