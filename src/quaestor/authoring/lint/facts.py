"""Rules on what a provider is in SQL: its resources, methods, rows and parameters.

Before: `authoring.sources` has the facts. After: `lint.run` sorts the findings.
"""

from __future__ import annotations

import re

from quaestor.authoring import sources
from quaestor.authoring.infer import is_about
from quaestor.authoring.lint.finding import found
from quaestor.authoring.paging import asks_for_pages
from quaestor.authoring.words import snake
from quaestor.catalog import columns
from quaestor.catalog.keywords import secret_name
from quaestor.catalog.model import Column, Method, Schema
from quaestor.catalog.openapi import is_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from quaestor.authoring.lint.finding import Finding
    from quaestor.catalog.columns import Lookup
    from quaestor.catalog.facts import Facts, ResourceFacts

_PLAIN_NAME = re.compile(r"[A-Za-z_]\w*")
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE)


def check(provider: Facts) -> Iterator[Finding]:
    """All findings in a provider's facts."""
    lookup = sources.lookup_of(provider)
    permitted = any(each.method.permissions or each.method.scopes for r in provider.resources for each in r.methods)
    for resource in provider.resources:
        place = f"{resource.service}.{resource.name}"
        by_method = sources.columns_by_method(provider, resource)
        yield from _resource(place, resource)
        for each in resource.methods:
            method = each.method
            where = f"{place}.{method.name}"
            yield from _rows(where, method, by_method[method.name], lookup)
            yield from _columns(where, method, by_method[method.name])
            yield from _parameters(where, method)
            yield from _writes(where, method, lookup)
            if permitted and not method.permissions and not method.scopes:
                yield found("undocumented-permission", where, "no permission, no scope")
    yield from _same_names(provider)
    yield from _servers(provider)


# -- a resource


def _resource(place: str, resource: ResourceFacts) -> Iterator[Finding]:
    verbs = {each.method.verb for each in resource.methods}
    if resource.methods and verbs == {"exec"}:
        yield found("no-verb", place, f"{len(resource.methods)} methods, all of them exec")
    elif resource.methods and "select" not in verbs:
        yield found("no-select", place, ", ".join(sorted(verbs)))
    for verb in ("select", "insert", "update", "replace", "delete"):
        listed = [each.method for each in resource.methods if each.method.verb == verb]
        yield from _order(place, verb, listed)
    needed: dict[str, set[bool]] = {}
    for each in resource.methods:
        for parameter in each.method.parameters:
            needed.setdefault(parameter.name, set()).add(parameter.required)
    for name, kinds in needed.items():
        if len(kinds) == 2:
            yield found("optional-and-required", place, name)


def _order(place: str, verb: str, listed: list[Method]) -> Iterator[Finding]:
    """Methods of one verb that can't be told apart by what they need, or that an earlier one hides."""
    needs = [frozenset(p.name for p in method.required) for method in listed]
    for index, method in enumerate(listed):
        for before in range(index):
            if needs[before] == needs[index]:
                yield found("same-parameters", place, f"{verb}: {listed[before].name} and {method.name}")
                break
            if verb == "select" and needs[before] < needs[index]:
                yield found("unreachable-select", place, f"{method.name} is behind {listed[before].name}")
                break


# -- rows and columns


def _rows(where: str, method: Method, found_columns: tuple[Column, ...], lookup: Lookup) -> Iterator[Finding]:
    response = method.response
    if method.verb != "select":
        return
    if not found_columns:
        yield found("no-columns", where, response.media_type or "no body")
        return
    keys = [key for key in response.row_path if key != "*"]
    if keys and is_about(keys[-1]) and keys[-1] not in ("data", "status"):
        yield found("row-path-about", where, ".".join(("$", *response.row_path)))
    if response.row_path and not response.transform and columns.row_schemas(response, lookup) == [Schema()]:
        yield found("row-path-nowhere", where, ".".join(("$", *response.row_path)))
    if response.schema and not response.row_path and not response.map_key and not response.transform:
        yield from _wrapper(where, method, lookup)
    names = {column.name for column in found_columns if not column.hidden}
    if {"attributes", "type"} <= names and response.flatten == "":
        holder = columns.object_fields(columns.row_schemas(response, lookup), lookup)
        if columns.object_fields(holder["attributes"][0], lookup) if "attributes" in holder else {}:
            yield found("jsonapi-envelope", where, f"{len(names)} columns, one of them is attributes")
    if method.pagination.style == "none" and _is_list(method, lookup):
        names = {p.wire for p in method.parameters if p.location == "query"}
        token = asks_for_pages(names)
        if token:
            yield found("no-paging", where, f"it takes {token}")


