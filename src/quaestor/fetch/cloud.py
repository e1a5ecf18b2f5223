"""Tokens of Google's service accounts and of Azure: by the vendors' own packages, each an extra.

`service_account` is a key file that Google's package makes tokens of (`quaestor[google]`); `azure_default` is what
Azure's tools would sign in with (`quaestor[azure]`). Loaded for such connections only. Before: `run.connections` has
an entry of an `auth`. After: `fetch.client` signs requests as with any `Authenticator`.
"""

from __future__ import annotations

import json
import threading

from quaestor.config import check_endpoint
from quaestor.errors import AuthError, UsageError, did_you_mean
from quaestor.fetch.auth import Authenticator, account_of, secret_of
from quaestor.fetch.http import HttpRequest
from quaestor.record import replace
from quaestor.secrets import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeAlias

    from quaestor.catalog.model import Method
    from quaestor.fetch.governor import Clock
    from quaestor.fetch.http import CancelToken, HttpResponse, Transport
    from quaestor.fetch.stats import Stats
    from quaestor.fetch.url import Origin
    from quaestor.secrets import Redactor

    #: Scopes → a token and when it ends, in seconds since 1970. Raises AuthError.
    Fetch: TypeAlias = Callable[[tuple[str, ...], CancelToken], tuple[Secret, float]]

#: Reaches what the roles of a service account allow (https://developers.google.com/identity/protocols/oauth2/scopes).
CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform"
#: A token is renewed so long before its end.
LEEWAY_S = 120.0
_SERVICE_ACCOUNT_KEYS = (
    "type",
    "credentialsenvvar",
    "credentialsfilepath",
    "credentialsfilepathenvvar",
    "sub",
    "scopes",
)
_AZURE_KEYS = ("type", "scopes")


class Tokens(Authenticator):
    """Signs requests to one origin with tokens that a package fetches. Thread safe.

    Args:
        scopes: to ask for; empty for those that each method needs, or else `usual`.
    """

    def __init__(
        self,
        origin: Origin,
        fetch: Fetch,
        redactor: Redactor,
        clock: Clock,
        *,
        scopes: tuple[str, ...],
        usual: tuple[str, ...],
        account: Secret,
        source: str,
    ) -> None:
        super().__init__(origin, (), redactor)
        self.account = account_of(origin, [account])
        self.sources = (source,) if source else ()
        self._fetch = fetch
        self._redactor = redactor
        self._clock = clock
        self._scopes = scopes
        self._usual = usual
        self._known: dict[tuple[str, ...], tuple[Secret, float]] = {}
        self._lock = threading.Lock()

    def _wanted(self, method: Method | None) -> tuple[str, ...]:
        return self._scopes or (method.scopes if method is not None else ()) or self._usual

    def prepare(self, method: Method, cancel: CancelToken, stats: Stats) -> None:
        """Fetch a token for this method, unless one is there. Raises AuthError."""
        wanted = self._wanted(method)
        with self._lock:
            known = self._known.get(wanted)
            if known is None or self._clock.time() > known[1] - LEEWAY_S:
                self._known[wanted] = self._fetch(wanted, cancel)
                self._redactor.add(self._known[wanted][0])

    def sign(self, request: HttpRequest, method: Method | None = None) -> HttpRequest:
        """The request with a token."""
        request = super().sign(request, method)
        token = self._known[self._wanted(method)][0]
        headers = [pair for pair in request.headers if pair[0] != "authorization"]
        return replace(request, headers=(*headers, ("authorization", f"Bearer {token.reveal()}")))

    def renewed(self, request: HttpRequest, response: HttpResponse) -> bool:
        """Whether a token was refused that was fetched for an earlier request: the next one is another."""
        if response.status != 401:
            return False
        sent = next((value for name, value in request.headers if name == "authorization"), "")
        with self._lock:
            for scopes, (token, _) in list(self._known.items()):
                if sent == f"Bearer {token.reveal()}":
                    del self._known[scopes]
        return True


