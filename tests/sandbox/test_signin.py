"""Signing in to the sandbox: our own engine's service app end to end, every fault of a hand-made client, scopes and
permissions, keys that clients make."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

import quaestor
from quaestor.catalog.store import open_catalog
from quaestor.config import ConnectionSettings, CredentialReference, OAuthSettings, Settings
from quaestor.errors import AuthError, UsageError
from quaestor.fetch.http import HttpRequest, HttpResponse
from quaestor.sandbox.answer.access import Access
from quaestor.sandbox.core import Sandbox
from quaestor.sandbox.okta.signin import CLIENT_ID, OktaGate
from quaestor.sandbox.rehearsal import Rehearsal
from quaestor.secrets import Secret

HOST = "http://127.0.0.1:9999"
TOKEN_URL = f"{HOST}/oauth2/v1/token"
USERS = f"{HOST}/api/v1/users"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PROOF_KEY = ec.generate_private_key(ec.SECP256R1())
NOW = 1_800_000_000.0


class Time:
    now = NOW

    def __call__(self) -> float:
        return self.now


def public(key: Any) -> str:
    text: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return text.decode()


class Client:
    """A client that does each step by hand, and can do each wrong."""

    def __init__(self, *, strict: bool = True, providers: tuple[str, ...] = ("okta",), **app: Any) -> None:
        self.clock = Time()
        entry = {"client_id": "0oaReporting", "public_key": public(KEY), **app}
        grants = {"okta": {"apps": [entry], "token_life_s": 600}}
        self.box = Sandbox(open_catalog(), providers, access=Access(strict, grants, self.clock), scale={"users": 20})
        self.nonce = ""

    def send(self, method: str, url: str, headers: dict[str, str], body: bytes | None = None) -> HttpResponse:
        return self.box.handle(HttpRequest(method, url, tuple(headers.items()), body))

    def assertion(self, key: Any = KEY, **claims: Any) -> str:
        now = int(self.clock())
        said = {"iss": "0oaReporting", "sub": "0oaReporting", "aud": TOKEN_URL, "exp": now + 300, "jti": _id()}
        return jwt.encode({**said, **claims}, key, algorithm="RS256")

    def proof(self, method: str = "POST", url: str = TOKEN_URL, key: Any = PROOF_KEY, **claims: Any) -> str:
        known = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
        said = {"htm": method, "htu": url, "iat": int(self.clock()), "jti": _id(), **claims}
        return jwt.encode(said, key, algorithm="ES256", headers={"typ": "dpop+jwt", "jwk": known})

    def ask(self, assertion: str = "", proof: str = "", scope: str = "okta.users.read", **form: str) -> HttpResponse:
        fields = {
            "grant_type": "client_credentials",
            "scope": scope,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion or self.assertion(),
            **form,
        }
        headers = {"content-type": "application/x-www-form-urlencoded", **({"DPoP": proof} if proof else {})}
        return self.send("POST", TOKEN_URL, headers, urlencode(fields).encode())

    def token(self, scope: str = "okta.users.read") -> str:
        return str(said(self.ask(scope=scope))["access_token"])

    def bound(self) -> str:
        nonce = self.ask(proof=self.proof()).header("dpop-nonce")
        answer = self.ask(proof=self.proof(nonce=nonce))
        assert said(answer)["token_type"] == "DPoP"
        return str(said(answer)["access_token"])

    def read(self, token: str, kind: str = "Bearer", proof: str = "", url: str = USERS) -> HttpResponse:
        headers = {"Authorization": f"{kind} {token}", **({"DPoP": proof} if proof else {})}
        return self.send("GET", url, headers)


def _id() -> str:
    return str(uuid.uuid4())


def ath(token: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()


def said(response: HttpResponse) -> Any:
    return json.loads(response.body)


# -- the token endpoint


def test_a_token_is_good_for_its_scopes_until_its_end() -> None:
    client = Client()
    answer = client.ask()
    assert answer.status == 200
    assert {**said(answer), "access_token": "…"} == {
        "token_type": "Bearer",
        "expires_in": 600,
        "access_token": "…",
        "scope": "okta.users.read",
    }
    token = said(answer)["access_token"]
    assert client.read(token).status == 200
    refused = client.read(token, url=f"{HOST}/api/v1/groups")
    assert (refused.status, said(refused)["errorCode"]) == (403, "E0000006")
    assert 'error="insufficient_scope"' in refused.header("www-authenticate")
    assert 'scope="okta.groups.read"' in refused.header("www-authenticate")
    client.clock.now += 601
    ended = client.read(token)
    assert (ended.status, said(ended)["errorCode"]) == (401, "E0000011")
    assert 'error="invalid_token"' in ended.header("www-authenticate")


def test_who_may_manage_may_read_but_not_the_other_way_round() -> None:
    client = Client()
    assert client.read(client.token("okta.users.manage")).status == 200
    headers = {"Authorization": f"Bearer {client.token()}", "content-type": "application/json"}
    assert client.send("POST", USERS, headers, b'{"profile":{}}').status == 403


@pytest.mark.parametrize(
    ("wrong", "code", "status"),
    [
        ({"key": OTHER}, "invalid_client", 401),
        ({"iss": "0oaNobody", "sub": "0oaNobody"}, "invalid_client", 401),
        ({"sub": "0oaNobody"}, "invalid_client", 401),
        ({"aud": "https://elsewhere.example.com/oauth2/v1/token"}, "invalid_client", 401),
        ({"exp": int(NOW) - 1}, "invalid_client", 401),
        ({"exp": int(NOW) + 7200}, "invalid_client", 401),
        ({"exp": "tomorrow"}, "invalid_client", 401),
    ],
)
def test_an_assertion_that_is_wrong_gets_no_token(wrong: dict[str, Any], code: str, status: int) -> None:
    client = Client()
    answer = client.ask(client.assertion(**wrong))
    assert (answer.status, said(answer)["error"]) == (status, code)


def test_what_is_no_assertion_and_no_form_is_refused() -> None:
    client = Client()
    for form, code in (
        ({"client_assertion": "junk"}, "invalid_client"),
        ({"client_assertion_type": "password"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"scope": ""}, "invalid_scope"),
        ({"scope": "openid"}, "invalid_scope"),
    ):
        answer = client.ask(**form)
        assert said(answer)["error"] == code, form
        assert answer.status in (400, 401)
    assert said(client.send("GET", TOKEN_URL, {}))["error"] == "invalid_request"


def test_an_assertion_is_good_once() -> None:
    client = Client()
    once = client.assertion()
    assert client.ask(once).status == 200
    again = client.ask(once)
    assert (again.status, said(again)["error"]) == (401, "invalid_client")


def test_scopes_that_the_app_was_not_granted_are_refused() -> None:
    client = Client(scopes=["okta.groups.read"])
    answer = client.ask()
    assert (answer.status, said(answer)["error"]) == (400, "invalid_scope")
    assert "okta.users.read" in said(answer)["error_description"]
    assert client.ask(scope="okta.groups.read").status == 200


# -- proofs


def test_a_bound_token_takes_a_nonce_and_a_proof_for_each_request() -> None:
    client = Client(dpop=True)
    bare = client.ask()
    assert (bare.status, said(bare)["error"]) == (400, "invalid_dpop_proof")
    first = client.ask(proof=client.proof())
    assert (first.status, said(first)["error"]) == (400, "use_dpop_nonce")
    assert first.header("dpop-nonce")
    token = client.bound()
    good = client.proof("GET", USERS, ath=ath(token))
    assert client.read(token, "DPoP", good).status == 200
    for what, kind, proof in (
        ("sent as bearer", "Bearer", ""),
        ("no proof", "DPoP", ""),
        ("the same proof again", "DPoP", good),
        ("another method", "DPoP", client.proof("POST", USERS, ath=ath(token))),
        ("another path", "DPoP", client.proof("GET", f"{HOST}/api/v1/groups", ath=ath(token))),
        ("another token's", "DPoP", client.proof("GET", USERS, ath=ath("other"))),
        ("no token's", "DPoP", client.proof("GET", USERS)),
        (
            "another key",
            "DPoP",
            client.proof("GET", USERS, key=ec.generate_private_key(ec.SECP256R1()), ath=ath(token)),
        ),
        ("too old", "DPoP", client.proof("GET", USERS, ath=ath(token), iat=int(NOW) - 4000)),
    ):
        refused = client.read(token, kind, proof)
        assert refused.status == 401, what
        assert "www-authenticate" in dict(refused.headers), what


def test_a_proof_with_a_private_key_in_it_is_refused() -> None:
    client = Client()
    private = jwt.algorithms.ECAlgorithm.to_jwk(PROOF_KEY, as_dict=True)
    claims = {"htm": "POST", "htu": TOKEN_URL, "iat": int(NOW), "jti": _id()}
    proof = jwt.encode(claims, PROOF_KEY, algorithm="ES256", headers={"typ": "dpop+jwt", "jwk": private})
    assert said(client.ask(proof=proof))["error"] == "invalid_dpop_proof"


# -- API tokens, open sandboxes


def test_api_tokens_are_known_or_refused_and_may_be_for_reading_alone() -> None:
    grants = {"okta": {"tokens": [{"token": "nightly", "role": "READ_ONLY_ADMIN"}, {"token": "admin"}]}}
    box = Sandbox(open_catalog(), ["okta"], access=Access(True, grants))

    def send(method: str, token: str, path: str, body: bytes | None = None) -> HttpResponse:
        return box.handle(HttpRequest(method, f"{HOST}{path}", (("Authorization", f"SSWS {token}"),), body))

    group = b'{"profile":{"name":"Auditors"}}'
    assert send("GET", "sandbox", "/api/v1/users").status == 401
    assert send("GET", "nightly", "/api/v1/users").status == 200
    refused = send("POST", "nightly", "/api/v1/groups", group)
    assert (refused.status, said(refused)["errorCode"]) == (403, "E0000006")
    assert send("POST", "admin", "/api/v1/groups", group).status == 200


def test_an_open_sandbox_gives_a_token_to_any_app_and_takes_any() -> None:
    client = Client(strict=False)
    assert client.ask(client.assertion(OTHER, iss="0oaAnyone", sub="0oaAnyone")).status == 200
    assert client.ask(client.assertion(OTHER)).status == 401  # it is registered, and this is another key
    assert client.read("whatever").status == 200


def test_an_app_that_a_client_made_signs_in_with_the_scopes_that_it_was_granted() -> None:
    client = Client()
    admin = {"Authorization": "SSWS sandbox", "content-type": "application/json"}
    jwk = {**jwt.algorithms.RSAAlgorithm.to_jwk(OTHER.public_key(), as_dict=True), "kid": "k1", "use": "sig"}
    app = {
        "name": "oidc_client",
        "label": "Reporting",
        "signOnMode": "OPENID_CONNECT",
        "credentials": {"oauthClient": {"token_endpoint_auth_method": "private_key_jwt"}},
        "settings": {
            "oauthClient": {
                "application_type": "service",
                "grant_types": ["client_credentials"],
                "response_types": ["token"],
                "jwks": {"keys": [jwk]},
            }
        },
    }
    made = client.send("POST", f"{HOST}/api/v1/apps", admin, json.dumps(app).encode())
    assert made.status == 200, made.body
    key = said(made)["id"]

    def ask() -> HttpResponse:
        return client.ask(client.assertion(OTHER, iss=key, sub=key))

    assert said(ask())["error"] == "invalid_scope"
    grant = json.dumps({"scopeId": "okta.users.read", "issuer": HOST}).encode()
    assert client.send("POST", f"{HOST}/api/v1/apps/{key}/grants", admin, grant).status in (200, 201)
    assert client.read(str(said(ask())["access_token"])).status == 200
    client.send("POST", f"{HOST}/api/v1/apps/{key}/lifecycle/deactivate", admin)
    assert said(ask())["error"] == "invalid_client"


# -- our own engine


def signed_in(box: Rehearsal, key: str = "", **more: Any) -> Settings:
    client, own = box.service_app
    oauth = OAuthSettings(client, CredentialReference(value=Secret(key or own)), **more)
    return Settings(connections={"okta": ConnectionSettings("okta", "okta", oauth=oauth)})


@pytest.fixture(scope="module")
def strict() -> Iterator[Rehearsal]:
    with quaestor.sandbox(strict_auth=True, scale={"okta.users": 30}) as box:
        yield box


@pytest.mark.parametrize("over_http", [False, True], ids=["inside", "http"])
@pytest.mark.parametrize("dpop", [False, True], ids=["bearer", "dpop"])
def test_our_service_app_asks_for_the_scopes_that_a_statement_needs(
    strict: Rehearsal, over_http: bool, dpop: bool
) -> None:
    gate = strict.front.service.gate("okta")  # type: ignore[attr-defined]
    assert isinstance(gate, OktaGate)
    gate._tokens.clear()
    sql = (
        "SELECT count(*) FROM okta.users.users u JOIN okta.groups.groups g ON g.type = 'BUILT_IN' "
        "WHERE u.status = 'ACTIVE'"
    )
    with strict.connect(signed_in(strict, dpop=dpop), over_http=over_http) as con:
        assert con.sql(sql).fetchall()[0][0] > 10
    given = {scope for token in gate._tokens.values() for scope in token.scopes}
    assert given == {"okta.users.read", "okta.groups.read"}
    assert all(bool(token.key) == dpop for token in gate._tokens.values())


def test_our_service_app_is_told_what_it_lacks(strict: Rehearsal) -> None:
    with (
        strict.connect(signed_in(strict, scopes=("okta.groups.read",))) as con,
        pytest.raises(AuthError, match=r"okta\.users\.read"),
    ):
        con.sql("SELECT id FROM okta.users.users").fetchall()
    other = OTHER.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with strict.connect(signed_in(strict, other)) as con, pytest.raises(AuthError, match="no token for"):
        con.sql("SELECT id FROM okta.users.users").fetchall()


def test_a_token_that_ends_within_a_statement_is_renewed() -> None:
    app = {"client_id": "0oaShort", "public_key": public(KEY)}
    access = {"okta": {"apps": [app], "token_life_s": 2}}
    with quaestor.sandbox("okta", strict_auth=True, access=access, scale={"users": 900}, clock="simulated") as box:
        key = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        oauth = OAuthSettings("0oaShort", CredentialReference(value=Secret(key)))
        box.front.latency = (1.5, 1.5)
        settings = Settings(connections={"okta": ConnectionSettings("okta", "okta", oauth=oauth)})
        with box.connect(settings) as con:
            assert con.sql("SELECT count(DISTINCT id) FROM okta.users.users").fetchall()[0][0] > 800
        asked = [each.status for each in box.log if "/oauth2/v1/token" in each.url]
        assert asked.count(200) > 1


def test_the_environment_of_a_strict_sandbox_signs_in(strict: Rehearsal) -> None:
    with strict.connect() as con:
        assert con.sql("SELECT count(*) FROM okta.groups.groups").fetchall()[0][0] > 0
        assert con.sql("SELECT count(*) FROM datadog.organization.users").fetchall()[0][0] > 0


# -- Datadog

SCOPED = {
    "datadog": {
        "api_keys": [{"key": "api"}],
        "application_keys": [{"key": "all"}, {"key": "monitors", "permissions": ["monitors_read"]}],
        "tokens": [{"token": "pat", "scopes": ["monitors_read"]}],
    }
}


def datadog() -> Sandbox:
    return Sandbox(open_catalog(), ["datadog"], access=Access(True, SCOPED))


def ask_datadog(box: Sandbox, path: str, method: str = "GET", body: Any = None, **keys: str) -> HttpResponse:
    names = {"api": "DD-API-KEY", "app": "DD-APPLICATION-KEY", "bearer": "Authorization"}
    headers = tuple((names[name], value) for name, value in keys.items())
    raw = json.dumps(body).encode() if body is not None else None
    return box.handle(HttpRequest(method, f"http://127.0.0.1:1{path}", headers, raw))


@pytest.mark.parametrize(
    ("path", "keys", "status"),
    [
        ("/api/v1/monitor", {"api": "api", "app": "all"}, 200),
        ("/api/v1/monitor", {"api": "api", "app": "monitors"}, 200),
        ("/api/v2/users", {"api": "api", "app": "monitors"}, 403),
        ("/api/v2/users", {"api": "api", "app": "unknown"}, 403),
        ("/api/v2/users", {"api": "unknown", "app": "all"}, 403),
        ("/api/v2/users", {"app": "all"}, 401),
        ("/api/v2/users", {"api": "api"}, 403),
        ("/api/v1/validate", {"api": "api"}, 200),
        ("/api/v1/validate", {"api": "unknown"}, 403),
        ("/api/v1/monitor", {"bearer": "Bearer pat"}, 200),
        ("/api/v2/users", {"bearer": "Bearer pat"}, 403),
        ("/api/v2/users", {"bearer": "Bearer unknown"}, 403),
    ],
)
def test_keys_are_good_for_their_permissions(path: str, keys: dict[str, str], status: int) -> None:
    answer = ask_datadog(datadog(), path, **keys)
    assert answer.status == status
    if status != 200:
        assert said(answer) == {"errors": ["Unauthorized" if status == 401 else "Forbidden"]}


def test_keys_that_clients_make_are_good_until_they_are_deleted() -> None:
    box = datadog()
    keys = {"api": "api", "app": "all"}
    body = {"data": {"type": "application_keys", "attributes": {"name": "ci", "scopes": ["monitors_read"]}}}
    made = ask_datadog(box, "/api/v2/current_user/application_keys", "POST", body, **keys)
    assert made.status == 201, made.body
    key, own = said(made)["data"]["id"], said(made)["data"]["attributes"]["key"]
    assert own not in json.dumps(box.state())
    assert ask_datadog(box, "/api/v1/monitor", api="api", app=own).status == 200
    assert ask_datadog(box, "/api/v2/users", api="api", app=own).status == 403
    body["data"]["id"] = key
    body["data"]["attributes"]["scopes"] = ["user_access_read"]  # type: ignore[index]
    at = f"/api/v2/current_user/application_keys/{key}"
    assert ask_datadog(box, at, "PATCH", body, **keys).status == 200
    assert ask_datadog(box, "/api/v2/users", api="api", app=own).status == 200
    assert ask_datadog(box, at, "DELETE", **keys).status == 204
    assert ask_datadog(box, "/api/v2/users", api="api", app=own).status == 403


# -- what can't be


@pytest.mark.parametrize(
    ("access", "what"),
    [
        ({"acme": {}}, "acme"),
        ({"okta": {"token": []}}, "token"),
        ({"okta": {"tokens": [{"token": "t", "role": "KING"}]}}, "KING"),
        ({"okta": {"tokens": [{"role": "SUPER_ADMIN"}]}}, "token"),
        ({"okta": {"tokens": "t"}}, "tokens"),
        ({"okta": {"apps": [{"client_id": "a", "public_key": "junk"}]}}, "public_key"),
        ({"okta": {"apps": [{"client_id": "a"}]}}, "public_key"),
        ({"okta": {"token_life_s": "1h"}}, "token_life_s"),
        ({"datadog": {"application_keys": [{"key": "k", "permissions": "all"}]}}, "permissions"),
    ],
)
def test_access_that_cannot_be_is_refused(access: dict[str, Any], what: str) -> None:
    with pytest.raises(UsageError, match=what), quaestor.sandbox(strict_auth=True, access=access):
        pass


def test_access_comes_from_a_file_and_needs_strict_sign_in(tmp_path: Path) -> None:
    path = tmp_path / "access.yaml"
    path.write_text("access:\n  okta:\n    tokens:\n      - {token: nightly, role: READ_ONLY_ADMIN}\n")
    with (
        quaestor.sandbox("okta", strict_auth=True, access=str(path)) as box,
        box.connect() as con,
        pytest.raises(AuthError),
    ):
        con.sql("SELECT id FROM okta.groups.groups").fetchall()
    with pytest.raises(UsageError, match="strict"), quaestor.sandbox("okta", access=str(path)):
        pass


def test_the_usual_service_app_is_made_when_it_is_wanted() -> None:
    with quaestor.sandbox("okta", strict_auth=True) as box:
        client, key = box.service_app
        assert client == CLIENT_ID
        assert key.startswith("-----BEGIN PRIVATE KEY-----")
        assert box.service_app == (client, key)
    with quaestor.sandbox("datadog") as box, pytest.raises(UsageError, match="no Okta"):
        _ = box.service_app
