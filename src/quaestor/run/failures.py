"""What a statement with `partial` went without: a row for each list or object that couldn't be read.

Before: `run.reading` meets an error after the last repetition. After: `Result.failures`, and the table
`quaestor.failures` of the session's next statement.
"""

from __future__ import annotations

from quaestor.errors import (
    DecodeError,
    ForbiddenError,
    LimitError,
    ProviderError,
    QuaestorError,
    TransportError,
)
from quaestor.plan.naming import FAILURES
from quaestor.record import Record
from quaestor.values import DECLARED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import apsw

    from quaestor.plan.bind import BoundQuery
    from quaestor.plan.model import Scan
    from quaestor.secrets import Redactor
    from quaestor.values import SqlValue

#: What can befall one list while others can be read. Not among them: what is wrong with the statement, the whole
#: statement's deadline, Ctrl-C.
TOLERABLE = (ProviderError, TransportError, DecodeError, ForbiddenError, LimitError)


class Failure(Record):
    """One list or object that couldn't be read to its end.

    Attributes:
        connection, resource, method: whose it is; `url`: of the request that failed, or of the list's first.
        key: the values for which it was asked, as a JSON object; None for a list that takes none.
        status: of HTTP, None where nothing came back.
        code: the vendor's own code where there is one, else ours (`transport_error`).
        message: what a statement without `partial` would have ended with.
    """

    connection: str
    resource: str
    method: str
    url: str
    key: str | None
    status: int | None
    code: str
    message: str


def failure_of(
    error: QuaestorError, scan: Scan, connection: str, url: str, values: Mapping[str, SqlValue], redactor: Redactor
) -> Failure:
    """The row for an error. Secrets that the redactor knows are masked."""
    import json

    asked, status, code = "", 0, ""
    if isinstance(error, ProviderError):
        asked, status, code = error.request.partition(" ")[2], error.status, error.vendor_code
    return Failure(
        connection,
        scan.resource.id,
        scan.method.name,
        redactor.mask(asked or url),
        redactor.mask(json.dumps(dict(values), ensure_ascii=False)) if values else None,
        status or None,
        code or error.code,
        redactor.mask(error.message),
    )


def create_table(db: apsw.Connection, query: BoundQuery, failures: Sequence[Failure]) -> None:
    """Make `quaestor.failures`, if the statement reads it."""
    if not any(getattr(source.node, "path", ()) == (FAILURES.table,) for source in query.sources.values()):
        return
    columns = [f"{name} {DECLARED[kind]}" for name, kind in FAILURES.columns]
    db.execute(f"CREATE TABLE {FAILURES.table}({', '.join(columns)})")
    marks = ",".join("?" * len(columns))
    rows = [tuple(getattr(failure, name) for name, _ in FAILURES.columns) for failure in failures]
    db.executemany(f"INSERT INTO {FAILURES.table} VALUES({marks})", rows)
