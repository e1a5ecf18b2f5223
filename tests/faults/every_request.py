"""Every request of a statement meets every fault, in turn; what came of it is rows, an error, or wrong.

The sandbox answers in this process and time is simulated, so that a minute's wait costs none; what sockets do to
answers is proved in `test_reading`. Lists have short pages, so that a statement makes more requests than one.

Before: nothing. After: `test_every_request` lets nothing be wrong, `report` prints the matrix.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import apsw
from tests.sql.world import SmallPages, comparable, expected_rows, plain_tables

import quaestor
from quaestor.catalog.store import open_catalog
from quaestor.config import ConnectionSettings, Settings
from quaestor.errors import QuaestorError
from quaestor.fetch.http import CancelToken, HttpRequest, HttpResponse
from quaestor.fetch.url import query_value
from quaestor.record import replace
from quaestor.sandbox.core import IN_PROCESS

if TYPE_CHECKING:
    from quaestor.fetch.http import Transport

#: Two connections to the one sandbox, and `both` of them.
MEMBERS = ("east", "west")
SCALE = {"okta.users": 16, "apps": 5, "groups": 4, "datadog.users": 9, "monitors": 40}


@dataclass(frozen=True)
class Statement:
    """A statement that is tried.

    Attributes:
        page_size: of every list.
        is_plain: whether plain SQLite, over the generator's data, says what is right; else a run without faults.
        is_ordered: whether the rows have one order.
        is_limited: whether any so many of the rows are right.
        is_partial: whether it goes on without what can't be read: then some of the rows are right too, if it says so.
    """

    text: str
    page_size: int = 5
    is_plain: bool = True
    is_ordered: bool = False
    is_limited: bool = False
    is_partial: bool = False


STATEMENTS = {
    "scan, streamed": Statement("SELECT id, status FROM okta.users.users WHERE status <> 'DEPROVISIONED'"),
    "scan with hidden states": Statement("SELECT id, status, profile FROM okta.users.users"),
    "count(*)": Statement("SELECT count(*), count(DISTINCT status) FROM okta.users.users"),
    "ORDER BY LIMIT": Statement("SELECT id, created FROM okta.users.users ORDER BY id DESC LIMIT 4", is_ordered=True),
    "LIMIT, streamed": Statement("SELECT id FROM okta.users.users LIMIT 7", is_limited=True),
    "LIMIT over a join": Statement(
        "SELECT u.id, f.id FROM okta.users.users u JOIN okta.users.factors f ON f.userId = u.id LIMIT 5",
        is_limited=True,
    ),
    "LIMIT over a LEFT JOIN": Statement(
        "SELECT a.id, g.id FROM okta.apps.applications a LEFT JOIN okta.apps.group_assignments g ON g.appId = a.id"
        " LIMIT 4",
        page_size=2,
        is_limited=True,
    ),
    "one key": Statement(
        "SELECT id, status FROM okta.groups.users WHERE groupId = (SELECT max(id) FROM okta.groups.groups)"
    ),
    "join by keys": Statement(
        "SELECT u.id, f.factorType FROM okta.users.users u JOIN okta.users.factors f ON f.userId = u.id"
        " WHERE u.status IN ('ACTIVE', 'LOCKED_OUT', 'SUSPENDED')"
    ),
    "LEFT JOIN, none": Statement(
        "SELECT u.id FROM okta.users.users u LEFT JOIN okta.users.factors f ON f.userId = u.id"
        " GROUP BY u.id HAVING count(f.id) = 0"
    ),
    "NOT EXISTS": Statement(
        "SELECT a.id FROM okta.apps.applications a"
        " WHERE NOT EXISTS (SELECT 1 FROM okta.apps.group_assignments g WHERE g.appId = a.id)"
    ),
    "parents filled": Statement("SELECT groupId, count(*) FROM okta.groups.users GROUP BY groupId"),
    "chain of three": Statement(
        "SELECT r.id, p.name FROM okta.authorizationservers.authorization_servers s"
        " JOIN okta.authorizationservers.policies p ON p.authServerId = s.id"
        " JOIN okta.authorizationservers.rules r ON r.authServerId = s.id AND r.policyId = p.id"
    ),
    "IN (SELECT)": Statement(
        "SELECT id FROM okta.groups.groups"
        " WHERE id IN (SELECT id FROM okta.apps.group_assignments)"
        " OR id NOT IN (SELECT groupId FROM okta.groups.users)"
    ),
    "across providers": Statement(
        "SELECT u.id, d.id FROM okta.users.users u FULL JOIN datadog.organization.users d"
        " ON d.email = u.profile ->> 'email'"
    ),
    "page[number]": Statement("SELECT id, email FROM datadog.organization.users", page_size=2),
    "page": Statement("SELECT id, name FROM datadog.monitoring.monitor_search_results", page_size=3, is_plain=False),
    "page[offset]": Statement("SELECT * FROM datadog.catalog.catalog_entities", page_size=2, is_plain=False),
    "start and count": Statement("SELECT id FROM datadog.dashboards.dashboards", page_size=5, is_plain=False),
    "page[cursor]": Statement("SELECT id FROM datadog.organization.audit_logs", page_size=15, is_plain=False),
    "cursor in the body": Statement("SELECT id FROM datadog.logs.logs", page_size=15, is_plain=False),
    "next in the body": Statement("SELECT id, label FROM okta.iam.roles", page_size=2, is_plain=False),
    "few by their keys": Statement(
        "SELECT u.id, u.status FROM okta.users.users u JOIN okta.groups.users m ON m.id = u.id"
        " WHERE m.groupId = (SELECT max(id) FROM okta.groups.groups)"
    ),
    "a recursion": Statement(
        "WITH RECURSIVE t(id, n) AS (SELECT max(id), 0 FROM okta.groups.groups UNION SELECT x.id, n + 1 FROM t"
        " JOIN okta.groups.users m ON m.groupId = t.id JOIN okta.users.user_groups x ON x.userId = m.id WHERE n < 1)"
        " SELECT id, n FROM t"
    ),
    "two connections": Statement("SELECT _connection, id, status FROM both.users.users", is_plain=False),
    "two connections, parents": Statement(
        "SELECT _connection, groupId, count(*) FROM both.groups.users GROUP BY 1, 2", is_plain=False
    ),
    "two connections, join": Statement(
        "SELECT a._connection, a.id, g.id FROM both.apps.applications a JOIN both.apps.group_assignments g"
        " ON g.appId = a.id AND g._connection = a._connection",
        is_plain=False,
    ),
    "scan, partial": Statement("SELECT id, status FROM okta.users.users", is_partial=True),
    "parents filled, partial": Statement("SELECT groupId, id FROM okta.groups.users", is_partial=True),
    "join by keys, partial": Statement(
        "SELECT u.id, f.factorType FROM okta.users.users u JOIN okta.users.factors f ON f.userId = u.id",
        is_partial=True,
    ),
    "two connections, partial": Statement(
        "SELECT _connection, id FROM both.users.users", is_plain=False, is_partial=True
    ),
}

#: Each fault as the sandbox takes it behind `* at N:`; it happens once, or from that request on.
FAULTS = {
    "500": "status 500",
    "503 retry-after": "status 503 retry-after 2",
    "429": "status 429 retry-after 3",
    "403": "status 403",
    "reset": "reset",
    "reset in the body": "reset body",
    "cut off": "truncate",
    "gzip cut off": "cut-gzip",
    "gzip damaged": "bad-gzip",
    "bad JSON": "bad-json",
    "HTML": "html",
    "empty body": "empty",
    "time-out": "latency 300s",
    "redirect": "redirect",
    "cursor loop": "loop",
    "foreign next link": "foreign-link",
}
#: And those that are done to its answers here.
ANSWERS = ("repeated cursor", "the page before again")
NAMES = (*FAULTS, *ANSWERS)
WAYS = ("once", "for ever")


class Outcome(NamedTuple):
    """What came of a run: `rows`, the class of an error, or `WRONG` with what was wrong."""

    statement: str
    fault: str
    way: str
    at: int
    what: str
    detail: str = ""


class Answer(NamedTuple):
    """What a run gave: rows, how many requests they took, and whether they are said to be all."""

    rows: list[tuple[object, ...]]
    requests: int
    is_complete: bool
    failures: int


class Spoiling:
    """A transport that spoils the answers from request `at` on, or just that one."""

    def __init__(self, inner: Transport, at: int, way: str, how: str) -> None:
        self._inner = inner
        self._at = at
        self._is_once = way == "once"
        self._how = how
        self._count = 0
        self._before: dict[str, HttpResponse] = {}

    def send(self, request: HttpRequest, cancel: CancelToken) -> HttpResponse:
        """The inner transport's answer, with its next page or its rows changed."""
        response = self._inner.send(request, cancel)
        self._count += 1
        the_list = _list_of(request.url)
        before = self._before.get(the_list)
        self._before[the_list] = response
        if self._count == self._at or (self._count > self._at and not self._is_once):
            return _repeating(request, response) if self._how == "repeated cursor" else before or response
        return response

    def close(self) -> None:
        """As the inner one."""
        self._inner.close()


