"""The programs on our page of Datadog's Okta integration, cut out of the page's text: they compile, run on the
sandbox unchanged, and do what the page says."""

from __future__ import annotations

import ast
import contextlib
import io
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from tests.clients.desk import environment
from tests.clients.examples import SITE, Bench, Example, bench, returned
from tests.clients.install import HERE, PYTHON
from tests.pages.published import ABSENT, DATA

import quaestor
from quaestor.authoring.pages import markdown
from quaestor.authoring.pages.site import Source, make_pages
from quaestor.catalog.store import open_catalog

pytestmark = pytest.mark.skipif(bool(ABSENT), reason=ABSENT)

OPERATIONS = ("list", "create", "get", "update", "delete")
_BLOCK = re.compile(r"(?s)^\*\*(Python|Python, datadog-api-client|TypeScript)\*\*\n(.*?)```\w+\n(.*?)\n```", re.M)


@dataclass(frozen=True)
class Programs:
    """Programs of the page by operation."""

    typescript: dict[str, str] = field(default_factory=dict)
    client: dict[str, str] = field(default_factory=dict)
    quaestor: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="module")
def programs() -> Programs:
    with open_catalog() as catalog:
        source = Source(catalog, "datadog", (str(DATA / "specs" / "datadog" / "v2.yaml"),))
        pages = make_pages(source, "markdown", ["integrations"])
        text = markdown.render(next(each for each in pages if each.resource == "okta_accounts"))
    found = Programs()
    kinds = {
        "TypeScript": found.typescript,
        "Python, datadog-api-client": found.client,
        "Python": found.quaestor,
    }
    for part in re.split(r"(?m)^### ", text.partition("\n## Requests\n")[2])[1:]:
        for kind, _, code in _BLOCK.findall(part):
            kinds[kind][part.partition("_")[0]] = code
    assert set(found.typescript) == set(found.client) == set(found.quaestor) == set(OPERATIONS)
    return found


@pytest.fixture(scope="module")
def compiled(clients: None, programs: Programs) -> Iterator[Bench]:
    with bench() as made:
        assert made.compiled([Example(name, text) for name, text in programs.typescript.items()]) == ""
        yield made


def test_the_typescript_of_each_operation(compiled: Bench, programs: Programs) -> None:
    made = returned(compiled.run(Example("create", ""), variables={}))["data"]
    assert isinstance(made, dict)
    account = {"ACCOUNT_ID": str(made["id"])}
    assert made in _data(compiled, "list", {})
    assert _data(compiled, "get", account) == made
    changed = _data(compiled, "update", account)
    assert isinstance(changed, dict)
    assert changed["attributes"]["domain"]
    account = {"ACCOUNT_ID": str(changed["id"])}  # an update gives another id (recorded)
    assert compiled.run(Example("delete", ""), variables=account).err == ""
    assert made not in _data(compiled, "list", {})


def _data(at: Bench, name: str, variables: dict[str, str]) -> list[object] | dict[str, dict[str, object]]:
    found = returned(at.run(Example(name, ""), variables=variables))["data"]
    assert isinstance(found, list | dict)
    return found


def test_the_python_of_each_operation_with_the_vendors_client(compiled: Bench, programs: Programs) -> None:
    def run(name: str, account: str = "") -> str:
        env = environment(str(compiled.folder), compiled.box.ca_bundle) | {
            "DD_SITE": SITE,
            "ACCOUNT_ID": account,
            "PYTHONPATH": str(HERE / "drivers"),
            "QUAESTOR_HOST": f"api.{SITE}",
            "QUAESTOR_PORT": str(urlsplit(compiled.box.url).port),
            "QUAESTOR_CA": compiled.box.ca_bundle,
        }
        command = [str(PYTHON), "-c", programs.client[name]]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=env, cwd=compiled.folder)
        assert done.returncode == 0, done.stderr
        return done.stdout

    account = re.findall(r"'id': '([^']+)'", run("create"))[0]
    assert account in run("list")
    assert account in run("get", account)
    account = re.findall(r"'id': '([^']+)'", run("update", account))[0]
    run("delete", account)
    assert account not in run("list")


def test_the_python_of_each_operation_with_quaestor(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    with quaestor.sandbox("datadog") as box:
        monkeypatch.setattr(quaestor, "connect", box.connect)

        def run(name: str, account: str = "") -> str:
            monkeypatch.setenv("ACCOUNT_ID", account)
            said = io.StringIO()
            with contextlib.redirect_stdout(said):
                exec(compile(programs.quaestor[name], f"<{name}>", "exec"), {})
            return said.getvalue()

        account = str(ast.literal_eval(run("create").splitlines()[0])["id"])
        assert account in run("list")
        assert account in run("get", account)
        account = str(ast.literal_eval(run("update", account).splitlines()[0])["id"])
        assert "1" in run("delete", account)
        assert account not in run("list")
