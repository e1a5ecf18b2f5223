"""The matrix of every request and every fault, counted: `python -m tests.faults.report [STEP]`.

Every request of every statement is tried, or every STEPth; statements in rows, outcomes in columns, and then faults
in rows.
"""

from __future__ import annotations

import sys
import time
from collections import Counter

from tests.faults.every_request import NAMES, STATEMENTS, WAYS, Outcome, matrix


def table(title: str, rows: dict[str, list[Outcome]]) -> None:
    """How often each outcome came, a line for each name."""
    kinds = sorted({outcome.what for outcomes in rows.values() for outcome in outcomes} | {"WRONG"} - {"rows"})
    first = ("rows", "some rows")
    kinds = [*first, *(kind for kind in kinds if kind not in (*first, "WRONG")), "WRONG"]
    print(f"| {title:26} | cases | {' | '.join(kinds)} |")
    print(f"|{'-' * 28}|------:|{'|'.join('-' * (len(kind) + 1) + ':' for kind in kinds)}|")
    total: list[Outcome] = []
    for name, outcomes in rows.items():
        _line(name, outcomes, kinds)
        total += outcomes
    _line("all", total, kinds)


def _line(name: str, outcomes: list[Outcome], kinds: list[str]) -> None:
    counts = Counter(outcome.what for outcome in outcomes)
    print(f"| {name:26} | {len(outcomes):5} | {' | '.join(f'{counts[kind]:{len(kind)}}' for kind in kinds)} |")


def main() -> int:
    """Print the matrix; 1 if anything was wrong."""
    step = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    begin = time.monotonic()
    by_statement: dict[str, list[Outcome]] = {}
    with matrix() as tried:
        for name in STATEMENTS:
            label = f"{name} ({tried.requests(name)})"
            by_statement[label] = list(tried.outcomes(name, step=step))
    every = [outcome for outcomes in by_statement.values() for outcome in outcomes]
    table("statement (requests)", by_statement)
    print()
    by_fault = {
        f"{fault}, {way}": [each for each in every if (each.fault, each.way) == (fault, way)]
        for fault in NAMES
        for way in WAYS
    }
    table("fault", by_fault)
    wrong = [outcome for outcome in every if outcome.what == "WRONG"]
    for outcome in wrong:
        print(outcome)
    print(f"\n{len(every):,} cases, {len(wrong)} wrong, {time.monotonic() - begin:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
