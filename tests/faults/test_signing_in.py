"""An organisation that fails at every point of a sign-in: the right answer or an error, and the token to nobody else.

Five requests in a clean run: for a token, for a token with a nonce, for the list, for the list with a nonce, for the
list once more. Client, governor, transport and sockets are real; only waiting takes no time.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.faults.server import FaultServer, Reply, Seen, answer
from tests.faults.test_reading import FAULTS, PASSING
from tests.unit.fetch.doubles import FakeClock
from tests.unit.fetch.okta_org import CLIENT, RSA, Org, pem

from quaestor.catalog.model import Method, Provider
from quaestor.config import CredentialReference, OAuthSettings
from quaestor.errors import ForbiddenError, LimitError, ProviderError, QuaestorError, TransportError
from quaestor.fetch.client import Client
from quaestor.fetch.governor import Governor
from quaestor.fetch.http import CancelToken, HttpRequest
from quaestor.fetch.oauth import OAuth, okta_grant
from quaestor.fetch.stats import Stats
from quaestor.fetch.transport import HttpTransport
from quaestor.fetch.url import origin_of
from quaestor.secrets import Redactor, Secret

USERS = Method("list_users", "select", "GET", "/api/v1/users", scopes=("okta.users.read",))
GOOD = b'[{"id": "1"}]'
REQUESTS = 5
#: What the client's own faults are: a body that isn't what was asked for is `decode`'s business, not the client's.
OF_BODIES = {"JSON cut", "JSON wrong", "JSON too deep", "another shape", "HTML", "nothing", "length too small"}


@pytest.fixture(scope="module")
def transport() -> Iterator[HttpTransport]:
    with HttpTransport() as made:
        yield made


def sign_in(
    transport: HttpTransport, fault: Reply, first: int, last: int
) -> tuple[list[bytes], QuaestorError | None, Org]:
    """Two reads with a fault in some requests: the bodies, the error that ended it, and the organisation."""
    clock = FakeClock()
    org = Org(clock.time, dpop=True, api_nonce=True)
    count = 0

    def script(seen: Seen) -> Reply:
        nonlocal count
        count += 1
        if first <= count <= last:
            return fault
        url = f"{org.origin}{seen.target}"
        done = org(HttpRequest(seen.method, url, tuple(seen.headers.items()), seen.body))
        headers = [(name, value) for name, value in done.headers if name != "content-type"]
        return answer(done.body, done.status, headers)

    with FaultServer(script) as server:
        org.origin = server.url
        settings = OAuthSettings(CLIENT, CredentialReference(value=Secret(pem(RSA))))
        governor, redactor, stats = Governor(clock=clock, max_wait_s=500), Redactor(), Stats()
        grant = okta_grant(settings, server.url, Provider("okta", "1"), {})
        oauth = OAuth(origin_of(server.url), grant, transport, governor, redactor)
        client = Client(transport, oauth, governor, redactor=redactor)
        bodies: list[bytes] = []
        try:
            for _ in range(2):
                request = HttpRequest("GET", f"{server.url}/api/v1/users", bucket="GET /api/v1/users")
                bodies.append(client.send(USERS, request, CancelToken(), stats).body)
        except QuaestorError as error:
            shown = f"{error!r} {error.to_dict()}"
            assert not any(token in shown for token in org.tokens)
            return bodies, error, org
        finally:
            assert stats.requests == len(server.log)
        return bodies, None, org


def test_a_clean_run(transport: HttpTransport) -> None:
    bodies, error, org = sign_in(transport, b"", 0, 0)
    assert (bodies, error, org.token_requests, org.api_requests) == ([GOOD] * 2, None, 2, 3)


@pytest.mark.parametrize("at", range(1, REQUESTS + 1))
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_that_stays_is_an_error(transport: HttpTransport, name: str, at: int) -> None:
    bodies, error, _ = sign_in(transport, FAULTS[name], at, 10**6)
    if at > 2 and (name in OF_BODIES or name.startswith(("a link", "too many"))) and error is None:
        assert GOOD not in bodies[1:]  # an answer as any, to the client
        return
    assert isinstance(error, ProviderError | TransportError | LimitError | ForbiddenError)
    assert bodies == ([GOOD] if at == REQUESTS else [])


@pytest.mark.parametrize("at", range(1, REQUESTS + 1))
@pytest.mark.parametrize("name", sorted(PASSING | {"401"}))
def test_a_fault_that_passes_leaves_no_trace(transport: HttpTransport, name: str, at: int) -> None:
    bodies, error, org = sign_in(transport, FAULTS[name], at, at)
    if name == "401":  # a refusal is believed: of the client at once, of a token that is new as well
        assert isinstance(error, ProviderError)
        return
    assert (bodies, error) == ([GOOD] * 2, None)
    assert not [why for why in org.refused if "nonce" not in why]
