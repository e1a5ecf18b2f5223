"""What is given with a text: values of its placeholders, and of its parameters.

Before: `run.engine` was handed a text. After: it substitutes the first, and SQLite is given the second.
"""

from __future__ import annotations

from quaestor.errors import BindError
from quaestor.sql import nodes
from quaestor.sql.parser import parse_script
from quaestor.sql.template import block_values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from quaestor.values import SqlValue


def parsed(text: str, variables: Mapping[str, Any] | None) -> tuple[tuple[nodes.Statement, ...], Mapping[str, Any]]:
    """The statements of a text, and the values of placeholders: its own blocks', and over them those given."""
    script = parse_script(text)
    return script.statements, {**block_values(script, text), **(variables or {})}


def parameters(
    statement: nodes.Statement, params: Sequence[SqlValue] | Mapping[str, SqlValue] | None, text: str
) -> dict[str, SqlValue]:
    """The value of each `?` and `:name` of a statement, by the name that `plan.lower` gives it."""
    values: dict[str, SqlValue] = {}
    for node in nodes.walk(statement):
        if not isinstance(node, nodes.Parameter):
            continue
        if node.name:
            name = node.name[1:]
            if params is None or not hasattr(params, "keys") or name not in params:
                raise BindError(f"no value is given for {node.name}", text=text, position=node.pos)
            values[name] = params[name]  # type: ignore[call-overload]
        else:
            count = 0 if params is None or hasattr(params, "keys") else len(params)
            if node.index > count:
                raise BindError(
                    f"no value is given for ?{node.index}: there are {count} values", text=text, position=node.pos
                )
            values[f"_{node.index}"] = params[node.index - 1]  # type: ignore[index]
    return values
