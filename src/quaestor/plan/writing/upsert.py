"""ON CONFLICT: which objects are there already, found by the natural key that the catalog names.

The key is looked up by reading the collection once, for all rows: no API of ours has an upsert. It isn't atomic:
somebody may make the object between the look-up and the insert. Before: `run.writing` has the calls of an INSERT.
After: `run.upserting` reads `lookup`, and makes updates of the calls whose key is there.
"""

from __future__ import annotations

from quaestor.errors import BindError, UnsupportedError
from quaestor.plan.writing.names import choose
from quaestor.record import Record, replace
from quaestor.sql import nodes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from quaestor.plan.writing.calls import Call
    from quaestor.plan.writing.names import Choice, Target


class Upsert(Record):
    """What an INSERT does with rows whose key is there.

    Attributes:
        key: places of the natural key in the body, and `columns` the expressions of the same in a row.
        update: the update's method and names; None for DO NOTHING.
        item: parameters of the update's path that the existing row gives, each with its column.
        taken: properties that the update requires and SET omits: columns of the existing row.
    """

    key: tuple[tuple[str, ...], ...]
    columns: tuple[nodes.Expr, ...]
    update: Choice | None = None
    item: dict[str, str] = {}
    taken: tuple[str, ...] = ()


def plan_upsert(target: Target, statement: nodes.Insert, choice: Choice) -> Upsert:
    """What ON CONFLICT says. Raises BindError where the catalog knows no natural key, or another one is meant."""
    conflict = statement.conflict
    assert conflict is not None
    known = choice.method.natural_key
    if not known:
        raise BindError(
            f"{target.resource.id} has no natural key that the catalog knows: what is there already can't be found",
            position=conflict.pos,
            hint="look it up first: INSERT INTO … SELECT … WHERE NOT EXISTS (SELECT …)",
        )
    if conflict.keys_where is not None or conflict.where is not None:
        raise UnsupportedError("WHERE in ON CONFLICT is not there yet", position=conflict.pos)
    meant = {_said(expr, target) for expr in conflict.keys}
    if conflict.keys and meant != {_names(name)[0] for name in known} and not _is_meant(meant, known):
        shown = ", ".join(name.rpartition(".")[2] for name in known)
        raise BindError(
            f"the natural key of {target.resource.id} is {shown}",
            position=conflict.pos,
            hint=f"ON CONFLICT ({shown})",
        )
    places, columns = [], []
    for name in known:
        place = choice.form.place("data__" + name.replace(".", "__"))
        if place is None:
            raise BindError(f"{choice.method.name} has no {name}", position=conflict.pos)
        places.append(place)
        column, *inside = name.split(".")
        expr: nodes.Expr = nodes.ColumnRef((column,))
        for part in inside:
            expr = nodes.Binary("->>", expr, nodes.Literal("string", part))
        columns.append(expr)
    upsert = Upsert(tuple(places), tuple(columns))
    return _with_update(target, conflict, upsert) if conflict.assignments else upsert


def _is_meant(meant: set[str], known: tuple[str, ...]) -> bool:
    return len(meant) == len(known) and all(any(each in _names(name) for each in meant) for name in known)


def _names(key: str) -> tuple[str, ...]:
    """How a key can be written: `profile.name` is `name`, `profile__name`, `data__profile__name`."""
    joined = key.replace(".", "__")
    return (key.rpartition(".")[2], joined, f"data__{joined}")


def _said(expr: nodes.Expr, target: Target) -> str:
    if isinstance(expr, nodes.ColumnRef):
        return expr.path[-1]
    inside = expr.right.value if isinstance(expr, nodes.Binary) and isinstance(expr.right, nodes.Literal) else None
    if isinstance(expr, nodes.Binary) and expr.op == "->>" and isinstance(inside, str):
        return f"{_said(expr.left, target)}__{inside.removeprefix('$.')}"
    raise BindError(f"ON CONFLICT takes names of columns of {target.resource.id}", position=expr.pos)


