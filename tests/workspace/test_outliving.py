"""The workspace end to end, one process after the other: what outlives a command, and what a kill leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import apsw
import pytest


class Done(NamedTuple):
    code: int
    out: str
    err: str


class Cli:
    """Runs `quaestor exec --sandbox` as a user of a home of his own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.env = {**os.environ, "HOME": str(home), "XDG_DATA_HOME": str(home / "data")}
        self.env.setdefault("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))

    def start(self, *words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "quaestor", "exec", "--sandbox", *words]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=self.env, stdout=pipe, stderr=pipe, text=True, cwd=self.home)

    def __call__(self, *words: str) -> Done:
        process = self.start(*words)
        out, err = process.communicate(timeout=120)
        return Done(process.returncode, out, err)

    def rows(self, text: str) -> list[dict[str, object]]:
        done = self("-o", "jsonl", text)
        assert done.code == 0, done.err
        return [json.loads(line) for line in done.out.splitlines()]


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path)


def test_views_and_tables_outlive_the_command(cli: Cli) -> None:
    made = cli(
        "CREATE VIEW active AS SELECT id, profile ->> 'login' AS login FROM okta.users.users WHERE status = 'ACTIVE';"
        "CREATE TABLE reviewed(user_id TEXT PRIMARY KEY, by TEXT DEFAULT 'ada');"
        "CREATE MATERIALIZED VIEW locked AS SELECT id FROM okta.users.users WHERE status = 'LOCKED_OUT'"
    )
    assert made.code == 0, made.err
    assert cli("INSERT INTO reviewed(user_id) SELECT id FROM active LIMIT 3").err == "3 rows inserted into reviewed\n"
    (count,) = cli.rows("SELECT count(*) AS n, min(by) AS by FROM reviewed JOIN active ON id = user_id")
    assert count == {"n": 3, "by": "ada"}
    assert [row["name"] for row in cli.rows("SHOW VIEWS")] == ["active"]
    assert cli("--stats", "SELECT * FROM locked").err.startswith("0 requests")
    assert (cli.home / "data/quaestor/sandbox.db").stat().st_mode & 0o077 == 0
    assert not (cli.home / "data/quaestor/workspace.db").exists()


def test_a_workspace_by_flag_variable_and_none(cli: Cli) -> None:
    assert cli("--workspace", "own.db", "CREATE TABLE t(x)").code == 0
    assert (cli.home / "own.db").exists()
    assert [row["name"] for row in cli.rows("SHOW TABLES")] == []
    cli.env["QUAESTOR_WORKSPACE"] = str(cli.home / "own.db")
    assert [row["name"] for row in cli.rows("SHOW TABLES")] == ["t"]
    assert cli("--workspace", ":memory:", "SELECT * FROM t").code == 2


def test_a_file_that_is_none_says_so(cli: Cli) -> None:
    (cli.home / "own.db").write_bytes(b"x" * 5000)
    done = cli("--workspace", "own.db", "--error-format", "json", "CREATE TABLE t(x)")
    error = json.loads(done.err)["error"]
    assert (done.code, error["code"]) == (3, "workspace_error")
    assert (cli.home / "own.db").read_bytes() == b"x" * 5000


def test_processes_write_at_the_same_time(cli: Cli) -> None:
    assert cli("CREATE TABLE t(who INTEGER, n INTEGER)").code == 0

    def work(who: int) -> list[int]:
        script = ";".join(f"INSERT INTO t VALUES ({who}, {n})" for n in range(20))
        return [cli(script).code, cli("SELECT count(*) FROM t").code]

    with ThreadPoolExecutor(6) as pool:
        codes = list(pool.map(work, range(6)))
    assert codes == [[0, 0]] * 6
    assert cli.rows("SELECT count(*) AS n, count(DISTINCT who * 100 + n) AS d FROM t") == [{"n": 120, "d": 120}]


def test_processes_make_the_file_at_the_same_time(cli: Cli) -> None:
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda n: cli(f"CREATE TABLE t{n}(x)"), range(6)))
    assert [each.code for each in done] == [0] * 6, done
    assert len(cli.rows("SHOW TABLES")) == 6


def test_one_of_several_that_make_the_same_wins(cli: Cli) -> None:
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda n: cli(f"CREATE TABLE t AS SELECT {n} AS n"), range(6)))
    assert sorted(each.code for each in done) == [0, 2, 2, 2, 2, 2]
    (row,) = cli.rows("SELECT n FROM t")
    assert [each.code for each in done].index(0) == row["n"]


