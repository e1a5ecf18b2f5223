"""Recording and playing, as processes: a client records over the proxy, and reads the same from the cassette."""

from __future__ import annotations

import http.client
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.compiled import compiled_cache
from tests.recorded.cassettes import ABSENT, DATA
from tests.unit.fetch.doubles import FakeTransport
from tests.unit.sandbox.tiny import TinyCatalog

import quaestor
from quaestor.errors import TransportError, UsageError
from quaestor.fetch.auth import Authenticator, CredentialPart
from quaestor.fetch.http import HttpRequest, HttpResponse
from quaestor.fetch.url import origin_of
from quaestor.sandbox.wire.recorder import Recorder
from quaestor.sandbox.wire.recording import Player, read_cassette
from quaestor.secrets import Redactor, Secret

SQL = "SELECT id, status FROM okta.users.users ORDER BY id"
CANARY = "CANARY-0123456789abcdef"


@contextmanager
def process(*argv: str, env: dict[str, str], folder: Path) -> Iterator[tuple[str, list[str]]]:
    """A served command: its address, and the lines of stderr once it has ended."""
    compiled_cache(folder / ".cache" / "quaestor")
    # in the background of a shell script SIGINT is ignored, and children inherit it
    running = subprocess.Popen(
        [sys.executable, "-m", "quaestor", *argv],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={"HOME": str(folder), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", **env},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert running.stdout is not None
    assert running.stderr is not None
    said: list[str] = []
    try:
        line = running.stdout.readline()
        if not line:
            raise AssertionError(running.stderr.read())
        while not said or "Ctrl-C" not in said[-1]:
            said.append(running.stderr.readline())
        yield line.split()[1], said
    finally:
        running.send_signal(signal.SIGINT)
        _, rest = running.communicate(timeout=20)
        said.append(rest)


def test_record_and_play(tmp_path: Path) -> None:
    """The service that is recorded is a sandbox; the ticket is all that the client knows."""
    with quaestor.sandbox("okta", scale={"users": 230}) as real:
        env = {"OKTA_API_TOKEN": CANARY}
        endpoint = f"okta={real.endpoints['okta']}"
        argv = ("record", "okta", "--out", "c.yaml", "--endpoint", endpoint)
        with process(*argv, env=env, folder=tmp_path) as (url, said):
            ticket = next(line for line in said if "use it:" in line).partition("OKTA_API_TOKEN=")[2].split()[0]
            with quaestor.connect(endpoints={"okta": url}, env={"OKTA_API_TOKEN": ticket}) as con:
                rows = con.sql(SQL).fetchall()
            with (
                pytest.raises(quaestor.AuthError),
                quaestor.connect(endpoints={"okta": url}, env={"OKTA_API_TOKEN": "another"}) as con,
            ):
                con.sql(SQL).fetchall()
        assert f"{len(real.log)} answers are in c.yaml" in said[-1]
    file = tmp_path / "c.yaml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text()
    for secret in (CANARY, ticket, "SSWS", "127.0.0.1"):
        assert secret not in text
    assert len(read_cassette(str(file)).interactions) == len(real.log) > 1
    with quaestor.sandbox("okta", cassette=str(file)) as box, box.connect() as con:
        assert con.sql(SQL).fetchall() == rows
        with pytest.raises(quaestor.ServerError, match="has no GET /api/v1/groups"):
            con.sql("SELECT id FROM okta.groups.groups").fetchall()


def recorder(script: FakeTransport, path: Path) -> Recorder:
    provider = TinyCatalog().provider("acme")
    assert provider is not None
    redactor = Redactor()
    parts = [CredentialPart("header", c.header, Secret(CANARY)) for c in provider.credentials]
    base = "https://acme.test/api"
    return Recorder(provider, base, Authenticator(origin_of(base), parts, redactor), script, redactor, str(path))


def test_what_is_forwarded_and_returned(tmp_path: Path) -> None:
    said = HttpResponse(
        201,
        (
            ("content-type", "application/json"),
            ("content-encoding", "gzip"),
            ("set-cookie", "a=b"),
            ("link", '<https://acme.test/api/x?after=2>; rel="next"'),
        ),
        b'{"next": "https://acme.test/api/y", "password": "p"}',
    )
    transport = FakeTransport([said, TransportError(f"no {CANARY}")])
    made = recorder(transport, tmp_path / "c.yaml")
    headers = (("X-Key", made.ticket), ("Cookie", "s=1"), ("Accept", "a/b"), ("Accept-Encoding", "br"))
    request = HttpRequest("POST", "http://127.0.0.1:9/acme/x?q=1", headers, b'{"at": "http://127.0.0.1:9/acme/z"}')
    answer = made.handle(request)
    sent = transport.sent[0]
    assert sent.url == "https://acme.test/api/x?q=1"
    assert sent.body == b'{"at": "https://acme.test/api/z"}'
    assert dict(sent.headers) == {"accept": "a/b", "x-key": CANARY, "x-app": CANARY}
    assert answer.status == 201
    assert answer.headers == (
        ("content-type", "application/json"),
        ("link", '<http://127.0.0.1:9/acme/x?after=2>; rel="next"'),
    )
    assert json.loads(answer.body) == {"next": "http://127.0.0.1:9/acme/y", "password": "p"}
    broken = made.handle(request)
    assert broken.status == 502
    assert CANARY.encode() not in broken.body
    made.close()
    text = (tmp_path / "c.yaml").read_text()
    assert "acme.test" not in text
    assert json.loads(read_cassette(str(tmp_path / "c.yaml")).interactions[0].response.body)["password"] == "***"
    with pytest.raises(UsageError, match="is there already"):
        recorder(transport, tmp_path / "c.yaml")
    with pytest.raises(UsageError, match="can't write"):
        recorder(transport, tmp_path / "no" / "c.yaml")


@pytest.mark.skipif(not DATA.is_dir(), reason=ABSENT)
def test_the_vendors_own_cassettes_can_be_played() -> None:
    """Recorded by VCR.py for the SDKs' tests: each request is answered as it was, in turn. One file in eight, for
    time, and those with forms."""
    count = 0
    for path in {*sorted(DATA.glob("**/*.yaml"))[::8], *DATA.glob("**/test_dpop_it/*.yaml")}:
        provider = path.relative_to(DATA).parts[0]
        cassette = read_cassette(str(path))
        player = Player(cassette, (provider,))
        for each in cassette.interactions:
            answer = player.handle(HttpRequest(each.method, each.url, (), each.request_body))
            assert answer.status == each.response.status, path
            assert len(answer.body) == len(each.response.body), path
            count += 1
    assert count > 200


def test_the_sandbox_with_all_that_can_be_set(tmp_path: Path) -> None:
    argv = ("sandbox", "okta", "--tls", "--limits", "real", "--latency", "1ms..2ms", "--state", "s.db")
    spec = "GET /api/v1/groups: status 503 retry-after 7, html"
    with process(*argv, "--faults", spec, env={}, folder=tmp_path) as (url, said):
        bundle = next(line for line in said if "trust it:" in line).partition("SSL_CERT_FILE=")[2].split()[0]
        assert stat.S_IMODE(os.stat(bundle).st_mode) == 0o600
        connection = https(url, bundle)
        connection.request("GET", "/okta/api/v1/users?limit=1", headers={"Authorization": "SSWS any"})
        answer = connection.getresponse()
        assert (answer.status, answer.headers["x-rate-limit-limit"]) == (200, "600")
        answer.read()
        connection.request("GET", "/okta/api/v1/groups", headers={"Authorization": "SSWS any"})
        answer = connection.getresponse()
        assert (answer.status, answer.headers["retry-after"]) == (503, "7")
        assert b"<html>" in answer.read()
        connection.close()
    assert not os.path.exists(bundle)


def https(url: str, bundle: str) -> http.client.HTTPSConnection:
    import ssl

    context = ssl.create_default_context(cafile=bundle)
    return http.client.HTTPSConnection(urlsplit(url).netloc, timeout=20, context=context)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["sandbox"], "no provider was named"),
        (["sandbox", "okta", "--faults", "*: expired-tls"], "add --tls"),
        (["sandbox", "okta", "--faults", "*: rest"], "column 4: there is no fault 'rest'"),
        (["sandbox", "okta", "--limits", "some"], "real, off or a YAML file"),
        (["sandbox", "okta", "--latency", "x"], "no time"),
        (["sandbox", "okta", "--cassette", "absent.yaml"], "can't read absent.yaml"),
        (["sandbox", "okta", "--cassette", "absent.yaml", "--state", "x"], "a cassette answers alone"),
        (["exec", "--faults", "*: reset", "SELECT 1"], "add --sandbox"),
        (["record", "okta"], "record PROVIDER --out FILE"),
        (["record", "acme", "--out", "x"], "no provider 'acme'"),
        (["record", "okta", "--out", "x", "--endpoint", "okta=http://127.0.0.1:9"], "OKTA_API_TOKEN"),
    ],
)
def test_what_is_refused(argv: list[str], said: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "quaestor", *argv],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]},
        timeout=60,
    )
    assert done.returncode in (2, 4)
    assert said in done.stderr
    assert "Traceback" not in done.stderr
