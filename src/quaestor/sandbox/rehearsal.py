"""`quaestor.sandbox()`: a sandbox for programs and tests, in this process and on a port if one is asked for.

    import quaestor

    with quaestor.sandbox(faults="GET /api/v1/users first 2: status 503") as box, box.connect() as con:
        print(con.sql("SELECT count(*) FROM okta.users.users").fetchall())
        assert len(box.hits) == 2

Before: a caller. After: `core`, `front`, `serve` and `tls` do the work; `fixture` gives the same to tests.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager

from quaestor.catalog.store import open_catalog
from quaestor.config import Settings
from quaestor.errors import UsageError
from quaestor.record import replace
from quaestor.run.engine import Connection, connect
from quaestor.sandbox.answer.access import TOKEN
from quaestor.sandbox.core import IN_PROCESS, Sandbox
from quaestor.sandbox.okta.signin import OktaGate
from quaestor.sandbox.staging import stage
from quaestor.sandbox.wire.faults import Faults, parse
from quaestor.sandbox.wire.front import Front
from quaestor.sandbox.wire.limits import SimulatedClock
from quaestor.sandbox.wire.serve import running
from quaestor.sandbox.wire.tls import identity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from quaestor.catalog.catalog import Catalog
    from quaestor.sandbox.wire.faults import Hit
    from quaestor.sandbox.wire.front import Asked
    from quaestor.sandbox.wire.tls import Identity


class Rehearsal:
    """A sandbox while it runs; `quaestor.sandbox` makes it.

    Attributes:
        front: what stands before it: its faults and limits.
        env: the variables that a client takes credentials and hosts from, as for a real account.
        clock: the simulated time, if that was asked for: `clock.advance(seconds)`.
        ca_bundle: path of the PEM file to trust, with `tls`; else empty.
    """

    def __init__(
        self,
        front: Front,
        catalog: Catalog,
        env: Mapping[str, str],
        known: Identity | None,
        stack: ExitStack,
        clock: SimulatedClock | None = None,
    ) -> None:
        self.front = front
        self.env = dict(env)
        self.ca_bundle = known.authority if known else ""
        self.clock = clock
        self._catalog = catalog
        self._identity = known
        self._stack = stack
        self._url = ""

    @property
    def url(self) -> str:
        """Where it is on this machine, such as `http://127.0.0.1:41234`; it is served from the first time on.

        Raises UsageError with simulated time."""
        if self.clock is not None:
            raise UsageError("simulated time is for this process only", hint='leave clock="simulated" out')
        if not self._url:
            self._url = self._stack.enter_context(running(self.front, identity=self._identity))
        return self._url

    @property
    def endpoints(self) -> dict[str, str]:
        """The address of each provider: `{"okta": "http://127.0.0.1:41234/okta"}`. Serves it."""
        return self.front.endpoints(self.url)

    @property
    def log(self) -> list[Asked]:
        """Every request so far: `method`, `url`, `status`, `fault`."""
        return self.front.log

    @property
    def hits(self) -> list[Hit]:
        """Every request that met a fault: `rule`, `method`, `path`."""
        return self.front.faults.hits

    @property
    def service_app(self) -> tuple[str, str]:
        """Client id and private key (PEM) of a service app that may sign in to Okta here.

        Raises UsageError without `quaestor[oauth]`, and where `access` names the apps."""
        service = self.front.service
        here = isinstance(service, Sandbox) and "okta" in service.providers
        gate = service.gate("okta") if isinstance(service, Sandbox) and here else None
        if not isinstance(gate, OktaGate):
            raise UsageError("there is no Okta here to sign in to", hint='name it: quaestor.sandbox("okta")')
        return gate.service_app()

    def faults(self, spec: str) -> None:
        """From now on these faults instead of the ones before; an empty text ends all. Counts begin again.

        Raises UsageError with the place of what can't be read."""
        self.front.faults = Faults(parse(spec, where="faults"))

    def connect(self, settings: Settings | None = None, *, over_http: bool = False) -> Connection:
        """A connection to it; close it, or use it as a context manager.

        Args:
            settings: bounds and connections; keys, endpoints, domains and proxies in them take no part;
                a sign-in by `oauth` does.
            over_http: through sockets, as a client of another process.
        """
        given = settings or Settings()
        kept = given.workspace or ":memory:"  # what is invented isn't kept, unless somebody says where
        bare = {
            name: replace(known, credentials={}, endpoint="", domain="") for name, known in given.connections.items()
        }
        over_http = over_http or self._identity is not None
        return connect(
            replace(
                given, connections=bare, auth={}, endpoints={}, proxy=None, ca_bundle=self.ca_bundle, workspace=kept
            ),
            endpoints=self.endpoints if over_http else self.front.endpoints(IN_PROCESS),
            transport=None if over_http else self.front.transport(self.clock),
            catalog=self._catalog,
            env=self.env,
            clock=self.clock,
            now_s=self.front.now_s,
        )


@contextmanager
def sandbox(
    *providers: str,
    seed: int = 1,
    scale: Mapping[str, int] | None = None,
    latency: str = "",
    limits: str = "off",
    faults: str = "",
    cassette: str = "",
    state: str = "",
    strict_auth: bool = False,
    access: str | Mapping[str, Any] = "",
    clock: str = "real",
    tls: bool = False,
    catalog: Catalog | None = None,
) -> Iterator[Rehearsal]:
    """A stand-in for providers' APIs while the block runs. It needs no account and no network.

    Args:
        providers: all of the catalog unless some are named.
        seed, scale: which generated data, and how much: `scale={"users": 500}`.
        latency: before every answer: `50ms`, or `50ms..200ms`.
        limits: `real`, `off` or a YAML file of rate limits.
        faults: what goes wrong, on one line or in a YAML file (`docs/how-to/rehearse-failure.md`).
        cassette: a recording that answers instead of generated data.
        state: a file that keeps what clients change; without one it ends with the block.
        strict_auth: check credentials, scopes and permissions; else any credential will do.
        access: which credentials there are and what they allow, as a mapping or a YAML file
            (`docs/how-to/sign-in-to-the-sandbox.md`).
        clock: `simulated` for time that passes only when a connection to it waits, so that a rate limit's minute
            costs none; inside this process only.
        tls: serve https; needs `quaestor[tls]`. Requests then go through sockets.
        catalog: instead of the built-in providers.

    Raises UsageError for what can't be.
    """
    if clock not in ("real", "simulated"):
        raise UsageError(f"the clock is real or simulated, not {clock!r}")
    simulated = SimulatedClock() if clock == "simulated" else None
    if simulated is not None and tls:
        raise UsageError(
            "simulated time is for this process only, and TLS needs sockets", hint="leave one of them out"
        )
    with ExitStack() as stack:
        known = catalog
        if known is None:
            opened = open_catalog()
            stack.callback(opened.close)
            known = opened
        front, own = stack.enter_context(
            stage(
                known,
                providers,
                seed=seed,
                scale=scale,
                latency=latency,
                limits=limits,
                faults=faults,
                cassette=cassette,
                state=state,
                strict_auth=strict_auth,
                access=access,
                clock=simulated,
            )
        )
        env = {credential.env: TOKEN for provider in known.providers() for credential in provider.credentials}
        made = stack.enter_context(identity(own, expired=front.faults.expired_tls)) if tls else None
        yield Rehearsal(front, known, env, made, stack, simulated)
