"""What a statement asks where it could ask in two ways: requests counted, and none made twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.sql.world import ENV, SmallPages

import quaestor
from quaestor.catalog.store import Store, open_catalog
from quaestor.config import Settings
from quaestor.fetch.http import CancelToken, HttpRequest, HttpResponse
from quaestor.plan import choice
from quaestor.sandbox.core import Sandbox

SCALE = {"okta.users": 60, "groups": 8, "apps": 6}
OF_GROUP = "SELECT min(groupId) FROM (SELECT groupId FROM okta.groups.users GROUP BY 1 HAVING count(*) > 1)"


class Noting:
    """A transport that notes the URLs of all GETs."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.urls: list[str] = []

    def send(self, request: HttpRequest, cancel: CancelToken) -> HttpResponse:
        self.urls.append(request.url)
        return self._inner.send(request, cancel)  # type: ignore[no-any-return]

    def close(self) -> None:
        self._inner.close()


@pytest.fixture(scope="module")
def catalog() -> Iterator[Store]:
    with open_catalog() as store:
        yield store


@pytest.fixture(scope="module")
def sandbox(catalog: Store) -> Sandbox:
    return Sandbox(catalog, ["okta"], seed=7, scale=SCALE)


@pytest.fixture
def asked(catalog: Store, sandbox: Sandbox) -> Callable[..., tuple[list[Any], list[str]]]:
    """Runs a statement: its rows, and the paths that it asked."""

    def ask(text: str, page_size: int = 0, **settings: Any) -> tuple[list[Any], list[str]]:
        wire = Noting(sandbox.transport())
        offered: Any = SmallPages(catalog, page_size) if page_size else catalog
        with quaestor.connect(
            Settings(**settings), endpoints=sandbox.endpoints(), transport=wire, catalog=offered, env=ENV
        ) as connection:
            rows = connection.sql(text).fetchall()
        assert max(Counter(wire.urls).values()) == 1, "the same GET twice"
        return rows, [url.partition("/api/v1/")[2] for url in wire.urls]

    return ask


def group(asked: Callable[..., tuple[list[Any], list[str]]]) -> str:
    return str(asked(OF_GROUP)[0][0][0])


MEMBERS = (
    "SELECT u.id, u.status FROM okta.users.users u JOIN okta.groups.users m ON m.id = u.id WHERE m.groupId = '{}'"
)


def test_few_keys_are_asked_for_together(asked: Any) -> None:
    rows, urls = asked(MEMBERS.format(group(asked)))
    assert len(rows) > 1
    assert [url.partition("?")[0] for url in urls] == [f"groups/{group(asked)}/users", "users"]
    assert "id%20eq%20" in urls[1]


def test_the_list_is_read_without_pushdown(asked: Any) -> None:
    rows, urls = asked(MEMBERS.format(group(asked)), pushdown=False)
    assert len(urls) == 3  # the members, the users, the deprovisioned
    assert sorted(rows) == sorted(asked(MEMBERS.format(group(asked)))[0])


@pytest.mark.parametrize(("page_size", "ways"), [(10, "by key"), (0, "list")])
def test_single_objects_are_weighed_against_the_pages_of_a_list(asked: Any, page_size: int, ways: str) -> None:
    """The filter of groups takes one id: pages of 10,000 are one request, pages of 10 are taken to be 200."""
    text = (
        "SELECT g.id, g.type FROM okta.groups.groups g JOIN okta.users.user_groups x ON x.id = g.id WHERE x.userId IN"
    )
    users = ", ".join(f"'{row[0]}'" for row in asked("SELECT id FROM okta.users.users ORDER BY id LIMIT 9")[0])
    rows, urls = asked(f"{text} ({users})", page_size)
    own = [url for url in urls if url.startswith("groups")]
    assert len({row[0] for row in rows}) > 1
    assert len(own) == (len({row[0] for row in rows}) if ways == "by key" else 1)


