"""SQL examples: one statement for each method, with a placeholder for every value that it takes.

Before: `catalog.model` has a resource's methods, `plan.writing.form` knows the names of their bodies. After: `maker`
puts the statements on a page; `tests.pages` runs them all.

A method that no statement of its verb would be routed to is called by EXEC, which names it.
"""

from __future__ import annotations

import re

from quaestor.authoring.pages.compat import ordered
from quaestor.authoring.pages.prose import Text
from quaestor.authoring.pages.shape import Shape, alternatives, sample
from quaestor.catalog.openapi import is_json
from quaestor.errors import BindError
from quaestor.plan.routes import PARAMETER_PREFIX
from quaestor.plan.writing.form import PREFIX, Form
from quaestor.plan.writing.names import Target, choose
from quaestor.plan.writing.rows import find_rows
from quaestor.record import Record, replace
from quaestor.sql import nodes
from quaestor.sql.parser import parse_one
from quaestor.sql.printer import quote_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from quaestor.catalog.model import Column, Method, Parameter, Resource, Schema, Server

_BARE = ("integer", "number", "boolean")
#: What a document's column is called whose name is a parameter's.
_HIDDEN = "row__"
#: Parameters that take an expression; where one is there, the vendor takes no other beside it.
_EXPRESSIONS = ("filter", "search", "q")
#: Parameters by which answers are paged: Quaestor sets them itself.
PAGING = ("cursor", "offset", "page", "size")


class Given(Record):
    """A value that a statement gives.

    Attributes:
        name: as the statement has it, without quotes; a property's begins with `data__`.
        placeholder: the name in `{{ }}`; empty where `constant` stands.
        type: one of `values.TYPES`.
        parameter: None for a property of the body; `shape` is what that may be, None for a whole body.
        path: keys from the body to the property.
    """

    name: str
    placeholder: str
    type: str
    required: bool
    parameter: Parameter | None = None
    shape: Shape | None = None
    constant: str = ""
    path: tuple[str, ...] = ()

    def with_shape(self, shape: Shape) -> Given:
        """The same with other words on what it may be."""
        return replace(self, shape=shape)

    @property
    def value(self) -> str:
        """What stands in the statement: a number and a boolean bare, all else as text."""
        if self.constant:
            return "'" + self.constant.replace("'", "''") + "'"
        return _bare(self.placeholder) if self.type in _BARE else f"'{_bare(self.placeholder)}'"

    @property
    def json(self) -> str:
        """What stands in a JSON text: lists and objects are bare there as well."""
        if self.constant:
            return '"' + self.constant.replace("'", "''") + '"'
        bare = self.type in (*_BARE, "array", "object")
        if self.type == "any":
            bare = self.shape is None or not isinstance(sample(self.shape, is_sent=True), str)
        return _bare(self.placeholder) if bare else f'"{_bare(self.placeholder)}"'


class Statement(Record):
    """An example: `label` tells it from the method's others, `given` are its values in the order of its text."""

    label: str
    text: str
    given: tuple[Given, ...]
    verb: str


