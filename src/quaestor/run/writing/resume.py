"""A statement that isn't done, gone on with: evaluated again, compared with what the journal knows, sent from there.

Before: `run.writing.journal` has its account, `run.writing.preparing` has prepared it anew. After: the rows that are
left are sent like any others, under the same account.

What is done is never sent again. A row whose request differs from the one that was noted isn't sent: the statement
would do something else now. An unknown row is looked for: what an insert makes by the natural key that the catalog
names, what a delete takes by its key. One that can't be looked for is asked about, once: `retry` or `skip`.
"""

from __future__ import annotations

from quaestor.errors import BindError, PartialWriteError, UnsupportedError, UsageError
from quaestor.fetch.stats import Stats
from quaestor.plan.conditions import conjunction
from quaestor.plan.writing.upsert import literal, plan_upsert
from quaestor.record import Record, replace
from quaestor.run.result import Result
from quaestor.run.writing.evaluating import Given
from quaestor.run.writing.mutate import DONE, UNKNOWN
from quaestor.run.writing.upserting import Upserting
from quaestor.sql import nodes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quaestor.fetch.http import GentleToken
    from quaestor.plan.writing.calls import Call
    from quaestor.run.writing.evaluating import Evaluation
    from quaestor.run.writing.journal import Account, Journal, KeptRow
    from quaestor.run.writing.preparing import Prepared, Write
    from quaestor.run.writing.writer import Writer
    from quaestor.values import SqlValue

#: What to do with rows of which nobody can tell whether they are done: ask, send them again, take them for done.
UNKNOWN_ROWS = ASK, RETRY, SKIP = "ask", "retry", "skip"
#: Rows that a message names.
_MOST_NAMED = 10

FOUND = "found by its natural key"
GONE = "it is gone"
THERE = "it is there already"
SAID = "taken for done: --skip-unknown"


class Found(Record):
    """What a statement's rows are, evaluated again.

    Attributes:
        todo: calls with the numbers that the journal has for their rows; those of unknown rows too.
        gone: numbers of unknown rows that the statement doesn't reach any more.
    """

    todo: list[Call]
    gone: list[int]


def resume(
    journal: Journal,
    writer: Writer,
    account: Account,
    statement: Write,
    values: Mapping[str, SqlValue],
    token: GentleToken,
    unknown: str,
) -> Result:
    """Go on with a statement.

    Args:
        statement: that of `account.text`, its placeholders having values.
        unknown: one of `UNKNOWN_ROWS`.

    Raises BindError where it differs from what was noted, UsageError where rows have to be asked about; nothing is
    sent then. Else what `Writer.write` does.
    """
    if unknown not in UNKNOWN_ROWS:
        raise UsageError(f"unknown is one of {', '.join(UNKNOWN_ROWS)}, not {unknown!r}")
    run = journal.again(account.id)
    try:
        account = journal.account(account.id)  # it may have changed until the account was ours
        if account.counts[DONE] == len(account.rows):
            run.end()
            return _nothing_left(account)
        stats = Stats()
        ready = writer.preparer.prepare(statement, Given(account.text, values, account.path), stats, token)
        found = _compared(account, ready, writer)
        looked_up = _looked_up(account, ready, found, writer.preparer.reading(ready.given, stats, token))
        known = _taken_for_done(account, found, looked_up, unknown)
        calls = _remaining(ready, [call for call in found.todo if call.row not in known])
        if writer.only_shows:
            run.end()
            return writer.shown(ready, calls, stats)
        dropped = {call.row for call in found.todo} - {call.row for call in calls} - known.keys()
        known |= dict.fromkeys(dropped, THERE)
        for reason in dict.fromkeys(known.values()):
            journal.settle(account.id, [row for row, why in known.items() if why == reason], DONE, reason)
    except BaseException:
        run.end()
        raise
    before = len(account.rows) - len(calls)
    if not calls:
        run.end()
        return _nothing_left(journal.account(account.id))
    ready.calls = calls
    try:
        result = writer.carry_out(ready, run, stats, token)
    except PartialWriteError as error:
        error.message += f"\n  besides, {before:,} {'was' if before == 1 else 'were'} done before" if before else ""
        raise
    result.message = (
        f"{result.message}; {before:,} {'was' if before == 1 else 'were'} done before" if result.message else ""
    )
    return result


def _taken_for_done(account: Account, found: Found, looked_up: Mapping[int, str], unknown: str) -> dict[int, str]:
    """The rows of unknown end that aren't sent again, and why. Raises UsageError where rows have to be asked about,
    BindError where they can't be sent again."""
    left = {row.row for row in account.rows if row.state == UNKNOWN} - looked_up.keys()
    known = {row: reason for row, reason in looked_up.items() if reason}
    if left and unknown == ASK:
        raise _ask(account, sorted(left))
    if unknown != SKIP and left.intersection(found.gone):
        raise _differs(account, [f"row {row} isn't reached any more" for row in found.gone], "--skip-unknown")
    if unknown == SKIP:
        known |= dict.fromkeys(left, SAID)
    return known


def _nothing_left(account: Account) -> Result:
    count = len(account.rows)
    rows = "its row is" if count == 1 else f"all its {count:,} rows are"
    return Result((), (), stats=Stats(), message=f"{account.id}: {rows} done, nothing was sent")


# ------------------------------------------------------------------------------------------- compared


def _compared(account: Account, ready: Prepared, writer: Writer) -> Found:
    """The rows as they are now beside those of the journal. Raises BindError where they differ."""
    planned = [(call, writer.digest(ready, call)) for call in ready.planned]
    if account.verb in ("insert", "exec"):
        return _by_number(account, planned, is_upsert=ready.upserting is not None)
    return _by_key(account, planned)