def test_fields_that_differ_come_from_the_list(asked: Any) -> None:
    text = MEMBERS.replace("u.status", "u.credentials").format(group(asked))
    assert not any("id%20eq" in url or url.startswith("users/") for url in asked(text)[1])


def test_explain_says_which_and_why(catalog: Store, sandbox: Sandbox) -> None:
    with quaestor.connect(
        Settings(), endpoints=sandbox.endpoints(), transport=sandbox.transport(), catalog=catalog, env=ENV
    ) as connection:
        plan = connection.sql(f"EXPLAIN {MEMBERS.format('g')}").dicts()
    assert [row["resource"] for row in plan] == ["okta.groups.users", "okta.users.users"]
    assert str(plan[1]["how"]).startswith("by id from okta.groups.users if that takes 11 requests at most, else all")


def test_in_rounds_the_list_is_read_once_the_keys_are_too_many(asked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (
        "SELECT x.userId, g.type FROM okta.users.users u JOIN okta.users.user_groups x ON x.userId = u.id"
        " JOIN okta.groups.groups g ON g.id = x.id WHERE g.type = 'nothing' LIMIT 3"
    )
    monkeypatch.setattr(choice, "ASSUMED_ROWS", 20_000)  # two pages of groups
    rows, urls = asked(text)
    assert rows == []
    assert [url for url in urls if url.partition("?")[0] == "groups"]
    rows, _ = asked(text.replace("g.type = 'nothing'", "g.type > ''"))
    assert len(rows) == 3


def test_exists_asks_for_no_more_than_it_needs(asked: Any) -> None:
    rows, urls = asked("SELECT EXISTS (SELECT 1 FROM okta.users.users WHERE status = 'ACTIVE')", 2)
    assert rows == [(1,)]
    assert len(urls) <= 8
    rows, urls = asked("SELECT NOT EXISTS (SELECT 1 FROM okta.users.users WHERE id > 'zz')", 20)
    assert rows == [(1,)]
    assert len(urls) == 4


def test_what_wraps_a_table_stops_as_the_table_does(asked: Any) -> None:
    for text in (
        "SELECT id FROM (SELECT id, status FROM okta.users.users) LIMIT 1",
        "WITH v AS (SELECT id FROM okta.users.users) SELECT id FROM v LIMIT 1",
        "SELECT * FROM (SELECT id FROM (SELECT id FROM okta.users.users WHERE id > '')) LIMIT 1",
    ):
        assert len(asked(text, 2)[1]) == 1, text


def test_a_recursion_asks_for_its_own_keys_only(asked: Any) -> None:
    own = group(asked)
    rows, urls = asked(
        f"WITH RECURSIVE t(id, n) AS (VALUES ('{own}', 0) UNION SELECT x.id, n + 1 FROM t"
        " JOIN okta.groups.users m ON m.groupId = t.id JOIN okta.users.user_groups x ON x.userId = m.id WHERE n < 1)"
        " SELECT count(*) FROM t"
    )
    assert rows[0][0] > 1
    assert [url.partition("?")[0] for url in urls if url.startswith("groups/")] == [f"groups/{own}/users"]
    assert not any(url.partition("?")[0] in ("groups", "users") for url in urls)


@pytest.mark.parametrize("key", ["''", "'.'", "'..'"])
def test_what_can_be_no_key_is_no_row_and_no_request(catalog: Store, sandbox: Sandbox, key: str) -> None:
    with quaestor.connect(
        Settings(), endpoints=sandbox.endpoints(), transport=sandbox.transport(), catalog=catalog, env=ENV
    ) as connection:
        for text in (
            f"SELECT id FROM okta.users.users WHERE id = {key}",
            f"SELECT id FROM okta.users.factors WHERE userId = {key}",
        ):
            result = connection.sql(text)
            assert result.fetchall() == []
            assert result.stats.requests == 0
