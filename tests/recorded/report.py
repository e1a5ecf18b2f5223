"""What of the recorded traffic is covered, counted.

python -m tests.recorded.report             the counts, and what isn't covered and why
python -m tests.recorded.report --failures  what differs, statement by statement
"""

from __future__ import annotations

import sys
from collections import defaultdict
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml12
from tests.recorded.cassettes import ABSENT, DATA, cassettes, gets
from tests.recorded.operations import operations
from tests.recorded.verdict import Verdict, judge

EXCEPTIONS = Path(__file__).with_name("exceptions.yaml")
PROVIDERS = ("okta", "datadog")
#: Members of an answer that are about it, and no rows in any of these APIs.
ABOUT = {"_links", "included", "links", "meta", "metadata"}
#: What a statement gave that is as it was recorded.
COVERED = ("rows", "no row", "error")


@lru_cache(maxsize=1)
def verdicts() -> tuple[Verdict, ...]:
    """A verdict on every recorded GET."""
    return tuple(judge(each) for each in gets())


@lru_cache(maxsize=1)
def exceptions() -> dict[str, Any]:
    """The document of what isn't covered, and of what must be reached."""
    found: Any = yaml12.read_yaml(str(EXCEPTIONS))
    return dict(found)


def reasons() -> dict[str, str]:
    """Why a recording isn't covered, by the recording, as a person wrote it down."""
    return {name: reason for reason, names in exceptions()["recordings"].items() for name in names}


def counts(provider: str) -> dict[str, int]:
    """The numbers of a provider that must not get less."""
    found = [each for each in verdicts() if each.interaction.provider == provider]
    covered = [each for each in found if each.kind in COVERED]
    rows = [each for each in covered if each.kind == "rows"]
    return {
        "cassettes": sum(name.startswith(f"{provider}/") for name in cassettes()),
        "recorded GETs": len(found),
        "of operations of the catalog": sum(each.match is not None for each in found),
        "covered": len(covered),
        "covered, with rows": len(rows),
        "covered, the API's not-found for a key: no row": sum(each.kind == "no row" for each in covered),
        "covered, the API's error": sum(each.kind == "error" for each in covered),
        "operations covered": len({each.operation for each in covered}),
        "operations covered, with rows": len({each.operation for each in rows}),
        "rows": sum(each.rows for each in rows),
        "values": sum(each.compared.fields for each in rows),
    }


def text() -> str:
    """The report."""
    each_counts = {provider: counts(provider) for provider in PROVIDERS}
    lines = [f"{'':>50}{''.join(f'{provider:>10}' for provider in PROVIDERS)}"]
    for name in each_counts[PROVIDERS[0]]:
        lines.append(f"{name:<50}" + "".join(f"{each_counts[provider][name]:>10,}" for provider in PROVIDERS))
    total = [len(operations()[provider, "GET"]) for provider in PROVIDERS]
    lines.append(
        f"{'(operations of the catalog that are a GET)':<50}" + "".join(f"{number:>10,}" for number in total)
    )
    lines += ["", "Differences from the recordings that are meant:"]
    lines += [f"  {number:>4}  {what}" for what, number in meant().items()]
    lines += _uncovered()
    lines += _listed("Fields without a column (_raw has them)", by_operation("lost"))
    lines += _listed("Values of another type than their column's, unaltered", by_operation("drifted"))
    about = ", ".join(sorted(ABOUT))
    lines += _listed(f"Members of the answers beside the rows (and besides {about})", by_operation("beside"))
    return "\n".join(lines)


def meant() -> dict[str, int]:
    """How many statements have a difference that is no fault."""
    found = verdicts()
    return {
        "requests name the page or its size where the recording leaves that to the API": sum(e.sized for e in found),
        "requests have a parameter without which the list would leave something out": sum(e.completed for e in found),
        "paths were recorded with a slash too many": sum(e.respelled for e in found),
        "answers of 429 were asked for again": sum(e.retried for e in found),
        "lists leave something out, which is asked for besides; not recorded": sum(e.besides for e in found),
        "lists of several pages were read to the end": sum(e.pages > 1 and not e.stopped for e in found),
        "lists go on and their next page isn't recorded: asked for, then read with LIMIT": sum(
            e.stopped for e in found
        ),
    }


def failures() -> str:
    """What differs and isn't told by `exceptions.yaml`."""
    lines: list[str] = []
    for each in verdicts():
        if each.kind == "failed" and each.interaction.id not in reasons():
            lines += [each.interaction.id, f"  {each.interaction.url} {each.interaction.status}", f"  {each.sql}"]
            lines += [f"  ! {problem[:400]}" for problem in each.problems[:4]]
    return "\n".join(lines)


def by_operation(what: str) -> dict[str, set[str]]:
    """The `lost` or `drifted` fields, or what stands `beside` the rows and isn't `ABOUT` the answer, of each
    operation that has any."""
    found: dict[str, set[str]] = defaultdict(set)
    for each in verdicts():
        values = each.beside - ABOUT if what == "beside" else getattr(each.compared, what)
        if values:
            found[each.operation] |= values
    return dict(found)


def _uncovered() -> list[str]:
    """The recordings that aren't covered, under the reasons that a person gave."""
    missing = {each.interaction.id: each for each in verdicts() if each.kind not in COVERED}
    by_reason: dict[str, list[str]] = defaultdict(list)
    for name in missing:
        by_reason[reasons().get(name, "No reason is given.")].append(name)
    lines = ["", f"Recordings that aren't covered: {len(missing)}"]
    for reason, names in by_reason.items():
        lines.append(f"  {reason} {len(names)}")
        lines += [f"    {_path(missing[name])}  {missing[name].interaction.status}  {name}" for name in names]
    return lines


def _path(verdict: Verdict) -> str:
    return urlsplit(verdict.interaction.url).path


def _listed(title: str, found: dict[str, set[str]]) -> list[str]:
    shown = [f"  {name}: {', '.join(sorted(values))}" for name, values in sorted(found.items())]
    return ["", f"{title}: {len(found)}", *shown]


if __name__ == "__main__":
    if not DATA.is_dir():
        sys.exit(ABSENT)
    print(failures() if "--failures" in sys.argv else text())
