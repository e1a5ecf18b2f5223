"""One row's values put into one call of a method: parameters and body, converted and checked.

Before: `plan.writing.names` says where each name goes, `run.writing.preparing` has the values. After:
`run.writing.mutate` makes a request of each `Call`.
"""

from __future__ import annotations

from quaestor.plan.writing.check import Checker
from quaestor.plan.writing.form import WHOLE
from quaestor.record import Record
from quaestor.values import convert

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from quaestor.catalog.model import Method, Parameter
    from quaestor.plan.writing.names import Choice, Target

#: Stands for a body that isn't sent.
NO_BODY = object()
#: Texts that name no object in a path, but another path.
NO_KEYS = ("", ".", "..")


class Call(Record):
    """One request to be made.

    Attributes:
        values: of the parameters and server variables, by SQL name.
        body: the JSON value to send, text or bytes for a body that isn't JSON; `NO_BODY` for none.
        row: the number of the row that it is for, from 1.
    """

    connection: str
    method: Method
    values: dict[str, Any]
    body: Any = NO_BODY
    row: int = 1

    @property
    def has_body(self) -> bool:
        """Whether a body is sent."""
        return self.body is not NO_BODY

    @property
    def key(self) -> str:
        """What names the object: the values of the path, `00u1/app2`; empty if the path has none."""
        in_path = [p for p in self.method.parameters if p.location == "path"]
        return "/".join(str(self.values[p.name]) for p in in_path if p.name in self.values)


def make_call(
    target: Target,
    choice: Choice,
    row: Mapping[str, Any],
    number: int,
    *,
    sends_null: bool,
    sends_body: bool = True,
) -> tuple[Call, list[str]]:
    """The call for one row, and what is wrong with it.

    Args:
        row: a value for each name of `choice.slots`.
        sends_null: NULL is sent as null; else a property that is NULL is left out.
        sends_body: False for an UPDATE that sets nothing: it sends its parameters alone.
    """
    checker = Checker(target.schema, choice.method.body.envelope if choice.method.body is not None else ())
    problems: list[str] = []
    values: dict[str, Any] = {}
    places: dict[tuple[str, ...], Any] = {}
    method = choice.method
    for name, value in row.items():
        slot = choice.slots[name]
        if not slot.parameter:
            if value is not None or sends_null:
                places[slot.path] = value
            continue
        if value is None:
            continue
        parameter = method.parameter(slot.parameter)
        if parameter is None:  # a server variable
            values[slot.parameter] = value
            continue
        values[slot.parameter] = _parameter_value(parameter, value, problems)
    for parameter in method.required:
        if parameter.name not in values and parameter.default:
            values[parameter.name] = _parameter_value(parameter, parameter.default, problems)
        elif parameter.name not in values and choice.given(parameter.name):
            problems.append(f"{choice.given(parameter.name)} is required, and is NULL")
    body = _body(choice, places, values, checker, problems) if sends_body else NO_BODY
    return Call(target.connection, method, values, body, number), [*problems, *checker.problems]


def _parameter_value(parameter: Parameter, value: Any, problems: list[str]) -> Any:
    """A value as its parameter takes it."""
    if isinstance(value, bool):
        if parameter.type == "boolean":
            return value
        value = "true" if value else "false"
    found = convert(value, parameter.type)
    if not found.is_exact:
        problems.append(f"{parameter.name} takes {_article(parameter.type)}, not {value!r}")
        return value
    made: Any = bool(found.value) if parameter.type == "boolean" else found.value
    if parameter.location == "path" and str(made) in NO_KEYS:
        problems.append(f"{parameter.name} can't be {made!r}: it would name another resource")
    text = "true" if made is True else "false" if made is False else str(made)
    if parameter.enum and parameter.type != "array" and text not in parameter.enum:
        problems.append(f"{parameter.name} can't be {text!r}: it is one of {', '.join(parameter.enum)}")
    return made


def _body(
    choice: Choice,
    places: Mapping[tuple[str, ...], Any],
    values: Mapping[str, Any],
    checker: Checker,
    problems: list[str],
) -> Any:
    body = choice.method.body
    if body is None:
        return NO_BODY
    if not places and not body.required and not (body.constants and choice.form.required()):
        return NO_BODY
    if choice.form.is_text:
        if () not in places:
            problems.append(f"the body is required: {WHOLE} is its text or blob, sent as {body.media_type}")
        return places.get((), "")
    whole = _nested(places, problems)
    if problems and whole is None:
        return None
    if isinstance(whole, list):
        return checker.fit(choice.form.schema, whole)
    if isinstance(whole, dict):
        for dotted, value in body.constants.items():
            _set_default(whole, tuple(dotted.split(".")), value)
        _set_key(choice, whole, values)
        if choice.form.is_array:
            whole = [whole]
        if "xml" in body.media_type and isinstance(whole, dict) and any(map(_is_markup, whole.values())):
            return whole  # an element that is written out: the API reads it as it is
    return checker.fit(choice.form.schema, whole)


def _is_markup(value: Any) -> bool:
    return isinstance(value, str) and value.lstrip().startswith("<")


def _nested(places: Mapping[tuple[str, ...], Any], problems: list[str]) -> Any:
    """The values in their places; what stands further in goes into what stands around it."""
    whole: Any = {}
    for path, value in sorted(places.items(), key=lambda each: len(each[0])):
        if not path:
            whole = _json(value)
            continue
        at = whole
        for key in path[:-1]:
            if not isinstance(at, dict):
                break
            inner = at.get(key)
            at[key] = {} if inner is None else _json(inner)
            at = at[key]
        if isinstance(at, dict):
            at[path[-1]] = value
        else:
            problems.append(f"{'.'.join(path)} can't be set inside what isn't an object")
    return whole


def _json(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    import json

    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return found if isinstance(found, dict | list) else value


def _set_default(whole: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    at = whole
    for key in path[:-1]:
        below = at.setdefault(key, {})
        if isinstance(below, str):
            below = at[key] = _json(below)
        if not isinstance(below, dict):
            return
        at = below
    at.setdefault(path[-1], value)


def _set_key(choice: Choice, whole: dict[str, Any], values: Mapping[str, Any]) -> None:
    """JSON:API wants the id of what is updated in the body too (https://jsonapi.org/format/#crud-updating)."""
    body = choice.method.body
    if body is None or body.envelope[:1] != ("data",) or choice.method.verb not in ("update", "replace"):
        return
    keys = [p for p in choice.method.parameters if p.item_key and p.location == "path"]
    schemas, is_required = choice.form.fields(("data",)).get("id", ([], False))
    if len(keys) == 1 and schemas and is_required and keys[0].name in values:
        _set_default(whole, ("data", "id"), values[keys[0].name])


def rejected(problems: Sequence[tuple[int, list[str]]], count: int) -> list[str]:
    """What is wrong with all rows, a line each, with the row's number where there are several rows."""
    lines: dict[str, list[int]] = {}
    for row, found in problems:
        for line in found:
            lines.setdefault(line, []).append(row)
    if count == 1:
        return list(lines)
    out = []
    for line, rows in lines.items():
        numbers = ", ".join(map(str, rows[:5])) + (f" and {len(rows) - 5} more" if len(rows) > 5 else "")
        out.append(f"row{'s' if len(rows) > 1 else ''} {numbers}: {line}")
    return out


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aio" else f"a {kind}"
