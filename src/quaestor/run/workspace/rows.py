"""INSERT, UPDATE and DELETE on tables of the workspace, and the rows of new ones.

Part of `run.workspace.changes`. Names are bound as in a SELECT: for UPDATE and DELETE one is made whose columns are
the new values and whose WHERE is the statement's, and its parts, once bound, are put together again as SQL for
SQLite. So a condition may ask a provider, `DELETE FROM left_behind WHERE id IN (SELECT id FROM okta.users.users)`,
and is answered before the table is locked.
"""

from __future__ import annotations

from quaestor.errors import BindError, UnsupportedError, did_you_mean
from quaestor.fetch.stats import Stats
from quaestor.plan.lower import lower, lowered
from quaestor.plan.scope import BoundColumn
from quaestor.record import replace
from quaestor.run.result import Result
from quaestor.sql import nodes
from quaestor.sql.printer import to_sql
from quaestor.values import ResultColumn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from typing import TypeAlias

    import apsw

    from quaestor.plan.views import LocalTable
    from quaestor.run.selecting import Prepared, Selector
    from quaestor.run.workspace.changes import Context

    Transaction: TypeAlias = Callable[[apsw.Connection], AbstractContextManager[None]]
    Change: TypeAlias = nodes.Insert | nodes.Update | nodes.Delete


# -------------------------------------------------------------------------------- rows of a new table


def select_text(prepared: Prepared) -> str:
    """The SELECT as SQL over the tables of its scans."""
    return lower(prepared.query.tree, prepared.plan)


def stage(db: apsw.Connection, sql: str, prepared: Prepared, kinds: Sequence[str]) -> list[str]:
    """The rows into a table of the statement's own, before anything is locked; the types that the columns can have.

    A column of numbers that holds one of more digits than SQLite's own has, as text, has no type of its own: SQLite
    would round it.
    """
    db.execute(f"CREATE TEMP TABLE staged AS {sql}", prepared.execution.parameters)
    names = [str(row[1]) for row in db.execute("PRAGMA temp.table_info(staged)")]
    types = []
    for name, kind in zip(names, kinds, strict=True):
        quoted = '"' + name.replace('"', '""') + '"'
        texts = f"SELECT 1 FROM temp.staged WHERE typeof({quoted}) IN ('text', 'blob') LIMIT 1"  # noqa: S608
        is_number = kind in ("integer", "number", "boolean")
        types.append("any" if is_number and db.execute(texts).fetchone() is not None else kind)
    return types


def count(db: apsw.Connection, target: str) -> int:
    """How many rows a table has."""
    counted = db.execute(f"SELECT count(*) FROM {target}").fetchall()[0][0]  # noqa: S608 - quoted by the caller
    assert isinstance(counted, int)
    return counted


# ------------------------------------------------------------------------------- rows of a table there


def change(
    statement: Change, table: LocalTable, context: Context, selector: Selector, transaction: Transaction
) -> Result:
    """The statement, done: how many rows, or what RETURNING says of them."""
    _check_columns(statement, table, context.text)
    columns = _returned(statement, table)
    if isinstance(statement, nodes.Insert):
        prepared, sql = _insert(statement, table, columns, context, selector)
    else:
        prepared, sql = _update(statement, table, columns, context, selector)

    def put(db: apsw.Connection) -> tuple[list[tuple[object, ...]], int]:
        with transaction(db):
            rows = list(db.execute(sql, prepared.execution.parameters))
            return rows, db.changes()

    rows, changed = prepared.execution.change(prepared.plan, prepared.reading, sql, put)
    if columns:
        return Result(tuple(_typed(column, table, context.text) for column in columns), [rows], stats=prepared.stats)
    done = {nodes.Insert: "inserted into", nodes.Update: "updated in", nodes.Delete: "deleted from"}[type(statement)]
    message = f"{changed:,} {'row' if changed == 1 else 'rows'} {done} {table.name}"
    return Result((), (), stats=prepared.stats or Stats(), message=message)


