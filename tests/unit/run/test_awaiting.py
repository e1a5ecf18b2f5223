"""AWAIT: a deletion that an API only accepts is waited for, by looking until the object is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.unit.run.test_writing import ENV, Clock, Wire, answer

import quaestor
from quaestor.catalog.store import Store, open_catalog
from quaestor.errors import PartialWriteError, TransportError, UnsupportedError
from quaestor.fetch.http import HttpRequest

RULE = "DELETE /*+ AWAIT */ FROM okta.groups.rules WHERE groupRuleId IN ('r1')"
GONE = {"errorCode": "E0000007", "errorSummary": "Not found: Resource not found: r1 (GroupRule)"}


@pytest.fixture(scope="module")
def catalog() -> Iterator[Store]:
    with open_catalog() as store:
        yield store


@pytest.fixture
def connect(catalog: Store) -> Iterator[Callable[..., tuple[quaestor.Connection, Wire, Clock]]]:
    opened: list[quaestor.Connection] = []

    def make(reply: Callable[[HttpRequest], Any]) -> tuple[quaestor.Connection, Wire, Clock]:
        wire, clock = Wire(reply), Clock()
        con = quaestor.connect(quaestor.Settings(), transport=wire, catalog=catalog, env=ENV, clock=clock)
        opened.append(con)
        return con, wire, clock

    yield make
    for con in opened:
        con.close()


def test_a_deletion_is_waited_for(connect: Any) -> None:
    looks = iter([answer({"id": "r1"}), answer({"id": "r1"}), answer(GONE, 404)])
    con, wire, clock = connect(lambda request: answer({}, 202) if request.method == "DELETE" else next(looks))
    begin = clock.now
    assert con.sql(RULE).message == "1 row deleted: okta.groups.rules"
    assert wire.lines == ["DELETE /api/v1/groups/rules/r1", *["GET /api/v1/groups/rules/r1"] * 3]
    assert clock.now - begin >= 3  # one second, then two


def test_what_is_done_at_once_is_not_waited_for(connect: Any) -> None:
    con, wire, _ = connect(lambda request: answer(None, 204))
    con.sql(RULE)
    assert wire.lines == ["DELETE /api/v1/groups/rules/r1"]


@pytest.mark.parametrize(
    ("look", "says"),
    [
        (lambda: answer({"id": "r1"}), "not done when the time for waiting was over"),
        (lambda: answer({"errorCode": "E0000006", "errorSummary": "no"}, 403), "can't be seen"),
        (lambda: answer({"errorCode": "E0000022", "errorSummary": "no such path"}, 404), "can't be seen"),
    ],
)
def test_an_end_that_is_not_seen_is_unknown(connect: Any, look: Callable[[], Any], says: str) -> None:
    con, _, _ = connect(lambda request: answer({}, 202) if request.method == "DELETE" else look())
    with pytest.raises(PartialWriteError) as caught:
        con.sql(RULE)
    assert caught.value.outcomes == {"done": (), "refused": (), "unknown": (1,), "not tried": ()}
    assert isinstance(caught.value.__cause__, TransportError)
    assert says in caught.value.__cause__.message


def test_what_cannot_be_waited_for_is_refused(connect: Any) -> None:
    con, wire, _ = connect(lambda request: {})
    with pytest.raises(UnsupportedError, match="nothing says when it is done"):
        con.sql(
            "EXEC /*+ AWAIT */ okta.security.ssf_security_event_tokens.publish_security_event_tokens"
            " @data__data = 'a.b.c'"
        )
    assert wire.requests == []
