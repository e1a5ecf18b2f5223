"""Going on with statements of each verb: what is sent, what is looked up, what is asked about, what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import quaestor
from quaestor.catalog.store import Store, open_catalog
from quaestor.config import Settings
from quaestor.errors import BindError, Cancelled, JournalError, PartialWriteError, QuaestorError, UsageError
from quaestor.run.writing.journal import Journal
from quaestor.sandbox.rehearsal import Rehearsal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from quaestor.run.writing.journal import Account

NAMES = ("a", "b", "c", "d")
GROUPS = "INSERT INTO okta.groups.groups (data__profile__name) VALUES " + ", ".join(f"('{each}')" for each in NAMES)
#: Monitors have no natural key: two of them may have the same name.
MONITORS = (
    "INSERT INTO datadog.monitoring.monitors (name, type, query) VALUES "
    "('m1', 'query alert', 'avg(last_5m):avg:x{*} > 1'), ('m2', 'query alert', 'avg(last_5m):avg:x{*} > 1'), "
    "('m3', 'query alert', 'avg(last_5m):avg:x{*} > 1')"
)


class Bench:
    """A sandbox, a connection that keeps a journal, and what was sent since `faults` was last called."""

    def __init__(self, box: Rehearsal, path: str) -> None:
        self.box = box
        self.path = path
        self.con = self.connect()
        self._seen = 0

    def connect(self, **settings: Any) -> quaestor.Connection:
        return self.box.connect(Settings(journal=self.path, **settings))

    def faults(self, spec: str) -> None:
        self.box.faults(spec)
        self._seen = len(self.box.log)

    @property
    def writes(self) -> list[str]:
        asked = self.box.log[self._seen :]
        return [f"{each.method} {each.url.rpartition('/v1/')[2]}" for each in asked if each.method != "GET"]

    @property
    def account(self) -> Account:
        journal = Journal(self.path)
        try:
            return journal.account(journal.accounts()[0].id)
        finally:
            journal.close()

    @property
    def states(self) -> list[str]:
        return [row.state for row in self.account.rows]

    def fail(self, spec: str, text: str, **given: Any) -> QuaestorError:
        """Run a statement that meets a fault; none does afterwards."""
        self.faults(spec)
        with pytest.raises(QuaestorError) as caught:
            self.con.sql(text, **given)
        self.faults("")
        return caught.value

    def resume(self, **given: Any) -> str:
        return self.con.resume(self.account.id, **given).message

    def rows(self, text: str) -> list[Any]:
        return [row[0] for row in self.con.sql(text)]


@pytest.fixture(scope="module")
def catalog() -> Iterator[Store]:
    with open_catalog() as store:
        yield store


@pytest.fixture
def bench(tmp_path: Path, catalog: Store) -> Iterator[Bench]:
    with quaestor.sandbox(catalog=catalog, scale={"groups": 3, "okta.users": 5, "monitors": 2}) as box:
        made = Bench(box, str(tmp_path / "journal.db"))
        yield made
        made.con.close()


def groups(bench: Bench) -> list[str]:
    rows: list[str] = bench.rows("SELECT profile ->> 'name' FROM okta.groups.groups WHERE profile ->> 'name' < 'e'")
    return sorted(row for row in rows if row in NAMES)


# ------------------------------------------------------------------------------------------------- INSERT


def test_an_insert_is_looked_up_by_its_natural_key(bench: Bench) -> None:
    error = bench.fail("POST /api/v1/groups at 2: reset body", GROUPS)
    assert isinstance(error, PartialWriteError)
    assert error.journal == bench.account.id
    assert f"quaestor journal show {error.journal}" in error.hint
    assert bench.states == ["done", "unknown", "not tried", "not tried"]
    assert bench.resume() == "2 rows inserted: okta.groups.groups; 2 were done before"
    assert bench.writes == ["POST groups", "POST groups"]
    assert [(row.state, row.reason) for row in bench.account.rows][1] == ("done", "found by its natural key")
    assert groups(bench) == list(NAMES)
    assert bench.resume().endswith("all its 4 rows are done, nothing was sent")


def test_an_insert_that_was_not_done_is_sent_again(bench: Bench) -> None:
    bench.fail("POST /api/v1/groups at 2: status 503", GROUPS)
    assert bench.resume() == "3 rows inserted: okta.groups.groups; 1 was done before"
    assert groups(bench) == list(NAMES)


def test_a_resumed_statement_can_fail_again(bench: Bench) -> None:
    bench.fail("POST /api/v1/groups at 2: status 503", GROUPS)
    bench.faults("POST /api/v1/groups at 2: status 400")
    with pytest.raises(PartialWriteError, match="of 3 rows 1 done, 1 refused, 1 not tried") as caught:
        bench.resume()
    assert "besides, 1 was done before" in caught.value.message
    assert caught.value.outcomes == {"done": (2,), "refused": (3,), "unknown": (), "not tried": (4,)}
    assert bench.states == ["done", "done", "refused", "not tried"]
    bench.faults("")
    assert bench.resume() == "2 rows inserted: okta.groups.groups; 2 were done before"
    assert groups(bench) == list(NAMES)


def test_returning_gives_the_rows_of_this_run(bench: Bench) -> None:
    bench.fail("POST /api/v1/groups at 3: status 400", f"{GROUPS} RETURNING profile ->> 'name' AS name")
    assert bench.con.resume(bench.account.id).fetchall() == [("c",), ("d",)]


def test_without_a_natural_key_it_asks(bench: Bench) -> None:
    bench.fail("POST /api/v1/monitor at 2: status 500", MONITORS)
    with pytest.raises(UsageError, match="of row 2 nobody can tell whether it is done") as caught:
        bench.resume()
    assert "--retry-unknown or --skip-unknown" in caught.value.hint
    assert bench.writes == []
    assert bench.states == ["done", "unknown", "not tried"]
    assert bench.resume(unknown="retry") == "2 rows inserted: datadog.monitoring.monitors; 1 was done before"
    assert len(bench.writes) == 2


def test_unknown_rows_can_be_taken_for_done(bench: Bench) -> None:
    bench.fail("POST /api/v1/monitor at 2: reset body", MONITORS)
    assert bench.resume(unknown="skip") == "1 row inserted: datadog.monitoring.monitors; 2 were done before"
    assert bench.account.rows[1].reason == "taken for done: --skip-unknown"
    names = bench.rows("SELECT name FROM datadog.monitoring.monitors WHERE name LIKE 'm_'")
    assert sorted(names) == ["m1", "m2", "m3"]
    with pytest.raises(UsageError, match="unknown is one of ask, retry, skip, not 'perhaps'"):
        bench.resume(unknown="perhaps")


def test_other_values_are_refused(bench: Bench) -> None:
    text = GROUPS.replace("'d'", "'{{ last }}'")
    bench.fail("POST /api/v1/groups at 2: status 400", text, variables={"last": "d"})
    with pytest.raises(BindError, match="row 4 would be another request"):
        bench.resume(variables={"last": "e"})
    with pytest.raises(BindError, match="there is no value 'last'"):
        bench.resume()
    assert bench.writes == []
    assert bench.states == ["done", "refused", "not tried", "not tried"]
    bench.resume(variables={"last": "d"})
    assert groups(bench) == list(NAMES)


def test_parameters_are_given_again(bench: Bench) -> None:
    text = GROUPS.replace("'c'", ":c").replace("'d'", ":d")
    bench.fail("POST /api/v1/groups at 2: status 400", text, params={"c": "c", "d": "d"})
    bench.resume(params={"c": "c", "d": "d"})
    assert groups(bench) == list(NAMES)


def test_a_source_that_changed_is_refused(bench: Bench) -> None:
    text = "INSERT INTO okta.groups.groups (data__profile__name) SELECT 'x' || id FROM okta.users.users ORDER BY id"
    bench.fail("POST /api/v1/groups at 2: status 400", text)
    bench.con.sql("""INSERT INTO okta.users.users (profile) VALUES
        ('{"firstName": "a", "lastName": "b", "email": "a@b.c", "login": "a@b.c"}')""")
    journal = Journal(bench.path)
    old = journal.accounts()[1].id
    journal.close()
    bench.faults("")
    with pytest.raises(BindError, match="is a new one"):
        bench.con.resume(old)
    assert bench.writes == []


def test_an_upsert_goes_by_what_is_there(bench: Bench) -> None:
    text = f"{GROUPS} ON CONFLICT (name) DO NOTHING"
    bench.fail("POST /api/v1/groups at 2: reset body", text)
    assert bench.resume() == "2 rows inserted: okta.groups.groups; 2 were done before"
    assert groups(bench) == list(NAMES)
    assert [row.reason for row in bench.account.rows] == ["", "it is there already", "", ""]


def test_a_secret_is_asked_for(bench: Bench) -> None:
    text = """INSERT INTO datadog.integrations.okta_accounts (name, domain, auth_method, client_secret) VALUES
        ('n', 'https://n.okta.com/', 'oauth', 's3cret'), ('m', 'https://m.okta.com/', 'oauth', '{{ second }}')"""
    bench.fail("POST /api/v2/integrations/okta/accounts at 2: status 400", text, variables={"second": "0ther"})
    for name in Path(bench.path).parent.iterdir():
        held = name.read_bytes()
        assert b"s3cret" not in held
        assert b"0ther" not in held
    assert "'{{ literal_1 }}'), ('m', 'https://m.okta.com/', 'oauth', '{{ second }}')" in bench.account.text
    with pytest.raises(BindError, match="there is no value 'literal_1'"):
        bench.resume(variables={"second": "0ther"})
    bench.resume(variables={"second": "0ther", "literal_1": "s3cret"})
    assert bench.states == ["done", "done"]


def test_what_use_named_counts(bench: Bench) -> None:
    bench.con.sql("USE okta.groups")
    text = GROUPS.replace("okta.groups.groups", "groups")
    bench.fail("POST /api/v1/groups at 2: status 400", text)
    bench.con.sql("USE datadog")
    bench.resume()
    assert groups(bench) == list(NAMES)


# -------------------------------------------------------------------------------- REPLACE, DELETE, EXEC


def inserted(bench: Bench) -> list[str]:
    made = [row[0] for row in bench.con.sql(f"{GROUPS} RETURNING id")]
    bench.faults("")
    return made


def test_a_delete_finds_what_is_gone(bench: Bench) -> None:
    ids = inserted(bench)
    listed = ", ".join(f"'{each}'" for each in ids)
    bench.fail("DELETE /api/v1/groups/* at 2: reset body", f"DELETE FROM okta.groups.groups WHERE id IN ({listed})")
    assert bench.states == ["done", "unknown", "not tried", "not tried"]
    assert bench.resume() == "2 rows deleted: okta.groups.groups; 2 were done before"
    assert bench.writes == [f"DELETE groups/{ids[2]}", f"DELETE groups/{ids[3]}"]
    assert bench.account.rows[1].reason == "it is gone"
    assert groups(bench) == []


def test_a_delete_that_can_be_read_is_asked_about(bench: Bench) -> None:
    """Deleting twice isn't always deleting once: Okta's users are deactivated first."""
    ids = inserted(bench)
    text = f"DELETE FROM okta.groups.groups WHERE id IN ('{ids[0]}', '{ids[1]}')"
    bench.fail("DELETE /api/v1/groups/* at 2: status 500", text)
    with pytest.raises(UsageError, match="of row 2 nobody can tell"):
        bench.resume()
    assert bench.writes == []
    bench.resume(unknown="retry")
    assert groups(bench) == ["c", "d"]


def test_a_delete_by_predicate(bench: Bench) -> None:
    inserted(bench)
    text = "DELETE FROM okta.groups.groups WHERE profile ->> 'name' IN ('a', 'b', 'c', 'd')"
    bench.fail("DELETE /api/v1/groups/* at 2: reset body", text)
    bench.resume()
    assert len(bench.writes) == 2
    assert groups(bench) == []
    assert bench.states == ["done"] * 4


def test_a_replace_by_predicate_that_does_away_with_it(bench: Bench) -> None:
    """Rows done don't match any more; the unknown one may match or not."""
    inserted(bench)
    text = """REPLACE okta.groups.groups SET profile = json_object('name', profile ->> 'name', 'description', 'x')
              WHERE profile ->> 'name' < 'e' AND profile ->> 'description' IS NOT 'x' AND type = 'OKTA_GROUP'"""
    bench.fail("PUT /api/v1/groups/* at 3: status 409", text)
    left = len(bench.states)
    bench.resume()
    assert bench.states == ["done"] * left
    assert len(bench.writes) == left - 2


