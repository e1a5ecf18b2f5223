"""OpenAPI documents, read as operations and schemas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from quaestor.catalog.keywords import secret_name
from quaestor.catalog.model import Schema
from quaestor.catalog.openapi import Operation, Spec, is_json
from quaestor.errors import CatalogError


def spec(paths: dict[str, Any] | None = None, schemas: dict[str, Any] | None = None, **more: Any) -> Spec:
    components = {"schemas": schemas or {}, **more.pop("components", {})}
    return Spec({"openapi": "3.0.3", "paths": paths or {}, "components": components, **more}, "test.yaml")


def one(paths: dict[str, Any], **more: Any) -> Operation:
    (operation,) = spec(paths, **more).operations()
    return operation


def test_parameters_of_the_path_item_count_and_the_operations_own_win() -> None:
    shared = [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
        {"$ref": "#/components/parameters/L"},
    ]
    own = [{"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 9}}]
    found = one(
        {"/a/{id}": {"parameters": shared, "get": {"parameters": own, "responses": {}}}},
        components={"parameters": {"L": {"name": "limit", "in": "query", "schema": {"type": "string"}}}},
    )
    assert [(p.name, p.location, p.required) for p in found.parameters] == [
        ("id", "path", True),
        ("limit", "query", False),
    ]
    assert found.parameters[1].schema == Schema(type="integer", maximum=9)
    assert (found.key, found.status, found.response) == ("GET /a/{id}", 0, None)


def test_a_path_parameter_that_nobody_declared_is_there() -> None:
    assert [p.name for p in one({"/a/{id}/b/{x}": {"get": {"responses": {}}}}).parameters] == ["id", "x"]


def test_a_largest_page_that_only_the_text_states() -> None:
    described = {
        "name": "limit",
        "in": "query",
        "schema": {"type": "integer"},
        "description": "How many. Maximum value: 200",
    }
    assert one({"/a": {"get": {"parameters": [described], "responses": {}}}}).parameters[0].schema.maximum == 200


def test_success_is_the_lowest_status_with_a_body_and_plain_json_wins() -> None:
    content = {
        "text/csv": {"schema": {"type": "string"}},
        "application/json;datetime-format=rfc3339": {},
        "application/json": {"schema": {"type": "array", "items": {"type": "string"}}},
    }
    found = one({"/a": {"get": {"responses": {"204": {}, "202": {"content": content}, "404": {"content": content}}}}})
    assert (found.status, found.media_type) == (202, "application/json")
    assert found.response == Schema(type="array", items=Schema(type="string"))
    assert one({"/a": {"get": {"responses": {"204": {}, "200": {}}}}}).status == 200
    assert one({"/a": {"get": {"responses": {"2XX": {}}}}}).status == 200


def test_who_may_and_how_ripe() -> None:
    schemes = {"securitySchemes": {"o": {"type": "oauth2"}, "k": {"type": "apiKey"}}}
    found = one(
        {
            "/a": {
                "get": {
                    "responses": {},
                    "security": [{"k": []}, {"o": ["a.read"]}],
                    "x-permission": {"operator": "OR", "permissions": ["p", "q"]},
                }
            }
        },
        components=schemes,
    )
    assert (found.scopes, found.permissions, found.lifecycle) == (("a.read",), ("p or q",), "ga")
    every = {"operator": "AND", "permissions": ["p", "q"]}
    assert one({"/a": {"get": {"responses": {}, "x-permission": every}}}).permissions == ("p", "q")
    for extra, stage in (
        ({"deprecated": True}, "deprecated"),
        ({"x-unstable": "**beta**"}, "beta"),
        ({"x-okta-lifecycle": {"lifecycle": "LIMITED_GA"}}, "ea"),
        ({"x-okta-lifecycle": {"lifecycle": "BETA"}}, "beta"),
    ):
        assert one({"/a": {"get": {"responses": {}, **extra}}}).lifecycle == stage


def test_all_of_is_merged_the_later_part_being_the_more_special() -> None:
    found = spec(
        schemas={
            "Base": {
                "type": "object",
                "required": ["id"],
                "properties": {"id": {"type": "string", "readOnly": True}, "kind": {"type": "string"}},
            },
            "More": {
                "allOf": [
                    {"$ref": "#/components/schemas/Base"},
                    {"properties": {"kind": {"enum": ["a"]}, "n": {"type": "integer"}}},
                ],
                "required": ["n"],
                "nullable": True,
            },
        }
    ).schema("More")
    assert found == Schema(
        type="object",
        nullable=True,
        required=("id", "n"),
        properties={
            "id": Schema(type="string", read_only=True),
            "kind": Schema(type="string", enum=("a",)),
            "n": Schema(type="integer"),
        },
    )


def test_a_name_with_flags_beside_it_stays_a_name() -> None:
    found = spec(
        schemas={
            "Links": {"type": "object", "properties": {"self": {"$ref": "#/components/schemas/Links"}}},
            "A": {
                "properties": {
                    "_links": {
                        "allOf": [{"$ref": "#/components/schemas/Links"}, {"description": "x"}],
                        "readOnly": True,
                    }
                }
            },
        }
    ).schema("A")
    assert found == Schema(type="object", properties={"_links": Schema(ref="Links", read_only=True)})


def test_a_subtype_leaves_the_discriminator_of_its_base_out() -> None:
    found = spec(
        schemas={
            "App": {
                "type": "object",
                "properties": {"mode": {"type": "string"}},
                "discriminator": {
                    "propertyName": "mode",
                    "mapping": {"OIDC": "#/components/schemas/Oidc", "GONE": "#/components/schemas/Gone"},
                },
            },
            "Oidc": {
                "allOf": [{"$ref": "#/components/schemas/App"}, {"properties": {"settings": {"type": "object"}}}]
            },
            "Wrapped": {
                "allOf": [{"$ref": "#/components/schemas/App"}, {"properties": {"_embedded": {"type": "object"}}}]
            },
        }
    )
    assert (found.schema("App").discriminator, found.schema("App").mapping) == ("mode", {"OIDC": "Oidc"})
    assert (found.schema("Oidc").discriminator, found.schema("Oidc").mapping) == ("", {})
    assert found.schema("Wrapped").mapping == {"OIDC": "Oidc"}


def test_nullable_is_spelled_in_two_versions_and_const_is_an_enum() -> None:
    found = spec(
        schemas={"A": {"type": ["null", "string"]}, "B": {"type": "string", "nullable": True}, "C": {"const": 1}}
    )
    assert found.schema("A") == found.schema("B") == Schema(type="string", nullable=True)
    assert found.schema("C") == Schema(enum=(1,))


def test_branches_maps_and_limits_are_kept_and_prose_is_not() -> None:
    node = {
        "title": "T",
        "format": "URL encoded, please",
        "description": "prose",
        "example": "x",
        "type": "object",
        "additionalProperties": {"type": "integer", "minimum": 1, "maximum": 5},
        "oneOf": [
            {"type": "string", "pattern": "^a", "minLength": 1},
            {"type": "array", "items": {"type": "number"}, "maxItems": 3},
        ],
        "default": "a long default that somebody wrote as a text for others to read and to learn from",
    }
    assert spec(schemas={"A": node}).schema("A") == Schema(
        type="object",
        additional=Schema(type="integer", minimum=1, maximum=5),
        one_of=(
            Schema(type="string", pattern="^a", min_length=1),
            Schema(type="array", items=Schema(type="number"), max_items=3),
        ),
    )
    assert spec(schemas={"A": {"additionalProperties": True}}).schema("A").additional == Schema()
    assert spec(schemas={"A": {"additionalProperties": False}}).schema("A").closed


def test_secrets_are_known_by_format_and_by_name() -> None:
    properties = {
        "a": {"type": "string", "format": "password"},
        "client_secret": {"type": "string"},
        "secret_hash": {"type": "string"},
    }
    found = spec(schemas={"A": {"properties": properties}}).schema("A").properties
    assert [name for name, schema in found.items() if schema.secret] == ["a", "client_secret"]
    assert secret_name("apiKey")
    assert secret_name("password")
    assert secret_name("privateKey")
    assert not secret_name("api_key_id")
    assert not secret_name("passwordChanged")


@pytest.mark.parametrize(
    ("root", "says"),
    [
        ({"swagger": "2.0", "paths": {}}, "says Swagger 2.0"),
        ({"openapi": "2.9", "paths": {}}, "is not an OpenAPI 3 document"),
        ({"openapi": "3.1.0"}, "has no paths"),
    ],
)
def test_what_is_no_openapi_document(root: dict[str, Any], says: str) -> None:
    with pytest.raises(CatalogError, match=says):
        Spec(root, "test.yaml")


def test_references_lead_into_the_document_only() -> None:
    def body(ref: str) -> dict[str, Any]:
        return {"/a": {"get": {"responses": {"200": {"content": {"application/json": {"schema": {"$ref": ref}}}}}}}}

    with pytest.raises(CatalogError, match=r"GET /a.*leads out of the document"):
        one(body("other.yaml#/x"))
    with pytest.raises(CatalogError, match="leads out of the document"):
        one(body("https://example.com/x"))
    with pytest.raises(CatalogError, match="leads nowhere"):
        one(body("#/components/schemas/Gone"))
    with pytest.raises(CatalogError, match="leads back to itself"):
        one({"/a": {"$ref": "#/paths/~1a"}})


def test_references_may_be_escaped_and_deep() -> None:
    schemas = {"A/b~c": {"properties": {"x": {"type": "integer"}}}}
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/A~1b~0c/properties/x"}}}
    found = one({"/a": {"get": {"responses": {"200": {"content": content}}}}}, schemas=schemas)
    assert found.response == Schema(type="integer")


def test_recursion_goes_by_name_or_not_at_all() -> None:
    tree = {"properties": {"children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}}}
    assert spec(schemas={"Tree": tree}).schema("Tree").properties["children"].items == Schema(ref="Tree")
    with pytest.raises(CatalogError, match="is allOf itself"):
        spec(schemas={"A": {"allOf": [{"$ref": "#/components/schemas/A"}, {"properties": {"x": {}}}]}}).schema("A")
    deep: dict[str, Any] = {}
    for _ in range(80):
        deep = {"properties": {"x": deep}}
    with pytest.raises(CatalogError, match="nests deeper than 60"):
        spec(schemas={"A": deep}).schema("A")
    loop = spec(schemas={"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}})
    with pytest.raises(CatalogError, match="a name of itself"):
        loop.follow(Schema(ref="A"))


def test_media_types_that_are_json() -> None:
    assert all(
        map(is_json, ("application/json", "application/json; x=y", "application/merge-patch+json", "text/json"))
    )
    assert not any(map(is_json, ("text/plain", "application/jsonx", "multipart/form-data")))


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(
        "openapi: 3.1.0\ninfo: {version: '7'}\npaths: {}\nservers: [{url: 'https://x'}]\n"
    )
    found = Spec.load(str(tmp_path / "s.yaml"))
    assert (found.version, found.servers, list(found.operations())) == ("7", ({"url": "https://x"},), [])
