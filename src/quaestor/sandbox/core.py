"""A stand-in for the vendors' services, in this process: a request in, a response out, no socket.

Generated from a seed, so it answers the same every time; related, so joins find what they look for; paged,
authenticated and refused as the vendors do. What clients change (`writes`, `state`) is laid over what is generated,
and can be kept in a file; what the sandbox says of itself is below `/_sandbox/`, for this machine only:

| path                 | what it does                                                         |
|--------------------------|-----------------------------------------------------------------------------------|
| GET /_sandbox/log        | the last requests: number, method, path, status, provider, operation              |
| GET /_sandbox/state      | everything that clients made, changed and deleted, by place                       |
| POST /_sandbox/reset     | all is as it was generated; the log is empty                                      |

One sandbox stands in for several providers: each below a path prefix of its own (`/okta/api/v1/users`), and all
of them without it too (`/api/v1/users`), told apart by the path and, where both know it, by the credential.

What lists honour: their paging parameters; required parameters, integers checked; parameters that the catalog
calls exact or superset; Okta's `filter` and `search` (SCIM: and, or, not, brackets, eq ne co sw ew gt ge lt le pr),
`q` (prefix), `sortBy`, `sortOrder`; for users, applications, groups and the log what the vendor's own rules say
(see `okta.users`, `okta.world`, `datadog.world`). A filter that can't be read is refused. What had no effect is
named in the response header `x-sandbox-ignored`.

A key is refused with 404 if its collection can be listed and doesn't hold it. Where the API has no list (sessions,
invitations), any key exists.

Before: `serve` or the engine's transport. After: `site` answers.
"""

from __future__ import annotations

import re
from collections import deque
from threading import Lock
from urllib.parse import quote

from quaestor.errors import Cancelled, UsageError
from quaestor.fetch.http import HttpRequest, HttpResponse
from quaestor.sandbox.answer.access import OPEN, Access, Call, Gate
from quaestor.sandbox.answer.answers import Answer
from quaestor.sandbox.answer.refusal import Refusal
from quaestor.sandbox.answer.untransformed import asked
from quaestor.sandbox.change.state import State
from quaestor.sandbox.data.clock import DEFAULT, Clock
from quaestor.sandbox.data.collection import ORIGIN, encode
from quaestor.sandbox.data.invent import Inventor
from quaestor.sandbox.data.people import People
from quaestor.sandbox.data.world import Ground
from quaestor.sandbox.site import Site, segments_of
from quaestor.sandbox.vendors import VENDORS, vendor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from quaestor.catalog.catalog import Catalog
    from quaestor.catalog.model import Provider
    from quaestor.fetch.http import CancelToken
    from quaestor.sandbox.answer.routes import Match

#: Where the sandbox is for requests that never leave the process.
IN_PROCESS = "http://localhost"
#: Bytes of answers that are kept; all pages of 100,000 users fit.
KEPT_BYTES = 160_000_000

#: Below this path the sandbox tells of itself.
OWN = "/_sandbox/"
#: So many requests are remembered.
LOGGED = 10_000

_ORIGIN = ORIGIN.encode()
_LOOPBACK = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d+)?")
#: Clients send it and the vendors overlook it (recorded of Okta's Python SDK).
_DOUBLED = re.compile(r"^//+")


