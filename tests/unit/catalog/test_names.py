"""The names of the built-in providers: every operation exactly once, and StackQL's names where it has them.

The vendors' specs and StackQL's mapping aren't part of the project: what needs them is skipped where they are absent.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml12

from quaestor.catalog.model import VERBS

SHARED = Path(__file__).parents[4] / "shared" / "data"
PROVIDERS = ("datadog", "okta")
SPECS = {
    "okta": ("okta/management-2026.06.3.yaml",),
    "datadog": ("datadog/v1.yaml", "datadog/v2.yaml"),
}
MAPPINGS = {"okta": "okta-5.1.0.csv", "datadog": "datadog-v2.csv"}
LINE = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (/\S*): ([a-z0-9_]+)\.([a-z0-9_]+)\.([a-z0-9_]+) ([a-z]+)")
SNAKE = re.compile(r"_?[a-z][a-z0-9]*(_[a-z0-9]+)*")

#: Selects of one resource that need the same parameters, because they answer the same rows.
SAME_ROWS = {
    ("datadog", "monitoring.synthetics_tests", "select"): "the search answers tests as the list does",
}
#: Writes of one resource that need the same parameters: the columns given tell them apart, or the order does.
SAME_NEEDS = {
    ("okta", "users.authenticator_enrollments", "insert"): "a phone and a temporary code, as StackQL has them",
}
#: Operations that aren't called what StackQL's mapping calls them (`service.resource.method verb`), and why.
UNDERSCORE = "the mapping leaves it out; the name is the one of StackQL's documents"
SEARCH = "a search isn't an INSERT: it would compete with the real one and be refused in read-only mode"
RENAMED = {
    ("okta", "GET /.well-known/app-authenticator-configuration"): UNDERSCORE,
    ("okta", "GET /.well-known/apple-app-site-association"): UNDERSCORE,
    ("okta", "GET /.well-known/assetlinks.json"): UNDERSCORE,
    ("okta", "GET /.well-known/okta-organization"): UNDERSCORE,
    ("okta", "GET /.well-known/ssf-configuration"): UNDERSCORE,
    ("okta", "GET /.well-known/webauthn"): UNDERSCORE,
    ("okta", "POST /api/v1/directories/{}/groups/modify"): "renamed in the newer spec and StackQL's newer documents",
    ("okta", "POST /api/v1/iam/resource-sets/{}/resources"): "its verb is `post` there; the newer documents insert",
    ("okta", "DELETE /api/v1/api-tokens/current"): "a DELETE without WHERE would revoke the very token in use",
    ("datadog", "GET /api/v2/cases"): "exec there: the list of cases could not be selected",
    (
        "datadog",
        "DELETE /api/v2/roles/{}/users",
    ): "there in role_permissions, beside a DELETE with the same parameters",
    ("datadog", "POST /api/v2/logs/events/search"): SEARCH,
    ("datadog", "POST /api/v2/spans/events/search"): SEARCH,
    ("datadog", "POST /api/v2/events/search"): SEARCH,
    ("datadog", "POST /api/v2/error-tracking/issues/search"): SEARCH,
    ("datadog", "POST /api/v2/ci/tests/events/search"): SEARCH,
    ("datadog", "POST /api/v2/security_monitoring/configuration/suppressions/rules"): SEARCH,
}
#: Names that the seeds and StackQL's users rely on.
EXPECTED = {
    "okta": """
        api_tokens.api_tokens apps.application_users apps.applications apps.connections groups.assigned_apps
        groups.assigned_roles groups.groups groups.rules iam.users_with_role_assignments identity_sources.sessions
        integrations.instances org.settings policies.policy_rules principal_rate_limits.principal_rate_limit_entities
        users.factors users.role_assignment_users users.users zones.network_zones
        """,
    "datadog": """
        dashboards.dashboards infrastructure.hosts integrations.okta_accounts monitoring.monitors
        organization.users organization.users_v1 service_management.downtimes service_management.slos
        """,
}


class Name(NamedTuple):
    http: str
    path: str
    service: str
    resource: str
    method: str
    verb: str


@cache
def names(provider: str) -> tuple[Name, ...]:
    """The lines of a provider's file; a line that isn't one fails here."""
    text = files("quaestor.catalog.builtin").joinpath(provider, "names.yaml").read_text("utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    matches = [LINE.fullmatch(line) for line in lines]
    assert [line for line, match in zip(lines, matches, strict=True) if not match] == []
    return tuple(Name(*match.groups()) for match in matches if match)


def shape(path: str) -> str:
    """The path with its parameters unnamed: they are called differently from version to version."""
    return re.sub(r"\{[^}]+\}", "{}", path)


@cache
def spec(name: str) -> dict[str, Any]:
    path = SHARED / "specs" / name
    if not path.exists():
        pytest.skip(f"no {name}: the vendors' specs aren't part of the project")
    document: Any = yaml12.read_yaml(str(path))
    assert isinstance(document, dict)
    return document


@cache
def operations(provider: str) -> dict[tuple[str, str], frozenset[str]]:
    """The required parameters of every operation, by method and path."""
    found = {}
    for name in SPECS[provider]:
        document = spec(name)
        for path, item in document["paths"].items():
            for http in ("get", "post", "put", "patch", "delete", "head", "options", "trace"):
                if http not in item:
                    continue
                parameters = item.get("parameters", []) + item[http].get("parameters", [])
                found[http.upper(), path] = frozenset(
                    p["name"] for p in (_deref(document, p) for p in parameters) if p.get("required")
                )
    return found


def _deref(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        target: Any = document
        for key in node["$ref"].removeprefix("#/").split("/"):
            target = target[key.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_line_is_a_name_and_the_yaml_agrees(provider: str) -> None:
    text = files("quaestor.catalog.builtin").joinpath(provider, "names.yaml").read_text("utf-8")
    document = yaml12.parse_yaml(text)
    assert document == {
        f"{n.http} {n.path}": f"{n.service}.{n.resource}.{n.method} {n.verb}" for n in names(provider)
    }


@pytest.mark.parametrize("provider", PROVIDERS)
def test_names_are_snake_case_and_verbs_are_verbs(provider: str) -> None:
    words = {word for n in names(provider) for word in (n.service, n.resource, n.method)}
    assert sorted(word for word in words if not SNAKE.fullmatch(word)) == []
    assert {n.verb for n in names(provider)} <= set(VERBS)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_nothing_is_named_twice(provider: str) -> None:
    keys = Counter((n.http, n.path) for n in names(provider))
    methods = Counter((n.service, n.resource, n.method) for n in names(provider))
    assert [key for key, count in (keys + methods).items() if count > 1] == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_lines_are_sorted_by_service_resource_and_verb(provider: str) -> None:
    order = [(n.service, n.resource, VERBS.index(n.verb)) for n in names(provider)]
    assert order == sorted(order)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_only_get_and_dora_searches_are_selected(provider: str) -> None:
    selected = {n.path for n in names(provider) if n.verb == "select" and n.http != "GET"}
    # StackQL's documents select these two POSTs.
    searches = {"/api/v2/dora/deployments", "/api/v2/dora/failures"}
    assert selected == (searches if provider == "datadog" else set())
    assert not [n for n in names(provider) if n.http == "GET" and n.verb not in ("select", "exec")]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_users_rely_on_is_there(provider: str) -> None:
    there = {f"{n.service}.{n.resource}" for n in names(provider) if n.verb == "select"}
    assert set(EXPECTED[provider].split()) - there == set()


@pytest.mark.parametrize("provider", PROVIDERS)
def test_overlays_speak_of_operations_that_are_named(provider: str) -> None:
    text = files("quaestor.catalog.builtin").joinpath(provider, "overlay.yaml").read_text("utf-8")
    overlay: Any = yaml12.parse_yaml(text)
    assert set(overlay["operations"]) - {f"{n.http} {n.path}" for n in names(provider)} == set()
    keys = re.findall(r"^  ((?:GET|POST|PUT|PATCH|DELETE) /.*):$", text, re.MULTILINE)
    assert [key for key, count in Counter(keys).items() if count > 1] == []
    parents = [p for said in overlay["operations"].values() for p in said.get("parents", {}).values() if p]
    selected = {f"{provider}.{n.service}.{n.resource}" for n in names(provider) if n.verb == "select"}
    assert {parent.rpartition(".")[0] for parent in parents} - selected == set()


def test_okta_has_its_services_and_datadog_its_okta_accounts() -> None:
    assert len({n.service for n in names("okta")}) >= 55
    methods = [n.method for n in names("datadog") if (n.service, n.resource) == ("integrations", "okta_accounts")]
    assert methods == [
        "get_okta_account",
        "list_okta_accounts",
        "create_okta_account",
        "update_okta_account",
        "delete_okta_account",
    ]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_operation_of_the_specs_is_named_and_nothing_else(provider: str) -> None:
    assert {(n.http, n.path) for n in names(provider)} == set(operations(provider))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_methods_of_a_verb_differ_in_what_they_need(provider: str) -> None:
    needs = operations(provider)
    seen: dict[tuple[str, str, str, frozenset[str]], list[str]] = {}
    for n in names(provider):
        if n.verb != "exec":
            key = (provider, f"{n.service}.{n.resource}", n.verb, needs[n.http, n.path])
            seen.setdefault(key, []).append(n.method)
    doubles = {key[:3]: methods for key, methods in seen.items() if len(methods) > 1}
    assert {key: methods for key, methods in doubles.items() if key not in SAME_ROWS | SAME_NEEDS} == {}
    assert {key for key in SAME_ROWS | SAME_NEEDS if key[0] == provider} <= set(doubles)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_routes_see_the_more_specific_method_first(provider: str) -> None:
    needs = operations(provider)
    counts: dict[tuple[str, str, str], list[int]] = {}
    for n in names(provider):
        if n.verb != "exec":
            counts.setdefault((n.service, n.resource, n.verb), []).append(len(needs[n.http, n.path]))
    assert [key for key, found in counts.items() if found != sorted(found, reverse=True)] == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_stackql_maps_keeps_its_name(provider: str) -> None:
    path = SHARED / "mapping" / MAPPINGS[provider]
    if not path.exists():
        pytest.skip(f"no {path.name}: StackQL's mapping isn't part of the project")
    ours = {f"{n.http} {shape(n.path)}": f"{n.service}.{n.resource}.{n.method} {n.verb}" for n in names(provider)}
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    differing, kept = set(), 0
    for row in rows:
        key = f"{row['verb'].upper()} {shape(row['path'])}"
        service = row["filename"].removesuffix(".yaml")
        theirs = f"{service}.{row['stackql_resource_name']}.{row['stackql_method_name']} {row['stackql_verb']}"
        if key in ours and ours[key] != theirs:
            differing.add((provider, key))
        kept += key in ours
    assert differing == {key for key in RENAMED if key[0] == provider}
    assert kept > 0.9 * len(rows)
