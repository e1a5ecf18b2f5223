"""Every SQL example of every generated page of both built-in providers, run on the sandbox, counted.

python -m tests.pages.report                    all of them
python -m tests.pages.report okta               those of one provider
python -m tests.pages.report okta.users         those whose names begin so
python -m tests.pages.report --prism            all, and their requests held against the vendors' specs by Prism

Before: `running` runs them. After: a person reads.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.pages.judging import Judgement, judged
from tests.pages.running import Outcome, Runner, examples, resources
from tests.prism import mock
from tests.prism.documents import ABSENT

from quaestor.catalog.store import open_catalog

PROVIDERS = ("okta", "datadog")
#: Statements whose steps the vendor has moved elsewhere: its spec documents nothing but 301 for them, and so the
#: sandbox answers. The request is the right one.
MOVED = frozenset(f"okta.org.okta_support.{step}_okta_support" for step in ("grant", "extend", "revoke"))
VERBS = ("select", "insert", "update", "replace", "delete", "exec")


def outcomes(prefix: str) -> list[Outcome]:
    """What comes of all examples whose names begin so."""
    found = []
    with open_catalog() as catalog:
        for provider in PROVIDERS:
            if not (prefix.startswith(provider) or not prefix):
                continue
            with Runner(catalog, provider) as runner:
                for resource in resources(catalog, provider):
                    if resource.id.startswith(prefix) or prefix.startswith(f"{resource.id}."):
                        own = [each for each in examples(catalog, resource) if each.name.startswith(prefix)]
                        found += [runner.run(each) for each in own]
    return found


def of(found: Sequence[Outcome], provider: str, verb: str) -> list[Outcome]:
    """The outcomes of a verb's examples."""
    return [
        each for each in found if each.example.resource.provider == provider and each.example.statement.verb == verb
    ]


def _print_runs(found: Sequence[Outcome]) -> None:
    print(f"{'':10}{'statement':10}{'run':>8}{'passed':>8}{'failed':>8}")
    for provider in PROVIDERS:
        for verb in VERBS:
            own = of(found, provider, verb)
            failed = sum(bool(each.reason) for each in own)
            if own:
                print(f"{provider:10}{verb:10}{len(own):8}{len(own) - failed:8}{failed:8}")
    failed_ones = [each for each in found if each.reason]
    print(f"{'all':20}{len(found):8}{len(found) - len(failed_ones):8}{len(failed_ones):8}")
    for reason, count in Counter(each.reason.splitlines()[0][:110] for each in failed_ones).most_common(40):
        print(f"  {count:4} {reason}")
    for each in failed_ones:
        print(f"\n{each.example.name}: {each.reason}" + ("\n  moved" if each.example.name in MOVED else ""))


def _print_judgements(found: Sequence[Judgement]) -> None:
    print(f"\nPrism {mock.version()} over the vendors' specs")
    print(f"{'':10}{'examples':>10}{'requests':>10}{'violations':>12}{'spec faults':>13}")
    for provider in PROVIDERS:
        own = [each for each in found if each.outcome.example.resource.provider == provider]
        if own:
            figures = (sum(each.requests for each in own), sum(len(each.violations) for each in own))
            print(f"{provider:10}{len(own):10}{figures[0]:10}{figures[1]:12}{sum(len(e.excused) for e in own):13}")
    for title, kept in (("violations", False), ("the specs' own faults", True)):
        lines = [(each, said) for each in found for said in (each.excused if kept else each.violations)]
        print(f"\n{title} ({len(lines)})" + ("" if lines else ": none"))
        for each, said in lines:
            print(f"  {each.outcome.example.name}: {said}")


def main(arguments: Sequence[str]) -> int:
    """Exit status 0 if all passed, 1 if not, 2 if Prism isn't there to be asked."""
    if "--prism" in arguments and (why_not := ABSENT or mock.missing()):
        print(why_not, file=sys.stderr)
        return 2
    found = outcomes(next((each for each in arguments if not each.startswith("-")), ""))
    _print_runs(found)
    violations = 0
    if "--prism" in arguments:
        with tempfile.TemporaryDirectory() as folder:
            judgements = judged(found, Path(folder))
        _print_judgements(judgements)
        violations = sum(len(each.violations) for each in judgements)
    return 1 if violations or any(each.reason for each in found if each.example.name not in MOVED) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
