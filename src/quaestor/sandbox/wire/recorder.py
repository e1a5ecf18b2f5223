"""Recording: a proxy on this machine that forwards to the real service and notes down what was said.

A client signs its requests with a ticket, which is good for this run only; the proxy puts the user's credential in
its place. So the client needs no real credential, and no other program on this machine can use it through the proxy.

Before: `quaestor record`, a client that asks. After: the service answers; `recording` writes the cassette.
"""

from __future__ import annotations

import os
import secrets
from hmac import compare_digest
from threading import Lock

from quaestor.errors import QuaestorError, UsageError
from quaestor.fetch.http import CancelToken, HttpRequest, HttpResponse
from quaestor.record import replace
from quaestor.sandbox.data.collection import encode
from quaestor.sandbox.wire.outage import answer
from quaestor.sandbox.wire.recording import Scrubber, written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO

    from quaestor.catalog.model import Provider
    from quaestor.fetch.auth import Authenticator
    from quaestor.fetch.http import Transport
    from quaestor.secrets import Redactor

#: Headers that are between a client and this proxy (RFC 9110, 7.6.1), or say how bytes were sent.
_OURS = frozenset(
    {"host", "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "content-length", "cookie"}
    | {
        "accept-encoding",
        "content-encoding",
        "proxy-authorization",
        "proxy-connection",
        "set-cookie",
        "authorization",
    }
    | {"strict-transport-security", "alt-svc", "origin", "referer", "date"}
)


class Recorder:
    """Forwards requests to one service and appends each with its answer to a cassette; safe to ask from threads.

    Args:
        base: the service's address, without a slash at its end.
        path: of the cassette, which must not be there yet.

    Attributes:
        ticket: what clients sign with instead of a credential.
        count: how many answers were noted down.

    Raises UsageError for a file that can't be made.
    """

    def __init__(
        self,
        provider: Provider,
        base: str,
        authenticator: Authenticator,
        transport: Transport,
        redactor: Redactor,
        path: str,
    ) -> None:
        self.providers: tuple[str, ...] = (provider.name,)
        self.ticket = f"record-{secrets.token_urlsafe(24)}"
        self.count = 0
        self._provider = provider
        self._base = base.rstrip("/")
        self._authenticator = authenticator
        self._transport = transport
        self._redactor = redactor
        self._scrubber = Scrubber(provider.name, redactor)
        self._lock = Lock()
        self._cancel = CancelToken()
        self._file = _created(path)

    def handle(self, request: HttpRequest) -> HttpResponse:
        """The service's answer, its links leading back here; what goes wrong on the way is a 502."""
        scheme, _, rest = request.url.partition("://")
        host, _, tail = rest.partition("/")
        here = f"{scheme}://{host}"
        prefix = f"{self._provider.name}/"
        if tail.startswith(prefix):
            here, tail = f"{here}/{self._provider.name}", tail.removeprefix(prefix)
        headers = {name.lower(): value for name, value in request.headers}
        if not any(self._is_ticket(headers.get(c.header.lower(), "")) for c in self._provider.credentials):
            return answer(self._provider.name, 401, {"x-quaestor-record": "sign with the ticket"}, request.url)
        own = {credential.header.lower() for credential in self._provider.credentials}
        kept = tuple((name, value) for name, value in headers.items() if name not in _OURS and name not in own)
        body = None if request.body is None else request.body.replace(here.encode(), self._base.encode())
        forwarded = HttpRequest(request.method, f"{self._base}/{tail}", kept, body)
        try:
            said = self._transport.send(self._authenticator.sign(forwarded), self._cancel)
        except QuaestorError as error:
            message = self._redactor.mask(error.message)
            return HttpResponse(
                502, (("content-type", "application/json"),), encode({"errors": [message]}), request.url
            )
        self._note(forwarded, said)
        return self._returned(said, here, request.url)

    def close(self) -> None:
        """End what is under way and close the file."""
        self._cancel.cancel()
        with self._lock:
            self._file.close()

    def _is_ticket(self, value: str) -> bool:
        return compare_digest(value.rpartition(" ")[2].encode(), self.ticket.encode())

    def _note(self, request: HttpRequest, response: HttpResponse) -> None:
        """Append one interaction: what was recorded until a crash is a cassette too."""
        each = self._scrubber.interaction(request, response, [self._base])
        text = written([each])
        with self._lock:
            self._file.write(text if not self.count else text.partition("interactions:\n")[2])
            self._file.flush()
            self.count += 1

    def _returned(self, response: HttpResponse, here: str, url: str) -> HttpResponse:
        headers = tuple(
            (name, value.replace(self._base, here)) for name, value in response.headers if name not in _OURS
        )
        body = response.body.replace(self._base.encode(), here.encode())
        return replace(response, headers=headers, body=body, url=url)


def _created(path: str) -> IO[str]:
    try:
        return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8", newline="\n")
    except FileExistsError:
        raise UsageError(f"{path} is there already", hint="a recording is a new file: choose another name") from None
    except OSError as error:
        raise UsageError(f"can't write {path}: {error.strerror or error}") from error
