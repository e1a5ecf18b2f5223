"""The page of `datadog.integrations.okta_accounts` has what Datadog's own page of its Okta integration has: point by
point, for each of the five operations, both pages taken apart."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from tests.pages.published import ABSENT, DATA

from quaestor.authoring.pages import markdown
from quaestor.authoring.pages.site import Source, make_pages
from quaestor.catalog.store import open_catalog

pytestmark = pytest.mark.skipif(bool(ABSENT), reason=ABSENT)

SEED = "004_c2413dfe64a77d1d.txt"
#: Datadog's operations, in the order of its page, and what they are called here.
METHODS = (
    "list_okta_accounts",
    "create_okta_account",
    "get_okta_account",
    "update_okta_account",
    "delete_okta_account",
)
_ROW = re.compile(r"^(\w+)( \[required\])?\n\n(\[?\w+\]?)\n\n(.*)$", re.MULTILINE)


@dataclass
class Operation:
    """What one of the five says: `fields` are names with their types, required or not, and descriptions."""

    text: str
    urls: set[str] = field(default_factory=set)
    permission: str = ""
    body: set[tuple[str, str, bool, str]] = field(default_factory=set)
    answer: set[tuple[str, str, bool, str]] = field(default_factory=set)
    statuses: list[str] = field(default_factory=list)
    examples: list[object] = field(default_factory=list)


def theirs() -> list[Operation]:
    """Datadog's page."""
    whole = (DATA / "seeds" / SEED).read_text(encoding="utf-8").replace("\xa0", " ")
    parts = re.split(r"(?m)^(?=(?:GET|POST|PATCH|DELETE) https://)", whole)[1:]
    return [_their_operation(part) for part in parts]


def _their_operation(part: str) -> Operation:
    found = Operation(
        part, set(re.findall(r"https://api\.[\w.-]+/api/v2/integrations/okta/accounts(?:/\{account_id\})?", part))
    )
    found.permission = re.findall(r"requires the (\w+) permission", part)[0]
    request, _, answers = part.partition("\nResponse\n")
    found.body = _their_fields(request.partition("Body Data (required)")[2])
    success, _, failures = answers.partition("\nBad Request\n")
    found.answer = _their_fields(success)
    found.statuses = [
        name
        for name in ("Bad Request", "Forbidden", "Not Found", "Too many requests")
        if f"\n{name}\n" in "\nBad Request\n" + failures
    ]
    assert "errors [required]\n\n[string]\n\nA list of errors." in failures
    found.examples = [
        json.loads(text) for text in re.findall(r"(?ms)^\{\n.*?^\}$", part.partition("Code Example")[0])
    ]
    return found


def _their_fields(part: str) -> set[tuple[str, str, bool, str]]:
    listed = part.rpartition("Description\n")[2] if "Description\n" in part else ""
    return {
        (name, "string" if kind == "enum" else kind, bool(needed), said.split(" Allowed")[0])
        for name, needed, kind, said in _ROW.findall(listed)
    }


@pytest.fixture(scope="module")
def page() -> Iterator[str]:
    """Our page."""
    with open_catalog() as catalog:
        source = Source(catalog, "datadog", (str(DATA / "specs" / "datadog" / "v2.yaml"),))
        found = next(
            each for each in make_pages(source, "markdown", ["integrations"]) if each.resource == "okta_accounts"
        )
        yield markdown.render(found)


@pytest.fixture(scope="module")
def ours(page: str) -> list[Operation]:
    requests = page.partition("## Requests\n")[2]
    parts = {part.split("\n", 1)[0]: part for part in re.split(r"(?m)^### ", requests)[1:]}
    return [_our_operation(parts[name]) for name in METHODS]


