"""Sign-in by OAuth 2.0 client credentials: tokens fetched, kept, renewed, bound to a key where the app wants it.

Okta's service apps prove who they are by a signed assertion (private_key_jwt, RFC 7523) instead of a password, and
by default bind the token to a key of this process (DPoP, RFC 9449), so that a stolen token is of no use.

- A token is asked for with the scopes that the method at hand needs, or with those that the connection names.
- It is kept in memory until shortly before its end; threads that need one wait for the one that fetches it.
- Servers hand out nonces by refusing once: the same request is signed anew and sent again, which `fetch.client` does.

Loaded only for connections that sign in like this: PyJWT and cryptography take as long to import as a whole cold
SELECT. Before: `run` has a connection's settings. After: `fetch.client` signs requests as with any `Authenticator`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
import uuid

from quaestor.catalog.model import Method
from quaestor.config import check_endpoint
from quaestor.errors import (
    AuthError,
    Cancelled,
    ProviderError,
    RateLimitError,
    ServerError,
    UsageError,
    did_you_mean,
)
from quaestor.fetch.auth import Authenticator, account_of
from quaestor.fetch.client import Client
from quaestor.fetch.http import HttpRequest
from quaestor.fetch.retry import http_date
from quaestor.fetch.signing import SigningKey
from quaestor.fetch.url import origin_of, quote, split
from quaestor.record import Record, replace
from quaestor.secrets import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from quaestor.catalog.model import Provider
    from quaestor.config import OAuthSettings
    from quaestor.fetch.governor import Governor
    from quaestor.fetch.http import CancelToken, HttpResponse, Transport
    from quaestor.fetch.stats import Stats
    from quaestor.fetch.url import Origin
    from quaestor.secrets import Redactor

#: Where an Okta organisation hands out tokens for its own APIs (https://developer.okta.com/docs/guides/
#: implement-oauth-for-okta-serviceapp): no other authorization server of it may.
OKTA_TOKEN_PATH = "/oauth2/v1/token"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#: How long an assertion is good for. Okta allows an hour; it is used at once.
ASSERTION_S = 300
#: A token is renewed so long before its end, or a tenth of its life if that is less.
LEEWAY_S = 60.0
#: How long a token lasts whose answer doesn't say (RFC 6749, 5.1 only recommends that it does).
UNSAID_LIFE_S = 300.0
#: From such a difference on, our clock is taken to be wrong and the server's `Date` to be right.
SKEW_S = 30.0
MOST_TOKENS = 50
#: A token that is refused when it is younger than that has not come to its end.
YOUNG_S = 10.0


class Grant(Record):
    """How tokens are asked for.

    Attributes:
        token_url: who hands them out.
        client_id: of the app.
        scopes: to ask for; empty for those that each method needs.
        key: that signs assertions; or secret: the client's password.
        dpop: whether tokens are to be bound to a key of ours.
        source: where key or secret came from, for messages.
        in_form: whether the password goes into the form, not into a header.
        fields: further fields of the form.
    """

    token_url: str
    client_id: str
    scopes: tuple[str, ...] = ()
    key: SigningKey | None = None
    secret: Secret | None = None
    dpop: bool = False
    source: str = ""
    in_form: bool = False
    fields: tuple[tuple[str, str], ...] = ()


def okta_grant(settings: OAuthSettings, base: str, provider: Provider, env: Mapping[str, str]) -> Grant:
    """The grant of a connection's `oauth` table.

    Args:
        base: scheme and host of the organisation.

    Raises UsageError for another provider, or a key that can't be read or used.
    """
    if provider.name != "okta":
        raise UsageError(f"{provider.name} has no sign-in by OAuth here", hint="oauth is for connections to Okta")
    source = settings.private_key.source
    key = SigningKey.read(settings.private_key.read(env), source, settings.key_id)
    return Grant(
        base + OKTA_TOKEN_PATH, settings.client_id, settings.scopes, key=key, dpop=settings.dpop, source=source
    )


_STACKQL_KEYS = (
    "type",
    "grant_type",
    "token_url",
    "client_id",
    "client_id_env_var",
    "client_secret",
    "client_secret_env_var",
    "scopes",
    "values",
    "auth_style",
)


def stackql_grant(provider: str, auth: Mapping[str, Any], env: Mapping[str, str]) -> Grant:
    """The grant of an entry of type `oauth2` in StackQL's `--auth` JSON: client credentials by password.

    `auth_style` is that of Go's oauth2 package: 1 sends the password in the form, else it goes into a header.

    Raises UsageError for an entry that can't be used, AuthError if a variable that it names isn't set.
    """
    where = f"--auth, {provider}"
    for key in auth:
        if key not in _STACKQL_KEYS:
            hint = did_you_mean(key, _STACKQL_KEYS)
            raise UsageError(f"{where}: {key!r} has no meaning for the type oauth2", hint=hint)
    if auth.get("grant_type") != "client_credentials":
        raise UsageError(f"{where}: grant_type is 'client_credentials' here, not {auth.get('grant_type')!r}")
    found: dict[str, tuple[str, str]] = {}
    for name in ("client_id", "client_secret"):
        variable = auth.get(f"{name}_env_var")
        value = env.get(str(variable), "").strip() if variable else auth.get(name)
        if variable and not value:
            raise AuthError(f"no credential for {provider}: {variable} is not set", hint=f"export {variable}=…")
        if not isinstance(value, str) or not value:
            raise UsageError(f"{where}: {name} is missing", hint=f"{name}_env_var names the variable that holds it")
        found[name] = value, str(variable or "--auth")
    scopes, values = auth.get("scopes") or [], auth.get("values") or {}
    if not isinstance(scopes, list) or not all(isinstance(scope, str) and scope for scope in scopes):
        raise UsageError(f"{where}: scopes is a list of texts")
    if not isinstance(values, dict):
        raise UsageError(f"{where}: values is an object")
    pairs = [(key, item) for key, given in values.items() for item in (given if isinstance(given, list) else [given])]
    if not all(isinstance(item, str) for _, item in pairs):
        raise UsageError(f"{where}: values holds texts, or lists of them")
    return Grant(
        check_endpoint(_with_env(str(auth.get("token_url", "")), where, env), f"{where}: token_url"),
        found["client_id"][0],
        tuple(scopes),
        secret=Secret(found["client_secret"][0]),
        source=found["client_secret"][1],
        in_form=auth.get("auth_style") == 1,
        fields=tuple(pairs),
    )


def _with_env(text: str, where: str, env: Mapping[str, str]) -> str:
    """A text with variables of the environment in it: `{{ .__env__AZURE_TENANT_ID }}`, as documents write them."""

    def value(match: re.Match[str]) -> str:
        found = env.get(match[1], "").strip()
        if not found:
            raise AuthError(f"{where}: {match[1]} is not set", hint=f"export {match[1]}=…")
        if not re.fullmatch(r"[\w.-]+", found):
            raise UsageError(f"{where}: {match[1]} holds what can't stand in an address")
        return found

    return re.sub(r"\{\{\s*\.__env__(\w+)\s*\}\}", value, text)


class _Token:
    __slots__ = ("ends_at", "is_bound", "scopes", "since", "value")

    def __init__(
        self, value: Secret, scopes: frozenset[str], since: float, ends_at: float, *, is_bound: bool
    ) -> None:
        self.value = value
        self.scopes = scopes
        self.since = since
        self.ends_at = ends_at
        self.is_bound = is_bound


class OAuth(Authenticator):
    """Signs requests to one origin with tokens that it fetches. Thread safe.

    Attributes:
        proofs: makes DPoP proofs; None if tokens aren't bound.

    Args:
        transport, governor: as for any other request: token requests are sent, limited and repeated alike.
    """

    def __init__(
        self,
        origin: Origin,
        grant: Grant,
        transport: Transport,
        governor: Governor,
        redactor: Redactor,
        provider: Provider | None = None,
    ) -> None:
        super().__init__(origin, (), redactor)
        self.account = account_of(origin, [Secret(grant.client_id)])
        self.sources = (grant.source,) if grant.source else ()
        self._grant = grant
        self._redactor = redactor
        self._clock = governor.clock
        self._skew = 0.0
        self.proofs = _Proofs(self) if grant.dpop else None
        self._endpoint = Client(
            transport, _TokenEndpoint(self, grant, redactor), governor, provider=provider, redactor=redactor
        )
        self._tokens: tuple[_Token, ...] = ()
        self._fetching = threading.Lock()
        self._failed: tuple[int, frozenset[str], ProviderError | None] = (0, frozenset(), None)

    def now(self) -> float:
        """Seconds since 1970 by the server's clock, as far as it is known."""
        return self._clock.time() + self._skew

    def follow_clock(self, response: HttpResponse) -> bool:
        """Take over the server's time; whether ours was wrong enough to be refused for."""
        date = http_date(response.header("date"))
        if date is None or abs(date - self.now()) < SKEW_S:
            return False
        self._skew = date - self._clock.time()
        return True

    # ---------------------------------------------------------------------------------------- requests

    def prepare(self, method: Method, cancel: CancelToken, stats: Stats) -> None:
        """Fetch a token for this method, unless one is there.

        Raises AuthError for a refusal that another try won't change, and all that `Client.send` raises.
        """
        wanted = self._wanted(method)
        tries = self._failed[0]
        while self._token(wanted) is None:
            if not self._fetching.acquire(timeout=0.05):
                if cancel.cancelled:
                    raise Cancelled("the statement was cancelled")
                continue
            try:
                if self._token(wanted) is None:
                    self._raise_failure_since(tries, wanted)
                    self._fetch(wanted, cancel, stats)
            finally:
                self._fetching.release()

    def sign(self, request: HttpRequest, method: Method | None = None) -> HttpRequest:
        """The request with the token and, if it is bound, a proof for this one request."""
        request = super().sign(request)
        wanted = self._wanted(method) if method is not None else frozenset(self._grant.scopes)
        token = self._token(wanted) or next((token for token in self._tokens if wanted <= token.scopes), None)
        if token is None:
            raise AuthError(f"no token for {self.origin} has been fetched yet")
        kept = [pair for pair in request.headers if pair[0] not in ("authorization", "dpop")]
        value = token.value.reveal()
        if not token.is_bound or self.proofs is None:
            return replace(request, headers=(*kept, ("authorization", f"Bearer {value}")))
        proof = self.proofs.make(request, value)
        return replace(request, headers=(*kept, ("authorization", f"DPoP {value}"), ("dpop", proof)))

    def renewed(self, request: HttpRequest, response: HttpResponse) -> bool:
        """Whether a 401 asks for a nonce, comes from a wrong clock, or shows that the token has ended early."""
        if response.status != 401:
            return False
        said = " ".join(response.all("www-authenticate"))
        if self.proofs is not None and "use_dpop_nonce" in said:
            return self.proofs.follow(response, _API)
        if "invalid_dpop_proof" in said and self.follow_clock(response):
            return True
        sent = next((value for name, value in request.headers if name == "authorization"), "").partition(" ")[2]
        now = self._clock.monotonic()
        if any(token.value.reveal() == sent and now - token.since < YOUNG_S for token in self._tokens):
            return False  # it was good a moment ago: refused for another reason, and another one would be too
        for token in self._tokens:
            if token.value.reveal() == sent:
                token.ends_at = now
        return True

    # ------------------------------------------------------------------------------------------ tokens

    def _wanted(self, method: Method) -> frozenset[str]:
        if self._grant.scopes or self._grant.key is None:  # a password's client has what it was given
            return frozenset(self._grant.scopes)
        if not method.scopes:
            raise AuthError(
                f"no scope is known that {method.name} needs",
                hint='name the scopes of this connection: scopes = ["okta.users.read"]',
            )
        return frozenset(method.scopes)

    def _token(self, wanted: frozenset[str]) -> _Token | None:
        now = self._clock.monotonic()
        return next((token for token in self._tokens if wanted <= token.scopes and now < token.ends_at), None)

    def _raise_failure_since(self, tries: int, wanted: frozenset[str]) -> None:
        """Who waited while another thread was refused the same token is refused too, without asking again."""
        count, scopes, error = self._failed
        if error is not None and count > tries and scopes == wanted:
            raise error

    def _fetch(self, wanted: frozenset[str], cancel: CancelToken, stats: Stats) -> None:
        grant = self._grant
        form = [("grant_type", "client_credentials"), *grant.fields]
        if wanted:
            form.append(("scope", " ".join(sorted(wanted))))
        request = HttpRequest(
            "POST",
            grant.token_url,
            (("accept", "application/json"), ("content-type", "application/x-www-form-urlencoded")),
            _form(form),
            bucket=f"POST {split(grant.token_url)[1]}",
        )
        method = Method("token", "select", "POST", split(grant.token_url)[1])
        asked = self._clock.monotonic()
        try:
            response = self._endpoint.send(method, request, cancel, stats)
            token = self._read(response.body, wanted, asked)
        except (RateLimitError, ServerError):
            raise
        except ProviderError as error:
            refused = _refused(error, grant, wanted)
            self._failed = (self._failed[0] + 1, wanted, refused)
            raise refused from error
        self._redactor.add(token.value)
        # one that has ended may still be wanted by a thread that is about to sign: it will be refused and come again
        others = [known for known in self._tokens if not known.scopes <= wanted]
        self._tokens = (token, *others[: MOST_TOKENS - 1])

    def _read(self, body: bytes, wanted: frozenset[str], asked: float) -> _Token:
        """The token of an answer (RFC 6749, 5.1). Raises AuthError for what is none."""
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            answer = None
        value = answer.get("access_token") if isinstance(answer, dict) else None
        kind = str(answer.get("token_type", "")).lower() if isinstance(answer, dict) else ""
        if not isinstance(value, str) or not value or not all("!" <= char <= "~" for char in value):
            raise AuthError(f"{self._grant.token_url} answered without a token", hint="is this the right address?")
        if kind not in ("bearer", "dpop") or (kind == "dpop" and self.proofs is None):
            raise AuthError(f"{self._grant.token_url} answered with a token of the type {kind[:40]!r}")
        life = answer.get("expires_in")
        if not isinstance(life, int | float) or isinstance(life, bool) or not 0 <= life < 1e7:
            life = UNSAID_LIFE_S
        ends_at = asked + life - min(LEEWAY_S, life / 10)
        return _Token(Secret(value), wanted, asked, max(ends_at, asked + 1), is_bound=kind == "dpop")


