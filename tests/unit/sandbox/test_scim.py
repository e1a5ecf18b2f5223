"""Okta's filter language: what passes, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from quaestor.sandbox.answer.manners import values_at
from quaestor.sandbox.answer.refusal import Refusal
from quaestor.sandbox.okta.scim import parse

ROW: dict[str, Any] = {
    "id": "00uAbC",
    "status": "ACTIVE",
    "created": "2026-01-02T03:04:05.000Z",
    "profile": {"department": "R&D", "city": "Berlin", "tags": ["a", "b"], "active": True, "level": 7, "nick": None},
    "emails": [{"value": "x@example.com"}, {"value": "y@example.com"}],
}


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ('status eq "ACTIVE"', True),
        ('status eq "active"', True),
        ('STATUS eq "ACTIVE"', False),
        ('status ne "ACTIVE"', False),
        ('profile.department eq "R&D"', True),
        ('profile.city sw "Ber"', True),
        ('profile.city ew "lin"', True),
        ('profile.city co "erl"', True),
        ("profile.active eq true", True),
        ("profile.active eq false", False),
        ('profile.tags eq "b"', True),
        ('emails.value eq "y@example.com"', True),
        ("profile.nick pr", False),
        ("profile.city pr", True),
        ('profile.nothing ne "x"', True),
        ('created gt "2026-01-01T00:00:00.000Z"', True),
        ('created ge "2026-01-02T03:04:05Z"', True),
        ('created lt "2026-01-02T03:04:05.000Z"', False),
        ('created le "2026-01-02T03:04:05.000Z"', True),
        ('status eq "X" or profile.city eq "Berlin"', True),
        ('status eq "ACTIVE" and profile.city eq "Rome"', False),
        ('status eq "X" or status eq "ACTIVE" and profile.city eq "Rome"', False),
        ('(status eq "X" or status eq "ACTIVE") and profile.city eq "Berlin"', True),
        ('not (status eq "ACTIVE")', False),
        ('status eq "ACTIVE" and not (profile.city eq "Rome")', True),
        ('STATUS pr or status EQ "ACTIVE"', True),
        (r'profile.city eq "Ber\"lin"', False),
    ],
)
def test_filters(text: str, passes: bool) -> None:
    assert parse(text, "filter").test(ROW) is passes


@pytest.mark.parametrize(
    "text",
    [
        "status",
        "status eq",
        'status is "ACTIVE"',
        'eq "ACTIVE"',
        '"status" eq "ACTIVE"',
        '(status eq "ACTIVE"',
        'status eq "ACTIVE")',
        'status eq "ACTIVE" and',
        'not status eq "ACTIVE"',
        'status eq "ACTIVE',
        'status eq "A" status eq "B"',
        "()",
        "(" * 100_000,
        "not (" * 60 + "id pr" + ")" * 60,
        " ",
    ],
)
def test_what_is_no_filter_is_refused_by_name(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse(text, "search")
    assert refused.value.why == "filter"
    assert refused.value.detail.startswith("search ")


def test_a_lone_equality_is_known_as_one() -> None:
    assert parse('id eq "00uAbC"', "filter").equal == ("id", "00uAbC")
    assert parse('(id eq "00uAbC")', "filter").equal == ("id", "00uAbC")
    for more in ('id eq "a" or id eq "b"', 'not (id eq "a")', 'id sw "a"', 'id eq "a" and status pr'):
        assert parse(more, "filter").equal == ()
    assert parse('id eq "a" or profile.x pr', "filter").attributes == ("id", "profile.x")


def test_values_are_found_through_lists() -> None:
    assert values_at(ROW, "emails.value") == ["x@example.com", "y@example.com"]
    assert values_at(ROW, "profile.nick") == []
    assert values_at(ROW, "id.deeper") == []
