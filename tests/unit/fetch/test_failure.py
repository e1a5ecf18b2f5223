"""Refusals: the vendor's code and words, the request id, what is needed, and nothing that hurts a terminal."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quaestor.catalog.model import Method
from quaestor.errors import (
    AuthError,
    ConflictError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    ProviderError,
    RateLimitError,
    ServerError,
)
from quaestor.fetch.failure import failure
from quaestor.fetch.http import HttpRequest, HttpResponse
from quaestor.secrets import Redactor, Secret

METHOD = Method("list_users", "select", "GET", "/x", permissions=("user_read",), scopes=("okta.users.read",))
REQUEST = HttpRequest("GET", "https://acme.okta.com/api/v1/users?limit=1")


def test_a_cause_that_repeats_the_summary_is_said_once() -> None:
    same = "Invalid search criteria."
    body = {"errorCode": "E0000031", "errorSummary": same, "errorCauses": [{"errorSummary": same}]}
    assert fail(400, body).message.count(same) == 1


def fail(status: int, body: Any = b"", **headers: str) -> ProviderError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    error = failure(METHOD, REQUEST, HttpResponse(status, pairs, raw), Redactor(), sources=("OKTA_API_TOKEN",))
    assert isinstance(error, ProviderError)
    return error


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidRequestError),
        (401, AuthError),
        (403, AuthError),
        (404, NotFoundError),
        (405, InvalidRequestError),
        (409, ConflictError),
        (412, ConflictError),
        (422, InvalidRequestError),
        (429, RateLimitError),
        (500, ServerError),
        (503, ServerError),
        (599, ServerError),
    ],
)
def test_each_status_has_its_class(status: int, kind: type[ProviderError]) -> None:
    error = fail(status)
    assert type(error) is kind
    assert error.status == status
    assert error.request == "GET https://acme.okta.com/api/v1/users?limit=1"
    assert str(status) in error.message


def test_oktas_words() -> None:
    body = {
        "errorCode": "E0000001",
        "errorSummary": "Api validation failed: login",
        "errorId": "oae1",
        "errorCauses": [{"errorSummary": "login: already exists"}, {"errorSummary": "login: too short"}, {}],
    }
    error = fail(400, body, x_okta_request_id="req-1")
    assert error.vendor_code == "E0000001"
    assert error.request_id == "req-1"
    assert error.message.endswith(
        "answered 400: E0000001 Api validation failed: login; login: already exists; login: too short"
    )


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ({"errors": ["Forbidden", "Bad"]}, "", "Forbidden; Bad"),
        ({"errors": [{"title": "Invalid", "detail": "no such role", "code": "7"}]}, "7", "Invalid: no such role"),
        ({"errors": [{"detail": "x", "source": {"pointer": "/data/id"}}]}, "", "x (at /data/id)"),
        ({"errors": [{"title": "Same", "detail": "Same"}]}, "", "Same"),
        ({"errors": {"name": ["is required"]}}, "", '{"name": ["is required"]}'),
        ({"errors": "text"}, "", "text"),
        ({"errors": [{"odd": 1}]}, "", '{"odd": 1}'),
        ({"error": "invalid_client", "error_description": "no such client"}, "invalid_client", "no such client"),
        ({"error": {"code": 403, "message": "denied"}}, "403", "denied"),
        ({"message": "Not Found", "status": "404"}, "404", "Not Found"),
        ({"title": "T", "detail": "D", "type": "about:blank"}, "about:blank", "D; T"),
        ({"error": "text only"}, "", "text only"),
        ("just text", "", "just text"),
        ({}, "", ""),
        ([], "", ""),
    ],
)
def test_other_forms_of_errors(body: Any, code: str, said: str) -> None:
    error = fail(400, body)
    assert error.vendor_code == code
    expected = " ".join(part for part in (code, said) if part)
    assert error.message.endswith(f"answered 400: {expected}" if expected else "answered 400")


def test_pages_of_html_and_nothing_at_all() -> None:
    assert fail(502, b"<html><head><title>Bad\n Gateway</title>").message.endswith(
        "answered 502: an HTML page titled 'Bad Gateway'"
    )
    assert fail(502, b"<html>").message.endswith("an HTML page")
    assert fail(502).message.endswith("answered 502")
    assert fail(500, b"upstream broke").message.endswith("answered 500: upstream broke")


def test_403_names_what_is_needed() -> None:
    error = fail(403, {"errorCode": "E0000006", "errorSummary": "No permission"})
    assert error.needs == ("user_read", "okta.users.read")
    assert error.message.endswith("No permission (needs user_read, okta.users.read)")
    assert fail(401).needs == ()
    assert "OKTA_API_TOKEN" in fail(401).hint
    bare = failure(Method("m", "select", "GET", "/"), REQUEST, HttpResponse(403), Redactor())
    assert bare.hint


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"errorCode": "E0000007", "errorSummary": "Not found: 00u1 (User)"}, True),
        ({"errorCode": "E0000022", "errorSummary": "no such endpoint"}, False),
        ({"errors": ["not found"]}, True),
        (b"<html>", False),
        (b"", False),
        (b"404 page not found", False),
    ],
)
def test_not_found_says_whether_the_api_itself_says_so(body: Any, names: bool) -> None:
    error = fail(404, body)
    assert isinstance(error, NotFoundError)
    assert error.names_no_object is names


def test_redirects_are_refused_with_their_target() -> None:
    response = HttpResponse(302, (("location", "https://user:pw@evil.example/login"),))
    error = failure(METHOD, REQUEST, response, Redactor())
    assert isinstance(error, ForbiddenError)
    assert "https://***@evil.example/login" in error.message
    assert "pw" not in error.message


def test_secrets_in_the_vendors_words_are_masked() -> None:
    redactor = Redactor()
    redactor.add(Secret("s3cret-token"))
    request = HttpRequest("GET", "https://a.example/?key=s3cret-token")
    response = HttpResponse(400, (("x-request-id", "s3cret-token"),), b'{"errorCode":"s3cret-token"}')
    error = failure(METHOD, request, response, redactor)
    assert "s3cret" not in repr(error) + repr(error.to_dict())


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: json.dumps({"message": text}).encode()))
def test_any_body_gives_one_printable_line(body: bytes) -> None:
    error = fail(500, body, x_request_id="\x1b[31m")
    assert error.message.isprintable()
    assert error.request_id.isprintable()
    assert len(error.message) < 1200


def test_deep_and_endless_bodies() -> None:
    assert fail(500, b"[" * 100_000).message
    assert len(fail(500, {"message": "x" * 100_000}).message) < 700
