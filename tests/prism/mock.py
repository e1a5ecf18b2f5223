"""Prism as a child process: a mock of a vendor's API that refuses each request that its spec doesn't allow.

Before: `documents` makes the copy of the spec that Prism digests. After: `tap` sends requests to it.

It is the npm package that `package.json` pins, installed by `npm ci` into `.clients/prism`, which git ignores. Where
node or the package isn't there, tests skip; with QUAESTOR_TEST_ALL=1 it is installed, and must run.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
HOME = HERE.parents[1] / ".clients" / "prism"
ENTRY = HOME / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"
#: How long Prism may take to read a document, in seconds: 985 operations took 12 on an idle machine.
START_S = 400.0


def missing() -> str:
    """Why Prism can't run here, or an empty text. With QUAESTOR_TEST_ALL=1 it is installed if need be."""
    if not shutil.which("node"):
        return "node is not installed"
    if ENTRY.exists():
        return ""
    if os.environ.get("QUAESTOR_TEST_ALL") != "1":
        return "Prism is not installed (python -m tests.prism.report --install, or QUAESTOR_TEST_ALL=1)"
    install()
    return ""


def install() -> None:
    """Installs what the lock file pins. Raises CalledProcessError with npm's words."""
    HOME.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, HOME / name)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(command, cwd=HOME, check=True, capture_output=True, timeout=600)


def version() -> str:
    """Of the package that is installed."""
    return str(json.loads((ENTRY.parents[1] / "package.json").read_text())["version"])


@contextmanager
def prism(spec: Mapping[str, Any], folder: Path, name: str) -> Iterator[str]:
    """The address of a Prism that serves `spec`, while the block runs. `folder` takes the document and the log."""
    source = folder / f"{name}.json"
    source.write_text(json.dumps(spec))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["node", str(ENTRY), "mock", "--errors", "-v", "error", "-h", "127.0.0.1", "-p", str(port), str(source)]
    with (folder / f"{name}.log").open("wb") as log:
        child = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        try:
            _await(child, port, folder / f"{name}.log")
            yield f"http://127.0.0.1:{port}"
        finally:
            child.terminate()
            child.wait(timeout=30)


def _await(child: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        if child.poll() is not None:
            raise RuntimeError(f"Prism ended before it listened: {log.read_text()[-2000:]}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"Prism didn't listen within {START_S:.0f} s: {log.read_text()[-2000:]}")
