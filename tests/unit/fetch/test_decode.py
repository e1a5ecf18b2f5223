"""Decoding: the wanted columns, exactly; any other shape is read as it comes, or is an error with its place."""

from __future__ import annotations

import json

import pytest

from quaestor.catalog.model import Column, Pagination, Response
from quaestor.errors import DecodeError
from quaestor.fetch.decode import Decoder, Page

BARE = Response()
DATA = Response(row_path=("data",))


def column(name: str, kind: str, *path: str) -> Column:
    return Column(name, kind, path or (name,))


def page(
    body: str | bytes, *columns: Column, response: Response = BARE, pagination: Pagination | None = None
) -> Page:
    raw = body if isinstance(body, bytes) else body.encode()
    return Decoder(response, pagination or Pagination(), columns).page(raw)


TYPES = ("string", "integer", "number", "boolean", "object", "any", "date-time")


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("string", '"a\\u00e9\\n"', "aé\n"),
        ("string", "5", "5"),
        ("string", "1.50", "1.50"),
        ("string", "true", "true"),
        ("string", '{"a": 1}', '{"a": 1}'),
        ("integer", "9223372036854775807", 2**63 - 1),
        ("integer", "9223372036854775808", "9223372036854775808"),
        ("integer", "-9223372036854775809", "-9223372036854775809"),
        ("integer", '"5"', "5"),
        ("integer", "5.0", 5.0),
        ("number", "1.5", 1.5),
        ("number", "9007199254740993", 9007199254740993),
        ("number", "12345678901234567890123", "12345678901234567890123"),
        ("number", "0.1234567890123456789", "0.1234567890123456789"),
        ("number", "1e400", "1e400"),
        ("boolean", "true", 1),
        ("boolean", "false", 0),
        ("boolean", '"yes"', "yes"),
        ("object", '{"a":  [1, 2.0]}', '{"a":  [1, 2.0]}'),
        ("object", '"text"', "text"),
        ("date-time", '"2024-01-01T00:00:00.000Z"', "2024-01-01T00:00:00.000Z"),
        ("any", "[1]", "[1]"),
        *((kind, "null", None) for kind in TYPES),
    ],
)
def test_value(kind: str, value: str, expected: object) -> None:
    found = page(f'[{{"v": {value}}}]', column("v", kind)).rows
    assert found == [(expected,)]
    assert type(found[0][0]) in (type(expected), bool if kind == "boolean" else type(expected))


def test_a_page_that_drifts_leaves_the_next_ones_right() -> None:
    decoder = Decoder(BARE, Pagination(), [column("id", "string"), column("n", "integer")])
    assert decoder.page(b'[{"id": "a", "n": 1}]').rows == [("a", 1)]
    assert decoder.page(b'[{"id": 7, "n": "x"}, {"id": null}]').rows == [("7", "x"), (None, None)]
    assert decoder.page(b'[{"id": "b", "n": 2}, {"id": 8, "n": "y"}]').rows == [("b", 2), ("8", "y")]


def test_rows_below_a_wrapper_with_tokens() -> None:
    pagination = Pagination("cursor", token_path=("meta", "page", "after"), more_path=("meta", "more"))
    data = '[{"id": "1", "attributes": {"name": "n"}}, {"id": "2"}]'
    body = f'{{"data": {data}, "meta": {{"page": {{"after": "t"}}, "more": true}}}}'
    found = page(
        body,
        column("id", "string"),
        column("name", "string", "attributes", "name"),
        response=DATA,
        pagination=pagination,
    )
    assert found == Page([("1", "n"), ("2", None)], 2, "t", True, None)


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        ('{"data": {"id": "1"}}', [("1",)]),
        ('{"data": null}', []),
        ("{}", []),
        ("null", []),
        ('{"data": []}', []),
        ('{"data": [{"id": "1", "attributes": null}]}', [("1",)]),
    ],
)
def test_one_object_none_or_nothing(body: str, rows: list[tuple[str]]) -> None:
    assert page(body, column("id", "string"), response=DATA).rows == rows


def test_nested_null_is_null() -> None:
    body = '{"data": [{"id": "1", "attributes": null}]}'
    found = page(body, column("id", "string"), column("name", "string", "attributes", "name"), response=DATA)
    assert found.rows == [("1", None)]


def test_a_map_gives_its_keys_and_a_star_goes_over_members() -> None:
    mapped = Response(map_key="k")
    assert page(
        '{"a": {"v": 1}, "b": {"v": 2}}', column("k", "string"), column("v", "integer"), response=mapped
    ).rows == [
        ("a", 1),
        ("b", 2),
    ]
    star = Response(row_path=("groups", "*", "items"))
    body = '{"groups": [{"items": [{"v": 1}]}, {"items": [{"v": 2}, {"v": 3}]}]}'
    assert page(body, column("v", "integer"), response=star).rows == [(1,), (2,), (3,)]


def test_bare_values_and_whole_objects() -> None:
    assert page('["a", "b"]', Column("value", "string", ()), response=Response(scalar="value")).rows == [
        ("a",),
        ("b",),
    ]
    assert page('[{"a": 1.0}]', Column("_raw", "object", ()), column("a", "any")).rows == [('{"a": 1.0}', 1.0)]


def test_rows_are_counted_without_columns() -> None:
    assert page("[{}, {}, {}]").count == 3


@pytest.mark.parametrize(
    ("body", "message", "path"),
    [
        (b"", "empty", ""),
        (b"  \n", "empty", ""),
        (b"<!DOCTYPE html><html></html>", "HTML instead of JSON", ""),
        (b'{"data": [', "not valid JSON", ""),
        (b'{"data": [{"id": NaN}]}', "not valid JSON", ""),
        (b'{"data": [{"id": "\xff"}]}', "not UTF-8", ""),
        (b'{"errors": ["no"]}', "the answer has no 'data'", "$.data"),
        (b"[1]", "an object was expected at \\$, not a list", "$"),
        (b'"text"', "an object was expected at \\$, not a string", "$"),
        (b'{"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nests too deep", ""),
    ],
)
def test_refused(body: bytes, message: str, path: str) -> None:
    with pytest.raises(DecodeError, match=message) as caught:
        page(body, column("id", "string"), response=DATA)
    assert caught.value.path == path


def test_many_rows_have_the_values_of_a_plain_parser() -> None:
    rows = [{"id": f"u{i}", "n": i, "ok": i % 2 == 0, "p": {"k": [i]}, "extra": "x" * 50} for i in range(200)]
    found = page(
        json.dumps(rows),
        column("p", "object"),
        column("id", "string"),
        column("n", "integer"),
        column("ok", "boolean"),
    )
    assert [(json.loads(str(p)), i, n, bool(ok)) for p, i, n, ok in found.rows] == [
        (row["p"], row["id"], row["n"], row["ok"]) for row in rows
    ]
