"""Every recorded GET of an operation of the catalog: the statement that asks for it gives what was recorded.

`report` prints the same, counted. `exceptions.yaml` says by name what isn't covered, and why, and how much is.
"""

from __future__ import annotations

import pytest
from tests.recorded import report
from tests.recorded.cassettes import ABSENT, DATA

if not DATA.is_dir():
    pytest.skip(ABSENT, allow_module_level=True)


def test_every_recording_is_covered_or_has_a_reason() -> None:
    """One test, since all of it is counted and test runners would ask for it again in each of their processes."""
    assert report.failures() == ""
    uncovered = {each.interaction.id for each in report.verdicts() if each.kind not in report.COVERED}
    told = set(report.reasons())
    assert uncovered - told == set(), "neither covered nor in exceptions.yaml"
    assert told - uncovered == set(), "covered by now: take it out of exceptions.yaml"
    expected = report.exceptions()
    for what in ("lost", "drifted", "beside"):
        listed = {name: set(fields) for name, fields in expected[what].items()}
        assert report.by_operation(what) == listed, what
    for provider, least in expected["reached"].items():
        reached = report.counts(provider)
        assert {name: reached[name] for name in least if reached[name] < least[name]} == {}, provider
