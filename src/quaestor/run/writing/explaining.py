"""EXPLAIN of a statement that writes: what is read first, and the requests that write.

Before: `run.writing.preparing` has planned it. After: a `Result` like any other; no request is made.
"""

from __future__ import annotations

from quaestor.fetch.stats import Stats
from quaestor.plan.explain import COLUMNS, bucket
from quaestor.plan.writing.secret import masked
from quaestor.run.result import Result
from quaestor.run.writing.sending import request_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from quaestor.catalog.model import Method
    from quaestor.plan.writing.calls import Call
    from quaestor.plan.writing.names import Target
    from quaestor.run.connections import Connections


def explained(
    connections: Connections,
    target: Target,
    method: Method,
    calls: Sequence[Call] | None,
    read: Sequence[dict[str, Any]] = (),
) -> Result:
    """A row for each scan, and one for the writes.

    Args:
        calls: None where the rows are known only when they have been read.
        read: the rows of EXPLAIN for what is read first.
    """
    rows = [tuple(row.get(column.name) for column in COLUMNS) for row in read]
    shown = f"{method.http} {method.path}"
    if calls:
        request = request_of(connections, target, masked(target, calls[0]))
        shown = f"{request.method} {request.url}" + (f" and {len(calls) - 1} more" if len(calls) > 1 else "")
    told: dict[str, Any] = {
        "step": len(rows) + 1,
        "resource": target.resource.id,
        "method": method.name,
        "request": shown,
        "requests": "1 a row that is read" if calls is None else str(len(calls)),
        "bucket": bucket(method),
        "how": "written one after the other, once all rows are checked"
        + ("; what changes between reading and writing isn't seen" if calls is None else ""),
    }
    rows.append(tuple(told.get(column.name, "") for column in COLUMNS))
    return Result(COLUMNS, [rows], stats=Stats())
