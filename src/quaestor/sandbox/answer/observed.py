"""What the vendors were seen to answer, beyond what their specifications say: recordings win.

`observed.json` has the fields that the real services answer always, by operation; `tests/sandbox/observe.py` says how
it was learned. It holds names, types, and constants such as switches.

Before: the recordings. After: `writes` gives new objects the fields that real ones have, and no others.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from quaestor.catalog.model import Schema
from quaestor.sandbox.data.collection import ORIGIN
from quaestor.sandbox.data.seeded import mix, salt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from quaestor.sandbox.data.invent import Inventor

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


def skeleton(operation: str, row: dict[str, Any], told_by: str = "") -> dict[str, Any] | None:
    """What objects of an operation (`okta POST /api/v1/apps`) always have; None if none was recorded.

    What all recorded kinds have goes for one that wasn't recorded too. But where the schema has fields for each kind
    (`told_by` its discriminator), one recorded kind tells of itself alone.
    """
    known, kind = _all(), variant_of(row)
    found = known.get(f"{operation} {kind}")
    if not found and not (told_by and kind.startswith(f"{told_by}=") and _kinds(operation, told_by, id(known)) == 1):
        found = known.get(operation)
    return found if isinstance(found, dict) else None


@lru_cache(maxsize=512)
def _kinds(operation: str, name: str, _of: int) -> int:
    """How many kinds of an operation's objects were recorded that this field tells apart."""
    return sum(each.startswith(f"{operation} {name}=") for each in _all())


def recorded(operation: str) -> bool:
    """Whether any object of an operation's answers was recorded."""
    return operation in _all()


def kin(operation: str) -> str:
    """The recorded operation whose objects those of this one are most like: itself, or another of the same
    collection; empty where none was recorded."""
    known = _all()
    if operation in known:
        return operation
    provider, _, template = operation.split(" ")
    home = template.removesuffix("/{}")
    for http, path in (
        ("GET", home + "/{}"),
        ("GET", home),
        ("POST", home),
        ("PATCH", home + "/{}"),
        ("PUT", home + "/{}"),
    ):
        other = f"{provider} {http} {path}"
        if known.get(other):
            return other
    return ""


def envelope(operation: str) -> dict[str, Any] | None:
    """What always stands around the rows of an operation's answers; None if none was recorded."""
    found = _all().get(f"{operation} @")
    return found if isinstance(found, dict) else None


def error_of(operation: str) -> tuple[str, ...]:
    """The keys of the error objects that an operation was seen to answer, or one of the same service; none if its
    errors are texts, or none was recorded."""
    words = operation.split("/")
    for name in (operation, "/".join(["", *words[1:4]])):
        found = _all().get(f"{name} !")
        if found is not None:
            return tuple(found)
    return ()


def accepted_faults(operation: str) -> frozenset[str]:
    """Which faults of its schema's bodies of an operation were accepted with: dotted path, `[]` for items of lists,
    and what is wrong there."""
    return frozenset(_all().get(f"{operation} ~", ()))


def wants_uuid(provider: str, template: str) -> bool:
    """Whether a key that is no UUID was seen to be refused at a path as badly written, rather than not found."""
    return f"{provider} {template} #" in _all()


def answers_object(operation: str) -> bool:
    """Whether an operation of which no body is documented answers an object all the same."""
    return operation in _all()


