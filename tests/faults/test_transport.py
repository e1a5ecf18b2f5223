"""The HTTP library held to what we promise: one test for each behaviour that the product rests on.

`docs/decisions/0002-http-client.md` points here. If an update of the library fails one of these, the update waits.
"""

from __future__ import annotations

import datetime
import gzip
import socket
import ssl
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from tests.faults.server import (
    ConnectProxy,
    Cut,
    Drip,
    FaultServer,
    Hang,
    Http2Server,
    Reply,
    Reset,
    Wait,
    answer,
    answer_head,
)

from quaestor.config import Proxy
from quaestor.errors import Cancelled, ForbiddenError, LimitError, QuaestorError, TransportError, UsageError
from quaestor.fetch.http import CancelToken, HttpRequest, HttpResponse
from quaestor.fetch.transport import UNREADABLE, HttpTransport, Limits, ReadOnly
from quaestor.secrets import Secret

OK = answer(b'{"ok": true}')


def get(transport: HttpTransport, url: str, **more: Any) -> HttpResponse:
    return transport.send(HttpRequest("GET", url, **more), CancelToken())


def fetch(reply: Reply, limits: Limits | None = None) -> HttpResponse:
    """The one answer of a server that gives this reply."""
    with FaultServer([reply]) as server, HttpTransport(limits or Limits()) as transport:
        return get(transport, server.url)


def failure(reply: Reply, limits: Limits | None = None) -> QuaestorError:
    """What is raised when a server gives this reply."""
    with pytest.raises(QuaestorError) as caught:
        fetch(reply, limits)
    return caught.value


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def bundle(ca: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.cert_pem.write_to_path(str(path))
    return str(path)


def context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(made)
    return made


@pytest.fixture
def good(ca: trustme.CA) -> ssl.SSLContext:
    return context(ca.issue_cert("localhost"))


# --- what goes out and comes in ---------------------------------------------------------------------------------


def test_a_request_arrives_as_it_was_built() -> None:
    with FaultServer([OK]) as server, HttpTransport(user_agent="quaestor/9") as transport:
        url = f"{server.url}/a%2Fb;c/%5B%22%5D?x%5By%5D=1&q=%27a%20b%27&e="
        request = HttpRequest(
            "POST", url, (("authorization", "SSWS t"), ("x-two", "1"), ("x-two", "2")), b"\x00\xff", "exec"
        )
        transport.send(request, CancelToken())
        (seen,) = server.log
        assert (seen.method, seen.target, seen.body) == ("POST", url.removeprefix(server.url), b"\x00\xff")
        assert seen.headers["authorization"] == "SSWS t"
        assert seen.headers["user-agent"] == "quaestor/9"
        assert seen.headers["accept-encoding"] == "gzip"
        assert seen.raw.lower().count(b"x-two: ") == 2


def test_a_response_comes_back_whole_with_repeated_headers_apart() -> None:
    headers = [("Link", '<https://a/1>; rel="self"'), ("X-Empty", ""), ("link", '<https://a/2>; rel="next"')]
    response = fetch(answer(b"\xff\x00[]", 418, headers))
    assert (response.status, response.body) == (418, b"\xff\x00[]")
    assert response.all("link") == ['<https://a/1>; rel="self"', '<https://a/2>; rel="next"']
    assert response.header("x-empty") == ""
    assert all(name == name.lower() for name, _ in response.headers)


def test_a_header_that_is_not_ascii_is_marked_and_spoils_no_other() -> None:
    response = fetch(answer(b"[]", headers=[("X-Name", "Jos\xe9"), ("Link", "a"), ("Link", "b")]))
    assert response.header("x-name") == UNREADABLE
    assert response.all("link") == ["a", "b"]


def test_bodies_come_by_length_by_chunks_and_by_the_end_of_the_connection() -> None:
    chunked = answer_head(headers=[("Transfer-Encoding", "chunked")]) + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
    assert fetch(chunked).body == b"abcde"
    assert fetch([answer_head() + b"abc", Cut()]).body == b"abc"
    assert fetch(answer_head(204)).body == b""
    large = bytes(range(256)) * 4096
    assert fetch(answer(large)).body == large


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP"])
def test_gzip(encoding: str) -> None:
    body = b'{"name": "x"}' * 1000
    assert fetch(answer(gzip.compress(body), headers=[("Content-Encoding", encoding)])).body == body


def test_gzip_in_several_members_and_at_the_edge_of_a_piece() -> None:
    packed = gzip.compress(b"one ") + gzip.compress(b"two")
    assert fetch(answer(packed, headers=[("Content-Encoding", "gzip")])).body == b"one two"
    limits = Limits(ratio=10_000)
    for size in ((1 << 20) - 1, 1 << 20, (1 << 20) + 1, (2 << 20) + 100):
        packed = gzip.compress(b"\0" * size)
        assert len(fetch(answer(packed, headers=[("Content-Encoding", "gzip")]), limits).body) == size
    assert fetch(answer(b"", 304, headers=[("Content-Encoding", "gzip")])).body == b""


def test_redirects_are_handed_over_not_followed() -> None:
    with FaultServer([OK]) as other, FaultServer([answer(b"", 302, [("Location", other.url)])]) as server:
        for status in (301, 302, 303, 307, 308):
            server._script = [answer(b"", status, [("Location", other.url)])]
            with HttpTransport() as transport:
                response = get(transport, server.url, headers=(("authorization", "SSWS canary"),))
            assert (response.status, response.header("location")) == (status, other.url)
        assert other.log == []


def test_connections_are_used_again() -> None:
    with FaultServer([OK]) as server, HttpTransport() as transport:
        for _ in range(5):
            get(transport, server.url)
        assert {seen.connection for seen in server.log} == {1}


# --- plain http -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["acme.okta.com", "10.0.0.1", "127.1", "localhost.example.com", "0.0.0.0"])
def test_plain_http_goes_to_this_machine_only(host: str) -> None:
    with HttpTransport() as transport, pytest.raises(ForbiddenError, match="this machine only"):
        get(transport, f"http://{host}/")


# --- TLS --------------------------------------------------------------------------------------------------------


def test_a_private_ca_is_trusted_when_named(good: ssl.SSLContext, bundle: str) -> None:
    with FaultServer([OK], tls=good) as server, HttpTransport(ca_bundle=bundle) as transport:
        assert get(transport, server.url).body == b'{"ok": true}'


def a_certificate(ca: trustme.CA, which: str) -> trustme.LeafCert:
    if which == "wrong name":
        return ca.issue_cert("example.org")
    if which == "expired":
        then = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
        return ca.issue_cert("localhost", not_before=then, not_after=then + datetime.timedelta(days=1))
    if which == "not yet valid":
        then = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=30)
        return ca.issue_cert("localhost", not_before=then, not_after=then + datetime.timedelta(days=1))
    return trustme.CA().issue_cert("localhost")


