"""Where a document's requests go, and which host may get the credential.

A document's variables have defaults, but few of them are hosts: `my-org` and `pkc-00000` are examples. A default
counts where the document lists it among the allowed values, where it is a region, or a whole host of the internet.

Before: the `servers` of a document. After: `fetch.request` makes the URL.
"""

from __future__ import annotations

import re

from quaestor.catalog import document
from quaestor.catalog.model import Parameter, Server
from quaestor.errors import CatalogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: `{region:^(?:…)$}`: StackQL lets a variable carry a pattern, braces and all.
_VARIABLE = re.compile(r"\{(\w+)(?::(?:[^{}]|\{[^{}]*\})*)?\}")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d+")
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}")
#: Variables that a provider's users know by the environment.
_ENVIRONMENT = {
    ("okta", "subdomain"): "OKTA_SUBDOMAIN",
    ("datadog", "region"): "DD_SITE",
    ("aws", "region"): "AWS_REGION",
}


def server(provider: str, given: tuple[dict[str, Any], ...]) -> Server:
    """The first server of a list that requests can go to: one with scheme and host. Raises CatalogError where there
    is none."""
    if not given:
        raise CatalogError("the document names no server")
    usable = [each for each in given if "://" in str(each.get("url", ""))]
    if not usable:
        raise CatalogError(f"the document's server {given[0].get('url')!r} has no host")
    url = _VARIABLE.sub(r"{\1}", str(usable[0].get("url", ""))).rstrip("/")
    about = document.mapping(usable[0].get("variables"), "a server's variables")
    used = set(re.findall(r"\{(\w+)\}", url))
    variables = tuple(_variable(name, document.mapping(about.get(name), name), url) for name in about if name in used)
    environment = {
        name: str(
            document.mapping(about[name], name).get("x-stackQL-envVar") or _ENVIRONMENT.get((provider, name), "")
        )
        for name in about
    }
    return Server(
        url=url,
        variables=variables,
        variables_env={name: variable for name, variable in environment.items() if variable},
        domains=_domains(url, about),
    )


def _variable(name: str, about: dict[str, Any], url: str) -> Parameter:
    enum = tuple(str(value) for value in document.sequence(about.get("enum"), f"{name}: enum"))
    default = str(about.get("default") or "")
    real = is_real(name, default, enum, url)
    return Parameter(
        name=name,
        wire=name,
        location="server",
        required=not real,
        enum=enum,
        format="region" if name == "region" and _REGION.fullmatch(default) else "",
        default=default if real else "",
    )


def is_real(name: str, default: str, enum: tuple[str, ...], url: str) -> bool:
    """Whether the default of a variable of this URL is more than an example."""
    whole = f"://{{{name}}}" in url and _HOST.fullmatch(default)
    return bool(default) and (default in enum or bool(_REGION.fullmatch(default)) or bool(whole))


def _domains(url: str, about: dict[str, Any]) -> tuple[str, ...]:
    """What the host must end with: the fixed end of it, or the default where all of it is one variable."""
    host = url.partition("://")[2].partition("/")[0]
    end = host.rpartition("}")[2]
    if end.startswith("."):
        return (end[1:],)
    name = host[1:-1] if host.startswith("{") and host.count("{") == 1 else ""
    default = str((about.get(name) or {}).get("default") or "") if name else ""
    return (default,) if _HOST.fullmatch(default) else ()