def _our_operation(part: str) -> Operation:
    found = Operation(part, set(re.findall(r"`(https://api[^`]*)`", part)))
    found.permission = re.findall(r"\*\*Permissions\*\* \| `(\w+)`", part)[0]
    pieces = re.split(r"(?m)^\*\*(?=Request body|Answer|Python\*\*)", part)[1:]
    for piece in pieces:
        rows = {
            (name.rpartition(".")[2], kind, bool(needed), re.sub(r" (?:\(|Allowed).*", "", said))
            for name, needed, kind, said in re.findall(
                r"(?m)^\| `([^`]+)`( \\\[required\\\])? \| `([^`]+)` \| (.*) \|$", piece
            )
        }
        if piece.startswith("Request"):
            found.body = rows
        elif piece.startswith("Answer: 2"):
            found.answer = rows
        elif piece.startswith("Answer"):
            found.statuses += re.findall(r"\d{3} ([A-Za-z ]+)", piece.partition("**")[0])
            assert rows == {("errors", "[string]", True, "A list of errors.")}
    found.examples = [json.loads(text) for text in re.findall(r"(?s)```json\n(.*?)\n```", part)]
    return found


def shape(value: object) -> object:
    """The keys and types of a value."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    return [shape(each) for each in value] if isinstance(value, list) else type(value).__name__


@pytest.mark.parametrize("number", range(5), ids=METHODS)
def test_the_page_has_each_point_of_theirs(number: int, ours: list[Operation]) -> None:
    mine, wanted = ours[number], theirs()[number]
    assert len(wanted.urls) == 6
    assert wanted.urls <= mine.urls, "addresses, one for each site"
    assert mine.permission == wanted.permission
    assert wanted.body <= mine.body, "fields of the request, nested ones too, and which are required"
    assert wanted.answer <= mine.answer, "fields of the answer"
    assert mine.statuses == wanted.statuses == ["Bad Request", "Forbidden", "Not Found", "Too many requests"]
    for example in wanted.examples:
        mine_too = [shape(each) for each in mine.examples]
        assert any(_covers(each, shape(example)) for each in mine_too), example
    assert any(each == {"errors": ["Bad Request"]} for each in mine.examples)


def _covers(mine: object, wanted: object) -> bool:
    if isinstance(mine, dict) and isinstance(wanted, dict):
        return all(key in mine and _covers(mine[key], value) for key, value in wanted.items())
    if isinstance(mine, list) and isinstance(wanted, list):
        return all(_covers(mine[0], value) for value in wanted)
    return mine == wanted


def test_there_is_something_to_compare() -> None:
    create = theirs()[1]
    assert ("name", "string", True, "The name of the Okta account.") in create.body
    assert ("data", "object", True, "Schema for an Okta account.") in create.body
    assert [len(each.body) for each in theirs()] == [0, 10, 0, 8, 0]
    assert [len(each.answer) for each in theirs()] == [10, 10, 10, 10, 0]
    assert [len(each.examples) for each in theirs()] == [5, 6, 5, 6, 4]


@pytest.mark.parametrize("number", range(5), ids=METHODS)
def test_each_operation_has_its_programs(number: int, ours: list[Operation], page: str) -> None:
    wanted, mine = theirs()[number].text, ours[number].text
    call = re.findall(r"\.(\w+)\((?:params)?\)\n  \.then\(\((data: [\w.]+)\)", wanted)[0]
    typescript = re.findall(r"(?s)```typescript\n(.*?)\n```", mine)[0]
    assert f".{call[0]}(" in typescript
    assert call[1] in typescript
    assert "new v2.OktaIntegrationApi(configuration)" in typescript
    kind = re.findall(r"const params: (v2\.\w+) ", wanted)
    assert re.findall(r"const params: (v2\.\w+) ", typescript) == kind
    for key in re.findall(r"(?m)^\s+(\w+): ", wanted.partition("const params")[2].partition("apiInstance")[0]):
        assert f"{key}: " in typescript
    assert "DD_SITE=" in mine
    assert "DD_API_KEY=" in mine
    assert "DD_APP_KEY=" in mine
    python = re.findall(r"(?s)```python\n(.*?)\n```", mine)
    assert len(python) == 2
    for program in python:
        ast.parse(program)
    assert f"**{METHODS[number]}**" in page.partition("## Requests")[0], "the SQL of it"


def test_the_enum_has_its_values_and_default(ours: list[Operation]) -> None:
    for mine in ours[:4]:
        assert re.search(r"type`.*default: okta-accounts.*Allowed values: `okta-accounts`", mine.text)
