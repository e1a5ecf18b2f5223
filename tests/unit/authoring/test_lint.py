"""Each rule finds what it is for, and nothing in the built-in providers that isn't explained here."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from quaestor.authoring import sources
from quaestor.authoring.lint.finding import RULES, SEVERITIES
from quaestor.authoring.lint.run import lint

TEXT = {"type": "string"}
ROW = {"type": "object", "properties": {"id": TEXT, "flag": {"type": "string", "enum": ["true", "false"]}, "odd": {}}}
LIST = {"type": "array", "items": ROW}
JSONAPI = {
    "type": "object",
    "properties": {"id": TEXT, "type": TEXT, "attributes": {"type": "object", "properties": {"name": TEXT}}},
}


def answer(schema: Any, media_type: str = "application/json") -> dict[str, Any]:
    return {"200": {"description": "", "content": {media_type: {"schema": schema}}}}


def operation(schema: Any = ROW, *parameters: Any, **more: Any) -> dict[str, Any]:
    return {"operationId": "getThing", "parameters": list(parameters), "responses": answer(schema), **more}


def parameter(name: str, place: str = "query", **more: Any) -> dict[str, Any]:
    return {"name": name, "in": place, "schema": TEXT, **more}


KEY = parameter("id", "path", required=True)
BODY = {"requestBody": {"content": {"application/json": {"schema": ROW}}}}


def written(
    tmp_path: Path,
    methods: dict[str, tuple[str, str, str, dict[str, Any]]],
    keys: dict[str, str] | None = None,
    **more: Any,
) -> str:
    """A provider of StackQL's documents with one resource: by name, verb, HTTP method, path and operation."""
    paths: dict[str, Any] = {}
    listed: dict[str, Any] = {}
    verbs: dict[str, list[Any]] = {"select": [], "insert": [], "delete": []}
    for name, (verb, http, path, own) in methods.items():
        paths.setdefault(path, {})[http] = own
        pointer = "#/paths/" + path.replace("/", "~1") + "/" + http
        response = {
            "mediaType": "application/json",
            "openAPIDocKey": "200",
            **({"objectKey": keys[name]} if keys else {}),
        }
        listed[name] = {"operation": {"$ref": pointer}, "response": response}
        if verb != "exec":
            verbs.setdefault(verb, []).append({"$ref": f"#/components/x-stackQL-resources/things/methods/{name}"})
    paths.update(more.get("paths", {}))
    root = {
        "openapi": "3.0.0",
        "info": {"title": "t", "version": "1"},
        "servers": more.get("servers", [{"url": "https://a.example.com"}]),
        "paths": paths,
        "components": {
            "schemas": more.get("schemas", {}),
            "x-stackQL-resources": {"things": {"id": "acme.s.things", "methods": listed, "sqlVerbs": verbs}},
        },
        "x-stackQL-config": more.get("config", {"requestBodyTranslate": {"algorithm": "naive"}}),
    }
    base = tmp_path / "src" / "acme" / "v1.0.0"
    (base / "services").mkdir(parents=True)
    services = {"s": {"service": {"$ref": "acme/v1.0.0/services/s.yaml"}}, **more.get("services", {})}
    (base / "provider.yaml").write_text(json.dumps({"name": "acme", "providerServices": services}))
    (base / "services" / more.get("file", "s.yaml")).write_text(more.get("text") or json.dumps(root))
    return str(tmp_path)


