"""ON CONFLICT: which objects are there already, found by the natural key that the catalog names.

The key is looked up by reading the collection once, for all rows: no API of ours has an upsert. It isn't atomic:
somebody may make the object between the look-up and the insert. Before: `run.writing.preparing` has the calls of an
INSERT. After: `run.writing.upserting` reads `lookup`, and makes updates of the calls whose key is there.
"""

from __future__ import annotations

from quaestor.errors import BindError, UnsupportedError
from quaestor.plan.writing.names import choose
from quaestor.plan.writing.rows import assigned_by, slot_for, taken_from_row
from quaestor.record import Record, replace
from quaestor.sql import nodes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
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
        assigned: what SET gives each name.
        spoken: columns of the existing row that SET and WHERE speak of.
    """

    key: tuple[tuple[str, ...], ...]
    columns: tuple[nodes.Expr, ...]
    update: Choice | None = None
    item: dict[str, str] = {}
    taken: tuple[str, ...] = ()
    assigned: dict[str, nodes.Expr] = {}
    spoken: tuple[str, ...] = ()


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
    if conflict.keys_where is not None:
        raise UnsupportedError(
            "ON CONFLICT (…) WHERE names a part of an index, and no API has one",
            position=conflict.keys_where.pos,
            hint="DO UPDATE SET … WHERE … says which of the rows that are there are updated",
        )
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
    return _with_update(target, statement, conflict, upsert) if conflict.assignments else upsert


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


def _with_update(target: Target, statement: nodes.Insert, conflict: nodes.Conflict, upsert: Upsert) -> Upsert:
    assigned = assigned_by(conflict)
    names = list(assigned)
    spoken = _spoken_of(statement.table, [*assigned.values(), *([conflict.where] if conflict.where else [])])
    verb = "update" if target.resource.by_verb("update") else "replace"
    update = choose(target, verb, names)
    item = {}
    for parameter in update.missing:
        if parameter.location != "path" or not parameter.field:
            raise BindError(f"{update.method.name} needs {parameter.name}", position=conflict.pos)
        item[parameter.name] = parameter.field
    taken = taken_from_row(target, update, names) if verb == "update" else []
    slots = dict(update.slots)
    for name in (*item, *taken):
        slots[name] = slot_for(target, update, name)
    return replace(
        upsert,
        update=replace(update, slots=slots, missing=()),
        item=item,
        taken=tuple(taken),
        assigned=assigned,
        spoken=spoken,
    )


def _spoken_of(table: nodes.TableRef, exprs: Sequence[nodes.Expr]) -> tuple[str, ...]:
    """The columns of the existing row that expressions speak of: names alone, or behind the table's name, as SQLite
    has it. Raises BindError for another table's, UnsupportedError for those of a subquery."""
    found: dict[str, None] = {}
    for node in (node for expr in exprs for node in nodes.walk(expr)):
        if isinstance(node, nodes.Select) and any(
            isinstance(inner, nodes.ColumnRef) and not _is_excluded(inner) for inner in nodes.walk(node)
        ):
            raise UnsupportedError(
                "a subquery in ON CONFLICT that speaks of columns is not there",
                position=node.pos,
                hint="UPDATE … SET … WHERE … takes one",
            )
        if isinstance(node, nodes.ColumnRef) and not _is_excluded(node):
            if len(node.path) > 1 and not _is_table(node.path[:-1], table):
                raise BindError(
                    f"there is no {'.'.join(node.path[:-1])} here",
                    position=node.pos,
                    hint="a name alone is the row that is there, excluded.name the new one",
                )
            found[node.path[-1]] = None
    return tuple(found)


def _is_excluded(ref: nodes.ColumnRef) -> bool:
    return [part.casefold() for part in ref.path[:-1]] == ["excluded"]


def _is_table(qualifier: tuple[str, ...], table: nodes.TableRef) -> bool:
    return qualifier == (table.alias,) or qualifier == table.path[-len(qualifier) :]


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

    All calls are of one collection (`by_collection`). Raises BindError for rows that have the same key.
    """
    seen: dict[tuple[Any, ...], int] = {}
    for call in calls:
        before = seen.setdefault(key_of(upsert, call), call.row)
        if before != call.row:
            raise BindError(
                f"rows {before} and {call.row} have the same key: which of them is to be kept?",
                position=statement.pos,
            )
    wanted = [nodes.ResultColumn(expr) for expr in upsert.columns]
    wanted += [nodes.ResultColumn(nodes.ColumnRef((name,))) for name in read_of(upsert)]
    conditions: list[nodes.Expr] = [
        nodes.InList(expr, tuple(literal(key[index]) for key in seen)) for index, expr in enumerate(upsert.columns)
    ]
    for name, value in _collection(target, calls[0]).items():
        conditions.append(nodes.Binary("=", nodes.ColumnRef((name,)), literal(value)))
    where = nodes.Logical("AND", tuple(conditions)) if len(conditions) > 1 else conditions[0]
    core = nodes.SelectCore(tuple(wanted), replace(statement.table, alias=None), where)
    return nodes.Select((core,))


def read_of(upsert: Upsert) -> tuple[str, ...]:
    """The columns of an existing row that `lookup` gives behind the keys."""
    return (*upsert.item.values(), *upsert.taken, *upsert.spoken)


def by_collection(target: Target, calls: Sequence[Call]) -> list[list[Call]]:
    """The calls of each collection: the same parents, the same server."""
    found: dict[tuple[Any, ...], list[Call]] = {}
    for call in calls:
        found.setdefault(tuple(sorted(_collection(target, call).items())), []).append(call)
    return list(found.values())


def _collection(target: Target, call: Call) -> dict[str, Any]:
    """What says where a call makes its object: the values of the path and of the server."""
    in_path = {p.name for p in call.method.parameters if p.location == "path"}
    variables = {v.name for v in (call.method.server or target.server).variables}
    return {name: value for name, value in call.values.items() if name in in_path or name in variables}


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


def with_values(value: nodes.Expr, new: Mapping[str, Any], there: Mapping[str, Any]) -> nodes.Expr:
    """An expression of SET or WHERE with the new row's values in place of `excluded.…`, and the existing row's in
    place of other names. Raises BindError for a column that the INSERT doesn't name."""

    def change(node: nodes.Node) -> nodes.Node:
        if not isinstance(node, nodes.ColumnRef):
            return node
        name = node.path[-1]
        if not _is_excluded(node):
            return literal(there[name])
        if name not in new:
            raise BindError(f"excluded has no {name}", position=node.pos, hint=f"the INSERT names {', '.join(new)}")
        return literal(new[name])

    made = nodes.transform(value, change)
    assert isinstance(made, nodes.Expr)
    return made
