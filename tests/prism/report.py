"""Every method's request held against the vendor's spec by Prism, counted.

python -m tests.prism.report                    every verb that the engine carries out
python -m tests.prism.report select delete      these verbs
python -m tests.prism.report --install          installs Prism first, which needs node and npm
python -m tests.prism.report --list             each method that wasn't sent, and why, as well

Before: `harness` runs the calls. After: a person reads.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml12
from tests.prism import mock
from tests.prism.documents import ABSENT
from tests.prism.harness import Outcome, run
from tests.prism.statements import calls

from quaestor.catalog.model import VERBS
from quaestor.catalog.store import open_catalog

FAULTS = Path(__file__).with_name("spec_faults.yaml")


@dataclass(frozen=True)
class Count:
    """What came of all calls of a verb.

    Attributes:
        methods, sent: how many there are, and of how many a request arrived.
        requests: how many arrived in all.
        violations: what is wrong with ours; `excused` what is the spec's own fault.
        unsent: methods of which none arrived; `failed`: calls that ended with an error though nothing was wrong.
    """

    verb: str
    methods: int
    sent: int
    requests: int
    violations: tuple[str, ...]
    excused: tuple[str, ...]
    unsent: tuple[str, ...]
    failed: tuple[str, ...]


@lru_cache(maxsize=1)
def spec_faults() -> dict[tuple[str, str], str]:
    """Why a finding is the spec's fault, by operation and finding."""
    found: Any = yaml12.read_yaml(str(FAULTS)) or {}
    return {(key, each["found"]): each["why"] for key, faults in found.items() for each in faults}


def count(verb: str, outcomes: Sequence[Outcome]) -> Count:
    """The figures of a verb's outcomes."""
    methods = dict.fromkeys((each.call.resource.id, each.call.method.name) for each in outcomes)
    sent = {(each.call.resource.id, each.call.method.name) for each in outcomes if each.is_sent}
    bad: list[str] = []
    excused: list[str] = []
    for each in outcomes:
        for violation in each.violations:
            why = spec_faults().get((each.call.key, violation)) or _overlap(each, violation)
            (excused if why else bad).append(
                f"{each.call.name} ({each.call.key}): {violation}" + (f" [{why}]" if why else "")
            )
    errors = {(each.call.resource.id, each.call.method.name): each.error for each in outcomes if each.error}
    return Count(
        verb,
        len(methods),
        len(sent),
        sum(len(each.passed) for each in outcomes),
        tuple(bad),
        tuple(excused),
        tuple(
            f"{'.'.join(place)}: {errors.get(place, 'another method serves it')}"
            for place in methods
            if place not in sent
        ),
        tuple(
            f"{each.call.name}: {each.error}"
            for each in outcomes
            if each.error and not each.violations and each.is_sent
        ),
    )


def _overlap(outcome: Outcome, violation: str) -> str:
    """Whether alternatives of the spec exclude each other in words only: the body is sent as one of them describes it
    and is another's as well (Okta's credentials and profile, of which neither is required)."""
    if "must match exactly one schema in oneOf" not in violation or not violation.startswith("body"):
        return ""
    bodies = [json.loads(each.body) for each in outcome.passed if each.body and each.violations]
    return "alternatives overlap" if bodies == [outcome.call.body] else ""


def report(verbs: Iterable[str], *, is_long: bool) -> bool:
    """Prints the figures; whether every method was sent and nothing is wrong."""
    print(f"Prism {mock.version()} over the vendors' specs\n")
    heads = ("methods", "sent", "requests", "violations", "spec faults", "other errors")
    print(f"{'verb':8}" + "".join(f"{head:>13}" for head in heads))
    found = []
    with open_catalog() as catalog, tempfile.TemporaryDirectory() as folder:
        for verb in verbs:
            each = count(verb, run(catalog, list(calls(catalog, verb)), Path(folder)))
            wrong = (len(each.violations), len(each.excused), len(each.failed))
            figures = (each.methods, each.sent, each.requests, *wrong)
            print(f"{verb:8}" + "".join(f"{figure:13,}" for figure in figures), flush=True)
            found.append(each)
    for each in found:
        _listed(f"{each.verb}: violations", each.violations)
        _listed(f"{each.verb}: the spec's own faults", each.excused)
        _listed(f"{each.verb}: errors of another kind", each.failed)
        _listed(f"{each.verb}: not sent", each.unsent if is_long else each.unsent[:20])
    return not any(each.violations or each.unsent for each in found)


def _listed(title: str, lines: Sequence[str]) -> None:
    if lines:
        print(f"\n{title} ({len(lines)})")
        for line in lines:
            print(f"  {line}")


def main(arguments: Sequence[str]) -> int:
    """Exit status 0 if all is well, 1 if something was found, 2 if it can't be looked for."""
    if "--install" in arguments:
        mock.install()
    why_not = ABSENT or mock.missing()
    verbs = [each for each in arguments if not each.startswith("-")] or ["select"]
    if why_not or any(verb not in VERBS for verb in verbs):
        print(why_not or f"verbs are {', '.join(VERBS)}", file=sys.stderr)
        return 2
    return 0 if report(verbs, is_long="--list" in arguments) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
