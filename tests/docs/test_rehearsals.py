"""The tests and files that the pages on rehearsing show are what they say: they run, and they are read."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.docs.examples import ROOT, Block, blocks

from quaestor.sandbox.wire.faults import FAULTS, parse
from quaestor.sandbox.wire.limits import read_limits

pytest_plugins = ["pytester"]

FAILURE = ROOT / "docs/how-to/rehearse-failure.md"
CI = ROOT / "docs/how-to/test-in-ci.md"


def test_the_example_for_ci(pytester: pytest.Pytester) -> None:
    (block,) = (block for block in blocks(CI) if block.info == "python")
    pytester.makepyfile(test_compliance=block.text)
    done = pytester.runpytest_subprocess("--strict-markers", "-W", "error", "test_compliance.py")
    done.assert_outcomes(passed=block.text.count("def test_"))


@pytest.mark.parametrize("block", [block for block in blocks(FAILURE) if block.info == "yaml"], ids=lambda b: b.name)
def test_files(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "file.yaml"
    file.write_text(block.text)
    if block.text.startswith("faults:"):
        assert len(parse(str(file))) == block.text.count("route:")
    else:
        assert read_limits(str(file)) is not None


def test_every_fault_is_described() -> None:
    rows = [line for line in FAILURE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    for fault in FAULTS:
        (row,) = (row for row in rows if row.startswith((f"| `{fault}`", f"| `{fault} ")))
        for written in row.split("|")[1].split("`")[1::2]:
            assert parse(f"*: {written}")[0].steps[0][0].kind == written.split()[0]
