"""Places and limits: how many at once, who waits, what is learnt, under threads as well."""

from __future__ import annotations

import threading
import time

import pytest
from tests.unit.fetch.doubles import FakeClock

from quaestor.errors import Cancelled, RateLimitError
from quaestor.fetch.governor import Governor, Permit, Wait
from quaestor.fetch.http import CancelToken
from quaestor.fetch.retry import RateLimit
from quaestor.fetch.stats import Stats

HOST = "https://acme.okta.com"


def take(governor: Governor, bucket: str = "b", host: str = HOST) -> Permit:
    return governor.permit(host, bucket, CancelToken(), Stats())


def room(governor: Governor) -> int:
    """How many places are free at a host, found by taking them all."""
    permits: list[Permit] = []
    while isinstance(answer := governor.ask(HOST, "b"), Permit):
        permits.append(answer)
    for permit in permits:
        permit._governor._hosts[HOST].since_change = -(10**6)  # looking doesn't count as success
        permit.done()
    return len(permits)


def test_sixteen_at_once_per_host() -> None:
    governor = Governor(clock=FakeClock())
    assert room(governor) == 16
    for _ in range(16):
        take(governor, host="https://other.example")
    assert room(governor) == 16
    assert room(Governor(concurrency=3)) == 3


def test_a_place_given_back_is_taken_by_who_waits() -> None:
    governor = Governor(concurrency=1)
    first = take(governor)
    got: list[Permit] = []
    thread = threading.Thread(target=lambda: got.append(take(governor)))
    thread.start()
    time.sleep(0.05)
    assert got == []
    first.done()
    thread.join(10)
    assert len(got) == 1


def test_a_refusal_halves_and_success_grows_again() -> None:
    clock = FakeClock()
    governor = Governor(clock=clock)
    take(governor).done(refused=True)
    assert room(governor) == 8
    clock.sleep(1, CancelToken())
    take(governor).done(refused=True)
    assert room(governor) == 4
    governor._hosts[HOST].since_change = 0
    for _ in range(4):
        take(governor).done()
    assert room(governor) == 5
    for _ in range(500):
        governor._hosts[HOST].since_change = max(0, governor._hosts[HOST].since_change)
        take(governor).done()
    assert room(governor) == 16


def test_a_volley_of_refusals_halves_once_and_there_is_always_one() -> None:
    clock = FakeClock()
    governor = Governor(clock=clock)
    volley = [take(governor) for _ in range(16)]
    clock.sleep(1, CancelToken())
    for permit in volley:
        permit.done(refused=True)
    assert room(governor) == 8
    for _ in range(10):
        clock.sleep(1, CancelToken())
        take(governor).done(refused=True)
    assert room(governor) == 1


def test_a_bucket_pauses_before_it_is_used_up() -> None:
    clock = FakeClock()
    governor = Governor(clock=clock, reserve=0)
    take(governor).done(RateLimit(9, 2, 30.0))
    first, second = take(governor), take(governor)  # two remain, two may go
    assert clock.slept == []
    third = governor.ask(HOST, "b")
    assert isinstance(third, Wait)
    assert third.for_answers  # who knows what others took meanwhile
    first.done(RateLimit(9, 1, 30.0))
    second.done(RateLimit(9, 0, 30.0))
    take(governor)
    assert clock.slept == [30.0]


def test_a_part_of_each_limit_is_left_to_others() -> None:
    clock = FakeClock()
    governor = Governor(clock=clock, reserve=0.25)
    take(governor).done(RateLimit(100, 26, 30.0))
    take(governor).done(RateLimit(100, 25, 29.0))
    take(governor)
    assert clock.slept == [1.0, 29.0]  # the last one slowly, then none


def test_it_slows_before_the_limit() -> None:
    clock = FakeClock()
    governor = Governor(clock=clock, reserve=0.1)
    take(governor).done(RateLimit(100, 40, 10.0))
    for left in range(39, 19, -1):  # 20 is the reserve and a tenth
        take(governor).done(RateLimit(100, left, 10.0))
    assert clock.slept == []
    for left in range(19, 9, -1):
        take(governor).done(RateLimit(100, left, 10.0 - sum(clock.slept)))
    assert len(clock.slept) == 10
    assert max(clock.slept) <= 1.0
    assert 8 <= sum(clock.slept) <= 10
    take(governor)
    assert sum(clock.slept) == pytest.approx(10.0)


def test_gaps_are_short_though_a_window_is_long() -> None:
    clock = FakeClock()
    governor = Governor(clock=clock, reserve=0)
    take(governor).done(RateLimit(1000, 6, 3600.0))
    for left in range(5, 0, -1):
        take(governor).done(RateLimit(1000, left, 3600.0))
    assert clock.slept == [1.0] * 5


