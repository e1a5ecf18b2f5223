"""Statements that write, over a scripted transport: which requests they make, which they refuse to make, and how
each row ends."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import pytest

import quaestor
from quaestor.catalog.store import Store, open_catalog
from quaestor.errors import (
    BindError,
    Cancelled,
    ConflictError,
    ForbiddenError,
    LimitError,
    PartialWriteError,
    QuaestorError,
    TransportError,
)
from quaestor.fetch.http import CancelToken, HttpRequest, HttpResponse
from quaestor.run.writing.mutate import Entry, Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

ENV = {"OKTA_API_TOKEN": "t0ken-of-okta", "OKTA_SUBDOMAIN": "acme", "DD_API_KEY": "key", "DD_APP_KEY": "app"}
JSON = ("content-type", "application/json")
GROUP = {"id": "00g1", "profile": {"name": "a"}, "type": "OKTA_GROUP"}


def answer(body: Any = None, status: int = 200, *headers: tuple[str, str]) -> HttpResponse:
    return HttpResponse(status, (JSON, *headers), b"" if body is None else json.dumps(body).encode())


class Wire:
    """A transport that answers by a function of the request and notes all of them."""

    def __init__(self, reply: Callable[[HttpRequest], Any]) -> None:
        self.reply = reply
        self.requests: list[HttpRequest] = []

    def send(self, request: HttpRequest, cancel: CancelToken) -> HttpResponse:
        self.requests.append(request)
        found = self.reply(request)
        if isinstance(found, BaseException):
            raise found
        return found if isinstance(found, HttpResponse) else answer(found)

    def close(self) -> None:
        """Nothing is open."""

    @property
    def lines(self) -> list[str]:
        return [f"{r.method} {_short(r.url)}" for r in self.requests]

    @property
    def bodies(self) -> list[Any]:
        return [None if r.body is None else json.loads(r.body) for r in self.requests]


def _short(url: str) -> str:
    return url.replace("https://acme.okta.com", "").replace("https://api.datadoghq.com", "")


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return 1_700_000_000.0 + self.now

    def sleep(self, seconds: float, cancel: CancelToken) -> None:
        self.now += seconds


@pytest.fixture(scope="module")
def catalog() -> Iterator[Store]:
    with open_catalog() as store:
        yield store


@pytest.fixture
def connect(catalog: Store) -> Iterator[Callable[..., tuple[quaestor.Connection, Wire]]]:
    opened: list[quaestor.Connection] = []

    def make(reply: Callable[[HttpRequest], Any] = lambda _: {}, **settings: Any) -> tuple[quaestor.Connection, Wire]:
        wire = Wire(reply)
        con = quaestor.connect(quaestor.Settings(**settings), transport=wire, catalog=catalog, env=ENV, clock=Clock())
        opened.append(con)
        return con, wire

    yield make
    for con in opened:
        con.close()


# ------------------------------------------------------------------------------------------------- requests

ACCOUNT = "/api/v2/integrations/okta/accounts"
ROW = {"id": "a1", "type": "okta-accounts", "attributes": {"name": "n", "domain": "d", "auth_method": "oauth"}}

#: Statement → the requests that it makes, each with its body.
REQUESTS: dict[str, list[tuple[str, Any]]] = {
    """INSERT INTO okta.groups.groups (profile) VALUES ('{"name": "a"}')""": [
        ("POST /api/v1/groups", {"profile": {"name": "a"}})
    ],
    "INSERT INTO okta.groups.groups (data__profile__name, data__profile__description) VALUES ('a', NULL)": [
        ("POST /api/v1/groups", {"profile": {"name": "a"}})
    ],
    "INSERT INTO okta.groups.groups (data__profile__name) SELECT 'a' UNION ALL SELECT 'b'": [
        ("POST /api/v1/groups", {"profile": {"name": "a"}}),
        ("POST /api/v1/groups", {"profile": {"name": "b"}}),
    ],
    # a parameter beside the body; what the schema doesn't know of a profile goes as it is written
    """INSERT INTO okta.users.users (activate, data__profile, data__profile__isManager)
       VALUES ('false', '{"login": "a@b.c", "email": "a@b.c"}', true)""": [
        (
            "POST /api/v1/users?activate=false",
            {"profile": {"login": "a@b.c", "email": "a@b.c", "isManager": True}},
        )
    ],
    "INSERT INTO datadog.integrations.okta_accounts (name, domain, auth_method) VALUES ('n', 'd', 'oauth')": [
        (
            f"POST {ACCOUNT}",
            {"data": {"attributes": {"name": "n", "domain": "d", "auth_method": "oauth"}, "type": "okta-accounts"}},
        )
    ],
    """INSERT INTO datadog.integrations.okta_accounts (data__data)
       VALUES ('{"attributes": {"name": "n", "domain": "d", "auth_method": "oauth"}}')""": [
        (
            f"POST {ACCOUNT}",
            {"data": {"attributes": {"name": "n", "domain": "d", "auth_method": "oauth"}, "type": "okta-accounts"}},
        )
    ],
    "DELETE FROM okta.groups.groups WHERE groupId IN ('a', 'b/c', 'a')": [
        ("DELETE /api/v1/groups/a", None),
        ("DELETE /api/v1/groups/b%2Fc", None),
    ],
    "DELETE FROM okta.groups.groups AS g WHERE 'a' = g.id AND subdomain = 'acme'": [
        ("DELETE /api/v1/groups/a", None)
    ],
    "DELETE FROM okta.users.users WHERE id = 'u' AND sendEmail = true": [
        ("DELETE /api/v1/users/u?sendEmail=true", None)
    ],
    """REPLACE okta.groups.groups SET profile = '{"name": "z"}' WHERE id = 'a'""": [
        ("PUT /api/v1/groups/a", {"profile": {"name": "z"}})
    ],
    # the attributes that PATCH requires come from the row
    "UPDATE datadog.integrations.okta_accounts SET client_id = 'c' WHERE account_id = 'a1'": [
        (f"GET {ACCOUNT}/a1", None),
        (
            f"PATCH {ACCOUNT}/a1",
            {
                "data": {
                    "attributes": {"auth_method": "oauth", "domain": "d", "client_id": "c"},
                    "type": "okta-accounts",
                }
            },
        ),
    ],
    "UPDATE datadog.integrations.okta_accounts SET auth_method = 'x', domain = 'y' WHERE account_id = 'a1'": [
        (
            f"PATCH {ACCOUNT}/a1",
            {"data": {"attributes": {"auth_method": "x", "domain": "y"}, "type": "okta-accounts"}},
        ),
    ],
    # JSON:API wants the id in the body too
    "UPDATE datadog.organization.users SET name = 'n' WHERE user_id = 'u1'": [
        (
            "PATCH /api/v2/users/u1",
            {"data": {"attributes": {"name": "n"}, "type": "users", "id": "u1"}},
        ),
    ],
    # as the provider page prints it: nothing to set, only a parameter
    "UPDATE okta.apps.connections SET -- No updatable properties\n WHERE activate = true AND appId = 'p'": [
        ("POST /api/v1/apps/p/connections/default?activate=true", None)
    ],
    "EXEC okta.users.users.suspend_user @id = 'u'": [("POST /api/v1/users/u/lifecycle/suspend", None)],
    """EXEC okta.apps.connections.verify_provisioning_connection_for_application
       @subdomain='acme' --required,
       @appName = 'slack', @appId='p', @code='c d', @state='s'""": [
        ("POST /api/v1/apps/slack/p/oauth2/callback?code=c%20d&state=s", None)
    ],
    """EXEC okta.groups.groups.add_group @@json = '{"profile": {"name": "a"}}'""": [
        ("POST /api/v1/groups", {"profile": {"name": "a"}})
    ],
    # a body that is a list: each row is an item
    # and a name that is a parameter and a property is the parameter, `data__` in front means the property
    "INSERT INTO datadog.logs.logs (message, ddtags, data__ddtags) VALUES ('m', 't', 'u')": [
        ("POST https://http-intake.logs.datadoghq.com/api/v2/logs?ddtags=t", [{"message": "m", "ddtags": "u"}])
    ],
}


@pytest.mark.parametrize("text", REQUESTS)
def test_requests(connect: Any, text: str) -> None:
    con, wire = connect(lambda request: {"data": ROW} if request.method == "GET" else {})
    with con.sql(text) as result:
        assert result.message or result.columns
    expected = REQUESTS[text]
    assert wire.lines == [line for line, _ in expected]
    assert wire.bodies == [body for _, body in expected]


def test_rows_are_found_by_a_predicate_and_each_is_written_to_once(connect: Any) -> None:
    groups = [{"id": f"g{n}", "profile": {"name": f"n{n}"}, "type": "OKTA_GROUP"} for n in range(4)]
    con, wire = connect(lambda request: groups if request.method == "GET" else HttpResponse(204))
    result = con.sql("DELETE FROM okta.groups.groups WHERE profile ->> 'name' IN ('n1', 'n3') OR id = 'g0'")
    assert result.message == "3 rows deleted: okta.groups.groups"
    assert wire.lines[1:] == [f"DELETE /api/v1/groups/g{n}" for n in (0, 1, 3)]


def test_set_may_speak_of_the_row(connect: Any) -> None:
    con, wire = connect(lambda request: [GROUP] if request.method == "GET" else GROUP)
    con.sql(
        "REPLACE okta.groups.groups SET profile = json_set(profile, '$.name', profile ->> 'name' || '!')"
        " WHERE type = 'OKTA_GROUP'"
    )
    assert wire.bodies[-1] == {"profile": {"name": "a!"}}


# ------------------------------------------------------------------------------------------------ refused

#: Statement → what the message or its hint says; none of them makes a request.
REFUSED = {
    "DELETE FROM okta.groups.groups": "groupId would name it",
    "DELETE FROM okta.groups.groups WHERE subdomain = 'acme'": "groupId would name it",
    "UPDATE okta.users.users SET realmId = 'x'": "id would name it",
    "DELETE FROM okta.integrations.instances WHERE subdomain = 'acme'": "apiServiceId would name it",
    "UPDATE okta.apps.connections SET -- none\n WHERE subdomain = 'acme' AND activate = true": "appId would name it",
    "DELETE FROM okta.identity_sources.sessions WHERE identitySourceId = 'x'": "sessionId would name it",
    "DELETE FROM okta.groups.groups WHERE groupId = ''": "groupId can't be ''",
    "DELETE FROM okta.groups.groups WHERE groupId = '..'": "groupId can't be '..'",
    "INSERT INTO okta.groups.groups (profle) VALUES ('{}')": "did you mean 'profile'?",
    "INSERT INTO okta.groups.groups (data__profle) VALUES ('{}')": "has no property called data__profle",
    """INSERT INTO okta.groups.groups (profile) VALUES ('{"nme": "x"}')""": "profile.nme is not a property",
    "INSERT INTO okta.groups.groups (profile) VALUES ('name')": "profile takes a JSON object",
    "INSERT INTO okta.zones.network_zones (id, name, type) VALUES ('x', 'y', 'IP')": "id is read-only",
    "INSERT INTO okta.groups.groups VALUES ('x')": "needs the names of its columns",
    "INSERT INTO okta.groups.groups (profile, profile) VALUES ('x', 'y')": "profile is named twice",
    "INSERT INTO okta.groups.groups (profile) VALUES ('x', 'y')": "there are 2 values for 1 column",
    "INSERT INTO okta.users.users (activate, profile) VALUES ('maybe', '{}')": "activate takes a boolean",
    "INSERT INTO okta.logs.system_log_events (x) VALUES (1)": "has no INSERT method",
    "UPDATE okta.groups.groups SET profile = '{}' WHERE id = 'x'": "REPLACE okta.groups.groups SET",
    "EXEC okta.users.users.suspnd_user @id = 'x'": "'suspend_user'",
    "EXEC okta.users.users.suspend_user": "id is required",
    "EXEC okta.users.users.suspend_user @id = 'x', @id = 'y'": "@id is given twice",
    "EXEC okta.users.users.suspend_user @id = 'x' @@json = '{}'": "takes no body",
    "EXEC okta.groups.groups.add_group @@json = '{'": "@@json is not JSON",
    "EXEC okta.users.users.reset_password @id = 'x'": "sendEmail is required",
    "DELETE FROM okta.groups.groups WHERE id = 'x' RETURNING id2": "doesn't return id2",
    "DELETE FROM okta.groups.groups WHERE id = 'x' RETURNING *": "answers nothing",
    "DELETE FROM okta.groups.groups WHERE nme = 'x'": "there is no column nme",
    "INSERT INTO okta.nothing.groups (a) VALUES (1)": "there is no service",
    "INSERT INTO datadog.monitoring.monitors (name, query, type) VALUES ('n', 'q', 'metrc alert')": "metric alert",
}


@pytest.mark.parametrize("text", REFUSED)
def test_refused_before_anything_is_sent(connect: Any, text: str) -> None:
    con, wire = connect()
    with pytest.raises(BindError) as caught:
        con.sql(text)
    assert REFUSED[text] in f"{caught.value.message} {caught.value.hint}"
    assert caught.value.position >= 0
    assert wire.requests == []


def test_everything_that_is_wrong_is_said_at_once(connect: Any) -> None:
    con, wire = connect()
    text = """INSERT INTO datadog.integrations.okta_accounts (name, domain, auth_method, clientid)
              VALUES ('n', NULL, 'oauth', 1), ('m', 'd', NULL, 2)"""
    with pytest.raises(BindError) as caught:
        con.sql(text)
    message = caught.value.message
    assert "3 things are wrong" in message
    for part in ("clientid", "'client_id'", "row 1: domain is required", "row 2: auth_method is required"):
        assert part in message
    assert caught.value.hint == "create_okta_account requires auth_method, domain, name"
    assert wire.requests == []


def test_a_secret_of_the_wrong_type_is_not_shown(connect: Any) -> None:
    con, _ = connect()
    text = """INSERT INTO datadog.integrations.okta_accounts (data__data)
              VALUES ('{"attributes": {"client_secret": {"s3cret": 1}}}')"""
    with pytest.raises(BindError) as caught:
        con.sql(text)
    assert "client_secret" in caught.value.message
    assert "s3cret" not in caught.value.message


def test_too_many_rows_are_refused(connect: Any) -> None:
    con, wire = connect(max_writes=2)
    with pytest.raises(LimitError, match="3 rows, more than 2"):
        con.sql("DELETE FROM okta.groups.groups WHERE id IN ('a', 'b', 'c')")
    assert wire.requests == []


def test_all_rows_when_all_are_meant(connect: Any) -> None:
    groups = [{"id": "g1"}, {"id": "g2"}]
    con, wire = connect(lambda request: groups if request.method == "GET" else HttpResponse(204), all_rows=True)
    con.sql("DELETE FROM okta.groups.groups")
    assert wire.lines[-2:] == ["DELETE /api/v1/groups/g1", "DELETE /api/v1/groups/g2"]


def test_read_only(connect: Any) -> None:
    con, wire = connect(read_only=True)
    with pytest.raises(ForbiddenError, match="read-only"):
        con.sql("DELETE FROM okta.groups.groups WHERE id IN ('a', 'b')")
    assert wire.requests == []


def test_a_connection_of_its_own_can_be_read_only(catalog: Store) -> None:
    settings = quaestor.Settings(
        connections={
            "prod": quaestor.ConnectionSettings("prod", "okta", read_only=True, variables={"subdomain": "prod"})
        }
    )
    wire = Wire(lambda _: HttpResponse(204))
    with quaestor.connect(settings, transport=wire, catalog=catalog, env=ENV) as con:
        with pytest.raises(ForbiddenError, match="read-only"):
            con.sql("DELETE FROM prod.groups.groups WHERE id = 'a'")
        con.sql("DELETE FROM okta.groups.groups WHERE id = 'a'")
    assert wire.lines == ["DELETE /api/v1/groups/a"]


def test_a_dry_run_shows_requests_with_secrets_masked(connect: Any) -> None:
    con, wire = connect(dry_run_writes=True)
    text = """INSERT INTO datadog.integrations.okta_accounts (name, domain, auth_method, client_secret)
              VALUES ('n', 'd', 'oauth', 's3cret')"""
    [(row, method, url, body)] = con.sql(text)
    assert (row, method, _short(url)) == (1, "POST", ACCOUNT)
    assert json.loads(body)["data"]["attributes"]["client_secret"] == "***"
    assert wire.requests == []


# -------------------------------------------------------------------------------------------------- outcomes

INSERTS = "INSERT INTO okta.groups.groups (data__profile__name) VALUES ('a'), ('b'), ('c'), ('d') RETURNING id"


def at(number: int, wrong: Any) -> Callable[[HttpRequest], Any]:
    """A reply that fails for one of the rows a, b, c, d."""

    def reply(request: HttpRequest) -> Any:
        name = json.loads(request.body or b"")["profile"]["name"]
        return wrong if "abcd".index(name) == number else {"id": name}

    return reply


LOST = TransportError("cut off", may_have_arrived=True)
REPORTS: list[tuple[Any, str, dict[str, tuple[int, ...]]]] = [
    (answer({"errorCode": "E1"}, 400), "stop", {"done": (1,), "refused": (2,), "unknown": (), "not tried": (3, 4)}),
    (
        answer({"errorCode": "E1"}, 409),
        "continue",
        {"done": (1, 3, 4), "refused": (2,), "unknown": (), "not tried": ()},
    ),
    (answer({}, 500), "stop", {"done": (1,), "refused": (), "unknown": (2,), "not tried": (3, 4)}),
    (answer({}, 503), "continue", {"done": (1, 3, 4), "refused": (), "unknown": (2,), "not tried": ()}),
    (answer({}, 501), "stop", {"done": (1,), "refused": (2,), "unknown": (), "not tried": (3, 4)}),
    (LOST, "stop", {"done": (1,), "refused": (), "unknown": (2,), "not tried": (3, 4)}),
    (answer({}, 429), "stop", {"done": (1,), "refused": (2,), "unknown": (), "not tried": (3, 4)}),
]


@pytest.mark.parametrize(("wrong", "on_error", "expected"), REPORTS)
def test_how_each_row_ends(connect: Any, wrong: Any, on_error: str, expected: Any) -> None:
    con, wire = connect(at(1, wrong), on_error=on_error)
    with pytest.raises(PartialWriteError) as caught:
        con.sql(INSERTS)
    error = caught.value
    assert error.outcomes == expected
    assert error.exit_code == 6
    assert [row[0] for row in error.returned] == ["abcd"[row - 1] for row in expected["done"]]
    sent = [json.loads(r.body or b"")["profile"]["name"] for r in wire.requests]
    repeated = getattr(wrong, "status", 0) == 429  # documented: nothing was done
    assert sent.count("b") == (5 if repeated else 1)
    assert sent.count("a") == 1
    assert sent.count("c") == (1 if on_error == "continue" else 0)


def test_what_never_arrived_is_sent_again(connect: Any) -> None:
    tries = iter([TransportError("refused", may_have_arrived=False), {"id": "x"}])
    con, wire = connect(lambda _: next(tries))
    assert con.sql("INSERT INTO okta.groups.groups (data__profile__name) VALUES ('a') RETURNING id").fetchall() == [
        ("x",)
    ]
    assert len(wire.requests) == 2


def test_a_single_row_that_is_refused_is_the_error_of_the_api(connect: Any) -> None:
    con, _ = connect(lambda _: answer({"errorCode": "E0000001", "errorSummary": "exists"}, 409))
    with pytest.raises(ConflictError, match="exists"):
        con.sql("INSERT INTO okta.groups.groups (data__profile__name) VALUES ('a')")


def test_a_single_row_without_an_answer_is_unknown(connect: Any) -> None:
    con, _ = connect(lambda _: LOST)
    with pytest.raises(PartialWriteError) as caught:
        con.sql("INSERT INTO okta.groups.groups (data__profile__name) VALUES ('a')")
    assert caught.value.outcomes["unknown"] == (1,)
    assert caught.value.to_dict()["not_tried"] == []


def test_an_interrupt_ends_it_after_the_request_under_way(connect: Any) -> None:
    con, wire = connect()
    wire.reply = lambda request: (con.interrupt(), {"id": "x"})[1]
    with pytest.raises(PartialWriteError, match="interrupted") as caught:
        con.sql(INSERTS)
    assert caught.value.outcomes == {"done": (1,), "refused": (), "unknown": (), "not tried": (2, 3, 4)}
    assert caught.value.exit_code == 130
    assert caught.value.returned.fetchall() == [("x",)]
    assert len(wire.requests) == 1


def test_a_second_interrupt_makes_it_unknown(connect: Any) -> None:
    con, wire = connect(lambda _: KeyboardInterrupt())
    with pytest.raises(PartialWriteError) as caught:
        con.sql(INSERTS)
    assert caught.value.outcomes == {"done": (), "refused": (), "unknown": (1,), "not tried": (2, 3, 4)}
    assert caught.value.exit_code == 130
    assert len(wire.requests) == 1


def test_an_interrupt_while_rows_are_read_writes_nothing(connect: Any) -> None:
    con, wire = connect()
    wire.reply = lambda request: (con.interrupt(), [{"id": "x"}])[1]
    with pytest.raises(Cancelled):
        con.sql("DELETE FROM okta.groups.groups WHERE type = 'OKTA_GROUP'")
    assert [line.partition(" ")[0] for line in wire.lines] == ["GET"]


def test_writes_at_the_same_time(connect: Any) -> None:
    together, most, lock = 0, 0, threading.Lock()
    barrier = threading.Barrier(3, timeout=10)

    def reply(request: HttpRequest) -> Any:
        nonlocal together, most
        with lock:
            together += 1
            most = max(most, together)
        barrier.wait()
        with lock:
            together -= 1
        return HttpResponse(204)

    con, wire = connect(reply, write_concurrency=3)
    ids = [f"g{n}" for n in range(9)]
    con.sql(f"DELETE FROM okta.groups.groups WHERE id IN ({', '.join(map(repr, ids))})")
    assert most == 3
    assert sorted(wire.lines) == [f"DELETE /api/v1/groups/{each}" for each in ids]


# --------------------------------------------------------------------------------------------------- journal


class Kept:
    """A journal in memory, which may run out of room."""

    def __init__(self, room: int = 1000) -> None:
        self.id = "j1"
        self.entries: list[Entry] = []
        self.events: list[tuple[str, int]] = []
        self.room = room

    def begin(self, entry: Entry) -> Kept:
        self.entries.append(entry)
        return self

    def _note(self, what: str, row: int) -> None:
        if len(self.events) >= self.room:
            raise LimitError("no room in the journal")
        self.events.append((what, row))

    def intent(self, row: int) -> None:
        self._note("intent", row)

    def outcome(self, outcome: Outcome) -> None:
        self._note(outcome.state, outcome.row)

    def end(self) -> None:
        self.events.append(("end", 0))

    def close(self) -> None:
        """Nothing is open."""


def kept(con: quaestor.Connection, journal: Kept) -> Kept:
    con._parts._journal = journal  # type: ignore[assignment]  # the engine has the real one
    return journal


def test_the_journal_knows_of_each_row_before_it_is_sent(connect: Any) -> None:
    con, wire = connect(at(2, answer({}, 400)))
    journal = kept(con, Kept())
    within = wire.reply

    def reply(request: HttpRequest) -> Any:
        journal.events.append(("sent", len(wire.requests)))
        return within(request)

    wire.reply = reply
    with pytest.raises(PartialWriteError, match="of 4 rows 2 done, 1 refused, 1 not tried") as caught:
        con.sql(INSERTS.replace("'a'", "'{{ x }}'"), variables={"x": "a"})
    rows = [[("intent", n), ("sent", n), ("refused" if n == 3 else "done", n)] for n in (1, 2, 3)]
    assert journal.events == [event for row in rows for event in row] + [("end", 0)]
    assert "quaestor journal show j1" in caught.value.hint
    [entry] = journal.entries
    assert (entry.verb, entry.resource, entry.method) == ("insert", "okta.groups.groups", "add_group")
    assert len(set(entry.digests)) == 4
    assert "{{ x }}" in entry.text


def test_the_journal_has_no_secret(connect: Any) -> None:
    con, _ = connect()
    journal = kept(con, Kept())
    con.sql(
        """INSERT INTO datadog.integrations.okta_accounts (name, domain, auth_method, client_secret)
           VALUES ('n', 'd', 'oauth', 's3cret')"""
    )
    con.sql("DELETE FROM okta.groups.groups WHERE id = 'g1'")
    assert "s3cret" not in journal.entries[0].text
    assert journal.entries[0].text.endswith("VALUES ('n', 'd', 'oauth', '{{ literal_1 }}')")
    assert journal.entries[1].text == "DELETE FROM okta.groups.groups WHERE id = 'g1'"


@pytest.mark.parametrize("room", range(6))
def test_what_the_journal_cannot_keep_is_not_sent(connect: Any, room: int) -> None:
    con, wire = connect(at(9, None))
    notes: list[str] = []
    con._parts.notify = notes.append
    journal = kept(con, Kept(room))
    with pytest.raises(QuaestorError):
        con.sql(INSERTS)
    intents = [row for what, row in journal.events if what == "intent"]
    assert len(wire.requests) == len(intents)


# -------------------------------------------------------------------------------------------------- RETURNING


def test_returning(connect: Any) -> None:
    con, _ = connect(lambda _: GROUP)
    text = """INSERT INTO okta.groups.groups (data__profile__name, subdomain) VALUES ('a', 'acme')
              RETURNING id, profile ->> 'name' AS name, upper(type), subdomain"""
    result = con.sql(text)
    assert [column.name for column in result.columns] == ["id", "name", "upper(type)", "subdomain"]
    assert result.fetchall() == [("00g1", "a", "OKTA_GROUP", "acme")]


def test_returning_a_secret_gives_it_in_clear(connect: Any) -> None:
    con, _ = connect(lambda _: {"id": "i", "clientSecret": "s3cret"})
    text = """INSERT INTO okta.integrations.instances (data__grantedScopes, data__type)
              VALUES ('["okta.users.read"]', 't') RETURNING id, clientSecret"""
    assert con.sql(text).fetchall() == [("i", "s3cret")]


def test_an_answer_that_cannot_be_read_is_told_and_the_row_is_done(connect: Any) -> None:
    notes: list[str] = []
    con, _ = connect(lambda _: HttpResponse(200, (JSON,), b"<html>"))
    con._parts.notify = notes.append
    assert con.sql("INSERT INTO okta.groups.groups (data__profile__name) VALUES ('a') RETURNING id").fetchall() == [
        (None,)
    ]
    assert "the rows are written" in notes[0]


def test_exec_of_a_method_that_reads_gives_all_pages(connect: Any) -> None:
    def reply(request: HttpRequest) -> HttpResponse:
        if "after" in request.url:
            return answer([{"id": "g2"}])
        link = ("link", '<https://acme.okta.com/api/v1/groups?after=x>; rel="next"')
        return answer([{"id": "g1"}], 200, link)

    con, wire = connect(reply, read_only=True)
    result = con.sql("EXEC okta.groups.groups.list_groups")
    names = [column.name for column in result.columns]
    assert [row[names.index("id")] for row in result] == ["g1", "g2"]
    assert len(wire.requests) == 2


# ------------------------------------------------------------------------------------------------- ON CONFLICT

UPSERT = """INSERT INTO okta.groups.groups (data__profile__name, data__profile__description)
            VALUES ('a', 'new'), ('b', 'new') ON CONFLICT (name) DO """


def there(*names: str) -> Callable[[HttpRequest], Any]:
    """An organisation with groups of these names."""

    def reply(request: HttpRequest) -> Any:
        groups = [{"id": f"g-{name}", "profile": {"name": name}, "type": "OKTA_GROUP"} for name in names]
        return groups if request.method == "GET" else GROUP

    return reply


@pytest.mark.parametrize(
    ("rest", "lines", "message"),
    [
        ("NOTHING", ["POST /api/v1/groups"], "1 row inserted"),
        (
            "UPDATE SET data__profile__name = excluded.data__profile__name, data__profile__description = 'x'",
            ["PUT /api/v1/groups/g-a", "POST /api/v1/groups"],
            "1 row inserted, 1 row replaced",
        ),
    ],
)
def test_on_conflict(connect: Any, rest: str, lines: list[str], message: str) -> None:
    con, wire = connect(there("a", "z"))
    assert con.sql(UPSERT + rest).message == f"{message}: okta.groups.groups"
    assert wire.lines[1:] == lines
    if rest != "NOTHING":
        assert wire.bodies[1] == {"profile": {"name": "a", "description": "x"}}


@pytest.mark.parametrize(
    ("rest", "bodies"),
    [
        # names alone are the row that is there, as in SQLite; with the table's name in front too
        (
            "UPDATE SET data__profile__name = excluded.data__profile__name,"
            " data__profile__description = (profile ->> 'name') || groups.type || '-' || okta.groups.groups.id",
            [{"profile": {"name": "a", "description": "aOKTA_GROUP-g-a"}}],
        ),
        (
            "UPDATE SET (data__profile__name, data__profile__description) = (excluded.data__profile__name, id)",
            [{"profile": {"name": "a", "description": "g-a"}}],
        ),
        # a row that WHERE leaves out is neither updated nor inserted
        ("UPDATE SET data__profile__name = 'a' WHERE type = 'APP_GROUP'", []),
        ("UPDATE SET data__profile__name = 'a' WHERE NULL", []),
        (
            "UPDATE SET data__profile__name = 'a' WHERE type = 'OKTA_GROUP' AND excluded.data__profile__name = 'a'",
            [{"profile": {"name": "a"}}],
        ),
    ],
)
def test_on_conflict_speaks_of_the_row_that_is_there(connect: Any, rest: str, bodies: list[Any]) -> None:
    con, wire = connect(there("a", "z"))
    con.sql(UPSERT + rest)
    sent = [(request.method, body) for request, body in zip(wire.requests, wire.bodies, strict=True)]
    assert [body for method, body in sent if method == "PUT"] == bodies
    assert [body for method, body in sent if method == "POST"] == [{"profile": {"name": "b", "description": "new"}}]


def test_a_key_that_several_have_refuses_the_row(connect: Any) -> None:
    con, wire = connect(there("a", "a"))
    with pytest.raises(BindError, match="row 1: 2 objects have the key"):
        con.sql(UPSERT + "NOTHING")
    assert [request.method for request in wire.requests] == ["GET"]


def test_a_conflict_that_comes_up_later_is_looked_up_once_more(connect: Any) -> None:
    lists = iter([[], [{"id": "g1", "profile": {"name": "a"}}]])

    def reply(request: HttpRequest) -> Any:
        if request.method == "GET":
            return next(lists)
        return answer({"errorCode": "E"}, 409) if request.method == "POST" else GROUP

    con, wire = connect(reply)
    text = """INSERT INTO okta.groups.groups (data__profile__name) VALUES ('a') ON CONFLICT (name)
              DO UPDATE SET data__profile__name = excluded.data__profile__name RETURNING id"""
    assert con.sql(text).fetchall() == [("00g1",)]
    assert [request.method for request in wire.requests] == ["GET", "POST", "GET", "PUT"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (UPSERT.replace("(name)", "(id)") + "NOTHING", "the natural key of okta.groups.groups is name"),
        (UPSERT.replace("'b'", "'a'") + "NOTHING", "rows 1 and 2 have the same key"),
        (UPSERT + "UPDATE SET data__profile__name = excluded.nme", "excluded has no nme"),
        (UPSERT + "UPDATE SET data__profile__name = other.id", "there is no other here"),
        (UPSERT + "UPDATE SET data__profile__name = nme", "there is no column nme"),
        (
            UPSERT + "UPDATE SET data__profile__name = (SELECT u.id FROM okta.users.users u)",
            "a subquery in ON CONFLICT",
        ),
        (UPSERT + "UPDATE SET (data__profile__name, type) = ('a', 'b', 'c')", "2 names are given 3 values"),
        (
            UPSERT.replace("(name)", "(name) WHERE type = 'x'") + "NOTHING",
            "a part of an index, and no API has one",
        ),
        (
            "INSERT INTO okta.integrations.instances (data__type, data__grantedScopes) VALUES ('t', '[\"a\"]')"
            " ON CONFLICT (type) DO NOTHING",
            "has no natural key that the catalog knows",
        ),
    ],
)
def test_on_conflict_refused(connect: Any, text: str, says: str) -> None:
    con, wire = connect(there("a"))
    with pytest.raises(BindError) as caught:
        con.sql(text)
    assert says in caught.value.message
    assert [request.method for request in wire.requests] in ([], ["GET"])
