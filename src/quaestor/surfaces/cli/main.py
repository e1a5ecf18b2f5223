"""The console script `quaestor`: which command, and what its exit code says.

Before: the shell starts the process. After: a command's module does the work. Every error ends here, in one shape;
exit code 0 means that all was done and is complete, the others are in the tree of `quaestor.errors`.
"""

from __future__ import annotations

import gc
import os
import sys

from quaestor import __version__
from quaestor.errors import Cancelled, QuaestorError, UsageError
from quaestor.surfaces.cli import load
from quaestor.surfaces.cli.console import Console
from quaestor.surfaces.cli.options import Invocation, parse
from quaestor.surfaces.cli.output import Direct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

#: So many new objects make Python look for cycles. With its own 700 it looks a hundred times while modules are
#: imported, and finds none: seven hundredths of a cold SELECT.
COLLECT_AFTER = 50_000
#: What a shell reports for a process that SIGPIPE ended.
BROKEN_PIPE = 141


def script() -> None:
    """The console script: `main`, then out of the process at once.

    Taking the interpreter down module by module costs a tenth of a cold SELECT, and there is nothing left to do:
    results are flushed, files renamed, connections closed.
    """
    gc.set_threshold(COLLECT_AFTER)
    code = main()
    sys.stderr.flush()
    os._exit(code)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line of this process; its exit code."""
    code = run(sys.argv[1:] if argv is None else argv, Console.of_process())
    return _flushed(code)


def run(argv: Sequence[str], console: Console) -> int:
    """Run one command line on a console; its exit code."""
    console.error_format = _error_format(argv, console)
    try:
        if not argv and console.error_format == "text":
            console.stderr.write(load("usage").help_text())
            return UsageError.exit_code
        return _dispatch(parse(argv), console)
    except QuaestorError as error:
        console.error(error)
        return error.exit_code
    except KeyboardInterrupt:
        cancelled = Cancelled("cancelled")
        console.error(cancelled)
        return cancelled.exit_code
    except BrokenPipeError:
        return BROKEN_PIPE
    except Exception as error:  # noqa: BLE001 - the last resort: no traceback for people who didn't ask for one
        console.error(_internal(error, argv))
        return QuaestorError.exit_code


def _dispatch(invocation: Invocation, console: Console) -> int:
    if invocation.command == "version":
        Direct(console.stdout, False).write(f"quaestor {__version__}\n")
        return 0
    if invocation.command == "help":
        Direct(console.stdout, False).write(load("usage").help_text(*invocation.arguments))
        return 0
    code: int = load(invocation.command).run(invocation, console)
    return code


def _error_format(argv: Sequence[str], console: Console) -> str:
    """The format of errors, needed before the flags are known to be right."""
    wanted = console.env.get("QUAESTOR_ERROR_FORMAT", "")
    for position, word in enumerate(argv):
        if word == "--error-format" and position + 1 < len(argv):
            wanted = argv[position + 1]
        elif word.startswith("--error-format="):
            wanted = word.partition("=")[2]
    return "json" if wanted == "json" else "text"


def _internal(error: Exception, argv: Sequence[str]) -> QuaestorError:
    """An error that is ours: what to tell us. The message of an unknown exception can hold a secret: it isn't in."""
    if "--debug" in argv:
        import traceback

        traceback.print_exception(error)
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{os.path.basename(place.tb_frame.f_code.co_filename)}:{place.tb_lineno}" if place is not None else "?"
    return QuaestorError(
        f"internal error: {type(error).__name__} at {where} (quaestor {__version__}); this is a fault of Quaestor",
        hint="report it with this line and the statement; --debug shows the traceback (look for secrets in it first)",
    )


def _flushed(code: int) -> int:
    """Write out what is buffered now, since at exit Python would complain about a closed pipe or a full disk."""
    try:
        sys.stdout.flush()
        return code
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return code or (BROKEN_PIPE if isinstance(error, BrokenPipeError) else QuaestorError.exit_code)
