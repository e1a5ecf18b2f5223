"""Limits between processes: a file that is small, private, and never in the way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.fetch.doubles import FakeClock

from quaestor.errors import RateLimitError
from quaestor.fetch.governor import Governor, Permit
from quaestor.fetch.http import CancelToken
from quaestor.fetch.retry import RateLimit
from quaestor.fetch.shared import MOST_ENTRIES, Entry, SharedLimits
from quaestor.fetch.stats import Stats

HOST = "https://acme.okta.com#0123456789abcdef"
NOW = 1_800_000_000.0


def process(folder: Path, clock: FakeClock, **more: float) -> Governor:
    """A governor as another process has it."""
    return Governor(clock=clock, reserve=more.get("reserve", 0.0), shared=SharedLimits(str(folder)))


def take(governor: Governor, bucket: str = "b", host: str = HOST) -> Permit:
    return governor.permit(host, bucket, CancelToken(), Stats())


def test_while_there_is_enough_no_file_is_touched(tmp_path: Path) -> None:
    governor = process(tmp_path / "none", FakeClock())
    for left in range(99, 33, -1):
        take(governor).done(RateLimit(100, left, 30.0))
    assert not (tmp_path / "none").exists()
    take(governor).done(RateLimit(100, 32, 30.0))
    take(governor)
    assert (tmp_path / "none" / "limits").exists()


def test_a_used_up_limit_is_known_to_the_next_process(tmp_path: Path) -> None:
    clock = FakeClock()
    take(process(tmp_path, clock)).done(RateLimit(100, 0, 30.0), refused=True, wait_s=30.0)
    take(process(tmp_path, clock), host=f"{HOST}-another")
    take(process(tmp_path, clock), "another")
    assert clock.slept == []
    take(process(tmp_path, clock))
    assert clock.slept == [pytest.approx(30.0, abs=0.01)]


def test_names_are_known_to_the_next_process(tmp_path: Path) -> None:
    clock = FakeClock()
    one = process(tmp_path, clock)
    take(one, "a").done(RateLimit(100, 5, 30.0, "users"))
    take(one, "b").done(RateLimit(100, 0, 30.0, "users"), refused=True, wait_s=30.0)
    take(process(tmp_path, clock), "a")
    assert sum(clock.slept) >= 30


def test_the_rest_of_a_limit_is_shared_out(tmp_path: Path) -> None:
    """Two processes that have both heard "10 left" send 10 together, not 20."""
    clock = FakeClock()
    both = process(tmp_path, clock), process(tmp_path, clock)
    for governor in both:
        take(governor).done(RateLimit(100, 10, 60.0))
    sent = 0
    while clock.time() < NOW + 59:
        for governor in both:
            answer = governor.ask(HOST, "b")
            if isinstance(answer, Permit):
                sent += 1
                answer.done()  # no word about the limit
        clock.sleep(0.5, CancelToken())
    assert sent == 10


def test_a_reserve_is_kept_by_all(tmp_path: Path) -> None:
    clock = FakeClock()
    both = process(tmp_path, clock, reserve=0.05), process(tmp_path, clock, reserve=0.05)
    for governor in both:
        take(governor).done(RateLimit(100, 10, 60.0))
    sent = 0
    while clock.time() < NOW + 59:
        for governor in both:
            answer = governor.ask(HOST, "b")
            if isinstance(answer, Permit):
                sent += 1
                answer.done()
        clock.sleep(0.5, CancelToken())
    assert sent == 5


def test_a_wait_that_another_process_was_told_is_too_long_as_well(tmp_path: Path) -> None:
    clock = FakeClock()
    take(process(tmp_path, clock)).done(refused=True, wait_s=500.0)
    with pytest.raises(RateLimitError, match="500 s from now"):
        take(process(tmp_path, clock))


def test_after_the_window_nothing_is_known(tmp_path: Path) -> None:
    clock = FakeClock()
    take(process(tmp_path, clock)).done(RateLimit(100, 0, 30.0), refused=True, wait_s=30.0)
    clock.sleep(31, CancelToken())
    take(process(tmp_path, clock))
    assert clock.slept == [31]


def test_it_is_private_and_holds_no_more_than_it_needs(tmp_path: Path) -> None:
    shared = SharedLimits(str(tmp_path / "cache"))
    for number in range(MOST_ENTRIES + 50):
        shared.tell(Entry(HOST, f"n{number}", ("GET /a",), 10, 0, NOW + 60), NOW)
    assert len(shared.of_account(HOST, NOW)) == MOST_ENTRIES
    assert (tmp_path / "cache").stat().st_mode & 0o777 == 0o700
    for name in ("limits", "limits.lock"):
        assert (tmp_path / "cache" / name).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "cache" / "limits").stat().st_size < 20_000
    shared.tell(Entry(HOST, "one", ("GET /a",), 10, 0, NOW + 500), NOW + 400)  # the others are over by then
    assert len((tmp_path / "cache" / "limits").read_text().splitlines()) == 2
    assert sorted(os.listdir(tmp_path / "cache")) == ["limits", "limits.lock"]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\x00\xff\xfe" * 99,
        b"quaestor limits 2\nx",
        b"quaestor limits 1\n" + b"\t" * 5000,
        b"quaestor limits 1\nh\tb\tmany\t0\t1800000030.0\tGET /a",
        b"quaestor limits 1\n" + HOST.encode() + b"\t\t10\t0\tnan\tb",
        b"quaestor limits 1\n" + HOST.encode() + b"\t\t10\t0\tinf\tb",
        b"quaestor limits 1\n" + HOST.encode() + b"\t\t10\t0\t1900000000.0\tb",  # a wait of years
        b"quaestor limits 1\n" + HOST.encode() + b"\t\t10\t0",  # cut off
    ],
)
def test_a_file_that_is_none_of_ours_is_done_without(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "limits").write_bytes(text)
    clock = FakeClock()
    take(process(tmp_path, clock)).done(RateLimit(10, 0, 5.0), refused=True, wait_s=5.0)
    assert clock.slept == []
    take(process(tmp_path, clock))
    assert clock.slept == [pytest.approx(5.0, abs=0.01)]


def test_what_others_could_have_written_is_not_believed(tmp_path: Path) -> None:
    clock = FakeClock()
    take(process(tmp_path, clock)).done(RateLimit(100, 0, 30.0), refused=True, wait_s=30.0)
    (tmp_path / "limits").chmod(0o666)
    take(process(tmp_path, clock))
    assert clock.slept == []


def test_a_folder_that_cannot_be_made_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    clock = FakeClock()
    take(process(tmp_path / "file", clock)).done(RateLimit(100, 0, 30.0), refused=True, wait_s=30.0)
    take(process(tmp_path / "file", clock))
    assert clock.slept == []


def test_a_lock_that_is_held_stops_nobody(tmp_path: Path) -> None:
    import fcntl

    with open(tmp_path / "limits.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        clock = FakeClock()
        governor = process(tmp_path, clock)
        take(governor).done(RateLimit(100, 5, 30.0))
        take(governor)
    assert clock.slept == [1.0]  # its own pace


TAKER = """
import sys
from quaestor.fetch import shared as module
from quaestor.fetch.shared import Entry, SharedLimits
module.LOCK_TRIES = 10**6  # on a busy machine who holds the lock may stand still for longer than we'd wait for it
shared = SharedLimits(sys.argv[1])
own = Entry("h", "", ("GET /a",), 400, 300, 1_800_000_060.0)
print(sum(shared.take(own, 0, 1_800_000_000.0).left > 0 for _ in range(100)))
"""


def test_four_processes_count_as_one(tmp_path: Path) -> None:
    """400 requests wanted, 300 left: the lock loses none and gives none twice, in whatever order they come."""
    running = [
        subprocess.Popen([sys.executable, "-c", TAKER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    granted = sum(int(child.communicate(timeout=60)[0]) for child in running)
    assert granted == 300


def test_a_process_that_is_killed_leaves_a_file_that_can_be_read(tmp_path: Path) -> None:
    shared = SharedLimits(str(tmp_path))
    shared.tell(Entry(HOST, "", ("GET /a",), 10, 3, NOW + 60), NOW)
    endless = TAKER.replace("range(100)", "iter(int, 1)")
    child = subprocess.Popen([sys.executable, "-c", endless, str(tmp_path)], stdout=subprocess.DEVNULL)
    while len(shared.of_account("h", NOW)) == 0:
        assert child.poll() is None
    child.kill()
    child.wait(10)
    assert len(shared.of_account(HOST, NOW)) == 1
    assert shared.take(Entry(HOST, "", ("GET /a",), 10, 9, NOW + 60), 0, NOW).left == 3
    assert shared.take(Entry(HOST, "", ("GET /a",), 10, 9, NOW + 60), 0, NOW).left == 2
