"""For each row of a write, in turn, each fault: the report and the journal say what the server knows, and going on
ends with every object there once.

`QUAESTOR_FAULTS=all` tries every row in every way (some minutes); without it a few.
`python -m tests.faults.writes_report` prints what came of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from tests.faults.every_write import FAULTS, KILLS, ROWS, WAYS, Bench, bench, disk_writes

from quaestor.fetch import client
from quaestor.run.writing import mutate
from quaestor.run.writing.journal import JournalRun

IS_ALL = os.environ.get("QUAESTOR_FAULTS") == "all"
#: How the row that meets a fault ends; that it has another effect on nothing is the matrix's own business.
ENDS = {"429": "done", "409": "refused", "400": "refused", "idle connection closed before": "done"}


@pytest.fixture(scope="module")
def made() -> Iterator[Bench]:
    with bench() as each:
        yield each


@pytest.mark.parametrize("fault", FAULTS)
def test_the_report_is_what_the_server_knows(made: Bench, fault: str) -> None:
    few = [(7, "stop"), ((1, "continue") if len(fault) % 2 else (ROWS, "lasts"))]
    for row, way in [(row, way) for row in range(1, ROWS + 1) for way in WAYS] if IS_ALL else few:
        case = made.faulty(fault, row, way)
        assert not case.wrong, case
        ends = "refused" if (fault, way) == ("429", "lasts") else ENDS.get(fault, "unknown")
        if fault == "reset before it was read" and case.counts == {"done": ROWS}:
            continue  # the reset came before the first byte was on its way, and it was sent anew
        others = ROWS - 1 if way == "continue" else row - 1
        expected = {"done": others, ends: 1} if ends != "done" else {"done": ROWS}
        rest = {"not tried": ROWS - 1 - others} if ends != "done" else {}
        assert case.counts == {state: count for state, count in {**expected, **rest}.items() if count}, case


@pytest.mark.parametrize("way", ["stays", "once"])
def test_a_full_disk(made: Bench, way: str) -> None:
    last = disk_writes()
    for at in range(1, last + 1) if IS_ALL else (1, 2, 3, 8, last - 1, last):
        case = made.full_disk(at, way)
        assert not case.wrong, case
        done = ROWS if at == last else (at - 1) // 2  # an intent that can't be noted isn't sent
        assert case.counts.get("done", 0) == done, case
        assert case.counts.get("not tried", 0) == ROWS - done, case


@pytest.mark.parametrize("step", KILLS)
def test_a_killed_process(made: Bench, step: str) -> None:
    for row in range(1, ROWS + 1) if IS_ALL else (7,):
        case = made.killed(step, row)
        assert not case.wrong, case
        is_sure = step in ("before the intent", "after the outcome")
        assert case.noted.get("unknown", 0) == (0 if is_sure else 1), case


# ------------------------------------------------------------------------------ the matrix sees what is wrong


def test_a_wrong_report_is_seen(made: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutate, "state_after", lambda error, is_sent: mutate.REFUSED)
    assert any(
        "row 3 is refused in the report; is_done=True" in line for line in made.faulty("500, done", 3, "stop").wrong
    )


def test_a_repetition_is_seen(made: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "may_repeat", lambda request, outcome: True)
    assert "w03 was asked for again" in made.faulty("reset after it was read, done", 3, "stop").wrong


def test_what_is_sent_without_an_intent_is_seen(made: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JournalRun, "intent", lambda run, row: None)
    monkeypatch.setattr(JournalRun, "outcome", lambda run, outcome: None)
    assert any("is not tried in the journal" in line for line in made.faulty("time-out, done", 3, "stop").wrong)
