"""Every method builds a request that its document accepts: faults are found, and few in what is published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from quaestor.authoring.trial.accept import Judge
from quaestor.authoring.trial.run import known_faults, try_provider
from quaestor.authoring.trial.samples import Sampler
from quaestor.catalog.model import Schema
from quaestor.fetch.http import HttpRequest
from quaestor.sandbox.data.patterns import matching

REGISTRY = Path(__file__).resolve().parents[4] / "shared" / "data" / "registry"
PET = {
    "type": "object",
    "required": ["name", "id"],
    "properties": {
        "id": {"type": "integer", "readOnly": True},
        "name": {"type": "string", "minLength": 3},
        "tags": {"type": "array", "minItems": 2, "uniqueItems": True, "items": {"type": "string"}},
        "code": {"type": "string", "pattern": "^[A-Z]{3}$"},
        "kind": {"type": "string", "enum": ["cat", "dog"]},
        "parent": {"$ref": "#/components/schemas/Pet"},
    },
}
ROOT: dict[str, Any] = {
    "openapi": "3.0.0",
    "info": {"title": "p", "version": "1"},
    "servers": [{"url": "https://p.example.com/v1"}],
    "components": {"schemas": {"Pet": PET}},
    "paths": {
        "/pets/{id}": {
            "parameters": [
                {"name": "id", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 7}}
            ],
            "put": {
                "operationId": "updatePet",
                "parameters": [
                    {"name": "kinds", "in": "query", "explode": False,
                     "schema": {"type": "array", "items": {"type": "string", "enum": ["cat", "dog"]}}},
                    {"name": "deep", "in": "query", "required": True, "schema": {"type": "boolean"}},
                ],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}},
                },
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}}
                },
            },
            "get": {
                "operationId": "getPet",
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}}
                },
            },
        }
    },
}  # fmt: skip


def text_for(pattern: str) -> str:
    return matching(pattern, 1) or ""


def test_methods_of_a_spec_build_what_it_accepts(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(json.dumps(ROOT))
    (tried,) = try_provider(str(tmp_path / "p.json"), [str(tmp_path / "p.json")], text_for)
    assert (tried.methods, tried.judged, tried.failures) == (2, 2, ())


@pytest.mark.parametrize(
    ("url", "body", "says"),
    [
        ("https://p.example.com/v1/pets/7?kinds=cat,dog&deep=true", {"name": "abc"}, []),
        ("https://p.example.com/v1/pets/7?deep=true", None, ["the body is missing"]),
        ("https://p.example.com/v1/pets/6?deep=true", {"name": "abc"}, ["path id: 6 is less than the minimum of 7"]),
        ("https://p.example.com/v1/pets/x?deep=true", {"name": "abc"}, ['path id: "x" is not of type "integer"']),
        ("https://p.example.com/v1/cats/7?deep=true", {"name": "abc"}, ["the path /v1/cats/7 is not /pets/{id}"]),
        ("https://p.example.com/v1/pets/7", {"name": "abc"}, ["the query parameter deep is missing"]),
        ("https://p.example.com/v1/pets/7?deep=1", {"name": "abc"}, ['query deep: "1" is not of type "boolean"']),
        ("https://p.example.com/v1/pets/7?deep=true&x=1", {"name": "abc"}, ["there is no query parameter x"]),
        ("https://p.example.com/v1/pets/7?deep=true&kinds=cow", {"name": "abc"}, ['query kinds: "cow" is not one']),
        ("https://p.example.com/v1/pets/7?deep=true", {"name": "ab"}, ['the body: "ab" is shorter than 3']),
        ("https://p.example.com/v1/pets/7?deep=true", {}, ['the body: "name" is a required property']),
    ],
)  # fmt: skip
def test_the_judge_finds_what_is_wrong(url: str, body: Any, says: list[str]) -> None:
    request = HttpRequest(
        method="PUT",
        url=url,
        headers=(("content-type", "application/json"),),
        body=json.dumps(body).encode() if body is not None else None,
    )
    found = list(Judge(ROOT).faults("/pets/{id}", "PUT", request, form=False, left_out={"id"}))
    assert len(found) == len(says)
    assert all(fault.startswith(said) for fault, said in zip(found, says, strict=True))


def test_a_schema_that_is_none_is_said_so() -> None:
    root = {**ROOT, "components": {"schemas": {"Pet": {"type": "any"}}}}
    request = HttpRequest(
        method="PUT",
        url="https://p.example.com/v1/pets/7?deep=true",
        headers=(("content-type", "application/json"),),
        body=b"{}",
    )
    (fault,) = Judge(root).faults("/pets/{id}", "PUT", request, form=False, left_out=())
    assert "the document's own schema isn't valid" in fault


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (Schema(type="string", format="date"), "2025-01-02"),
        (Schema(type="string", min_length=3), "aaa"),
        (Schema(type="string", format="uri", max_length=5), "https"),
        (Schema(type="string", pattern="^[a]{2}$"), "aa"),
        (Schema(type="string", pattern="^[x]*$", min_length=4), "xxxx"),
        (Schema(type="string", pattern="\\u002Fx"), "/x"),
        (Schema(type="integer", maximum=0), 0),
        (Schema(type="array", items=Schema(type="string"), min_items=2), ["a", "a1"]),
        (Schema(type="object", additional=Schema(type="boolean")), {"key": True}),
        (Schema(one_of=(Schema(type="integer"), Schema(type="string"))), 1),
        (Schema(enum=(None, "x")), "x"),
        (Schema(one_of=(Schema(type="string", enum=("A",)), Schema(type="string"))), "a"),
        (Schema(type="string", pattern=r"[^\s@]+@[^\s@]+\.[^\s@]+", min_length=6), "ada@example.com"),
    ],
)
def test_samples(schema: Schema, value: Any) -> None:
    assert Sampler(lambda name: Schema(), text_for, writing=False).value(schema) == value


@pytest.mark.slow
@pytest.mark.skipif(not REGISTRY.is_dir(), reason="the shared data is not beside the checkout")
def test_published_documents() -> None:
    tried = [*try_provider(str(REGISTRY), (), text_for), *try_provider(f"{REGISTRY}-okta-5.1.0", (), text_for)]
    assert sum(each.methods for each in tried) == 4377 + 699
    assert [(each.provider, failure) for each in tried for failure in each.failures] == []
    occurred = {(each.provider, failure.place) for each in tried for failure in each.known}
    told = {(provider, place) for provider, places in known_faults().items() for place in places}
    assert told - occurred == set(), "what no longer occurs is no known fault"