def _update(
    statement: nodes.Update | nodes.Delete,
    table: LocalTable,
    columns: list[nodes.ResultColumn],
    context: Context,
    selector: Selector,
) -> tuple[Prepared, str]:
    """UPDATE and DELETE by way of `SELECT value …, returned … FROM table WHERE …`."""
    assignments = statement.assignments if isinstance(statement, nodes.Update) else ()
    if isinstance(statement, nodes.Update) and not assignments:
        raise BindError("SET is empty", text=context.text, position=statement.pos, hint="UPDATE t SET column = value")
    values = [nodes.ResultColumn(each.value) for each in assignments]
    marker = nodes.ResultColumn(nodes.Literal("integer", 1))  # a SELECT has a column
    core = nodes.SelectCore((marker, *values, *columns), replace(statement.table, alias=None), statement.where)
    select = nodes.Select((core,), with_=statement.with_, pos=statement.pos, end=statement.end)
    prepared = _prepared(select, table, context, selector)
    bound = prepared.query.tree.cores[0]
    assert isinstance(bound, nodes.SelectCore)
    assert isinstance(bound.source, nodes.TableRef)
    exprs = [column.expr for column in bound.columns if isinstance(column, nodes.ResultColumn)][1:]
    new, returned = exprs[: len(values)], exprs[len(values) :]
    ctes = tuple(prepared.query.ctes.values())
    with_ = nodes.With(ctes, recursive=True) if ctes else None
    own = int((bound.source.alias or "t0")[1:])
    returning = tuple(nodes.ResultColumn(_bare(expr, own)) for expr in returned)
    if isinstance(statement, nodes.Delete):
        whole: nodes.Statement = nodes.Delete(bound.source, bound.where, returning, with_)
    else:
        pairs = zip(assignments, new, strict=True)
        changes = tuple(nodes.Assignment(each.names, value) for each, value in pairs)
        whole = nodes.Update(bound.source, changes, bound.where, returning, with_)
    return prepared, to_sql(lowered(whole, prepared.plan))


def _insert(
    statement: nodes.Insert,
    table: LocalTable,
    columns: list[nodes.ResultColumn],
    context: Context,
    selector: Selector,
) -> tuple[Prepared, str]:
    source = statement.source
    prepared = _prepared(
        replace(source, with_=statement.with_ or source.with_) if source is not None else _NOTHING,
        table,
        context,
        selector,
    )
    target = nodes.TableRef(table.path)
    conflict = statement.conflict
    returning: tuple[nodes.ResultColumn, ...] = ()
    if conflict is not None or columns:
        try:
            conflict, returning = _after(statement, table, columns, context, selector)
        except BaseException:
            prepared.execution.close()
            raise
    select = None
    if source is not None:
        ctes = tuple(prepared.query.ctes.values())
        tree = lowered(prepared.query.tree, prepared.plan)
        with_ = nodes.With(tuple(lowered(cte, prepared.plan) for cte in ctes), recursive=True) if ctes else None
        select = replace(tree, with_=with_)
    whole = nodes.Insert(target, statement.columns, select, conflict, returning)
    return prepared, to_sql(whole)


def _after(
    statement: nodes.Insert,
    table: LocalTable,
    columns: list[nodes.ResultColumn],
    context: Context,
    selector: Selector,
) -> tuple[nodes.Conflict | None, tuple[nodes.ResultColumn, ...]]:
    """ON CONFLICT and RETURNING, bound over the table and the row that was to be inserted (`excluded`)."""
    conflict = statement.conflict
    exprs = [each.value for each in conflict.assignments] if conflict is not None else []
    where = conflict.where if conflict is not None else None
    parts = [*exprs, *([where] if where is not None else []), *(column.expr for column in columns)]
    own = replace(statement.table, alias=None)
    excluded = nodes.TableRef((table.schema, table.name), "excluded")
    core = nodes.SelectCore(
        (nodes.ResultColumn(nodes.Literal("integer", 1)), *(nodes.ResultColumn(part) for part in parts)), own
    )
    if conflict is not None and conflict.assignments:
        core = replace(core, source=nodes.Join(",", own, excluded))
        core = nodes.transform(core, lambda node: _own_column(node, table))
    select = nodes.Select((core,), pos=statement.pos, end=statement.end)
    prepared = _prepared(select, table, context, selector)
    prepared.execution.close()
    if prepared.plan.scans:
        raise UnsupportedError(
            "ON CONFLICT and RETURNING can't ask a provider",
            text=context.text,
            position=statement.pos,
            hint="read it in the SELECT of the INSERT",
        )
    bound = prepared.query.tree.cores[0]
    assert isinstance(bound, nodes.SelectCore)
    new = [
        lowered(nodes.transform(column.expr, _after_insert(bound)), prepared.plan)
        for column in bound.columns[1:]
        if isinstance(column, nodes.ResultColumn)
    ]
    returning = tuple(nodes.ResultColumn(expr) for expr in new[len(parts) - len(columns) :])
    if conflict is None:
        return None, returning
    pairs = zip(conflict.assignments, new, strict=False)
    changes = tuple(nodes.Assignment(each.names, value) for each, value in pairs)
    changed_where = new[len(exprs)] if where is not None else None
    return replace(conflict, assignments=changes, where=changed_where), returning


