"""A call without its secrets: as it is shown, and as its digest is made; a statement's text without them.

What the catalog marks as a secret (`format: password`, write-only keys) is `***`.
"""

from __future__ import annotations

import json

from quaestor.catalog.columns import branches
from quaestor.catalog.model import Schema
from quaestor.record import replace
from quaestor.secrets import MASK, Redactor, Secret
from quaestor.sql import nodes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    from quaestor.plan.writing.calls import Call
    from quaestor.plan.writing.form import Lookup
    from quaestor.plan.writing.names import Target

#: The name of the placeholder that a kept text has in place of a literal, with a number behind it.
PLACEHOLDER = "literal_"


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


def secrets_of(target: Target, call: Call) -> set[str]:
    """The secrets that a call sends, as text."""
    found: set[str] = set()
    if call.has_body:
        _collect(call.body, masked(target, call).body, found)
    return found


def _collect(value: Any, shown: Any, found: set[str]) -> None:
    """Every scalar of `value` that `shown` hides."""
    if isinstance(value, dict):
        for name, member in value.items():
            _collect(member, shown.get(name) if isinstance(shown, dict) else MASK, found)
    elif isinstance(value, list):
        for index, member in enumerate(value):
            _collect(member, shown[index] if isinstance(shown, list) else MASK, found)
    elif value is not None and shown == MASK and value != MASK:
        found.add(str(value))


def hidden(text: str, secrets: Collection[str]) -> str:
    """A text with these secrets masked."""
    if not text or not secrets:
        return text
    redactor = Redactor()
    for secret in secrets:
        redactor.add(Secret(secret))
    return redactor.mask(text)


def without_secrets(statement: nodes.Statement, text: str, secrets: Collection[str]) -> str:
    """The statement's own text, `{{ literal_1 }}` … in place of literals that hold one of these secrets.

    If one of them is written nowhere just so, it was computed: then every literal may be a part of it, and none is
    kept. What is a placeholder stays one.
    """
    if statement.pos < 0:
        return ""
    if not secrets:
        return text[statement.pos : statement.end]
    literals: dict[tuple[int, int], set[str]] = {}
    for node in nodes.walk(statement):
        if isinstance(node, nodes.Literal) and node.value is not None and statement.pos <= node.pos < node.end:
            literals[node.pos, node.end] = _scalars(str(node.value))
    written = set().union(*literals.values())
    is_computed = not written.issuperset(secrets)
    names: dict[str, str] = {}
    out, at = [], statement.pos
    for (start, end), scalars in sorted(literals.items()):
        own = text[start:end]
        holds = is_computed or (scalars.intersection(secrets) and not _is_given(own, secrets))
        if start < at or _is_placeholder(own) or not holds:
            continue
        name = names.setdefault(own, f"{PLACEHOLDER}{len(names) + 1}")
        quote = "'" if own.endswith("'") else ""
        out += [text[at:start], f"{quote}{{{{ {name} }}}}{quote}"]
        at = end
    return hidden("".join([*out, text[at : statement.end]]), secrets)


def _is_placeholder(own: str) -> bool:
    """Whether a literal is a placeholder and nothing else."""
    bare = own.removeprefix("'").removesuffix("'").strip()
    return bare.startswith("{{") and bare.endswith("}}") and bare.count("{{") == 1


def _is_given(own: str, secrets: Collection[str]) -> bool:
    """Whether all secrets of a literal come from placeholders: `'{"password": "{{ p }}", "login": "a"}'`."""
    written = own.removeprefix("'").removesuffix("'").replace("''", "'")
    inner = _scalars(written)
    scalars = inner - {written} if len(inner) > 1 else inner
    return "{{" in written and all(_is_placeholder(each) if "{{" in each else each not in secrets for each in scalars)


def _scalars(value: str) -> set[str]:
    """The text itself and, where it is JSON, every scalar in it."""
    found = {value}
    if value.lstrip()[:1] not in ("{", "["):
        return found
    try:
        waiting = [json.loads(value)]
    except (ValueError, RecursionError):
        return found
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
        elif each is not None:
            found.add(str(each))
    return found


def _any_masked(schemas: list[Schema], value: Any, lookup: Lookup, depth: int) -> Any:
    for schema in schemas:
        value = _masked(schema, value, lookup, depth + 1)
    return value
