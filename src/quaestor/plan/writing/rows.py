"""Which objects an UPDATE, REPLACE or DELETE is about.

By key: WHERE gives every path parameter of the method by `=` or IN, and says nothing else; each key is one request,
nothing is read. By predicate: the rows are read by an ordinary SELECT, and each becomes one request. A WHERE that
gives neither a key nor a predicate (only server variables, query parameters or the keys of the collection) names no
row, and neither does no WHERE: an error, unless all rows are meant (`--all`).

Before: `sql.parser` read the statement. After: `run.writing.preparing` evaluates the keys, or runs the SELECT.
"""

from __future__ import annotations

from quaestor.errors import BindError
from quaestor.plan.conditions import conjunction, conjuncts
from quaestor.plan.routes import PARAMETER_PREFIX
from quaestor.plan.scope import TableUse
from quaestor.plan.writing.names import WORDS, Choice, Slot, choose, slot_of
from quaestor.record import Record, replace
from quaestor.sql import nodes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from quaestor.catalog.model import Parameter
    from quaestor.plan.writing.names import Target


class Binding(Record):
    """A condition that gives a name its value: `name = …` or `name IN (…)`, the values without columns."""

    name: str
    values: tuple[nodes.Expr, ...]
    condition: nodes.Expr


class Rows(Record):
    """What is written to, and how its keys are found.

    Attributes:
        choice: the method, and where names of SET and WHERE go.
        keys: by name, the values that WHERE gives it: every combination of them is one call.
        read: None, or the SELECT whose rows are written to; it has a column for each of `columns`, in order, and
            after them those of SET.
        columns: names of `choice.slots` whose values the row has.
    """

    choice: Choice
    keys: dict[str, tuple[nodes.Expr, ...]]
    read: nodes.Select | None = None
    columns: tuple[str, ...] = ()


def find_rows(
    target: Target,
    statement: nodes.Update | nodes.Replace | nodes.Delete,
    verb: str,
    assigned: dict[str, nodes.Expr],
    *,
    all_rows: bool,
) -> Rows:
    """The rows of a statement.

    Args:
        assigned: what SET gives each name.
        all_rows: whether a statement that names no row means all of them.

    Raises BindError for one that names no row.
    """
    bindings, others = _taken_apart(statement.where, statement.table)
    names = list(dict.fromkeys(binding.name for binding in bindings))
    choice = choose(target, verb, list(assigned), names)
    use = TableUse(0, (target.connection,), target.resource, target.server, statement.table.pos)
    used = [b for b in bindings if b.name in choice.slots and _is_for_call(b.name, choice, use)]
    predicates = [*others, *(b.condition for b in bindings if b not in used)]
    lacking = [p for p in choice.method.parameters if p.location == "path" and not choice.given(p.name)]
    if not predicates and not _names_row(target, choice, lacking, verb) and not all_rows:
        raise _no_row(target, choice, lacking, statement)
    taken = taken_from_row(target, choice, assigned) if verb == "update" and assigned else []
    needs_row = any(isinstance(node, nodes.ColumnRef) for e in assigned.values() for node in _outer(e))
    if not (predicates or lacking or taken or needs_row):
        return Rows(_only(choice, assigned, used), _merged(used))
    return _read(target, statement, choice, assigned, bindings, used, predicates, taken, use)


def assigned_by(
    statement: nodes.Update | nodes.Replace | nodes.Delete | nodes.Conflict,
) -> dict[str, nodes.Expr]:
    """What SET gives each name. Raises BindError for a name that is set twice."""
    assigned: dict[str, nodes.Expr] = {}
    if isinstance(statement, nodes.Delete):
        return assigned
    for assignment in statement.assignments:
        values: tuple[nodes.Expr, ...] = (assignment.value,)
        if len(assignment.names) > 1:
            if not isinstance(assignment.value, nodes.RowValue):
                raise BindError("(a, b) = … takes as many values in parentheses", position=assignment.pos)
            values = assignment.value.items
        if len(values) != len(assignment.names):
            raise BindError(f"{len(assignment.names)} names are given {len(values)} values", position=assignment.pos)
        for name, value in zip(assignment.names, values, strict=True):
            if name.text in assigned:
                raise BindError(f"{name.text} is set twice", position=name.pos)
            assigned[name.text] = value
    return assigned