@pytest.mark.parametrize("which", ["wrong name", "expired", "not yet valid", "unknown CA"])
def test_certificates_that_are_refused(ca: trustme.CA, bundle: str, which: str) -> None:
    tls = context(a_certificate(ca, which))
    with FaultServer([OK], tls=tls) as server, HttpTransport(ca_bundle=bundle) as transport:
        with pytest.raises(TransportError, match="certificate of localhost is refused") as caught:
            get(transport, server.url, headers=(("authorization", "SSWS canary"),))
        assert server.wait_for(lambda: bool(server.refused))
        assert server.log == []
    assert not caught.value.may_have_arrived
    assert not caught.value.retryable


def test_an_address_needs_a_certificate_of_its_own(good: ssl.SSLContext, bundle: str) -> None:
    with (
        FaultServer([OK], tls=good) as server,
        HttpTransport(ca_bundle=bundle) as transport,
        pytest.raises(TransportError, match="not valid for name"),
    ):
        get(transport, f"https://127.0.0.1:{server.port}")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
def test_tls_before_1_2_is_refused(good: ssl.SSLContext, bundle: str) -> None:
    good.set_ciphers("DEFAULT:@SECLEVEL=0")
    good.minimum_version = good.maximum_version = ssl.TLSVersion.TLSv1_1
    with FaultServer([OK], tls=good) as server, HttpTransport(ca_bundle=bundle) as transport:
        with pytest.raises(TransportError) as caught:
            get(transport, server.url)
        assert server.log == []
    assert not caught.value.may_have_arrived


def test_without_the_bundle_the_private_ca_is_unknown(good: ssl.SSLContext) -> None:
    with (
        FaultServer([OK], tls=good) as server,
        HttpTransport() as transport,
        pytest.raises(TransportError, match="UnknownIssuer") as caught,
    ):
        get(transport, server.url)
    assert "CABundle" in caught.value.hint


