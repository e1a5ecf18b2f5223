"""Rows as Arrow, for pandas, polars and whatever else reads it. Needs the extra `quaestor[arrow]`.

Before: `run.result` has the rows. Third-party packages are imported when they are used: pyarrow costs 150 ms.
"""

from __future__ import annotations

from quaestor.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    import polars
    import pyarrow

    from quaestor.values import ResultColumn


def to_arrow(
    columns: Sequence[ResultColumn], batches: Iterable[list[tuple[Any, ...]]], *, structs: bool = False
) -> pyarrow.Table:
    """A Table of all rows. Raises UsageError where pyarrow isn't installed."""
    try:
        import pyarrow as pa
    except ImportError as error:
        raise UsageError("Arrow needs pyarrow", hint="pip install 'quaestor[arrow]'") from error
    values: list[list[Any]] = [[] for _ in columns]
    for batch in batches:
        for target, column in zip(values, zip(*batch, strict=True), strict=True):
            target.extend(column)
    arrays = [_array(pa, column, data, structs) for column, data in zip(columns, values, strict=True)]
    return pa.Table.from_arrays(arrays, names=[column.name for column in columns])


def to_polars(table: pyarrow.Table) -> polars.DataFrame:
    """The table in polars. Raises UsageError where polars isn't installed."""
    try:
        import polars
    except ImportError as error:
        raise UsageError("pl() needs polars", hint="pip install 'quaestor[polars]'") from error
    frame = polars.from_arrow(table)
    assert isinstance(frame, polars.DataFrame)
    return frame


def _array(pa: Any, column: ResultColumn, data: list[Any], structs: bool) -> Any:
    """A column's Arrow array: of its type if every value has it, else of text."""
    kinds = {
        "string": pa.string(),
        "integer": pa.int64(),
        "number": pa.float64(),
        "boolean": pa.bool_(),
    }
    if column.type == "date-time":
        return _timestamps(pa, data)
    if structs and column.type in ("object", "array"):
        import json

        return pa.array([None if value is None else json.loads(value) for value in data])
    try:
        return pa.array(data, kinds.get(column.type))
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        # SQLite's types are the values': a column may hold a number in one row and a text in the next
        return pa.array([None if value is None else _text(value) for value in data], pa.string())


def _timestamps(pa: Any, data: list[Any]) -> Any:
    """ISO 8601 texts as UTC timestamps; texts that aren't stay texts."""
    from datetime import UTC, datetime

    try:
        parsed = [None if value is None else datetime.fromisoformat(value) for value in data]
    except (TypeError, ValueError):
        return pa.array([None if value is None else _text(value) for value in data], pa.string())
    in_utc = [value if value is None or value.tzinfo else value.replace(tzinfo=UTC) for value in parsed]
    return pa.array(in_utc, pa.timestamp("ms", tz="UTC"))


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
