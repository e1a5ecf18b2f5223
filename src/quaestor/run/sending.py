"""A call on its way: its request, its answer, what is shown and kept of it.

Before: `run.writing` has checked calls. After: `run.mutate` sends them.
"""

from __future__ import annotations

from quaestor.errors import BindError, ConflictError
from quaestor.fetch.body import encode
from quaestor.fetch.http import HttpResponse
from quaestor.fetch.lean import load_msgspec
from quaestor.fetch.request import build_request
from quaestor.plan.writing.secret import masked
from quaestor.run.mutate import Entry
from quaestor.run.result import Result
from quaestor.secrets import MASK
from quaestor.sql import nodes
from quaestor.values import ResultColumn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from quaestor.catalog.model import Method
    from quaestor.config import Settings
    from quaestor.fetch.http import GentleToken, HttpRequest
    from quaestor.fetch.stats import Stats
    from quaestor.plan.writing.calls import Call
    from quaestor.plan.writing.names import Target
    from quaestor.run.connections import Connections
    from quaestor.run.upserting import Upserting
    from quaestor.values import SqlValue

#: What `--dry-run-writes` shows of each request.
SHOWN = (
    ResultColumn("row", "integer"),
    ResultColumn("method", "string"),
    ResultColumn("url", "string"),
    ResultColumn("body", "object"),
)


def settings_of(connections: Connections, target: Target, call: Call) -> dict[str, SqlValue]:
    """The server variables of a call, complete."""
    server = call.method.server or target.server
    names = {variable.name for variable in server.variables}
    given = {name: value for name, value in call.values.items() if name in names}
    return connections.variables(call.connection, server, given)


def request_of(connections: Connections, target: Target, call: Call) -> HttpRequest:
    """The request that a call makes, without a credential. Raises BindError for a value that can't be sent."""
    server = call.method.server or target.server
    settings = settings_of(connections, target, call)
    values: dict[str, Any] = {**call.values, **{name: str(value) for name, value in settings.items()}}
    body, content_type = None, ""
    if call.has_body and call.method.body is not None:
        body, content_type = encode(call.body, call.method.body.media_type)
    return build_request(
        call.method,
        server,
        values,
        endpoint=connections.endpoint(call.connection),
        custom_domain=connections.domain(call.connection),
        body=body,
        content_type=content_type,
    )


def sender(
    connections: Connections, target: Target, token: GentleToken, upserting: Upserting | None = None
) -> Callable[[Call, Stats], HttpResponse]:
    """A function that makes a call's request and gives its answer; an insert that meets an object with its key after
    all is settled once more."""

    def once(call: Call, stats: Stats) -> HttpResponse:
        server = call.method.server or target.server
        client = connections.client(call.connection, server, settings_of(connections, target, call))
        return client.send(call.method, request_of(connections, target, call), token, stats)

    def send(call: Call, stats: Stats) -> HttpResponse:
        try:
            return once(call, stats)
        except ConflictError as conflict:
            if upserting is None or call.method.verb != "insert":
                raise
            try:
                other = upserting.after_conflict(call)
            except BindError:
                raise conflict from None
            return HttpResponse(204) if other is None else once(other, stats)

    return send


def shown(connections: Connections, target: Target, calls: Sequence[Call], stats: Stats) -> Result:
    """The requests as `--dry-run-writes` shows them, secrets masked; nothing is sent."""
    rows: list[tuple[Any, ...]] = []
    for call in calls:
        safe = masked(target, call)
        request = request_of(connections, target, safe)
        body = None if request.body is None else request.body.decode("utf-8", "replace")
        rows.append((call.row, request.method, request.url, body))
    return Result(SHOWN, [rows], stats=stats)


def entry_of(
    connections: Connections, target: Target, calls: Sequence[Call], original: nodes.Statement, text: str
) -> Entry:
    """A statement as the journal keeps it."""
    from hashlib import sha256

    digests = []
    has_secrets = False
    for call in calls:
        safe = masked(target, call)
        has_secrets = has_secrets or safe != call
        request = request_of(connections, target, safe)
        parts = (request.method.encode(), request.url.encode(), request.body or b"")
        digests.append(sha256(b"\0".join(parts)).hexdigest())
    method = calls[0].method if calls else None
    return Entry(
        _kept(original, text, has_secrets),
        method.verb if method is not None else "",
        target.connection,
        target.resource.id,
        method.name if method is not None else "",
        tuple(digests),
        tuple(call.key for call in calls),
    )


def _kept(statement: nodes.Statement, text: str, has_secrets: bool) -> str:
    """A statement's text. If a secret is written, no text literal of it is kept: which of them holds it, or a part of
    it, isn't always to be seen."""
    if statement.pos < 0:
        return ""
    spans = [
        (node.pos, node.end)
        for node in nodes.walk(statement)
        if has_secrets and isinstance(node, nodes.Literal) and isinstance(node.value, str | bytes) and node.pos >= 0
    ]
    out, at = "", statement.pos
    for start, end in sorted(set(spans)):
        out += text[at:start] + f"'{MASK}'"
        at = end
    return out + text[at : statement.end]


# ------------------------------------------------------------------------------------------- EXEC of a read


def page_columns(method: Method) -> tuple[ResultColumn, ...]:
    """The columns of a method's rows as EXEC gives them."""
    return tuple(ResultColumn(column.name, column.type) for column in method.columns if not column.hidden)


def pages(
    connections: Connections, settings: Settings, target: Target, call: Call, stats: Stats, token: GentleToken
) -> Iterator[list[tuple[Any, ...]]]:
    """All rows of a method that reads, a page at a time."""
    load_msgspec()
    from quaestor.fetch.decode import Decoder
    from quaestor.fetch.pages import read_pages

    server = call.method.server or target.server
    client = connections.client(call.connection, server, settings_of(connections, target, call))
    columns = [column for column in call.method.columns if not column.hidden]
    decoder = Decoder(call.method.response, call.method.pagination, columns)
    request = request_of(connections, target, call)
    for page in read_pages(
        client, call.method, request, decoder, token, stats, page_rows=0, max_pages=settings.max_pages
    ):
        yield page.rows
