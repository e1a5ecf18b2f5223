"""`/*+ AWAIT */`: waiting until what an API has only accepted (202) is done.

Few documents say how an operation's end is to be seen, each in its own words, but a deletion's is plain: the object
isn't there any more. So a DELETE is awaited where the resource has a read of the same path; anything else is
refused before it is sent. Before: `run.writing.sending` made the request. After: the row is done, or unknown where
its end wasn't seen.
"""

from __future__ import annotations

from quaestor.errors import NotFoundError, QuaestorError, TransportError
from quaestor.plan.writing.calls import NO_BODY
from quaestor.record import replace
from quaestor.run.writing.sending import request_of, settings_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from quaestor.catalog.model import Method, Resource
    from quaestor.fetch.http import GentleToken, HttpResponse
    from quaestor.fetch.stats import Stats
    from quaestor.plan.writing.calls import Call
    from quaestor.plan.writing.names import Target
    from quaestor.run.connections import Connections

#: The answer to what is carried out later (RFC 9110, 15.3.3).
ACCEPTED = 202
#: Seconds from one look to the next: it doubles; and the longest that a row is waited for.
FIRST_WAIT_S, LONGEST_WAIT_S, PATIENCE_S = 1.0, 15.0, 600.0


def witness_of(resource: Resource, method: Method) -> Method | None:
    """The read that shows whether a method's work is done; None if there is none."""
    if method.verb != "delete":
        return None
    return next((m for m in resource.by_verb("select") if m.http == "GET" and m.path == method.path), None)


def awaited(
    send: Callable[[Call, Stats], HttpResponse],
    connections: Connections,
    target: Target,
    witness: Method,
    token: GentleToken,
) -> Callable[[Call, Stats], HttpResponse]:
    """`send`, and then waiting until the object is gone; what is answered otherwise than with 202 is done.

    It raises TransportError, so that the row is unknown, where the end isn't seen before the statement's deadline or
    ten minutes, or can't be looked for.
    """

    def sent(call: Call, stats: Stats) -> HttpResponse:
        response = send(call, stats)
        if response.status == ACCEPTED:
            _wait(connections, target, replace(call, method=witness, body=NO_BODY), token, stats)
        return response

    return sent


def _wait(connections: Connections, target: Target, look: Call, token: GentleToken, stats: Stats) -> None:
    clock = connections.clock
    deadline = min(token.deadline, clock.monotonic() + PATIENCE_S)
    client = connections.client(
        look.connection, look.method.server or target.server, settings_of(connections, target, look)
    )
    wait_s = FIRST_WAIT_S
    while True:
        try:
            client.send(look.method, request_of(connections, target, look), token, stats)
        except QuaestorError as error:
            if isinstance(error, NotFoundError) and error.names_no_object:
                return
            raise TransportError(f"accepted (202), and whether it is done can't be seen: {error.message}") from error
        if clock.monotonic() + wait_s > deadline:
            raise TransportError("accepted (202), and not done when the time for waiting was over")
        clock.sleep(wait_s, token)
        wait_s = min(2 * wait_s, LONGEST_WAIT_S)
