"""The command line as a process, end to end: on the sandbox, and on servers that answer nonsense.

What goes where (results to stdout, all else to stderr), exit codes, bad input of every kind, terminals, pipes, files.
"""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.compiled import compiled_cache

USERS = "okta.users.users"


class Done(NamedTuple):
    code: int
    out: str
    err: str

    def error(self) -> dict[str, object]:
        """The error, of a run with --error-format json."""
        errors = [json.loads(line)["error"] for line in self.err.splitlines() if line.startswith('{"error"')]
        assert len(errors) == 1, self.err
        found: dict[str, object] = errors[0]
        return found


class Cli:
    """`python -m quaestor` for a new user: an empty home, no credentials."""

    def __init__(self, home: Path, cache: Path) -> None:
        self.env = {
            "HOME": str(home),
            "XDG_CACHE_HOME": str(cache),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
        }

    def command(self, *argv: str) -> list[str]:
        return [sys.executable, "-m", "quaestor", *argv]

    def __call__(self, *argv: str, stdin: str = "", env: dict[str, str] | None = None) -> Done:
        done = subprocess.run(
            self.command(*argv), input=stdin, capture_output=True, text=True, env=self.env | (env or {}), timeout=60
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    def sandbox(self, *argv: str) -> Done:
        return self("exec", "--sandbox", "--error-format", "json", *argv)


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(compiled_cache(tmp_path_factory.mktemp("cache") / "quaestor")).parent


@pytest.fixture
def cli(tmp_path: Path, cache: Path) -> Cli:
    home = tmp_path / "home"
    home.mkdir()
    return Cli(home, cache)


# --- answers ---


def test_several_statements_and_their_outputs(cli: Cli) -> None:
    done = cli.sandbox(
        *("-o", "json", "--stats"),
        f"SELECT count(*) AS n FROM {USERS}; SELECT id FROM {USERS} WHERE 1 = 0; SHOW PROVIDERS; USE okta",
    )
    assert done.code == 0
    count, none, providers = map(json.loads, done.out.splitlines())
    assert count[0]["n"] > 100
    assert none == []
    assert [row["name"] for row in providers] == ["datadog", "okta"]
    notes = [json.loads(line) for line in done.err.splitlines() if line.startswith("{")]
    assert [list(note) for note in notes].count(["stats"]) == 4
    assert {"note": "using okta"} in notes


def test_every_output_has_the_same_rows(cli: Cli) -> None:
    sql = "SELECT id, status, profile, created FROM okta.users.users LIMIT 3"
    objects = json.loads(cli.sandbox("-o", "json", sql).out)
    assert len(objects) == 3
    assert isinstance(objects[0]["profile"], dict)
    lines = cli.sandbox("-o", "jsonl", sql).out.splitlines()
    assert [json.loads(line) for line in lines] == objects
    for output in ("table", "csv", "markdown", "text", "pptext"):
        done = cli.sandbox("-o", output, sql)
        assert done.code == 0
        assert all(row["id"] in done.out and row["status"] in done.out for row in objects)
    quiet = cli.sandbox("-o", "csv", "-H", "-d", ";", "SELECT id, status FROM okta.users.users LIMIT 1")
    assert quiet.out == f"{objects[0]['id']};{objects[0]['status']}\n"


def test_limit_stops_paging(cli: Cli) -> None:
    done = cli.sandbox("--scale", "users=5000", "--stats", "-o", "json", f"SELECT id FROM {USERS} LIMIT 5")
    assert len(json.loads(done.out)) == 5
    assert json.loads(done.err.splitlines()[-1])["stats"]["requests"] == 1


def test_scale_and_seed(cli: Cli) -> None:
    sql = f"SELECT count(*) AS n, min(id) AS first FROM {USERS} WHERE search = 'status pr'"
    first = cli.sandbox("-o", "json", "--scale", "users=321", "--seed", "5", sql)
    assert json.loads(first.out)[0]["n"] == 321
    assert cli.sandbox("-o", "json", "--scale", "users=321", "--seed", "5", sql).out == first.out
    assert cli.sandbox("-o", "json", "--scale", "users=321", "--seed", "6", sql).out != first.out


def test_placeholders(cli: Cli, tmp_path: Path) -> None:
    data = tmp_path / "data.json"
    data.write_text('{"names": {"first": "it\'s; SELECT 2"}, "n": 2}')
    argv = ("-q", str(data), "--var", "m=3", "-o", "json")
    done = cli.sandbox(*argv, "SELECT '{{ names.first }}' AS a, {{ n }} AS b, {{ .m }} AS c, '{{ m }}' AS d")
    assert json.loads(done.out) == [{"a": "it's; SELECT 2", "b": 2, "c": 3, "d": "3"}]
    done = cli.sandbox("-o", "json", "<<<json {\"x\": [1, 2]} >>> SELECT '{{ x }}' AS a")
    assert json.loads(done.out) == [{"a": "[1,2]"}]


def test_the_sandbox_takes_none_of_the_users_settings(cli: Cli) -> None:
    config = Path(cli.env["HOME"]) / ".config/quaestor/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(
        '[connections.okta]\ndomain = "login.acme.com"\ncredentials.OKTA_API_TOKEN = { env = "NOT_SET" }\n'
        '[connections.eu]\nprovider = "okta"\nendpoint = "http://127.0.0.1:9"\n'
    )
    done = cli.sandbox(
        "-o", "json", "SELECT count(*) AS n FROM okta.users.users; SELECT count(*) AS n FROM eu.users.users"
    )
    assert done.code == 0, done.err
    first, second = done.out.splitlines()
    assert first == second


