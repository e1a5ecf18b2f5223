"""Datadog's five examples, byte for byte, on the sandbox; then the same accounts in SQL."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from tests.clients.examples import PAGE, Bench, Example, Run, bench, examples, returned

if not PAGE.is_file():
    pytest.skip("the page isn't here (../shared/data/seeds)", allow_module_level=True)

ACCOUNTS = "datadog.integrations.okta_accounts"
#: Of each example's text in the page, `sha256sum`.
SUMS = {
    "list": "894cf43c9d8d00845e65979a08b548d439fa820e562696d7d77eafcb459ce5ed",
    "create": "3775be5c8c3b54c2d1c80aa78f3ca6b3fb1e6d5b0e18090de8b009857698cfc0",
    "get": "13d9a33d688baa71e2ec833d599810bfda5a6cd0aa4cc0703209c3341b5b44b3",
    "update": "a071b8e11071f5a50c7483a38491108505af37f1b5ff704476b5081cc739eddb",
    "delete": "7b8f0943b7cb29a704c1d2820c83640132925f1460a520d2675b83473294e370",
}


@pytest.fixture(scope="module")
def compiled(clients: None) -> Iterator[tuple[Bench, dict[str, Example]]]:
    every = examples()
    with bench() as made:
        assert made.compiled(every) == ""
        yield made, {example.name: example for example in every}


def test_the_examples_are_those_of_the_page() -> None:
    page = PAGE.read_bytes()
    for example in examples():
        assert page.count(example.text.encode()) == 1
        assert example.sha256 == SUMS[example.name]


def sql(at: Bench, statement: str) -> str:
    """A statement on the same sandbox over its port."""
    command = [sys.executable, "-m", "quaestor", "exec", "--tls.CABundle", at.box.ca_bundle, "--output", "json"]
    command += ["--endpoint", f"datadog={at.box.endpoints['datadog']}", statement]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env={**os.environ, **at.box.env})
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_each_example_in_turn_and_the_accounts_in_sql(compiled: tuple[Bench, dict[str, Example]]) -> None:
    at, every = compiled

    def said(name: str, account: str = "") -> Run:
        run = at.run(every[name], account)
        assert run.sha256 == SUMS[name]
        return run

    before = returned(said("list"))["data"]
    made = returned(said("create"))["data"]
    assert isinstance(before, list)
    assert isinstance(made, dict)
    account = made["id"]
    assert account != "f749daaf-682e-4208-a38d-c9b43162c609", "the posted id is ignored"
    assert "clientSecret" not in made["attributes"]
    after = returned(said("list"))["data"]
    assert isinstance(after, list)
    assert len(after) == len(before) + 1
    assert account in sql(at, f"SELECT id, attributes FROM {ACCOUNTS}")
    assert "exampleoktaintegration" in sql(at, f"SELECT attributes FROM {ACCOUNTS} WHERE account_id = '{account}'")
    assert returned(said("get", account))["data"] == made
    changed = returned(said("update", account))["data"]
    assert isinstance(changed, dict)
    assert changed["attributes"]["domain"] == "https://example.okta.com/"
    gone = said("delete")
    assert gone.out == ""
    assert "HTTP-Code: 404" in gone.err
    assert [request.status for request in at.box.log][:2] == [200, 201]