class Maker:
    """Makes up what a skeleton wants: as its schema says, where there is one.

    Args:
        here: the path of the object, for links.
        postable: of an object that a client made, what the client could have said: a text that it didn't is empty.
    """

    def __init__(self, inventor: Inventor, here: str, postable: frozenset[str] = frozenset()) -> None:
        self._inventor = inventor
        self._here = here
        self._postable = postable

    def completed(
        self, bones: dict[str, Any], row: dict[str, Any], spare: dict[str, Any], shape: Schema, state: int
    ) -> dict[str, Any]:
        """The row with all that the skeleton has and it lacks: from `spare`, else made up."""
        out = dict(row)
        known = self._inventor.resolve(shape).properties
        for key, bone in bones.items():
            if key.startswith("-"):
                out.pop(key[1:], None)
                continue
            name = key.removeprefix("?")
            if name != key and name not in out:
                continue
            inner = out.get(name)
            other = spare.get(name) if isinstance(spare, dict) else None
            below, turn = known.get(name, _ANY), mix(state, salt(name))
            if isinstance(bone, dict) and "[]" in bone:
                out[name] = self._items(bone, out[name], below, turn) if name in out else _listed(other)
            elif isinstance(bone, dict):
                if inner is None and name in out:
                    continue
                if inner is None or isinstance(inner, dict):
                    rest = other if isinstance(other, dict) else {}
                    out[name] = self.completed(bone, inner or {}, rest, below, turn)
            elif name not in out:
                out[name] = self._value(name, bone, other, below, turn)
        return out

    def fitted(
        self,
        bones: dict[str, Any],
        row: dict[str, Any],
        facts: Mapping[str, Any],
        shape: Schema,
        own: bool = False,
    ) -> dict[str, Any]:
        """The row without what was made up though no recorded one ever had it: what is no fact, and no schema asks
        for; where the skeleton is of the very operation (`own`), not for a schema's sake either."""
        known = self._variant(shape, row)
        if known.one_of or known.any_of:  # which of its kinds it is would show in what is taken away
            return row
        asked = {self._inventor.resolve(shape).discriminator, *(() if own and bones else known.required)}
        out = {}
        for name, value in row.items():
            bone = bones.get(name, bones.get("?" + name))
            fact = facts.get(name)
            if bone is None and name not in facts and name not in asked:
                continue
            below = known.properties.get(name, _ANY)
            if bone == _NULL and name not in facts and isinstance(value, (dict, list)):
                value = None
            elif isinstance(bone, dict) and "[]" in bone and isinstance(value, list) and fact is None:
                items = self._inventor.resolve(below).items or _ANY
                value = [
                    self.fitted(bone["[]"], each, {}, items, own) if isinstance(each, dict) else each
                    for each in value
                ]
            elif isinstance(bone, dict) and "[]" not in bone and isinstance(value, dict):
                value = self.fitted(bone, value, fact if isinstance(fact, dict) else {}, below, own)
            out[name] = value
        return out

    def _variant(self, shape: Schema, row: dict[str, Any]) -> Schema:
        """The schema of this very object, where it is of one of several kinds."""
        known = self._inventor.resolve(shape)
        chosen = known.mapping.get(str(row.get(known.discriminator))) if known.discriminator else None
        return self._inventor.resolve(Schema(ref=chosen)) if chosen else known

    def _items(self, bone: dict[str, Any], rows: Any, shape: Schema, state: int) -> Any:
        """A list with each of its objects completed."""
        if not isinstance(rows, list):
            return rows
        items = self._inventor.resolve(shape).items or _ANY
        return [
            self.completed(bone["[]"], row, {}, items, mix(state, at)) if isinstance(row, dict) else row
            for at, row in enumerate(rows)
        ]

    def _value(self, name: str, bone: list[Any], spare: Any, shape: Schema, state: int) -> Any:
        allowed = self._inventor.resolve(shape).enum
        if bone[0] == "=":
            return bone[1] if bone[1] is None or not allowed or bone[1] in allowed else allowed[0]
        of = {"string": str, "number": (int, float), "boolean": bool, "array": list, "object": dict}[bone[0]]
        if _fits(spare, of):
            return spare
        if bone[0] == "string" and (name == "href" or name.lower().endswith(("url", "uri"))):
            return f"{ORIGIN}{self._here}"
        known = self._inventor.resolve(shape)
        if bone[0] == "object" and (shape.nullable or known.nullable):
            return None
        if bone[0] != "array" and (known.format or known.enum or bone[0] in ("number", "object")) and known != _ANY:
            made = self._inventor.field(shape, name, state)
            if _fits(made, of):
                return made
        if bone[0] == "string":
            free = name in self._postable and known.min_length is None and not known.pattern
            return "" if free else self._inventor.code(name, state)
        return {"number": state % 1000, "boolean": False, "array": [], "object": {}}[bone[0]]


_ANY = Schema()
#: What was always null.
_NULL = ["=", None]


def echo(bone: Any, value: Any) -> Any:
    """What is answered of a value that was posted: the value, or the null that was always answered."""
    return None if bone == _NULL else value


def _constant(bone: Any) -> bool:
    """Whether a skeleton has one value for a field, which says more than one that was made up."""
    return isinstance(bone, list) and bone[0] == "="


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _fits(value: Any, of: Any) -> bool:
    """Whether a value is of a type; a switch is no number."""
    return isinstance(value, of) and (of is bool or not isinstance(value, bool))


def trimmed(bones: dict[str, Any], row: dict[str, Any], posted: Any, *, fresh: bool = False) -> dict[str, Any]:
    """The row without what was invented though no recorded one has it: neither posted nor in the skeleton; of a
    `fresh` object also without what was always the same."""
    out = {}
    for name, value in row.items():
        brought = posted.get(name) if isinstance(posted, dict) else None
        if "-" + name in bones:
            continue
        bone = bones.get(name, bones.get("?" + name))
        here = brought is not None or (isinstance(posted, dict) and name in posted)
        stays = name in bones and not (fresh and _constant(bone))
        if not here and not stays and (name != "status" or bone is None):
            continue
        inner = isinstance(bone, dict) and "[]" not in bone and isinstance(value, dict)
        out[name] = trimmed(bone, value, brought, fresh=fresh) if inner and bone is not None else value
    return out
