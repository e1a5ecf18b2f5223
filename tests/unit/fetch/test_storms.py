"""Ten thousand storms in simulated time: several workers, both vendors' headers, others at work, wrong clocks.

What must hold: nothing is sent earlier than a server told for the bucket; an outage isn't answered by a storm; a
limit is used as far as we may, and not refused more than the learning takes.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Generator
from time import gmtime, strftime

import pytest
from tests.unit.fetch.doubles import FakeClock, FakeTransport

from quaestor.catalog.model import Method
from quaestor.errors import ProviderError
from quaestor.fetch.auth import Authenticator
from quaestor.fetch.client import Client
from quaestor.fetch.governor import Governor, Permit
from quaestor.fetch.http import CancelToken, HttpRequest, HttpResponse
from quaestor.fetch.retry import rate_limit, told_wait
from quaestor.fetch.stats import Stats
from quaestor.fetch.url import origin_of

HOST = "https://acme.okta.com"


class Limits:
    """A server with fixed windows: Okta's headers or Datadog's, a clock that may be wrong, other people's requests.

    Attributes:
        requests, refused: how many came, and how many of them were refused.
        told: for each path template, until when somebody who knows by now was told to wait, in true time.
    """

    def __init__(self, chance: random.Random, shares: dict[str, str], limit: int, window: int) -> None:
        self.chance = chance
        self.shares = shares
        self.limit = limit
        self.window = window
        self.skew = chance.choice((0, 0, -400, 90, 5000))
        self.is_okta = chance.random() < 0.5
        self.used: dict[tuple[str, int], int] = {}
        self.told: dict[str, float] = {}
        self.others = chance.choice((0.0, 0.0, 0.3))
        self.requests = self.refused = 0

    def answer(self, template: str, now: float) -> HttpResponse:
        """What comes of a request; `now` is the true time."""
        self.requests += 1
        bucket = self.shares[template]
        window = int(now // self.window)
        key = (bucket, window)
        self.used[key] = self.used.get(key, 0) + 1 + (self.chance.random() < self.others)
        left = self.limit - self.used[key]
        end = (window + 1) * self.window
        headers = [("date", strftime("%a, %d %b %Y %H:%M:%S GMT", gmtime(now + self.skew)))]
        if self.is_okta:
            headers.append(("x-rate-limit-reset", str(end + self.skew)))
            headers += [("x-rate-limit-limit", str(self.limit)), ("x-rate-limit-remaining", str(max(0, left)))]
        else:
            headers.append(("x-ratelimit-reset", str(int(end - now) + 1)))
            headers += [("x-ratelimit-limit", str(self.limit)), ("x-ratelimit-remaining", str(max(0, left)))]
            headers.append(("x-ratelimit-name", bucket))
        if left >= 0:
            return HttpResponse(200, tuple(headers), b"[]")
        self.refused += 1
        return HttpResponse(429, tuple(headers), b"{}", url=str(end))


class Simulation:
    """Workers over one governor, event by event. A worker says after how many seconds it goes on."""

    def __init__(self, governor: Governor, clock: FakeClock) -> None:
        self.governor = governor
        self.clock = clock
        self.end = 0.0

    def run(self, workers: list[Generator[float, None, None]]) -> None:
        """Until all workers are done."""
        queue = [(self.clock.time(), number) for number in range(len(workers))]
        heapq.heapify(queue)
        while queue:
            at, number = heapq.heappop(queue)
            self.clock._now = max(self.clock._now, at)
            wait = next(workers[number], None)
            if wait is not None:
                heapq.heappush(queue, (self.clock._now + wait, number))
        self.end = self.clock.time()

    def permit(self, template: str) -> Generator[float, None, Permit]:
        """As `Governor.permit` waits."""
        while True:
            answer = self.governor.ask(HOST, template)
            if isinstance(answer, Permit):
                return answer
            yield answer.seconds


def worker(
    sim: Simulation, server: Limits, templates: list[str], latency: Callable[[], float]
) -> Generator[float, None, None]:
    """As `Client.send` sends. Fails if it sends before anybody was told that this bucket may be asked again."""
    buckets = sim.governor._host(HOST).buckets
    for template in templates:
        while True:
            permit = yield from sim.permit(template)
            members = buckets.members(buckets.template(template).bucket)
            assert sim.clock.time() >= max(server.told.get(member, 0.0) for member in members), "earlier than told"
            half = latency()
            yield half
            response = server.answer(template, sim.clock.time())
            yield half
            now = sim.clock.time()
            told = told_wait(response, now)
            permit.done(rate_limit(response, now), refused=response.status == 429, wait_s=told)
            if response.status == 200:
                break
            server.told[template] = max(server.told.get(template, 0.0), float(response.url))
            yield told


def storm(seed: int, *, workers: int, requests: int) -> Limits:
    """All requests of some workers, made. The server that they were made to."""
    chance = random.Random(seed)
    clock = FakeClock(1_800_000_000.0 + chance.random() * 60)
    shares = chance.choice(({"a": "x", "b": "x"}, {"a": "x", "b": "y"}))
    server = Limits(chance, shares, chance.choice((3, 10, 40)), chance.choice((10, 60)))
    sim = Simulation(Governor(clock=clock, concurrency=8), clock)
    orders = [[chance.choice("ab") for _ in range(requests)] for _ in range(workers)]
    sim.run([worker(sim, server, order, lambda: chance.random() / 5) for order in orders])
    return server


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_ten_thousand_storms(part: int) -> None:
    refused = requests = 0
    for seed in range(part * 1000, (part + 1) * 1000):
        server = storm(seed, workers=3, requests=5)
        refused += server.refused
        requests += server.requests
    assert requests - refused == 15_000
    assert 0 < refused < requests / 10


@pytest.mark.parametrize(("limit", "window"), [(600, 60), (100, 60), (300, 3600)])
def test_sixteen_scans_use_the_limit_and_are_not_refused(limit: int, window: int) -> None:
    """Three windows' worth of requests by 16 workers: the time is that of the windows, refusals next to none."""
    clock = FakeClock(1_800_000_000.0)
    server = Limits(random.Random(1), {"a": "x", "b": "y"}, limit, window)
    server.skew, server.others, server.is_okta = 0, 0.0, True
    sim = Simulation(Governor(clock=clock, max_wait_s=window, reserve=0.1), clock)
    each = limit * 3 // 16
    sim.run([worker(sim, server, ["a"] * each, lambda: 0.025) for _ in range(16)])
    assert server.refused == 0
    assert max(server.used.values()) <= limit * 0.9 + 16
    windows = -(-each * 16 // (limit * 0.9))
    assert sim.end - 1_800_000_000.0 <= windows * window + 10


def outage(requests: int, *, retry_after: str = "") -> tuple[int, FakeClock]:
    """How many requests are sent for so many that are wanted while everything is refused."""
    clock = FakeClock()
    headers = (("retry-after", retry_after),) if retry_after else ()
    transport = FakeTransport([HttpResponse(503, headers)])
    client = Client(transport, Authenticator(origin_of(HOST)), Governor(clock=clock), random=lambda: 1.0)
    request = HttpRequest("GET", f"{HOST}/api", bucket="GET /api")
    for _ in range(requests):
        with pytest.raises(ProviderError) as caught:
            client.send(Method("list", "select", "GET", "/api"), request, CancelToken(), Stats())
    assert "none is repeated any more" in caught.value.hint
    return len(transport.sent), clock


@pytest.mark.parametrize("retry_after", ["", "5"])
def test_an_outage_is_not_answered_by_a_storm(retry_after: str) -> None:
    spent, _ = outage(26, retry_after=retry_after)  # four repetitions each, until the budget is gone
    sent, _ = outage(1026, retry_after=retry_after)
    assert spent == 126
    assert sent - spent <= 1.1 * 1000
