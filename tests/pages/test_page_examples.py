"""Examples on generated pages run on the sandbox, and send the request of the method that they are for."""

from __future__ import annotations

import pytest
from tests.pages.report import KNOWN
from tests.pages.running import Runner, examples, resources

from quaestor.catalog.store import open_catalog

#: Every so many resources are tried here, and the pages that were the order; `tests.pages.report` runs all.
EVERY = 19
ORDERED = {
    "okta.integrations.instances",
    "okta.apps.connections",
    "okta.identity_sources.sessions",
    "datadog.integrations.okta_accounts",
}


@pytest.mark.parametrize("provider", ["okta", "datadog"])
def test_examples_run_and_send_their_methods_request(provider: str) -> None:
    failed, run = [], 0
    with open_catalog() as catalog, Runner(catalog, provider) as runner:
        for number, resource in enumerate(resources(catalog, provider)):
            if number % EVERY and resource.id not in ORDERED:
                continue
            for example in examples(catalog, resource):
                outcome = runner.run(example)
                run += 1
                if outcome.reason and example.name not in KNOWN:
                    failed.append(f"{example.name}: {outcome.reason}")
    assert failed == []
    assert run > 40


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
