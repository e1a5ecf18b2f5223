"""`quaestor provider build`: OpenAPI documents in, a provider's facts out.

Before: `provider` has checked the arguments. After: `authoring.build` writes the folder; here is said what it found
and what a person should look at.
"""

from __future__ import annotations

from quaestor.authoring.build import run_build
from quaestor.errors import CatalogError, counted
from quaestor.surfaces.cli.output import Direct
from quaestor.surfaces.cli.provider import missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from quaestor.surfaces.cli.console import Console


def run(arguments: tuple[str, ...], values: dict[str, Any], console: Console) -> int:
    """Build a provider. Raises UsageError for flags that are missing, CatalogError for documents that don't fit."""
    missing("build", values, "spec", "out")
    name = arguments[0]
    found, report = run_build(
        name, values["spec"], values["out"], names=values.get("names", ""), over=values.get("overlay", "")
    )
    methods = sum(len(resource.methods) for resource in found.resources)
    Direct(console.stdout, False).write(
        f"{name}: {counted(report.operations, 'operation')}, {counted(len(found.services), 'service')}, "
        f"{counted(len(found.resources), 'resource')}, {counted(methods, 'method')}, written to {values['out']}\n"
    )
    for title, lines in (("guessed", report.guesses), ("doubtful", report.doubtful)):
        for line in lines:
            console.note(f"{title}: {line}")
    if report.unreachable:
        raise CatalogError(f"operations that no method reaches: {', '.join(report.unreachable)}")
    return 0
