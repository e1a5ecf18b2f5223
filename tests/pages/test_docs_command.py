"""`quaestor provider docs` as people run it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.pages.published import ABSENT, DATA, REGISTRY, SEEDS


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "quaestor", "provider", "docs", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(bool(ABSENT), reason=ABSENT)
def test_the_seeds_come_out_byte_for_byte(tmp_path: Path) -> None:
    registry = f'{{"url":"file://{REGISTRY}","localDocRoot":"{REGISTRY}"}}'
    out = tmp_path / "pages"
    done = run("okta", "--registry", registry, "--format", "stackql", "--compat", "0.4.6", "--out", str(out))
    assert (done.returncode, done.stdout) == (0, f"okta: pages of 190 resources written to {out}\n"), done.stderr
    for name, seed in SEEDS.items():
        made = out / "services" / name.replace(".", "/") / "index.md"
        assert made.read_bytes() == (DATA / "seeds" / seed).read_bytes()


@pytest.mark.skipif(bool(ABSENT), reason=ABSENT)
def test_a_service_without_a_document_is_told_and_the_others_have_pages(tmp_path: Path) -> None:
    out = tmp_path / "pages"
    done = run("k8s", "--registry", str(REGISTRY.parent / "registry"), "--out", str(out))
    assert (done.returncode, done.stdout) == (6, f"k8s: pages of 6 resources written to {out}\n"), done.stderr
    assert "incomplete: the document lists core_v1 too, but has nothing of them" in done.stderr
    assert not (out / "services" / "core_v1").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("okta",), "needs --out"),
        (("okta", "--out", "x", "--format", "html"), "--format is markdown or stackql"),
        (("okta", "--out", "x", "--compat", "0.4.6"), "--registry PATH"),
        (("okta", "--out", "x", "--compat", "9"), "--compat is 0.4.6"),
        (("okta", "--out", "x", "--compat", "0.4.6", "--format", "markdown"), "StackQL's format"),
        (("okta", "--out", "x", "--names", "y"), "--names is not a flag of provider docs"),
        (("okta", "--out", "x", "--spec", "nowhere.yaml"), "can't read nowhere.yaml"),
        (("oktaa", "--out", "x"), "no provider called oktaa"),
    ],
)
def test_what_is_wrong_is_said(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = run(*(str(tmp_path / each) if each == "x" else each for each in arguments))
    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
