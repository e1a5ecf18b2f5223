"""StackQL's provider documents: every one that is published loads, and each key means what it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest
from tests.compiled import compiled_cache

from quaestor.catalog.documents import _count, open_layered
from quaestor.catalog.model import Column, Method, Pagination, Response
from quaestor.catalog.stackql import config, folder, graphql, methods, provider, service
from quaestor.errors import CatalogError
from quaestor.fetch.client import Client
from quaestor.fetch.decode import Decoder
from quaestor.fetch.http import CancelToken, HttpRequest, HttpResponse
from quaestor.fetch.pages import read_pages
from quaestor.fetch.request import build_request
from quaestor.fetch.stats import Stats

REGISTRY = Path(__file__).resolve().parents[4] / "shared" / "data" / "registry"
needs_data = pytest.mark.skipif(not REGISTRY.is_dir(), reason="the shared data is not beside the checkout")

THING = {
    "type": "object",
    "properties": {"Id": {"type": "string"}, "HostName": {"type": "string"}, "owner": {"type": "object"}},
}


def operation(schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"responses": {"200": {"description": "OK", "content": {"application/json": {"schema": schema}}}}, **more}


def document_of(method: dict[str, Any], path: str, own: dict[str, Any], **root: Any) -> dict[str, Any]:
    pointer = "#/paths/" + path.replace("/", "~1") + "/get"
    return {
        "openapi": "3.0.0",
        "info": {"title": "t", "version": "1"},
        "servers": [{"url": "https://{sub}.example.com/", "variables": {"sub": {"default": "my-org"}}}],
        "paths": {path: {"get": own}},
        "components": {
            "schemas": {"Thing": THING, "Things": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}},
            "x-stackQL-resources": {
                "things": {
                    "id": "p.s.things",
                    "methods": {"list": {"operation": {"$ref": pointer}, **method}},
                    "sqlVerbs": {"select": [{"$ref": "#/components/x-stackQL-resources/things/methods/list"}]},
                }
            },
        },
        **root,
    }


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """Writes a provider with one service, and gives its root."""

    def written(root: dict[str, Any], config: dict[str, Any] | None = None, name: str = "acme") -> str:
        base = tmp_path / "src" / name / "v1.0.0"
        (base / "services").mkdir(parents=True, exist_ok=True)
        reference = {"$ref": f"{name}/v1.0.0/services/s.yaml"}
        head = {"id": name, "name": name, "providerServices": {"s": {"service": reference}}, "config": config or {}}
        (base / "provider.yaml").write_text(json.dumps(head))
        (base / "services" / "s.yaml").write_text(json.dumps(root))
        return str(tmp_path)

    return written


def read(root: str) -> Any:
    (found,) = folder.folders(root)
    head = provider.read(found)
    return service.read(head, head.services[0])


def only(root: str) -> Any:
    return read(root).resources[0].methods[0].method


LIST = operation({"$ref": "#/components/schemas/Things"})


def test_a_bare_list_in_a_template_s_wrapper_needs_no_template(write: Any) -> None:
    wrapped = {"type": "object", "properties": {"things": {"$ref": "#/components/schemas/Things"}}}
    template = '{{- $w := printf "{\\"things\\":%s}" . -}}\n{{- $w -}}\n'
    response = {
        "openAPIDocKey": "200",
        "mediaType": "application/json",
        "objectKey": "$.things",
        "transform": {"type": "golang_template_text_v0.3.0", "body": template},
    }
    method = only(write(document_of({"response": response}, "/things", operation(wrapped))))
    assert (method.response.transform, method.response.row_path) == ("", ())
    assert [column.name for column in method.columns] == ["Id", "HostName", "owner"]


def test_other_templates_are_kept_for_reading(write: Any) -> None:
    response = {
        "objectKey": "$.value",
        "transform": {"type": "golang_template_json_v0.3.0", "body": "{{ toJson . }}"},
    }
    value = {"type": "object", "properties": {"value": {"$ref": "#/components/schemas/Things"}}}
    method = only(write(document_of({"response": response}, "/things", operation(value))))
    assert (method.response.transform, method.response.template) == ("golang_template_json", "{{ toJson . }}")
    assert (method.response.row_path, method.response.optional) == (("value",), True)


def test_snake_case_names_stand_for_native_ones(write: Any) -> None:
    own = {**LIST, "parameters": [{"name": "MaxItems", "in": "query", "schema": {"type": "integer"}}]}
    method = only(write(document_of({}, "/things", own), {"snake_case_aliases": True}))
    assert [(column.name, column.path) for column in method.columns][:2] == [
        ("id", ("Id",)),
        ("host_name", ("HostName",)),
    ]
    assert [(p.name, p.wire) for p in method.parameters] == [("max_items", "MaxItems")]


def test_the_nearest_paging_counts(write: Any) -> None:
    link = {
        "requestToken": {"key": "", "location": "request"},
        "responseToken": {"key": "Link", "location": "header"},
    }
    token = {
        "requestToken": {"key": "NextToken", "location": "body"},
        "responseToken": {"key": "$.NextToken", "location": "body"},
    }
    root = document_of({}, "/things", LIST)
    root["x-stackQL-config"] = {"pagination": link}
    assert only(write(root)).pagination == Pagination(style="link")
    root["components"]["x-stackQL-resources"]["things"]["methods"]["list"]["config"] = {"pagination": token}
    assert only(write(root)).pagination == Pagination(
        style="cursor", token_param="NextToken", token_in="body", token_path=("NextToken",)
    )


def test_a_page_size_is_only_asked_for_where_the_operation_takes_one(write: Any) -> None:
    own = {**LIST, "parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 50}}]}
    config = {"queryParamPushdown": {"top": {"paramName": "limit", "maxValue": 200}}}
    link = {
        "requestToken": {"key": "", "location": "request"},
        "responseToken": {"key": "Link", "location": "header"},
    }
    root = document_of({}, "/things", own)
    root["x-stackQL-config"] = {**config, "pagination": link}
    assert only(write(root)).pagination == Pagination(style="link", size_param="limit", size_max=50)
    root = document_of({}, "/things", LIST)
    root["x-stackQL-config"] = {**config, "pagination": link}
    assert only(write(root)).pagination == Pagination(style="link")


def test_pages_by_default_are_google_s(write: Any) -> None:
    page = {
        "type": "object",
        "properties": {"items": {"$ref": "#/components/schemas/Things"}, "nextPageToken": {"type": "string"}},
    }
    own = operation(page, parameters=[{"name": "pageToken", "in": "query", "schema": {"type": "string"}}])
    method = only(write(document_of({}, "/things", own)))
    assert method.response.row_path == ("items",)
    assert (method.pagination.style, method.pagination.token_path) == ("cursor", ("nextPageToken",))


def test_aws_s_query_protocol_sends_forms_and_its_signature_s_headers_are_not_asked_for(write: Any) -> None:
    headers = [
        {"name": name, "in": "header", "schema": {"type": "string"}} for name in ("X-Amz-Date", "X-Amz-Signature")
    ]
    target = {"name": "X-Amz-Target", "in": "header", "schema": {"type": "string", "enum": ["A.B"], "default": "A.B"}}
    tags = {"name": "Tags", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}}
    method = {
        "config": {
            "queryParamTranspose": {"algorithm": "AWSCanonical"},
            "requestTranslate": {"algorithm": "get_query_to_post_form_utf_8"},
        }
    }
    found = only(write(document_of(method, "/?Action=X", {**LIST, "parameters": [*headers, target, tags]})))
    assert (found.http, found.form, found.headers) == ("POST", True, {"X-Amz-Target": "A.B"})
    assert [(p.name, p.style) for p in found.parameters] == [("Tags", "aws_query")]


def test_a_required_parameter_keeps_the_name_of_a_field(write: Any) -> None:
    own = {**LIST, "parameters": [{"name": "owner", "in": "path", "required": True, "schema": {"type": "string"}}]}
    (resource,) = read(write(document_of({}, "/things/{owner}", own))).resources
    assert resource.methods[0].method.parameter("owner").required
    assert resource.methods[0].patches == {
        "owner": None,
        "row__owner": {"type": "object", "path": ["owner"], "hidden": True},
    }


def test_examples_of_hosts_are_no_defaults(write: Any) -> None:
    server = only(write(document_of({}, "/things", LIST))).server
    assert (server.url, server.domains, server.variables[0].default) == (
        "https://{sub}.example.com",
        ("example.com",),
        "",
    )
    root = document_of({}, "/things", LIST)
    root["servers"] = [
        {
            "url": "https://{region:^(?:[^\\:/]+(?:\\:[0-9]+)?)$}/",
            "variables": {"region": {"default": "datadoghq.com"}},
        }
    ]
    server = only(write(root)).server
    assert (server.url, server.domains) == ("https://{region}", ("datadoghq.com",))
    assert server.variables[0].default == "datadoghq.com"
    root["servers"] = [{"url": "https://x.{r}.example.com", "variables": {"r": {"default": "us-east-1"}}}]
    assert only(write(root)).server.variables[0].default == "us-east-1"


def test_a_variable_of_a_server_has_a_pattern_and_is_known_by_the_environment(write: Any) -> None:
    root = document_of({}, "/things", LIST)
    root["servers"] = [
        {
            "url": "https://{org:^(?:[a-z]{2,8}|x-[0-9]+)$}.example.com/v1",
            "variables": {"org": {"default": "my-org", "x-stackQL-envVar": "ACME_ORG"}},
        }
    ]
    server = only(write(root)).server
    assert (server.url, server.variables_env) == ("https://{org}.example.com/v1", {"org": "ACME_ORG"})
    assert (server.variables[0].name, server.variables[0].required) == ("org", True)


def test_a_view_is_its_select_for_sqlite(write: Any) -> None:
    root = document_of({}, "/things", LIST)
    fallback = {"predicate": 'sqlDialect == "sqlite3"', "ddl": "SELECT 2"}
    views = {"select": {"predicate": 'sqlDialect == "postgres"', "ddl": "SELECT 1", "fallback": fallback}}
    root["components"]["x-stackQL-resources"]["v"] = {"id": "p.s.v", "config": {"views": views}}
    assert [resource.view for resource in read(write(root)).resources] == ["", "SELECT 2"]


@pytest.mark.parametrize(
    ("method", "said"),
    [
        ({"operation": {"$ref": "#/paths/~1nowhere/get"}}, "no operation GET /nowhere"),
        ({"operation": {"$ref": "#/paths"}}, "no path of this document"),
        ({"operation": {"inline": [{"rm": 1}]}}, "inline is a list of texts"),
        ({"response": {"objectkey": "$.x"}}, "'objectkey', which isn't known"),
        ({"response": {"transform": {"type": "lua"}}}, "'lua' isn't known"),
        ({"config": {"magic": 1}}, "'magic', which isn't known"),
        ({"config": {"pagination": {"algorithm": "guess", "responseToken": {"key": "x"}}}}, "'guess' isn't known"),
        ({"request": {"base": "["}}, "base is no JSON"),
    ],
)
def test_what_a_method_may_not_say(method: dict[str, Any], said: str, write: Any) -> None:
    with pytest.raises(CatalogError, match=said):
        read(write(document_of(method, "/things", LIST)))


@pytest.mark.parametrize("reference", ["acme/v1.0.0/../../../etc/passwd", "acme/v1.0.0//services/s.yaml", "acme"])
def test_documents_stay_in_their_folder(reference: str, write: Any, tmp_path: Path) -> None:
    root = write(document_of({}, "/things", LIST))
    head = {"name": "acme", "providerServices": {"s": {"service": {"$ref": reference}}}}
    (tmp_path / "src" / "acme" / "v1.0.0" / "provider.yaml").write_text(json.dumps(head))
    with pytest.raises(CatalogError, match="inside"):
        read(root)


def test_a_link_out_of_the_folder_is_refused(write: Any, tmp_path: Path) -> None:
    root = write(document_of({}, "/things", LIST))
    path = tmp_path / "src" / "acme" / "v1.0.0" / "services" / "s.yaml"
    outside = tmp_path / "outside.yaml"
    path.rename(outside)
    path.symlink_to(outside)
    with pytest.raises(CatalogError, match="link out"):
        read(root)


def test_the_newest_version_counts_and_a_pre_release_does_not(tmp_path: Path) -> None:
    for name in ("v1.9.0", "v1.10.0", "v1.10.0-beta", "notes"):
        (tmp_path / "src" / "acme" / name).mkdir(parents=True)
        (tmp_path / "src" / "acme" / name / "provider.yaml").write_text("name: acme\n")
    assert [each.version for each in folder.folders(str(tmp_path))] == ["v1.10.0"]
    assert folder.version(str(tmp_path), "acme", "v1.9.0").version == "v1.9.0"
    with pytest.raises(CatalogError, match="no acme v2"):
        folder.version(str(tmp_path), "acme", "v2.0.0")


def test_a_service_is_compiled_when_it_is_asked_for_and_again_when_it_changes(write: Any, tmp_path: Path) -> None:
    root = write(document_of({}, "/things", LIST))
    told: list[str] = []
    cache = compiled_cache(tmp_path / "cache")
    with open_layered([root], cache_dir=cache, note=told.append) as catalog:
        assert [s.name for s in catalog.services("acme")] == ["s"]
        assert "compiling acme.s (once)" not in told
        found = catalog.resource("acme", "s", "things")
        assert found is not None
        assert [column.name for column in found.columns] == ["Id", "HostName", "owner"]
        assert catalog.schema("acme", "s:Thing") is not None
        assert catalog.resource("okta", "users", "users") is not None, "the built-in ones are below"
        assert "acme" in [each.name for each in catalog.providers()]
        assert catalog.resource("acme", "t", "things") is None
    assert told.count("compiling acme.s (once)") == 1
    with open_layered([root], cache_dir=cache, note=told.append) as catalog:
        assert catalog.resource("acme", "s", "things") is not None
    assert told.count("compiling acme.s (once)") == 1
    changed = document_of({}, "/things", operation(THING))
    write(changed)
    with open_layered([root], cache_dir=cache, note=told.append) as catalog:
        assert catalog.resource("acme", "s", "things") is not None
    assert told.count("compiling acme.s (once)") == 2
    assert len(list((tmp_path / "cache" / "documents").glob("*.db"))) == 1, "what was compiled before is removed"


def test_a_service_that_is_listed_only_says_so(write: Any, tmp_path: Path) -> None:
    root = write(document_of({}, "/things", LIST))
    (tmp_path / "src" / "acme" / "v1.0.0" / "services" / "s.yaml").unlink()
    with (
        open_layered([root], cache_dir=compiled_cache(tmp_path / "cache")) as catalog,
        pytest.raises(CatalogError, match=r"acme\.s is listed, but its document isn't"),
    ):
        catalog.resource("acme", "s", "things")


def test_resources_are_counted_without_reading_the_document(tmp_path: Path) -> None:
    listed = "    a:\n      methods:\n        b: {}\n\n    c:\n      x: 1\n"
    text = f"components:\n  x-stackQL-resources:\n{listed}  schemas: {{}}\n"
    (tmp_path / "s.yaml").write_text(text)
    (tmp_path / "t.yaml").write_text("components: {x-stackQL-resources: {a: {}}}\n")
    assert (_count(str(tmp_path / "s.yaml")), _count(str(tmp_path / "t.yaml")), _count("")) == (2, None, None)


def services() -> list[tuple[str, str]]:
    if not REGISTRY.is_dir():
        return []
    return [
        (each.name, entry.name)
        for each in folder.folders(str(REGISTRY))
        for entry in provider.read(each).services
        if entry.path
    ]


SOME = {
    "iam",
    "key_vault",
    "catalog",
    "metrics",
    "domains",
    "activity",
    "storage",
    "formula",
    "core",
    "kafka",
    "Org",
    "logs",
}


@needs_data
@pytest.mark.parametrize(
    ("name", "entry"),
    [pytest.param(*each, marks=() if each[1] in SOME else (pytest.mark.slow,)) for each in services()],
)
def test_every_published_document_loads(name: str, entry: str) -> None:
    head = provider.read(folder.version(str(REGISTRY), name, "v00.00.00000"))
    found = service.read(head, next(each for each in head.services if each.name == entry))
    assert found.resources
    for resource in found.resources:
        assert resource.view or resource.methods
        for each in resource.methods:
            assert each.method.server is not None
            assert not each.method.response.schema or each.method.response.schema in found.schemas


@needs_data
def test_the_counts_of_the_published_documents() -> None:
    assert len(services()) == 179


GRAPHQL = {"url": "https://api.example.com/graphql", "query": "{ items(first: {{ .limit }}{{ .cursor }}) { id } }"}


def test_graphql_pages_by_an_offset_to_the_first_page_without_rows() -> None:
    query = graphql.query_of({**GRAPHQL, "cursor": {"strategy": "offset", "format": ", skip: {{ .value }}"}})
    method = Method(
        name="list", verb="select", http="POST", path=query.path, body=query.body, pagination=query.pagination,
        response=Response(media_type="application/json", row_path=("data", "items"), transform="graphql"),
    )  # fmt: skip
    rows = [["a", "b"], ["c"], []]
    seen: list[str] = []

    class Carrier:
        def send(self, method: Method, request: HttpRequest, cancel: CancelToken, stats: Stats) -> HttpResponse:
            seen.append(json.loads(request.body or b"")["query"])
            items = [{"id": each} for each in rows[len(seen) - 1]]
            return HttpResponse(200, (), json.dumps({"data": {"items": items}}).encode())

    columns = (Column(name="id", type="string", path=("id",)),)
    first = build_request(method, query.server, {})
    decoder = Decoder(method.response, method.pagination, columns)
    pages = read_pages(cast(Client, Carrier()), method, first, decoder, CancelToken(), Stats())
    assert [row for page in pages for row in page.rows] == [("a",), ("b",), ("c",)]
    assert [text.partition("100")[2][:9] for text in seen] == [") { id } ", ", skip: 2", ", skip: 3"]


@pytest.mark.parametrize(
    ("cursor", "said"),
    [
        ({"strategy": "keyset", "jsonPath": "$.data.items[-1:].id"}, "'keyset' isn't known"),
        ({"jsonPath": "$.data.items[-1:].id"}, "leads to no one place"),
        ({"jsonPath": "$.data.items[*].id"}, "leads to no one place"),
        ({"strategy": "page_info", "jsonPath": "$.data.end"}, "doesn't say where"),
    ],
)
def test_cursors_that_would_end_after_a_page_are_refused(cursor: dict[str, str], said: str) -> None:
    with pytest.raises(CatalogError, match=said):
        graphql.query_of({**GRAPHQL, "cursor": cursor})


def test_every_key_that_is_read_is_in_the_guide() -> None:
    guide = (Path(__file__).resolve().parents[3] / "docs" / "how-to" / "use-provider-documents.md").read_text()
    known = {key for key in config.KNOWN if not key.startswith("x-quaestor")}
    known |= methods._METHOD_KEYS | methods._REQUEST_KEYS | methods._RESPONSE_KEYS
    assert {key for key in known if f"`{key}`" not in guide.partition("## Keys of documents")[2]} == set()
