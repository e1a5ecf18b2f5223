"""EXPLAIN: what a statement would ask of the APIs, in order, before it asks; ANALYZE: and what it took.

Before: `plan.scans` made the plan. After: a `Result` like any other; EXPLAIN alone makes no request.
"""

from __future__ import annotations

from quaestor.plan.choice import pages
from quaestor.plan.conditions import conjuncts
from quaestor.plan.pushdown import left_out
from quaestor.plan.scope import BoundColumn
from quaestor.sql import nodes
from quaestor.values import ResultColumn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from quaestor.catalog.model import Method
    from quaestor.fetch.stats import Stats
    from quaestor.plan.model import Plan, Scan
    from quaestor.values import SqlValue

COLUMNS = (
    ResultColumn("step", "integer"),
    ResultColumn("resource", "string"),
    ResultColumn("method", "string"),
    ResultColumn("request", "string"),
    ResultColumn("requests", "string"),
    ResultColumn("bucket", "string"),
    ResultColumn("pushed_down", "string"),
    ResultColumn("filtered_locally", "string"),
    ResultColumn("how", "string"),
)
#: What EXPLAIN ANALYZE adds.
ANALYZED = (
    *COLUMNS,
    ResultColumn("requests_made", "integer"),
    ResultColumn("rows_read", "integer"),
    ResultColumn("waited_s", "number"),
    ResultColumn("seconds", "number"),
)


def explain(plan: Plan, urls: Callable[[Scan], list[str]], text: str) -> list[tuple[SqlValue, ...]]:
    """A row for each scan, in the order in which they run.

    Args:
        urls: the URLs that a scan begins with; keys that aren't known before it runs stand as `{name}`.
        text: the script, from which the predicates are quoted.
    """
    rows: list[tuple[SqlValue, ...]] = []
    for step, scan in enumerate(plan.scans, start=1):
        starts = urls(scan)
        shown = starts[0] if len(starts) == 1 else f"{starts[0]} and {len(starts) - 1} more" if starts else ""
        rows.append(
            (
                step,
                scan.resource.id,
                scan.method.name,
                f"{scan.method.http} {shown}" if shown else "",
                _count(scan, len(starts), plan),
                bucket(scan.method),
                ", ".join(f"{name}: {value}" for name, value in scan.pushed.items()),
                _local(scan, plan, text),
                _how(scan, plan),
            )
        )
    return rows


def analyzed(
    plan: Plan, urls: Callable[[Scan], list[str]], text: str, took: Callable[[Scan], Stats]
) -> list[tuple[SqlValue, ...]]:
    """The rows of `explain`, and what each scan took: requests, rows, seconds of waiting over all threads, seconds
    from its first request to its last."""
    rows = []
    for row, scan in zip(explain(plan, urls, text), plan.scans, strict=True):
        stats = took(scan)
        rows.append((*row, stats.requests, stats.rows, round(stats.wait_s, 3), round(stats.total_s or 0.0, 3)))
    return rows


def bucket(method: Method) -> str:
    """The name under which a method's rate limit is learned: its verb and its path's template."""
    return f"{method.http} {method.path}"


def _count(scan: Scan, starts: int, plan: Plan) -> str:
    """How many requests: exact where known, else the formula."""
    pages = "" if scan.method.pagination.style == "none" else " × pages"
    if plan.first_rows and plan.is_lazy and starts == 1:
        size = scan.method.pagination.size_max
        if size and plan.first_rows <= size:
            return "1"
    if scan.by_key is not None:
        return f"distinct {scan.by_key.parameter} (one or several a request), or 1 a page"
    if scan.keys:
        names = ", ".join(name for key in scan.keys for name in key.parameters)
        many = f"distinct {names}" if starts <= 1 else f"{starts} × distinct {names}"
        return f"{many}{pages}"
    lists = starts * (1 + len(scan.hidden))
    if pages:
        return "1 a page" if lists == 1 else f"{lists}{pages}"
    return str(lists)


def _local(scan: Scan, plan: Plan, text: str) -> str:
    """The conditions that are tested on the rows, as they were written."""
    found: dict[str, None] = {}
    for use in scan.uses:
        for condition in plan.query.filters.get(use, ()):
            mentions = any(isinstance(n, BoundColumn) and n.source == use for n in nodes.walk(condition))
            if mentions and condition.pos >= 0:
                for part in conjuncts(condition):
                    found[" ".join(text[part.pos : part.end].split())] = None
    return " AND ".join(found)


def _how(scan: Scan, plan: Plan) -> str:
    more = [f"{name}={value}" for hidden in scan.hidden for name, value in hidden.parameters.items()]
    missing = left_out(scan)
    return (
        _mode(scan, plan)
        + (f"; then {' and '.join(more)}, which the bare list leaves out" if more else "")
        + (f"; leaves out {missing}" if missing else "")
    )


def _mode(scan: Scan, plan: Plan) -> str:
    if plan.is_lazy:
        return "streamed, stops when the limit is reached"
    if plan.is_stream:
        return "streamed"
    if plan.rounds is not None and scan.id == plan.rounds.driver:
        return "some rows at a time, stops when the limit is reached"
    if scan.recurs:
        return "spooled in turns, keys from the recursion"
    if not scan.depends:
        return "spooled"
    after = ", ".join(plan.scans[index].resource.id for index in sorted(scan.depends))
    if scan.by_key is not None:
        most = pages(scan)
        return (
            f"by {scan.by_key.parameter} from {after} if that takes {most} request{'s' * (most > 1)} at most,"
            " else all of the list"
        )
    if scan.filled:
        return f"spooled, {', '.join(scan.filled)} filled from {after}"
    return f"spooled, keys from {after}"
