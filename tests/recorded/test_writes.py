"""The answers of recorded writes: every field has a column, so that RETURNING can name it."""

from __future__ import annotations

from collections import defaultdict

import pytest
from tests.recorded.by_hand import EDITED
from tests.recorded.cassettes import ABSENT, DATA, Interaction, cassettes
from tests.recorded.expected import fields, items, parsed
from tests.recorded.operations import match

if not DATA.is_dir():
    pytest.skip(ABSENT, allow_module_level=True)


def test_no_field_of_an_answer_is_without_a_column() -> None:
    lost: dict[str, set[str]] = defaultdict(set)
    asked = 0
    for each in writes():
        found = match(each)
        if found is None or not found.method.columns:
            continue
        asked += 1
        paths = {column.path for column in found.method.columns}
        for item in items(parsed(each.body), found.method.response):
            lost[found.key] |= {
                ".".join(path) for path, _ in fields(item, found.method.response) if path not in paths
            }
    assert {key: names for key, names in lost.items() if names} == {}
    assert asked >= 900


def writes() -> list[Interaction]:
    """The recorded writes that succeeded and answered something, without the cassette edited by hand."""
    return [
        each
        for name, cassette in cassettes().items()
        for each in cassette
        if each.method != "GET" and each.status < 300 and each.body.strip() and not name.startswith(EDITED)
    ]