class Writer:
    """Writes the examples of one resource."""

    def __init__(self, resource: Resource, server: Server, lookup: Callable[[str], Schema]) -> None:
        self._target = Target(resource.provider, resource, server, lookup)
        self._resource = resource
        self._lookup = lookup
        self._forms: dict[str, Form] = {}
        parts = (resource.provider, resource.service, resource.name)
        self._address = ".".join(quote_name(part) for part in parts)

    def _form(self, method: Method) -> Form:
        if method.name not in self._forms:
            self._forms[method.name] = Form(method, self._lookup)
        return self._forms[method.name]

    def statements(self, method: Method) -> list[Statement]:
        """The examples of a method, one for each thing that its body may be."""
        if method.verb == "select":
            return [self._select(method)]
        return [self._write(method, label, body) for label, body in self.bodies(method)]

    def bodies(self, method: Method) -> list[tuple[str, list[Given]]]:
        """The properties that a method takes, for each thing that its body may be; no label if it is one thing."""
        form = self._form(method)
        if method.body is None:
            return [("", [])]
        envelope = method.body.envelope
        schemas = tuple(form.roots)
        for key in envelope:
            schemas = _inner(schemas, key, self._lookup)
        inside = Shape(schemas, self._lookup, Text())
        found = [
            (each.label, self._properties(form, method, each.schema, each.marker, each.value))
            for each in alternatives(inside)
        ]
        found = [(label, given) for label, given in found if given]
        if len(found) > 1:
            return found
        given = found[0][1] if found else self._properties(form, method, None, "", "")
        if not given:  # nothing is known of the body, or it is no JSON
            type_ = "any" if is_json(method.body.media_type) else "string"
            given = [Given(f"{PREFIX}data", "data", type_, method.body.required)]
        return [("", given)]

    def _properties(self, form: Form, method: Method, only: Schema | None, marker: str, value: str) -> list[Given]:
        """The properties by name; `only` is what the innermost object is, if it may be several things."""
        body = method.body
        assert body is not None
        required = set(form.required())
        own = Shape((only,), self._lookup, Text()).fields() if only is not None else None
        found: dict[str, Given] = {}
        for name in form.names():
            place = form.place(PREFIX + name)
            if not place:
                continue
            is_inner = place[:-1] == tuple(body.envelope)
            fields = own if own is not None and is_inner else _fields(form, place[:-1], self._lookup)
            if place[-1] not in fields:
                continue
            shape, needed = fields[place[-1]]
            if shape.is_read_only():
                continue
            needed = needed if own is not None and is_inner else place in required
            constant = value if is_inner and name == marker else ""
            found[name] = Given(
                PREFIX + name, "" if constant else slug(name), shape.type(), needed, None, shape, constant, place
            )
        return list(found.values())

    # -- verbs

    def _select(self, method: Method) -> Statement:
        columns = [quote_name(name) for name in ordered(shown(method))]
        given = [*self._parameters(method, is_required=True), *self._parameters(method, is_required=False)]
        text = "SELECT\n" + (",\n".join(columns) or "*") + f"\nFROM {self._address}{_where(given)}\n;"
        return Statement("", text, tuple(given), "select")

    def _write(self, method: Method, label: str, body: list[Given]) -> Statement:
        required = list(self._parameters(method, is_required=True))
        optional = list(self._parameters(method, is_required=False))
        makers = {"insert": self._insert, "update": self._set, "replace": self._set, "delete": self._delete}
        if method.verb in makers and self._is_routed(method, body, [*required, *optional]):
            text, given = makers[method.verb](method, body, required, optional)
            if text and self._names_row(method, text, body):
                return Statement(label, text, tuple(given), method.verb)
        return self._exec(method, label, body, required, optional)

    def _is_routed(self, method: Method, body: Sequence[Given], given: Sequence[Given]) -> bool:
        """Whether a statement of the verb with these names is this method's."""
        names = [each.name for each in (*body, *given)]
        optional = [each.name for each in given] if method.verb != "insert" else []
        named = names if method.verb == "insert" else [each.name for each in body if method.verb != "delete"]
        if method.verb == "delete":
            optional = names
        try:
            choice = choose(self._target, method.verb, named, optional)
        except BindError:
            return False
        return choice.method.name == method.name and not choice.unknown and not choice.missing

    def _names_row(self, method: Method, text: str, body: Sequence[Given]) -> bool:
        """Whether the statement says which objects it is about; one that is about all of them needs `--all`."""
        tree = parse_one(text)
        if not isinstance(tree, nodes.Update | nodes.Replace | nodes.Delete):
            return True
        assigned: dict[str, nodes.Expr] = {}
        if not isinstance(tree, nodes.Delete):
            assigned = {each.name: nodes.Literal("null") for each in body}
        try:
            found = find_rows(self._target, tree, method.verb, assigned, all_rows=False)
        except BindError:
            return False
        return found.choice.method.name == method.name and found.read is None

    def _insert(
        self, method: Method, body: list[Given], required: list[Given], optional: list[Given]
    ) -> tuple[str, list[Given]]:
        given = [*body, *required, *optional]
        if not given:
            return "", []
        names = ",\n".join(quote_name(each.name) for each in given)
        values = ",\n".join(each.value + (" /* required */" if each.required else "") for each in given)
        return f"INSERT INTO {self._address} (\n{names}\n)\nSELECT\n{values}{_returning(method)}\n;", given

    def _set(
        self, method: Method, body: list[Given], required: list[Given], optional: list[Given]
    ) -> tuple[str, list[Given]]:
        given = [*required, *optional]
        if not body or not given:
            return "", []
        sets = ",\n".join(
            f"{quote_name(each.name)} = {each.value}" + (" /* required */" if each.required else "") for each in body
        )
        text = f"{method.verb.upper()} {self._address}\nSET\n{sets}{_where(given)}{_returning(method)}\n;"
        return text, [*body, *given]

    def _delete(
        self, method: Method, body: list[Given], required: list[Given], optional: list[Given]
    ) -> tuple[str, list[Given]]:
        given = [*required, *body, *optional]
        if not given:
            return "", []
        return f"DELETE FROM {self._address}{_where(given)}\n;", given  # noqa: S608

    def _exec(
        self, method: Method, label: str, body: list[Given], required: list[Given], optional: list[Given]
    ) -> Statement:
        is_text = method.body is not None and not is_json(method.body.media_type) and not any(e.path for e in body)
        given = [*required, *(body if is_text else ()), *optional]
        lines = []
        for number, each in enumerate(given, 1):
            comma = "," if number < len(given) else ""
            said = " -- required" if each.required else ""
            lines.append(f"@{quote_name(each.name.removeprefix(PARAMETER_PREFIX))} = {each.value}{comma}{said}")
        text = "\n".join([f"EXEC {self._address}.{quote_name(method.name)}", *lines])
        if body and not is_text:
            text += f"\n@@json = '{_json(body)}'"
        return Statement(label, text + "\n;", (*given, *(() if is_text else body)), "exec")

    def _parameters(self, method: Method, *, is_required: bool) -> Iterator[Given]:
        """The parameters that an example gives: not those of paging, which nobody needs to set."""
        columns = {column.name for column in self._resource.columns}
        form = self._form(method)
        for parameter in method.parameters:
            needed = parameter.required and not parameter.default
            if needed is not is_required or parameter.role in PAGING:
                continue
            expression = method.listing.filter
            if expression and parameter.name in _EXPRESSIONS and parameter.name != expression:
                continue
            clashes = parameter.location != "path" and method.verb != "select" and parameter.name in columns
            clashes = clashes or (method.verb not in ("select", "exec") and form.place(parameter.name) is not None)
            prefix = PARAMETER_PREFIX if clashes and method.verb != "exec" else ""
            name = prefix + parameter.name
            yield Given(name, slug(parameter.name), parameter.type, needed, parameter)


