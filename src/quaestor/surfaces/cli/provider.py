"""`quaestor provider build`: OpenAPI documents in, a provider's facts out.

Before: `main` has parsed the command line. After: `authoring.build` writes the folder; here is said what it found and
what a person should look at.
"""

from __future__ import annotations

from quaestor.authoring.build import run_build
from quaestor.errors import CatalogError, UsageError
from quaestor.surfaces.cli.output import Direct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from quaestor.surfaces.cli.console import Console
    from quaestor.surfaces.cli.options import Invocation


def run(invocation: Invocation, console: Console) -> int:
    """Build a provider. Raises UsageError for arguments that don't fit, CatalogError for documents that don't."""
    usage = "write quaestor provider build NAME --spec FILE --out DIR"
    if invocation.arguments[:1] != ("build",):
        raise UsageError("provider has one command, build", hint=usage)
    if len(invocation.arguments) != 2:
        raise UsageError("provider build takes the name of one provider", hint=usage)
    values = invocation.values
    missing = next((flag for flag in ("spec", "out") if flag not in values), "")
    if missing:
        raise UsageError(f"provider build needs --{missing}", hint=usage)
    name = invocation.arguments[1]
    found, report = run_build(
        name, values["spec"], values["out"], names=values.get("names", ""), over=values.get("overlay", "")
    )
    methods = sum(len(resource.methods) for resource in found.resources)
    Direct(console.stdout, False).write(
        f"{name}: {report.operations} operations, {len(found.services)} services, {len(found.resources)} resources, "
        f"{methods} methods, written to {values['out']}\n"
    )
    for title, lines in (("guessed", report.guesses), ("doubtful", report.doubtful)):
        for line in lines:
            console.note(f"{title}: {line}")
    if report.unreachable:
        raise CatalogError(f"operations that no method reaches: {', '.join(report.unreachable)}")
    return 0
