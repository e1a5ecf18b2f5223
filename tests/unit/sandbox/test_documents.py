"""A provider that is only known by its StackQL document has a stand-in too."""

from __future__ import annotations

import json
from pathlib import Path

from quaestor.catalog.documents import open_layered
from quaestor.config import Settings
from quaestor.surfaces.cli.sandboxed import connect

THING = {"type": "object", "properties": {"id": {"type": "string"}, "private": {"type": "boolean"}}}


def test_a_document_s_provider_answers_below_its_server_s_path_whatever_its_sign_in(tmp_path: Path) -> None:
    base = tmp_path / "src" / "acme" / "v1.0.0"
    (base / "services").mkdir(parents=True)
    content = {"application/json": {"schema": {"type": "array", "items": THING}}}
    answers = {"200": {"description": "", "content": content}}
    path = "/orgs/{org}/things?version=1"
    methods = {"list": {"operation": {"$ref": "#/paths/~1orgs~1{org}~1things?version=1/get"}}}
    verbs = {"select": [{"$ref": "#/components/x-stackQL-resources/things/methods/list"}]}
    text = {
        "openapi": "3.0.0",
        "info": {"title": "t", "version": "1"},
        "servers": [{"url": "https://api.example.com/storage/v1"}],
        "paths": {path: {"get": {"responses": answers}}},
        "components": {"schemas": {}, "x-stackQL-resources": {"things": {"methods": methods, "sqlVerbs": verbs}}},
    }
    auth = {"type": "basic", "username_var": "ACME_USER", "password_var": "ACME_PASSWORD"}
    services = {
        "s": {"service": {"$ref": "acme/v1.0.0/services/s.yaml"}},
        "absent": {"service": {"$ref": "acme/v1.0.0/services/absent.yaml"}},
    }
    head = {"name": "acme", "providerServices": services, "config": {"auth": auth}}
    (base / "provider.yaml").write_text(json.dumps(head))
    (base / "services" / "s.yaml").write_text(json.dumps(text))
    with (
        open_layered([str(tmp_path)], cache_dir=str(tmp_path / "cache")) as catalog,
        connect(Settings(), catalog) as connection,
    ):
        rows = list(connection.sql("SELECT id, private, org FROM acme.s.things WHERE org IN ('a', 'b', 'c', 'd')"))
    assert rows
    assert all(isinstance(key, str) and private in (0, 1) and org in "abcd" for key, private, org in rows)
