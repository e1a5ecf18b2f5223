"""From a method and bound values to one `HttpRequest`: pure, no credential, no network.

A value stays in its slot: whatever it holds, it can neither end a path segment, nor add a query parameter or a
header, nor change the host. Before: `plan` chose the method and bound its parameters. After: `fetch.client` signs
and sends, `fetch.pages` asks for further pages.
"""

from __future__ import annotations

from quaestor.errors import BindError, CatalogError, ForbiddenError, UsageError, did_you_mean
from quaestor.fetch.http import HttpRequest
from quaestor.fetch.url import append_query, is_host, is_label, quote, split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, TypeAlias

    from quaestor.catalog.model import Method, Parameter, Server

    #: What a parameter can be bound to. None is the same as not bound. Lists and objects may also be JSON text.
    Value: TypeAlias = "str | int | float | bool | list[Any] | tuple[Any, ...] | dict[str, Any] | None"

#: OpenAPI 3.0, Parameter Object, `style`: what stands between the items of an array that isn't exploded.
_DELIMITERS = {"form": ",", "simple": ",", "spaceDelimited": "%20", "pipeDelimited": "|", "": ","}


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
    known = {p.name for p in method.parameters} | {v.name for v in server.variables}
    for name in values:
        if name not in known:
            raise BindError(f"{method.name} has no parameter {name!r}", hint=did_you_mean(name, sorted(known)))
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
            query += _query_parts(parameter, value)
        elif parameter.location == "header":
            headers.append((parameter.wire.lower(), _header_text(parameter, value)))
    further = b""
    if method.body is not None and method.body.graphql:
        body, further = _graphql(method, values)
    elif method.verb == "select" and any(p.location == "body" for p in method.parameters):
        body = _asked(method, values, body)
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


def _graphql(method: Method, values: Mapping[str, Value]) -> tuple[bytes, bytes]:
    """The query of the first request, and of those for further pages."""
    # late: only documents of other people have it (docs/decisions/0003-late-imports.md)
    from quaestor.fetch.transforms.graphql import bodies

    assert method.body is not None
    given = {p.wire: _member(p, values[p.name]) for p in method.parameters if values.get(p.name) is not None}
    return bodies(method.body.template, method.pagination.token_param, given)


def _asked(method: Method, values: Mapping[str, Value], body: bytes | None) -> bytes:
    """The JSON by which a list is asked for: what it always holds, and the properties that are bound."""
    import json

    whole = json.loads(body) if body else {}
    for parameter in method.parameters:
        if parameter.location == "body" and values.get(parameter.name) is not None:
            whole[parameter.wire] = _member(parameter, values[parameter.name])
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


def _member(parameter: Parameter, value: Value) -> Any:
    """A value as JSON has it. Raises BindError for what isn't of the parameter's type."""
    if parameter.type in ("array", "object"):
        found = _structure(parameter, value)
        if parameter.type == "object" and not isinstance(found, dict):
            raise BindError(f"{parameter.name} takes a JSON object, not {value!r}")
        return list(found) if isinstance(found, tuple) else found
    if isinstance(value, list | tuple | dict):
        raise BindError(f"{parameter.name} takes a single value, not {_kind(value)}")
    if parameter.type == "boolean":
        known = {"true": True, "false": False, "1": True, "0": False}
        if _text(parameter, value) not in known:
            raise BindError(f"{parameter.name} can't be {value!r}: it is true or false")
        return known[_text(parameter, value)]
    if parameter.type in ("integer", "number"):
        text = _text(parameter, value)
        try:
            return int(text) if parameter.type == "integer" or text.lstrip("-").isdigit() else float(text)
        except ValueError as error:
            raise BindError(f"{parameter.name} can't be {value!r}: it is a number") from error
    return _text(parameter, value)


def _accepted(method: Method) -> str:
    return method.response.media_type or "application/json"


def _missing(method: Method, parameter: Parameter) -> BindError:
    return BindError(f"{method.name} needs {parameter.name!r}", hint=f"add: {parameter.name} = '…'")


# --- the server -------------------------------------------------------------------------------------------------


