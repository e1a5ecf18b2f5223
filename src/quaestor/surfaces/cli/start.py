"""The console script `quaestor`: an interrupt that comes before the program is there is no traceback either.

Before: the shell starts the process. After: `main`. It is imported inside, since most of the start is imports, and a
Ctrl-C during these would be nobody's: the one thing that a module can't do for itself.
"""

from __future__ import annotations

import os
import sys


def script() -> None:
    """Run the command line and leave the process with its exit code."""
    try:
        from quaestor.surfaces.cli.main import script as program

        program()
    except KeyboardInterrupt:
        sys.stderr.write("error: cancelled\n")
        os._exit(130)  # as `errors.Cancelled` has it, which may not be there yet
