"""The sandbox on a port: what a client gets over HTTP."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from tests.unit.sandbox.tiny import TinyCatalog

from quaestor.errors import UsageError
from quaestor.sandbox.core import Sandbox
from quaestor.sandbox.wire.serve import LARGEST_BODY, running, serve

KEYS = {"X-Key": "k", "X-App": "a"}


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with running(Sandbox(TinyCatalog(), ["acme", "okta"], scale={"things": 45})) as address:
        yield address


def ask(
    base: str, path: str, headers: dict[str, str] | None = None, method: str = "GET", body: bytes | None = None
) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=10)
    try:
        connection.request(method, path, body, KEYS if headers is None else headers)
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def test_a_list_is_read_to_its_end_over_its_links(base: str) -> None:
    path, ids = "/acme/v1/things", []
    while path:
        status, headers, body = ask(base, path)
        assert status == 200
        assert headers["content-type"] == "application/json"
        assert int(headers["content-length"]) == len(body)
        ids += [row["id"] for row in json.loads(body)]
        links = [link for link in headers.get_all("link", []) if 'rel="next"' in link]
        target = links[0][1:].partition(">")[0] if links else ""
        assert target == "" or target.startswith(f"{base}/acme/")
        path = target.removeprefix(base)
    assert len(ids) == len(set(ids)) == 45


def test_an_answer_is_that_of_the_process(base: str) -> None:
    from quaestor.fetch.http import HttpRequest

    inside = Sandbox(TinyCatalog(), ["acme", "okta"], scale={"things": 45})
    request = HttpRequest("GET", f"{base}/acme/v1/things?limit=3", tuple(KEYS.items()))
    assert ask(base, "/acme/v1/things?limit=3")[2] == inside.handle(request).body


def test_refusals_over_http(base: str) -> None:
    assert ask(base, "/acme/v1/things", {})[0] == 401
    assert ask(base, "/okta/v1/things", {})[0] == 401
    assert ask(base, "/acme/v1/nothing")[0] == 404
    assert ask(base, "/acme/v1/things", method="POST", body=b"{}")[0] < 300
    assert ask(base, "/acme/v1/things/a%2Fb/parts")[0] == 404


def test_one_connection_serves_many_requests_and_many_serve_at_once(base: str) -> None:
    failures: list[str] = []

    def client() -> None:
        connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=10)
        for turn in range(20):
            connection.request("GET", f"/acme/v1/things?limit={turn + 1}", headers=KEYS)
            response = connection.getresponse()
            if len(json.loads(response.read())) != turn + 1:
                failures.append(f"turn {turn}")
        connection.close()

    threads = [threading.Thread(target=client) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_a_body_that_is_too_large_is_refused(base: str) -> None:
    with socket.create_connection(urlsplit(base).netloc.split(":"), timeout=10) as client:  # type: ignore[arg-type]
        client.sendall(b"POST /acme/v1/things HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % (LARGEST_BODY + 9))
        block = bytes(1_000_000)
        try:
            for _ in range(11):
                client.sendall(block)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it hung up before all of it was sent: as good
        else:
            assert b"413" in client.recv(100)


def test_the_port_is_free_again_afterwards() -> None:
    with running(Sandbox(TinyCatalog(), ["acme"])) as address:
        port = urlsplit(address).port
        assert port
        assert ask(address, "/v1/names")[0] == 200
    with running(Sandbox(TinyCatalog(), ["acme"]), port=port) as again:
        assert again == address
    with pytest.raises(ConnectionRefusedError):
        ask(address, "/v1/names")


def test_a_port_or_host_that_cannot_be_had_is_a_usage_error(base: str) -> None:
    box = Sandbox(TinyCatalog(), ["acme"])
    taken = urlsplit(base).port
    assert taken
    with pytest.raises(UsageError, match="can't be had"):
        serve(box, port=taken)
    with pytest.raises(UsageError, match="can't be had"):
        serve(box, port=700_000)
    with pytest.raises(UsageError, match="this machine only"):
        serve(box, host="0.0.0.0")
    with pytest.raises(UsageError, match="can't be had"), running(box, port=taken):
        pass
