"""Feeds: order kept, concurrency used, errors at their place, nothing read that isn't asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from quaestor.errors import Cancelled, ServerError
from quaestor.fetch.http import CancelToken
from quaestor.run.feed import AHEAD, WIDTH, Feed, Room, size_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from quaestor.run.feed import Batch, Part


def part(number: int, batches: int = 1, delay_s: float = 0.0, started: list[int] | None = None) -> Part:
    def read() -> Iterator[Batch]:
        if started is not None:
            started.append(number)
        for batch in range(batches):
            time.sleep(delay_s)
            yield [(number, batch)]

    return read


def test_batches_come_in_the_order_of_the_parts_whatever_answers_first() -> None:
    delays = [0.05, 0.0, 0.03, 0.01]
    feed = Feed([part(i, 2, delay) for i, delay in enumerate(delays)], CancelToken())
    assert [row for batch in feed for row in batch] == [(i, b) for i in range(4) for b in range(2)]


def test_parts_are_read_at_the_same_time() -> None:
    together = threading.Barrier(WIDTH, timeout=5)

    def read() -> Iterator[Batch]:
        together.wait()  # passes only when WIDTH parts are under way at once
        yield [(1,)]

    assert len(list(Feed([read] * WIDTH, CancelToken()))) == WIDTH


def test_a_part_is_read_a_few_batches_ahead_and_no_further() -> None:
    taken: list[int] = []

    def read() -> Iterator[Batch]:
        for number in range(100):
            taken.append(number)
            yield [(number,)]

    feed = Feed([read], CancelToken())
    batches = iter(feed)
    next(batches)
    time.sleep(0.1)
    assert len(taken) <= AHEAD + 3
    feed.close()


def test_lazy_reads_only_what_is_asked_for() -> None:
    started: list[int] = []
    feed = Feed([part(0, 3, started=started), part(1, started=started)], CancelToken(), lazy=True)
    batches = iter(feed)
    assert started == []
    assert next(batches) == [(0, 0)]
    assert started == [0]


def test_an_error_is_raised_at_its_place() -> None:
    def fails() -> Iterator[Batch]:
        yield [("before",)]
        raise ServerError("no", status=500)

    batches = iter(Feed([part(0), fails, part(2)], CancelToken()))
    assert [next(batches), next(batches)] == [[(0, 0)], [("before",)]]
    with pytest.raises(ServerError):
        next(batches)


def test_cancelling_ends_a_lazy_feed() -> None:
    cancel = CancelToken()
    batches = iter(Feed([part(0, 3)], cancel, lazy=True))
    next(batches)
    cancel.cancel()
    with pytest.raises(Cancelled):
        next(batches)


def test_closing_ends_every_thread() -> None:
    before = threading.active_count()
    feed = Feed([part(i, 50) for i in range(100)], CancelToken())
    next(iter(feed))
    feed.close()
    feed.close()
    assert threading.active_count() <= before


def test_what_waits_is_bounded_in_bytes() -> None:
    """Sixteen threads read big pages ahead; what they hold together stays below the bound."""
    made, read = Counted(), Counted()
    page = "x" * 1_000_000

    def part() -> Iterator[Batch]:
        for _ in range(4):
            made.add()
            yield [(page,)]

    room = Room(5_000_000)
    feed = Feed([part] * 40, CancelToken(), room=room)
    most = 0
    for batch in feed:
        assert batch == [(page,)]
        read.add()
        time.sleep(0.001)
        most = max(most, made.count - read.count)
    assert read.count == 160
    # five waiting, two of the part that is read, and in each of the threads the one for which there is no room yet
    assert most <= 5 + 2 + WIDTH


def test_a_page_larger_than_the_bound_is_read_all_the_same() -> None:
    feed = Feed([lambda: iter([[("x" * 1000,)]] * 3)] * 5, CancelToken(), room=Room(10))
    assert len(list(feed)) == 15


def test_closing_frees_those_who_wait_for_room() -> None:
    feed = Feed([lambda: iter([[("x" * 1000,)]] * 3)] * 50, CancelToken(), room=Room(10))
    assert next(iter(feed)) == [("x" * 1000,)]
    feed.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "quaestor-feed"]


def test_the_size_of_a_batch() -> None:
    assert size_of([]) == 0
    assert 1_000_000 < size_of([("x" * 1000, None, 1)] * 1000) < 1_300_000


class Counted:
    """A number that threads count up."""

    def __init__(self) -> None:
        self.count = 0
        self._lock = threading.Lock()

    def add(self) -> None:
        with self._lock:
            self.count += 1
