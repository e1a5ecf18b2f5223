"""schemathesis over the sandbox, counted: cases, failures by name, differences between specs and recordings.

python -m tests.conformity.report                   every operation of both vendors' specs (some minutes)
python -m tests.conformity.report datadog --cases 8 one vendor's, with so many cases each
python -m tests.conformity.report --step 10         one operation in ten

Before: `cases` asks and judges. After: a person reads.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml12
from tests.conformity.cases import Tried, chosen, tried
from tests.prism.documents import ABSENT, SOURCES
from tests.sandbox.sequences import shapes, statuses

from quaestor.catalog.store import open_catalog
from quaestor.sandbox.answer.observed import kin

DIFFERENCES = Path(__file__).with_name("spec_differences.yaml")
#: The sections of the file, and what is in none of them.
EXCUSES = ("recorded", "spec")
NEW = "new"


def missing() -> str:
    """Why this can't run here, or an empty text."""
    return ABSENT or ("" if find_spec("schemathesis") else "schemathesis is not installed (quaestor[dev])")


@lru_cache(maxsize=1)
def differences() -> list[tuple[str, re.Pattern[str], re.Pattern[str]]]:
    """Each known difference: its section, the operations, the words."""
    found: Any = yaml12.read_yaml(str(DIFFERENCES))
    return [
        (section, re.compile(each["at"]), re.compile(each["found"])) for section in EXCUSES for each in found[section]
    ]


def proven(key: str, failure: str) -> bool:
    """Whether recordings of this operation, or of another of the same objects, have what the spec doesn't: null, or
    nothing where it insists on something, or this status."""
    http, path = key.split(" ", 1)
    template = re.sub(r"\{[^{}]+\}", "{}", path)
    status = re.match(r"UndefinedStatusCode : Received: (\d+)", failure)
    if status is not None:
        return any(int(status[1]) in statuses().get(f"{name} {template} {http}", ()) for name in SOURCES)
    found = re.fullmatch(r'JsonSchemaError (\S*): (?:is not of type|"(\w+)" is a required).*', failure)
    if found is None:
        return False
    place = "$" + "".join("[]" if word == "*" else f".{word}" for word in found[1].split("/") if word)
    for name in SOURCES:
        like = f"{name} {http} {template}"
        for operation in {like, kin(like)} - {""}:
            shape = shapes().get(f"{operation} 2")
            at = (
                place.replace("$[]", "$", 1)
                if operation != like and "GET" in like and place.startswith("$[]")
                else place
            )
            if shape is not None and found[2] and shape.objects[at] > shape.keys[at][found[2]]:
                return True
            if shape is not None and not found[2] and at in shape.nulls:
                return True
    return False


def kind(key: str, failure: str) -> str:
    """In which section a failure is known; `new` if in none, as a crash or a status of 500 always is."""
    for section, at, words in differences():
        if at.fullmatch(key) and words.search(failure):
            return section
    return EXCUSES[0] if proven(key, failure) else NEW


def kinds(tries: Sequence[Tried]) -> Counter[str]:
    """How many failures there are of each section."""
    return Counter(kind(each.key, failure) for each in tries for failure in each.failures)


def report(providers: Sequence[str], cases: int, step: int) -> bool:
    """Prints the figures and each failure; whether nothing is new and no status was 500."""
    is_well = True
    for provider in providers:
        with open_catalog() as catalog:
            tries = tried(catalog, provider, chosen(provider, step), cases)
        counted = kinds(tries)
        failing = [each for each in tries if any(kind(each.key, f) == NEW for f in each.failures)]
        print(
            f"{provider}: {len(tries)} operations, {sum(each.cases for each in tries):,} cases,"
            f" {sum(each.good for each in tries):,} answered with success,"
            f" {sum(each.good > 0 for each in tries)} operations with one"
        )
        print(f"  operations that fail: {len(failing)}")
        print(f"  failures: {counted[NEW]}")
        print(f"  recordings differ from the spec: {counted['recorded']}; the spec from itself: {counted['spec']}")
        _list(tries)
        is_well = is_well and not counted[NEW]
    return is_well


def _list(tries: Sequence[Tried]) -> None:
    for section in (NEW, *EXCUSES):
        lines = [
            f"{each.key}: {failure}"
            for each in tries
            for failure in each.failures
            if kind(each.key, failure) == section
        ]
        if lines:
            print(f"\n  {section}")
        for line in lines:
            print(f"    {line}")
    undigested = [each for each in tries if each.undigested]
    if undigested:
        print("\n  of these schemathesis could make no request")
    for each in undigested:
        print(f"    {each.key}: {each.undigested}")
    print()


def main(arguments: Sequence[str]) -> int:
    """Exit status 0 if nothing is new, 1 if something is, 2 if it can't be looked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformity.report")
    parser.add_argument("providers", nargs="*", choices=[*SOURCES, []], default=[])
    parser.add_argument("--cases", type=int, default=2)
    parser.add_argument("--step", type=int, default=1)
    given = parser.parse_args(list(arguments))
    why_not = missing()
    if why_not:
        print(why_not, file=sys.stderr)
        return 2
    return 0 if report(given.providers or list(SOURCES), given.cases, given.step) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
