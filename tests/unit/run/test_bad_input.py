"""What can go wrong with a statement that is well formed: each ends in an error that says what to do."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

import quaestor
from quaestor.catalog.store import Store, open_catalog
from quaestor.errors import AuthError, BindError, Cancelled, LimitError
from quaestor.fetch.http import CancelToken, HttpRequest, HttpResponse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

JSON = ("content-type", "application/json")
ENV = {"OKTA_API_TOKEN": "t", "OKTA_SUBDOMAIN": "acme"}


class Org:
    """Thirty users with a factor each; `gone` is deleted after the list was read, `forbidden` may not be seen."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.is_stuck = False
        self.gone = self.forbidden = ""

    def send(self, request: HttpRequest, cancel: CancelToken) -> HttpResponse:
        path = urlsplit(request.url).path.removeprefix("/api/v1/")
        self.asked.append(path)
        if self.is_stuck and path != "users":
            cancel.wait(30)
            raise Cancelled("the statement was cancelled")
        if path == "users":
            return self.answer(200, [{"id": f"u{i}", "status": "ACTIVE"} for i in range(30)])
        user = path.split("/")[1]
        if user == self.gone:
            return self.answer(404, {"errorCode": "E0000007", "errorSummary": "Not found"})
        if user == self.forbidden:
            return self.answer(403, {"errorCode": "E0000006", "errorSummary": "No"})
        return self.answer(200, [{"id": f"f-{user}"}])

    def answer(self, status: int, body: Any) -> HttpResponse:
        return HttpResponse(status, (JSON,), json.dumps(body).encode())

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture(scope="module")
def catalog() -> Iterator[Store]:
    with open_catalog() as store:
        yield store


@pytest.fixture
def org() -> Org:
    return Org()


def connect(catalog: Store, org: Org, **settings: Any) -> quaestor.Connection:
    return quaestor.connect(quaestor.Settings(**settings), transport=org, catalog=catalog, env=ENV)


ALL = "SELECT u.id, f.id FROM okta.users.users u LEFT JOIN okta.users.factors f ON f.userId = u.id"


def test_too_many_calls_are_an_error_before_the_first_of_them(catalog: Store, org: Org) -> None:
    with connect(catalog, org, max_requests=20) as con:
        for text in (ALL, "SELECT id FROM okta.users.factors"):
            with pytest.raises(LimitError, match="would take 30 requests, more than 20") as caught:
                con.sql(text).fetchall()
            assert caught.value.hint == "narrow the statement: add userId = '…' or IN (…), or raise --max-requests"
    assert not [path for path in org.asked if path.endswith("factors")]


def test_a_user_deleted_between_list_and_get_has_no_row(catalog: Store, org: Org) -> None:
    org.gone = "u7"
    with connect(catalog, org) as con:
        result = con.sql(f"{ALL} ORDER BY u.id")
        rows = dict(result.fetchall())
    assert len(rows) == 30
    assert [user for user, factor in rows.items() if factor is None] == ["u7"]
    assert result.stats.missing_keys == 1


def test_one_that_may_not_be_seen_is_an_error(catalog: Store, org: Org) -> None:
    org.forbidden = "u7"
    with connect(catalog, org) as con, pytest.raises(AuthError, match="403"):
        con.sql(ALL).fetchall()


@pytest.mark.parametrize("text", [ALL, f"{ALL} LIMIT 3", "SELECT count(*) FROM okta.users.factors"])
def test_a_deadline_ends_what_is_under_way(catalog: Store, org: Org, text: str) -> None:
    org.is_stuck = True
    start = time.monotonic()
    with connect(catalog, org, deadline_s=0.3) as con, pytest.raises(LimitError, match=r"longer than 0\.3 s"):
        con.sql(text).fetchall()
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("text", [ALL, f"{ALL} LIMIT 3", "SELECT count(*) FROM okta.users.factors"])
def test_cancelling_ends_what_is_under_way(catalog: Store, org: Org, text: str) -> None:
    org.is_stuck = True
    with connect(catalog, org) as con:
        result = con.sql(text)
        threading.Timer(0.2, result.cancel).start()
        start = time.monotonic()
        with pytest.raises(Cancelled):
            result.fetchall()
        assert time.monotonic() - start < 5
    assert not [thread for thread in threading.enumerate() if thread.name == "quaestor-feed"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT id FROM oktaa.users.users", "no provider or connection called oktaa"),
        ("SELECT id FROM okta.users.users WHERE search LIKE 'a'", "search is a parameter of okta.users.users"),
        (f"{ALL} WHERE f.userId = 'x'", "which this outer join may fill with NULL"),
    ],
)
def test_wrong_statements_cost_no_request(catalog: Store, org: Org, text: str, message: str) -> None:
    with connect(catalog, org) as con, pytest.raises(BindError, match=message) as caught:
        con.sql(text)
    assert caught.value.hint
    assert not org.asked


@pytest.mark.skipif(sys.platform == "win32", reason="no limits of file sizes")
@pytest.mark.parametrize(
    "text", ["SELECT * FROM {} ORDER BY id DESC", "SELECT count(*) FROM {} a JOIN {} b USING (_raw)"]
)
def test_a_full_disk_says_so(text: str) -> None:
    """A process whose files may have 200 kB at most can't sort 20 MB in a temporary one."""
    program = f"""
        import json, resource
        import quaestor
        from quaestor.errors import LimitError
        from quaestor.fetch.http import HttpResponse

        class Org:
            def send(self, request, cancel):
                rows = [{{"id": str(i), "profile": {{"login": "x" * 1000}}}} for i in range(20_000)]
                return HttpResponse(200, (("content-type", "application/json"),), json.dumps(rows).encode())

            def close(self):
                pass

        con = quaestor.connect(transport=Org(), env={ENV!r})
        result = con.sql({text.replace("{}", "okta.users.users")!r})
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        try:
            result.fetchall()
        except LimitError as error:
            print(error.message, "|", error.hint)
        con.close()
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.startswith("no room for the statement's temporary tables: "), done.stderr
    assert "SQLITE_TMPDIR" in done.stdout
