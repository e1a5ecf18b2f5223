"""The streams: spooling, and the line of progress."""

from __future__ import annotations

import io
import re
import signal
import time
from typing import Any

import pytest

from quaestor.errors import QuaestorError
from quaestor.surfaces.cli.console import Console, Interrupts, Progress
from quaestor.surfaces.cli.output import Direct, Spool


def test_a_large_output_is_spooled_to_a_file_and_comes_out_whole() -> None:
    stream = io.BytesIO()
    spool = Spool(stream, memory_bytes=1000)
    text = "é" * 300
    for _ in range(50):
        spool.write(text)
    assert stream.getvalue() == b""
    spool.commit()
    spool.write("next")
    spool.abandon()
    spool.write("last")
    spool.commit()
    spool.close(True)
    assert stream.getvalue().decode() == text * 50 + "last"


def test_abandoned_output_leaves_nothing() -> None:
    stream = io.BytesIO()
    spool = Spool(stream, memory_bytes=10)
    spool.write("x" * 100)
    spool.abandon()
    spool.write("y" * 100)
    spool.close(False)
    assert stream.getvalue() == b""


def test_a_full_disk_is_an_error() -> None:
    class Full(io.BytesIO):
        def write(self, data: Any) -> int:
            raise OSError(28, "No space left on device")

    with pytest.raises(QuaestorError, match="standard output: No space left on device"):
        Direct(Full(), False).write("x")
    spool = Spool(Full())
    spool.write("x")
    with pytest.raises(QuaestorError, match="No space left"):
        spool.commit()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Counts:
    def to_dict(self) -> dict[str, Any]:
        return {"requests": 12, "rows_read": 2400}

    def summary(self) -> str:
        return ""


def test_progress_is_shown_after_a_while_and_wiped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Progress, "AFTER_S", 0.02)
    monkeypatch.setattr(Progress, "EVERY_S", 0.01)
    stderr = Terminal()
    progress = Progress(Console(io.BytesIO(), io.BytesIO(), stderr, {}), Counts())
    deadline = time.monotonic() + 20
    while "requests" not in stderr.getvalue() and time.monotonic() < deadline:
        time.sleep(0.01)
    progress.stop()
    assert re.search(r"12 requests · 2,400 rows · \d+ s", stderr.getvalue())
    assert stderr.getvalue().endswith("\r\x1b[K")
    progress.stop()


def test_no_progress_for_quick_statements_pipes_and_programs() -> None:
    stderr = Terminal()
    Progress(Console(io.BytesIO(), io.BytesIO(), stderr, {}), Counts()).stop()
    assert stderr.getvalue() == ""
    for error, env in ((io.StringIO(), {}), (Terminal(), {"TERM": "dumb"})):
        progress = Progress(Console(io.BytesIO(), io.BytesIO(), error, env), Counts())
        assert progress._thread is None
    console = Console(io.BytesIO(), io.BytesIO(), Terminal(), {})
    console.error_format = "json"
    assert Progress(console, Counts())._thread is None


def test_a_note_wipes_the_line_of_progress() -> None:
    stderr = Terminal()
    console = Console(io.BytesIO(), io.BytesIO(), stderr, {"NO_COLOR": "1"})
    console.shows_progress = True
    console.note("first")
    console.note("second")
    assert stderr.getvalue() == "\r\x1b[Kfirst\nsecond\n"


def test_ctrl_c_cancels_first_and_interrupts_then() -> None:
    cancelled: list[bool] = []
    interrupts = Interrupts(lambda: cancelled.append(True))
    signal.raise_signal(signal.SIGINT)
    assert cancelled == [True]
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    interrupts.restore()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interrupt_handler_of_somebody_else_stays() -> None:
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        Interrupts(lambda: None).restore()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, previous)