GET = ("select", "get", "/things/{id}", operation(ROW, KEY))
CASES: dict[str, dict[str, Any]] = {
    "unreadable": {"methods": {}, "text": "{"},
    "no-document": {"methods": {"get": GET}, "services": {"t": {"service": {"$ref": "acme/v1.0.0/services/t.yaml"}}}},
    "file-case": {"methods": {"get": GET}, "file": "S.yaml"},
    "unknown-verb": {"methods": {"get": ("post", *GET[1:])}},
    "unused-path-item-parameters": {
        "methods": {},
        "paths": {"/x/{id}": {"parameters": [KEY], "get": operation()}},
    },
    "optional-path-parameter": {"methods": {"get": (*GET[:3], operation(ROW, parameter("id", "path")))}},
    "no-success": {"methods": {"get": ("select", "get", "/t", {"responses": {"301": {"description": ""}}})}},
    "broken-link": {"methods": {"get": (*GET[:3], operation(ROW, KEY, description="see [this]https://a.b"))}},
    "type-contradicts-properties": {"methods": {"get": GET}, "schemas": {"X": {**ROW, "type": "string"}}},
    "ignored-discriminator": {
        "methods": {"get": GET},
        "schemas": {"X": {**ROW, "discriminator": {"propertyName": "id"}}},
    },
    "pushdown-undeclared": {
        "methods": {"get": GET},
        "config": {"queryParamPushdown": {"top": {"paramName": "limit"}}},
    },
    "prefixed-body": {"methods": {"add": ("insert", "post", "/things", {**operation(), **BODY})}, "config": {}},
    "no-columns": {"methods": {"get": ("select", "get", "/t", {"responses": {"204": {"description": ""}}})}},
    "nested-rows": {
        "methods": {"list": ("select", "get", "/t", operation({"type": "object", "properties": {"things": LIST}}))}
    },
    "row-path-about": {
        "methods": {
            "get": ("select", "get", "/t", operation({"type": "object", "properties": {"a": TEXT, "_links": ROW}}))
        },
        "keys": {"get": "$._links"},
    },
    "row-path-nowhere": {"methods": {"get": GET}, "keys": {"get": "$.nowhere"}},
    "jsonapi-envelope": {"methods": {"get": (*GET[:3], operation(JSONAPI, KEY))}},
    "no-paging": {
        "methods": {"list": ("select", "get", "/t", operation(LIST, parameter("offset"), parameter("limit")))}
    },
    "unreachable-select": {"methods": {"list": ("select", "get", "/things", operation(LIST)), "get": GET}},
    "same-parameters": {"methods": {"get": GET, "find": ("select", "get", "/f/{id}", operation(ROW, KEY))}},
    "verb-of-post": {"methods": {"drop": ("delete", "post", "/t", operation())}},
    "read-only-by-exec": {"methods": {"look": ("exec", "get", "/t", operation())}},
    "write-without-body": {"methods": {"add": ("insert", "post", "/t", operation())}},
    "body-not-an-object": {
        "methods": {
            "add": ("insert", "post", "/t",
                    operation(requestBody={"content": {"application/json": {"schema": LIST}}}))
        }
    },
    "no-verb": {"methods": {"do": ("exec", "post", "/t", operation())}},
    "no-select": {"methods": {"add": ("insert", "post", "/t", {**operation(), **BODY})}},
    "default-host": {
        "methods": {"get": GET},
        "servers": [{"url": "https://{region}", "variables": {"region": {"default": "example.com"}}}],
    },
    "lost-words": {"methods": {"getthing": GET}},
    "optional-and-required": {
        "methods": {"get": (*GET[:3], operation(ROW, KEY, parameter("q"))),
                    "find": ("select", "get", "/f", operation(ROW, parameter("q", required=True)))}
    },
    "odd-media-type": {"methods": {"get": ("exec", "get", "/t", {"responses": answer(ROW, "text/csv")})}},
    "untyped-column": {"methods": {"get": GET}},
    "boolean-as-text": {"methods": {"get": GET}},
    "undocumented-permission": {
        "methods": {
            "get": GET,
            "list": ("select", "get", "/t", operation(LIST, **{"x-permission": {"permissions": ["r"]}})),
        }
    },
    "quoted-name": {"methods": {"list": ("select", "get", "/t", operation(LIST, parameter("page[size]")))}},
    "unlisted-parent": {"methods": {"get": GET}},
}  # fmt: skip


@pytest.mark.parametrize("rule", CASES)
def test_each_rule_finds_what_it_is_for(rule: str, tmp_path: Path) -> None:
    (found,) = lint(written(tmp_path, **CASES[rule])).values()
    assert rule in {each.rule.id for each in found}


def test_a_provider_without_faults_has_no_findings(tmp_path: Path) -> None:
    row = {"type": "object", "properties": {"id": TEXT, "n": {"type": "integer"}}}
    methods = {"list": ("select", "get", "/t", {**operation({"type": "array", "items": row}), "operationId": "list"})}
    assert lint(written(tmp_path, methods)) == {"acme": ()}


def test_every_rule_has_a_test_or_needs_two_services() -> None:
    assert RULES.keys() - CASES.keys() == {"same-name", "plain-secret"}
    assert {rule.severity for rule in RULES.values()} == set(SEVERITIES)


#: What our own providers have of errors and warnings, and why it stays.
EXPLAINED = {
    ("okta", "body-not-an-object", "apps.group_assignments.update_group_assignment_to_application"): "a JSON patch",
    ("okta", "same-parameters", "users.authenticator_enrollments"): "the columns of INSERT tell them apart",
    (
        "datadog",
        "nested-rows",
        "logs.index_order.get_logs_index_order",
    ): "the order is one thing, replaced as a whole",
    ("datadog", "nested-rows", "logs.pipeline_order.get_logs_pipeline_order"): "the same",
    ("datadog", "no-paging", "monitoring.monitors.list_monitors"): "without page it answers all of them",
    ("datadog", "row-path-about", "metrics.related_assets.list_metric_assets"): "its rows are what is included",
    ("datadog", "row-path-about", "security.scanning_groups.list_scanning_groups"): "the same",
    ("datadog", "body-not-an-object", "logs.logs.submit_log"): "a list of logs",
    ("datadog", "body-not-an-object", "logs.logs_v1.submit_log"): "a list of logs",
    ("datadog", "body-not-an-object", "monitoring.service_checks.submit_service_check"): "a list of checks",
    ("datadog", "same-parameters", "monitoring.synthetics_tests"): "one lists, the other searches",
}


@pytest.mark.slow
def test_the_built_in_providers_have_no_faults_but_those_explained() -> None:
    found = {
        (provider, each.rule.id, each.place)
        for provider in sources.builtin_names()
        for each in lint(provider)[provider]
        if each.rule.severity != "info"
    }
    assert found == EXPLAINED.keys()


def test_the_page_on_the_rules_has_each_of_them() -> None:
    page = Path(__file__).parents[3] / "docs" / "how-to" / "check-a-provider.md"
    text = page.read_text(encoding="utf-8").partition("\n## The rules\n")[2]
    named = set(re.findall(r"`([a-z]+(?:-[a-z]+)+|unreadable)`", text))
    assert named == RULES.keys()