def test_https_is_verified_after_plain_http_too(good: ssl.SSLContext) -> None:
    with FaultServer([OK]) as plain, FaultServer([OK], tls=good) as server, HttpTransport() as transport:
        get(transport, plain.url)
        with pytest.raises(TransportError, match="refused"):
            get(transport, server.url)


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_bundle_that_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(content)
    for name in (str(path), str(tmp_path / "absent.pem")):
        with HttpTransport(ca_bundle=name) as transport, pytest.raises(UsageError, match="CA bundle"):
            get(transport, "https://localhost:1")


def test_a_machine_without_ca_certificates_can_still_reach_the_sandbox() -> None:
    code = """
import sys
from quaestor.errors import TransportError
from quaestor.fetch.http import CancelToken, HttpRequest
from quaestor.fetch.transport import HttpTransport
with HttpTransport() as transport:
    print(transport.send(HttpRequest("GET", sys.argv[1]), CancelToken()).status)
    try:
        transport.send(HttpRequest("GET", "https://localhost:1"), CancelToken())
    except TransportError as error:
        print(error.message, error.hint)
"""
    with FaultServer([OK]) as server:
        done = subprocess.run(
            [sys.executable, "-c", code, server.url],
            env={"SSL_CERT_FILE": "/nonexistent", "SSL_CERT_DIR": "/nonexistent"},
            capture_output=True,
            text=True,
            check=True,
        )
    assert done.stdout.startswith("200\nthis machine has no CA certificates")
    assert "ca-certificates" in done.stdout


def test_http2_where_the_server_has_it(ca: trustme.CA, bundle: str) -> None:
    body = b'{"two": true}' * 50_000
    headers = [("x-a", "1"), ("link", "<b>"), ("link", "<c>")]
    tls = context(ca.issue_cert("localhost"))
    with Http2Server(body, headers, tls=tls) as server, HttpTransport(ca_bundle=bundle) as transport:
        response = get(transport, server.url)
        assert (response.status, response.all("link")) == (200, ["<b>", "<c>"])
        assert response.body == body
        threads = [threading.Thread(target=get, args=(transport, server.url)) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert len(server.log) == 17
        assert {seen.connection for seen in server.log} == {1}


class DeafHttp2Server(Http2Server):
    """Its first connection goes dead: open, but nothing is answered on it, not even a ping."""

    def converse(self, connection: socket.socket, number: int) -> None:
        if number > 1:
            return super().converse(connection, number)
        while connection.recv(65536):
            pass
        return None


def test_a_dead_http2_connection_is_not_used_again(good: ssl.SSLContext, bundle: str) -> None:
    limits = Limits(first_byte_s=1.6)  # its ping is answered within a quarter
    with DeafHttp2Server(b"[]", [], tls=good) as server, HttpTransport(limits, ca_bundle=bundle) as transport:
        with pytest.raises(TransportError) as caught:
            get(transport, server.url)
        assert caught.value.retryable
        assert get(transport, server.url).body == b"[]"


# --- proxies ----------------------------------------------------------------------------------------------------


@pytest.fixture
def proxy_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultServer]:
    with FaultServer([answer(b'"from the proxy"')]) as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("REQUEST_METHOD", raising=False)
        yield proxy


def test_the_environments_proxy_is_left_alone(proxy_environment: FaultServer) -> None:
    with FaultServer([OK]) as server, HttpTransport() as transport:
        assert get(transport, server.url).body == b'{"ok": true}'
    assert proxy_environment.log == []


def test_the_environments_proxy_is_used_when_asked_for(proxy_environment: FaultServer) -> None:
    with HttpTransport(proxy="environment") as transport:
        assert get(transport, "http://127.0.0.1:1/x?y").body == b'"from the proxy"'
    assert proxy_environment.log[0].target == "http://127.0.0.1:1/x?y"


def test_a_proxy_that_is_named_gets_plain_requests_whole() -> None:
    with FaultServer([answer(b'"proxied"')]) as proxy:
        named = Proxy(proxy.url, "ada", Secret("p:w"))
        with HttpTransport(proxy=named) as transport:
            assert get(transport, "http://127.0.0.1:1/x").body == b'"proxied"'
        assert proxy.log[0].target == "http://127.0.0.1:1/x"
        assert proxy.log[0].headers["proxy-authorization"] == "Basic YWRhOnA6dw=="


