"""Writes carried out: one request a row, each with its outcome, and a journal that knows of it first.

Before: `run.writing.preparing` has planned and checked every row. After: `run.writing.returning` shows what the rows
came back as.

Every row ends as one of `OUTCOMES`:

- done: the API said so;
- refused: the API said no, or nothing was sent: nothing was done;
- unknown: sent, and no answer that says whether it was done (a time-out, a reset, 5xx);
- not tried: what was asked for ended before.

A write is never sent again once a byte of it may have arrived (`fetch.retry`).
"""

from __future__ import annotations

import threading

from quaestor.errors import (
    Cancelled,
    ForbiddenError,
    PartialWriteError,
    ProviderError,
    QuaestorError,
    ServerError,
    TransportError,
)
from quaestor.fetch.stats import Stats
from quaestor.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Protocol

    from quaestor.fetch.http import GentleToken, HttpResponse
    from quaestor.plan.writing.calls import Call

#: How a row can end.
OUTCOMES = DONE, REFUSED, UNKNOWN, NOT_TRIED = "done", "refused", "unknown", "not tried"
#: Answers that don't say whether the request was carried out, besides those from 500 on (RFC 9110, 15.5.9).
_UNSURE = (408,)
#: Answers of 500 and more that do: it isn't there, or the version isn't (RFC 9110, 15.6.2 and 15.6.6).
_SURE = (501, 505)
#: How often a Ctrl-C is looked for while threads write.
POLL_S = 0.1
#: Failed rows that an error tells of in full.
MOST_TOLD = 5
_INTERRUPTED = "interrupted before the answer came"


class Entry(Record):
    """A statement as a journal keeps it: no value of a secret.

    Attributes:
        text: the statement, placeholders as placeholders, literals of secrets masked.
        verb: insert, update, replace, delete, exec.
        digests: of each row's request, hexadecimal; secrets are masked before.
        keys: of each row, what names its object in the path; empty where the path has no key.
        rows: their numbers.
        path: what USE names.
    """

    text: str
    verb: str
    connection: str
    resource: str
    method: str
    digests: tuple[str, ...]
    keys: tuple[str, ...]
    rows: tuple[int, ...]
    path: tuple[str, ...] = ()


class Outcome(Record):
    """How a row ended.

    Attributes:
        row: its number, from 1.
        state: one of `OUTCOMES`.
        error: why, if it isn't done.
        response: what the API answered, if it is.
    """

    row: int
    state: str
    call: Call
    error: QuaestorError | None = None
    response: HttpResponse | None = None

    @property
    def reason(self) -> str:
        """Why it isn't done, in a line; empty if it is."""
        return "" if self.error is None else self.error.message


if TYPE_CHECKING:

    class Journal(Protocol):
        """Keeps account of writes; thread safe."""

        def begin(self, entry: Entry) -> JournalRun:
            """A statement is about to write; on disk when this returns. Raises JournalError if it can't be."""
            ...

    class JournalRun(Protocol):
        """The account of one statement.

        Attributes:
            id: what `quaestor journal show` takes; empty for one that isn't kept.
        """

        id: str

        def intent(self, row: int) -> None:
            """A row is about to be sent; on disk when this returns. Raises JournalError if it can't be: nothing is
            sent then."""
            ...

        def outcome(self, outcome: Outcome) -> None:
            """How the row ended, with the reason and, of a done one, what names the object. Raises JournalError if it
            can't be kept: nothing more is sent then."""
            ...

        def end(self) -> None:
            """The statement has ended, however it did; rows without an intent were not tried."""
            ...


class Unkept:
    """A journal that keeps nothing: of a session that has none."""

    id = ""

    def begin(self, entry: Entry) -> JournalRun:
        """Itself."""
        return self

    def intent(self, row: int) -> None:
        """Nothing is kept."""

    def outcome(self, outcome: Outcome) -> None:
        """Nothing is kept."""

    def end(self) -> None:
        """Nothing is kept."""


class CallStats(Stats):
    """Counts one call, and in the statement's stats too: whether anything was sent decides about its outcome."""

    def __init__(self, whole: Stats) -> None:
        super().__init__()
        self._statement = whole

    def add(self, **counts: Any) -> None:
        """Count. Raises LimitError as the statement's stats do, before it is counted here."""
        self._statement.add(**counts)
        super().add(**counts)

    def note_bucket(self, bucket: str, remaining: int) -> None:
        """Note what is left of a rate limit."""
        self._statement.note_bucket(bucket, remaining)


