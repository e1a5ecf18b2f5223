"""The examples of README and docs: found, run on the sandbox, and compared with what is printed below them.

In a `console` block a line that begins with `$ ` is a command, lines that begin with `> ` continue it, the rest is
what it prints, stderr included. Three dots `…` on a line of their own stand for any lines, times for any times.
An `sql` block is run as it is and must succeed; one marked `sql not-there-yet` must be refused for just that reason.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from quaestor.surfaces.cli import main
from quaestor.surfaces.cli.console import Console

ROOT = Path(__file__).resolve().parents[2]


def pages() -> list[Path]:
    """README and every page under docs, and the other texts at the root."""
    texts = [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md")]
    return [path for path in texts if path.exists()] + sorted((ROOT / "docs").rglob("*.md"))


class Block(NamedTuple):
    """A fenced block: `info` is what stands behind its fence, `line` the number of its first line of text."""

    page: Path
    line: int
    info: str
    text: str

    @property
    def name(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    found = []
    text = page.read_text(encoding="utf-8")
    for match in re.finditer(r"^```([^\n`]*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        found.append(Block(page, text.count("\n", 0, match.start(2)) + 1, match[1].strip(), match[2]))
    return found


def all_blocks(language: str) -> list[Block]:
    """The blocks of this language on all pages."""
    return [block for page in pages() for block in blocks(page) if block.info.split(" ")[0] == language]


class Step(NamedTuple):
    """A command of a console block and what the page says that it prints."""

    command: str
    printed: str


def steps(block: Block) -> list[Step]:
    """The commands of a console block."""
    found: list[Step] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            found.append(Step(line[2:], ""))
        elif line.startswith("> ") and not found[-1].printed:
            found[-1] = Step(f"{found[-1].command}\n{line[2:]}", "")
        else:
            found[-1] = Step(found[-1].command, f"{found[-1].printed}{line}\n")
    return found


class Ran(NamedTuple):
    """Exit code, and what was printed on stdout and stderr."""

    code: int
    printed: str


def run(command: str, folder: Path, cache: Path) -> Ran:
    """Run a command as a new user in `folder` would: no credentials, no configuration, 80 columns."""
    env = {
        "HOME": str(folder),
        "XDG_CACHE_HOME": str(cache),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "LANG": "C.UTF-8",
    }
    words = shlex.split(command)
    files = any((folder / word).exists() for word in words[1:] if word and "\n" not in word and len(word) < 200)
    shell = bool({"|", ">", "<", "&&", ";", "&"} & set(words)) or "$" in command
    if words[0] == "quaestor" and not files and not shell:
        stdout, stderr = io.BytesIO(), io.StringIO()
        code = main.run(words[1:], Console(io.BytesIO(), stdout, stderr, env))
        return Ran(code, stdout.getvalue().decode() + stderr.getvalue())
    done = subprocess.run(
        ["sh", "-c", command], cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60
    )
    return Ran(done.returncode, done.stdout.decode())


def is_as_printed(printed: str, actual: str) -> bool:
    """Whether a page's output is that of the command."""
    pattern = "".join(
        "(?:.*\n)*?" if line.strip() == "…" else re.escape(_timeless(line.rstrip())) + "\n"
        for line in printed.splitlines()
    )
    text = "".join(f"{_timeless(line.rstrip())}\n" for line in actual.splitlines())
    return re.fullmatch(pattern, text) is not None


def _timeless(line: str) -> str:
    """A line without times, and without ids of the journal, which begin with one."""
    line = re.sub(r"\b\d{8}-\d{6}-[0-9a-f]{6}\b", "ID", line)
    line = re.sub(r"\b\d{4}-\d\d-\d\dT[\d:]+Z", "TIME", line)
    return re.sub(r"\b\d[\d.]* ?(ms|s)\b", "TIME", line)