def test_keep_going(cli: Cli) -> None:
    sql = f"SELECT 1 AS a; SELECT nothing; SELECT id FROM {USERS} LIMIT 1; SELECT json('{{'); SELECT 2 AS b"
    done = cli.sandbox("-o", "json", "--keep-going", sql)
    assert done.code == 2
    assert [list(json.loads(line)[0]) for line in done.out.splitlines()] == [["a"], ["id"], ["b"]]
    assert done.err.count('"error"') == 2
    stopped = cli.sandbox("-o", "json", sql)
    assert (stopped.code, stopped.out) == (2, '[{"a":1}]\n')


# --- bad input: one clear message, the right exit code, no traceback ---


@pytest.mark.parametrize(
    ("sql", "code", "says", "hints"),
    [
        ("SELECT * FROM otka.users.users", "bind_error", "otka", "okta"),
        ("SELECT * FROM okta.user.users", "bind_error", "user", "users"),
        ("SELECT * FROM okta.users.userz", "bind_error", "userz", "users"),
        ("SELECT nmae FROM okta.users.users", "bind_error", "nmae", ""),
        ("SELECT u.stattus FROM okta.users.users u", "bind_error", "stattus", "status"),
        ("SELECT * FROM okta.identity_sources.sessions", "bind_error", "identitySourceId", ""),
        ("SELECT * FROM okta.groups.groups WHERE groupId = 'a' AND id = 'b' AND groupId = 'c'", "", "", ""),
        ("SELEC 1", "syntax_error", "SELEC", "SELECT"),
        ("SELECT (1", "syntax_error", "", ""),
        ("SELECT * FROM", "syntax_error", "", ""),
        ("INSERT INTO okta.groups.groups (id) VALUES (1)", "bind_error", "INSERT", ""),
        ("SHOW SERVICES IN otka", "bind_error", "otka", "okta"),
        ("DESCRIBE okta.users.userz", "bind_error", "userz", "users"),
        ("SELECT {{ x }}", "bind_error", "x", ""),
        ("SELECT json_extract('{', '$')", "evaluation_error", "JSON", ""),
        ("SELECT 'a' || char(0) || {{", "syntax_error", "", ""),
    ],
)
def test_statements_that_cannot_run(cli: Cli, sql: str, code: str, says: str, hints: str) -> None:
    done = cli.sandbox("-o", "json", sql)
    if not code:  # contradictory predicates on one key: no rows, or an error that names it; never a traceback
        assert (done.code, done.out) == (0, "[]\n") or "groupId" in done.err
        return
    assert done.code == 2, done
    assert done.out == ""
    error = done.error()
    assert error["code"] == code
    assert says in str(error["message"])
    assert hints in str(error["hint"])


