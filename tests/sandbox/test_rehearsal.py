"""`quaestor.sandbox()`: every fault met by our own engine, inside and over sockets, ends in rows or an error."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

import quaestor
from quaestor.config import Settings
from quaestor.errors import (
    AuthError,
    ConflictError,
    DecodeError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    QuaestorError,
    RateLimitError,
    ServerError,
    TransportError,
    UsageError,
)
from quaestor.fetch.http import HttpRequest
from quaestor.sandbox.rehearsal import Rehearsal

OKTA = "SELECT id FROM okta.users.users"
DATADOG = "SELECT id FROM datadog.organization.users"
PATHS = {OKTA: "/api/v1/users", DATADOG: "/api/v2/users"}


@pytest.fixture(scope="module")
def box() -> Iterator[Rehearsal]:
    with quaestor.sandbox(scale={"okta.users": 450, "datadog.users": 250}) as made:
        yield made


@pytest.fixture(scope="module")
def whole(box: Rehearsal) -> dict[str, set[str]]:
    """The ids that there are."""
    with box.connect() as con:
        found = {sql: {str(row[0]) for row in con.sql(sql)} for sql in (OKTA, DATADOG)}
    assert len(found[OKTA]) > 400
    assert len(found[DATADOG]) == 250
    return found


@pytest.fixture(autouse=True)
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits that are only ours take no time."""
    monkeypatch.setattr("quaestor.fetch.client._system_random", lambda: lambda: 0.0)


def read(box: Rehearsal, sql: str, spec: str, over_http: bool) -> tuple[list[str], QuaestorError | None]:
    box.faults(spec)
    rows: list[str] = []
    try:
        with box.connect(over_http=over_http) as con:
            rows.extend(str(row[0]) for row in con.sql(sql))
    except QuaestorError as error:
        return rows, error
    finally:
        assert box.hits, spec
        box.faults("")
    return rows, None


#: What a read survives, whether it happens once or for ever.
HARMLESS = ("latency 1ms", "latency 1ms..3ms", "drip 2000kB/s")
#: What it survives once, and the error if it stays.
PASSING = {
    "status 408": InvalidRequestError,
    "status 429": RateLimitError,
    "status 500": ServerError,
    "status 502": ServerError,
    "status 503 retry-after 0": ServerError,
    "status 504, html": ServerError,
    "reset": TransportError,
    "reset body": TransportError,
    "truncate": TransportError,
    "truncate 0%": TransportError,
    "cut-gzip": TransportError,
    "drip 2000kB/s, truncate 90%": TransportError,
}
#: What ends it at once.
LASTING = {
    "status 400": InvalidRequestError,
    "status 401": AuthError,
    "status 403": AuthError,
    "status 404": NotFoundError,
    "status 409": ConflictError,
    "redirect": ForbiddenError,
    "redirect /login": ForbiddenError,
    "html": DecodeError,
    "empty": DecodeError,
    "bad-json": DecodeError,
    "bad-gzip": TransportError,
}
HOW = pytest.mark.parametrize("over_http", [False, True], ids=["inside", "http"])
SQL = pytest.mark.parametrize("sql", [OKTA, DATADOG], ids=["okta", "datadog"])


@HOW
@SQL
@pytest.mark.parametrize("fault", [*HARMLESS, *PASSING])
def test_what_passes_leaves_no_trace(
    box: Rehearsal, whole: dict[str, set[str]], sql: str, fault: str, over_http: bool
) -> None:
    when = "" if fault in HARMLESS else " at 2"
    rows, error = read(box, sql, f"GET {PATHS[sql]}{when}: {fault}", over_http)
    assert error is None
    assert set(rows) == whole[sql]
    assert len(rows) == len(whole[sql])


@HOW
@SQL
@pytest.mark.parametrize("fault", [*PASSING, *LASTING])
def test_what_stays_is_an_error_behind_the_rows_before_it(
    box: Rehearsal, whole: dict[str, set[str]], sql: str, fault: str, over_http: bool
) -> None:
    rows, error = read(box, sql, f"GET {PATHS[sql]} after 1: {fault}", over_http)
    assert type(error) is {**PASSING, **LASTING}[fault], error
    assert set(rows) < whole[sql]
    assert len(rows) == len(set(rows))


@HOW
@SQL
def test_pages_that_lead_in_a_circle_end(
    box: Rehearsal, whole: dict[str, set[str]], sql: str, over_http: bool
) -> None:
    rows, error = read(box, sql, f"GET {PATHS[sql]}: loop", over_http)
    assert error is not None
    assert set(rows) < whole[sql]


@HOW
@SQL
def test_a_row_that_comes_twice(box: Rehearsal, whole: dict[str, set[str]], sql: str, over_http: bool) -> None:
    """A list that moves while it is read: nothing is missing, and no page is taken for another."""
    rows, error = read(box, sql, f"GET {PATHS[sql]}: duplicates", over_http)
    assert error is not None or set(rows) == whole[sql]