class _Proofs:
    """DPoP proofs (RFC 9449, 4): that who sends a request has the key that its token is bound to."""

    def __init__(self, owner: OAuth) -> None:
        self._owner = owner
        self._key = SigningKey.make()
        self._jwk = self._key.public_jwk()
        self._nonces: dict[str, str] = {}

    def make(self, request: HttpRequest, token: str = "") -> str:
        """The proof for one request; with the token's digest if it carries one."""
        claims: dict[str, Any] = {
            "htm": request.method,
            "htu": request.url.partition("#")[0].partition("?")[0],
            "iat": int(self._owner.now()),
            "jti": str(uuid.uuid4()),
        }
        nonce = self._nonces.get(_API if token else _ENDPOINT)
        if nonce:
            claims["nonce"] = nonce
        if token:
            claims["ath"] = _base64(hashlib.sha256(token.encode()).digest())
        return self._key.sign(claims, typ="dpop+jwt", jwk=self._jwk)

    def follow(self, response: HttpResponse, place: str) -> bool:
        """Take over the nonce that a response hands out; False if there is none, or it is the one just used."""
        nonce = response.header("dpop-nonce")
        if not nonce or not all("!" <= char <= "~" for char in nonce):
            return False
        self._nonces[place] = nonce
        return True


#: Authorization servers and APIs hand out nonces of their own (RFC 9449, 8 and 9).
_API, _ENDPOINT = "api", "endpoint"