def test_a_late_answer_of_the_same_window_raises_nothing() -> None:
    clock = FakeClock()
    governor = Governor(clock=clock)
    late, last = take(governor), take(governor)
    last.done(RateLimit(10, 0, 30.0))
    late.done(RateLimit(10, 1, 30.0))
    assert governor.remaining() == {"b": 0}
    take(governor).done(RateLimit(10, 9, 60.0))
    assert clock.slept == [30.0]
    assert governor.remaining() == {"b": 9}


def test_a_refused_bucket_rests_for_all_and_begins_with_one() -> None:
    clock = FakeClock()
    governor = Governor(clock=clock)
    take(governor).done(RateLimit(10, 5, 2.0), refused=True, wait_s=45.0)
    probe = take(governor)
    assert clock.slept == [45.0]
    second = governor.ask(HOST, "b")
    assert isinstance(second, Wait)
    assert second.for_answers
    probe.done(RateLimit(10, 9, 60.0))
    assert isinstance(governor.ask(HOST, "b"), Permit)


@pytest.mark.parametrize("refused", [True, False])  # 429, 503
def test_what_is_asked_without_a_limit_is_a_rest_for_all_too(refused: bool) -> None:
    clock = FakeClock()
    governor = Governor(clock=clock)
    take(governor).done(refused=refused, wait_s=7.0)
    take(governor, "another")
    assert clock.slept == []
    take(governor)
    assert clock.slept == [7.0]


def test_the_concurrency_limit_is_no_buckets() -> None:
    clock = FakeClock()
    governor = Governor(clock=clock)
    take(governor).done(RateLimit(0, 0, 9.0), refused=True, wait_s=9.0)
    assert room(governor) == 8
    assert clock.slept == []
    assert governor.remaining() == {}


def test_waits_are_counted_and_bounded() -> None:
    clock = FakeClock()
    governor = Governor(clock=clock, max_wait_s=10.0)
    stats = Stats()
    take(governor).done(RateLimit(10, 0, 10.0))
    governor.permit(HOST, "b", CancelToken(), stats).done(RateLimit(10, 0, 10.5))
    assert stats.wait_s == 10.0
    with pytest.raises(RateLimitError, match=r"of b is used up until 2027-01-15 08:00:20 UTC"):
        take(governor)


def test_a_wait_beyond_the_deadline_is_not_begun() -> None:
    clock = FakeClock()
    governor = Governor(clock=clock)
    take(governor).done(RateLimit(10, 0, 30.0))
    token = CancelToken()
    token.deadline = clock.monotonic() + 29
    with pytest.raises(RateLimitError, match="30 s from now") as caught:
        governor.permit(HOST, "b", token, Stats())
    assert "--timeout" in caught.value.hint
    assert clock.slept == []


def test_accounts_at_one_host_have_limits_of_their_own() -> None:
    clock = FakeClock()
    governor = Governor(clock=clock)
    take(governor, host=f"{HOST}#1").done(RateLimit(10, 0, 30.0))
    take(governor, host=f"{HOST}#2")
    assert clock.slept == []


def test_the_budget_of_repetitions() -> None:
    governor = Governor(clock=FakeClock())
    assert sum(governor.may_retry(HOST) for _ in range(1000)) == 100
    assert sum(governor.may_retry("another", timed_out=True) for _ in range(1000)) == 50
    governor.succeeded(HOST, repeated=True)
    assert governor.may_retry(HOST)
    for _ in range(5):
        assert not governor.may_retry(HOST)
        governor.succeeded(HOST, repeated=False)
    assert governor.may_retry(HOST)
    for _ in range(9999):
        governor.succeeded(HOST, repeated=True)
    assert sum(governor.may_retry(HOST) for _ in range(1000)) == 100


def test_cancelled_while_waiting_for_a_place() -> None:
    governor = Governor(concurrency=1)
    take(governor)
    token = CancelToken()
    threading.Timer(0.05, token.cancel).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        governor.permit(HOST, "b", token, Stats())
    assert time.monotonic() - started < 10


def test_eight_workers_share_one_wait() -> None:
    """A server with 20 requests a minute, 60 wanted: never asked for more than it allows, 8 threads together."""
    clock = FakeClock()
    governor = Governor(clock=clock, reserve=0)
    lock = threading.Lock()
    windows: dict[int, int] = {}

    def worker() -> None:
        while True:
            with lock:
                if sum(windows.values()) >= 60:
                    return
            permit = take(governor)
            with lock:
                now = clock.time()
                window = int(now // 60)
                windows[window] = windows.get(window, 0) + 1
                left = 20 - windows[window]
                reset = (window + 1) * 60 - now
            permit.done(RateLimit(20, max(0, left), reset), refused=left < 0, wait_s=reset)

    threads = [threading.Thread(target=worker) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    first = min(windows)
    assert windows[first] <= 20 + 7  # before the first answer nothing is known, and eight may be on their way
    assert all(count <= 20 + 7 for count in windows.values())
    assert sum(windows.values()) >= 60
