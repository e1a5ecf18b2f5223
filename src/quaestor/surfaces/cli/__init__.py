"""The command line: a thin user of `quaestor.connect`.

`main` dispatches, `options` knows the flags, `exec` and the other commands do the work. A command's module is loaded
when the command is given, and only then: `load` is the one place where a module of ours is imported late, since
`exec` must answer before a person notices that it started, and needs neither sandbox nor authoring.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def load(name: str) -> Any:
    """The module of a command."""
    from importlib import import_module

    return import_module(f"quaestor.surfaces.cli.{name}")
