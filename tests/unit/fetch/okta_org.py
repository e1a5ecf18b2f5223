"""An organisation that gives out tokens and answers who has one, as Okta does: strict about every signature.

It is a function from a request to a response, for a scripted transport; `Served` puts it on a loopback port. What it
checks it checks by the standards' words, with the public key alone.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from quaestor.fetch.http import HttpRequest, HttpResponse

ORIGIN = "https://acme.okta.com"
CLIENT = "0oaClientOfTheTests"
SCOPES = ("okta.users.read", "okta.groups.read")

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())


def pem(key: Any, form: PrivateFormat = PrivateFormat.PKCS8) -> str:
    """A private key as text."""
    text: bytes = key.private_bytes(Encoding.PEM, form, NoEncryption())
    return text.decode()


def public_pem(key: Any) -> str:
    """The public half as text."""
    text: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return text.decode()


class Org:
    """The organisation.

    Args:
        key: the public half of this one is registered with the app.
        dpop: whether the app asks for proof of possession, and the token endpoint for a nonce.
        api_nonce: whether the API asks for a nonce too.
        life: seconds that a token lasts.
        clock: the server's time.

    Attributes:
        token_requests, api_requests: how many came.
        refused: why requests were refused.
        asked: the scopes of each token that was given out.
        before_token: called in each token request.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        key: Any = RSA,
        dpop: bool = False,
        api_nonce: bool = False,
        life: int = 3600,
        origin: str = ORIGIN,
        secret: str = "",
    ) -> None:
        self.clock = clock
        self.key = key
        self.dpop = dpop
        self.api_nonce = api_nonce
        self.life = life
        self.origin = origin
        self.secret = secret
        self.nonces = {"token": 1, "api": 1}
        self.tokens: dict[str, dict[str, Any]] = {}
        self.seen: set[str] = set()
        self.token_requests = self.api_requests = 0
        self.refused: list[str] = []
        self.asked: list[str] = []
        self.before_token: Callable[[], None] = lambda: None
        self.lock = threading.Lock()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        headers = dict(request.headers)
        path = request.url.removeprefix(self.origin)
        if path == "/oauth2/v1/token":
            self.before_token()
            with self.lock:
                self.token_requests += 1
                return self._token(request, headers)
        with self.lock:
            self.api_requests += 1
            return self._api(request, headers)

    # ------------------------------------------------------------------------------------------- token

    def _token(self, request: HttpRequest, headers: dict[str, str]) -> HttpResponse:
        form = {name: values[0] for name, values in parse_qs((request.body or b"").decode()).items()}
        if request.method != "POST" or headers["content-type"] != "application/x-www-form-urlencoded":
            return self._refuse(400, "invalid_request", "not a form")
        if form.get("grant_type") != "client_credentials":
            return self._refuse(400, "unsupported_grant_type", form.get("grant_type", "none"))
        wrong = self._client_error(form, headers)
        if wrong:
            return self._refuse(401, "invalid_client", wrong)
        thumb = ""
        if self.dpop or "dpop" in headers:
            if "dpop" not in headers:
                return self._refuse(400, "invalid_dpop_proof", "The DPoP proof JWT header is missing.")
            claims, thumb, wrong = self._proof(headers["dpop"], "POST", f"{self.origin}/oauth2/v1/token")
            if wrong:
                return self._refuse(400, "invalid_dpop_proof", wrong)
            if claims.get("nonce") != f"token-{self.nonces['token']}":
                return self._refuse(400, "use_dpop_nonce", "nonce wanted", f"token-{self.nonces['token']}")
        scopes = form.get("scope", "").split()
        if not self.secret and (not scopes or not set(scopes) <= set(SCOPES)):
            return self._refuse(400, "invalid_scope", "One or more scopes are not configured.")
        value = f"eyJ.token-{len(self.tokens)}-{hashlib.sha256(str(self.clock()).encode()).hexdigest()[:12]}"
        self.tokens[value] = {"ends": self.clock() + self.life, "scopes": set(scopes), "thumb": thumb}
        self.asked.append(form.get("scope", ""))
        body = {
            "token_type": "DPoP" if thumb else "Bearer",
            "expires_in": self.life,
            "access_token": value,
            "scope": form.get("scope", ""),
        }
        return self._answer(200, body)

    def _client_error(self, form: dict[str, str], headers: dict[str, str]) -> str:
        if self.secret:
            basic = base64.b64encode(f"{CLIENT}:{self.secret}".encode()).decode()
            in_form = (form.get("client_id"), form.get("client_secret")) == (CLIENT, self.secret)
            return "" if in_form or headers.get("authorization") == f"Basic {basic}" else "wrong secret"
        if form.get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer":
            return "no assertion"
        try:
            claims = jwt.decode(
                form["client_assertion"],
                self.key.public_key(),
                algorithms=["RS256", "ES256"],
                audience=f"{self.origin}/oauth2/v1/token",
                issuer=CLIENT,
                options={"require": ["exp", "sub", "jti"], "verify_exp": False, "verify_iat": False},
            )
        except jwt.PyJWTError as error:
            return f"assertion: {error}"
        if claims["sub"] != CLIENT or not self.clock() - 60 < claims["exp"] <= self.clock() + 3600:
            return "assertion: wrong subject or time"
        return self._used(claims["jti"])

    # --------------------------------------------------------------------------------------------- api

    def _api(self, request: HttpRequest, headers: dict[str, str]) -> HttpResponse:
        kind, _, value = headers.get("authorization", "").partition(" ")
        token = self.tokens.get(value)
        if token is None or self.clock() >= token["ends"]:
            return self._refuse_api("invalid_token", "expired or unknown")
        if kind != ("DPoP" if token["thumb"] else "Bearer"):
            return self._refuse_api("invalid_token", f"sent as {kind}")
        if token["thumb"]:
            url = request.url.partition("?")[0]
            claims, thumb, wrong = self._proof(headers.get("dpop", ""), request.method, url)
            digest = base64.urlsafe_b64encode(hashlib.sha256(value.encode()).digest()).rstrip(b"=").decode()
            if wrong or thumb != token["thumb"] or claims.get("ath") != digest:
                return self._refuse_api("invalid_dpop_proof", wrong or "another key, or not for this token")
            if self.api_nonce and claims.get("nonce") != f"api-{self.nonces['api']}":
                return self._refuse_api("use_dpop_nonce", "nonce wanted", f"api-{self.nonces['api']}")
        return self._answer(200, [{"id": "1"}])

    def _refuse_api(self, code: str, why: str, nonce: str = "") -> HttpResponse:
        self.refused.append(f"{code}: {why}")
        more = (("www-authenticate", f'DPoP error="{code}", error_description="{why}"'),)
        return self._answer(401, {"errorCode": "E0000015", "errorSummary": why}, nonce, more)

    # ----------------------------------------------------------------------------------------- together

    def _proof(self, proof: str, method: str, url: str) -> tuple[dict[str, Any], str, str]:
        """Claims of a DPoP proof, the thumbprint of its key, and what is wrong with it (RFC 9449, 4.3)."""
        try:
            header = jwt.get_unverified_header(proof)
            known = header["jwk"]
            key = jwt.PyJWK.from_dict(known).key
            claims = jwt.decode(proof, key, algorithms=["ES256", "RS256"], options={"verify_iat": False})
        except (jwt.PyJWTError, KeyError) as error:
            return {}, "", f"proof: {error}"
        if header["typ"] != "dpop+jwt" or set(known) - {"kty", "crv", "x", "y", "n", "e"}:
            return {}, "", "proof: wrong type, or a private key in it"
        if (claims["htm"], claims["htu"]) != (method, url):
            return {}, "", f"proof: for {claims['htm']} {claims['htu']}"
        if abs(claims["iat"] - self.clock()) > 300:
            return {}, "", "proof: too old"
        canonical = json.dumps({name: known[name] for name in sorted(known)}, separators=(",", ":")).encode()
        return claims, hashlib.sha256(canonical).hexdigest(), self._used(claims["jti"])

    def _used(self, identifier: str) -> str:
        if identifier in self.seen:
            return "used twice"
        self.seen.add(identifier)
        return ""

    def _refuse(self, status: int, code: str, why: str, nonce: str = "") -> HttpResponse:
        self.refused.append(f"{code}: {why}")
        return self._answer(status, {"error": code, "error_description": why}, nonce)

    def _answer(
        self, status: int, body: Any, nonce: str = "", more: tuple[tuple[str, str], ...] = ()
    ) -> HttpResponse:
        headers = (("date", formatdate(self.clock(), usegmt=True)), ("content-type", "application/json"), *more)
        if nonce:
            headers = (*headers, ("dpop-nonce", nonce))
        return HttpResponse(status, headers, json.dumps(body).encode())


class Served:
    """An organisation on a loopback port."""

    def __init__(self, org: Org) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                headers = tuple((name.lower(), value) for name, value in self.headers.items())
                url = f"{org.origin}{self.path}"
                answer = org(HttpRequest(self.command, url, headers, self.rfile.read(length)))
                self.send_response(answer.status)
                for name, value in answer.headers:
                    if name != "date":
                        self.send_header(name, value)
                self.send_header("content-length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            do_GET = do_POST

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing to standard error."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        org.origin = self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> Served:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join(5)
        self._server.server_close()