def _own_column(node: nodes.Node, table: LocalTable) -> nodes.Node:
    """A bare name is the table's own column, never `excluded`'s."""
    if isinstance(node, nodes.ColumnRef) and len(node.path) == 1:
        return replace(node, path=(table.name, *node.path))
    return node


def _after_insert(core: nodes.SelectCore) -> Callable[[nodes.Node], nodes.Node]:
    """Names as SQLite has them there: bare for the table's own columns, `excluded.…` for the new row's."""
    excluded = -1
    if isinstance(core.source, nodes.Join) and isinstance(core.source.right, nodes.TableRef):
        excluded = int((core.source.right.alias or "t-1")[1:])
    left = core.source.left if isinstance(core.source, nodes.Join) else core.source
    own = int((left.alias or "t-1")[1:]) if isinstance(left, nodes.TableRef) else -1

    def change(node: nodes.Node) -> nodes.Node:
        if isinstance(node, BoundColumn) and node.source == excluded:
            return nodes.ColumnRef(("excluded", node.column))
        if isinstance(node, BoundColumn) and node.source == own:
            return nodes.ColumnRef((node.column,))
        return node

    return change


def _bare(expr: nodes.Expr, own: int) -> nodes.Expr:
    """RETURNING speaks of the table's columns without a name in front."""
    return nodes.transform(
        expr,
        lambda node: (
            nodes.ColumnRef((node.column,)) if isinstance(node, BoundColumn) and node.source == own else node
        ),
    )


# ------------------------------------------------------------------------------------------ small pieces

_NOTHING = nodes.Select((nodes.Values(((nodes.Literal("null"),),)),))


def _prepared(select: nodes.Select, table: LocalTable, context: Context, selector: Selector) -> Prepared:
    return selector.prepare(select, context.text, context.values, context.default, writes=table.schema)


def _check_columns(statement: Change, table: LocalTable, text: str) -> None:
    """Every column that is written to is one of the table's; all that is wrong, with the nearest name."""
    names: list[nodes.Name] = []
    if isinstance(statement, nodes.Insert):
        names += statement.columns
        conflict = statement.conflict.assignments if statement.conflict is not None else ()
        names += [name for each in conflict for name in each.names]
    elif isinstance(statement, nodes.Update):
        names += [name for each in statement.assignments for name in each.names]
    known = [name for name, _ in table.columns]
    folded = {name.casefold() for name in known} | {"rowid"}
    for name in names:
        if name.text.casefold() not in folded:
            raise BindError(
                f"{table.name} has no column {name.text}",
                text=text,
                position=name.pos,
                hint=did_you_mean(name.text, known) or f"it has {', '.join(known)}",
            )


def _returned(statement: Change, table: LocalTable) -> list[nodes.ResultColumn]:
    """The columns of RETURNING, `*` written out."""
    found: list[nodes.ResultColumn] = []
    for column in statement.returning:
        if isinstance(column, nodes.Star):
            found += [nodes.ResultColumn(nodes.ColumnRef((name,), pos=column.pos)) for name, _ in table.columns]
        else:
            found.append(column)
    return found


def _typed(column: nodes.ResultColumn, table: LocalTable, text: str) -> ResultColumn:
    name = nodes.column_name(column, text)
    kinds = {known.casefold(): kind for known, kind in table.columns}
    kind = kinds.get(column.expr.path[-1].casefold(), "any") if isinstance(column.expr, nodes.ColumnRef) else "any"
    return ResultColumn(name, kind)
