"""The statement that makes a recorded write: properties by name where that says all of the body, else the whole body.

    INSERT INTO okta.groups.groups (data__profile) VALUES ('{"name": "x"}') RETURNING *
    UPDATE datadog.organization.users SET data__name = 'x' WHERE "user_id" = 'u1'
    EXEC okta.users.users.suspend_user @"id" = 'u1' @@json = '{…}'

Before: `operations`. After: `test_write_requests` runs it over the recorded answer.
"""

from __future__ import annotations

import json
from typing import Any

from tests.recorded.cassettes import Interaction, address
from tests.recorded.operations import Match
from tests.recorded.statements import Untold, quoted


def write_statement(found: Match, interaction: Interaction) -> str:
    """The statement. Raises Untold for a request that has what the catalog doesn't know."""
    method = found.method
    parameters = {next(p.name for p in method.parameters if p.wire == wire): v for wire, v in found.values.items()}
    said: dict[str, list[str]] = {}
    for wire, value in address(interaction.url).query:
        said.setdefault(wire, []).append(value)
    for wire, values in said.items():
        parameter = next((p for p in method.parameters if p.wire == wire and p.location == "query"), None)
        if parameter is None:
            raise Untold(f"the catalog has no query parameter {wire!r} of it")
        parameters[parameter.name] = json.dumps(values) if parameter.type == "array" else values[0]
    body = None if interaction.sent is None else _parsed(interaction.sent)
    if method.body is None and body not in (None, {}):
        raise Untold("the request has a body, and the catalog knows of none")
    if method.verb in ("exec", "select"):
        given = [f"@{quoted(name)} = {literal(value)}" for name, value in parameters.items()]
        payload = "" if body is None or method.body is None else f" @@json = {literal(json.dumps(body))}"
        return f"EXEC {found.resource.id}.{method.name} {', '.join(given)}{payload}"
    columns = {} if body is None or method.body is None else _columns(found, body)
    table = found.resource.id
    returning = " RETURNING *" if any(not column.hidden for column in method.columns) else ""
    if method.verb == "insert":
        named = {**{f"param__{name}": value for name, value in parameters.items()}, **columns}
        if not named:
            return f"INSERT INTO {table} DEFAULT VALUES{returning}"
        names = ", ".join(quoted(name) for name in named)
        return f"INSERT INTO {table} ({names}) VALUES ({', '.join(map(literal, named.values()))}){returning}"
    conditions = [f"{quoted(f'param__{name}')} = {literal(value)}" for name, value in parameters.items()]
    if method.verb == "delete":
        conditions += [f"{quoted(name)} = {literal(value)}" for name, value in columns.items()]
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    if method.verb == "delete":
        return f"DELETE FROM {table}{where}{returning}"
    sets = ", ".join(f"{quoted(name)} = {literal(value)}" for name, value in columns.items())
    return f"{method.verb.upper()} {table} SET {sets or '-- nothing'}{chr(10)}{where}{returning}"


def _columns(found: Match, body: Any) -> dict[str, Any]:
    """The body as properties by name, or whole where names can't say all of it."""
    method = found.method
    assert method.body is not None
    whole = {"data__data": body} if not (isinstance(body, dict) and "data" in body) else None
    if not isinstance(body, dict) or not body:
        return {"data__data": body}
    out: dict[str, Any] = {}
    at, inside = body, method.body.envelope
    for depth, key in enumerate(inside):
        for name, value in at.items():
            constant = method.body.constants.get(".".join((*inside[:depth], name)))
            if name != key and not (constant is not None and constant == value):
                out[f"data__{name}"] = value
        below = at.get(key)
        if not isinstance(below, dict):
            return {f"data__{name}": value for name, value in body.items()} if whole is None else whole
        at = below
    for name, value in at.items():
        if f"data__{name}" in out:  # an attribute with the name of an envelope's member
            return {f"data__{key}": member for key, member in body.items()}
        out[f"data__{name}"] = value
    if any(value is None for value in out.values()) and method.verb == "insert":  # NULL leaves a property out
        return {f"data__{name}": value for name, value in body.items()} if inside else {"data__data": body}
    return out


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def literal(value: Any) -> str:
    """A value as a person would write it: numbers and booleans bare, objects and lists as JSON."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and abs(value) < 1 << 63:
        return str(value)
    if isinstance(value, float):
        return repr(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return "'" + text.replace("'", "''") + "'"
