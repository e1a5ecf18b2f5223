"""All figures of the sandbox's truth at one place: `python -m tests.sandbox.report [--step N]`.

| figure                                                       | where it comes from                 |
|--------------------------------------------------------------|-------------------------------------|
| schemathesis: operations, cases, failures, differences       | `tests.conformity.report`           |
| recorded sequences: same status, same shape, each difference | `tests.sandbox.test_recorded_sequences` |

Before: both ask the sandbox in this process. After: a person reads; the exit status says whether schemathesis found
what nobody knows (1), or can't run here (2).
"""

from __future__ import annotations

import argparse
import sys

from tests.conformity import report as conformity
from tests.prism.documents import SOURCES
from tests.sandbox import test_recorded_sequences as recorded


def main() -> int:
    """Prints the figures; some minutes for all operations (`--step 1`)."""
    parser = argparse.ArgumentParser(prog="python -m tests.sandbox.report")
    parser.add_argument("--step", type=int, default=1, help="of the operations, one in so many")
    step = parser.parse_args().step
    print(recorded.report(), end="\n\n")
    why_not = conformity.missing()
    if why_not:
        print(why_not, file=sys.stderr)
        return 2
    return 0 if conformity.report(list(SOURCES), 2, step) else 1


if __name__ == "__main__":
    sys.exit(main())
