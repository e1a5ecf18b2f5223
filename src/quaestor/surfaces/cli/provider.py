"""`quaestor provider`: one table of its commands, each in a module of its own.

Before: `main` has parsed the command line. After: `provider_build`, `provider_lint` … do the work; each is imported
when it is asked for, since some of them read megabytes of documents and none needs the others.
"""

from __future__ import annotations

from quaestor.errors import UsageError, nearest
from quaestor.surfaces.cli import load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from quaestor.surfaces.cli.console import Console
    from quaestor.surfaces.cli.options import Invocation

#: By name: the least and the most arguments, how it is written, and the flags that are meant for it.
COMMANDS: dict[str, tuple[int, int, str, tuple[str, ...]]] = {
    "build": (1, 1, "build NAME --spec FILE --out DIR", ("spec", "out", "names", "overlay")),
    "docs": (
        1,
        1,
        "docs NAME --out DIR [--spec FILE] [--registry PATH] [--format markdown|stackql]",
        ("spec", "registry", "format", "compat", "headers", "out"),
    ),
    "diff": (2, 2, "diff OLD NEW", ("format",)),
    "enrich": (
        1,
        1,
        "enrich NAME --spec FILE… [--registry PATH] | enrich NAME --remove",
        ("spec", "remove", "registry"),
    ),
    "export": (1, 2, "export NAME|PATH [VERSION] --out DIR", ("out",)),
    "test": (0, 99, "test [NAME|PATH…] [--registry DIR] [--spec FILE]", ("registry", "spec", "format")),
    "lint": (0, 99, "lint [NAME|PATH…] [--registry DIR] [--format text|json]", ("registry", "format")),
}
#: Flags of every command.
COMMON = ("debug", "error_format")


def run(invocation: Invocation, console: Console) -> int:
    """Run one of the commands; its exit code. Raises UsageError for one that isn't there, and for arguments and
    flags that don't fit it."""
    usage = "there are " + ", ".join(COMMANDS)
    if not invocation.arguments:
        raise UsageError("provider needs a command", hint=usage)
    command, *rest = invocation.arguments
    if command not in COMMANDS:
        near = nearest(command, tuple(COMMANDS), 1)
        hint = f"write quaestor provider {COMMANDS[near[0]][2]}" if near else usage
        raise UsageError(f"provider has no command {command!r}", hint=hint)
    least, most, written, flags = COMMANDS[command]
    if not least <= len(rest) <= most:
        raise UsageError(f"provider {command} takes other arguments", hint=f"write quaestor provider {written}")
    odd = sorted(invocation.values.keys() - {*flags, *COMMON})
    if odd:
        flag = odd[0].replace("_", "-")
        raise UsageError(f"--{flag} is not a flag of provider {command}", hint=f"write quaestor provider {written}")
    code: int = load(f"provider_{command}").run(tuple(rest), invocation.values, console)
    return code


def missing(command: str, values: dict[str, object], *needed: str) -> None:
    """Raises UsageError where a flag that a command can't do without isn't given."""
    for flag in needed:
        if flag not in values:
            raise UsageError(
                f"provider {command} needs --{flag}", hint=f"write quaestor provider {COMMANDS[command][2]}"
            )
