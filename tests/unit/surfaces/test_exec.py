"""`quaestor exec` with an engine that is told what to answer: streams, files, exit codes."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import quaestor
from quaestor.config import Settings
from quaestor.errors import (
    AuthError,
    BindError,
    IncompleteError,
    NotFoundError,
    QuaestorError,
    SqlSyntaxError,
    TransportError,
)
from quaestor.run.failures import Failure
from quaestor.surfaces.cli import exec, main
from quaestor.surfaces.cli.console import Console
from quaestor.values import ResultColumn

Rows = list[tuple[Any, ...]]


class Stats:
    def to_dict(self) -> dict[str, Any]:
        return {"requests": 3, "rows": 2}

    def summary(self) -> str:
        return "3 requests, 2 rows"


class Result:
    """Batches, of which one may be an error that is raised in its place."""

    failures: tuple[Failure, ...] = ()

    def __init__(self, names: str, *batches: Rows | BaseException, message: str = "") -> None:
        self.columns = tuple(ResultColumn(name) for name in names.split())
        self.message = message
        self.stats = Stats()
        self.cancelled = False
        self._batches = batches
        self.closed = False

    def batches(self) -> Iterator[Rows]:
        for batch in self._batches:
            if isinstance(batch, BaseException):
                raise batch
            yield batch

    def cancel(self) -> None:
        self.cancelled = True

    def __enter__(self) -> Result:
        return self

    def __exit__(self, *_: object) -> None:
        self.closed = True


class Catalog:
    def close(self) -> None:
        pass


class Connection:
    def __init__(self, answers: Sequence[Result | QuaestorError]) -> None:
        self.answers = list(answers)
        self.called: dict[str, Any] = {}
        self.closed = False

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.closed = True

    def script(self, text: str, **options: Any) -> Connection:
        self.called |= {"text": text, **options}
        return self

    def __iter__(self) -> Connection:
        return self

    def interrupt(self) -> bool:
        return False

    def __next__(self) -> Result:
        if not self.answers:
            raise StopIteration
        answer = self.answers.pop(0)
        if isinstance(answer, QuaestorError):
            raise answer
        return answer


class Tty(io.BytesIO):
    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        raise OSError


class TextTty(io.StringIO):
    def isatty(self) -> bool:
        return True


class Cli:
    """Runs command lines against given answers and keeps what came out."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        self._monkeypatch = monkeypatch
        self.env = {"HOME": str(tmp_path), "COLUMNS": "80"}
        self.out = self.err = ""
        self.connection = Connection([])
        self.settings = Settings()

    def __call__(
        self, *argv: str, answers: Sequence[Result | QuaestorError] = (), stdin: bytes = b"", terminal: bool = False
    ) -> int:
        def connect(settings: Settings, **options: Any) -> Connection:
            self.settings = settings
            self.connection = Connection(answers)
            self.connection.called.update(options)
            return self.connection

        self._monkeypatch.setitem(vars(quaestor), "connect", connect)
        self._monkeypatch.setattr(exec, "open_providers", lambda roots, note: Catalog())
        stdout = Tty() if terminal else io.BytesIO()
        stderr = TextTty() if terminal else io.StringIO()
        console = Console(io.BytesIO(stdin), stdout, stderr, self.env)
        code = main.run(argv, console)
        self.out, self.err = stdout.getvalue().decode(), stderr.getvalue()
        assert "Traceback" not in self.err
        return code


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cli:
    return Cli(monkeypatch, tmp_path)


def two_rows() -> Result:
    return Result("id n", [("a", 1)], [("b", None)])


# --- what to run ---


