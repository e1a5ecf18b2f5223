"""The documentation says what is there: every command, flag, setting and error, and every example runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docs.examples import ROOT, Block, all_blocks, is_as_printed, pages, run, steps

import quaestor
from quaestor import errors
from quaestor.catalog.store import open_catalog
from quaestor.config import SCALARS, Settings, load_settings
from quaestor.surfaces.cli import refused, sandboxed
from quaestor.surfaces.cli.options import COMMANDS, OPTIONS

CLI = (ROOT / "docs/reference/cli.md").read_text(encoding="utf-8")
COMPATIBILITY = (ROOT / "docs/compatibility.md").read_text(encoding="utf-8")
ERRORS = (ROOT / "docs/reference/errors.md").read_text(encoding="utf-8")
CONFIG = (ROOT / "docs/reference/config.md").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the catalog is compiled to, once."""
    return tmp_path_factory.mktemp("cache")


# --- what there is, is documented, and nothing else ---


def rows(page: str) -> dict[str, str]:
    """Table rows of a page by the code in their first cell."""
    return {match[1]: match[0] for match in re.finditer(r"^\| `([^`]+)`.*$", page, re.MULTILINE)}


def test_commands() -> None:
    for command in COMMANDS:
        assert f"\n## quaestor {command.name}\n" in CLI
    assert set(re.findall(r"^## quaestor (\w+)$", CLI, re.MULTILINE)) == {command.name for command in COMMANDS}


def test_flags() -> None:
    documented = rows(CLI)
    ours = {option.flag for option in OPTIONS}
    assert {flag for flag in documented if flag.startswith("--")} == ours | {"--help", "--version"}
    for option in OPTIONS:
        row = documented[option.flag]
        if option.short:
            assert f"`{option.short}`" in row
        if option.value:
            assert f"`{option.value}`".replace("|", "\\|") in row, option.flag


def test_flags_that_are_mentioned_anywhere_exist() -> None:
    known = {option.flag for option in OPTIONS} | set(refused.FLAGS) | {"--help", "--version"}
    for page in pages():
        if "decisions" in page.parts:
            continue
        for flag in re.findall(r"`(--[a-zA-Z][\w.-]*)", page.read_text(encoding="utf-8")):
            assert flag in known, f"{page.name}: {flag}"


def test_refused_flags_and_commands() -> None:
    documented = rows(COMPATIBILITY)
    for flag, (reason, instead) in refused.FLAGS.items():
        if len(flag) > 2:
            assert reason in documented[flag], flag
            assert instead in documented[flag], flag
    for command, (reason, _) in refused.COMMANDS.items():
        assert reason in documented[command], command


def test_errors() -> None:
    def below(cls: type[errors.QuaestorError]) -> Iterator[type[errors.QuaestorError]]:
        yield cls
        for child in cls.__subclasses__():
            if child.__module__ == errors.__name__:
                yield from below(child)

    documented = {tuple(part.strip(" `") for part in line.split("|")[1:4]): line for line in ERRORS.splitlines()}
    for cls in below(errors.QuaestorError):
        row = documented[(str(cls.exit_code), cls.code, cls.__name__)]
        assert row.rstrip(" |").endswith("yes" if cls.retryable else "no")


def test_settings() -> None:
    documented = rows(CONFIG)
    for name in SCALARS:
        row = documented[name]
        assert f"`QUAESTOR_{name.upper()}`" in row
        default = getattr(Settings(), name)
        if default not in (None, ""):
            shown = (
                str(default).lower()
                if isinstance(default, bool)
                else f"{default:g}"
                if isinstance(default, float)
                else str(default)
            )
            assert row.rstrip(" |").strip("`").endswith(shown), name


@pytest.mark.parametrize("block", all_blocks("toml"), ids=lambda block: block.name)
def test_configurations_can_be_loaded(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(block.text)
    file.chmod(0o600)
    assert load_settings({}, {"HOME": str(tmp_path)}, str(file)) != Settings()


def test_links_lead_somewhere() -> None:
    for page in pages():
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.relative_to(ROOT)}: {target}"


# --- every example runs ---


@pytest.mark.parametrize("block", all_blocks("console"), ids=lambda block: block.name)
def test_console_examples(block: Block, tmp_path: Path, cache: Path) -> None:
    for step in steps(block):
        actual = run(step.command, tmp_path, cache).printed
        assert is_as_printed(step.printed, actual), f"{block.name}\n$ {step.command}\n{actual}"


@pytest.mark.parametrize("block", all_blocks("sql"), ids=lambda block: block.name)
def test_sql_examples(block: Block, tmp_path: Path, cache: Path) -> None:
    file = tmp_path / "example.sql"
    file.write_text(block.text)
    ran = run(f"quaestor exec --sandbox -o json --error-format json -i {file}", tmp_path, cache)
    if block.info == "sql not-there-yet":
        assert '"code": "not_supported"' in ran.printed, ran.printed
    else:
        assert block.info == "sql"
        assert ran.code == 0, ran.printed


def test_there_are_examples() -> None:
    assert len(all_blocks("console")) >= 15
    assert len(all_blocks("sql")) >= 15


@pytest.mark.parametrize("block", all_blocks("python"), ids=lambda block: block.name)
def test_python_examples(block: Block, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They connect to the sandbox instead of an account."""
    catalog = open_catalog(cache_dir=str(cache / "quaestor"))

    def connect() -> quaestor.Connection:
        monkeypatch.undo()
        return sandboxed.connect(Settings(), catalog, 1, {})

    monkeypatch.setitem(vars(quaestor), "connect", connect)
    try:
        exec(compile(block.text, block.name, "exec"), {})
    finally:
        catalog.close()
