"""Functions that statements have besides SQLite's own: StackQL's extras.

`split_part`, `regexp_like`, `regexp_substr`, `regexp_replace`, the REGEXP operator, `json_equal` and
`aws_policy_equal`, with the meaning that StackQL documents. SQLite's mathematical functions are compiled in.
Each returns NULL for a NULL argument.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    import apsw


def register(db: apsw.Connection) -> None:
    """Give a connection all of them."""
    for name, function, arguments in FUNCTIONS:
        db.create_scalar_function(name, _strict(function), arguments, deterministic=True)


def split_part(text: str, separators: str, number: int) -> str:
    """The part of `text` between separators, counted from 1, or from -1 at the end; each character separates."""
    if number == 0:
        raise ValueError("split_part counts from 1, or from -1 at the end")
    parts = [""]
    for char in text:
        if char in separators:
            parts.append("")
        else:
            parts[-1] += char
    index = number - 1 if number > 0 else len(parts) + number
    return parts[index] if 0 <= index < len(parts) else ""


def regexp_like(text: str, pattern: str) -> int:
    """Whether the pattern is found somewhere in the text: 1 or 0."""
    return int(_compiled(pattern).search(text) is not None)


def regexp_operator(pattern: str, text: str) -> int:
    """`text REGEXP pattern`: SQLite hands the pattern over first."""
    return regexp_like(text, pattern)


def regexp_substr(text: str, pattern: str) -> str | None:
    """The first match, or NULL."""
    found = _compiled(pattern).search(text)
    return found.group() if found else None


def regexp_replace(text: str, pattern: str, replacement: str) -> str:
    """Every match replaced by the text as it is."""
    return str(_compiled(pattern).sub(lambda _: replacement, text))


def json_equal(left: str, right: str) -> int:
    """Whether two JSON texts hold the same value: the order of keys doesn't count, that of items does."""
    return int(_loaded(left) == _loaded(right))


#: Members of a policy whose lists are sets.
_SETS = frozenset(("action", "notaction", "resource", "notresource", "principal", "notprincipal", "tags", "aws"))


def aws_policy_equal(left: str, right: str) -> int:
    """Whether two policies mean the same: lists of actions, resources, principals and tags are sets."""
    return int(_policy(_loaded(left)) == _policy(_loaded(right)))


def _policy(value: Any, key: str = "") -> Any:
    import json

    if isinstance(value, dict):
        return {name: _policy(item, name.casefold()) for name, item in value.items()}
    if key in _SETS:
        items = value if isinstance(value, list) else [value]
        return sorted(json.dumps(_policy(item), sort_keys=True) for item in items)
    if isinstance(value, list):
        return [_policy(item) for item in value]
    return value


def _loaded(text: str) -> Any:
    import json

    try:
        return json.loads(text)
    except ValueError as error:
        raise ValueError(f"malformed JSON: {error}") from error


def _compiled(pattern: str) -> Any:
    import re

    try:
        return re.compile(pattern)
    except re.error as error:
        raise ValueError(f"the pattern {pattern!r} can't be used: {error}") from error


def _strict(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        return None if any(argument is None for argument in arguments) else function(*_texts(arguments))

    return call


def _texts(arguments: tuple[Any, ...]) -> list[Any]:
    """SQLite gives numbers where a text was meant (`split_part(12.5, '.', 1)`); only the last may be a number."""
    *first, last = arguments
    return [*(str(value) for value in first), last if isinstance(last, int) else str(last)]


FUNCTIONS: tuple[tuple[str, Callable[..., Any], int], ...] = (
    ("split_part", split_part, 3),
    ("regexp_like", regexp_like, 2),
    ("regexp", regexp_operator, 2),
    ("regexp_substr", regexp_substr, 2),
    ("regexp_replace", regexp_replace, 3),
    ("json_equal", json_equal, 2),
    ("aws_policy_equal", aws_policy_equal, 2),
)
