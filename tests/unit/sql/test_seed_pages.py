"""The statements that provider pages print: they parse as printed, and their placeholders take values."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from quaestor.sql.nodes import Delete, Exec, Insert, Placeholder, Select, Statement, StringTemplate, Update, walk
from quaestor.sql.parser import parse, parse_one
from quaestor.sql.template import substitute

SEEDS = Path(__file__).parents[4] / "shared" / "data" / "seeds"
PAGES = [
    ("000_d8c4ce78ddbee332.txt", [Select, Select, Insert, Delete]),
    ("001_5d077ebe97290281.txt", [Select, Update, Exec, Exec, Exec]),
    ("002_bd9d8cb10aa289da.txt", [Select, Update, Exec, Exec, Exec]),
    ("003_c2dce0aee62c2551.txt", [Select, Select, Insert, Delete]),
]
#: Where a page is plain text, a statement begins with one of these and ends at a semicolon.
PRINTED = re.compile(r"^(?:SELECT\n\w+,|INSERT INTO|UPDATE okta|DELETE FROM|EXEC okta).*?;", re.MULTILINE | re.DOTALL)


def placeholders(statement: Statement) -> list[tuple[str, ...]]:
    """The names of its placeholders, in the order of the text."""
    found = [node for node in walk(statement) if isinstance(node, Placeholder)]
    return [node.path for node in sorted(found, key=lambda node: node.pos)]


def printed(page: str) -> list[str]:
    if not SEEDS.is_dir():
        pytest.skip("the shared seed pages are not here (../shared/data/seeds)")
    text = (SEEDS / page).read_text(encoding="utf-8")
    return re.findall(r"```sql\n(.*?)```", text, re.DOTALL) or PRINTED.findall(text)


@pytest.mark.parametrize(("page", "kinds"), PAGES)
def test_every_statement_of_a_page(page: str, kinds: list[type[Statement]]) -> None:
    texts = printed(page)
    assert [type(parse_one(text)) for text in texts] == kinds
    for text in texts:
        statement = parse_one(text)
        names = set(placeholders(statement))
        assert ("subdomain",) in names
        filled = substitute(statement, {path[0]: "x" for path in names}, text)
        assert not [node for node in walk(filled) if isinstance(node, Placeholder | StringTemplate)]


@pytest.mark.parametrize(("page", "kinds"), PAGES)
def test_a_page_pasted_whole(page: str, kinds: list[type[Statement]]) -> None:
    # the plain text ends statements within comments: `-- required;`
    assert [type(statement) for statement in parse("\n".join(printed(page)))] == kinds


def test_the_comma_that_a_comment_swallows() -> None:
    for page in ("001_5d077ebe97290281.txt", "002_bd9d8cb10aa289da.txt"):
        verify = parse_one(printed(page)[-1])
        assert isinstance(verify, Exec)
        assert verify.path[:3] == ("okta", "apps", "connections")
        assert [argument.name for argument in verify.args] == ["subdomain", "code", "state"]


def test_the_update_without_assignments() -> None:
    update = parse_one(printed("001_5d077ebe97290281.txt")[1])
    assert isinstance(update, Update)
    assert update.assignments == ()
    assert placeholders(update) == [("subdomain",), ("activate",)]
    assert len(update.returning) == 5