def test_a_statement_from_argument_file_and_standard_input(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "q.sql"
    file.write_bytes("\ufeffSELECT 'é'".encode())
    for argv, stdin, text in (
        (["SELECT 1"], b"", "SELECT 1"),
        (["-i", str(file)], b"", "SELECT 'é'"),
        (["-"], b"SELECT 2", "SELECT 2"),
        (["-i", "-"], b"SELECT 3", "SELECT 3"),
        (["-- users\nSELECT 1"], b"", "-- users\nSELECT 1"),
    ):
        assert cli("exec", *argv, "-o", "json", stdin=stdin, answers=[two_rows()]) == 0
        assert cli.connection.called["text"] == text
        assert cli.connection.closed
        assert cli.out == '[{"id":"a","n":1},{"id":"b","n":null}]\n'
        assert cli.err == ""


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        ([], "exec needs a statement"),
        (["SELECT", "1"], "exec takes one text, and 2 arguments were given"),
        (["SELECT 1", "-i", "x"], "exec takes one text, and a statement and --infile were given"),
        (["-i", "absent.sql"], "can't read --infile absent.sql: No such file"),
        (["-i", "/"], "can't read --infile /: Is a directory"),
        (["SELECT '\udcff'"], "not valid UTF-8"),
        (["x", "-q", "a.jsonnet"], "jsonnet is not there yet"),
        (["x", "-q", "absent.json"], "can't read --iqldata absent.json"),
        (["x", "--auth", "{nonsense"], "--auth is not YAML or JSON"),
        (["x", "--auth", "[]"], "--auth should hold a mapping"),
        (["x", "--auth", '{"okta": 3}'], "--auth is a map"),
        (["x", "-o", "xml"], "there is no 'xml'"),
        (["x", "-d", "ab"], "is one character"),
        (["x", "--seed", "1"], "--seed is about the sandbox"),
        (["x", "--sandbox", "--endpoint", "okta=http://127.0.0.1:1"], "both say where requests go"),
        (["x", "--endpoint", "okta=http://example.com"], "plain http is allowed to this machine only"),
        (["x", "--http.proxy.host", "h"], "a proxy needs --http.proxy.port"),
        (["x", "--timeout", "soon"], "--timeout is a number of seconds"),
        (["x", "--apirequesttimeout", "0"], "--apirequesttimeout is at least"),
        (["x", "--stream", "-f", "out.json"], "--stream is for standard output"),
        (["x", "-f", "/no/such/folder/out.json"], "can't write to /no/such/folder/out.json: No such file"),
        (["x", "--env.file", "absent.env"], "can't read --env.file absent.env"),
        (["x", "--config", "absent.toml"], "absent.toml: No such file"),
        (["x", "--tls.CABundle", "absent.pem"], "--tls.CABundle: there is no file absent.pem"),
    ],
)
def test_what_cannot_be_run(cli: Cli, argv: list[str], says: str) -> None:
    assert cli("exec", *argv) == 2
    assert cli.err.startswith("error: ")
    assert says in cli.err
    assert cli.out == ""


def test_standard_input_that_is_not_utf8(cli: Cli) -> None:
    assert cli("exec", "-", stdin=b"SELECT \xff") == 2
    assert "standard input is not UTF-8: byte 7 is 0xff" in cli.err


def test_no_arguments(cli: Cli) -> None:
    assert cli() == 2
    assert cli.err.startswith("Quaestor: SQL over")
    assert cli("--error-format", "json") == 2
    assert json.loads(cli.err)["error"]["message"] == "nothing to do"


def test_version_and_help_go_to_stdout(cli: Cli) -> None:
    assert cli("--version") == 0
    assert cli.out == f"quaestor {quaestor.__version__}\n"
    assert cli("exec", "--help") == 0
    assert cli.out.startswith('usage: quaestor exec "SQL"')


def test_variables(cli: Cli, tmp_path: Path) -> None:
    data = tmp_path / "data.json"
    data.write_text('{"n": 5, "name": "file"}')
    assert cli("exec", "x", "--var", "name=flag", "-q", str(data), answers=[two_rows()]) == 0
    assert cli.connection.called["variables"] == {"n": 5, "name": "flag"}
    words = "a=3 b=-0.5 c=true d=007 e=1e5 f=inf g=null h= i=1_0 j=True k=10000000000000000000000"
    argv = words.split()
    assert cli("exec", "x", *(word for pair in argv for word in ("--var", pair)), answers=[two_rows()]) == 0
    assert list(cli.connection.called["variables"].values()) == (
        [3, -0.5, True, "007", "1e5", "inf", "null", "", "1_0", "True", 10**22]
    )
    data.write_text("[1]")
    assert cli("exec", "x", "-q", str(data)) == 2
    assert "holds no object" in cli.err
    data.write_text('{"n": ')
    assert cli("exec", "x", "-q", str(data)) == 2
    assert "is not JSON" in cli.err


