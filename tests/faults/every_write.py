"""Every row of an INSERT meets every fault, in turn; what the report and the journal say is what the server knows.

The client is whole and speaks through sockets, to a server whose faults are exact: it knows of each request whether
was carried out. Behind it the sandbox keeps the state. After the fault the statement is gone on with: every group
is there once, and nothing that was there was asked for again.

Before: nothing. After: `test_every_write` lets nothing be wrong, `writes_report` prints the matrix.
"""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw
from tests.faults.server import Cut, FaultServer, Hang, Reply, Reset, Seen, answer

import quaestor
from quaestor.catalog.store import open_catalog
from quaestor.config import Settings, journal_path
from quaestor.errors import JournalError, PartialWriteError, QuaestorError
from quaestor.fetch.http import CancelToken, HttpRequest
from quaestor.run.writing.journal import Account, Journal
from quaestor.sandbox.rehearsal import Rehearsal

ROWS = 20
NAMES = [f"w{number:02}" for number in range(1, ROWS + 1)]
#: `team` is a variable, which has to be given again.
STATEMENT = "INSERT INTO okta.groups.groups (data__profile__name, data__profile__description) VALUES " + ", ".join(
    f"('{name}', '{{{{ team }}}}')" for name in NAMES
)
VARIABLES = {"team": "lab"}

