"""Service apps: signed assertions, tokens that are kept and renewed, proofs of possession, and what goes wrong."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from tests.unit.fetch.doubles import FakeClock, FakeTransport
from tests.unit.fetch.okta_org import CLIENT, EC, ORIGIN, OTHER, RSA, SCOPES, Org, Served, pem, public_pem

from quaestor.catalog.model import Method, Provider
from quaestor.config import CredentialReference, OAuthSettings
from quaestor.errors import AuthError, Cancelled, ForbiddenError, ProviderError, ServerError, UsageError
from quaestor.fetch.client import Client
from quaestor.fetch.governor import Governor
from quaestor.fetch.http import CancelToken, HttpRequest, HttpResponse
from quaestor.fetch.oauth import OAuth, okta_grant, stackql_grant
from quaestor.fetch.stats import Stats
from quaestor.fetch.transport import HttpTransport, Limits
from quaestor.fetch.url import origin_of
from quaestor.secrets import Redactor, Secret

OKTA = Provider("okta", "1")
USERS = Method("list_users", "select", "GET", "/api/v1/users", scopes=("okta.users.read",))
GROUPS = Method("list_groups", "select", "GET", "/api/v1/groups", scopes=("okta.groups.read",))
APPS = Method("list_apps", "select", "GET", "/api/v1/apps", scopes=("okta.apps.read",))
WRITE = Method("create_user", "insert", "POST", "/api/v1/users", scopes=("okta.users.read",))


def settings(key: str = "", **more: Any) -> OAuthSettings:
    return OAuthSettings(CLIENT, CredentialReference(value=Secret(key or pem(RSA))), **more)


class Rig:
    """A client that signs in at an organisation, in a time that only waiting moves."""

    def __init__(self, org: Org, clock: FakeClock, given: OAuthSettings | None = None) -> None:
        self.org = org
        self.clock = clock
        self.transport = FakeTransport(org)
        self.stats = Stats()
        self.redactor = Redactor()
        grant = okta_grant(given or settings(dpop=org.dpop), ORIGIN, OKTA, {})
        governor = Governor(clock=clock)
        self.oauth = OAuth(origin_of(ORIGIN), grant, self.transport, governor, self.redactor)
        self.client = Client(self.transport, self.oauth, governor, redactor=self.redactor, random=lambda: 1.0)

    def send(self, method: Method = USERS, cancel: CancelToken | None = None) -> HttpResponse:
        request = HttpRequest(method.http, f"{ORIGIN}{method.path}?limit=1", bucket=f"{method.http} {method.path}")
        return self.client.send(method, request, cancel or CancelToken(), self.stats)


def rig(given: OAuthSettings | None = None, **more: Any) -> Rig:
    clock = FakeClock()
    return Rig(Org(clock.time, **more), clock, given)


# --- tokens ------------------------------------------------------------------------------------------------------


def test_a_token_is_fetched_once_with_the_scopes_that_are_needed() -> None:
    r = rig()
    for _ in range(3):
        assert r.send().status == 200
    assert (r.org.token_requests, r.org.api_requests, r.org.asked) == (1, 3, ["okta.users.read"])
    assert r.org.refused == []
    assert r.stats.requests == 4


def test_another_method_has_a_token_of_its_own() -> None:
    r = rig()
    for method in (USERS, GROUPS, USERS, GROUPS):
        r.send(method)
    assert r.org.asked == ["okta.users.read", "okta.groups.read"]


def test_given_scopes_are_asked_for_once() -> None:
    r = rig(settings(scopes=SCOPES, dpop=False))
    for method in (USERS, GROUPS, USERS):
        r.send(method)
    assert r.org.asked == ["okta.groups.read okta.users.read"]


@pytest.mark.parametrize(
    ("key", "text", "key_id"),
    [
        (RSA, pem(RSA), ""),
        (RSA, pem(RSA, PrivateFormat.TraditionalOpenSSL), "named"),
        (EC, pem(EC), ""),
        (RSA, json.dumps({**jwt.algorithms.RSAAlgorithm.to_jwk(RSA, as_dict=True), "kid": "of-jwk"}), ""),
        (EC, json.dumps(jwt.algorithms.ECAlgorithm.to_jwk(EC, as_dict=True)), "named"),
    ],
)
def test_keys_of_every_form_sign(key: Any, text: str, key_id: str) -> None:
    r = rig(settings(text, key_id=key_id, dpop=False), key=key)
    assert r.send().status == 200
    form = (r.transport.sent[0].body or b"").decode()
    header = jwt.get_unverified_header(form.partition("client_assertion=")[2].partition("&")[0])
    assert header.get("kid", "") == ("of-jwk" if "of-jwk" in text else key_id)
    assert header["alg"] == ("ES256" if key is EC else "RS256")


def test_a_token_is_renewed_before_its_end() -> None:
    r = rig(life=600)
    r.send()
    r.clock.sleep(539, CancelToken())
    r.send()
    assert r.org.token_requests == 1
    r.clock.sleep(2, CancelToken())
    r.send()
    assert (r.org.token_requests, r.org.refused) == (2, [])


def test_a_token_that_ends_early_is_fetched_anew_and_the_request_sent_again() -> None:
    r = rig()
    r.send()
    r.clock.sleep(60, CancelToken())
    r.org.tokens.clear()
    assert r.send().status == 200
    r.clock.sleep(60, CancelToken())
    r.org.tokens.clear()
    assert r.send(WRITE).status == 200  # a 401 says that nothing was done
    assert (r.org.token_requests, len(r.org.refused)) == (3, 2)


def test_a_fresh_token_that_is_refused_is_not_fetched_for_ever() -> None:
    clock = FakeClock()
    org = Org(clock.time)
    r = Rig(org, clock)
    r.send()
    org.tokens.clear()
    with pytest.raises(AuthError) as caught:
        r.send()
    assert caught.value.status == 401
    assert org.token_requests == 1


def test_sixteen_threads_fetch_one_token() -> None:
    r = rig()
    r.org.before_token = lambda: time.sleep(0.05)
    done: list[int] = []
    threads = [threading.Thread(target=lambda: done.append(r.send().status)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert done == [200] * 16
    assert r.org.token_requests == 1


def test_threads_that_wait_share_a_refusal() -> None:
    r = rig(key=OTHER)
    fetching, arrived = r.oauth._fetching, threading.Semaphore(0)

    class Seen:
        """The lock, and who has come to it."""

        came = threading.local()

        def acquire(self, timeout: float) -> bool:
            if not hasattr(self.came, "once"):
                self.came.once = True
                arrived.release()
            return fetching.acquire(timeout=timeout)

        def release(self) -> None:
            fetching.release()

    r.oauth._fetching = Seen()  # type: ignore[assignment]

    def until_all_are_there() -> None:
        for _ in range(8):
            arrived.acquire(timeout=10)

    r.org.before_token = until_all_are_there
    errors: list[AuthError] = []

    def ask() -> None:
        with pytest.raises(AuthError) as caught:
            r.send()
        errors.append(caught.value)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(errors) == 8
    assert r.org.token_requests == 1
    r.org.before_token = lambda: None
    with pytest.raises(AuthError):
        r.send()  # who comes later asks again
    assert r.org.token_requests == 2


def test_who_waits_for_a_token_can_be_cancelled() -> None:
    r = rig()
    gate = threading.Event()

    def hold() -> None:
        gate.wait(30)

    r.org.before_token = hold
    first = threading.Thread(target=r.send)
    first.start()
    token = CancelToken()
    threading.Timer(0.1, token.cancel).start()
    while not r.org.api_requests and not r.transport.sent:
        time.sleep(0.01)
    started = time.monotonic()
    with pytest.raises(Cancelled):
        r.send(cancel=token)
    assert time.monotonic() - started < 20
    gate.set()
    first.join(10)


def test_a_token_request_is_repeated_as_any_and_signed_anew() -> None:
    clock = FakeClock()
    org = Org(clock.time)
    r = Rig(org, clock)
    left = [HttpResponse(503), HttpResponse(503, (("retry-after", "3"),))]
    r.transport._script = lambda request: left.pop() if left else org(request)
    assert r.send().status == 200
    assert r.clock.slept[0] == 3.0
    assert org.refused == []
    r = Rig(org, clock)
    r.transport._script = lambda request: HttpResponse(503)
    with pytest.raises(ServerError):
        r.send()


def test_a_wrong_clock_is_set_right_by_the_servers() -> None:
    for dpop in (False, True):
        clock = FakeClock()
        r = Rig(Org(lambda clock=clock: clock.time() + 7200, dpop=dpop), clock)  # type: ignore[misc]
        assert r.send().status == 200
        assert len([why for why in r.org.refused if "nonce" not in why]) == 1


# --- proof of possession -----------------------------------------------------------------------------------------


def test_proofs_with_nonces_of_both_servers() -> None:
    r = rig(dpop=True, api_nonce=True)
    for _ in range(3):
        assert r.send().status == 200
    assert r.org.refused == ["use_dpop_nonce: nonce wanted"] * 2  # each told its nonce once
    sent = dict(r.transport.sent[-1].headers)
    assert sent["authorization"].startswith("DPoP ")
    claims = jwt.decode(sent["dpop"], options={"verify_signature": False})
    assert (claims["htm"], claims["htu"], claims["nonce"]) == ("GET", f"{ORIGIN}/api/v1/users", "api-1")


def test_a_new_nonce_is_taken_over_at_once() -> None:
    r = rig(dpop=True, api_nonce=True, life=600)
    r.send()
    r.org.nonces.update(api=2, token=2)
    r.send()
    r.clock.sleep(600, CancelToken())
    r.send()
    assert (r.org.token_requests, r.org.api_requests) == (4, 5)


def test_a_server_that_wants_ever_other_nonces_comes_to_an_end() -> None:
    r = rig(dpop=True, api_nonce=True)

    def script(request: HttpRequest) -> HttpResponse:
        r.org.nonces["api"] += 1
        return r.org(request)

    r.transport._script = script
    with pytest.raises(AuthError):
        r.send()
    assert r.org.api_requests == 4


def test_a_server_that_gives_bearer_tokens_nevertheless() -> None:
    clock = FakeClock()
    org = Org(clock.time)
    r = Rig(org, clock, settings(dpop=True))

    def script(request: HttpRequest) -> HttpResponse:  # one that has never heard of proofs
        return org(
            HttpRequest(
                request.method, request.url, tuple(h for h in request.headers if h[0] != "dpop"), request.body
            )
        )

    r.transport._script = script
    assert r.send().status == 200
    assert "dpop" not in dict(r.transport.sent[-1].headers)


# --- errors ------------------------------------------------------------------------------------------------------


def test_a_key_that_the_app_does_not_know() -> None:
    with pytest.raises(AuthError, match=f"no token for {CLIENT}: .*invalid_client") as caught:
        rig(key=OTHER).send()
    assert "the public half of the key from the configuration" in caught.value.hint
    assert (caught.value.status, caught.value.vendor_code) == (401, "invalid_client")


def test_a_scope_that_the_app_does_not_have() -> None:
    with pytest.raises(AuthError, match="invalid_scope") as caught:
        rig().send(APPS)
    assert "grant okta.apps.read to the app" in caught.value.hint
    assert caught.value.needs == ("okta.apps.read",)


def test_an_app_that_asks_for_proofs() -> None:
    with pytest.raises(AuthError, match="DPoP proof JWT header is missing") as caught:
        rig(settings(dpop=False), dpop=True).send()
    assert "remove dpop = false" in caught.value.hint


def test_a_method_whose_scopes_nobody_knows() -> None:
    with pytest.raises(AuthError, match="no scope is known that ping needs") as caught:
        rig().send(Method("ping", "select", "GET", "/ping"))
    assert "scopes = [" in caught.value.hint


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"access_token": 5, "token_type": "Bearer"}',
        b'{"access_token": "a b", "token_type": "Bearer"}',
        b'{"access_token": "a\\r\\nx: y", "token_type": "Bearer"}',
        b'{"access_token": "abc", "token_type": "mac"}',
        b'{"access_token": "abc", "token_type": "DPoP"}',  # none was asked for
        b'{"access_token": "abc"}',
    ],
)
def test_answers_without_a_usable_token(body: bytes) -> None:
    r = rig()
    r.transport._script = lambda request: HttpResponse(200, (), body)
    with pytest.raises(AuthError, match="answered with"):
        r.send()
    assert len(r.transport.sent) == 1


@pytest.mark.parametrize("life", [None, "3600", True, -1, 1e99])
def test_a_token_of_unknown_life_is_good_for_some_minutes(life: Any) -> None:
    r = rig()

    def script(request: HttpRequest) -> HttpResponse:
        if request.url.endswith("/token"):
            return HttpResponse(
                200, (), json.dumps({"access_token": "abc", "token_type": "bearer", "expires_in": life}).encode()
            )
        return HttpResponse(200, (), b"[]")

    r.transport._script = script
    r.send()
    r.clock.sleep(200, CancelToken())
    r.send()
    assert len(r.transport.sent) == 3
    r.clock.sleep(200, CancelToken())
    r.send()
    assert len(r.transport.sent) == 5


SMALL = rsa.generate_private_key(public_exponent=65537, key_size=1024)
LOCKED = RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password")).decode()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (public_pem(RSA), "it is a public key"),
        (LOCKED, "it is encrypted"),
        (pem(SMALL), "too short"),
        (pem(ed25519.Ed25519PrivateKey.generate()), "of another kind"),
        (pem(RSA).replace("M", "N"), "it is damaged"),
        ("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "it is a certificate"),
        ("00abcdefgh", "neither PEM nor a JWK"),
        ('{"kty": "oct", "k": "c2VjcmV0"}', "a JWK without a private part"),
        (json.dumps(jwt.algorithms.RSAAlgorithm.to_jwk(RSA.public_key(), as_dict=True)), "without a private part"),
        ('{"kty": "OKP", "crv": "Ed25519", "d": "x", "x": "y"}', "a JWK of another kind"),
        ("{", "a JWK without a private part"),
    ],
)
def test_keys_that_cannot_sign(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        okta_grant(settings(text), ORIGIN, OKTA, {})
    assert "the private key from the configuration" in caught.value.message
    assert "P-256" in caught.value.hint


def test_another_provider_has_no_such_sign_in() -> None:
    with pytest.raises(UsageError, match="datadog has no sign-in by OAuth"):
        okta_grant(settings(), ORIGIN, Provider("datadog", "1"), {})


# --- secrecy -----------------------------------------------------------------------------------------------------


def test_the_token_goes_to_its_origin_and_is_masked() -> None:
    r = rig(dpop=True)
    r.send()
    (value,) = r.org.tokens
    assert value not in r.redactor.mask(f"{value} {value}")
    with pytest.raises(ForbiddenError):
        r.client.send(USERS, HttpRequest("GET", "https://evil.example/"), CancelToken(), Stats())
    assert all(request.url.startswith(ORIGIN) for request in r.transport.sent)
    r.transport._script = lambda request: HttpResponse(400, (), b'{"error": "' + value.encode() + b'"}')
    with pytest.raises(ProviderError) as caught:
        r.send()
    assert value not in repr(caught.value.to_dict())


def test_a_redirect_of_the_token_endpoint_is_refused() -> None:
    r = rig()
    r.transport._script = lambda request: HttpResponse(302, (("location", "https://evil.example/"),))
    with pytest.raises(ForbiddenError):
        r.send()


# --- StackQL's client credentials --------------------------------------------------------------------------------

ENTRY = {
    "type": "oauth2",
    "grant_type": "client_credentials",
    "token_url": f"{ORIGIN}/oauth2/v1/token",
    "client_id": CLIENT,
    "client_secret_env_var": "MY_SECRET",
}


@pytest.mark.parametrize("style", [{}, {"auth_style": 1}, {"auth_style": 2, "values": {"audience": ["a b"]}}])
def test_client_credentials_by_password(style: dict[str, Any]) -> None:
    clock = FakeClock()
    org = Org(clock.time, secret="s3cret-canary")
    transport, governor, redactor = FakeTransport(org), Governor(clock=clock), Redactor()
    grant = stackql_grant("okta", {**ENTRY, **style, "scopes": ["a", "b"]}, {"MY_SECRET": "s3cret-canary"})
    client = Client(transport, OAuth(origin_of(ORIGIN), grant, transport, governor, redactor), governor)
    request = HttpRequest("GET", f"{ORIGIN}/api/v1/users")
    assert client.send(USERS, request, CancelToken(), Stats()).status == 200
    assert org.asked == ["a b"]
    assert ("audience=a%20b" in (transport.sent[0].body or b"").decode()) is ("values" in style)
    assert "canary" not in redactor.mask("s3cret-canary")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"grant_type": "authorization_code"}, "grant_type is 'client_credentials'"),
        ({"token_url": "http://evil.example/token"}, "plain http"),
        ({"token_url": ""}, "token_url"),
        ({"client_id": ""}, "client_id is missing"),
        ({"scopes": "a"}, "scopes is a list"),
        ({"values": {"a": 1}}, "values holds texts"),
        ({"client_secrets": "x"}, "'client_secrets' has no meaning"),
    ],
)
def test_entries_that_cannot_be_used(change: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        stackql_grant("okta", {**ENTRY, **change}, {"MY_SECRET": "x"})


def test_a_secret_that_is_not_set() -> None:
    with pytest.raises(AuthError, match="MY_SECRET is not set"):
        stackql_grant("okta", ENTRY, {})


# --- over sockets ------------------------------------------------------------------------------------------------


def test_the_whole_way_over_a_real_socket() -> None:
    org = Org(time.time, dpop=True, api_nonce=True)
    with Served(org) as served, HttpTransport(Limits(total_s=10)) as transport:
        grant = okta_grant(settings(), served.url, OKTA, {})
        governor, redactor, stats = Governor(), Redactor(), Stats()
        oauth = OAuth(origin_of(served.url), grant, transport, governor, redactor)
        client = Client(transport, oauth, governor, redactor=redactor)
        for _ in range(2):
            answer = client.send(USERS, HttpRequest("GET", f"{served.url}/api/v1/users"), CancelToken(), stats)
            assert answer.body == b'[{"id": "1"}]'
    assert (org.token_requests, org.api_requests, stats.requests) == (2, 3, 5)