def test_a_proxy_sees_nothing_of_https(good: ssl.SSLContext, bundle: str) -> None:
    with FaultServer([OK], tls=good) as server, ConnectProxy(server.port) as proxy:
        with HttpTransport(ca_bundle=bundle, proxy=Proxy(proxy.url)) as transport:
            response = get(transport, server.url, headers=(("authorization", "SSWS canary"),))
        assert response.body == b'{"ok": true}'
        assert [seen.method for seen in proxy.log] == ["CONNECT"]
        assert b"canary" not in proxy.log[0].raw
        assert server.log[0].headers["authorization"] == "SSWS canary"


def test_certificates_are_checked_through_a_proxy(ca: trustme.CA, bundle: str) -> None:
    tls = context(a_certificate(ca, "wrong name"))
    with (
        FaultServer([OK], tls=tls) as server,
        ConnectProxy(server.port) as proxy,
        HttpTransport(ca_bundle=bundle, proxy=Proxy(proxy.url)) as transport,
        pytest.raises(TransportError, match="refused"),
    ):
        get(transport, server.url)


def test_an_unknown_word_for_a_proxy() -> None:
    with HttpTransport(proxy="sometimes") as transport, pytest.raises(UsageError):
        get(transport, "http://127.0.0.1:1")


# --- breaks -----------------------------------------------------------------------------------------------------

HALF = [answer_head(length=100), b"half"]
PACKED = [("Content-Encoding", "gzip")]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ([Reset()], "broke the connection off"),
        ([Cut()], "broke the connection off"),
        ([b"HTTP/1.1 200 OK\r\nConte", Cut()], "broke the connection off"),
        ([b"HTTP/1.1 200 OK\r\nConte", Reset()], "broke the connection off"),
        ([*HALF, Cut()], "broke the connection off"),
        ([*HALF, Wait(0.05), Reset()], "broke the connection off"),
        ([answer_head(headers=[("Transfer-Encoding", "chunked")]), b"9\r\nabc", Cut()], "broke the connection off"),
        (
            [answer_head(headers=[("Transfer-Encoding", "chunked")]), b"3\r\nabc\r\n", Cut()],
            "broke the connection off",
        ),
        ([answer(gzip.compress(b"x" * 500)[:-9], headers=PACKED)], "cut off"),
    ],
)
def test_breaks_are_transport_errors_worth_a_retry(reply: Reply, said: str) -> None:
    error = failure(reply)
    assert isinstance(error, TransportError)
    assert said in error.message
    assert error.retryable
    assert error.may_have_arrived


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ([b"hello\r\n\r\n", Cut()], "not valid HTTP"),
        ([b"HTTP/9.9 200 OK\r\n\r\n", Cut()], "not valid HTTP"),
        ([answer_head(headers=[("Transfer-Encoding", "chunked")]), b"zz\r\nabc\r\n", Cut()], "not valid HTTP"),
        ([answer_head(headers=[("Content-Length", "1"), ("Content-Length", "2")]), b"ab", Cut()], "not valid HTTP"),
        ([answer(b"plain", headers=PACKED)], "damaged"),
        ([answer(gzip.compress(b"x" * 500)[:40] + b"\0" * 9, headers=PACKED)], "damaged"),
        ([answer(zlib.compress(b"x"), headers=[("Content-Encoding", "deflate")])], "not asked for"),
        ([answer(b"x", headers=[("Content-Encoding", "br")])], "not asked for"),
    ],
)
def test_nonsense_is_a_transport_error_without_a_retry(reply: Reply, said: str) -> None:
    error = failure(reply)
    assert isinstance(error, TransportError)
    assert said in error.message
    assert not error.retryable
    assert error.may_have_arrived


def test_nobody_there() -> None:
    with FaultServer([OK]) as server:
        url = server.url
    with (
        HttpTransport() as transport,
        pytest.raises(TransportError, match=r"no connection to 127\.0\.0\.1") as caught,
    ):
        get(transport, url)
    assert not caught.value.may_have_arrived
    assert not caught.value.retryable


def test_no_such_host() -> None:
    with HttpTransport() as transport, pytest.raises(TransportError, match=r"no host nowhere\.invalid") as caught:
        get(transport, "https://nowhere.invalid/")
    assert not caught.value.may_have_arrived