#: What happens to one request: whether it is carried out, and what is answered; None answers as the sandbox does.
FAULTS: dict[str, tuple[bool, Sequence[Any]]] = {
    "500, not done": (False, [answer(b"{}", 500)]),
    "500, done": (True, [answer(b"{}", 500)]),
    "503, not done": (False, [answer(b"{}", 503, [("Retry-After", "1")])]),
    "503, done": (True, [answer(b"{}", 503, [("Retry-After", "1")])]),
    "429": (False, [answer(b"{}", 429, [("Retry-After", "1")])]),
    "409": (False, [answer(b'{"errorCode":"E0000001"}', 409)]),
    "400": (False, [answer(b'{"errorCode":"E0000001"}', 400)]),
    "reset before it was read": (False, []),
    "reset after it was read, not done": (False, [Reset()]),
    "reset after it was read, done": (True, [Reset()]),
    "cut off in the answer": (True, [b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{", Cut()]),
    "time-out, not done": (False, [Hang()]),
    "time-out, done": (True, [Hang()]),
    "idle connection closed before": (True, []),
}
#: How a fault comes: at one row, the others not being tried or tried all the same, or from that row on for ever.
WAYS = ("stop", "continue", "lasts")
#: Where a process is killed: by the server in the middle of a request, or by itself between two steps.
KILLS = (
    "before the intent",
    "after the intent",
    "as the request arrives",
    "after the request is carried out",
    "after the answer",
    "after the outcome",
)


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return 1_700_000_000.0 + self.now

    def sleep(self, seconds: float, cancel: CancelToken) -> None:
        self.now += seconds


class WriteServer(FaultServer):
    """The sandbox on sockets, with one fault at one write.

    Attributes:
        writes: of each write that was read, in order: the group's name, and whether it was carried out.
        fault, at, lasts: which fault, at the how-manyth write, and whether at all behind it too.
        on_write: called with the number of each write, before and after it is carried out.
    """

    def __init__(self, box: Rehearsal) -> None:
        self.writes: list[tuple[str, bool]] = []
        self.fault, self.at, self.lasts = "", 0, False
        self.is_busy = False  # a client that has lost its patience doesn't wait until it is done
        self.on_write: Callable[[int, str], None] = lambda number, when: None
        self._service = box.front.service
        super().__init__(self._reply)

    def converse(self, connection: socket.socket, number: int) -> None:
        """As it is said, but break off what comes next where that is the fault."""
        if self.fault == "reset before it was read" and self._is_hit(len(self.writes) + 1):
            self.fault = ""
            self._play(connection, [Reset()])
            return
        super().converse(connection, number)

    def _is_hit(self, number: int) -> bool:
        return number == self.at or (self.lasts and number > self.at)

    def _reply(self, seen: Seen) -> Reply:
        self.is_busy = True
        try:
            return self._replied(seen)
        finally:
            self.is_busy = False

    def _replied(self, seen: Seen) -> Reply:
        if seen.method == "GET":
            return self._handled(seen)
        name = json.loads(seen.body)["profile"]["name"]
        number = len(self.writes) + 1
        self.on_write(number, "arrives")
        done, reply = FAULTS[self.fault] if self.fault and self._is_hit(number) else (True, [])
        made = self._handled(seen) if done else [b""]
        self.writes.append((name, done and made[0].startswith(b"HTTP/1.1 200")))
        self.on_write(number, "is done")
        if self._is_hit(number + 1) and self.fault in ("reset before it was read", "idle connection closed before"):
            if self.fault.startswith("idle"):
                self.fault = ""
                return [*made, Cut()]  # without a word
            return [made[0].replace(b"\r\n", b"\r\nConnection: close\r\n", 1), Cut()]
        return reply or made

    def _handled(self, seen: Seen) -> list[bytes]:
        request = HttpRequest(
            seen.method, f"http://localhost{seen.target}", tuple(seen.headers.items()), seen.body or None
        )
        response = self._service.handle(request)
        headers = [(key, value) for key, value in response.headers if key not in ("content-type", "content-length")]
        return [answer(response.body, response.status, headers)]


@dataclass
class Case:
    """One run with a fault and one that goes on.

    Attributes:
        wrong: what shouldn't be, empty if all is right.
        counts: how the rows ended in the run with the fault; empty if it was killed.
        noted: what the journal said then.
    """

    fault: str
    row: int
    way: str
    wrong: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    noted: dict[str, int] = field(default_factory=dict)


class Bench:
    """A catalog and a folder for journals."""

    def __init__(self, catalog: Any, folder: Path) -> None:
        self.catalog = catalog
        self.folder = folder
        self._count = 0

    @contextmanager
    def world(self) -> Iterator[tuple[Rehearsal, WriteServer, str]]:
        """A fresh sandbox, a server before it, and a folder for user data."""
        self._count += 1
        data = self.folder / str(self._count)
        with (
            quaestor.sandbox("okta", scale={"groups": 3}, catalog=self.catalog) as box,
            closing(WriteServer(box)) as server,
        ):
            yield box, server, str(data)

    def connect(self, server: WriteServer, data: str, **settings: Any) -> quaestor.Connection:
        """A client of its own."""
        patience = 1.0 if server.fault.startswith("time-out") else 30.0
        path = journal_path({"XDG_DATA_HOME": data})
        given = Settings(journal=path, request_timeout_s=patience, **settings)
        return quaestor.connect(
            given,
            endpoints={"okta": f"{server.url}/okta"},
            env={"OKTA_API_TOKEN": "t"},
            catalog=self.catalog,
            clock=Clock(),
        )

    # ------------------------------------------------------------------------------------------ cases

    def faulty(self, fault: str, row: int, way: str) -> Case:
        """A fault at a row, in one of `WAYS`."""
        case = Case(fault, row, way)
        with self.world() as (box, server, data):
            server.fault, server.at, server.lasts = fault, row, way == "lasts"
            on_error = "continue" if way == "continue" else "stop"
            with self.connect(server, data, on_error=on_error) as con:
                states = _run(lambda: con.sql(STATEMENT, variables=VARIABLES))
            self._check(case, box, server, data, states)
            server.fault = ""
            with self.connect(server, data) as con:
                self._gone_on(case, box, server, data, con)
        return case

    def full_disk(self, at: int, way: str) -> Case:
        """No room from the how-manyth write of the journal on (`stays`), or just then (`once`)."""
        case = Case("disk full", at, way)
        with self.world() as (box, server, data):
            path = journal_path({"XDG_DATA_HOME": data})
            Journal(path).accounts()
            with self.connect(server, data) as con:
                con._parts._journal = FullDisk(path, at, stays=way == "stays")
                try:
                    states = _run(lambda: con.sql(STATEMENT, variables=VARIABLES))
                except JournalError:
                    states = dict.fromkeys(range(1, ROWS + 1), "not tried")
                    case.wrong += ["sent without a journal"] if server.writes else []
            if at == 1:  # there is no account: nothing was sent, and the statement can be written again
                case.counts = dict(Counter(states.values()))
                case.wrong += ["there is an account"] if _account(path) else []
                return case
            self._check(case, box, server, data, states)
            with self.connect(server, data) as con:
                self._gone_on(case, box, server, data, con)
        return case

    def killed(self, step: str, row: int) -> Case:
        """`kill -9` of the command at a step of a row, and the command that goes on."""
        case = Case("kill -9", row, step)
        with self.world() as (box, server, data):
            child = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.killed", step, str(row), *_arguments(server, "exec", STATEMENT)],
                env=_environment(data),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                cwd=Path(__file__).parents[2],
            )

            def on_write(number: int, when: str) -> None:
                wanted = {"as the request arrives": "arrives", "after the request is carried out": "is done"}
                if number == row and wanted.get(step) == when:
                    child.kill()
                    child.wait(10)

            server.on_write = on_write
            _, said = child.communicate(timeout=60)
            if "the request" in step:  # the server may be at it still
                server.wait_for(lambda: len(server.writes) >= row)
            server.on_write = lambda number, when: None
            if child.returncode != -9:
                case.wrong.append(f"the process ended by itself with {child.returncode}: {said.decode()[-300:]}")
                return case
            self._check(case, box, server, data, None)
            account = _account(journal_path({"XDG_DATA_HOME": data}))
            if account is None:
                case.wrong.append("there is no account")
                return case
            if account.state != ("done" if account.counts["done"] == ROWS else "broken off"):
                case.wrong.append(f"the journal says {account.state}")
            resumed = subprocess.run(
                [sys.executable, "-m", "quaestor", *_arguments(server, "journal", "resume", account.id)],
                env=_environment(data),
                capture_output=True,
                timeout=60,
                check=False,
            )
            if resumed.returncode:
                case.wrong.append(f"resume: {resumed.returncode} {resumed.stderr.decode()[-300:]}")
            self._check_end(case, box, server, data)
        return case

    # ------------------------------------------------------------------------------------------ checks

    def _check(
        self, case: Case, box: Rehearsal, server: WriteServer, data: str, states: dict[int, str] | None
    ) -> None:
        """What is said of each row is what the server knows of it."""
        server.wait_for(lambda: not server.is_busy)
        there = _groups(box)
        carried_out = {name for name, done in server.writes if done}
        if there != Counter(carried_out):
            case.wrong.append("the server's log and its state differ")
        asked = Counter(name for name, _ in server.writes)
        account = _account(journal_path({"XDG_DATA_HOME": data}))
        noted = {row.row: row.state for row in account.rows} if account is not None else {}
        case.noted = dict(Counter(noted.values()))
        for said, by in ((states, "report"), (noted, "journal")):
            if said is None:
                continue
            if set(said) != set(range(1, ROWS + 1)):
                case.wrong.append(f"the {by} lacks rows")
            for row, state in said.items():
                is_done, is_asked = NAMES[row - 1] in carried_out, asked[NAMES[row - 1]] > 0
                fits = {"done": is_done, "refused": not is_done, "unknown": True, "not tried": not is_asked}[state]
                if not fits:
                    case.wrong.append(f"row {row} is {state} in the {by}; {is_done=}, {is_asked=}")
        case.counts = dict(Counter(states.values())) if states is not None else {}
        unsure = [row for row, state in (states or noted).items() if state == "unknown"]
        if len(unsure) > 1:
            case.wrong.append(f"rows {unsure} are unknown, and one met the fault")

    def _gone_on(self, case: Case, box: Rehearsal, server: WriteServer, data: str, con: quaestor.Connection) -> None:
        account = _account(journal_path({"XDG_DATA_HOME": data}))
        if account is None:
            case.wrong.append("there is no account")
            return
        states = _run(lambda: con.resume(account.id, variables=VARIABLES))
        if set(states.values()) != {"done"}:
            case.wrong.append(f"resume: {Counter(states.values())}")
        self._check_end(case, box, server, data)

    def _check_end(self, case: Case, box: Rehearsal, server: WriteServer, data: str) -> None:
        """Every group is there once, and none was asked for again once it was there."""
        if _groups(box) != Counter(NAMES):
            case.wrong.append(f"in the end there are {_groups(box)}")
        done: set[str] = set()
        for name, is_done in server.writes:
            if name in done:
                case.wrong.append(f"{name} was asked for again")
            if is_done:
                done.add(name)
        account = _account(journal_path({"XDG_DATA_HOME": data}))
        if account is None or account.state != "done":
            case.wrong.append("the journal doesn't say done")
        if account is not None:
            _check_holds_no_value(case, account)


class FullDisk(Journal):
    """A journal on a disk without room, as the kernel says it: RLIMIT_FSIZE lets no file grow or change."""

    def __init__(self, path: str, at: int, *, stays: bool) -> None:
        super().__init__(path)
        self._count, self._at, self._stays = 0, at, stays

    def _change(self, work: Callable[[apsw.Connection], object], *, syncs: bool = True) -> None:
        self._count += 1
        if self._count != self._at and not (self._stays and self._count > self._at):
            return super()._change(work, syncs=syncs)
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
        try:
            return super()._change(work, syncs=syncs)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def _check_holds_no_value(case: Case, account: Account) -> None:
    if "{{ team }}" not in account.text or "lab" in account.text:
        case.wrong.append("the journal holds a variable's value")


def _run(write: Callable[[], quaestor.Result]) -> dict[int, str]:
    """How each row ended, as the report says. Raises what isn't about rows."""
    try:
        write().close()
    except PartialWriteError as error:
        return {row: state for state, rows in error.outcomes.items() for row in rows}
    except JournalError:
        raise
    except QuaestorError as error:
        return {0: f"no report: {error.message}"}
    return dict.fromkeys(range(1, ROWS + 1), "done")


def _groups(box: Rehearsal) -> Counter[str]:
    """How many groups of each of our names there are, asked behind the server's back."""
    with box.connect() as con:
        rows = con.sql("SELECT profile ->> 'name' FROM okta.groups.groups").fetchall()
    return Counter(str(name) for (name,) in rows if name in NAMES)


def _account(path: str) -> Account | None:
    journal = Journal(path)
    try:
        known = journal.accounts()
        return journal.account(known[0].id) if known else None
    finally:
        journal.close()


def _arguments(server: WriteServer, *command: str) -> list[str]:
    return [*command, "--endpoint", f"okta={server.url}/okta", "--var", "team=lab"]


def _environment(data: str) -> dict[str, str]:
    keep = {key: os.environ[key] for key in ("PATH", "HOME", "XDG_CACHE_HOME") if key in os.environ}
    return {**keep, "XDG_DATA_HOME": data, "XDG_CONFIG_HOME": data, "OKTA_API_TOKEN": "t"}


@contextmanager
def bench() -> Iterator[Bench]:
    """Everything that cases need."""
    with tempfile.TemporaryDirectory() as folder, open_catalog() as catalog:
        yield Bench(catalog, Path(folder))


def disk_writes() -> int:
    """How many writes of the journal a run without faults makes: one at the begin, two a row, one at the end."""
    return 2 + 2 * ROWS