def base_url(server: Server, values: Mapping[str, Value], *, endpoint: str = "", custom_domain: str = "") -> str:
    """Scheme, host, port and path prefix that a server's requests go to, without a last slash.

    The credential follows the host, so a value can only name a host that is the vendor's: one DNS label in the
    place of the variable, one of the variable's allowed values, or a whole host under the server's `domains`. Where
    there is no vendor's (a cluster of one's own: all of the host is a variable, and no domain is known), the value
    names host and port.

    Raises as `build_request` does.
    """
    template, prefix = _template(server)
    prefix = "".join(_server_text(server, part, values, in_host=False) for part in _parts(prefix))
    if endpoint:
        return _pinned(endpoint, "the endpoint") + prefix.rstrip("/")
    if custom_domain:
        url = custom_domain if "://" in custom_domain else f"https://{custom_domain}"
        if not url.startswith("https://") or "/" in url.removeprefix("https://"):
            raise UsageError(f"the custom domain {custom_domain!r} is not a host name", hint="such as id.example.com")
        return _pinned(url, "the custom domain") + prefix.rstrip("/")
    scheme, _, host = template.partition("://")
    scheme = "".join(_server_text(server, part, values, in_host=True) for part in _parts(scheme))
    host = _whole_host(server, host, values) or "".join(
        _server_text(server, part, values, in_host=True) for part in _parts(host)
    )
    origin = split(f"{scheme}://{host}")[0]
    if server.domains and not _under(origin.host, server.domains):
        raise _foreign(server, origin.host)
    return f"{origin}{prefix.rstrip('/')}"


def _template(server: Server) -> tuple[str, str]:
    """A server's URL, cut where its path begins."""
    scheme, separator, rest = server.url.partition("://")
    if not separator:
        raise CatalogError(f"the server {server.url!r} is not an absolute URL")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host}", slash + path


def _pinned(url: str, what: str) -> str:
    try:
        origin, tail = split(url)
    except ForbiddenError as error:
        raise UsageError(f"{what}: {error.message}", hint="such as http://127.0.0.1:8080") from error
    if "?" in tail:
        raise UsageError(f"{what} {url!r} has a query")
    return f"{origin}{tail.rstrip('/')}"


#: The format of a server variable that chooses among the vendor's own regions.
REGIONAL = "region"


def _is_region(text: str) -> bool:
    """`eu-west-1`, `us-gov-east-1`: letters, words, and a number."""
    first, *words, number = text.split("-") if text.count("-") > 1 else ("", "", "")
    plain = all(word.isascii() and word.isalpha() and word.islower() for word in (first, *words))
    return len(first) == 2 and plain and number.isascii() and number.isdigit()


def _whole_host(server: Server, template: str, values: Mapping[str, Value]) -> str:
    """The host if a variable's value names it in full (`acme.oktapreview.com` for `{subdomain}.okta.com`)."""
    for variable in server.variables:
        value = values.get(variable.name)
        if template == f"{{{variable.name}}}" and not variable.enum:
            if not server.domains:
                return _own_host(variable, str(value or variable.default))
            host = str(value or variable.default).lower()
            if "." in host and is_host(host) and not host.endswith("."):
                return host  # base_url tests the domain
        mark = f"{{{variable.name}}}."
        at = template.find(mark)
        if at < 0 or variable.enum or not isinstance(value, str) or "." not in value:
            continue
        host = value.lower()
        if not is_host(host) or host.endswith("."):
            raise _not_a_host(variable, value, server)
        if template[at + len(mark) :] not in server.domains or not _under(host, server.domains):
            raise _foreign(server, host)
        return template[:at] + host
    return ""


def _own_host(variable: Parameter, value: str) -> str:
    """Host and port of a server that is the user's own; empty for no value."""
    if not value:
        return ""
    try:
        is_plain = value.isascii() and not set(value) & set("/?#") and split(f"https://{value.lower()}")[1] == "/"
    except ForbiddenError:
        is_plain = False
    if not is_plain:
        raise BindError(
            f"{variable.name} can't be {value!r}: it is no host",
            hint="a host name, with a port if need be: my-host:8443",
        )
    return value.lower()


def _under(host: str, domains: tuple[str, ...]) -> bool:
    return any(host.endswith(f".{domain}") or host == domain for domain in domains)


def _foreign(server: Server, host: str) -> ForbiddenError:
    return ForbiddenError(
        f"{host} is not one of the provider's hosts, and its credential goes nowhere else",
        hint=f"a name under {', '.join(server.domains)}; a custom domain has to be set in the connection"
        if server.domains
        else "set another host in the connection",
    )


def _not_a_host(variable: Parameter, value: object, server: Server) -> BindError:
    whole = f", or a whole host under {', '.join(server.domains)}" if server.domains else ""
    return BindError(
        f"{variable.name} can't be {value!r}: it is not part of a host name",
        hint=f"one name of letters, digits and hyphens{whole}",
    )