@pytest.mark.parametrize("delay_s", [0.3, 0.6, 0.9, 1.2])
def test_a_kill_in_the_middle_of_a_refresh_leaves_the_old_rows_or_the_new(cli: Cli, delay_s: float) -> None:
    # the rows are numbered by the refresh that made them: a mixture would show
    numbers = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 300000)"
    assert cli("CREATE TABLE round AS SELECT 1 AS n").code == 0
    assert cli(f"CREATE MATERIALIZED VIEW m AS {numbers} SELECT x, (SELECT n FROM round) AS n FROM c").code == 0
    assert cli("UPDATE round SET n = 2").code == 0
    process = cli.start("REFRESH MATERIALIZED VIEW m")
    time.sleep(delay_s)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert cli.rows("SELECT count(*) AS rows, max(n) - min(n) AS mixed FROM m") == [{"rows": 300_000, "mixed": 0}]
    db = apsw.Connection(str(cli.home / "data/quaestor/sandbox.db"))
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    db.close()
    assert cli("REFRESH MATERIALIZED VIEW m").code == 0
    assert cli.rows("SELECT DISTINCT n FROM m") == [{"n": 2}]


def test_a_kill_while_the_workspace_is_written(cli: Cli) -> None:
    """At the worst moment: after the old table was dropped, before the new one is committed."""
    assert cli("CREATE TABLE t AS SELECT 1 AS x").code == 0
    path = str(cli.home / "data/quaestor/sandbox.db")
    code = (
        "import apsw, os, signal;"
        f"db = apsw.Connection({path!r});"
        "db.execute('BEGIN IMMEDIATE; DROP TABLE t; CREATE TABLE t(y)');"
        "db.execute('PRAGMA wal_checkpoint');"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run(
        [sys.executable, "-c", code.replace("db.execute('PRAGMA wal_checkpoint');", "")], check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert cli.rows("SELECT x FROM t") == [{"x": 1}]


def test_files_in_every_format(cli: Cli) -> None:
    users = "SELECT id, status, created, profile FROM okta.users.users ORDER BY id"
    for ending in ("csv", "json", "jsonl", "ndjson"):
        assert cli("-f", f"users.{ending}", users).code == 0
        assert cli(f"COPY ({users}) TO 'copied.{ending}'").err == f"200 rows written to copied.{ending}\n"
        assert (cli.home / f"users.{ending}").read_bytes() == (cli.home / f"copied.{ending}").read_bytes()
    assert len(json.loads((cli.home / "users.json").read_text())) == 200
    assert cli("-o", "csv", "-f", "users.json", users).code == 0
    assert (cli.home / "users.json").read_text().startswith("id,status")


def test_parquet(cli: Cli) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs quaestor[arrow]")
    users = "SELECT id, created, activated IS NULL AS never, length(id) AS n FROM okta.users.users ORDER BY id"
    assert cli("-f", "users.parquet", users).code == 0
    assert cli(f"COPY ({users}) TO 'copied' (FORMAT parquet)").code == 0
    table = parquet.read_table(cli.home / "users.parquet")
    assert table.num_rows == 200
    assert [str(field.type) for field in table.schema] == ["string", "timestamp[ms, tz=UTC]", "int64", "int64"]
    assert parquet.read_table(cli.home / "copied").equals(table)
    assert cli("-f", "two.parquet", f"{users}; {users}").code == 2
    assert not (cli.home / "two.parquet").exists()
    assert cli("-o", "parquet", users).code == 2


def test_a_copy_that_fails_leaves_the_file_as_it_was(cli: Cli) -> None:
    (cli.home / "out.csv").write_text("before")
    done = cli("--faults", "GET /api/v1/users: status 501", "COPY (SELECT id FROM okta.users.users) TO 'out.csv'")
    assert done.code == 4
    assert (cli.home / "out.csv").read_text() == "before"
    assert [path.name for path in cli.home.iterdir() if "part" in path.name] == []
    assert cli("COPY (SELECT 1) TO 'out.xyz'").code == 2
    assert cli("COPY (SELECT 1) TO 'none/out.csv'").code == 2
    assert cli("COPY (SELECT 1) TO NULL").code == 2