def test_what_cannot_be_sent_is_said_so() -> None:
    with HttpTransport() as transport, pytest.raises(TransportError, match="can't be sent") as caught:
        get(transport, "http://127.0.0.1:1/", headers=(("x", "a\r\nb"),))
    assert not caught.value.may_have_arrived


# --- bounds -----------------------------------------------------------------------------------------------------


def took(reply: Reply, limits: Limits) -> tuple[QuaestorError, float]:
    started = time.monotonic()
    error = failure(reply, limits)
    return error, time.monotonic() - started


def test_first_byte() -> None:
    error, seconds = took([Hang()], Limits(connect_s=5, first_byte_s=0.4))
    assert "sent no answer within 0.4 s" in error.message
    assert 0.3 < seconds < 5


def test_headers_that_drip_count_as_no_answer() -> None:
    error, seconds = took([Drip(answer_head(length=1), 0.1)], Limits(first_byte_s=0.5))
    assert "sent no answer within 0.5 s" in error.message
    assert seconds < 5


def test_a_body_that_stops() -> None:
    error, seconds = took([*HALF, Hang()], Limits(first_byte_s=0.4))
    assert "stopped in the middle of its answer" in error.message
    assert 0.3 < seconds < 5


def test_total_time() -> None:
    limits = Limits(first_byte_s=0.5, total_s=1.0)
    error, seconds = took([answer_head(length=100), Drip(b"x" * 100, 0.1)], limits)
    assert "longer than 1 s" in error.message
    assert 0.9 < seconds < 5


def test_the_slowest_rate() -> None:
    limits = Limits(rate_bytes_s=100, rate_window_s=0.5)
    error, seconds = took([answer_head(length=1000), Drip(b"x" * 1000, 0.05)], limits)
    assert "bytes a second" in error.message
    assert 0.4 < seconds < 5


def test_a_connection_that_is_never_accepted_times_out_as_such() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
        limits = Limits(connect_s=0.4, first_byte_s=5)
        started = time.monotonic()
        with HttpTransport(limits) as transport, pytest.raises(TransportError, match=r"within 0\.4 s") as caught:
            get(transport, f"http://127.0.0.1:{listener.getsockname()[1]}/")
        assert time.monotonic() - started < 4
        assert not caught.value.may_have_arrived
        assert caught.value.retryable
        for one in waiting:
            one.close()


def test_a_server_that_never_ends_its_handshake(bundle: str) -> None:
    limits = Limits(connect_s=0.4, first_byte_s=5)
    with (
        FaultServer([OK]) as server,
        HttpTransport(limits, ca_bundle=bundle) as transport,
        pytest.raises(TransportError, match=r"no connection to localhost within 0\.4 s"),
    ):
        get(transport, f"https://localhost:{server.port}/")


def test_body_size_counts_after_decompression() -> None:
    limits = Limits(body_bytes=1 << 20, ratio=10_000)
    at_the_limit = answer(gzip.compress(b"x" * (1 << 20)), headers=PACKED)
    assert len(fetch(at_the_limit, limits).body) == 1 << 20
    replies: list[Reply] = [
        answer(gzip.compress(b"x" * ((1 << 20) + 1)), headers=PACKED),
        answer(b"x" * ((1 << 20) + 1)),
        [answer_head(), b"x" * ((1 << 20) + 1), Cut()],
    ]
    for reply in replies:
        error = failure(reply, limits)
        assert isinstance(error, LimitError)
        assert "larger than 1 MiB" in error.message


def test_a_gzip_bomb_is_noticed_by_its_ratio_long_before_its_size() -> None:
    error = failure(answer(gzip.compress(b"\0" * (50 << 20)), headers=PACKED))
    assert isinstance(error, LimitError)
    assert "200 times" in error.message


@pytest.mark.parametrize(("count", "size"), [(7, 10_000), (3, 200_000), (150, 10)])
def test_header_size(count: int, size: int) -> None:
    error = failure(answer(b"[]", headers=[(f"x-{index}", "v" * size) for index in range(count)]))
    assert isinstance(error, LimitError)
    assert "headers" in error.message


def test_many_headers_within_the_bound_are_fine() -> None:
    headers = [(f"x-{index}", "v" * 600) for index in range(90)]
    assert len(fetch(answer(b"[]", headers=headers)).headers) == 92


# --- cancelling and closing -------------------------------------------------------------------------------------


