"""Where a provider's requests go and how they are signed, as far as a document says so."""

from __future__ import annotations

from typing import Any

import pytest

from quaestor.authoring import origins, overlay
from quaestor.authoring.overlay import Overlay
from quaestor.catalog.model import Credential
from quaestor.catalog.openapi import Spec

BEARER = {"type": "http", "scheme": "bearer"}
BASIC = {"type": "http", "scheme": "Basic"}
KEY = {"type": "apiKey", "in": "header", "name": "X-Key"}
QUERY = {"type": "apiKey", "in": "query", "name": "key"}
COOKIE = {"type": "apiKey", "in": "cookie", "name": "sid"}


def read(schemes: dict[str, Any], security: list[dict[str, Any]] | None = None, **more: Any) -> origins.Origin:
    document = {"openapi": "3.1.0", "paths": {}, "components": {"securitySchemes": schemes}, **more}
    if security is not None:
        document["security"] = security
    return origins.provider("acme", Spec(document, "test.yaml"), Overlay())


@pytest.mark.parametrize(
    ("schemes", "security", "credentials"),
    [
        ({"b": BEARER}, None, (Credential("Authorization", "ACME_TOKEN", "Bearer "),)),
        ({"o": {"type": "oauth2", "flows": {}}}, None, (Credential("Authorization", "ACME_TOKEN", "Bearer "),)),
        ({"k": KEY, "b": BEARER}, [{"k": []}], (Credential("X-Key", "ACME_API_KEY"),)),
        (
            {"apiKey": KEY, "appKey": {**KEY, "name": "X-App"}},
            [{}, {"apiKey": [], "appKey": []}],
            (Credential("X-Key", "ACME_API_KEY"), Credential("X-App", "ACME_APP_KEY")),
        ),
    ],
)
def test_headers(
    schemes: dict[str, Any], security: list[dict[str, Any]] | None, credentials: tuple[Credential, ...]
) -> None:
    found = read(schemes, security)
    assert found.provider.credentials == credentials
    assert any(line.startswith("sign-in: ") for line in found.guesses)


def test_passwords_and_parameters_of_the_query() -> None:
    assert read({"b": BASIC}).provider.auth == {
        "type": "basic",
        "username_var": "ACME_USERNAME",
        "password_var": "ACME_PASSWORD",
    }
    assert read({"c": COOKIE, "q": QUERY}).provider.auth["name"] == "key"
    for found in (read({}), read({"c": COOKIE})):
        assert (found.provider.auth, found.provider.credentials) == ({}, ())
        assert "sign-in: the document says nothing of it" in found.doubtful


def test_what_an_overlay_says_is_not_guessed() -> None:
    text = {"provider": {"auth": {"type": "null_auth"}, "server": {"url": "https://acme.example.com"}}}
    spec = Spec({"openapi": "3.1.0", "paths": {}, "components": {"securitySchemes": {"b": BEARER}}}, "test.yaml")
    found = origins.provider("acme", spec, overlay.parse(text, "overlay"))
    assert (found.provider.auth, found.provider.credentials) == ({"type": "null_auth"}, ())
    assert (found.guesses, found.doubtful) == ((), ())


def test_an_example_is_no_host() -> None:
    variables = {"tenant": {"default": "my-org"}, "site": {"default": "eu", "enum": ["eu", "us"]}}
    found = read({}, servers=[{"url": "https://{tenant}.{site}.example.com", "variables": variables}])
    tenant, site = found.provider.server.variables
    assert (tenant.required, tenant.default, site.required, site.default) == (True, "", False, "eu")
    assert found.provider.server.variables_env == {"tenant": "ACME_TENANT", "site": "ACME_SITE"}
    relative = read({}, servers=[{"url": "/v1"}])
    assert any("has no host" in line for line in relative.doubtful)
    assert any("none has no host" in line for line in read({}).doubtful)
