"""RETURNING: what the API answered to each row that is done, as the statement wants to see it.

Before: `run.writing.mutate` has the responses. After: a `Result` like any other. A name means a field of the
answer, else a parameter of the call, which has the value that was sent; expressions are SQLite's. Secrets are in
clear: whoever names them wants them, in this result only.
"""

from __future__ import annotations

import apsw

from quaestor.errors import BindError, DecodeError, EvaluationError, UnsupportedError, did_you_mean
from quaestor.fetch.lean import load_msgspec
from quaestor.plan.bind import Binder, CteDefinition
from quaestor.plan.lower import lower
from quaestor.plan.model import Plan
from quaestor.plan.naming import Naming
from quaestor.plan.scope import Output
from quaestor.run import functions
from quaestor.sql import nodes
from quaestor.values import DECLARED, ResultColumn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from quaestor.catalog.catalog import Catalog
    from quaestor.catalog.model import Column, Method
    from quaestor.run.writing.mutate import Outcome
    from quaestor.values import SqlValue

_TABLE = "returned"


class Returning:
    """The columns that a statement wants back, checked before anything is sent.

    Args:
        wanted: of RETURNING.
        method: whose answer it is.
        variables: server variables by name.
        path: what the table is called in the statement.

    Raises BindError for a name that neither the answer nor the call has.
    """

    def __init__(
        self,
        wanted: Sequence[nodes.ResultColumn | nodes.Star],
        method: Method,
        variables: Sequence[str],
        path: tuple[str, ...],
        catalog: Catalog,
        connections: Mapping[str, str],
        text: str,
    ) -> None:
        self._method = method
        self._fields: tuple[Column, ...] = method.columns
        names = {column.name: column.type for column in method.columns}
        for parameter in method.parameters:
            names.setdefault(parameter.name, parameter.type)
        for variable in variables:
            names.setdefault(variable, "string")
        self._names = names
        self._text = text
        self._check(wanted, path)
        binder = Binder(Naming(catalog, connections, {}, text), connections, text)
        tree, outputs = binder.select(self._select(wanted), None, {_TABLE: self._definition()})
        if binder.uses:
            use = next(iter(binder.uses.values()))
            raise UnsupportedError("RETURNING reads no other tables", text=text, position=use.pos)
        self.columns = tuple(ResultColumn(output.name, output.type) for output in outputs)
        sources = {source.id: source for source in binder.sources.values()}
        self._tree = tree
        self._sources = sources

    def _definition(self) -> CteDefinition:
        """The rows as a table that is there already."""
        definition = CteDefinition(nodes.Cte(_TABLE, (), nodes.Select(())), None, {})
        definition.internal = _TABLE
        definition.outputs = tuple(
            Output(name, f"c{number}", kind) for number, (name, kind) in enumerate(self._names.items())
        )
        return definition

    def _select(self, wanted: Sequence[nodes.ResultColumn | nodes.Star]) -> nodes.Select:
        columns: list[nodes.ResultColumn | nodes.Star] = []
        for column in wanted:
            if isinstance(column, nodes.Star):
                shown = [field.name for field in self._fields if not field.hidden]
                columns += [nodes.ResultColumn(nodes.ColumnRef((name,), pos=column.pos), name) for name in shown]
            else:
                named = column
                if isinstance(column.expr, nodes.ColumnRef):
                    bare = nodes.ColumnRef(column.expr.path[-1:], pos=column.expr.pos, end=column.expr.end)
                    named = nodes.ResultColumn(bare, column.alias or column.expr.path[-1], pos=column.pos)
                columns.append(named)
        core = nodes.SelectCore(tuple(columns), nodes.TableRef((_TABLE,)))
        return nodes.Select((core,))

    def _check(self, wanted: Sequence[nodes.ResultColumn | nodes.Star], path: tuple[str, ...]) -> None:
        known = {name.casefold() for name in self._names}
        for column in wanted:
            if isinstance(column, nodes.Star) and not self._fields:
                raise BindError(f"{self._method.name} answers nothing: there is no * to return", position=column.pos)
            for node in nodes.walk(column):
                if isinstance(node, nodes.Select):
                    break
                if isinstance(node, nodes.ColumnRef) and node.path[-1].casefold() not in known:
                    listed = ", ".join(self._names) or "nothing"
                    raise BindError(
                        f"{self._method.name} doesn't return {node.path[-1]}",
                        text=self._text,
                        position=node.pos,
                        hint=did_you_mean(node.path[-1], list(self._names)) or f"it returns {listed}",
                    )

    def rows(
        self, outcomes: Sequence[Outcome], parameters: Mapping[str, SqlValue]
    ) -> tuple[list[tuple[Any, ...]], list[DecodeError]]:
        """What RETURNING gives of the rows done, and what couldn't be read of their answers.

        Raises EvaluationError where SQLite can't compute an expression.
        """
        db = apsw.Connection("")
        try:
            functions.register(db)
            db.config(apsw.SQLITE_DBCONFIG_DQS_DML, 0)
            kinds = [f"c{number} {DECLARED[kind]}" for number, kind in enumerate(self._names.values())]
            db.execute(f"CREATE TABLE {_TABLE}({', '.join(kinds)})")
            filled, errors = self._decoded(outcomes)
            marks = ",".join("?" * len(self._names))
            db.executemany(f"INSERT INTO {_TABLE} VALUES({marks})", filled)
            sql = lower(self._tree, Plan(self._query(), ()))
            return list(db.execute(sql, dict(parameters))), errors
        except (apsw.Error, ValueError) as error:
            raise EvaluationError(str(error).removeprefix("SQLError: ")) from error
        finally:
            db.close(True)

    def _query(self) -> Any:
        from quaestor.plan.bind import BoundQuery

        return BoundQuery(self._tree, {}, self._sources, {}, self.columns, {})

    def _decoded(self, outcomes: Sequence[Outcome]) -> tuple[list[tuple[SqlValue, ...]], list[DecodeError]]:
        """The answers as rows; an answer that can't be read is a row of what was sent."""
        rows: list[tuple[SqlValue, ...]] = []
        errors: list[DecodeError] = []
        readers: dict[str, Any] = {}
        rest = list(self._names)[len(self._fields) :]
        for outcome in outcomes:
            if outcome.response is None:
                continue
            method = outcome.call.method
            if method.name not in readers:  # an upsert has answers of two methods
                readers[method.name] = answer_reader(method, [_field(method, each) for each in self._fields])
            try:
                found = readers[method.name](outcome.response.body)
            except DecodeError as error:
                errors.append(error)
                found = []
            sent = tuple(_sql(outcome.call.values.get(name)) for name in rest)
            rows += [(*row, *sent) for row in found or [(None,) * len(self._fields)]]
        return rows, errors


def answer_reader(method: Method, fields: Sequence[Column]) -> Any:
    """A function from the bytes of an answer to rows of these fields; none for a method that answers nothing."""
    if not fields:
        return lambda body: []
    load_msgspec()  # imported now: what has no answer to read does without
    from quaestor.catalog.model import Pagination
    from quaestor.fetch.decode import Decoder

    decoder = Decoder(method.response, Pagination(), fields)
    return lambda body: decoder.page(body).rows if body.strip() else []


def _field(method: Method, field: Column) -> Column:
    """The field of this name in a method's answer."""
    return next((column for column in method.columns if column.name == field.name), field)


def _sql(value: Any) -> SqlValue:
    """A value that was sent as SQLite has it."""
    if isinstance(value, bool):
        return int(value)
    if value is None or isinstance(value, str | int | float | bytes):
        return value
    import json

    return json.dumps(value, ensure_ascii=False)
