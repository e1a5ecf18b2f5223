"""The journal: what was about to be sent, on disk before it is, and how each row of it ended.

Before: `run.writing.mutate` asks for `begin`, `intent` and `outcome` of each row. After: `run.writing.resume` goes on
with a statement that isn't done, `surfaces.cli.journal` shows what is kept.

One SQLite file in the user's data folder, for him alone (0600 in 0700), shared by all his processes. It holds the
statement's text with its placeholders, keys and digests of the requests; never a value of a secret. A row is
`not tried` until its intent is on disk; from then on it is `unknown`, until its outcome is there: so what a killed
process leaves behind says the truth. The intent is synced before the request leaves (WAL, synchronous=FULL); an
outcome is synced with the next intent or with the end, since losing it in a power failure leaves `unknown`.

While a process writes it holds a lock on a file beside the journal, which ends with the process.
"""

from __future__ import annotations

import json
import os
from _thread import allocate_lock
from time import gmtime, strftime, time

import apsw

from quaestor.errors import JournalError
from quaestor.record import Record
from quaestor.run.wal import switch_to_wal
from quaestor.run.writing.mutate import DONE, NOT_TRIED, OUTCOMES, UNKNOWN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from quaestor.run.writing.mutate import Entry, Outcome

#: Marks the file as ours: "Qjnl" (https://www.sqlite.org/pragma.html#pragma_application_id).
APPLICATION_ID = 0x516A6E6C
#: The layout of the file; a file with a higher one was made by a newer Quaestor.
VERSION = 1
#: How long a process waits for another that writes, in seconds. A write takes milliseconds.
BUSY_S = 10.0
#: What is kept, in days: of statements that are done with every row, and of others.
KEEP_DONE_DAYS, KEEP_OTHERS_DAYS = 90, 365
#: And in bytes, about: beyond it the oldest that are done go first.
KEEP_BYTES = 256 << 20
#: What a row takes besides its key, about.
_ROW_BYTES = 160
#: The longest reason that is kept, in characters.
LONGEST_REASON = 500

_LAYOUT = f"""
CREATE TABLE statements(
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, began TEXT NOT NULL, ended TEXT, text TEXT NOT NULL,
    verb TEXT NOT NULL, connection TEXT NOT NULL, resource TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    bytes INTEGER NOT NULL
);
CREATE TABLE entries(
    statement TEXT NOT NULL REFERENCES statements(id) ON DELETE CASCADE, row INTEGER NOT NULL, key TEXT NOT NULL,
    digest TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '', object TEXT NOT NULL DEFAULT '',
    at TEXT, PRIMARY KEY(statement, row)
) WITHOUT ROWID;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {VERSION};
"""


class KeptRow(Record):
    """A row of a statement.

    Attributes:
        row: its number, from 1.
        key: what named its object in the path; `object` the id that an insert was answered with.
        state: one of `mutate.OUTCOMES`.
        reason: why it isn't done, or how it is known that it is.
        at: when this was noted, UTC; empty for a row that wasn't tried.
    """

    row: int
    key: str
    digest: str
    state: str
    reason: str = ""
    object: str = ""
    at: str = ""


class Account(Record):
    """A statement that the journal knows.

    Attributes:
        began, ended: UTC; `ended` is empty while it runs, and for good if its process was killed.
        path: what USE named when it ran.
        is_running: whether a process is at it now.
        counts: how many rows there are of each of `mutate.OUTCOMES`.
        rows: empty in a list.
    """

    id: str
    began: str
    ended: str
    text: str
    verb: str
    connection: str
    resource: str
    method: str
    path: tuple[str, ...]
    is_running: bool
    counts: dict[str, int]
    rows: tuple[KeptRow, ...] = ()

    @property
    def state(self) -> str:
        """`running`, `done`, `not done`, or `broken off` if its process ended without saying so."""
        if self.is_running:
            return "running"
        if self.counts[DONE] == sum(self.counts.values()):
            return "done"
        return "not done" if self.ended else "broken off"


