"""What is read when something can't be: with `partial` what there is, and that it isn't all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

import quaestor
from quaestor.catalog.store import Store, open_catalog
from quaestor.config import ConnectionSettings
from quaestor.errors import AuthError, BindError, Cancelled, LimitError, QuaestorError, TransportError
from quaestor.fetch.http import CancelToken, HttpRequest, HttpResponse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

JSON = ("content-type", "application/json")
DENIED = {"errorCode": "E0000006", "errorSummary": "You do not have permission"}
TOKENS = {"OKTA_API_TOKEN": "s3cret-token"}


class Org:
    """Six users on three pages; each has a factor, but some requests are refused or cut off."""

    def __init__(self, **broken: Any) -> None:
        self.broken = {key.replace("__", "/"): value for key, value in broken.items()}

    def send(self, request: HttpRequest, cancel: CancelToken) -> HttpResponse:
        url = urlsplit(request.url)
        host, path = str(url.hostname).partition(".")[0], url.path.removeprefix("/api/v1/")
        query = f"?{url.query}" if "after" in url.query else ""
        for name in (host, path, path + query):
            wrong = self.broken.get(name)
            if isinstance(wrong, Exception):
                raise wrong
            if wrong is not None:
                return HttpResponse(wrong, (JSON,), json.dumps(DENIED).encode(), request.url)
        if path == "users":
            page = int(url.query.rpartition("after=")[2] or 0) if query else 0
            following = f'<{request.url.partition("?")[0]}?after={page + 1}>; rel="next"'
            links = (("link", following),) if page < 2 else ()
            rows: Any = [{"id": f"u{2 * page + i}", "status": "ACTIVE"} for i in (0, 1)]
            return HttpResponse(200, (JSON, *links), json.dumps(rows).encode(), request.url)
        rows = [{"id": f"factor of {path.split('/')[1]}"}]
        return HttpResponse(200, (JSON,), json.dumps(rows).encode(), request.url)

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture(scope="module")
def catalog() -> Iterator[Store]:
    with open_catalog() as store:
        yield store


def connect(catalog: Store, org: Org, *, partial: bool = True, env: Any = TOKENS, **settings: Any) -> Any:
    names = ("a", "b")
    known = {f"okta_{n}": ConnectionSettings(f"okta_{n}", "okta", variables={"subdomain": n}) for n in names}
    settings = {"connections": known, **settings}
    return quaestor.connect(quaestor.Settings(**settings), transport=org, catalog=catalog, env=env, partial=partial)


def test_the_pages_before_the_failure_are_there(catalog: Store) -> None:
    with connect(catalog, Org(**{"users?after=2": 403})) as con:
        result = con.sql("SELECT id FROM okta_a.users.users WHERE upper(status) = 'ACTIVE'")
        assert not result.complete
        assert result.fetchall() == [("u0",), ("u1",), ("u2",), ("u3",)]
        assert not result.complete
        assert result.stats.to_dict()["complete"] is False
        (failure,) = result.failures
        assert (failure.connection, failure.resource, failure.method) == ("okta_a", "okta.users.users", "list_users")
        assert failure.url == "https://a.okta.com/api/v1/users?after=2"
        assert (failure.key, failure.status, failure.code) == (None, 403, "E0000006")
        assert "answered 403: E0000006" in failure.message


def test_an_aggregate_is_incomplete_too_and_the_next_statement_can_ask_why(catalog: Store) -> None:
    org = Org(users__u1__factors=403, users__u4__factors=TransportError("cut off by s3cret-token"))
    with connect(catalog, org) as con:
        result = con.sql("SELECT count(*) FROM okta_a.users.users u JOIN okta_a.users.factors f ON f.userId = u.id")
        assert result.fetchall() == [(4,)]
        assert not result.complete
        text = "SELECT \"key\" ->> 'userId', status, code, message FROM quaestor.failures ORDER BY 1"
        rows = con.sql(text).fetchall()
        assert [row[:3] for row in rows] == [("u1", 403, "E0000006"), ("u4", None, "transport_error")]
        assert "s3cret" not in rows[1][3]
        again = con.sql("SELECT count(*) FROM Quaestor.Failures f WHERE f.status = 403")  # it is still there
        assert again.fetchall() == [(1,)]
        assert again.complete
        joined = con.sql(
            "SELECT u.id FROM okta_a.users.users u JOIN quaestor.failures f ON f.key ->> 'userId' = u.id ORDER BY 1"
        )
        assert joined.fetchall() == [("u1",), ("u4",)]
        assert joined.complete
        assert con.sql("SELECT * FROM quaestor.failures").fetchall() == []  # of the join before


def test_a_group_with_a_dead_member(catalog: Store) -> None:
    text = "SELECT _connection, count(*) FROM okta_*.users.users WHERE upper(status) = 'ACTIVE' GROUP BY 1"
    with connect(catalog, Org(b=401), partial=False) as con, pytest.raises(AuthError):
        con.sql(text).fetchall()
    with connect(catalog, Org(b=401)) as con:
        result = con.sql(text)
        assert result.fetchall() == [("okta_a", 6)]
        assert [(f.connection, f.status) for f in result.failures] == [("okta_b", 401)]
        assert not result.complete


def test_a_member_without_a_credential(catalog: Store) -> None:
    def settings(env: str) -> Any:
        from quaestor.config import CredentialReference

        own = {"OKTA_API_TOKEN": CredentialReference(env=env)}
        return {
            "okta_a": ConnectionSettings("okta_a", "okta", variables={"subdomain": "a"}),
            "okta_b": ConnectionSettings("okta_b", "okta", variables={"subdomain": "b"}, credentials=own),
        }

    with connect(catalog, Org(), connections=settings("NOT_SET")) as con:
        result = con.sql("SELECT DISTINCT _connection FROM okta_*.users.users WHERE upper(status) = 'ACTIVE'")
        assert result.fetchall() == [("okta_a",)]
        assert [failure.connection for failure in result.failures] == ["okta_b"]
    with connect(catalog, Org(), env={}) as con, pytest.raises(AuthError):  # nobody could be asked
        con.sql("SELECT id FROM okta_*.users.users")


@pytest.mark.parametrize("error", [Cancelled("stopped")])
def test_what_is_not_tolerated(catalog: Store, error: QuaestorError) -> None:
    with connect(catalog, Org(users=error)) as con, pytest.raises(type(error)):
        con.sql("SELECT id FROM okta_a.users.users").fetchall()


def test_bounds_that_are_known_before_are_errors(catalog: Store) -> None:
    with connect(catalog, Org(), max_requests=5) as con:
        with pytest.raises(LimitError, match="would take 6 requests"):
            con.sql("SELECT id FROM okta_a.users.factors").fetchall()
        result = con.sql("SELECT id FROM okta_a.users.users WHERE upper(status) = 'ACTIVE'")
        assert len(result.fetchall()) == 6
        assert result.complete


def test_without_a_failure_it_is_complete(catalog: Store) -> None:
    with connect(catalog, Org()) as con:
        result = con.sql("SELECT id FROM okta_a.users.factors")
        assert len(result.fetchall()) == 6
        assert result.complete
        assert result.stats.to_dict()["complete"] is True
        assert result.failures == ()


def test_without_partial_every_failure_ends_the_statement(catalog: Store) -> None:
    with connect(catalog, Org(**{"users?after=2": 403}), partial=False) as con:
        with pytest.raises(AuthError):
            con.sql("SELECT count(*) FROM okta_a.users.users WHERE upper(status) = 'ACTIVE'").fetchall()
        assert con.sql("SELECT count(*) FROM quaestor.failures").fetchall() == [(0,)]


def test_the_columns_of_failures(catalog: Store) -> None:
    with connect(catalog, Org()) as con:
        result = con.sql("SELECT * FROM quaestor.failures")
        names = ["connection", "resource", "method", "url", "key", "status", "code", "message"]
        assert [column.name for column in result.columns] == names
        assert result.fetchall() == []
        with pytest.raises(BindError, match="no column keys"):
            con.sql("SELECT keys FROM quaestor.failures")
