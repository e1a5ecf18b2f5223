"""A method's request in full: where it goes, who may send it, what it takes and answers, and programs that send it.

Before: `maker` has a method with its examples and the vendor's words. After: it stands on the page, below the tables.
"""

from __future__ import annotations

import json

from quaestor.authoring.pages import clients
from quaestor.authoring.pages.page import Content, Operation
from quaestor.authoring.pages.prose import Text
from quaestor.authoring.pages.shape import Shape, bounded, rows, sample
from quaestor.authoring.pages.statements import PAGING
from quaestor.authoring.pages.words import block, flat
from quaestor.catalog.model import Schema

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from quaestor.authoring.pages.maker import Method
    from quaestor.catalog import model

#: A server's variable with more values than this is written as the variable.
MOST_SITES = 12
#: What statuses are called where a document says nothing (RFC 9110, 15).
_STATUSES = {200: "OK", 201: "Created", 202: "Accepted", 204: "No Content"}


def operation(
    provider: model.Provider,
    made: Method,
    schema: Callable[[str], Schema],
    escape: Callable[[str], str],
    rate: Callable[[str, str], str],
    matching: Callable[[str], str],
) -> Operation:
    """The request of a method in full; `escape`, `rate` and `matching` as for `Maker`."""
    method = made.method
    urls = tuple(_urls(method.server or provider.server, method.path))
    words = _words(made, schema)
    body = _body(made, words, escape, matching)
    return Operation(
        name=method.name,
        call=f"{method.http} {method.path}",
        urls=urls,
        facts=tuple((name, text) for name, text in _facts(method, rate) if text),
        body=body,
        answers=tuple(_answers(made, schema, escape, matching)),
        codes=clients.programs(_request(provider, made, body, urls), made.statements[0]),
        text=block(made.text, escape),
    )


def _urls(server: model.Server, path: str) -> Iterator[str]:
    """The address at each site of the provider; a variable of any value stays as it is."""
    whole = server.url + path
    listed = next((each for each in server.variables if 0 < len(each.enum) <= MOST_SITES), None)
    if listed is None:
        yield whole
        return
    yield from (whole.replace(f"{{{listed.name}}}", value) for value in listed.enum)


def _facts(method: model.Method, rate: Callable[[str, str], str]) -> Iterator[tuple[str, str]]:
    yield "Permissions", ", ".join(f"`{each}`" for each in method.permissions)
    yield "OAuth scopes", ", ".join(f"`{each}`" for each in method.scopes)
    yield "Arguments", ", ".join(_argument(each) for each in method.parameters)
    if method.verb == "select":
        yield "Paging", _paging(method.pagination)
        yield "Tested by the API", ", ".join(f"`{each}`" for each in method.listing.attributes())
        yield "Leaves out", method.listing.missing
    yield "Rate limit", rate(method.http, method.path)
    yield "Stage", "" if method.lifecycle == "ga" else method.lifecycle


def _argument(parameter: model.Parameter) -> str:
    needed = ", required" if parameter.required and not parameter.default else ""
    return f"`{parameter.wire}` ({parameter.location}{needed})"


def _paging(paging: model.Pagination) -> str:
    how = {
        "none": "one answer holds all",
        "link": "by the `Link` header",
        "next_url": f"by the address in `{'.'.join(paging.token_path)}`",
        "cursor": f"by a cursor, `{paging.token_param}`",
        "last_row": f"by the last row's `{'.'.join(paging.token_path)}`, sent as `{paging.token_param}`",
        "page": f"by the page's number, `{paging.token_param}`",
        "offset": f"by an offset, `{paging.token_param}`",
    }[paging.style]
    if paging.style == "none":
        return how
    sizes = [
        f"at most {paging.size_max:,}" if paging.size_max else "",
        f"{paging.size_default:,} unless asked otherwise" if paging.size_default else "",
    ]
    said = ", ".join(each for each in sizes if each)
    size = f"; page size `{paging.size_param}`{f': {said}' if said else ''}" if paging.size_param else ""
    return f"{how}, followed to the end or to LIMIT{size}"


