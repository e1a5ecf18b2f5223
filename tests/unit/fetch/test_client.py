"""A request's whole way: signing, retries at the right times, limits shared, refusals as typed errors."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from tests.unit.fetch.doubles import FakeClock, FakeTransport, Script

from quaestor.catalog.model import Column, Method, Parameter, Provider, Response
from quaestor.errors import (
    Cancelled,
    ForbiddenError,
    LimitError,
    NotFoundError,
    ProviderError,
    RateLimitError,
    ServerError,
    TransportError,
)
from quaestor.fetch.auth import Authenticator, CredentialPart
from quaestor.fetch.client import Client
from quaestor.fetch.governor import Governor, SystemClock
from quaestor.fetch.http import CancelToken, HttpRequest, HttpResponse
from quaestor.fetch.retry import RetryPolicy
from quaestor.fetch.stats import Stats
from quaestor.fetch.url import origin_of
from quaestor.secrets import Redactor, Secret

OK = HttpResponse(200, (), b"[]")
LIST = Method("list_users", "select", "GET", "/api/v1/users")
WRITE = Method("create_user", "insert", "POST", "/api/v1/users")
GET = HttpRequest("GET", "https://acme.okta.com/api/v1/users", bucket="GET /api/v1/users")
POST = HttpRequest("POST", "https://acme.okta.com/api/v1/users", verb="insert", bucket="POST /api/v1/users")


def reset(*, arrived: bool = True) -> TransportError:
    return TransportError("broke off", may_have_arrived=arrived)


def status(code: int, body: bytes = b"", **headers: str) -> HttpResponse:
    return HttpResponse(code, tuple((name.replace("_", "-"), value) for name, value in headers.items()), body)


class Rig:
    """A client over a scripted transport and a clock that only sleeping moves."""

    def __init__(self, script: Script, *, max_wait_s: float = 120.0, max_requests: int = 0, **more: Any) -> None:
        self.clock = FakeClock()
        self.transport = FakeTransport(script)
        self.transport.clock = self.clock
        self.stats = Stats(max_requests)
        self.governor = Governor(clock=self.clock, max_wait_s=max_wait_s)
        self.redactor = Redactor()
        part = CredentialPart("header", "Authorization", Secret("canary-token"), "SSWS ", "OKTA_API_TOKEN")
        authenticator = Authenticator(origin_of(GET.url), [part], self.redactor)
        more.setdefault("random", lambda: 1.0)
        self.client = Client(self.transport, authenticator, self.governor, redactor=self.redactor, **more)

    def send(self, method: Method = LIST, request: HttpRequest = GET) -> HttpResponse:
        return self.client.send(method, request, CancelToken(), self.stats)


def test_a_success_is_sent_once_signed_and_counted() -> None:
    rig = Rig([HttpResponse(200, (), b"12345")])
    assert rig.send().body == b"12345"
    assert rig.transport.sent[0].headers == (("authorization", "SSWS canary-token"),)
    assert (rig.stats.requests, rig.stats.retries, rig.stats.bytes_received) == (1, 0, 5)


def test_a_foreign_request_is_never_sent() -> None:
    rig = Rig([OK])
    with pytest.raises(ForbiddenError):
        rig.send(request=HttpRequest("GET", "https://evil.example/"))
    assert rig.transport.sent == []


def test_the_documented_status_is_a_success_whatever_it_is() -> None:
    rig = Rig([status(302, location="https://x.example")])
    assert rig.send(Method("go", "exec", "GET", "/x", response=Response(302, ""))).status == 302


@pytest.mark.parametrize("code", [408, 500, 502, 503, 504, 429])
def test_reads_are_repeated_until_they_succeed(code: int) -> None:
    rig = Rig([status(code), status(code), OK])
    assert rig.send() == OK
    assert rig.clock.slept == [1.0, 2.0]
    assert (rig.stats.requests, rig.stats.retries, rig.stats.wait_s) == (3, 2, 3.0)


def test_breaks_are_repeated_too() -> None:
    rig = Rig([reset(), reset(arrived=False), OK])
    assert rig.send() == OK
    assert len(rig.transport.sent) == 3


def test_after_five_attempts_the_last_failure_is_raised() -> None:
    rig = Rig([status(503)])
    with pytest.raises(ServerError) as caught:
        rig.send()
    assert (len(rig.transport.sent), caught.value.status) == (5, 503)
    rig = Rig([reset()])
    with pytest.raises(TransportError):
        rig.send()
    assert len(rig.transport.sent) == 5


def test_the_waits_of_one_request_have_an_end() -> None:
    rig = Rig([status(503)], policy=RetryPolicy(attempts=100, total_s=30.0))
    with pytest.raises(ServerError):
        rig.send()
    assert sum(rig.clock.slept) <= 30
    assert len(rig.transport.sent) == 5  # after 1 + 2 + 4 + 8, the next 16 are too many


@pytest.mark.parametrize("outcome", [status(503, retry_after="1"), status(408), status(500), reset()])
def test_a_write_that_may_have_arrived_is_never_sent_again(outcome: Any) -> None:
    rig = Rig([outcome, OK])
    with pytest.raises((ProviderError, TransportError)):
        rig.send(WRITE, POST)
    assert len(rig.transport.sent) == 1


def test_a_write_over_the_limit_is_sent_again_when_the_limit_is_lifted() -> None:
    rig = Rig([status(429, retry_after="7"), OK])
    assert rig.send(WRITE, POST) == OK
    assert sum(rig.clock.slept) >= 7


def test_a_write_that_cannot_have_arrived_is_sent_again() -> None:
    rig = Rig([reset(arrived=False), OK])
    assert rig.send(WRITE, POST) == OK


def test_a_refused_certificate_is_not_tried_again() -> None:
    error = reset(arrived=False)
    error.retryable = False
    rig = Rig([error, OK])
    with pytest.raises(TransportError):
        rig.send()
    assert len(rig.transport.sent) == 1


def test_never_earlier_than_told() -> None:
    rig = Rig([status(429, retry_after="33"), OK], random=lambda: 0.0)
    rig.send()
    assert rig.transport.times[1] - rig.transport.times[0] >= 33


def test_a_wait_beyond_the_limit_ends_the_statement_at_once() -> None:
    rig = Rig([status(429, retry_after="121")])
    with pytest.raises(RateLimitError) as caught:
        rig.send()
    assert len(rig.transport.sent) == 1
    assert rig.clock.slept == []
    assert "until 2027-01-15 08:02:01 UTC, 121 s from now" in caught.value.hint


def test_no_wait_for_limits_still_leaves_the_short_delays() -> None:
    rig = Rig([status(503), OK], max_wait_s=0.0)
    assert rig.send() == OK
    rig = Rig([status(429, retry_after="1"), OK], max_wait_s=0.0)
    with pytest.raises(RateLimitError):
        rig.send()


def test_a_used_up_limit_is_waited_for_before_anything_is_refused() -> None:
    used_up = status(200, b"[]", x_rate_limit_limit="2", x_rate_limit_remaining="0", x_rate_limit_reset="1800000060")
    rig = Rig([used_up, OK])
    rig.send()
    rig.send()
    assert rig.transport.times == [1_800_000_000.0, 1_800_000_060.0]
    assert rig.stats.buckets == {"GET /api/v1/users": 0}
    other = HttpRequest("GET", "https://acme.okta.com/api/v1/apps", bucket="GET /api/v1/apps")
    rig.send(request=other)
    assert rig.clock.slept == [60.0]


def test_a_reset_too_far_away_is_named() -> None:
    used_up = status(200, b"[]", x_ratelimit_limit="2", x_ratelimit_remaining="0", x_ratelimit_reset="300")
    rig = Rig([used_up])
    rig.send()
    with pytest.raises(RateLimitError, match=r"until 2027-01-15 08:05:00 UTC, 300 s from now") as caught:
        rig.send()
    assert "--max-wait" in caught.value.hint
    assert len(rig.transport.sent) == 1


def test_okta_concurrency_limits_teach_no_bucket() -> None:
    busy = status(429, x_rate_limit_limit="0", x_rate_limit_remaining="0", x_rate_limit_reset="1800000002")
    rig = Rig([busy, OK, OK], random=lambda: 0.0)
    rig.send()
    assert rig.clock.slept == [2.0]
    assert rig.governor.remaining() == {}


def test_the_number_of_requests_is_bounded_repetitions_included() -> None:
    rig = Rig([status(503), OK], max_requests=2)
    rig.send()
    with pytest.raises(LimitError, match="2 requests"):
        rig.send()
    assert len(rig.transport.sent) == 2


def test_cancelling_ends_a_wait() -> None:
    token = CancelToken()
    transport = FakeTransport([status(429, retry_after="60")])
    client = Client(transport, Authenticator(origin_of(GET.url)), Governor(clock=SystemClock()), redactor=Redactor())
    threading.Timer(0.1, token.cancel).start()
    with pytest.raises(Cancelled):
        client.send(LIST, GET, token, Stats())
    assert len(transport.sent) == 1


def test_no_secret_is_in_any_error() -> None:
    echo = b'{"errorCode": "E0000011", "errorSummary": "Invalid token canary-token provided"}'
    rig = Rig([status(401, echo, x_okta_request_id="canary-token")])
    with pytest.raises(ProviderError) as caught:
        rig.send()
    assert "canary" not in repr(caught.value.to_dict())
    assert "OKTA_API_TOKEN" in caught.value.hint
    rig = Rig([TransportError("sent canary-token nowhere")])
    with pytest.raises(TransportError) as broken:
        rig.send()
    assert "canary" not in f"{broken.value} {broken.value.message}"


def test_the_catalogs_request_id_header_goes_first() -> None:
    answer = status(404, b'{"errorCode": "E0000007"}', x_trace="t-1", x_request_id="r-1")
    rig = Rig([answer], provider=Provider("x", "1", request_id_header="X-Trace"))
    with pytest.raises(NotFoundError) as caught:
        rig.send()
    assert caught.value.request_id == "t-1"


@pytest.mark.slow
def test_ten_thousand_storms_never_come_earlier_than_told() -> None:
    import random

    chance = random.Random(7)
    for _ in range(2_000):
        told: list[float] = []
        rig = Rig([OK], random=chance.random, max_wait_s=200.0)

        def script(request: HttpRequest, told: list[float] = told, clock: FakeClock = rig.clock) -> HttpResponse:
            if chance.random() < 0.5 or len(told) == 4:
                return OK
            wait = chance.randrange(0, 40)
            told.append(clock.time() + wait)
            if chance.random() < 0.5:
                return status(429, retry_after=str(wait))
            at = str(int(clock.time() + wait) + 1)
            return status(429, x_rate_limit_limit="5", x_rate_limit_remaining="0", x_rate_limit_reset=at)

        rig.transport._script = script
        for _ in range(5):
            told.clear()
            before = len(rig.transport.sent)
            rig.send()
            sent = rig.transport.times[before:]
            assert len(sent) == len(told) + 1
            assert all(later >= at for later, at in zip(sent[1:], told, strict=True))


@pytest.mark.parametrize(
    ("method", "url"),
    [
        (
            Method(
                "get_apikey",
                "select",
                "GET",
                "/api/v1/api_key/{key}",
                (Parameter("key", "key", "path", field="key"),),
                columns=(Column("key", "string", ("key",), secret=True),),
            ),
            "https://acme.okta.com/prefix/api/v1/api_key/hush%2Fhush",
        ),
        (
            Method("verify", "exec", "POST", "/api/v1/callback", (Parameter("code", "code", "query"),)),
            "https://acme.okta.com/api/v1/callback?state=1&code=hush%2Fhush",
        ),
    ],
)
def test_a_secret_in_the_url_is_in_no_message(method: Method, url: str) -> None:
    rig = Rig([status(404, b'{"errors": ["no hush/hush here"]}')])
    with pytest.raises(NotFoundError) as caught:
        rig.client.send(method, HttpRequest(method.http, url), CancelToken(), rig.stats)
    said = f"{caught.value} {caught.value.request} {caught.value.hint}"
    assert "hush/hush" not in said
    assert "hush%2Fhush" not in said
    assert "***" in said
