"""Answers that a document transforms, as they are before that: XML, lists of bare values, objects in objects.

The rows are made in the shape that the transform makes, which the catalog tells; here they are put into one that it
makes them of, and the transform itself says whether it does. What is asked of GraphQL is told apart here too.

Before: `site` has a body of rows. After: bytes as the provider sends them.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from urllib.parse import quote
from xml.sax.saxutils import escape

import msgspec

from quaestor.catalog.model import Body
from quaestor.errors import QuaestorError
from quaestor.fetch.body import encode_by
from quaestor.fetch.transforms import PAGED, transform
from quaestor.record import replace
from quaestor.sandbox.answer import bodies
from quaestor.sandbox.answer.answers import Answer
from quaestor.sandbox.answer.paging import at_path
from quaestor.sandbox.answer.refusal import Refusal
from quaestor.sandbox.answer.routes import Route, is_untold

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

_STEPS = re.compile(r'index \S+ "(\w+)"')
_ACTION = re.compile(r"\{\{.*?\}\}", re.S)
_CURSOR = re.compile(r"([\w=+/-]+)\"?\s*\Z")
#: What objects of Azure's have beside their `properties` (the resource schema of Azure Resource Manager).
_OUTER = {"id", "name", "type", "location", "tags", "etag", "kind", "sku", "plan", "identity", "zones", "managedBy"}


def untransformed(route: Route, answer: Answer) -> Answer:
    """The answer as it comes before its document's transform. Raises Refusal where no shape is known of which the
    transform makes these rows."""
    response = route.method.response
    if is_untold(route) and route.kind != "write":
        detail = "the document makes rows of this answer by a transform, and no schema tells what comes before it"
        raise Refusal("unsupported", route.template, detail=detail)
    if not answer.body or response.transform == "graphql" or is_untold(route):
        return answer
    if "json" not in response.media_type and "xml" not in response.media_type:  # any text, in a column of its own
        return replace(answer, body=bodies.document(response.media_type))
    made = _plain(msgspec.json.decode(answer.body))
    for body in _candidates(route, made):
        try:
            found = json.loads(transform(response.transform, response.template, body))
        except (QuaestorError, ValueError):  # not this shape, then: the transform makes no JSON of it
            continue
        if _says(at_path(found, response.row_path), at_path(made, response.row_path)):
            is_xml = body.lstrip().startswith(b"<")
            media_type = "text/xml" if is_xml and "xml" not in answer.media_type else answer.media_type
            return replace(answer, body=body, media_type=media_type)
    raise Refusal(
        "unsupported", route.template, detail="the sandbox finds nothing that this document's transform reads"
    )


def asked(routes: Sequence[Route], raw_query: str, content_type: str, body: bytes | None) -> str:
    """A request's query with what a form says, and, of GraphQL, which operation's query it is and its cursor."""
    if body and content_type.startswith("application/x-www-form-urlencoded"):
        return "&".join(filter(None, (raw_query, body.decode("utf-8", "replace"))))
    if not body or not routes:
        return raw_query
    try:
        sent = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return raw_query
    text = sent.get("query") if isinstance(sent, dict) else None
    for route in routes if isinstance(text, str) else ():
        template = route.method.body.template if route.method.body is not None else ""
        match = _query(template).fullmatch(" ".join(str(text).split()))
        if match is not None:
            cursor = _CURSOR.search(match.groupdict().get("cursor") or "")
            name = route.method.pagination.token_param or "after"
            said = [f"{key}={quote(value)}" for key, value in route.asks]
            return "&".join([*said, *([f"{quote(name)}={quote(cursor[1])}"] if cursor else [])])
    return raw_query


@lru_cache(maxsize=256)
def _query(template: str) -> re.Pattern[str]:
    """What queries that a template makes look like, blanks told as one."""
    out, end = "", 0
    for match in _ACTION.finditer(template):
        out += _blanks(template[end : match.start()])
        is_cursor = "cursor" in match[0] and "(?P<cursor>" not in out
        out += "(?P<cursor>.*?)" if is_cursor else ".*?"
        end = match.end()
    return re.compile(out + _blanks(template[end:]), re.S)


def _blanks(text: str) -> str:
    return r"\s*".join(re.escape(word) for word in re.split(r"\s+", text))


def _candidates(route: Route, made: Any) -> Iterator[bytes]:
    """Bodies that the transform may make this of, the likeliest first."""
    response = route.method.response
    kind = response.transform.removeprefix(PAGED)
    rows = at_path(made, response.row_path)
    rows = rows if isinstance(rows, list) else [rows]
    if kind == "golang_template_mxj":
        yield _nested(_STEPS.findall(response.template), [_only(row) for row in rows], _following(route, made))
        return
    if kind == "schema_driven_xml":
        yield _xml(route, rows, _following(route, made))
        return
    if isinstance(made, dict) and isinstance(at_path(made, response.row_path), list):
        key = response.row_path[-1] if response.row_path else ""
        yield _json({**made, key: [_folded(row) for row in rows]})
    yield _json(_folded(made))
    yield _json(made)
    yield _json([_only(row) for row in rows])
    yield _json(rows)


def _following(route: Route, made: Any) -> dict[str, str]:
    """What XML says of a further page (see `fetch.transforms.markup.following`)."""
    how = route.method.pagination
    token, more = at_path(made, how.token_path), at_path(made, how.more_path)
    if not how.more_path or more is None:
        return {}
    parameter = how.token_param.partition("&")[0]
    called = parameter if parameter == "Marker" else f"Next{parameter.replace('-', '')}"
    return {"IsTruncated": "true" if more else "false", **({called: str(token)} if more and token else {})}


def _xml(route: Route, rows: list[Any], following: dict[str, str]) -> bytes:
    """Rows of a schema as XML: a list of what the schema is called, inside two elements of the action's name.

    Source: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html, response serialization.
    """
    text = route.method.response.template
    row = json.loads(text.partition("\n")[2] if route.method.response.transform.startswith(PAGED) else text)
    called = row["name"].removesuffix("Display")
    elements = dict(row.get("elements", {}))
    for name in _lists(rows):
        elements.setdefault(name, f"{name}/member")
    how = Body(media_type="application/xml", elements=elements)
    items = [encode_by(how, {"member": each})[0].decode() for each in rows if isinstance(each, dict)]
    said = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in following.items())
    inner = f"<{called}s>{''.join(items)}</{called}s>{said}"
    action = dict(route.asks).get("Action", "")
    if action:
        return f"<{action}Response><{action}Result>{inner}</{action}Result></{action}Response>".encode()
    return f"<{called}Result>{inner}</{called}Result>".encode()


def _nested(steps: list[str], values: list[Any], following: dict[str, str]) -> bytes:
    """Bare values in the elements that a template goes through."""
    inner = "".join(f"<{steps[-1]}>{escape(str(value))}</{steps[-1]}>" for value in values)
    for depth, step in enumerate(reversed(steps[:-1])):
        if depth == len(steps) - 3:  # the result, one below the response
            inner += "".join(f"<{name}>{escape(value)}</{name}>" for name, value in following.items())
        inner = f"<{step}>{inner}</{step}>"
    return inner.encode()


def _folded(row: Any) -> Any:
    """A row with what Azure keeps in `properties` put back there."""
    if not isinstance(row, dict) or "id" not in row or "properties" in row:
        return row
    outer = {name: value for name, value in row.items() if name in _OUTER}
    return {**outer, "properties": {name: value for name, value in row.items() if name not in _OUTER}}


def _only(row: Any) -> Any:
    """The one value of a row that has no other."""
    return next(iter(row.values())) if isinstance(row, dict) and len(row) == 1 else row


def _plain(value: Any) -> Any:
    """A value without members that are empty: XML has no null, and no list without items."""
    if isinstance(value, dict):
        said = {name: _plain(each) for name, each in value.items()}
        return {name: each for name, each in said.items() if each not in (None, {}) and each != []}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _lists(value: Any) -> set[str]:
    """The names of members that are lists, however deep."""
    if isinstance(value, list):
        return {name for each in value for name in _lists(each)}
    if not isinstance(value, dict):
        return set()
    return {name for name, each in value.items() if isinstance(each, list)}.union(*map(_lists, value.values()))


def _says(found: Any, wanted: Any) -> bool:
    """Whether rows that were made have all that they should have."""
    one, other = ([each] if not isinstance(each, list) else each for each in (found, wanted))
    if len(one) != len(other):
        return False
    pairs = zip(one, other, strict=True)
    return all(set(had) >= set(want) for had, want in pairs if isinstance(had, dict) and isinstance(want, dict))


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
