"""What a new version of a spec changes: each kind of change is found, and named as breaking or not."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from tests.unit.authoring.spec_text import root

from quaestor.authoring.build import build
from quaestor.authoring.diff import diff
from quaestor.catalog.facts import Facts
from quaestor.catalog.openapi import Spec


def facts(document: dict[str, Any]) -> Facts:
    return build("acme", [("a", Spec(document, "acme.yaml"))])[0]


def pets(**changes: Any) -> dict[str, Any]:
    """A small API; `changes` replace the parts of it that these tests change."""
    given: dict[str, Any] = {
        "column": {"name": {"type": "string"}},
        "parameters": [{"name": "tag", "in": "query", "schema": {"type": "string", "enum": ["a", "b"]}}],
        "body": {"type": "object", "properties": {"name": {"type": "string"}}},
        "path": "/pets",
        "operation": "listPets",
        **changes,
    }
    pet = {"type": "object", "properties": {"id": {"type": "string"}, **given["column"]}}
    answer = {"content": {"application/json": {"schema": {"type": "array", "items": pet}}}}
    return {
        "openapi": "3.0.0",
        "info": {"title": "p", "version": "1"},
        "servers": [{"url": "https://p.example.com"}],
        "paths": {
            given["path"]: {
                "get": {
                    "operationId": given["operation"],
                    "parameters": given["parameters"],
                    "responses": {"200": answer},
                    **given.get("more", {}),
                },
                "post": {
                    "operationId": "createPet",
                    "requestBody": {"content": {"application/json": {"schema": given["body"]}}},
                    "responses": {"201": {"description": ""}},
                },
            }
        },
    }


def test_the_same_is_no_change() -> None:
    assert diff(facts(root()), facts(copy.deepcopy(root()))) == ()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"column": {}}, ["breaking: the column name is gone"]),
        ({"column": {"name": {"type": "integer"}}}, ["breaking: the column name was string, is integer now"]),
        ({"column": {"name": {"type": "string"}, "age": {"type": "integer"}}}, ["new: the column age"]),
        ({"parameters": []}, ["breaking: the parameter tag is gone"]),
        (
            {"parameters": [{"name": "tag", "in": "query", "required": True, "schema": {"enum": ["a"]}}]},
            ["breaking: the parameter tag has no longer: b", "breaking: the parameter tag is required now"],
        ),
        (
            {"body": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}},
            ["breaking: the property name of the body is required now"],
        ),
        (
            {"body": {"type": "object", "properties": {"name": {"type": "string"}, "x": {}}, "required": ["x"]}},
            ["breaking: the property x of the body is new and required"],
        ),
        ({"body": {"type": "object", "properties": {"nick": {"type": "string"}}}},
         ["breaking: the property name of the body is gone", "new: the property nick of the body"]),
        ({"operation": "listAnimals"},
         ["breaking: the resource is called pets.animals now", "breaking: is called pets.animals.create_pet now",
          "breaking: is called pets.animals.list_animals now", "new: a resource"]),
        ({"path": "/cats"}, [
            "breaking: the service is gone", "breaking: the method create_pet (insert, POST /pets) is gone",
            "breaking: the method list_pets (select, GET /pets) is gone", "breaking: the resource is gone",
            "new: a service", "new: a resource", "new: the method create_pet (insert, POST /cats)",
            "new: the method list_pets (select, GET /cats)"]),
        ({"operation": "downloadPets"},
         ["breaking: is called pets.pets.download_pets now", "breaking: was select, is exec now"]),
        ({"more": {"deprecated": True}}, ["other: lifecycle: ga, now deprecated"]),
    ],
)  # fmt: skip
def test_each_change(changed: dict[str, Any], said: list[str]) -> None:
    found = diff(facts(pets()), facts(pets(**changed)))
    assert sorted(f"{each.kind}: {each.text}" for each in found) == sorted(said)
