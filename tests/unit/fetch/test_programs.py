"""Programs that a document's methods run: only if allowed, a value in its argument, an end to time and output."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

import quaestor
from quaestor.catalog.documents import Layered, open_layered
from quaestor.catalog.model import Method, Parameter
from quaestor.config import Settings
from quaestor.errors import BindError, ForbiddenError, LimitError, ProviderError, UsageError
from quaestor.fetch import programs
from quaestor.fetch.http import CancelToken, HttpRequest
from quaestor.fetch.programs import Programs

SCRIPT = (
    "import json,os,sys; print(json.dumps([{'argument': a, 'key': os.getenv('SECRET_KEY')} for a in sys.argv[1:]]))"
)
HEAD = """
name: tools
version: v1.0.0
protocolType: local_templated
providerServices:
  local: {id: "local:v1.0.0", name: local, service: {$ref: tools/v1.0.0/services/local.yaml}}
config: {auth: {type: null_auth}}
"""


def document(script: str) -> str:
    method = {
        "inline": [
            f'{{{{ or .parameters.executable "{sys.executable}" }}}}',
            "-c",
            script,
            "{{ .parameters.text }}",
            "b",
        ],
        "parameters": {"text": {"in": "inline", "required": True}, "executable": {"in": "inline"}},
        "response": {"schema_override": {"$ref": "#/components/schemas/line"}, "mediaType": "application/json"},
    }  # fmt: skip
    line = {"type": "object", "properties": {"argument": {"type": "string"}, "key": {"type": "string"}}}
    return json.dumps(
        {
            "openapi": "3.0.3",
            "info": {"title": "local", "version": "1"},
            "servers": [{"url": "https://unused.example.com"}],
            "paths": {},
            "components": {"schemas": {"line": {"type": "array", "items": line}}},
            "resources": {
                "lines": {
                    "methods": {"list": method},
                    "sqlVerbs": {"select": [{"$ref": "#/components/x-stackQL-resources/lines/methods/list"}]},
                }
            },
        }
    )


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Layered]:
    root = tmp_path_factory.mktemp("documents")
    folder = root / "src" / "tools" / "v1.0.0" / "services"
    folder.mkdir(parents=True)
    (folder.parent / "provider.yaml").write_text(HEAD)
    (folder / "local.yaml").write_text(document(SCRIPT))
    with open_layered([str(root)]) as found:
        yield found


def rows(catalog: Layered, sql: str, **said: Any) -> list[tuple[Any, ...]]:
    with quaestor.connect(catalog=catalog, settings=Settings(**said)) as connection:
        return list(connection.sql(sql))


def test_a_value_stays_in_its_argument_and_no_credential_is_seen(
    catalog: Layered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "canary")
    sql = "SELECT argument, key FROM tools.local.lines WHERE text = 'a; touch x $HOME `id` '"
    assert rows(catalog, sql, allow_local_exec=True) == [("a; touch x $HOME `id` ", None), ("b", None)]


def test_nothing_runs_unless_it_is_allowed(catalog: Layered) -> None:
    sql = "SELECT argument FROM tools.local.lines WHERE text = 'a'"
    with pytest.raises(ForbiddenError, match="runs a program of this machine"):
        rows(catalog, sql)
    with quaestor.connect(catalog=catalog) as connection, pytest.raises(ForbiddenError):
        list(connection.sql(sql))


def test_no_statement_names_the_program(catalog: Layered) -> None:
    with pytest.raises(BindError, match="executable"):
        rows(catalog, "SELECT argument FROM tools.local.lines WHERE text = 'a' AND executable = '/bin/sh'")


@pytest.mark.parametrize("value", ["-rf", "a\0b"])
def test_what_no_argument_may_be(value: str) -> None:
    method = Method("m", "select", "RUN", "", (Parameter(name="a", wire="a", location="query"),), command=("p", "{{ .parameters.a }}"))  # fmt: skip # noqa: E501
    with pytest.raises(BindError):
        programs.request(method, {"a": value})


def run(*arguments: str, timeout_s: float = 20.0) -> bytes:
    made = HttpRequest("RUN", "program:x", body=json.dumps(arguments).encode())
    return Programs(is_allowed=True, timeout_s=timeout_s).send(made, CancelToken()).body


def test_programs_end_in_time_and_do_not_write_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    started = time.monotonic()
    with pytest.raises(LimitError, match="longer"):
        run(sys.executable, "-c", "import time; time.sleep(60)", timeout_s=0.1)
    monkeypatch.setattr(programs, "MAX_OUTPUT", 1000)
    with pytest.raises(LimitError, match="writes more"):
        run(sys.executable, "-c", "import time; print('a' * 2000, flush=True); time.sleep(60)")
    with pytest.raises(LimitError, match="writes more"):
        run(sys.executable, "-c", "print('a' * 2000)")
    assert time.monotonic() - started < 15


def test_a_program_that_fails_is_an_error() -> None:
    with pytest.raises(ProviderError, match="code 3: no such thing"):
        run(sys.executable, "-c", "import sys; print('no such thing', file=sys.stderr); sys.exit(3)")
    with pytest.raises(UsageError, match="can't run"):
        run("quaestor-no-such-program")
