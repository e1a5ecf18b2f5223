"""SQLite files that appear whole or not at all.

Before: `catalog.compiling` and `catalog.texts` know what is in theirs. After: a file at its place, or the one that
was there before.
"""

from __future__ import annotations

import os

import apsw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def write(path: str, fill: Callable[[apsw.Connection], None]) -> None:
    """Makes the file at `path`, for its owner alone, of what `fill` writes in one transaction, and puts it there when
    it is finished. Raises OSError and apsw.Error, and what `fill` raises; then nothing is left."""
    unfinished = f"{path}.{os.urandom(6).hex()}"
    try:
        os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        connection = apsw.Connection(unfinished)
        try:
            connection.execute(
                "PRAGMA page_size = 4096; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF"
            ).fetchall()
            with connection:
                fill(connection)
        finally:
            connection.close()
        os.replace(unfinished, path)
    finally:
        if os.path.exists(unfinished):
            os.remove(unfinished)
