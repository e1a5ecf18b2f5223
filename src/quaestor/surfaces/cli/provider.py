"""`quaestor provider`: its commands, each in a module of its own.

Before: `options` has checked command, arguments and flags. After: `provider_build`, `provider_lint` … do the work;
each is imported when it is asked for, since some of them read megabytes of documents and none needs the others.
"""

from __future__ import annotations

from quaestor.errors import UsageError
from quaestor.surfaces.cli import load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from quaestor.surfaces.cli.console import Console
    from quaestor.surfaces.cli.options import Invocation


def run(invocation: Invocation, console: Console) -> int:
    """Run one of the commands; its exit code."""
    command, *rest = invocation.arguments
    code: int = load(f"provider_{command}").run(tuple(rest), invocation.values, console)
    return code


def missing(command: str, values: dict[str, object], *needed: str) -> None:
    """Raises UsageError where a flag that a command can't do without isn't given."""
    for flag in needed:
        if flag not in values:
            raise UsageError(
                f"provider {command} needs --{flag}",
                hint=f"quaestor provider {command} --help says how it is written",
            )
