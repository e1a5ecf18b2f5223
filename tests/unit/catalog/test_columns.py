"""Columns follow from schemas: branches, JSON:API, maps, bare values."""

from __future__ import annotations

import pytest

from quaestor.catalog.columns import columns_of
from quaestor.catalog.facts import schema_from
from quaestor.catalog.model import Column, Response, Schema
from quaestor.errors import CatalogError

SCHEMAS = {
    name: schema_from(text, name)
    for name, text in {
        "User": {
            "properties": {
                "id": "string readonly",
                "created": "string/date-time nullable",
                "status": {"enum": ["ACTIVE", "STAGED"]},
                "profile": {"properties": {"login": "string"}},
                "tags": ["string"],
                "password": "string writeonly secret",
            },
            "required": ["id"],
        },
        "Users": ["$User"],
        "Team": {
            "properties": {
                "id": "string",
                "type": {"enum": ["team"]},
                "attributes": {"properties": {"name": "string", "type": "integer", "attributes": "object"}},
                "relationships": "object",
            }
        },
        "Teams": {"properties": {"data": ["$Team"], "meta": "object"}},
        "App": {
            "properties": {"id": "string", "mode": "string"},
            "discriminator": "mode",
            "mapping": {"A": "AppA", "B": "AppB"},
        },
        "AppA": {"properties": {"id": "string", "mode": "string", "settings": "object"}},
        "AppB": {"properties": {"id": "integer", "mode": "string", "key": "string", "app": "$App"}},
        "Either": {"one_of": ["$User", "$Team"]},
        "Loop": {"one_of": ["$Loop", "$AppA"]},
        "Tags": {"properties": {"tags": {"is": "object", "map": ["string"]}}},
        "Limits": {"is": "object", "map": {"properties": {"max": "integer"}}},
        "Search": {"properties": {"found": [{"properties": {"data": "$Team"}}]}},
        "Ids": {"properties": {"ids": ["integer"]}},
        "Alias": "$Alias2",
        "Alias2": "$Alias",
    }.items()
}


def columns(patches: dict[str, dict[str, object] | None] | None = None, **response: object) -> list[Column]:
    return list(columns_of(Response(**response), SCHEMAS.__getitem__, patches or {}))  # type: ignore[arg-type]


def names(**response: object) -> list[str]:
    return [f"{c.name}:{c.type}" for c in columns({}, **response)]


def test_properties_are_columns_with_their_flags() -> None:
    assert columns(schema="Users") == [
        Column("id", "string", ("id",), read_only=True, required=True),
        Column("created", "date-time", ("created",), nullable=True),
        Column("status", "string", ("status",), enum=("ACTIVE", "STAGED")),
        Column("profile", "object", ("profile",)),
        Column("tags", "array", ("tags",)),
        Column("password", "string", ("password",), write_only=True, secret=True),
    ]


def test_json_api_is_laid_flat_and_its_envelope_hidden() -> None:
    found = columns(schema="Teams", row_path=("data",), flatten="jsonapi")
    assert [(c.name, c.path) for c in found] == [
        ("id", ("id",)),
        ("type", ("type",)),
        ("name", ("attributes", "name")),
        ("attributes_type", ("attributes", "type")),
        ("attributes_attributes", ("attributes", "attributes")),
        ("relationships", ("relationships",)),
        ("attributes", ("attributes",)),
    ]
    assert [c.name for c in found if c.hidden] == ["attributes"]


def test_all_branches_and_subtypes_give_columns() -> None:
    assert names(schema="App") == ["id:any", "mode:string", "settings:object", "key:string", "app:object"]
    assert names(schema="Either")[:3] == ["id:string", "created:date-time", "status:string"]
    assert "attributes:object" in names(schema="Either")
    assert names(schema="Loop") == ["id:string", "mode:string", "settings:object"]


def test_maps_lists_of_envelopes_and_bare_values() -> None:
    assert names(schema="Tags", row_path=("tags",), map_key="tag", scalar="hosts") == ["tag:string", "hosts:array"]
    assert names(schema="Limits", map_key="name") == ["name:string", "max:integer"]
    assert names(schema="Search", row_path=("found", "*", "data"), flatten="jsonapi")[:3] == [
        "id:string",
        "type:string",
        "name:string",
    ]
    assert names(schema="Ids", row_path=("ids",), scalar="value") == ["value:integer"]
    assert names(media_type="text/xml", scalar="content") == ["content:string"]
    assert names() == []


def test_an_overlay_adds_corrects_and_takes_away() -> None:
    found = columns(
        {"id": {"hidden": True}, "team": {"type": "string", "path": ["profile", "team"]}, "tags": None}, schema="User"
    )
    assert [(c.name, c.hidden) for c in found][:2] == [("id", True), ("created", False)]
    assert found[-1] == Column("team", "string", ("profile", "team"))
    assert "tags" not in [c.name for c in found]
    with pytest.raises(CatalogError, match="no column 'gone' to take away"):
        columns({"gone": None}, schema="User")


def test_a_name_of_itself_is_refused() -> None:
    with pytest.raises(CatalogError, match="a name of itself"):
        columns(schema="Alias")


def test_a_free_object_has_no_columns_of_its_own() -> None:
    assert list(columns_of(Response(schema="X"), lambda _: Schema(type="object"), {})) == []
