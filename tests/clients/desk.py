"""A sandbox behind TLS with a vendor's own client before it: what is wanted goes to the client, and what then crossed
the wire is kept beside what the client made of it.

Before: `install`. After: tests and `playing` ask; `Call` says what became of it.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tests.clients.install import HERE, NODE_HOME, PYTHON

from quaestor.catalog.store import open_catalog
from quaestor.fetch.http import HttpRequest, HttpResponse
from quaestor.sandbox.core import Sandbox
from quaestor.sandbox.wire.front import Front
from quaestor.sandbox.wire.limits import read_limits
from quaestor.sandbox.wire.serve import running
from quaestor.sandbox.wire.tls import identity

if TYPE_CHECKING:
    from quaestor.catalog.store import Store

CLIENTS = ("okta_python", "okta_node", "datadog_python", "datadog_node")
#: Seconds that a client may take for one call, its own waits for limits included.
PATIENCE_S = 60


@dataclass(frozen=True)
class Call:
    """What became of one request that was wanted of a client.

    Attributes:
        what: `POST /api/v1/users`; `name` is the client's own call for it.
        verdict: `passed`: the client sent it and read the answer, or raised its error with the answer's status;
            `failed`; `absent`: the client has no such call; `unsent`: the client itself refused the values;
            `unreadable`: it fails on the vendor's recorded answer in the same way.
        status: of the last answer; 0 if nothing was sent.
        kind, size: the class of what it returned (of a list the first item's) and how many.
        answer: the last answer's body as JSON; None if there is none.
    """

    client: str
    what: str
    name: str
    verdict: str
    status: int = 0
    why: str = ""
    kind: str = ""
    size: int = -1
    answer: Any = None


class Tap:
    """Stands before a sandbox and keeps what crosses the wire; safe while nobody asks two things at once."""

    def __init__(self, service: Sandbox) -> None:
        self.service = service
        self.providers = service.providers
        self.seen: list[tuple[HttpRequest, HttpResponse]] = []
        self.instead: HttpResponse | None = None

    def handle(self, request: HttpRequest) -> HttpResponse:
        """The sandbox's answer, or what is to be answered instead."""
        response = self.instead or self.service.handle(request)
        self.seen.append((request, response))
        return response


class Desk:
    """A client and the sandbox that it talks to; `desk` makes it.

    Attributes:
        calls: everything that was wanted so far.
    """

    def __init__(
        self, client: str, catalog: Store, tap: Tap, front: Front, url: str, process: subprocess.Popen[str]
    ) -> None:
        self.client = client
        self.tap = tap
        self.front = front
        self.url = url
        self.calls: list[Call] = []
        self._catalog = catalog
        self._process = process

    @contextmanager
    def elsewhere(self, *, scale: Mapping[str, int] | None = None, limits: str = "off") -> Iterator[None]:
        """Another sandbox before the same client while the block runs: a client takes seconds to start."""
        service, before = self.tap.service, self.front.limits
        sandbox = Sandbox(self._catalog, service.providers, scale=scale)
        self.tap.service, self.front.limits = sandbox, read_limits(limits)
        try:
            yield
        finally:
            self.tap.service, self.front.limits = service, before
            sandbox.close()

    def ask(self, method: str, path: str, body: Any = None, *, every: bool = False) -> Call:
        """Have the client send a request; with `every`, let it read all pages. Raises RuntimeError if it dies."""
        made = self._judged(method, path, self._told(method, path, body, every))
        self.calls.append(made)
        return made

    def again(self, method: str, path: str, body: Any, answer: HttpResponse) -> Call:
        """The same with an answer of ours, which isn't counted."""
        self.tap.instead = answer
        try:
            return self._judged(method, path, self._told(method, path, body, False))
        finally:
            self.tap.instead = None

    def _told(self, method: str, path: str, body: Any, every: bool) -> dict[str, Any]:
        """What the client says of a request."""
        self.tap.seen.clear()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        wanted = {"method": method, "path": path, "body": body, "all": every}
        with suppress(BrokenPipeError):  # it has ended, which the empty line says below
            self._process.stdin.write(json.dumps(wanted) + "\n")
            self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.client} ended with {self._process.wait()} at {method} {path}")
        said: dict[str, Any] = json.loads(line)
        return said

    def _judged(self, method: str, path: str, said: dict[str, Any]) -> Call:
        bare = path.partition("?")[0].replace("//", "/")
        what, name = f"{method} {bare}", said.get("call", "")
        if said.get("absent"):
            return Call(self.client, what, "", "absent")
        why = said.get("error", "")
        if not self.tap.seen:
            return Call(self.client, what, name, "unsent" if why else "failed", why=why or "nothing was sent")
        request, response = self.tap.seen[-1]
        sent = f"{request.method} {unquote(request.url.partition('://')[2].partition('/')[2].partition('?')[0])}"
        status = response.status
        if sent != f"{method} {unquote(bare)[1:]}":
            verdict, why = "failed", f"it sent {sent}"
        elif status < 400:
            verdict = "failed" if why else "passed"
        else:
            verdict = "passed" if why and said.get("status") == status else "failed"
            why = why or f"it took a {status} for an answer"
        try:
            answer = json.loads(response.body) if response.body else None
        except ValueError:
            answer = None
        kind, size = str(said.get("kind", "")), int(said.get("size", -1))
        return Call(self.client, what, name, verdict, status, why, kind, size, answer)

    def reset(self) -> None:
        """The sandbox as it was generated."""
        self.tap.service.reset()


