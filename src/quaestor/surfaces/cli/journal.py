"""`quaestor journal`: which statements wrote what, how each row ended, and going on with one that isn't done.

Before: `main` has parsed the command line. `list` and `show` read the file and nothing else; `resume` runs the
statement like `exec`, with the same flags.
"""

from __future__ import annotations

from quaestor.config import load_settings
from quaestor.errors import UsageError
from quaestor.fetch.stats import Stats
from quaestor.record import replace
from quaestor.run.result import Result
from quaestor.run.writing.journal import Journal
from quaestor.run.writing.mutate import OUTCOMES
from quaestor.run.writing.resume import ASK, RETRY, SKIP
from quaestor.surfaces.cli import exec as statements
from quaestor.surfaces.cli.output import File
from quaestor.values import ResultColumn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from quaestor.run.engine import Connection
    from quaestor.run.writing.journal import Account
    from quaestor.surfaces.cli.console import Console
    from quaestor.surfaces.cli.options import Invocation

LIST = (
    ResultColumn("id", "string"),
    ResultColumn("began", "date-time"),
    ResultColumn("state", "string"),
    ResultColumn("statement", "string"),
    *(ResultColumn(state.replace(" ", "_"), "integer") for state in OUTCOMES),
)
SHOW = (
    ResultColumn("row", "integer"),
    ResultColumn("state", "string"),
    ResultColumn("key", "string"),
    ResultColumn("object", "string"),
    ResultColumn("at", "date-time"),
    ResultColumn("reason", "string"),
)


def run(invocation: Invocation, console: Console) -> int:
    """Run one of the commands; its exit code. Raises JournalError for a journal that can't be read and a statement
    that it doesn't know."""
    command, *rest = invocation.arguments
    values = invocation.values
    if command == "resume":
        return _resume(rest[0], values, console)
    return _list(values, console) if command == "list" else _show(rest[0], values, console)


def _resume(id_: str, values: Mapping[str, Any], console: Console) -> int:
    if values.get("retry_unknown") and values.get("skip_unknown"):
        raise UsageError("--retry-unknown and --skip-unknown contradict each other", hint="leave one of them out")
    unknown = RETRY if values.get("retry_unknown") else SKIP if values.get("skip_unknown") else ASK
    variables = statements.template_variables(values)

    def results(connection: Connection) -> Iterator[Result]:
        # a generator would be at its end after an error, map is not
        return map(lambda each: connection.resume(each, variables=variables, unknown=unknown), [id_])  # noqa: C417

    return statements.carry_out(values, console, results)


def _list(values: Mapping[str, Any], console: Console) -> int:
    with_file = Journal(statements.journal_file(values, statements.environment(values, console)))
    try:
        accounts = with_file.accounts()
    finally:
        with_file.close()
    rows = [(each.id, each.began, each.state, _called(each), *each.counts.values()) for each in accounts]
    return _write(Result(LIST, [rows], stats=Stats()), values, console)


def _show(id_: str, values: Mapping[str, Any], console: Console) -> int:
    with_file = Journal(statements.journal_file(values, statements.environment(values, console)))
    try:
        account = with_file.account(id_)
    finally:
        with_file.close()
    rows = [(each.row, each.state, each.key, each.object, each.at, each.reason) for each in account.rows]
    code = _write(Result(SHOW, [rows], stats=Stats()), values, console)
    counts = ", ".join(f"{count:,} {state}" for state, count in account.counts.items() if count)
    console.note(f"{_called(account)}, began {account.began}: {account.state}; {counts}")
    console.note(account.text)
    return code


def _called(account: Account) -> str:
    """A statement in a few words."""
    path = (account.connection, *account.resource.split(".")[1:])
    name = f".{account.method}" if account.verb == "exec" else ""
    return f"{account.verb.upper()} {'.'.join(path)}{name}"


def _write(result: Result, values: Mapping[str, Any], console: Console) -> int:
    """Write a result where the flags say."""
    env = statements.environment(values, console)
    settings = load_settings(statements.setting_flags(values), env, values.get("config", ""))
    settings = replace(settings, output=statements.output_format(values, settings))
    output = statements.open_output(values, console)
    success = False
    try:
        shape = statements.layout(settings, console, isinstance(output, File))
        code = statements.write(result, shape, settings, console, output)
        success = True
    finally:
        output.close(success)
    return code
