"""Signing in to Okta: API tokens (SSWS), and access tokens from the organisation's token endpoint.

`POST /oauth2/v1/token` gives service apps access tokens: client_credentials with private_key_jwt, bound to a key by
DPoP where the client sends a proof or the app requires one (a nonce is asked for by refusing once). It is there with
and without strict sign-in; without it, an app that nobody registered gets what it asks for.

A service app is registered with the organisation (`access`, else one of a key made when it is first wanted), or made
as in the real one: `POST /api/v1/apps` with `private_key_jwt` and a `jwks`, `POST /api/v1/apps/{}/grants` for scopes.

With strict sign-in an operation needs its scopes (`okta.users.manage` is good for `okta.users.read` too).
https://developer.okta.com/docs/guides/implement-oauth-for-okta-serviceapp/, …/dpop/, RFC 6749, RFC 9449; which
status and words go with which fault is from these pages, not recorded.

Before: `core` has a request. After: it is let through, or a Refusal, or answered here.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from threading import Lock
from urllib.parse import parse_qs

import msgspec

from quaestor.errors import UsageError
from quaestor.record import Record
from quaestor.sandbox.answer.access import TOKEN, Access, Call, Gate, entries, texts
from quaestor.sandbox.answer.answers import Answer
from quaestor.sandbox.answer.refusal import Refusal
from quaestor.sandbox.change.state import unpacked
from quaestor.sandbox.data.collection import encode
from quaestor.sandbox.okta.proofs import (
    Once,
    Wrong,
    check_assertion,
    check_proof,
    digest,
    made_key,
    read_public,
    subject,
)
from quaestor.sandbox.okta.story import Story
from quaestor.sandbox.okta.world import OktaWorld

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from quaestor.catalog.model import Method
    from quaestor.sandbox.site import Site

TOKEN_PATH = "/oauth2/v1/token"
#: The service app that there is unless others are named.
CLIENT_ID = "0oaSandboxServiceApp"
#: Seconds that an access token is good for.
LIFE_S = 3600
#: So many tokens are remembered; the oldest are forgotten first.
MOST_TOKENS = 10_000
#: A nonce is good for a day, and its predecessor too.
_NONCE_S = 86_400
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ROLES = ("SUPER_ADMIN", "READ_ONLY_ADMIN")
_APPS = "/api/v1/apps"


class App(Record):
    """A service app.

    Attributes:
        keys: JWKs of its public keys; None if nobody registered it, so that any signature will do.
        scopes: that it was granted; None for all.
        bound: whether its tokens must be bound to a key.
    """

    client_id: str
    keys: tuple[Mapping[str, Any], ...] | None
    scopes: frozenset[str] | None = None
    bound: bool = False


class _Token(Record):
    """An access token: whose, good for what, until when; the thumbprint of the key that it is bound to."""

    client_id: str
    scopes: frozenset[str]
    ends: float
    key: str = ""


class _No(Exception):
    """A refusal of the token endpoint (RFC 6749, 5.2)."""

    def __init__(self, code: str, why: str, status: int = 400, nonce: str = "") -> None:
        super().__init__(code, why)
        self.code, self.why, self.status, self.nonce = code, why, status, nonce


class OktaGate(Gate):
    """Okta's gate."""

    known = ("tokens", "apps", "token_life_s")

    def __init__(self, site: Site, access: Access, grants: Mapping[str, Any]) -> None:
        super().__init__(site, access, grants)
        self._once = Once(self.now)
        self._tokens: OrderedDict[str, _Token] = OrderedDict()
        self._salt = secrets.token_hex(8)
        self._lock = Lock()
        self._private = ""
        where = "access.okta"
        found = entries(grants, "tokens", ("token", "role"), where)
        self._ssws = {str(e["token"]): str(e.get("role", _ROLES[0])) for e in found or [{"token": TOKEN}]}
        odd = next((role for role in self._ssws.values() if role not in _ROLES), None)
        if odd is not None:
            raise UsageError(f"{where}.tokens has the role {odd!r}", hint=f"there are {', '.join(_ROLES)}")
        apps = entries(grants, "apps", ("client_id", "public_key", "scopes", "dpop"), where)
        self._apps = None if apps is None else {str(e["client_id"]): _app(e, f"{where}.apps") for e in apps}
        self._life = grants.get("token_life_s", LIFE_S)
        if not isinstance(self._life, int) or not 1 <= self._life <= 86_400:
            raise UsageError(f"{where}.token_life_s should be a number of seconds, not {self._life!r}")

    def service_app(self) -> tuple[str, str]:
        """Client id and private key (PEM) of the service app that there is unless others are named.

        Raises UsageError where packages are missing, or others are named."""
        if self._apps is not None and not self._private:
            raise UsageError("access names the service apps: whoever made their keys has them")
        with self._lock:
            if not self._private:
                self._private, public = made_key()
                self._apps = {CLIENT_ID: App(CLIENT_ID, (public,))}
        return CLIENT_ID, self._private

    # -- the token endpoint

    def owns(self, path: str) -> bool:
        return path == TOKEN_PATH

    def answer(self, call: Call) -> Answer:
        try:
            said, client = self._give(call)
            self._tell("app.oauth2.token.grant.access_token", client)
        except _No as no:
            if no.code != "use_dpop_nonce":
                self._tell("app.oauth2.token.grant", "unknown", no.code)
            more = (("dpop-nonce", no.nonce),) if no.nonce else ()
            return Answer(no.status, encode({"error": no.code, "error_description": no.why}), headers=more)
        except UsageError as error:
            body = {"error": "server_error", "error_description": f"{error.message}: {error.hint}"}
            return Answer(500, encode(body))
        return Answer(200, encode(said), headers=(("cache-control", "no-store"),))

    def _tell(self, event: str, client: str, reason: str = "") -> None:
        """The system log has who got a token, and who was refused one."""
        state = self.site.state
        number = state.tick()
        now = self.site.world.ground.clock.now + number
        Story(self.site).note(number, now, event, _app_actor(client), [_app_actor(client)], reason)

    def _give(self, call: Call) -> tuple[dict[str, Any], str]:
        """The answer of success, and the client that it is for."""
        form = {name: values[0] for name, values in parse_qs((call.body or b"").decode("latin-1")).items()}
        if call.method != "POST" or "x-www-form-urlencoded" not in call.headers.get("content-type", ""):
            raise _No("invalid_request", "The token endpoint takes a form by POST.")
        if form.get("grant_type") != "client_credentials":
            raise _No("unsupported_grant_type", "The sandbox knows client_credentials only.")
        if form.get("client_assertion_type") != _ASSERTION or not form.get("client_assertion"):
            raise _No("invalid_client", "Client Credentials requires a client_assertion for Okta's scopes.", 401)
        app = self._client(form["client_assertion"], call.url)
        key = self._bound(call, app)
        scopes = form.get("scope", "").split()
        self._check_scopes(app, scopes)
        value = secrets.token_urlsafe(32)
        with self._lock:
            self._tokens[value] = _Token(app.client_id, frozenset(scopes), self.now() + self._life, key)
            while len(self._tokens) > MOST_TOKENS:
                self._tokens.popitem(last=False)
        said = {
            "token_type": "DPoP" if key else "Bearer",
            "expires_in": self._life,
            "access_token": value,
            "scope": " ".join(scopes),
        }
        return said, app.client_id

    def _client(self, assertion: str, url: str) -> App:
        try:
            client = subject(assertion)
            app = self._registered(client)
            if app is None:
                raise _No("invalid_client", f"Invalid value for 'client_id' parameter: {client}", 401)
            here = url.partition("?")[0]
            bare = "/".join(here.split("/")[:3]) + TOKEN_PATH
            check_assertion(assertion, app.keys, (here, bare), self._once, self.now())
        except Wrong as wrong:
            raise _No("invalid_client", f"The client_assertion {wrong}.", 401) from None
        return app

    def _registered(self, client: str) -> App | None:
        """The app of this id: of the state, of `access`, the usual one; without strict sign-in, anyone's."""
        if self._apps is None and client == CLIENT_ID:
            self.service_app()
        found = (self._apps or {}).get(client) or self._of_state(client)
        if found is None and not self.strict:
            return App(client, None)
        return found

    def _of_state(self, client: str) -> App | None:
        """A service app that a client of the sandbox made."""
        place = self.site.state.at(self.site.place(_APPS, ()))
        document = place.born.get(client)
        if document is None:
            return None
        row = unpacked(document)
        settings = (row.get("settings") or {}).get("oauthClient") or {}
        how = (row.get("credentials") or {}).get("oauthClient") or {}
        keys = (settings.get("jwks") or {}).get("keys") or []
        if row.get("status") != "ACTIVE" or how.get("token_endpoint_auth_method") != "private_key_jwt":
            return None
        granted = self.site.state.at(self.site.place(f"{_APPS}/{{}}/grants", (client,))).born.values()
        scopes = frozenset(str(unpacked(each).get("scopeId")) for each in tuple(granted))
        bound = bool(settings.get("dpop_bound_access_tokens"))
        return App(client, tuple(key for key in keys if isinstance(key, dict)), scopes, bound)

    def _bound(self, call: Call, app: App) -> str:
        """The thumbprint of the key that the token is to be bound to; empty for none."""
        proof = call.headers.get("dpop", "")
        if not proof and not app.bound:
            return ""
        if not proof:
            raise _No("invalid_dpop_proof", "The DPoP proof JWT header is missing.")
        try:
            claims, key = check_proof(proof, "POST", call.url, self._once, self.now())
        except Wrong as wrong:
            raise _No("invalid_dpop_proof", f"The DPoP proof JWT {wrong}.") from None
        if claims.get("nonce") not in (self._nonce(), self._nonce(1)):
            raise _No("use_dpop_nonce", "Authorization server requires nonce in DPoP proof.", 400, self._nonce())
        return key

    def _nonce(self, before: int = 0) -> str:
        return digest(f"{self._salt}{int(self.now()) // _NONCE_S - before}")

    @staticmethod
    def _check_scopes(app: App, scopes: Sequence[str]) -> None:
        if not scopes:
            raise _No("invalid_scope", "The 'scope' parameter must be provided: there are no default scopes.")
        odd = [name for name in scopes if not name.startswith("okta.") or name.count(".") < 2]
        odd += [name for name in scopes if app.scopes is not None and name not in app.scopes]
        if odd:
            raise _No("invalid_scope", f"The app isn't granted: {', '.join(dict.fromkeys(odd))}.")

    # -- the API

    def caller(self, call: Call) -> Mapping[str, Any]:
        """An access token's app; for API tokens, and what else was let in, the first administrator."""
        _, value = _credential(call)
        token = self._tokens.get(value)
        if token is not None:
            return _app_actor(token.client_id)
        world = self.site.world
        keepers = world.held.administrators() if isinstance(world, OktaWorld) else ()
        for keeper in keepers:
            return Story(self.site).user(self.site.collection("/api/v1/users", ()).base.key(keeper))
        return _app_actor("unknown")

    def admit(self, call: Call, method: Method | None) -> None:
        if not self.strict or call.path.startswith("/.well-known/"):
            return
        kind, value = _credential(call)
        if kind.upper() == "SSWS":
            self._admit_key(call, value, method)
        else:
            self._admit_token(call, kind.lower(), value, method)

    def _admit_key(self, call: Call, value: str, method: Method | None) -> None:
        role = self._ssws.get(value)
        if role is None:
            raise Refusal("unauthenticated", "Authorization")
        if role == "READ_ONLY_ADMIN" and call.method != "GET" and (method is None or method.verb != "select"):
            raise _forbidden()

    def _admit_token(self, call: Call, kind: str, value: str, method: Method | None) -> None:
        token = self._tokens.get(value)
        if token is None or self.now() >= token.ends:
            raise self._refusal(call, 401, "invalid_token", "The access token is invalid or has expired.")
        if kind != ("dpop" if token.key else "bearer"):
            raise self._refusal(
                call, 401, "invalid_token", "The access token is sent under another type than its own."
            )
        if token.key:
            try:
                _, key = check_proof(
                    call.headers.get("dpop", ""), call.method, call.url, self._once, self.now(), value
                )
                if key != token.key:
                    raise Wrong("is signed by another key than the token's")
            except Wrong as wrong:
                raise self._refusal(call, 401, "invalid_dpop_proof", f"The DPoP proof JWT {wrong}.") from None
        lacking = [name for name in (method.scopes if method else ()) if not _allows(token.scopes, name)]
        if lacking:
            why = "The access token provided does not contain the required scopes."
            raise self._refusal(call, 403, "insufficient_scope", why, " ".join(lacking))

    @staticmethod
    def _refusal(call: Call, status: int, error: str, why: str, scope: str = "") -> Refusal:
        scheme = "DPoP" if call.headers.get("authorization", "").lower().startswith("dpop") else "Bearer"
        origin = "/".join(call.url.split("/")[:3])
        said = [f'authorization_uri="{origin}/oauth2/v1/authorize"', f'realm="{origin}"']
        said += [f'scope="{scope}"'] if scope else []
        said += [f'error="{error}"', f'error_description="{why}"', f'resource="{call.path}"']
        header = ("www-authenticate", f"{scheme} {', '.join(said)}")
        if status == 403:
            return _forbidden((header,))
        return Refusal("unauthenticated", "Authorization", headers=(header,))


