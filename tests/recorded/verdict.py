"""A recorded GET, asked for by SQL, and what came of it.

Before: `statements` wrote the SELECT, `replay` stands for the network. After: `report` counts verdicts, `test_replay`
demands them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.recorded.cassettes import Interaction, address, cassettes, is_respelled
from tests.recorded.expected import Comparison, Item, beside, compare, items, parsed
from tests.recorded.operations import Match, catalog, match
from tests.recorded.replay import Asked, NotRecorded, Replay
from tests.recorded.statements import Untold, statement

import quaestor
from quaestor.catalog.model import Hidden, Method
from quaestor.errors import (
    AuthError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    ProviderError,
    QuaestorError,
    RateLimitError,
    ServerError,
)

#: Where the recordings were made, and keys that open nothing.
ENVIRONMENT = {
    "OKTA_SUBDOMAIN": "test",
    "OKTA_API_TOKEN": "okta-key",
    "DD_API_KEY": "api-key",
    "DD_APP_KEY": "app-key",
}
CREDENTIALS = {
    "okta": {"authorization": "SSWS okta-key"},
    "datadog": {"dd-api-key": "api-key", "dd-application-key": "app-key"},
}
#: Okta's own not-found, which for a bound key means that there is no such row.
NO_OBJECT = "E0000007"


@dataclass
class Outcome:
    """What a statement gave: rows until the end or until an error, and the requests that it made."""

    rows: list[dict[str, Any]]
    error: QuaestorError | None
    asked: list[Asked]

    @property
    def answers(self) -> list[Interaction]:
        """The recorded answers that were taken, in order."""
        return [each.answer for each in self.asked if each.answer is not None]


@dataclass
class Verdict:
    """One recorded GET.

    Attributes:
        kind: `rows`, `no row`, `error`: the statement gave what was recorded; `uncovered`: there is no statement,
            and `why` says why; `failed`: `problems` says what differs.
        respelled: the path was recorded with a slash too many.
        sized: we name the size of the page, or the first page, where the recording leaves it to the API.
        retried: answers that were asked for once more (429).
        besides: requests for what a list leaves out, which no recording has.
        completed: we send a parameter without which the list leaves rows out.
        stopped: the list goes on, but the next page wasn't recorded.
        beside: members of the body that stand beside the rows.
    """

    interaction: Interaction
    match: Match | None
    sql: str = ""
    kind: str = ""
    why: str = ""
    problems: list[str] = field(default_factory=list)
    rows: int = 0
    pages: int = 0
    compared: Comparison = field(default_factory=Comparison)
    respelled: bool = False
    sized: bool = False
    retried: int = 0
    besides: int = 0
    completed: bool = False
    stopped: bool = False
    beside: set[str] = field(default_factory=set)

    @property
    def operation(self) -> str:
        """The operation, or an empty text."""
        return self.match.key if self.match is not None else ""


def run(
    sql: str,
    interaction: Interaction,
    added: Mapping[str, str | None],
    hidden: Sequence[Hidden] = (),
    *,
    alone: bool = False,
    empty: bytes = b"[]",
) -> Outcome:
    """Runs a statement on the cassette of an interaction, from that interaction on; or on it `alone`."""
    cassette = (interaction,) if alone else cassettes()[interaction.cassette]
    transport = Replay(cassette, interaction.index, added, hidden, empty)
    rows: list[dict[str, Any]] = []
    error: QuaestorError | None = None
    with quaestor.connect(transport=transport, env=ENVIRONMENT, catalog=catalog()) as connection:
        try:
            with connection.sql(sql) as result:
                names = [column.name for column in result.columns]
                for row in result:
                    rows.append(dict(zip(names, row, strict=True)))
        except QuaestorError as raised:
            error = raised
    return Outcome(rows, error, transport.asked)


def judge(interaction: Interaction) -> Verdict:
    """Asks for what was recorded, with `_raw` and without: these are two ways through the decoder."""
    found = match(interaction)
    verdict = Verdict(interaction, found, respelled=is_respelled(interaction.url))
    if found is None:
        return _uncovered(verdict, "no operation of the catalog has this path")
    if found.method.verb != "select":
        return _uncovered(verdict, f"it is reached by {found.method.verb.upper()}")
    try:
        verdict.sql = statement(found, interaction)
    except Untold as reason:
        return _uncovered(verdict, str(reason))
    _judge_statement(verdict, found)
    if verdict.problems:
        verdict.kind = "failed"
    return verdict


def _judge_statement(verdict: Verdict, found: Match) -> None:
    interaction, method = verdict.interaction, found.method
    added = may_add(method)
    # A recording from the middle of a list is taken alone: the one of the list's beginning goes through all of it.
    alone = any(name == method.pagination.token_param for name, _ in address(interaction.url).query)
    outcome = run(verdict.sql, interaction, added, method.hidden, alone=alone, empty=empty_list(method))
    _judge_requests(verdict, outcome, method)
    plain = statement(found, interaction, raw=False)
    if verdict.stopped and not verdict.problems:
        # The rows before the error aren't handed out. With LIMIT they are all that is wanted, and no more is asked.
        wanted = sum(len(items(parsed(answer.body), method.response)) for answer in outcome.answers)
        if not wanted:  # an empty page that names another: there is no LIMIT that asks for it alone
            verdict.kind = "rows"
            return
        limit = f" LIMIT {wanted}"
        verdict.sql, plain = verdict.sql + limit, plain + limit
        outcome = run(verdict.sql, interaction, added, method.hidden, alone=alone, empty=empty_list(method))
        if isinstance(outcome.error, NotRecorded):
            verdict.problems.append(f"LIMIT {wanted} asks for more pages than it needs")
    if not verdict.problems:
        _judge_answer(verdict, outcome, method)
    if verdict.kind == "rows":
        again = run(plain, interaction, added, method.hidden, alone=alone, empty=empty_list(method))
        bare = [{name: value for name, value in row.items() if name != "_raw"} for row in outcome.rows]
        if again.rows != bare or [each.request for each in again.asked] != [each.request for each in outcome.asked]:
            verdict.problems.append("without _raw the rows are others")


def may_add(method: Method) -> dict[str, str | None]:
    """Query parameters that we add of ourselves: the size of a page, whatever it is, the first page, and what makes
    a list whole.
    """
    pagination = method.pagination
    found: dict[str, str | None] = {pagination.size_param: None} if pagination.size_param else {}
    if pagination.style in ("page", "offset") and pagination.token_param:
        found[pagination.token_param] = str(pagination.first)
    return found | whole(method)


def empty_list(method: Method) -> bytes:
    """The body of a list without rows."""
    body: Any = []
    for key in reversed(method.response.row_path):
        body = {key: body}
    return json.dumps(body).encode()


def whole(method: Method) -> dict[str, str | None]:
    """Query parameters without which a list leaves rows out; None for a time, which is that of the run."""
    found = {}
    for name, value in method.listing.whole.items():
        parameter = method.parameter(name)
        assert parameter is not None
        found[parameter.wire] = None if value.startswith("now") else value
    return found


def _uncovered(verdict: Verdict, why: str) -> Verdict:
    verdict.kind, verdict.why = "uncovered", why
    return verdict


def _judge_requests(verdict: Verdict, outcome: Outcome, method: Method) -> None:
    """The first request is the recorded one, each further one a page that follows or the same once more."""
    recorded = verdict.interaction
    if not outcome.asked or not outcome.answers:
        got = outcome.asked[0].request.url if outcome.asked else f"nothing: {outcome.error}"
        verdict.problems.append(f"asked for {got}")
        return
    first = outcome.asked[0]
    if first.answer is not recorded:
        verdict.problems.append(f"asked for {first.request.url} first")
    headers = dict(first.request.headers)
    for name, value in CREDENTIALS[recorded.provider].items():
        if headers.get(name) != value:
            verdict.problems.append(f"{name} wasn't sent")
    sent = {name for name, _ in address(first.request.url).query} - {name for name, _ in address(recorded.url).query}
    verdict.completed = not sent.isdisjoint(whole(method))
    verdict.sized = bool(sent - whole(method).keys())
    verdict.besides = sum(each.is_besides for each in outcome.asked)
    verdict.retried = sum(answer.status == 429 for answer in outcome.answers[:-1])
    verdict.pages = len(outcome.answers) - verdict.retried
    if isinstance(outcome.error, NotRecorded):
        verdict.stopped = True
        problem = _next_page(outcome.answers[-1], outcome.asked[-1].request.url, method)
        if problem:
            verdict.problems.append(problem)


def _next_page(last: Interaction, url: str, method: Method) -> str:
    """What is wrong with a request for the page after an answer, or nothing."""
    style, token = method.pagination.style, method.pagination.token_param
    if style == "link":
        links = [part for name, value in last.headers if name == "link" for part in value.split(", ")]
        following = next((link[1 : link.index(">")] for link in links if 'rel="next"' in link), "")
        # Okta links some lists at the admin console's name of the host; its own name is asked instead
        following = following.replace("-admin.okta.com", ".okta.com")
        return "" if following and address(following) == address(url) else f"asked for {url}, not for {following!r}"
    value: Any = parsed(last.body)
    if style in ("cursor", "next_url"):
        for key in method.pagination.token_path:
            value = value.get(key) if isinstance(value, dict) else None
        if style == "next_url":
            return "" if isinstance(value, str) and address(value) == address(url) else f"asked for {url}"
        return "" if (token, str(value)) in address(url).query else f"asked for {url} after {value!r}"
    given = dict(address(last.url).query).get(token, str(method.pagination.first))
    later = dict(address(url).query).get(token, "")
    ours = frozenset({token, method.pagination.size_param, *whole(method)})
    if address(url).without(ours) != address(last.url).without(ours):
        return f"asked for {url}, which is no page of the same list"
    return "" if later.isdigit() and int(later) > int(given) else f"asked for {url} after {token}={given}"


def _judge_answer(verdict: Verdict, outcome: Outcome, method: Method) -> None:
    last = outcome.answers[-1]
    if last.status >= 400:
        _judge_refusal(verdict, outcome, last, method)
        return
    if outcome.error is not None:
        verdict.problems.append(f"{type(outcome.error).__name__}: {outcome.error}")
        return
    wanted: list[Item] = []
    for answer in outcome.answers:
        if answer.status == 429:
            continue
        if "json" not in method.response.media_type:
            wanted.append(Item("", answer.body.decode()))
            continue
        body = parsed(answer.body)
        wanted += items(body, method.response)
        verdict.beside |= beside(body, method.response)
    verdict.kind, verdict.rows = "rows", len(outcome.rows)
    verdict.compared = compare(outcome.rows, wanted, method)
    verdict.problems += verdict.compared.wrong


def _judge_refusal(verdict: Verdict, outcome: Outcome, last: Interaction, method: Method) -> None:
    body = _json(last.body)
    code = body.get("errorCode", "") if isinstance(body, dict) else ""
    has_key = any(parameter.location == "path" for parameter in method.parameters)
    # Datadog has no codes: whatever its 404 says is about the key.
    if last.status == 404 and has_key and (code == NO_OBJECT or verdict.interaction.provider == "datadog"):
        verdict.kind = "no row"
        if outcome.error is not None or outcome.rows:
            verdict.problems.append(f"no such row, and yet {outcome.error or outcome.rows}")
        return
    verdict.kind = "error"
    error = outcome.error
    if type(error) is not error_class(last.status) or not isinstance(error, ProviderError):
        verdict.problems.append(f"{last.status} became {type(error).__name__}: {error}")
        return
    said = dict(last.headers).get("x-okta-request-id", "")
    for name, got, want in (
        ("status", error.status, last.status),
        ("vendor_code", error.vendor_code, code or error.vendor_code),
        ("request_id", error.request_id, said or error.request_id),
    ):
        if got != want:
            verdict.problems.append(f"{name} is {got!r}, recorded is {want!r}")
    verdict.problems += [
        f"the message lacks {text!r}: {error.message}" for text in summaries(body) if text not in error.message
    ]


def error_class(status: int) -> type[ProviderError]:
    """What a status has to become."""
    known = {401: AuthError, 403: AuthError, 404: NotFoundError, 409: ConflictError, 412: ConflictError}
    known[429] = RateLimitError
    return known.get(status, ServerError if status >= 500 else InvalidRequestError)


def summaries(body: Any) -> list[str]:
    """What the vendor says of an error, in its own words: Okta's summary, each of Datadog's errors."""
    if not isinstance(body, dict):
        return []
    if "errors" in body:
        errors = body["errors"]
        return [each if isinstance(each, str) else each.get("detail") or each["title"] for each in errors]
    return [body[name] for name in ("errorSummary", "message") if name in body]


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
