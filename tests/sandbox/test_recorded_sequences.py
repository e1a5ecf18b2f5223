"""Recorded sequences, played to the sandbox: the same status and the same shape (`sequences` says what that is).

`python -m tests.sandbox.test_recorded_sequences` prints the report: counts, and each difference by name.

The sandbox has learned from the same cassettes (`observe`). How it does on what it hasn't seen is counted too: one
half of the cassettes is learned from, the other half is played, and the other way round. The rules that are written
by hand (`okta.rules`, `datadog.rules`) know all of them.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from zlib import crc32

import pytest
from tests.recorded.cassettes import ABSENT, DATA
from tests.sandbox import observe
from tests.sandbox.sequences import Outcome, play, sequences

from quaestor.sandbox.answer import observed

if not DATA.is_dir():
    pytest.skip(ABSENT, allow_module_level=True)

#: The resources that the product was ordered for, by what their cassettes are called.
SEEDS = {
    "okta accounts in Datadog": "okta_account",
    "application connections": "test_application_connections_it",
    "identity source sessions": "test_identity_source_it",
    "api service integrations": "test_api_service_integrations_it",
    "users": "test_users_it",
    "groups": "test_groups_it",
}
#: Exchanges of these that the sandbox answers otherwise, and why.
EXCEPTIONS = {
    "test_list_user_blocks.yaml#1": "the recorded org lacks the feature (E0000015)",
    "test_list_user_blocks.yaml#5": "the recorded org lacks the feature (E0000015)",
}
#: A cassette that its vendor edited by hand: fields that the specification doesn't have. Its statuses count.
EDITED = "test_api_service_integration_lifecycle.yaml"
#: At least so many of 100 exchanges of all cassettes have the same status, and the same shape too.
STATUS, SHAPE = 94, 91
#: And of those that were not learned from.
UNSEEN_STATUS, UNSEEN_SHAPE = 93, 79


@lru_cache(maxsize=1)
def outcomes() -> list[Outcome]:
    return [outcome for cassette in sequences() for outcome in play(cassette) if outcome.known]


@lru_cache(maxsize=1)
def unseen() -> list[Outcome]:
    """Every exchange, played to a sandbox that hasn't learned from its half of the cassettes."""
    found: list[Outcome] = []
    with pytest.MonkeyPatch.context() as patch:
        for half in (0, 1):
            learned = observe.observed(lambda name, half=half: crc32(name.encode()) % 2 != half)  # type: ignore[misc]
            patch.setattr(observed, "_all", lambda learned=learned: learned)
            found += [
                outcome
                for cassette in sequences()
                if crc32(cassette.encode()) % 2 == half
                for outcome in play(cassette)
                if outcome.known
            ]
    return found


def named(outcome: Outcome) -> str:
    """`test_list_user_blocks.yaml#1`."""
    return f"{outcome.cassette.rpartition('/')[2].rpartition('Resource.')[2]}#{outcome.index}"


@pytest.mark.parametrize("seed", SEEDS)
def test_the_ordered_resources_answer_as_recorded(seed: str) -> None:
    found = [each for each in outcomes() if SEEDS[seed] in each.cassette]
    assert found
    wrong = {
        named(each): (each.what, each.said, each.ours, each.shape)
        for each in found
        if not each.same and not (EDITED in each.cassette and each.said == each.ours)
    }
    assert {name: why for name, why in wrong.items() if name not in EXCEPTIONS} == {}


def test_no_exception_is_out_of_date() -> None:
    wrong = {named(each) for each in outcomes() if not each.same}
    assert set(EXCEPTIONS) <= wrong


def test_most_of_all_that_was_recorded_is_answered_alike() -> None:
    every = outcomes()
    assert len(every) > 2500
    assert sum(each.said == each.ours for each in every) * 100 >= STATUS * len(every)
    assert sum(each.same for each in every) * 100 >= SHAPE * len(every)


@pytest.mark.slow
def test_what_was_not_learned_from_is_often_answered_alike_too() -> None:
    every = unseen()
    assert len(every) == len(outcomes())
    assert sum(each.said == each.ours for each in every) * 100 >= UNSEEN_STATUS * len(every)
    assert sum(each.same for each in every) * 100 >= UNSEEN_SHAPE * len(every)


def report() -> str:
    """Counts by provider and by ordered resource, then each difference by name."""
    lines = ["what | exchanges | same status | same shape | same keys as that very answer"]
    groups = {f"all of {name}": f"{name}/" for name in ("okta", "datadog")}
    for name, part in {**SEEDS, **groups}.items():
        found = [each for each in outcomes() if part in each.cassette]
        status, shape = sum(each.said == each.ours for each in found), sum(each.same for each in found)
        lines.append(f"{name} | {len(found)} | {status} | {shape} | {sum(each.exact for each in found)}")
    for name in ("okta", "datadog"):
        found = [each for each in unseen() if each.cassette.startswith(f"{name}/")]
        status, shape = sum(each.said == each.ours for each in found), sum(each.same for each in found)
        exact = sum(each.exact for each in found)
        lines.append(f"{name}, not learned from | {len(found)} | {status} | {shape} | {exact}")
    statuses = Counter((each.what, each.said, each.ours) for each in outcomes() if each.said != each.ours)
    lines += [
        f"status: {count} × {what}: recorded {said}, ours {ours}" for (what, said, ours), count in statuses.items()
    ]
    shapes = Counter((each.what, fault) for each in outcomes() for fault in each.shape)
    lines += [f"shape: {count} × {what}: {fault}" for (what, fault), count in shapes.most_common()]
    return "\n".join(lines)


if __name__ == "__main__":
    print(report())