def _by_number(account: Account, planned: Sequence[tuple[Call, str]], *, is_upsert: bool) -> Found:
    """An INSERT's rows have their places."""
    by_row = {call.row: (call, digest) for call, digest in planned}
    kept = {row.row: row for row in account.rows}
    problems = [f"row {row} is a new one" for row in by_row if row not in kept and not is_upsert]
    todo = []
    for number, row in kept.items():
        if number not in by_row:
            problems.append(f"row {number} isn't there any more")
        elif by_row[number][1] != row.digest:
            problems.append(f"row {number} would be another request")
        elif row.state != DONE:
            todo.append(by_row[number][0])
    if problems:
        raise _differs(account, problems)
    return Found(todo, [])


def _by_key(account: Account, planned: Sequence[tuple[Call, str]]) -> Found:
    """Rows that WHERE chooses have keys; those done may be gone, or be other ones now."""
    kept = list(account.rows)
    todo: list[Call] = []
    problems: list[str] = []
    rest: list[Call] = []
    for call, digest in planned:
        same = next((row for row in kept if (row.key, row.digest) == (call.key, digest)), None)
        if same is None:
            rest.append(call)
            continue
        kept.remove(same)
        if same.state != DONE:
            todo.append(replace(call, row=same.row))
    for call in rest:
        same = next((row for row in kept if row.key == call.key), None)
        if same is None:
            problems.append(f"{call.key or 'a row'} is a new one")
            continue
        kept.remove(same)
        if same.state != DONE:
            problems.append(f"row {same.row} ({same.key}) would be another request")
    gone = [row.row for row in kept if row.state == UNKNOWN]
    problems += [f"row {row.row} ({row.key}) isn't reached any more" for row in kept if _is_left(row)]
    if problems:
        raise _differs(account, problems)
    return Found(todo, gone)


def _is_left(row: KeptRow) -> bool:
    return row.state not in (DONE, UNKNOWN)


def _differs(account: Account, problems: Sequence[str], flag: str = "") -> BindError:
    shown = [*problems[:_MOST_NAMED], *(["…"] if len(problems) > _MOST_NAMED else [])]
    hint = "give the same variables, and the same connection; what was read may have changed since: then write anew"
    if flag:
        hint = f"look whether they are done; {flag} takes them for it"
    return BindError(
        f"{account.id} can't go on, nothing was sent: the statement isn't what it was\n  " + "\n  ".join(shown),
        hint=hint,
    )


# ------------------------------------------------------------------------------------------- looked up


def _looked_up(account: Account, ready: Prepared, found: Found, reader: Evaluation) -> dict[int, str]:
    """Unknown rows about which something was found out: how it is known that they are done, or an empty text for
    those that aren't and can be sent."""
    states = {row.row: row.state for row in account.rows}
    calls = [call for call in found.todo if states[call.row] == UNKNOWN]
    statement = ready.statement
    if isinstance(statement, nodes.Delete):
        known = dict.fromkeys(found.gone, GONE)
        for call in calls:
            if not _is_there(statement, call, reader):
                known[call.row] = GONE
        return known
    if not isinstance(statement, nodes.Insert) or not calls:
        return {}
    if ready.upserting is not None:  # it was looked up, and what is sent now fits what is there
        left = {call.row for call in ready.calls}
        return {call.row: "" if call.row in left else THERE for call in calls}
    try:
        missing = _missing(ready, statement, calls, reader)
    except (BindError, UnsupportedError):  # no natural key, or one that doesn't tell them apart
        return {}
    left = {call.row for call in missing}
    return {call.row: "" if call.row in left else FOUND for call in calls}


def _missing(ready: Prepared, statement: nodes.Insert, calls: Sequence[Call], reader: Evaluation) -> list[Call]:
    """Those whose objects aren't there, by their natural key. Raises BindError, UnsupportedError if it can't tell."""
    statement = replace(statement, conflict=nodes.Conflict())
    upsert = plan_upsert(ready.target, statement, ready.choice)
    return Upserting(ready.target, statement, upsert, (), reader.rows, reader.expressions).settle(calls)


def _is_there(statement: nodes.Delete, call: Call, reader: Evaluation) -> bool:
    """Whether the object that a DELETE is about can be read."""
    conditions: list[nodes.Expr] = [
        nodes.Binary("=", nodes.ColumnRef((name,)), literal(value)) for name, value in call.values.items()
    ]
    one = nodes.ResultColumn(nodes.Literal("integer", 1))
    core = nodes.SelectCore((one,), replace(statement.table, alias=None), conjunction(conditions))
    return bool(reader.rows(nodes.Select((core,))))


def _remaining(ready: Prepared, todo: Sequence[Call]) -> list[Call]:
    """The calls to send; an upsert's are those that its look-up made."""
    if ready.upserting is None:
        return list(todo)
    rows = {call.row for call in todo}
    return [call for call in ready.calls if call.row in rows]


def _ask(account: Account, rows: Sequence[int]) -> UsageError:
    named = ", ".join(map(str, rows[:_MOST_NAMED])) + (" …" if len(rows) > _MOST_NAMED else "")
    one = len(rows) == 1
    they = ("row", "it is", "it") if one else ("rows", "they are", "them")
    return UsageError(
        f"nothing was sent: of {they[0]} {named} nobody can tell whether {they[1]} done: sent, no answer, and no key "
        f"to look {they[2]} up by",
        hint=f"look, then quaestor journal resume {account.id} with --retry-unknown or --skip-unknown",
    )