class Mutation:
    """The rows of one statement being written.

    Args:
        send: makes the request of a call and gives its answer.
        run: the statement's account.
        goes_on: whether the rows behind a failed one are tried.
        concurrency: the most requests at the same time.
        token: stops it: what is under way ends first, unless it is aborted.
    """

    def __init__(
        self,
        calls: Sequence[Call],
        send: Callable[[Call, Stats], HttpResponse],
        run: JournalRun,
        stats: Stats,
        token: GentleToken,
        *,
        goes_on: bool,
        concurrency: int = 1,
    ) -> None:
        self._calls = list(calls)
        self._send = send
        self._run = run
        self._stats = stats
        self._token = token
        self._goes_on = goes_on
        self._concurrency = concurrency
        self._lock = threading.Lock()
        self._next = 0
        self._is_over = False
        self._broken: BaseException | None = None
        self.trouble: QuaestorError | None = None  # of the journal, which couldn't keep an outcome
        self._outcomes: dict[int, Outcome] = {}

    def execute(self) -> list[Outcome]:
        """Send every call; how each row ended, in order. An interrupt ends it after what is under way."""
        try:
            if self._concurrency > 1 and len(self._calls) > 1:
                self._together()
            else:
                self._work()
        except KeyboardInterrupt:  # the second Ctrl-C: what is under way is given up
            self._token.cancel()
            self._token.abort.cancel()
        try:
            self._run.end()
        except QuaestorError as error:
            self.trouble = self.trouble or error
        if self._broken is not None:
            raise self._broken
        return [self._outcomes.get(call.row) or Outcome(call.row, NOT_TRIED, call) for call in self._calls]

    def _together(self) -> None:
        count = min(self._concurrency, len(self._calls))
        threads = [threading.Thread(target=self._guarded, name=f"write-{n}", daemon=True) for n in range(count)]
        for thread in threads:
            thread.start()
        try:
            while any(thread.is_alive() for thread in threads):
                for thread in threads:
                    thread.join(POLL_S)
        except KeyboardInterrupt:
            self._token.cancel()
            self._token.abort.cancel()
            for thread in threads:
                thread.join()

    def _guarded(self) -> None:
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits
            self._broken = self._broken or error
            self._is_over = True

    def _work(self) -> None:
        while (call := self._take()) is not None:
            try:
                self._run.intent(call.row)
            except QuaestorError as error:  # what can't be kept account of isn't sent
                self._outcomes[call.row] = Outcome(call.row, NOT_TRIED, call, error)
                self._is_over = True
                return
            # an interrupt may come between any two steps: what is noted is never better than what is so
            self._outcomes[call.row] = Outcome(call.row, UNKNOWN, call, Cancelled(_INTERRUPTED))
            outcome = self._outcome(call)
            self._outcomes[call.row] = outcome
            if outcome.state != DONE and not self._goes_on:
                self._is_over = True
            try:
                self._run.outcome(outcome)
            except QuaestorError as error:
                self.trouble = error
                self._is_over = True

    def _take(self) -> Call | None:
        with self._lock:
            if self._is_over or self._token.cancelled or self._next >= len(self._calls):
                return None
            self._next += 1
            return self._calls[self._next - 1]

    def _outcome(self, call: Call) -> Outcome:
        stats = CallStats(self._stats)
        try:
            response = self._send(call, stats)
        except QuaestorError as error:
            return Outcome(call.row, state_after(error, is_sent=stats.requests > 0), call, error)
        except KeyboardInterrupt:
            self._token.cancel()
            self._token.abort.cancel()
            cancelled = Cancelled(_INTERRUPTED)
            return Outcome(call.row, UNKNOWN if stats.requests else NOT_TRIED, call, cancelled)
        return Outcome(call.row, DONE, call, None, response)


def state_after(error: QuaestorError, *, is_sent: bool) -> str:
    """What a failed call has done: one of `OUTCOMES`."""
    if not is_sent:
        return NOT_TRIED if isinstance(error, Cancelled) else REFUSED
    if isinstance(error, TransportError):
        return UNKNOWN if error.may_have_arrived else REFUSED
    if isinstance(error, ServerError) and error.status not in _SURE:
        return UNKNOWN
    if isinstance(error, ProviderError):
        return UNKNOWN if error.status in _UNSURE else REFUSED
    return REFUSED if isinstance(error, ForbiddenError) else UNKNOWN


def failure_of(outcomes: Sequence[Outcome], journal: str, *, interrupted: bool) -> QuaestorError | None:
    """The error for a statement that isn't done with all rows; None if it is.

    A single row that was refused is the API's own error: nothing of the statement is done.
    """
    failed = [outcome for outcome in outcomes if outcome.state != DONE]
    if not failed:
        return None
    first = next((outcome.error for outcome in failed if outcome.error is not None), None)
    nothing_done = all(outcome.state in (REFUSED, NOT_TRIED) for outcome in outcomes)
    if first is not None and nothing_done and (len(outcomes) == 1 or isinstance(first, ForbiddenError)):
        return first
    if nothing_done and interrupted and first is None:
        return Cancelled("cancelled before anything was written")
    counts = {state: [o.row for o in outcomes if o.state == state] for state in OUTCOMES}
    words = ", ".join(f"{len(rows):,} {state}" for state, rows in counts.items() if rows or state == DONE)
    told = [f"row {o.row} {o.state}: {o.reason}" for o in failed if o.error is not None]
    more = [f"… and {len(told) - MOST_TOLD} more"] if len(told) > MOST_TOLD else []
    message = f"of {len(outcomes):,} rows {words}" + "".join(f"\n  {line}" for line in [*told[:MOST_TOLD], *more])
    hint = ""
    if counts[UNKNOWN]:
        hint = "look whether the unknown ones are there before you write them again"
    if journal:
        hint = f"{hint + '; ' if hint else ''}quaestor journal show {journal} lists each row, resume goes on"
    error = PartialWriteError(
        f"interrupted: {message}" if interrupted else message,
        hint=hint,
        outcomes={state: tuple(rows) for state, rows in counts.items()},
        journal=journal,
    )
    if interrupted:
        error.exit_code = Cancelled.exit_code
    error.__cause__ = first
    return error
