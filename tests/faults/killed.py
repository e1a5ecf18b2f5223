"""The command, which kills itself at a step of a row: `python -m tests.faults.killed STEP ROW exec …`.

The steps are those between two lines of `run.writing.mutate`; what the server kills isn't its business.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from quaestor.run.writing.journal import JournalRun
from quaestor.surfaces.cli.main import main


def arm(step: str, row: int) -> None:
    """Have the journal's account kill the process there."""
    intent, outcome = JournalRun.intent, JournalRun.outcome

    def die(now: str, number: int) -> None:
        if (now, number) == (step, row):
            os.kill(os.getpid(), signal.SIGKILL)

    def armed_intent(self: JournalRun, number: int) -> None:
        die("before the intent", number)
        intent(self, number)
        die("after the intent", number)

    def armed_outcome(self: JournalRun, ended: Any) -> None:
        die("after the answer", ended.row)
        outcome(self, ended)
        die("after the outcome", ended.row)

    setattr(JournalRun, "intent", armed_intent)  # noqa: B010 - mypy wouldn't have it otherwise
    setattr(JournalRun, "outcome", armed_outcome)  # noqa: B010


if __name__ == "__main__":
    arm(sys.argv[1], int(sys.argv[2]))
    sys.exit(main(sys.argv[3:]))
