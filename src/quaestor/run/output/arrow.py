"""Rows as Arrow, for pandas, polars and whatever else reads it. Needs the extra `quaestor[arrow]`.

Before: `run.result` has the rows. Third-party packages are imported when they are used: pyarrow costs 150 ms.
"""

from __future__ import annotations

from quaestor.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from typing import Any

    import polars
    import pyarrow

    from quaestor.values import ResultColumn


def arrow() -> Any:
    """The module pyarrow. Raises UsageError where it isn't installed."""
    try:
        import pyarrow
    except ImportError as error:
        raise UsageError("Arrow and Parquet need pyarrow", hint="pip install 'quaestor[arrow]'") from error
    return pyarrow


def to_arrow(
    columns: Sequence[ResultColumn], batches: Iterable[list[tuple[Any, ...]]], *, structs: bool = False
) -> pyarrow.Table:
    """A Table of all rows. Raises UsageError where pyarrow isn't installed."""
    pa = arrow()
    values: list[list[Any]] = [[] for _ in columns]
    for batch in batches:
        for target, part in zip(values, zip(*batch, strict=True), strict=True):
            target.extend(part)
    arrays = []
    for column, data in zip(columns, values, strict=True):
        if structs and column.type in ("object", "array"):
            import json

            arrays.append(pa.array([None if value is None else json.loads(value) for value in data]))
            continue
        kind = ArrowColumn(column.type)
        kind.see(data)
        arrays.append(kind.array(pa, data))
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


#: Which Python types the values of a column of our type may have, and the Arrow type that they then get.
_FITTING: dict[str, tuple[frozenset[type], str]] = {
    "integer": (frozenset((int,)), "int64"),
    "number": (frozenset((int, float)), "float64"),
    "boolean": (frozenset((bool,)), "bool_"),
    "string": (frozenset((str,)), "string"),
    "bytes": (frozenset((bytes,)), "binary"),
}
#: Whole numbers beyond this aren't exact as REAL.
_EXACT = 2**53


class ArrowColumn:
    """The Arrow type of one column: its own if every value has it, else text.

    SQLite's types are the values': a column may hold a number in one row and a text in the next. So all values are
    seen before the first is written.
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._types: set[type] = set()
        self._is_time = kind == "date-time"
        self._is_exact = True

    def see(self, values: Sequence[Any]) -> None:
        """Take note of some of the column's values."""
        types = set(map(type, values)) - {type(None)}
        self._types |= types
        if self._is_time:
            self._is_time = types <= {str} and all(value is None or _time(value) is not None for value in values)
        if int in types and self._kind != "integer":
            self._is_exact = self._is_exact and all(abs(each) <= _EXACT for each in values if type(each) is int)

    def type(self, pa: Any) -> Any:
        """The Arrow type, once all values were seen."""
        if self._is_time:
            return pa.timestamp("ms", tz="UTC")
        if not self._types:
            return getattr(pa, _FITTING[self._kind][1])() if self._kind in _FITTING else self._empty(pa)
        kinds = [self._kind] if self._kind in _FITTING else ["boolean", "integer", "number", "string", "bytes"]
        for kind in kinds:
            fitting, name = _FITTING[kind]
            if self._types <= fitting and (kind != "number" or self._is_exact or self._types == {float}):
                return getattr(pa, name)()
        return pa.string()

    def _empty(self, pa: Any) -> Any:
        return pa.null() if self._kind == "any" else pa.string()

    def array(self, pa: Any, values: Sequence[Any]) -> Any:
        """These values as an array of that type."""
        kind = self.type(pa)
        if self._is_time:
            return pa.array([None if value is None else _time(value) for value in values], kind)
        if kind == pa.string():
            return pa.array([None if value is None else _text(value) for value in values], kind)
        return pa.array(values, kind)


def _time(value: str) -> datetime | None:
    """An ISO 8601 text as a time in UTC; None for one that isn't."""
    from datetime import UTC, datetime

    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