def _server_text(server: Server, part: str, values: Mapping[str, Value], *, in_host: bool) -> str:
    """Literal text as it is; `{name}` as the value of that server variable."""
    if not part.startswith("{"):
        return part
    variable = next((v for v in server.variables if v.name == part[1:-1]), None)
    if variable is None:
        raise CatalogError(f"the server {server.url!r} has no variable {part}")
    value = values.get(variable.name)
    if value is None:
        value = variable.default or None
    if value is None:
        env = server.variables_env.get(variable.name, "")
        raise BindError(
            f"no {variable.name}: it says which host the requests go to",
            hint=(f"set {env}, or " if env else "") + f"add: {variable.name} = '…'",
        )
    if variable.enum:
        if value not in variable.enum:
            raise BindError(
                f"{variable.name} can't be {value!r}",
                hint=did_you_mean(str(value), variable.enum) or f"one of {', '.join(variable.enum)}",
            )
        return str(value)
    text = _text(variable, value)
    if variable.format == REGIONAL and not _is_region(text):
        raise BindError(f"{variable.name} can't be {value!r}: it is no region", hint="such as eu-west-1")
    if not in_host:
        return _segment_text(variable, text)
    if not is_label(text.lower()):
        raise _not_a_host(variable, value, server)
    return text.lower()


# --- the path ---------------------------------------------------------------------------------------------------


def _parts(template: str) -> list[str]:
    """A template cut into literal text and `{name}`s."""
    out: list[str] = []
    rest = template
    while rest:
        literal, brace, after = rest.partition("{")
        if literal:
            out.append(literal)
        if not brace:
            break
        name, closed, rest = after.partition("}")
        if not closed:
            raise CatalogError(f"the template {template!r} has an open brace")
        out.append(f"{{{name}}}")
    return out


def _path(method: Method, values: Mapping[str, Value]) -> str:
    declared = {p.wire: p for p in method.parameters if p.location == "path"}
    return "/".join(_segment(method, segment, declared, values) for segment in method.path.split("/"))


def _segment(method: Method, template: str, declared: Mapping[str, Parameter], values: Mapping[str, Value]) -> str:
    if "{" not in template:
        return template
    out: list[str] = []
    for part in _parts(template):
        if not part.startswith("{"):
            out.append(part)
            continue
        parameter = declared.get(part[1:-1])
        if parameter is None:
            raise CatalogError(f"the path {method.path} of {method.name} has no parameter {part}")
        value = values.get(parameter.name)
        if value is None:
            raise _missing(method, parameter)
        items = [_path_text(method, parameter, item) for item in _items(parameter, value)]
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
        return _segment_text(parameter, text)
    parts = text.split("/")
    if not text or any(part in (".", "..") for part in parts):
        raise BindError(f"{method.name}: {text!r} can't stand in a path, it would name another resource")
    return "/".join(_quoted(parameter, part) for part in parts)


def _segment_text(parameter: Parameter, text: str) -> str:
    if not text:  # `/users//factors` is another resource than `/users/{userId}/factors`
        raise BindError(f"{parameter.name} can't be empty")
    return _quoted(parameter, text)


# --- query and headers ------------------------------------------------------------------------------------------


def _query_parts(parameter: Parameter, value: Value) -> list[str]:
    """`name=value` parts, encoded, by the parameter's style (OpenAPI 3.0, Parameter Object)."""
    name = quote(parameter.wire)
    if parameter.style in AWS_STYLES:
        return _aws_parts(parameter, name, _structure(parameter, value))
    if parameter.type == "object" or isinstance(value, dict):
        return _object_parts(parameter, name, _object(parameter, value))
    if parameter.type != "array" and not isinstance(value, list | tuple):
        return [f"{name}={_quoted(parameter, _text(parameter, value))}"]
    items = [_quoted(parameter, item) for item in _items(parameter, value)]
    if parameter.explode and parameter.style in ("", "form"):
        return [f"{name}={item}" for item in items]
    if not items:
        return []
    return [f"{name}={_DELIMITERS.get(parameter.style, ',').join(items)}"]


#: How AWS writes lists into a query: `Tags.member.1.Key` (its query protocol), `Tag.1.Key` (EC2's).
AWS_STYLES = {"aws_query": "member.", "aws_ec2": ""}


