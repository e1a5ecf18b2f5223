"""UPDATE and DELETE touch exactly the rows that plain SQLite says, whatever WHERE is; headers come back as sent."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.run.test_writing import ENV, Clock, Wire, answer

import quaestor
from quaestor.catalog.model import Method, Parameter, Server
from quaestor.catalog.store import Store, open_catalog
from quaestor.errors import BindError, PartialWriteError, ProviderError
from quaestor.fetch.request import build_request

TABLE = "datadog.integrations.okta_accounts"
COLUMNS = ("id", "name", "domain", "auth_method", "client_id")
#: Few values, so that conditions are true of some rows and not of others.
WORDS = ("a1", "a2", "b", "B", "oauth", "")


@pytest.fixture(scope="module")
def catalog() -> Iterator[Store]:
    with open_catalog() as store:
        yield store


_texts = st.sampled_from(WORDS)
_literals = _texts.map(lambda text: f"'{text}'") | st.sampled_from(["NULL", "1"])
_columns = st.sampled_from(COLUMNS)
_atoms = st.one_of(
    st.builds("{} {} {}".format, _columns, st.sampled_from(["=", "<>", "<", ">=", "IS", "IS NOT"]), _literals),
    st.builds("{} = {}".format, _columns, _columns),
    st.builds("{} {} ({}, {})".format, _columns, st.sampled_from(["IN", "NOT IN"]), _literals, _literals),
    st.builds("{} LIKE '{}%'".format, _columns, _texts),
    st.builds("{} BETWEEN {} AND {}".format, _columns, _literals, _literals),
    st.builds("{} IS {}NULL".format, _columns, st.sampled_from(["", "NOT "])),
    st.builds("length({}) > 1".format, _columns),
    st.builds("{} COLLATE NOCASE = {}".format, _columns, _literals),
)
_conditions = st.recursive(
    _atoms,
    lambda inner: st.one_of(
        st.builds("({} AND {})".format, inner, inner),
        st.builds("({} OR {})".format, inner, inner),
        st.builds("NOT ({})".format, inner),
        st.builds("CASE WHEN {} THEN {} ELSE 0 END".format, inner, inner),
    ),
    max_leaves=4,
)
_rows = st.lists(
    st.tuples(_texts, _texts, st.sampled_from(["oauth", "b"]), st.none() | _texts), min_size=1, max_size=5
).map(lambda found: [(f"a{number}", *row) for number, row in enumerate(found, 1)])


def _account(row: tuple[Any, ...]) -> dict[str, Any]:
    attributes = {name: value for name, value in zip(COLUMNS[1:], row[1:], strict=True) if value is not None}
    return {"id": row[0], "type": "okta-accounts", "attributes": attributes}


def _touched(catalog: Store, rows: list[tuple[Any, ...]], statement: str) -> list[str]:
    """The keys of the accounts that a statement writes to, those that are there."""
    known = {row[0]: _account(row) for row in rows}
    touched: list[str] = []

    def reply(request: Any) -> Any:
        key = request.url.rpartition("/")[2]
        if key == "accounts":
            return {"data": list(known.values())}
        if key not in known:
            return answer({"errors": ["Not Found"]}, 404)
        if request.method != "GET":
            touched.append(key)
        return {"data": known[key]}

    wire = Wire(reply)
    chosen = quaestor.Settings(on_error="continue")
    with quaestor.connect(chosen, transport=wire, catalog=catalog, env=ENV, clock=Clock()) as con:
        try:
            con.sql(statement)
        except (PartialWriteError, ProviderError) as error:  # a key that isn't there
            if "404" not in str(error.__cause__ or error):
                raise
    return touched


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(_rows, _conditions, st.booleans())
def test_exactly_the_rows_of_the_model(
    catalog: Store, rows: list[tuple[Any, ...]], condition: str, deletes: bool
) -> None:
    with sqlite3.connect(":memory:") as model:
        model.execute(f"CREATE TABLE accounts ({', '.join(f'{name} TEXT' for name in COLUMNS)})")
        model.executemany(f"INSERT INTO accounts VALUES ({', '.join('?' * len(COLUMNS))})", rows)
        wanted = [key for (key,) in model.execute(f"SELECT id FROM accounts WHERE {condition} ORDER BY rowid")]
    model.close()
    verb = f"DELETE FROM {TABLE}" if deletes else f"UPDATE {TABLE} SET client_id = 'new'"
    assert sorted(_touched(catalog, rows, f"{verb} WHERE {condition}")) == wanted


_header = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=30).map(str.strip)


@given(_header)
def test_a_header_comes_back_as_it_was_written(value: str) -> None:
    method = Method("m", "insert", "POST", "/a", (Parameter("tag", "X-Tag", "header"),))
    request = build_request(method, Server("https://x.test"), {"tag": value})
    assert dict(request.headers)["x-tag"] == value


@given(st.text(max_size=10), st.sampled_from("\r\n\x00\x7fé\u2028"), st.text(max_size=10))
def test_what_a_header_cannot_hold_is_refused(before: str, wrong: str, after: str) -> None:
    method = Method("m", "insert", "POST", "/a", (Parameter("tag", "X-Tag", "header"),))
    for text in (before + wrong + after, f" {before}", f"{after} "):  # RFC 9110, 5.5: blanks round it are taken off
        with pytest.raises(BindError, match="goes into a header"):
            build_request(method, Server("https://x.test"), {"tag": text})
