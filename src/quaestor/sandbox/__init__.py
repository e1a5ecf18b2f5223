"""A stand-in for the providers' services: generated, related data behind their own manners.

`core.Sandbox` answers requests in this process. The way of a request:
`wire` (socket, limits, faults) → `core` (whose is it, may it) → `answer.routes` (which operation) → `site` (which
objects) → the worlds of `okta` and `datadog`, or `data.invent` for the rest (their fields), with what clients changed
laid over them (`change`) → `answer.bodies` and `answer.paging` (the page) → the vendor's `manners` (headers, errors).
`staging` puts one together from flags, `rehearsal` and `fixture` hand it to programs and tests.

The package can be called: `quaestor.sandbox()` is `rehearsal.sandbox`. A function of the name beside the package
would hide it from `import quaestor.sandbox.core`.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from typing import Any

    from quaestor.sandbox.rehearsal import Rehearsal


class _Package(type(sys)):  # type: ignore[misc]  # types.ModuleType, without importing types
    """A package that opens a sandbox when it is called."""

    def __call__(self, *providers: str, **options: Any) -> AbstractContextManager[Rehearsal]:
        """`rehearsal.sandbox`, which says what the arguments are; imported now, since few need it."""
        from importlib import import_module

        made: AbstractContextManager[Rehearsal] = import_module("quaestor.sandbox.rehearsal").sandbox(
            *providers, **options
        )
        return made


sys.modules[__name__].__class__ = _Package
