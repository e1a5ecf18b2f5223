"""Credentials, each bound to the one origin that may see it.

Only this module and `fetch.oauth` reveal a `Secret`, and only into a request whose origin is the bound one.
Before: `run` knows the provider, the connection and the origin that a method's server resolved to. After:
`fetch.client` signs every request, first and further pages alike.

    auth = Authenticator(origin_of("https://acme.okta.com"), provider_credentials(okta, os.environ))
    auth.sign(request)
"""

from __future__ import annotations

from quaestor.errors import AuthError, ForbiddenError, UnsupportedError, UsageError, did_you_mean
from quaestor.fetch.url import split, with_query
from quaestor.record import Record, replace
from quaestor.secrets import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from quaestor.catalog.model import Method, Provider
    from quaestor.config import CredentialReference
    from quaestor.fetch.http import CancelToken, HttpRequest, HttpResponse
    from quaestor.fetch.stats import Stats
    from quaestor.fetch.url import Origin
    from quaestor.secrets import Redactor


class CredentialPart(Record):
    """One header or query parameter that signs a request.

    Attributes:
        location: `header` or `query`.
        name: of the header or the parameter, as it is sent.
        value: the secret itself.
        prefix: what stands before it, such as `SSWS `.
        also: further secrets that it is made of, to be masked as well.
        source: where it comes from, for messages: `OKTA_API_TOKEN`, a file's path, or `--auth`.
    """

    location: str
    name: str
    value: Secret
    prefix: str = ""
    source: str = ""
    also: tuple[Secret, ...] = ()


class Authenticator:
    """Signs requests to one origin, and refuses all others.

    Attributes:
        origin: scheme, host and port that the credential is for.
        account: tells accounts at one origin apart: the origin and 64 bits of a digest of the credential.
        sources: where the credential came from, for messages; never its value.
    """

    def __init__(
        self, origin: Origin, parts: Iterable[CredentialPart] = (), redactor: Redactor | None = None
    ) -> None:
        self.origin = origin
        self._parts = tuple(parts)
        self.account = account_of(origin, [part.value for part in self._parts])
        self.sources = tuple(dict.fromkeys(part.source for part in self._parts if part.source))
        for part in self._parts:
            _check_sendable(part)
            if redactor is not None:
                for secret in (part.value, *part.also):
                    redactor.add(secret)

    def sign(self, request: HttpRequest, method: Method | None = None) -> HttpRequest:
        """The request with the credential; a header or parameter of the same name is replaced.

        What is sent for `method` may be signed otherwise than for another (`fetch.oauth`); here it isn't.

        Raises ForbiddenError if the request goes to any other scheme, host or port, even if nothing would be
        added: what a statement sends elsewhere may hold data of this origin.
        """
        origin = split(request.url)[0]
        if origin != self.origin:
            raise ForbiddenError(
                f"a request to {origin} was not sent: this connection's credential is for {self.origin} only",
                hint="one token serves one organisation; another one needs a connection of its own",
            )
        url = request.url
        headers = list(request.headers)
        for part in self._parts:
            if part.location == "query":
                url = with_query(url, part.name, part.prefix + part.value.reveal())
                continue
            name = part.name.lower()
            headers = [pair for pair in headers if pair[0] != name]
            headers.append((name, part.prefix + part.value.reveal()))
        return replace(request, url=url, headers=tuple(headers))

    def prepare(self, method: Method, cancel: CancelToken, stats: Stats) -> None:
        """Get ready to sign a request of this method; here nothing has to be done.

        `fetch.oauth` fetches a token. Raises what that may raise: AuthError, TransportError, Cancelled.
        """

    def renewed(self, request: HttpRequest, response: HttpResponse) -> bool:
        """Whether the same request, signed anew, may succeed where this response refused it. Here never.

        Args:
            request: as it was signed.
        """
        return False


