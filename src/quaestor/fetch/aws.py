"""Signing for AWS: Signature Version 4 by botocore, with keys of the environment or of a role that is assumed.

Loaded only for connections whose document or `--auth` says `aws_signing_v4` or `aws_assume_role`; botocore is the
extra `quaestor[aws]`. A signature is for one service and region, which the host's name says; the key itself is never
sent. Before: `run.connections` has an entry. After: `fetch.client` signs requests as with any `Authenticator`.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html,
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html.
"""

from __future__ import annotations

import re
import threading

from quaestor.catalog.model import Method
from quaestor.config import check_endpoint
from quaestor.errors import AuthError, DecodeError, UsageError, did_you_mean
from quaestor.fetch.auth import Authenticator, account_of, from_env, secret_of
from quaestor.fetch.client import Client
from quaestor.fetch.http import HttpRequest
from quaestor.fetch.transforms import markup
from quaestor.fetch.url import origin_of, quote
from quaestor.record import Record, replace
from quaestor.secrets import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from quaestor.fetch.governor import Governor
    from quaestor.fetch.http import CancelToken, HttpResponse, Transport
    from quaestor.fetch.stats import Stats
    from quaestor.fetch.url import Origin
    from quaestor.secrets import Redactor

#: The region of services that have none (https://docs.aws.amazon.com/general/latest/gr/rande.html).
GLOBAL_REGION = "us-east-1"
REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d+")
#: Hosts whose name isn't what their signatures are for.
_SIGNED_AS = {"email": "ses"}
#: A role's keys are renewed so long before their end.
LEEWAY_S = 300.0
_SIGNING_KEYS = ("type", "keyIDenvvar", "keyID", "credentialsenvvar", "credentials", "credentialsfilepath")
_ROLE_KEYS = (
    *_SIGNING_KEYS,
    "aws_role_arn",
    "aws_role_arn_env_var",
    "aws_role_session_name",
    "aws_role_external_id",
    "aws_role_external_id_env_var",
    "aws_role_duration_seconds",
    "aws_sts_region",
    "aws_sts_endpoint",
)


class Keys(Record):
    """An access key. `session` is the token of temporary ones, empty for lasting ones."""

    key_id: str
    secret: Secret
    session: Secret = Secret("")
    source: str = ""


class Role(Record):
    """A role to assume: whose, under which name, where it is asked for, for how long in seconds."""

    arn: str
    session_name: str
    external_id: str
    endpoint: str
    region: str
    duration_s: int


def aws_keys(provider: str, auth: Mapping[str, Any], env: Mapping[str, str]) -> Keys:
    """The access key of an entry: the variables that it names, those that AWS's tools know, or its own text.

    Raises UsageError for a key that has no meaning, AuthError where a variable isn't set.
    """
    known = _ROLE_KEYS if auth.get("type") == "aws_assume_role" else _SIGNING_KEYS
    for name in auth:
        if name not in known:
            raise UsageError(
                f"--auth, {provider}: {name!r} has no meaning for the type {auth.get('type')}",
                hint=did_you_mean(name, known),
            )
    key_id = str(auth.get("keyID") or "") or from_env(
        str(auth.get("keyIDenvvar") or "AWS_ACCESS_KEY_ID"), provider, env
    )
    given = {"credentialsenvvar": "AWS_SECRET_ACCESS_KEY", **auth} if not _has_secret(auth) else auth
    secret, source = secret_of(f"--auth, {provider}", provider, given, env)
    return Keys(key_id, Secret(secret), Secret(env.get("AWS_SESSION_TOKEN", "").strip()), source)


def _has_secret(auth: Mapping[str, Any]) -> bool:
    return any(auth.get(name) for name in ("credentialsenvvar", "credentials", "credentialsfilepath"))


def aws_role(provider: str, auth: Mapping[str, Any], env: Mapping[str, str]) -> Role | None:
    """The role of an entry, None for one that signs with its own key. Raises UsageError, AuthError as `aws_keys`."""
    if auth.get("type") != "aws_assume_role":
        return None
    variable = auth.get("aws_role_arn_env_var")
    arn = from_env(str(variable), provider, env) if variable else str(auth.get("aws_role_arn") or "")
    if not arn:
        raise UsageError(f"--auth, {provider}: aws_assume_role needs aws_role_arn")
    variable = auth.get("aws_role_external_id_env_var")
    external = from_env(str(variable), provider, env) if variable else str(auth.get("aws_role_external_id") or "")
    region = str(auth.get("aws_sts_region") or env.get("AWS_REGION") or GLOBAL_REGION)
    if not REGION.fullmatch(region):
        raise UsageError(f"--auth, {provider}: {region!r} is no region")
    endpoint = str(auth.get("aws_sts_endpoint") or f"https://sts.{region}.amazonaws.com")
    duration = auth.get("aws_role_duration_seconds", 3600)
    if not str(duration).isdigit():
        raise UsageError(f"--auth, {provider}: aws_role_duration_seconds is a number")
    name = str(auth.get("aws_role_session_name") or "quaestor")
    return Role(
        arn, name, external, check_endpoint(endpoint, f"--auth, {provider}: aws_sts_endpoint"), region, int(duration)
    )


