"""The streams of the process: what is a terminal, how wide, and how messages are written to stderr.

stdout is for results only, and `output` writes there. Here is all that goes to stderr: errors in their one shape,
notes, what a statement took, and progress. Messages can quote text from an API, so control characters are escaped.
"""

from __future__ import annotations

# what `signal` wraps in enums, which take a millisecond to make
import _signal  # type: ignore[import-not-found]
import os
import sys

from quaestor.errors import BindError, QuaestorError, SqlSyntaxError, caret, line_and_column
from quaestor.surfaces.table import BOLD, DIM, PLAIN, visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, BinaryIO, Protocol, TextIO

    class Stats(Protocol):
        """What `Result.stats` offers."""

        def to_dict(self) -> dict[str, Any]: ...

        def summary(self) -> str: ...


RED = "\x1b[31m"
WIPE = "\r\x1b[K"


class Console:
    """Standard input, output and error, and the environment.

    Attributes:
        error_format: `text` or `json`: how errors, stats and notes are written.
        shows_progress: whether the last line of stderr is one that the next message has to wipe.
    """

    def __init__(self, stdin: BinaryIO, stdout: BinaryIO, stderr: TextIO, env: Mapping[str, str]) -> None:
        self.stdin, self.stdout, self.stderr, self.env = stdin, stdout, stderr, env
        self.error_format = "text"
        self.out_is_terminal = stdout.isatty()
        self.err_is_terminal = stderr.isatty()
        self.shows_progress = False

    @classmethod
    def of_process(cls) -> Console:
        """The console that this process was started with."""
        return cls(sys.stdin.buffer, sys.stdout.buffer, sys.stderr, os.environ)

    def width(self) -> int:
        """Columns of the terminal that shows the results, 0 if none does."""
        if not self.out_is_terminal:
            return 0
        columns = self.env.get("COLUMNS", "")
        if columns.isascii() and columns.isdigit() and int(columns):
            return int(columns)
        try:
            return os.get_terminal_size(self.stdout.fileno()).columns or 80
        except OSError:
            return 80

    def draws_boxes(self) -> bool:
        """Whether what shows the results can show characters that aren't ASCII."""
        if not self.out_is_terminal:
            return True
        locale = self.env.get("LC_ALL") or self.env.get("LC_CTYPE") or self.env.get("LANG") or ""
        # without any locale Python itself takes UTF-8 (PEP 538), and so do the terminals of today
        return locale in ("", "C", "POSIX") or "utf" in locale.lower()

    def styles(self, on: bool) -> bool:
        """Whether bold and dim are welcome on a terminal (https://no-color.org)."""
        return on and not self.env.get("NO_COLOR") and self.env.get("TERM") != "dumb"

    # --- messages ---

    def note(self, text: str) -> None:
        """Something to know that is neither a result nor an error."""
        if self.error_format == "json":
            self._json({"note": text})
        else:
            self._line(visible(text))

    def took(self, stats: Stats) -> None:
        """What a statement took."""
        if self.error_format == "json":
            self._json({"stats": stats.to_dict()})
        else:
            self._line(self._dim(visible(stats.summary())))

    def error(self, error: QuaestorError) -> None:
        """An error in the shape that all of them have."""
        if self.error_format == "json":
            self._json({"error": error.to_dict()})
            return
        styled = self.styles(self.err_is_terminal)
        word = f"{BOLD}{RED}error:{PLAIN}" if styled else "error:"
        lines = [f"{word} {visible(error.message)}"]
        if isinstance(error, SqlSyntaxError | BindError) and error.text and error.position >= 0:
            line, _ = line_and_column(error.text, error.position)
            if "\n" in error.text.strip():
                lines.append(self._dim(f"  in line {line}:"))
            lines.extend(f"  {visible(part)}" for part in caret(error.text, error.position).split("\n"))
        if error.hint:
            word = f"{BOLD}hint:{PLAIN}" if styled else "hint:"
            lines.append(f"{word} {visible(error.hint)}")
        self._line("\n".join(lines))

    def _dim(self, text: str) -> str:
        return f"{DIM}{text}{PLAIN}" if self.styles(self.err_is_terminal) else text

    def _json(self, value: dict[str, Any]) -> None:
        import json

        self._line(json.dumps(value, ensure_ascii=True, default=str))

    def _line(self, text: str) -> None:
        self.stderr.write(f"{WIPE}{text}\n" if self.shows_progress else f"{text}\n")
        self.stderr.flush()
        self.shows_progress = False


class Progress:
    """A line on stderr that counts requests and rows, from the second second of a statement on.

    Only on a terminal. `stop` wipes it; it must be called before anything else is written there.
    """

    AFTER_S, EVERY_S = 1.0, 0.2

    def __init__(self, console: Console, stats: Stats) -> None:
        self._console, self._stats = console, stats
        self._thread = None
        if console.err_is_terminal and console.error_format == "text" and console.env.get("TERM") != "dumb":
            import threading

            self._stopped = threading.Event()
            self._thread = threading.Thread(target=self._run, name="progress", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """No more of it; the line is free again."""
        if self._thread is None:
            return
        self._stopped.set()
        self._thread.join()
        self._thread = None
        if self._console.shows_progress:
            self._write(WIPE)
            self._console.shows_progress = False

    def _run(self) -> None:
        import time

        start, wait_s = time.monotonic(), self.AFTER_S
        while not self._stopped.wait(wait_s):
            counts = self._stats.to_dict()
            requests, rows = counts.get("requests", 0), counts.get("rows_read", 0)
            text = f"{requests:,} requests · {rows:,} rows"
            self._write(f"\r{DIM}{text} · {time.monotonic() - start:.0f} s{PLAIN}\x1b[K")
            self._console.shows_progress = True
            wait_s = self.EVERY_S

    def _write(self, text: str) -> None:
        self._console.stderr.write(text)
        self._console.stderr.flush()


class Interrupts:
    """Ctrl-C cancels what runs, so that it ends in order: the first calls `cancel`, the second interrupts at once.

    Python would raise KeyboardInterrupt wherever it is, also inside a callback of SQLite.
    """

    def __init__(self, cancel: Callable[[], None]) -> None:
        self._previous: Any = None
        if _signal.getsignal(_signal.SIGINT) is not _signal.default_int_handler:  # ignored, or somebody else's
            return

        def handle(number: int, frame: object) -> None:
            self.restore()
            cancel()

        try:
            self._previous = _signal.signal(_signal.SIGINT, handle)
        except ValueError:  # not in the main thread, which alone is interrupted
            self._previous = None

    def restore(self) -> None:
        """Ctrl-C is as it was before."""
        if self._previous is not None:
            _signal.signal(_signal.SIGINT, self._previous)
            self._previous = None