class Journal:
    """The file, opened when it is first needed; thread safe. Every method raises JournalError if it can't be used.

    Args:
        path: of the file; it and its folder are made for the first statement that writes.
        now_s: seconds since 1970.
    """

    def __init__(self, path: str, now_s: Callable[[], float] = time) -> None:
        self.path = path
        self._now_s = now_s
        self._lock = allocate_lock()
        self._db: apsw.Connection | None = None

    def close(self) -> None:
        """Close the file; it can be used again."""
        with self._lock:
            if self._db is not None:
                self._db.close(True)
                self._db = None

    # ----------------------------------------------------------------------------------------- writing

    def begin(self, entry: Entry) -> JournalRun:
        """The account of a statement that is about to write, on disk when this returns."""
        now = self._now_s()
        id_ = f"{strftime('%Y%m%d-%H%M%S', gmtime(now))}-{os.urandom(3).hex()}"
        size = len(entry.text.encode()) + sum(len(key) + _ROW_BYTES for key in entry.keys)
        row = (
            id_,
            moment(now),
            entry.text,
            entry.verb,
            entry.connection,
            entry.resource,
            entry.method,
            json.dumps(entry.path),
            size,
        )
        known = zip(entry.rows, entry.keys, entry.digests, strict=True)
        rows = [(id_, *each, NOT_TRIED) for each in known]
        claim = Claim(self._lock_path(id_))

        def work(db: apsw.Connection) -> None:
            self._forget(db, now)
            db.execute("INSERT INTO statements VALUES(NULL,?,?,NULL,?,?,?,?,?,?,?)", row)
            db.executemany("INSERT INTO entries(statement, row, key, digest, state) VALUES(?,?,?,?,?)", rows)

        try:
            self._change(work)
        except BaseException:
            claim.release()
            raise
        return JournalRun(self, id_, claim)

    def again(self, id_: str) -> JournalRun:
        """Go on with a statement. Raises JournalError too if there is none, or another process is at it."""
        if not self.account(id_).is_running:
            return JournalRun(self, id_, Claim(self._lock_path(id_)))
        raise JournalError(
            f"another process is writing {id_} now", hint="wait for it; quaestor journal list shows when it is done"
        )

    def settle(self, id_: str, rows: Iterable[int], state: str, reason: str) -> None:
        """Note what has been found out about rows of a statement."""
        values = [(state, reason[:LONGEST_REASON], "", moment(self._now_s()), id_, row) for row in rows]
        if values:
            self._change(lambda db: db.executemany(_SET, values))

    def note(self, sql: str, values: tuple[Any, ...], *, syncs: bool) -> None:
        """One change; on disk when this returns if it `syncs`."""
        self._change(lambda db: db.execute(sql, values), syncs=syncs)

    def now(self) -> str:
        """What is noted as the time."""
        return moment(self._now_s())

    def _change(self, work: Callable[[apsw.Connection], object], *, syncs: bool = True) -> None:
        """One transaction, whole or not at all."""
        with self._lock:
            db = self._opened(makes=True)
            try:
                db.execute(f"PRAGMA synchronous = {'FULL' if syncs else 'NORMAL'}")
                db.execute("BEGIN IMMEDIATE")
                work(db)
                db.execute("COMMIT")
            except BaseException as error:  # an interrupt too leaves nothing open
                if db.in_transaction:
                    db.execute("ROLLBACK")
                if isinstance(error, apsw.Error):
                    raise self._failure(error) from error
                raise

    def _forget(self, db: apsw.Connection, now: float) -> None:
        """Drop what is older or more than is kept."""
        is_done = f"NOT EXISTS (SELECT 1 FROM entries e WHERE e.statement = s.id AND e.state != '{DONE}')"  # noqa: S608 - our own words
        for days, condition in ((KEEP_DONE_DAYS, f"AND {is_done}"), (KEEP_OTHERS_DAYS, "")):
            limit = moment(now - days * 86_400)
            db.execute(f"DELETE FROM statements AS s WHERE began < ? {condition}", (limit,))  # noqa: S608 - our own text
        size = db.execute("SELECT coalesce(sum(bytes), 0) FROM statements").fetchall()[0][0]
        if isinstance(size, int) and size > KEEP_BYTES:
            db.execute(
                f"""DELETE FROM statements WHERE id IN (
                    SELECT id FROM (SELECT id, sum(bytes) OVER (ORDER BY number DESC) AS upto FROM statements) s
                    WHERE upto > ? AND {is_done})""",  # noqa: S608
                (KEEP_BYTES,),
            )

    # ----------------------------------------------------------------------------------------- reading

    def accounts(self) -> list[Account]:
        """Every statement that is kept, the newest first, without its rows."""
        with self._lock:
            if not os.path.exists(self.path):
                return []
            found = self._read(f"{_SELECT} GROUP BY s.id ORDER BY s.number DESC", ())
        return [self._account(row) for row in found]

    def account(self, id_: str) -> Account:
        """A statement with its rows. Raises JournalError if there is none of this id."""
        with self._lock:
            found = self._read(f"{_SELECT} WHERE s.id = ? GROUP BY s.id", (id_,)) if os.path.exists(self.path) else []
            rows = (
                self._read(
                    "SELECT row, key, digest, state, reason, object, coalesce(at, '') FROM entries "
                    "WHERE statement = ? ORDER BY row",
                    (id_,),
                )
                if found
                else []
            )
        if not found:
            raise JournalError(f"the journal knows no statement {id_}", hint="quaestor journal list lists them")
        return self._account(found[0], tuple(KeptRow(*row) for row in rows))

    def _account(self, row: tuple[Any, ...], rows: tuple[KeptRow, ...] = ()) -> Account:
        id_, began, ended, text, verb, connection, resource, method, path, *numbers = row
        counts = dict(zip(OUTCOMES, numbers, strict=True))
        is_running = Claim.is_held(self._lock_path(id_))
        about = (id_, began, ended, text, verb, connection, resource, method, tuple(json.loads(path)))
        return Account(*about, is_running, counts, rows)

    def _read(self, sql: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        db = self._opened(makes=False)
        try:
            return list(db.execute(sql, values))
        except apsw.Error as error:
            raise self._failure(error) from error

    # ------------------------------------------------------------------------------------------- the file

    def _lock_path(self, id_: str) -> str:
        return f"{self.path}-{id_}.lock"

    def _opened(self, *, makes: bool) -> apsw.Connection:
        if self._db is not None:
            return self._db
        try:
            if makes:
                os.makedirs(os.path.dirname(os.path.abspath(self.path)), mode=0o700, exist_ok=True)
                os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            db = apsw.Connection(self.path, flags=apsw.SQLITE_OPEN_READWRITE)
        except OSError as error:
            raise JournalError(
                f"the journal {self.path} can't be made: {error.strerror}",
                hint="nothing was sent; XDG_DATA_HOME says where it is",
            ) from error
        except apsw.Error as error:
            raise self._failure(error) from error
        try:
            db.set_busy_timeout(int(BUSY_S * 1000))
            self._lay_out(db)
            db.execute("PRAGMA foreign_keys = ON; PRAGMA fullfsync = ON")
        except BaseException as error:
            db.close(True)
            if isinstance(error, apsw.Error):
                raise self._failure(error) from error
            raise
        self._db = db
        return db

    def _lay_out(self, db: apsw.Connection) -> None:
        """Make an empty file a journal, and refuse one that isn't ours or newer than we are."""
        if db.pragma("user_version") == 0:
            db.execute("BEGIN IMMEDIATE")
            if not db.execute("SELECT count(*) FROM sqlite_schema").fetchall()[0][0]:  # nobody was faster
                db.execute(_LAYOUT)
            db.execute("COMMIT")
        if db.pragma("application_id") != APPLICATION_ID:
            raise JournalError(
                f"{self.path} is no journal: it is a database of something else",
                hint="move it away: nothing is written without a journal",
            )
        version = db.pragma("user_version")
        if isinstance(version, int) and version > VERSION:
            raise JournalError(
                f"the journal {self.path} was made by a newer Quaestor (its version is {version}, this one reads "
                f"{VERSION})",
                hint="update Quaestor; nothing was sent",
            )
        switch_to_wal(db, BUSY_S)

    def _failure(self, error: apsw.Error) -> JournalError:
        """What an error of SQLite about the file means to people."""
        if isinstance(error, apsw.BusyError | apsw.LockedError):
            failed = JournalError(
                f"the journal {self.path} is locked: another process has held it for {BUSY_S:g} s",
                hint="try again; what can't be noted isn't sent",
            )
            failed.retryable = True
            return failed
        if isinstance(error, apsw.NotADBError | apsw.CorruptError):
            return JournalError(
                f"the journal {self.path} is damaged, or no SQLite file: {error}",
                hint="move it away: the next write makes another; SQLite's .recover may save what it says",
            )
        if isinstance(error, apsw.FullError | apsw.IOError):
            return JournalError(
                f"the journal {self.path} can't be written: {error}",
                hint="is the disk full? What can't be noted isn't sent",
            )
        return JournalError(f"the journal {self.path} can't be used: {error}", hint="what can't be noted isn't sent")


class JournalRun:
    """The account of one statement while it writes; thread safe.

    Attributes:
        id: what `quaestor journal show` takes.
    """

    def __init__(self, journal: Journal, id_: str, claim: Claim) -> None:
        self.id = id_
        self._journal = journal
        self._claim = claim

    def intent(self, row: int) -> None:
        """A row is about to be sent; on disk when this returns. Raises JournalError if it can't be."""
        self._set(row, UNKNOWN, "", "", syncs=True)

    def outcome(self, outcome: Outcome) -> None:
        """How the row ended. Raises JournalError if it can't be kept."""
        made = _object_of(outcome)
        self._set(outcome.row, outcome.state, outcome.reason[:LONGEST_REASON], made, syncs=False)

    def _set(self, row: int, state: str, reason: str, made: str, *, syncs: bool) -> None:
        self._journal.note(_SET, (state, reason, made, self._journal.now(), self.id, row), syncs=syncs)

    def end(self) -> None:
        """The statement has ended, however it did; what was noted is on disk when this returns."""
        try:
            ended = (self._journal.now(), self.id)
            self._journal.note("UPDATE statements SET ended = ? WHERE id = ?", ended, syncs=True)
        finally:
            self._claim.release()


class Claim:
    """A lock on a file beside the journal, by which others see that a process is at a statement."""

    def __init__(self, path: str) -> None:
        """Take it. Raises JournalError if somebody has it, or no file can be made."""
        import fcntl

        self._path = path
        self._file = -1
        try:
            os.makedirs(os.path.dirname(os.path.abspath(path)), mode=0o700, exist_ok=True)
            while True:
                self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _is_there(self._file, path):
                    return
                os.close(self._file)  # who had it has taken the file away meanwhile
        except BlockingIOError:
            os.close(self._file)
            raise JournalError(
                "another process is writing this statement", hint="wait for it; quaestor journal list shows it"
            ) from None
        except OSError as error:
            raise JournalError(
                f"the journal's lock {path} can't be made: {error.strerror}", hint="nothing was sent"
            ) from error

    def release(self) -> None:
        """Give it back."""
        if self._file >= 0:
            try:
                os.unlink(self._path)
            finally:
                os.close(self._file)
                self._file = -1

    @staticmethod
    def is_held(path: str) -> bool:
        """Whether a process has it; one that a killed process left behind is taken away."""
        if not os.path.exists(path):
            return False
        try:
            Claim(path).release()
        except JournalError:
            return True
        return False


_SET = "UPDATE entries SET state = ?, reason = ?, object = ?, at = ? WHERE statement = ? AND row = ?"
_COUNTS = ", ".join(f"count(*) FILTER (WHERE e.state = '{state}')" for state in OUTCOMES)
_SELECT = f"""SELECT s.id, s.began, coalesce(s.ended, ''), s.text, s.verb, s.connection, s.resource, s.method, s.path,
    {_COUNTS} FROM statements s LEFT JOIN entries e ON e.statement = s.id"""  # noqa: S608 - our own words


def moment(now_s: float) -> str:
    """A time as the journal writes it: RFC 3339, UTC, whole seconds."""
    return strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(now_s))


def _is_there(file: int, path: str) -> bool:
    """Whether the path still names the open file."""
    try:
        there, own = os.stat(path), os.fstat(file)
    except FileNotFoundError:
        return False
    return (there.st_dev, there.st_ino) == (own.st_dev, own.st_ino)


def _object_of(outcome: Outcome) -> str:
    """The id of what an insert made: `id`, or `data.id` (https://jsonapi.org/format/#crud-creating)."""
    if outcome.state != DONE or outcome.response is None or outcome.call.method.verb != "insert":
        return ""
    try:
        body = json.loads(outcome.response.body or b"null")
    except (ValueError, RecursionError):
        return ""
    for found in (body, body.get("data") if isinstance(body, dict) else None):
        made = found.get("id") if isinstance(found, dict) else None
        if isinstance(made, str | int):
            return str(made)[:LONGEST_REASON]
    return ""
