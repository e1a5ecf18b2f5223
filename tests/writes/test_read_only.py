"""Read-only: every write of every method of both catalogs is stopped before the wire, by whatever statement."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from tests.prism.documents import ABSENT
from tests.prism.statements import Call, calls, statements

import quaestor
from quaestor.catalog.store import Store, open_catalog
from quaestor.errors import ForbiddenError, QuaestorError
from quaestor.fetch.http import CancelToken, HttpRequest, HttpResponse

ENV = {"OKTA_API_TOKEN": "t", "OKTA_SUBDOMAIN": "acme", "DD_API_KEY": "k", "DD_APP_KEY": "a"}
VERBS = ("insert", "update", "replace", "delete", "exec")
#: Without QUAESTOR_TEST_ALL each so manyth method is tried.
STEP = 1 if os.environ.get("QUAESTOR_TEST_ALL") else 20
#: Methods of a verb whose samples are refused before the gate.
FEW = 6


class Wire:
    """Notes every request and answers an empty list."""

    def __init__(self) -> None:
        self.requests: list[HttpRequest] = []

    def send(self, request: HttpRequest, cancel: CancelToken) -> HttpResponse:
        self.requests.append(request)
        return HttpResponse(200, (("content-type", "application/json"),), b"[]")

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture(scope="module")
def catalog() -> Iterator[Store]:
    with open_catalog() as store:
        yield store


def corpus(catalog: Store, verb: str) -> list[Call]:
    """The methods of a verb, each with what it requires and, if it takes a body, with the whole of it."""
    found = [call for call in calls(catalog, verb) if call.option in ("", "whole body")]
    return found[::STEP]


@pytest.mark.skipif(bool(ABSENT), reason=ABSENT)
@pytest.mark.parametrize("verb", VERBS)
def test_no_write_leaves(catalog: Store, verb: str) -> None:
    wire = Wire()
    stopped: set[str] = set()
    methods: set[str] = set()
    settings = quaestor.Settings(read_only=True, all_rows=True)
    with quaestor.connect(settings, transport=wire, catalog=catalog, env=ENV) as con:
        for call in corpus(catalog, verb):
            methods.add(call.name.partition(" + ")[0])
            for text in statements(call):
                with pytest.raises(QuaestorError) as caught:
                    con.sql(text).fetchall()
                if isinstance(caught.value, ForbiddenError):
                    stopped.add(call.name.partition(" + ")[0])
    assert {request.method for request in wire.requests} <= {"GET"}
    # by the gate, not by a mistake in the statement; of a few the vendor's own samples don't fit his schema
    assert len(methods - stopped) <= FEW, methods - stopped
    assert len(methods) > 10


@pytest.mark.parametrize(
    "text",
    [
        "DELETE FROM okta.groups.groups WHERE id = 'a'; SELECT 1",
        "/* SELECT */ DELETE FROM okta.groups.groups WHERE id = 'a' -- SELECT",
        "WITH x AS (SELECT 'a' AS n) INSERT INTO okta.groups.groups (data__profile__name) SELECT n FROM x",
        "BEGIN; DELETE FROM okta.groups.groups WHERE id = 'a'; COMMIT",
        "EXEC okta.users.users.suspend_user @id = '00u1'",
        "INSERT INTO okta.groups.groups (data__profile__name) VALUES ('a') ON CONFLICT DO NOTHING",
    ],
)
def test_no_wording_gets_past(catalog: Store, text: str) -> None:
    wire = Wire()
    with (
        quaestor.connect(quaestor.Settings(read_only=True), transport=wire, catalog=catalog, env=ENV) as con,
        pytest.raises(ForbiddenError, match="read-only"),
    ):
        list(con.script(text))
    assert {request.method for request in wire.requests} <= {"GET"}
