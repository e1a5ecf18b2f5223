"""`quaestor provider diff OLD NEW`: what a newer version changes for the statements that people have.

Before: `provider` has checked the arguments. After: exit code 1 if something breaks, 0 if not.
"""

from __future__ import annotations

import json

from quaestor.authoring import diff, sources
from quaestor.errors import UsageError
from quaestor.surfaces.cli.output import Direct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from quaestor.surfaces.cli.console import Console

FORMATS = ("text", "json")


def run(arguments: tuple[str, ...], values: dict[str, Any], console: Console) -> int:
    """Print the changes. Raises CatalogError for what can't be read, UsageError for another format."""
    form = checked_format(values, "diff")
    old, new = (sources.load(each) for each in arguments)
    changes = diff.diff(old, new)
    out = Direct(console.stdout, False)
    if form == "json":
        out.write(json.dumps([{k: getattr(each, k) for k in each.__fields__} for each in changes], indent=1) + "\n")
    else:
        for kind in diff.KINDS:
            listed = [each for each in changes if each.kind == kind]
            out.write(f"{kind}: {len(listed)}\n" + "".join(f"  {each.place}: {each.text}\n" for each in listed))
    return 1 if any(each.kind == diff.BREAKING for each in changes) else 0


def checked_format(values: dict[str, Any], command: str) -> str:
    """What `--format` says, `text` unless it is given. Raises UsageError."""
    form = str(values.get("format", "text"))
    if form not in FORMATS:
        raise UsageError(f"provider {command} has no format {form!r}", hint=f"write {' or '.join(FORMATS)}")
    return form