class _TokenEndpoint(Authenticator):
    """Signs token requests, each anew: an assertion and a proof may be used once."""

    def __init__(self, owner: OAuth, grant: Grant, redactor: Redactor) -> None:
        super().__init__(origin_of(grant.token_url), (), redactor)
        self.account = owner.account
        self._owner = owner
        self._grant = grant
        if grant.secret is not None:
            redactor.add(grant.secret)
            redactor.add(_basic(grant.client_id, grant.secret))

    def sign(self, request: HttpRequest, method: Method | None = None) -> HttpRequest:
        """The request with the client's proof of who it is."""
        request = super().sign(request)
        grant = self._grant
        if grant.key is not None:
            now = int(self._owner.now())
            claims = {
                "iss": grant.client_id,
                "sub": grant.client_id,
                "aud": grant.token_url,
                "iat": now,
                "exp": now + ASSERTION_S,
                "jti": str(uuid.uuid4()),
            }
            proof = [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", grant.key.sign(claims))]
            request = replace(request, body=(request.body or b"") + b"&" + _form(proof))
        elif grant.secret is not None and grant.in_form:
            form = [("client_id", grant.client_id), ("client_secret", grant.secret.reveal())]
            request = replace(request, body=(request.body or b"") + b"&" + _form(form))
        elif grant.secret is not None:
            basic = f"Basic {_basic(grant.client_id, grant.secret).reveal()}"
            request = replace(request, headers=(*request.headers, ("authorization", basic)))
        proofs = self._owner.proofs
        if proofs is not None:
            request = replace(request, headers=(*request.headers, ("dpop", proofs.make(request))))
        return request

    def renewed(self, request: HttpRequest, response: HttpResponse) -> bool:
        """Whether the refusal asks for a nonce, or comes from a wrong clock."""
        if response.status not in (400, 401):
            return False
        code = _error_code(response.body)
        if code == "use_dpop_nonce":
            return self._owner.proofs is not None and self._owner.proofs.follow(response, _ENDPOINT)
        return code in ("invalid_client", "invalid_dpop_proof") and self._owner.follow_clock(response)


def _form(pairs: list[tuple[str, str]]) -> bytes:
    return "&".join(f"{quote(name)}={quote(value)}" for name, value in pairs).encode()


def _basic(client_id: str, secret: Secret) -> Secret:
    """Client id and password as RFC 6749, 2.3.1 has it."""
    return Secret(base64.b64encode(f"{quote(client_id)}:{quote(secret.reveal())}".encode()).decode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _error_code(body: bytes) -> str:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    code = answer.get("error", answer.get("errorCode")) if isinstance(answer, dict) else None
    return code if isinstance(code, str) else ""


def _refused(error: ProviderError, grant: Grant, wanted: frozenset[str]) -> AuthError:
    """The refusal of a token, with what to do about it."""
    scopes = ", ".join(sorted(wanted))
    known_by = f"is the public half of the key from {grant.source} among its keys (with key_id, if it has one)?"
    hints = {
        "invalid_client": f"is {grant.client_id} the client id of an active app, and "
        + (known_by if grant.key is not None else f"is the secret from {grant.source} its secret?"),
        "invalid_scope": f"grant {scopes} to the app (in Okta: Okta API Scopes), or name those it has: scopes = […]",
        "access_denied": "an administrator must grant the scopes to the app, and give it a role",
        "unauthorized_client": "the app must be an API service that may use the grant type client_credentials",
        "invalid_dpop_proof": "" if grant.dpop else "the app asks for proof of possession: remove dpop = false",
    }
    return AuthError(
        f"no token for {grant.client_id}: {error.message}",
        hint=hints.get(error.vendor_code, error.hint),
        status=error.status,
        vendor_code=error.vendor_code,
        request_id=error.request_id,
        request=error.request,
        needs=tuple(sorted(wanted)) if error.vendor_code == "invalid_scope" else (),
    )
