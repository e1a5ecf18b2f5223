"""Which method serves a statement that writes, and where each of its names goes: a parameter or the body.

Before: `sql.parser` read the statement. After: `plan.writing.calls` puts the values of each row there. Of the verb's
methods the one serves that has a place for every name and whose required parameters are all given; of several, the
one that uses most of the names as parameters, then the first. A name that is both is the parameter; `data__` in front
of it means the property, `param__` the parameter.
"""

from __future__ import annotations

from quaestor.errors import BindError, did_you_mean
from quaestor.plan.routes import PARAMETER_PREFIX
from quaestor.plan.writing.form import Form
from quaestor.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from quaestor.catalog.model import Method, Parameter, Resource, Schema, Server

#: How the verbs are written.
WORDS = {"insert": "INSERT", "update": "UPDATE", "replace": "REPLACE", "delete": "DELETE", "exec": "EXEC"}
MOST_LISTED = 20


class Target(Record):
    """What is written to.

    Attributes:
        connection: by which it is reached.
        server: the provider's.
        schema: gives one of the provider's schemas by name.
    """

    connection: str
    resource: Resource
    server: Server
    schema: Callable[[str], Schema]


class Slot(Record):
    """Where a name's value goes.

    Attributes:
        parameter: SQL name of the parameter, or empty.
        location: of the parameter: path, query, header or server.
        path: keys into the body, if it is no parameter; `()` is the whole body.
    """

    parameter: str = ""
    location: str = ""
    path: tuple[str, ...] = ()


class Choice(Record):
    """A method, and where the names of a statement go.

    Attributes:
        slots: by name.
        unknown: names without a place.
        missing: required parameters that no name gives.
    """

    method: Method
    form: Form
    slots: dict[str, Slot]
    unknown: tuple[str, ...]
    missing: tuple[Parameter, ...]

    def given(self, parameter: str) -> str:
        """The name that gives a parameter its value, or an empty text."""
        return next((name for name, slot in self.slots.items() if slot.parameter == parameter), "")


def slot_of(method: Method, server: Server, form: Form, name: str) -> Slot | None:
    """Where a name's value goes in a call of the method, None if it has no place for it."""
    bare = name.removeprefix(PARAMETER_PREFIX)
    parameter = method.parameter(bare) or next((p for p in method.parameters if p.wire == bare), None)
    if parameter is not None and (parameter.name == bare or form.place(name) is None):
        return Slot(parameter.name, parameter.location)
    variables = (method.server or server).variables
    if any(variable.name == bare for variable in variables):
        return Slot(bare, "server")
    if bare != name:
        return None
    path = form.place(name)
    if path is not None:
        return Slot(path=path)
    folded = [p for p in method.parameters if p.name.casefold() == name.casefold()]
    folded = folded or [p for p in method.parameters if p.field == name and p.location == "path"]
    return Slot(folded[0].name, folded[0].location) if len(folded) == 1 else None


def choice_of(target: Target, method: Method, names: Iterable[str]) -> Choice:
    """Where these names go in a call of this method."""
    form = Form(method, target.schema)
    slots: dict[str, Slot] = {}
    unknown = []
    for name in names:
        slot = slot_of(method, target.server, form, name)
        if slot is None:
            unknown.append(name)
        else:
            slots[name] = slot
    have = {slot.parameter for slot in slots.values()}
    missing = tuple(p for p in method.required if p.name not in have and not p.default)
    return Choice(method, form, slots, tuple(unknown), missing)


def choose(target: Target, verb: str, names: Sequence[str], optional: Sequence[str] = ()) -> Choice:
    """The method of a verb that serves a statement with these names, the nearest one if none fits.

    Args:
        optional: further names, which a method needn't have a place for: conditions on other columns.

    Raises BindError for a resource without such a method.
    """
    methods = target.resource.by_verb(verb)
    if not methods:
        raise no_method(target.resource, verb)
    choices = [choice_of(target, method, names) for method in methods]
    if len(choices) == 1:
        return _with(target, choices[0], optional)

    def lacks(choice: Choice) -> tuple[int, int]:
        whole = _with(target, choice, optional)
        have = {slot.path for slot in whole.slots.values() if not slot.parameter}
        required = [path for path in choice.form.required() if not any(path[: len(p)] == p for p in have)]
        lacking = len(choice.unknown) + len(whole.missing) + (len(required) if verb == "insert" else 0)
        return lacking, -sum(bool(slot.parameter) for slot in whole.slots.values())

    return _with(target, min(choices, key=lacks), optional)


def _with(target: Target, choice: Choice, optional: Sequence[str]) -> Choice:
    """The choice with those of the optional names that it has a parameter for."""
    if not optional:
        return choice
    known = choice_of(target, choice.method, optional)
    slots = {name: slot for name, slot in known.slots.items() if slot.parameter or choice.method.verb == "delete"}
    have = {slot.parameter for slot in (*slots.values(), *choice.slots.values())}
    missing = tuple(p for p in choice.method.required if p.name not in have and not p.default)
    return Choice(choice.method, choice.form, {**slots, **choice.slots}, choice.unknown, missing)


# ----------------------------------------------------------------------------------------------- errors


def no_method(resource: Resource, verb: str) -> BindError:
    """The error for a resource that has no method of a verb."""
    others = [WORDS.get(each, "SELECT") for each in dict.fromkeys(m.verb for m in resource.methods)]
    hint = f"it has {', '.join(others)}; SHOW METHODS IN {resource.id} lists them"
    if verb == "update" and resource.by_verb("replace"):
        hint = f"REPLACE {resource.id} SET … WHERE … replaces the whole object"
    elif verb == "replace" and resource.by_verb("update"):
        hint = f"UPDATE {resource.id} SET … WHERE … changes what SET names"  # noqa: S608
    return BindError(f"{resource.id} has no {WORDS[verb]} method", hint=hint)


def problems_of(target: Target, choice: Choice) -> list[str]:
    """What is wrong with the names: a line for each that is unknown, and for each parameter that is missing."""
    method = choice.method
    parameters = [p.name for p in method.parameters]
    variables = [v.name for v in (method.server or target.server).variables]
    properties = choice.form.names()
    lines = []
    for name in choice.unknown:
        what = "property" if name.startswith("data__") else "parameter" if not properties else "parameter or property"
        near = did_you_mean(
            name.removeprefix("data__").removeprefix("param__"), [*properties, *parameters, *variables]
        )
        near = near or f"it has {', '.join([*parameters, *properties][:MOST_LISTED]) or 'none'}"
        lines.append(f"{method.name} has no {what} called {name}; {near}")
    for parameter in choice.missing:
        allowed = f", one of {', '.join(parameter.enum)}" if parameter.enum else ""
        lines.append(f"{parameter.name} is required ({parameter.location} parameter{allowed})")
    return lines


def needs(choice: Choice) -> str:
    """What a method requires, for a hint."""
    required = [p.name for p in choice.method.required if not p.default]
    required += [path[-1] for path in choice.form.required()]
    return f"{choice.method.name} requires {', '.join(required)}" if required else ""


def problem_error(lines: Sequence[str], what: str, position: int, hint: str = "", most: int = 20) -> BindError:
    """One error for all that is wrong."""
    if len(lines) == 1:
        return BindError(f"{what}: {lines[0]}", position=position, hint=hint)
    shown = "".join(f"\n  - {line}" for line in lines[:most])
    more = f"\n  … and {len(lines) - most} more" if len(lines) > most else ""
    return BindError(f"{what}: {len(lines)} things are wrong{shown}{more}", position=position, hint=hint)
