"""Invented values: in their schema's shape, consistent, and stable when a schema grows."""

from __future__ import annotations

import re
from typing import Any

from tests.unit.sandbox.conform import problems

from quaestor.catalog.model import Schema
from quaestor.sandbox.data.clock import Clock, epoch
from quaestor.sandbox.data.invent import Inventor
from quaestor.sandbox.data.seeded import UUID, mix

TEXT = Schema(type="string")


def inventor(schemas: dict[str, Schema] | None = None) -> Inventor:
    return Inventor((schemas or {}).get, Clock())


def many(schema: Schema, made: Inventor | None = None, count: int = 60) -> list[Any]:
    maker = made or inventor()
    values = [maker.object(schema, maker.born(mix(at, 1))) for at in range(count)]
    for value in values:
        assert problems(maker, schema, value) == []
    return values


def test_a_field_more_changes_no_other() -> None:
    small = Schema(type="object", properties={"name": TEXT, "level": Schema(type="integer")})
    large = Schema(type="object", properties={"first": TEXT, **small.properties, "last": TEXT})
    for one, other in zip(many(small), many(large), strict=True):
        assert {name: other[name] for name in one} == one


def test_write_only_fields_are_left_out_and_enums_kept() -> None:
    schema = Schema(
        type="object",
        properties={
            "secret": Schema(type="string", write_only=True),
            "state": Schema(type="string", enum=("on", "off", None)),
        },
    )
    values = many(schema)
    assert all("secret" not in value for value in values)
    assert {value["state"] for value in values} == {"on", "off"}


def test_bounds_are_kept() -> None:
    whole = Schema(type="integer", minimum=5, maximum=7)
    assert set(many(whole)) == {5, 6, 7}
    assert all(10 <= value <= 10.5 for value in many(Schema(type="number", minimum=10, maximum=10.5)))
    assert all(value >= 2000 for value in many(Schema(type="integer", minimum=2000)))
    assert all(value <= 1 for value in many(Schema(type="integer", maximum=1)))
    assert all(len(value) == 20 for value in many(Schema(type="string", min_length=20, max_length=20)))
    assert all(len(value) <= 3 for value in many(Schema(type="string", max_length=3)))
    assert all(2 <= len(value) <= 2 for value in many(Schema(type="array", items=TEXT, min_items=2, max_items=2)))


def test_formats() -> None:
    shapes = {
        "date-time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z",
        "date": r"\d{4}-\d\d-\d\d",
        "uuid": r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
        "email": r"[a-z.]+@example\.com",
        "uri": r"https://[a-z]+\.example\.com/[a-z]+",
        "ipv4": r"198\.51\.100\.\d+",
        "hostname": r"[a-z]+\.example\.com",
    }
    for form, shape in shapes.items():
        assert all(re.fullmatch(shape, value) for value in many(Schema(type="string", format=form))), form
    digits = Schema(type="string", pattern=r"^\d{12}$")
    assert all(re.fullmatch(r"\d{12}", value) for value in many(digits))


def test_times_are_in_order() -> None:
    when = Schema(type="string", format="date-time")
    schema = Schema(
        type="object", properties=dict.fromkeys(("created", "lastUpdated", "expiresAt", "modified_at"), when)
    )
    now = Clock().now
    for value in many(schema):
        assert epoch(value["created"]) <= epoch(value["lastUpdated"]) <= now < epoch(value["expiresAt"])
        assert epoch(value["created"]) <= epoch(value["modified_at"])


def test_alternatives_and_types() -> None:
    schemas = {
        "Dog": Schema(type="object", properties={"kind": TEXT, "bark": TEXT}, required=("bark",)),
        "Cat": Schema(type="object", properties={"kind": TEXT, "meow": TEXT}, required=("meow",)),
        "Pet": Schema(properties={"kind": TEXT}, discriminator="kind", mapping={"dog": "Dog", "cat": "Cat"}),
    }
    pets = many(Schema(ref="Pet"), inventor(schemas))
    assert {pet["kind"] for pet in pets} == {"dog", "cat"}
    assert all(("bark" in pet) == (pet["kind"] == "dog") for pet in pets)
    either = many(Schema(one_of=(Schema(type="integer"), Schema(type="string"))))
    assert {type(value) for value in either} == {int, str}


def test_recursion_ends() -> None:
    schemas = {
        "Tree": Schema(
            type="object",
            properties={
                "name": TEXT,
                "children": Schema(type="array", items=Schema(ref="Tree")),
                "up": Schema(ref="Tree"),
            },
        ),
        "Must": Schema(type="object", properties={"again": Schema(ref="Must")}, required=("again",)),
        "Loop": Schema(ref="Loop"),
    }
    maker = inventor(schemas)
    for name in ("Tree", "Loop"):
        assert len(str(maker.object(Schema(ref=name), maker.born(3)))) < 20_000
    assert maker.object(Schema(ref="Must"), maker.born(3))["again"]


def test_maps_nulls_and_references() -> None:
    values = many(Schema(type="object", additional=Schema(type="boolean")))
    assert all(value and all(isinstance(inner, bool) for inner in value.values()) for value in values)
    nullable = many(Schema(type="object", properties={"x": Schema(type="string", nullable=True)}))
    assert {value["x"] is None for value in nullable} == {True, False}
    maker = inventor()
    maker.refer = lambda name, state: "00u1" if name == "userId" else None
    maker.link = lambda kind, state: f"{kind}-1"
    made = maker.object(
        Schema(
            type="object",
            properties={
                "userId": TEXT,
                "userIds": Schema(type="array", items=TEXT),
                "owner": Schema(
                    type="object", properties={"id": TEXT, "type": Schema(type="string", enum=("users",))}
                ),
            },
        ),
        maker.born(1),
    )
    assert made == {"userId": "00u1", "userIds": made["userIds"], "owner": {"id": "users-1", "type": "users"}}


def test_ids_are_uuids_where_the_vendor_s_are_since_other_operations_may_insist_on_one() -> None:
    shape = Schema(type="object", properties={"id": TEXT, "variant_id": TEXT})
    theirs, others = Inventor(lambda name: None, Clock(), micros=True), inventor()
    for value in many(shape, theirs, 5):
        assert all(UUID.fullmatch(text) for text in value.values())
    assert not any(UUID.fullmatch(text) for value in many(shape, others, 5) for text in value.values())