def test_a_key_that_names_nothing_is_no_row(cli: Cli) -> None:
    done = cli.sandbox("-o", "json", "SELECT id FROM okta.groups.groups WHERE groupId = 'nobody'")
    assert (done.code, done.out) == (0, "[]\n")


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        ((), "usage: quaestor"),
        (("exec",), "exec needs a statement"),
        (("exec", "--sandbox", ""), "there is no statement"),
        (("exec", "-- nothing"), "there is no statement"),
        (("exec", "SELECT 1", "--ouput", "json"), "did you mean --output?"),
        (("exec", "SELECT 1", "--config", "/no/such.toml"), "/no/such.toml"),
        (("exec", "-i", "/no/such.sql"), "/no/such.sql"),
        (("frobnicate",), "there is no command 'frobnicate'"),
        (("shell",), "not there yet"),
        (("sandbox",), "no provider was named"),
        (("sandbox", "otka"), "otka"),
        (("exec", "--sandbox", "--scale", "userz=5", "SELECT 1"), "userz"),
        (("provider", "bild"), "provider build NAME"),
        (("provider", "build", "x"), "--spec"),
    ],
)
def test_command_lines_that_cannot_run(cli: Cli, argv: tuple[str, ...], says: str) -> None:
    done = cli(*argv)
    assert done.code == 2
    assert done.out == ""
    assert says in done.err


def test_no_credential_names_the_variable(cli: Cli) -> None:
    done = cli("exec", f"SELECT id FROM {USERS}", env={"OKTA_SUBDOMAIN": "acme"})
    assert done.code == 4
    assert "OKTA_API_TOKEN is not set" in done.err
    done = cli("exec", "SELECT id FROM datadog.monitoring.monitors")
    assert done.code == 4
    assert "DD_API_KEY and DD_APP_KEY are not set" in done.err


def test_no_subdomain_names_the_variable(cli: Cli) -> None:
    done = cli("exec", f"SELECT id FROM {USERS}", env={"OKTA_API_TOKEN": "canary"})
    assert done.code == 2
    assert "OKTA_SUBDOMAIN" in done.err


@pytest.mark.parametrize("subdomain", ["evil.com/#", "evil.com", "a.evil.com", "a b", "-", "acme.okta.com.evil.com"])
def test_no_value_moves_the_host(cli: Cli, subdomain: str) -> None:
    done = cli("exec", f"SELECT id FROM {USERS}", env={"OKTA_API_TOKEN": "canary-token", "OKTA_SUBDOMAIN": subdomain})
    assert done.code in (2, 8)
    assert "canary" not in done.err


def test_show_needs_no_credential(cli: Cli) -> None:
    done = cli("exec", "-o", "json", "SHOW SERVICES IN okta")
    assert done.code == 0
    assert len(json.loads(done.out)) >= 55


# --- servers ---