@contextmanager
def desk(client: str) -> Iterator[Desk]:
    """A client before a sandbox of its vendor while the block runs."""
    provider = client.partition("_")[0]
    with open_catalog() as catalog, tempfile.TemporaryDirectory() as home:
        known = catalog.provider(provider)
        assert known is not None
        sandbox = Sandbox(catalog, [provider])
        tap = Tap(sandbox)
        front = Front(tap)
        try:
            with identity([known]) as trusted, running(front, identity=trusted) as url:
                given = json.dumps(_settings(client, url, trusted.authority))
                with started(client, given, trusted.authority, home) as process:
                    yield Desk(client, catalog, tap, front, url, process)
        finally:
            sandbox.close()


def _settings(client: str, url: str, authority: str) -> dict[str, Any]:
    """What each client is made with."""
    if client == "okta_python":
        return {"orgUrl": url, "token": "sandbox"}
    if client == "okta_node":  # what it remembers of an answer would hide what was sent
        return {"orgUrl": url, "token": "sandbox", "cacheMiddleware": None}
    if client == "datadog_python":
        keys = {"apiKeyAuth": "sandbox", "appKeyAuth": "sandbox"}
        return {"host": url, "ssl_ca_cert": authority, "api_key": keys, "enable_retry": True}
    return {"url": url, "retry": True}


def environment(home: str, authority: str) -> dict[str, str]:
    """Variables of a client's process: those of a machine without settings, which trusts the sandbox."""
    return {
        "HOME": home,
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "SSL_CERT_FILE": authority,
        "NODE_EXTRA_CA_CERTS": authority,
        "QUAESTOR_NODE": str(NODE_HOME),
        "DD_API_KEY": "sandbox",
        "DD_APP_KEY": "sandbox",
    }


@contextmanager
def started(client: str, settings: str, authority: str, home: str) -> Iterator[subprocess.Popen[str]]:
    """The client's process, which takes lines and gives lines; its errors are told if it ends early."""
    runs = [str(PYTHON), f"{client}.py"] if client.endswith("python") else ["node", f"{client}.js"]
    with (
        open(Path(home) / "stderr", "w+", encoding="utf-8") as spoken,
        subprocess.Popen(
            [*runs[:-1], str(HERE / "drivers" / runs[-1])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=spoken,
            text=True,
            env=environment(home, authority) | {"QUAESTOR_CLIENT": settings},
        ) as process,
    ):
        try:
            yield process
        except RuntimeError as error:
            spoken.seek(0)
            raise RuntimeError(f"{error}: {spoken.read()[-2000:]}") from None
        finally:
            assert process.stdin is not None
            with suppress(BrokenPipeError):
                process.stdin.close()
            process.wait(PATIENCE_S)


def table(calls: list[Call]) -> list[str]:
    """`client | tried | passed | failed | …`, a line for each client."""
    from tests.clients.install import versions

    lines = ["client | calls | different | passed | failed | client refused own input | unreadable by it | absent"]
    for client in CLIENTS:
        mine = [call for call in calls if call.client == client]
        count = Counter(call.verdict for call in mine)
        different = len({call.name for call in mine if call.name})
        verdicts = " | ".join(str(count[each]) for each in ("passed", "failed", "unsent", "unreadable", "absent"))
        lines.append(f"{versions()[client]} | {len(mine)} | {different} | {verdicts}")
    return lines
