"""The journal's file: what is on it and when, what it says to several processes, and what makes it unusable."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from quaestor.config import journal_path
from quaestor.errors import InvalidRequestError, JournalError
from quaestor.fetch.http import HttpResponse
from quaestor.run.writing import journal as module
from quaestor.run.writing.journal import Claim, Journal, moment
from quaestor.run.writing.mutate import DONE, NOT_TRIED, REFUSED, UNKNOWN, Entry, Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


NOW = 1_700_000_000.0
DAY = 86_400.0


class Written:
    """What an outcome knows of its call."""

    class method:
        verb = "insert"


def entry(count: int = 3, text: str = "INSERT …") -> Entry:
    numbers = tuple(range(1, count + 1))
    digests = tuple(f"d{number}" for number in numbers)
    return Entry(
        text, "insert", "okta", "okta.groups.groups", "add_group", digests, ("",) * count, numbers, ("okta",)
    )


def outcome(row: int, state: str = DONE, body: Any = None) -> Outcome:
    call: Any = Written()
    if state == DONE:
        return Outcome(row, DONE, call, None, HttpResponse(200, (), json.dumps(body).encode()))
    return Outcome(row, state, call, InvalidRequestError("no " * 400))


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "data" / "journal.db")


@pytest.fixture
def opened(path: str) -> Iterator[Callable[..., Journal]]:
    made: list[Journal] = []

    def make(now_s: float = NOW) -> Journal:
        made.append(Journal(path, lambda: now_s))
        return made[-1]

    yield make
    for each in made:
        each.close()


def finish(journal: Journal, *states: str) -> str:
    """A statement whose rows ended so."""
    run = journal.begin(entry(len(states)))
    for row, state in enumerate(states, 1):
        if state != NOT_TRIED:
            run.intent(row)
            run.outcome(outcome(row, state, {"id": f"g{row}"}))
    run.end()
    return run.id


def test_rows_from_intent_to_outcome(opened: Callable[..., Journal]) -> None:
    journal, other = opened(), opened()
    run = journal.begin(entry())
    assert [row.state for row in other.account(run.id).rows] == [NOT_TRIED] * 3
    run.intent(1)
    assert [row.state for row in other.account(run.id).rows] == [UNKNOWN, NOT_TRIED, NOT_TRIED]
    run.outcome(outcome(1, DONE, {"data": {"id": "a1"}}))
    run.intent(2)
    run.outcome(outcome(2, REFUSED))
    account = other.account(run.id)
    assert (account.state, account.counts) == ("running", {DONE: 1, REFUSED: 1, UNKNOWN: 0, NOT_TRIED: 1})
    first, second, third = account.rows
    assert (first.object, first.reason, first.digest, first.at) == ("a1", "", "d1", "2023-11-14T22:13:20Z")
    assert len(second.reason) == module.LONGEST_REASON
    assert (third.state, third.at) == (NOT_TRIED, "")
    run.end()
    account = other.account(run.id)
    assert (account.state, account.ended, account.path) == ("not done", "2023-11-14T22:13:20Z", ("okta",))


def test_the_states_of_statements(opened: Callable[..., Journal]) -> None:
    journal = opened()
    assert journal.accounts() == []
    finish(journal, DONE, DONE)
    finish(journal, DONE, UNKNOWN, NOT_TRIED)
    assert sorted(each.state for each in journal.accounts()) == ["done", "not done"]


def test_it_is_for_its_user_alone(opened: Callable[..., Journal], path: str) -> None:
    finish(opened(), DONE)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700
    beside = [name for name in os.listdir(os.path.dirname(path)) if name != "journal.db"]
    assert all(stat.S_IMODE(os.stat(os.path.join(os.path.dirname(path), name)).st_mode) == 0o600 for name in beside)
    assert not [name for name in beside if name.endswith(".lock")]


def test_what_was_written_to_the_sandbox_is_apart() -> None:
    env = {"XDG_DATA_HOME": "/d"}
    assert journal_path(env) == "/d/quaestor/journal.db"
    assert journal_path(env, sandbox=True) == "/d/quaestor/sandbox-journal.db"


def test_intents_are_synced_and_outcomes_with_them(opened: Callable[..., Journal]) -> None:
    journal = opened()
    modes: list[Any] = []
    run = journal.begin(entry(1))
    db: Any = journal._db
    run.intent(1)
    modes.append(db.pragma("synchronous"))
    run.outcome(outcome(1))
    modes.append(db.pragma("synchronous"))
    run.end()
    modes.append(db.pragma("synchronous"))
    assert modes == [2, 1, 2]  # FULL, NORMAL, FULL: https://www.sqlite.org/pragma.html#pragma_synchronous
    assert db.pragma("journal_mode") == "wal"


def test_an_interrupt_leaves_nothing_open(opened: Callable[..., Journal]) -> None:
    journal = opened()
    run = journal.begin(entry(1))

    def interrupted(db: apsw.Connection) -> None:
        db.execute("UPDATE entries SET state = 'done'")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        journal._change(interrupted)
    run.end()
    assert journal.account(run.id).counts[NOT_TRIED] == 1


# ------------------------------------------------------------------------------------- several at a time


def test_several_processes(path: str, opened: Callable[..., Journal]) -> None:
    program = f"""
from tests.unit.run.test_journal import finish
from quaestor.run.writing.journal import Journal
journal = Journal({path!r})
for _ in range(10):
    finish(journal, "done", "done", "refused")
