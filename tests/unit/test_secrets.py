"""Where secrets are kept: what a command prints, what the keyring has."""

from __future__ import annotations

import sys
import time
import types

import pytest

from quaestor import secrets
from quaestor.errors import UsageError
from quaestor.secrets import from_command, from_keyring


def run(code: str) -> str:
    return from_command([sys.executable, "-c", code], "okta").reveal()


def test_what_a_command_prints() -> None:
    assert run("print(' t0ken ')") == "t0ken"
    assert run("print('-----BEGIN\\nKEY-----')") == "-----BEGIN\nKEY-----"
    assert run("import sys; print(repr(sys.stdin.read()))") == "''"


def test_no_shell_is_involved() -> None:
    assert (
        from_command([sys.executable, "-c", "import sys; print(sys.argv[1])", "$HOME;`id`"], "x").reveal()
        == "$HOME;`id`"
    )


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("print('canary'); raise SystemExit(3)", "failed with the exit code 3"),
        ("print('  ')", "printed nothing"),
        ("print('canary' * 20_000)", "printed more than 65,536 bytes"),
        ("import sys; sys.stdout.buffer.write(b'canary\\xff')", "isn't UTF-8"),
        ("import time; print('canary', flush=True); time.sleep(60)", "took longer than 0.5 s"),
        ("import os, time; os.close(1); time.sleep(60)", "took longer than 0.5 s"),
    ],
)
def test_a_command_that_fails(code: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if "sleep" in code:
        monkeypatch.setattr(secrets, "COMMAND_S", 0.5)
    started = time.monotonic()
    with pytest.raises(UsageError, match=says) as caught:
        run(code)
    assert "canary" not in repr(caught.value.to_dict())
    assert time.monotonic() - started < 10


def test_a_child_of_the_command_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pipe stays open in a grandchild when the command itself is gone."""
    monkeypatch.setattr(secrets, "COMMAND_S", 0.5)
    started = time.monotonic()
    with pytest.raises(UsageError, match="took longer"):
        run("import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(10)'])")
    assert time.monotonic() - started < 8


@pytest.mark.parametrize("name", ["/nowhere/no-such-command", "", "a\0b"])
def test_a_command_that_is_not_there(name: str) -> None:
    with pytest.raises(UsageError, match="can't be started"):
        from_command([name], "okta")


def test_the_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    class KeyringError(Exception):
        pass

    def get_password(service: str, user: str) -> str | None:
        if service == "locked":
            raise KeyringError("canary")
        return {("okta", "ada"): " t0ken\n"}.get((service, user))

    ring, errors = types.ModuleType("keyring"), types.ModuleType("keyring.errors")
    ring.__dict__.update(get_password=get_password, errors=errors)
    errors.__dict__["KeyringError"] = KeyringError
    monkeypatch.setitem(sys.modules, "keyring", ring)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    assert from_keyring("okta", "ada", "okta").reveal() == "t0ken"
    with pytest.raises(UsageError, match="has nothing for 'okta' and 'bob'"):
        from_keyring("okta", "bob", "okta")
    with pytest.raises(UsageError, match="can't be read: KeyringError") as caught:
        from_keyring("locked", "ada", "okta")
    assert "canary" not in repr(caught.value.to_dict())


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(UsageError, match="one more package") as caught:
        from_keyring("okta", "ada", "okta")
    assert "quaestor[keyring]" in caught.value.hint
