"""Ctrl-C at a terminal while rows are written: the first ends it after the request under way, the second at once."""

from __future__ import annotations

import fcntl
import os
import select
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

from tests.compiled import compiled_cache
from tests.writes.proxy import Proxy, Seen, serving

CTRL_C = b"\x03"
GROUPS = "INSERT INTO okta.groups.groups (data__profile__name) VALUES ('a'), ('b'), ('c') RETURNING id"
#: How long a test may take, and how long the server thinks about a request that nobody waits for.
PATIENCE_S, SLOW_S = 30.0, 8.0


class Terminal:
    """`quaestor exec` at a pseudo-terminal."""

    def __init__(self, proxy: Proxy, home: Path) -> None:
        ours, theirs = os.openpty()
        env = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
        compiled_cache(home / "c" / "quaestor")
        env |= {"HOME": str(home), "XDG_CACHE_HOME": str(home / "c"), "XDG_DATA_HOME": str(home / "d")}
        env |= {"OKTA_API_TOKEN": "00t", "TERM": "dumb", "LANG": "C.UTF-8"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "quaestor", "exec", GROUPS, "-o", "jsonl", "--endpoint", f"okta={proxy.url}"],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=env,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(theirs)
        self._ours = ours
        self.text = ""

    def press(self, key: bytes) -> None:
        """A key, as somebody presses it."""
        os.write(self._ours, key)

    def wait(self) -> int:
        """Its exit code, when it has ended."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            ready, _, _ = select.select([self._ours], [], [], 0.05)
            try:
                piece = os.read(self._ours, 65536) if ready else b""
            except OSError:  # Linux: nobody has the other end any more
                break
            self.text += piece.decode()
            if not piece and self._process.poll() is not None:
                break
        code = self._process.wait(timeout=PATIENCE_S)
        os.close(self._ours)
        return code


def test_the_first_finishes_what_is_under_way(tmp_path: Path) -> None:
    asked, pressed = threading.Event(), threading.Event()

    def answer(request: Seen) -> tuple[int, dict[str, str], bytes]:
        asked.set()
        pressed.wait(PATIENCE_S)
        time.sleep(0.3)  # the key takes its way through the terminal
        return 200, {"Content-Type": "application/json"}, b'{"id": "00g1", "profile": {"name": "a"}}'

    with serving(answer) as proxy:
        terminal = Terminal(proxy, tmp_path)
        assert asked.wait(PATIENCE_S)
        terminal.press(CTRL_C)
        pressed.set()
        assert terminal.wait() == 130, terminal.text
        assert len(proxy.seen) == 1
    assert '{"id":"00g1"}' in terminal.text  # what is done is given
    assert "interrupted: of 3 rows 1 done, 2 not tried" in terminal.text
    assert "quaestor journal show" in terminal.text


def test_the_second_ends_it_at_once_and_says_that_it_is_unknown(tmp_path: Path) -> None:
    asked, over = threading.Event(), threading.Event()

    def answer(request: Seen) -> tuple[int, dict[str, str], bytes]:
        asked.set()
        over.wait(SLOW_S)
        return 200, {"Content-Type": "application/json"}, b'{"id": "00g1"}'

    with serving(answer) as proxy:
        terminal = Terminal(proxy, tmp_path)
        assert asked.wait(PATIENCE_S)
        begin = time.monotonic()
        terminal.press(CTRL_C)
        time.sleep(0.5)
        terminal.press(CTRL_C)
        assert terminal.wait() == 130, terminal.text
        took = time.monotonic() - begin
        over.set()
        assert len(proxy.seen) == 1
    assert took < SLOW_S - 2, terminal.text
    assert "interrupted: of 3 rows 0 done, 1 unknown, 2 not tried" in terminal.text
    assert "look whether the unknown ones are there" in terminal.text