def test_settings_reach_the_engine(cli: Cli, tmp_path: Path) -> None:
    config = tmp_path / "q.toml"
    config.write_text('max_requests = 5\n[connections.okta]\nvariables = { subdomain = "acme" }\n')
    env_file = tmp_path / ".env"
    env_file.write_text("OKTA_API_TOKEN=from-file\nQUAESTOR_MAX_WAIT_S=9\n")
    cli.env["OKTA_API_TOKEN"] = "from-environment"
    assert (
        cli(
            *("exec", "x", "--config", str(config), "--env.file", str(env_file), "--timeout", "1.5"),
            *("--endpoint", "datadog=http://127.0.0.1:9", "--no-parents", "--http.response.pageLimit", "-1"),
            *("--http.proxy.host", "proxy.acme.com", "--http.proxy.port", "3128"),
            *("--http.proxy.user", "u@v", "--http.proxy.password", "p:w", "--execution.concurrency.limit=2"),
            answers=[two_rows()],
        )
        == 0
    )
    settings = cli.settings
    assert (settings.max_requests, settings.max_wait_s, settings.deadline_s) == (5, 9, 1.5)
    assert (settings.fill_parents, settings.max_pages, settings.concurrency) == (False, 0, 2)
    assert settings.endpoints == {"datadog": "http://127.0.0.1:9"}
    assert settings.connections["okta"].variables == {"subdomain": "acme"}
    assert settings.proxy is not None
    assert settings.proxy.password is not None
    assert (settings.proxy.url, settings.proxy.user) == ("http://proxy.acme.com:3128", "u@v")
    assert settings.proxy.password.reveal() == "p:w"
    assert cli.connection.called["env"]["OKTA_API_TOKEN"] == "from-environment"


def test_auth_is_passed_on_and_inline_secrets_are_warned_of(cli: Cli) -> None:
    reference = {"okta": {"type": "api_key", "credentialsenvvar": "OKTA_API_TOKEN"}}
    assert cli("exec", "x", "--auth", json.dumps(reference), answers=[two_rows()]) == 0
    assert cli.settings.auth == reference
    assert cli.err == ""
    yaml = "okta: {type: api_key, credentialsenvvar: OKTA_API_TOKEN}"
    assert cli("exec", "x", "--auth", yaml, answers=[two_rows()]) == 0
    assert cli.settings.auth == reference
    inline: dict[str, Any] = {"okta": {"type": "basic", "username": "u", "password": "canary"}}
    assert cli("exec", "x", "--auth", json.dumps(inline), answers=[two_rows()]) == 0
    assert "warning: a secret on the command line" in cli.err
    inline = {"datadog": {"type": "custom", "credentialsenvvar": "A", "successor": {"api_key": "canary"}}}
    assert cli("exec", "x", "--auth", json.dumps(inline), answers=[two_rows()]) == 0
    assert "warning: a secret on the command line" in cli.err
    assert "canary" not in cli.err


def test_a_dry_run_shows_the_statements_and_runs_none(cli: Cli) -> None:
    text = "SELECT a FROM t -- all\nWHERE b = '{{ x }}' LIMIT {{ n }}; SHOW PROVIDERS"
    assert cli("exec", text, "--dryrun", "-o", "json", "--var", "x=it's", "--var", "n=3") == 0
    assert json.loads(cli.out) == [{"query": "SELECT a FROM t WHERE b = 'it''s' LIMIT 3;\nSHOW PROVIDERS;"}]
    assert cli.connection.called == {}
    assert cli("exec", text, "--dryrun") == 2
    assert "there is no value 'n'" in cli.err


# --- what comes out ---


def test_each_statement_has_its_array_on_a_line(cli: Cli) -> None:
    answers = [Result("a", [(1,)]), Result("b"), Result("", message="done"), Result("c", [(2,)])]
    assert cli("exec", "x", "-o", "json", answers=answers) == 0
    assert cli.out == '[{"a":1}]\n[]\n[{"c":2}]\n'
    assert cli.err == "done\n"
    assert all(answer.closed for answer in answers)


