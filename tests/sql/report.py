"""The differential run, counted: `python -m tests.sql.report [GENERATED]`.

Every statement of the `.sql` files in every mode, and so many generated ones for each mode: how many were compared,
how many differ from plain SQLite.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from contextlib import ExitStack
from random import Random

from tests.properties.selects import SelectMaker
from tests.properties.test_selects import Bench, check
from tests.sql.differential import cases, compare
from tests.sql.world import MODES, SCALE, engine, plain_tables

from quaestor.catalog.store import open_catalog
from quaestor.errors import QuaestorError
from quaestor.sandbox.core import Sandbox


def written() -> Counter[tuple[str, str]]:
    """Of each mode: how many written statements were the same, and how many differ."""
    counts: Counter[tuple[str, str]] = Counter()
    with ExitStack() as stack:
        store = stack.enter_context(open_catalog())
        sandbox = Sandbox(store, ["okta", "datadog"], seed=13, scale=SCALE)
        plain = plain_tables(sandbox)
        stack.callback(plain.close)
        for name, mode in MODES.items():
            connection = stack.enter_context(engine(store, sandbox, mode))
            for case in cases():
                try:
                    compared = compare(case, mode, connection, plain)
                    what = "same" if compared.found == compared.expected and compared.complete else "differs"
                except QuaestorError as error:
                    what = f"fails: {error.message}"
                counts[name, what.partition(":")[0]] += 1
                if what != "same":
                    print(f"{name}: {what}: {case.text}")
    return counts


def generated(count: int) -> Counter[tuple[str, str]]:
    """The same of statements at random; those that are too big for plain SQLite are left out."""
    counts: Counter[tuple[str, str]] = Counter()
    with ExitStack() as stack:
        bench = Bench(stack)
        for name in MODES:
            for seed in range(count):
                made = SelectMaker(Random(f"{name} {seed}"), bench.samples).statement()
                try:
                    what = "same" if check(bench, made, name) else "left out"
                except (AssertionError, QuaestorError) as error:
                    what = "differs"
                    print(f"{name}: {made.text}\n    {type(error).__name__}: {str(error)[:300]}")
                counts[name, what] += 1
    return counts


def table(title: str, counts: Counter[tuple[str, str]]) -> None:
    """A line for each mode."""
    print(f"| {title:24} | compared | differences |")
    print(f"|{'-' * 26}|---------:|------------:|")
    for name in MODES:
        wrong = counts[name, "differs"] + counts[name, "fails"]
        print(f"| {name:24} | {counts[name, 'same'] + wrong:8,} | {wrong:11} |")


def main() -> int:
    """Print both tables; 1 if anything differs."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    begin = time.monotonic()
    first, second = written(), generated(count)
    table("statements of the files", first)
    print()
    table("generated statements", second)
    every = first + second
    wrong = sum(number for (_, what), number in every.items() if what in ("differs", "fails"))
    print(f"\n{wrong} differences, {time.monotonic() - begin:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
