"""Where a provider's requests go, and how they are signed: what a document says of the API as a whole.

Before: `catalog.openapi` reads servers and security. After: `authoring.build` makes methods that go there.

A document says which header carries a credential, never where the credential is: that is an environment variable
called after the provider (`ACME_TOKEN`), unless the overlay names another one.
"""

from __future__ import annotations

import re

from quaestor.authoring.naming import title_of
from quaestor.authoring.words import snake
from quaestor.catalog import document
from quaestor.catalog.model import Credential, Parameter, Provider, Server
from quaestor.catalog.stackql import servers
from quaestor.record import Record, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from quaestor.authoring.overlay import Overlay
    from quaestor.catalog.openapi import Operation, Spec


class Origin(Record):
    """A provider without its services, and what a person should look at."""

    provider: Provider
    guesses: tuple[str, ...]
    doubtful: tuple[str, ...]


def provider(name: str, spec: Spec, over: Overlay) -> Origin:
    """The provider that a document and an overlay describe; what the overlay says isn't guessed."""
    found = Provider(name=name, version=spec.version or "1", title=title_of(name))
    guesses: list[str] = []
    doubtful: list[str] = []
    if "server" not in over.provider:
        if spec.servers:
            server = _server_of(_first(spec.servers), Server(""))
            known = {each.name: _variable(name, each.name) for each in server.variables}
            found = replace(found, server=replace(server, variables_env=known))
        if "://" not in found.server.url:
            doubtful.append(
                f"server: {found.server.url or 'none'} has no host: write provider.server.url in the overlay"
            )
        elif len(spec.servers) > 1:
            guesses.append(f"server: {found.server.url} of {len(spec.servers)}")
    if not over.provider.keys() & {"credentials", "auth"}:
        found, said = _signed(found, spec)
        (guesses if said else doubtful).append(f"sign-in: {said or 'the document says nothing of it'}")
    return Origin(replace(found, **over.provider), tuple(guesses), tuple(doubtful))


def _first(given: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The first server of a list that has a host, else the first."""
    return next((each for each in given if "://" in str(each.get("url", ""))), given[0])


# -- sign-in


def _signed(found: Provider, spec: Spec) -> tuple[Provider, str]:
    """The provider with the first way in that needs nobody at a browser, and what that is, empty if there is none."""
    for alternative in spec.sign_in:
        if all(each.get("type") == "apiKey" and each.get("in") == "header" for each in alternative.values()):
            several = len(alternative) > 1
            credentials = tuple(
                Credential(str(each.get("name")), _variable(found.name, key if several else "api_key"))
                for key, each in alternative.items()
            )
            return _with_headers(found, *credentials)
    for alternative in spec.sign_in:
        if len(alternative) == 1:
            (scheme,) = alternative.values()
            signed = _by_scheme(found, scheme)
            if signed[1]:
                return signed
    return found, ""


def _by_scheme(found: Provider, scheme: dict[str, Any]) -> tuple[Provider, str]:
    kind, http = scheme.get("type"), str(scheme.get("scheme", "")).lower()
    if kind == "http" and http == "basic":
        user, password = _variable(found.name, "username"), _variable(found.name, "password")
        auth = {"type": "basic", "username_var": user, "password_var": password}
        return replace(found, auth=auth), f"Authorization: Basic of {user} and {password}"
    if kind == "apiKey" and scheme.get("in") == "query":
        variable, name = _variable(found.name, "api_key"), str(scheme.get("name"))
        auth = {"type": "custom", "location": "query", "name": name, "credentialsenvvar": variable}
        return replace(found, auth=auth), f"the parameter {name} from {variable}"
    if (kind == "http" and http == "bearer") or kind in ("oauth2", "openIdConnect"):
        return _with_headers(found, Credential("Authorization", _variable(found.name, "token"), "Bearer "))
    return found, ""


def _with_headers(found: Provider, *credentials: Credential) -> tuple[Provider, str]:
    said = " and ".join(f"{each.header}: {each.prefix}from {each.env}" for each in credentials)
    return replace(found, credentials=credentials), said


def _variable(name: str, what: str) -> str:
    return f"{name}_{snake(what)}".upper()


# -- servers


def own_server(operation: Operation, over: Overlay, said: dict[str, Any]) -> Server | None:
    """The server of an operation where it has one of its own, by the overlay's word or the document's."""
    usual = over.provider.get("server", Server(""))
    if "server" in said:
        own = said["server"]
        described = {p.name for p in own.variables}
        borrowed = tuple(p for p in usual.variables if p.name not in described and f"{{{p.name}}}" in own.url)
        environment = {p.name: usual.variables_env[p.name] for p in borrowed if p.name in usual.variables_env}
        return Server(
            own.url, (*borrowed, *own.variables), environment | own.variables_env, own.domains or usual.domains
        )
    return _server_of(_first(operation.servers), usual) if operation.servers else None


def _server_of(node: Mapping[str, Any], usual: Server) -> Server:
    """A server of a document: a variable with one value is that value, one that the provider has too is the
    provider's."""
    url = str(node.get("url", ""))
    variables_of = document.mapping(node.get("variables"), f"the variables of {url}")
    variables: list[Parameter] = []
    environment: dict[str, str] = {}
    for name in re.findall(r"\{(\w+)\}", url):
        described = document.mapping(variables_of.get(name), f"the variable {name} of {url}")
        values = document.sequence(described.get("enum"), f"the values of {name} in {url}")
        enum = tuple(dict.fromkeys(str(value) for value in values))
        default = str(described.get("default", ""))
        known = next((p for p in usual.variables if p.name == name), None)
        if known is not None and (not enum or default == known.default):
            variables.append(known)
            if name in usual.variables_env:
                environment[name] = usual.variables_env[name]
        elif default and not enum and usual.url:
            url = url.replace(f"{{{name}}}", default)
        else:
            real = servers.is_real(name, default, enum, url)
            default = default if real else ""
            variables.append(
                Parameter(name=name, wire=name, location="server", required=not real, enum=enum, default=default)
            )
    return Server(url.rstrip("/"), tuple(variables), environment, usual.domains)
