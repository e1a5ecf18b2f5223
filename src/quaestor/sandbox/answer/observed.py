"""What the vendors were seen to answer, beyond what their specifications say: recordings win.

`observed.json` has the fields that the real services answer always, by operation; `tests/sandbox/observe.py` says how
it was learned. It holds names, types, and constants such as switches.

Before: the recordings. After: `writes` gives new objects the fields that real ones have, and no others.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from quaestor.sandbox.data.collection import ORIGIN
from quaestor.sandbox.data.seeded import CodeKeys, mix, salt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: Fields that tell kinds of objects of one operation apart.
_TELLING = ("signOnMode", "type", "factorType", "layout_type", "name")


@lru_cache(maxsize=1)
def _all() -> dict[str, Any]:
    from importlib.resources import files

    found: dict[str, Any] = msgspec.json.decode((files("quaestor.sandbox.answer") / "observed.json").read_bytes())
    return found


def variant_of(row: dict[str, Any]) -> str:
    """The kind of an object: `signOnMode=BOOKMARK`, or empty."""
    for name in _TELLING[:-1]:
        value = row.get(name)
        if isinstance(value, str):
            return f"{name}={value}"
    return ""


def skeleton(operation: str, row: dict[str, Any]) -> dict[str, Any] | None:
    """What objects of an operation (`okta POST /api/v1/apps`) always have; None if none was recorded."""
    known = _all()
    found = known.get(f"{operation} {variant_of(row)}") or known.get(operation)
    return found if isinstance(found, dict) else None


def envelope(operation: str) -> dict[str, Any] | None:
    """What always stands around the rows of an operation's answers; None if none was recorded."""
    found = _all().get(f"{operation} @")
    return found if isinstance(found, dict) else None


def answers_object(operation: str) -> bool:
    """Whether an operation of which no body is documented answers an object all the same."""
    return operation in _all()


def completed(bones: dict[str, Any], row: dict[str, Any], spare: dict[str, Any], state: int, here: str) -> Any:
    """The row with all that the skeleton has and it lacks: from `spare`, else made up."""
    out = dict(row)
    for key, bone in bones.items():
        name = key.removeprefix("?")
        if name != key and name not in out:
            continue
        inner = out.get(name)
        other = spare.get(name) if isinstance(spare, dict) else None
        if isinstance(bone, dict) and "[]" in bone:
            out[name] = _items(name, bone, out, other, state, here)
        elif isinstance(bone, dict):
            if inner is None and name in out:
                continue
            if inner is None or isinstance(inner, dict):
                below = other if isinstance(other, dict) else {}
                out[name] = completed(bone, inner or {}, below, mix(state, salt(name)), here)
        elif name not in out:
            out[name] = _value(name, bone, other, mix(state, salt(name)), here)
    return out


def _items(name: str, bone: dict[str, Any], out: dict[str, Any], other: Any, state: int, here: str) -> Any:
    """A list with each of its objects completed; an empty one where there was none."""
    if name not in out:
        return other if isinstance(other, list) else []
    rows = out[name]
    if not isinstance(rows, list):
        return rows
    below = mix(state, salt(name))
    return [
        completed(bone["[]"], row, {}, mix(below, at), here) if isinstance(row, dict) else row
        for at, row in enumerate(rows)
    ]


def _value(name: str, bone: list[Any], spare: Any, state: int, here: str) -> Any:
    if bone[0] == "=":
        return bone[1]
    kind = bone[0]
    of = {"string": str, "number": (int, float), "boolean": bool, "array": list, "object": dict}[kind]
    if isinstance(spare, of) and not (kind == "number" and isinstance(spare, bool)):  # type: ignore[arg-type]
        return spare
    if kind == "string":
        if name == "href" or name.lower().endswith(("url", "uri")):
            return f"{ORIGIN}{here}"
        return CodeKeys(state, "", 10).key(0)
    return {"number": state % 1000, "boolean": False, "array": [], "object": {}}[kind]


def trimmed(bones: dict[str, Any], row: dict[str, Any], posted: Any) -> dict[str, Any]:
    """The row without what was invented though no recorded one has it: neither posted nor in the skeleton."""
    out = {}
    for name, value in row.items():
        brought = posted.get(name) if isinstance(posted, dict) else None
        bone = bones.get(name, bones.get("?" + name))
        if name not in bones and brought is None and not (isinstance(posted, dict) and name in posted):
            continue
        inner = isinstance(bone, dict) and "[]" not in bone and isinstance(value, dict)
        out[name] = trimmed(bone, value, brought) if inner and bone is not None else value
    return out