# ------------------------------------------------------------------------------------------- conditions


def _taken_apart(where: nodes.Expr | None, table: nodes.TableRef) -> tuple[list[Binding], list[nodes.Expr]]:
    """The conditions that give names their values, and the others."""
    called: set[tuple[str, ...]] = (
        {(table.alias,)} if table.alias else {table.path[depth:] for depth in range(len(table.path))}
    )
    bindings: list[Binding] = []
    others: list[nodes.Expr] = []
    for condition in conjuncts(where):
        found: Binding | None = None
        if isinstance(condition, nodes.Binary) and condition.op == "=":
            for ref, value in ((condition.left, condition.right), (condition.right, condition.left)):
                name = _column(ref, called)
                if name and _is_constant(value) and found is None:
                    found = Binding(name, (value,), condition)
        elif isinstance(condition, nodes.InList) and not condition.negated and condition.items:
            name = _column(condition.operand, called)
            if name and all(map(_is_constant, condition.items)):
                found = Binding(name, condition.items, condition)
        if found is None:
            others.append(condition)
        else:
            bindings.append(found)
    return bindings, others


def _column(expr: nodes.Expr, called: set[tuple[str, ...]]) -> str:
    """The name of a column of the table, empty for anything else."""
    if not isinstance(expr, nodes.ColumnRef):
        return ""
    *qualifier, name = expr.path
    return name if not qualifier or tuple(qualifier) in called else ""


def _is_constant(expr: nodes.Expr) -> bool:
    return not any(isinstance(node, nodes.ColumnRef | nodes.Select | nodes.Collate) for node in nodes.walk(expr))


def _outer(expr: nodes.Node) -> list[nodes.Node]:
    """The nodes of an expression; of a SELECT inside, which may refer to the row too, all of them."""
    return list(nodes.walk(expr))


def _merged(used: Sequence[Binding]) -> dict[str, tuple[nodes.Expr, ...]]:
    keys: dict[str, tuple[nodes.Expr, ...]] = {}
    for binding in used:
        if binding.name in keys:
            raise BindError(
                f"{binding.name} is given twice", position=binding.condition.pos, hint="leave one of them out"
            )
        keys[binding.name] = binding.values
    return keys


def _is_for_call(name: str, choice: Choice, use: TableUse) -> bool:
    """Whether a condition says how to call the method. An optional query parameter that shares its name with a field
    doesn't: then it is a predicate, and `param__name` is the parameter."""
    slot = choice.slots[name]
    if slot.location in ("path", "server") or name.startswith(PARAMETER_PREFIX):
        return True
    if any(p.name == slot.parameter and p.required for p in choice.method.parameters):
        return True  # the key of an API that has its keys in the query, such as AWS's
    is_field = any(field.name == name for field in use.resource.columns)
    return not is_field or not slot.parameter


def _names_row(target: Target, choice: Choice, lacking: Sequence[Parameter], verb: str) -> bool:
    """Whether the call is about one object that the statement names."""
    if lacking:
        return False
    if any(p.item_key for p in choice.method.parameters):
        return True
    if verb == "delete":
        given = [slot for slot in choice.slots.values() if slot.location in ("query", "header") or not slot.parameter]
        if given:  # what is deleted is told by the body or the query
            return True
        siblings = (*target.resource.by_verb(verb), *target.resource.by_verb("select"))
        in_path = any(p.location == "path" for p in choice.method.parameters)
        return in_path and not any(p.item_key for method in siblings for p in method.parameters)
    siblings = target.resource.by_verb(verb)
    return not any(p.item_key for method in siblings for p in method.parameters)


# ------------------------------------------------------------------------------------------------- read


def taken_from_row(target: Target, choice: Choice, assigned: Iterable[str]) -> list[str]:
    """Properties that the method requires and the statement omits, and that the row can give."""
    given = {
        choice.slots[name].path for name in assigned if name in choice.slots and not choice.slots[name].parameter
    }
    body = choice.method.body
    if body is None or not target.resource.by_verb("select"):
        return []
    columns = {column.name for column in target.resource.columns if not (column.secret or column.write_only)}
    key_names = {"id", "type"}
    found = []
    for path in choice.form.required():
        is_given = any(other == path[: len(other)] or path == other[: len(path)] for other in given)
        is_key = len(path) < len(body.envelope) + 1 and path[-1] in key_names
        if not is_given and not is_key and path[-1] in columns:
            found.append(path[-1])
    return found


