"""What the provider pages print runs, and what it sends is what a proxy without any catalog sees."""

from __future__ import annotations

import json

import pytest
from tests.writes import seed_pages
from tests.writes.seed_pages import DATADOG_PAGE, ERRORS, OKTA_PAGES, SEEDS, Step, examples, page, printed

pytestmark = pytest.mark.skipif(not SEEDS.is_dir(), reason="the seed pages are not beside this checkout")


@pytest.fixture(scope="module")
def okta() -> dict[str, list[Step]]:
    steps: dict[str, list[Step]] = {}
    for step in seed_pages.okta():
        steps.setdefault(step.page, []).append(step)
    return steps


def test_every_printed_statement_is_run(okta: dict[str, list[Step]]) -> None:
    for number in OKTA_PAGES:
        statements = printed(page(number))
        assert len(statements) >= 4
        finished = [step for step in okta[number] if step.code == 0]
        assert len(finished) == len(statements)


def test_each_statement_is_one_request(okta: dict[str, list[Step]]) -> None:
    sent = [
        (step.title.split()[0], request.method, request.target.partition("?")[0].split("/api/v1/")[1].split("/")[0])
        for steps in okta.values()
        for step in steps
        if step.code == 0
        for request in step.requests
    ]
    assert sent == [
        ("INSERT", "POST", "api-services"),
        ("SELECT", "GET", "api-services"),
        ("SELECT", "GET", "api-services"),
        ("DELETE", "DELETE", "api-services"),
        ("UPDATE", "POST", "apps"),
        ("EXEC", "POST", "apps"),
        ("EXEC", "POST", "apps"),
        ("EXEC", "POST", "apps"),
        ("SELECT", "GET", "apps"),
        ("INSERT", "POST", "identity-sources"),
        ("SELECT", "GET", "identity-sources"),
        ("SELECT", "GET", "identity-sources"),
        ("DELETE", "DELETE", "identity-sources"),
    ]


@pytest.mark.parametrize(
    ("number", "verb", "keys"),
    [
        ("000", "DELETE", ["apiServiceId"]),
        ("001", "UPDATE", ["appId"]),
        ("003", "DELETE", ["identitySourceId", "sessionId"]),
    ],
)
def test_as_printed_without_its_key_it_sends_nothing_and_names_the_key(
    okta: dict[str, list[Step]], number: str, verb: str, keys: list[str]
) -> None:
    [step] = [each for each in okta[number] if each.title.startswith(verb) and each.title.endswith("as printed")]
    assert (step.requests, step.code) == ([], 2)
    for key in keys:
        assert key in step.err


def test_lifecycle_methods_as_printed_name_the_key(okta: dict[str, list[Step]]) -> None:
    steps = [each for each in okta["001"] if each.title.startswith("EXEC") and each.title.endswith("as printed")]
    assert len(steps) == 3
    for step in steps:
        assert (step.requests, step.code) == ([], 2)
        assert "appId is required" in step.err


def test_what_the_statements_send(okta: dict[str, list[Step]]) -> None:
    insert = next(step for step in okta["000"] if step.title.startswith("INSERT"))
    assert json.loads(insert.requests[0].body) == {
        "grantedScopes": ["okta.users.read"],
        "properties": {},
        "type": "my_app_cie",
    }
    assert json.loads(insert.out)["clientSecret"]
    targets = {step.title.partition(" with")[0]: step.requests[0].target for step in okta["001"] if step.code == 0}
    assert targets["UPDATE 2"].endswith("/connections/default?activate=true")
    assert targets["EXEC 3"].endswith("/connections/default/lifecycle/activate")
    assert targets["EXEC 4"].endswith("/connections/default/lifecycle/deactivate")
    assert targets["EXEC 5"].endswith("/oauth2/callback?code=a1&state=b2")
    assert all(step.requests[0].body == b"" for step in okta["001"] if step.requests)


def test_the_five_operations_of_datadog() -> None:
    shown = examples(page(DATADOG_PAGE))
    dry, create, listing, get, update, delete, keyless = seed_pages.datadog()
    assert dry.requests == []
    secret = shown["POST"]["body"]["data"]["attributes"]["client_secret"]
    assert f'"client_secret":"{secret}"' not in dry.out
    assert '"client_secret":"***"' in dry.out
    wanted = {name: value for name, value in shown["POST"]["body"]["data"].items() if name != "id"}
    assert [json.loads(request.body) for request in create.requests] == [{"data": wanted}]  # `type` is filled in
    assert json.loads(create.out)["client_secret"] is None
    assert [request.method for request in listing.requests] == ["GET"]
    assert [request.method for request in get.requests] == ["GET"]
    read, patch = update.requests
    assert (read.method, patch.method) == ("GET", "PATCH")
    body = json.loads(patch.body)["data"]
    assert body["type"] == "okta-accounts"
    assert body["attributes"] == {
        "auth_method": wanted["attributes"]["auth_method"],
        "domain": wanted["attributes"]["domain"],
        "client_id": shown["PATCH"]["body"]["data"]["attributes"]["client_id"] + "2",
    }
    assert json.loads(update.out)["id"] != json.loads(create.out)["id"]
    assert [(request.method, request.status) for request in delete.requests] == [("DELETE", 204)]
    assert (keyless.requests, keyless.code) == ([], 2)
    assert "account_id would name it" in keyless.err


def test_the_four_errors_of_datadog() -> None:
    steps = list(seed_pages.datadog_errors())
    assert len(steps) == 2 * len(ERRORS)
    for step, (_, status) in zip(steps, [*ERRORS, *ERRORS], strict=True):
        assert [request.status for request in step.requests] == [status]
        assert f"answered {status}: Bad Request" in step.err
        assert (step.code, step.out) == (4, "")
