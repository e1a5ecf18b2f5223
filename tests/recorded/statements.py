"""The SELECT that asks for what a recorded request asked for.

    SELECT "id", "status", …, "_raw" FROM okta.users.users WHERE "id" = '00u…'

Before: `operations`. After: `verdict` runs it.
"""

from __future__ import annotations

import json
import re

from tests.recorded.cassettes import Interaction, address
from tests.recorded.operations import Match

from quaestor.catalog.model import Method, Parameter


class Untold(Exception):
    """The request has something that the catalog doesn't know; the message is the reason."""


def statement(found: Match, interaction: Interaction, *, raw: bool = True) -> str:
    """The statement for all columns of the method (and `_raw`), what a URL says as conditions. Raises Untold."""
    method = found.method
    names = [*(column.name for column in method.columns), *(["_raw"] if raw else [])]
    conditions = [_path_condition(method, wire, value) for wire, value in found.values.items()]
    said: dict[str, list[str]] = {}
    for wire, value in address(interaction.url).query:
        said.setdefault(wire, []).append(value)
    for parameter in method.required:
        if parameter.location == "query" and parameter.wire not in said:
            raise Untold(f"it lacks {parameter.wire!r}, which the API insists on")
    conditions += [_query_condition(method, wire, values) for wire, values in said.items()]
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {', '.join(quoted(name) for name in names)} FROM {found.resource.id}{where}"


def quoted(name: str) -> str:
    """A name in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def _path_condition(method: Method, wire: str, value: str) -> str:
    parameter = next(p for p in method.parameters if p.wire == wire and p.location == "path")
    # A key of several kinds (`matches: other`) isn't always the value of the column that has its name.
    raw = parameter.matches == "other" and any(column.name == parameter.name for column in method.columns)
    return f"{quoted(f'param__{parameter.name}' if raw else parameter.name)} = {_literal(parameter, [value])}"


def _query_condition(method: Method, wire: str, values: list[str]) -> str:
    parameter = next((p for p in method.parameters if p.wire == wire and p.location == "query"), None)
    if parameter is None:
        raise Untold(f"the catalog has no query parameter {wire!r} of it")
    shares = any(column.name == parameter.name for column in method.columns)
    # A field of the same name is another thing unless the API compares just that: then `param__` says which is meant.
    raw = shares and not parameter.required and parameter.matches != "exact"
    name = f"param__{parameter.name}" if raw else parameter.name
    return f"{quoted(name)} = {_literal(parameter, values)}"


def _literal(parameter: Parameter, values: list[str]) -> str:
    """A value as a person would write it: numbers and booleans bare, lists as JSON."""
    if parameter.type == "array":
        items = values if parameter.explode and parameter.style in ("", "form") else values[0].split(",")
        return _text(json.dumps(items, ensure_ascii=False))
    if len(values) > 1:
        raise Untold(f"{parameter.wire} is said {len(values)} times and is no list")
    value = values[0]
    if parameter.type == "boolean" and value in ("true", "false"):
        return value
    if parameter.type == "integer" and re.fullmatch(r"-?(0|[1-9]\d*)", value):
        return value
    return _text(value)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
