"""Scans as SQLite's tables: the same rows streamed and spooled, affinity from the declared type."""

from __future__ import annotations

from collections.abc import Iterator

import apsw
import pytest

from quaestor.errors import DecodeError, LimitError
from quaestor.run import tables

TYPE_CHECKING = False
if TYPE_CHECKING:
    from quaestor.run.feed import Batch

TYPES = ["string", "integer", "boolean", "number", "any"]
BATCHES: list[Batch] = [[("a", 1, 1, 1.5, None), ("b", 2, 0, 2.0, 7)], [], [("c", None, None, None, "x")]]


@pytest.fixture
def db() -> Iterator[apsw.Connection]:
    connection = apsw.Connection("")
    yield connection
    connection.close()


def test_streamed_and_spooled_rows_are_the_same(db: apsw.Connection) -> None:
    tables.stream(db, "s0", TYPES, BATCHES)
    tables.create(db, "s1", TYPES)
    assert tables.spool(db, "s1", TYPES, BATCHES) == 3
    rows = [row for batch in BATCHES for row in batch]
    assert db.execute("SELECT * FROM s0").fetchall() == rows
    assert db.execute("SELECT * FROM s1").fetchall() == rows


@pytest.mark.parametrize("streamed", [True, False])
def test_affinity_is_the_column_types(db: apsw.Connection, streamed: bool) -> None:
    rows: list[Batch] = [[("5", 5)]]
    if streamed:
        tables.stream(db, "s0", ["string", "integer"], rows)
    else:
        tables.create(db, "s0", ["string", "integer"])
        tables.spool(db, "s0", ["string", "integer"], rows)
    assert db.execute("SELECT c0 = 5 AND c1 = '5' FROM s0").fetchall() == [(1,)]


def test_numbers_beyond_sqlites_stay_exact(db: apsw.Connection) -> None:
    rows: list[Batch] = [
        [(1, 1.5)],
        [("123456789012345678901", "0.1234567890123456789")],
        [(2, "12345678901234567.5")],
    ]
    tables.stream(db, "s0", ["integer", "number"], rows)
    tables.create(db, "s1", ["integer", "number"])
    assert tables.spool(db, "s1", ["integer", "number"], rows) == 3
    expected = [row for batch in rows for row in batch]
    assert db.execute("SELECT * FROM s0").fetchall() == expected
    assert db.execute("SELECT * FROM s1").fetchall() == expected


def test_a_limit_stops_the_reading(db: apsw.Connection) -> None:
    read = []

    def batches() -> Iterator[Batch]:
        for number in range(10):
            read.append(number)
            yield [(str(number),)] * 3

    tables.stream(db, "s0", ["string"], batches())
    assert len(db.execute("SELECT c0 FROM s0 LIMIT 4").fetchall()) == 4
    assert read == [0, 1]


def test_no_columns_still_counts_rows(db: apsw.Connection) -> None:
    tables.stream(db, "s0", [], [[(), ()]])
    tables.create(db, "s1", [])
    tables.spool(db, "s1", [], [[(), ()]])
    assert db.execute("SELECT count(*) FROM s0").fetchall() == [(2,)]
    assert db.execute("SELECT count(*) FROM s1").fetchall() == [(2,)]


def test_an_error_of_the_reading_reaches_the_reader(db: apsw.Connection) -> None:
    def batches() -> Iterator[Batch]:
        yield [("a",)]
        raise DecodeError("bad", path="$[3]")

    tables.stream(db, "s0", ["string"], batches())
    with pytest.raises(DecodeError, match="bad"):
        db.execute("SELECT c0 FROM s0").fetchall()


def test_a_stream_is_read_once(db: apsw.Connection) -> None:
    tables.stream(db, "s0", ["string"], [[("a",)]])
    db.execute("SELECT * FROM s0").fetchall()
    with pytest.raises(RuntimeError, match="read twice"):
        db.execute("SELECT * FROM s0").fetchall()


def test_too_many_columns_is_a_limit() -> None:
    with pytest.raises(LimitError, match="2000"):
        tables.declaration(["string"] * 2001)
