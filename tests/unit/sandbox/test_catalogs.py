"""Every operation of the built-in catalogs that reads: answered, in its schema's shape, paged, found again."""

from __future__ import annotations

import json
from functools import cache
from typing import Any
from urllib.parse import quote

import pytest
from tests.unit.sandbox.conform import problems

from quaestor.catalog.store import open_catalog
from quaestor.fetch.http import HttpRequest, HttpResponse
from quaestor.sandbox.answer.observed import recorded, wants_uuid
from quaestor.sandbox.answer.paging import at_path, with_parameter
from quaestor.sandbox.answer.routes import Route
from quaestor.sandbox.core import Sandbox
from quaestor.sandbox.hanging import filled
from quaestor.sandbox.site import Site

KEYS = (("Authorization", "SSWS t"), ("DD-API-KEY", "k"), ("DD-APPLICATION-KEY", "a"))
#: Answers that aren't JSON, so that there is no row in them.
DOCUMENTS = {
    "/api/v1/apps/{}/sso/saml/metadata",
    "/api/v2/apicatalog/api/{}/openapi",
    "/api/v2/rum/replay/sessions/{}/views/{}/segments",
    "/api/v2/remote_config/products/cws/policy/download",
    "/api/v2/security/cloud_workload/policy/download",
    "/api/v2/slo/report/{}/download",
}
#: Lists whose rows don't say the key by which a get finds them, and why.
KEYLESS = {
    "/api/v1/tags/hosts",  # rows are tags, the get is by host
    "/api/v2/security/sboms",  # the get is by the kind of asset and its name
    "/api/v2/services/definitions",  # the name is deep in one of five versions of a definition
}
#: Where the key stands in a row, if the catalog doesn't say.
KEYS_AT = {
    "/api/v1/meta/schemas/user/linkedObjects": ("primary", "name"),
    "/api/v1/meta/schemas/logStream": ("id",),
    "/api/v1/org/contacts": ("contactType",),
}
FILTERS = {"/api/v1/principal-rate-limits": 'filter=principalType eq "SSWS_TOKEN"'}


@cache
def sandbox() -> Sandbox:
    return Sandbox(open_catalog(), ["okta", "datadog"])


def reading() -> list[tuple[str, Route]]:
    box = sandbox()
    return [
        (name, route)
        for name in box.providers
        for route in box.site(name).routes
        if route.kind != "write" and route.template not in DOCUMENTS
    ]


def ask(provider: str, path: str, query: str = "", method: str = "GET") -> HttpResponse:
    url = f"http://h/{provider}{path}" + (f"?{query}" if query else "")
    return sandbox().handle(HttpRequest(method, url, KEYS))


def required(route: Route) -> str:
    """A query with what the operation insists on."""
    if route.template in FILTERS:
        name, _, value = FILTERS[route.template].partition("=")
        return f"{name}={quote(value)}"
    wanted = [p for p in route.method.parameters if p.location == "query" and p.required]
    return "&".join(
        f"{quote(p.wire)}={p.enum[0] if p.enum else 1 if p.type in ('integer', 'number') else 'x'}" for p in wanted
    )


def opened(provider: str, route: Route) -> tuple[str, HttpResponse, Any]:
    """An existing path of a route, and what it answers."""
    path = filled(route.template, sandbox().site(provider).example(route))
    response = ask(provider, path, required(route), route.method.http)
    assert response.status == route.method.response.status, (path, response.body[:300])
    assert "json" in response.header("content-type"), path
    return path, response, json.loads(response.body)


def rows_of(route: Route, body: Any) -> list[Any]:
    here = body
    path = route.method.response.row_path
    if "*" in path:
        at = path.index("*")
        return [at_path(each, path[at + 1 :]) for each in at_path(body, path[:at])]
    for key in path:
        here = here[key]
    if route.method.response.map_key:
        assert isinstance(here, dict)
        name = route.method.response.map_key
        return [{name: key, **(row if isinstance(row, dict) else {"value": row})} for key, row in here.items()]
    assert isinstance(here, list), route.template
    return here


