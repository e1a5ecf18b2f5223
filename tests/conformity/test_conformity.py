"""The sandbox's answers are what the vendors' specs describe, by schemathesis's judgement.

Every test run takes a part of the operations; QUAESTOR_CONFORMITY=all takes them all (some minutes), as
`python -m tests.conformity.report` does. `spec_differences.yaml` lists where recordings win over specs, and where
specs contradict themselves: nothing else may differ.
"""

from __future__ import annotations

import os

import pytest
from tests.conformity.cases import chosen, tried
from tests.conformity.report import NEW, kind, missing

from quaestor.catalog.store import open_catalog

#: Of the operations, one in so many.
STEP = 1 if os.environ.get("QUAESTOR_CONFORMITY") == "all" else 97


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
@pytest.mark.parametrize("provider", ["okta", "datadog"])
def test_answers_are_what_the_specs_describe(provider: str) -> None:
    why_not = missing()
    if why_not:
        pytest.skip(why_not)
    with open_catalog() as catalog:
        tries = tried(catalog, provider, chosen(provider, STEP), 2)
    new = [f"{each.key}: {failure}" for each in tries for failure in each.failures if kind(each.key, failure) == NEW]
    assert new == []
    assert not [each.key for each in tries if each.undigested]
    assert sum(each.good for each in tries) > len(tries)


def test_a_failure_that_nobody_knows_is_new() -> None:
    assert kind("GET /api/v1/users", "ServerError : Server error") == NEW
    assert kind("GET /api/v1/apps/{appId}/users", "JsonSchemaError */externalId: is not of type") == "recorded"
