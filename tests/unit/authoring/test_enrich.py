"""A vendor's words beside the built-in catalog: found, shown by EXTENDED alone, kept whole, taken away."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

import quaestor
from quaestor.authoring.enrich import enrich
from quaestor.catalog import texts
from quaestor.catalog.store import open_catalog
from quaestor.errors import CatalogError
from quaestor.surfaces.cli import main

#: A made-up document that speaks of operations of Okta's, in our own words.
WORDS = {
    "openapi": "3.0.3",
    "info": {"title": "t", "version": "1"},
    "servers": [{"url": "https://{yourOktaDomain}", "variables": {"subdomain": {"description": "a place"}}}],
    "tags": [{"name": "Group", "description": "all about\n  groups"}],
    "paths": {
        "/api/v1/groups": {
            "get": {
                "tags": ["Group"],
                "summary": "short",
                "description": "lists\n\n  groups",
                "parameters": [{"name": "q", "in": "query", "description": "a prefix", "schema": {"type": "string"}}],
                "responses": {
                    "200": {
                        "description": "ok",
                        "content": {
                            "application/json": {
                                "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Group"}}
                            }
                        },
                    }
                },
            },
            "post": {
                "tags": ["Group"],
                "summary": "makes one",
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Group"}}},
                },
                "responses": {"200": {"description": "ok"}},
            },
        },
    },
    "components": {
        "schemas": {
            "Group": {
                "type": "object",
                "properties": {
                    "id": {"type": "string", "description": "its name for machines"},
                    "profile": {"allOf": [{"type": "object", "description": "x" * 5000}]},
                },
            }
        }
    },
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of a user who has nothing yet."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    return tmp_path / "quaestor"


def kept(folder: Path, document: dict[str, Any]) -> str:
    spec = folder.parent / "spec.json"
    spec.write_text(json.dumps(document))
    path = texts.path_of(str(folder), "okta")
    with open_catalog() as catalog:
        enrich(catalog, "okta", [str(spec)], path)
    return path


def rows(statement: str) -> list[dict[str, Any]]:
    with quaestor.connect() as connection:
        result = connection.sql(statement)
        names = [column.name for column in result.columns]
        return [dict(zip(names, row, strict=True)) for row in result]


def test_extended_shows_the_words_on_one_line(folder: Path) -> None:
    kept(folder, WORDS)
    methods = {row["MethodName"]: row["description"] for row in rows("SHOW EXTENDED METHODS IN okta.groups.groups")}
    assert methods["list_groups"] == "lists groups"
    assert methods["add_group"] == "makes one"
    assert methods["get_group"] == "Get group"  # the document hasn't it: what the catalog says
    columns = {row["name"]: row["description"] for row in rows("DESCRIBE EXTENDED okta.groups.groups")}
    assert columns["id"] == "its name for machines"
    assert columns["q"] == "a prefix"
    assert columns["subdomain"] == "a place"
    assert columns["created"] == ""
    assert columns["profile"] == "x" * (texts.LONGEST - 1) + "…"
    given = rows("DESCRIBE METHOD EXTENDED okta.groups.groups.add_group")
    assert [each["param_type"] for each in given if each["description"].startswith("xxx")] != []
    (listed,) = [row for row in rows("SHOW EXTENDED RESOURCES IN okta.groups") if row["name"] == "groups"]
    assert listed["description"] == "all about groups"
    (service,) = [row for row in rows("SHOW EXTENDED SERVICES IN okta") if row["name"] == "groups"]
    assert service["description"] == "all about groups"


def test_nothing_is_read_unless_extended_is_asked_for(folder: Path) -> None:
    path = kept(folder, WORDS)
    Path(path).write_bytes(b"no database at all, nor anything else" * 100)
    assert rows("DESCRIBE okta.groups.groups")
    assert rows("SHOW METHODS IN okta.groups.groups")
    with pytest.raises(CatalogError, match=r"can't read the vendor's texts") as caught:
        rows("DESCRIBE EXTENDED okta.groups.groups")
    assert "provider enrich okta" in caught.value.hint


def test_a_file_of_another_format_is_an_error_that_says_what_to_do(folder: Path) -> None:
    path = kept(folder, WORDS)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(CatalogError, match="another format"):
        rows("SHOW EXTENDED SERVICES IN okta")


def test_documents_of_something_else_change_nothing(folder: Path) -> None:
    path = kept(folder, WORDS)
    before = Path(path).read_bytes()
    with pytest.raises(CatalogError, match="none of okta's"):
        kept(folder, {**WORDS, "paths": {"/elsewhere": WORDS["paths"]["/api/v1/groups"]}})  # type: ignore[index]
    with pytest.raises(CatalogError, match="leads nowhere"):
        kept(folder, {**WORDS, "components": {}})
    assert Path(path).read_bytes() == before
    assert os.listdir(os.path.dirname(path)) == ["okta.db"]


def test_the_command_keeps_and_removes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = folder.parent / "spec.json"
    spec.write_text(json.dumps(WORDS))
    assert main.main(["provider", "enrich", "okta", "--spec", str(spec)]) == 0
    assert "okta: words on 2 of " in capsys.readouterr().out
    path = Path(texts.path_of(str(folder), "okta"))
    assert path.stat().st_mode & 0o777 == 0o600
    assert main.main(["provider", "enrich", "okta", "--remove"]) == 0
    assert not path.exists()
    assert main.main(["provider", "enrich", "okta", "--remove"]) == 0
    assert "no texts are kept" in capsys.readouterr().out
    assert main.main(["provider", "enrich", "okta"]) == 2
    assert main.main(["provider", "enrich", "okta", "--remove", "--spec", str(spec)]) == 2
    assert main.main(["provider", "enrich", "../okta", "--remove"]) != 0
    assert "there is no provider called ../okta" in capsys.readouterr().err


def test_pages_have_the_kept_documents_words(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept(folder, WORDS)
    out = folder.parent / "pages"
    assert main.main(["provider", "docs", "okta", "--out", str(out)]) == 0
    page = (out / "services" / "groups" / "groups" / "index.md").read_text()
    assert "its name for machines" in page
