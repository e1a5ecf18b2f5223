"""`python -m tests.inference.report`: what is inferred right, ours beside StackQL's; `--misses` lists the rest.

StackQL's figures are those of its own tool (`analyze` of its provider utilities, 2025) against the same mappings.
"""

from __future__ import annotations

import sys

from tests.inference.measure import MAPPING_ERRORS, SOURCES, available, measure

#: Of StackQL's tool: right and total, by provider and kind.
THEIRS = {
    ("okta", "verbs"): "77 %",
    ("datadog", "verbs"): "89 %",
    ("okta", "resources"): "0 %",
    ("datadog", "resources"): "0 %",
    ("datadog", "row paths"): "55 % (131 of 238)",
    ("okta", "methods"): "100 %",
    ("datadog", "methods"): "100 %",
    ("datadog", "paging"): "0 %",
}


def main() -> int:
    """Print the table."""
    if not available():
        print("the shared data is not beside the checkout", file=sys.stderr)
        return 1
    print(f"{'provider':9} {'what':28} {'right':>5} {'of':>5} {'share':>7} {'mapping corrected':>18}  StackQL's tool")
    misses = []
    for provider in SOURCES:
        for kind, count in measure(provider).items():
            theirs = THEIRS.get((provider, kind), "")
            print(
                f"{provider:9} {kind:28} {count.right:5} {count.total:5} {count.share:7.1%} {count.corrected:18.1%}"
                f"  {theirs}"
            )
            misses += [(provider, kind, key, pair) for key, pair in count.misses.items()]
    if "--misses" in sys.argv:
        for provider, kind, key, (ours, wanted) in misses:
            print(f"{provider} {kind}: {key}: {ours} instead of {wanted}  {MAPPING_ERRORS.get(key, '')}".rstrip())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
