"""Swagger 2 documents: each key goes to its place in OpenAPI 3."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from quaestor.authoring import swagger
from quaestor.authoring.build import run_build
from quaestor.catalog.openapi import Spec
from quaestor.errors import CatalogError

PET = {
    "type": "object",
    "discriminator": "kind",
    "properties": {
        "id": {"type": "integer"},
        "kind": {"type": "string"},
        "tag": {"type": "string", "x-nullable": True},
    },
}
ROOT: dict[str, Any] = {
    "swagger": "2.0",
    "info": {"title": "Pets", "version": "3"},
    "host": "pets.example.com",
    "basePath": "/v2/",
    "schemes": ["http", "https"],
    "produces": ["application/json"],
    "consumes": ["application/json"],
    "parameters": {
        "limit": {"name": "limit", "in": "query", "type": "integer", "maximum": 50},
        "pet": {"name": "pet", "in": "body", "required": True, "schema": {"$ref": "#/definitions/Pet"}},
    },
    "responses": {"Pet": {"description": "", "schema": {"$ref": "#/definitions/Pet"}}},
    "definitions": {"Pet": PET},
    "securityDefinitions": {
        "key": {"type": "apiKey", "name": "k", "in": "header"},
        "login": {"type": "oauth2", "flow": "accessCode", "scopes": {"pets.read": "r"}},
        "old": {"type": "basic"},
    },
    "paths": {
        "/pets": {
            "parameters": [{"$ref": "#/parameters/limit"}],
            "get": {
                "operationId": "listPets",
                "security": [{"login": ["pets.read"]}],
                "parameters": [
                    {"name": "ids", "in": "query", "type": "array", "items": {"type": "integer"}},
                    {"name": "tags", "in": "query", "type": "array", "items": {}, "collectionFormat": "multi"},
                ],
                "responses": {"200": {"schema": {"type": "array", "items": {"$ref": "#/definitions/Pet"}}}},
            },
            "post": {
                "operationId": "createPet",
                "parameters": [{"$ref": "#/parameters/pet"}],
                "responses": {"201": {"$ref": "#/responses/Pet"}},
            },
        },
        "/pets/{id}/photo": {
            "post": {
                "operationId": "uploadPhoto",
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "type": "integer"},
                    {"name": "file", "in": "formData", "type": "file", "required": True},
                ],
                "responses": {"204": {"description": ""}},
            }
        },
    },
}  # fmt: skip


def test_a_document_is_built_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "pets.json").write_text(json.dumps(ROOT))
    found, report = run_build("pets", [str(tmp_path / "pets.json")], str(tmp_path / "pets"))
    assert (report.operations, report.unreachable) == (3, ())
    methods = {each.method.name: each.method for resource in found.resources for each in resource.methods}
    assert {name: method.verb for name, method in methods.items()} == {
        "list_pets": "select",
        "create_pet": "insert",
        "upload_photo": "exec",
    }
    assert found.provider.server.url == "https://pets.example.com/v2"
    listed = {p.name: p for p in methods["list_pets"].parameters}
    assert (listed["ids"].explode, listed["tags"].explode, listed["ids"].item_type) == (False, True, "integer")
    assert listed["limit"].type == "integer"
    assert methods["list_pets"].scopes == ("pets.read",)
    created = methods["create_pet"]
    assert created.body is not None
    assert (created.body.schema, created.body.required, created.response.schema) == ("Pet", True, "Pet")
    photo = methods["upload_photo"].body
    assert photo is not None
    assert photo.media_type == "multipart/form-data"
    assert found.schemas["pets.pets.upload_photo.body"].properties["file"].format == "binary"
    assert found.schemas["Pet"].properties["tag"].nullable
    assert found.schemas["Pet"].discriminator == "kind"


def test_a_host_of_its_own_and_none_at_all() -> None:
    root = {**ROOT, "paths": {"/x": {"get": {"schemes": ["http"], "responses": {}}}}}
    (operation,) = Spec(swagger.converted(root, "t"), "t").operations()
    assert operation.servers == ({"url": "http://pets.example.com/v2"},)
    bare = {key: value for key, value in ROOT.items() if key != "host"}
    assert swagger.converted(bare, "t")["servers"] == [{"url": "/v2"}]


@pytest.mark.parametrize(
    ("parameter", "says"),
    [
        ({"name": "a", "in": "query", "type": "array", "collectionFormat": "tsv"}, "'tsv', which OpenAPI 3 can't"),
        ({"$ref": "#/parameters/none"}, "leads nowhere"),
        ("text", "should be a mapping"),
    ],
)
def test_what_has_no_equivalent(parameter: Any, says: str) -> None:
    root = {**ROOT, "paths": {"/x": {"get": {"parameters": [parameter], "responses": {}}}}}
    with pytest.raises(CatalogError, match=says):
        swagger.converted(root, "t")


def test_only_swagger_2_is_converted() -> None:
    assert swagger.is_swagger({"swagger": "2.0"})
    assert not swagger.is_swagger({"openapi": "3.0.0"})
