"""Rate limits: what is counted where, what headers tell, what is refused; and that our governor keeps to them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.unit.sandbox.tiny import TinyCatalog

import quaestor
from quaestor.catalog.model import Method
from quaestor.errors import Cancelled, UsageError
from quaestor.fetch.auth import Authenticator, CredentialPart
from quaestor.fetch.client import Client
from quaestor.fetch.governor import Governor
from quaestor.fetch.http import CancelToken, HttpRequest, HttpResponse
from quaestor.fetch.retry import rate_limit
from quaestor.fetch.stats import Stats
from quaestor.fetch.url import origin_of
from quaestor.sandbox.answer.buckets import Bucket, Table
from quaestor.sandbox.core import Sandbox
from quaestor.sandbox.vendors import VENDORS
from quaestor.sandbox.wire.front import Front
from quaestor.sandbox.wire.limits import Limits, SimulatedClock, read_limits, told
from quaestor.secrets import Secret

URL = "http://localhost/x"


def limits(clock: SimulatedClock, *buckets: Bucket, vendor: str = "okta", concurrency: int = 0) -> Limits:
    return Limits({vendor: Table(buckets, concurrency)}, clock.time)


def ask(made: Limits, path: str, vendor: str = "okta", method: str = "GET") -> tuple[int, Mapping[str, str]]:
    passage = made.enter(vendor, method, path, URL)
    refused, headers = passage.refused, passage.headers
    made.leave(vendor)
    return refused.status if refused else 200, headers


def test_a_window_is_a_calendar_minute() -> None:
    clock = SimulatedClock(1_800_000_030.0)
    made = limits(clock, Bucket("/a", 2), Bucket("*", 9))
    assert ask(made, "/a")[0] == 200
    status, headers = ask(made, "/a")
    assert (status, headers["x-rate-limit-limit"], headers["x-rate-limit-remaining"]) == (200, "2", "0")
    assert headers["x-rate-limit-reset"] == "1800000060"
    assert ask(made, "/a")[0] == 429
    assert ask(made, "/b")[0] == 200, "a family of its own"
    clock.advance(29.9)
    assert ask(made, "/a")[0] == 429
    clock.advance(0.1)
    assert ask(made, "/a")[0] == 200
    assert made.refused == 2


def test_okta_says_no_in_its_own_words() -> None:
    assert ask(limits(SimulatedClock(), Bucket("*", 1, 10)), "/a")[0] == 200
    made = limits(SimulatedClock(), Bucket("*", 1, 10))
    made.enter("okta", "GET", "/a", URL)
    passage = made.enter("okta", "GET", "/a", URL)
    refused, headers = passage.refused, passage.headers
    assert refused is not None
    body = json.loads(refused.body)
    assert set(body) == {"errorCode", "errorSummary", "errorLink", "errorId", "errorCauses"}
    assert body["errorCode"] == "E0000047"
    assert refused.header("x-rate-limit-remaining") == headers["x-rate-limit-remaining"] == "0"
    assert refused.header("x-okta-request-id")


def test_datadog_counts_down() -> None:
    clock = SimulatedClock(1_800_000_003.5)
    made = limits(clock, Bucket("/api/v2/users**", 1, 10), vendor="datadog")
    _, headers = ask(made, "/api/v2/users", "datadog")
    assert {k: v for k, v in headers.items() if k != "dd-request-id"} == {
        "x-ratelimit-limit": "1",
        "x-ratelimit-period": "10",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": "7",
        "x-ratelimit-name": "users",
    }
    refused = made.enter("datadog", "GET", "/api/v2/users", URL).refused
    assert refused is not None
    assert (refused.status, json.loads(refused.body)) == (429, {"errors": ["Too many requests"]})


def test_too_many_at_once() -> None:
    clock = SimulatedClock(1_800_000_000.0)
    made = limits(clock, Bucket("*", 100), concurrency=2)
    assert [made.enter("okta", "GET", "/a", URL).refused for _ in range(2)] == [None, None]
    passage = made.enter("okta", "GET", "/a", URL)
    refused, headers = passage.refused, passage.headers
    assert refused is not None
    assert refused.status == 429
    assert (headers["x-rate-limit-limit"], headers["x-rate-limit-remaining"]) == ("0", "0")
    assert headers["x-rate-limit-reset"] == "1800000060"
    made.leave("okta")
    made.leave("okta")
    assert made.enter("okta", "GET", "/a", URL).refused is None


def test_methods_and_the_first_family_that_fits() -> None:
    clock = SimulatedClock()
    made = limits(clock, Bucket("POST /a", 1), Bucket("/a", 5))
    assert [ask(made, "/a", method="POST")[0] for _ in range(2)] == [200, 429]
    assert ask(made, "/a")[1]["x-rate-limit-limit"] == "5"
    assert ask(made, "/elsewhere") == (200, {})


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("/api/v1/users", "600"),
        ("/api/v1/users/00u1", "2000"),
        ("/api/v1/users/00u1/factors", "600"),
        ("/api/v1/apps", "100"),
        ("/api/v1/apps/0oa1", "500"),
        ("/api/v1/groups", "500"),
        ("/api/v1/logs", "120"),
        ("/api/v1/zones", "100"),
    ],
)
def test_okta_by_default(path: str, limit: str) -> None:
    assert ask(Limits(), path)[1]["x-rate-limit-limit"] == limit


def test_every_default_is_a_limit() -> None:
    for table in (each.manners.limits for each in VENDORS.values()):
        assert table.buckets[-1].route == "*"
        assert all(bucket.limit > 0 and bucket.per > 0 for bucket in table.buckets)


def test_the_sandbox_tells_these_limits_only() -> None:
    response = HttpResponse(200, (("x-rate-limit-limit", "600000"), ("a", "b"), ("x-okta-request-id", "old")))
    assert told(response, {}) == response
    assert told(response, {"x-rate-limit-limit": "5", "x-okta-request-id": "new"}).headers == (
        ("a", "b"),
        ("x-rate-limit-limit", "5"),
        ("x-okta-request-id", "new"),
    )


@pytest.mark.parametrize("vendor", ["okta", "datadog"])
def test_our_governor_reads_them_without_a_refusal(vendor: str) -> None:
    """25 requests where 4 are allowed in a minute: all answered, none refused, and time passes by the windows."""
    clock = SimulatedClock(1_800_000_010.0)
    made = limits(clock, Bucket("*", 4), vendor=vendor)
    front = Front(_Answering((vendor,)), limits=made)
    authenticator = Authenticator(origin_of(URL), [CredentialPart("header", "Authorization", Secret("SSWS x"))])
    client = Client(front.transport(clock), authenticator, Governor(clock=clock, max_wait_s=100))
    stats = Stats()
    method = Method("m", "select", "GET", "/x")
    for _ in range(25):
        assert client.send(method, HttpRequest("GET", URL, bucket="GET /x"), CancelToken(), stats).status == 200
    assert made.refused == 0
    assert stats.retries == 0
    assert len(front.log) == 25
    assert 60 * 6 - 10 <= clock.time() - 1_800_000_010 <= 60 * 6 + 60
    limit = rate_limit(front.begin(HttpRequest("GET", URL)).response, clock.time())
    assert limit is not None


class _Answering:
    def __init__(self, providers: tuple[str, ...]) -> None:
        self.providers = providers

    def handle(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, (), b"[]", request.url)


def test_a_file(tmp_path: Path) -> None:
    file = tmp_path / "limits.yaml"
    file.write_text(
        "limits:\n  acme:\n    concurrency: 3\n    buckets:\n      - {route: GET /v1/things, limit: 1, per: 2s}\n"
    )
    clock = SimulatedClock()
    front = Front(Sandbox(TinyCatalog(), ["acme"]), limits=read_limits(str(file), clock.time))
    request = HttpRequest("GET", "http://localhost/acme/v1/things", (("X-Key", "k"), ("X-App", "a")))
    answers = []
    for _ in range(2):
        answers.append(front.begin(request).response)
        front.end(request)
    assert [answer.status for answer in answers] == [200, 429]
    assert [answer.all("x-ratelimit-limit") for answer in answers] == [["1"], ["1"]]
    clock.advance(2)
    assert front.begin(request).response.status == 200


def test_off_and_real() -> None:
    assert read_limits("off") is read_limits("") is None
    assert read_limits("real") is not None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("limit: 1", "'limit'"),
        ("limits: 1", "should be a mapping"),
        ("limits: {okta: {bucket: []}}", "limits.okta has a key 'bucket'"),
        ("limits: {okta: {buckets: [{limit: 0}]}}", "limits.okta.buckets[0].limit"),
        ("limits: {okta: {buckets: [{limit: 1, per: soon}]}}", "buckets[0].per"),
        ("limits: {okta: {buckets: [{limit: 1, per: 1500ms}]}}", "whole seconds"),
        ("limits: {okta: {buckets: [{route: users, limit: 1}]}}", "buckets[0].route"),
        ("limits: {okta: {concurrency: -1}}", "limits.okta.concurrency"),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "limits.yaml"
    file.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_limits(str(file))
    assert said in caught.value.message
    with pytest.raises(UsageError, match="real, off"):
        read_limits("rael")


def test_the_simulated_clock() -> None:
    clock = SimulatedClock(5)
    clock.sleep(2, CancelToken())
    assert clock.time() == clock.monotonic() == 7
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        clock.sleep(2, token)


def test_a_log_is_told_once_in_a_window() -> None:
    clock = SimulatedClock(1_800_000_000.0)
    made = limits(clock, Bucket("/a", 5), concurrency=1)

    def events(count: int) -> list[str]:
        found = []
        for _ in range(count):
            found.append(made.enter("okta", "GET", "/a", URL).event)
            made.leave("okta")
        return found

    assert events(8) == ["", "", "warning", "", "", "violation", "", ""]
    clock.advance(60)
    assert events(3)[-1] == "warning"
    made.enter("okta", "GET", "/a", URL)
    assert [made.enter("okta", "GET", "/a", URL).event for _ in range(2)] == ["concurrency", ""]


def test_oktas_log_tells_of_its_limits(tmp_path: Path) -> None:
    file = tmp_path / "limits.yaml"
    file.write_text("limits: {okta: {buckets: [{route: /api/v1/groups, limit: 2}]}}", encoding="utf-8")
    with quaestor.sandbox("okta", limits=str(file), clock="simulated") as box, box.connect() as con:
        for _ in range(4):  # as a client that doesn't keep to them
            request = HttpRequest("GET", "http://h/okta/api/v1/groups", (("authorization", "SSWS t"),))
            box.front.begin(request)
            box.front.end(request)
        rows = con.sql(
            "SELECT eventType, severity, actor ->> 'type', target -> 0 ->> 'displayName', "
            "outcome ->> 'result' FROM okta.logs.system_log_events WHERE eventType LIKE 'system.org.rate%'"
        ).fetchall()
    assert rows == [
        ("system.org.rate_limit.warning", "INFO", "User", "/api/v1/groups", "SUCCESS"),
        ("system.org.rate_limit.violation", "WARN", "User", "/api/v1/groups", "FAILURE"),
    ]
