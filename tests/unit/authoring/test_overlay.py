"""Overlays and names: every key is known and fits, or the place is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from quaestor.authoring import overlay
from quaestor.catalog import document
from quaestor.errors import CatalogError

GET = "GET /users/{id}"


def test_the_example_of_the_docstring_is_an_overlay() -> None:
    assert overlay.__doc__ is not None
    lines = overlay.__doc__.split("sections, each of them optional:\n")[1].split("\nPaths are")[0].splitlines()
    found = overlay.parse(document.parse("\n".join(line[4:] for line in lines), "the docstring"), "the docstring")
    assert found.provider["title"] == "Okta"
    said = found.operations["GET /api/v1/users/{id}/groups"]
    assert (said["rows"], said["pagination"]["token_path"]) == (("data",), ("meta", "page", "after"))
    assert found.schemas["OktaAccountAttributes"]["properties"]["client_secret"] == {
        "secret": True,
        "write_only": True,
    }
    assert set(said) == set(overlay._OPERATION_KEYS)


def test_nothing_is_an_overlay_too() -> None:
    assert overlay.parse({}, "o.yaml") == overlay.Overlay()


@pytest.mark.parametrize(
    ("root", "says"),
    [
        ({"operation": {}}, "there is no key 'operation'"),
        ({"links": "yes"}, "links: 'yes' is neither true nor false"),
        ({"operations": []}, "operations should be a mapping"),
        ({"operations": {"users": {}}}, "'users' is no operation"),
        ({"operations": {GET: {"row": "$"}}}, r"GET /users/\{id\}: there is no key 'row'"),
        ({"operations": {GET: {"rows": "data"}}}, "rows: 'data' is no path"),
        ({"operations": {GET: {"status": 404}}}, "404 is no status of success"),
        ({"operations": {GET: {"flatten": "yes"}}}, "'yes' is none of jsonapi, none"),
        ({"operations": {GET: {"pagination": {"style": "links"}}}}, "'links' is none of none, link"),
        ({"operations": {GET: {"pagination": {"size": 1}}}}, "there is no key 'size'"),
        ({"operations": {GET: {"pagination": {"token_in": "header"}}}}, "none of query, body"),
        ({"operations": {GET: {"pagination": {"step": "x"}}}}, "none of rows, pages"),
        ({"operations": {GET: {"pagination": {"token_path": "x"}}}}, "token_path: 'x' is no path"),
        ({"operations": {GET: {"columns": {"a": {"types": "string"}}}}}, "there is no key 'types'"),
        ({"operations": {GET: {"columns": {"a": {"type": "text"}}}}}, "'text' is none of string"),
        ({"operations": {GET: {"parents": {"id": "users.id"}}}}, "'users.id' is no column"),
        ({"operations": {GET: {"matches": {"id": "same"}}}}, "'same' is none of exact"),
        ({"operations": {GET: {"roles": {"id": "token"}}}}, "'token' is none of cursor"),
        ({"operations": {GET: {"rename": {"id": None}}}}, "should be text"),
        ({"operations": {GET: {"parameters": {"id": {"in": "query"}}}}}, "there is no key 'in'"),
        ({"operations": {GET: {"body": {"envelop": []}}}}, "there is no key 'envelop'"),
        ({"operations": {GET: {"permissions": "x"}}}, "should be a list"),
        ({"operations": {GET: {"lifecycle": "old"}}}, "'old' is none of ga"),
        ({"operations": {GET: {"server": {}}}}, "url should be text"),
        ({"provider": {"name": "x"}}, "there is no key 'name'"),
        ({"provider": {"version": 1}}, "should be text, not 1"),
        ({"provider": {"server": {"url": "https://x", "variables": {"a": {}}}}}, r"the URL has no \{a\}"),
        (
            {"provider": {"server": {"url": "https://{a}", "variables": {"a": {"envs": "A"}}}}},
            "there is no key 'envs'",
        ),
        ({"provider": {"credentials": [{"header": "A"}]}}, "env should be text"),
        ({"services": {"users": {"titel": "x"}}}, "there is no key 'titel'"),
        ({"resources": {"users.users": {"title": ""}}}, "title should be text"),
        ({"schemas": {"User": {"property": {}}}}, "there is no key 'property'"),
        (
            {"schemas": {"User": {"properties": {"x": {"readonly": True}}}}},
            "properties.x: there is no key 'readonly'",
        ),
        ({"schemas": {"User": {"items": {"kind": "x"}}}}, "items: there is no key 'kind'"),
    ],
)
def test_what_is_no_overlay_says_where(root: dict[str, Any], says: str) -> None:
    with pytest.raises(CatalogError, match=says) as caught:
        overlay.parse(root, "o.yaml")
    assert caught.value.message.startswith("o.yaml")


def test_a_key_that_is_nearly_right_is_suggested() -> None:
    with pytest.raises(CatalogError) as caught:
        overlay.parse({"operations": {GET: {"item_keys": {}}}}, "o.yaml")
    assert "'item_key'" in caught.value.hint


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "o.yaml"
    path.write_text(
        "operations:\n  GET /a:\n    rows: $\n  # of b\n  GET /b:\n    rows: $\n  GET /a:\n    status: 200\n"
    )
    with pytest.raises(CatalogError, match="line 7: the key 'GET /a' is there twice"):
        overlay.load(str(path))
    path.write_text("GET /a: a.b.c select\nGET /a: a.b.d select\n")
    with pytest.raises(CatalogError, match="line 2: the key 'GET /a' is there twice"):
        overlay.load_names(str(path))
    path.write_text("provider:\n  credentials:\n    - header: A\n      env: B\n    - header: C\n      env: D\n")
    assert len(overlay.load(str(path)).provider["credentials"]) == 2


def test_names_are_read(tmp_path: Path) -> None:
    path = tmp_path / "names.yaml"
    path.write_text("# people\nGET /users: users.users.list_users select\nPOST /users/{id}/x: _a.b-c.d exec\n")
    assert overlay.load_names(str(path)) == {
        "GET /users": ("users", "users", "list_users", "select"),
        "POST /users/{id}/x": ("_a", "b-c", "d", "exec"),
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("GET /users: users.list select\n", "GET /users: 'users.list select'"),
        ("GET /users: a.b.c read\n", "GET /users: 'a.b.c read'"),
        ("users: a.b.c select\n", "users: 'a.b.c select'"),
        ("GET /a: a.b.c select\nGET /b: a.b.c exec\n", r"a\.b\.c is both GET /a and GET /b"),
    ],
)
def test_names_that_cannot_be_read(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "names.yaml"
    path.write_text(text)
    with pytest.raises(CatalogError, match=says):
        overlay.load_names(str(path))
