"""Writes what the commands of the documentation print below them: `python -m tests.docs.refresh [PAGE …]`.

Outputs that still fit (with their `…`) stay as they are. Look at the diff before you commit it.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.docs.examples import ROOT, Block, blocks, is_as_printed, pages, run, steps


def refreshed(block: Block, folder: Path, cache: Path) -> str:
    """The block's text with the outputs of today."""
    text = ""
    for step in steps(block):
        actual = run(step.command, folder, cache).printed
        fits = step.printed.strip() not in ("", "…") and is_as_printed(step.printed, actual)
        text += "$ " + step.command.replace("\n", "\n> ") + "\n"
        text += step.printed if fits else "".join(f"{line.rstrip()}\n" for line in actual.splitlines())
    return text


def main(names: list[str]) -> None:
    """Refresh the named pages, or all of them."""
    wanted = [ROOT / name for name in names] or pages()
    with tempfile.TemporaryDirectory() as cache:
        for page in wanted:
            text = page.read_text(encoding="utf-8")
            with tempfile.TemporaryDirectory() as folder:
                for block in blocks(page):
                    if block.info == "console":
                        new = refreshed(block, Path(folder), Path(cache))
                        text = text.replace(f"```console\n{block.text}```", f"```console\n{new}```", 1)
            page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
