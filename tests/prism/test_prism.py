"""Requests that our statements become are what the vendors' specs allow, by Prism's judgement.

Every test run takes a part of the methods, another part for each verb; QUAESTOR_PRISM=all takes them all (some
minutes), as `python -m tests.prism.report` does.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.prism import mock
from tests.prism.documents import ABSENT
from tests.prism.harness import mocks_of, run
from tests.prism.report import count
from tests.prism.statements import calls
from tests.prism.tap import Tap

from quaestor.catalog.store import open_catalog
from quaestor.fetch.http import CancelToken, HttpRequest
from quaestor.fetch.transport import HttpTransport, Limits

KEY = (("authorization", "SSWS prism"),)
#: Of the methods, one in so many.
STEP = 1 if os.environ.get("QUAESTOR_PRISM") == "all" else 61


@pytest.fixture(scope="module", autouse=True)
def _can_run() -> None:
    why_not = ABSENT or mock.missing()
    if why_not:
        pytest.skip(why_not)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "verbs", [["select"], ["delete", "insert", "update", "replace", "exec"]], ids=["reads", "writes"]
)
def test_requests_are_what_the_specs_allow(verbs: list[str], tmp_path: Path) -> None:
    with open_catalog() as catalog:
        mine = [call for verb in verbs for call in calls(catalog, verb)][::STEP]
        found = count(verbs[0], run(catalog, mine, tmp_path))
    assert found.violations == ()
    assert found.unsent == ()
    assert found.failed == ()
    assert found.sent > 10


def test_wrong_requests_are_found(tmp_path: Path) -> None:
    with open_catalog() as catalog:
        users = [each for each in calls(catalog, "select") if each.key == "GET /api/v1/users" and not each.option]
    bucket = "GET /api/v1/users"
    with mocks_of(users, tmp_path) as mocks:
        tap = Tap(HttpTransport(Limits()), mocks)
        for query, headers in [("limit=many", KEY), ("limit=5&nonsense=1", KEY), ("limit=5", ()), ("limit=5", KEY)]:
            url = f"http://127.0.0.1:9/api/v1/users?{query}"
            tap.send(HttpRequest("GET", url, headers, bucket=bucket), CancelToken())
        tap.close()
    words = [" ".join(each.violations) for each in tap.passed]
    assert "limit must be integer" in words[0]
    assert words[1] == "query.nonsense: not a parameter of the operation"
    assert words[2].startswith("UNAUTHORIZED")
    assert words[3] == ""
