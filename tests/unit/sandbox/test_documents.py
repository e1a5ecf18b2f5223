"""A provider that is only known by its StackQL document has a stand-in too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.compiled import compiled_cache

from quaestor.catalog.documents import open_layered
from quaestor.config import Settings
from quaestor.errors import ProviderError
from quaestor.surfaces.cli.sandboxed import connect

#: A document of Okta's name, whose rows are made by a template that no sandbox can go behind.
TEMPLATE = '{"line_items":[{{- range $i, $g := . -}}{{ if $i }},{{ end }}{"key":{{ toJson $g.id }}}{{- end -}}]}'
PROPERTIES = {"id": {"type": "string"}, "private": {"type": "boolean"}}
THING: dict[str, object] = {"type": "object", "properties": PROPERTIES}


def test_a_document_s_provider_answers_below_its_server_s_path_whatever_its_sign_in(tmp_path: Path) -> None:
    base = tmp_path / "src" / "acme" / "v1.0.0"
    (base / "services").mkdir(parents=True)
    content = {"application/json": {"schema": {"type": "array", "items": THING}}}
    answers = {"200": {"description": "", "content": content}}
    path = "/orgs/{org}/things?version=1"
    methods = {"list": {"operation": {"$ref": "#/paths/~1orgs~1{org}~1things?version=1/get"}}}
    verbs = {"select": [{"$ref": "#/components/x-stackQL-resources/things/methods/list"}]}
    text = {
        "openapi": "3.0.0",
        "info": {"title": "t", "version": "1"},
        "servers": [{"url": "https://api.example.com/storage/v1"}],
        "paths": {path: {"get": {"responses": answers}}},
        "components": {"schemas": {}, "x-stackQL-resources": {"things": {"methods": methods, "sqlVerbs": verbs}}},
    }
    auth = {"type": "basic", "username_var": "ACME_USER", "password_var": "ACME_PASSWORD"}
    services = {
        "s": {"service": {"$ref": "acme/v1.0.0/services/s.yaml"}},
        "absent": {"service": {"$ref": "acme/v1.0.0/services/absent.yaml"}},
    }
    head = {"name": "acme", "providerServices": services, "config": {"auth": auth}}
    (base / "provider.yaml").write_text(json.dumps(head))
    (base / "services" / "s.yaml").write_text(json.dumps(text))
    with (
        open_layered([str(tmp_path)], cache_dir=compiled_cache(tmp_path / "cache")) as catalog,
        connect(Settings(), catalog) as connection,
    ):
        rows = list(connection.sql("SELECT id, private, org FROM acme.s.things WHERE org IN ('a', 'b', 'c', 'd')"))
    assert rows
    assert all(isinstance(key, str) and private in (0, 1) and org in "abcd" for key, private, org in rows)


def test_a_built_in_provider_answers_what_its_document_makes_rows_of_by_a_template(tmp_path: Path) -> None:
    base = tmp_path / "src" / "okta" / "v1.0.0"
    (base / "services").mkdir(parents=True)
    rows = {"type": "object", "properties": {"key": {"type": "string"}}}
    listed = {"type": "object", "properties": {"line_items": {"type": "array", "items": rows}}}
    response = {
        "openAPIDocKey": "200",
        "mediaType": "application/json",
        "overrideMediaType": "application/json",
        "objectKey": "$.line_items",
        "schema_override": {"$ref": "#/components/schemas/Rows"},
        "transform": {"type": "golang_template_json_v0.3.0", "body": TEMPLATE},
    }
    methods = {"list": {"operation": {"$ref": "#/paths/~1api~1v1~1groups/get"}, "response": response}}
    verbs = {"select": [{"$ref": "#/components/x-stackQL-resources/teams/methods/list"}]}
    content = {"application/json": {"schema": {"type": "array", "items": THING}}}
    text = {
        "openapi": "3.0.0",
        "info": {"title": "t", "version": "1"},
        "servers": [{"url": "https://acme.okta.com"}],
        "paths": {"/api/v1/groups": {"get": {"responses": {"200": {"description": "", "content": content}}}}},
        "components": {
            "schemas": {"Rows": listed},
            "x-stackQL-resources": {"teams": {"methods": methods, "sqlVerbs": verbs}},
        },
    }
    auth = {"type": "api_key", "valuePrefix": "SSWS ", "credentialsenvvar": "OKTA_API_TOKEN"}
    head = {"name": "okta", "providerServices": {"s": {"service": {"$ref": "okta/v1.0.0/services/s.yaml"}}}}
    (base / "provider.yaml").write_text(json.dumps({**head, "config": {"auth": auth}}))
    (base / "services" / "s.yaml").write_text(json.dumps(text))
    with (
        open_layered([str(tmp_path)], cache_dir=compiled_cache(tmp_path / "cache")) as catalog,
        connect(Settings(), catalog) as connection,
    ):
        found = [key for (key,) in connection.sql("SELECT key FROM okta.s.teams")]
    assert found
    assert all(key.startswith("00g") for key in found)


def test_an_answer_that_no_schema_tells_of_is_an_error_and_not_no_row(tmp_path: Path) -> None:
    base = tmp_path / "src" / "acme" / "v1.0.0"
    (base / "services").mkdir(parents=True)
    content = {"application/json": {"schema": {"type": "object", "properties": {"x": {"type": "string"}}}}}
    response = {
        "openAPIDocKey": "200",
        "objectKey": "$.line_items",
        "transform": {"type": "golang_template_json_v0.3.0", "body": TEMPLATE},
    }
    methods = {"list": {"operation": {"$ref": "#/paths/~1orgs~1{org}~1things/get"}, "response": response}}
    text = {
        "openapi": "3.0.0",
        "info": {"title": "t", "version": "1"},
        "servers": [{"url": "https://api.example.com"}],
        "paths": {"/orgs/{org}/things": {"get": {"responses": {"200": {"description": "", "content": content}}}}},
        "components": {"schemas": {}, "x-stackQL-resources": {"things": {"methods": methods}}},
    }
    head = {"name": "acme", "providerServices": {"s": {"service": {"$ref": "acme/v1.0.0/services/s.yaml"}}}}
    (base / "provider.yaml").write_text(json.dumps(head | {"config": {"auth": {"type": "null_auth"}}}))
    (base / "services" / "s.yaml").write_text(json.dumps(text))
    with (
        open_layered([str(tmp_path)], cache_dir=compiled_cache(tmp_path / "cache")) as catalog,
        connect(Settings(), catalog) as connection,
        pytest.raises(ProviderError, match="501"),
    ):
        list(connection.sql("SELECT * FROM acme.s.things WHERE org = 'a'"))


def test_paths_that_end_in_a_slash_are_of_one_collection(tmp_path: Path) -> None:
    base = tmp_path / "src" / "acme" / "v1.0.0"
    (base / "services").mkdir(parents=True)

    def answered(schema: object) -> dict[str, object]:
        return {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}

    item = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    body = {"content": {"application/json": {"schema": THING}}}
    paths = {
        "/things/": {"get": {"responses": answered({"type": "array", "items": THING})}},
        "/things/{id}/": {
            "get": {"parameters": item, "responses": answered(THING)},
            "patch": {"parameters": item, "requestBody": body, "responses": answered(THING)},
        },
    }
    places = {"list": "~1things~1/get", "get": "~1things~1{id}~1/get", "set": "~1things~1{id}~1/patch"}
    methods = {name: {"operation": {"$ref": f"#/paths/{place}"}} for name, place in places.items()}
    own = "#/components/x-stackQL-resources/things/methods/"
    verbs = {"select": [{"$ref": f"{own}get"}, {"$ref": f"{own}list"}], "update": [{"$ref": f"{own}set"}]}
    text = {
        "openapi": "3.0.0",
        "info": {"title": "t", "version": "1"},
        "servers": [{"url": "https://api.example.com"}],
        "paths": paths,
        "components": {"schemas": {}, "x-stackQL-resources": {"things": {"methods": methods, "sqlVerbs": verbs}}},
    }
    head = {"name": "acme", "providerServices": {"s": {"service": {"$ref": "acme/v1.0.0/services/s.yaml"}}}}
    (base / "provider.yaml").write_text(json.dumps(head | {"config": {"auth": {"type": "null_auth"}}}))
    (base / "services" / "s.yaml").write_text(json.dumps(text))
    with (
        open_layered([str(tmp_path)], cache_dir=compiled_cache(tmp_path / "cache")) as catalog,
        connect(Settings(), catalog) as connection,
    ):
        (key, private) = next(iter(connection.sql("SELECT id, private FROM acme.s.things")))
        one = f"SELECT private FROM acme.s.things WHERE id = '{key}'"
        assert list(connection.sql(one)) == [(private,)]
        list(connection.sql(f"UPDATE acme.s.things SET private = {not private} WHERE id = '{key}'"))
        assert list(connection.sql(one)) == [(int(not private),)]
        assert dict(connection.sql("SELECT id, private FROM acme.s.things"))[key] == int(not private)
