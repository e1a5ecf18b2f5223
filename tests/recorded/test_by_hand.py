"""Statements written by hand for the resources of the order, their rows taken from the recordings by `json.loads`."""

from __future__ import annotations

import json

import pytest
from tests.recorded.by_hand import ALL, COLLECTIONS, EDITED, NOT_FIELDS, PATHS, ByHand
from tests.recorded.cassettes import ABSENT, DATA, Interaction, address, cassettes, gets
from tests.recorded.operations import match
from tests.recorded.replay import NotRecorded
from tests.recorded.verdict import may_add, run

if not DATA.is_dir():
    pytest.skip(ABSENT, allow_module_level=True)


def recorded(place: str) -> tuple[Interaction, ...]:
    """The interaction that a statement is for, and those after it."""
    name, _, index = place.rpartition("#")
    return cassettes()[f"{name}.yaml"][int(index) :]


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.recording.partition("/")[2])
def test_rows(case: ByHand) -> None:
    first = recorded(case.recording)[0]
    found = match(first)
    assert found is not None
    sized = may_add(found.method)
    outcome = run(case.sql, first, sized, found.method.hidden)
    if case.stops:
        assert isinstance(outcome.error, NotRecorded), "the page after the last recorded one wasn't asked for"
        outcome = run(f"{case.sql} LIMIT {len(wanted(case))}", first, sized, found.method.hidden)
    assert outcome.error is None
    assert sum(not each.is_besides for each in outcome.asked) == case.pages
    assert address(outcome.asked[0].request.url).path == address(first.url).path
    said = dict(address(outcome.asked[0].request.url).query)
    assert {name: said.pop(name, None) for name, _ in address(first.url).query} == dict(address(first.url).query)
    assert said.keys() <= sized.keys()
    assert [comparable(row) for row in outcome.rows] == [chosen(case, one, outcome.rows) for one in wanted(case)]


def wanted(case: ByHand) -> list[dict[str, object]]:
    """The objects of the rows, from the bodies of the recorded pages."""
    pages = [each for each in recorded(case.recording) if each.method == "GET"][: case.pages]
    return [one for page in pages for one in case.objects(json.loads(page.body))]


def chosen(case: ByHand, one: dict[str, object], rows: list[dict[str, object]]) -> dict[str, object]:
    """What the columns of the statement are for an object; what it hasn't is NULL."""
    names = list(rows[0]) if rows else []
    return {name: case.named[name](one) if name in case.named else one.get(name) for name in names}


def comparable(row: dict[str, object]) -> dict[str, object]:
    """A row with the JSON of its objects and lists read."""
    return {name: _read(value) for name, value in row.items()}


def _read(value: object) -> object:
    return json.loads(value) if isinstance(value, str) and value[:1] in ("{", "[") else value


def test_no_recording_of_these_resources_is_left_out() -> None:
    theirs = {each.id for each in gets() if is_covered(each)}
    assert theirs == {case.recording for case in ALL}


def is_covered(interaction: Interaction) -> bool:
    """Whether the request is for one of `PATHS`, `*` being any one segment that isn't a collection of its own."""
    path = address(interaction.url).path
    for provider, pattern in (each.split(" ") for each in PATHS):
        parts = pattern.strip("/").split("/")
        here = provider == interaction.provider and len(parts) == len(path) and path[-1] not in COLLECTIONS
        if here and all(part in ("*", segment) for part, segment in zip(parts, path, strict=True)):
            return True
    return False


def test_every_field_of_these_objects_has_a_column() -> None:
    """`SELECT *` of the single objects: no field is left to `_raw`, but those of the cassette edited by hand."""
    for case in ALL:
        if case.objects.__name__ == "missing":
            continue
        first = recorded(case.recording)[0]
        found = match(first)
        assert found is not None
        columns = {column.name for column in found.method.columns}
        for one in wanted(case):
            known = set(NOT_FIELDS) if case.recording.startswith(EDITED) and "secret" not in case.sql else set()
            assert set(one) - columns == known, case.recording