def test_stats_go_to_stderr(cli: Cli) -> None:
    assert cli("exec", "x", "--stats", "-o", "csv", answers=[two_rows()]) == 0
    assert (cli.out, cli.err) == ("id,n\na,1\nb,\n", "3 requests, 2 rows\n")
    assert cli("exec", "x", "--stats", "--error-format=json", answers=[two_rows()]) == 0
    assert json.loads(cli.err) == {"stats": {"requests": 3, "rows": 2}}


@pytest.mark.parametrize("output", ["json", "csv", "table", "jsonl", "markdown", "text"])
def test_a_pipe_gets_complete_results_only(cli: Cli, output: str) -> None:
    failing = Result("id", [("a",)] * 20_000, TransportError("connection reset"))
    assert cli("exec", "x", "-o", output, answers=[failing]) == 5
    assert cli.out == ""
    assert cli.err == "error: connection reset\n"
    assert failing.closed


def test_what_succeeded_before_is_there(cli: Cli) -> None:
    answers = [two_rows(), Result("id", [("a",)], TransportError("reset")), two_rows()]
    assert cli("exec", "x", "-o", "json", answers=answers) == 5
    assert cli.out == '[{"id":"a","n":1},{"id":"b","n":null}]\n'
    assert len(cli.connection.answers) == 1


def test_streamed_json_stays_open_on_failure(cli: Cli) -> None:
    failing = Result("id", [("a",)], TransportError("reset"))
    assert cli("exec", "x", "-o", "json", "--stream", answers=[failing]) == 5
    assert cli.out == '[{"id":"a"}'


def test_a_terminal_gets_rows_and_incomplete(cli: Cli) -> None:
    failing = Result("id", [("a",)] * 300, TransportError("reset"))
    assert cli("exec", "x", answers=[failing], terminal=True) == 5
    assert cli.out.splitlines()[-1] == "INCOMPLETE"
    assert cli.out.count(" a\n") == 300
    assert "reset" in cli.err
    assert cli("exec", "x", answers=[TransportError("refused")], terminal=True) == 5
    assert cli.out == ""


def test_keep_going(cli: Cli) -> None:
    answers: list[Result | QuaestorError] = [
        NotFoundError("no such app", status=404),
        two_rows(),
        Result("id", [("a",)], TransportError("reset")),
        two_rows(),
    ]
    assert cli("exec", "x", "-o", "json", "--keep-going", answers=answers) == 4
    assert cli.out.count("\n") == 2
    assert cli.err == "error: no such app\nerror: reset\n"


@pytest.mark.parametrize("output", ["table", "json"])
def test_an_incomplete_result_is_there_and_says_so(cli: Cli, tmp_path: Path, output: str) -> None:
    lacking = two_rows()
    lacking.failures = (Failure("okta", "okta.users.users", "list_users", "u", None, 403, "E6", "GET u: 403"),)
    target = tmp_path / "out"
    code = cli("exec", "x", "--partial", "-o", output, "-f", str(target), answers=[lacking, two_rows()])
    assert code == 6
    assert cli.err.startswith("error: the result is INCOMPLETE: it lacks what one request was for; the first: GET u")
    assert target.read_text().count("INCOMPLETE") == (1 if output == "table" else 0)
    error = IncompleteError(2, "x").to_dict()
    assert (error["complete"], error["failures"], error["code"]) == (False, 2, "incomplete")


def test_ctrl_c(cli: Cli) -> None:
    failing = Result("id", [("a",)], KeyboardInterrupt())
    assert cli("exec", "x", "--keep-going", "-o", "json", answers=[failing]) == 130
    assert (cli.out, cli.err) == ("", "error: cancelled\n")
    assert failing.closed
    assert cli.connection.closed


def test_a_closed_pipe_is_quiet(monkeypatch: pytest.MonkeyPatch, cli: Cli) -> None:
    class Closed(io.BytesIO):
        def write(self, data: Any) -> int:
            raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setitem(vars(quaestor), "connect", lambda settings, **_: Connection([two_rows()]))
    monkeypatch.setattr(exec, "open_providers", lambda roots, note: Catalog())
    stderr = io.StringIO()
    assert main.run(["exec", "x"], Console(io.BytesIO(), Closed(), stderr, cli.env)) == 141
    assert stderr.getvalue() == ""


