"""Keys: every position has one, every key finds its position, nothing else does; and patterns that are matched."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quaestor.sandbox.data.patterns import matching
from quaestor.sandbox.data.seeded import CodeKeys, IntegerKeys, Keys, NameKeys, UuidKeys, mix, state_of

KINDS: dict[str, Keys] = {
    "okta": CodeKeys(11, "00u", 10, "Xb4Q5d7"),
    "dashboard": CodeKeys(12, length=9, groups=3),
    "odd": CodeKeys(13, length=7),
    "long": CodeKeys(14, length=24),
    "uuid": UuidKeys(15),
    "integer": IntegerKeys(16),
    "name": NameKeys(("alpha", "beta-2", "gamma")),
}


@pytest.mark.parametrize("kind", KINDS)
def test_keys_are_different_and_lead_back(kind: str) -> None:
    keys = KINDS[kind]
    made = [keys.key(at) for at in range(3000)]
    assert len(set(made)) == 3000
    assert [keys.index(key) for key in made] == list(range(3000))


@pytest.mark.parametrize("kind", KINDS)
@given(text=st.text(max_size=40))
def test_any_text_is_a_key_or_none(kind: str, text: str) -> None:
    keys = KINDS[kind]
    index = keys.index(text)
    assert index == -1 or keys.key(index).lower() == text.lower()


def test_keys_have_their_form() -> None:
    assert re.fullmatch(r"00u[0-9A-Za-z]{10}Xb4Q5d7", KINDS["okta"].key(0))
    assert re.fullmatch(r"[a-z0-9]{3}-[a-z0-9]{3}-[a-z0-9]{3}", KINDS["dashboard"].key(0))
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", KINDS["uuid"].key(0))
    assert KINDS["name"].key(3) == "alpha-2"


def test_the_key_of_another_seed_is_not_found_in_range() -> None:
    assert CodeKeys(21, "00u", 10, "Xb4Q5d7").index(KINDS["okta"].key(5)) > 1_000_000


def test_states_depend_on_every_name_and_its_place() -> None:
    assert state_of(1, "a", "b") == state_of(1, "a", "b")
    assert len({state_of(1, "a", "b"), state_of(1, "b", "a"), state_of(2, "a", "b"), state_of(1, "a")}) == 4
    assert 0 <= mix(2**64 - 1, 2**63) < 2**64


@pytest.mark.parametrize(
    "pattern",
    [
        r"^\d{12}$",
        r"^[a-z0-9]+(-[a-z0-9]+)*\.example(gov|fed)?\.com$",
        r"^\+[1-9]\d{1,14}$",
        r"(?i)^[0-9a-f]{8}-[1-5][0-9a-f]{3}$",
        r"^pc[0-9]+(\.[0-9]+)?$",
        r"^(?:\*|\^?\d+(?:\.\d+){0,2})$",
        r".*\S.*",
        r"^[\w\-_. ]+$",
    ],
)
def test_patterns_are_matched(pattern: str) -> None:
    for state in range(50):
        text = matching(pattern, mix(state, 1))
        assert text is not None
        assert re.search(pattern, text)


@pytest.mark.parametrize("pattern", [r"^(?!x)y$", r"^[^a]$", r"(", r"^P(?:$)x$"])
def test_a_pattern_outside_of_the_subset_gives_nothing(pattern: str) -> None:
    assert matching(pattern, 5) is None