class Server:
    """Answers every GET with what it was told to."""

    def __init__(self) -> None:
        self.status, self.type, self.body = 200, "application/json", b"[]"
        self.headers: dict[str, str] = {}
        self.delay_s = 0.0
        self.seen: list[tuple[str, dict[str, str]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                time.sleep(outer.delay_s)
                self.send_response(outer.status)
                if outer.type:
                    self.send_header("content-type", outer.type)
                for name, value in outer.headers.items():
                    self.send_header(name, value)
                if outer.status != 204:
                    self.send_header("content-length", str(len(outer.body)))
                self.end_headers()
                if outer.status != 204:
                    self.wfile.write(outer.body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                """A client that goes away is part of these tests."""

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


def ask(cli: Cli, server: Server, *argv: str, sql: str = f"SELECT id FROM {USERS} WHERE search = 'x'") -> Done:
    return cli(
        *("exec", "--error-format", "json", "-o", "json", "--endpoint", f"okta={server.url}", *argv, sql),
        env={"OKTA_API_TOKEN": "canary-token"},
    )


def test_an_endpoint_gets_the_requests_and_the_token(cli: Cli, server: Server) -> None:
    server.body = b'[{"id": "a"}]'
    done = ask(cli, server)
    assert (done.code, done.out) == (0, '[{"id":"a"}]\n')
    path, headers = server.seen[0]
    assert path.startswith("/api/v1/users?")
    assert headers["authorization"] == "SSWS canary-token"
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("status", "content_type", "body", "code", "exit_code"),
    [
        (200, "application/json", b'[{"id": ', "decode_error", 5),
        (200, "application/json", b"nonsense", "decode_error", 5),
        (200, "text/html", b"<html><body>Sign in</body></html>", "decode_error", 5),
        (200, "application/json", b"", "decode_error", 5),
        (200, "application/json", b'[{"id": "\xff"}]', "decode_error", 5),
        (400, "application/json", b'{"errorCode":"E0000001","errorSummary":"bad search"}', "invalid_request", 4),
        (401, "application/json", b'{"errorCode":"E0000011","errorSummary":"Invalid token"}', "auth_error", 4),
        (403, "application/json", b'{"errorCode":"E0000006","errorSummary":"No permission"}', "auth_error", 4),
        (404, "text/html", b"<html>nothing</html>", "not_found", 4),
        (302, "text/plain", b"", "", 0),
    ],
)
def test_answers_that_are_none(
    cli: Cli, server: Server, status: int, content_type: str, body: bytes, code: str, exit_code: int
) -> None:
    server.status, server.type, server.body = status, content_type, body
    server.headers = {"x-okta-request-id": "req-1"}
    if status == 302:
        server.headers["location"] = "http://127.0.0.1:1/elsewhere"
    done = ask(cli, server)
    assert done.out == ""
    error = done.error()
    assert "canary" not in done.err
    if not code:
        assert done.code in (4, 5, 8)
        return
    assert (error["code"], done.code) == (code, exit_code)
    if status >= 400 and content_type == "application/json":
        assert error["status"] == status
        assert str(error["vendor_code"]).startswith("E00000")
        assert error["request_id"] == "req-1"
    if status == 403:
        assert error["needs"]


def test_no_content_is_no_rows(cli: Cli, server: Server) -> None:
    server.status, server.type = 204, ""
    done = ask(cli, server)
    assert (done.code, done.out) == (0, "[]\n")


def test_nobody_there(cli: Cli) -> None:
    done = cli(
        *("exec", "--error-format", "json", "--endpoint", "okta=http://127.0.0.1:9", f"SELECT id FROM {USERS}"),
        env={"OKTA_API_TOKEN": "canary-token"},
    )
    assert (done.code, done.out) == (5, "")
    assert done.error()["code"] == "transport_error"
    assert "canary" not in done.err


def test_a_page_that_fails_leaves_no_rows_on_stdout(cli: Cli, server: Server) -> None:
    server.body = b'[{"id": "a"}]'
    server.headers = {"link": '<http://127.0.0.1:1/api/v1/users?after=x>; rel="next"'}
    done = ask(cli, server)
    assert done.out == ""
    assert (done.code, done.error()["code"]) == (8, "forbidden")
    streamed = ask(cli, server, "--stream")
    assert streamed.code == 8
    assert not streamed.out.endswith("]\n")


def test_ctrl_c_ends_at_once(cli: Cli, server: Server) -> None:
    server.delay_s = 20
    process = subprocess.Popen(
        cli.command("exec", "--endpoint", f"okta={server.url}", f"SELECT id FROM {USERS}"),
        env=cli.env | {"OKTA_API_TOKEN": "t"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 20
    while not server.seen and time.monotonic() < deadline:
        time.sleep(0.01)
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    server.delay_s = 0
    assert process.returncode == 130
    assert out == ""
    assert "cancelled" in err
    assert "Traceback" not in err
    assert time.monotonic() - start < 3


def test_a_deadline(cli: Cli, server: Server) -> None:
    server.delay_s = 5
    start = time.monotonic()
    done = ask(cli, server, "--timeout", "0.5")
    assert done.code in (5, 7)
    assert time.monotonic() - start < 4


# --- pipes, files, terminals ---


def test_a_reader_that_goes_is_no_error(cli: Cli) -> None:
    command = " ".join(cli.command("exec", "--sandbox", "--scale", "users=20000", "-o", "csv", "--stream"))
    done = subprocess.run(
        ["bash", "-c", f"{command} 'SELECT id, _raw FROM {USERS}' | head -1; echo ${{PIPESTATUS[0]}}"],
        env=cli.env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.splitlines() == ["id,_raw", "141"]
    assert done.stderr == ""


def test_a_full_disk_is_an_error(cli: Cli) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            cli.command("exec", "--sandbox", f"SELECT id FROM {USERS}"),
            env=cli.env,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_results_in_a_file(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    assert cli.sandbox("-o", "jsonl", "-f", str(path), f"SELECT id FROM {USERS} LIMIT 2") == (0, "", "")
    assert len(path.read_text().splitlines()) == 2
    done = cli.sandbox("-o", "jsonl", "-f", str(path), f"SELECT id FROM {USERS} LIMIT 1; SELECT nothing")
    assert done.code == 2
    assert len(path.read_text().splitlines()) == 2


def on_a_terminal(cli: Cli, *argv: str, env: dict[str, str] | None = None) -> tuple[int, str]:
    """Exit code and all that a terminal of 80 columns shows."""
    parent, child = pty.openpty()
    process = subprocess.Popen(
        cli.command(*argv), env=cli.env | {"TERM": "xterm", "COLUMNS": "80"} | (env or {}), stdout=child, stderr=child
    )
    os.close(child)
    shown = b""
    while True:
        ready, _, _ = select.select([parent], [], [], 30)
        try:
            data = os.read(parent, 65536) if ready else b""
        except OSError:  # the other end is closed
            data = b""
        if not data:
            break
        shown += data
    os.close(parent)
    return process.wait(timeout=30), shown.decode().replace("\r\n", "\n")


def test_a_table_fits_the_terminal(cli: Cli) -> None:
    code, shown = on_a_terminal(cli, "exec", "--sandbox", f"SELECT * FROM {USERS} LIMIT 2", env={"NO_COLOR": "1"})
    assert code == 0
    assert "[ 2 ]" in shown
    assert max(map(len, shown.splitlines())) <= 80
    code, shown = on_a_terminal(cli, "exec", "--sandbox", f"SELECT id, status FROM {USERS} LIMIT 2")
    assert "\x1b[1m" in shown


def test_progress_and_incomplete_on_a_terminal(cli: Cli, server: Server) -> None:
    server.delay_s = 1.6
    server.body = b'[{"id": "a"}]'
    server.headers = {"link": '<http://127.0.0.1:1/api/v1/users?after=x>; rel="next"'}
    code, shown = on_a_terminal(
        *(cli, "exec", "--endpoint", f"okta={server.url}", f"SELECT id FROM {USERS} WHERE search = 'x'"),
        env={"OKTA_API_TOKEN": "t"},
    )
    assert code == 8
    assert " requests · " in shown
    assert "INCOMPLETE" in shown or " a\n" not in shown


# --- the other commands ---


def test_demo(cli: Cli) -> None:
    done = cli("demo")
    assert done.code == 0, done.err
    answers = done.out.partition("What to try next")[0].split("\n\n   SELECT ")[1:]
    assert len(answers) == 5
    for answer in answers:
        table, _, rest = answer.partition("──\n")[2].partition("\n\n")
        assert table.count("│") >= 2, answer  # nobody finds an empty answer interesting
        assert re.match(r" +\d[\d,]* requests?, ", rest), answer
    assert "   6 requests" in answers[0]
    assert "   1 request," in answers[4]
    assert "What to try next" in done.out


def test_a_served_sandbox(cli: Cli) -> None:
    process = subprocess.Popen(
        cli.command("sandbox", "okta", "datadog", "--scale", "users=7"),
        env=cli.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        endpoints = [process.stdout.readline().strip().replace(" ", "=") for _ in range(2)]
        done = cli(
            *("exec", "-o", "json", "--endpoint", endpoints[0], "--endpoint", endpoints[1]),
            f"SELECT count(*) AS n FROM {USERS} WHERE search = 'status pr'; "
            "SELECT * FROM datadog.integrations.okta_accounts",
            env={"OKTA_API_TOKEN": "any", "DD_API_KEY": "any", "DD_APP_KEY": "any"},
        )
        assert done.code == 0, done.err
        assert done.out.splitlines()[0] == '[{"n":7}]'
    finally:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=10)
    assert "Traceback" not in err
    assert process.returncode in (0, 130)


def test_provider_build(cli: Cli, tmp_path: Path) -> None:
    spec = tmp_path / "pets.json"
    spec.write_text(
        json.dumps(
            {
                "openapi": "3.0.3",
                "info": {"title": "Pets", "version": "1"},
                "servers": [{"url": "https://pets.example.com"}],
                "paths": {
                    "/pets": {
                        "get": {
                            "operationId": "listPets",
                            "responses": {
                                "200": {
                                    "description": "",
                                    "content": {
                                        "application/json": {
                                            "schema": {
                                                "type": "array",
                                                "items": {"type": "object", "properties": {"id": {"type": "string"}}},
                                            }
                                        }
                                    },
                                }
                            },
                        }
                    }
                },
            }
        )
    )
    out = tmp_path / "pets"
    done = cli("provider", "build", "pets", "--spec", str(spec), "--out", str(out))
    assert done.code == 0, done.err
    assert "1 operation," in done.out
    assert (out / "provider.yaml").exists()
    assert cli("provider", "build", "pets", "--spec", str(tmp_path / "absent.yaml"), "--out", str(out)).code == 3
