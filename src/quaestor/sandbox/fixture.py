"""The pytest fixture `quaestor_sandbox`: a sandbox for each test, there for everybody who has Quaestor installed.

    def test_nobody_is_locked_out(quaestor_sandbox):
        with quaestor_sandbox.connect() as con:
            assert con.sql("SELECT id FROM okta.users.users WHERE status = 'LOCKED_OUT'").fetchall() == []

What `quaestor.sandbox()` takes is set with a mark: `@pytest.mark.quaestor_sandbox("okta", scale={"users": 50})`.

pytest loads this module in every run on a machine that has Quaestor, so it imports nothing else before a test asks.
Before: pytest. After: `rehearsal`.
"""

from __future__ import annotations

import pytest

import quaestor.sandbox

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from quaestor.sandbox.rehearsal import Rehearsal


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known, or `--strict-markers` refuses it."""
    config.addinivalue_line(
        "markers", "quaestor_sandbox(*providers, **options): what quaestor.sandbox() of the fixture gets"
    )


@pytest.fixture
def quaestor_sandbox(request: pytest.FixtureRequest) -> Iterator[Rehearsal]:
    """A sandbox of its own for the test: `connect()`, `faults(…)`, `url`, `log` (see `quaestor.sandbox`)."""
    mark = request.node.get_closest_marker("quaestor_sandbox")
    providers, options = (mark.args, mark.kwargs) if mark is not None else ((), {})
    with quaestor.sandbox(*providers, **options) as made:
        yield made
