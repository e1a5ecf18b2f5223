"""Rows in the order of an instant are taken up to a second's end, however the API writes instants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from quaestor.plan.model import Order
from quaestor.run.spooling import CHUNK, _takes, _takes_by_second

START = datetime(2026, 1, 1, tzinfo=UTC)


def written(milliseconds: int, style: int) -> str:
    """A moment as APIs write it: with zeros left off, with an offset, without a fraction."""
    moment = START + timedelta(milliseconds=milliseconds)
    text = moment.isoformat(timespec="milliseconds" if style % 2 or milliseconds % 1000 else "seconds")
    text = text.replace("+00:00", "")
    if style > 1 and "." in text:
        text = text.rstrip("0").rstrip(".")
    return text + ("+00:00" if style % 3 == 2 else "Z")


@given(st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 5)), max_size=80), st.booleans(), st.data())
def test_what_follows_sorts_behind_what_was_taken(
    moments: list[tuple[int, int]], descending: bool, data: st.DataObject
) -> None:
    moments.sort(key=lambda each: each[0], reverse=descending)
    rows = [(number, written(*each)) for number, each in enumerate(moments)]
    taken: list[tuple[int, str]] = []
    for take in _takes_by_second(iter(rows), Order(0, 1, descending)):
        taken += take.rows  # type: ignore[arg-type]
        rest = rows[len(taken) :]
        assert taken == rows[: len(taken)]
        assert take.may_do
        if taken and rest:
            texts = [text for _, text in rest]
            last = [text for _, text in taken]
            assert min(last) > max(texts) if descending else max(last) < min(texts)
    assert taken == rows


def test_what_isnt_sorted_is_read_to_its_end() -> None:
    texts = ["2026-01-03T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"]
    rows = [(text,) for text in texts for _ in range(40)]
    takes = list(_takes_by_second(iter(rows), Order(0, 0, True)))
    assert [row for take in takes for row in take.rows] == rows
    assert not takes[-1].may_do
    assert takes[-1].is_last


def test_texts_that_are_no_instants_in_utc_end_nothing_early() -> None:
    for text in (None, "yesterday", "2026-01-01T00:00:00+01:00", "2026-01-01", 5):
        takes = list(_takes_by_second(iter([("2026-01-02T00:00:00Z",), (text,)] * 20), Order(0, 0, True)))
        assert not any(take.may_do for take in takes)
        assert sum(len(take.rows) for take in takes) == 40


def test_many_rows_are_taken_in_pieces() -> None:
    takes = list(_takes(iter([(number,) for number in range(10_000)])))
    assert max(len(take.rows) for take in takes) == CHUNK
    assert [row for take in takes for row in take.rows] == [(number,) for number in range(10_000)]
    assert sum(take.may_do for take in takes) < 12
