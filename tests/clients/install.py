"""The vendors' own clients, installed from their registries into `.clients/` of this checkout.

`requirements.txt` and `package-lock.json` pin every package; what is installed is remembered with their checksums, so
a second run costs nothing. Run by the tests' fixture when QUAESTOR_TEST_ALL=1, or by hand:

    python -m tests.clients.install

Before: pip, npm. After: `desk` starts the clients.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
HOME = Path(os.environ.get("QUAESTOR_CLIENTS") or HERE.parents[1] / ".clients")
#: What Node finds packages in, and the interpreter that has the Python clients.
NODE_HOME = HOME / "node"
PYTHON = HOME / "python" / "bin" / "python"
_STAMP = HOME / "installed"


def missing() -> str:
    """Why the clients can't be asked, or nothing if they are installed as pinned."""
    if shutil.which("node") is None:
        return "the vendors' clients need Node"
    if not _STAMP.exists() or _STAMP.read_text() != _pinned():
        return "the vendors' clients aren't installed: python -m tests.clients.install, or QUAESTOR_TEST_ALL=1"
    return ""


def install() -> None:
    """Install what is pinned, unless it is there; processes wait for each other. Raises CalledProcessError."""
    HOME.mkdir(parents=True, exist_ok=True)
    with _alone():
        if _STAMP.exists() and _STAMP.read_text() == _pinned():
            return
        _STAMP.unlink(missing_ok=True)
        NODE_HOME.mkdir(exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, NODE_HOME / name)
        npm = subprocess.Popen(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
            cwd=NODE_HOME,
            stdout=sys.stderr,
        )
        try:
            subprocess.run([sys.executable, "-m", "venv", str(HOME / "python")], check=True)
            # compiled when imported: the tests need a tenth of it
            pip = [str(PYTHON), "-m", "pip", "install", "-q", "--no-compile", "--disable-pip-version-check"]
            subprocess.run([*pip, "-r", str(HERE / "requirements.txt")], check=True)
        finally:
            code = npm.wait()
        if code:
            raise subprocess.CalledProcessError(code, "npm ci")
        _STAMP.write_text(_pinned())


def versions() -> dict[str, str]:
    """The release of each client, as its pins say."""
    import json

    pins = dict(line.split("==") for line in (HERE / "requirements.txt").read_text().split() if "==" in line)
    node = json.loads((HERE / "package.json").read_text())["dependencies"]
    return {
        "okta_python": f"okta {pins['okta']} (Python)",
        "okta_node": f"@okta/okta-sdk-nodejs {node['@okta/okta-sdk-nodejs']}",
        "datadog_python": f"datadog-api-client {pins['datadog-api-client']} (Python)",
        "datadog_node": f"@datadog/datadog-api-client {node['@datadog/datadog-api-client']}",
    }


def _pinned() -> str:
    """What stands for all pins and for the interpreter that they were installed with."""
    digest = hashlib.sha256(sys.version.encode())
    for name in ("requirements.txt", "package-lock.json"):
        digest.update((HERE / name).read_bytes())
    return digest.hexdigest()


@contextmanager
def _alone() -> Iterator[None]:
    """No other process installs while the block runs."""
    import fcntl

    with open(HOME / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    install()
    print("\n".join(versions().values()))
