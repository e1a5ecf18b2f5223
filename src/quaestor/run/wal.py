"""SQLite files that several processes of a user write: the workspace and the journal.

Before: they are opened and laid out. After: who reads them doesn't wait for who writes (SQLite: write-ahead logging).
"""

from __future__ import annotations

from time import monotonic, sleep

import apsw


def switch_to_wal(db: apsw.Connection, busy_s: float) -> None:
    """Put a file in WAL mode; wait up to `busy_s` seconds for others, which SQLite doesn't do for a change of mode.

    Raises apsw.BusyError if they take longer.
    """
    until = monotonic() + busy_s
    while True:
        try:
            db.pragma("journal_mode", "wal")
            return
        except apsw.BusyError:
            if monotonic() > until:
                raise
            sleep(0.02)