def scope_of(host: str) -> tuple[str, str]:
    """Service and region that a request to this host is signed for: `iam.amazonaws.com` is iam in us-east-1."""
    labels = host.split(".")
    at = next((index for index, label in enumerate(labels) if REGION.fullmatch(label)), -1)
    region = labels[at] if at > 0 else GLOBAL_REGION
    service = labels[at - 1] if at > 0 else labels[0]
    return _SIGNED_AS.get(service, service), region


class AwsSigner(Authenticator):
    """Signs requests to one origin with a key.

    Args:
        host: whose name says service and region; another than the origin's where an endpoint stands in for it.
    """

    def __init__(self, origin: Origin, host: str, keys: Keys, redactor: Redactor) -> None:
        super().__init__(origin, (), redactor)
        self._service, self._region = scope_of(host)
        self._keys = keys
        self._redactor = redactor
        self.account = account_of(origin, [keys.secret])
        self.sources = (keys.source,) if keys.source else ()
        for secret in (keys.secret, keys.session):
            if secret.reveal():
                redactor.add(secret)

    def sign(self, request: HttpRequest, method: Method | None = None) -> HttpRequest:
        """The request with its signature. Raises as `Authenticator.sign` does, UsageError without botocore."""
        return signed(super().sign(request, method), self._keys, self._service, self._region)


def signed(request: HttpRequest, keys: Keys, service: str, region: str) -> HttpRequest:
    """A request with botocore's signature for a service and region."""
    try:
        from botocore.auth import S3SigV4Auth, SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials
    except ImportError as error:
        raise UsageError("signing for AWS needs one more package", hint="pip install 'quaestor[aws]'") from error
    known = Credentials(keys.key_id, keys.secret.reveal(), keys.session.reveal() or None)
    own = [(name, value) for name, value in request.headers if name not in ("authorization", "x-amz-date")]
    asked = AWSRequest(method=request.method, url=request.url, data=request.body or b"", headers=dict(own))
    asked.context["payload_signing_enabled"] = True
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    signer(known, service, region).add_auth(asked)
    headers = tuple((name.lower(), str(value)) for name, value in asked.headers.items())
    return replace(request, headers=headers)


class AwsRole(Authenticator):
    """Signs requests to one origin with the keys of a role, which it asks for and renews. Thread safe."""

    def __init__(
        self,
        origin: Origin,
        host: str,
        keys: Keys,
        role: Role,
        transport: Transport,
        governor: Governor,
        redactor: Redactor,
    ) -> None:
        super().__init__(origin, (), redactor)
        self._host = host
        self._role = role
        self._redactor = redactor
        self._clock = governor.clock
        self.account = account_of(origin, [Secret(role.arn), keys.secret])
        self.sources = (keys.source,) if keys.source else ()
        asker = AwsSigner(origin_of(role.endpoint), f"sts.{role.region}.amazonaws.com", keys, redactor)
        self._sts = Client(transport, asker, governor, redactor=redactor)
        self._signer: AwsSigner | None = None
        self._ends_at = 0.0
        self._lock = threading.Lock()

    def prepare(self, method: Method, cancel: CancelToken, stats: Stats) -> None:
        """Assume the role, unless it is and will be for a while. Raises AuthError, and what `Client.send` does."""
        with self._lock:
            if self._signer is None or self._clock.time() > self._ends_at - LEEWAY_S:
                self._assume(cancel, stats)

    def sign(self, request: HttpRequest, method: Method | None = None) -> HttpRequest:
        """The request, signed with the role's keys."""
        signer = self._signer
        assert signer is not None, "prepare comes first"
        return signer.sign(request, method)

    def renewed(self, request: HttpRequest, response: HttpResponse) -> bool:
        """Whether the keys came to their end before they should: the next `prepare` asks for others."""
        if response.status in (400, 403) and b"ExpiredToken" in response.body[:4096]:
            self._ends_at = 0.0
            return True
        return False

    def _assume(self, cancel: CancelToken, stats: Stats) -> None:
        role = self._role
        fields = [
            ("Action", "AssumeRole"),
            ("Version", "2011-06-15"),
            ("RoleArn", role.arn),
            ("RoleSessionName", role.session_name),
            ("DurationSeconds", str(role.duration_s)),
            *([("ExternalId", role.external_id)] if role.external_id else []),
        ]
        body = "&".join(f"{name}={quote(value)}" for name, value in fields).encode()
        headers = (
            ("accept", "application/xml"),
            ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
        )
        request = HttpRequest("POST", f"{role.endpoint}/", headers, body, bucket="POST sts AssumeRole")
        response = self._sts.send(Method("AssumeRole", "select", "POST", "/"), request, cancel, stats)
        try:
            found = {element.tag: (element.text or "").strip() for element in markup.parse(response.body).iter()}
        except DecodeError as error:
            raise AuthError(f"{role.endpoint} answered without keys: {error.message}") from error
        if not (found.get("AccessKeyId") and found.get("SecretAccessKey") and found.get("SessionToken")):
            raise AuthError(f"{role.endpoint} answered without keys", hint="is this the address of AWS's STS?")
        keys = Keys(found["AccessKeyId"], Secret(found["SecretAccessKey"]), Secret(found["SessionToken"]), role.arn)
        self._signer = AwsSigner(self.origin, self._host, keys, self._redactor)
        self._ends_at = self._clock.time() + role.duration_s
