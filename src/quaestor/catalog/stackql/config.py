"""What StackQL documents configure on several levels: the nearest level that says something counts, whole.

Before: documents. After: `service` and `methods` ask for a key.
"""

from __future__ import annotations

from quaestor.errors import CatalogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


#: Ours: all that is known of a list's paging, as `catalog.facts` writes it. StackQL doesn't look at it.
PAGINATION = "x-quaestor-pagination"

#: Ours: what a list leaves out, and how to have it whole: `hidden`, `whole` and `leaves_out` of `catalog.model`.
WHOLE = "x-quaestor-whole"

#: What a `config` may hold. What isn't here is an error when the document is read, not ignored.
KNOWN = frozenset(
    {
        "auth",
        "docs",
        "minStackQLVersion",
        "pagination",
        "queryParamPushdown",
        "queryParamTranspose",
        "requestBodyTranslate",
        "requestTranslate",
        "retry",
        "snake_case_aliases",
        "sqlExternalTables",
        "variations",
        "views",
        PAGINATION,
        WHOLE,
    }
)


def of(node: dict[str, Any], where: str) -> dict[str, Any]:
    """The configuration of a level: `config`, or `x-stackQL-config`. Raises CatalogError for an unknown key."""
    found = node.get("config") or node.get("x-stackQL-config") or {}
    if not isinstance(found, dict):
        raise CatalogError(f"{where}: config should be a mapping")
    unknown = found.keys() - KNOWN
    if unknown:
        raise CatalogError(f"{where}: config has {sorted(unknown)[0]!r}, which isn't known")
    return found


def nearest(levels: tuple[dict[str, Any], ...], key: str) -> Any:
    """What the first level that has `key` says, None if none has it."""
    return next((level[key] for level in levels if key in level), None)


def algorithm(levels: tuple[dict[str, Any], ...], key: str) -> str:
    """The `algorithm` of a configuration, empty if there is none."""
    found = nearest(levels, key)
    return str(found.get("algorithm") or "") if isinstance(found, dict) else ""
