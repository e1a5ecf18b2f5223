"""Bodies that are no JSON, and bodies that are compressed, as they leave."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from email.parser import BytesParser
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.run.test_writing import ENV, Clock, Wire

import quaestor
from quaestor.catalog.store import Store, open_catalog
from quaestor.errors import BindError
from quaestor.fetch.body import encode
from quaestor.fetch.coding import compressed


@pytest.fixture(scope="module")
def catalog() -> Iterator[Store]:
    with open_catalog() as store:
        yield store


@pytest.fixture
def connect(catalog: Store) -> Iterator[Callable[..., tuple[quaestor.Connection, Wire]]]:
    opened: list[quaestor.Connection] = []

    def make(**given: Any) -> tuple[quaestor.Connection, Wire]:
        wire = Wire(lambda _: {})
        con = quaestor.connect(quaestor.Settings(**given), transport=wire, catalog=catalog, env=ENV, clock=Clock())
        opened.append(con)
        return con, wire

    yield make
    for con in opened:
        con.close()


PUBLISH = "EXEC okta.security.ssf_security_event_tokens.publish_security_event_tokens"
CSR = "EXEC okta.apps.csrs.publish_csr_from_application @appId = 'a', @csrId = 'c'"


@pytest.mark.parametrize(
    ("text", "kind", "body"),
    [
        (f"{PUBLISH} @data__data = 'eyJ.e30.c2ln'", "application/secevent+jwt", b"eyJ.e30.c2ln"),
        (f"{CSR}, @data__data = 'MIIC'", "application/x-x509-ca-cert", b"MIIC"),
        (f"{CSR}, @data__data = x'30820100ff'", "application/x-x509-ca-cert", bytes.fromhex("30820100ff")),
    ],
)
def test_a_body_that_is_a_text_or_a_file_goes_as_it_is(connect: Any, text: str, kind: str, body: bytes) -> None:
    con, wire = connect()
    con.sql(text)
    [request] = wire.requests
    assert (request.body, dict(request.headers)["content-type"]) == (body, kind)


@pytest.mark.parametrize(
    ("text", "says", "hint"),
    [
        (PUBLISH, "the body is required: data__data", ""),
        (f"{PUBLISH} @token = 'x'", "has no parameter or property called token", ""),
        (f"{PUBLISH} @@json = '{{}}'", "takes application/secevent+jwt, not JSON", "@data__data"),
    ],
)
def test_what_is_said_instead(connect: Any, text: str, says: str, hint: str) -> None:
    con, wire = connect()
    with pytest.raises(BindError) as caught:
        con.sql(text)
    assert says in caught.value.message
    assert hint in caught.value.hint
    assert wire.requests == []


def test_a_logo_is_a_form_with_a_file(connect: Any) -> None:
    con, wire = connect()
    con.sql("EXEC okta.apps.applications.upload_application_logo @appId = 'a', @file = x'89504e470d0a1a0a'")
    [request] = wire.requests
    assert _parts(request.body, dict(request.headers)["content-type"]) == {"file": bytes.fromhex("89504e470d0a1a0a")}


@pytest.mark.parametrize(("coding", "plain"), [("deflate", zlib.decompress), ("gzip", gzip.decompress)])
def test_content_encoding_compresses(connect: Any, coding: str, plain: Callable[[bytes], bytes]) -> None:
    con, wire = connect()
    text = f"INSERT INTO datadog.logs.logs (message, \"Content-Encoding\") VALUES ('hello', '{coding}')"
    con.sql(text)
    [request] = wire.requests
    assert dict(request.headers)["content-encoding"] == coding
    assert json.loads(plain(request.body)) == [{"message": "hello"}]
    shown, _ = connect(dry_run_writes=True)
    assert "hello" in shown.sql(text).fetchall()[0][3]


def test_a_coding_that_is_not_there_is_refused(connect: Any) -> None:
    con, wire = connect()
    with pytest.raises(BindError, match="a body can't be sent as zstd1"):
        con.sql(
            """EXEC datadog.metrics.metrics.submit_metrics @"Content-Encoding" = 'zstd1',
               @series = '[{"metric": "m", "points": [{"timestamp": 1, "value": 2}]}]'"""
        )
    assert wire.requests == []


@given(st.binary(max_size=200))
def test_compressed_and_back(body: bytes) -> None:
    assert zlib.decompress(compressed(body, "deflate")) == body
    assert gzip.decompress(compressed(body, "GZIP")) == body
    assert compressed(body, "identity") == body


def _parts(body: bytes, kind: str) -> dict[str, bytes]:
    message = BytesParser().parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    found: dict[str, bytes] = {}
    for part in message.get_payload():
        name = part.get_param("name", header="content-disposition")  # type: ignore[union-attr]
        found[str(name)] = part.get_payload(decode=True)  # type: ignore[union-attr,assignment]
    return found


_VALUES = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30), st.integers(), st.booleans()
)


@given(st.dictionaries(st.from_regex(r"[A-Za-z_\[\]]{1,8}", fullmatch=True), _VALUES, min_size=1, max_size=5))
def test_a_form_comes_back_as_it_was(values: dict[str, Any]) -> None:
    from urllib.parse import parse_qsl

    body, _ = encode(values, "application/x-www-form-urlencoded")
    back = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True)
    assert back == [(name, _said(value)) for name, value in values.items()]


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(st.from_regex(r"[A-Za-z_]{1,8}", fullmatch=True), st.binary(max_size=60), min_size=1, max_size=4)
)
def test_a_form_with_files_comes_back_as_it_was(values: dict[str, bytes]) -> None:
    body, kind = encode(values, "multipart/form-data")
    boundary = kind.partition("boundary=")[2].encode()
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary)
    assert pieces[0] == b""
    assert pieces[-1] == b"--\r\n"
    found = {}
    for piece in pieces[1:-1]:
        head, _, content = piece.partition(b"\r\n\r\n")
        found[head.split(b'name="')[1].split(b'"')[0].decode()] = content
    assert found == values


def _said(value: Any) -> str:
    return "true" if value is True else "false" if value is False else str(value)