@HOW
def test_a_next_link_to_another_host_is_not_followed(
    box: Rehearsal, whole: dict[str, set[str]], over_http: bool
) -> None:
    rows, error = read(box, OKTA, "GET /api/v1/users: foreign-link", over_http)
    assert isinstance(error, ForbiddenError)
    assert set(rows) < whole[OKTA]


@HOW
def test_the_same_error_inside_and_over_http(box: Rehearsal, over_http: bool) -> None:
    """What a test without sockets sees is what a client sees: class, code, and whether to try again."""
    for fault in ("reset", "truncate", "cut-gzip", "bad-gzip"):
        _, error = read(box, OKTA, f"*: {fault}", over_http)
        assert isinstance(error, TransportError)
        assert error.retryable is (fault != "bad-gzip")
        assert error.may_have_arrived


def test_a_script(box: Rehearsal, whole: dict[str, set[str]]) -> None:
    before = len(box.log)
    rows, error = read(box, OKTA, "*: status 503 then reset then ok then truncate", True)
    assert error is None
    assert set(rows) == whole[OKTA]
    assert [asked.fault for asked in box.log[before:]][:6] == ["status", "reset", "", "truncate", "", ""]


def test_limits_of_the_vendor_and_latency() -> None:
    started = monotonic()
    with quaestor.sandbox("okta", limits="real", latency="20ms..30ms") as box, box.connect() as con:
        con.sql("SELECT id FROM okta.users.users LIMIT 1").fetchall()
        answer = box.front.begin(_request(box))
        box.front.end(_request(box))
    assert monotonic() - started >= 0.02
    assert answer.response.header("x-rate-limit-limit") == "600"
    assert answer.response.header("x-rate-limit-remaining") == "598"
    assert 0.02 <= answer.delay_s <= 0.03


def test_simulated_time(tmp_path: Path) -> None:
    """Five pages where one is allowed in an hour: four hours pass in a moment, and no request is refused."""
    file = tmp_path / "limits.yaml"
    file.write_text("limits: {okta: {buckets: [{limit: 1, per: 60m}]}}")
    started = monotonic()
    with quaestor.sandbox("okta", scale={"users": 900}, limits=str(file), clock="simulated") as box:
        assert box.clock is not None
        begun = box.clock.time()
        with box.connect(Settings(max_wait_s=4000.0)) as con:
            rows = con.sql("SELECT id FROM okta.users.users WHERE search = 'status pr'").fetchall()
        assert len(rows) == 900
        assert 4 * 3600 <= box.clock.time() - begun <= 6 * 3600
        assert [asked.status for asked in box.log] == [200] * len(box.log)
        with pytest.raises(UsageError, match="this process only"):
            assert box.url
    assert monotonic() - started < 30
    for options in ({"clock": "fast"}, {"clock": "simulated", "tls": True}):
        with pytest.raises(UsageError), quaestor.sandbox("okta", **options):
            pass


def _request(box: Rehearsal) -> HttpRequest:
    return HttpRequest(
        "GET", "http://localhost/okta/api/v1/users", (("Authorization", f"SSWS {box.env['OKTA_API_TOKEN']}"),)
    )


@pytest.mark.parametrize("expired", [False, True])
def test_tls(expired: bool) -> None:
    with quaestor.sandbox("okta", tls=True, faults="*: expired-tls" if expired else "") as box, box.connect() as con:
        assert box.url.startswith("https://127.0.0.1:")
        assert box.ca_bundle
        if expired:
            with pytest.raises(
                TransportError, match=r"certificate of 127\.0\.0\.1 is refused: .*[Ee]xpired"
            ) as caught:
                con.sql(OKTA).fetchall()
            assert not caught.value.retryable
        else:
            assert len(con.sql(OKTA).fetchall()) > 100


def test_an_expired_certificate_without_tls_is_that_error_too() -> None:
    with quaestor.sandbox("okta", faults="*: expired-tls") as box, box.connect() as con:
        with pytest.raises(TransportError, match="refused: Expired") as caught:
            con.sql(OKTA).fetchall()
        assert not caught.value.retryable


def test_the_package_can_be_called_and_still_is_one() -> None:
    import quaestor.sandbox.core as core

    assert core.Sandbox.__name__ == "Sandbox"
    assert callable(quaestor.sandbox)
    for options, said in (
        ({"faults": "*: rest"}, "no fault"),
        ({"limits": "x"}, "--limits"),
        ({"latency": "x"}, "time"),
        ({"latency": "50"}, "unit"),
    ):
        with pytest.raises(UsageError, match=said), quaestor.sandbox(**options):  # type: ignore[arg-type]
            pass
    with pytest.raises(UsageError, match="no provider 'acme'"), quaestor.sandbox("acme"):
        pass