class Sandbox:
    """A stand-in for one or more providers; safe to ask from several threads.

    Args:
        catalog: what the providers offer.
        providers: which of them to stand in for.
        seed: the same seed makes the same world.
        scale: how many of what, by name: `users`, `apps`, or any collection by its resource or path name;
            `okta.users` for one provider's only.
        clock: the instant at which the world stands still, ISO 8601; each change is a second later than the last.
        state: a file in which to keep what clients change, or empty for memory only. Whatever was answered is in it.

        access: how it is signed in to.

    Raises UsageError for a file that can't be used, an unknown provider, a scale that names nothing, a clock that is
    no instant, access that can't be.
    """

    def __init__(
        self,
        catalog: Catalog,
        providers: Sequence[str],
        *,
        seed: int = 1,
        scale: Mapping[str, int] | None = None,
        clock: str = DEFAULT,
        state: str = "",
        access: Access = OPEN,
    ) -> None:
        if not providers:
            raise UsageError("no provider was named", hint="name one or more: quaestor sandbox okta datadog")
        self.providers = tuple(dict.fromkeys(providers))
        self.seed = seed
        self._clock = Clock(clock)
        self._catalog = catalog
        self._scale = dict(scale or {})
        self._known = {name: self._provider(name) for name in self.providers}
        self._sites: dict[str, Site] = {}
        self._access = access
        self._gates: dict[str, Gate] = {}
        self._making = Lock()
        about = f"{', '.join(self.providers)}; seed {seed}; clock {clock}; " + ", ".join(
            f"{name}={count}" for name, count in sorted(self._scale.items())
        )
        self._state = State(state, about.rstrip("; "))
        self._log: deque[dict[str, Any]] = deque(maxlen=LOGGED)
        self._asked = 0
        self._check_scale()
        for name in access.grants:
            self.gate(name)
        self._kept: dict[tuple[str, str], Answer] = {}
        self._kept_bytes = 0
        self._lock = Lock()

    def _provider(self, name: str) -> Provider:
        provider = self._catalog.provider(name)
        if provider is None:
            known = ", ".join(known.name for known in self._catalog.providers())
            raise UsageError(f"there is no provider {name!r}", hint=f"the catalog has {known}")
        return provider

    def _make(self, name: str) -> Site:
        scale, catalog = self._scale, self._catalog
        own = {key: value for key, value in scale.items() if "." not in key}
        own.update({key.partition(".")[2]: value for key, value in scale.items() if key.startswith(f"{name}.")})
        of = vendor(name)
        how = of.manners(self._known[name])
        inventor = Inventor(lambda schema: catalog.schema(name, schema), self._clock, micros=how.micros)
        people = People(self.seed, own.get("users", of.world.scales.get("users", 200)), self._clock)
        world = of.world(name, Ground(self.seed, self._clock, people, inventor, own))
        return Site(name, catalog, how, inventor, world, self._state, of.rules())

    def _check_scale(self) -> None:
        for key in self._scale:
            provider, _, name = key.rpartition(".")
            if any(name in _scales(of) for of in self.providers if provider in ("", of)):
                continue  # said without making the provider's stand-in
            if not any(name in self.site(of).scalable() for of in self.providers if provider in ("", of)):
                known = sorted({known for of in self.providers for known in _scales(of)})
                raise UsageError(
                    f"--scale names {key!r}, which nothing here is called",
                    hint=f"there are {', '.join(known)}, and every collection by its own name",
                )

    def site(self, provider: str) -> Site:
        """One provider's stand-in, made when it is first asked for. Raises KeyError for a provider that this sandbox
        doesn't stand in for."""
        with self._making:
            made = self._sites.get(provider)
            if made is None:
                made = self._sites[provider] = self._make(provider)
        return made

    def gate(self, provider: str) -> Gate:
        """What stands before one provider's operations. Raises KeyError as `site` does, UsageError for access that
        can't be."""
        site = self.site(provider)
        with self._making:
            made = self._gates.get(provider)
            if made is None:
                grants = self._access.grants.get(provider, {})
                made = self._gates[provider] = vendor(provider).gate(site, self._access, grants)
        return made

    def untold(self) -> dict[str, tuple[int, int]]:
        """By provider of a document: how many of its operations are answered 501, of how many, since the document
        makes rows of their answers by a transform and no schema tells what comes before it. None where all are
        answered."""
        routes = {name: self.site(name).routes for name in self.providers if name not in VENDORS}
        return {name: (each.untold, len(each)) for name, each in routes.items() if each.untold}

    # -- requests

    def now_s(self) -> float:
        """What time it is in this world: the first second in which nothing has happened yet."""
        return self._clock.now + self._state.count + 1.0

    def handle(self, request: HttpRequest) -> HttpResponse:
        """The response to a request; its URL's host doesn't matter, its path and headers do."""
        origin, path, raw_query = _parts(request.url)
        if path.startswith(OWN):
            return self._own(request, origin, path)
        headers = {name.lower(): value for name, value in request.headers}
        path = _DOUBLED.sub("/", path)
        site, prefix, path = self._locate(request.method, path, headers)
        extra: list[tuple[str, str]]
        said = raw_query
        try:
            sent = _decoded(request.body, headers.get("content-encoding", ""))
            queried = site.routes.queried(request.method, segments_of(path))
            said = asked(queried, raw_query, headers.get("content-type", ""), sent)
            answer = self._let_in(site, Call(request.method, request.url, path, headers, sent), said)
        except Refusal as refusal:
            match = site.routes.match(request.method, segments_of(path), said)[0]
            operation = f"{site.provider} {request.method} {match.route.template}" if match is not None else ""
            status, body = site.manners.refuse(refusal, operation)
            usual = match.route.method.response.media_type if match is not None else ""
            media_type = usual if usual == "text/json" else "application/json"  # Datadog's intake, as recorded
            answer = Answer(status, body, media_type, headers=refusal.headers)
        base = origin + prefix
        extra = [("link", f'<{base}{target}>; rel="{rel}"') for rel, target in answer.links]
        if answer.ignored:
            extra.append(("x-sandbox-ignored", ", ".join(quote(name, safe="[]") for name in answer.ignored)))
        body = answer.body.replace(_ORIGIN, base.encode()) if _ORIGIN in answer.body else answer.body
        self._note(request, site, path, raw_query, said, answer.status)
        kind = (("content-type", answer.media_type),) if body else ()  # of nothing: clients would parse it
        response_headers = (*kind, *answer.headers, *extra, *site.manners.headers())
        return HttpResponse(answer.status, response_headers, body, request.url)

    def limited(self, request: HttpRequest, event: str, route: str, limit: int, per: int) -> None:
        """A rate limit was met, or nearly: a vendor's log may tell of it.

        Args:
            event: `warning`, `violation` or `concurrency`; route, limit, per: so many requests in so many seconds.
        """
        _, path, _ = _parts(request.url)
        headers = {name.lower(): value for name, value in request.headers}
        site, _, path = self._locate(request.method, _DOUBLED.sub("/", path), headers)
        with self._lock:
            by = self.gate(site.provider).caller(Call(request.method, request.url, path, headers))
            site.writer.rules.limited(by, event, path, route, limit, per)
            if self._state.commit():
                self._forget()

    def _let_in(self, site: Site, call: Call, raw_query: str) -> Answer:
        """The answer to a request whose credential allows it. Raises Refusal."""
        gate = self.gate(site.provider)
        if gate.owns(call.path):
            return self._signed_in(gate, call)
        site.manners.admit(call.path, call.headers)
        if gate.strict:
            match = site.routes.match(call.method, segments_of(call.path), raw_query)[0]
            gate.admit(call, match.route.method if match is not None else None)
        return self._answer(site, call, raw_query, gate)

    def _signed_in(self, gate: Gate, call: Call) -> Answer:
        """The gate's own answer, which a log of the vendor's may tell of."""
        with self._lock:
            answer = gate.answer(call)
            if self._state.commit():
                self._forget()
        return answer

    def _note(self, request: HttpRequest, site: Site, path: str, raw_query: str, said: str, status: int) -> None:
        match, _ = site.routes.match(request.method, segments_of(path), said)
        operation = f"{match.route.resource.id}.{match.route.method.name}" if match is not None else ""
        self._asked += 1
        self._log.append(
            {
                "number": self._asked,
                "method": request.method,
                "path": f"{path}?{raw_query}" if raw_query else path,
                "status": status,
                "provider": site.provider,
                "operation": operation,
            }
        )

    def _own(self, request: HttpRequest, origin: str, path: str) -> HttpResponse:
        """What the sandbox says of itself, to whom asks it by this machine's own name: a page of a foreign site that
        a browser shows can't."""
        status, said = 404, encode({"message": f"no such page of the sandbox: {request.method} {path}"})
        host = origin.partition("://")[2].rpartition("@")[2]
        if _LOOPBACK.fullmatch(host) is None:
            status, said = 403, encode({"message": "the sandbox tells of itself to this machine only"})
        elif (request.method, path) == ("GET", OWN + "log"):
            status, said = 200, encode(self.log())
        elif (request.method, path) == ("GET", OWN + "state"):
            status, said = 200, encode(self.state())
        elif (request.method, path) == ("POST", OWN + "reset"):
            self.reset()
            status, said = 204, b""
        return HttpResponse(status, (("content-type", "application/json"),), said, request.url)

    def _answer(self, site: Site, call: Call, raw_query: str, gate: Gate) -> Answer:
        method, path = call.method, call.path
        at = (site.provider, f"{path}?{raw_query}")
        if method == "GET":
            kept = self._kept.get(at)
            if kept is not None:
                return kept
        match = self._match(site, method, path, raw_query)
        with self._lock:
            try:
                answer = site.answer(match, path, raw_query, call.body, gate.caller(call))
                if self._state.commit():
                    self._forget()
            except BaseException:
                self._state.rollback()
                raise
            if method == "GET" and answer.status == 200:
                if self._kept_bytes > KEPT_BYTES:
                    self._forget()
                self._kept[at] = answer
                self._kept_bytes += len(answer.body) + 500
        return answer

    @staticmethod
    def _match(site: Site, method: str, path: str, raw_query: str) -> Match:
        match, allowed = site.routes.match(method, segments_of(path), raw_query)
        if match is None:
            raise Refusal("method" if allowed else "no_route", f"{method} {path}")
        return match

    def _locate(self, method: str, path: str, headers: Mapping[str, str]) -> tuple[Site, str, str]:
        """The provider that a request is for, the prefix that said so, and the path behind it."""
        first, _, rest = path[1:].partition("/")
        if first in self._known:
            return self.site(first), f"/{first}", f"/{rest}"
        sites = [self.site(name) for name in self.providers]
        if len(sites) == 1:
            return sites[0], "", path
        owner = next((site for site in sites if self.gate(site.provider).owns(path)), None)
        if owner is not None:
            return owner, "", path
        segments = segments_of(path)
        likely = [site for site in sites if any(site.routes.match(method, segments))] or sites
        for site in likely:
            try:
                site.manners.admit(path, headers)
            except Refusal:
                continue
            return site, "", path
        return likely[0], "", path

    # -- what happened

    def log(self) -> list[dict[str, Any]]:
        """The last requests, oldest first: `number` from 1, `method`, `path` with query, `status`, `provider`,
        `operation` (`okta.users.users.create_user`; empty for a path that is none). No header and no body is kept."""
        return list(self._log)

    def state(self) -> dict[str, Any]:
        """What clients changed: place (`okta:/api/v1/users`) → `born` and `changed` (key → object), `gone` (keys)."""
        with self._lock:
            return self._state.dump()

    def reset(self) -> None:
        """All is as it was generated, and nothing was asked yet. Raises UsageError if the file can't be emptied."""
        with self._lock:
            self._state.reset()
            self._forget()
            for site in self._sites.values():
                site.forget()
            self._log.clear()
            self._asked = 0

    def close(self) -> None:
        """The file of the state is let go; nothing more may be asked."""
        self._state.close()

    def _forget(self) -> None:
        """Answers that are kept are old."""
        self._kept.clear()
        self._kept_bytes = 0

    # -- faces

    def endpoints(self, base: str = IN_PROCESS) -> dict[str, str]:
        """Where each provider is below an address: `{"okta": "http://127.0.0.1:8080/okta"}`.

        The default is for requests that go through `transport()`.
        """
        return {name: f"{base.rstrip('/')}/{name}" for name in self.providers}

    def transport(self) -> SandboxTransport:
        """A `fetch.http.Transport` that asks this sandbox and opens no socket."""
        return SandboxTransport(self)