def _app_actor(client: str) -> dict[str, Any]:
    return {
        "id": client,
        "type": "PublicClientApp",
        "alternateId": client,
        "displayName": client,
        "detailEntry": None,
    }


def _forbidden(headers: tuple[tuple[str, str], ...] = ()) -> Refusal:
    return Refusal(
        "forbidden",
        "Authorization",
        detail="You do not have permission to perform the requested action",
        headers=headers,
    )


def _allows(scopes: frozenset[str], wanted: str) -> bool:
    """Whether scopes are good for one that is wanted; who may manage may read."""
    return wanted in scopes or (wanted.endswith(".read") and wanted.removesuffix("read") + "manage" in scopes)


def _app(entry: Mapping[str, Any], where: str) -> App:
    """A service app as `access` has it. Raises UsageError."""
    key = entry.get("public_key")
    if isinstance(key, str):
        keys: tuple[Mapping[str, Any], ...] = (_jwk(key),)
    elif isinstance(key, dict) and "kty" in key:
        keys = (key,)
    else:
        raise UsageError(f"{where}.public_key should be the app's public key: PEM, or a JWK")
    return App(str(entry["client_id"]), keys, texts(entry, "scopes", where), entry.get("dpop") is True)


def _jwk(text: str) -> Mapping[str, Any]:
    """A key that is written as a JWK, or as PEM. Raises UsageError."""
    if not text.lstrip().startswith("{"):
        return read_public(text)
    try:
        known: dict[str, Any] = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise UsageError(f"public_key is no JWK: {error}") from error
    return known


def _credential(call: Call) -> tuple[str, str]:
    """The scheme and the token of a request; Okta's Python SDK writes `SSWS` and the token in one word."""
    text = call.headers.get("authorization", "").strip()
    if text[:4].upper() == "SSWS":
        return text[:4], text[4:].strip()
    kind, _, value = text.partition(" ")
    return kind, value.strip()
