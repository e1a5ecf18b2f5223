"""What `provider build` infers from the vendors' specs alone stays as right as it is."""

from __future__ import annotations

import pytest
from tests.inference.measure import MAPPING_ERRORS, SOURCES, available, measure

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not available(), reason="the shared data is not beside the checkout"),
]
#: The least share, as measured, rounded down to the next half percent.
LEAST = {
    "okta": {"verbs": 0.98, "row paths": 0.99, "resources": 0.605, "services": 1.0, "methods": 0.98},
    "datadog": {
        "verbs": 0.97,
        "row paths": 0.985,
        "resources": 0.645,
        "services": 0.23,
        "methods": 0.86,
        "paging": 1.0,
    },
}


@pytest.mark.parametrize("provider", SOURCES)
def test_shares(provider: str) -> None:
    found = measure(provider)
    for kind, least in LEAST[provider].items():
        assert found[kind].share >= least, (kind, found[kind].misses)
    assert found["methods but for underscores"].share == 1.0


def test_what_is_called_an_error_of_the_mapping_is_a_miss() -> None:
    misses = {
        key for provider in SOURCES for kind in ("verbs", "row paths") for key in measure(provider)[kind].misses
    }
    assert misses >= MAPPING_ERRORS.keys()
