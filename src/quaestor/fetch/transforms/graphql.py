"""GraphQL by StackQL's documents: a query made of a template and values, and answers that say no with 200.

A value stays in its slot: inside quotes it is escaped, and anywhere else it has to be a name, a number or a boolean.
Before: `fetch.request` has the values. After: `fetch.pages` puts the cursor of the next page into `further`.
"""

from __future__ import annotations

import json
import re

from quaestor.errors import BindError, ProviderError
from quaestor.fetch.transforms import gotemplate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

#: What a template's `{{ .limit }}` is: the largest page that GitHub and GitLab give.
LIMIT = 100
#: Stands in the body of a further page for the cursor, which isn't known yet.
CURSOR = "quaestor-cursor-7f3a"
_MARK = re.compile(r"QMARK(\d+)Q")
_WORD = re.compile(r"[A-Za-z0-9_.+-]+")


def bodies(template: str, argument: str, values: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """The body of the first request, and that of a further one with `CURSOR` for the cursor.

    Args:
        argument: a template that says how the cursor is written, `{{ .value }}` being it; empty for
            `, after: "…"`, StackQL's way.

    Raises BindError for a value that can't stand where the template puts it, CatalogError for a template that isn't
    understood.
    """
    text = gotemplate.execute(gotemplate.parse(argument), {"value": CURSOR}) if argument else f', after: "{CURSOR}"'
    return _body(template, values, ""), _body(template, values, text)


def _body(template: str, values: Mapping[str, Any], cursor: str) -> bytes:
    known = list(values)
    marks: dict[str, Any] = {}
    for number, name in enumerate(known):
        value = values[name]
        # what a template compares or goes over has to be itself
        marks[name] = f"QMARK{number}Q" if isinstance(value, str) and value else value
    query = gotemplate.execute(gotemplate.parse(template), {"limit": LIMIT, "cursor": cursor, **marks})
    out: list[str] = []
    end = 0
    for match in _MARK.finditer(query):
        name = known[int(match[1])]
        out += [query[end : match.start()], _text(name, str(values[name]), _is_quoted(query, match.start()))]
        end = match.end()
    return json.dumps({"query": "".join(out) + query[end:]}, separators=(",", ":")).encode()


def _is_quoted(query: str, at: int) -> bool:
    """Whether a place in a query is inside a string (GraphQL, October 2021, 2.9.4)."""
    inside = False
    position = 0
    while position < at:
        if query[position] == "\\" and inside:
            position += 1
        elif query[position] == '"':
            inside = not inside
        position += 1
    return inside


def _text(name: str, value: str, is_quoted: bool) -> str:
    if is_quoted:
        return json.dumps(value)[1:-1]
    if not _WORD.fullmatch(value):
        raise BindError(f"{name} can't be {value!r}: in this query it is a name or a number")
    return value


def with_cursor(further: bytes, token: str | int) -> bytes:
    """The body of the page that a cursor leads to."""
    inside = json.dumps(str(token))[1:-1]  # in a string of the query, which is in a string of JSON
    return further.replace(CURSOR.encode(), json.dumps(inside)[1:-1].encode())


def check(body: bytes) -> bytes:
    """The body itself. Raises ProviderError where it has errors: part of its data would look like all of it."""
    try:
        answer = json.loads(body)
    except ValueError:
        return body  # `decode` says what is wrong with it
    errors = answer.get("errors") if isinstance(answer, dict) else None
    if not errors:
        return body
    first = errors[0] if isinstance(errors, list) else errors
    said = first.get("message") if isinstance(first, dict) else None
    kind = first.get("type") if isinstance(first, dict) else None
    more = f" (and {len(errors) - 1} more)" if isinstance(errors, list) and len(errors) > 1 else ""
    raise ProviderError(
        f"the query was refused: {str(said or first)[:500]}{more}", status=200, vendor_code=str(kind or "")
    )