@pytest.mark.parametrize("reply", [[Hang()], [*HALF, Hang()], [answer_head(length=999), Drip(b"x" * 999, 0.01)]])
def test_a_cancelled_statement_leaves_soon(reply: Reply) -> None:
    with FaultServer([reply]) as server, HttpTransport() as transport:
        token = CancelToken()
        timer = threading.Timer(0.2, token.cancel)
        timer.start()
        started = time.monotonic()
        with pytest.raises(Cancelled):
            transport.send(HttpRequest("GET", server.url), token)
        assert time.monotonic() - started < 5  # else thirty, or ten for all that drips
        timer.join()
        assert get_from_other(transport) == 200


def get_from_other(transport: HttpTransport) -> int:
    with FaultServer([OK]) as server:
        return get(transport, server.url).status


def test_a_body_that_nobody_waits_for_is_not_read_on() -> None:
    drip: Reply = [answer_head(length=99_999), Drip(b"x" * 99_999, 0.01)]
    with FaultServer([drip]) as server, HttpTransport() as transport:
        token = CancelToken()
        threading.Timer(0.1, token.cancel).start()
        with pytest.raises(Cancelled):
            transport.send(HttpRequest("GET", server.url), token)
        assert server.wait_for(lambda: bool(server.left), 2)


def test_nothing_is_sent_for_a_statement_that_is_cancelled_already() -> None:
    with FaultServer([OK]) as server, HttpTransport() as transport:
        token = CancelToken()
        token.cancel()
        with pytest.raises(Cancelled):
            transport.send(HttpRequest("GET", server.url), token)
        assert server.log == []


def test_closing_ends_what_is_under_way() -> None:
    with FaultServer([[Hang()]]) as server:
        transport = HttpTransport()
        caught: list[BaseException] = []

        def send() -> None:
            try:
                get(transport, server.url)
            except TransportError as error:
                caught.append(error)

        thread = threading.Thread(target=send)
        thread.start()
        assert server.wait_for(lambda: len(server.log) == 1)
        started = time.monotonic()
        transport.close()
        thread.join(20)
        assert time.monotonic() - started < 15
        assert "closed" in str(caught[0])
        with pytest.raises(TransportError, match="closed"):
            get(transport, server.url)
        transport.close()  # once more does no harm


def test_a_program_that_ends_amid_a_request_ends_quietly() -> None:
    code = """
import sys, threading, time
from quaestor.fetch.http import CancelToken, HttpRequest
from quaestor.fetch.transport import HttpTransport
transport, token = HttpTransport(), CancelToken()
threading.Timer(0.3, token.cancel).start()
try:
    transport.send(HttpRequest("GET", sys.argv[1]), token)
except Exception as error:
    print(type(error).__name__)
"""
    with FaultServer([[Hang()]]) as server:
        started = time.monotonic()
        done = subprocess.run([sys.executable, "-c", code, server.url], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "Cancelled\n", "")
    assert time.monotonic() - started < 15


def test_sixteen_at_once() -> None:
    together = threading.Barrier(16, timeout=10)

    def script(_: object) -> Reply:
        together.wait()  # answers only when all sixteen have arrived
        return OK

    with FaultServer(script) as server, HttpTransport() as transport:
        results: list[int] = []
        threads = [
            threading.Thread(target=lambda: results.append(get(transport, server.url).status)) for _ in range(16)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert results == [200] * 16


def test_threads_and_connections_do_not_pile_up() -> None:
    with FaultServer([OK]) as server:
        before = threading.active_count()
        with HttpTransport() as transport:
            for _ in range(50):
                get(transport, server.url)
            assert sum(thread.name == "quaestor-http" for thread in threading.enumerate()) <= 2
        assert threading.active_count() <= before + 1  # the server's own for the one connection


# --- read-only --------------------------------------------------------------------------------------------------


def test_read_only_goes_by_the_sql_verb() -> None:
    with FaultServer([OK]) as server, HttpTransport() as inner:
        transport = ReadOnly(inner)
        for http, verb in (("GET", "exec"), ("DELETE", "delete"), ("POST", "insert"), ("PUT", "replace")):
            with pytest.raises(ForbiddenError, match="read-only"):
                transport.send(HttpRequest(http, server.url, verb=verb), CancelToken())
        assert server.log == []
        assert transport.send(HttpRequest("POST", server.url, body=b"{}"), CancelToken()).status == 200
        transport.close()