def _read(
    target: Target,
    statement: nodes.Update | nodes.Replace | nodes.Delete,
    choice: Choice,
    assigned: dict[str, nodes.Expr],
    bindings: Sequence[Binding],
    used: Sequence[Binding],
    predicates: Sequence[nodes.Expr],
    taken: Sequence[str],
    use: TableUse,
) -> Rows:
    """The SELECT of the rows to write to: their keys, what is taken from them, and the values of SET."""
    columns: dict[str, str] = {}  # name of the slot to the column of the row
    for parameter in choice.method.parameters:
        in_path = parameter.location == "path"
        if not in_path and (not parameter.required or choice.given(parameter.name)):
            continue
        column = _row_column(parameter, use)
        if column:
            columns[parameter.name] = column
        elif in_path and not choice.given(parameter.name):
            raise BindError(
                f"{parameter.name} of {choice.method.name} is no column of {target.resource.id}",
                position=statement.table.pos,
                hint=f"add {parameter.name} = '…'",
            )
    known = [b for b in bindings if b not in used or choice.slots[b.name].location in ("path", "server")]
    conditions = [b.condition for b in known if b.condition not in predicates and use.find(b.name)]
    where = conjunction([*conditions, *predicates])
    values = [*columns.values(), *taken]
    exprs: list[nodes.Expr] = [nodes.ColumnRef((name,), pos=statement.table.pos) for name in values]
    exprs += list(assigned.values())
    core = nodes.SelectCore(tuple(nodes.ResultColumn(expr) for expr in exprs), statement.table, where)
    select = nodes.Select((core,), (), statement.with_, pos=statement.pos, end=statement.end)
    keys = {b.name: b.values for b in used if choice.slots[b.name].parameter not in columns}
    slots = dict(choice.slots)
    for name in (*columns, *taken):
        slots[name] = slot_for(target, choice, name)
    whole = replace(choice, slots=slots, missing=tuple(p for p in choice.missing if p.name not in columns))
    from_row = (*columns, *taken)
    return Rows(_only(whole, (*assigned, *from_row), used), keys, select, from_row)


def slot_for(target: Target, choice: Choice, name: str) -> Slot:
    """Where the value of one of the method's own names goes."""
    slot = slot_of(choice.method, target.server, choice.form, name)
    assert slot is not None  # a parameter of the method, or a property that it requires
    return slot


def _row_column(parameter: Parameter, use: TableUse) -> str:
    """The column that holds a path parameter's value in each row, empty if there is none."""
    if parameter.field and any(field.name == parameter.field for field in use.resource.columns):
        return parameter.field
    return use.find(parameter.name)


def _only(choice: Choice, given: Iterable[str], used: Sequence[Binding]) -> Choice:
    """The choice without the names that turned out to be predicates."""
    names = {*given, *(binding.name for binding in used)}
    return replace(choice, slots={name: slot for name, slot in choice.slots.items() if name in names})


# ----------------------------------------------------------------------------------------------- errors


def _no_row(
    target: Target,
    choice: Choice,
    lacking: Sequence[Parameter],
    statement: nodes.Update | nodes.Replace | nodes.Delete,
) -> BindError:
    """The error for a statement that names no row: it names the key that would."""
    verb = WORDS[choice.method.verb]
    keys = [p.name for p in lacking]
    if not keys:
        siblings = (*target.resource.by_verb(choice.method.verb), *target.resource.by_verb("select"))
        keys = list(dict.fromkeys(p.name for m in siblings for p in m.parameters if p.item_key))[:1]
    what = "no WHERE" if statement.where is None else "a WHERE that names no row"
    example = " AND ".join(f"{name} = '…'" for name in keys)
    word = "AND" if statement.where is not None else "WHERE"
    named = f"{' and '.join(keys)} would name it; " if keys else ""
    return BindError(
        f"{verb} with {what} of {target.resource.id} would reach all of them: nothing was sent",
        position=statement.where.pos if statement.where is not None else statement.pos,
        hint=f"{named}add {word} {example}, or --all if all are meant" if keys else "--all if all are meant",
    )
