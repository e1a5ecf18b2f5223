"""Random SELECTs have the rows that plain SQLite has, however they are read.

`QUAESTOR_SELECTS=20000 pytest tests/properties/test_selects.py` runs as many, at random; without it 500, always the
same.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from random import Random

import apsw
import pytest
from hypothesis import HealthCheck, assume, given, note, settings
from hypothesis import strategies as st
from tests.properties.selects import Made, SelectMaker, samples
from tests.sql.world import MODES, comparable, engine, expected_rows, plain_tables

import quaestor
from quaestor.catalog.store import open_catalog
from quaestor.sandbox.core import Sandbox

COUNT = int(os.environ.get("QUAESTOR_SELECTS", "500"))
SCALE = {"okta.users": 14, "apps": 4, "groups": 4, "datadog.users": 12, "roles": 4, "monitors": 8}
#: SQLite's steps, in thousands, after which a statement is too big to be of use here.
STEPS = 5000


class Bench:
    """The plain tables, and an engine for each way of reading."""

    def __init__(self, stack: ExitStack) -> None:
        store = stack.enter_context(open_catalog())
        sandbox = Sandbox(store, ["okta", "datadog"], seed=57, scale=SCALE)
        self.plain = plain_tables(sandbox)
        stack.callback(self.plain.close)
        self.samples = samples(self.plain)
        self.engines: dict[str, quaestor.Connection] = {
            name: stack.enter_context(engine(store, sandbox, mode)) for name, mode in MODES.items()
        }

    def expected(self, text: str) -> list[tuple[object, ...]] | None:
        """What plain SQLite answers; None if that takes it too long."""
        steps = iter(range(STEPS))
        self.plain.set_progress_handler(lambda: next(steps, None) is None, 1000)
        try:
            return expected_rows(self.plain, text)
        except apsw.InterruptError:
            return None
        finally:
            self.plain.set_progress_handler(None)

    def found(self, text: str, mode: str) -> list[tuple[object, ...]]:
        """What the engine answers."""
        with MODES[mode].applied():
            return comparable(self.engines[mode].sql(text).fetchall())


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with ExitStack() as stack:
        yield Bench(stack)


def check(bench: Bench, made: Made, mode: str) -> bool:
    """Fail if the rows differ; whether there was something to compare."""
    expected = bench.expected(made.text)
    if expected is None:
        return False
    found = bench.found(made.text, mode)
    if made.unlimited:
        every = bench.expected(made.unlimited)
        assert len(found) == len(expected)
        assert every is None or not _counted(found) - _counted(every)
    elif made.is_ordered:
        assert found == expected
    else:
        assert _counted(found) == _counted(expected)
    return True


def _counted(rows: list[tuple[object, ...]]) -> Counter[str]:
    return Counter(map(repr, rows))


@settings(
    max_examples=COUNT,
    derandomize="QUAESTOR_SELECTS" not in os.environ,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(random=st.randoms(use_true_random=False), mode=st.sampled_from(list(MODES)))
def test_same_rows_as_sqlite(bench: Bench, random: Random, mode: str) -> None:
    made = SelectMaker(random, bench.samples).statement()
    note(f"{mode}: {made.text}")
    assume(check(bench, made, mode))


def test_there_is_something_to_compare(bench: Bench) -> None:
    """Most statements have rows, and all kinds of joins and subqueries come up."""
    made = [SelectMaker(Random(seed), bench.samples).statement() for seed in range(300)]
    texts = " ".join(statement.text for statement in made)
    for part in (
        "LEFT JOIN",
        "RIGHT JOIN",
        "FULL JOIN",
        "EXISTS",
        "NOT IN (SELECT",
        "WITH",
        "OVER",
        "GROUP BY",
        "UNION",
    ):
        assert texts.count(part) > 5, part
    assert sum(bool(bench.expected(statement.text)) for statement in made) > 150
