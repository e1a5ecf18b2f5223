"""`quaestor journal`: what it prints, and what it doesn't take."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from quaestor.surfaces.cli.console import Console
from quaestor.surfaces.cli.main import run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

GROUPS = "INSERT INTO okta.groups.groups (data__profile__name) VALUES ('a'), ('{{ b }}'), ('c')"


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    return {"XDG_DATA_HOME": str(tmp_path)}


def quaestor(env: dict[str, str], *argv: str) -> tuple[int, str, str]:
    out, err = io.BytesIO(), io.StringIO()
    code = run(argv, Console(io.BytesIO(), out, err, env))
    return code, out.getvalue().decode(), err.getvalue()


def failed(env: dict[str, str]) -> str:
    """The id of a statement whose second row is unknown."""
    argv = ["exec", "--sandbox", "--faults", "POST /api/v1/groups at 2: status 503", "--var", "b=x", GROUPS]
    code, _, said = quaestor(env, *argv, "--error-format", "json")
    assert code == 6
    found: dict[str, Any] = json.loads(said)["error"]
    assert (found["done"], found["unknown"], found["not_tried"]) == ([1], [2], [3])
    return str(found["journal"])


def test_list_show_resume(home: dict[str, str]) -> None:
    id_ = failed(home)
    code, out, _ = quaestor(home, "journal", "list", "--sandbox", "-o", "jsonl")
    assert code == 0
    [row] = [json.loads(line) for line in out.splitlines()]
    assert (row["id"], row["state"], row["statement"]) == (id_, "not done", "INSERT okta.groups.groups")
    assert (row["done"], row["refused"], row["unknown"], row["not_tried"]) == (1, 0, 1, 1)
    code, out, said = quaestor(home, "journal", "show", id_, "--sandbox", "-o", "jsonl")
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["state"] for row in rows] == ["done", "unknown", "not tried"]
    assert "answered 503" in rows[1]["reason"]
    assert f"not done; 1 done, 1 unknown, 1 not tried\n{GROUPS}\n" in said
    code, _, said = quaestor(home, "journal", "resume", id_, "--sandbox", "--var", "b=x")
    assert (code, said) == (0, "2 rows inserted: okta.groups.groups; 1 was done before\n")
    code, _, said = quaestor(home, "journal", "resume", id_, "--sandbox", "--var", "b=x")
    assert (code, said) == (0, f"{id_}: all its 3 rows are done, nothing was sent\n")


def test_what_was_written_to_the_sandbox_is_apart(home: dict[str, str]) -> None:
    id_ = failed(home)
    assert quaestor(home, "journal", "list", "-o", "json")[:2] == (0, "[]\n")
    code, _, said = quaestor(home, "journal", "show", id_)
    assert code == 3
    assert said == f"error: the journal knows no statement {id_}\nhint: quaestor journal list lists them\n"


@pytest.mark.parametrize(
    ("argv", "message", "hint"),
    [
        ([], "journal needs a command", "list, show, resume"),
        (["lst"], "journal has no command 'lst'", "quaestor journal list"),
        (["undo"], "journal has no command 'undo'", "list, show, resume"),
        (["show"], "journal show has too few arguments", "quaestor journal show ID"),
        (["list", "--var", "a=b"], "--var is not a flag of journal list", "quaestor journal list"),
        (["resume", "x", "--dryrun"], "--dryrun is not a flag of journal", ""),
        (["resume", "x", "--faults", "*: html"], "--faults is not a flag of journal", ""),
        (["resume", "x", "--retry-unknown", "--skip-unknown"], "contradict each other", "leave one"),
    ],
)
def test_what_it_does_not_take(home: dict[str, str], argv: list[str], message: str, hint: str) -> None:
    code, out, said = quaestor(home, "journal", *argv)
    assert (code, out) == (2, "")
    assert message in said
    assert hint in said


def test_a_damaged_journal_stops_writes_and_nothing_else(home: dict[str, str]) -> None:
    folder = Path(home["XDG_DATA_HOME"]) / "quaestor"
    folder.mkdir()
    (folder / "sandbox-journal.db").write_text("no database, but some text")
    code, _, said = quaestor(home, "exec", "--sandbox", GROUPS, "--var", "b=x")
    assert code == 3
    assert "is damaged, or no SQLite file" in said
    assert quaestor(home, "journal", "list", "--sandbox")[0] == 3
    assert quaestor(home, "exec", "--sandbox", "SELECT count(*) FROM okta.groups.groups")[0] == 0
