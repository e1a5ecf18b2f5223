"""The fifteen questions that administrators ask have the answers that loops over the same objects give.

`python -m tests.questions.report` prints each with its requests; `docs/how-to/questions.md` has them for people.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.questions.expected import EXPECTED, Org, in_any_order, ordered_by

import quaestor
from quaestor.sql.parser import parse_script

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs/how-to/questions.md"


@pytest.fixture(scope="module")
def org_and_connection() -> Iterator[tuple[Org, quaestor.Connection]]:
    with quaestor.sandbox("okta") as box, box.connect() as connection:
        yield Org(box.front.service), connection  # type: ignore[arg-type]


def text_of(question: str) -> str:
    return (HERE / f"{question}.sql").read_text(encoding="utf-8")


@pytest.mark.parametrize("question", EXPECTED)
def test_the_answer(question: str, org_and_connection: tuple[Org, quaestor.Connection]) -> None:
    org, connection = org_and_connection
    expected = EXPECTED[question](org)
    text = text_of(question)
    answers = []
    for result in connection.script(text):
        answers.append(result.fetchall())
        assert result.complete
    assert len(answers) == len(expected)
    for found, right in zip(answers, expected, strict=True):
        assert right, "nothing to compare"
        assert in_any_order(found) == in_any_order(right)
    for column, is_descending in ordered_by(text):
        values = [str(row[column] or "") if not is_descending else row[column] for row in answers[0]]
        assert values == sorted(values, reverse=is_descending)


@pytest.mark.parametrize(("question", "table"), [("q04", "f"), ("q08", "au")])
def test_the_server_variable_of_the_optional_side_loses_no_row(
    question: str, table: str, org_and_connection: tuple[Org, quaestor.Connection]
) -> None:
    """It says where to ask, and nothing of the rows that come."""
    org, connection = org_and_connection
    text, predicate = text_of(question), f" AND {table}.subdomain = 'my-org'"
    assert predicate in text
    right = in_any_order(EXPECTED[question](org)[0])
    assert len(right) > 1
    for statement in (text, text.replace(predicate, "")):
        assert in_any_order(connection.sql(statement).fetchall()) == right


def test_they_are_in_the_documentation() -> None:
    page = PAGE.read_text(encoding="utf-8")
    shown = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    assert [parse_script(text).statements for text in shown] == [
        parse_script(text_of(question)).statements for question in EXPECTED
    ]
