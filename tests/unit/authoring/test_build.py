"""From specs, names and overlays to facts."""

from __future__ import annotations

import copy
import random
from pathlib import Path
from typing import Any

import pytest
from tests.unit.authoring.spec_text import FILE, root, spec

from quaestor.authoring import overlay
from quaestor.authoring.build import build, run_build
from quaestor.catalog import facts
from quaestor.catalog.compiling import compile_catalog
from quaestor.catalog.facts import Facts
from quaestor.catalog.model import Body, Method, Pagination, Parameter, Response, Server
from quaestor.catalog.openapi import Spec
from quaestor.catalog.store import Store, is_built
from quaestor.errors import CatalogError


def built(over: dict[str, Any] | None = None, names: dict[str, tuple[str, str, str, str]] | None = None) -> Facts:
    return build("acme", [("a", spec())], names, overlay.parse(over or {}, "overlay.yaml"))[0]


def method(found: Facts, name: str) -> Method:
    (one,) = (m.method for r in found.resources for m in r.methods if m.method.name == name)
    return one


def test_a_provider_from_nothing_but_a_spec() -> None:
    found, report = build("acme", [("a", spec())])
    assert found.provider.server == Server(
        "https://api.{site}",
        (Parameter("site", "site", "server", enum=("a.com", "b.com"), default="a.com"),),
        {"site": "ACME_SITE"},
    )
    assert (found.provider.version, found.provider.title, found.services) == (
        "7",
        "Acme",
        {"users": "Users", "team": "Team"},
    )
    assert [(r.service, r.name, [(m.method.name, m.method.verb) for m in r.methods]) for r in found.resources] == [
        ("team", "teams", [("list_teams", "select"), ("create_team", "insert")]),
        ("users", "groups", [("list_groups", "select")]),
        (
            "users",
            "users",
            [
                ("get_user", "select"),
                ("create_user", "insert"),
                ("list_users", "select"),
                ("delete_user", "delete"),
                ("activate_user", "exec"),
            ],
        ),
    ]
    assert (report.operations, report.unreachable) == (8, ())
    assert "GET /api/v1/users/{userId}/groups: rows $.groups" in report.guesses
    assert "GET /api/v2/team: paging page" in report.guesses


def test_rows_pages_keys_and_parents_are_found() -> None:
    found = built()
    users = method(found, "list_users")
    assert users.response == Response(schema="users.users.list_users.response")
    assert users.pagination == Pagination(
        style="link", token_param="after", size_param="limit", size_max=200, size_default=10, assumed=True
    )
    assert [(p.name, p.role, p.matches) for p in users.parameters] == [
        ("after", "cursor", ""),
        ("limit", "size", ""),
        ("status", "", "other"),
    ]
    assert users.scopes == ("users.read",)
    key = Parameter("userId", "userId", "path", required=True, field="id", item_key=True)
    for name in ("get_user", "delete_user", "activate_user"):
        assert method(found, name).parameters == (key,)
    groups = method(found, "list_groups")
    assert groups.parameters == (Parameter("userId", "userId", "path", required=True, parent="acme.users.users.id"),)
    assert groups.response.row_path == ("groups",)
    assert groups.pagination == Pagination(style="next_url", token_path=("_links", "next", "href"))
    teams = method(found, "list_teams")
    assert (teams.response.row_path, teams.response.flatten) == (("data",), "jsonapi")
    assert teams.pagination.total_path == ("meta", "pagination", "total")
    assert method(found, "create_team").body == Body(
        "team.teams.create_team.body", envelope=("data", "attributes"), constants={"data.type": "team"}
    )
    assert method(found, "delete_user").response == Response(status=204, media_type="")


def test_names_decide_and_what_needs_more_comes_first() -> None:
    names = {
        "GET /api/v1/users": ("people", "persons", "all", "select"),
        "GET /api/v1/users/{userId}": ("people", "persons", "one", "select"),
    }
    found, report = build("acme", [("a", spec())], names)
    assert [m.method.name for r in found.resources if r.name == "persons" for m in r.methods] == ["one", "all"]
    assert method(found, "list_groups").parameters[0].parent == "acme.people.persons.id"
    assert not [line for line in report.guesses if "persons" in line]