def test_an_internal_error_has_no_traceback_and_no_values(cli: Cli) -> None:
    failing = Result("id", ZeroDivisionError("canary"))
    assert cli("exec", "x", answers=[failing]) == 1
    assert "internal error: ZeroDivisionError at test_exec.py:" in cli.err
    assert "report it" in cli.err
    assert "canary" not in cli.err


# --- files ---


def test_a_file_appears_when_all_is_done(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    assert cli("exec", "x", "-o", "json", "-f", str(path), answers=[two_rows(), Result("a")]) == 0
    assert path.read_text() == '[{"id":"a","n":1},{"id":"b","n":null}]\n[]\n'
    assert cli.out == ""
    assert os.listdir(tmp_path) == ["out.json"]


def test_a_file_is_left_alone_on_failure(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    path.write_text("before")
    failing = Result("id", [("a",)], TransportError("reset"))
    assert cli("exec", "x", "-f", str(path), answers=[two_rows(), failing]) == 5
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["out.json"]


def test_a_file_after_keep_going_holds_what_succeeded(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    failing = Result("id", [("a",)], TransportError("reset"))
    answers = [failing, Result("a", [(1,)]), failing]
    assert cli("exec", "x", "-o", "json", "--keep-going", "-f", str(path), answers=answers) == 5
    assert path.read_text() == '[{"a":1}]\n'


def test_a_file_keeps_its_mode_and_its_links(cli: Cli, tmp_path: Path) -> None:
    path, link = tmp_path / "out.csv", tmp_path / "link.csv"
    path.write_text("before")
    path.chmod(0o600)
    link.symlink_to(path)
    assert cli("exec", "x", "-o", "csv", "-f", str(link), answers=[Result("a", [(1,)])]) == 0
    assert path.read_text() == "a\n1\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert link.is_symlink()


def test_what_is_no_ordinary_file_is_written_not_replaced(cli: Cli) -> None:
    assert cli("exec", "x", "-f", os.devnull, answers=[two_rows()]) == 0
    assert not os.path.isfile(os.devnull)


def test_outfile_stdout_is_standard_output(cli: Cli) -> None:
    for word in ("-", "stdout"):
        assert cli("exec", "x", "-o", "csv", "-f", word, answers=[Result("a", [(1,)])]) == 0
        assert cli.out == "a\n1\n"


# --- errors ---


def test_a_caret_shows_the_place(cli: Cli) -> None:
    text = "SELECT 1;\nSELECT nmae\nFROM okta.users.users"
    error = BindError("there is no column nmae", text=text, position=17, hint="did you mean 'name'?")
    assert cli("exec", text, answers=[error]) == 2
    assert cli.err == (
        "error: there is no column nmae\n  in line 2:\n  SELECT nmae\n         ^\nhint: did you mean 'name'?\n"
    )
    one_line = SqlSyntaxError("unexpected ')'", text="SELECT )", position=7)
    assert cli("exec", "x", answers=[one_line]) == 2
    assert cli.err == "error: unexpected ')'\n  SELECT )\n         ^\n"


def test_errors_as_json(cli: Cli) -> None:
    error = AuthError("403", status=403, needs=("okta.apps.read",), request_id="r1")
    assert cli("exec", "x", "--error-format", "json", answers=[error]) == 4
    assert json.loads(cli.err)["error"] == error.to_dict()
    cli.env["QUAESTOR_ERROR_FORMAT"] = "json"
    assert cli("exec", "x", "--ouput") == 2
    assert json.loads(cli.err)["error"]["code"] == "usage_error"


def test_messages_cannot_act_on_the_terminal(cli: Cli) -> None:
    assert cli("exec", "x", answers=[AuthError("\x1b[2Jgone\u202e", hint="\x9b")]) == 4
    assert cli.err == "error: \\x1b[2Jgone\\u202e\nhint: \\x9b\n"
