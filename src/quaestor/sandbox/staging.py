"""A sandbox put together from what a person asked for: the one place for flags, fixture and `quaestor.sandbox()`.

Before: options as texts. After: a `Front` that answers.
"""

from __future__ import annotations

from contextlib import contextmanager
from time import gmtime, strftime, time

from quaestor.catalog.documents import Layered
from quaestor.errors import UsageError
from quaestor.sandbox.answer.access import Access, read_access
from quaestor.sandbox.change.state import clock_of
from quaestor.sandbox.core import Sandbox
from quaestor.sandbox.data.clock import DEFAULT
from quaestor.sandbox.wire.faults import Faults, parse
from quaestor.sandbox.wire.front import Front, read_latency
from quaestor.sandbox.wire.limits import read_limits
from quaestor.sandbox.wire.recording import Player, read_cassette

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from quaestor.catalog.catalog import Catalog
    from quaestor.catalog.model import Provider
    from quaestor.sandbox.wire.front import Service
    from quaestor.sandbox.wire.limits import SimulatedClock

#: The world's instant is this machine's time.
NOW = "now"


@contextmanager
def stage(
    catalog: Catalog,
    providers: Sequence[str],
    *,
    seed: int = 1,
    scale: Mapping[str, int] | None = None,
    latency: str = "",
    limits: str = "off",
    faults: str = "",
    cassette: str = "",
    state: str = "",
    strict_auth: bool = False,
    access: str | Mapping[str, Any] = "",
    clock: SimulatedClock | None = None,
    world: str = DEFAULT,
) -> Iterator[tuple[Front, list[Provider]]]:
    """What answers while the block runs, and the providers that it stands in for; no providers named are all.

    The arguments are those of `quaestor.sandbox`; limits go by `clock`. A built-in provider answers as it is built
    in, even if the catalog has a document of its name. The `world` stands still at this instant; with `NOW` at that
    of the state's file, or else this machine's time. Raises UsageError for any that can't be.
    """
    names = tuple(providers) or tuple(provider.name for provider in catalog.providers())
    if cassette and (state or scale):
        raise UsageError(
            "a cassette answers alone: it has no state and no scale", hint="leave --state and --scale out"
        )
    if cassette and strict_auth:
        raise UsageError("a cassette answers whoever asks", hint="leave --strict-auth out")
    if access and not strict_auth:
        raise UsageError("access says who may do what under strict sign-in", hint="add --strict-auth")
    signing = Access(strict_auth, read_access(access, names), clock.time if clock else time)
    if world == NOW:
        world = (clock_of(state) if state else "") or strftime("%Y-%m-%dT%H:%M:%SZ", gmtime())
    vendors = catalog.of_vendors() if isinstance(catalog, Layered) else catalog
    sandbox = Sandbox(vendors, names, seed=seed, scale=scale, clock=world, state=state, access=signing)
    try:
        service: Service = Player(read_cassette(cassette), sandbox.providers) if cassette else sandbox
        front = Front(
            service,
            faults=Faults(parse(faults), seed),
            limits=read_limits(limits, clock.time) if clock else read_limits(limits),
            latency=read_latency(latency),
            seed=seed,
            now_s=time if cassette else sandbox.now_s,
        )
        yield front, [provider for provider in catalog.providers() if provider.name in sandbox.providers]
    finally:
        sandbox.close()
