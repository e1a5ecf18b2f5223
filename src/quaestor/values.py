"""Column types: how a provider's types become SQL's, and SQL's become Python's and Arrow's.

| provider          | column type | SQLite  | Python            |
|-------------------|-------------|---------|-------------------|
| string            | string      | TEXT    | str               |
| integer           | integer     | INTEGER | int               |
| number            | number      | REAL    | float             |
| boolean           | boolean     | BOOLEAN | bool              |
| object, array     | object …    | TEXT    | str holding JSON  |
| string, date-time | date-time   | TEXT    | str, ISO 8601     |

An integer beyond 64 bits, or a number of more than 17 digits, stays exact as TEXT. NULL is None.
"""

from __future__ import annotations

from quaestor.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

SqlValue: TypeAlias = "str | int | float | bytes | None"

#: The types that a catalog column or parameter can have.
TYPES = ("string", "integer", "number", "boolean", "object", "array", "date-time", "any")

#: SQLite's declared type for each; its first letters decide the affinity. `any` takes values as they come.
DECLARED = {
    "string": "TEXT",
    "integer": "INTEGER",
    "number": "REAL",
    "boolean": "BOOLEAN",
    "object": "TEXT",
    "array": "TEXT",
    "date-time": "TEXT",
    "any": "",
}


class ResultColumn(Record):
    """A column of a result: its name as the statement gives it, and its type (`any` for an expression)."""

    name: str
    type: str = "any"


def to_python(value: SqlValue, column_type: str) -> str | int | float | bytes | bool | None:
    """A value from SQLite as Python sees it: 0 and 1 of a boolean column become False and True."""
    if column_type == "boolean" and value in (0, 1) and isinstance(value, int):
        return bool(value)
    return value


class Converted(Record):
    """A value for a parameter, and whether it means the same as what it was made from."""

    value: SqlValue
    is_exact: bool


def convert(value: SqlValue, kind: str) -> Converted:
    """A SQL value as a value of a parameter's type; not exact if it can't be one (`'abc'` for an integer).

    Numbers and texts that SQLite's affinity holds equal convert: `'5'` and `5.0` are the integer 5.
    """
    if value is None or kind in ("any", "object", "array"):
        return Converted(value, True)
    if isinstance(value, bytes):
        return Converted(value, False)
    if kind == "boolean":
        known = {"true": 1, "false": 0, "1": 1, "0": 0}
        folded = str(value).casefold()
        return Converted(known.get(folded, value), folded in known)
    if kind in ("integer", "number"):
        return _convert_number(value, kind)
    if isinstance(value, float):
        return Converted(str(int(value)) if value.is_integer() else repr(value), True)
    return Converted(str(value), True)


def _convert_number(value: str | int | float, kind: str) -> Converted:
    if isinstance(value, str):
        try:
            value = int(value)
        except ValueError:
            try:
                value = float(value)
            except ValueError:
                return Converted(value, False)
    if kind == "integer" and isinstance(value, float):
        return Converted(int(value), True) if value.is_integer() else Converted(value, False)
    return Converted(value, True)