def account_of(origin: Origin, secrets: Iterable[Secret]) -> str:
    """A name for an account that is the same in every process, and from which no secret can be found."""
    try:
        from _blake2 import blake2b  # hashlib, whose it is, takes 3 ms to import
    except ImportError:
        from hashlib import blake2b

    digest = blake2b(digest_size=8, person=b"quaestor account")
    for secret in secrets:
        digest.update(secret.reveal().encode("utf-8", "surrogatepass") + b"\0")
    return f"{origin}#{digest.hexdigest()}"


def _check_sendable(part: CredentialPart) -> None:
    value = part.prefix + part.value.reveal()
    if part.location == "header" and not (value.isascii() and all(" " <= char != "\x7f" for char in value)):
        raise UsageError(
            f"the credential from {part.source or 'this connection'} has characters that no header holds",
            hint="check that it was copied whole, without quotes or a line's end",
        )


def provider_credentials(
    provider: Provider, env: Mapping[str, str], references: Mapping[str, CredentialReference] | None = None
) -> tuple[CredentialPart, ...]:
    """The headers of a provider's token sign-in.

    Args:
        env: the environment; surrounding whitespace of a value is not part of it.
        references: the connection's own sources, by the name of the usual variable.

    Raises AuthError naming every variable that has to be set, UsageError for a file that can't be read.
    """
    parts: list[CredentialPart] = []
    missing: list[str] = []
    for credential in provider.credentials:
        reference = (references or {}).get(credential.env)
        variable = credential.env if reference is None else reference.env
        if variable:
            value, source = env.get(variable, "").strip(), variable
            if not value:
                missing.append(variable)
                continue
        else:
            assert reference is not None
            value, source = reference.read(env).reveal().strip(), reference.source
        parts.append(CredentialPart("header", credential.header, Secret(value), credential.prefix, source))
    if missing:
        raise _no_credential(missing, provider.name)
    return tuple(parts)


def _no_credential(variables: Iterable[str], provider: str) -> AuthError:
    names = " and ".join(variables)
    verb = "are" if " and " in names else "is"
    return AuthError(
        f"no credential for {provider}: {names} {verb} not set",
        hint=f"export {names.replace(' and ', '=… ')}=…, or put it into a file and give that with --env.file",
    )


# --- StackQL's --auth -------------------------------------------------------------------------------------------

_SOURCES = frozenset(
    {"credentialsenvvar", "credentialsfilepath", "credentialsfilepathenvvar", "api_key", "api_key_var"}
)
_PLACE = frozenset({"valuePrefix", "location", "name"})
_KEYS: dict[str, frozenset[str]] = {
    "api_key": _SOURCES | _PLACE,
    "bearer": _SOURCES,
    "basic": _SOURCES | {"api_secret", "api_secret_var", "username", "password", "username_var", "password_var"},
    "custom": _SOURCES | _PLACE | {"successor"},
    "null_auth": frozenset(),
}
#: StackQL's other types: those that sign each request or fetch a token first are `fetch.oauth`, `fetch.aws` and
#: `fetch.cloud`, and two are not there.
SIGNERS = ("oauth2", "service_account", "aws_signing_v4", "aws_assume_role", "azure_default")
_REFUSED = {
    "interactive": "it opens a browser; use service_account, with a key file",
    "oci_signing_v1": "",
}


