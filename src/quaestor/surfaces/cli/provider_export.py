"""`quaestor provider export NAME --out DIR`: a provider as StackQL's document, in a registry's layout.

Before: `provider` has checked the arguments. After: `DIR/src` is a folder for `--registry`, `DIR/dist` a registry to
pull from.
"""

from __future__ import annotations

import re

from quaestor.authoring import sources
from quaestor.authoring.export import VERSION, export, publish
from quaestor.errors import UsageError, counted
from quaestor.surfaces.cli.output import Direct
from quaestor.surfaces.cli.provider import missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from quaestor.surfaces.cli.console import Console


def _by_reason(unsaid: tuple[str, ...]) -> dict[str, list[str]]:
    """The methods of which something can't be said, by what that is."""
    found: dict[str, list[str]] = {}
    for line in unsaid:
        place, _, what = line.partition(": ")
        found.setdefault(what, []).append(place)
    return found


def run(arguments: tuple[str, ...], values: dict[str, Any], console: Console) -> int:
    """Write the documents. Raises UsageError for a version that is none, CatalogError for what can't be read."""
    missing("export", values, "out")
    version = arguments[1] if len(arguments) > 1 else VERSION
    if not re.fullmatch(r"v\d+\.\d+\.\d+", version):
        raise UsageError(f"{version!r} is no version", hint="write v1.0.0")
    found = sources.load(arguments[0])
    made = export(found, values["out"], version)
    digest = publish(made.folder, found.provider.name, version, values["out"])
    for what, places in _by_reason(made.unsaid).items():
        more = f" and {len(places) - 3} more" if len(places) > 3 else ""
        console.note(f"can't be said: {what}: {', '.join(places[:3])}{more}")
    counts = f"{counted(made.services, 'service')}, {counted(made.resources, 'resource')}"
    counts += f", {counted(made.methods, 'method')}"
    Direct(console.stdout, False).write(
        f"{found.provider.name} {version}: {counts}\n"
        f"documents: {made.folder}\n"
        f"archive:   {values['out']}/dist/{found.provider.name}/{version}.tgz  sha256:{digest[:16]}…\n"
    )
    return 0
