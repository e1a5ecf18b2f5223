"""Which host requests go to: the server's template, its variables, and what a connection sets instead.

Before: `run.connections` or `fetch.request` has a server and the values of its variables. After: the path and the
query of the request are added, and the credential follows the host.
"""

from __future__ import annotations

from quaestor.errors import BindError, CatalogError, ForbiddenError, UsageError, did_you_mean
from quaestor.fetch.slots import segment_text, template_parts, text_of
from quaestor.fetch.url import is_host, is_label, split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from quaestor.catalog.model import Parameter, Server
    from quaestor.fetch.slots import Value

#: The format of a server variable that chooses among the vendor's own regions.
REGIONAL = "region"


def base_url(server: Server, values: Mapping[str, Value], *, endpoint: str = "", custom_domain: str = "") -> str:
    """Scheme, host, port and path prefix that a server's requests go to, without a last slash.

    The credential follows the host, so a value can only name a host that is the vendor's: one DNS label in the
    place of the variable, one of the variable's allowed values, or a whole host under the server's `domains`. Where
    there is no vendor's (a cluster of one's own: all of the host is a variable, and no domain is known), the value
    names host and port.

    Raises BindError for a variable without a value or with one that it can't take, ForbiddenError for a host that
    isn't the vendor's, UsageError for an unusable endpoint or custom domain, CatalogError for a broken template.
    """
    template, prefix = _template(server)
    prefix = "".join(_server_text(server, part, values, in_host=False) for part in template_parts(prefix))
    if endpoint:
        return _pinned(endpoint, "the endpoint") + prefix.rstrip("/")
    if custom_domain:
        url = custom_domain if "://" in custom_domain else f"https://{custom_domain}"
        if not url.startswith("https://") or "/" in url.removeprefix("https://"):
            raise UsageError(f"the custom domain {custom_domain!r} is not a host name", hint="such as id.example.com")
        return _pinned(url, "the custom domain") + prefix.rstrip("/")
    scheme, _, host = template.partition("://")
    scheme = "".join(_server_text(server, part, values, in_host=True) for part in template_parts(scheme))
    host = _whole_host(server, host, values) or "".join(
        _server_text(server, part, values, in_host=True) for part in template_parts(host)
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
    text = text_of(variable, value)
    if variable.format == REGIONAL and not _is_region(text):
        raise BindError(f"{variable.name} can't be {value!r}: it is no region", hint="such as eu-west-1")
    if not in_host:
        return segment_text(variable, text)
    if not is_label(text.lower()):
        raise _not_a_host(variable, value, server)
    return text.lower()