def _list_of(url: str) -> str:
    """A list's URL without what says which page of it."""
    return re.sub(r"[?&](after|page|start|page%5B(number|offset|cursor)%5D)=[^&]*", "", url)


def _repeating(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The answer, its next page being the one that was asked for: by Link, by URL or by cursor."""
    headers = tuple(
        (name, f'<{request.url}>; rel="next"') if name == "link" and 'rel="next"' in value else (name, value)
        for name, value in response.headers
    )
    try:
        document = json.loads(response.body)
    except ValueError:
        return response
    if isinstance(document, dict):
        _repeat(document, request)
    return replace(response, headers=headers, body=_compact(document))


def _compact(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def _repeat(holder: dict[str, Any], request: HttpRequest) -> None:
    sent = json.loads(request.body).get("page", {}).get("cursor") if request.body else None
    cursor = query_value(request.url, "page[cursor]") or sent
    for name, value in holder.items():
        if name == "next" and isinstance(value, str):
            holder[name] = request.url
        elif name == "next" and isinstance(value, dict) and "href" in value:
            value["href"] = request.url
        elif name == "after" and isinstance(value, str) and cursor:
            holder[name] = cursor
        elif name in ("meta", "page", "links", "_links") and isinstance(value, dict):
            _repeat(value, request)


class Matrix:
    """A sandbox on which statements are tried."""

    def __init__(self, box: Any, catalog: Any, plain: apsw.Connection) -> None:
        self._box = box
        self._catalog = catalog
        self._plain = plain
        self._right: dict[str, tuple[int, list[tuple[object, ...]]]] = {}

    def requests(self, name: str) -> int:
        """How many requests a statement makes if all is well. Its rows are compared with plain SQLite's."""
        return self._known(name)[0]

    def outcomes(self, name: str, *, step: int = 1, is_short: bool = False) -> Iterator[Outcome]:
        """Each `step`th request of a statement, the first and the last among them, with each fault.

        Args:
            is_short: each fault once or for ever, in turn, instead of both.
        """
        count = self.requests(name)
        turn = 0
        for at in sorted({1, count, *range(1, count + 1, step)}):
            turn += 1  # so that the next request has the other ways
            for fault in NAMES:
                turn += 1
                if fault == ANSWERS[1] and "both." in STATEMENTS[name].text:
                    continue  # both ask the same URLs: the page before would be the other's, which nobody can tell
                for way in (WAYS[turn % 2],) if is_short else WAYS:
                    yield self.outcome(name, fault, way, at)

    def outcome(self, name: str, fault: str, way: str, at: int) -> Outcome:
        """What comes of a statement whose request number `at` meets a fault."""
        made = Outcome(name, fault, way, at, "rows")
        spec = FAULTS.get(fault, "")
        self._box.faults(
            f"* {f'at {at}' if way == 'once' else f'after {at - 1}' if at > 1 else ''}: {spec}" if spec else ""
        )
        try:
            answer = self._run(name, None if spec else lambda inner: Spoiling(inner, at, way, fault))
        except QuaestorError as error:
            return made._replace(what=type(error).__name__, detail=error.message)
        except Exception as error:  # noqa: BLE001 - what else comes is what is looked for
            return made._replace(what="WRONG", detail=f"{type(error).__name__}: {error}")
        wrong = self._wrong(name, answer)
        if wrong:
            return made._replace(what="WRONG", detail=wrong)
        return made if answer.is_complete else made._replace(what="some rows")

    def _wrong(self, name: str, answer: Answer) -> str:
        """What is wrong with a statement's rows; nothing if they are right."""
        statement, right, rows = STATEMENTS[name], self._known(name)[1], answer.rows
        if answer.is_complete == bool(answer.failures) or not (answer.is_complete or statement.is_partial):
            return f"complete: {answer.is_complete}, with {answer.failures} failures"
        if not answer.is_complete:
            others = Counter(rows) - Counter(right)
            return f"rows that don't exist, or too often: {others}" if others else ""
        if statement.is_limited:
            every = self._known_without_limit(name)
            extra = [row for row in rows if row not in every]
            if len(rows) == len(right) == len(set(rows)) and not extra:
                return ""
        elif _arranged(statement, rows) == _arranged(statement, right):
            return ""
        return f"{len(rows)} rows instead of {len(right)}, or others"

    def _known(self, name: str) -> tuple[int, list[tuple[object, ...]]]:
        if name not in self._right:
            statement = STATEMENTS[name]
            self._box.faults("")
            rows, requests, is_complete, _ = self._run(name)
            assert is_complete, name
            if statement.is_plain and not statement.is_limited:
                plain = expected_rows(self._plain, statement.text)
                assert _arranged(statement, rows) == _arranged(statement, plain), name
                rows = plain
            assert rows, f"{name}: nothing to compare"
            self._right[name] = (requests, rows)
        return self._right[name]

    def _known_without_limit(self, name: str) -> list[tuple[object, ...]]:
        return expected_rows(self._plain, STATEMENTS[name].text.partition(" LIMIT ")[0])

    def _run(self, name: str, wrap: Callable[[Transport], Transport] | None = None) -> Answer:
        statement = STATEMENTS[name]
        transport = self._box.front.transport(self._box.clock)
        with quaestor.connect(
            Settings(
                max_requests=2000,
                partial=statement.is_partial,
                connections={name: ConnectionSettings(name, "okta") for name in MEMBERS},
                groups={"both": MEMBERS},
            ),
            endpoints=self._box.front.endpoints(IN_PROCESS),
            transport=wrap(transport) if wrap else transport,
            catalog=SmallPages(self._catalog, statement.page_size),  # type: ignore[arg-type]
            env=self._box.env,
            clock=self._box.clock,
        ) as connection:
            result = connection.sql(statement.text)
            rows = comparable(result.fetchall())
            return Answer(rows, result.stats.requests, result.complete, len(result.failures))


def _arranged(statement: Statement, rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    return rows if statement.is_ordered else sorted(rows, key=repr)


@contextmanager
def matrix() -> Iterator[Matrix]:
    """A sandbox to try statements on."""
    with (
        open_catalog() as catalog,
        quaestor.sandbox("okta", "datadog", seed=5, scale=SCALE, clock="simulated", catalog=catalog) as box,
    ):
        plain = plain_tables(box.front.service)  # type: ignore[arg-type]
        try:
            yield Matrix(box, catalog, plain)
        finally:
            plain.close()