# ------------------------------------------------------------------------------------- what it takes and answers


def _words(made: Method, schema: Callable[[str], Schema]) -> tuple[str, Shape | None, Any]:
    """What is said of the body, what it is, and the vendor's example of it."""
    body = made.method.body
    if body is None:
        return "", None, None
    note, text, example = made.prose.body(body.media_type) if made.prose is not None else ("", Text(), None)
    shape = Shape((Schema(ref=body.schema),), schema, text) if body.schema else None
    return note or text.description, shape, example


def _body(
    made: Method, words: tuple[str, Shape | None, Any], escape: Callable[[str], str], matching: Callable[[str], str]
) -> Content | None:
    note, shape, example = words
    body = made.method.body
    if body is None:
        return None
    title = f"{'required' if body.required else 'optional'}, `{body.media_type}`"
    if shape is None:
        return Content(title, block(note, escape))
    value = example if example is not None else sample(shape, is_sent=True, matching=matching)
    return Content(title, block(note, escape), _rows(shape, escape), _json(value))


def _rows(shape: Shape, escape: Callable[[str], str]) -> Any:
    inner = shape.items()
    line = lambda text: flat(text, escape)  # noqa: E731
    if inner is not None and not shape.fields():
        return bounded(rows(inner, line, prefix="[]."))
    return bounded(rows(shape, line))


def _answers(
    made: Method, schema: Callable[[str], Schema], escape: Callable[[str], str], matching: Callable[[str], str]
) -> Iterator[Content]:
    """The answer of success as the catalog knows it, then whatever else the vendor's document has, the same ones
    together."""
    response = made.method.response
    success = str(response.status)
    said = list(made.prose.answers()) if made.prose is not None else []
    note, text = made.prose.answer(response.status, response.media_type) if made.prose is not None else ("", Text())
    title = f"{success} {note.strip() or _STATUSES.get(response.status, '')}".strip()
    example = next((example for status, _, _, example in said if status == success), None)
    if response.schema:
        shape = Shape((Schema(ref=response.schema),), schema, text)
        value = example if example is not None else sample(shape, is_sent=False, matching=matching)
        yield Content(flat(title, escape), block(text.description, escape), _rows(shape, escape), _json(value))
    else:
        yield Content(flat(title, escape), "" if response.media_type else "No body.")
    yield from _others(made, success, escape, matching)


def _others(
    made: Method, success: str, escape: Callable[[str], str], matching: Callable[[str], str]
) -> Iterator[Content]:
    if made.prose is None:
        return
    prose = made.prose.prose
    kinds: dict[tuple[str, Any, str], list[str]] = {}
    for status, note, raw, example in made.prose.answers():
        if status == success:
            continue
        text = Text(prose.schemas, [raw] if raw else [])
        shape = Shape((prose.spec.reduce(raw, status),), prose.spec.schema, text) if raw else None
        value = example if example is not None or shape is None else sample(shape, is_sent=False, matching=matching)
        columns = _rows(shape, escape) if shape is not None else ()
        key = (text.description, columns, _json(value) if value is not None else "")
        kinds.setdefault(key, []).append(flat(f"{status} {note}", escape))
    for (description, columns, example), titles in kinds.items():
        yield Content(", ".join(titles), block(description, escape), columns, example)


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def _request(provider: model.Provider, made: Method, body: Content | None, urls: tuple[str, ...]) -> clients.Request:
    method = made.method
    values = {}
    for each in method.parameters:
        if each.required and each.location != "path" and each.role not in PAGING:
            example = made.prose.parameter(each.wire, each.location)[2] if made.prose is not None else None
            values[each.wire] = example if example is not None else (each.enum[0] if each.enum else each.wire)
    value = json.loads(body.example) if body is not None and body.example else None
    raw = made.prose.schema_name(method.response.status) if made.prose is not None else ""
    server = method.server or provider.server
    return clients.Request(
        provider,
        method,
        made.prose.tag if made.prose is not None else "",
        values,
        value,
        server.url + method.path if server.url else urls[0],
        raw,
    )
