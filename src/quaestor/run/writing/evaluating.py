"""The values of a statement that writes: expressions and SELECTs, by the ordinary way of a SELECT.

Before: `run.writing.preparing` has the statement. After: the rows become calls (`plan.writing.calls`).
"""

from __future__ import annotations

from quaestor.errors import BindError, counted
from quaestor.plan.writing.form import WHOLE
from quaestor.plan.writing.names import Slot
from quaestor.record import Record, replace
from quaestor.sql import nodes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from quaestor.fetch.http import GentleToken
    from quaestor.fetch.stats import Stats
    from quaestor.plan.writing.names import Choice
    from quaestor.run.selecting import Selector
    from quaestor.values import SqlValue


class Given(Record):
    """What comes with a statement: its text, the `values` of its parameters, the `path` that USE names."""

    text: str
    values: Mapping[str, SqlValue]
    path: tuple[str, ...] = ()


class Evaluation:
    """The values of a statement: expressions and SELECTs, by the ordinary way of a SELECT."""

    def __init__(self, selector: Selector, given: Given, stats: Stats, token: GentleToken) -> None:
        self._selector = selector
        self._given = given
        self._stats = stats
        self._token = token

    def expressions(self, exprs: tuple[nodes.Expr, ...]) -> list[Any]:
        """The values of expressions that refer to no row."""
        if not exprs:
            return []
        core = nodes.SelectCore(tuple(nodes.ResultColumn(expr) for expr in exprs), pos=exprs[0].pos)
        return list(self.select(nodes.Select((core,), pos=exprs[0].pos), None, len(exprs), exprs[0].pos)[0])

    def rows(self, select: nodes.Select) -> list[tuple[Any, ...]]:
        """All rows of a SELECT of our own making."""
        core = select.cores[0]
        assert isinstance(core, nodes.SelectCore)
        return self.select(select, None, len(core.columns), select.pos)

    def select(
        self, select: nodes.Select, with_: nodes.With | None, width: int, position: int
    ) -> list[tuple[Any, ...]]:
        """All rows of a SELECT; `true` and `false` written in it are booleans.

        Raises BindError if it hasn't as many columns as are named.
        """
        if with_ is not None and select.with_ is None:
            select = replace(select, with_=with_)
        result = self._selector.select(select, self._given.text, self._given.values, self._given.path)
        with result:
            if len(result.columns) != width:
                raise BindError(
                    f"there are {counted(len(result.columns), 'value')} for {counted(width, 'column')}",
                    text=self._given.text,
                    position=position,
                )
            self._token.reading = result.cancel
            try:
                rows = result.fetchall()
            finally:
                self._token.reading = None
        counts = result.stats
        self._stats.add(requests=counts.requests, retries=counts.retries, pages=counts.pages, wait_s=counts.wait_s)
        return _with_literals(select, rows)


def _with_literals(select: nodes.Select, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The rows with `true` and `false` that the statement writes as such made booleans: SQLite has 1 and 0."""
    if len(select.cores) != 1:
        return rows
    core = select.cores[0]
    if isinstance(core, nodes.Values):
        marks = [[_is_boolean(expr) for expr in row] for row in core.rows]
        if len(marks) != len(rows):
            return rows
    else:
        columns = [isinstance(c, nodes.ResultColumn) and _is_boolean(c.expr) for c in core.columns]
        if not any(columns) or any(isinstance(column, nodes.Star) for column in core.columns):
            return rows
        marks = [columns] * len(rows)
    return [
        tuple(bool(value) if mark else value for value, mark in zip(row, flags, strict=True))
        for row, flags in zip(rows, marks, strict=True)
    ]


def _is_boolean(expr: nodes.Expr) -> bool:
    return isinstance(expr, nodes.Literal) and expr.kind in ("true", "false")


def with_payload(
    choice: Choice, row: dict[str, Any], evaluate: Evaluation, payload: nodes.Expr
) -> tuple[Choice, dict[str, Any]]:
    """A choice and a row with the whole body of `@@json` besides."""
    import json

    if choice.form.is_text and choice.method.body is not None:
        raise BindError(
            f"{choice.method.name} takes {choice.method.body.media_type}, not JSON",
            position=payload.pos,
            hint=f"@{WHOLE} = '…' sends a text or a blob as it is",
        )
    text = evaluate.expressions((payload,))[0]
    try:
        whole = json.loads(text) if isinstance(text, str) else text
    except (ValueError, RecursionError) as error:
        raise BindError(f"@@json is not JSON: {error}", position=payload.pos) from error
    if choice.method.body is None:
        raise BindError(f"{choice.method.name} takes no body", position=payload.pos)
    slots = {**choice.slots, "@@json": Slot()}
    return replace(choice, slots=slots), {**row, "@@json": whole}
