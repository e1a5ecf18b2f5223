"""msgspec without what a SELECT doesn't need of it: 28 ms of a cold one.

Its JSON schemas, type inspection, TOML and YAML are loaded by its package whether they are used or not, and `uuid`,
with `platform`, for a type that no page body has. And msgspec takes `get_type_hints` from `typing_extensions` where
that is installed, and with it `inspect`, `ast` and `tokenize`; from Python 3.11 on `typing` has all that msgspec
needs. A process that is ours alone (the command line, which says so) lets it find none. In somebody else's process
nothing is touched. Before: `surfaces.cli`. After: `fetch.decode`.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

_state = {"is_ours": False}
#: What msgspec imports and nothing here uses: its package gets an empty module for each while it is imported.
NOT_NEEDED = ("msgspec.inspect", "msgspec._json_schema", "msgspec.toml", "msgspec.yaml", "uuid")


class _Nothing(type(sys)):  # type: ignore[misc]  # types.ModuleType, without importing types
    """A module that has nothing but others like it, under every name."""

    def __getattr__(self, name: str) -> _Nothing:
        return _Nothing(name)


def this_process_is_ours() -> None:
    """Say that no other code of this process imports modules while a statement runs."""
    _state["is_ours"] = True


def load_msgspec() -> ModuleType:
    """msgspec, imported in the cheapest way that is safe here."""
    modules: dict[str, Any] = sys.modules
    if "msgspec" in modules or "typing_extensions" in modules or not _state["is_ours"]:
        import msgspec
    else:
        spared: dict[str, Any] = {name: _Nothing(name) for name in NOT_NEEDED if name not in modules}
        spared["typing_extensions"] = None  # makes its import fail, which msgspec is prepared for
        modules.update(spared)
        try:
            import msgspec
        finally:
            for name in spared:
                del modules[name]  # who imports it later gets the real one
    return msgspec