def _wrapper(where: str, method: Method, lookup: Lookup) -> Iterator[Finding]:
    schemas = [Schema(ref=method.response.schema)]
    if any(branch.type == "array" for branch in columns.branches(schemas[0], lookup)):
        return
    members = columns.object_fields(schemas, lookup)
    asked = [name for name in members if not is_about(name)]
    if len(asked) == 1 and columns.type_of(members[asked[0]][0][0], lookup) == "array":
        yield found("nested-rows", where, f"one row with the list {asked[0]}")


def _is_list(method: Method, lookup: Lookup) -> bool:
    response = method.response
    if not response.schema:
        return False
    schemas = [Schema(ref=response.schema)]
    for key in response.row_path:
        members = columns.object_fields(schemas, lookup)
        schemas = members[key][0] if key in members else []
    return any(branch.type == "array" for schema in schemas for branch in columns.branches(schema, lookup))


def _columns(where: str, method: Method, found_columns: tuple[Column, ...]) -> Iterator[Finding]:
    if method.verb != "select":
        return
    for column in found_columns:
        if column.type == "any":
            yield found("untyped-column", where, column.name)
        if column.type == "string" and set(column.enum) == {"true", "false"}:
            yield found("boolean-as-text", where, f"the column {column.name}")
        if column.type == "string" and secret_name(column.name) and not column.secret:
            yield found("plain-secret", where, column.name)


# -- parameters and bodies


def _parameters(where: str, method: Method) -> Iterator[Finding]:
    for each in method.parameters:
        if not _PLAIN_NAME.fullmatch(each.name):
            yield found("quoted-name", where, each.name)
        if each.type == "string" and {value.lower() for value in each.enum} == {"true", "false"}:
            yield found("boolean-as-text", where, f"the parameter {each.name}")
        if each.location == "path" and method.verb == "select" and not (each.parent or each.item_key or each.enum):
            yield found("unlisted-parent", where, each.name)
    said = snake(method.operation)
    if method.operation and method.name != said and method.name.replace("_", "") == said.replace("_", ""):
        yield found("lost-words", where, said)
    media = [method.response.media_type, method.body.media_type if method.body else ""]
    for each_media in media:
        if each_media and (not is_json(each_media) or ";" in each_media):
            yield found("odd-media-type", where, each_media)


def _writes(where: str, method: Method, lookup: Lookup) -> Iterator[Finding]:
    body = method.body
    if method.http == "POST" and method.verb in ("update", "replace", "delete"):
        yield found("verb-of-post", where, f"POST is {method.verb}")
    if method.http == "GET" and method.verb == "exec" and is_json(method.response.media_type or ""):
        yield found("read-only-by-exec", where, f"GET {method.path}")
    if method.verb in ("insert", "update", "replace") and body is None and not method.form:
        yield found("write-without-body", where, method.verb)
    if method.verb in ("insert", "update", "replace") and body is not None and body.schema:
        fields = sources.body_fields(method, lookup)
        if not fields and not columns.resolved(Schema(ref=body.schema), lookup).additional:
            yield found("body-not-an-object", where, columns.type_of(Schema(ref=body.schema), lookup))


# -- the provider


def _same_names(provider: Facts) -> Iterator[Finding]:
    services: dict[str, list[str]] = {}
    for resource in provider.resources:
        services.setdefault(resource.name, []).append(resource.service)
    for name, listed in services.items():
        if len(listed) > 1:
            yield found("same-name", name, ", ".join(sorted(listed)))


def _servers(provider: Facts) -> Iterator[Finding]:
    """Hosts that a default makes: `{region}` with the default `datadoghq.com` is no API's host."""
    named: set[tuple[str, str]] = set()
    every = [provider.provider.server] + [
        m.method.server for r in provider.resources for m in r.methods if m.method.server
    ]
    for server in every:
        host = server.url.partition("://")[2].partition("/")[0]
        for variable in server.variables:
            whole = host == f"{{{variable.name}}}"
            if (
                whole
                and variable.default
                and variable.default.count(".") < 2
                and (host, variable.default) not in named
            ):
                named.add((host, variable.default))
                yield found(
                    "default-host", provider.provider.name, f"{variable.name} is {variable.default}, a bare domain"
                )


def summary(findings: Iterable[Finding]) -> dict[str, int]:
    """How many findings each rule has, the most frequent first."""
    counts: dict[str, int] = {}
    for each in findings:
        counts[each.rule.id] = counts.get(each.rule.id, 0) + 1
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