def _aws_parts(parameter: Parameter, name: str, value: Any) -> list[str]:
    """`name.member.1.Key=…`: lists by number from 1, objects by key.

    Source: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html and …/aws-ec2-query-protocol.html
    """
    if isinstance(value, dict):
        return [
            part
            for key, member in value.items()
            if member is not None
            for part in _aws_parts(parameter, f"{name}.{_quoted(parameter, key)}", member)
        ]
    if isinstance(value, list | tuple):
        between = AWS_STYLES[parameter.style]
        return [
            part
            for number, member in enumerate(value, 1)
            for part in _aws_parts(parameter, f"{name}.{between}{number}", member)
        ]
    return [f"{name}={_quoted(parameter, _text(parameter, value))}"]


def _structure(parameter: Parameter, value: Value) -> Any:
    """The list or object that JSON text says; a single value for a list is a list of one."""
    if parameter.type not in ("array", "object"):
        return value
    parsed = _json(value) if isinstance(value, str) else value
    parsed = value if parsed is None else parsed
    return [parsed] if parameter.type == "array" and not isinstance(parsed, list | tuple) else parsed


def _object_parts(parameter: Parameter, name: str, members: dict[str, Any]) -> list[str]:
    if parameter.style == "deepObject":
        return _deep(parameter, name, members)
    pairs = [
        (_quoted(parameter, key), _quoted(parameter, _text(parameter, member)))
        for key, member in members.items()
        if member is not None
    ]
    if parameter.explode:
        return [f"{key}={member}" for key, member in pairs]
    return [f"{name}={','.join(text for pair in pairs for text in pair)}"] if pairs else []


def _deep(parameter: Parameter, name: str, value: Any) -> list[str]:
    """`filter[status][name]=x`; items of a list repeat the name."""
    if isinstance(value, dict):
        return [
            part
            for key, member in value.items()
            if member is not None
            for part in _deep(parameter, f"{name}%5B{_quoted(parameter, key)}%5D", member)
        ]
    if isinstance(value, list | tuple):
        return [part for item in value for part in _deep(parameter, name, item)]
    return [f"{name}={_quoted(parameter, _text(parameter, value))}"]


def _header_text(parameter: Parameter, value: Value) -> str:
    if parameter.type == "array" or isinstance(value, list | tuple):
        text = ",".join(_items(parameter, value))
    else:
        text = _text(parameter, value)
    if not text.isascii() or text != text.strip() or any(char < " " or char == "\x7f" for char in text):
        raise BindError(
            f"{parameter.name} goes into a header, which holds no controls, non-ASCII, or blanks round it"
        )
    return text


# --- values -----------------------------------------------------------------------------------------------------


def _quoted(parameter: Parameter, text: str) -> str:
    try:
        return quote(text)
    except UnicodeEncodeError as error:
        raise BindError(f"{parameter.name} has a lone surrogate at {error.start}, which can't be sent") from error


def _items(parameter: Parameter, value: Value) -> list[str]:
    """A value as a list of texts; JSON text of an array is that array."""
    if isinstance(value, str) and parameter.type == "array" and value.lstrip().startswith("["):
        parsed = _json(value)
        value = parsed if isinstance(parsed, list) else [value]
    if not isinstance(value, list | tuple):
        value = [value]
    return [_text(parameter, item) for item in value if item is not None]


def _object(parameter: Parameter, value: Value) -> dict[str, Any]:
    parsed = _json(value) if isinstance(value, str) else value
    if not isinstance(parsed, dict):
        raise BindError(f"{parameter.name} takes a JSON object", hint=f"""{parameter.name} = '{{"key": "value"}}'""")
    return parsed


def _json(text: str) -> Any:
    """The value that JSON text stands for, None if it isn't JSON."""
    import json

    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _text(parameter: Parameter, value: Any) -> str:
    """A single value as the wire has it: `true` and `false`, whole numbers without a fraction."""
    kind = parameter.item_type if parameter.type == "array" and parameter.item_type else parameter.type
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or (kind == "boolean" and value in (0, 1)):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise BindError(f"{parameter.name} can't be {value}")
        return str(int(value)) if value.is_integer() and abs(value) < 1e16 else repr(value)
    raise BindError(f"{parameter.name} takes a single value, not {_kind(value)}")


def _kind(value: object) -> str:
    return {"dict": "an object", "list": "a list", "tuple": "a list", "bytes": "a blob"}.get(
        type(value).__name__, f"a {type(value).__name__}"
    )
