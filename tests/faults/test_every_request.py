"""For each request that a statement makes, in turn, each fault: the right rows or an error, and nothing else.

`QUAESTOR_FAULTS=all` tries every request of every statement; without it the first, the last and some between, and
each fault just once or for ever, in turn.
`python -m tests.faults.report` prints what came of it.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator

import pytest
from tests.faults.every_request import FAULTS, NAMES, STATEMENTS, Matrix, matrix

IS_ALL = os.environ.get("QUAESTOR_FAULTS") == "all"
#: Faults that pass if they happen once: the statement goes on.
PASSING = {
    "500",
    "503 retry-after",
    "429",
    "reset",
    "reset in the body",
    "cut off",
    "gzip cut off",
    "time-out",
}
#: Of a fault that stays: the error, whichever request meets it.
LASTING = {
    "500": "ServerError",
    "503 retry-after": "ServerError",
    "429": "RateLimitError",
    "403": "AuthError",
    "reset": "TransportError",
    "reset in the body": "TransportError",
    "cut off": "TransportError",
    "gzip cut off": "TransportError",
    "gzip damaged": "TransportError",
    "bad JSON": "DecodeError",
    "HTML": "DecodeError",
    "empty body": "DecodeError",
    "time-out": "TransportError",
    "redirect": "ForbiddenError",
}


@pytest.fixture(scope="module")
def tried() -> Iterator[Matrix]:
    with matrix() as made:
        yield made


@pytest.mark.parametrize("name", STATEMENTS)
def test_rows_or_an_error(tried: Matrix, name: str) -> None:
    count = tried.requests(name)
    step = 1 if IS_ALL else 2 if count <= 8 else count
    outcomes = list(tried.outcomes(name, step=step, is_short=not IS_ALL))
    assert len(outcomes) >= len(NAMES) - 1
    assert not [outcome for outcome in outcomes if outcome.what == "WRONG"]
    for outcome in outcomes:
        if outcome.way == "once" and outcome.fault in PASSING:
            assert outcome.what == "rows", outcome
        elif outcome.fault in LASTING:
            allowed = {LASTING[outcome.fault], *(["some rows"] if STATEMENTS[name].is_partial else [])}
            assert outcome.what in allowed, outcome


def test_lists_that_repeat_are_found_out(tried: Matrix) -> None:
    """Every way of paging notices that it was given the same page or cursor again."""
    lists = [name for name in STATEMENTS if tried.requests(name) > 1 and ("page" in name or "body" in name)]
    assert len(lists) >= 5
    for name in lists:
        last = tried.requests(name)
        found = Counter(tried.outcome(name, "cursor loop", "once", at).what for at in range(2, last + 1))
        assert found == {"LimitError": last - 1}, name


def test_the_faults_happen(tried: Matrix) -> None:
    """A matrix of rows alone would prove nothing."""
    for fault in FAULTS:
        outcome = tried.outcome("scan, streamed", fault, "for ever", 2)
        assert outcome.what not in ("rows", "WRONG"), outcome
