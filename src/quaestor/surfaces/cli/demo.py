"""`quaestor demo`: a few questions that people ask of Okta and Datadog, answered on the embedded sandbox.

Before: `main` has parsed the command line. After: each statement runs through an ordinary connection, and its answer
is printed with the requests that it took. Everything is generated in this process, the same each time.
"""

from __future__ import annotations

import os
import sys

from quaestor.catalog.store import open_catalog
from quaestor.config import Settings
from quaestor.errors import UsageError
from quaestor.record import Record
from quaestor.surfaces.cli import load
from quaestor.surfaces.cli.output import Direct
from quaestor.surfaces.render import Layout, render
from quaestor.surfaces.table import BOLD, DIM, PLAIN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from quaestor.run.engine import Connection
    from quaestor.surfaces.cli.console import Console
    from quaestor.surfaces.cli.options import Invocation


class Question(Record):
    """What is asked, the statement that answers it, and what is worth noticing about the answer."""

    asked: str
    sql: str
    notice: str


QUESTIONS = (
    Question(
        "Who is in the directory, and in which state?",
        "SELECT status, count(*) AS users\nFROM okta.users.users\nGROUP BY status\nORDER BY users DESC",
        "A count of all: Okta's list leaves out who was deactivated, so they were asked for too.",
    ),
    Question(
        "Who has left the company this month, and can still sign in to Datadog?",
        "SELECT o.profile ->> 'login' AS login, o.statusChanged AS left_at, d.status AS datadog\n"
        "FROM okta.users.users AS o\n"
        "JOIN datadog.organization.users AS d ON d.email = o.profile ->> 'login'\n"
        "WHERE o.status = 'DEPROVISIONED' AND d.status = 'Active' AND left_at > '2026-11'\n"
        "ORDER BY left_at DESC",
        "Two vendors in one statement, each asked for what it has; the join happened here.",
    ),
    Question(
        "Which departments have the most active people who haven't signed in for 90 days?",
        "SELECT profile ->> 'department' AS department, count(*) AS silent\n"
        "FROM okta.users.users\n"
        "WHERE status = 'ACTIVE'\n"
        "  AND julianday((SELECT max(lastLogin) FROM okta.users.users)) - julianday(lastLogin) > 90\n"
        "GROUP BY department\nORDER BY silent DESC, department\nLIMIT 5",
        "The table stands there twice and was read once.",
    ),
    Question(
        "Which applications make accounts for people by themselves?",
        "SELECT a.label, a.signOnMode, c.status AS provisioning\n"
        "FROM okta.apps.applications AS a\n"
        "JOIN okta.apps.connections AS c ON c.appId = a.id\n"
        "WHERE c.status = 'ENABLED'\nORDER BY a.label",
        "A connection can only be asked for by its application: the join did that, many at a time.",
    ),
    Question(
        "Just five of the users, please.",
        "SELECT id, profile ->> 'login' AS login, status FROM okta.users.users LIMIT 5",
        "LIMIT had its rows, so paging stopped.",
    ),
)

#: How much data the questions are asked of.
SCALE = {"users": 1000}

NEXT = """\
What to try next, all without an account:

  quaestor exec --sandbox "SHOW SERVICES IN okta"
  quaestor exec --sandbox "SHOW METHODS IN okta.users.users"
  quaestor exec --sandbox "EXPLAIN SELECT * FROM okta.apps.connections"
  quaestor exec --sandbox --scale users=20000 --stats "SELECT count(*) FROM okta.users.users"
  quaestor exec --sandbox -o json "SELECT * FROM datadog.monitoring.monitors LIMIT 3"
  quaestor sandbox okta datadog --port 8080

With an account: set OKTA_SUBDOMAIN and OKTA_API_TOKEN, or DD_API_KEY and DD_APP_KEY, and leave --sandbox out.
docs/tutorial.md goes on from here.
"""


def run(invocation: Invocation, console: Console) -> int:
    """Print the questions with their answers. Raises UsageError for arguments: the questions are always these."""
    if invocation.arguments:
        raise UsageError("demo takes no arguments", hint="quaestor exec --sandbox answers questions of yours")
    values = invocation.values
    out = Direct(console.stdout, False)
    bold, dim, plain = (BOLD, DIM, PLAIN) if console.styles(console.out_is_terminal) else ("", "", "")
    catalog = open_catalog(note=console.note)
    try:
        out.write(
            f"{bold}SQL over Okta and Datadog{plain}, on a sandbox inside this process: no account, no network.\n"
        )
        seed, scale = values.get("seed", 1), values.get("scale", SCALE)
        with load("sandboxed").connect(Settings(), catalog, seed, scale) as connection:
            for number, question in enumerate(QUESTIONS, 1):
                out.write(f"\n{bold}{number}. {question.asked}{plain}\n\n")
                out.write("".join(f"{dim}   {line}{plain}\n" for line in question.sql.split("\n")) + "\n")
                out.write(_answer(connection, question, console))
                out.write(f"   {question.notice}\n")
        out.write("\n" + NEXT.replace("  quaestor ", f"  {_program(console)} "))
    finally:
        catalog.close()
    return 0


def _program(console: Console) -> str:
    """How a person who reads this starts us: by name if that is on the path, else as it was done now."""
    folders = console.env.get("PATH", "").split(os.pathsep)
    if os.path.basename(sys.argv[0]) != "quaestor" or any(os.access(f"{at}/quaestor", os.X_OK) for at in folders):
        return "quaestor"
    return os.path.relpath(sys.argv[0])


def _answer(connection: Connection, question: Question, console: Console) -> str:
    """The table of the answer, and what it took."""
    terminal = console.out_is_terminal
    styled = console.styles(terminal)
    width = max(40, console.width() - 3) if terminal else 0
    layout = Layout(width=width, terminal=terminal, unicode=console.draws_boxes(), styled=styled)
    with connection.sql(question.sql) as result:
        table = "".join(render(result.columns, result.batches(), layout))
        took = f"{DIM}{result.stats.summary()}{PLAIN}" if styled else result.stats.summary()
    return "".join(f"  {line}\n" for line in table.splitlines()) + f"\n   {took}\n"