def test_an_overlay_has_the_last_word() -> None:
    over = {
        "provider": {
            "title": "ACME",
            "version": "9",
            "request_id_header": "x-id",
            "server": {"url": "https://{site}", "variables": {"site": {"env": "SITE"}}, "domains": ["a.com"]},
            "credentials": [{"header": "K", "env": "KEY", "prefix": "T "}],
        },
        "services": {"users": {"title": "People"}},
        "resources": {"users.users": {"title": "Everybody"}},
        "operations": {
            "GET /api/v1/users": {
                "status": 206,
                "pagination": {"size_max": 50},
                "roles": {"limit": None},
                "matches": {"status": "exact"},
                "columns": {"manager": None, "team": {"type": "string", "path": ["manager", "team"], "secret": True}},
                "permissions": ["p"],
                "scopes": [],
                "lifecycle": "ea",
                "server": {"url": "https://logs.{site}"},
                "parameters": {
                    "v": {"location": "header", "required": True, "type": "integer", "enum": [1, 2], "default": 2}
                },
            },
            "GET /api/v1/users/{userId}": {"item_key": {"userId": None}, "rename": {"userId": "user"}},
            "GET /api/v1/users/{userId}/groups": {
                "rows": "$",
                "schema": "Group",
                "echo": {"userId": "id"},
                "parents": {"userId": None},
                "pagination": "none",
            },
            "GET /api/v2/team": {
                "pagination": {
                    "style": "cursor",
                    "token_param": "c",
                    "token_path": "$.next",
                    "size_param": "page[size]",
                },
                "flatten": "none",
            },
            "POST /api/v2/team": {"body": {"required": True, "envelope": ["data"], "constants": {}}},
            "POST /api/v1/users": {"body": "none"},
        },
        "schemas": {"User": {"properties": {"status": {"enum": ["X"]}, "created": None, "age": {"type": "integer"}}}},
    }
    found = built(over)
    provider = found.provider
    assert (provider.title, provider.version, provider.request_id_header) == ("ACME", "9", "x-id")
    assert provider.server.variables_env == {"site": "SITE"}
    assert provider.server.variables[0].required
    assert [c.prefix for c in provider.credentials] == ["T "]
    assert found.services["users"] == "People"
    assert [r.title for r in found.resources] == ["Teams", "Groups", "Everybody"]
    users = method(found, "list_users")
    assert (users.response.status, users.permissions, users.scopes, users.lifecycle) == (206, ("p",), (), "ea")
    assert users.pagination.size_max == 50
    assert users.pagination.style == "link"
    assert users.server == Server("https://logs.{site}", provider.server.variables, {"site": "SITE"}, ("a.com",))
    by_name = {p.name: p for p in users.parameters}
    assert by_name["limit"].role == ""
    assert by_name["status"].matches == "exact"
    assert by_name["v"] == Parameter("v", "v", "header", type="integer", required=True, enum=("1", "2"), default="2")
    assert method(found, "get_user").parameters == (Parameter("user", "userId", "path", required=True),)
    groups = method(found, "list_groups")
    assert groups.parameters == (Parameter("userId", "userId", "path", required=True, field="id"),)
    assert (groups.response.schema, groups.response.row_path, groups.pagination) == ("Group", (), Pagination())
    teams = method(found, "list_teams")
    assert teams.pagination == Pagination(
        style="cursor", token_param="c", token_path=("next",), size_param="page[size]", size_default=10
    )
    assert teams.response.flatten == ""
    assert method(found, "create_team").body == Body("team.teams.create_team.body", required=True, envelope=("data",))
    assert method(found, "create_user").body is None
    assert set(found.schemas["User"].properties) == {"id", "status", "manager", "age"}
    assert found.schemas["User"].properties["status"].enum == ("X",)


@pytest.mark.parametrize(
    ("over", "says"),
    [
        ({"operations": {"GET /api/v1/user": {}}}, "no spec has GET /api/v1/user"),
        ({"services": {"user": {"title": "x"}}}, "there is no service 'user'"),
        ({"resources": {"users.user": {"title": "x"}}}, r"there is no resource 'users\.user'"),
        ({"schemas": {"Usr": {}}}, "there is no schema 'Usr'"),
        ({"schemas": {"User": {"properties": {"x": None}}}}, "User has no property 'x' to take away"),
        ({"operations": {"GET /api/v1/users": {"rename": {"limt": "x"}}}}, "there is no parameter 'limt'"),
        ({"operations": {"GET /api/v1/users": {"rename": {"limit": "after"}}}}, "two parameters are called 'after'"),
        ({"operations": {"GET /api/v1/users": {"parameters": {"x": {}}}}}, "'x' is new and needs its location"),
        ({"operations": {"GET /api/v1/users": {"schema": "Usr"}}}, "there is no schema 'Usr'"),
        ({"operations": {"GET /api/v1/users": {"columns": {"x": None}}}}, "no column 'x' to take away"),
        ({"operations": {"GET /api/v1/users/{userId}": {"item_key": {"userId": "key"}}}}, "there is no column 'key'"),
        (
            {"operations": {"GET /api/v1/users/{userId}/groups": {"parents": {"userId": "acme.users.user.id"}}}},
            "isn't there",
        ),
    ],
)
def test_an_overlay_that_does_not_fit_the_spec(over: dict[str, Any], says: str) -> None:
    with pytest.raises(CatalogError, match=says):
        built(over)


def test_names_that_do_not_fit() -> None:
    with pytest.raises(CatalogError, match="names: no spec has GET /nothing"):
        built(names={"GET /nothing": ("a", "b", "c", "select")})
    same = ("users", "users", "list_users", "select")
    with pytest.raises(CatalogError, match=r"users\.users has a method list_users already"):
        built(names={"GET /api/v1/users": same, "GET /api/v1/users/{userId}": same})


