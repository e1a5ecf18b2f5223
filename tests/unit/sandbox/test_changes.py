"""Changes by place: all of a request's hold, or none does; the file survives whatever is cut off."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quaestor.errors import UsageError
from quaestor.sandbox.change.state import State


@contextmanager
def kept(path: Path, about: str = "w") -> Iterator[State]:
    state = State(str(path), about)
    try:
        yield state
    finally:
        state.close()


def test_what_was_committed_is_there_after_a_restart(tmp_path: Path) -> None:
    with kept(tmp_path / "s") as state:
        state.bear("p:/a", "1", b'{"x":1}')
        state.change("p:/a", "g", b'{"x":2}')
        state.bury("p:/a", "h")
        assert state.tick() == 1
        assert state.commit()
        state.bear("p:/a", "2", b"{}")  # never committed
    with kept(tmp_path / "s") as state:
        assert state.dump() == {"p:/a": {"born": {"1": {"x": 1}}, "changed": {"g": {"x": 2}}, "gone": ["h"]}}
        assert state.tick() == 2


def test_a_rollback_leaves_nothing_and_keeps_the_order() -> None:
    state = State()
    for key in ("a", "b", "c"):
        state.bear("p", key, b"1")
    state.commit()
    state.forget("p", "b")
    state.bear("p", "d", b"1")
    state.bury("p", "z")
    state.tick()
    state.rollback()
    assert state.at("p").keys() == ["a", "b", "c"]
    assert (state.at("p").at("c"), state.at("p").gone, state.count) == (2, {}, 0)
    assert not state.commit()


@given(cut=st.integers(1, 200))
def test_a_line_that_was_cut_off_never_was(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    path = tmp_path_factory.mktemp("cut") / "s"
    with kept(path) as state:
        for number in range(3):
            state.bear("p", str(number), b'"some text"')
            state.commit()
    whole = path.read_bytes()
    path.write_bytes(whole[: max(len(whole) - cut, whole.index(b"\n") + 1)])
    with kept(path) as state:
        held = list(state.at("p").keys())
        assert held == ["0", "1", "2"][: len(held)]
        state.bear("p", "new", b"1")
        state.commit()
    with kept(path) as state:
        assert state.at("p").keys() == [*held, "new"]


def test_a_reset_empties_the_file(tmp_path: Path) -> None:
    with kept(tmp_path / "s") as state:
        state.bear("p", "1", b"1")
        state.commit()
        state.reset()
    with kept(tmp_path / "s") as state:
        assert state.dump() == {}


@pytest.mark.parametrize("text", ["no json\n", "[]\n", "half a line", '{"else":1}\n'])
def test_a_foreign_file_is_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.txt"
    path.write_text(text)
    with pytest.raises(UsageError, match="no sandbox's state"):
        State(str(path), "w")
    assert path.read_text() == text


def test_a_file_of_another_world_in_use_or_nowhere_is_refused(tmp_path: Path) -> None:
    with kept(tmp_path / "s"), pytest.raises(UsageError, match="another sandbox has it open"):
        State(str(tmp_path / "s"), "w")
    with pytest.raises(UsageError, match="state of another sandbox: w"):
        State(str(tmp_path / "s"), "x")
    with pytest.raises(UsageError, match="can't be kept"):
        State(str(tmp_path / "no" / "s"), "w")
