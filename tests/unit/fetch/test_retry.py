"""What is sent again, after which wait: tables of verbs, outcomes and headers."""

from __future__ import annotations

import calendar
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quaestor.errors import TransportError
from quaestor.fetch.http import HttpRequest, HttpResponse
from quaestor.fetch.retry import RateLimit, RetryPolicy, backoff, http_date, may_repeat, rate_limit, told_wait

NOW = 1_800_000_000.0
DATE = "Fri, 15 Jan 2027 08:00:00 GMT"  # 1_800_000_000


def request(method: str = "GET", verb: str = "select") -> HttpRequest:
    return HttpRequest(method, "https://a.example/", verb=verb)


def response(status: int = 200, **headers: str) -> HttpResponse:
    return HttpResponse(status, tuple((name.replace("_", "-"), value) for name, value in headers.items()))


def broken(*, arrived: bool, retryable: bool = True) -> TransportError:
    error = TransportError("broken", may_have_arrived=arrived)
    error.retryable = retryable
    return error


@pytest.mark.parametrize("status", [200, 301, 400, 401, 403, 404, 408, 409, 422, 429, 500, 501, 502, 503, 504, 505])
@pytest.mark.parametrize(
    ("method", "verb", "reads"),
    [
        ("GET", "select", True),
        ("GET", "exec", True),
        ("HEAD", "exec", True),
        ("POST", "select", True),
        ("POST", "insert", False),
        ("POST", "exec", False),
        ("PUT", "replace", False),
        ("PATCH", "update", False),
        ("DELETE", "delete", False),
    ],
)
def test_reads_are_repeated_after_what_passes_writes_after_429(
    method: str, verb: str, reads: bool, status: int
) -> None:
    transient = status in (408, 429, 500, 502, 503, 504)
    # 429 is documented to mean that nothing was done
    assert may_repeat(request(method, verb), response(status)) is (status == 429 or (reads and transient))
    assert may_repeat(request(method, verb), broken(arrived=True)) is reads
    assert may_repeat(request(method, verb), broken(arrived=False)) is True
    assert may_repeat(request(method, verb), broken(arrived=False, retryable=False)) is False


def test_backoff_grows_up_to_its_cap_with_full_jitter() -> None:
    policy = RetryPolicy()
    assert [backoff(policy, attempt, lambda: 1.0) for attempt in (1, 2, 3, 4, 5, 6, 99)] == [1, 2, 4, 8, 16, 20, 20]
    assert backoff(policy, 5, lambda: 0.0) == 0
    assert backoff(policy, 5, lambda: 0.25) == 4


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, 0),
        ({"retry_after": "7"}, 7),
        ({"retry_after": "1.5"}, 1.5),
        ({"retry_after": "Fri, 15 Jan 2027 08:00:30 GMT"}, 30),
        ({"retry_after": "Fri, 15 Jan 2027 08:00:30 GMT", "date": "Fri, 15 Jan 2027 07:59:30 GMT"}, 60),
        ({"retry_after": "Fri, 15 Jan 2027 07:00:00 GMT"}, 0),
        ({"retry_after": "-5"}, 0),
        ({"retry_after": "soon"}, 0),
        ({"retry_after": "٣"}, 0),
        ({"retry_after": "9" * 400}, 0),
        ({"x_rate_limit_limit": "600", "x_rate_limit_remaining": "0", "x_rate_limit_reset": "1800000042"}, 42),
        (
            {
                "x_rate_limit_limit": "600",
                "x_rate_limit_remaining": "0",
                "x_rate_limit_reset": "1800000042",
                "date": "Fri, 15 Jan 2027 07:00:00 GMT",
            },
            3642,
        ),
        ({"x_ratelimit_limit": "100", "x_ratelimit_remaining": "0", "x_ratelimit_reset": "9"}, 9),
        (
            {
                "x_ratelimit_limit": "100",
                "x_ratelimit_remaining": "0",
                "x_ratelimit_reset": "9",
                "retry_after": "11",
            },
            11,
        ),
        ({"x_rate_limit_limit": "0", "x_rate_limit_remaining": "0", "x_rate_limit_reset": "1800000003"}, 3),
        ({"x_rate_limit_limit": "600", "x_rate_limit_remaining": "0", "x_rate_limit_reset": "1700000000"}, 0),
        ({"x_rate_limit_limit": "600", "x_rate_limit_remaining": "0"}, 0),
    ],
)
def test_the_server_says_how_long(headers: dict[str, str], wait: float) -> None:
    assert told_wait(response(429, **headers), NOW) == wait


def test_a_wait_is_told_by_429_and_503_only() -> None:
    assert told_wait(response(503, retry_after="7"), NOW) == 7
    assert told_wait(response(500, retry_after="7"), NOW) == 0
    limit = {"x_ratelimit_limit": "100", "x_ratelimit_remaining": "0", "x_ratelimit_reset": "9"}
    assert told_wait(response(503, **limit), NOW) == 0


def test_both_dialects_of_limits() -> None:
    okta = response(
        x_rate_limit_limit="600", x_rate_limit_remaining="599", x_rate_limit_reset="1800000060", date=DATE
    )
    assert rate_limit(okta, NOW + 1000) == RateLimit(600, 599, 60.0)
    datadog = response(x_ratelimit_limit="100", x_ratelimit_remaining="3", x_ratelimit_reset="5", date=DATE)
    assert rate_limit(datadog, NOW) == RateLimit(100, 3, 5.0)
    assert rate_limit(response(), NOW) is None
    for junk in ("", "x", "-1", "1e3", "nan", "9" * 20):
        assert (
            rate_limit(response(x_ratelimit_limit=junk, x_ratelimit_remaining="1", x_ratelimit_reset="1"), NOW)
            is None
        )


@given(st.integers(0, 253_402_300_799))
def test_dates_are_read_as_the_standard_library_reads_them(seconds: int) -> None:
    text = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(seconds))
    assert http_date(text) == seconds == calendar.timegm(time.gmtime(seconds))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "15 Jan 2027",
        "Fri, 15 Jan 2027 08:00:00 CET",
        "Fri, 15 Foo 2027 08:00:00 GMT",
        "Fri, 32 Jan 2027 08:00:00 GMT",
        "Fri, xx Jan 2027 08:00:00 GMT",
        "Fri, 15 Jan 2027 25:00:00 GMT",
        "Fri, 15 Jan 2027 08:00 GMT",
        "Fri, 15 Jan 1027 08:00:00 GMT",
        "Friday, 15-Jan-27 08:00:00 GMT",
    ],
)
def test_what_is_no_date(text: str) -> None:
    assert http_date(text) is None