def test_a_replace_that_is_unknown_is_asked_about(bench: Bench) -> None:
    inserted(bench)
    text = """REPLACE okta.groups.groups SET profile = json_object('name', profile ->> 'name', 'description', 'x')
              WHERE profile ->> 'name' IN ('a', 'b', 'c', 'd') AND profile ->> 'description' IS NOT 'x'"""
    bench.fail("PUT /api/v1/groups/* at 3: reset body", text)
    with pytest.raises(UsageError, match="of row 3 nobody can tell"):
        bench.resume()
    with pytest.raises(BindError, match="row 3 isn't reached any more"):
        bench.resume(unknown="retry")
    assert bench.writes == []
    assert bench.resume(unknown="skip") == "1 row replaced: okta.groups.groups; 3 were done before"


def test_a_row_that_others_changed_is_refused(bench: Bench) -> None:
    ids = inserted(bench)
    text = """REPLACE okta.groups.groups SET profile = json_object('name', profile ->> 'name', 'description', 'x')
              WHERE profile ->> 'name' IN ('a', 'b', 'c', 'd')"""
    bench.fail("PUT /api/v1/groups/* at 2: status 400", text)
    old = bench.account.id
    bench.con.sql(f"DELETE FROM okta.groups.groups WHERE id = '{ids[3]}'")
    bench.faults("")
    with pytest.raises(BindError, match="isn't reached any more"):
        bench.con.resume(old)
    assert bench.writes == []


