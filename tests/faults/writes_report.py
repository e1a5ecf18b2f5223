"""The matrix of writes, counted: `python -m tests.faults.writes_report [STEP]`.

Every row of the INSERT meets every fault, or every STEPth does. Of the run with the fault the table has how many rows
ended how, over all cases; then how many cases were right, and right again after going on.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator

from tests.faults.every_write import FAULTS, KILLS, ROWS, WAYS, Bench, Case, bench, disk_writes

STATES = ("done", "refused", "unknown", "not tried")


def groups(made: Bench, step: int) -> Iterator[tuple[str, list[Case]]]:
    """The cases of each line of the table."""
    rows = range(1, ROWS + 1, step)
    for fault in FAULTS:
        for way in WAYS:
            yield f"{fault}; {way}", [made.faulty(fault, row, way) for row in rows]
    for way in ("stays", "once"):
        writes = range(1, disk_writes() + 1, step)
        yield f"disk full at a write of the journal; {way}", [made.full_disk(at, way) for at in writes]
    for kill in KILLS:
        yield f"kill -9 {kill}", [made.killed(kill, row) for row in rows]


def main() -> int:
    """Print the matrix; 1 if anything was wrong."""
    step = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    begin = time.monotonic()
    every: list[Case] = []
    print(f"| {'fault':48} | cases | {' | '.join(STATES)} | WRONG |")
    print(f"|{'-' * 50}|------:|{'|'.join('-' * (len(state) + 1) + ':' for state in STATES)}|------:|")
    with bench() as made:
        for name, cases in groups(made, step):
            every += cases
            counts: Counter[str] = Counter()
            for case in cases:
                counts.update(case.counts or case.noted)
            cells = " | ".join(f"{counts[state]:{len(state)}}" for state in STATES)
            print(
                f"| {name:48} | {len(cases):5} | {cells} | {sum(bool(case.wrong) for case in cases):5} |", flush=True
            )
    for case in every:
        if case.wrong:
            print(case)
    wrong = sum(bool(case.wrong) for case in every)
    print(f"\n{len(every):,} cases of {ROWS} rows, {wrong} wrong, {time.monotonic() - begin:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
