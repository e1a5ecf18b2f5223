"""An interrupt while the program is still being imported ends it as one later does."""

from __future__ import annotations

import os
import sys

import pytest

from quaestor.errors import Cancelled
from quaestor.surfaces.cli import main, start


def test_an_interrupt_before_there_is_a_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    codes: list[int] = []
    monkeypatch.setattr(main, "script", interrupted)
    monkeypatch.setattr(os, "_exit", codes.append)
    start.script()
    assert codes == [Cancelled.exit_code]
    assert capsys.readouterr().err == "error: cancelled\n"


def test_what_is_imported_before_the_guard_is_little() -> None:
    """All that `start` itself needs is there when Python is."""
    import subprocess

    code = (
        "import sys; import quaestor.surfaces.cli.start; print([m for m in sys.modules if m.startswith('quaestor')])"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "quaestor.surfaces.cli.main" not in loaded
    assert "quaestor.sql" not in loaded