def test_exec_is_asked_about(bench: Bench) -> None:
    [user] = bench.rows("SELECT id FROM okta.users.users WHERE status = 'ACTIVE' LIMIT 1")
    bench.fail("POST /api/v1/users/** at 1: reset body", f"EXEC okta.users.users.suspend_user @id = '{user}'")
    assert bench.account.rows[0].key == user
    with pytest.raises(UsageError, match="of row 1 nobody can tell"):
        bench.resume()
    assert bench.resume(unknown="skip").endswith("its row is done, nothing was sent")


# -------------------------------------------------------------------------------------------------- modes


def test_shown_only(bench: Bench) -> None:
    bench.fail("POST /api/v1/groups at 3: status 503", GROUPS)
    with bench.connect(dry_run_writes=True) as con:
        shown = con.resume(bench.account.id).fetchall()
    assert [(row[0], row[1]) for row in shown] == [(3, "POST"), (4, "POST")]
    assert bench.writes == []
    assert bench.states == ["done", "done", "unknown", "not tried"]


def test_read_only(bench: Bench) -> None:
    bench.fail("POST /api/v1/groups at 2: status 400", GROUPS)
    with bench.connect(read_only=True) as con, pytest.raises(QuaestorError, match="read-only"):
        con.resume(bench.account.id)
    assert bench.writes == []


def test_a_session_without_a_journal(bench: Bench) -> None:
    with bench.box.connect() as con, pytest.raises(UsageError, match="keeps no journal"):
        con.resume("x")
    bench.fail("POST /api/v1/groups at 2: status 400", GROUPS)
    with pytest.raises(JournalError, match="knows no statement x"):
        bench.con.resume("x")


def test_what_was_cancelled_goes_on(bench: Bench) -> None:
    seen = 0

    def interrupt(*_: object) -> None:
        nonlocal seen
        seen += 1
        if seen == 2:
            bench.con.interrupt()

    front = bench.box.front
    begin = front.begin

    def begins(request: Any) -> Any:
        interrupt()
        return begin(request)

    front.begin = begins  # type: ignore[method-assign]
    with pytest.raises(PartialWriteError, match="interrupted: of 4 rows 2 done, 2 not tried") as caught:
        bench.con.sql(GROUPS)
    assert caught.value.exit_code == Cancelled.exit_code
    assert bench.states == ["done", "done", "not tried", "not tried"]
    assert bench.resume() == "2 rows inserted: okta.groups.groups; 2 were done before"
