"""Examples on generated pages run on the sandbox, and send the request of the method that they are for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.pages.judging import judged
from tests.pages.report import MOVED, PROVIDERS
from tests.pages.running import Outcome, Runner, examples, resources
from tests.prism import mock
from tests.prism.documents import ABSENT

from quaestor.catalog.store import open_catalog
from quaestor.record import replace

#: Every so many resources are tried here, and the pages that were the order; QUAESTOR_PRISM=all tries all of them, as
#: `python -m tests.pages.report --prism` does.
EVERY = 1 if os.environ.get("QUAESTOR_PRISM") == "all" else 19
ORDERED = {
    "okta.integrations.instances",
    "okta.apps.connections",
    "okta.identity_sources.sessions",
    "datadog.integrations.okta_accounts",
}


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    found = []
    with open_catalog() as catalog:
        for provider in PROVIDERS:
            with Runner(catalog, provider) as runner:
                for number, resource in enumerate(resources(catalog, provider)):
                    if number % EVERY == 0 or resource.id in ORDERED:
                        found += [runner.run(example) for example in examples(catalog, resource)]
    return found


def test_examples_run_and_send_their_methods_request(outcomes: list[Outcome]) -> None:
    failed = [each for each in outcomes if each.reason and each.example.name not in MOVED]
    assert [f"{each.example.name}: {each.reason}" for each in failed] == []
    for provider in PROVIDERS:
        assert sum(each.example.resource.provider == provider for each in outcomes) > 40


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_their_requests_are_what_the_vendors_specs_allow(outcomes: list[Outcome], tmp_path: Path) -> None:
    why_not = ABSENT or mock.missing()
    if why_not:
        pytest.skip(why_not)
    found = judged(outcomes, tmp_path)
    assert [(each.outcome.example.name, each.violations) for each in found if each.violations] == []
    assert sum(each.requests for each in found) > 100


@pytest.mark.slow
def test_a_wrong_request_is_found(outcomes: list[Outcome], tmp_path: Path) -> None:
    why_not = ABSENT or mock.missing()
    if why_not:
        pytest.skip(why_not)
    made = next(each for each in outcomes if each.example.method.name == "create_okta_account")
    (sent,) = made.sent
    assert sent.body is not None
    wrong = (
        replace(sent, body=sent.body.replace(b'"domain"', b'"domian"')),
        replace(sent, url=f"{sent.url}?nonsense=1"),
        sent,
    )
    bad = [Outcome(made.example, {}, [each]) for each in wrong]
    first, second, third = (" ".join(each.violations) for each in judged(bad, tmp_path))
    assert "must have required property 'domain'" in first
    assert "query.nonsense: not a parameter" in second
    assert third == ""


def test_a_wrong_example_is_found() -> None:
    """The check fails where an example is wrong: of another method, or of none."""
    with open_catalog() as catalog, Runner(catalog, "okta") as runner:
        resource = catalog.resource("okta", "integrations", "instances")
        assert resource is not None
        first, second, *_ = examples(catalog, resource)
        mixed = type(first)(first.resource, second.method, second.statement, first.text)
        assert "another request was sent" in runner.run(mixed).reason
        broken = type(first)(first.resource, first.method, first.statement, first.text.replace("FROM", "FORM"))
        assert runner.run(broken).error