journal.close()
"""
    root = Path(__file__).parents[3]
    children = [subprocess.Popen([sys.executable, "-c", program], cwd=root) for _ in range(4)]
    assert [child.wait(60) for child in children] == [0] * 4
    accounts = opened().accounts()
    assert len({each.id for each in accounts}) == 40
    assert all(each.counts == {DONE: 2, REFUSED: 1, UNKNOWN: 0, NOT_TRIED: 0} for each in accounts)


def test_several_threads_of_a_statement(opened: Callable[..., Journal]) -> None:
    run = opened().begin(entry(40))

    def work(first: int) -> None:
        for row in range(first, 41, 4):
            run.intent(row)
            run.outcome(outcome(row))

    threads = [threading.Thread(target=work, args=(first,)) for first in (1, 2, 3, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.end()
    assert opened().account(run.id).state == "done"


def test_one_at_a_time_goes_on(opened: Callable[..., Journal]) -> None:
    journal = opened()
    run = journal.begin(entry())
    with pytest.raises(JournalError, match="another process is writing"):
        opened().again(run.id)
    run.end()
    again = opened().again(run.id)
    with pytest.raises(JournalError, match="another process is writing"):
        journal.again(run.id)
    again.end()
    with pytest.raises(JournalError, match="knows no statement nobody"):
        journal.again("nobody")


def test_a_killed_process_holds_nothing(path: str, opened: Callable[..., Journal]) -> None:
    program = f"""
import os
from tests.unit.run.test_journal import entry
from quaestor.run.writing.journal import Journal
run = Journal({path!r}).begin(entry())
run.intent(1)
os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[3], check=False)
    assert done.returncode == -9
    [account] = opened().accounts()
    assert (account.state, account.counts[UNKNOWN], account.counts[NOT_TRIED]) == ("broken off", 1, 2)
    opened().again(account.id).end()


def test_a_claim_goes_over_whole(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    claim = Claim(path)
    assert Claim.is_held(path)
    claim.release()
    claim.release()
    assert not Claim.is_held(path)
    assert not os.path.exists(path)


# --------------------------------------------------------------------------------------- what it can't use


def refused(path: str) -> JournalError:
    journal = Journal(path)
    try:
        with pytest.raises(JournalError) as caught:
            journal.begin(entry())
        with pytest.raises(JournalError):
            journal.accounts()
    finally:
        journal.close()
    assert caught.value.exit_code == 3
    assert not [name for name in os.listdir(os.path.dirname(path)) if name.endswith(".lock")]
    return caught.value


@pytest.mark.parametrize("damage", [b"no database at all, but some text", b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_damaged_journal(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(damage)
    assert "damaged" in refused(str(path)).message
    assert path.read_bytes() == damage


def test_a_journal_cut_short(opened: Callable[..., Journal], path: str) -> None:
    journal = opened()
    finish(journal, *[DONE] * 200)
    journal.close()
    os.truncate(path, 5000)
    with pytest.raises(JournalError, match="damaged"):
        opened().accounts()[0]


def test_a_newer_journal(opened: Callable[..., Journal], path: str) -> None:
    journal = opened()
    finish(journal, DONE)
    journal.close()
    db = apsw.Connection(path)
    db.execute(f"PRAGMA user_version = {module.VERSION + 1}")
    db.close()
    assert "newer Quaestor" in refused(path).message


def test_another_database(tmp_path: Path) -> None:
    path = str(tmp_path / "journal.db")
    db = apsw.Connection(path)
    db.execute("CREATE TABLE t(x); PRAGMA user_version = 1")
    db.close()
    assert "no journal" in refused(path).message


def test_a_journal_that_others_hold(
    opened: Callable[..., Journal], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish(opened(), DONE)
    monkeypatch.setattr(module, "BUSY_S", 0.1)
    holder = apsw.Connection(path)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalError, match="locked") as caught:
        opened().begin(entry())
    assert caught.value.retryable
    holder.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(JournalError, match="can't be made"):
        Journal(str(tmp_path / "data" / "journal.db")).begin(entry())


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(JournalError, match="can't be made"):
        Journal(str(tmp_path / "data" / "journal.db")).begin(entry())


# ------------------------------------------------------------------------------------------------- kept


def test_old_statements_go(opened: Callable[..., Journal]) -> None:
    kept = [
        finish(opened(NOW - days * DAY), *states)
        for days, states in ((400, [DONE]), (400, [UNKNOWN]), (300, [UNKNOWN]), (100, [DONE]), (80, [DONE]))
    ]
    journal = opened()
    new = finish(journal, DONE)
    assert [each.id for each in journal.accounts()] == [new, kept[4], kept[2]]
    assert moment(NOW - 80 * DAY) == journal.account(kept[4]).began


def test_many_bytes_go(opened: Callable[..., Journal], monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [finish(opened(NOW + n), *states) for n, states in enumerate(([DONE], [UNKNOWN], [DONE], [DONE]))]
    monkeypatch.setattr(module, "KEEP_BYTES", 2 * 170)
    journal = opened(NOW + 9)
    new = finish(journal, DONE)
    assert {each.id for each in journal.accounts()} == {new, ids[1], ids[2], ids[3]}
    rows: Any = journal._db
    assert rows.execute("SELECT count(*) FROM entries").fetchall() == [(4,)]  # theirs go with them