def _decoded(body: bytes | None, coding: str) -> bytes | None:
    """A body out of its content coding. Raises Refusal for bytes that aren't in it."""
    if not body or coding.strip().lower() not in ("deflate", "gzip"):
        return body
    import zlib

    try:  # 47: zlib's frame or gzip's, whichever is there
        return zlib.decompress(body, 47)
    except zlib.error:
        raise Refusal("malformed", "body", detail=f"the body isn't {coding}") from None


def _scales(provider: str) -> Mapping[str, int]:
    """What a vendor's world has a scale for."""
    return vendor(provider).world.scales


class SandboxTransport:
    """Carries requests to a sandbox in this process."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def send(self, request: HttpRequest, cancel: CancelToken) -> HttpResponse:
        """The sandbox's response. Raises Cancelled."""
        if cancel.cancelled:
            raise Cancelled("the statement was cancelled")
        return self._sandbox.handle(request)

    def close(self) -> None:
        """Nothing is held."""


def parse_scale(text: str) -> dict[str, int]:
    """`users=500,apps=50` as a mapping. Raises UsageError for anything else."""
    scale: dict[str, int] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, number = part.partition("=")
        if not name.strip() or not number.strip().isdecimal():
            raise UsageError(f"--scale {part!r} isn't a name and a number", hint="write --scale users=500,apps=50")
        scale[name.strip()] = int(number)
        if scale[name.strip()] > 10_000_000:
            raise UsageError(f"--scale {part!r} is more than 10,000,000")
    return scale


def _parts(url: str) -> tuple[str, str, str]:
    """Scheme with host, path, and query of an absolute URL."""
    scheme, _, rest = url.partition("://")
    host, slash, tail = rest.partition("/")
    if not slash and "?" in host:
        host, _, tail = host.partition("?")
        tail = "?" + tail
    path, _, query = tail.partition("?")
    return f"{scheme}://{host}", f"/{path}", query.partition("#")[0]