def test_operations_without_names_get_places_of_their_own() -> None:
    found = built(names={"GET /api/v1/users/{userId}": ("users", "users", "list_users", "select")})
    assert method(found, "list_users").path == "/api/v1/users/{userId}"
    assert method(found, "list_users_2").path == "/api/v1/users"


def test_several_specs_join_and_clashing_schemas_part() -> None:
    other = root()
    other["paths"] = {"/api/v3/users": other["paths"]["/api/v1/users"]}
    other["components"]["schemas"]["User"]["properties"]["age"] = {"type": "integer"}
    other["components"]["schemas"]["Group"]["properties"]["owner"] = {"$ref": "#/components/schemas/User"}
    found, report = build(
        "acme",
        [("v1", spec()), ("v3", Spec(other, "v3.yaml"))],
        {"GET /api/v3/users": ("users", "users_v3", "list", "select")},
    )
    assert report.operations == 10
    assert "age" not in found.schemas["User"].properties
    assert "age" in found.schemas["User_v3"].properties
    assert found.schemas["User_v3"].properties["manager"].ref == "User_v3"
    assert found.schemas["users.users_v3.list.response"].items is not None
    assert found.schemas["users.users_v3.list.response"].items.ref == "User_v3"
    assert "Group_v3" not in found.schemas  # nothing leads to it
    with pytest.raises(CatalogError, match="is in an earlier spec too"):
        build("acme", [("a", spec()), ("b", spec())])


def test_the_same_input_is_the_same_bytes_and_compiles(tmp_path: Path) -> None:
    (tmp_path / "names.yaml").write_text("GET /api/v1/users: users.users.list_users select\n")
    (tmp_path / "overlay.yaml").write_text("provider: {title: ACME}\n")
    texts = []
    for place in ("acme", "other"):
        found, _ = run_build(
            "acme",
            [str(FILE)],
            str(tmp_path / place),
            names=str(tmp_path / "names.yaml"),
            over=str(tmp_path / "overlay.yaml"),
        )
        assert facts.read(str(tmp_path / place)) == found
        texts.append({p.relative_to(tmp_path / place): p.read_bytes() for p in (tmp_path / place).rglob("*.yaml")})
    assert texts[0] == texts[1]
    compile_catalog([str(tmp_path / "acme")], str(tmp_path / "c.db"))
    with Store(str(tmp_path / "c.db")) as catalog:
        team = catalog.resource("acme", "team", "teams")
        assert team is not None
        assert [c.name for c in team.columns] == ["id", "type", "name", "handle", "attributes"]


def test_arguments_that_do_not_fit(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="can't be a provider's name"):
        run_build("Ac me", ["x"], str(tmp_path))
    with pytest.raises(CatalogError, match="no spec to build from"):
        run_build("acme", [], str(tmp_path))
    with pytest.raises(CatalogError, match="can't read"):
        run_build("acme", [str(tmp_path / "none.yaml")], str(tmp_path))


def _places(node: Any) -> list[tuple[Any, Any]]:
    """Every place in a document: its container and its key there."""
    found: list[tuple[Any, Any]] = []
    entries = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in entries:
        found.append((node, key))
        found += _places(value)
    return found


JUNK: list[Any] = [None, 1, "text", [], {}, [[]], {"a": 1}, True, ["$ref"], {"$ref": 1}, {"$ref": "#/paths"}]


@pytest.mark.slow
def test_any_part_of_a_document_may_be_wrong() -> None:
    """Whatever stands anywhere in a document: facts, or a CatalogError that says what is wrong."""
    outcomes = []
    for index in range(len(_places(root()))):
        changed = root()
        container, key = _places(changed)[index]
        for junk in (JUNK[index % len(JUNK)], JUNK[(index + 5) % len(JUNK)]):
            container[key] = copy.deepcopy(junk)
            outcomes.append(_outcome(changed))
    assert set(outcomes) > {""}


@pytest.mark.slow
def test_any_part_may_be_missing() -> None:
    chance = random.Random(7)
    outcomes = []
    for _ in range(200):
        changed = root()
        for _ in range(chance.randrange(1, 4)):
            container, key = chance.choice(_places(changed))
            del container[key]
        outcomes.append(_outcome(changed))
    assert "" in outcomes
    assert set(outcomes) > {""}


def _outcome(document: dict[str, Any]) -> str:
    """Empty if the document can be built, else what is wrong with it; any other error is a failure."""
    try:
        found, report = build("acme", [("a", Spec(document, "acme.yaml"))])
    except CatalogError as error:
        return error.message or "nothing said"
    assert report.unreachable == ()
    facts.texts(found)
    return ""


def test_a_built_folder_is_told_from_documents(tmp_path: Path) -> None:
    run_build("acme", [str(FILE)], str(tmp_path / "acme"))
    assert is_built(str(tmp_path / "acme"))
    assert not is_built(str(tmp_path))
    (tmp_path / "v1").mkdir()
    (tmp_path / "v1" / "provider.yaml").write_text("providerServices: {}\n", "utf-8")
    assert not is_built(str(tmp_path / "v1"))