@pytest.mark.slow
def test_every_operation_that_reads_answers_in_the_shape_of_its_schema() -> None:
    asked = 0
    wrong = []
    for provider, route in reading():
        path, _, body = opened(provider, route)
        found = problems(sandbox().site(provider).inventor, route.body, body)
        whole = sandbox().site(provider).world.wholes.get(route.template, route.template)
        if recorded(f"{provider} {route.method.http} {whole}"):  # the spec insists on what was never there
            found = [each for each in found if not each.endswith(" is missing")]
        if found:
            wrong.append((path, found[:3]))
        asked += 1
    assert not wrong
    assert asked > 780


def test_every_list_has_rows_at_its_row_path_and_a_second_page() -> None:
    bare, paged = [], 0
    for provider, route in reading():
        if route.kind != "list":
            continue
        path, _, body = opened(provider, route)
        rows = rows_of(route, body)
        if not rows:
            bare.append(route.template)
        how = route.method.pagination
        if how.style == "none" or not how.size_param or how.token_in == "body" or len(rows) < 2:
            continue
        paged += 1
        first = ask(provider, path, with_parameter(required(route), how.size_param, "1"))
        assert len(rows_of(route, json.loads(first.body))) == 1, path
        second = ask(provider, path, next_query(route, first))
        assert second.status == 200, (path, second.body[:200])
        assert rows_of(route, json.loads(second.body))[:1] == rows[1:2], path
    assert bare == []
    assert paged > 150


def next_query(route: Route, first: HttpResponse) -> str:
    """The query of the page behind a first one of size 1."""
    how = route.method.pagination
    query = with_parameter(required(route), how.size_param, "1")
    if how.style == "link":
        links = [link for link in first.all("link") if 'rel="next"' in link]
        return links[0].partition("?")[2].partition(">")[0]
    parsed = json.loads(first.body)
    if how.style == "next_url":
        return str(at_path(parsed, how.token_path)).partition("?")[2]
    if how.style == "cursor":
        return with_parameter(query, how.token_param, str(at_path(parsed, how.token_path)))
    return with_parameter(query, how.token_param, str(how.first + 1))


def key_of(item: Route, listed: Route, row: Any) -> str | None:
    """The key of a row as the catalog's facts say where it stands."""
    parameter = item.parameter(len(item.names) - 1)
    assert parameter is not None
    if not isinstance(row, dict):
        return str(row)
    if listed.template in KEYS_AT:
        found = at_path(row, KEYS_AT[listed.template])
        return None if found is None else str(found)
    for route in (listed, item):
        for column in route.method.columns:
            if column.name == parameter.field and (value := at_path(row, column.path)) is not None:
                return str(value)
    return None


def test_what_a_list_holds_is_found_by_its_get() -> None:
    found, keyless = 0, set()
    for provider, listed in reading():
        site: Site = sandbox().site(provider)
        item = site.routes.reading(listed.template + "/{}")
        if listed.kind != "list" or item is None or item.kind != "item":
            continue
        path, _, body = opened(provider, listed)
        rows = rows_of(listed, body)
        if not rows:
            continue
        key = key_of(item, listed, rows[0])
        if key is None:
            keyless.add(listed.template)
            continue
        got = ask(provider, f"{path}/{quote(key, safe='')}", required(item))
        assert got.status == 200, (path, key, got.body[:200])
        one: Any = json.loads(got.body)
        for name in item.method.response.row_path:
            one = one[name]
        assert key_of(item, listed, one) in (key, None), path
        if site.collection(listed.template, site.example(listed)).has("nobody-is-called-this"):
            continue  # the keys show nowhere
        missing = ask(provider, f"{path}/nobody-is-called-this", required(item))
        told = 400 if wants_uuid(provider, item.template) else 404
        assert missing.status == told, path
        found += 1
    assert keyless == KEYLESS
    assert found > 180


@pytest.mark.parametrize("template", sorted(DOCUMENTS))
def test_what_is_no_json_is_a_document_of_its_type(template: str) -> None:
    for provider in ("okta", "datadog"):
        route = sandbox().site(provider).routes.reading(template)
        if route is not None:
            path = filled(template, sandbox().site(provider).example(route))
            response = ask(provider, path, required(route))
            assert response.status == 200
            assert response.body
            assert "json" not in response.header("content-type")
            return
    pytest.fail("no provider has it any more")
