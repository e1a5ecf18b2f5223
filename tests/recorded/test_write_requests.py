"""Recorded writes: the statement makes the recorded request, and reads the recorded answer."""

from __future__ import annotations

import pytest
from tests.recorded.cassettes import ABSENT, DATA
from tests.recorded.write_verdict import EQUAL, counts, exceptions, verdicts

if not DATA.is_dir():
    pytest.skip(ABSENT, allow_module_level=True)

#: What has no reason of its own: the recording says it.
PLAIN = (*EQUAL, "not in the catalog", "recorded without its body", "refused here as by the API")


def test_every_other_recorded_write_is_made_by_its_statement() -> None:
    reasons = {name: reason for reason, names in exceptions()["recordings"].items() for name in names}
    odd = {each.interaction.id: f"{each.kind}: {each.detail}" for each in verdicts() if each.kind not in PLAIN}
    assert {name: what for name, what in odd.items() if name not in reasons} == {}
    assert {name: reason for name, reason in reasons.items() if name not in odd} == {}


@pytest.mark.parametrize("provider", ["okta", "datadog"])
def test_no_fewer_than_before(provider: str) -> None:
    assert counts(provider) == exceptions()["reached"][provider]
