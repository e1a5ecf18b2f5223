"""Cassettes: what is scrubbed, what reads back, and what is played."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quaestor.catalog.document import parse
from quaestor.errors import UsageError
from quaestor.fetch.http import HttpRequest, HttpResponse
from quaestor.sandbox.wire.recording import Cassette, Interaction, Player, Scrubber, read_cassette, written
from quaestor.secrets import Redactor, Secret

ORIGIN = "https://acme.okta.com"
PLACE = "https://okta.recorded.invalid"
TOKEN = "00aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789-_AB"
JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxMjM0NTY3ODkwIn0.sig"


def scrubber() -> Scrubber:
    redactor = Redactor()
    redactor.add(Secret("the-credential"))
    return Scrubber("okta", redactor)


def scrub(body: object) -> object:
    return json.loads(scrubber().body(json.dumps(body).encode()))


@pytest.mark.parametrize(
    ("body", "clean"),
    [
        ({"client_secret": "abc"}, {"client_secret": "***"}),
        (
            {"profile": {"apiToken": "x", "bot-token": "y"}, "nextPageToken": "p", "continuation_token": "c"},
            {"profile": {"apiToken": "***", "bot-token": "***"}, "nextPageToken": "p", "continuation_token": "c"},
        ),
        (
            {"url": "https://x.y/?a=1&token=t&X-Amz-Signature=s#id_token=i", "next": "/logs?after=c&page_token=p"},
            {
                "url": "https://x.y/?a=1&token=***&X-Amz-Signature=***#id_token=***",
                "next": "/logs?after=c&page_token=p",
            },
        ),
        ({"clientSecret": "abc", "client_id": "abc"}, {"clientSecret": "***", "client_id": "abc"}),
        ({"password": {"value": "abc"}}, {"password": {"value": "***"}}),
        ({"credentials": {"password": {}, "provider": {"type": "OKTA"}}},) * 2,
        (
            {"hash": {"algorithm": "BCRYPT", "value": "x", "salt": "y"}},
            {"hash": {"algorithm": "BCRYPT", "value": "***", "salt": "***"}},
        ),
        (
            {"token": "x", "access_token": "y", "sessionToken": "z"},
            {"token": "***", "access_token": "***", "sessionToken": "***"},
        ),
        (
            {"data": {"type": "api_keys", "attributes": {"key": "0123456789abcdef" * 2}}},
            {"data": {"type": "api_keys", "attributes": {"key": "***"}}},
        ),
        ({"key": "status", "nextToken": "n", "meta": {"after": "c"}},) * 2,
        (
            {"keys": [{"kty": "RSA", "n": "1", "e": "AQAB", "d": "2", "p": "3"}]},
            {"keys": [{"kty": "RSA", "n": "1", "e": "AQAB", "d": "***", "p": "***"}]},
        ),
        ({"d": "day", "p": "x"},) * 2,
        ({"note": f"use {TOKEN} or {JWT}."}, {"note": "use *** or ***."}),
        ({"note": "sent the-credential"}, {"note": "sent ***"}),
        ({"_links": {"resetPassword": {"href": f"{ORIGIN}/x", "method": "POST"}}},) * 2,
        ([{"secret": ["a", "b"]}, 1, None, True], [{"secret": ["***", "***"]}, 1, None, True]),
        ({"passwordChanged": None, "secrets_count": 3},) * 2,
    ],
)
def test_secrets_in_bodies(body: object, clean: object) -> None:
    assert scrub(body) == clean


def test_a_body_without_secrets_keeps_its_bytes() -> None:
    body = b'{ "a" : 1.0 ,"b":12345678901234567890123 }'
    assert scrubber().body(body) == body


def test_other_bodies() -> None:
    clean = scrubber().body(
        b"grant_type=client_credentials&client_assertion=abc&scope=x", "application/x-www-form-urlencoded"
    )
    assert clean == b"grant_type=client_credentials&client_assertion=***&scope=x"
    assert scrubber().body(f"<a>{JWT}</a>".encode(), "text/html") == b"<a>***</a>"
    assert scrubber().body(b"\xff\xfe\x00") == b"", "what can't be looked through isn't kept"


def recorded() -> Interaction:
    request = HttpRequest(
        "GET",
        f"{ORIGIN}/api/v1/users?limit=2&token=abc",
        (("Authorization", f"SSWS {TOKEN}"), ("Cookie", "sid=1"), ("X-Secret", "a"), ("Accept", "application/json")),
    )
    response = HttpResponse(
        200,
        (
            ("content-type", "application/json"),
            ("set-cookie", "sid=2"),
            ("x-internal", "a"),
            ("link", f'<{ORIGIN}/api/v1/users?limit=2>; rel="self"'),
            ("link", f'<{ORIGIN}/api/v1/users?after=x&limit=2>; rel="next"'),
        ),
        json.dumps([{"id": "1", "_links": {"self": {"href": f"{ORIGIN}/api/v1/users/1"}}}]).encode(),
    )
    return scrubber().interaction(request, response, [ORIGIN])


def test_what_is_kept_of_a_request() -> None:
    each = recorded()
    text = written([each])
    for secret in (TOKEN, "SSWS", "sid=", "acme", "x-internal", "X-Secret", "abc"):
        assert secret not in text
    assert each.url == f"{PLACE}/api/v1/users?limit=2&token=***"
    assert each.request_headers == (("accept", "application/json"),)
    assert [name for name, _ in each.response.headers] == ["content-type", "link", "link"]
    assert f"{PLACE}/api/v1/users/1".encode() in each.response.body


def test_a_cassette_reads_back(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(written([recorded()]), encoding="utf-8")
    (back,) = read_cassette(str(file)).interactions
    assert back.url == recorded().url
    assert back.response.body == recorded().response.body
    assert back.response.headers == recorded().response.headers


@given(st.text(), st.text(min_size=1, alphabet=st.characters(codec="utf-8")))
def test_any_text_reads_back(body: str, value: str) -> None:
    try:
        raw = body.encode()
    except UnicodeEncodeError:
        return
    each = Interaction("POST", f"{PLACE}/x", (("accept", value),), raw, HttpResponse(200, (("etag", value),), raw))
    node = parse(written([each]), "c")["interactions"][0]
    assert node["response"]["body"]["string"] == body
    assert (node["request"]["body"] or "") == body
    assert node["response"]["headers"] == {"etag": [value]}


def play(player: Player, path: str, method: str = "GET", body: bytes | None = None) -> HttpResponse:
    return player.handle(HttpRequest(method, f"http://127.0.0.1:1{path}", (), body))


def test_playing() -> None:
    player = Player(Cassette("c.yaml", (recorded(),)), ("okta",))
    answer = play(player, "/okta/api/v1/users?token=%2A%2A%2A&limit=2")
    assert answer.status == 200
    assert answer.all("link")[1] == '<http://127.0.0.1:1/okta/api/v1/users?after=x&limit=2>; rel="next"'
    assert b"http://127.0.0.1:1/okta/api/v1/users/1" in answer.body
    assert b"http://127.0.0.1:1/api/v1/users/1" in play(player, "/api/v1/users?limit=2&token=***").body
    absent = play(player, "/okta/api/v1/users")
    assert absent.status == 501
    assert "c.yaml has no GET /api/v1/users" in json.loads(absent.body)["errorSummary"]


def test_repeated_requests_and_bodies() -> None:
    def each(status: int, asked: bytes, said: bytes) -> Interaction:
        return Interaction("POST", "https://x.test/a", (), asked, HttpResponse(status, (), said))

    player = Player(
        Cassette("c", (each(202, b'{"a":1}', b"1"), each(200, b'{"a":1}', b"2"), each(200, b'{"b":1}', b"3"))),
        ("okta",),
    )
    assert play(player, "/a", "POST", b'{"b": 1}').body == b"3"
    assert [play(player, "/a", "POST", b'{ "a":1 }').body for _ in range(3)] == [b"1", b"2", b"2"]


def test_limits_of_another_time_are_not_told() -> None:
    def answer(status: int) -> HttpResponse:
        headers = (
            ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("x-rate-limit-limit", "5"),
            ("x-rate-limit-reset", "1784111787"),
            ("content-encoding", "gzip"),
        )
        return HttpResponse(status, headers, b"{}")

    track = (
        Interaction("GET", "https://x.test/a", (), b"", answer(200)),
        Interaction("GET", "https://x.test/b", (), b"", answer(429)),
    )
    player = Player(Cassette("c", track), ("okta",))
    assert play(player, "/a").headers == ()
    assert [name for name, _ in play(player, "/b").headers] == ["retry-after"]


def test_forms_of_vcr(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    packed = base64.b64encode(gzip.compress(b"[1]")).decode()
    file.write_text(
        "http_interactions:\n"
        "- request: {method: get, uri: https://x.test/a, body: {encoding: US-ASCII, string: ''}, headers: {}}\n"
        f"  response: {{status: {{code: 200}}, headers: {{Content-Encoding: [gzip]}},\n"
        f"    body: {{base64_string: {packed}}}}}\n"
        "- request: {method: GET, uri: https://x.test/b}\n"
        "  response: {status: {code: 204}, body: null}\n"
    )
    player = Player(read_cassette(str(file)), ("okta",))
    assert play(player, "/a").body == b"[1]"
    assert play(player, "/b").status == 204


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1", "no list `interactions`"),
        ("interactions: [1]", r"interactions\[0\] lacks"),
        (
            "interactions: [{request: {method: GET, uri: x}, response: {status: {code: ok}}}]",
            "the status code is a number",
        ),
        (
            "interactions: [{request: {method: GET, uri: x}, response: {status: {code: 200}, body: 1}}]",
            r"interactions\[0\].response.body is neither",
        ),
        (
            "interactions: [{request: {method: GET, uri: x},"
            " response: {status: {code: 200}, body: {base64_string: '!'}}}]",
            "base64_string can't be read",
        ),
    ],
)
def test_a_file_that_is_no_cassette(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(text)
    with pytest.raises(UsageError, match=said):
        read_cassette(str(file))
