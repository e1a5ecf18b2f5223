"""Every SQL example of every generated page of both built-in providers, run on the sandbox, counted.

python -m tests.pages.report                    all of them
python -m tests.pages.report okta               those of one provider
python -m tests.pages.report okta.users         those whose names begin so

Before: `running` runs them. After: a person reads.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence

from tests.pages.running import Outcome, Runner, examples, resources

from quaestor.catalog.store import open_catalog

PROVIDERS = ("okta", "datadog")
#: Examples that fail for a reason that isn't the page's.
KNOWN = {
    "okta.org.yubikey_otp_tokens.list_yubikey_otp_tokens": "the spec allows the attributes as values of `filter`; "
    "the sandbox wants one of them and, as the service does, an expression",
}
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


def main(arguments: Sequence[str]) -> int:
    """Exit status 0 if all passed that aren't known to fail, else 1."""
    found = outcomes(next(iter(arguments), ""))
    print(f"{'':10}{'statement':10}{'run':>8}{'passed':>8}{'failed':>8}")
    for provider in PROVIDERS:
        for verb in VERBS:
            own = [
                each
                for each in found
                if each.example.resource.provider == provider and each.example.statement.verb == verb
            ]
            failed = sum(bool(each.reason) for each in own)
            if own:
                print(f"{provider:10}{verb:10}{len(own):8}{len(own) - failed:8}{failed:8}")
    failed_ones = [each for each in found if each.reason]
    print(f"{'all':20}{len(found):8}{len(found) - len(failed_ones):8}{len(failed_ones):8}")
    for reason, count in Counter(each.reason.splitlines()[0][:110] for each in failed_ones).most_common(40):
        print(f"  {count:4} {reason}")
    for each in failed_ones:
        known = KNOWN.get(each.example.name, "")
        print(f"\n{each.example.name}: {each.reason}" + (f"\n  known: {known}" if known else ""))
    return 1 if any(each.example.name not in KNOWN for each in failed_ones) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
