"""Values for `{{ placeholders }}`: between the parser, which made nodes of them, and `plan.bind`.

A value takes the place of one node, so that whatever it holds, it can't change what the statement does: in a string
it is text, bare it is a constant of its own type. Objects and arrays become their compact JSON text.
"""

from __future__ import annotations

from quaestor.errors import BindError, LimitError, SqlSyntaxError, UnsupportedError, did_you_mean
from quaestor.sql.node import Node, transform, walk
from quaestor.sql.nodes import Literal, Placeholder, Script, StringTemplate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, TypeVar

    N = TypeVar("N", bound=Node)

#: JSON's integers have no bound, but Python refuses to print those of thousands of digits.
_MAX_INTEGER = 1 << 128


def substitute(tree: N, values: Mapping[str, Any], text: str = "") -> N:
    """The tree with every placeholder replaced by its value.

    `values` are str, int, float, bool, bytes, None, and lists and dicts of these; `{{ a.b }}` is `values["a"]["b"]`.
    `text` is the script that the tree was read from, for error messages. Raises BindError for a name that isn't there
    and for a value that no constant can hold.
    """

    def change(node: Node) -> Node:
        if isinstance(node, StringTemplate):
            whole = "".join([part if isinstance(part, str) else _text(part, values, text) for part in node.parts])
            return Literal("string", whole, pos=node.pos, end=node.end)
        if isinstance(node, Placeholder) and id(node) not in in_strings:
            return _constant(node, values, text)
        return node

    templates = [node for node in walk(tree) if isinstance(node, StringTemplate | Placeholder)]
    in_strings = {id(part) for node in templates if isinstance(node, StringTemplate) for part in node.parts}
    return transform(tree, change) if templates else tree


def block_values(script: Script, text: str = "") -> dict[str, Any]:
    """What the `<<<json … >>>` blocks of a script say, the later ones winning; a jsonnet block may be plain JSON.

    Raises SqlSyntaxError for what is no JSON object, UnsupportedError for jsonnet that is no JSON.
    """
    import json

    values: dict[str, Any] = {}
    for block in script.blocks:
        start = block.end - len(">>>") - len(block.text)
        try:
            content = json.loads(block.text)
        except RecursionError:
            raise LimitError("the values of this block nest too deep") from None
        except ValueError as error:
            position = start + getattr(error, "pos", 0)
            if block.kind == "jsonnet":
                raise UnsupportedError(
                    "jsonnet is not evaluated here, and this block is no plain JSON",
                    text=text,
                    position=position,
                    hint="run jsonnet first and give its output with --iqldata, or write JSON",
                ) from None
            message = getattr(error, "msg", str(error))
            raise SqlSyntaxError(f"this block is no JSON: {message}", text=text, position=position) from None
        if not isinstance(content, dict):
            raise SqlSyntaxError("a block holds a JSON object", text=text, position=start, hint='{"name": "value"}')
        values.update(content)
    return values


def _value(node: Placeholder, values: Mapping[str, Any], text: str) -> Any:
    """The value that a placeholder names."""
    value: Any = values
    for depth, part in enumerate(node.path):
        if isinstance(value, dict) or depth == 0:
            if part in value:
                value = value[part]
                continue
            names = tuple(str(name) for name in value)
        else:
            if isinstance(value, list | tuple) and part.isdecimal() and int(part[:9]) < len(value):
                value = value[int(part[:9])]
                continue
            names = ()
        where = f" in {'.'.join(node.path[:depth])!r}" if depth else ""
        known = "no values are given: --var name=value, or variables={…} in Python"
        if names:
            known = f"given are {', '.join(sorted(names)[:10])}"
        raise BindError(
            f"there is no value {part!r}{where} for {_shown(node)}",
            text=text,
            position=node.pos,
            hint=did_you_mean(part, names) or (known if not depth else ""),
        )
    return value


def _constant(node: Placeholder, values: Mapping[str, Any], text: str) -> Literal:
    """The literal for a bare placeholder."""
    value = _value(node, values, text)
    if value is None:
        kind = "null"
    elif isinstance(value, bool):
        kind = "true" if value else "false"
    elif isinstance(value, int):
        kind, value = "integer", _bounded(value, node, text)
    elif isinstance(value, float):
        if value != value:
            raise _unfit(node, "not a number (NaN)", text)
        kind = "real"
    elif isinstance(value, bytes):
        kind = "blob"
    else:
        kind, value = "string", _text(node, values, text)
    return Literal(kind, value, pos=node.pos, end=node.end)


def _text(node: Placeholder, values: Mapping[str, Any], text: str) -> str:
    """The text for a placeholder inside a string."""
    value = _value(node, values, text)
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise _unfit(node, "text with half a surrogate pair", text) from None
        return str(value)
    if value is None:
        raise _unfit(node, "null, which is no text", text, f"for NULL write {_shown(node)} without quotes")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(_bounded(value, node, text))
    if isinstance(value, float | list | tuple | dict):
        return _json(value, node, text)
    raise _unfit(node, f"of type {type(value).__name__}", text)


def _json(value: object, node: Placeholder, text: str) -> str:
    import json

    try:
        written = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        written.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise _unfit(node, f"not JSON: {error}", text) from None
    return written


def _bounded(value: int, node: Placeholder, text: str) -> int:
    if abs(value) >= _MAX_INTEGER:
        raise _unfit(node, "an integer of more than 128 bits", text, "give it as a string")
    return int(value)


def _unfit(node: Placeholder, what: str, text: str, hint: str = "") -> BindError:
    return BindError(f"the value of {_shown(node)} is {what}", text=text, position=node.pos, hint=hint)


def _shown(node: Placeholder) -> str:
    return "{{ " + ".".join(node.path) + " }}"
