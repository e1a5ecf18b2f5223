"""Credentials: where they come from, how they are written, and that no other origin ever sees one."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from quaestor.catalog.model import Credential, Provider
from quaestor.config import CredentialReference
from quaestor.errors import AuthError, ForbiddenError, UnsupportedError, UsageError
from quaestor.fetch.auth import Authenticator, CredentialPart, provider_credentials, stackql_credentials
from quaestor.fetch.http import HttpRequest
from quaestor.fetch.url import origin_of
from quaestor.secrets import Redactor, Secret

OKTA = Provider("okta", "1", credentials=(Credential("Authorization", "OKTA_API_TOKEN", "SSWS "),))
DATADOG = Provider(
    "datadog",
    "1",
    credentials=(Credential("DD-API-KEY", "DD_API_KEY"), Credential("DD-APPLICATION-KEY", "DD_APP_KEY")),
)
ACME = origin_of("https://acme.okta.com")


def signed(parts: tuple[CredentialPart, ...], url: str = "https://acme.okta.com/api", **more: Any) -> HttpRequest:
    return Authenticator(ACME, parts).sign(HttpRequest("GET", url, **more))


def headers(parts: tuple[CredentialPart, ...]) -> dict[str, str]:
    return dict(signed(parts).headers)


def from_auth(auth: Any, env: dict[str, str] | None = None) -> dict[str, str]:
    return headers(stackql_credentials("okta", auth, env or {}))


def test_a_providers_headers_are_added() -> None:
    assert headers(provider_credentials(OKTA, {"OKTA_API_TOKEN": " t0ken\n"})) == {"authorization": "SSWS t0ken"}
    both = provider_credentials(DATADOG, {"DD_API_KEY": "a", "DD_APP_KEY": "b"})
    assert headers(both) == {"dd-api-key": "a", "dd-application-key": "b"}


def test_all_that_is_missing_is_named() -> None:
    with pytest.raises(AuthError, match="DD_API_KEY and DD_APP_KEY are not set") as caught:
        provider_credentials(DATADOG, {"DD_API_KEY": " "})
    assert caught.value.status == 0
    with pytest.raises(AuthError, match="OKTA_API_TOKEN is not set") as caught:
        provider_credentials(OKTA, {})
    assert "export OKTA_API_TOKEN=…" in caught.value.hint


def test_a_connection_has_sources_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file\n")
    for reference, value in (
        (CredentialReference(env="OTHER"), "from-env"),
        (CredentialReference(file=str(tmp_path / "token")), "from-file"),
        (CredentialReference(value=Secret("inline")), "inline"),
    ):
        parts = provider_credentials(OKTA, {"OTHER": "from-env"}, {"OKTA_API_TOKEN": reference})
        assert headers(parts) == {"authorization": f"SSWS {value}"}
    with pytest.raises(AuthError, match="OTHER is not set"):
        provider_credentials(OKTA, {"OKTA_API_TOKEN": "x"}, {"OKTA_API_TOKEN": CredentialReference(env="OTHER")})


@pytest.mark.parametrize(
    "url",
    [
        "https://acme.okta.com:8443/api",
        "http://acme.okta.com/api",
        "https://evil.example/api",
        "https://acme.okta.com.evil.example/",
        "https://sub.acme.okta.com/",
        "https://acme.oktapreview.com/",
        "https://acme.okta.com./",
        "https://acme.okta.com@evil.example/",
        "https://evil.example\\@acme.okta.com/",
        "//acme.okta.com/api",
        "https://[::1]/",
        "https://аcme.okta.com/",
    ],
)
def test_no_other_origin_is_ever_signed_for(url: str) -> None:
    parts = provider_credentials(OKTA, {"OKTA_API_TOKEN": "canary"})
    with pytest.raises(ForbiddenError) as caught:
        signed(parts, url)
    assert "canary" not in f"{caught.value.message} {caught.value.hint} {caught.value!r}"
    with pytest.raises(ForbiddenError):
        signed((), url)


@pytest.mark.parametrize("url", ["https://acme.okta.com", "https://ACME.okta.com:443/x", "HTTPS://acme.okta.com/x?y"])
def test_the_same_origin_in_other_spellings_is(url: str) -> None:
    assert signed(provider_credentials(OKTA, {"OKTA_API_TOKEN": "t"}), url).headers == (("authorization", "SSWS t"),)


def test_a_header_of_the_same_name_is_replaced() -> None:
    request = signed(
        provider_credentials(OKTA, {"OKTA_API_TOKEN": "t"}), headers=(("authorization", "forged"), ("accept", "x"))
    )
    assert request.headers == (("accept", "x"), ("authorization", "SSWS t"))


@pytest.mark.parametrize("token", ["a\r\nEvil: 1", "a\0b", "tökén", "a\x7f"])
def test_a_credential_that_no_header_holds(token: str) -> None:
    parts = provider_credentials(OKTA, {"OKTA_API_TOKEN": token})
    with pytest.raises(UsageError, match="OKTA_API_TOKEN") as caught:
        signed(parts)
    assert token not in caught.value.message


def test_secrets_are_masked_from_then_on() -> None:
    redactor = Redactor()
    parts = stackql_credentials("okta", {"type": "basic", "username": "ada", "password": "hunter22"}, {})
    Authenticator(ACME, parts, redactor)
    assert redactor.mask(f"Basic {base64.b64encode(b'ada:hunter22').decode()}") == "Basic ***"
    assert redactor.mask("hunter22 or hunter2") == "*** or hunter2"
    Authenticator(ACME, provider_credentials(OKTA, {"OKTA_API_TOKEN": "00abcdef"}), redactor)
    assert redactor.mask("SSWS 00abcdef") == "SSWS ***"
    assert redactor.mask("token=00abcdef") == "token=***"
    for part in parts:
        assert "hunter22" not in repr(part)


def test_sources_are_known_by_name() -> None:
    parts = provider_credentials(DATADOG, {"DD_API_KEY": "a", "DD_APP_KEY": "b"})
    assert Authenticator(ACME, parts).sources == ("DD_API_KEY", "DD_APP_KEY")


# --- StackQL's --auth -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("auth", "sent"),
    [
        ({"type": "api_key", "credentialsenvvar": "T", "valuePrefix": "SSWS "}, {"authorization": "SSWS t"}),
        ({"type": "api_key", "credentialsenvvar": "T"}, {"authorization": "api_key t"}),
        ({"type": "api_key", "api_key_var": "T"}, {"authorization": "api_key t"}),
        ({"type": "api_key", "api_key": "inline"}, {"authorization": "api_key inline"}),
        ({"type": "api_key", "api_key": "k", "name": "X-Key", "valuePrefix": ""}, {"x-key": "k"}),
        ({"type": "bearer", "credentialsenvvar": "T"}, {"authorization": "Bearer t"}),
        ({"type": "basic", "username": "u", "password": "p"}, {"authorization": "Basic dTpw"}),
        ({"type": "basic", "username": "u"}, {"authorization": "Basic dTo="}),
        ({"type": "basic", "username_var": "U", "password_var": "P"}, {"authorization": "Basic dTpw"}),
        ({"type": "basic", "api_key": "u", "api_secret": "p"}, {"authorization": "Basic dTpw"}),
        ({"type": "basic", "api_key_var": "U", "api_secret_var": "P"}, {"authorization": "Basic dTpw"}),
        ({"type": "basic", "credentialsenvvar": "E"}, {"authorization": "Basic dTpw"}),
        ({"type": "null_auth"}, {}),
        (
            {
                "type": "custom",
                "location": "header",
                "name": "DD-API-KEY",
                "credentialsenvvar": "T",
                "successor": {"type": "custom", "name": "DD-APPLICATION-KEY", "credentialsenvvar": "U"},
            },
            {"dd-api-key": "t", "dd-application-key": "u"},
        ),
    ],
)
def test_what_each_type_sends(auth: dict[str, Any], sent: dict[str, str]) -> None:
    assert from_auth(auth, {"T": "t", "U": "u", "P": "p", "E": "dTpw"}) == sent


def test_credentials_from_files(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("k\n")
    assert from_auth({"type": "bearer", "credentialsfilepath": str(path)}) == {"authorization": "Bearer k"}
    by_variable = {"type": "bearer", "credentialsfilepathenvvar": "F"}
    assert from_auth(by_variable, {"F": str(path)}) == {"authorization": "Bearer k"}
    with pytest.raises(UsageError, match="absent"):
        from_auth({"type": "bearer", "credentialsfilepath": str(tmp_path / "absent")})


def test_a_key_in_the_query() -> None:
    parts = stackql_credentials("x", {"type": "custom", "location": "query", "name": "key", "api_key": "a&b"}, {})
    assert signed(parts, "https://acme.okta.com/x?key=forged&y=1").url == "https://acme.okta.com/x?y=1&key=a%26b"


@pytest.mark.parametrize(
    ("auth", "said"),
    [
        ({"type": "api-key", "api_key": "k"}, "no type 'api-key'"),
        ({"api_key": "k"}, "no type"),
        ({"type": "bearer"}, "no credential"),
        ({"type": "bearer", "valueprefix": "x"}, "'valueprefix' has no meaning"),
        ({"type": "api_key", "username": "x"}, "'username' has no meaning"),
        ({"type": "custom", "api_key": "k"}, "needs the name"),
        ({"type": "custom", "api_key": "k", "name": "x", "location": "cookie"}, "'cookie'"),
        ({"type": "basic", "password": "p"}, "without username"),
        ({"type": "api_key", "api_key": 5}, "is text"),
        ({"type": "custom", "name": "a", "api_key": "k", "successor": "x"}, "is an object"),
        ("api_key", "is an object"),
    ],
)
def test_entries_that_cannot_be_used(auth: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        from_auth(auth)


@pytest.mark.parametrize("kind", ["interactive", "oci_signing_v1"])
def test_types_that_are_not_there_say_so(kind: str) -> None:
    with pytest.raises(UnsupportedError, match="is not there"):
        from_auth({"type": kind})


def test_a_variable_that_is_not_set_is_named() -> None:
    with pytest.raises(AuthError, match="MY_TOKEN is not set"):
        from_auth({"type": "bearer", "credentialsenvvar": "MY_TOKEN"})
