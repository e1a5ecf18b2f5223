"""`quaestor provider test`: each method builds a request that its own document accepts, and reads an answer.

Before: `provider` has checked the arguments. After: exit code 1 if a method failed, 0 if none did.
"""

from __future__ import annotations

import json

from quaestor.authoring import sources
from quaestor.authoring.trial.run import Tried, try_provider
from quaestor.config import document_roots
from quaestor.sandbox.data.patterns import matching
from quaestor.surfaces.cli.output import Direct
from quaestor.surfaces.cli.provider_diff import checked_format

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from quaestor.surfaces.cli.console import Console


def run(arguments: tuple[str, ...], values: dict[str, Any], console: Console) -> int:
    """Try the methods. Raises CatalogError for what isn't there, UsageError where requests can't be judged."""
    form = checked_format(values, "test")
    named = list(arguments)
    if "registry" in values:
        named += document_roots(values["registry"], console.env)[-1:]
    tried = [
        each
        for name in named or sources.builtin_names()
        for each in try_provider(name, values.get("spec", ()), lambda pattern: matching(pattern, 1) or "")
    ]
    out = Direct(console.stdout, False)
    out.write(_json(tried) if form == "json" else "".join(map(_text, tried)))
    return 1 if any(each.failures for each in tried) else 0


def _text(tried: Tried) -> str:
    failed = len({each.place for each in tried.failures})
    judged = f"{tried.judged} requests judged by the document" if tried.judged else "no document to judge requests by"
    counts = f"{judged}, {tried.transforms} transforms ran, {failed} failed"
    counts += f", {len(tried.known)} known faults of the document" if tried.known else ""
    lines = [f"{tried.provider}: {tried.methods} methods, {counts}"]
    lines += [f"  {each.step}: {each.place}: {each.reason}" for each in (*tried.failures, *tried.known)]
    return "".join(f"{line}\n" for line in lines)


def _json(tried: list[Tried]) -> str:
    rows = [
        {
            "provider": each.provider,
            "methods": each.methods,
            "judged": each.judged,
            "transforms": each.transforms,
            "failures": [{"place": f.place, "step": f.step, "reason": f.reason} for f in each.failures],
            "known": [{"place": f.place, "reason": f.reason} for f in each.known],
        }
        for each in tried
    ]
    return json.dumps(rows, indent=1, ensure_ascii=False) + "\n"
