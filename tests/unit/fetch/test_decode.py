"""Pages: every shape of body, every type of value, nothing lost or changed, and errors that name the place."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from quaestor.catalog.model import Column, Pagination, Response
from quaestor.errors import DecodeError
from quaestor.fetch.decode import Decoder
from quaestor.fetch.exact import CONVERT
from quaestor.values import TYPES


def col(name: str, kind: str = "string", *path: str) -> Column:
    return Column(name, kind, path or (name,))


def decode(body: str | bytes, *columns: Column, response: Response | None = None) -> list[tuple[Any, ...]]:
    raw = body if isinstance(body, bytes) else body.encode()
    return Decoder(response or Response(), Pagination(), columns).page(raw).rows


def one(value: str, kind: str) -> Any:
    """What a column of this type gets for this JSON value, the fast way and the tolerant one."""
    body = f'[{{"c": {value}}}]'
    ((fast,),) = decode(body, col("c", kind))
    ((slow, _),) = decode(body, col("c", kind), col("_raw", "object"))
    assert (type(fast), repr(fast)) == (type(slow), repr(slow))
    return fast


def error_of(body: str | bytes, *columns: Column, response: Response | None = None) -> DecodeError:
    with pytest.raises(DecodeError) as caught:
        decode(body, *(columns or (col("id"),)), response=response)
    return caught.value


# --- values -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("string", '"a\\u0000é\\ud83d\\ude00"', "a\0é😀"),
        ("string", '""', ""),
        ("string", "5.10", "5.10"),
        ("string", "12345678901234567890123", "12345678901234567890123"),
        ("string", "true", "true"),
        ("string", '{"a": [1,  2]}', '{"a": [1,  2]}'),
        ("string", "[]", "[]"),
        ("date-time", '"2020-01-01T00:00:00.000Z"', "2020-01-01T00:00:00.000Z"),
        ("date-time", "1577836800", "1577836800"),
        ("integer", "5", 5),
        ("integer", "-0", 0),
        ("integer", "9007199254740993", 9007199254740993),
        ("integer", "9223372036854775807", 9223372036854775807),
        ("integer", "-9223372036854775808", -9223372036854775808),
        ("integer", "9223372036854775808", "9223372036854775808"),
        ("integer", "1" * 5000, "1" * 5000),
        ("integer", "5.0", 5.0),
        ("integer", "1e3", 1000.0),
        ("integer", "5.5", 5.5),
        ("integer", "1e400", "1e400"),
        ("integer", '"5"', "5"),
        ("integer", '"x"', "x"),
        ("integer", "true", 1),
        ("integer", '{"a":1}', '{"a":1}'),
        ("number", "5", 5.0),
        ("number", "0.1", 0.1),
        ("number", "-0.0", -0.0),
        ("number", "1.50000000000000000000000", 1.5),
        ("number", "0.30000000000000004", 0.30000000000000004),
        ("number", "0.10000000000000001", 0.1),
        ("number", "0.123456789012345678901", "0.123456789012345678901"),
        ("number", "9007199254740992", 9007199254740992.0),
        ("number", "9007199254740993", 9007199254740993),
        ("number", "12345678901234567890", "12345678901234567890"),
        ("number", "12345678901234567.5", "12345678901234567.5"),
        ("number", "1e400", "1e400"),
        ("number", "-1e400", "-1e400"),
        ("number", "1e-400", "1e-400"),
        ("number", "0e400", 0.0),
        ("number", "1e308", 1e308),
        ("number", '"2.50"', "2.50"),
        ("number", '"n/a"', "n/a"),
        ("number", "false", 0),
        ("boolean", "true", 1),
        ("boolean", "false", 0),
        ("boolean", '"true"', "true"),
        ("boolean", "1", 1),
        ("object", '{"b":1, "a" : [ ]}', '{"b":1, "a" : [ ]}'),
        ("object", '"bare"', "bare"),
        ("object", "5", 5),
        ("object", "true", 1),
        ("array", "[1,2.50]", "[1,2.50]"),
        ("array", '{"a":1}', '{"a":1}'),
        ("any", '"x"', "x"),
        ("any", "5", 5),
        ("any", "5.0", 5.0),
        ("any", "true", 1),
        ("any", "12345678901234567890", "12345678901234567890"),
        ("any", '{"a":1}', '{"a":1}'),
    ],
)
def test_values_by_column_type(kind: str, value: str, expected: Any) -> None:
    got = one(value, kind)
    assert (type(got), repr(got)) == (type(expected), repr(expected))


@pytest.mark.parametrize("kind", TYPES)
def test_null_and_absent_are_null(kind: str) -> None:
    assert one("null", kind) is None
    assert decode("[{}]", col("c", kind)) == [(None,)]
    assert decode("[{}]", col("c", kind), col("_raw", "object")) == [(None, "{}")]


def test_every_type_of_a_column_is_known() -> None:
    assert set(CONVERT) == set(TYPES)


NUMBERS = (
    st.integers().map(str)
    | st.integers(-(10**30), 10**30).map(str)
    | st.floats(allow_nan=False, allow_infinity=False).map(repr)
    | st.decimals(allow_nan=False, allow_infinity=False).map(lambda d: f"{d:f}" if -40 < d.adjusted() < 40 else "0")
    | st.from_regex(r"-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)
)


@given(NUMBERS, st.sampled_from(["integer", "number", "any", "boolean"]))
@example("9007199254740993.0", "integer")
@example("1e999999999999999999999", "number")
@example("5e-324", "number")
@example("0.00000000559503735286520250", "number")
@example("2.2250738585072011e-308", "number")
def test_numbers_keep_their_value(text: str, kind: str) -> None:
    got = one(text, kind)
    if len(text.lower().partition("e")[2]) > 6:
        assert got == text
        return
    mantissa = text.lower().partition("e")[0]
    mantissa = (mantissa.rstrip("0") if "." in mantissa else mantissa).replace(".", "").lstrip("-0")
    if isinstance(got, float) and 15 < len(mantissa) <= 17:
        assert got == float(text)  # more digits than a double has, fewer than the contract keeps
        return
    assert Decimal(repr(got) if isinstance(got, float) else got) == Decimal(text)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(
    st.lists(st.dictionaries(st.sampled_from(["a", "b", "c d", "$e"]), JSON_VALUES), max_size=5),
    st.sampled_from(TYPES),
    st.booleans(),
)
def test_objects_and_lists_are_never_written_anew(rows: list[dict[str, Any]], kind: str, spaced: bool) -> None:
    body = json.dumps(rows, ensure_ascii=False, indent=1 if spaced else None)
    for key in ("a", "c d", "$e"):
        got = decode(body, col(key, kind))
        assert len(got) == len(rows)
        for row, (value,) in zip(rows, got, strict=True):
            held = row.get(key)
            if isinstance(held, dict | list):
                assert value in body
                assert json.loads(value) == held
            elif isinstance(held, str):
                assert value == held


# --- shapes -----------------------------------------------------------------------------------------------------

ID = col("id")
DATA = Response(row_path=("data",))


def test_a_list_an_object_and_null() -> None:
    assert decode('[{"id": "1"}, {"id": "2"}]', ID) == [("1",), ("2",)]
    assert decode('{"id": "1"}', ID) == [("1",)]
    assert decode("[]", ID) == decode("null", ID) == []


def test_columns_come_in_the_order_asked_for_each_as_often_as_asked() -> None:
    body = '[{"a": "1", "b": 2, "c": true}]'
    assert decode(body, col("c", "boolean"), col("a"), col("b", "integer"), col("x", "string", "a")) == [
        (1, "1", 2, "1")
    ]
    assert decode(body, col("b", "string"), col("b2", "integer", "b")) == [("2", 2)]


def test_rows_under_a_key_as_list_or_object() -> None:
    assert decode('{"data": [{"id": "1"}], "meta": {}}', ID, response=DATA) == [("1",)]
    assert decode('{"data": {"id": "1"}}', ID, response=DATA) == [("1",)]
    for empty in ('{"data": []}', '{"data": null}', "{}", "null"):
        assert decode(empty, ID, response=DATA) == []


def test_rows_deeper_down() -> None:
    response = Response(row_path=("result", "the items"))
    assert decode('{"result": {"the items": [{"id": "1"}]}}', ID, response=response) == [("1",)]
    assert decode('{"result": null}', ID, response=response) == []
    assert decode('{"result": {}}', ID, response=response) == []


def test_a_star_goes_over_all_members() -> None:
    body = '{"groups": [{"users": [{"id": "1"}, {"id": "2"}]}, {"users": []}, {"users": {"id": "3"}}, null]}'
    assert decode(body, ID, response=Response(row_path=("groups", "*", "users"))) == [("1",), ("2",), ("3",)]
    body = '{"x": {"id": "1"}, "y": {"id": "2"}}'
    assert decode(body, ID, response=Response(row_path=("*",))) == [("1",), ("2",)]


def test_members_of_a_map_with_their_keys() -> None:
    response = Response(row_path=("data",), map_key="name")
    body = '{"data": {"b": {"id": "1"}, "a": {"id": "2"}}}'
    assert decode(body, col("name"), ID, response=response) == [("b", "1"), ("a", "2")]
    assert error_of('{"data": [1]}', ID, response=response).path == "$.data"


def test_members_of_a_map_without_their_keys() -> None:
    response = Response(row_path=("data",), map_key="name")
    body = '{"data": {"b": {"id": "1"}, "a": {"id": "2"}}}'
    assert decode(body, ID, response=response) == [("1",), ("2",)]
    assert decode(body, response=response) == [(), ()]
    assert decode('{"data": {}}', response=response) == []


def test_bare_values() -> None:
    response = Response(scalar="value")
    assert decode('["a", null, "b"]', col("value"), response=response) == [("a",), (None,), ("b",)]
    assert decode("7", col("value", "integer"), response=response) == [(7,)]
    keyed = Response(scalar="value", map_key="name")
    assert decode('{"x": 1.5}', col("value", "number"), col("name"), response=keyed) == [(1.5, "x")]


def test_an_answer_that_is_no_json_is_one_value() -> None:
    response = Response(media_type="text/csv", scalar="value")
    assert decode("a,b\n1,2", col("value"), response=response) == [("a,b\n1,2",)]
    assert decode(b"\xff\xfe", col("value"), response=response) == [(b"\xff\xfe",)]


def test_flattened_paths_and_their_envelope_together() -> None:
    body = """{"data": [
        {"id": "1", "attributes": {"name": "ada", "tags": ["x"], "owner": {"mail": "a@b"}}},
        {"id": "2", "attributes": null},
        {"id": "3"},
        {"id": "4", "attributes": {"owner": null}}
    ]}"""
    columns = (
        col("id"),
        col("name", "string", "attributes", "name"),
        col("mail", "string", "attributes", "owner", "mail"),
        col("tags", "array", "attributes", "tags"),
    )
    expected = [
        ("1", "ada", "a@b", '["x"]'),
        ("2", None, None, None),
        ("3", None, None, None),
        ("4", None, None, None),
    ]
    assert decode(body, *columns, response=DATA) == expected
    whole = decode(body, col("attributes", "object"), *columns, response=DATA)
    assert [row[1:] for row in whole] == expected
    assert whole[0][0] == '{"name": "ada", "tags": ["x"], "owner": {"mail": "a@b"}}'
    assert [row[:-1] for row in decode(body, *columns, col("_raw", "object"), response=DATA)] == expected


def test_an_empty_list_passes_for_an_empty_object() -> None:
    assert decode('[{"a": []}, {"a": {"b": "1"}}]', col("b", "string", "a", "b")) == [(None,), ("1",)]
    error = error_of('[{"a": {}}, {"a": "text"}]', col("b", "string", "a", "b"))
    assert error.path == "$[1].a"
    assert "got a string" in error.message


def test_the_whole_row_is_a_column_too() -> None:
    body = '{"data": [ {"id" : "1", "n": 12345678901234567890} ]}'
    assert decode(body, col("_raw", "object"), col("id"), response=DATA) == [
        ('{"id" : "1", "n": 12345678901234567890}', "1")
    ]


def test_no_columns_still_count() -> None:
    page = Decoder(DATA, Pagination(), ()).page(b'{"data": [{}, {"x": 1}]}')
    assert (page.rows, page.count) == ([(), ()], 2)


def test_a_page_that_drifts_is_read_value_by_value() -> None:
    body = '[{"id": "1", "n": 1, "b": true}, {"id": 2, "n": "two", "b": "yes"}, {"id": null, "n": [3], "b": {}}]'
    assert decode(body, col("id"), col("n", "integer"), col("b", "boolean")) == [
        ("1", 1, 1),
        ("2", "two", "yes"),
        (None, "[3]", "{}"),
    ]


def test_2000_columns() -> None:
    columns = [col(f"c{number}", "integer") for number in range(2000)]
    body = json.dumps([{f"c{number}": number for number in range(2000)}])
    assert decode(body, *columns) == [tuple(range(2000))]


# --- tokens -----------------------------------------------------------------------------------------------------

PAGED = Pagination(
    "cursor", "page[cursor]", token_path=("meta", "page", "after"), more_path=("meta", "more"), total_path=("total",)
)


def page(body: str, pagination: Pagination = PAGED, response: Response = DATA) -> tuple[Any, ...]:
    content = Decoder(response, pagination, [ID]).page(body.encode())
    return content.rows, content.token, content.more, content.total


def test_a_decoder_goes_on_after_a_page_that_drifts() -> None:
    decoder = Decoder(Response(), Pagination(), [ID, col("n", "integer")])
    assert decoder.page(b'[{"id": "a", "n": 1}]').rows == [("a", 1)]
    assert decoder.page(b'[{"id": 7, "n": "x"}, {"id": null}]').rows == [("7", "x"), (None, None)]
    assert decoder.page(b'[{"id": "b", "n": 2}, {"id": 8, "n": "y"}]').rows == [("b", 2), ("8", "y")]
    with pytest.raises(DecodeError):
        decoder.page(b"[[]]")
    assert decoder.page(b'[{"id": "c"}]').rows == [("c", None)]


def test_tokens_come_with_the_rows() -> None:
    body = '{"data": [{"id": "1"}], "meta": {"page": {"after": "x=="}, "more": true}, "total": 7}'
    assert page(body) == ([("1",)], "x==", True, 7)


@pytest.mark.parametrize(
    "body",
    [
        '{"data": [{"id": "1"}]}',
        '{"data": [{"id": "1"}], "meta": null}',
        '{"data": [{"id": "1"}], "meta": {"page": {"after": null}, "more": null}, "total": null}',
        '{"data": [{"id": "1"}], "meta": {"page": {"after": []}, "more": "perhaps"}, "total": -1}',
        '{"data": [{"id": "1"}], "meta": {"page": {"after": ""}, "more": 1}, "total": "9"}',
        '{"data": [{"id": "1"}], "meta": {"page": {"after": false}}, "total": 1.5}',
        '{"data": [{"id": "1"}], "meta": "none"}',
    ],
)
def test_tokens_that_are_not_there(body: str) -> None:
    assert page(body) == ([("1",)], None, None, None)


def test_tokens_of_a_page_that_drifts() -> None:
    assert page('{"data": [{"id": 1}], "meta": {"page": {"after": 25}, "more": false}, "total": 3}') == (
        [("1",)],
        25,
        False,
        3,
    )


def test_a_token_that_is_no_text_is_an_error_not_the_end() -> None:
    for odd in ('{"x": 1}', "[1]", "true", "1.5"):
        with pytest.raises(DecodeError) as caught:
            page(f'{{"data": [], "meta": {{"page": {{"after": {odd}}}}}}}')
        assert caught.value.path == "$.meta.page.after"


def test_tokens_beside_rows_that_are_the_body_or_around_each_other() -> None:
    self_paged = Pagination("next_url", token_path=("next",), total_path=("next", "of"))
    assert page('{"id": "1", "next": "u"}', self_paged, Response()) == ([("1",)], "u", None, None)
    links = Pagination("next_url", token_path=("_links", "next", "href"))
    body = '{"users": [{"id": "1"}], "_links": {"next": {"href": "https://x/y"}}}'
    assert page(body, links, Response(row_path=("users",)))[:2] == ([("1",)], "https://x/y")


# --- what isn't a page ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "empty answer"),
        (" \n", "empty answer"),
        ("<!DOCTYPE html><html><title>Sign in</title>", "got HTML instead of JSON"),
        ("\n<html>", "got HTML"),
        ("<?xml version='1.0'?><a/>", "got XML"),
        ("upstream connect error\x1b", "not valid JSON"),
        ('[{"id": "1"}', "cut off after 12 bytes"),
        ('[{"id": "1', "cut off"),
        ("[{'id': 1}]", "not valid JSON"),
        ('[{"id": "1"}] trailing', "not valid JSON"),
        ('[{"x": NaN}]', "not valid JSON"),
        ('[{"x": Infinity}]', "not valid JSON"),
        ('[{"x": 01}]', "not valid JSON"),
        ('[{"id": "\\ud800"}]', "lone surrogate"),
        ('[{"x": "a\nb"}]', "not valid JSON"),
    ],
)
def test_not_json(body: str, said: str) -> None:
    for columns in ((ID,), (ID, col("_raw", "object"))):
        error = error_of(body, *columns)
        assert said in error.message
        assert error.path == "$"


def test_a_byte_order_mark_is_no_part_of_the_body() -> None:
    assert decode(b'\xef\xbb\xbf[{"id": "1"}]', ID) == [("1",)]


def test_bytes_that_are_not_utf_8_have_a_place() -> None:
    for kind in TYPES:
        error = error_of(b'[{"c": "ok"}, {"c": "\xff"}]', col("c", kind))
        assert error.path in ("$[1].c", "$")
        assert "UTF-8" in error.message or "invalid" in error.message
    assert error_of(b'[{"a": {"c": {"x": "\xff"}}}]', col("c", "object", "a", "c")).path == "$[0].a.c"


@pytest.mark.parametrize(
    ("body", "path", "said"),
    [
        ('{"items": []}', "$.data", "there is no 'data', but items"),
        ('"text"', "$", "got a string"),
        ("[]", "$", "got a list"),
        ('{"data": 5}', "$.data", "expected an object as a row, got a number"),
        ('{"data": [{}, 5]}', "$.data[1]", "got a number"),
        ('{"data": [null]}', "$.data[0]", "got null"),
        ('{"data": [[]]}', "$.data[0]", "got a list"),
    ],
)
def test_rows_that_are_not_where_they_should_be(body: str, path: str, said: str) -> None:
    error = error_of(body, response=DATA)
    assert error.path == path
    assert said in error.message


def test_a_star_over_a_bare_value() -> None:
    error = error_of('{"groups": 5}', response=Response(row_path=("groups", "*")))
    assert (error.path, "got a number" in error.message) == ("$.groups", True)


def test_keys_in_a_path_are_quoted_where_they_must_be() -> None:
    assert error_of('{"a b": 1}', response=Response(row_path=("a b", "c"))).path == "$['a b']"


@pytest.mark.parametrize("opening", ['{"a":', "["])
@pytest.mark.parametrize("levels", [511, 513, 900, 100_000])
def test_depth(opening: str, levels: int) -> None:
    closing = "}" if opening.startswith("{") else "]"
    deep = opening * (levels - 1) + opening[0] + closing * levels
    bodies = [f'[{{"id": "1", "deep": {deep}}}]', f'[{{"id": 1, "deep": {deep}}}]']
    for body in bodies:
        started = time.process_time()
        if levels <= 512:
            assert decode(body, ID, col("deep", "object")) == [("1", deep)]
        else:
            error = error_of(body, ID, col("deep", "object"))
            assert "nested deeper than 512" in error.message
            assert error.path in ("$[0].deep", "$")
        assert time.process_time() - started < 1


def test_brackets_within_strings_have_no_depth() -> None:
    text = json.dumps({"a": '[{\\"' * 2000})
    assert decode(f'[{{"id": "1", "c": {text}}}]', ID, col("c", "object")) == [("1", text)]


def test_wide_is_not_deep() -> None:
    wide = json.dumps([{"a": [1]}] * 2000)
    assert decode(f'[{{"c": {wide}}}]', col("c", "array")) == [(wide,)]


def test_a_method_that_answers_nothing_may_say_ok() -> None:
    silent = Decoder(Response(media_type=""), Pagination(), ())
    for body in (b"", b"OK", b'{"status": "ok"}'):
        assert silent.page(body).count == 0


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
@example(b'{"data": [{"id": \xed\xa0\x80}]}')
def test_any_bytes_are_rows_or_a_decode_error(body: bytes) -> None:
    for columns in ((ID, col("n", "integer"), col("o", "object")), (ID, col("_raw", "object"))):
        for response in (Response(), DATA, Response(row_path=("*",)), Response(scalar="id"), Response(map_key="id")):
            try:
                rows = decode(body, *columns, response=response)
            except DecodeError as error:
                path = error.path
                rows = []
            else:
                path = "$"
            assert path.startswith("$")
            assert all(len(row) == len(columns) for row in rows)


@given(JSON_VALUES, st.sampled_from([(), ("a",), ("a", "b"), ("*",), ("a", "*", "b")]))
def test_any_json_is_rows_or_a_decode_error(value: Any, row_path: tuple[str, ...]) -> None:
    body = json.dumps({"a": value} if row_path[:1] == ("a",) else value)
    for columns in ((ID, col("b", "integer"), col("c", "any", "a", "b")), (col("_raw", "object"),)):
        path = "$"
        try:
            decode(body, *columns, response=Response(row_path=row_path))
        except DecodeError as error:
            path = error.path
        assert path.startswith("$")


# --- what StackQL's documents have besides -----------------------------------------------------------------------


def test_a_transform_makes_the_json_that_is_read() -> None:
    template = '{"things": [{{ range $i, $v := . }}{{ if $i }},{{ end }}{"id": {{ toJson $v.name }}}{{ end }}]}'
    response = Response(row_path=("things",), transform="golang_template_json", template=template)
    assert decode('[{"name": "a"}, {"name": "b"}]', col("id"), response=response) == [("a",), ("b",)]


def test_rows_that_may_be_left_out_are_none_and_others_are_an_error() -> None:
    response = Response(row_path=("items",), optional=True)
    assert decode('{"kind": "list"}', col("id"), response=response) == []
    assert decode('{"kind": "list"}', col("id"), col("_raw", "object"), response=response) == []
    with pytest.raises(DecodeError, match="not where they should be"):
        decode('{"kind": "list"}', col("id"), response=Response(row_path=("items",)))
