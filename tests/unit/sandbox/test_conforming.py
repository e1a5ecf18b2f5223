"""What a body may be, and what an answer must have: by schemas of a few lines, and by the vendors' own."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.sandbox.asking import sandbox

from quaestor.catalog.model import Schema
from quaestor.sandbox.answer.links import links
from quaestor.sandbox.change.checks import faults
from quaestor.sandbox.change.conforming import conforming, unset
from quaestor.sandbox.data.clock import Clock
from quaestor.sandbox.data.invent import Inventor

_KINDS = {
    "Sms": Schema(type="object", properties={"kind": Schema(type="string"), "phone": Schema(type="string")}),
    "Key": Schema(
        type="object",
        properties={"kind": Schema(type="string"), "serial": Schema(type="integer")},
        required=("serial",),
    ),
}
_INVENTOR = Inventor(_KINDS.get, Clock())


@pytest.mark.parametrize(
    ("schema", "value", "what"),
    [
        (Schema(type="string", max_length=3), "abcd", "must be at most 3 characters"),
        (Schema(type="string", min_length=2), "a", "must be at least 2 characters"),
        (Schema(type="string", pattern="^[a-z]+$"), "A", "must match ^[a-z]+$"),
        (Schema(type="string", format="uuid"), "x", "must be a UUID"),
        (Schema(type="string", format="email"), "x", "must be an email address"),
        (Schema(type="string", format="uri"), "x", "must be a URL"),
        (Schema(type="string", format="date-time"), "tomorrow", "must be a date and time of RFC 3339"),
        (Schema(type="string", format="date-time"), "1700000000", "must be a date and time of RFC 3339"),
        (Schema(type="integer", minimum=1000000), 5, "must be at least 1000000"),
        (Schema(type="number", maximum=0.5), 0.6, "must be at most 0.5"),
        (Schema(type="array", max_items=1), [1, 2], "must be at most 1 items"),
        (Schema(type="array", items=Schema(type="string")), [1], "must be a string"),
        (Schema(type="object", additional=Schema(type="boolean")), {"a": 1}, "must be a boolean"),
        (Schema(discriminator="kind", mapping={"sms": "Sms"}), {"kind": "fax"}, "has an invalid value"),
        (Schema(discriminator="kind", mapping={"key": "Key"}), {"kind": "key"}, "is required"),
    ],
)
def test_a_body_that_its_schema_refuses(schema: Schema, value: Any, what: str) -> None:
    assert [said for _, said in faults(_INVENTOR, schema, value)] == [what]


@pytest.mark.parametrize(
    ("form", "value"),
    [
        ("date-time", "2026-01-31T12:00:00Z"),
        ("date-time", "2026-01-31T12:00:00.123456+00:00"),
        ("uuid", "123E4567-e89b-12d3-a456-426614174000"),
        ("uri", "myapp:callback"),
        ("email", "a+b@c"),
    ],
)
def test_a_text_of_its_format(form: str, value: str) -> None:
    assert faults(_INVENTOR, Schema(type="string", format=form), value) == []


def test_of_alternatives_the_nearest_is_told_of() -> None:
    one = Schema(type="object", properties={"start": Schema(type="string", format="date-time")})
    other = Schema(type="object", properties={"recurrences": Schema(type="array")}, required=("recurrences",))
    found = faults(_INVENTOR, Schema(one_of=(other, one)), {"start": "tomorrow"})
    assert found == [("start", "must be a date and time of RFC 3339")]


_TEXT = Schema(type="string")
_ANSWER = Schema(
    type="object",
    properties={
        "type": Schema(type="string", enum=("thing_response",)),
        "name": _TEXT,
        "count": Schema(type="integer"),
        "secret": Schema(type="string", write_only=True),
        "note": _TEXT,
    },
    required=("type", "count", "secret"),
    closed=True,
)


def test_an_answer_has_what_its_schema_insists_on_and_no_more() -> None:
    made = conforming(_INVENTOR, _ANSWER, {"type": "thing_request", "name": "n", "secret": "s", "odd": 1}, 7)
    assert made == {"type": "thing_response", "name": "n", "count": made["count"]}
    assert isinstance(made["count"], int)
    assert conforming(_INVENTOR, _ANSWER, made, 8) == made


def test_what_was_recorded_wins_over_what_the_schema_insists_on() -> None:
    bones = {"name": ["string"], "?odd": ["number"]}
    assert conforming(_INVENTOR, _ANSWER, {"name": "n", "odd": 1}, 7, bones) == {"name": "n", "odd": 1}


def test_null_in_a_patch_takes_away_what_cannot_be_null() -> None:
    row = {"name": None, "note": None, "count": 1}
    assert unset(_INVENTOR, _ANSWER, {"name": None}, row) == {"note": None, "count": 1}


@pytest.mark.parametrize(("status", "step"), [("ACTIVE", "deactivate"), ("INACTIVE", "activate")])
def test_links_are_the_steps_that_are_open(status: str, step: str) -> None:
    site = sandbox().site("okta")
    zones = "/api/v1/zones"
    route = site.routes.at(zones + "/{}")
    assert route is not None
    found = links(site.inventor, site.routes, route.shape, zones, zones + "/nzo1", {"status": status})
    assert found["self"]["href"].endswith("/api/v1/zones/nzo1")
    assert found["self"]["hints"]["allow"] == ["GET", "PUT", "DELETE"]
    assert {*found} & {"activate", "deactivate"} == {step}
    assert found[step]["href"].endswith(f"/api/v1/zones/nzo1/lifecycle/{step}")
