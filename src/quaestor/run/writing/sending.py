"""A call on its way: its request, its answer, what is shown and kept of it.

Before: `run.writing.preparing` has checked calls. After: `run.writing.mutate` sends them.
"""

from __future__ import annotations

from quaestor.errors import BindError, ConflictError, QuaestorError
from quaestor.fetch.body import encode_by
from quaestor.fetch.coding import compressed
from quaestor.fetch.http import HttpResponse
from quaestor.fetch.lean import load_msgspec
from quaestor.fetch.request import build_request
from quaestor.plan.writing.secret import hidden, masked, secrets_of, without_secrets
from quaestor.run.result import Result
from quaestor.run.writing.mutate import Entry
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
    from quaestor.run.writing.evaluating import Given
    from quaestor.run.writing.upserting import Upserting
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


def request_of(connections: Connections, target: Target, call: Call, *, readable: bool = False) -> HttpRequest:
    """The request that a call makes, without a credential; `readable`: its body isn't compressed.

    Raises BindError for a value that can't be sent.
    """
    server = call.method.server or target.server
    settings = settings_of(connections, target, call)
    values: dict[str, Any] = {**call.values, **{name: str(value) for name, value in settings.items()}}
    body, content_type = None, ""
    if call.has_body and call.method.body is not None:
        body, content_type = encode_by(call.method.body, call.body)
        body = body if readable else compressed(body, _coding(call))
    return build_request(
        call.method,
        server,
        values,
        endpoint=connections.endpoint(call.connection),
        custom_domain=connections.domain(call.connection),
        body=body,
        content_type=content_type,
    )


def _coding(call: Call) -> str:
    """The content coding that the statement asks for, empty for none."""
    for parameter in call.method.parameters:
        if parameter.location == "header" and parameter.wire.lower() == "content-encoding":
            return str(call.values.get(parameter.name) or "")
    return ""


def sender(
    connections: Connections, target: Target, token: GentleToken, upserting: Upserting | None = None
) -> Callable[[Call, Stats], HttpResponse]:
    """A function that makes a call's request and gives its answer; an insert that meets an object with its key after
    all is settled once more."""

    def once(call: Call, stats: Stats) -> HttpResponse:
        server = call.method.server or target.server
        client = connections.client(call.connection, server, settings_of(connections, target, call))
        return client.send(call.method, request_of(connections, target, call), token, stats)

    def settled(call: Call, stats: Stats) -> HttpResponse:
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

    def send(call: Call, stats: Stats) -> HttpResponse:
        try:
            return settled(call, stats)
        except QuaestorError as error:  # an API may quote what it doesn't like
            secrets = secrets_of(target, call)
            error.message, error.hint = hidden(error.message, secrets), hidden(error.hint, secrets)
            error.args = (error.message,)
            raise

    return send


def shown(connections: Connections, target: Target, calls: Sequence[Call], stats: Stats) -> Result:
    """The requests as `--dry-run-writes` shows them, secrets masked; nothing is sent."""
    rows: list[tuple[Any, ...]] = []
    for call in calls:
        safe = masked(target, call)
        request = request_of(connections, target, safe, readable=True)
        body = None if request.body is None else request.body.decode("utf-8", "replace")
        rows.append((call.row, request.method, request.url, body))
    return Result(SHOWN, [rows], stats=stats)


def entry_of(
    connections: Connections,
    target: Target,
    calls: Sequence[Call],
    statement: nodes.Statement,
    given: Given,
) -> Entry:
    """A statement as the journal keeps it."""
    method = calls[0].method
    secrets = {secret for call in calls for secret in secrets_of(target, call)}
    return Entry(
        without_secrets(statement, given.text, secrets),
        method.verb,
        target.connection,
        target.resource.id,
        method.name,
        tuple(digest_of(connections, target, call) for call in calls),
        tuple(call.key for call in calls),
        tuple(call.row for call in calls),
        given.path,
    )


def digest_of(connections: Connections, target: Target, call: Call) -> str:
    """What tells a request from others, its secrets being left out: SHA-256, hexadecimal."""
    from hashlib import sha256

    request = request_of(connections, target, masked(target, call))
    parts = (request.method.encode(), request.url.encode(), request.body or b"")
    return sha256(b"\0".join(parts)).hexdigest()


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