def service_account(
    provider: str,
    auth: Mapping[str, Any],
    env: Mapping[str, str],
    origin: Origin,
    transport: Transport,
    redactor: Redactor,
    clock: Clock,
) -> Tokens:
    """Signs with tokens of a Google service account, whose key is the JSON of a file or variable.

    Raises UsageError for an entry or key that can't be used, or without google-auth; AuthError where a variable isn't
    set.
    """
    where = f"--auth, {provider}"
    _check(where, auth, _SERVICE_ACCOUNT_KEYS)
    text, source = secret_of(where, provider, auth, env)
    key = Secret(text)
    try:
        info = json.loads(text)
        address = check_endpoint(str(info["token_uri"]), f"{source}: token_uri")
        email = str(info["client_email"])
    except (ValueError, TypeError, KeyError) as error:
        raise UsageError(
            f"{where}: what {source} holds is no key of a service account", hint="the JSON file that Google gives"
        ) from error
    redactor.add(key)
    redactor.add(Secret(str(info.get("private_key", "")) or text))

    def fetch(scopes: tuple[str, ...], cancel: CancelToken) -> tuple[Secret, float]:
        try:
            from google.auth.exceptions import GoogleAuthError
            from google.oauth2.service_account import Credentials
        except ImportError as error:
            raise UsageError(
                "service accounts need one more package", hint="pip install 'quaestor[google]'"
            ) from error
        try:
            made = Credentials.from_service_account_info(info, scopes=list(scopes), subject=auth.get("sub"))  # type: ignore[no-untyped-call]
            made.refresh(_Carrier(transport, cancel))
        except (GoogleAuthError, ValueError) as error:
            raise AuthError(f"no token for {email}: {address} said no, or the key can't be read") from error
        return Secret(str(made.token)), clock.time() + 3600.0  # what Google's tokens last

    return Tokens(
        origin,
        fetch,
        redactor,
        clock,
        scopes=tuple(auth.get("scopes") or ()),
        usual=(CLOUD_PLATFORM,),
        account=Secret(email),
        source=source,
    )


class _Carrier:
    """google-auth's way to our transport: proxies, certificates and limits are those of all other requests."""

    def __init__(self, transport: Transport, cancel: CancelToken) -> None:
        self._transport = transport
        self._cancel = cancel

    def __call__(
        self, url: str, method: str = "GET", body: bytes | None = None, headers: Any = None, **_: Any
    ) -> _Answer:
        pairs = tuple((str(name).lower(), str(value)) for name, value in (headers or {}).items())
        sent = body.encode() if isinstance(body, str) else body
        return _Answer(self._transport.send(HttpRequest(method, url, pairs, sent), self._cancel))


class _Answer:
    def __init__(self, response: HttpResponse) -> None:
        self.status = response.status
        self.headers = dict(response.headers)
        self.data = response.body


def azure_default(
    provider: str, auth: Mapping[str, Any], origin: Origin, host: str, redactor: Redactor, clock: Clock
) -> Tokens:
    """Signs with what Azure's tools find: the environment, a managed identity, `az login`.

    Args:
        host: whose tokens these are, another than the origin's where an endpoint stands in for it.

    Raises UsageError for an entry that can't be used, and without azure-identity.
    """
    _check(f"--auth, {provider}", auth, _AZURE_KEYS)
    found: list[Any] = []

    def fetch(scopes: tuple[str, ...], cancel: CancelToken) -> tuple[Secret, float]:
        try:
            from azure.core.exceptions import ClientAuthenticationError
            from azure.identity import CredentialUnavailableError, DefaultAzureCredential
        except ImportError as error:
            raise UsageError(
                "signing in to Azure needs one more package", hint="pip install 'quaestor[azure]'"
            ) from error
        if not found:
            import logging

            # a screen of its warnings would go to stderr beside our error; a program's own handlers still get them
            logging.getLogger("azure").addHandler(logging.NullHandler())
            found.append(DefaultAzureCredential())
        try:
            token = found[0].get_token(*scopes)
        except (ClientAuthenticationError, CredentialUnavailableError) as error:
            raise AuthError(
                "no token for Azure: none of the ways in that its package tries is open",
                hint="set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or run: az login",
            ) from error
        return Secret(token.token), float(token.expires_on)

    scopes = tuple(auth.get("scopes") or ()) or (f"https://{audience_of(host)}/.default",)
    return Tokens(origin, fetch, redactor, clock, scopes=scopes, usual=(), account=Secret(f"azure {host}"), source="")


def audience_of(host: str) -> str:
    """Whose tokens a host takes: a vault those of all vaults, others their own.

    Source: https://learn.microsoft.com/azure/key-vault/general/authentication-requests-and-responses.
    """
    for shared in ("vault.azure.net", "database.windows.net", "servicebus.windows.net"):
        if host.endswith(f".{shared}"):
            return shared
    return "storage.azure.com" if host.endswith(".core.windows.net") else host


def _check(where: str, auth: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for name in auth:
        if name not in known:
            raise UsageError(
                f"{where}: {name!r} has no meaning for {auth.get('type')}", hint=did_you_mean(name, known)
            )
    scopes = auth.get("scopes") or []
    if not isinstance(scopes, list) or not all(isinstance(scope, str) for scope in scopes):
        raise UsageError(f"{where}: scopes is a list of texts")
