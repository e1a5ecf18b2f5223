"""Whether a statement makes the recorded write: run over the recorded answer, the request compared part by part.

    python -m tests.recorded.write_verdict      the counts, and what isn't equal and why

Before: `write_statements`. After: `test_write_requests` holds the verdicts against `write_exceptions.yaml`.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml12
from tests.recorded.by_hand import EDITED
from tests.recorded.cassettes import Interaction, address, cassettes
from tests.recorded.operations import Match, catalog, match
from tests.recorded.statements import Untold
from tests.recorded.write_statements import write_statement

import quaestor
from quaestor.errors import BindError, LimitError, PartialWriteError, ProviderError
from quaestor.fetch.http import CancelToken, HttpRequest, HttpResponse

EXCEPTIONS = Path(__file__).with_name("write_exceptions.yaml")
ENV = {"OKTA_API_TOKEN": "t", "OKTA_SUBDOMAIN": "test", "DD_API_KEY": "k", "DD_APP_KEY": "a"}
#: The request is the recorded one, and the statement ends as the recorded answer says.
EQUAL = ("done", "refused by the API")


@dataclass(frozen=True)
class Verdict:
    """What came of one recorded write; `kind` is one of `EQUAL`, or why it isn't."""

    interaction: Interaction
    kind: str
    detail: str = ""


class Once:
    """Answers one request with the recorded answer."""

    def __init__(self, interaction: Interaction) -> None:
        self.interaction = interaction
        self.asked: list[HttpRequest] = []

    def send(self, request: HttpRequest, cancel: CancelToken) -> HttpResponse:
        """The recorded answer. Raises LimitError for a second request."""
        self.asked.append(request)
        if len(self.asked) > 1:
            raise LimitError(f"a second request: {request.method} {request.url}")
        answer = self.interaction
        return HttpResponse(answer.status, answer.headers, answer.body, request.url)

    def close(self) -> None:
        """Nothing to give back."""


def writes() -> list[Interaction]:
    """Every recorded request that isn't a GET, without the cassette edited by hand."""
    return [
        each
        for name, cassette in cassettes().items()
        if not name.startswith(EDITED)
        for each in cassette
        if each.method not in ("GET", "HEAD")
    ]


@lru_cache(maxsize=1)
def verdicts() -> tuple[Verdict, ...]:
    """A verdict on each."""
    return tuple(map(judge, writes()))


def judge(interaction: Interaction) -> Verdict:
    """Run the statement that makes the recorded request, and compare."""
    found = match(interaction)
    if found is None:
        return Verdict(interaction, "not in the catalog")
    try:
        text = write_statement(found, interaction)
    except Untold as error:
        return Verdict(interaction, "unknown to the catalog", str(error))
    wire = Once(interaction)
    settings = quaestor.Settings(all_rows=True)
    with quaestor.connect(settings, transport=wire, catalog=catalog(), env=ENV) as con:
        try:
            con.sql(text, variables=_placeholders(text)).fetchall()
            ended = "done"
        except BindError as error:
            return Verdict(interaction, _refused(found, interaction), f"{error.message}\n{text}")
        except (ProviderError, PartialWriteError):
            ended = "refused by the API"
    if ended != ("done" if interaction.status < 300 else "refused by the API"):
        return Verdict(interaction, "ends otherwise", f"{interaction.status}: {ended}")
    wrong = _difference(wire.asked[0], interaction)
    return Verdict(interaction, *(wrong or (ended,)))


def _refused(found: Match, interaction: Interaction) -> str:
    if found.method.body is not None and interaction.sent is None:
        return "recorded without its body"
    return "refused here" if interaction.status < 300 else "refused here as by the API"


def _difference(asked: HttpRequest, recorded: Interaction) -> tuple[str, str] | None:
    """What differs between two requests: None for nothing."""
    ours, theirs = address(asked.url), address(recorded.url)
    if (asked.method, ours.path, ours.query) != (recorded.method, theirs.path, theirs.query):
        return "another address", f"{asked.url}\n{recorded.url}"
    sent, wanted = _json(asked.body), _json(recorded.sent)
    if sent != wanted:
        kind = "recorded without its body" if recorded.sent is None else "another body"
        return kind, f"{json.dumps(sent)[:500]}\n{json.dumps(wanted)[:500]}"
    return None


def _json(body: bytes | str | None) -> Any:
    if body is None:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body


def _placeholders(text: str) -> dict[str, str]:
    """`{{ X }}` inside a recorded value stays as it is."""
    import re

    return {name: "{{ " + name + " }}" for name in re.findall(r"\{\{ (\w+) \}\}", text)}


def counts(provider: str) -> dict[str, int]:
    """How many recorded writes ended how."""
    found = Counter(each.kind for each in verdicts() if each.interaction.provider == provider)
    return {"recorded writes": sum(found.values()), **dict(sorted(found.items()))}


def exceptions() -> dict[str, Any]:
    """The reasons why some aren't equal, and how many must be."""
    found: Any = yaml12.read_yaml(str(EXCEPTIONS))
    return dict(found)


if __name__ == "__main__":
    for provider in ("okta", "datadog"):
        print(provider)
        for kind, count in counts(provider).items():
            print(f"  {count:5} {kind}")
    for reason, names in exceptions()["recordings"].items():
        print(f"{len(names):5} {reason}")