def shown(method: Method) -> dict[str, Column]:
    """The columns that pages show, by the name that a SELECT has for them. Of a document's method, a column that a
    parameter hides (`catalog.stackql.methods`) goes by the parameter's name, which has the value that it has."""
    found = {column.name: column for column in method.columns if not column.hidden}
    for column in method.columns:
        bare = column.name.removeprefix(_HIDDEN)
        if column.hidden and bare != column.name and method.parameter(bare) is not None:
            found[bare] = column
    return found


def slug(name: str) -> str:
    """A name of letters, digits and `_`, as placeholders and anchors have it."""
    found = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "value"
    return f"_{found}" if found[0].isdigit() else found


def _inner(schemas: tuple[Schema, ...], key: str, lookup: Callable[[str], Schema]) -> tuple[Schema, ...]:
    found = Shape(schemas, lookup, Text()).fields().get(key)
    return found[0].schemas if found else ()


def _fields(form: Form, path: tuple[str, ...], lookup: Callable[[str], Schema]) -> dict[str, tuple[Shape, bool]]:
    return {
        name: (Shape(tuple(found), lookup, Text()), needed) for name, (found, needed) in form.fields(path).items()
    }


def _where(given: Sequence[Given]) -> str:
    lines = [f"{quote_name(each.name)} = {each.value}" + (" -- required" if each.required else "") for each in given]
    return "\nWHERE " + "\nAND ".join(lines) if lines else ""


def _returning(method: Method) -> str:
    columns = ordered(name for name, column in shown(method).items() if not column.hidden)
    return "\nRETURNING\n" + ",\n".join(quote_name(name) for name in columns) if columns else ""


def _json(body: Sequence[Given]) -> str:
    """The JSON of a body, its envelope around its properties."""
    if len(body) == 1 and not body[0].path:
        return body[0].json
    tree: dict[str, Any] = {}
    for each in body:
        at = tree
        for key in each.path[:-1]:
            at = at.setdefault(key, {})
        at[each.path[-1]] = each.json
    return _nested(tree)


def _nested(node: dict[str, Any]) -> str:
    members = [f'"{key}": {_nested(value) if isinstance(value, dict) else value}' for key, value in node.items()]
    return "{\n" + ",\n".join(members) + "\n}"


def _bare(name: str) -> str:
    return f"{{{{ {name} }}}}"
