"""The five TypeScript examples of Datadog's page on its Okta integration, run as the page says: each is cut out of
the page's text at test time, byte for byte, compiled with `tsc`, and run with DD_SITE, the keys and
OKTA_ACCOUNT_DATA_ID.

The client makes https://api.<site> of DD_SITE; `drivers/loopback.js` leads that name to this machine, and Node trusts
the sandbox's authority by NODE_EXTRA_CA_CERTS. Nothing of the page is in this repository.

Before: `install`, the page. After: `test_client_examples`, `report`.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from tests.clients.desk import environment
from tests.clients.install import HERE, NODE_HOME

import quaestor
from quaestor.sandbox.rehearsal import Rehearsal

PAGE = Path(__file__).resolve().parents[3] / "shared" / "data" / "seeds" / "004_c2413dfe64a77d1d.txt"
SITE = "datadoghq.com"
#: In the page's order.
NAMES = ("list", "create", "get", "update", "delete")
_BLOCK = re.compile(r"\nCode Example\n\n(.*?\n)\nInstructions\n", re.DOTALL)


@dataclass(frozen=True)
class Example:
    """`text` is the example as the page has it; `sha256` is of its bytes."""

    name: str
    text: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True)
class Run:
    """What an example said; `sha256` is of the file that was compiled and run, as it was read back."""

    example: Example
    sha256: str
    code: int
    out: str
    err: str


def examples() -> list[Example]:
    """The page's examples in its order."""
    found = _BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    return [Example(name, text) for name, text in zip(NAMES, found, strict=True)]


class Bench:
    """A served sandbox, and a folder in which examples are compiled and run; `bench` makes it."""

    def __init__(self, box: Rehearsal, folder: Path) -> None:
        self.box = box
        self.folder = folder
        self._address = urlsplit(box.url)

    def compiled(self, every: list[Example]) -> str:
        """Writes and compiles examples, each `example.ts` in a folder of its name; what `tsc` says."""
        files = []
        for example in every:
            place = self.folder / example.name
            place.mkdir()
            (place / "example.ts").write_bytes(example.text.encode())
            files.append(f"{example.name}/example.ts")
        done = subprocess.run(
            ["node", "node_modules/typescript/bin/tsc", "--lib", "es2020", "--skipLibCheck", *files],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=240,
        )
        return done.stdout + done.stderr

    def run(self, example: Example, account: str = "", variables: Mapping[str, str] = MappingProxyType({})) -> Run:
        """Runs a compiled example; `account` is its OKTA_ACCOUNT_DATA_ID, `variables` are others that it takes."""
        env = environment(str(self.folder), self.box.ca_bundle) | {
            "DD_SITE": SITE,
            "OKTA_ACCOUNT_DATA_ID": account,
            **variables,
            "QUAESTOR_HOST": f"api.{SITE}",
            "QUAESTOR_PORT": str(self._address.port),
        }
        command = ["node", "--require", str(HERE / "drivers" / "loopback.js"), f"{example.name}/example.js"]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=120, env=env)
        kept = hashlib.sha256((self.folder / example.name / "example.ts").read_bytes()).hexdigest()
        return Run(example, kept, done.returncode, done.stdout, done.stderr)


@contextmanager
def bench() -> Iterator[Bench]:
    """A sandbox of Datadog behind TLS, and a folder that sees the installed packages."""
    with quaestor.sandbox("datadog", tls=True) as box, tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "node_modules").symlink_to(NODE_HOME / "node_modules")
        yield Bench(box, Path(folder))


def returned(run: Run) -> dict[str, object]:
    """The JSON that an example prints."""
    data: dict[str, object] = json.loads(run.out.partition("Returned data: ")[2])
    return data