def _with_update(target: Target, conflict: nodes.Conflict, upsert: Upsert) -> Upsert:
    names = []
    for assignment in conflict.assignments:
        if len(assignment.names) > 1:
            raise UnsupportedError("(a, b) = … in ON CONFLICT is not there yet", position=assignment.pos)
        names.append(assignment.names[0].text)
        for node in nodes.walk(assignment.value):
            if isinstance(node, nodes.ColumnRef) and [p.casefold() for p in node.path[:-1]] != ["excluded"]:
                raise UnsupportedError(
                    "SET in ON CONFLICT takes values and excluded.…, not columns of the row that is there",
                    position=node.pos,
                    hint="UPDATE … SET … WHERE … can speak of the row",
                )
    verb = "update" if target.resource.by_verb("update") else "replace"
    update = choose(target, verb, names)
    item = {}
    for parameter in update.missing:
        if parameter.location != "path" or not parameter.field:
            raise BindError(f"{update.method.name} needs {parameter.name}", position=conflict.pos)
        item[parameter.name] = parameter.field
    from quaestor.plan.writing.rows import slot_for, taken_from_row

    taken = taken_from_row(target, update, names) if verb == "update" else []
    slots = dict(update.slots)
    for name in (*item, *taken):
        slots[name] = slot_for(target, update, name)
    return replace(upsert, update=replace(update, slots=slots, missing=()), item=item, taken=tuple(taken))


def key_of(upsert: Upsert, call: Call) -> tuple[Any, ...]:
    """The natural key of a row. Raises BindError if it has none."""
    found = []
    for place in upsert.key:
        value = call.body
        for name in place:
            value = value.get(name) if isinstance(value, dict) else None
        if value is None:
            raise BindError(f"row {call.row} has no {place[-1]}, which ON CONFLICT goes by")
        found.append(value)
    return tuple(found)


def lookup(target: Target, statement: nodes.Insert, upsert: Upsert, calls: Sequence[Call]) -> nodes.Select:
    """The SELECT of the objects that have one of the calls' keys: keys first, then what the update takes of them.

    Raises BindError for rows that have the same key, or that belong to different collections.
    """
    seen: dict[tuple[Any, ...], int] = {}
    for call in calls:
        before = seen.setdefault(key_of(upsert, call), call.row)
        if before != call.row:
            raise BindError(
                f"rows {before} and {call.row} have the same key: which of them is to be kept?",
                position=statement.pos,
            )
        if call.values != calls[0].values:
            raise UnsupportedError("ON CONFLICT over rows of several collections is not there yet")
    wanted = [nodes.ResultColumn(expr) for expr in upsert.columns]
    wanted += [nodes.ResultColumn(nodes.ColumnRef((name,))) for name in (*upsert.item.values(), *upsert.taken)]
    conditions: list[nodes.Expr] = [
        nodes.InList(expr, tuple(literal(key[index]) for key in seen)) for index, expr in enumerate(upsert.columns)
    ]
    method = calls[0].method
    in_path = {p.name for p in method.parameters if p.location == "path"}
    variables = {v.name for v in (method.server or target.server).variables}
    for name, value in calls[0].values.items():
        if name in in_path or name in variables:
            conditions.append(nodes.Binary("=", nodes.ColumnRef((name,)), literal(value)))
    where = nodes.Logical("AND", tuple(conditions)) if len(conditions) > 1 else conditions[0]
    core = nodes.SelectCore(tuple(wanted), replace(statement.table, alias=None), where)
    return nodes.Select((core,))


def literal(value: Any) -> nodes.Literal:
    """A value as it is written in SQL."""
    if value is None:
        return nodes.Literal("null")
    if isinstance(value, bool):
        return nodes.Literal("true" if value else "false", value)
    if isinstance(value, int):
        return nodes.Literal("integer", value)
    if isinstance(value, float):
        return nodes.Literal("real", value)
    if isinstance(value, bytes):
        return nodes.Literal("blob", value)
    if isinstance(value, str):
        return nodes.Literal("string", value)
    import json

    return nodes.Literal("string", json.dumps(value, ensure_ascii=False))


def with_excluded(value: nodes.Expr, row: dict[str, Any]) -> nodes.Expr:
    """An expression of SET with the new row's values in place of `excluded.…`. Raises BindError for a column that
    the INSERT doesn't name."""

    def change(node: nodes.Node) -> nodes.Node:
        if not isinstance(node, nodes.ColumnRef):
            return node
        name = node.path[-1]
        if name not in row:
            raise BindError(f"excluded has no {name}", position=node.pos, hint=f"the INSERT names {', '.join(row)}")
        return literal(row[name])

    made = nodes.transform(value, change)
    assert isinstance(made, nodes.Expr)
    return made
