"""URLs: what is an origin and what is refused, encoding, references."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote_to_bytes, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quaestor.errors import ForbiddenError
from quaestor.fetch import url as urls
from quaestor.fetch.url import Origin, origin_of

TEXT = st.text(st.characters(codec="utf-8"))


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://acme.okta.com/api", Origin("https", "acme.okta.com", 443)),
        ("HTTPS://ACME.Okta.com", Origin("https", "acme.okta.com", 443)),
        ("https://acme.okta.com:443?x", Origin("https", "acme.okta.com", 443)),
        ("http://127.0.0.1:8080/", Origin("http", "127.0.0.1", 8080)),
        ("http://[::1]:8080/a", Origin("http", "[::1]", 8080)),
        ("https://a.example#https://b.example", Origin("https", "a.example", 443)),
    ],
)
def test_origin(url: str, origin: Origin) -> None:
    assert origin_of(url) == origin
    assert origin_of(str(origin)) == origin


@pytest.mark.parametrize(
    "url",
    [
        "",
        "acme.okta.com/api",
        "//acme.okta.com/api",
        "ftp://acme.okta.com",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "https://acme.okta.com@evil.example/",
        "https://user:pass@acme.okta.com/",
        "https://acme.okta.com\\@evil.example/",
        "https://evil.example\\.okta.com/",
        "https://acme.okta.com\t.evil.example/",
        "https://acme.okta.com/\nx",
        "https://acme%2Eokta.com/",
        "https://аcme.okta.com/",  # a Cyrillic look-alike
        "https://acme.okta.com:/",
        "https://acme.okta.com:0/",
        "https://acme.okta.com:99999/",
        "https://acme.okta.com:４４３/",  # full-width digits
        "https://acme.okta.com:-1/",
        "https://[::1/",
        "https://[::1]x/",
        "https://[zz]/",
        "https://-acme.okta.com/",
        "https://acme..okta.com/",
        " https://acme.okta.com/",
    ],
)
def test_what_is_not_plain_is_refused(url: str) -> None:
    with pytest.raises(ForbiddenError):
        origin_of(url)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.255.0.9", True),
        ("[::1]", True),
        ("127.1", False),
        ("0x7f.0.0.1", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("127.0.0.256", False),
        ("127.0.0.01", False),
        ("10.0.0.1", False),
        ("[::2]", False),
    ],
)
def test_loopback_is_taken_as_written(host: str, loopback: bool) -> None:
    assert Origin("http", host, 80).is_loopback is loopback


@given(TEXT)
def test_quote_is_the_inverse_of_decoding_and_leaves_only_unreserved(text: str) -> None:
    quoted = urls.quote(text)
    assert unquote_to_bytes(quoted).decode() == text
    assert set(quoted.encode()) <= urls.UNRESERVED | {ord("%")}
    assert urls.unquote(quoted) == text


@pytest.mark.parametrize("text", ["100%", "%zz", "%4", "%", "a%2"])
def test_unquote_leaves_what_is_no_escape(text: str) -> None:
    assert urls.unquote(text) == text


@given(TEXT, TEXT.filter(bool), TEXT)
def test_a_query_parameter_can_be_set_and_read(other: str, name: str, value: str) -> None:
    url = urls.with_query(f"https://a.example/x?o={urls.quote(other)}", name, value)
    assert urls.query_value(url, name) == value
    assert dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))[name] == value
    if name != "o":
        assert urls.query_value(url, "o") == other


def test_setting_a_parameter_replaces_all_its_spellings_and_nothing_else() -> None:
    url = "https://a.example/x?page[size]=1&b=%20+&page%5Bsize%5D=2&c"
    assert urls.with_query(url, "page[size]", "9") == "https://a.example/x?b=%20+&c&page%5Bsize%5D=9"
    assert urls.query_items(url) == [("page[size]", "1"), ("b", "  "), ("page[size]", "2"), ("c", "")]


@pytest.mark.parametrize(
    ("reference", "joined"),
    [
        ("https://a.example/api/next?after=1#f", "https://a.example/api/next?after=1"),
        ("https://a.example:443/api/next", "https://a.example/api/next"),
        ("/other?after=1", "https://a.example/other?after=1"),
        ("?after=1", "https://a.example/api/users?after=1"),
        ("next", "https://a.example/api/next"),
        ("/x?u=https://b.example", "https://a.example/x?u=https://b.example"),
        ("https://b.example/x", "https://b.example/x"),
        ("/to/https://b.example", "https://a.example/to/https://b.example"),
    ],
)
def test_references(reference: str, joined: str) -> None:
    assert urls.join("https://a.example/api/users?limit=1", reference) == joined


@pytest.mark.parametrize(
    "reference", ["//b.example/x", "\\\\b.example", "/\\b.example", "https:b.example", "ftp://x/y"]
)
def test_references_that_leave_in_disguise_are_refused(reference: str) -> None:
    with pytest.raises(ForbiddenError):
        urls.join("https://a.example/api", reference)


def test_a_url_in_a_message_shows_no_user_and_no_controls() -> None:
    assert urls.shown("https://u:secret@a.example/x") == "'https://***@a.example/x'"
    assert "\x1b" not in urls.shown("https://a.example/\x1b[31m")
    assert len(urls.shown("x" * 10_000)) < 300
