"""`quaestor provider lint`: what is wrong in a provider, or in all of a registry's folder.

Before: `provider` has checked the arguments. After: exit code 1 if there are errors, 0 if not.
"""

from __future__ import annotations

import json

from quaestor.authoring import sources
from quaestor.authoring.lint.facts import summary
from quaestor.authoring.lint.finding import RULES, SEVERITIES
from quaestor.authoring.lint.run import lint
from quaestor.config import document_roots
from quaestor.errors import counted
from quaestor.surfaces.cli.output import Direct
from quaestor.surfaces.cli.provider_diff import checked_format

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from quaestor.authoring.lint.finding import Finding
    from quaestor.surfaces.cli.console import Console


def run(arguments: tuple[str, ...], values: dict[str, Any], console: Console) -> int:
    """Print the findings. Raises CatalogError for what isn't there, UsageError for flags that don't fit."""
    form = checked_format(values, "lint")
    named = list(arguments)
    if "registry" in values:
        named += document_roots(values["registry"], console.env)[-1:]
    found: dict[str, tuple[Finding, ...]] = {}
    for each in named or sources.builtin_names():
        found.update(lint(each))
    out = Direct(console.stdout, False)
    out.write(_json(found) if form == "json" else _text(found))
    return 1 if any(each.rule.severity == "error" for listed in found.values() for each in listed) else 0


def _text(found: dict[str, tuple[Finding, ...]]) -> str:
    """Errors and warnings each; of what is for information, how many there are of each rule."""
    lines: list[str] = []
    for provider, listed in found.items():
        errors, warnings, infos = (sum(each.rule.severity == severity for each in listed) for severity in SEVERITIES)
        counts = f"{counted(errors, 'error')}, {counted(warnings, 'warning')}, {infos:,} info"
        lines.append(f"{provider}: {counts}")
        for each in listed:
            if each.rule.severity != "info":
                lines.append(f"  {each.rule.severity} {each.rule.id}: {each.place}: {each.text}; {each.rule.advice}")
        for rule, count in summary(e for e in listed if e.rule.severity == "info").items():
            lines.append(f"  info {rule}: {count}; {RULES[rule].advice}")
    return "".join(f"{line}\n" for line in lines)


def _json(found: dict[str, tuple[Finding, ...]]) -> str:
    rows = [
        {
            "provider": provider,
            "rule": each.rule.id,
            "severity": each.rule.severity,
            "place": each.place,
            "found": each.text,
            "advice": each.rule.advice,
        }
        for provider, listed in found.items()
        for each in listed
    ]
    return json.dumps(rows, indent=1, ensure_ascii=False) + "\n"
