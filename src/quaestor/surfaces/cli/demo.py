"""`quaestor demo`: a few questions that people ask of Okta and Datadog, answered on the embedded sandbox.

Before: `main` has parsed the command line. After: each statement runs through an ordinary connection, and its answer
is printed with the requests that it took. Everything is generated in this process, the same each time.
"""

from __future__ import annotations

from quaestor.catalog.store import open_catalog
from quaestor.config import Settings
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
        "Every page was read: a count is a count of all.",
    ),
    Question(
        "Who has left the company, and can still sign in to Datadog?",
        "SELECT left_us.profile ->> 'login' AS login, left_us.statusChanged AS left_at, still.status AS datadog\n"
        "FROM okta.users.users AS left_us\n"
        "JOIN datadog.organization.users AS still ON still.email = left_us.profile ->> 'login'\n"
        "WHERE left_us.status = 'DEPROVISIONED' AND still.status = 'Active'\n"
        "ORDER BY left_at DESC",
        "Two vendors in one statement, each asked for what is theirs, joined here.",
    ),
    Question(
        "Which departments have the most people who are active and haven't signed in for 90 days?",
        "SELECT profile ->> 'department' AS department, count(*) AS silent\n"
        "FROM okta.users.users\n"
        "WHERE status = 'ACTIVE'\n"
        "  AND julianday((SELECT max(lastLogin) FROM okta.users.users)) - julianday(lastLogin) > 90\n"
        "GROUP BY department\nORDER BY silent DESC, department\nLIMIT 5",
        "The resource appears twice and was read once.",
    ),
    Question(
        "Just five of the users, please.",
        "SELECT id, profile ->> 'login' AS login, status FROM okta.users.users LIMIT 5",
        "Paging stops when LIMIT has its rows.",
    ),
)

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
    """Print the questions with their answers."""
    values = invocation.values
    out = Direct(console.stdout, False)
    bold, dim, plain = (BOLD, DIM, PLAIN) if console.styles(console.out_is_terminal) else ("", "", "")
    catalog = open_catalog(note=console.note)
    try:
        out.write(
            f"{bold}SQL over Okta and Datadog{plain}, on a sandbox inside this process: no account, no network.\n"
        )
        seed, scale = values.get("seed", 1), values.get("scale", {})
        with load("sandboxed").connect(Settings(), catalog, seed, scale) as connection:
            for number, question in enumerate(QUESTIONS, 1):
                out.write(f"\n{bold}{number}. {question.asked}{plain}\n\n")
                out.write("".join(f"{dim}   {line}{plain}\n" for line in question.sql.split("\n")) + "\n")
                out.write(_answer(connection, question, console))
                out.write(f"   {question.notice}\n")
        out.write(f"\n{NEXT}")
    finally:
        catalog.close()
    return 0


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
