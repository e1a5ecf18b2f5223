"""The engine over a scripted transport: what is asked, what comes back, what is an error."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator

import pytest

import quaestor
from quaestor.catalog.store import Store, open_catalog
from quaestor.errors import (
    AuthError,
    BindError,
    Cancelled,
    EvaluationError,
    ForbiddenError,
    InterfaceError,
    LimitError,
    NotFoundError,
    UnsupportedError,
    UsageError,
)
from quaestor.fetch.http import CancelToken, HttpRequest, HttpResponse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

ENV = {"OKTA_API_TOKEN": "t0ken-of-okta", "OKTA_SUBDOMAIN": "acme", "DD_API_KEY": "key", "DD_APP_KEY": "app"}
JSON = ("content-type", "application/json")


class Wire:
    """A transport that answers by a function of method and URL, and notes the requests."""

    def __init__(self, answer: Callable[[str], Any]) -> None:
        self.answer = answer
        self.requests: list[HttpRequest] = []

    @property
    def urls(self) -> list[str]:
        return [request.url.removeprefix("https://acme.okta.com") for request in self.requests]

    def send(self, request: HttpRequest, cancel: CancelToken) -> HttpResponse:
        self.requests.append(request)
        answer = self.answer(request.url)
        if isinstance(answer, HttpResponse):
            return answer
        return HttpResponse(200, (JSON,), json.dumps(answer).encode(), request.url)

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture(scope="module")
def catalog() -> Iterator[Store]:
    with open_catalog() as store:
        yield store


@pytest.fixture
def connect(catalog: Store) -> Iterator[Callable[..., tuple[quaestor.Connection, Wire]]]:
    opened: list[quaestor.Connection] = []

    def make(
        answer: Callable[[str], Any] = lambda _: [], *, env: dict[str, str] = ENV, **settings: Any
    ) -> tuple[quaestor.Connection, Wire]:
        wire = Wire(answer)
        con = quaestor.connect(quaestor.Settings(**settings), transport=wire, catalog=catalog, env=env)
        opened.append(con)
        return con, wire

    yield make
    for con in opened:
        con.close()


def users(*ids: str) -> list[dict[str, Any]]:
    return [{"id": user, "status": "ACTIVE", "profile": {"login": f"{user}@x"}} for user in ids]


def refused(status: int, body: Any) -> HttpResponse:
    return HttpResponse(status, (JSON, ("x-okta-request-id", "r1")), json.dumps(body).encode())


# ------------------------------------------------------------------------------------------- reading


def test_rows_columns_and_stats(connect: Any) -> None:
    con, wire = connect(lambda _: users("a", "b"))
    result = con.sql("SELECT id, profile ->> 'login' AS login FROM okta.users.users WHERE status = 'ACTIVE'")
    assert [column.name for column in result.columns] == ["id", "login"]
    assert not wire.requests  # nothing is asked before the rows are
    assert not result.complete
    assert result.fetchall() == [("a", "a@x"), ("b", "b@x")]
    assert result.complete
    assert (result.stats.requests, result.stats.pages, result.stats.rows, result.stats.returned) == (1, 1, 2, 2)
    assert wire.urls == ["/api/v1/users?filter=status%20eq%20%22ACTIVE%22&limit=200"]
    assert ("authorization", "SSWS t0ken-of-okta") in wire.requests[0].headers


def test_the_ways_to_take_rows(connect: Any) -> None:
    con, _ = connect(lambda _: users("a", "b", "c"))
    text = "SELECT id, status FROM okta.users.users"
    assert con.sql(text).dicts()[0] == {"id": "a", "status": "ACTIVE"}
    result = con.sql(text)
    assert result.fetchone() == ("a", "ACTIVE")
    assert [row[0] for row in result] == ["b", "c"]
    assert result.fetchone() is None
    with pytest.raises(InterfaceError, match="two columns are called 'id'"):
        con.sql("SELECT id, id FROM okta.users.users").dicts()


def test_values_of_placeholders_and_parameters(connect: Any) -> None:
    con, wire = connect(lambda url: users(url.rpartition("/")[2])[0])
    assert con.sql("SELECT id FROM okta.users.users WHERE id = ?", ["a/b"]).fetchall() == [("b",)] * 0
    assert con.sql("SELECT id FROM okta.users.users WHERE id = :who", {"who": "a"}).fetchall() == [("a",)]
    assert con.sql("SELECT id FROM okta.users.users WHERE id = '{{ who }}'", variables={"who": "b"}).fetchall() == [
        ("b",)
    ]
    assert wire.urls == ["/api/v1/users/a%2Fb", "/api/v1/users/a", "/api/v1/users/b"]
    assert con.sql("SELECT :a, $b, @a, :a || :b", {"a": 1, "b": 2}).fetchall() == [(1, 2, 1, "12")]
    assert con.sql("SELECT ?, ?3, ?2, ?", [1, 2, 3, 4]).fetchall() == [(1, 3, 2, 4)]
    with pytest.raises(BindError, match="no value is given for :who"):
        con.sql("SELECT :who", {"what": 1})
    with pytest.raises(BindError, match=r"no value is given for \?2"):
        con.sql("SELECT ?, ?2", [1])
    with pytest.raises(BindError, match="who"):
        con.sql("SELECT '{{ who }}'")


def test_a_limit_makes_one_request_for_as_many_rows(connect: Any) -> None:
    def answer(url: str) -> HttpResponse:
        link = ("link", f'<{url}&after=x>; rel="next"')
        return HttpResponse(200, (JSON, link), json.dumps(users("a", "b", "c", "d", "e")).encode())

    con, wire = connect(answer)
    assert len(con.sql("SELECT id FROM okta.users.users LIMIT 5").fetchall()) == 5
    assert wire.urls == ["/api/v1/users?limit=5"]


def test_each_distinct_key_is_asked_for_once(connect: Any) -> None:
    con, wire = connect(lambda url: users(url.rpartition("/")[2])[0], pushdown=False)
    rows = con.sql("SELECT id FROM okta.users.users WHERE id IN ('a', 'b', 'a', lower('B'))").fetchall()
    assert rows == [("a",), ("b",)]
    assert sorted(wire.urls) == ["/api/v1/users/a", "/api/v1/users/b"]


def test_keys_of_a_join_come_from_what_the_conditions_leave(connect: Any) -> None:
    def answer(url: str) -> Any:
        if url.endswith("/factors"):
            return [{"id": "f-" + url.split("/")[-2], "factorType": "push"}]
        return [*users("a", "b"), {"id": "c", "status": "STAGED"}, {"id": None, "status": "ACTIVE"}]

    con, wire = connect(answer)
    text = (
        "SELECT u.id, f.id FROM okta.users.users u JOIN okta.users.factors f ON f.userId = u.id "
        "WHERE u.status = 'ACTIVE'"
    )
    assert con.sql(text).fetchall() == [("a", "f-a"), ("b", "f-b")]
    assert sorted(wire.urls[1:]) == ["/api/v1/users/a/factors", "/api/v1/users/b/factors"]


def test_the_same_scan_is_read_once(connect: Any) -> None:
    con, wire = connect(lambda _: users("a", "b"))
    groups = "okta.groups.groups"
    text = f"SELECT count(*) FROM {groups} a, {groups} b WHERE a.id IN (SELECT id FROM {groups})"
    assert con.sql(text).fetchall() == [(4,)]
    assert len(wire.requests) == 1


def test_hidden_columns(connect: Any) -> None:
    con, _ = connect(lambda _: [{"id": "a", "extra": {"not": "in the catalog"}}])
    raw, connection, fetched = con.sql("SELECT _raw, _connection, _fetched_at FROM okta.users.users").fetchall()[0]
    assert json.loads(raw) == {"id": "a", "extra": {"not": "in the catalog"}}
    assert connection == "okta"
    assert fetched.endswith("Z")


def test_booleans_are_bool_and_sql_sees_numbers(connect: Any) -> None:
    kind = "OKTA_SIGN_ON"
    body = [
        {"id": "a", "type": kind, "system": True},
        {"id": "b", "type": kind, "system": False},
        {"id": "c", "type": kind},
    ]
    con, _ = connect(lambda _: body)
    result = con.sql("SELECT system, system + 1 FROM okta.policies.policies WHERE type = 'OKTA_SIGN_ON' ORDER BY id")
    assert [column.type for column in result.columns] == ["boolean", "any"]
    assert result.fetchall() == [(True, 2), (False, 1), (None, None)]


# -------------------------------------------------------------------------------------------- errors


def test_no_object_for_a_key_is_no_row_and_any_other_404_an_error(connect: Any) -> None:
    gone = {"errorCode": "E0000007", "errorSummary": "Not found: Resource not found: x (User)"}
    con, _ = connect(lambda _: refused(404, gone))
    result = con.sql("SELECT id FROM okta.users.users WHERE id = 'x'")
    assert result.fetchall() == []
    assert result.stats.missing_keys == 1
    with pytest.raises(NotFoundError, match="E0000007"):
        con.sql("SELECT id FROM okta.users.users").fetchall()
    con, _ = connect(lambda _: HttpResponse(404, (), b"<html>no such page</html>"))
    with pytest.raises(NotFoundError):
        con.sql("SELECT id FROM okta.users.users WHERE id = 'x'").fetchall()


def test_a_403_names_what_is_needed(connect: Any) -> None:
    con, _ = connect(lambda _: refused(403, {"errorCode": "E0000006", "errorSummary": "no permission"}))
    with pytest.raises(AuthError) as caught:
        con.sql("SELECT id FROM okta.users.users").fetchall()
    error = caught.value
    assert (error.status, error.vendor_code, error.request_id) == (403, "E0000006", "r1")
    assert "okta.users.read" in error.needs
    assert error.exit_code == 4
    assert "t0ken" not in str(error.to_dict())


def test_an_error_on_a_later_page_ends_the_statement(connect: Any) -> None:
    def answer(url: str) -> HttpResponse:
        if "after" in url:
            return refused(403, {"errorCode": "E0000006", "errorSummary": "no"})
        link = ("link", f'<{url}&after=x>; rel="next"')
        return HttpResponse(200, (JSON, link), json.dumps(users("a")).encode())

    con, _ = connect(answer)
    result = con.sql("SELECT id FROM okta.users.users")
    with pytest.raises(AuthError):
        result.fetchall()
    assert not result.complete


def test_no_credential_names_the_variable_before_any_request(connect: Any) -> None:
    con, wire = connect(env={"OKTA_SUBDOMAIN": "acme"})
    with pytest.raises(AuthError, match="OKTA_API_TOKEN"):
        con.sql("SELECT id FROM okta.users.users")
    con, wire = connect(env={"DD_API_KEY": "k"})
    with pytest.raises(AuthError, match="DD_APP_KEY"):
        con.sql("SELECT id FROM datadog.integrations.okta_accounts")
    assert not wire.requests


def test_no_subdomain_names_the_variable(connect: Any) -> None:
    con, wire = connect(env={"OKTA_API_TOKEN": "t"})
    with pytest.raises(BindError) as caught:
        con.sql("SELECT id FROM okta.users.users")
    assert "OKTA_SUBDOMAIN" in caught.value.hint
    assert not wire.requests


@pytest.mark.parametrize("subdomain", ["evil.com/#", "evil.com", "acme.okta.com.evil.com", "a@b", "x/../y", ""])
def test_a_subdomain_is_under_the_vendors_domains(connect: Any, subdomain: str) -> None:
    con, wire = connect(env={"OKTA_API_TOKEN": "t"})
    with pytest.raises((BindError, ForbiddenError)):
        con.sql("SELECT id FROM okta.users.users WHERE subdomain = ?", [subdomain])
    assert not wire.requests


def test_one_token_serves_one_organisation(connect: Any) -> None:
    con, wire = connect(env={"OKTA_API_TOKEN": "t"})
    con.sql("SELECT id FROM okta.groups.groups WHERE subdomain = 'acme'").fetchall()
    with pytest.raises(ForbiddenError, match=r"acme\.okta\.com"):
        con.sql("SELECT id FROM okta.groups.groups WHERE subdomain = 'other'").fetchall()
    assert len(wire.requests) == 1


def test_the_configured_organisation_is_the_only_one(connect: Any) -> None:
    con, wire = connect()
    with pytest.raises(ForbiddenError, match=r"acme\.okta\.com"):
        con.sql("SELECT id FROM okta.users.users WHERE subdomain = 'other'").fetchall()
    assert not wire.requests


def test_datadog_sites(connect: Any) -> None:
    con, wire = connect(lambda _: {"data": []}, env={**ENV, "DD_SITE": "datadoghq.eu"})
    con.sql("SELECT id FROM datadog.integrations.okta_accounts").fetchall()
    assert wire.requests[0].url == "https://api.datadoghq.eu/api/v2/integrations/okta/accounts"
    con, wire = connect(lambda _: {"data": []})
    con.sql("SELECT id FROM datadog.integrations.okta_accounts").fetchall()
    assert wire.requests[0].url.startswith("https://api.datadoghq.com/")
    with pytest.raises(BindError, match="site"):
        con.sql("SELECT id FROM datadog.integrations.okta_accounts WHERE site = 'evil.com'")


def test_what_sqlite_refuses_costs_no_request(connect: Any) -> None:
    con, wire = connect()
    for sql, message, hint in (
        ("SELECT id, nofunction(id) FROM okta.users.users", "there is no function nofunction", ""),
        ("SELECT subst(id) FROM okta.users.users", "there is no function subst", "'substr'"),
        (
            "SELECT count(*) FROM okta.users.users WHERE count(*) > 1",
            "the aggregate count can't stand here",
            "HAVING",
        ),
        ('SELECT id FROM okta.users.users WHERE status = "ACTIVE"', "no column ACTIVE", "quotes: 'ACTIVE'"),
        ("SELECT id, profile.login FROM okta.users.users", "there is no table profile", "profile ->> 'login'"),
    ):
        with pytest.raises(BindError, match=message) as caught:
            con.sql(sql).fetchall()
        word = message.replace(" can't stand here", "").rpartition(" ")[2]
        assert sql[caught.value.position or 0 :].lstrip('"').startswith(word)
        assert sql.rindex(word) - 1 <= (caught.value.position or 0)
        assert hint in caught.value.hint
    assert not wire.requests


def test_what_sqlite_cannot_compute(connect: Any) -> None:
    con, _ = connect(lambda _: users("a"))
    with pytest.raises(EvaluationError, match="malformed JSON"):
        con.sql("SELECT json_extract(id, '$') FROM okta.users.users").fetchall()
    with pytest.raises(EvaluationError, match="pattern"):
        con.sql("SELECT regexp_like(id, '(') FROM okta.users.users").fetchall()


def test_bounds(connect: Any) -> None:
    con, wire = connect(lambda url: users("a")[0], max_requests=3, pushdown=False)
    with pytest.raises(LimitError, match="4 requests"):
        con.sql("SELECT id FROM okta.users.users WHERE id IN ('a', 'b', 'c', 'd')").fetchall()
    assert not wire.requests

    def endless(url: str) -> HttpResponse:
        number = int(url.rpartition("after=")[2]) if "after=" in url else 0
        link = ("link", f'<https://acme.okta.com/api/v1/users?after={number + 1}>; rel="next"')
        return HttpResponse(200, (JSON, link), json.dumps(users("a")).encode())

    con, wire = connect(endless, max_requests=5)
    with pytest.raises(LimitError, match="5 requests"):
        con.sql("SELECT count(*) FROM okta.users.users").fetchall()
    assert len(wire.requests) == 5
    con, wire = connect(endless, max_pages=2)
    with pytest.raises(LimitError, match="more than 2 pages"):
        con.sql("SELECT count(*) FROM okta.users.users").fetchall()


def test_a_deadline_ends_reading_and_computing(connect: Any) -> None:
    con, _ = connect(deadline_s=0.2)
    begin = time.monotonic()
    with pytest.raises(LimitError, match=r"longer than 0\.2 s"):
        con.sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n").fetchall()
    assert time.monotonic() - begin < 20


def test_cancel_from_another_thread(connect: Any) -> None:
    con, _ = connect()
    result = con.sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n")
    timer = threading.Timer(0.1, result.cancel)
    timer.start()
    with pytest.raises(Cancelled):
        result.fetchall()
    timer.join()


def test_closing_early_leaves_no_thread(connect: Any) -> None:
    con, _ = connect(lambda url: users("a"), pushdown=False)
    before = threading.active_count()
    for _ in range(5):
        result = con.sql("SELECT id FROM okta.users.users WHERE id IN ('a', 'b', 'c')")
        result.fetchone()
        result.close()
        result.close()
    assert threading.active_count() <= before


def test_threads_share_a_connection(connect: Any) -> None:
    con, wire = connect(lambda url: users(url.rpartition("/")[2])[0])
    wrong: list[Any] = []

    def work(number: int) -> None:
        for turn in range(10):
            key = f"u{number}-{turn}"
            rows = con.sql("SELECT id, _connection FROM okta.users.users WHERE id = ?", [key]).fetchall()
            if rows != [(key, "okta")]:
                wrong.append(rows)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(wire.requests) == 80


# ---------------------------------------------------------------------------------------- statements


def test_parents_are_filled_and_announced(catalog: Store) -> None:
    wire = Wire(lambda url: [{"id": "f"}] if url.endswith("/factors") else users("a", "b"))
    told: list[str] = []
    with quaestor.connect(transport=wire, catalog=catalog, env=ENV, notify=told.append) as con:
        rows = con.sql("SELECT userId, id FROM okta.users.factors").fetchall()
    assert rows == [("a", "f"), ("b", "f")]
    assert told == ["okta.users.factors: userId is filled from its parent, 2 requests follow"]


def test_parents_can_be_turned_off(connect: Any) -> None:
    con, _ = connect(fill_parents=False)
    with pytest.raises(BindError, match="needs userId") as caught:
        con.sql("SELECT id FROM okta.users.factors")
    assert "okta.users.users.id" in caught.value.hint


def test_show_describe_and_use(connect: Any) -> None:
    con, wire = connect()
    assert [row[0] for row in con.sql("SHOW PROVIDERS").fetchall()] == ["datadog", "okta"]
    assert con.sql("SHOW SERVICES IN okta LIKE 'user%'").dicts()[-1]["name"] == "users"
    methods = con.sql("SHOW METHODS IN okta.apps.connections WHERE SQLVerb = 'SELECT'").dicts()
    assert methods[0]["MethodName"] == "get_default_provisioning_connection_for_application"
    assert methods[0]["RequiredParams"] == "appId"
    described = con.sql("DESCRIBE okta.integrations.instances").fetchall()
    assert described[:2] == [("id", "string"), ("name", "string")]
    assert con.sql("USE okta.users").message == "using okta.users"
    assert con.sql("SELECT count(*) FROM users").fetchall() == [(0,)]
    assert con.sql("DESCRIBE users").fetchall()[0] == ("id", "string")
    assert [url.partition("?")[0] for url in wire.urls] == ["/api/v1/users"] * 2
    with pytest.raises(BindError, match="no such column"):
        con.sql("SHOW PROVIDERS WHERE nothing = 1")
    with pytest.raises(BindError, match="called oktta"):
        con.sql("USE oktta")


def test_explain_makes_no_request(connect: Any) -> None:
    con, wire = connect()
    text = "SELECT u.id, f.id FROM okta.users.users u JOIN okta.users.factors f ON f.userId = u.id"
    rows = con.sql(f"EXPLAIN {text}").dicts()
    assert [row["request"] for row in rows] == [
        "GET https://acme.okta.com/api/v1/users",
        "GET https://acme.okta.com/api/v1/users/{userId}/factors",
    ]
    assert con.sql(text).explain().dicts() == rows
    assert not wire.requests


def test_what_we_do_not_do_says_so(connect: Any) -> None:
    con, wire = connect()
    with pytest.raises(UnsupportedError, match="a SELECT changes nothing"):
        con.sql("SELECT * FROM (EXEC okta.users.users.suspend_user @userId = 'x') t").fetchall()
    assert not wire.requests


def test_scripts_and_wrong_use(connect: Any) -> None:
    con, _ = connect()
    assert [result.fetchall() for result in con.script("SELECT 1; SELECT 2;")] == [[(1,)], [(2,)]]
    with pytest.raises(UsageError, match="2 statements"):
        con.sql("SELECT 1; SELECT 2")
    with pytest.raises(UsageError, match="no statement"):
        con.sql("-- nothing")
    con.close()
    with pytest.raises(UsageError, match="closed"):
        con.sql("SELECT 1")


def test_arrow_pandas_and_polars(connect: Any) -> None:
    pytest.importorskip("pyarrow", reason="needs quaestor[arrow]")
    pytest.importorskip("pandas", reason="needs quaestor[pandas]")
    pytest.importorskip("polars", reason="needs quaestor[polars]")
    body = [{"id": "a", "created": "2024-01-02T03:04:05.678Z", "profile": {"k": 1}}, {"id": "b", "created": None}]
    con, _ = connect(lambda _: body)
    text = "SELECT id, created, profile FROM okta.users.users"
    table = con.sql(text).arrow()
    assert [str(field.type) for field in table.schema] == ["string", "timestamp[ms, tz=UTC]", "string"]
    assert table.to_pylist()[1] == {"id": "b", "created": None, "profile": None}
    assert con.sql(text).arrow(structs=True).to_pylist()[0]["profile"] == {"k": 1}
    assert list(con.sql(text).df()["id"]) == ["a", "b"]
    assert con.sql(text).pl()["id"].to_list() == ["a", "b"]


# -------------------------------------------------------------------------------------- completeness


def deprovisioned(url: str) -> bool:
    return "filter=status%20eq%20%22DEPROVISIONED%22" in url


def everybody(url: str) -> list[dict[str, Any]]:
    gone = [{"id": "z", "status": "DEPROVISIONED", "profile": {"login": "z@x"}}]
    return gone if deprovisioned(url) else users("a", "b")


def test_users_that_the_bare_list_leaves_out_are_there(connect: Any) -> None:
    con, wire = connect(everybody)
    text = "SELECT status, count(*) FROM okta.users.users GROUP BY 1 ORDER BY 1"
    assert con.sql(text).fetchall() == [("ACTIVE", 2), ("DEPROVISIONED", 1)]
    assert [deprovisioned(url) for url in wire.urls] == [False, True]
    assert "leaves out" in con.sql(text).explain().dicts()[0]["how"]


def test_one_that_moves_between_the_lists_counts_once(connect: Any) -> None:
    con, _ = connect(
        lambda url: [{"id": "b", "status": "DEPROVISIONED"}] if deprovisioned(url) else users("a", "b", "b")
    )
    assert con.sql("SELECT status FROM okta.users.users").fetchall() == [("ACTIVE",)] * 3


@pytest.mark.parametrize(
    ("condition", "asks"),
    [
        ("status = 'ACTIVE'", False),
        ("status IN ('ACTIVE', 'STAGED')", False),
        ("status <> 'DEPROVISIONED'", False),
        ("NOT status LIKE 'DEPRO%'", False),
        ("search = 'status pr'", False),
        ("filter = 'status eq \"ACTIVE\"'", False),
        ("status = 'ACTIVE' AND id > 'a'", False),
        ("status = 'DEPROVISIONED'", True),
        ("status = 'ACTIVE' OR id = 'z'", True),
        ("status <> 'ACTIVE'", True),
        ("lower(status) = 'deprovisioned'", True),
        ("id > 'a'", True),
    ],
)
def test_they_are_asked_for_unless_the_statement_rules_them_out(connect: Any, condition: str, asks: bool) -> None:
    con, wire = connect(everybody, pushdown=False)
    con.sql(f"SELECT id FROM okta.users.users WHERE {condition}").fetchall()
    assert any(deprovisioned(url) for url in wire.urls) is asks


def test_an_outer_join_brings_no_row_of_nulls_for_them(connect: Any) -> None:
    con, _ = connect(lambda url: [{"id": "z"}, {"id": "a"}] if "/groups" in url else everybody(url), pushdown=False)
    text = (
        "SELECT g.id FROM okta.groups.groups g LEFT JOIN okta.users.users u ON u.id = g.id "
        "WHERE u.status IS NULL OR u.status = 'ACTIVE' ORDER BY 1"
    )
    assert con.sql(text).fetchall() == [("a",)]


def test_a_limit_that_is_reached_asks_for_nobody_else(connect: Any) -> None:
    con, wire = connect(everybody)
    assert len(con.sql("SELECT id FROM okta.users.users LIMIT 2").fetchall()) == 2
    assert len(wire.requests) == 1
    assert len(con.sql("SELECT id FROM okta.users.users LIMIT 3").fetchall()) == 3
