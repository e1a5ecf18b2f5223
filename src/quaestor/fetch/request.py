"""From a method and bound values to one `HttpRequest`: pure, no credential, no network.

Whatever a value holds, it stays in its slot (`fetch.slots`) and doesn't change the host (`fetch.server`). Before:
`plan` chose the method and bound its parameters. After: `fetch.client` signs and sends, `fetch.pages` asks for
further pages.
"""

from __future__ import annotations

from quaestor.errors import BindError, CatalogError, did_you_mean
from quaestor.fetch.http import HttpRequest
from quaestor.fetch.server import base_url
from quaestor.fetch.slots import (
    header_text,
    items_of,
    member_of,
    query_parts,
    quoted,
    segment_text,
    template_parts,
)
from quaestor.fetch.url import append_query

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from quaestor.catalog.model import Method, Parameter, Server
    from quaestor.fetch.slots import Value

#: The media type of a form (HTML, 4.10.21.8).
FORM = "application/x-www-form-urlencoded; charset=utf-8"


def build_request(
    method: Method,
    server: Server,
    values: Mapping[str, Value],
    *,
    endpoint: str = "",
    custom_domain: str = "",
    body: bytes | None = None,
    content_type: str = "",
) -> HttpRequest:
    """The request that calls `method` with `values`.

    Args:
        server: the provider's; a method's own server goes before it.
        values: by the parameters' SQL names, server variables among them.
        endpoint: an origin (and path prefix) that replaces scheme, host and port; server variables aren't needed.
        custom_domain: the host of a connection that has a domain of its own.
        body: sent as it is.
        content_type: of the body; unless given, the method's media type.

    Raises BindError for a value that its parameter can't take or a parameter that the method doesn't have,
    ForbiddenError for a host that isn't the provider's, UsageError for an unusable endpoint or custom domain,
    CatalogError for a path that names a parameter which isn't declared.
    """
    server = method.server or server
    _check_names(method, server, values)
    if method.command:
        # late: only documents of other people have it (docs/decisions/0003-late-imports.md)
        from quaestor.fetch.programs import request

        return request(method, values)
    base = base_url(server, values, endpoint=endpoint, custom_domain=custom_domain)
    query: list[str] = []
    headers = [("accept", _accepted(method))]
    headers += [(name.lower(), value) for name, value in method.headers.items()]
    for parameter in method.parameters:
        value = values.get(parameter.name)
        if value is None:
            if parameter.required and parameter.location != "path":  # a path without its parameter fails below
                raise _missing(method, parameter)
        elif parameter.location == "query":
            query += query_parts(parameter, value)
        elif parameter.location == "header":
            headers.append((parameter.wire.lower(), header_text(parameter, value)))
    body, further = _bodies(method, values, body)
    path = _path(method, values)
    if method.form:
        path, _, constant = path.partition("?")
        body, content_type = "&".join(filter(None, (constant, *query))).encode(), FORM
        query = []
    if body is not None:
        known_type = method.body.media_type if method.body else "application/json"
        headers.append(("content-type", content_type or known_type))
    return HttpRequest(
        method=method.http,
        url=append_query(base + path, query),
        headers=tuple(headers),
        body=body,
        verb=method.verb,
        bucket=f"{method.http} {method.path}",
        further=further,
    )


def _check_names(method: Method, server: Server, values: Mapping[str, Value]) -> None:
    known = {p.name for p in method.parameters} | {v.name for v in server.variables}
    for name in values:
        if name not in known:
            raise BindError(f"{method.name} has no parameter {name!r}", hint=did_you_mean(name, sorted(known)))


def _bodies(method: Method, values: Mapping[str, Value], body: bytes | None) -> tuple[bytes | None, bytes]:
    """The body of the first request, and of those for further pages where it is another one."""
    if method.body is not None and method.body.graphql:
        return _graphql(method, values)
    if method.verb == "select" and any(p.location == "body" for p in method.parameters):
        return _asked(method, values, body), b""
    return body, b""


def _graphql(method: Method, values: Mapping[str, Value]) -> tuple[bytes, bytes]:
    """The query of the first request, and of those for further pages."""
    # late: only documents of other people have it (docs/decisions/0003-late-imports.md)
    from quaestor.fetch.transforms.graphql import bodies

    assert method.body is not None
    given = {p.wire: member_of(p, values[p.name]) for p in method.parameters if values.get(p.name) is not None}
    return bodies(method.body.template, method.pagination.token_param, given)


def _asked(method: Method, values: Mapping[str, Value], body: bytes | None) -> bytes:
    """The JSON by which a list is asked for: what it always holds, and the properties that are bound."""
    import json

    whole = json.loads(body) if body else {}
    for parameter in method.parameters:
        if parameter.location == "body" and values.get(parameter.name) is not None:
            whole[parameter.wire] = member_of(parameter, values[parameter.name])
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


def _accepted(method: Method) -> str:
    return method.response.media_type or "application/json"


def _missing(method: Method, parameter: Parameter) -> BindError:
    return BindError(f"{method.name} needs {parameter.name!r}", hint=f"add: {parameter.name} = '…'")


# --- the path ---------------------------------------------------------------------------------------------------


def _path(method: Method, values: Mapping[str, Value]) -> str:
    declared = {p.wire: p for p in method.parameters if p.location == "path"}
    return "/".join(_segment(method, segment, declared, values) for segment in method.path.split("/"))


def _segment(method: Method, template: str, declared: Mapping[str, Parameter], values: Mapping[str, Value]) -> str:
    if "{" not in template:
        return template
    out: list[str] = []
    for part in template_parts(template):
        if not part.startswith("{"):
            out.append(part)
            continue
        parameter = declared.get(part[1:-1])
        if parameter is None:
            raise CatalogError(f"the path {method.path} of {method.name} has no parameter {part}")
        value = values.get(parameter.name)
        if value is None:
            raise _missing(method, parameter)
        items = [_path_text(method, parameter, item) for item in items_of(parameter, value)]
        out.append(",".join(items))
    segment = "".join(out)
    if not segment:
        raise BindError(f"{method.name}: an empty list can't stand in its path")
    if segment in (".", ".."):  # not encodable: URL libraries resolve %2E%2E too (WHATWG URL, dot segments)
        raise BindError(f"{method.name}: {segment!r} can't stand in a path, it would name another resource")
    return segment


def _path_text(method: Method, parameter: Parameter, text: str) -> str:
    """A value in a path: one segment, or several where the parameter takes them."""
    if not parameter.segments:
        return segment_text(parameter, text)
    parts = text.split("/")
    if not text or any(part in (".", "..") for part in parts):
        raise BindError(f"{method.name}: {text!r} can't stand in a path, it would name another resource")
    return "/".join(quoted(parameter, part) for part in parts)
