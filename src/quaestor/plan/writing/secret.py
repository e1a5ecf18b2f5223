"""A call without its secrets: as it is shown, and as its digest is made.

What the catalog marks as a secret (`format: password`, write-only keys) is `***`.
"""

from __future__ import annotations

from quaestor.catalog.columns import branches
from quaestor.catalog.model import Schema
from quaestor.record import replace
from quaestor.secrets import MASK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from quaestor.plan.writing.calls import Call
    from quaestor.plan.writing.form import Lookup
    from quaestor.plan.writing.names import Target


def masked(target: Target, call: Call) -> Call:
    """The call with every secret of its body masked."""
    body = call.method.body
    if not call.has_body or body is None or not body.schema:
        return call
    return replace(call, body=_masked(Schema(ref=body.schema), call.body, target.schema, 0))


def _masked(schema: Schema, value: Any, lookup: Lookup, depth: int) -> Any:
    kinds = branches(schema, lookup)
    if any(kind.secret for kind in kinds) and value is not None:
        return MASK
    if depth > 100 or not isinstance(value, dict | list):
        return value
    if isinstance(value, list):
        items = [kind.items for kind in kinds if kind.items is not None]
        return [_any_masked(items, item, lookup, depth) for item in value]
    out = {}
    for name, member in value.items():
        below = [kind.properties[name] for kind in kinds if name in kind.properties]
        below = below or [kind.additional for kind in kinds if kind.additional is not None]
        out[name] = _any_masked(below, member, lookup, depth)
    return out


def _any_masked(schemas: list[Schema], value: Any, lookup: Lookup, depth: int) -> Any:
    for schema in schemas:
        value = _masked(schema, value, lookup, depth + 1)
    return value