def stackql_credentials(provider: str, auth: Mapping[str, Any], env: Mapping[str, str]) -> tuple[CredentialPart, ...]:
    """What an entry of StackQL's `--auth` JSON (or a document's `auth`) adds to a request.

    Types `api_key`, `bearer`, `basic`, `custom` with its `successor`s, and `null_auth`, which adds nothing. Those of
    `SIGNERS` need more than that: `run.connections` gives them to who can.

    Raises UsageError for an unknown type or a key that the type doesn't have, UnsupportedError for a type that is
    not there, AuthError if the variable that it names isn't set.
    """
    where = f"--auth, {provider}"
    if not isinstance(auth, dict):
        raise UsageError(f"{where}: an entry is an object", hint='{"okta": {"type": "api_key", …}}')
    kind = auth.get("type", "")
    if kind in _REFUSED:
        hint = _REFUSED[kind] or f"there are {', '.join((*_KEYS, *SIGNERS))}"
        raise UnsupportedError(f"{where}: the type {kind} is not there", hint=hint)
    if kind not in _KEYS:
        said = f"there is no type {kind!r}" if kind else "no type"
        kinds = (*_KEYS, *SIGNERS)
        raise UsageError(f"{where}: {said}", hint=did_you_mean(str(kind), kinds) or f"one of {', '.join(kinds)}")
    for key, value in auth.items():
        if key != "type" and key not in _KEYS[kind]:
            raise UsageError(
                f"{where}: {key!r} has no meaning for the type {kind}", hint=did_you_mean(key, sorted(_KEYS[kind]))
            )
        if key != "successor" and not isinstance(value, str):
            raise UsageError(f"{where}: {key} is text")
    if kind == "null_auth":
        return ()
    if kind == "basic":
        return (_basic(where, provider, auth, env),)
    value, source = secret_of(where, provider, auth, env)
    if kind == "bearer":
        return (CredentialPart("header", "Authorization", Secret(value), "Bearer ", source),)
    location = auth.get("location") or "header"
    if location not in ("header", "query"):
        raise UsageError(f"{where}: location is 'header' or 'query', not {location!r}")
    name = auth.get("name") or ("Authorization" if kind == "api_key" else "")
    if not name:
        raise UsageError(f"{where}: the type custom needs the name of its {location}")
    default = "api_key " if kind == "api_key" and location == "header" else ""  # what StackQL sends
    part = CredentialPart(location, name, Secret(value), auth.get("valuePrefix", default), source)
    if "successor" not in auth:
        return (part,)
    return (part, *stackql_credentials(provider, auth["successor"], env))


def secret_of(where: str, provider: str, auth: Mapping[str, Any], env: Mapping[str, str]) -> tuple[str, str]:
    """A credential's value and where it came from: a variable, a file, or the entry itself. Raises AuthError for a
    variable that isn't set, UsageError for an entry that names none."""
    variable = auth.get("credentialsenvvar") or auth.get("api_key_var")
    if variable:
        return from_env(variable, provider, env), variable
    path = auth.get("credentialsfilepath")
    if not path and auth.get("credentialsfilepathenvvar"):
        path = from_env(auth["credentialsfilepathenvvar"], provider, env)
    if path:
        from quaestor.config import CredentialReference

        return CredentialReference(file=path).read(env).reveal(), path
    for name in ("api_key", "credentials"):
        if auth.get(name):
            return str(auth[name]), "--auth"
    raise UsageError(f"{where}: no credential", hint="credentialsenvvar names the variable that holds it")


def _basic(where: str, provider: str, auth: Mapping[str, Any], env: Mapping[str, str]) -> CredentialPart:
    pairs = (("username", "password"), ("api_key", "api_secret"))
    for user_key, password_key in pairs:
        user, password = (
            from_env(auth[f"{key}_var"], provider, env) if auth.get(f"{key}_var") else auth.get(key, "")
            for key in (user_key, password_key)
        )
        if password and not user:
            raise UsageError(f"{where}: {password_key} without {user_key}")
        if user and (password or user_key == "username"):
            import base64

            encoded = base64.b64encode(f"{user}:{password}".encode()).decode()
            source = auth.get(f"{password_key}_var") or auth.get(f"{user_key}_var") or "--auth"
            return CredentialPart("header", "Authorization", Secret(encoded), "Basic ", source, (Secret(password),))
    value, source = secret_of(where, provider, auth, env)  # `user:password` in base64 already
    return CredentialPart("header", "Authorization", Secret(value), "Basic ", source)


def from_env(variable: str, provider: str, env: Mapping[str, str]) -> str:
    """The value of a variable. Raises AuthError where it isn't set."""
    value = env.get(variable, "").strip()
    if not value:
        raise _no_credential([variable], provider)
    return value
