"""What a recorded body says, by a plain `json.loads`, and whether rows say the same.

It knows where the rows are from the catalog, as the code under test does, so it can't notice a wrong place: that is
why what stands beside the rows is told too, and why there are statements written by hand (`by_hand`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from quaestor.catalog.model import Column, Method, Response

#: What the type of a column leaves of a JSON value.
_PYTHON: dict[str, tuple[type, ...]] = {
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "string": (str,),
    "date-time": (str,),
    "object": (dict,),
    "array": (list,),
}


@dataclass(frozen=True)
class Item:
    """One row as the body has it; `key` is its own in a map."""

    key: str
    value: Any


@dataclass
class Comparison:
    """What came of the comparison of rows with items.

    Attributes:
        fields: how many values were compared and are the same.
        wrong: values that differ or are missing: the test fails.
        lost: fields that no column holds (`_raw` does), by their name.
        drifted: fields whose values have another JSON type than their column.
    """

    fields: int = 0
    wrong: list[str] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)
    drifted: set[str] = field(default_factory=set)


def parsed(body: bytes) -> Any:
    """The JSON value of a body."""
    return json.loads(body)


def items(body: Any, response: Response) -> list[Item]:
    """The rows of a body."""
    places = [body]
    for key in response.row_path:
        places = [below for place in places for below in _below(place, key)]
    found: list[Item] = []
    for place in places:
        if response.map_key and isinstance(place, dict):
            found += [Item(key, value) for key, value in place.items()]
        elif isinstance(place, list):
            found += [Item("", value) for value in place]
        elif place is not None:
            found.append(Item("", place))
    return found


def _below(place: Any, key: str) -> Iterator[Any]:
    if key == "*":
        yield from place.values() if isinstance(place, dict) else place or ()
    elif isinstance(place, dict) and key in place:
        yield place[key]


def beside(body: Any, response: Response) -> set[str]:
    """The members of a body that are no part of its rows, on the way to them."""
    found: set[str] = set()
    for key in response.row_path:
        if key == "*" or not isinstance(body, dict):
            break
        found |= body.keys() - {key}
        body = body.get(key)
    return found


def compare(rows: list[dict[str, Any]], wanted: list[Item], method: Method) -> Comparison:
    """Compares the rows of a statement for all columns of a method, `_raw` too if it was asked for."""
    result = Comparison()
    if len(rows) != len(wanted):
        result.wrong.append(f"{len(rows)} rows for {len(wanted)} items")
        return result
    for number, (row, item) in enumerate(zip(rows, wanted, strict=True)):
        _compare_row(row, item, method, f"row {number}", result)
    return result


def _compare_row(row: dict[str, Any], item: Item, method: Method, where: str, result: Comparison) -> None:
    if "_raw" in row and json.loads(row["_raw"]) != item.value:
        result.wrong.append(f"{where}: _raw is not the object")
    by_path = {column.path: column for column in method.columns}
    said: set[str] = set()
    for path, value in fields(item, method.response):
        column = _bare(method) if path == () else by_path.get(path)
        if column is None:
            result.lost.add(".".join(path))
            continue
        said.add(column.name)
        _compare_value(row[column.name], value, column, where, result)
    if method.response.map_key:
        said.add(method.response.map_key)
        if row[method.response.map_key] != item.key:
            result.wrong.append(f"{where}: {method.response.map_key} is {row[method.response.map_key]!r}")
    for column in method.columns:
        if column.name not in said and row[column.name] is not None and not _is_inside(column, item):
            result.wrong.append(f"{where}: {column.name} is {row[column.name]!r}, the recording has none")


def fields(item: Item, response: Response) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each field of a row: its place in the object, and its value. The attributes of JSON:API are fields, too."""
    if response.scalar or not isinstance(item.value, dict):
        yield (), item.value
        return
    for name, value in item.value.items():
        if response.flatten == "jsonapi" and name == "attributes" and isinstance(value, dict):
            for inner, each in value.items():
                yield (name, inner), each
        yield (name,), value


def _bare(method: Method) -> Column | None:
    return next((column for column in method.columns if column.name == method.response.scalar), None)


def _is_inside(column: Column, item: Item) -> bool:
    """Whether a column takes its value from deeper in the object, where an overlay says so."""
    value = item.value
    for key in column.path:
        if not isinstance(value, Mapping) or key not in value:
            return False
        value = value[key]
    return bool(column.path)


def _compare_value(got: Any, want: Any, column: Column, where: str, result: Comparison) -> None:
    kind = _PYTHON.get(column.type)
    if want is not None and kind is not None and type(want) not in kind:
        result.drifted.add(f"{column.name}: {column.type}, but {json.dumps(want)[:60]}")
    if is_same(got, want, column.type):
        result.fields += 1
    else:
        result.wrong.append(f"{where}: {column.name} is {got!r}, recorded is {want!r}")


def is_same(got: Any, want: Any, kind: str) -> bool:
    """Whether a value of a row is the JSON value. Objects and lists are JSON text; a boolean in a column that isn't
    one is 1 or 0, in a column of texts its word; a number in a column of texts is its text."""
    if isinstance(want, dict | list):
        return isinstance(got, str) and bool(json.loads(got) == want)
    if isinstance(want, bool):
        if kind == "boolean":
            return got is want
        return bool(got == (json.dumps(want) if kind in ("string", "date-time") else int(want)))
    if isinstance(want, int | float) and isinstance(got, str):
        return got == json.dumps(want) or (kind not in ("string", "date-time") and float(got) == want)
    numbers = (int, float)
    return (type(got) is type(want) or (type(got) in numbers and type(want) in numbers)) and bool(got == want)
